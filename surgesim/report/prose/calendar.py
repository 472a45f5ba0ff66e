"""Sentences about a calendar of decisions: what waiting costs, and how late each action can be ordered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from surgesim.errors import ResultsError
from surgesim.report.names import words_of, written_bound
from surgesim.report.prose.decisions import (
    NAMES,
    bound_words,
    change_words,
    compared_sentence,
    conditions_words,
    drawn_sentence,
    first_words,
    outcome_title,
)
from surgesim.report.prose.plans import rule_title
from surgesim.report.words import EN_DASH, count, day_month, group_words, number, percent, phrase

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.decisions.door import Calendar
    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.study.results import Results


def dated_plan(results: Results, calendar: Calendar) -> str:
    """Return the alternative of a result whose plan a calendar dates.

    Raises
    ------
    ResultsError
        If it dates a plan of another scenario.
    """
    for name in results.alternatives:
        if calendar.dates(results.scenario.alternative(name)):
            return name
    raise ResultsError(
        f"{calendar.folder}: dates a plan of another scenario, expected one of "
        f"{', '.join(results.alternatives)} of {results.scenario.name} as it was run"
    )


def decisions(calendar: Calendar, outcome: str = "") -> pd.DataFrame:
    """Return one row per rule, of one outcome (by default the first), in the order of their order dates."""
    table = calendar.table
    rows = table[table["outcome"] == (outcome or table["outcome"].iloc[0])]
    ordered: pd.DataFrame = rows.sort_values("ordered_median", kind="stable")
    return ordered


def decision_title(calendar: Calendar, rule: str, lang: str) -> str:
    """Return the title of a rule of the plan."""
    return rule_title(calendar.scenario.command.plan[rule], rule, lang)


def day_of(row: Mapping[Any, Any], column: str) -> date | None:
    """Return a date of a row of the table; None if it is empty."""
    day = row[column]
    return None if day != day else day.date()  # NaT differs from itself


def date_words(row: Mapping[Any, Any], column: str, lang: str) -> str:
    """Return a date of a row of the table as day and month; empty if it never comes."""
    day = day_of(row, column)
    return "" if day is None else day_month(day, lang)


def trigger_words(scenario: Scenario, rule: str, lang: str) -> str:
    """Return what triggers a rule: a date, or an indicator with its bound and days."""
    when = scenario.command.plan[rule].when
    if when.on is not None:
        return day_month(when.on, lang)
    indicator = str(when.indicator)
    what = words_of(scenario, indicator, lang).label
    of = [each for each in (when.item, when.district) if each]
    of += [group_words(lang, when.group)] if when.group else []
    bound = when.above if when.above is not None else when.below
    words = phrase(
        lang,
        "calendar.trigger",
        what=", ".join([what, *of]),
        sign=">" if when.above is not None else "<",
        bound=written_bound(scenario, indicator, float(bound or 0), lang),
    )
    return words if when.for_days == 1 else phrase(lang, "calendar.for_days", what=words, days=when.for_days)


def never_words(row: Mapping[Any, Any], step: str, lang: str) -> str:
    """Return what stands for the date of a step that never comes; an action that is ordered does not end."""
    lasts = step == "stood_down" and bool(date_words(row, "ordered_low", lang))
    return phrase(lang, "calendar.never_ends" if lasts else "calendar.not_ordered")


def band_words(row: Mapping[Any, Any], step: str, lang: str) -> str:
    """Return the median date of a step, with its 90 % band on a second line unless it is a single day."""
    median, low, high = (date_words(row, f"{step}_{part}", lang) for part in ("median", "low", "high"))
    never = never_words(row, step, lang)
    if not low:
        return never
    median = median or never
    if low == high:
        return median
    return f"{median}\n({low}{EN_DASH}{high or never})"


def later_words(calendar: Calendar, lang: str) -> str:
    """Return the heading of what a later decision changes."""
    days = number(calendar.manifest["calendar"]["later"], lang)
    outcome = str(calendar.table["outcome"].iloc[0])
    return phrase(lang, "calendar.later", days=days, outcome=outcome_title(calendar.scenario, outcome, lang))


def last_call_words(row: Mapping[Any, Any], lang: str) -> str:
    """Return the latest order date of a row, or why there is none."""
    if row["last_call"] == "found":
        return date_words(row, "latest", lang)
    return phrase(lang, f"calendar.{row['last_call']}") if row["last_call"] else ""


def years(calendar: Calendar) -> str:
    """Return the years of the run: ``2024`` or ``2024–2025``."""
    first, last = calendar.scenario.start.year, last_day(calendar).year
    return str(first) if first == last else f"{first}{EN_DASH}{last}"


def last_day(calendar: Calendar) -> date:
    """Return the last day of the run."""
    return calendar.scenario.end - timedelta(days=1)


def calendar_head(calendar: Calendar, lang: str) -> str:
    """Say which plan delays are compared with, and what intervals show."""
    said = compared_sentence(calendar, "plan_mean", lang)
    return f"{said} {drawn_sentence(calendar.scenario, lang)}"


def calendar_sentences(calendar: Calendar, lang: str) -> Iterator[str]:
    """State what waiting costs, and how the latest dates are meant."""
    entry, rows = calendar.manifest["calendar"], decisions(calendar)
    outcome = outcome_title(calendar.scenario, str(rows["outcome"].iloc[0]), lang)
    days = number(entry["later"], lang)
    yield phrase(lang, "calendar.how", n=number(entry["replications"], lang), days=days)
    worse = rows[rows["difference_low"] > 0].sort_values("difference", ascending=False, kind="stable")
    better = rows[rows["difference_high"] < 0].sort_values("difference", kind="stable")
    for key, found in (("costly", worse), ("gains", better)):
        if not found.empty:
            names = [
                f"{decision_title(calendar, row['rule'], lang)} ({change_words(row['difference'], lang)})"
                for row in found.head(NAMES).to_dict("records")
            ]
            yield phrase(lang, f"calendar.{key}", outcome=outcome, names="; ".join(names))
    if worse.empty and better.empty:
        yield phrase(lang, "calendar.no_effect", outcome=outcome)
    never = rows[rows["ordered_share"] == 0]
    if not never.empty:
        yield phrase(lang, "calendar.never", names=_names(calendar, never["rule"], lang))
    if entry["conditions"]:
        yield from _last_calls(calendar, rows, lang)
    calls = entry["answer"]["last_calls"].values()
    if calls:
        yield phrase(
            lang,
            "calendar.call_effort",
            plan=count("run", entry["replications"], lang),
            search=count("run", sum(call["runs"] for call in calls), lang),
            dates=number(sum(call["tested"] for call in calls), lang),
            all=count("run", entry["answer"]["runs"], lang),
        )
    else:
        yield phrase(lang, "calendar.effort", runs=number(entry["answer"]["runs"], lang))


def _too_late(calendar: Calendar, rows: pd.DataFrame, lang: str) -> Iterator[str]:
    """Name the actions that the plan orders after the latest date found, and the first date shown to fail."""
    late = rows[rows["ordered_median"] > rows["latest"]]
    for row in late.head(NAMES).to_dict("records"):
        days = (row["ordered_median"] - row["latest"]).days
        fails = row["ordered_median"] >= row["too_late"]
        yield phrase(
            lang,
            "calendar.overdue" if fails else "calendar.overdue_unshown",
            name=decision_title(calendar, row["rule"], lang),
            days=count("day", days, lang),
            ordered=date_words(row, "ordered_median", lang),
            latest=date_words(row, "latest", lang),
            failing=date_words(row, "too_late", lang),
        )
    if len(late) > NAMES:
        names = [decision_title(calendar, str(rule), lang) for rule in late["rule"].iloc[NAMES:]]
        yield phrase(lang, "calendar.overdue_more", names=first_words(names, lang))


def _last_calls(calendar: Calendar, rows: pd.DataFrame, lang: str) -> Iterator[str]:
    entry = calendar.manifest["calendar"]
    yield phrase(
        lang,
        "calendar.conditions",
        conditions=conditions_words(calendar.scenario, entry, lang),
        confidence=percent(entry["confidence"], lang),
        step=number(entry["step"], lang),
        end=day_month(last_day(calendar), lang),
    )
    yield from _too_late(calendar, rows, lang)
    for outcome in entry["conditions"]:
        of = decisions(calendar, outcome)
        if not of.empty:
            mean = bound_words(outcome, float(of["plan_mean"].iloc[0]), lang)
            yield phrase(
                lang, "calendar.plan_mean", outcome=outcome_title(calendar.scenario, outcome, lang), mean=mean
            )
    for status in ("already", "unreachable"):
        found = rows[rows["last_call"] == status]
        if not found.empty:
            yield phrase(lang, f"calendar.{status}_names", names=_names(calendar, found["rule"], lang))
    opposed = [name for name, call in entry["answer"]["last_calls"].items() if call["opposed"]]
    if opposed:
        yield phrase(lang, "calendar.opposed", names=_names(calendar, opposed, lang))
    doubtful = [name for name, call in entry["answer"]["last_calls"].items() if call["contrary"]]
    if doubtful:
        yield phrase(lang, "calendar.contrary", names=_names(calendar, doubtful, lang))


def _names(calendar: Calendar, rules: Sequence[Any] | pd.Series[Any], lang: str) -> str:
    return first_words([decision_title(calendar, str(rule), lang) for rule in rules], lang)
