"""The tables of the report: every number with the cell it comes from, every row with its heading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from surgesim.model.record import CONSTRAINTS, OUTCOMES
from surgesim.report.names import alternative_title, criteria, is_share, threshold_title, unit_of
from surgesim.report.plans import plan_changes
from surgesim.report.quoted import Row, Told, Value, cell, joined, named, quote, source, told
from surgesim.report.sentences import longer_without_fewer_deaths, many
from surgesim.report.summary import first_date, how_likely, province_rows, share
from surgesim.report.words import (
    alike,
    day_text,
    fixed,
    group_words,
    money_unit,
    number,
    outcome_words,
    percent,
    phrase,
    rounded,
    tenths,
    unit_words,
)
from surgesim.scenario.schema import BASELINE
from surgesim.study.binding import BEDS, limits_modelled
from surgesim.study.breaches import PROVINCE_AREA, SITUATION
from surgesim.study.compare import COST, DAYS_BREACHED, DEATHS, FIRST_DAY
from surgesim.study.reached import ALL

if TYPE_CHECKING:
    from surgesim.scenario.schema import Scenario
    from surgesim.study.results import Results

COMPARED: Final = (
    "deaths_untreated",
    DEATHS,
    "situation_days",
    f"{FIRST_DAY}{SITUATION}",
    "peak_without_bed",
)
"""Outcomes by which the report compares plans; all others are in comparison.csv."""

LOGISTIC: Final = (
    "oxygen_used_kg",
    "oxygen_unmet_kg",
    "facility_days_dry",
    "staff_absent_days",
    "emergency_unserved",
    "emergency_unserved_private",
    "elective_backlog",
    "elective_backlog_private",
    "transferred_out",
)
CONFIDENCE: Final = ("assumed", "counted", "published", "official")
"""Confidences from the weakest on."""

NONE: Final = "–"
"""What stands where there is no value."""

PER: Final = 100_000


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell; `tone` says how it is marked: better, worse, or a word of the likelihoods."""

    content: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table as a document shows it.

    Attributes
    ----------
    name
        Its place in the catalogues: caption and note are ``table.<name>`` and ``table.<name>.note``.
    columns
        Headings; the first is that of the rows.
    rows
        The first cell of each is its heading.
    text
        How many columns from the left are text; the others are numbers.
    note
        What stands below.
    """

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    text: int = 1
    note: str = ""


@dataclass(slots=True)
class _Maker:
    """Collects the rows of a table."""

    name: str
    lang: str
    columns: list[str] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)

    def add(self, *cells: str | Cell) -> None:
        self.rows.append([c if isinstance(c, Cell) else Cell(c) for c in cells])

    def done(self, text: int = 1, note: str = "", **fields: object) -> ReportTable | None:
        """The table, or None where it has no rows."""
        caption = phrase(self.lang, f"table.{self.name}", **fields)
        return ReportTable(self.name, caption, self.columns, self.rows, text, note) if self.rows else None


def _maker(name: str, lang: str, *columns: str) -> _Maker:
    return _Maker(name, lang, [phrase(lang, f"column.{column}") for column in columns])


def lines(*parts: str) -> Told:
    """Texts and values one below another."""
    kept = [part for part in parts if part]
    return Told("\n".join(map(str, kept)), Markup("<br> ").join(map(escape, kept)))


def bracketed(parts: Sequence[str]) -> Told:
    """A range in brackets."""
    return joined(["(", joined(list(parts), "\N{EN DASH}"), ")"], "")


def _plan(results: Results, name: str, lang: str) -> Told:
    """An alternative as the heading of a row."""
    return named(alternative_title(results.scenario, name, lang))


def breaches(results: Results, lang: str) -> ReportTable | None:
    """The criteria of the emergency in the baseline, in the scenario's order, then the emergency itself."""
    by_name = {str(row["threshold"]): row for row in province_rows(results)}
    names = criteria(results.scenario)
    if SITUATION not in by_name:
        return None
    rows = [by_name[name] for name in (*names, SITUATION) if name in by_name]
    required = number(float(by_name[SITUATION]["bound"]), lang)
    return _passed(results, "breaches", "criterion", rows, lang).done(
        note=_breach_note(results, "table.breaches.note", lang),
        required=required,
        all=number(len(names), lang),
    )


