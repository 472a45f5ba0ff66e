"""What a resource is worth: one step more, and its limit removed, alone and in pairs, against the baseline.

Runs are spent by sequential halving (Karnin, Koren & Somekh 2013, Proc. ICML 28(3), 1238-1246): all
candidates are run in the same replications, whose number doubles from round to round, and after a round the
lower half of the ranking is left as it is. So most runs go where the ranking is undecided, at its top.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, Unpack

import numpy as np
from numpy.typing import NDArray

from surgesim.decisions.folders import ResultKind, Stored, answer
from surgesim.decisions.resources import (
    EVERYWHERE,
    GROUPINGS,
    OXYGEN,
    PAIRED,
    STEPS,
    Change,
    Raiser,
    join_overlays,
    places,
    set_paths,
)
from surgesim.decisions.settings import Settings, Shared, whole_problems
from surgesim.decisions.trials import FLOWS, Trials, with_candidates
from surgesim.errors import Problem, ScenarioError
from surgesim.model.record import Column
from surgesim.scenario.door import suggestion
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.measures.compare import (
    COST,
    DAYS_BREACHED,
    DEATHS,
    SITUATION_DAYS,
    better,
    paired_interval,
)
from surgesim.study.store.contents import WORTH
from surgesim.study.tables.columns import TEXT, Table, outcome_units

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Kind: TypeAlias = Literal["step", "limit", "pair"]

MOST_ITEMS: Final = 40
"""Largest number of items, except those by facility."""

REPLICATIONS: Final = 32
CONFIDENCE: Final = 0.9
"""Confidence of the paired intervals."""

FIRST_ROUND: Final[Mapping[Kind, int]] = {"step": 8, "limit": 8, "pair": 2}
"""Replications of every candidate before any is left."""
_KEPT: Final[Mapping[Kind, int]] = {"step": 8, "limit": 8, "pair": 3}
"""Candidates that are run to the end."""

SHOWN: Final = (
    *(DEATHS, "deaths_untreated", SITUATION_DAYS, "waiting_days", "boarding_days"),
    *("emergency_unserved", "elective_backlog", COST),
)
"""Outcomes that say what a resource changes; days of breaches of each threshold come with them."""

WHY: Final = (
    *("basic_bed_days", "oxygen_bed_days", "icu_bed_days", "waiting_oxygen_days", "waiting_icu_days"),
    *("boarding_days", "blocking_days", "admissions_oxygen", "entries_icu"),
    *("transferred_out", "oxygen_used_kg", "oxygen_unmet_kg", "facility_days_dry"),
    *("deaths_untreated", "deaths_thin_care", "oxygen_patients", "icu_patients"),
)
"""Outcomes that say why: where the patients went, whom oxygen reached, who waited, who died without care."""

_BED_DAYS: Final = ("basic_bed_days", "oxygen_bed_days", "icu_bed_days")
_WHOLES: Final[Mapping[str, tuple[str, ...]]] = {
    "bed-days": _BED_DAYS,
    "patient-days": _BED_DAYS,
    "patients": ("oxygen_patients", "icu_patients"),
    "kg": ("oxygen_used_kg", "oxygen_unmet_kg"),
    "deaths": (DEATHS,),
}
"""The outcomes that make up all that is of a unit, by unit."""

PER_MONEY: Final = 1e9
"""Sum of money for which an effect is also given, in the scenario's currency."""


