"""What is not assessed: which thresholds, why, and over how many criteria the emergency is decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from surgesim.report.names import threshold_title
from surgesim.report.quoted import Row, Told, joined, named, quote, told
from surgesim.report.words import number, phrase
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.breaches import SITUATION

if TYPE_CHECKING:
    from surgesim.study.results import Results


def is_assessed(row: Row) -> bool:
    """Whether a row of breaches.csv has numbers."""
    return not row["not_assessed"]


def reason(row: Row, lang: str) -> str:
    """Why a row of breaches.csv has none."""
    return phrase(lang, f"reason.{row['not_assessed']}")


def not_assessed(row: Row, lang: str) -> str:
    """That a row of breaches.csv has no numbers, and why."""
    return phrase(lang, "assessed.not_because", reason=reason(row, lang))


def what_is_not_assessed(results: Results, lang: str, alternative: str = BASELINE) -> Iterator[Told]:
    """Over how many criteria the emergency is decided, and which thresholds are not assessed, and why."""
    table = results.breaches[results.breaches["alternative"] == alternative]
    rows: dict[str, list[Row]] = {}
    for row in table.to_dict("records"):
        rows.setdefault(str(row["threshold"]), []).append(row)
    scenario = results.scenario.alternative(alternative)
    of_situation = scenario.command.of_situation
    situation = rows.pop(SITUATION, [])
    if situation and situation[0]["criteria_assessed"] < len(of_situation):
        yield told(
            lang,
            "assessed.over",
            assessed=quote("breaches", situation[0], "criteria_assessed", number, lang),
            all=named(number(len(of_situation), lang)),
        )
    parts = []
    for name, areas in rows.items():
        missing = [row for row in areas if not is_assessed(row)]
        if missing:
            title = named(threshold_title(scenario, name, lang))
            if len(missing) < len(areas):
                districts = scenario.people.districts
                places = ", ".join(districts[str(row["area"])].title.get(lang) for row in missing)
                title = told(lang, "assessed.in_areas", title=title, areas=named(places))
            parts.append(told(lang, "assessed.title", title=title, reason=reason(missing[0], lang)))
    if parts:
        yield told(lang, "assessed.not", titles=joined(list(parts), "; "))
