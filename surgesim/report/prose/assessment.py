"""Sentences on the assessment: thresholds not assessed and why, and the criteria of the emergency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from surgesim.report.citation import Passage, Row, join, passage, proper_name, quote
from surgesim.report.names import threshold_title
from surgesim.report.words import number, phrase
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.breaches import SITUATION

if TYPE_CHECKING:
    from surgesim.study.results import Results


def is_assessed(row: Row) -> bool:
    """Return True if a row of breaches.csv is assessed, i.e. has numbers."""
    return not row["not_assessed"]


def reason(row: Row, lang: str) -> str:
    """Return the reason, in words, why a row of breaches.csv is not assessed."""
    return phrase(lang, f"reason.{row['not_assessed']}")


def not_assessed_text(row: Row, lang: str) -> str:
    """Return a sentence that says that a row of breaches.csv is not assessed, and why."""
    return phrase(lang, "assessed.not_because", reason=reason(row, lang))


def missing_assessments(results: Results, lang: str, alternative: str = BASELINE) -> Iterator[Passage]:
    """State how many criteria decide the emergency, and which thresholds are not assessed and why."""
    table = results.breaches[results.breaches["alternative"] == alternative]
    rows: dict[str, list[Row]] = {}
    for row in table.to_dict("records"):
        rows.setdefault(str(row["threshold"]), []).append(row)
    scenario = results.scenario.alternative(alternative)
    of_situation = scenario.command.of_situation
    situation = rows.pop(SITUATION, [])
    if situation and situation[0]["criteria_assessed"] < len(of_situation):
        yield passage(
            lang,
            "assessed.over",
            assessed=quote("breaches", situation[0], "criteria_assessed", number, lang),
            all=proper_name(number(len(of_situation), lang)),
        )
    parts = []
    for name, areas in rows.items():
        missing = [row for row in areas if not is_assessed(row)]
        if missing:
            title = proper_name(threshold_title(scenario, name, lang))
            if len(missing) < len(areas):
                districts = scenario.people.districts
                places = ", ".join(districts[str(row["area"])].title.get(lang) for row in missing)
                title = passage(lang, "assessed.in_areas", title=title, areas=proper_name(places))
            parts.append(passage(lang, "assessed.title", title=title, reason=reason(missing[0], lang)))
    if parts:
        yield passage(lang, "assessed.not", titles=join(list(parts), "; "))
