"""The results of a run, as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from surgesim.scenario.schema.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


Extras: TypeAlias = "Callable[[Results, Path], object]"
"""Function that adds files, such as figures, to a result folder before the folder is sealed."""


@dataclass(frozen=True, slots=True)
class Output:
    """A result folder to write, with additional manifest entries and files.

    Attributes
    ----------
    folder
        Path of the folder.
    notes
        Additional entries for the manifest.
    extras
        Function that adds files to the folder, called with the results of a run and the unsealed folder. If
        the function fails, the tables are kept, and the manifest's `extras_failed` gives the reason.
    """

    folder: Path
    notes: Mapping[str, Any] = field(default_factory=dict)
    extras: Extras | None = None

    @classmethod
    def of(cls, out: str | Path | Output | None) -> Output | None:
        """Convert the `out` argument of a study to an `Output`."""
        return out if out is None or isinstance(out, Output) else cls(Path(out))


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """The tables of a run; docs/data-dictionary.md documents their columns, units and meanings.

    Attributes
    ----------
    scenario
        The scenario as run, with all defaults filled in.
    manifest
        Everything needed to repeat the run: versions, seed, replications, alternatives, hashes.
    breaches, breach_days, comparison, binding, replications, daily, daily_districts, reached, facilities, \
facility_states, actions, assumptions
        pandas DataFrames, each equal to the CSV file of the same name.
    folder
        The folder in which the results are stored; None if they are only in memory.
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
