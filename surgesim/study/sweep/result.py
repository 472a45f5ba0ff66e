"""The results of a sweep, read from its folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from surgesim.errors import ResultsError, ScenarioError
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.store.contents import SWEEP
from surgesim.study.store.csv_files import read_csv, unguarded
from surgesim.study.store.folder import check_file
from surgesim.study.store.manifest import read_manifest
from surgesim.study.store.unfinished import SCENARIOS
from surgesim.study.sweep.tables import (
    DESIGN,
    FAILURES,
    RUNS,
    SWEEP_BREACHES,
)
from surgesim.study.tables.columns import Table

if TYPE_CHECKING:
    import pandas as pd


class Sweep:
    """The results of a sweep; docs/data-dictionary.md documents their columns, units and meanings.

    Tables are read on first access and kept in memory.

    Parameters
    ----------
    folder
        The folder of the sweep.

    Attributes
    ----------
    manifest
        Everything needed to repeat the sweep; its entry `sweep` is the plan.
    repeats
        Names of the parts that were damaged when the sweep was resumed; their runs were repeated.

    Raises
    ------
    ResultsError
        If the folder is missing or not a completed sweep, or one of its files is missing or damaged.
    """

    def __init__(self, folder: str | Path, repeats: Sequence[str] = ()) -> None:
        self.folder = Path(folder).resolve()
        self.manifest = read_manifest(self.folder, SWEEP)
        self.repeats = tuple(repeats)

    def __repr__(self) -> str:
        plan = self.manifest["sweep"]
        return f"<Sweep of {', '.join(plan['scenarios'])}: {plan['runs']} runs at {plan['points']} points>"

    @cached_property
    def scenarios(self) -> Mapping[str, Scenario]:
        """The scenarios of the sweep, by name."""
        from surgesim.scenario.door import load_stored

        with self._reading():
            names = self.manifest["sweep"]["scenarios"]
            for name in names:
                check_file(self.folder, f"{SCENARIOS}/{name}.yaml", self.manifest)
            return {name: load_stored(self.folder / SCENARIOS / f"{name}.yaml") for name in names}

    @cached_property
    def design(self) -> pd.DataFrame:
        """The table of design.csv."""
        import pandas as pd

        with self._reading():
            check_file(self.folder, f"{DESIGN.name}.csv", self.manifest)
            path = self.folder / f"{DESIGN.name}.csv"
            return unguarded(pd.read_csv(path, keep_default_na=False, encoding="utf-8"))

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The table of runs.csv."""
        return self._table(RUNS)

    @cached_property
    def breaches(self) -> pd.DataFrame:
        """The table of breaches.csv."""
        return self._table(SWEEP_BREACHES)

    @cached_property
    def failures(self) -> pd.DataFrame:
        """The table of failures.csv."""
        return self._table(FAILURES)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that vary."""
        return tuple(self.manifest["sweep"]["vary"])

    def keep(self) -> None:
        """Read everything into memory, because the folder will be deleted."""
        for name in ("scenarios", "design", "runs", "breaches", "failures"):
            getattr(self, name)

    def _table(self, table: Table) -> pd.DataFrame:
        with self._reading():
            check_file(self.folder, f"{table.name}.csv", self.manifest)
            return read_csv(self.folder / f"{table.name}.csv", table)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, UnicodeDecodeError) as error:
            raise ResultsError(f"{self.folder}: not a readable sweep ({error})") from error
        except ScenarioError as error:
            raise ResultsError(f"{self.folder}: a scenario in it cannot be used: {error}") from error
