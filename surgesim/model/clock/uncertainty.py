"""Uncertain parameters: one draw of each per replication, shared by all alternatives.

Each parameter has its own stream, so that another uncertain parameter changes no draw. These streams have a
purpose of their own, so that they change no other draw of the model.
"""

from __future__ import annotations

from surgesim.model.clock.streams import Streams
from surgesim.scenario.schema.scenario import Scenario


def draws(scenario: Scenario, seed: int, replication: int) -> dict[str, float]:
    """Return the value of each uncertain parameter in a replication, by path, in its own unit."""
    streams = Streams(seed, replication)
    return {
        path: distribution.quantile(float(streams.once("uncertainty", path).random()))
        for path, distribution in scenario.study.uncertainty.items()
    }