WORTH_TABLE: Final = Table(
    "worth",
    "candidate × outcome, in the order of the ranking",
    (
        Column(
            "kind", TEXT, "`step` (one planner's step more), `limit` (limit removed) or `pair` (two limits)"
        ),
        Column("resource", TEXT, "the resource; of a pair, both with ` + `"),
        Column("place", TEXT, "where it is raised: empty for the whole province"),
        Column("added", "as `unit`", "amount added in all; empty for a pair"),
        Column("unit", TEXT, "unit of `added`"),
        Column("rank", "places", "place among the candidates of this kind, from 1: best first"),
        Column("replications", "replications", "replications of this candidate"),
        Column("outcome", TEXT, "outcome, or a threshold's days of breach; also totals that say why"),
        Column("outcome_unit", TEXT, "unit of the outcome"),
        Column("role", TEXT, "`effect`, or `why`: where patients went"),
        Column("baseline_mean", "as `outcome_unit`", "mean of the baseline in the same replications"),
        Column("difference", "as `outcome_unit`", "mean of the paired differences from the baseline"),
        Column("difference_low", "as `outcome_unit`", "lower end of its 90 % interval (Student's t, paired)"),
        Column("difference_high", "as `outcome_unit`", "upper end of the interval"),
        Column("per_unit", "per `unit`", "`difference` divided by `added`"),
        Column(
            "per_billion",
            "per 10⁹ currency",
            "`difference` per 10⁹ of extra cost of the response; empty unless costs are given and rise",
        ),
        Column(
            "beyond_single",
            "as `outcome_unit`",
            "for a pair, the mean difference from the better of its two resources alone, in the same "
            "replications; otherwise empty",
        ),
    ),
)
"""The table of worth.csv."""


class Candidate(NamedTuple):
    """One change that is tried: a step, a removed limit, or a pair of these.

    Attributes
    ----------
    parts
        The candidates of a pair; empty otherwise.
    """

    kind: Kind
    resource: str
    place: str
    added: float
    unit: str
    overlay: dict[str, Any]
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Worth(Stored):
    """What resources are worth; docs/worth-and-size.md explains it.

    `table` holds the effects, see `WORTH_TABLE`; the other attributes are those of `Stored`.
    """

    @property
    def sign(self) -> float:
        """1 if less of the outcome of the ranking is better, -1 if more is."""
        return _sign(str(self.manifest[WORTH]["outcome"]))

    @property
    def left_out(self) -> list[str]:
        """The resources that the scenario has, and that were not compared."""
        usual = {name: step for name, (step, _) in STEPS.items()}
        found = _candidates(self.scenario, self.manifest[WORTH]["by"], None, usual, pairs=False)
        compared = set(self.table["resource"])
        return [
            name for name in dict.fromkeys(each.resource for each in found.values()) if name not in compared
        ]

    def __repr__(self) -> str:
        entry = self.manifest[WORTH]
        return f"<Worth of {entry['items']} items of {self.scenario.name!r}, by {entry['outcome']}>"


def _sign(outcome: str) -> float:
    return 1.0 if better(outcome) in ("lower", "") else -1.0


@dataclass(frozen=True, slots=True)
class _Plan:
    scenario: Scenario
    candidates: Mapping[str, Candidate]
    outcome: str
    by: str
    most: int

    @property
    def sign(self) -> float:
        """As for `Worth`."""
        return _sign(self.outcome)

    @property
    def most_runs(self) -> int:
        return (1 + len(self.candidates)) * self.most

    def of(self, kind: Kind) -> list[str]:
        return [name for name, each in self.candidates.items() if each.kind == kind]


