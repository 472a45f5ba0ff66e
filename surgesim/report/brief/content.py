"""What the brief says: the situation, a figure, three decisions, three futures and the caveats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from surgesim.errors import ResultsError
from surgesim.report.brief.decisions import HEADINGS, decisions
from surgesim.report.citation import Passage, Row, Value, cell, join, passage, proper_name, quote, source
from surgesim.report.figures import check_choice, draw_brief
from surgesim.report.names import criteria
from surgesim.report.prose.assessment import is_assessed
from surgesim.report.prose.hospitals import by_first_full
from surgesim.report.prose.sentences import (
    FEWEST_FOR_A_RANGE,
    RANGE,
    SPACE,
    are_extremes,
    binding_of_beds,
    limit_of_beds,
)
from surgesim.report.prose.summary import ASSUMED, first_date, province_rows, runs, share
from surgesim.report.words import day_text, number, phrase, round_off
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.binding import BEDS
from surgesim.study.measures.breaches import PROVINCE_AREA, SITUATION
from surgesim.study.measures.compare import DEATHS, FIRST_DAY, SITUATION_DAYS
from surgesim.study.measures.quantiles import Floats, quantile
from surgesim.study.store.contents import FORECAST

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from surgesim.decisions.door import Calendar, Size, Worth
    from surgesim.study.results import Results

FUTURES: Final = {"mild": 0.1, "middle": 0.5, "severe": 0.9}
"""The futures, each the run at this quantile of the baseline's deaths."""

ROMAN: Final = {"situation": "I", "need": "II", "decisions": "III", "futures": "IV", "caveats": "V"}
"""The sections of the page, with the numbers that Vietnamese documents give them."""

NEEDED: Final = {
    "replications": (DEATHS, "deaths_untreated", SITUATION_DAYS, "peak_present", "peak_icu_need"),
    "comparison": ("difference", "difference_low", "difference_high", "probability_better"),
}
"""The columns, by table, that a brief reads and that results of earlier versions may lack."""


