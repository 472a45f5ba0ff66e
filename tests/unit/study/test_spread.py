"""Chance and assumptions apart: known variances are recovered, and their intervals hold them."""

from __future__ import annotations

import numpy as np
import pytest

from surgesim.study.measures.spread import Spread, spread

TRIES = 400


def made(rng: np.random.Generator, draws: int, assumptions: float, chance: float, *, skew: bool) -> Spread:
    shape = (draws, 1)
    effect = (rng.gamma(2, size=shape) - 2) / 2**0.5 if skew else rng.normal(size=shape)
    return spread(assumptions * effect + chance * rng.normal(size=(draws, 2)))


@pytest.mark.parametrize("skew", [False, True])
@pytest.mark.parametrize("draws", [10, 20])
@pytest.mark.parametrize(("assumptions", "chance"), [(3.0, 1.0), (1.0, 1.0), (0.5, 1.0), (5.0, 1.0)])
def test_known_variances_are_recovered(draws: int, assumptions: float, chance: float, *, skew: bool) -> None:
    rng = np.random.default_rng(1)
    tries = [made(rng, draws, assumptions, chance, skew=skew) for _ in range(TRIES)]
    assert np.mean([s.chance**2 for s in tries]) == pytest.approx(chance**2, rel=0.1)
    around = 4 * (assumptions**2 + chance**2) * (4 / draws / TRIES) ** 0.5
    assert np.mean([s.assumptions**2 for s in tries]) == pytest.approx(assumptions**2, abs=around + 0.1)
    assert np.mean([s.chance_low <= chance <= s.chance_high for s in tries]) > 0.87
    assert np.mean([s.assumptions_low <= assumptions <= s.assumptions_high for s in tries]) > 0.87


def test_chance_alone_leaves_nothing_to_assumptions() -> None:
    rng = np.random.default_rng(2)
    tries = [made(rng, 20, 0.0, 1.0, skew=False) for _ in range(TRIES)]
    assert np.mean([s.assumptions_low == 0 for s in tries]) > 0.93
    assert np.mean([s.assumptions == 0 for s in tries]) == pytest.approx(0.5, abs=0.1)
    none = [s for s in tries if s.assumptions == 0]
    assert all(s.low == s.high == s.mean for s in none)


def test_draws_alone_leave_nothing_to_chance() -> None:
    values = np.arange(20.0)
    found = spread(np.column_stack([values, values]))
    assert (found.chance, found.chance_low, found.chance_high) == (0, 0, 0)
    assert found.assumptions == pytest.approx(values.std(ddof=1))
    assert (found.low, found.high) == (pytest.approx(0.95), pytest.approx(18.05))


def test_equal_runs_have_no_spread() -> None:
    found = spread(np.ones((10, 2)))
    assert found == Spread(1.0, 0, 0, 0, 0, 0, 0, 1.0, 1.0)


def test_the_range_of_draws_is_without_chance() -> None:
    """Means of two runs vary more than the assumptions do; the range is drawn together by that."""
    rng = np.random.default_rng(3)
    found = spread(2 * rng.normal(size=(4_000, 1)) + 3 * rng.normal(size=(4_000, 2)))
    assert (found.high - found.low) / 2 == pytest.approx(1.645 * 2, rel=0.05)
    assert found.assumptions == pytest.approx(2, rel=0.05)
