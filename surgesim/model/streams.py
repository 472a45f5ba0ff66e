"""Random generators: one for each (seed, replication, purpose, day), so that no draw moves another.

The only place that makes generators. A new feature draws from a new purpose.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b

import numpy as np

_DAY_ZERO = 1 << 20  # keeps the days of a warm-up, which are negative, in range


@cache
def _word(text: str) -> int:
    """A stable 32-bit word for a text, the same in every process and version."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")


class Streams:
    """The generators of one replication."""

    def __init__(self, seed: int, replication: int) -> None:
        self._seed = seed
        self._replication = replication

    def day(self, purpose: str, day: int, name: str = "") -> np.random.Generator:
        """The generator of `purpose` on `day`; `name` sets one facility's apart from another's."""
        key = (self._replication, _word(purpose), _DAY_ZERO + day, *((_word(name),) if name else ()))
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self._seed, spawn_key=key)))

    def once(self, purpose: str, name: str = "") -> np.random.Generator:
        """The generator of what is drawn once per replication, of one facility where it is named."""
        return self.day(purpose, -_DAY_ZERO, name)