class TooBareError(ResultsError):
    """The result is too old or has too few runs for a brief."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts: headings, and rows of which the first cell is the heading."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Brief:
    """The content of a brief.

    Attributes
    ----------
    lang
        ``vi`` or ``en``.
    title, run
        The scenario's title, and the line on the runs.
    situation
        Two sentences.
    figure, captions
        The need for beds against usable beds, and a sentence about each panel.
    decisions, after
        At most three decisions, and the sentences below them.
    futures
        Columns are the futures, rows what differs between them.
    caveats
        What to know before use.
    footer
        Version, seed and hash of the scenario.
    """

    lang: str
    title: str
    run: Passage
    situation: Sequence[Passage]
    figure: Figure
    captions: Sequence[Passage]
    decisions: Grid | None
    after: Sequence[Passage]
    futures: Grid
    caveats: Sequence[Passage]
    footer: Passage


def brief(
    results: Results,
    lang: str = "en",
    answers: Sequence[Worth | Size] = (),
    calendar: Calendar | None = None,
) -> Brief:
    """Compose the brief of a result.

    Parameters
    ----------
    lang
        ``vi`` or ``en``.
    answers
        Results of `worth` and `size` for the same scenario, whose decisions come first.
    calendar
        The calendar of the decisions of one of its plans, whose latest order dates are named.

    Raises
    ------
    TooBareError
        If the result is too old or has too few runs.
    ResultsError
        If the language is unknown, or an answer or the calendar is about another scenario.
    """
    check_choice(results, lang, BASELINE, None)
    _check(results)
    scenario, manifest = results.scenario, results.manifest
    chosen, after = decisions(results, answers, lang, calendar)
    columns = [phrase(lang, f"onepage.{name}") for name in HEADINGS]
    return Brief(
        lang=lang,
        title=scenario.title.get(lang),
        run=passage(
            lang,
            "onepage.run_forecast" if FORECAST in manifest else "onepage.run_if",
            runs=runs(results, lang),
            days=Value(number(scenario.days, lang), float(scenario.days), "scenario.yaml#days"),
            start=Value(day_text(scenario.start, lang), scenario.start, "scenario.yaml#start"),
        ),
        situation=(_emergency(results, lang), _deaths(results, lang)),
        figure=draw_brief(results, lang),
        captions=[_caption(results, bed, lang) for bed in BEDS],
        decisions=Grid(columns, [one.cells for one in chosen]) if chosen else None,
        after=after,
        futures=_futures(results, lang),
        caveats=list(_caveats(results, lang)),
        footer=passage(
            lang,
            "onepage.footer",
            version=proper_name(str(manifest.get("versions", {}).get("surgesim", "–"))),
            seed=proper_name(str(manifest.get("seed", scenario.study.seed))),
            sha256=proper_name(str(manifest.get("scenario_sha256", "–"))[:12]),
        ),
    )


def headings(lang: str) -> dict[str, str]:
    """Return the headings of the sections of the page."""
    return {
        name: phrase(lang, "onepage.heading", roman=roman, title=phrase(lang, f"onepage.{name}"))
        for name, roman in ROMAN.items()
    }


def _check(results: Results) -> None:
    """Raise an error if the result is too old or too bare for a brief."""
    where = results.folder or results.scenario.name
    for table, columns in NEEDED.items():
        for column in columns:
            if column not in getattr(results, table):
                raise TooBareError(
                    f"{where}: {table}.csv has no column {column}, which a brief needs; repeat the run with "
                    "this version"
                )
    known = set(results.daily["indicator"])
    for indicator in (f"{what}" for bed in BEDS for what in (f"{bed}_need", f"staffed_{bed}")):
        if indicator not in known:
            raise TooBareError(
                f"{where}: daily.csv has no {indicator}, which a brief needs; repeat the run with "
                "this version"
            )
    n = int(results.replications["replication"].nunique())
    if n < FEWEST_FOR_A_RANGE:
        raise TooBareError(
            f"{where}: got {n} run{'' if n == 1 else 's'} of each alternative, expected at least "
            f"{FEWEST_FOR_A_RANGE} for the mild, the middle and the severe future of a brief"
        )


def _emergency(results: Results, lang: str) -> Passage:
    """State whether, when and for how long there is an emergency in the baseline."""
    rows = [row for row in province_rows(results) if row["threshold"] == SITUATION]
    if not rows:
        return passage(lang, "summary.no_thresholds")
    row = rows[0]
    if not is_assessed(row):
        return passage(lang, "onepage.open")
    said = {
        "required": quote("breaches", row, "bound", number, lang),
        "all": _criteria_count(results, lang),
        "share": share(row, "probability", lang),
        "days": quote("breaches", row, "days_breached_mean", round_off, lang),
        "day": first_date(results, row, "first_day_median", lang),
    }
    if row["probability"] == 0:
        return passage(lang, "onepage.no_emergency", **said)
    if row["breached_at_start"] == 1:
        return passage(lang, "onepage.from_start", **said)
    if said["day"] is None:
        return passage(lang, "onepage.in_few", **said)
    every = row["probability"] == 1
    return passage(lang, "onepage.emergency" if every else "onepage.emergency_in_most", **said)


def _criteria_count(results: Results, lang: str) -> Value:
    """Return the number of criteria of an emergency in the whole area."""
    names = criteria(results.scenario)
    known = [str(row["threshold"]) for row in province_rows(results) if row["threshold"] in names]
    keys = {"alternative": BASELINE, "area": PROVINCE_AREA, "threshold": known}
    return Value(number(len(known), lang), len(known), source("breaches", "count:threshold", **keys))


def _deaths(results: Results, lang: str) -> Passage:
    """State the deaths in the baseline with their range, and what is scarcest at the bedside."""
    table = results.replications[results.replications["alternative"] == BASELINE]

    def mean(outcome: str) -> Value:
        value = float(table[outcome].mean())
        place = source("replications", f"mean:{outcome}", alternative=BASELINE)
        return Value(round_off(_to_two_digits(value), lang), value, place)

    values = table[DEATHS].to_numpy(dtype=float)
    low, high = (
        Value(
            round_off(float(end), lang),
            float(end),
            source("replications", f"q{share}:{DEATHS}", alternative=BASELINE),
        )
        for share, end in zip(RANGE, quantile(values, RANGE), strict=True)
    )
    key = "onepage.range_all" if are_extremes(*RANGE, len(values)) else "onepage.range_90"
    said = {
        "deaths": mean(DEATHS),
        "untreated": mean("deaths_untreated"),
        "range": passage(lang, key, low=low, high=high, runs=runs(results, lang)),
    }
    whats = {bed: words["what"] for bed, which, words in binding_of_beds(results, lang) if which != "never"}
    if not whats:
        return passage(lang, "onepage.deaths", **said)
    if len(whats) == len(BEDS) and len(set(whats.values())) == 1:
        both = {"what": whats[BEDS[0]], "bed": phrase(lang, "onepage.both")}
        return passage(lang, "onepage.deaths_scarce", **said, scarce=passage(lang, "onepage.scarce", **both))
    scarce = [
        passage(lang, "onepage.scarce", bed=phrase(lang, f"onepage.{bed}"), what=what)
        for bed, what in whats.items()
    ]
    return passage(lang, "onepage.deaths_scarce", **said, scarce=join(list(scarce), ", "))


def _to_two_digits(value: float) -> float:
    """Round to two significant digits, as a mean of few runs deserves."""
    return float(f"{value:.2g}")


def _caption(results: Results, bed: str, lang: str) -> Passage:
    """State the highest need for a bed type, the usable beds on that day, and when they first fall short."""
    table = results.daily[results.daily["alternative"] == BASELINE]
    need, staffed = (
        table[table["indicator"] == name].sort_values("day").reset_index(drop=True)
        for name in (f"{bed}_need", f"staffed_{bed}")
    )
    top = int(need["p50"].to_numpy(dtype=float).argmax())

    def at(rows: pd.DataFrame, place: int, column: str) -> str:
        row = rows.iloc[place]
        keys = {"alternative": BASELINE, "indicator": str(row["indicator"]), "day": str(row["day"])}
        return source("daily", column, **keys)

    def day(place: int) -> Value:
        date = results.scenario.start + timedelta(days=int(need["day"].iloc[place]))
        return Value(day_text(date, lang), date, at(need, place, "day"))

    beds = float(staffed["p50"].iloc[top])
    said = {
        "bed": phrase(lang, f"figure.{bed}_panel"),
        "need": Value(
            round_off(need["p50"].iloc[top], lang), float(need["p50"].iloc[top]), at(need, top, "p50")
        ),
        "day": day(top),
        "beds": Value(round_off(beds, lang), beds, at(staffed, top, "p50"))
        if np.isfinite(beds)
        else phrase(lang, "alt.unlimited"),
    }
    said["hospital"] = _first_hospital(results, bed, lang)
    needs, open_beds = (rows["p50"].to_numpy(dtype=float) for rows in (need, staffed))
    short = np.flatnonzero(needs > open_beds)
    if not short.size:
        return passage(lang, "onepage.caption_enough", **said)
    said["limit"] = _limited(results, bed, top, lang) if needs[top] > open_beds[top] else ""
    later = short_again(needs, open_beds)
    again = ""
    if later is not None:
        again = passage(
            lang, "onepage.short_again", day=day(later), why=_why_again(results, bed, later, lang)
        )
    return passage(lang, "onepage.caption", **said, first=day(int(short[0])), again=again)


def _why_again(results: Results, bed: str, day: int, lang: str) -> Passage | str:
    """State why usable beds run short on a day: fewer open beds, else what limits them, else nothing."""
    open_beds, usable = (_medians(results, f"{what}_{bed}") for what in ("open", "staffed"))
    if len(open_beds) and 2 * (open_beds[day - 1] - open_beds[day]) >= usable[day - 1] - usable[day] > 0:
        return passage(lang, "onepage.stood_down")
    return _limited(results, bed, day, lang)


def _limited(results: Results, bed: str, day: int, lang: str) -> Passage | str:
    """State what most of the open beds lack on a day; nothing if all that is open can be used."""
    limit = limit_of_beds(results, bed, day)
    if limit in (None, SPACE):
        return ""
    return passage(lang, "onepage.limit", what=phrase(lang, f"constraint.{limit}"))


def _medians(results: Results, indicator: str) -> Floats:
    """Return the baseline's medians of an indicator by day; empty if it is unknown."""
    table = results.daily[results.daily["alternative"] == BASELINE]
    rows = table[table["indicator"] == indicator].sort_values("day")
    return rows["p50"].to_numpy(dtype=float)


