"""The parts of an unfinished sweep: the outcomes of one run as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from surgesim.study.store.unfinished import Form

KEY = "alternative"
"""Name of the only row entry that is not a number."""

Rows = Sequence[Mapping[str, Any]]


def _table(rows: Rows) -> Any:
    """Convert rows to a table of alternative, name and value, at a fifth of the cost of wide columns."""
    import pyarrow as pa

    cells = [(row[KEY], name, value) for row in rows for name, value in row.items() if name != KEY]
    alternatives, names, values = zip(*cells, strict=True)
    return pa.table({KEY: alternatives, "name": names, "value": pa.array(values, pa.float64())})


def _rows(table: Any) -> Rows:
    rows: dict[str, dict[str, Any]] = {}
    for alternative, name, value in zip(*(column.to_pylist() for column in table.columns), strict=True):
        rows.setdefault(alternative, {KEY: alternative})[name] = value
    return list(rows.values())


ROWS: Form[Rows] = Form(_table, _rows)
"""The form of the rows of one run, one row per alternative."""