def thresholds(results: Results, lang: str) -> ReportTable | None:
    """The thresholds that are no criteria of the emergency, in the baseline."""
    of_situation = {*criteria(results.scenario), SITUATION}
    rows = [row for row in province_rows(results) if row["threshold"] not in of_situation]
    return _passed(results, "thresholds", "threshold", rows, lang).done(
        note=phrase(lang, "table.thresholds.note")
    )


def _breach_note(results: Results, key: str, lang: str) -> str:
    runs = number(int(results.replications["replication"].nunique()), lang)
    spread = "table.spread.note" if many(results) else "table.few.note"
    return f"{phrase(lang, key)} {phrase(lang, spread, runs=runs)}"


def _passed(results: Results, name: str, column: str, rows: Sequence[Row], lang: str) -> _Maker:
    """How likely each is passed, when, how long; ranges only of many runs."""
    made = _maker(name, lang, column, "likelihood", "first_breach", "days_breached", "worst")
    for row in rows:
        ends = [quote("breaches", row, f"days_breached_{q}", rounded, lang) for q in ("p5", "p95")]
        made.add(
            named(threshold_title(results.scenario, str(row["threshold"]), lang)),
            _likely(row, lang),
            _first(results, row, lang),
            lines(
                quote("breaches", row, "days_breached_mean", rounded, lang),
                bracketed(ends) if many(results) else "",
            ),
            _worst(results, row, lang),
        )
    return made


def _worst(results: Results, row: Row, lang: str) -> str:
    """The worst value with its unit; a share as a percentage."""
    name = str(row["threshold"])
    if name == SITUATION:
        worst = quote("breaches", row, "worst_value_median", number, lang)
        return told(lang, "table.criteria_at_once", worst=worst)
    if is_share(results.scenario.command.thresholds[name].indicator):
        share = float(row["worst_value_median"])
        return Value(tenths(share, lang), share, cell("breaches", row, "worst_value_median"), scale=0.01)
    worst = quote("breaches", row, "worst_value_median", number, lang)
    return joined([worst, named(unit_of(results.scenario, name, lang))], " ")


def _likely(row: Row, lang: str) -> Cell:
    return Cell(lines(how_likely(row, lang), _shares(row, lang)), _risk(row))


def _shares(row: Row, lang: str) -> Told:
    """The share of the runs and its interval."""
    low, high = (share(row, f"probability_{end}", lang) for end in ("low", "high"))
    return joined([share(row, "probability", lang), bracketed([low, high])], " ")


def _risk(row: Row) -> str:
    """How a cell of a probability is marked."""
    return (
        "risk-none" if row["probability"] == 0 else "risk-half" if row["probability"] < 0.5 else "risk-most"
    )


def _first(results: Results, row: Row, lang: str) -> Told:
    never = phrase(lang, "table.none_by_end")
    some = float(row["breached_at_start"])
    if some == 1:
        return lines(phrase(lang, "screen.at_start"))
    median, early, late = (first_date(results, row, f"first_day_{q}", lang) for q in ("median", "p5", "p95"))
    parts: list[str] = [median or never]
    if early is not None and many(results):
        parts.append(bracketed([early, late or never]))
    if some > 0:
        parts.append(
            joined([phrase(lang, "table.also_at_start"), share(row, "breached_at_start", lang)], " ")
        )
    return lines(*parts)