def short_again(need: Floats, staffed: Floats) -> int | None:
    """Return the first day after the peak of the need on which fewer beds, not more need, make a shortage.

    Examples
    --------
    >>> short_again(np.array([1.0, 9.0, 4.0, 3.0, 2.0]), np.array([5.0, 5.0, 5.0, 2.0, 2.0]))
    3
    >>> short_again(np.array([1.0, 9.0, 4.0, 3.0, 2.0]), np.array([5.0, 5.0, 5.0, 5.0, 5.0])) is None
    True
    """
    top = int(need.argmax())
    is_short = need > staffed
    begins = [day for day in range(top + 1, len(need)) if is_short[day] and not is_short[day - 1]]
    return next((day for day in begins if need[day] <= staffed[day - 1]), None)


def _first_hospital(results: Results, bed: str, lang: str) -> Passage | str:
    """State the median date on which the first hospital's beds are full; nothing if none fills."""
    for row in by_first_full(results.facility_beds):
        if row["bed"] == bed and not pd.isna(row["full_date_median"]):
            day = row["full_date_median"].date()
            full = Value(day_text(day, lang), day, cell("facility_beds", row, "full_date_median"))
            return passage(lang, "onepage.hospital_full", day=full)
    return ""


def _futures(results: Results, lang: str) -> Grid:
    """Build the table of the three futures: runs of the baseline, ranked by deaths."""
    table = results.replications[results.replications["alternative"] == BASELINE]
    table = table.sort_values([DEATHS, "replication"], kind="stable")
    deaths = table[DEATHS].to_numpy(dtype=float)
    rows: list[Row] = [table[deaths == quantile(deaths, q)].to_dict("records")[0] for q in FUTURES.values()]
    columns = [phrase(lang, f"onepage.{name}") for name in ("future", *FUTURES)]
    first = f"{FIRST_DAY}{SITUATION}"
    lines: list[tuple[str, Callable[[Row], str]]] = []
    if first in table:
        lines.append((first, lambda row: _begins(results, row, first, lang)))
    if not table[SITUATION_DAYS].isna().all():
        lines.append((SITUATION_DAYS, lambda row: _outcome(row, SITUATION_DAYS, lang)))
    lines += [
        (name, lambda row, name=name: _outcome(row, name, lang))  # type: ignore[misc]
        for name in ("peak_present", "peak_icu_need", DEATHS)
    ]
    names = {
        first: "begins",
        SITUATION_DAYS: "lasts",
        "peak_present": "present",
        "peak_icu_need": "icu_need",
        DEATHS: "deaths_row",
    }
    cells = [[phrase(lang, f"onepage.{names[key]}"), *map(write, rows)] for key, write in lines]
    return Grid(columns, cells)


