"""The short on-screen summary of a run: the answer first, on at most 45 lines of 80 columns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.text import Text

from surgesim.report.names import alternative_title, criteria, threshold_title
from surgesim.report.prose.assessment import is_assessed, reason
from surgesim.report.prose.chance import told_apart
from surgesim.report.prose.hospitals import full_in_brief
from surgesim.report.prose.plans import first_order
from surgesim.report.prose.sentences import deaths, ends_of_ranges, enough_for_ranges
from surgesim.report.prose.summary import in_brief, province_rows
from surgesim.report.screen.screen import days_in_breach, share_in_breach, signed
from surgesim.report.screen.table import ScreenTable
from surgesim.report.words import (
    EN_DASH,
    count,
    day_month,
    day_text,
    money_unit,
    number,
    phrase,
    with_sign,
)
from surgesim.scenario.schema.indicators import ICU_BEDS
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.breaches import SITUATION
from surgesim.study.measures.compare import COST, DEATHS, SITUATION_DAYS
from surgesim.study.store.contents import FORECAST

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType

    from surgesim.report.citation import Row
    from surgesim.study.results import Results

MOST_LINES: Final = 45
"""Max lines; to keep to it, plans are left out, but never the best and the worst."""


MOST_CLEAR: Final = 3
"""Max number of plans with clearly fewer deaths that are named."""

WIDE: Final = 100
"""Min number of columns to show deaths in percent, too; on fewer, titles would take more lines."""

ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"

LONGER: Final = "\N{DAGGER}"
"""The mark of a longer emergency with a lower peak."""


class ShortSummary:
    """The short summary of a run for planners; `surgesim.report.screen.screen.summary` has the details.

    Parameters
    ----------
    lang
        ``vi`` or ``en``.
    folder
        Path of the results, displayed at the end; None to leave it out.
    """

    def __init__(self, results: Results, lang: str, folder: str | None = None) -> None:
        self._results, self._lang, self._folder = results, lang, folder
        self._plans = _by_deaths(results)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        least = min(len(self._plans), 2)
        for most in range(len(self._plans), least - 1, -1):
            whole = Group(*self._parts(most, in_percent=options.max_width >= WIDE))
            if most == least or len(console.render_lines(whole, options)) <= MOST_LINES:
                yield whole
                return

    def _parts(self, most: int, in_percent: bool) -> Iterator[ScreenTable | Text]:
        results, lang = self._results, self._lang
        scenario = results.scenario
        emergency, constraints, _ = in_brief(results, lang)
        yield Text(
            phrase(
                lang,
                "short.heading" if FORECAST in results.manifest else "short.heading_if",
                title=scenario.title.get(lang),
                runs=count("run", int(results.replications["replication"].nunique()), lang),
                days=count("day", scenario.days, lang),
                start=day_text(scenario.start, lang),
            ),
            style="bold",
        )
        yield Text(emergency, style="bold")
        yield Text()
        if len(results.breaches):
            yield _criteria_table(results, lang)
            yield from map(Text, _other_thresholds(results, lang))
        yield from map(Text, full_in_brief(results, lang))
        yield from map(Text, _staffed_but_full(results, lang))
        yield Text(constraints)
        yield Text(deaths(results, lang))
        if self._plans:
            yield Text()
            shown = _kept(self._plans, most)
            yield _plans_table(results, shown, lang, in_percent)
            if most < len(self._plans):
                more = number(len(self._plans) - most, lang)
                yield Text(phrase(lang, "short.more_plans", more=more), style="dim")
            yield Text(" ".join(self._notes(shown)), style="dim")
            yield Text()
        yield Text(" ".join(_certainty(results, lang)))
        where = "short.where" if self._folder is None else "short.where_folder"
        yield Text(phrase(lang, where, folder=self._folder), style="dim")

    def _notes(self, shown: Sequence[dict[str, Row]]) -> Iterator[str]:
        """Yield what to know of the table of plans, which shows some of them."""
        clear = [plan for plan in self._plans if _is_clear(plan)]
        if not clear or len(clear) > sum(map(_is_clear, shown)):
            yield _clear(self._results, clear, self._lang)
        yield phrase(self._lang, "short.plans_note")
        if any(first_order(self._results, str(plan[DEATHS]["alternative"])) for plan in self._plans):
            yield phrase(self._lang, "short.order_note")
        if any(map(_spurious, self._plans)):
            yield phrase(self._lang, "short.spurious_note")
        if any(map(_longer_but_lower, self._plans)):
            yield phrase(self._lang, "short.longer_note")
        if self._results.scenario.supply.costs is not None:
            yield phrase(self._lang, "short.cost_note")


def _kept(plans: Sequence[dict[str, Row]], most: int) -> list[dict[str, Row]]:
    """Return `most` plans: the best, the worst, and those with clearly fewer deaths before others."""
    *others, worst = plans
    by_weight = sorted(range(len(others)), key=lambda rank: (rank > 0, not _is_clear(others[rank]), rank))
    return [*(others[rank] for rank in sorted(by_weight[: most - 1])), worst]


def _is_clear(plan: dict[str, Row]) -> bool:
    """Return True if a plan has fewer deaths over the whole interval."""
    return bool(plan[DEATHS]["difference_high"] < 0)


def _clear(results: Results, plans: Sequence[dict[str, Row]], lang: str) -> str:
    """Name the plans with fewer deaths over the whole interval, fewest first, or say that there is none."""
    found = [str(plan[DEATHS]["alternative"]) for plan in plans]
    titles = [alternative_title(results.scenario, name, lang) for name in found[:MOST_CLEAR]]
    more = [ELLIPSIS] if len(found) > MOST_CLEAR else []
    key = "short.clear_note" if found else "short.none_clear_note"
    return phrase(lang, key, plans="; ".join([*titles, *more]))


def _criteria_table(results: Results, lang: str) -> ScreenTable:
    """Build the table of the criteria of the emergency, or of all thresholds if there is no emergency."""
    names = criteria(results.scenario)
    rows = {str(row["threshold"]): row for row in province_rows(results)}
    table = ScreenTable("", borders=False)
    if SITUATION in rows:
        required = number(float(rows[SITUATION]["bound"]), lang)
        heading = phrase(lang, "short.criterion_of", required=required, all=number(len(names), lang))
    else:
        heading = phrase(lang, "short.criterion")
    table.add_column(heading, "left")
    table.add_column(phrase(lang, "short.probability"), "right")
    table.add_column(phrase(lang, ends_of_ranges(results, "short.first")), "left")
    table.add_column(phrase(lang, ends_of_ranges(results, "short.days")), "right")
    for name in names or tuple(rows):
        if name not in rows or name == SITUATION:
            continue
        row, title = rows[name], threshold_title(results.scenario, name, lang)
        if not is_assessed(row):
            table.add_row(title, phrase(lang, "assessed.short"), reason(row, lang))
            continue
        first = _first(results, row, lang)
        days = days_in_breach(results, row, lang).replace("\n", " ")
        table.add_row(title, share_in_breach(row, lang), first, days)
    return table


def _first(results: Results, row: Row, lang: str) -> str:
    """Format when a breach first occurs in the median run, with the range of runs if there are enough."""
    scenario = results.scenario
    if row["breached_at_start"] == 1:
        return phrase(lang, "screen.at_start")
    never = phrase(lang, "short.never")
    last = scenario.end - timedelta(days=1)
    text = day_month if last.year == scenario.start.year else day_text

    def date_of(quantile: str) -> str:
        day = row[f"first_day_{quantile}"]
        return never if math.isnan(day) else text(scenario.start + timedelta(days=day), lang)

    if math.isnan(row["first_day_p5"]) or not enough_for_ranges(results):
        return date_of("median")
    return _with_range(*(date_of(quantile) for quantile in ("median", "p5", "p95")))


def _with_range(middle: str, early: str, late: str) -> str:
    """Join a date and its range; a month is written once: ``20 Feb (17–26)``, ``3 Mar (17–26 Feb)``."""
    day, low, high = (re.match(r"\d+(?=\D+)", text) for text in (middle, early, late))
    if low is not None and high is not None and early[low.end() :] == late[high.end() :]:
        if day is not None and middle[day.end() :] == late[high.end() :]:
            late = high[0]
        early = low[0]
    return f"{middle} ({early}{EN_DASH}{late})"


def _other_thresholds(results: Results, lang: str) -> Iterator[str]:
    """State how many of the other thresholds are breached, in any area, in at least half of the runs."""
    names = criteria(results.scenario)
    others = [name for name in results.scenario.command.thresholds if name not in names]
    if not names or not others:
        return
    table = results.breaches[results.breaches["threshold"].isin(others)]
    usual = table.loc[table["probability"] >= 0.5, "threshold"].nunique()
    key = "short.others_all" if usual == len(others) else "short.others"
    yield phrase(lang, key, some=number(usual, lang), all=number(len(others), lang))


def _staffed_but_full(results: Results, lang: str) -> Iterator[str]:
    """Explain a threshold of ICU beds that is not breached although ICU beds are full."""
    thresholds = results.scenario.command.thresholds
    table = results.facility_beds
    full = table[(table["alternative"] == BASELINE) & (table["bed"] == "icu")]["full_probability"]
    kept = [
        row
        for row in province_rows(results)
        if row["probability"] < 0.5
        and row["threshold"] in thresholds
        and thresholds[str(row["threshold"])].indicator in ICU_BEDS
    ]
    if kept and (full >= 0.5).any():
        yield phrase(lang, "short.icu_note")


def _by_deaths(results: Results) -> list[dict[str, Row]]:
    """Return the comparisons of each plan by outcome; plans with the fewest deaths first."""
    rows = results.comparison.to_dict("records")
    plans: dict[str, dict[str, Row]] = {}
    for row in rows:
        plans.setdefault(str(row["alternative"]), {})[str(row["outcome"])] = row
    return sorted(plans.values(), key=lambda plan: float(plan[DEATHS]["difference"]))


def _plans_table(
    results: Results, plans: Sequence[dict[str, Row]], lang: str, in_percent: bool
) -> ScreenTable:
    """Build the table of plans: differences from the baseline in deaths, days of emergency and cost.

    With `in_percent`, deaths are in percent, too, unless the baseline has none.
    """
    costed = results.scenario.supply.costs is not None
    in_percent = in_percent and any(_percent(plan[DEATHS], lang) for plan in plans)
    with_days = any(SITUATION_DAYS in plan for plan in plans)
    costs = [abs(float(plan[COST]["difference"])) for plan in plans if costed and COST in plan]
    scale, unit = money_unit(max(costs, default=0.0), results.scenario.supply.currency, lang)
    table = ScreenTable("", borders=False)
    table.add_column(phrase(lang, "short.plan"), "left")
    table.add_column(phrase(lang, "short.deaths"))
    if in_percent:
        table.add_column("%")
    if with_days:
        table.add_column(phrase(lang, "short.situation_days"))
    if costs:
        table.add_column(phrase(lang, "short.cost", unit=unit))
    names = [str(plan[DEATHS]["alternative"]) for plan in plans]
    orders = {name: first_order(results, name) for name in names}
    if any(orders.values()):
        table.add_column(phrase(lang, "short.order"))
    for name, plan in zip(names, plans, strict=True):
        cells = [signed(plan[DEATHS], lang, most_decimals=1)]
        if in_percent:
            cells.append(_percent(plan[DEATHS], lang))
        if with_days:
            mark = "*" if _spurious(plan) else LONGER if _longer_but_lower(plan) else ""
            cells.append(signed(plan.get(SITUATION_DAYS), lang, most_decimals=1) + mark)
        if costs:
            cells.append(signed(plan.get(COST), lang, scale, most_decimals=1))
        day = orders[name]
        if any(orders.values()):
            cells.append("" if day is None else day_month(day, lang))
        table.add_row(alternative_title(results.scenario, name, lang), *cells)
    return table


def _percent(deaths: Row, lang: str) -> str:
    """Format a change of deaths in percent of the baseline, or as nothing if it has none."""
    share = 100 * float(deaths.get("relative", math.nan))
    return "" if math.isnan(share) else with_sign(share, lang)


def _spurious(plan: dict[str, Row]) -> bool:
    """Return True if a plan has fewer days of emergency but more deaths: the dead need no beds."""
    days = plan.get(SITUATION_DAYS)
    return days is not None and days["difference_high"] < 0 < plan[DEATHS]["difference_low"]


def _longer_but_lower(plan: dict[str, Row]) -> bool:
    """Return True if a plan with fewer deaths clearly lengthens the emergency, and lowers the mean peak."""
    days, top = plan.get(SITUATION_DAYS), plan.get("peak_present")
    if days is None or top is None or plan[DEATHS]["difference"] >= 0:
        return False
    return bool(days["difference_low"] > 0 > top["difference"])


def _certainty(results: Results, lang: str) -> Iterator[str]:
    """State how many figures are assumptions, and how far chance and assumptions each spread deaths."""
    confidence = results.assumptions["confidence"]
    assumed = number(int((confidence == "assumed").sum()), lang)
    yield phrase(lang, "screen.assumed", assumed=assumed, all=number(len(confidence), lang))
    apart = [line for line in told_apart(results) if line.outcome == DEATHS and not line.is_difference]
    if apart:
        halves = {what: apart[0].half(what, lang)[0] for what in ("chance", "assumptions")}
        yield phrase(lang, "short.apart", **halves)
    elif results.scenario.study.drawn:
        yield phrase(lang, "short.together", assumptions=number(len(results.scenario.study.drawn), lang))
        yield from _draws(results, lang)
    else:
        yield phrase(lang, "short.chance_only")
    if not enough_for_ranges(results):
        yield phrase(lang, "short.few_runs")


def _draws(results: Results, lang: str) -> Iterator[str]:
    """State how many draws the interval of the emergency comes from, if several runs share a draw."""
    together = results.scenario.study.runs_together
    assessed = [row for row in province_rows(results) if row["threshold"] == SITUATION and is_assessed(row)]
    if together > 1 and assessed:
        runs = int(results.replications["replication"].nunique())
        draws = number(math.ceil(runs / together), lang)
        yield phrase(lang, "short.draws", draws=draws, runs=number(runs, lang))
