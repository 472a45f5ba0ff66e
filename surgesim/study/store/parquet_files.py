"""Parquet files, for tables with a row per day that are too long for CSV; numbers are not rounded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from surgesim.errors import ResultsError
from surgesim.study.tables.columns import Table, with_dtypes

if TYPE_CHECKING:
    import pandas as pd


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    pq.write_table(rows, path, compression="zstd", write_statistics=False)


def read_parquet(path: Path, table: Table) -> pd.DataFrame:
    """Read a table from a Parquet file.

    Raises
    ------
    ResultsError
        If the file is damaged, or lacks a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.ParquetFile(path).read()
    except pa.ArrowException as error:
        raise ResultsError(f"{path}: damaged ({error})") from error
    absent = {column.name for column in table.columns} - set(found.column_names)
    if absent:
        raise ResultsError(
            f"{path}: lacks the columns {', '.join(sorted(absent))}, so it was written by another version: "
            "repeat the run with this version"
        )
    return with_dtypes(table, found.to_pandas())
