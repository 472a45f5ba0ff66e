"""Pools of staff, ventilators and cylinders; what is lent to other provinces."""

from __future__ import annotations

import numpy as np
import pytest
from capacity_cases import NEVER_ABSENT, Watched, nobody_dies, rule, standing
from hypothesis import given
from hypothesis import strategies as st
from strategies import Plain, facility

from surgesim.model.capacity.pooling import allot, allot_whole
from surgesim.model.record import FACILITY_INDEX
from surgesim.model.simulation import run_once

amounts = st.lists(st.floats(0, 1000), min_size=3, max_size=3).map(np.array)
STAFFING: Plain = {
    "icu": {"nurse": {"normal": 1, "surge": 1}, "doctor": {"normal": 1000, "surge": 1000}},
    "heads_per_post": 5.0,
    "absence": NEVER_ABSENT,
}


@given(amounts, st.floats(0, 1), amounts, amounts)
def test_a_pool_loses_nothing_and_takes_no_more_than_the_share(
    owned: np.ndarray, share: float, needed: np.ndarray, more: np.ndarray
) -> None:
    after = allot(owned, share, (needed, needed + more))
    assert after.sum() == pytest.approx(owned.sum())
    assert (after >= owned * (1 - share) - 1e-9).all()
    assert (after <= np.maximum(owned, needed + more) + 1e-9).all()
    if share == 0:
        assert after is owned


def test_what_lacks_is_in_proportion() -> None:
    after = allot(np.array([100.0, 0.0, 0.0]), 0.3, (np.array([0.0, 40.0, 20.0]),))
    assert after.tolist() == pytest.approx([70, 20, 10])
    assert allot_whole(5, (np.array([3, 0]), np.array([5, 20]))).tolist() == [3, 2]


def test_pooled_nurses_work_where_patients_and_beds_lack_them() -> None:
    """Alpha has 100 ICU nurses for 4 beds; half of them, ten posts, can staff ten beds of bravo's 20."""
    sites = {
        "alpha": facility(icu=4) | {"staff": {"doctors": 10_000, "icu_nurses": 100}},
        "bravo": facility(icu=20) | {"staff": {"doctors": 10_000}},
    }
    plan = {"pool": rule("pool_staff", icu_nurses=0.5) | {"until": {"on": "2024-01-05"}}}
    record = run_once(standing(6, sites, plan=plan, more_care={"staffing": STAFFING}), 1, 0)
    beds = record.facilities[:, :, FACILITY_INDEX["staffed_icu"]]
    assert beds.tolist() == [[4, 0], [4, 0], [4, 10], [4, 10], [4, 0], [4, 0]]
    assert record.series("staff_moved").tolist() == pytest.approx([0, 0, 50, 50, 0, 0])


def test_facilities_lend_what_they_have_and_get_it_back() -> None:
    site = facility(icu=40) | {"staff": {"doctors": 10_000, "icu_nurses": 50}, "ventilators": 30}
    everybody: Plain = nobody_dies(respiratory={"icu_beds": {"invasive": 1.0}})
    plan = {"lend": rule("lend", icu_nurses=30, ventilators=40) | {"until": {"on": "2024-01-05"}}}
    scenario = standing(6, {"alpha": site}, plan=plan, clinical=everybody, more_care={"staffing": STAFFING})
    record = run_once(scenario, 1, 0)
    assert record.series("staff_lent").tolist() == [0, 0, 30, 30, 0, 0]
    assert record.series("ventilators_lent").tolist() == [0, 0, 30, 30, 0, 0]
    assert record.series("staffed_icu").tolist() == [10, 10, 0, 0, 10, 10]
    only_staff = {"lend": rule("lend", icu_nurses=30)}
    fewer = run_once(
        standing(4, {"alpha": site}, plan=only_staff, clinical=everybody, more_care={"staffing": STAFFING}),
        1,
        0,
    )
    assert fewer.series("staffed_icu").tolist() == [10, 10, 4, 4]


def test_cylinders_go_to_the_facility_that_runs_short() -> None:
    """Bravo's four patients on masks would empty its 20 cylinders on day 3; alpha has 100 and nobody."""
    sites = {
        "alpha": facility(oxygen=10) | {"oxygen": {"cylinders": 100}},
        "bravo": facility(oxygen=10) | {"oxygen": {"cylinders": 20}},
    }
    plan = {"pool": rule("pool_oxygen", "2024-01-02", below_days=2.0, above_days=2.0)}
    without, pooled = (Watched(standing(8, sites, {"bravo": {"oxygen": 4}}, p)) for p in ({}, plan))
    assert without["oxygen_unmet_kg"].sum() > 0
    assert pooled["oxygen_unmet_kg"].sum() == 0
    moved = pooled["oxygen_moved_kg"]
    assert moved.sum() > 0
    stock, used = pooled.facility("oxygen_stock_kg"), pooled["oxygen_used_kg"]
    start = (100 + 20) * 8.124
    np.testing.assert_allclose(stock.sum(axis=1), start - 1.1 * np.cumsum(used))
    np.testing.assert_allclose(stock[:, 0], 100 * 8.124 - np.cumsum(moved))
