"""Scenario files with random faults load, or are refused in readable sentences; see `benchmarks/fuzz.py`.

Warnings are errors here, so one of numpy or Python is a failure too.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzzing import TOWNS, a_case, check_stored, load_case, prepare, run_case

SEED = 14


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return prepare(tmp_path)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_nonsense_is_loaded_or_refused(folder: Path, first: int) -> None:
    cases = [a_case(SEED, number, TOWNS) for number in range(first, first + 50)]
    loaded = [scenario for case in cases if (scenario := load_case(case, folder)) is not None]
    assert 0 < len(loaded) < len(cases)
    for scenario in loaded:
        check_stored(scenario, folder)


def test_what_loads_can_be_run(folder: Path) -> None:
    cases = [a_case(SEED, number, TOWNS, gentle=True) for number in range(20)]
    loaded = [scenario for case in cases if (scenario := load_case(case, folder)) is not None]
    ran = [run_case(scenario, days=6) for scenario in loaded]
    assert sum(ran) >= 5


def test_a_case_follows_from_its_seed_and_number(folder: Path) -> None:
    assert str(a_case(SEED, 7, TOWNS)) == str(a_case(SEED, 7, TOWNS))
    assert str(a_case(SEED, 7, TOWNS)) != str(a_case(SEED, 8, TOWNS))
