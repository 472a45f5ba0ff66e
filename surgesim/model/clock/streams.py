"""Random generators, one for each seed, replication, purpose and day, so that draws are independent.

This is the only module that creates generators. A new feature uses a new purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

_DAY_ZERO = 1 << 20  # offset that keeps the negative days of a warm-up in range
_POOL = 4  # number of words in a SeedSequence's pool; the seed is padded to at least this many before the key
_BLOCK: Final = 128
"""Number of days whose seeds are computed together."""

_MASK = 0xFFFFFFFF
Words = Any
"""Words of 32 bits: an int, or the words of several days as an array of 64-bit integers."""


@cache
def _word(text: str) -> int:
    """Return a stable 32-bit word for a text, the same in every process and version."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")


def _words(number: int) -> tuple[int, ...]:
    """Return the 32-bit words of a whole number, lowest first."""
    return (number,) if number >> 32 == 0 else (number & 0xFFFFFFFF, *_words(number >> 32))


class Streams:
    """The random generators of one replication.

    Each equals the generator of ``SeedSequence(seed, spawn_key=key)``. The seeds of many days are computed at
    once, because numpy takes four times as long one day at a time.
    """

    def __init__(self, seed: int, replication: int) -> None:
        words = _words(seed)
        self._head = (*words, *(0,) * (_POOL - len(words)), *_words(replication))
        self._blocks: dict[tuple[str, str, int], NDArray[np.uint64]] = {}

    def day(self, purpose: str, day: int, name: str = "") -> Generator:
        """Return the generator for `purpose` on `day`; `name` distinguishes facilities."""
        block, place = divmod(_DAY_ZERO + day, _BLOCK)
        seeds = self._blocks.get((purpose, name, block))
        if seeds is None:
            days = np.arange(block * _BLOCK, (block + 1) * _BLOCK, dtype=np.uint64)
            seeds = self._blocks[purpose, name, block] = _seeds(
                (*self._head, _word(purpose), days, *((_word(name),) if name else ()))
            )
        return Generator(PCG64(_Seed(seeds[place])))  # type: ignore[arg-type]

    def once(self, purpose: str, name: str = "") -> Generator:
        """Return the generator for draws made once per replication, for facility `name` if given."""
        words = (*self._head, _word(purpose), 0, *((_word(name),) if name else ()))
        return Generator(PCG64(SeedSequence(np.array(words, np.uint32))))


class _Seed(ISeedSequence):
    """The seed of one generator, computed in advance."""

    __slots__ = ("_words",)

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self._words = words

    def generate_state(self, n_words: int, dtype: object = np.uint64) -> NDArray[np.uint64]:
        """Return the four words that PCG64 asks for."""
        return self._words


def _seeds(words: tuple[Words, ...]) -> NDArray[np.uint64]:
    """Return the seeds of a block of days, ``(days, 4)``, as numpy's SeedSequence computes them.

    Parameters
    ----------
    words
        At least `_POOL` words of seed and key, of which the word of the day is an array.
    """
    constants = _constants(0x43B0D7E5, 0x931E8875)
    pool = [_hashed(word, constants) for word in words[:_POOL]]
    for source in range(_POOL):
        for place in range(_POOL):
            if source != place:
                pool[place] = _mixed(pool[place], _hashed(pool[source], constants))
    for word in words[_POOL:]:
        pool = [_mixed(one, _hashed(word, constants)) for one in pool]
    constants = _constants(0x8B51F9DD, 0x58F38DED)
    state = np.array([_hashed(pool[place % _POOL], constants) for place in range(2 * _POOL)], np.uint64)
    return np.ascontiguousarray((state[::2] | state[1::2] << np.uint64(32)).T)


def _constants(first: int, factor: int) -> Iterator[tuple[int, int]]:
    """Yield the two constants of each hash; the second constant of a hash is the first of the next one."""
    while True:
        following = first * factor & _MASK
        yield first, following
        first = following


def _hashed(words: Words, constants: Iterator[tuple[int, int]]) -> Words:
    xor, factor = next(constants)
    product: Words = (words ^ xor) * factor & _MASK
    return product ^ product >> 16


def _mixed(one: Words, other: Words) -> Words:
    difference: Words = one * 0xCA01F9DD - other * 0x4973F715 & _MASK
    return difference ^ difference >> 16
