"""Uncertain parameters: one draw of each per replication, shared by all alternatives.

Each parameter draws from a stream of its own, so that one more uncertain parameter moves no other draw,
and in a purpose of its own, so that a scenario without any is simulated as if there were none.
"""

from __future__ import annotations

from surgesim.model.streams import Streams
from surgesim.scenario.schema import Scenario
from surgesim.scenario.uncertain_checks import fitting


def draws(scenario: Scenario, seed: int, replication: int) -> dict[str, float]:
    """The value of each uncertain parameter in a replication, by its path, in its own unit."""
    if not scenario.study.uncertainty:
        return {}
    streams = Streams(seed, replication)
    plain = scenario.to_plain()
    return {
        path: fitting(path, distribution.quantile(float(streams.once("uncertainty", path).random())), plain)
        for path, distribution in scenario.study.uncertainty.items()
    }
