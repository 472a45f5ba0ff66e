"""Streams: one generator for each seed, replication, purpose, day and name, whatever else is drawn."""

from __future__ import annotations

import ast
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import surgesim
from surgesim.model.clock.streams import Streams, _word

PACKAGE = Path(surgesim.__file__).parent


def first(rng: np.random.Generator) -> float:
    return float(rng.random())


def test_the_same_key_gives_the_same_numbers() -> None:
    one, two = (Streams(7, 3).day("infection", 12).random(5) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_every_part_of_the_key_tells() -> None:
    streams = Streams(7, 3)
    numbers = [
        first(streams.day("infection", 12)),
        first(Streams(8, 3).day("infection", 12)),
        first(Streams(7, 4).day("infection", 12)),
        first(streams.day("patients", 12)),
        first(streams.day("infection", 13)),
        first(streams.day("infection", -12)),
        first(streams.day("infection", 12, "bravo")),
        first(streams.day("infection", 12, "alpha")),
        first(streams.once("infection")),
        first(Streams(2**62 + 1, 3).day("infection", 12)),
        first(Streams(2**62, 3).day("infection", 12)),
    ]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**70 + 5, 2**130 + 2**64 + 9])
@pytest.mark.parametrize("replication", [0, 3, 2**32 + 1])
@pytest.mark.parametrize("name", ["", "alpha"])
def test_a_stream_is_that_of_the_seed_sequence_with_the_key(seed: int, replication: int, name: str) -> None:
    key = (replication, _word("staff"), (1 << 20) + 12, *((_word(name),) if name else ()))
    numpys = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
    assert first(Streams(seed, replication).day("staff", 12, name)) == first(numpys)


def test_drawing_from_one_stream_moves_no_other() -> None:
    alone = Streams(1, 0).day("patients", 5).random(4)
    streams = Streams(1, 0)
    streams.day("infection", 5).random(10_000)
    streams.day("patients", 4).random(10_000)
    np.testing.assert_array_equal(streams.day("patients", 5).random(4), alone)


def test_streams_are_uncorrelated_from_day_to_day_and_between_purposes() -> None:
    n = 2_000
    draws = {
        (purpose, day): Streams(1, 0).day(purpose, day).random(n)
        for purpose in ("infection", "patients")
        for day in range(3)
    }
    for one, other in combinations(draws, 2):
        correlation = np.corrcoef(draws[one], draws[other])[0, 1]
        assert abs(correlation) < 4 / n**0.5, (one, other)


def test_first_numbers_of_many_days_are_uniform() -> None:
    numbers = np.sort([first(Streams(1, 0).day("infection", day)) for day in range(2_000)])
    distance = np.abs(numbers - (np.arange(2_000) + 0.5) / 2_000).max()
    assert distance < 1.95 / 2_000**0.5  # Kolmogorov-Smirnov, 1 in 1,000


@pytest.mark.slow
def test_a_stream_is_the_same_in_another_process() -> None:
    code = (
        "from surgesim.model.clock.streams import Streams; print(Streams(5, 2).day('patients', 9).random())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(told) == first(Streams(5, 2).day("patients", 9))


def purposes() -> set[str]:
    """Every purpose that the model draws for: the first argument of `day` and `once` of streams."""
    found = set()
    for path in (PACKAGE / "model").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("day", "once")
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(str(node.args[0].value))
    return found


@pytest.mark.slow
def test_no_two_purposes_of_the_model_share_a_word() -> None:
    names = purposes()
    assert {"infection", "importation", "severity", "patients", "detection", "arrivals"} <= names
    assert len({_word(name) for name in names}) == len(names)


def test_only_streams_makes_generators() -> None:
    made = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in ("default_rng", "PCG64", "SeedSequence"))
    ]
    of_models = [path for path in made if not path.startswith("scoring")]  # scores simulate no province
    assert of_models == [str(Path("model") / "clock" / "streams.py")]


@pytest.mark.parametrize("day", [-20_000, 20_000])
def test_the_longest_warm_up_and_run_have_streams(day: int) -> None:
    assert 0 <= first(Streams(0, 0).day("infection", day)) < 1
