"""Uncertain parameters: one draw of each per replication, shared by all alternatives.

Each parameter draws from a stream of its own, so that one more uncertain parameter moves no other draw,
and in a purpose of its own, so that a scenario without any is simulated as if there were none.
"""

from __future__ import annotations

from surgesim.model.clock.streams import Streams
from surgesim.scenario.schema.scenario import Scenario


def draws(scenario: Scenario, seed: int, replication: int) -> dict[str, float]:
    """The value of each uncertain parameter in a replication, by its path, in its own unit."""
    streams = Streams(seed, replication)
    return {
        path: distribution.quantile(float(streams.once("uncertainty", path).random()))
        for path, distribution in scenario.study.uncertainty.items()
    }
