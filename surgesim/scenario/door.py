"""The interface of the scenario package: the functions with which other packages read and write scenarios.

The sections of a scenario are defined in `surgesim.scenario.schema`.
"""

from __future__ import annotations

from surgesim.scenario.assembly import (
    Examination,
    Files,
    examine,
    findings_at,
    from_plain,
    inspect,
    load,
    load_stored,
    loads,
    overlaid,
    with_certain,
)
from surgesim.scenario.loading.assignments import unknown_path
from surgesim.scenario.loading.dumping import dump
from surgesim.scenario.loading.mappings import read_mapping
from surgesim.scenario.loading.values import certain, fit_value, is_integer
from surgesim.scenario.loading.yaml_nodes import compose, read_text
from surgesim.scenario.messages.finding import suggestion
from surgesim.scenario.reference.editor_schema import json_schema
from surgesim.scenario.starting import PROFILES, VIETNAM, check_name, source_of_thresholds, starter
from surgesim.scenario.validation.sources import assumptions

__all__ = [
    "PROFILES",
    "VIETNAM",
    "Examination",
    "Files",
    "assumptions",
    "certain",
    "check_name",
    "compose",
    "dump",
    "examine",
    "findings_at",
    "fit_value",
    "from_plain",
    "inspect",
    "is_integer",
    "json_schema",
    "load",
    "load_stored",
    "loads",
    "overlaid",
    "read_mapping",
    "read_text",
    "source_of_thresholds",
    "starter",
    "suggestion",
    "unknown_path",
    "with_certain",
]
