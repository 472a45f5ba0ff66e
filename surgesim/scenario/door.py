"""The door of the scenario room: everything the other rooms ask of scenario files."""

from __future__ import annotations

from surgesim.scenario.assembly import findings_at, from_plain, inspect, load, load_stored
from surgesim.scenario.loading.dumping import dump
from surgesim.scenario.loading.values import with_values
from surgesim.scenario.reference.editor_schema import json_schema
from surgesim.scenario.starting import starter
from surgesim.scenario.validation.sources import assumptions

__all__ = [
    "assumptions",
    "dump",
    "findings_at",
    "from_plain",
    "inspect",
    "json_schema",
    "load",
    "load_stored",
    "starter",
    "with_values",
]
