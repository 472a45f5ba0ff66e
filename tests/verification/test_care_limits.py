"""Limits of care whose answers are known: no beds, beds without limit, a census without limit.

The patients of a run are drawn again here, from the same streams, so that each one's fate in the run
can be held against what was drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from scipy import stats
from strategies import (
    arrivals,
    build,
    clinical,
    deaths,
    district,
    facility,
    gamma,
    people,
    severity,
    small,
    stays,
    variant,
)

from surgesim.model.care.patients import PatientBatch
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

WAVE = [round(20 + 15 * np.sin(2 * np.pi * day / 30), 3) for day in range(60)]
DAYS = 400  # long after the last arrival: everybody's journey has ended


def wave(beds: int | str, **sections: Any) -> Scenario:
    """Sixty days of arrivals with either need, and one facility."""
    care = {"facilities": {"alpha": facility(oxygen=beds, icu=beds)}}
    return build(small(DAYS, arrivals=arrivals(oxygen=WAVE, icu=WAVE), care=care) | sections)


def drawn(scenario: Scenario, seed: int, replication: int) -> list[PatientBatch]:
    """The patients of a run, day by day, drawn apart from it."""
    simulation = Simulation(scenario, seed, replication)
    assert simulation.province.arrivals is not None
    return [simulation.province.arrivals.on(day)[0] for day in range(scenario.days)]


def of_all(batches: list[PatientBatch], name: str) -> np.ndarray:
    return np.concatenate([getattr(batch, name) for batch in batches])


@pytest.mark.parametrize("boarding", [True, False])
def test_no_beds_give_the_untreated_outcome_of_the_same_patients(boarding: bool) -> None:
    scenario = wave(0, clinical=clinical(boarding=boarding))
    run = run_once(scenario, 5, 2)
    batches = drawn(scenario, 5, 2)
    luck, p_full, p_untreated = (of_all(batches, name) for name in ("luck", "p_full", "p_untreated"))
    assert run.outcomes["oxygen_patients"] == len(luck) > 2_000
    assert run.outcomes["deaths"] == np.count_nonzero(luck < p_untreated)
    assert run.outcomes["deaths_unavoidable"] == np.count_nonzero(luck < p_full)
    assert run.outcomes["deaths_untreated"] == np.count_nonzero((p_full <= luck) & (luck < p_untreated))
    assert run.series("recovered").sum() == np.count_nonzero(luck >= p_untreated)
    assert run.outcomes["oxygen_bed_days"] == run.outcomes["icu_bed_days"] == 0


def test_without_beds_every_wait_ends_when_the_clock_of_the_highest_need_does() -> None:
    scenario = wave(0)
    log: list[Any] = []
    Simulation(scenario, 5, 2, log=log).run()
    ends = {entry.patient: (entry.time, entry.what) for entry in log if entry.what in ("dies", "recovers")}
    batches = drawn(scenario, 5, 2)
    draws = {field.name: of_all(batches, field.name) for field in fields(PatientBatch)}
    assert len(ends) == len(draws["luck"])
    dies = draws["luck"] < draws["p_untreated"]
    wait = np.where(dies, draws["oxygen_death"], draws["oxygen_recovery"])
    then = draws["icu_delay"] + np.where(dies, draws["icu_death"], draws["icu_recovery"])
    wait = np.where(draws["icu_delay"] < wait, then, wait)  # of two needs the higher one's clock counts
    for index, end in enumerate(draws["need_time"] + wait):
        assert ends[index] == (pytest.approx(end), "dies" if dies[index] else "recovers")


@pytest.mark.parametrize("beds", ["unlimited", 5_000])
@pytest.mark.parametrize("step_down", [True, False])
def test_beds_for_all_give_the_full_care_outcome_of_the_same_patients(beds: Any, step_down: bool) -> None:
    scenario = wave(beds, clinical=clinical(step_down=step_down))
    run = run_once(scenario, 5, 2)
    batches = drawn(scenario, 5, 2)
    dead = of_all(batches, "luck") < of_all(batches, "p_full")
    assert run.outcomes["deaths"] == run.outcomes["deaths_unavoidable"] == np.count_nonzero(dead) > 100
    assert run.outcomes["icu_patients"] == np.count_nonzero(of_all(batches, "needs_icu"))
    for column in ("waiting_days", "boarding_days", "peak_without_bed", "deaths_untreated"):
        assert run.outcomes[column] == 0
    assert run.series("blocking").sum() == 0


def test_an_epidemic_brings_the_same_patients_with_no_beds_and_with_beds_for_all() -> None:
    """Deaths of the same epidemic in three kinds of care, every share of death its own probability."""

    def outcomes(beds: int | str) -> dict[str, float]:
        scenario = small(
            DAYS,
            people=people(districts={"town": district(20_000)}),
            epidemic={"variant": variant(2.5), "initial_infections": {"town": 20}},
            care={"facilities": {"alpha": facility(oxygen=beds, icu=beds)}},
        )
        return run_once(build(scenario), 1, 0).outcomes

    none, some, all_ = outcomes(0), outcomes(50), outcomes("unlimited")
    assert none["oxygen_patients"] == some["oxygen_patients"] == all_["oxygen_patients"] > 1_000
    assert none["deaths_unavoidable"] == some["deaths_unavoidable"] == all_["deaths"]
    assert none["deaths"] > some["deaths"] > all_["deaths"]


# -- M(t)/G/infinity ------------------------------------------------------------------------------

TIDE = [round(8 + 6 * np.sin(2 * np.pi * day / 20), 3) for day in range(40)]
RUNS = 60
_LOG_VARIANCE = np.log1p((4 / 6) ** 2)
STAYS = {
    "gamma": (gamma(6.0, 8.0), stats.gamma(a=(6 / 8) ** 2, scale=64 / 6).sf),
    "lognormal": (
        {"lognormal": {"mean": 6.0, "sd": 4.0}},
        stats.lognorm(s=_LOG_VARIANCE**0.5, scale=6 / np.exp(_LOG_VARIANCE / 2)).sf,
    ),
    "exponential": ({"exponential": 6.0}, lambda days: np.exp(-days / 6)),
    "fixed": ({"fixed": 4.3}, lambda days: (days < 4.3).astype(float)),
}


def expected_census(counts: list[float], survival: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """At 24:00 of each day: arrivals uniform within their day, times the chance to be there still."""
    times = (np.arange(200) + 0.5) / 200
    after = np.array([survival(days + times).mean() for days in range(len(counts))])
    return np.convolve(counts, after)[: len(counts)]


@pytest.mark.parametrize("stay", STAYS)
def test_a_census_without_limit_is_poisson_with_the_convolution_as_mean(stay: str) -> None:
    distribution, survival = STAYS[stay]
    survives = clinical(
        severity=severity(p_icu=0.0, death_oxygen=deaths(0, 0, 0)), stays=stays(oxygen_days=distribution)
    )
    care = {"facilities": {"alpha": facility(oxygen="unlimited")}}
    scenario = build(small(40, arrivals=arrivals(oxygen=TIDE), clinical=survives, care=care))
    census = np.array([run_once(scenario, 3, k).series("occupied_oxygen") for k in range(RUNS)])
    mean = expected_census(TIDE, survival)
    # The sum over runs is Poisson too, so each day's z is standard normal; some six stays fit in 40 days.
    z = (census.sum(axis=0) - RUNS * mean) / (RUNS * mean) ** 0.5
    assert np.abs(z).max() < 4
    assert abs(z.mean()) < 4 / 6**0.5
    dispersion = census.var(axis=0, ddof=1) / mean
    assert dispersion.mean() == pytest.approx(1.0, abs=0.15)


def test_an_icu_census_without_limit_mixes_the_stays_of_survivors_and_the_dying() -> None:
    course = clinical(
        severity=severity(death_icu=deaths(0.4, 0.5, 0.6)),
        stays=stays(icu_survivor_days={"exponential": 8.0}, icu_dying_days={"exponential": 3.0}),
        step_down=False,
    )
    care = {"facilities": {"alpha": facility(icu="unlimited")}}
    scenario = build(small(40, arrivals=arrivals(icu=TIDE), clinical=course, care=care))
    census = sum(run_once(scenario, 3, k).series("occupied_icu") for k in range(RUNS))
    mean = RUNS * expected_census(TIDE, lambda t: 0.6 * np.exp(-t / 8) + 0.4 * np.exp(-t / 3))
    assert (np.abs(census - mean) / mean**0.5).max() < 4
