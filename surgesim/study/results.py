"""Results: everything a run gives back, as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from surgesim.scenario.schema.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


Extras: TypeAlias = "Callable[[Results, Path], object]"
"""Adds files to a result folder before it is sealed, such as figures."""


@dataclass(frozen=True, slots=True)
class Output:
    """A result folder to write, and what goes into it beside the results.

    Attributes
    ----------
    folder
        Where it is written.
    notes
        Further entries of the manifest.
    extras
        Called with the results of a run and the folder in the making, to add files to it. If it fails, the
        tables are kept, and the manifest's `extras_failed` says why.
    """

    folder: Path
    notes: Mapping[str, Any] = field(default_factory=dict)
    extras: Extras | None = None

    @classmethod
    def of(cls, out: str | Path | Output | None) -> Output | None:
        """What `out` means where a study takes it."""
        return out if out is None or isinstance(out, Output) else cls(Path(out))


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