def areas(results: Results, lang: str) -> ReportTable | None:
    """Where thresholds are assessed by area: how likely each is breached there, when and how long."""
    table = results.breaches
    mine = table[(table["alternative"] == BASELINE) & (table["area"] != PROVINCE_AREA)]
    names = list(dict.fromkeys(mine["threshold"]))
    made = _maker("areas", lang, "area", "likelihood", "first_breach", "days_breached", "worst")
    for name in names:
        title = threshold_title(results.scenario, str(name), lang)
        for row in mine[mine["threshold"] == name].to_dict("records"):
            area = _district(results.scenario, str(row["area"]), lang)
            made.add(
                named(area if len(names) == 1 else f"{title}: {area}"),
                Cell(_shares(row, lang), _risk(row)),
                _first(results, row, lang),
                quote("breaches", row, "days_breached_mean", rounded, lang),
                _worst(results, row, lang),
            )
    titles = "; ".join(threshold_title(results.scenario, str(name), lang) for name in names)
    return made.done(text=3, thresholds=titles)


def binding(results: Results, lang: str) -> ReportTable | None:
    """Days on which each constraint binds, by bed type: those of the emergency, and those of shortage."""
    if not limits_modelled(results.scenario):
        return None
    made = _maker("binding", lang, "constraint")
    made.columns += [
        phrase(lang, f"column.{which}_days", bed=phrase(lang, f"bed.{bed}"))
        for bed in BEDS
        for which in ("breach", "short")
    ]
    table = results.binding[results.binding["alternative"] == BASELINE]
    rows = {(row["bed"], row["constraint"]): row for row in table.to_dict("records")}
    for what in CONSTRAINTS:
        cells: list[str] = [phrase(lang, f"constraint.{what}")]
        for bed in BEDS:
            row = rows[bed, what]
            for which in ("breach", "short"):
                days = quote("binding", row, f"{which}_days_mean", rounded, lang)
                if pd.isna(row[f"{which}_share"]):
                    cells.append(days)
                    continue
                part = Value(
                    percent(float(row[f"{which}_share"]), lang),
                    float(row[f"{which}_share"]),
                    cell("binding", row, f"{which}_share"),
                    scale=0.01,
                )
                cells.append(joined([days, bracketed([part])], " "))
        made.add(*cells)
    return made.done(note=phrase(lang, "table.binding.note"))


def plans(results: Results, lang: str) -> ReportTable | None:
    """What each alternative changes, in words."""
    made = _maker("plans", lang, "plan", "changes")
    for name in results.alternatives:
        if name != BASELINE:
            changes = list(plan_changes(results.scenario, name, lang))
            made.add(
                _plan(results, name, lang),
                lines(*map(named, changes)) if changes else phrase(lang, "plan.nothing"),
            )
    return made.done(text=2)


def comparison(results: Results, lang: str) -> ReportTable | None:
    """Each alternative against the baseline, the fewest deaths for want of care first."""
    table = results.comparison[results.comparison["outcome"].isin(COMPARED)]
    shown = [outcome for outcome in COMPARED if (table["outcome"] == outcome).any()]
    made = _maker("comparison", lang, "plan")
    made.columns += [f"{outcome_words(lang, o).label} ({outcome_words(lang, o).unit})" for o in shown]
    by_plan = {
        str(name): {row["outcome"]: row for row in rows.to_dict("records")}
        for name, rows in table.groupby("alternative", sort=False)
    }
    if not by_plan:
        return None
    some = next(iter(by_plan.values()))
    made.add(
        phrase(lang, "table.baseline_mean"),
        *(quote("comparison", some[outcome], "baseline_mean", rounded, lang) for outcome in shown),
    )
    for name in sorted(by_plan, key=lambda name: float(by_plan[name][shown[0]]["difference"])):
        rows = by_plan[name]
        deadlier = any(o in rows and rows[o]["difference_low"] > 0 for o in ("deaths_untreated", DEATHS))
        made.add(_plan(results, name, lang), *(_difference(rows.get(o), lang, deadlier) for o in shown))
    note = phrase(lang, "table.comparison.note", days=number(results.scenario.days, lang))
    return made.done(note=lines(note, *longer_without_fewer_deaths(results, lang)))


def _sign(value: float) -> str:
    return "+" if value > 0 else ""


