"""Parquet files of daily series by replication, written in batches and opened without being read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np

from surgesim.model.record import Column
from surgesim.study.store.folder import check_file
from surgesim.study.tables.columns import Table
from surgesim.study.tables.series import Series, schema

_ROWS = 1 << 16
"""Max number of rows held in memory while a file is written, which also limits a row group."""

_TABLES = 256
"""Max number of tables held in memory while a file is written; each takes memory besides its rows."""


class SeriesFile:
    """A Parquet file of series, written in row groups; a context manager."""

    def __init__(self, path: Path, columns: Any) -> None:
        import pyarrow.parquet as pq

        self._columns = columns
        self._writer = pq.ParquetWriter(path, columns, compression="zstd")
        self._tables: list[Any] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        try:
            if error[0] is None:
                self._flush()
        finally:
            self._writer.close()

    def add(self, keys: Mapping[str, Any], table: Any) -> None:
        """Append the rows of a table, with `keys` as further columns that are the same in each row."""
        import pyarrow as pa

        columns = {name: pa.repeat(pa.scalar(key), table.num_rows) for name, key in keys.items()}
        columns |= {name: table[name] for name in table.column_names}
        self._tables.append(pa.table(columns, schema=self._columns))
        self._rows += table.num_rows
        if self._rows >= _ROWS:
            self._flush()
        elif len(self._tables) >= _TABLES:
            self._tables = [pa.concat_tables(self._tables).combine_chunks()]

    def _flush(self) -> None:
        import pyarrow as pa

        if self._rows:
            rows = pa.concat_tables(self._tables)
            self._writer.write_table(rows, row_group_size=self._rows)
        self._tables, self._rows = [], 0


@contextmanager
def series_files(
    folder: Path, series: Series, before: tuple[Column, ...] = ()
) -> Iterator[Mapping[str, SeriesFile]]:
    """Open a file in a folder for each table of series, and yield the files by name of the table."""
    with ExitStack() as stack:
        yield {
            table.name: stack.enter_context(
                SeriesFile(folder / f"{table.name}.parquet", schema(table, names, before))
            )
            for table, names in series.by_table().items()
        }


def series_by(path: Path, keys: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield the rows of each run of a file that `SeriesFile` wrote, with its keys, one row group at a time.

    The tables lack the columns that `SeriesFile.add` received as keys.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group)
            columns = [rows[name].to_numpy() for name in keys]
            changes = np.any([column[1:] != column[:-1] for column in columns], axis=0)
            bounds = [0, *(np.flatnonzero(changes) + 1).tolist(), rows.num_rows]
            for first, end in pairwise(bounds):
                of = tuple(rows[name][first].as_py() for name in keys)
                yield of, rows.slice(first, end - first).drop_columns(list(keys[:-1]))


def open_series(folder: Path, manifest: Mapping[str, Any], table: Table) -> Any:
    """Open the series of a result folder as a pyarrow dataset; None if none were kept.

    Raises
    ------
    ResultsError
        If the file is missing or has changed.
    """
    from pyarrow import dataset

    name = f"{table.name}.parquet"
    if name not in manifest["files"]:
        return None
    check_file(folder, name, manifest)
    return dataset.dataset(folder / name)
