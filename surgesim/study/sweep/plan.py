"""The plan of a sweep: its scenarios, its points, and the identity that must match to resume it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surgesim.errors import Problem, ScenarioError
from surgesim.extension.files import Extensions
from surgesim.scenario.door import findings_at
from surgesim.scenario.schema.numbers import MOST_RUNS
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.scenario.schema.study.section import Study
from surgesim.study.compute.checks import alternative_names, whole
from surgesim.study.compute.environment import COMPUTING, versions
from surgesim.study.compute.replicate import keep_alternatives
from surgesim.study.precision import check_precision
from surgesim.study.store.folder import scenario_text
from surgesim.study.store.unfinished import DESIGN_HASH, OUTCOMES
from surgesim.study.sweep.cases import Cases, Keep
from surgesim.study.sweep.design import GRID, LHS, SOBOL, Levels, factors, levels_text, points, without_swept
from surgesim.study.sweep.outcomes import fingerprint, outcome_problems
from surgesim.study.sweep.points import POINTS, Points, leaf_paths, own_points, own_rows, points_text
from surgesim.study.sweep.tables import design_frame, run_columns

if TYPE_CHECKING:
    import pandas as pd

PRECISION, MOST_REPLICATIONS = "precision", "most_replications"
"""Plan entries of a sweep that continues until each point is precise."""

DESIGN_SEED = "design_seed"
"""Plan entry with the seed of the design, if it is not that of the runs."""


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
    keep
        The data to keep of each run besides the outcomes of the model.
    study
        The replications of each point, and the precision requested of it.
    design
        The table of design.csv.
    points
        The text of points.jsonl; None if a design made the points.
    entry
        The identity of the sweep, as stored in the manifest.
    """

    scenarios: Sequence[Scenario]
    texts: Mapping[str, str]
    cases: Cases
    seed: int
    keep: Keep
    study: Study
    design: pd.DataFrame
    points: str | None
    entry: Mapping[str, Any]

    @property
    def extensions(self) -> Extensions:
        """The extensions of the scenarios."""
        return joined_extensions(self.scenarios)


def plan_sweep(
    scenarios: Sequence[Scenario],
    vary: Mapping[str, Levels],
    given_points: Points | None,
    design: str,
    samples: int | None,
    replications: int | None,
    seed: int | None,
    design_seed: int | None,
    alternatives: Sequence[str],
    keep: Keep,
) -> Plan:
    """Build the plan of a sweep; for the arguments, see `sweep`.

    Raises
    ------
    ScenarioError
        If an argument is invalid; the error lists all problems.
    """
    _check_names(scenarios)
    names = [alternative_names(each, alternatives) for each in scenarios]
    stored = [keep_alternatives(each, kept) for each, kept in zip(scenarios, names, strict=True)]
    problems = _keep_problems(stored, keep)
    try:
        number, first = _numbers(scenarios[0], replications, seed)
        drawn_from = _design_seed(design_seed, first, design)
        if given_points is None:
            _check_alternatives(vary, scenarios, alternatives)
            the_points = points(factors(stored, vary, design), design, samples, drawn_from)
            varied = {path: levels_text(path, vary[path], design, stored[0]) for path in vary}
            swept = set(varied)
        else:
            _check_only_points(vary, design, samples)
            rows = own_rows(given_points)
            _check_alternatives(rows[0], scenarios, alternatives)
            the_points = own_points(stored, rows)
            varied, design = dict.fromkeys(the_points[0], POINTS), POINTS
            swept = leaf_paths(the_points)
    except ScenarioError as error:
        problems = [*error.problems, *problems]
    if problems:
        raise ScenarioError(problems)
    study = scenarios[0].study.model_copy(update={"replications": number})
    if study.precision:
        _check_precision(scenarios[0], study)
    cases = Cases(len(stored), the_points, study.most)
    if len(cases) > MOST_RUNS:
        raise ScenarioError([Problem("", f"got {len(cases)} runs, expected at most {MOST_RUNS}")])
    table = design_frame(the_points)
    own = None if given_points is None else points_text(the_points)
    identity = table.to_csv(index=False) if own is None else own
    texts = {each.name: scenario_text(each) for each in stored}
    entry: dict[str, Any] = {
        "design": design,
        "samples": samples,
        "vary": varied,
        "replications": number,
        "seed": first,
        "alternatives": list(alternatives),
        "points": len(the_points),
        "runs": len(cases),
        DESIGN_HASH: hashlib.sha256(identity.encode()).hexdigest(),
        "scenarios": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
        "versions": {name: version for name, version in versions().items() if name in COMPUTING},
        **_keep_entry(keep),
    }
    if study.precision:
        entry |= {PRECISION: dict(study.precision), MOST_REPLICATIONS: study.most}
    if drawn_from != first:
        entry[DESIGN_SEED] = drawn_from
    if extensions := joined_extensions(stored):
        entry["extensions"] = extensions.hashes
    certain = [without_swept(each, swept) for each in stored]
    return Plan(certain, texts, cases, first, keep, study, table, own, entry)


