"""The tables that compare plans: their changes to the baseline, their effects and their cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from surgesim.model.outcomes import DEADLY
from surgesim.report.citation import Passage, Row, Value, join, proper_name, quote, source
from surgesim.report.names import criteria, threshold_title
from surgesim.report.prose.costing import costs_left_out, per_death_averted
from surgesim.report.prose.plans import plan_changes
from surgesim.report.prose.sentences import PERCENT, in_percent, longer_without_fewer_deaths, never_begins
from surgesim.report.prose.summary import province_rows
from surgesim.report.tables.cells import (
    NONE,
    Cell,
    ReportTable,
    TableBuilder,
    change,
    in_brackets,
    lines,
    plan_heading,
    table_builder,
)
from surgesim.report.words import (
    money_unit,
    number,
    outcome_words,
    own_outcome_words,
    phrase,
    round_off,
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
"""Outcomes compared between plans in the report; all others are in comparison.csv."""


def plans(results: Results, lang: str) -> ReportTable | None:
    """Build the table of the changes that each alternative makes, in words."""
    builder = table_builder("plans", lang, "plan", "changes")
    for name in results.alternatives:
        if name != BASELINE:
            changes = list(plan_changes(results.scenario, name, lang))
            builder.add(
                plan_heading(results, name, lang),
                lines(*map(proper_name, changes)) if changes else phrase(lang, "plan.nothing"),
            )
    return builder.build(text=2)


def comparison(results: Results, lang: str) -> ReportTable | None:
    """Build the table that compares each alternative with the baseline, fewest deaths first."""
    own = own_outcome_words(results.manifest)
    table = results.comparison[results.comparison["outcome"].isin((*COMPARED, *own))]
    shown = [outcome for outcome in (*COMPARED, *own) if (table["outcome"] == outcome).any()]
    builder = table_builder("comparison", lang, "plan")
    words = [own.get(outcome) or outcome_words(lang, outcome) for outcome in shown]
    builder.columns += [f"{label} ({unit})" for label, unit in words]
    by_plan = {
        str(name): {row["outcome"]: row for row in rows.to_dict("records")}
        for name, rows in table.groupby("alternative", sort=False)
    }
    if not by_plan:
        return None
    _add_baseline(results, builder, by_plan, shown, lang)
    more_deaths = deadlier(table)
    for name in sorted(by_plan, key=lambda name: float(by_plan[name][shown[0]]["difference"])):
        rows = by_plan[name]
        builder.add(
            plan_heading(results, name, lang),
            *(_difference(rows.get(o), lang, name in more_deaths) for o in shown),
        )
    note = phrase(lang, "table.comparison.note", days=number(results.scenario.days, lang))
    return builder.build(note=lines(note, *longer_without_fewer_deaths(results, lang)))


def _add_baseline(
    results: Results,
    builder: TableBuilder,
    by_plan: Mapping[str, Mapping[str, Row]],
    shown: Sequence[str],
    lang: str,
    scale: float = 1.0,
) -> None:
    """Add the row of the baseline, whose means come from any alternative's comparison with it."""
    known = {outcome: row for rows in by_plan.values() for outcome, row in rows.items()}
    builder.add(
        phrase(lang, "table.baseline_mean"),
        *(
            phrase(lang, "onepage.never")
            if never_begins(results, known[outcome])
            else quote("comparison", known[outcome], "baseline_mean", round_off, lang, scale)
            for outcome in shown
        ),
    )


def _difference(row: Row | None, lang: str, more_deaths: bool) -> Cell:
    """Build a cell with a difference and a verdict; if a plan has more deaths, no gain counts as better."""
    if row is None:
        return Cell(NONE)
    low, high = float(row["difference_low"]), float(row["difference_high"])
    if math.isnan(low):
        return Cell(change(row, lang))
    tone = _tone(low, high, str(row["better"]))
    if tone == "better" and more_deaths and row["outcome"] not in DEADLY:
        tone = "deadlier"
    said = phrase(lang, f"tone.{tone}")
    mark = Passage(said, Markup('<span class="tone">{}</span>').format(said))
    share = in_percent(row, lang)[:1] if row["outcome"] == DEATHS else []
    return Cell(lines(change(row, lang), *share, mark), tone)


def _tone(low: float, high: float, better: str) -> str:
    """Classify an interval by its position: on the better or worse side of zero, or containing zero."""
    if low == high == 0:
        return "same"
    if low <= 0 <= high:
        return "undecided"
    return "better" if (high < 0) == (better == "lower") else "worse"


def thresholds_by_plan(results: Results, lang: str) -> list[ReportTable]:
    """Build the tables of the effect of each plan on each criterion and on each other threshold.

    There is a table each for the probability of a breach (including the emergency), days in breach and first
    day.
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
    """Build a table of differences from the baseline by threshold; omit thresholds that no plan changes."""
    builder = table_builder(table, lang, "plan")
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
        builder.columns.append(phrase(lang, "screen.in_any_district", what=title) if districts else title)
    scale = PERCENT if prefix == BREACHED else 1.0
    _add_baseline(results, builder, by_plan, [f"{prefix}{name}" for name in shown], lang, scale)
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
        builder.add(plan_heading(results, plan, lang), *cells)
    what = {BREACHED: "breached", DAYS_BREACHED: "days", FIRST_DAY: "first"}[prefix]
    return builder.build(
        note=phrase(lang, f"table.{what}_by_plan.note", days=number(results.scenario.days, lang))
    )


def _never(results: Results, plan: str) -> set[str]:
    """Return thresholds never breached under a plan, so that a delay of the first day is undefined."""
    return {str(row["threshold"]) for row in province_rows(results, plan) if row["probability"] == 0}


def _per_death(row: Row, lang: str, scale: float) -> Passage:
    mean, low, high = (
        quote("comparison", row, f"per_death_averted{end}", round_off, lang, scale)
        for end in ("", "_low", "_high")
    )
    return join([mean, in_brackets([low, high])], " ")


def costs(results: Results, lang: str) -> ReportTable | None:
    """Build the table of costs by plan, cheapest first: total, difference, and per death averted."""
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
    builder = table_builder("costs", lang, "plan")
    builder.columns += [
        phrase(lang, "screen.mean_cost", unit=unit),
        phrase(lang, "screen.extra_cost"),
        *([phrase(lang, "screen.per_death_averted", unit=unit_each)] if each else []),
    ]
    for alternative, mean in means.sort_values(kind="stable").items():
        name = str(alternative)
        total = Value(
            round_off(float(mean) / scale, lang),
            float(mean),
            source("replications", f"mean:{COST}", alternative=name),
            scale=scale,
        )
        builder.add(
            plan_heading(results, name, lang),
            total,
            change(rows[name], lang, scale) if name in rows else NONE,
            *([_per_death(each[name], lang, scale_each) if name in each else NONE] if each else []),
        )
    notes = [phrase(lang, "table.costs.note"), *([phrase(lang, "table.costs.per_death")] if each else [])]
    return builder.build(note=lines(join(notes, " "), *costs_left_out(results, lang)))
