"""CSV files: numbers with ten significant digits, ISO dates, empty cells for missing values."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import ResultsError
from surgesim.study.tables.columns import DATE, TEXT, Table, with_dtypes

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


class CsvFile:
    """A CSV file to which frames with the same columns are appended; a context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame; the first frame provides the header."""
        if not self._begun:
            self._file.write(f"{','.join(map(str, frame.columns))}\n".encode())
            self._begun = True
        self._file.write(_csv_rows(frame))


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as a CSV file."""
    with CsvFile(path) as file:
        file.add(frame)


def _csv_rows(frame: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.csv  # ten times as fast as pandas

    table = pa.table({str(name): _cells(frame[name]) for name in frame.columns})
    for quotes in ("none", "needed"):  # "needed" quotes every string; "none" fails if a text requires quotes
        with contextlib.suppress(pa.ArrowInvalid):
            options = pa.csv.WriteOptions(include_header=False, quoting_style=quotes)
            text = pa.BufferOutputStream()
            pa.csv.write_csv(table, text, options)
            return bytes(text.getvalue())
    raise ValueError("got a text that cannot be written as CSV")


def _cells(column: pd.Series[Any]) -> Any:
    """Format a column for writing: ten significant digits, dates, nulls for missing values."""
    import pyarrow as pa

    if column.dtype.kind == "f":
        return pa.array(ten_digits(column.to_numpy()), from_pandas=True)
    if column.dtype.kind == "M":
        return pa.array(column.to_numpy().astype("datetime64[D]"), from_pandas=True)
    array = pa.array(column)
    text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    return _guarded(array) if text else array


_GUARDED = r"'*[=+\-@\t\r]"
"""Pattern of the start of a text that a spreadsheet treats as a formula, after any added apostrophes."""

_SIGNED = r"^[-+](\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
"""Pattern of a signed number written as text, which is not a formula."""


def _guarded(texts: Any) -> Any:
    """Put an apostrophe before each Arrow text that a spreadsheet would treat as a formula."""
    import pyarrow.compute as pc

    guarded = pc.replace_substring_regex(texts, f"^({_GUARDED})", r"'\1")
    return pc.if_else(pc.match_substring_regex(texts, _SIGNED), texts, guarded)


def unguarded(frame: pd.DataFrame) -> pd.DataFrame:
    """Remove from the texts of a CSV file the apostrophes that were added on writing."""
    import pandas as pd

    texts = [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name])]
    return frame.assign(
        **{name: frame[name].str.replace(rf"^'(?={_GUARDED})", "", regex=True) for name in texts}
    )


_POWERS = np.array([float(f"1e{k}") for k in range(23)])
"""The powers of ten that a float represents exactly."""


def ten_digits(values: Floats) -> Floats:
    """Round `values` to ten significant digits: to the floats that print with these digits."""
    near = values.copy()
    some = np.isfinite(values) & (values != 0)
    shown = values[some]
    after = 9 - np.floor(np.log10(np.abs(shown))).astype(int)  # digits after the decimal point
    most = len(_POWERS) - 1
    up, down = _POWERS[np.clip(after, 0, most)], _POWERS[np.clip(-after, 0, most)]
    near[some] = np.where(after >= 0, np.rint(shown * up) / up, np.rint(shown / down) * down)
    far = np.abs(after) > most
    if far.any():
        near[np.flatnonzero(some)[far]] = [float(f"{value:.10g}") for value in shown[far].tolist()]
    return near


def csv_rows(path: Path, table: Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of a CSV file one by one, with the types of `with_dtypes` but for dates."""
    units = {column.name: column.unit for column in table.columns}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: _value(cell, units.get(name, "")) for name, cell in row.items()}


def _value(cell: str, unit: str) -> Any:
    if unit in (TEXT, DATE):
        return re.sub(rf"^'(?={_GUARDED})", "", cell)
    return int(cell) if unit == "index" else float(cell or "nan")


def read_csv(path: Path, table: Table) -> pd.DataFrame:
    import pandas as pd

    text = {column.name for column in table.columns if column.unit in (TEXT, DATE)}
    try:
        header = pd.read_csv(path, nrows=0, encoding="utf-8").columns
        cells = pd.read_csv(
            path,
            dtype={name: "str" for name in header if name in text},
            keep_default_na=False,
            na_values={name: [""] for name in header if name not in text},
            encoding="utf-8",
        )
        frame = unguarded(cells).assign(**{name: np.nan for name in table.later if name not in header})
        absent = {c.name for c in table.columns if "<" not in c.name} - set(frame.columns)
        if absent:
            raise ResultsError(
                f"{path}: lacks the columns {', '.join(sorted(absent))}, so it was written by another "
                "version: repeat the run with this version"
            )
        return with_dtypes(table, frame)
    except ValueError as error:  # pandas' parser errors are ValueErrors
        raise ResultsError(f"{path}: damaged ({error})") from error