def _change(row: Row, lang: str, scale: float = 1.0) -> Told:
    """A difference with its sign, below it its interval with as many decimals."""
    values = [float(row[c]) / scale for c in ("difference", "difference_low", "difference_high")]
    if math.isnan(values[1]):
        return lines(quote("comparison", row, "difference", signed, lang, scale))
    decimals = alike(*values)

    def write(value: float, lang: str) -> str:
        return f"{_sign(value)}{fixed(value, lang, decimals)}"

    mean, *ends = (
        quote("comparison", row, c, write, lang, scale)
        for c in ("difference", "difference_low", "difference_high")
    )
    if values[1] == values[2]:
        return lines(quote("comparison", row, "difference", signed, lang, scale))
    return lines(mean, joined(["(", joined(list(ends), phrase(lang, "table.to")), ")"], ""))


def signed(value: float, lang: str) -> str:
    """A number with its sign, ``+`` too."""
    return f"{_sign(value)}{rounded(value, lang)}"


def _difference(row: Row | None, lang: str, deadlier: bool) -> Cell:
    """A difference with what it means: what a plan with more deaths gains elsewhere is not called better."""
    if row is None:
        return Cell(NONE)
    low, high = float(row["difference_low"]), float(row["difference_high"])
    if math.isnan(low):
        return Cell(_change(row, lang))
    tone = _tone(low, high, str(row["better"]))
    if tone == "better" and deadlier and row["outcome"] not in ("deaths_untreated", DEATHS):
        tone = "deadlier"
    said = phrase(lang, f"tone.{tone}")
    mark = Told(said, Markup('<span class="tone">{}</span>').format(said))
    return Cell(lines(_change(row, lang), mark), tone)


def _tone(low: float, high: float, better: str) -> str:
    """Whether the interval lies on the better side of zero, on the worse one, or holds zero."""
    if low == high == 0:
        return "same"
    if low <= 0 <= high:
        return "undecided"
    return "better" if (high < 0) == (better == "lower") else "worse"


def thresholds_by_plan(results: Results, lang: str) -> list[ReportTable]:
    """What each plan changes at each criterion, then at each other threshold: days in breach, first day."""
    of_situation = criteria(results.scenario)
    others = [name for name in results.scenario.command.thresholds if name not in of_situation]
    found = [
        _changes(results, f"{kind}_{what}", prefix, names, lang)
        for kind, names in (("criteria", of_situation), ("thresholds", others))
        for what, prefix in (("days", DAYS_BREACHED), ("first", FIRST_DAY))
    ]
    return [table for table in found if table is not None]


def _changes(
    results: Results, table: str, prefix: str, names: Sequence[str], lang: str
) -> ReportTable | None:
    """Differences from the baseline at thresholds; those that no plan changes are left out."""
    made = _maker(table, lang, "plan")
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
    some = next(iter(by_plan.values()))
    made.add(
        phrase(lang, "table.baseline_mean"),
        *(quote("comparison", some[f"{prefix}{name}"], "baseline_mean", rounded, lang) for name in shown),
    )
    for plan, by_outcome in by_plan.items():
        found = [by_outcome.get(f"{prefix}{name}") for name in shown]
        made.add(_plan(results, plan, lang), *(NONE if row is None else _change(row, lang) for row in found))
    key = "table.days_by_plan.note" if prefix == DAYS_BREACHED else "table.first_by_plan.note"
    return made.done(note=phrase(lang, key, days=number(results.scenario.days, lang)))


def outcomes(results: Results, lang: str, chosen: Sequence[str] | None = None) -> ReportTable | None:
    """Totals of the baseline: mean over the runs and from 5 % to 95 % of them."""
    name = "outcomes" if chosen is None else "logistics"
    ranges = many(results)
    made = _maker(name, lang, "outcome", "unit", "mean", *(("p5", "p95") if ranges else ()))
    table = results.replications[results.replications["alternative"] == BASELINE]
    rest: Sequence[str] = [o for o in _totals() if o not in LOGISTIC] if chosen is None else chosen
    for outcome in rest:
        if chosen is not None and not table[outcome].any():
            continue
        label, unit = outcome_words(lang, outcome)
        made.add(label, unit, *_spread(table, outcome, lang)[: None if ranges else 1])
    return made.done(text=2)


