"""Closed settings: districts with contacts of their own, mostly closed to others."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats
from strategies import Plain, build, district, facility, people, small, variant

from surgesim.model.record import Record
from surgesim.model.simulation import run_once

pytestmark = pytest.mark.slow

REPLICATIONS = 5


@cache
def runs(contacts: float | None, closed: float = 0.9, begins: str = "prison") -> list[Record]:
    place: Plain = {} if contacts is None else {"place": {"contacts": contacts, "closed": closed}}
    towns = {"town": district(20_000), "prison": district(2_000) | place}
    scenario = build(
        small(
            30,
            people=people(districts=towns),
            epidemic={"variant": variant(1.5), "initial_infections": {begins: 20}},
            care={
                "facilities": {
                    "alpha": facility(oxygen=100),
                    "on-site": facility(oxygen=20, district="prison") | {"serves": ["prison"]},
                }
            },
        )
    )
    return [run_once(scenario, 1, k) for k in range(REPLICATIONS)]


def infected(record: Record) -> np.ndarray:
    return record.reached[3].sum(axis=(1, 2))


def lowest(difference: np.ndarray) -> float:
    """Lower end of the 95 % interval of a mean paired difference."""
    half = stats.t.ppf(0.975, len(difference) - 1) * difference.std(ddof=1) / len(difference) ** 0.5
    return float(difference.mean() - half)


def test_a_closed_setting_has_an_outbreak_of_its_own() -> None:
    inside, outside = np.array(
        [infected(a) - infected(b) for a, b in zip(runs(3.0), runs(None), strict=True)]
    ).T[::-1]
    assert lowest(inside) > 0
    assert (inside > outside).all()


def test_a_place_that_is_shut_keeps_the_infection_out() -> None:
    for record in runs(3.0, 1.0, "town"):
        assert infected(record)[1] == 0
    assert all(infected(record)[1] > 0 for record in runs(3.0, 0.0, "town"))


def test_patients_of_the_place_are_treated_on_site() -> None:
    treated = np.concatenate([record.trips for record in runs(3.0)])
    assert set(treated[treated[:, 1] == 1][:, 0]) <= {~1, 0}
    assert (treated[treated[:, 0] == ~1][:, 1] == 1).any()


@pytest.mark.parametrize("begins", ["prison", "town"])
def test_a_place_with_usual_contacts_that_is_open_is_a_district(begins: str) -> None:
    one, other = runs(1.0, 0.0, begins)[0], runs(None, begins=begins)[0]
    assert one.province.tobytes() == other.province.tobytes()
    assert one.districts.tobytes() == other.districts.tobytes()