def _check_precision(scenario: Scenario, study: Study) -> None:
    check_precision(scenario)
    if study.replications > study.most:
        got = f"got {study.replications}, expected at most the {study.most} of study.most_replications"
        raise ScenarioError([Problem("study.replications", got)])


def _design_seed(given: int | None, seed: int, design: str) -> int:
    """Return the seed of the design, by default that of the runs."""
    if given is not None and design == GRID:
        problem = Problem(DESIGN_SEED, f"got {given}, expected it only for design {LHS} or {SOBOL}")
        raise ScenarioError([problem])
    return seed if given is None else whole(DESIGN_SEED, given)


def _keep_entry(keep: Keep) -> dict[str, Any]:
    """Return the entries that identify the user-defined outcomes and the series; empty without any."""
    functions = {name: fingerprint(function) for name, function in keep.outcomes.items()}
    return {**({OUTCOMES: functions} if functions else {}), **keep.series.entry}


def _keep_problems(scenarios: Sequence[Scenario], keep: Keep) -> list[Problem]:
    every = [each.alternative(name) for each in scenarios for name in (BASELINE, *each.alternatives)]
    return [*outcome_problems(keep.outcomes, run_columns(every)), *keep.series.problems(every)]


def _check_only_points(vary: Mapping[str, Levels], design: str, samples: int | None) -> None:
    """Raise an error if points are given together with `vary`, `samples` or a design."""
    others = {"vary": vary, "samples": samples, "design": None if design == GRID else design}
    problems = [
        Problem(POINTS, f"got points and {name}, expected only one of the two")
        for name, value in others.items()
        if value
    ]
    if problems:
        raise ScenarioError(problems)


def joined_extensions(scenarios: Sequence[Scenario]) -> Extensions:
    """Return the extensions of all scenarios."""
    joined = Extensions()
    for scenario in scenarios:
        joined = joined.joined(scenario.extensions)
    return joined


def _numbers(scenario: Scenario, replications: int | None, seed: int | None) -> tuple[int, int]:
    """Return the number of replications and the seed; where an argument is None, the scenario's value."""
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


def _check_alternatives(vary: Iterable[str], scenarios: Sequence[Scenario], run: Sequence[str]) -> None:
    """Raise an error if a path varies within an alternative that is not run."""
    problems = []
    for path in vary:
        first, *rest = str(path).split(".")
        if first == "alternatives" and rest and rest[0] not in run:
            name = rest[0]
            if any(name in scenario.alternatives for scenario in scenarios):
                message = (
                    f"varies alternative {name!r}, which is not run: expected --alternative {name} as well"
                )
                problems.append(Problem(path, message))
    if problems:
        raise ScenarioError(problems)
