"""Tests that stay valid however often one looks, and the search that uses them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from surgesim.decisions.search import Condition, Goal, looks, most_tested, search
from surgesim.decisions.sequences import (
    Floats,
    isotonic,
    log_capital,
    mean_interval,
    mean_margin,
    share_interval,
)

RISK = Condition("breached_x", 0.2)
TRUTH = (0.9, 0.6, 0.4, 0.2001, 0.15, 0.05, 0.01, 0.0)
"""Risks by value, of which the fourth is just above the bound."""


def draws(p: float, n: int, seed: int) -> Floats:
    return (np.random.default_rng(seed).random(n) < p).astype(float)


@pytest.mark.parametrize("below", [True, False])
def test_at_the_bound_the_capital_reaches_ten_times_at_most_once_in_ten(below: bool) -> None:
    reached = [log_capital(draws(0.2, 400, seed), 0.2, below=below) >= math.log(10) for seed in range(400)]
    assert np.mean(reached) < 0.1


def test_the_capital_is_exact_for_two_values() -> None:
    stakes = (np.arange(20) + 0.5) / 20
    of_zero, of_one = 1 + stakes * 0.2 / 0.8, 1 - stakes
    assert log_capital(np.array([0.0]), 0.2, below=True) == pytest.approx(math.log(of_zero.mean()))
    both = math.log((of_zero * of_one).mean())
    assert log_capital(np.array([0.0, 1.0]), 0.2, below=True) == pytest.approx(
        max(math.log(of_zero.mean()), both)
    )


def test_a_share_interval_covers_at_all_times() -> None:
    missed = 0
    for seed in range(200):
        values = draws(0.1, 120, seed)
        ends = [share_interval(values[:n], 0.1) for n in (20, 40, 80, 120)]
        missed += any(not low <= 0.1 <= high for low, high in ends)
    assert missed / 200 < 0.1


def test_an_interval_agrees_with_the_verdict() -> None:
    values = draws(0.05, 200, 1)
    low, high = share_interval(values, 0.02)
    assert high < 0.2
    assert Condition("breached_x", high + 1e-6).verdict(values, 0.01) == "holds"
    assert Condition("breached_x", high - 1e-3).verdict(values, 0.01) == "open"
    assert Condition("breached_x", low - 1e-6).verdict(values, 0.01) == "fails"


def test_a_mean_interval_covers_at_all_times() -> None:
    missed = 0
    for seed in range(300):
        values = np.random.default_rng(seed).gamma(4.0, 1.0, 400)
        ends = [mean_interval(values[:n], 0.1) for n in (40, 60, 90, 135, 200, 300, 400)]
        missed += any(not low <= 4.0 <= high for low, high in ends)
    assert missed / 300 < 0.1


def test_one_run_says_nothing_of_a_mean() -> None:
    assert mean_margin(np.array([3.0]), 0.1) == math.inf


def test_isotonic_pools_neighbours_that_rise() -> None:
    found = isotonic(np.array([0.9, 0.2, 0.4, 0.1]), np.array([1.0, 1.0, 3.0, 1.0]))
    assert found.tolist() == pytest.approx([0.9, 0.35, 0.35, 0.1])
    assert found @ np.array([1, 1, 3, 1]) == pytest.approx(0.9 + 0.2 + 3 * 0.4 + 0.1)


def test_looks_grow_and_end_at_the_most() -> None:
    assert list(looks(20, 100)) == [20, 30, 45, 68, 100]
    assert list(looks(20, 10)) == [10]
    assert list(looks(80, 300, together=4)) == [80, 120, 180, 272, 300]  # whole draws


@pytest.mark.parametrize(("count", "tests"), [(2, 2), (3, 3), (17, 6), (18, 7)])
def test_a_search_tests_the_ends_and_one_value_for_each_halving(count: int, tests: int) -> None:
    assert most_tested(count) == tests
    asked: list[int] = []

    def run(places: Sequence[int], n: int) -> None:
        asked.extend(place for place in places if place not in asked)

    most = max(
        values_asked(count, first, asked, run)
        for first in range(1, count)  # the first value that suffices
    )
    assert most <= tests


def values_asked(count: int, first: int, asked: list[int], run: object) -> int:
    asked.clear()
    answer = search(
        count,
        Goal((RISK,), 0.9, 200),
        run,  # type: ignore[arg-type]
        lambda place, _: np.full(200, float(place < first)),
    )
    assert (answer.status, answer.place, answer.failing) == ("found", first, first - 1)
    return len(asked)


def fixed(risks: Sequence[float], most: int = 200) -> object:
    """Search values with these risks, whose runs share uniform numbers."""
    uniforms = np.random.default_rng(1).random(most)
    done = [0] * len(risks)

    def run(places: Sequence[int], n: int) -> None:
        for place in places:
            done[place] = max(done[place], n)

    def values(place: int, outcome: str) -> Floats:
        return (uniforms[: done[place]] < risks[place]).astype(float)

    return search(len(risks), Goal((RISK,), 0.9, most), run, values)


def test_what_holds_at_the_weakest_is_said() -> None:
    assert fixed([0.01, 0.01, 0.0])[:2] == ("already", 0)  # type: ignore[index]


def test_what_no_value_reaches_is_said_with_the_best() -> None:
    assert fixed([0.9, 0.8, 0.6]) == ("unreachable", 2, 2)


def test_a_value_too_near_the_bound_to_tell_is_passed_over() -> None:
    answer = fixed([0.9, 0.2, 0.01, 0.0])
    assert answer == ("found", 2, 0)


def test_the_confidence_is_kept() -> None:
    """Of 300 searches with a failing value just above the bound, few find that or a weaker one."""
    wrong = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        uniforms, done = rng.random(150), [0] * 8

        def run(places: Sequence[int], n: int, done: list[int] = done) -> None:
            for place in places:
                done[place] = max(done[place], n)

        def values(place: int, _: str, done: list[int] = done, u: Floats = uniforms) -> Floats:
            return (u[: done[place]] < TRUTH[place]).astype(float)

        answer = search(8, Goal((RISK,), 0.8, 150), run, values)
        wrong += answer.status != "unreachable" and answer.place <= 3
    assert wrong / 300 <= 0.2
