"""The plan of a sweep: its scenarios, its points, and the identity that must match to resume it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import findings_at
from surgesim.scenario.schema.numbers import MOST_RUNS
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.checks import alternative_names
from surgesim.study.compute.environment import COMPUTING, versions
from surgesim.study.compute.replicate import keep_alternatives
from surgesim.study.store.folder import scenario_text
from surgesim.study.store.unfinished import DESIGN_HASH
from surgesim.study.sweep.cases import Cases
from surgesim.study.sweep.design import Levels, factors, points, without_factors
from surgesim.study.sweep.tables import design_frame

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Plan:
    """A sweep ready to be run.

    Attributes
    ----------
    scenarios
        The scenarios with the alternatives to run; varied paths are no longer uncertain parameters.
    texts
        The stored text of each scenario, by name.
    cases
        All runs.
    seed
        Seed of the study.
    design
        The table of design.csv.
    entry
        The identity of the sweep, as stored in the manifest.
    """

    scenarios: Sequence[Scenario]
    texts: Mapping[str, str]
    cases: Cases
    seed: int
    design: pd.DataFrame
    entry: Mapping[str, Any]


def plan_sweep(
    scenarios: Sequence[Scenario],
    vary: Mapping[str, Levels],
    design: str,
    samples: int | None,
    replications: int | None,
    seed: int | None,
    alternatives: Sequence[str],
) -> Plan:
    """Build the plan of a sweep; for the arguments, see `sweep`.

    Raises
    ------
    ScenarioError
        If an argument is invalid; the error lists all problems.
    """
    _check_names(scenarios)
    names = [alternative_names(each, alternatives) for each in scenarios]
    _check_alternatives(vary, scenarios, alternatives)
    stored = [keep_alternatives(each, kept) for each, kept in zip(scenarios, names, strict=True)]
    varied = factors(stored, vary, design)
    replications, seed = _numbers(scenarios[0], replications, seed)
    the_points = points(varied, design, samples, seed)
    cases = Cases(len(stored), the_points, replications)
    if len(cases) > MOST_RUNS:
        raise ScenarioError([Problem("", f"got {len(cases)} runs, expected at most {MOST_RUNS}")])
    table = design_frame(the_points)
    texts = {each.name: scenario_text(each) for each in stored}
    entry = {
        "design": design,
        "samples": samples,
        "vary": {path: _text(levels) for path, levels in vary.items()},
        "replications": replications,
        "seed": seed,
        "alternatives": list(alternatives),
        "points": len(the_points),
        "runs": len(cases),
        DESIGN_HASH: hashlib.sha256(table.to_csv(index=False).encode()).hexdigest(),
        "scenarios": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
        "versions": {name: version for name, version in versions().items() if name in COMPUTING},
    }
    return Plan([without_factors(each, varied) for each in stored], texts, cases, seed, table, entry)


def _numbers(scenario: Scenario, replications: int | None, seed: int | None) -> tuple[int, int]:
    """Return the number of replications and the seed; the scenario's, if an argument is None."""
    given = {"replications": replications, "seed": seed}
    plain = scenario.to_plain()
    faults = [
        fault.problem
        for name, value in given.items()
        if value is not None
        for fault in findings_at(("study", name), value, plain)
    ]
    if faults:
        raise ScenarioError(faults)
    study = scenario.study
    return (
        study.replications if replications is None else replications,
        study.seed if seed is None else seed,
    )


def _check_names(scenarios: Sequence[Scenario]) -> None:
    names = [scenario.name for scenario in scenarios]
    if not names:
        raise ScenarioError([Problem("", "got no scenario to sweep, expected at least one")])
    twice = dict.fromkeys(name for name in names if names.count(name) > 1)
    if twice:
        raise ScenarioError(
            [Problem("name", f"got {name!r} twice, expected distinct names") for name in twice]
        )


def _check_alternatives(
    vary: Mapping[str, Levels], scenarios: Sequence[Scenario], run: Sequence[str]
) -> None:
    """Raise an error if a path varies within an alternative that is not run."""
    problems = []
    for path in vary:
        first, *rest = path.split(".")
        if first == "alternatives" and rest and rest[0] not in run:
            name = rest[0]
            if any(name in scenario.alternatives for scenario in scenarios):
                message = f"varies alternative {name!r}, which is not run: expected --alternative {name} too"
                problems.append(Problem(path, message))
    if problems:
        raise ScenarioError(problems)


def _text(levels: Levels) -> str:
    return levels if isinstance(levels, str) else ",".join("null" if v is None else str(v) for v in levels)
