"""The results of a sweep, read from its folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surgesim.errors import ResultsError, ScenarioError
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.store.contents import SWEEP
from surgesim.study.store.csv_files import read_csv, unguarded
from surgesim.study.store.folder import check_file
from surgesim.study.store.manifest import own_indicators, read_manifest
from surgesim.study.store.series_file import open_series
from surgesim.study.store.unfinished import OUTCOMES, SCENARIOS
from surgesim.study.sweep.design import without_swept
from surgesim.study.sweep.tables import (
    DESIGN,
    FAILURES,
    RUN_KEYS,
    RUNS,
    SWEEP_BREACHES,
    SWEEP_COMPARISON,
    SWEEP_PRECISION,
    comparison_frame,
    outcome_sides,
    table_frame,
)
from surgesim.study.tables.columns import Table, outcome_units
from surgesim.study.tables.labelled import FACILITY, OUTCOME, labelled
from surgesim.study.tables.series import (
    FACILITY_SERIES,
    SERIES,
    SERIES_TABLES,
    arrow_frame,
    series_frame,
    series_units,
)

if TYPE_CHECKING:
    import pandas as pd
    import xarray


class Sweep:
    """The results of a sweep; docs/data-dictionary.md documents their columns, units and meanings.

    Tables are read on first access and kept in memory. Series are read one at a time, on request.

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
        self._series: dict[str, Any] = {}

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
            own = own_indicators(self.manifest)
            stored = {name: load_stored(self.folder / SCENARIOS / f"{name}.yaml") for name in names}
            return {name: scenario.with_own_indicators(own) for name, scenario in stored.items()}

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

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """The table of comparison.csv: every alternative against the baseline, point by point.

        Empty without alternatives. For a sweep of an earlier version, it is computed from runs.csv.
        """
        if f"{SWEEP_COMPARISON.name}.csv" in self.manifest["files"]:
            return self._table(SWEEP_COMPARISON)
        units, sides = outcome_sides(self._every(), self.manifest[SWEEP].get(OUTCOMES, ()))
        drawn = [without_swept(each, self.paths) for each in self.scenarios.values()]
        together = {each.name: each.study.runs_together for each in drawn}
        return comparison_frame(self.runs, units, together, sides)

    @cached_property
    def precision(self) -> pd.DataFrame:
        """The table of precision.csv; empty if no precision was requested."""
        if f"{SWEEP_PRECISION.name}.csv" in self.manifest["files"]:
            return self._table(SWEEP_PRECISION)
        return table_frame(SWEEP_PRECISION, [])

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that vary."""
        return tuple(self.manifest["sweep"]["vary"])

    def keep(self) -> None:
        """Read everything into memory, because the folder will be deleted."""
        for name in ("scenarios", "design", "runs", "breaches", "comparison", "precision", "failures"):
            getattr(self, name)
        for table in SERIES_TABLES:
            opened = open_series(self.folder, self.manifest, table)
            if opened is not None:
                self._series[table.name] = opened.to_table()

    def series(self, name: str) -> pd.DataFrame:
        """Return a daily series of every run, with scenario, point, replication, alternative, day and date.

        If it does not fit into memory, read series.parquet in batches: ``pyarrow.dataset.dataset(path)``.

        Raises
        ------
        ResultsError
            If the sweep did not keep the series.
        """
        return series_frame(self._open, SERIES, name)

    def facility_series(self, name: str) -> pd.DataFrame:
        """Return a daily series of the facilities, with the columns of `series` and the facility."""
        return series_frame(self._open, FACILITY_SERIES, name)

    def to_xarray(self) -> xarray.Dataset:
        """Return outcomes and series as labelled arrays, with NaN for failed runs; needs the extra `xarray`.

        Variables are the daily series by name, ``facility_<series>`` and ``outcome_<column of runs.csv>``;
        the varied paths are coordinates of the points.

        Raises
        ------
        SurgesimError
            If xarray is not installed.
        """
        frames = {OUTCOME: self.runs}
        for prefix, table in (("", SERIES), (FACILITY, FACILITY_SERIES)):
            opened = self._open(table)
            if opened is not None:
                frames[prefix] = arrow_frame(opened.to_table())
        every = self._every()
        units = {f"{OUTCOME}{name}": unit for name, unit in outcome_units(every).items()}
        keys = [*(column.name for column in RUN_KEYS), "facility", "day"]
        dataset = labelled(frames, keys, {**units, **series_units(every)})
        points = self.design.set_index("point").reindex(dataset["point"].to_numpy())
        return dataset.assign_coords({path: ("point", points[path].to_numpy()) for path in self.paths})

    def _every(self) -> list[Scenario]:
        """Return the alternatives of all scenarios."""
        return [
            each.alternative(name)
            for each in self.scenarios.values()
            for name in (BASELINE, *each.alternatives)
        ]

    def _open(self, table: Table) -> Any:
        """Return the series of a table as a pyarrow dataset; None if none were kept."""
        from pyarrow import dataset

        if table.name in self._series:
            return dataset.dataset(self._series[table.name])
        with self._reading():
            return open_series(self.folder, self.manifest, table)

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