def worth(
    scenario: Scenario,
    *,
    by: str = "province",
    only: Sequence[str] | None = None,
    steps: Mapping[str, float] | None = None,
    outcome: str = DEATHS,
    pairs: bool = True,
    replications: int = REPLICATIONS,
    **given: Unpack[Shared],
) -> Worth:
    """Rank resources by what one planner's step more, or the removal of their limit, changes.

    Parameters
    ----------
    scenario
        A scenario loaded with `surgesim.load`.
    by
        The places of the items: ``province``, ``ownership``, ``kind``, ``district`` or ``facility``. At most
        40 items, except by facility.
    only
        Resources to compare; by default all that the scenario has.
    steps
        Other steps than the usual ones, by resource, in its unit.
    outcome
        The outcome by which candidates are ranked.
    pairs
        False to try no pairs of removed limits. Pairs are tried in the whole province.
    replications
        Replications of the leading candidates; the others have fewer.
    alternative
        The alternative that is compared with.
    seed, uncertainty, extensions, workers, progress, out, resume
        As for `surgesim.run`. An amount that a candidate changes is not drawn.

    Returns
    -------
    Worth
        The effects; identical for any number of workers, and whether or not the ranking was interrupted.

    Raises
    ------
    ScenarioError
        If an argument cannot be used, there are too many items, or none.
    ResultsError
        If `out` cannot be written, or there is an unfinished ranking with a different plan.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> surgesim.worth(town, replications=16).table  # doctest: +SKIP
    """
    settings = Settings.of(scenario, **given)
    base = settings.scenario
    _check(base, by, only, steps or {}, outcome, replications)
    usual = {name: step for name, (step, _) in STEPS.items()}
    found = _candidates(base, by, only, usual | dict(steps or {}), pairs)
    if not found:
        message = "got no resource that the scenario has, expected beds, staff, equipment, oxygen or others"
        raise ScenarioError([Problem("resource", message)])
    items = len({(each.resource, each.place) for each in found.values() if not each.parts})
    if by != "facility" and items > MOST_ITEMS:
        raise ScenarioError(
            [Problem("by", f"got {items} items, expected at most {MOST_ITEMS}: choose some with --resource")]
        )
    settings = settings.undrawn(path for each in found.values() for path in set_paths(each.overlay))
    plan = _Plan(settings.scenario, found, outcome, by, int(replications))
    return answer(
        _KIND,
        settings,
        _entry(plan, items),
        plan.most_runs,
        lambda: _prepared(plan),
        lambda trials: _solved(plan, trials),
    )


_KIND: Final = ResultKind(Worth, WORTH, WORTH_TABLE, "done")
read_worth = _KIND.read


# -- what is tried ------------------------------------------------------------------------------------------


def _check(
    scenario: Scenario,
    by: str,
    only: Sequence[str] | None,
    steps: Mapping[str, float],
    outcome: str,
    replications: object,
) -> None:
    problems = []
    if by not in GROUPINGS:
        problems.append(Problem("by", f"got {by!r}{suggestion(by, GROUPINGS)}"))
    known = (*STEPS, OXYGEN)
    problems += [
        Problem("resource", f"unknown resource {name!r}{suggestion(name, known)}")
        for name in only or ()
        if name not in known
    ]
    for name, step in steps.items():
        if name not in STEPS:
            problems.append(Problem("step", f"unknown resource {name!r}{suggestion(name, STEPS)}"))
        elif not (isinstance(step, (int, float)) and math.isfinite(step) and step > 0):
            problems.append(Problem("step", f"got {step} for {name}, expected a number above 0"))
    units = outcome_units([scenario])
    if outcome not in units:
        problems.append(Problem("outcome", f"unknown outcome {outcome!r}{suggestion(outcome, units)}"))
    problems += whole_problems("replications", replications, 4)
    if problems:
        raise ScenarioError(problems)


def _candidates(
    scenario: Scenario, by: str, only: Sequence[str] | None, steps: Mapping[str, float], pairs: bool
) -> dict[str, Candidate]:
    """Return every candidate by name: steps and limits of each place, then pairs in the whole province."""
    wanted = (*STEPS, OXYGEN) if only is None else tuple(only)
    found: dict[str, Candidate] = {}

    def add(kind: Kind, resource: str, place: str, change: Change | None) -> None:
        if change is not None and change.added:
            unit = "" if resource == OXYGEN else STEPS[resource][1]
            name = f"{kind}-{len(found)}"
            found[name] = Candidate(kind, resource, place, change.added, unit, change.overlay)

    of_places = places(scenario, by)
    for place, facilities in of_places.items():
        raiser = Raiser(scenario, facilities, whole=len(of_places) == 1)
        for resource in wanted:
            if resource != OXYGEN:
                add("step", resource, place, raiser.more(resource, steps[resource]))
            add("limit", resource, place, raiser.plenty(resource))
    if len(of_places) > 1:  # resources that no facility holds
        raiser = Raiser(scenario, ())
        for resource in wanted:
            if resource != OXYGEN:
                add("step", resource, EVERYWHERE, raiser.more(resource, steps[resource]))
            add("limit", resource, EVERYWHERE, raiser.plenty(resource))
    if pairs and by == "province":
        plain = scenario.to_plain()
        limits = {each.resource: name for name, each in found.items() if each.kind == "limit"}
        for one, other in combinations([name for name in PAIRED if name in limits], 2):
            both = join_overlays(plain, found[limits[one]].overlay, found[limits[other]].overlay)
            found[f"pair-{len(found)}"] = Candidate(
                "pair", f"{one} + {other}", EVERYWHERE, math.nan, "", both, (limits[one], limits[other])
            )
    return found


