"""Daily series by replication: names of the series to keep, their tables, and functions to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from surgesim.errors import Problem, ResultsError
from surgesim.model.record import FACILITY, PROVINCE, STATES, Column, Record
from surgesim.scenario.door import suggestion
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.tables.collect import scenario_columns
from surgesim.study.tables.columns import DATE, TEXT, Table
from surgesim.study.tables.labelled import FACILITY as FACILITY_PREFIX
from surgesim.study.tables.replication import FACILITY_KEYS, PROVINCE_KEYS, STATE, province_values

if TYPE_CHECKING:
    import pandas as pd

SERIES = Table(
    "series",
    "alternative × replication × day",
    (
        *PROVINCE_KEYS,
        Column("<series>", "as the indicator", "daily indicator of the province, named in `series`"),
    ),
)

FACILITY_SERIES = Table(
    "facility_series",
    "alternative × replication × facility × day",
    (
        *FACILITY_KEYS,
        Column(
            "<series>", "as the indicator", "daily indicator of the facilities, named in `facility_series`"
        ),
    ),
)

SERIES_TABLES = (SERIES, FACILITY_SERIES)
SERIES_NAMES = tuple(table.name for table in SERIES_TABLES)

OpenSeries: TypeAlias = Callable[[Table], Any]
"""A function that returns the stored series of a table as a pyarrow dataset, or None if none were kept."""


@dataclass(frozen=True, slots=True)
class Series:
    """The names of the daily series that a study keeps of every replication.

    Attributes
    ----------
    province, facilities
        Daily indicators of the province, and of the facilities.
    """

    province: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()

    @classmethod
    def of(cls, series: Sequence[str], facility_series: Sequence[str]) -> Series:
        """Convert the arguments of a study without checking the names, which `problems` does."""
        return cls(*(_names(each) for each in (series, facility_series)))

    @property
    def entry(self) -> dict[str, list[str]]:
        """The manifest entries with the names of the series; empty if no series are kept."""
        return {table.name: list(names) for table, names in self.by_table().items()}

    def by_table(self) -> dict[Table, tuple[str, ...]]:
        """The names of the series by table, without tables that have none."""
        pairs = zip(SERIES_TABLES, (self.province, self.facilities), strict=True)
        return {table: names for table, names in pairs if names}

    def problems(self, scenarios: Iterable[Scenario]) -> Iterator[Problem]:
        """Yield a problem for each unknown name; `scenarios` contains every alternative."""
        known = {SERIES: province_names(scenarios), FACILITY_SERIES: facility_names()}
        for table, names in self.by_table().items():
            for name in names:
                if name not in known[table]:
                    yield Problem(table.name, f"got {name!r}{suggestion(str(name), known[table])}")

    def tables(self, scenario: Scenario, alternative: str, record: Record) -> dict[str, Any]:
        """Return the series of one replication as Arrow tables, by the name of their table."""
        found = {}
        if self.province:
            values = province_values(scenario, record)
            found[SERIES.name] = _table(SERIES, self.province, scenario, alternative, record, values)
        if self.facilities:
            values = {column.name: record.facilities[:, :, i].T for i, column in enumerate(FACILITY)}
            values[STATE.name] = np.array(STATES)[record.states.T]
            found[FACILITY_SERIES.name] = _table(
                FACILITY_SERIES, self.facilities, scenario, alternative, record, values
            )
        return found


class SeriesInMemory:
    """The series of a run that is not stored; `scenarios` are its alternatives by name."""

    def __init__(self, scenarios: Mapping[str, Scenario], series: Series) -> None:
        self._scenarios = scenarios
        self._series = series
        self._tables: dict[str, list[Any]] = {table.name: [] for table in series.by_table()}

    def add(self, records: Mapping[str, Record]) -> None:
        """Add the series of one replication of all alternatives."""
        for name, record in records.items():
            for table, rows in self._series.tables(self._scenarios[name], name, record).items():
                self._tables[table].append(rows)

    def open(self, table: Table) -> Any:
        """Return the series of a table as a pyarrow dataset; None if none are kept."""
        import pyarrow as pa
        from pyarrow import dataset

        if table.name not in self._tables:
            return None
        return dataset.dataset(pa.concat_tables(self._tables[table.name]))


def _names(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(dict.fromkeys(given))


def province_names(scenarios: Iterable[Scenario]) -> list[str]:
    """Return the names of the province's daily indicators in any of the scenarios."""
    return [column.name for column in province_columns(scenarios)]


