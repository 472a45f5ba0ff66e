"""By when: the dates of a plan's decisions, what it changes to decide later, and the latest order dates.

Every rule of the plan is decided some days later in turn, in the same replications as the plan. For a latest
order date, the rule is ordered on a date instead of by its trigger, and stays until the end of the run; the
other rules follow the plan. `search` then looks for the latest date at which the conditions hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Unpack

import numpy as np

from surgesim.decisions.conditions import Bounds, read_goal
from surgesim.decisions.folders import ResultKind, Stored, answer
from surgesim.decisions.lever_search import LeverSearch
from surgesim.decisions.levers import read_lever
from surgesim.decisions.resources import lay, set_paths
from surgesim.decisions.search import Goal
from surgesim.decisions.settings import Settings, read_all, whole_problems
from surgesim.decisions.trials import Floats, Trials, with_candidates
from surgesim.errors import Problem, ScenarioError
from surgesim.model.record import Column
from surgesim.scenario.door import suggestion
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.measures.breaches import SITUATION
from surgesim.study.measures.compare import (
    BREACHED,
    COST,
    DAYS_BREACHED,
    DEATHS,
    SITUATION_DAYS,
    paired_interval,
)
from surgesim.study.measures.quantiles import censored_quantile
from surgesim.study.store.contents import CALENDAR
from surgesim.study.tables.columns import DATE, TEXT, Table, outcome_units, with_dtypes

if TYPE_CHECKING:
    import pandas as pd

LATER: Final = 7.0
"""Days by which each decision is made later."""
REPLICATIONS: Final = 20
"""Replications of the plan and of each later decision."""
MOST: Final = 100
"""Largest number of replications at an order date."""
STEP: Final = 7
"""Days between the order dates that are tried."""
EFFECT_CONFIDENCE: Final = 0.9
"""Confidence of the paired intervals."""
BAND: Final = (0.05, 0.95)
"""Quantiles over replications beside the median date."""

SHOWN: Final = (
    *(DEATHS, "deaths_untreated", SITUATION_DAYS, "waiting_days", "emergency_unserved"),
    *("elective_backlog", COST),
)
"""Outcomes that a later decision changes; breaches of each threshold come with them."""

_STEPS: Final = {"ordered": "ordered", "ready": "phase 1", "stood_down": "stood down"}
_MEANINGS: Final = {
    "ordered": "the order",
    "ready": "the first phase, after the lead time",
    "stood_down": "the end of the action, after the stand-down",
}

DECISIONS_TABLE: Final = Table(
    "decisions",
    "rule × outcome, rules in the order of the plan",
    (
        Column("rule", TEXT, "name of the rule"),
        Column("action", TEXT, "what the rule does"),
        Column("trigger", TEXT, "what triggers it: a date, or an indicator with its bound and days"),
        Column("replications", "replications", "replications of the plan and of the later decision"),
        Column("ordered_share", "share", "share of the replications in which it is ordered"),
        *(
            Column(f"{name}_{part}", DATE, f"{of} {meaning}; empty if it never comes in so many replications")
            for name, meaning in _MEANINGS.items()
            for part, of in (
                ("median", "median date of"),
                ("low", "5 % quantile of the date of"),
                ("high", "95 % quantile of the date of"),
            )
        ),
        Column("outcome", TEXT, "outcome, a threshold's days of breach, or the probability of a breach"),
        Column("outcome_unit", TEXT, "unit of the outcome"),
        Column("plan_mean", "as `outcome_unit`", "mean of the plan"),
        Column(
            "difference",
            "as `outcome_unit`",
            "mean of the paired differences from the plan if this rule is decided so many days later",
        ),
        Column("difference_low", "as `outcome_unit`", "lower end of its 90 % interval (Student's t, paired)"),
        Column("difference_high", "as `outcome_unit`", "upper end of the interval"),
        Column(
            "last_call",
            TEXT,
            "whether a latest order date is `found`; `already` if even the last day keeps the conditions, "
            "`unreachable` if not even the first is shown to; empty if there is no condition",
        ),
        Column("latest", DATE, "latest order date found that keeps the conditions; otherwise empty"),
        Column("too_late", DATE, "earliest order date shown to be too late; empty if there is none"),
    ),
)
"""The table of decisions.csv."""


@dataclass(frozen=True, slots=True, eq=False)
class Calendar(Stored):
    """The decisions of a plan by date; docs/worth-and-size.md explains it.

    `table` holds dates, effects and latest order dates, see `DECISIONS_TABLE`; the other attributes are those
    of `Stored`.
    """

    def dates(self, scenario: Scenario) -> bool:
        """Return True if this calendar dates the plan of `scenario`, apart from its study."""
        one, other = (
            {key: value for key, value in each.to_plain().items() if key not in ("study", "alternatives")}
            for each in (self.scenario, scenario)
        )
        return one == other

    def __repr__(self) -> str:
        return f"<Calendar of {self.table['rule'].nunique()} decisions in {self.scenario.name!r}>"


@dataclass(frozen=True, slots=True)
class _Plan:
    scenario: Scenario
    rules: Mapping[str, Rule]
    later: float
    goal: Goal
    hunts: Mapping[str, LeverSearch]
    replications: int

    @property
    def most_runs(self) -> int:
        later = (1 + len(self.rules)) * self.replications
        return later + sum(hunt.most_runs for hunt in self.hunts.values())


def calendar(
    scenario: Scenario,
    *,
    rules: Sequence[str] | None = None,
    later: float = LATER,
    step: int = STEP,
    replications: int = REPLICATIONS,
    most: int = MOST,
    **given: Unpack[Bounds],
) -> Calendar:
    """Date the decisions of a plan, find what a later decision changes, and the latest order dates.

    Parameters
    ----------
    scenario
        A scenario loaded with `surgesim.load`.
    rules
        Rules of the plan; by default all.
    later
        Days by which each rule is decided later, alone.
    step
        Days between the order dates that are tried, from the first day of the scenario to its last.
    replications
        Replications of the plan and of each later decision.
    most
        Largest number of replications at an order date.
    threshold, risk, outcome, draws, confidence, alternative
        As for `surgesim.size`: the conditions of latest order dates. Without a threshold and an outcome, no
        latest dates are searched. Each date has the confidence, not all dates together.
    seed, uncertainty, extensions, workers, progress, out, resume
        As for `surgesim.run`. Decision times are not drawn.

    Returns
    -------
    Calendar
        Dates, effects and latest dates; identical for any number of workers, and whether or not the study
        was interrupted.

    Raises
    ------
    ScenarioError
        If the plan has no rules, or an argument cannot be used.
    ResultsError
        If `out` cannot be written, or there is an unfinished calendar with a different plan.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> surgesim.calendar(town, replications=8).table  # doctest: +SKIP
    """
    settings, bounds = Settings.split(scenario, given)
    _, goal = read_all(
        lambda: _check(settings.scenario, rules, later, step, replications),
        lambda: read_goal(settings.scenario, most, "most", optional=True, **bounds),
    )
    plan_rules = settings.scenario.command.plan
    chosen = {name: rule for name, rule in plan_rules.items() if rules is None or name in rules}
    overlays = {_later(name): _decided(rule, name, later) for name, rule in chosen.items()}
    settings = settings.undrawn(path for overlay in overlays.values() for path in set_paths(overlay))
    hunts = {}
    if goal.conditions:
        for place, name in enumerate(chosen):
            hunts[name] = _hunt(settings.scenario, name, step, goal, f"rule{place}")
    plan = _Plan(settings.scenario, chosen, float(later), goal, hunts, int(replications))
    return answer(
        _KIND,
        settings,
        _entry(plan, int(step)),
        plan.most_runs,
        lambda: _prepared(plan, overlays),
        lambda trials: _solved(plan, trials),
    )


_KIND: Final = ResultKind(Calendar, CALENDAR, DECISIONS_TABLE, "answer")
read_calendar = _KIND.read


def _check(
    scenario: Scenario, rules: Sequence[str] | None, later: object, step: object, replications: object
) -> None:
    plan = scenario.command.plan
    problems = [] if plan else [Problem("command.plan", "got no rules, expected at least one to date")]
    problems += [
        Problem("rule", f"unknown rule {name!r}{suggestion(name, plan)}")
        for name in rules or ()
        if plan and name not in plan
    ]
    days = isinstance(later, (int, float)) and not isinstance(later, bool)
    if not (days and 0 < float(str(later)) < scenario.days):
        message = f"got {later} days, expected a number above 0 and below the {scenario.days} days of the run"
        problems.append(Problem("later", message))
    problems += whole_problems("step", step, 1)
    problems += whole_problems("replications", replications, 4)
    if problems:
        raise ScenarioError(problems)


def _decided(rule: Rule, name: str, later: float) -> dict[str, Any]:
    """Return the overlay by which a rule is decided so many days later."""
    overlay: dict[str, Any] = {}
    lay(overlay, ("command", "plan", name, "decision_days"), float(str(rule.decision_days)) + later)
    return overlay


def _hunt(scenario: Scenario, name: str, step: int, goal: Goal, prefix: str) -> LeverSearch:
    """Return the search for the latest date on which a rule can be ordered."""
    path = f"command.plan.{name}"
    first, last = scenario.start, scenario.end - timedelta(days=1)
    lever = read_lever(scenario, f"{path}.when.on", first, last, step)
    fixed: tuple[tuple[str, object], ...] = ((f"{path}.decision_days", 0.0), (f"{path}.until", None))
    return LeverSearch(scenario, replace(lever, fixed=fixed), goal, prefix)


def _later(name: str) -> str:
    return f"later-{name}"


def _prepared(plan: _Plan, overlays: Mapping[str, Mapping[str, Any]]) -> Scenario:
    """Return the scenario with every later decision; check the ends of every search."""

    def refusal(name: str, message: str) -> Problem:
        return Problem(f"rule {name.removeprefix(_later(''))}", f"cannot be decided later: {message}")

    prepared = with_candidates(plan.scenario, overlays, refusal)
    for hunt in plan.hunts.values():
        hunt.candidates((0, len(hunt.lever.values) - 1))
    return prepared


def _entry(plan: _Plan, step: int) -> dict[str, Any]:
    """Return what the result depends on, besides what all questions share."""
    return {
        "rules": list(plan.rules),
        "later": plan.later,
        **plan.goal.entry,
        "step": step,
        "replications": plan.replications,
        "most": plan.goal.most,
    }


def _solved(plan: _Plan, trials: Trials) -> tuple[dict[str, Any], pd.DataFrame]:
    trials.run([BASELINE, *map(_later, plan.rules)], range(plan.replications))
    calls = {name: hunt.summary(trials, hunt.run(trials)) for name, hunt in plan.hunts.items()}
    return {"runs": trials.runs, "last_calls": calls}, _table(plan, trials, calls)


def _table(plan: _Plan, trials: Trials, calls: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    scenario = plan.scenario
    units = outcome_units([scenario]) | {COST: scenario.supply.currency}
    days = [name for name in units if name.startswith(DAYS_BREACHED)]
    risks = [f"{BREACHED}{name}" for name in scenario.command.thresholds]
    risks += [f"{BREACHED}{SITUATION}"] if scenario.command.thresholds else []
    units |= dict.fromkeys(risks, "share")
    same = trials.replications(BASELINE, *map(_later, plan.rules))[: plan.replications]
    shown = dict.fromkeys((*SHOWN, *days, *risks, *(each.outcome for each in plan.goal.conditions)))
    rows: list[dict[str, Any]] = []
    for name, rule in plan.rules.items():
        of_rule = {
            "rule": name,
            "action": rule.action,
            "trigger": trigger(rule),
            "replications": len(same),
            **_dates(scenario, trials, name),
        }
        call = calls.get(name)
        last = {"last_call": "", "latest": "", "too_late": ""}
        if call is not None:
            found = call["value"] if call["status"] == "found" else ""
            last = {"last_call": call["status"], "latest": found, "too_late": call["failing"] or ""}
        for outcome in shown:
            if outcome == COST and scenario.supply.costs is None:
                continue
            if outcome not in trials.outcomes(BASELINE):
                continue
            before = trials.values(BASELINE, outcome, same)
            difference = trials.values(_later(name), outcome, same) - before
            if np.isnan(difference).any():
                continue
            low, high = paired_interval(difference, EFFECT_CONFIDENCE, scenario.study.runs_together)
            effect = {
                "outcome": outcome,
                "outcome_unit": units.get(outcome, ""),
                "plan_mean": float(before.mean()),
                "difference": float(difference.mean()),
                "difference_low": low,
                "difference_high": high,
            }
            rows.append({**of_rule, **effect, **last})
    frame = pd.DataFrame(rows, columns=[column.name for column in DECISIONS_TABLE.columns])
    return with_dtypes(DECISIONS_TABLE, frame)


def trigger(rule: Rule) -> str:
    """Return what triggers a rule, in the words of the scenario."""
    when = rule.when
    if when.on is not None:
        return when.on.isoformat()
    of = "".join(f" of {each}" for each in (when.item or when.group, when.district) if each)
    side, bound = ("above", when.above) if when.above is not None else ("below", when.below)
    days = f" for {when.for_days} days" if when.for_days > 1 else ""
    return f"{when.indicator}{of} {side} {bound:g}{days}"


def _dates(scenario: Scenario, trials: Trials, rule: str) -> dict[str, Any]:
    """Return the dates of the steps of a rule in the plan: median and 90 % of the replications."""
    found: dict[str, Any] = {}
    for name, step in _STEPS.items():
        times = trials.times(BASELINE, rule, step)
        if name == "ordered":
            found["ordered_share"] = float(np.isfinite(times).mean())
        for part, quantile in (("median", 0.5), ("low", BAND[0]), ("high", BAND[1])):
            found[f"{name}_{part}"] = _date(scenario, times, quantile)
    return found


def _date(scenario: Scenario, times: Floats, quantile: float) -> str:
    day = censored_quantile(times, quantile)
    return "" if math.isnan(day) else (scenario.start + timedelta(days=math.floor(day))).isoformat()
