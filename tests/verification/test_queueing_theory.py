"""The ICU as a queue whose answers are known: Erlang B, Erlang C and Erlang A.

Boarding and step-down are off, arrivals are Poisson and go straight to ICU. What ends a wait is the
clock: fixed at 0 nobody waits, `never` everybody does, exponential is impatience. The answers are
figures per day; a run has them per `DAY`, so that it holds many of theirs in few of its own.
"""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
import pytest
from strategies import Plain, build, gamma, icu_queue

from surgesim.model.record import Record
from surgesim.model.simulation import Simulation, run_once

pytestmark = pytest.mark.slow

DAY = 1 / 50
RUNS = 10


def mean_and_error(values: list[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / len(values) ** 0.5)


def queue(days: int, per_day: float, beds: int, stay: Plain, patience: Any) -> Any:
    """The scenario of so many of the theory's days."""
    return build(icu_queue(round(days * DAY), per_day / DAY, beds, stay, patience))


def share_lost(run: Record, warm_up: int) -> float:
    return float(run.series("deaths_untreated")[warm_up:].sum() / run.series("new_icu_need")[warm_up:].sum())


def erlang_b(load: float, beds: int) -> float:
    terms = [load**k / factorial(k) for k in range(beds + 1)]
    return terms[-1] / sum(terms)


def erlang_c(load: float, beds: int) -> float:
    blocked = erlang_b(load, beds)
    return blocked / (1 - load / beds * (1 - blocked))


def erlang_a(per_day: float, stay: float, beds: int, patience: float) -> float:
    """Share abandoning in M/M/c+M: what leaves the line over what comes, in the steady state."""
    weights = [1.0]
    for k in range(1, beds + 400):
        leaving = min(k, beds) / stay + max(k - beds, 0) / patience
        weights.append(weights[-1] * per_day / leaving)
    chance = np.array(weights) / sum(weights)
    waiting = np.maximum(np.arange(len(chance)) - beds, 0)
    return float(chance @ waiting / patience / per_day)


def test_the_formulas_give_the_published_figures() -> None:
    assert round(erlang_b(2 * 5.0, 10), 6) == 0.214582
    waits = erlang_c(5 * 8.0705, 45)
    assert round(waits, 4) == 0.3726
    assert round(waits * 8.0705 / (45 - 5 * 8.0705), 3) == 0.647
    assert round(erlang_a(5, 8.0705, 45, 0.5), 4) == 0.0463


@pytest.mark.parametrize(
    "stay",
    [{"exponential": 5 * DAY}, gamma(5 * DAY, 2 * DAY), gamma(5 * DAY, 10 * DAY), {"fixed": 5 * DAY}],
    ids=["exponential", "gamma, sd 2", "gamma, sd 10", "fixed"],
)
def test_erlang_b_a_clock_of_0_loses_who_finds_no_bed_whatever_the_stay(stay: Plain) -> None:
    scenario = queue(4_000, 2, 10, stay, {"fixed": 0.0})
    runs = [run_once(scenario, 1, replication) for replication in range(RUNS)]
    assert all(run.outcomes["waiting_days"] == 0 for run in runs)
    blocked, error = mean_and_error([share_lost(run, 4) for run in runs])
    assert error < 0.005
    assert abs(blocked - 0.214582) < 3.5 * error


def test_erlang_c_a_clock_of_never_lets_everybody_wait_for_a_bed() -> None:
    scenario = queue(6_000, 5, 45, {"exponential": 8.0705 * DAY}, "never")
    waits, delayed = [], []
    for replication in range(RUNS):
        wait = waiting_times(scenario, replication, warm_up=20) / DAY
        waits.append(float(wait.mean()))
        delayed.append(float((wait > 0).mean()))
    p_wait, error = mean_and_error(delayed)
    assert error < 0.02
    assert abs(p_wait - 0.3726) < 3.5 * error
    mean_wait, error = mean_and_error(waits)
    assert error < 0.06
    assert abs(mean_wait - 0.647) < 3.5 * error


def waiting_times(scenario: Any, replication: int, *, warm_up: int) -> np.ndarray:
    """From ICU need to ICU bed, of each patient in need after the warm-up and served by the end."""
    log: list[Any] = []
    Simulation(scenario, 1, replication, log=log).run()
    need = {entry.patient: entry.time for entry in log if entry.what == "needs ICU"}
    served = [(entry.patient, entry.time) for entry in log if entry.what == "in ICU bed"]
    return np.array([time - need[patient] for patient, time in served if need[patient] >= warm_up])


def test_erlang_a_an_exponential_clock_is_impatience() -> None:
    scenario = queue(2_500, 5, 45, {"exponential": 8.0705 * DAY}, {"exponential": 0.5 * DAY})
    runs = [run_once(scenario, 1, replication) for replication in range(RUNS)]
    abandoned, error = mean_and_error([share_lost(run, 4) for run in runs])
    assert error < 0.0025
    assert abs(abandoned - 0.0463) < 3.5 * error
    # Little's law: mean number waiting = arrivals a day x mean wait; abandonment = that over patience.
    waiting, error = mean_and_error([float(run.series("waiting_icu")[4:].mean()) for run in runs])
    assert abs(waiting - 5 * 0.5 * 0.0463) < 3.5 * error