def _totals() -> list[str]:
    return [column.name for column in OUTCOMES if column.name not in (COST, "situation_days")]


def _spread(table: pd.DataFrame, outcome: str, lang: str) -> list[Value]:
    values = table[outcome]
    taken = {"mean": float(values.mean())}
    taken |= {f"q{q}": float(np.quantile(values.to_numpy(dtype=float), q)) for q in (0.05, 0.95)}
    return [
        Value(rounded(v, lang), v, source("replications", f"{by}:{outcome}", alternative=BASELINE))
        for by, v in taken.items()
    ]


def districts(results: Results, lang: str) -> ReportTable | None:
    """Cases and deaths of each district in the baseline, the most deaths per 100,000 first."""
    table = results.daily_districts[results.daily_districts["alternative"] == BASELINE]
    people = results.scenario.people.districts
    if table.empty or len(people) < 2:
        return None
    made = _maker(
        "districts", lang, "district", "population", "cases", "cases_100k", "deaths", "deaths_100k", "peak"
    )
    rows = []
    for name, district in people.items():
        mine = table[table["area"] == name]
        population = Value(
            number(district.population, lang),
            float(district.population),
            f"scenario.yaml#people.districts.{name}.population",
        )
        cells: list[str] = [named(district.title.get(lang)), population]
        order = 0.0
        for what in ("reported_cases", DEATHS):
            daily = mine[mine["indicator"] == what]
            total, rate, order = _total(daily, name, what, district.population, lang)
            cells += [total, rate]
        cases = mine[mine["indicator"] == "reported_cases"]
        cells.append(_peak(cases, name, lang))
        rows.append((order, cells))
    for _, cells in sorted(rows, key=lambda item: -item[0]):
        made.add(*cells)
    return made.done()


def _total(daily: pd.DataFrame, name: str, what: str, people: float, lang: str) -> tuple[Value, Value, float]:
    total = float(daily["mean"].sum())
    place = source("daily_districts", "sum:mean", alternative=BASELINE, area=name, indicator=what)
    rate = total / people * PER
    per = f"scenario.yaml#people.districts.{name}.population"
    return Value(rounded(total, lang), total, place), Value(rounded(rate, lang), rate, place, per=per), rate


def _peak(cases: pd.DataFrame, name: str, lang: str) -> str:
    if cases.empty or not cases["mean"].any():
        return NONE
    top: date = cases["date"].iloc[int(cases["mean"].to_numpy(dtype=float).argmax())].date()
    place = source(
        "daily_districts", "peak:mean", alternative=BASELINE, area=name, indicator="reported_cases"
    )
    return Value(day_text(top, lang), top, place)


def reached(results: Results, lang: str) -> ReportTable | None:
    """Who got the beds they needed in time in the baseline: everybody, then by group, the fewest first."""
    made = _maker("reached", lang, "group", "patients", "in_time", "deaths_million")
    table = results.reached[
        (results.reached["alternative"] == BASELINE) & (results.reached["patients_mean"] > 0)
    ]
    for by, rows in table.groupby("by", sort=False):
        for row in rows.sort_values("in_time_share", kind="stable").to_dict("records"):
            shares, rates = "", ""  # of a single run with patients no interval can be told
            if not pd.isna(row["in_time_low"]):
                shares = bracketed([_percent(row, f"in_time_{end}", lang) for end in ("low", "high")])
            if not pd.isna(row["deaths_per_million_low"]):
                columns = (f"deaths_per_million_{end}" for end in ("low", "high"))
                rates = bracketed([quote("reached", row, column, rounded, lang) for column in columns])
            made.add(
                named(_group(results.scenario, str(by), str(row["group"]), lang)),
                quote("reached", row, "patients_mean", rounded, lang),
                lines(_percent(row, "in_time_share", lang), shares),
                lines(quote("reached", row, "deaths_per_million", rounded, lang), rates),
            )
    hours = number(results.scenario.in_time_hours, lang)
    return made.done(note=phrase(lang, "table.reached.note", hours=hours))


