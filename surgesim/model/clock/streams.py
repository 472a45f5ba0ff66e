"""Random generators, one for each seed, replication, purpose and day, so that draws are independent.

This is the only module that creates generators. A new feature uses a new purpose.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b

import numpy as np

_DAY_ZERO = 1 << 20  # offset that keeps the negative days of a warm-up in range
_POOL = 4  # number of words in a SeedSequence's pool; the seed is padded to at least this many before the key


@cache
def _word(text: str) -> int:
    """Return a stable 32-bit word for a text, the same in every process and version."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")


def _words(number: int) -> tuple[int, ...]:
    """Return the 32-bit words of a whole number, lowest first."""
    return (number,) if number >> 32 == 0 else (number & 0xFFFFFFFF, *_words(number >> 32))


class Streams:
    """The random generators of one replication.

    The words of seed and key are passed to numpy as one array. ``SeedSequence(seed, spawn_key=key)`` gives
    the same generator but takes twice as long.
    """

    def __init__(self, seed: int, replication: int) -> None:
        words = _words(seed)
        self._head = (*words, *(0,) * (_POOL - len(words)), *_words(replication))

    def day(self, purpose: str, day: int, name: str = "") -> np.random.Generator:
        """Return the generator for `purpose` on `day`; `name` distinguishes facilities."""
        key = (_word(purpose), _DAY_ZERO + day, *((_word(name),) if name else ()))
        words = np.array(self._head + key, np.uint32)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))

    def once(self, purpose: str, name: str = "") -> np.random.Generator:
        """Return the generator for draws made once per replication, for facility `name` if given."""
        return self.day(purpose, -_DAY_ZERO, name)
