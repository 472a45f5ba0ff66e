"""The summary of a run on the screen: which thresholds break, and what each alternative changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from surgesim.report.sentences import how_precise, what_binds, what_varies, without_plan
from surgesim.report.words import (
    day_month,
    day_text,
    indicator_words,
    money_unit,
    number,
    percent,
    phrase,
    rounded,
)
from surgesim.scenario.schema import BASELINE, Scenario
from surgesim.study.breaches import SITUATION
from surgesim.study.compare import COST, DAYS_BREACHED, DEATHS, FIRST_DAY

if TYPE_CHECKING:
    from surgesim.study.results import Results

COMPARED: Final = ("situation_days", f"first_day_{SITUATION}", "deaths_untreated", "deaths")
"""Outcomes of the comparison on the screen; all others are in comparison.csv."""


def summary(results: Results, lang: str, folder: str | None = None) -> Group:
    """The summary of a run for a planner.

    Parameters
    ----------
    lang
        ``vi`` or ``en``.
    folder
        Where the results are, as it shall be shown; None says nothing about it.
    """
    scenario = results.scenario
    horizon = number(scenario.days, lang)
    runs = number(results.replications["replication"].nunique(), lang)
    parts: list[Table | Text] = [
        Text(
            phrase(
                lang,
                "screen.heading",
                title=scenario.title.get(lang),
                runs=runs,
                days=horizon,
                start=day_text(scenario.start, lang),
                seed=scenario.study.seed,
            ),
            style="bold",
        )
    ]
    if len(results.breaches):
        parts += [Text(), breach_table(results, lang)]
        parts += [Text(phrase(lang, "screen.breaches_note", runs=runs), style="dim")]
    if len(results.comparison):
        parts += [Text(), comparison_table(results, lang)]
        parts += [Text(phrase(lang, "screen.comparison_note", days=horizon), style="dim")]
        if len(results.breaches):
            parts += [Text(), threshold_table(results, lang)]
            parts += [Text(phrase(lang, "screen.by_threshold_note", days=horizon), style="dim")]
    if scenario.supply.costs is not None:
        parts += [Text(), cost_table(results, lang), Text(phrase(lang, "screen.cost_note"), style="dim")]
    parts += [Text(), *(Text(sentence) for sentence in what_binds(results, lang))]
    parts += [Text(without_plan(scenario, lang))]
    confidence = results.assumptions["confidence"]
    assumed = number(int((confidence == "assumed").sum()), lang)
    parts += [
        Text(),
        Text(phrase(lang, "screen.assumed", assumed=assumed, all=number(len(confidence), lang))),
    ]
    parts += [Text(sentence) for sentence in what_varies(scenario, lang)]
    parts += [Text(sentence) for sentence in how_precise(results, lang)]
    if folder is not None:
        parts.append(Text(phrase(lang, "screen.folder", folder=folder)))
    return Group(*parts)


def breach_table(results: Results, lang: str) -> Table:
    """One row per threshold of the baseline, and one for the declared emergency."""
    scenario = results.scenario
    table = Table(
        title=phrase(lang, "screen.breaches"), title_justify="left", title_style="bold", show_lines=True
    )
    for column in ("threshold", "probability", "first", "days", "worst"):
        left = column in ("threshold", "first")
        table.add_column(
            phrase(lang, f"screen.{column}"), justify="left" if left else "right", overflow="fold"
        )
    for row in results.breaches[results.breaches["alternative"] == BASELINE].to_dict("records"):
        title, bound, worst = _threshold(scenario, row, lang)
        low, high = percent(row["probability_low"], lang), percent(row["probability_high"], lang)
        table.add_row(
            Text(f"{title}\n{bound}"),
            f"{percent(row['probability'], lang)}\n({_range(low, high)})",
            Text(_first(scenario, row, lang)),
            _days(row, lang),
            worst,
        )
    return table


def comparison_table(results: Results, lang: str) -> Table:
    """One row per alternative: its mean differences from the baseline with their intervals."""
    rows = results.comparison[results.comparison["outcome"].isin(COMPARED)]
    table = Table(
        title=phrase(lang, "screen.comparison"), title_justify="left", title_style="bold", show_lines=True
    )
    _alternative_column(table, results, lang)
    shown = [outcome for outcome in COMPARED if (rows["outcome"] == outcome).any()]
    for outcome in shown:
        table.add_column(phrase(lang, f"screen.{outcome}"), justify="right", overflow="fold")
    for alternative, group in rows.groupby("alternative", sort=False):
        by_outcome = {row["outcome"]: row for row in group.to_dict("records")}
        cells = [_difference(by_outcome.get(outcome), lang) for outcome in shown]
        table.add_row(Text(str(alternative)), *cells)
    return table


def threshold_table(results: Results, lang: str) -> Table:
    """One row per alternative and threshold at which it changes anything: days in breach and first breach."""
    table = Table(title=phrase(lang, "screen.by_threshold"), title_justify="left", title_style="bold")
    _alternative_column(table, results, lang)
    table.add_column(phrase(lang, "screen.threshold"), overflow="fold")
    for column in ("days", "first_breach"):
        table.add_column(phrase(lang, f"screen.{column}"), justify="right", overflow="fold", min_width=18)
    for alternative, group in results.comparison.groupby("alternative", sort=False):
        by_outcome = {row["outcome"]: row for row in group.to_dict("records")}
        scenario = results.scenario.alternative(str(alternative))
        lines = []
        for name in scenario.command.thresholds:
            pair = [by_outcome.get(f"{prefix}{name}") for prefix in (DAYS_BREACHED, FIRST_DAY)]
            if any(row is not None and row["tied"] < 1 for row in pair):
                lines.append((_brief_title(scenario, name, lang), *(_signed(row, lang) for row in pair)))
        for i, line in enumerate(lines or [(phrase(lang, "screen.unchanged"), "", "")]):
            last = i == len(lines or [()]) - 1
            table.add_row(Text(str(alternative) if i == 0 else ""), *map(Text, line), end_section=last)
    return table


def cost_table(results: Results, lang: str) -> Table:
    """What each plan costs, against the baseline and per death averted."""
    table = Table(title=phrase(lang, "screen.cost"), title_justify="left", title_style="bold")
    _alternative_column(table, results, lang)
    means = results.replications.groupby("alternative", sort=False)[COST].mean()
    compared = {
        (row["alternative"], row["outcome"]): row
        for row in results.comparison[results.comparison["outcome"].isin((COST, DEATHS))].to_dict("records")
    }
    each = {
        name: float(row["per_death_averted"])
        for (name, outcome), row in compared.items()
        if outcome == COST and compared[name, DEATHS]["difference_high"] < 0 < row["per_death_averted"]
    }
    currency = results.scenario.supply.currency
    scale, unit = money_unit(float(means.max()), currency, lang)
    scale_each, unit_each = money_unit(max(each.values(), default=0.0), currency, lang)
    for key, of in (("mean_cost", unit), ("extra_cost", unit), ("per_death_averted", unit_each)):
        table.add_column(phrase(lang, f"screen.{key}", unit=of), justify="right", overflow="fold")
    for alternative, mean in means.items():
        name = str(alternative)
        table.add_row(
            Text(name),
            rounded(float(mean) / scale, lang),
            Text(_signed(compared.get((name, COST)), lang, scale)),
            rounded(each[name] / scale_each, lang) if name in each else "",
        )
    return table


def _alternative_column(table: Table, results: Results, lang: str) -> None:
    """A first column wide enough for names of a usual length."""
    longest = max(map(len, results.alternatives))
    table.add_column(phrase(lang, "screen.alternative"), overflow="fold", min_width=min(longest, 21))


def _brief_title(scenario: Scenario, name: str, lang: str) -> str:
    """What a threshold watches, and its bound."""
    threshold, supply = scenario.command.thresholds[name], scenario.supply
    what = indicator_words(lang, threshold.indicator).label
    if threshold.item is not None:
        item = supply.consumables.get(threshold.item) or supply.burdens[threshold.item]
        what = f"{what}: {item.title.get(lang)}"
    sign = ">" if threshold.above is not None else "<"
    return f"{what} {sign}{number(threshold.bound, lang)}"


def _signed(row: Mapping[Any, Any] | None, lang: str, scale: float = 1.0) -> str:
    """A paired difference with its sign and interval: ``-12 (-15 to -9)``."""
    if row is None:
        return ""

    def sign(value: float) -> str:
        text = rounded(value / scale, lang)
        return f"+{text}" if value > 0 else text

    low, high = row["difference_low"], row["difference_high"]
    if math.isnan(low) or low == high == 0:
        return sign(row["difference"])
    return f"{sign(row['difference'])} ({phrase(lang, 'screen.to', low=sign(low), high=sign(high))})"


def _threshold(scenario: Scenario, row: Mapping[Any, Any], lang: str) -> tuple[str, str, str]:
    """Title, bound and worst value of a row of the breach table, in words."""
    name = row["threshold"]
    bound, worst = number(row["bound"], lang), number(row["worst_value_median"], lang)
    if name == SITUATION:
        situation = scenario.command.situation
        count = number(len(situation.thresholds or scenario.command.thresholds), lang)
        return (
            phrase(lang, "figure.situation"),
            phrase(lang, "screen.situation_bound", bound=bound, count=count),
            phrase(lang, "screen.situation_worst", worst=worst, count=count),
        )
    threshold = scenario.command.thresholds[name]
    label, unit = indicator_words(lang, threshold.indicator)
    title = threshold.title.get(lang) if threshold.title is not None else label
    side = "above" if threshold.above is not None else "below"
    return title, phrase(lang, f"screen.{side}", bound=bound, unit=unit).rstrip(), worst


def _first(scenario: Scenario, row: Mapping[Any, Any], lang: str) -> str:
    """When it first broke: at the start, the median date with its range, or none by the horizon."""
    none = phrase(lang, "screen.none", days=number(scenario.days, lang))
    if row["breached_at_start"] == 1:
        return phrase(lang, "screen.at_start")
    median, early, late = (
        None if math.isnan(row[f"first_day_{q}"]) else scenario.start + timedelta(days=row[f"first_day_{q}"])
        for q in ("median", "p5", "p95")
    )
    lines = [none if median is None else day_text(median, lang)]
    if median is None and early is not None:
        lines.append(f"({phrase(lang, 'screen.early', day=day_text(early, lang))})")
    elif median is not None and early is not None:
        text = day_month if (early.year, (late or early).year) == (median.year,) * 2 else day_text
        lines.append(f"({_range(text(early, lang), none if late is None else text(late, lang))})")
    if row["breached_at_start"] > 0:
        lines.append(phrase(lang, "screen.sometimes_at_start", share=percent(row["breached_at_start"], lang)))
    return "\n".join(lines)


def _days(row: Mapping[Any, Any], lang: str) -> str:
    if row["probability"] == 0:
        return "0"
    low, high = (rounded(row[f"days_breached_{q}"], lang) for q in ("p5", "p95"))
    return f"{rounded(row['days_breached_mean'], lang)}\n({_range(low, high)})"


def _difference(row: Mapping[Any, Any] | None, lang: str) -> str:
    """A paired difference in words: fewer or more, earlier or later, with its interval."""
    if row is None:
        return ""
    less, more = ("earlier", "later") if row["outcome"].startswith("first_day_") else ("fewer", "more")

    def words(value: float) -> str:
        text = rounded(abs(value), lang)
        return (
            phrase(lang, "screen.same")
            if value == 0
            else phrase(lang, f"screen.{less if value < 0 else more}", value=text)
        )

    low, high = row["difference_low"], row["difference_high"]
    if math.isnan(low) or low == high == 0:
        return words(row["difference"])
    if low < 0 < high:
        return f"{words(row['difference'])}\n({phrase(lang, 'screen.to', low=words(low), high=words(high))})"
    ends = sorted((abs(low), abs(high)))
    return f"{words(row['difference'])}\n({_range(*(rounded(end, lang) for end in ends))})"


def _range(low: str, high: str) -> str:
    if low.endswith("%") and high.endswith("%"):
        low = low.removesuffix("%").rstrip()
    return f"{low}\N{EN DASH}{high}"
