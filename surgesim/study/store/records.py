"""The parts of an unfinished run: the records of one replication as a table, without rounding."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from surgesim.model.record import ActionEvent, Record
from surgesim.study.store.unfinished import Form

Records = Mapping[str, Record]


def _table(records: Records) -> Any:
    """Convert records to a row per alternative and field: arrays in NumPy's format, other values as JSON."""
    import pyarrow as pa

    names = [field.name for field in fields(Record)]
    cells = [(of, name, _content(getattr(record, name))) for of, record in records.items() for name in names]
    alternatives, columns, contents = zip(*cells, strict=True)
    return pa.table(
        {
            "alternative": pa.array(alternatives, pa.string()),
            "field": pa.array(columns, pa.string()),
            "content": pa.array(contents, pa.large_binary()),
        }
    )


def _records(table: Any) -> Records:
    found: dict[str, dict[str, Any]] = {}
    for alternative, name, content in zip(*(column.to_pylist() for column in table.columns), strict=True):
        found.setdefault(alternative, {})[name] = _value(content)
    return {alternative: _record(values) for alternative, values in found.items()}


def _record(values: Mapping[str, Any]) -> Record:
    actions = tuple(ActionEvent(*event) for event in values["actions"])
    return Record(**{**values, "actions": actions})


def _content(value: Any) -> bytes:
    if isinstance(value, np.ndarray):
        stream = io.BytesIO()
        np.save(stream, value, allow_pickle=False)
        return stream.getvalue()
    return json.dumps(value).encode()


def _value(content: bytes) -> Any:
    if content.startswith(np.lib.format.MAGIC_PREFIX):
        return np.load(io.BytesIO(content), allow_pickle=False)
    return json.loads(content)


RECORDS: Form[Records] = Form(_table, _records, "zstd")
"""The conversion between one replication's records, by alternative, and a table."""
