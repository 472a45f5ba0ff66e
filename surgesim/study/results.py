"""The results of a run, as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.tables.columns import Table, outcome_units
from surgesim.study.tables.labelled import FACILITY, OUTCOME, labelled
from surgesim.study.tables.series import (
    FACILITY_SERIES,
    SERIES,
    OpenSeries,
    arrow_frame,
    province_names,
    series_frame,
    series_units,
)

if TYPE_CHECKING:
    import pandas as pd
    import xarray


Extras: TypeAlias = Callable[[Any, Path], object]
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
        Function that adds files to the folder, called with the results of a run or a fit and the unsealed
        folder. If the function fails, the tables are kept, and the manifest's `extras_failed` gives the
        reason.
    """

    folder: Path
    notes: Mapping[str, Any] = field(default_factory=dict)
    extras: Extras | None = None

    @classmethod
    def of(cls, out: str | Path | Output | None) -> Output | None:
        """Convert the `out` argument of a study to an `Output`."""
        return out if out is None or isinstance(out, Output) else cls(Path(out))

    def add_extras(self, results: Any, folder: Path) -> str | None:
        """Call `extras` and return its error, if any, so that the tables are kept if a figure fails."""
        if self.extras is None:
            return None
        try:
            self.extras(results, folder)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return None


def _without_series(table: Table) -> None:
    """Return None for every table, because no series are kept."""


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
facility_states, actions, assumptions, facility_beds, district_beds, transfers, facility_days, district_days
        pandas DataFrames, each equal to the CSV or Parquet file of the same name; the last five are empty in
        results of earlier versions.
    folder
        The folder in which the results are stored; None if they are only in memory.
    open_series
        Function that opens the series of a table as a pyarrow dataset.
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
    facility_beds: pd.DataFrame = field(repr=False)
    district_beds: pd.DataFrame = field(repr=False)
    transfers: pd.DataFrame = field(repr=False)
    facility_days: pd.DataFrame = field(repr=False)
    district_days: pd.DataFrame = field(repr=False)
    folder: Path | None = None
    open_series: OpenSeries = field(default=_without_series, repr=False)

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The alternatives that were run, baseline first."""
        return tuple(self.manifest["alternatives"])

    def series(self, name: str) -> pd.DataFrame:
        """Return a daily series of the province by replication, with alternative, replication, day and date.

        If the results are stored, `name` can be any daily indicator of the province; it is read from
        daily.parquet. If they are only in memory, it must be named in the argument `series` of `run`.

        Raises
        ------
        ResultsError
            If there is no such series.
        """
        return self._dated(series_frame(self.open_series, SERIES, name, province_names(self._scenarios())))

    def facility_series(self, name: str) -> pd.DataFrame:
        """Return a daily series of the facilities, with the columns of `series` and the facility.

        The series must be named in the argument `facility_series` of `run`.
        """
        return series_frame(self.open_series, FACILITY_SERIES, name)

    def to_xarray(self) -> xarray.Dataset:
        """Return the outcomes and kept series as labelled arrays; needs the extra `xarray`.

        Variables are the daily series by name, ``facility_<series>`` and ``outcome_<column of
        replications.csv>``.

        Raises
        ------
        SurgesimError
            If xarray is not installed.
        """
        import pandas as pd

        frames = {OUTCOME: self.replications}
        for prefix, table in (("", SERIES), (FACILITY, FACILITY_SERIES)):
            names = self.manifest.get(table.name, [])
            if names:
                keys = [column.name for column in table.columns[:-1] if column.name != "date"]
                frames[prefix] = arrow_frame(self.open_series(table).to_table(columns=[*keys, *names]))
        units = {f"{OUTCOME}{name}": unit for name, unit in outcome_units(self._scenarios()).items()}
        keys = ["alternative", "replication", "facility", "day"]
        dataset = labelled(frames, keys, {**units, **series_units(self._scenarios())})
        if "day" not in dataset.dims:
            return dataset
        dates = pd.date_range(self.scenario.start, periods=dataset.sizes["day"], unit="us")
        return dataset.assign_coords(date=("day", dates))

    def _scenarios(self) -> list[Scenario]:
        return [self.scenario.alternative(name) for name in self.alternatives]

    def _dated(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Add the date to rows of daily.parquet, which has only the day."""
        import pandas as pd

        if "date" not in frame.columns:
            dates = pd.Timestamp(self.scenario.start) + pd.to_timedelta(frame["day"], unit="D")
            frame.insert(list(frame.columns).index("day") + 1, "date", dates.astype("datetime64[us]"))
        return frame
