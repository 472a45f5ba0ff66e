"""Daily values of replications, compressed in a file and read back a few columns at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_IN_MEMORY: Final = 1 << 26
"""Bytes of compressed values from which on a run keeps them on disk."""

BLOCK_BYTES: Final = 1 << 14
"""Approximate size of the columns of a replication that are read together."""


class DailyValues:
    """The daily values of the replications of one alternative, in order.

    Parameters
    ----------
    file
        An open binary file, to which any number of `DailyValues` append.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._groups: list[slice] = []
        self._places: list[NDArray[np.int64]] = []  # where the groups of a replication begin, and the end
        self._days = 0

    def add(self, values: Floats) -> None:
        """Append a replication, ``(days, columns)``."""
        import pyarrow as pa

        if not self._groups:
            self._days, columns = values.shape
            groups = min(columns, -(-values.nbytes // BLOCK_BYTES))
            ends = [columns * i // groups for i in range(groups + 1)]
            self._groups = [slice(*pair) for pair in pairwise(ends)]
        codec = pa.Codec("zstd")
        blocks = [codec.compress(values[:, group].tobytes("F"), asbytes=True) for group in self._groups]
        begin = self._file.seek(0, 2)
        self._file.write(b"".join(blocks))
        self._places.append(np.cumsum([begin, *map(len, blocks)]))

    def __len__(self) -> int:
        return len(self._places)

    def by_columns(self) -> Iterator[Floats]:
        """Yield the values of a few columns after those of the others, ``(replications, columns, days)``."""
        import pyarrow as pa

        codec = pa.Codec("zstd")
        for i, group in enumerate(self._groups):
            values = np.empty((len(self), group.stop - group.start, self._days))
            for k, (begin, end) in enumerate(places[i : i + 2].tolist() for places in self._places):
                self._file.seek(begin)
                content = codec.decompress(self._file.read(end - begin), values[k].nbytes)
                values[k] = np.frombuffer(content, np.float64).reshape(values[k].shape)
            yield values