def _percent(row: Row, column: str, lang: str) -> Value:
    share = float(row[column])
    return Value(percent(share, lang), share, cell("reached", row, column), scale=0.01)


def _group(scenario: Scenario, by: str, group: str, lang: str) -> str:
    if by == ALL:
        return phrase(lang, "table.everybody")
    return _district(scenario, group, lang) if by == "district" else group_words(lang, group)


def supplies(results: Results, lang: str) -> ReportTable | None:
    """Consumables and burdens of the baseline: used or made, what lacked, least cover, most backlog."""
    supply = results.scenario.supply
    made = _maker("supplies", lang, "item", "unit", "used", "unmet", "least_cover", "most_backlog")
    table = results.daily[results.daily["alternative"] == BASELINE]
    by_name = dict(list(table.groupby("indicator", sort=False)))

    def taken(indicator: str, by: str, column: str) -> str:
        rows = by_name.get(indicator)
        if rows is None:
            return NONE
        value = float(getattr(rows[column], by)())
        if not math.isfinite(value):
            return NONE
        place = source("daily", f"{by}:{column}", alternative=BASELINE, indicator=indicator)
        return Value(rounded(value, lang), value, place)

    for name, item in supply.consumables.items():
        stocked = item.stock is not None
        made.add(
            named(item.title.get(lang)),
            unit_words(lang, item.unit),
            taken(f"stock_used:{name}", "sum", "mean"),
            taken(f"stock_unmet:{name}", "sum", "mean") if stocked else NONE,
            taken(f"stock_cover_days:{name}", "min", "p50") if stocked else NONE,
            NONE,
        )
    for name, burden in supply.burdens.items():
        made.add(
            named(burden.title.get(lang)),
            unit_words(lang, burden.unit),
            taken(f"burden_made:{name}", "sum", "mean"),
            NONE,
            NONE,
            taken(f"burden_backlog:{name}", "max", "p50"),
        )
    return made.done(text=2, note=phrase(lang, "table.supplies.note"))


def facilities(results: Results, lang: str) -> ReportTable | None:
    """Facilities with COVID beds in the baseline, in the order in which they open."""
    made = _maker(
        "facilities",
        lang,
        "facility",
        "district",
        "ownership",
        "opens",
        "opened_in",
        "basic_beds",
        "peak_oxygen",
        "peak_icu",
        "days_dry",
    )
    table = results.facilities[results.facilities["alternative"] == BASELINE]
    table = table[table["share_of_replications_opened"] > 0]
    table = table.sort_values("open_date_median", kind="stable", na_position="last")
    care = results.scenario.care.facilities
    for row in table.to_dict("records"):
        opens = row["open_date_median"]
        facility = care[str(row["facility"])]
        made.add(
            named(facility.title.get(lang)),
            named(_district(results.scenario, str(row["district"]), lang)),
            phrase(lang, f"ownership.{row['ownership']}"),
            NONE
            if pd.isna(opens)
            else Value(
                day_text(opens.date(), lang), opens.date(), cell("facilities", row, "open_date_median")
            ),
            Value(
                percent(float(row["share_of_replications_opened"]), lang),
                float(row["share_of_replications_opened"]),
                cell("facilities", row, "share_of_replications_opened"),
                scale=0.01,
            ),
            _basic_beds(str(row["facility"]), facility.beds.basic, lang),
            *(
                quote("facilities", row, f"peak_occupied_{bed}_median", rounded, lang)
                if getattr(facility.beds, bed) or row[f"peak_occupied_{bed}_median"]
                else NONE
                for bed in BEDS
            ),
            quote("facilities", row, "days_dry_mean", rounded, lang) if facility.oxygen is not None else NONE,
        )
    return made.done(text=3)


def _basic_beds(facility: str, beds: float | str, lang: str) -> str:
    if isinstance(beds, str):
        return phrase(lang, "alt.unlimited")
    place = f"scenario.yaml#care.facilities.{facility}.beds.basic"
    return Value(number(beds, lang), float(beds), place) if beds else NONE


