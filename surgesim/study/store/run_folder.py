"""The result folder of a run: written as replications complete, and read as Results."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from surgesim.errors import ResultsError, ScenarioError
from surgesim.files import disk_errors
from surgesim.model.record import Record
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import PROVINCE_AREA
from surgesim.study.results import Results
from surgesim.study.store.contents import RUN
from surgesim.study.store.csv_files import read_csv, write_csv
from surgesim.study.store.folder import Folder, check_file, scenario_text
from surgesim.study.store.manifest import own_indicators, read_manifest
from surgesim.study.store.parquet_files import read_parquet, write_parquet
from surgesim.study.store.series_file import SeriesFile, open_series, series_files
from surgesim.study.tables.columns import (
    LATER_TABLES,
    PARQUET_TABLES,
    TABLES,
    Table,
    wide_columns,
    with_dtypes,
)
from surgesim.study.tables.replication import district_values, province_values
from surgesim.study.tables.series import SERIES, Series

if TYPE_CHECKING:
    import pandas as pd

SCENARIO = "scenario.yaml"
PARQUET = "daily.parquet"
FIGURES = "figures"


class RunFolder(Folder):
    """The result folder of a run while it is being written.

    Parameters
    ----------
    target
        See `Folder`.
    scenarios
        The scenarios of the alternatives whose records will be added, by name.
    series
        The series to keep. Only those of the facilities are written, as daily.parquet has the others.
    """

    def __init__(self, target: Path, scenarios: Mapping[str, Scenario], series: Series) -> None:
        super().__init__(target, RUN)
        self._scenarios = scenarios
        self._columns = wide_columns(tuple(scenarios.values()))
        self._parquet: Any = None
        self._series = Series(facilities=series.facilities)
        self._open = contextlib.ExitStack()
        self._facilities: Mapping[str, SeriesFile] = {}

    def __enter__(self) -> Self:
        super().__enter__()
        with disk_errors(self.target):
            self._facilities = self._open.enter_context(series_files(self.path, self._series))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._parquet is not None:
            with contextlib.suppress(OSError):
                self._parquet.close()
        with contextlib.suppress(OSError):
            self._open.close()
        super().__exit__(kind, error, trace)

    def add(self, records: Mapping[str, Record]) -> None:
        """Append one replication of all alternatives to daily.parquet as a row group."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with disk_errors(self.target):
            rows = pa.concat_tables(
                _wide(name, self._scenarios[name], record, self._columns) for name, record in records.items()
            )
            if self._parquet is None:
                self._parquet = pq.ParquetWriter(
                    self.path / PARQUET, rows.schema, compression="zstd", write_statistics=False
                )
            self._parquet.write_table(rows, row_group_size=max(rows.num_rows, 1))
            for name, record in records.items():
                for table, rows in self._series.tables(self._scenarios[name], name, record).items():
                    self._facilities[table].add({}, rows)

    def write(self, results: Results) -> None:
        """Write the scenario and the tables."""
        with disk_errors(self.target):
            if self._parquet is not None:
                self._parquet.close()
                self._parquet = None
            self._open.close()
            (self.path / SCENARIO).write_text(scenario_text(results.scenario), encoding="utf-8", newline="\n")
            for table in TABLES:
                write_csv(self.path / _file(table), getattr(results, table.name))
            for table in PARQUET_TABLES:
                write_parquet(self.path / _file(table), getattr(results, table.name))


def read(folder: str | Path) -> Results:
    """Read a result folder.

    Raises
    ------
    ResultsError
        If the folder is missing or is not a result folder, or if one of its files is missing, damaged, or
        does not match its hash in the manifest.
    """
    from surgesim.scenario.door import load_stored

    target = Path(folder).resolve()
    try:
        manifest = read_manifest(target)
        check_file(target, SCENARIO, manifest)
        for table in (*TABLES, *PARQUET_TABLES):
            if not _is_lacking(table, manifest):
                check_file(target, _file(table), manifest)
        scenario = load_stored(target / SCENARIO).with_own_indicators(own_indicators(manifest))
        tables = {table.name: _stored(target, table, manifest) for table in (*TABLES, *PARQUET_TABLES)}
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"{folder}: not a readable result folder ({error})") from error
    except ScenarioError as error:
        raise ResultsError(f"{folder}: the {SCENARIO} in it cannot be used: {error}") from error
    return Results(
        scenario=scenario,
        manifest=manifest,
        folder=target,
        **tables,
        open_series=partial(open_stored, target, manifest),
    )


def _file(table: Table) -> str:
    return f"{table.name}.{'parquet' if table in PARQUET_TABLES else 'csv'}"


def _is_lacking(table: Table, manifest: Mapping[str, Any]) -> bool:
    """Return True if a result lacks a table because a later version added it."""
    return table in LATER_TABLES and _file(table) not in manifest["files"]


def _stored(folder: Path, table: Table, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """Read a table of a result; return an empty table if the result lacks it."""
    import pandas as pd

    if _is_lacking(table, manifest):
        return with_dtypes(table, pd.DataFrame(columns=[column.name for column in table.columns]))
    path = folder / _file(table)
    return read_parquet(path, table) if table in PARQUET_TABLES else read_csv(path, table)


def open_stored(folder: Path, manifest: Mapping[str, Any], table: Table) -> Any:
    """Open the series of a run; series of the province are columns of daily.parquet."""
    from pyarrow import dataset

    if table is not SERIES:
        return open_series(folder, manifest, table)
    check_file(folder, PARQUET, manifest)
    return dataset.dataset(folder / PARQUET).filter(dataset.field("area") == PROVINCE_AREA)


def _wide(alternative: str, scenario: Scenario, record: Record, indicators: Sequence[str]) -> Any:
    """Convert one replication to rows of daily.parquet: the province, then each district."""
    import pyarrow as pa

    districts = list(scenario.people.districts)
    areas = 1 + len(districts)
    days = record.province.shape[0]
    names = pa.array([alternative])
    columns = {
        "alternative": _repeat(names, np.zeros(areas * days)),
        "replication": pa.array(np.full(areas * days, record.replication, dtype=np.int64)),
        "area": _repeat(pa.array([PROVINCE_AREA, *districts]), np.repeat(np.arange(areas), days)),
        "day": pa.array(np.tile(np.arange(days, dtype=np.int64), areas)),
    }
    of_province, of_districts = province_values(scenario, record), district_values(scenario, record)
    for name in indicators:
        values = np.full((areas, days), np.nan)
        absent = np.ones((areas, days), dtype=bool)
        if name in of_province:
            values[0], absent[0] = of_province[name], False
        if name in of_districts:
            values[1:], absent[1:] = of_districts[name], False
        columns[name] = pa.array(values.ravel(), mask=absent.ravel())
    return pa.table(columns)


def _repeat(names: Any, index: Any) -> Any:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), names).cast(pa.string())
