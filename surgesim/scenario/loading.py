"""The door of the scenario room: everything the other rooms ask of scenario files."""

from __future__ import annotations

from surgesim.scenario.assembly import from_plain, inspect, load
from surgesim.scenario.dumping import dump
from surgesim.scenario.editor_schema import json_schema
from surgesim.scenario.sources import assumptions
from surgesim.scenario.starting import starter
from surgesim.scenario.values import with_values

__all__ = ["assumptions", "dump", "from_plain", "inspect", "json_schema", "load", "starter", "with_values"]