def _district(scenario: Scenario, name: str, lang: str) -> str:
    district = scenario.people.districts.get(name)
    return name if district is None else district.title.get(lang)


def costs(results: Results, lang: str) -> ReportTable | None:
    """What each plan costs, the cheapest first; against the baseline, and per death averted."""
    if results.scenario.supply.costs is None:
        return None
    means = results.replications.groupby("alternative", sort=False)[COST].mean()
    table = results.comparison[results.comparison["outcome"].isin((COST, DEATHS))]
    rows = {(row["alternative"], row["outcome"]): row for row in table.to_dict("records")}
    each = {
        name: row
        for (name, what), row in rows.items()
        if what == COST and row["per_death_averted"] > 0 and rows[name, DEATHS]["difference_high"] < 0
    }
    currency = results.scenario.supply.currency
    scale, unit = money_unit(float(means.max()), currency, lang)
    dearest = max((float(row["per_death_averted"]) for row in each.values()), default=0.0)
    scale_each, unit_each = money_unit(dearest, currency, lang)
    made = _maker("costs", lang, "plan")
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
            _plan(results, name, lang),
            total,
            _change(rows[name, COST], lang, scale) if (name, COST) in rows else NONE,
            quote("comparison", each[name], "per_death_averted", rounded, lang, scale_each)
            if name in each
            else NONE,
        )
    return made.done(note=phrase(lang, "table.costs.note"))


def confidences(results: Results, lang: str) -> ReportTable | None:
    """How many figures of the scenario rest on what."""
    made = _maker("confidences", lang, "confidence", "meaning", "figures")
    counts = results.assumptions["confidence"].value_counts()
    for what in CONFIDENCE:
        n = int(counts.get(what, 0))
        counted = Value(number(n, lang), float(n), source("assumptions", "count:parameter", confidence=what))
        made.add(phrase(lang, f"confidence.{what}"), phrase(lang, f"confidence.{what}.meaning"), counted)
    return made.done(text=2)


def assumptions(results: Results, lang: str) -> ReportTable | None:
    """The sources of the scenario's figures: the weakest confidence first, then the most figures."""
    made = _maker("assumptions", lang, "source", "confidence", "concerns", "figures")
    groups = []
    for (what, confidence), rows in results.assumptions.groupby(["source", "confidence"], sort=False):
        first = str(rows["parameter"].iloc[0])
        groups.append((CONFIDENCE.index(str(confidence)), -len(rows), str(what), str(confidence), first))
    for _, negative, what, confidence, first in sorted(groups):
        n = -negative
        place = source("assumptions", "count:parameter", source=what, confidence=confidence)
        example = Markup("<code>{}</code>").format(first)
        made.add(
            named(what) if what else phrase(lang, "table.no_source"),
            phrase(lang, f"confidence.{confidence}"),
            Told(first, example),
            Value(number(n, lang), float(n), place),
        )
    return made.done(text=3, note=phrase(lang, "table.assumptions.note"))


def identities(results: Results, lang: str) -> ReportTable | None:
    """On how many days of how many the identities were checked: a run stops where one does not hold."""
    made = _maker("identities", lang, "checked", "held")
    scenario = results.scenario
    days = (
        len(results.alternatives)
        * int(results.manifest["replications"])
        * (scenario.days + scenario.warm_up_days)
    )
    for name, count in results.manifest.get("identities_checked", {}).items():
        n = Value(number(count, lang), float(count), f"manifest.json#identities_checked.{name}")
        expected = Value(number(days, lang), float(days), "manifest.json#days of all runs")
        made.add(phrase(lang, "table.days_checked"), joined([n, phrase(lang, "table.of"), expected], " "))
    return made.done(note=phrase(lang, "table.identities.note"))


def versions(results: Results, lang: str) -> ReportTable | None:
    """The versions that computed the result."""
    made = _maker("versions", lang, "package", "version")
    for name, version in results.manifest.get("versions", {}).items():
        made.add(named(name), Value(str(version), str(version), f"manifest.json#versions.{name}"))
    return made.done()
