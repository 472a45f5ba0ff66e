"""Results: everything a run gives back, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surgesim.scenario.schema.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """The tables of a run. Columns, units and meanings: docs/data-dictionary.md.

    Attributes
    ----------
    scenario
        The scenario as run, with every default.
    manifest
        What is needed to repeat the run: versions, seed, replications, alternatives, hashes.
    breaches, breach_days, comparison, binding, replications, daily, daily_districts, reached, facilities, \
facility_states, actions, assumptions
        pandas DataFrames, each the same as the CSV file of its name.
    folder
        Where they are stored; None for results in memory only.
    """

    scenario: Scenario
    manifest: Mapping[str, Any]
    breaches: pd.DataFrame = field(repr=False)
    breach_days: pd.DataFrame = field(repr=False)
    comparison: pd.DataFrame = field(repr=False)
    binding: pd.DataFrame = field(repr=False)
    replications: pd.DataFrame = field(repr=False)
    daily: pd.DataFrame = field(repr=False)
    daily_districts: pd.DataFrame = field(repr=False)
    reached: pd.DataFrame = field(repr=False)
    facilities: pd.DataFrame = field(repr=False)
    facility_states: pd.DataFrame = field(repr=False)
    actions: pd.DataFrame = field(repr=False)
    assumptions: pd.DataFrame = field(repr=False)
    folder: Path | None = None

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The alternatives that were run, baseline first."""
        return tuple(self.manifest["alternatives"])
