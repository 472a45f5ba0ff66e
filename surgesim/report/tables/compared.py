"""Tables that compare plans: what they change of the baseline, what comes of it, what they cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from surgesim.model.outcomes import DEADLY
from surgesim.report.costing import not_counted, per_death_averted
from surgesim.report.names import criteria, threshold_title
from surgesim.report.plans import plan_changes
from surgesim.report.quoted import Row, Told, Value, named, quote, source
from surgesim.report.sentences import longer_without_fewer_deaths
from surgesim.report.summary import province_rows
from surgesim.report.tables.cells import NONE, Cell, Maker, ReportTable, change, lines, maker, plan_heading
from surgesim.report.words import (
    money_unit,
    number,
    outcome_words,
    phrase,
    rounded,
)
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.breaches import SITUATION
from surgesim.study.measures.compare import BREACHED, COST, DAYS_BREACHED, DEATHS, FIRST_DAY, deadlier

if TYPE_CHECKING:
    from surgesim.study.results import Results

COMPARED: Final = (
    DEATHS,
    "deaths_untreated",
    "situation_days",
    f"{FIRST_DAY}{SITUATION}",
    "peak_without_bed",
)
"""Outcomes by which the report compares plans; all others are in comparison.csv."""


POINT: Final = 0.01
"""A percentage point."""


def plans(results: Results, lang: str) -> ReportTable | None:
    """What each alternative changes, in words."""
    made = maker("plans", lang, "plan", "changes")
    for name in results.alternatives:
        if name != BASELINE:
            changes = list(plan_changes(results.scenario, name, lang))
            made.add(
                plan_heading(results, name, lang),
                lines(*map(named, changes)) if changes else phrase(lang, "plan.nothing"),
            )
    return made.done(text=2)


def comparison(results: Results, lang: str) -> ReportTable | None:
    """Each alternative against the baseline, the fewest deaths first."""
    table = results.comparison[results.comparison["outcome"].isin(COMPARED)]
    shown = [outcome for outcome in COMPARED if (table["outcome"] == outcome).any()]
    made = maker("comparison", lang, "plan")
    made.columns += [f"{outcome_words(lang, o).label} ({outcome_words(lang, o).unit})" for o in shown]
    by_plan = {
        str(name): {row["outcome"]: row for row in rows.to_dict("records")}
        for name, rows in table.groupby("alternative", sort=False)
    }
    if not by_plan:
        return None
    _add_baseline(made, by_plan, shown, lang)
    more_deaths = deadlier(table)
    for name in sorted(by_plan, key=lambda name: float(by_plan[name][shown[0]]["difference"])):
        rows = by_plan[name]
        made.add(
            plan_heading(results, name, lang),
            *(_difference(rows.get(o), lang, name in more_deaths) for o in shown),
        )
    note = phrase(lang, "table.comparison.note", days=number(results.scenario.days, lang))
    return made.done(note=lines(note, *longer_without_fewer_deaths(results, lang)))


def _add_baseline(
    made: Maker,
    by_plan: Mapping[str, Mapping[str, Row]],
    shown: Sequence[str],
    lang: str,
    scale: float = 1.0,
) -> None:
    """The row of the baseline; an alternative that lacks a threshold has no row that says its mean."""
    known = {outcome: row for rows in by_plan.values() for outcome, row in rows.items()}
    made.add(
        phrase(lang, "table.baseline_mean"),
        *(quote("comparison", known[outcome], "baseline_mean", rounded, lang, scale) for outcome in shown),
    )


def _difference(row: Row | None, lang: str, more_deaths: bool) -> Cell:
    """A difference with what it means: what a plan with more deaths gains elsewhere is not called better."""
    if row is None:
        return Cell(NONE)
    low, high = float(row["difference_low"]), float(row["difference_high"])
    if math.isnan(low):
        return Cell(change(row, lang))
    tone = _tone(low, high, str(row["better"]))
    if tone == "better" and more_deaths and row["outcome"] not in DEADLY:
        tone = "deadlier"
    said = phrase(lang, f"tone.{tone}")
    mark = Told(said, Markup('<span class="tone">{}</span>').format(said))
    return Cell(lines(change(row, lang), mark), tone)


def _tone(low: float, high: float, better: str) -> str:
    """Whether the interval lies on the better side of zero, on the worse one, or holds zero."""
    if low == high == 0:
        return "same"
    if low <= 0 <= high:
        return "undecided"
    return "better" if (high < 0) == (better == "lower") else "worse"


def thresholds_by_plan(results: Results, lang: str) -> list[ReportTable]:
    """What each plan changes at each criterion, then at each other threshold.

    The probability of a breach (of the emergency too), days in breach, first day.
    """
    of_situation = criteria(results.scenario)
    others = [name for name in results.scenario.command.thresholds if name not in of_situation]
    found = [
        _changes(results, f"{kind}_{what}", prefix, names, lang)
        for kind, thresholds in (("criteria", of_situation), ("thresholds", others))
        for what, prefix in (("breached", BREACHED), ("days", DAYS_BREACHED), ("first", FIRST_DAY))
        for emergency in [(SITUATION,) if (kind, what) == ("criteria", "breached") else ()]
        for names in [(*thresholds, *emergency)]
    ]
    return [table for table in found if table is not None]


def _changes(
    results: Results, table: str, prefix: str, names: Sequence[str], lang: str
) -> ReportTable | None:
    """Differences from the baseline at thresholds; those that no plan changes are left out."""
    made = maker(table, lang, "plan")
    rows = results.comparison
    rows = rows[rows["outcome"].isin([f"{prefix}{name}" for name in names])]
    changed = set(rows.loc[rows["tied"] < 1, "outcome"])
    shown = [name for name in names if f"{prefix}{name}" in changed]
    by_plan = {
        str(plan): {str(row["outcome"]): row for row in group.to_dict("records")}
        for plan, group in rows.groupby("alternative", sort=False)
    }
    if not shown or not by_plan:
        return None
    for name in shown:
        title = threshold_title(results.scenario, name, lang)
        districts = name in results.scenario.command.in_districts
        made.columns.append(phrase(lang, "screen.in_any_district", what=title) if districts else title)
    scale = POINT if prefix == BREACHED else 1.0
    _add_baseline(made, by_plan, [f"{prefix}{name}" for name in shown], lang, scale)
    for plan, by_outcome in by_plan.items():
        never = _never(results, plan) if prefix == FIRST_DAY else set()
        cells = []
        for name in shown:
            row = by_outcome.get(f"{prefix}{name}")
            averted = name in never and row is not None and row["difference"] != 0
            cells.append(
                phrase(lang, "table.none_by_end")
                if averted
                else NONE
                if row is None
                else change(row, lang, scale)
            )
        made.add(plan_heading(results, plan, lang), *cells)
    what = {BREACHED: "breached", DAYS_BREACHED: "days", FIRST_DAY: "first"}[prefix]
    return made.done(
        note=phrase(lang, f"table.{what}_by_plan.note", days=number(results.scenario.days, lang))
    )


def _never(results: Results, plan: str) -> set[str]:
    """Thresholds that are breached in no run of a plan: how much later that is has no answer."""
    return {str(row["threshold"]) for row in province_rows(results, plan) if row["probability"] == 0}


def costs(results: Results, lang: str) -> ReportTable | None:
    """What each plan costs, the cheapest first; against the baseline, and per death averted."""
    if results.scenario.supply.costs is None:
        return None
    means = results.replications.groupby("alternative", sort=False)[COST].mean()
    table = results.comparison[results.comparison["outcome"] == COST]
    rows = {str(row["alternative"]): row for row in table.to_dict("records")}
    each = per_death_averted(results)
    currency = results.scenario.supply.currency
    scale, unit = money_unit(float(means.max()), currency, lang)
    cheapest = min((float(row["per_death_averted"]) for row in each.values()), default=0.0)
    scale_each, unit_each = money_unit(cheapest, currency, lang)
    made = maker("costs", lang, "plan")
    made.columns += [
        phrase(lang, "screen.mean_cost", unit=unit),
        phrase(lang, "screen.extra_cost"),
        phrase(lang, "screen.per_death_averted", unit=unit_each),
    ]
    for alternative, mean in means.sort_values(kind="stable").items():
        name = str(alternative)
        total = Value(
            rounded(float(mean) / scale, lang),
            float(mean),
            source("replications", f"mean:{COST}", alternative=name),
            scale=scale,
        )
        made.add(
            plan_heading(results, name, lang),
            total,
            change(rows[name], lang, scale) if name in rows else NONE,
            quote("comparison", each[name], "per_death_averted", rounded, lang, scale_each)
            if name in each
            else NONE,
        )
    return made.done(note=lines(phrase(lang, "table.costs.note"), *not_counted(results, lang)))
