"""The detailed on-screen summary of a run: all thresholds, and all effects of each alternative."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.text import Text

from surgesim.report.names import alternative_title, criteria, threshold_title, with_unit
from surgesim.report.prose.assessment import is_assessed, missing_assessments, reason
from surgesim.report.prose.chance import Line, told_apart
from surgesim.report.prose.chance import remarks as spread_remarks
from surgesim.report.prose.costing import costs_left_out, per_death_averted, per_death_words
from surgesim.report.prose.hospitals import first_full
from surgesim.report.prose.plans import idle_rules
from surgesim.report.prose.sentences import (
    deaths,
    ends_of_ranges,
    enough_for_ranges,
    epidemic_level,
    icu_care,
    longer_without_fewer_deaths,
    main_constraints,
    precision_notes,
    timely_access,
    uncertainty_notes,
    without_plan,
)
from surgesim.report.prose.summary import in_brief
from surgesim.report.screen.table import ScreenTable
from surgesim.report.words import (
    EN_DASH,
    common_decimals,
    count,
    day_month,
    day_text,
    money_unit,
    number,
    percent,
    percent_range,
    phrase,
    round_off,
    to_decimals,
    with_sign,
)
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.measures.binding import modelled_limits
from surgesim.study.measures.breaches import SITUATION
from surgesim.study.measures.compare import BREACHED, COST, DAYS_BREACHED, FIRST_DAY, SITUATION_DAYS

if TYPE_CHECKING:
    from surgesim.study.results import Results

COMPARED: Final = ("deaths", "deaths_untreated", "situation_days", f"first_day_{SITUATION}")
"""Outcomes compared on the screen; all others are in comparison.csv."""

MOST_DECIMALS: Final = 4
"""Max decimals of a difference."""


def summary(results: Results, lang: str, folder: str | None = None) -> Group:
    """Build the detailed on-screen summary of a run; `ShortSummary` has the short one.

    Parameters
    ----------
    lang
        ``vi`` or ``en``.
    folder
        Path of the results, displayed at the end; None to leave it out.
    """
    scenario = results.scenario
    horizon = number(scenario.days, lang)
    replications = int(results.replications["replication"].nunique())
    runs = number(replications, lang)
    parts: list[ScreenTable | Text] = [
        Text(
            phrase(
                lang,
                "screen.heading",
                title=scenario.title.get(lang),
                runs=count("run", replications, lang),
                days=count("day", scenario.days, lang),
                start=day_text(scenario.start, lang),
                seed=scenario.study.seed,
            ),
            style="bold",
        )
    ]

    def note(key: str, **fields: object) -> None:
        parts.append(Text(phrase(lang, f"screen.{key}", **fields), style="dim"))

    if len(results.breaches):
        parts += [Text(), breach_table(results, lang)]
        key = "breaches_note" if enough_for_ranges(results) else "breaches_note_few"
        note(ends_of_ranges(results, key), runs=runs)
        if scenario.command.in_districts:
            note("districts_note")
        parts += [Text(sentence) for sentence in missing_assessments(results, lang)]
    parts += [Text(), *(Text(line) for line in first_full(results, lang))]
    parts += [Text(), Text(deaths(results, lang))]
    if len(results.comparison):
        parts += [Text(), comparison_table(results, lang)]
        note("comparison_note", days=horizon)
        parts += [Text(sentence) for sentence in longer_without_fewer_deaths(results, lang)]
        if len(results.breaches):
            parts += [Text(), threshold_table(results, lang)]
            note("by_threshold_note", days=horizon)
            if results.comparison["outcome"].str.startswith(BREACHED).any():
                note("points_note")
    if scenario.supply.costs is not None:
        parts += [Text(), cost_table(results, lang)]
        note("cost_note")
        parts += [Text(sentence) for sentence in costs_left_out(results, lang)]
    parts += [Text(), *(Text(sentence) for sentence in main_constraints(results, lang))]
    if modelled_limits(scenario):
        note("binds_note")
    parts += [Text(sentence) for sentence in icu_care(results, lang)]
    parts += [Text(sentence) for sentence in (*timely_access(results, lang), *epidemic_level(results, lang))]
    parts += [Text(line) for line in (*without_plan(scenario, lang), *idle_rules(results, lang))]
    confidence = results.assumptions["confidence"]
    assumed = number(int((confidence == "assumed").sum()), lang)
    parts += [
        Text(),
        Text(phrase(lang, "screen.assumed", assumed=assumed, all=number(len(confidence), lang))),
    ]
    parts += [Text(sentence) for sentence in uncertainty_notes(scenario, lang)]
    if apart := told_apart(results):
        parts += [Text(), spread_table(results, apart, lang)]
        note("spread_note")
    parts += [Text(sentence) for sentence in spread_remarks(results, lang)]
    parts += [Text(sentence) for sentence in precision_notes(results, lang)]
    parts += [Text(), Text(phrase(lang, "section.summary"), style="bold")]
    parts += [Text(sentence) for sentence in in_brief(results, lang)]
    if folder is not None:
        parts.append(Text(phrase(lang, "screen.folder", folder=folder)))
    return Group(*parts)


def breach_table(results: Results, lang: str) -> ScreenTable:
    """Build the table of breaches in the baseline: a row per threshold, and one for the emergency."""
    scenario = results.scenario
    table = ScreenTable(phrase(lang, "screen.breaches"))
    for column in ("threshold", "probability", "first", "days", "worst"):
        left = column in ("threshold", "first")
        table.add_column(phrase(lang, f"screen.{column}"), "left" if left else "right")
    of_baseline = results.breaches[results.breaches["alternative"] == BASELINE]
    rows = {str(name): group.to_dict("records") for name, group in of_baseline.groupby("threshold")}
    names = criteria(scenario)
    others = [name for name in scenario.command.thresholds if name in rows and name not in names]
    if SITUATION in rows:
        required = number(float(rows[SITUATION][0]["bound"]), lang)
        heading = phrase(lang, "screen.criteria", required=required, all=number(len(names), lang))
        table.add_row(heading, style="bold")
    for name in (*names, SITUATION):
        if name in rows:
            table.add_row(*_in_province(results, rows[name][0], lang))
    if others:
        table.add_row(phrase(lang, "screen.others"), style="bold")
    for name in others:
        in_districts = name in scenario.command.in_districts
        table.add_row(
            *(
                _in_districts(results, rows[name], lang)
                if in_districts
                else _in_province(results, rows[name][0], lang)
            )
        )
    return table


def _in_province(results: Results, row: Mapping[Any, Any], lang: str) -> tuple[str, ...]:
    """Build a row for the province: bound, breach probability, first day, duration and worst value."""
    title, bound, worst = _threshold(results.scenario, row, lang)
    if not is_assessed(row):
        return _without_numbers(title, bound, row, lang)
    interval = percent_range(row["probability_low"], row["probability_high"], lang)
    return (
        f"{title}\n{bound}",
        f"{share_in_breach(row, lang)}\n({interval})",
        first_breach(results, row, lang),
        days_in_breach(results, row, lang),
        worst,
    )


def _without_numbers(title: str, bound: str, row: Mapping[Any, Any], lang: str) -> tuple[str, ...]:
    """Build a row for a threshold that is not assessed, with the reason in place of the first day."""
    return (f"{title}\n{bound}", phrase(lang, "assessed.short"), reason(row, lang), "", "")


def share_in_breach(row: Mapping[Any, Any], lang: str) -> str:
    """Format the breach probability, as a lower bound if some runs are undecided."""
    share = percent(row["probability"], lang)
    return phrase(lang, "assessed.at_least", share=share) if row["undecided"] > 0 else share


def _in_districts(results: Results, rows: Sequence[Mapping[Any, Any]], lang: str) -> tuple[str, ...]:
    """Build one row for all districts of a threshold: number in breach, first day, duration, worst value."""
    scenario = results.scenario
    threshold = scenario.command.thresholds[rows[0]["threshold"]]
    title, bound, _ = _threshold(scenario, rows[0], lang)

    def with_district(row: Mapping[Any, Any], text: str) -> str:
        return f"{scenario.people.districts[row['area']].title.get(lang)}: {text}"

    everywhere, rows = rows, [row for row in rows if is_assessed(row)]
    if not rows:
        return _without_numbers(title, phrase(lang, "screen.by_district", bound=bound), everywhere[0], lang)
    usual = [row for row in rows if row["probability"] >= 0.5]
    ever = number(sum(row["probability"] > 0 for row in rows), lang)
    count = phrase(lang, "screen.some_districts", some=number(len(usual), lang), all=number(len(rows), lang))
    first = phrase(lang, "screen.none", days=number(scenario.days, lang))
    if usual:
        row = min(usual, key=lambda row: float(row["first_day_median"]))
        first = with_district(row, first_breach(results, row, lang))
    days = [float(row["days_breached_mean"]) for row in rows]
    least, most = (round_off(bound_of(days), lang) for bound_of in (min, max))
    pick = max if threshold.above is not None else min
    worst = pick(rows, key=lambda row: float(row["worst_value_median"]))
    return (
        f"{title}\n{phrase(lang, 'screen.by_district', bound=bound)}",
        f"{count}\n({phrase(lang, 'screen.any_run', some=ever)})",
        first,
        f"{round_off(sum(days) / len(days), lang)}\n({least}{EN_DASH}{most})",
        with_district(
            worst,
            with_unit(scenario, rows[0]["threshold"], float(worst["worst_value_median"]), lang, unit=False),
        ),
    )


def comparison_table(results: Results, lang: str) -> ScreenTable:
    """Build the table of mean differences from the baseline, with intervals: a row per alternative."""
    rows = results.comparison[results.comparison["outcome"].isin(COMPARED)]
    table = ScreenTable(phrase(lang, "screen.comparison"))
    table.add_column(phrase(lang, "screen.alternative"), "left")
    shown = [outcome for outcome in COMPARED if (rows["outcome"] == outcome).any()]
    for outcome in shown:
        table.add_column(phrase(lang, f"screen.{outcome}"))
    for alternative, group in rows.groupby("alternative", sort=False):
        by_outcome = {row["outcome"]: row for row in group.to_dict("records")}
        cells = [signed(by_outcome.get(outcome), lang) for outcome in shown]
        table.add_row(alternative_title(results.scenario, str(alternative), lang), *cells)
    return table


def threshold_table(results: Results, lang: str) -> ScreenTable:
    """Build a table with a block per alternative and a row for each threshold that it changes."""
    table = ScreenTable(phrase(lang, "screen.by_threshold"), show_lines=False)
    table.add_column(phrase(lang, "screen.alternative_threshold"), "left")
    shares = results.comparison["outcome"].str.startswith(BREACHED).any()  # earlier versions have none
    columns = (*(("points",) if shares else ()), "days", "first_breach")
    for column in columns:
        table.add_column(phrase(lang, f"screen.{column}"))
    for alternative, group in results.comparison.groupby("alternative", sort=False):
        by_outcome = {row["outcome"]: row for row in group.to_dict("records")}
        scenario = results.scenario.alternative(str(alternative))
        table.add_row(alternative_title(results.scenario, str(alternative), lang), style="bold")
        lines = []
        of_situation = criteria(scenario)
        others = [name for name in scenario.command.thresholds if name not in of_situation]
        for name in (*of_situation, *([SITUATION] if shares else ()), *others):
            of = [by_outcome.get(f"{prefix}{name}") for prefix in (BREACHED, DAYS_BREACHED, FIRST_DAY)]
            if name == SITUATION:
                of[1] = by_outcome.get(SITUATION_DAYS)
            if any(row is not None and row["tied"] < 1 for row in of):
                what = threshold_title(scenario, name, lang)
                if name in scenario.command.in_districts:
                    what = phrase(lang, "screen.in_any_district", what=what)
                cells = [_points(of[0], lang)] if shares else []
                lines.append((what, *cells, signed(of[1], lang), _first_difference(of[0], of[2], lang)))
        nothing = (phrase(lang, "screen.unchanged"), *[""] * len(columns))
        for i, (what, *cells) in enumerate(lines or [nothing], start=1):
            table.add_row(f"  {what}", *cells, end_section=i >= len(lines))
    return table


def cost_table(results: Results, lang: str) -> ScreenTable:
    """Build the table of costs by plan: total, difference from the baseline, and per death averted."""
    table = ScreenTable(phrase(lang, "screen.cost"), show_lines=False)
    table.add_column(phrase(lang, "screen.alternative"), "left")
    means = results.replications.groupby("alternative", sort=False)[COST].mean()
    compared = results.comparison[results.comparison["outcome"] == COST].to_dict("records")
    changes = {row["alternative"]: row for row in compared}
    rows = per_death_averted(results)
    each = {name: float(row["per_death_averted"]) for name, row in rows.items()}
    currency = results.scenario.supply.currency
    scale, unit = money_unit(float(means.max()), currency, lang)
    scale_each, unit_each = money_unit(min(each.values(), default=0.0), currency, lang)
    for key, of in (("mean_cost", unit), ("extra_cost", unit), ("per_death_averted", unit_each)):
        table.add_column(phrase(lang, f"screen.{key}", unit=of))
    for alternative, mean in means.items():
        name = str(alternative)
        table.add_row(
            alternative_title(results.scenario, name, lang),
            round_off(float(mean) / scale, lang),
            signed(changes.get(name), lang, scale),
            per_death_words(rows[name], scale_each, lang) if name in rows else "",
        )
    return table


def spread_table(results: Results, lines: Sequence[Line], lang: str) -> ScreenTable:
    """Build the table of outcomes and differences, with the spread of each due to chance and assumptions."""
    table = ScreenTable(phrase(lang, "screen.spread"))
    for column in ("outcome", "mean", "chance", "assumptions", "between"):
        table.add_column(phrase(lang, f"column.{column}"), "left" if column == "outcome" else "right")
    for line in lines:
        halves = [line.half(what, lang) for what in ("chance", "assumptions")]
        ends = [line.quote(end, getattr(line.spread, end), lang) for end in ("low", "high")]
        table.add_row(
            line.heading(results, lang),
            round_off(line.spread.mean, lang),
            *(f"±{value}\n({low}{EN_DASH}{high})" for value, low, high in halves),
            phrase(lang, "screen.to", low=ends[0], high=ends[1]),
        )
    return table


def signed(
    row: Mapping[Any, Any] | None, lang: str, scale: float = 1.0, most_decimals: int = MOST_DECIMALS
) -> str:
    """Format a paired difference with its sign and half-width: ``-12 ±3``."""
    if row is None:
        return ""
    mean, low, high = (row[c] / scale for c in ("difference", "difference_low", "difference_high"))
    half = (high - low) / 2
    if math.isnan(half) or half == 0:
        return with_sign(mean, lang)
    decimals = common_decimals(mean, mean - half, mean + half)
    if abs(mean) >= 1 or half >= abs(mean):
        decimals = min(decimals, most_decimals)
    return f"{with_sign(mean, lang, decimals)} ±{to_decimals(half, lang, decimals)}"


def _first_difference(breached: Mapping[Any, Any] | None, first: Mapping[Any, Any] | None, lang: str) -> str:
    """Format the difference in the first breach, or say that one side never has a breach."""
    if breached is not None:
        for side, key in (("alternative_mean", "screen.never_here"), ("baseline_mean", "screen.only_here")):
            if breached.get(side) == 0 < abs(breached["difference"]):
                return phrase(lang, key)
    return signed(first, lang)


def _points(row: Mapping[Any, Any] | None, lang: str) -> str:
    """Format a paired difference in percentage points, with its interval: ``-12 (-21 to -2)``."""
    if row is None:
        return ""
    ends = [100 * row[c] for c in ("difference", "difference_low", "difference_high")]
    if math.isnan(ends[1]):
        return with_sign(ends[0], lang, 0)
    mean, low, high = (with_sign(value, lang, 0) for value in ends)
    return f"{mean} ({phrase(lang, 'screen.to', low=low, high=high)})"


def _threshold(scenario: Scenario, row: Mapping[Any, Any], lang: str) -> tuple[str, str, str]:
    """Return the title, bound and worst value of a row of the breach table, as text."""
    name = row["threshold"]
    bound, worst = float(row["bound"]), float(row["worst_value_median"])
    if name == SITUATION:
        every, assessed = len(scenario.command.of_situation), round(row["criteria_assessed"])
        count = number(every, lang)
        said = phrase(lang, "screen.situation_bound", bound=number(bound, lang), count=count)
        if assessed < every:
            said = phrase(lang, "assessed.of_criteria", said=said, assessed=number(assessed, lang))
        return (
            phrase(lang, "figure.situation"),
            said,
            phrase(lang, "screen.situation_worst", worst=number(worst, lang), count=number(assessed, lang))
            if is_assessed(row)
            else "",
        )
    side = "above" if scenario.command.thresholds[name].above is not None else "below"
    return (
        threshold_title(scenario, name, lang),
        phrase(lang, f"screen.{side}", bound=with_unit(scenario, name, bound, lang)),
        with_unit(scenario, name, worst, lang, unit=False) if is_assessed(row) else "",
    )


def first_breach(results: Results, row: Mapping[Any, Any], lang: str) -> str:
    """Return when a breach first occurs: a date with its range, or that it is at the start or never."""
    scenario = results.scenario
    none = phrase(lang, "screen.none", days=number(scenario.days, lang))
    if row["breached_at_start"] == 1:
        return phrase(lang, "screen.at_start")
    median, early, late = (
        None if math.isnan(row[f"first_day_{q}"]) else scenario.start + timedelta(days=row[f"first_day_{q}"])
        for q in ("median", "p5", "p95")
    )
    lines = [none if median is None else day_text(median, lang)]
    if not enough_for_ranges(results):
        pass
    elif median is None and early is not None:
        lines.append(f"({phrase(lang, 'screen.early', day=day_text(early, lang))})")
    elif median is not None and early is not None:
        text = day_month if (early.year, (late or early).year) == (median.year,) * 2 else day_text
        until = none if late is None else text(late, lang)
        lines.append(f"({phrase(lang, 'screen.to', low=text(early, lang), high=until)})")
    if row["breached_at_start"] > 0:
        lines.append(phrase(lang, "screen.sometimes_at_start", share=percent(row["breached_at_start"], lang)))
    return "\n".join(lines)


def days_in_breach(results: Results, row: Mapping[Any, Any], lang: str) -> str:
    """Format the mean days in breach, with the range of runs if there are enough."""
    if row["probability"] == 0:
        return "0"
    if not enough_for_ranges(results):
        return round_off(row["days_breached_mean"], lang)
    low, high = (round_off(row[f"days_breached_{q}"], lang) for q in ("p5", "p95"))
    return f"{round_off(row['days_breached_mean'], lang)}\n({low}{EN_DASH}{high})"