def province_columns(scenarios: Iterable[Scenario]) -> list[Column]:
    """Return the columns of the province's daily indicators in any of the scenarios."""
    special = [column for scenario in scenarios for column in scenario_columns(scenario)]
    return list({column.name: column for column in (*PROVINCE, *special)}.values())


def facility_names() -> list[str]:
    """Return the names of the daily columns of the facilities."""
    return [column.name for column in (*FACILITY, STATE)]


def schema(table: Table, names: Sequence[str], before: Sequence[Column] = ()) -> Any:
    """Return the Arrow schema of a table with the series `names`, preceded by the columns `before`."""
    import pyarrow as pa

    types = {TEXT: pa.string(), DATE: pa.timestamp("us"), "index": pa.int64(), "days": pa.int64()}
    keys = [(column.name, types[column.unit]) for column in (*before, *table.columns[:-1])]
    values = [(name, pa.string() if name == STATE.name else pa.float64()) for name in names]
    return pa.schema([*keys, *values])


def _table(
    table: Table,
    names: Sequence[str],
    scenario: Scenario,
    alternative: str,
    record: Record,
    values: Mapping[str, Any],
) -> Any:
    """Build a table with a row per day, or per facility and day; a series that the scenario lacks is null."""
    import pyarrow as pa

    facilities = list(scenario.care.facilities) if table is FACILITY_SERIES else [""]
    days = len(record.province)
    rows = len(facilities) * days
    day = np.tile(np.arange(days), len(facilities))
    columns: dict[str, Any] = {
        "alternative": pa.repeat(alternative, rows),
        "replication": pa.repeat(record.replication, rows),
        "facility": pa.array(np.repeat(np.array(facilities, dtype=object), days), pa.string()),
        "day": day,
        "date": np.datetime64(scenario.start, "us") + day.astype("timedelta64[D]"),
    }
    columns |= {name: values[name].ravel() if name in values else pa.nulls(rows) for name in names}
    of = schema(table, names)
    return pa.table({name: columns[name] for name in of.names}, schema=of)


def series_units(scenarios: Iterable[Scenario]) -> dict[str, str]:
    """Return the units of all series, by the names that `labelled` gives them."""
    facilities = {f"{FACILITY_PREFIX}{column.name}": column.unit for column in (*FACILITY, STATE)}
    return {**{column.name: column.unit for column in province_columns(scenarios)}, **facilities}


def series_frame(
    opened: OpenSeries, table: Table, name: str, known: Sequence[str] | None = None
) -> pd.DataFrame:
    """Read one series with its key columns.

    Parameters
    ----------
    known
        Names of the columns that are series; by default, all columns except keys.

    Raises
    ------
    ResultsError
        If the series was not kept.
    """
    dataset = opened(table)
    if dataset is None:
        raise ResultsError(f"got a study without {table.name}, expected one with {table.name}=[{name!r}]")
    keys = [column for column in dataset.schema.names if column in _KEYS]
    names = [column for column in dataset.schema.names if column not in _KEYS]
    if known is not None:
        names = [column for column in names if column in known]
    if name not in names:
        raise ResultsError(f"got {table.name} {name!r}, which was not kept{suggestion(name, names)}")
    return arrow_frame(dataset.to_table(columns=[*keys, name]))


_KEYS = {"scenario", "point", *(column.name for column in FACILITY_KEYS)}


def arrow_frame(table: Any) -> pd.DataFrame:
    """Convert an Arrow table to a DataFrame with the dtypes of the other tables."""
    frame: pd.DataFrame = table.to_pandas()
    texts = [field.name for field in table.schema if str(field.type) == "string"]
    return frame.astype(dict.fromkeys(texts, "str"))
