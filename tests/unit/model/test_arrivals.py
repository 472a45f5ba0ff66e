"""Given arrivals: counts exact or Poisson, where and of whom, with uncertain demand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from strategies import arrivals, build, clinical, district, facility, people, severity, small

from surgesim.model.care.arrivals import _demand_factor
from surgesim.model.care.patients import PatientBatch
from surgesim.model.clock.streams import Streams
from surgesim.model.simulation import Simulation, run_once

COUNTS = [4.0, 0.0, 9.0, 1.0]


def days(
    section: dict[str, Any], number: int = 4, replication: int = 0, **sections: Any
) -> list[PatientBatch]:
    simulation = Simulation(build(small(number, arrivals=section, **sections)), 1, replication)
    assert simulation.province.arrivals is not None
    return [simulation.province.arrivals.on(day)[0] for day in range(number)]


def test_exact_counts_are_taken_as_they_are() -> None:
    section = arrivals("exact", oxygen=COUNTS, icu=[1, 2, 3, 4])
    batches = days(section)
    assert [len(batch) for batch in batches] == [5, 2, 12, 5]
    straight = [int((batch.icu_delay == 0).sum()) for batch in batches]
    assert straight == [1, 2, 3, 4]
    assert not any(batch.unreported.any() for batch in batches)  # who comes as given is known already


@pytest.mark.slow
def test_poisson_counts_have_the_mean_and_the_variance_of_the_counts() -> None:
    numbers = np.array([len(batch) for batch in days(arrivals(icu=[6.5] * 2_000), 2_000)])
    assert numbers.mean() == pytest.approx(6.5, abs=4 * (6.5 / 2_000) ** 0.5)
    assert numbers.var() == pytest.approx(6.5, rel=0.15)


def test_patients_arrive_evenly_within_their_day() -> None:
    (batch,) = days(arrivals("exact", icu=[20_000]), 1)
    share, _ = np.histogram(batch.need_time, bins=10, range=(0, 1))
    assert np.abs(share - 2_000).max() < 4 * 2_000**0.5
    assert 0 <= batch.need_time.min() < batch.need_time.max() < 1


def test_days_past_the_end_have_no_arrivals_and_a_warm_up_has_those_of_the_first() -> None:
    section = arrivals("exact", icu=[3, 1])
    run = run_once(build(small(5, arrivals=section)), 1, 0)
    assert run.series("new_icu_need").tolist() == [3, 1, 0, 0, 0]
    warmed = Simulation(build(small(5, warm_up_days=10, arrivals=section)), 1, 0)
    record = warmed.run()
    assert record.series("new_icu_need").tolist() == [3, 1, 0, 0, 0]
    assert warmed.province.journey.ledger.created == 3 * 10 + 4


TOWNS = people(
    districts={"here": district(30_000), "there": district(10_000)},
    ages=[0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05],
)
CARE = {"facilities": {"alpha": facility(oxygen=1, district="here")}}


def test_without_a_district_patients_are_split_by_population_and_without_an_age_by_need() -> None:
    p_oxygen, p_icu = np.linspace(0.01, 0.2, 9), np.linspace(0.3, 0.1, 9)
    course = clinical(severity=severity(p_oxygen=p_oxygen.tolist(), p_icu=p_icu.tolist()))
    ages = np.array(TOWNS["ages"])
    for need, weight in (("oxygen", ages * p_oxygen), ("icu", ages * p_oxygen * p_icu)):
        (batch,) = days(arrivals("exact", **{need: [40_000]}), 1, people=TOWNS, clinical=course, care=CARE)
        assert (batch.district == 0).mean() == pytest.approx(0.75, abs=0.01)
        by_age = np.bincount(batch.age, minlength=9) / 40_000
        np.testing.assert_allclose(by_age, weight / weight.sum(), atol=0.01)


def test_a_series_can_name_its_district_and_age() -> None:
    series = {"grannies": {"bed": "icu", "counts": [50], "district": "there", "age": "80+"}}
    (batch,) = days({"series": series, "counts_are": "exact"}, 1, people=TOWNS, care=CARE)
    assert set(batch.district) == {1}
    assert set(batch.age) == {8}


@pytest.mark.slow
def test_demand_uncertainty_is_one_factor_of_mean_1_on_a_whole_replication() -> None:
    section = arrivals("exact", icu=[200, 200]) | {"demand_sd": 0.3}
    numbers = np.array([[len(batch) for batch in days(section, 2, k)] for k in range(250)])
    np.testing.assert_array_equal(numbers[:, 0], numbers[:, 1])
    assert numbers[:, 0].mean() == pytest.approx(200, abs=4 * 60 / 250**0.5)
    assert numbers[:, 0].std() == pytest.approx(60, rel=0.2)


def test_the_factor_on_demand_is_lognormal_with_mean_1_and_the_sd_given() -> None:
    assert _demand_factor(0.0, Streams(1, 0)) == 1.0
    logs = np.log([_demand_factor(0.5, Streams(1, replication)) for replication in range(400)])
    sd = np.log(1 + 0.5**2) ** 0.5  # of the logarithm; its mean is minus half the square
    assert logs.mean() == pytest.approx(-(sd**2) / 2, abs=4 * sd / 400**0.5)
    assert logs.std() == pytest.approx(sd, abs=4 * sd / 800**0.5)


def test_arrivals_of_the_mild_go_to_basic_beds() -> None:
    section = arrivals("exact", basic=[30, 0])
    care = {"facilities": {"alpha": facility(basic=20)}}
    run = run_once(build(small(2, arrivals=section, care=care)), 1, 0)
    assert run.series("mild_in_isolation")[0] == 20
    assert run.series("isolation_refused").tolist() == [10, 0]
    assert run.outcomes["oxygen_patients"] == 0
