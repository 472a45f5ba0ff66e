"""The hospitals that fill first: their order, and the lines about them on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import pandas as pd

from surgesim.model.record import BINDS
from surgesim.report.prose.sentences import SPACE, ends_of_ranges, enough_for_ranges
from surgesim.report.words import day_month, day_text, number, percent, phrase
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.binding import BEDS

if TYPE_CHECKING:
    from surgesim.report.citation import Row
    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.study.results import Results


@dataclass(frozen=True, slots=True)
class Overrun:
    """What a hospital lacks most, and the first day with more patients than usable beds on average."""

    what: str
    day: int
    date: date


Overruns = Mapping[tuple[str, str], Overrun]
"""The overruns by hospital and bed type."""

MOST_LINES: Final = 6
"""Max number of hospitals named on the screen."""

MOST_IN_BRIEF: Final = 3
"""Max number of hospitals named in the short summary."""


def by_first_full(table: pd.DataFrame) -> Sequence[Row]:
    """Return the baseline's rows of facility_beds.csv or district_beds.csv, by first full date."""
    table = table[table["alternative"] == BASELINE].assign(never=-table["full_probability"])
    by = ["full_date_median", "full_date_p5", "never"]
    return table.sort_values(by, kind="stable").to_dict("records")


def facility_title(scenario: Scenario, name: str, lang: str) -> str:
    """Return the title of a facility."""
    return scenario.care.facilities[name].title.get(lang)


def overruns(results: Results) -> Overruns:
    """Return what hospitals lack that on average have more patients than usable beds, by hospital and bed.

    Beds that only stand down are left out. The model calls a hospital without usable beds closed, not full.
    """
    table = results.facility_days[results.facility_days["alternative"] == BASELINE]
    over = table[(table["occupied"] + table["held"] > table["staffed"]) & table["bed"].isin(BEDS)]
    first = over.sort_values("day", kind="stable").groupby(["facility", "bed"], sort=False).head(1)
    facilities = results.facilities[results.facilities["alternative"] == BASELINE]
    by_name: dict[str, Row] = {str(row["facility"]): row for row in facilities.to_dict("records")}
    found = {}
    for row in first.to_dict("records"):
        bed, name = str(row["bed"]), str(row["facility"])
        days = {
            what: float(by_name[name].get(f"{bed}_days_bound_by_{what}") or 0.0)
            for what in BINDS[bed]
            if what != SPACE
        }
        most = max(days, key=lambda what: days[what])
        if days[most] > 0:
            found[name, bed] = Overrun(most, int(row["day"]), row["date"].date())
    return found


def first_full(results: Results, lang: str, most: int = MOST_LINES) -> Iterator[str]:
    """List hospitals whose oxygen or ICU beds fill first, or say that none do; yield nothing if unknown."""
    rows = [row for row in by_first_full(results.facility_beds) if row["bed"] in BEDS]
    if not rows:
        return
    ever = [row for row in rows if row["full_probability"] > 0]
    if not ever:
        yield _none_full(results, lang)
        return
    yield phrase(
        lang, ends_of_ranges(results, "full.heading") if enough_for_ranges(results) else "full.heading_few"
    )
    for row in ever[:most]:
        days = {
            name: None if pd.isna(row[f"full_date_{name}"]) else day_text(row[f"full_date_{name}"], lang)
            for name in ("median", "p5", "p95")
        }
        when: str = days["median"] or phrase(lang, "full.in_few")
        if days["median"] is not None and enough_for_ranges(results):
            late = days["p95"] or phrase(lang, "full.never")
            when += f" ({phrase(lang, 'screen.to', low=days['p5'], high=late)})"
        yield phrase(
            lang,
            "full.line",
            facility=facility_title(results.scenario, str(row["facility"]), lang),
            bed=phrase(lang, f"full.{row['bed']}"),
            when=when,
            share=percent(float(row["full_probability"]), lang),
        )
    if len(ever) > most:
        yield phrase(lang, "full.more", more=number(len(ever) - most, lang))


def _none_full(results: Results, lang: str) -> str:
    """Say that no hospital's beds fill, and if some hospitals have more patients than usable beds."""
    over = overruns(results)
    if not over:
        return phrase(lang, "full.none")
    (facility, bed), first = min(over.items(), key=lambda item: item[1].day)
    return phrase(
        lang,
        "full.none_lacking",
        n=number(len({name for name, _ in over}), lang),
        facility=facility_title(results.scenario, facility, lang),
        bed=phrase(lang, f"full.{bed}"),
        what=phrase(lang, f"constraint.{first.what}"),
        day=day_month(first.date, lang),
    )


def full_in_brief(results: Results, lang: str, most: int = MOST_IN_BRIEF) -> Iterator[str]:
    """Name the hospitals whose oxygen or ICU beds fill first in one sentence, or say that none do."""
    rows = [row for row in by_first_full(results.facility_beds) if row["bed"] in BEDS]
    usual = [row for row in rows if not pd.isna(row["full_date_median"])]
    if not usual:
        if rows and not any(row["full_probability"] > 0 for row in rows):
            yield _none_full(results, lang)
        return
    parts = [
        phrase(
            lang,
            "full.part",
            facility=facility_title(results.scenario, str(row["facility"]), lang),
            bed=phrase(lang, f"full.{row['bed']}"),
            day=day_month(row["full_date_median"], lang),
        )
        for row in usual[:most]
    ]
    more = number(len(usual) - most, lang)
    key = "full.first_and_more" if len(usual) > most else "full.first"
    yield phrase(lang, key, parts="; ".join(parts), more=more)
