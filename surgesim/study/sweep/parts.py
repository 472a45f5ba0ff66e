"""The parts of an unfinished sweep: the outcomes and series of one run as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from surgesim.study.store.unfinished import Form

KEY = "alternative"
"""Name of the only row entry that is not a number."""

Rows = Sequence[Mapping[str, Any]]


class Run(NamedTuple):
    """One run: its outcomes (a row per alternative) and its series (Arrow tables by name)."""

    rows: Rows
    series: Mapping[str, Any] = {}


def _table(run: Run) -> Any:
    """Convert a run to a table of alternative, name and value, at a fifth of the cost of wide columns."""
    import pyarrow as pa

    cells = [(row[KEY], name, value) for row in run.rows for name, value in row.items() if name != KEY]
    alternatives, names, values = zip(*cells, strict=True)
    columns = {KEY: alternatives, "name": names, "value": pa.array(values, pa.float64())}
    if not run.series:
        return pa.table(columns)
    table = pa.table({**columns, "series": pa.nulls(len(cells), pa.large_binary())})
    series = {
        KEY: [""] * len(run.series),
        "name": list(run.series),
        "value": pa.nulls(len(run.series), pa.float64()),
        "series": pa.array(map(_content, run.series.values()), pa.large_binary()),
    }
    return pa.concat_tables([table, pa.table(series, schema=table.schema)])


def _content(series: Any) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, series.schema, options=options) as stream:
        stream.write_table(series)
    return bytes(sink.getvalue())


def _run(table: Any) -> Run:
    import pyarrow as pa

    rows: dict[str, dict[str, Any]] = {}
    series = {}
    columns = {name: table[name].to_pylist() for name in table.column_names}
    contents = columns.get("series", [None] * table.num_rows)
    for alternative, name, value, content in zip(
        columns[KEY], columns["name"], columns["value"], contents, strict=True
    ):
        if content is None:
            rows.setdefault(alternative, {KEY: alternative})[name] = value
        else:
            series[name] = pa.ipc.open_stream(content).read_all()
    return Run(list(rows.values()), series)


RUN: Form[Run] = Form(_table, _run)
"""The conversion between one run's outcomes and series and a table."""
