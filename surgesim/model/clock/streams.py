"""Random generators: one for each (seed, replication, purpose, day), so that no draw moves another.

The only place that makes generators. A new feature draws from a new purpose.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b

import numpy as np

_DAY_ZERO = 1 << 20  # keeps the days of a warm-up, which are negative, in range
_POOL = 4  # words of a SeedSequence's pool; a key follows the seed after so many at least


@cache
def _word(text: str) -> int:
    """A stable 32-bit word for a text, the same in every process and version."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")


def _words(number: int) -> tuple[int, ...]:
    """The 32-bit words of a number, the lowest first."""
    return (number,) if number >> 32 == 0 else (number & 0xFFFFFFFF, *_words(number >> 32))


class Streams:
    """The generators of one replication.

    The words of seed and key are given to numpy as one array. Its own way, ``SeedSequence(seed,
    spawn_key=key)``, gives the same generator in twice the time.
    """

    def __init__(self, seed: int, replication: int) -> None:
        words = _words(seed)
        self._head = (*words, *(0,) * (_POOL - len(words)), *_words(replication))

    def day(self, purpose: str, day: int, name: str = "") -> np.random.Generator:
        """The generator of `purpose` on `day`; `name` sets one facility's apart from another's."""
        key = (_word(purpose), _DAY_ZERO + day, *((_word(name),) if name else ()))
        words = np.array(self._head + key, np.uint32)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))

    def once(self, purpose: str, name: str = "") -> np.random.Generator:
        """The generator of what is drawn once per replication, of one facility where it is named."""
        return self.day(purpose, -_DAY_ZERO, name)
