"""The values drawn for uncertain parameters, the same in all alternatives of a replication.

A draw may serve several replications, which then differ only by chance. Each parameter has its own stream, so
that adding an uncertain parameter does not change the draws of the others. These streams have a purpose of
their own, so that they do not change any other draw of the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

from surgesim.errors import Problem, ScenarioError
from surgesim.model.clock.streams import Streams
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.schema.study.uncertain import LEAST_SHARE, CorrelationGroup, Draws, weighted_place


def draws(scenario: Scenario, seed: int, replication: int) -> dict[str, float]:
    """Return the values of the drawn parameters in a replication, by path in the scenario.

    Raises
    ------
    ScenarioError
        If the table of joint draws has no row for the replication.
    """
    study = scenario.study
    draw = replication // study.runs_per_draw
    streams = Streams(seed, draw)
    shares = {path: float(streams.once("uncertainty", path).random()) for path in study.uncertainty}
    for group in study.correlations.values():
        shares |= _together(group, shares)
    values = {path: form.quantile(shares[path]) for path, form in study.uncertainty.items()}
    if study.draws is not None:
        if draw >= len(study.draws.rows):
            rows, runs = len(study.draws.rows), study.runs_per_draw
            each = "one replication" if runs == 1 else f"{runs} replications"
            got = f"got replication {replication}, expected at most {rows * runs - 1}"
            message = f"{got}: each of the {rows} rows is for {each}, counted from 0"
            raise ScenarioError([Problem("study.draws", message)])
        values |= zip(study.draws.paths, study.draws.rows[row_of(study.draws, seed, draw)], strict=True)
    return values


def _together(group: CorrelationGroup, shares: Mapping[str, float]) -> dict[str, float]:
    """Turn independent quantile levels of a group's parameters into correlated ones."""
    standard = NormalDist()
    normals = [standard.inv_cdf(min(max(shares[path], LEAST_SHARE), 1 - LEAST_SHARE)) for path in group.paths]
    return dict(zip(group.paths, map(standard.cdf, group.together(normals)), strict=True))


def row_of(table: Draws, seed: int, draw: int) -> int:
    """Return the index of the row that a draw takes from a table of joint draws.

    If rows have weights, they are taken by systematic resampling: the positions of the first 2, 4, 8, ...
    draws are evenly spaced, from a random start (van der Corput's sequence), so a draw does not depend on the
    number of draws.
    """
    if table.weights is None:
        return draw
    start = float(Streams(seed, 0).once("draws").random())
    return weighted_place(table.weights, (start + _mirrored(draw)) % 1)


def _mirrored(number: int) -> float:
    """Return a number with its binary digits mirrored at the point: 1, 2, 3 become 1/2, 1/4, 3/4."""
    digits = bin(number)[2:]
    return int(digits[::-1], 2) / (1 << len(digits))