def _prepared(plan: _Plan) -> Scenario:
    def refusal(name: str, message: str) -> Problem:
        resource = plan.candidates[name].resource
        said = f"cannot be raised in this scenario: {message}; leave it out with --resource"
        return Problem(f"resource {resource}", said)

    overlays = {name: each.overlay for name, each in plan.candidates.items()}
    return with_candidates(plan.scenario, overlays, refusal)


def _entry(plan: _Plan, items: int) -> dict[str, Any]:
    """Return what the result depends on, besides what all questions share."""
    text = json.dumps({name: each.overlay for name, each in plan.candidates.items()}, sort_keys=True)
    return {
        "outcome": plan.outcome,
        "by": plan.by,
        "items": items,
        "candidates": len(plan.candidates),
        "candidates_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "replications": plan.most,
    }


# -- the ranking --------------------------------------------------------------------------------------------


def _solved(plan: _Plan, trials: Trials) -> tuple[int, pd.DataFrame]:
    left = _halve(plan, trials)
    return trials.runs, _table(plan, trials, left)


def _halve(plan: _Plan, trials: Trials) -> dict[str, int]:
    """Run all candidates in the first replications, then the upper half of each kind in twice as many.

    Returns the number of replications after which each candidate was left.
    """
    left: dict[str, int] = {}
    together = plan.scenario.study.runs_together
    alive: dict[Kind, list[str]] = {kind: plan.of(kind) for kind in FIRST_ROUND}
    count = min(min(FIRST_ROUND.values()) * together, plan.most)
    while True:
        needed = {BASELINE, *(name for names in alive.values() for name in names)}
        needed |= {part for name in alive["pair"] for part in plan.candidates[name].parts}
        trials.run([name for name in (BASELINE, *plan.candidates) if name in needed], range(count))
        if count >= plan.most:
            return left
        for kind, names in alive.items():
            if count >= FIRST_ROUND[kind] * together:
                upper = max(-(-len(names) // 2), _KEPT[kind])
                ranked = sorted(names, key=lambda name: _merit(plan, trials, name))
                alive[kind] = ranked[:upper]
                left |= dict.fromkeys(ranked[upper:], count)
        count = min(2 * count, plan.most)


def _merit(plan: _Plan, trials: Trials, name: str) -> float:
    """Return the mean difference by which candidates are ranked, lowest first.

    A pair is ranked by its difference from the better of its two resources alone.
    """
    candidate = plan.candidates[name]
    if candidate.parts:
        return plan.sign * _beyond(plan, trials, name, plan.outcome)
    return plan.sign * float(np.nanmean(_differences(trials, name, plan.outcome)))


def _differences(trials: Trials, name: str, outcome: str, of: str = BASELINE) -> Floats:
    same = trials.replications(name, of)
    return trials.values(name, outcome, same) - trials.values(of, outcome, same)


def _beyond(plan: _Plan, trials: Trials, name: str, outcome: str) -> float:
    """Return the mean difference of a pair from the better of its parts, by the outcome of the ranking."""
    parts = plan.candidates[name].parts
    same = trials.replications(name, *parts)
    best = min(parts, key=lambda part: plan.sign * float(trials.values(part, plan.outcome, same).mean()))
    return float((trials.values(name, outcome, same) - trials.values(best, outcome, same)).mean())


def _table(plan: _Plan, trials: Trials, left: Mapping[str, int]) -> pd.DataFrame:
    """Build the table; candidates that were left earlier rank below those that were left later."""
    import pandas as pd

    scenario = plan.scenario
    units = outcome_units([scenario]) | {name: unit for name, (_, unit) in FLOWS.items()}
    breaches = [name for name in units if name.startswith(DAYS_BREACHED)]
    effects = [plan.outcome, *(name for name in (*SHOWN, *breaches) if name != plan.outcome)]
    has_cost = scenario.supply.costs is not None
    units[COST] = scenario.supply.currency
    rows: list[dict[str, Any]] = []
    for kind in FIRST_ROUND:
        ranked = sorted(
            plan.of(kind), key=lambda name: (-left.get(name, plan.most), _merit(plan, trials, name))
        )
        for rank, name in enumerate(ranked, start=1):
            each = plan.candidates[name]
            extra = float(_differences(trials, name, COST).mean()) if has_cost else math.nan
            for outcome in dict.fromkeys((*effects, *WHY)):
                if outcome == COST and not has_cost:
                    continue
                row = _effect(plan, trials, name, outcome)
                if row is None:
                    continue
                rows.append(
                    {
                        "kind": kind,
                        "resource": each.resource,
                        "place": each.place,
                        "added": each.added,
                        "unit": each.unit,
                        "rank": rank,
                        "replications": trials.count(name),
                        "outcome": outcome,
                        "outcome_unit": units[outcome],
                        "role": "effect" if outcome in effects else "why",
                        **row,
                        "per_unit": row["difference"] / each.added if each.added and each.unit else math.nan,
                        "per_billion": row["difference"] / extra * PER_MONEY if extra > 0 else math.nan,
                    }
                )
    return pd.DataFrame(rows, columns=[column.name for column in WORTH_TABLE.columns])


def _effect(plan: _Plan, trials: Trials, name: str, outcome: str) -> dict[str, float] | None:
    """Return the paired differences of one outcome; None if it is not assessed."""
    same = trials.replications(name, BASELINE)
    before = trials.values(BASELINE, outcome, same)
    difference = trials.values(name, outcome, same) - before
    if np.isnan(difference).any():
        return None
    low, high = paired_interval(difference, CONFIDENCE, plan.scenario.study.runs_together)
    pair = bool(plan.candidates[name].parts)
    return {
        "baseline_mean": float(before.mean()),
        "difference": float(difference.mean()),
        "difference_low": low,
        "difference_high": high,
        "beyond_single": _beyond(plan, trials, name, outcome) if pair else math.nan,
    }


def why(table: pd.DataFrame, most: int = 3) -> Iterator[dict[str, Any]]:
    """Yield the totals of a candidate that changed most, of those whose interval excludes 0.

    A change counts by the end of its interval nearest to 0, as a share of all that is of its unit: of all
    days in beds, patients in need, oxygen needed, or deaths. So neither a small total that halves nor a large
    change that may be chance comes first.

    Parameters
    ----------
    table
        Rows of `WORTH_TABLE` of one candidate.
    """
    rows = table[table["outcome"].isin(WHY) & table["outcome_unit"].isin(_WHOLES)]
    rows = rows[(rows["difference_low"] > 0) | (rows["difference_high"] < 0)]
    means = table.set_index("outcome")["baseline_mean"]
    whole = {unit: means.reindex(of).sum() for unit, of in _WHOLES.items()}
    least = rows[["difference_low", "difference_high"]].abs().min(axis=1)
    size = least / rows["outcome_unit"].map(whole).astype(float).clip(lower=1.0)
    for place in size.sort_values(ascending=False, kind="stable").index[:most]:
        yield rows.loc[place].to_dict()
