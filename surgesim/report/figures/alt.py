"""What each figure shows, in words, for who cannot see it: the main values and dates, computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from surgesim.report.figures.alternatives import CHOSEN
from surgesim.report.figures.calendar import breach_shares
from surgesim.report.figures.courses import WEEKLY_CASES, Course, course
from surgesim.report.figures.districts import tiles_of
from surgesim.report.figures.epidemic import PANELS, median_levels
from surgesim.report.figures.limits import MOST_COVER, bound_days
from surgesim.report.figures.openings import strips_of
from surgesim.report.figures.watched import watched
from surgesim.report.names import threshold_title
from surgesim.report.words import day_text, indicator_words, number, outcome_words, percent, phrase, rounded
from surgesim.study.binding import BEDS
from surgesim.study.breaches import SITUATION

if TYPE_CHECKING:
    from surgesim.study.results import Results


def describe(results: Results, name: str, lang: str, alternative: str) -> str:
    """The alternative text of a figure: what it is, and what it shows in this result."""
    said = " ".join(_SAYS[name](results, lang, alternative))
    return phrase(lang, "alt.figure", title=phrase(lang, f"figure.{name}_title"), what=said).strip()


def peak(shown: Course) -> tuple[float, date]:
    """The largest median of a course, and its date."""
    place = int(np.nanargmax(shown.p50))
    return float(shown.p50[place]), shown.dates[place].item()


def _peak(lang: str, what: str, shown: Course) -> str:
    if np.isnan(shown.p50).all():
        return ""
    value, day = peak(shown)
    return phrase(lang, "alt.peak", what=what, value=rounded(value, lang), day=day_text(day, lang))


def _epidemic(results: Results, lang: str, alternative: str) -> Iterator[str]:
    for what in PANELS:
        yield _peak(lang, phrase(lang, f"figure.{what}_panel"), course(results, alternative, what))
    levels = median_levels(results, alternative)
    if levels is not None:
        dates, values = levels
        day = dates[int(values.argmax())].item()
        yield phrase(lang, "alt.level", n=int(values.max()), day=day_text(day, lang))


def _calendar(results: Results, lang: str, alternative: str) -> Iterator[str]:
    scenario = results.scenario.alternative(alternative)
    for name, shares in breach_shares(results, alternative).items():
        title = threshold_title(scenario, name, lang)
        days = np.flatnonzero(shares >= 0.5)
        if np.isnan(shares).all():
            yield phrase(lang, "alt.calendar_not_assessed", title=title)
            continue
        if len(days) == 0:
            yield phrase(lang, "alt.calendar_never", title=title, most=percent(float(shares.max()), lang))
            continue
        first, last = (scenario.start + timedelta(days=int(day)) for day in (days[0], days[-1]))
        yield phrase(
            lang,
            "alt.calendar",
            title=title,
            first=day_text(first, lang),
            last=day_text(last, lang),
            n=number(len(days), lang),
        )


def _districts(results: Results, lang: str, alternative: str) -> Iterator[str]:
    tiles = sorted(tiles_of(results, alternative, lang), key=lambda tile: tile.deaths)
    for tile, key in ((tiles[-1], "alt.most_deaths"), (tiles[0], "alt.fewest_deaths")):
        yield phrase(lang, key, title=tile.title, value=rounded(tile.deaths, lang))


def _cases(results: Results, lang: str, alternative: str) -> Iterator[str]:
    yield _peak(lang, indicator_words(lang, WEEKLY_CASES).label, course(results, alternative, WEEKLY_CASES))


def _need(results: Results, lang: str, alternative: str) -> Iterator[str]:
    for bed in BEDS:
        need, staffed = (
            course(results, alternative, f"{bed}_need"),
            course(results, alternative, f"staffed_{bed}"),
        )
        value, day = peak(need)
        beds = float(staffed.p50[int(np.nanargmax(need.p50))])
        yield phrase(
            lang,
            "alt.need",
            bed=phrase(lang, f"figure.{bed}_panel"),
            value=rounded(value, lang),
            day=day_text(day, lang),
            beds=phrase(lang, "alt.unlimited") if np.isnan(beds) else rounded(beds, lang),
        )


def _thresholds(results: Results, lang: str, alternative: str) -> Iterator[str]:
    for watch in watched(results, alternative, lang):
        if watch.indicator != SITUATION:
            yield f"{watch.title}: {watch.outcome(lang, results.scenario.days)}."


def _openings(results: Results, lang: str, alternative: str) -> Iterator[str]:
    strips = strips_of(results, alternative, lang)
    days = [strip.dates[strip.opening].item() for strip in strips if strip.opening is not None]
    yield phrase(lang, "alt.openings", n=len(strips), opened=len(days))
    if days:
        yield phrase(lang, "alt.first_opens", day=day_text(min(days), lang))


def _binding(results: Results, lang: str, alternative: str) -> Iterator[str]:
    for bed in BEDS:
        said = bound_days(results, alternative, bed, lang)
        if said:
            yield f"{phrase(lang, f'figure.{bed}_panel')}: {said}."


def _oxygen(results: Results, lang: str, alternative: str) -> Iterator[str]:
    used = course(results, alternative, "oxygen_used_kg").scaled(1e-3).averaged(7)
    yield _peak(lang, f"{phrase(lang, 'figure.use_panel')} ({phrase(lang, 'unit.tonnes_day')})", used)
    cover = course(results, alternative, "oxygen_cover_days").capped(MOST_COVER)
    place = int(np.nanargmin(cover.p50))
    yield phrase(
        lang,
        "alt.cover",
        value=rounded(float(cover.p50[place]), lang),
        day=day_text(cover.dates[place].item(), lang),
    )


def _staff(results: Results, lang: str, alternative: str) -> Iterator[str]:
    value, day = peak(course(results, alternative, "staff_absent_share"))
    what = indicator_words(lang, "staff_absent_share").label
    yield phrase(lang, "alt.peak", what=what, value=percent(value, lang), day=day_text(day, lang))


def _essential(results: Results, lang: str, alternative: str) -> Iterator[str]:
    unserved = course(results, alternative, "emergency_unserved")
    yield _peak(lang, outcome_words(lang, "emergency_unserved").label, unserved)
    backlog = course(results, alternative, "elective_backlog")
    yield phrase(
        lang,
        "alt.at_end",
        what=indicator_words(lang, "elective_backlog").label,
        value=rounded(float(backlog.p50[-1]), lang),
    )


def _alternatives(results: Results, lang: str, alternative: str) -> Iterator[str]:
    table = results.comparison
    for outcome in CHOSEN[:2]:
        rows = table[table["outcome"] == outcome].sort_values("difference", kind="stable")
        if len(rows):
            least = rows.iloc[0]
            yield phrase(
                lang,
                "alt.least",
                what=outcome_words(lang, outcome).label,
                plan=least["alternative"],
                value=rounded(float(least["difference"]), lang),
            )


_SAYS: Final[Mapping[str, Callable[[Results, str, str], Iterator[str]]]] = {
    "epidemic": _epidemic,
    "calendar": _calendar,
    "districts": _districts,
    "cases": _cases,
    "need": _need,
    "thresholds": _thresholds,
    "openings": _openings,
    "binding": _binding,
    "oxygen": _oxygen,
    "staff": _staff,
    "essential": _essential,
    "alternatives": _alternatives,
}