def _outcome(row: Row, outcome: str, lang: str) -> str:
    value = float(row[outcome])
    return "–" if np.isnan(value) else Value(round_off(value, lang), value, _of_run(row, outcome))


def _begins(results: Results, row: Row, column: str, lang: str) -> str:
    if pd.isna(row[column]) or row[column] >= results.scenario.days:
        return phrase(lang, "onepage.never")
    day = results.scenario.start + timedelta(days=int(row[column]))
    return Value(day_text(day, lang), day, _of_run(row, column))


def _of_run(row: Row, column: str) -> str:
    return source("replications", column, alternative=BASELINE, replication=str(row["replication"]))


def _caveats(results: Results, lang: str) -> Iterator[Passage]:
    """Yield what the brief is not, what is assumed, and how to read the intervals and the futures."""
    yield passage(lang, "onepage.forecast" if FORECAST in results.manifest else "onepage.ground")
    confidence = results.assumptions["confidence"]
    assumed = int((confidence == ASSUMED).sum())
    yield passage(
        lang,
        "onepage.assumed",
        assumed=Value(
            number(assumed, lang), assumed, source("assumptions", "count:parameter", confidence=ASSUMED)
        ),
        all=Value(number(len(confidence), lang), len(confidence), source("assumptions", "count:parameter")),
    )
    drawn = "onepage.drawn" if results.scenario.study.drawn else "onepage.chance_only"
    yield passage(lang, drawn)
    few = are_extremes(FUTURES["mild"], FUTURES["severe"], int(float(runs(results, lang).value)))
    yield passage(
        lang, "onepage.futures_note_few" if few else "onepage.futures_note", runs=runs(results, lang)
    )
