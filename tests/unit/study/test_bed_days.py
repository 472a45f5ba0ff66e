"""Beds of places over replications: what is full, quantiles, waits; against the records they sum up."""

from __future__ import annotations

import math

import numpy as np
import pytest
from study_cases import DAYS, made_up_record, made_up_simulation, small_scenario

from surgesim.model.record import FACILITY_INDEX, Record
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.study.measures.bed_days import BedDays
from surgesim.study.measures.quantiles import Tails, quantile, weighted_quantile

ICU = BED_TYPES.index("icu")


@pytest.mark.parametrize("most", [1, 3, 19, 20, 21, 40, 140])
def test_tails_give_the_quantiles_of_all_values(most: int) -> None:
    values = np.random.default_rng(most).integers(0, 30, (most, 4, 3)).astype(float)
    for count in {1, most // 2 + 1, most}:
        tails = Tails((4, 3), 0.05, most)
        for value in values[:count]:
            tails.add(value)
        np.testing.assert_array_equal(tails.quantiles(), quantile(values[:count], (0.05, 0.95)))


def test_a_weighted_quantile_is_that_of_the_values_one_by_one() -> None:
    counts = [(0.0, 3), (2.0, 1), (5.0, 15), (9.0, 1)]
    values = np.repeat(*np.array(counts).T.astype(int)).astype(float)
    for q in (0.05, 0.15, 0.16, 0.5, 0.9, 0.95, 1.0):
        assert weighted_quantile(counts, q) == quantile(values, q), q
    assert math.isnan(weighted_quantile([], 0.9))


def record(**columns: list[list[float]]) -> Record:
    """A record of two facilities with these values, by facility, on the first days; all others are zero."""
    made = made_up_record(small_scenario())
    for name, by_facility in columns.items():
        for f, values in enumerate(by_facility):
            made.facilities[: len(values), f, FACILITY_INDEX[name]] = values
    return made


def beds(places: list[tuple[int, ...]], *records: Record) -> BedDays:
    found = BedDays(DAYS, places, len(records))
    for each in records:
        found.add(each)
    return found


def test_a_place_is_full_if_a_facility_is_and_no_other_has_staffed_beds() -> None:
    one = record(
        staffed_icu=[[4, 4, 4, 4], [0, 2, 2, 0]],
        full_icu=[[1, 1, 1, 0], [0, 0, 1, 0]],
    )
    both = beds([(0, 1)], one)
    (curves,) = both.curves([(0, ICU)])
    assert curves.full[:4].tolist() == [1, 0, 1, 0]
    assert curves.full_by[:4].tolist() == [1, 1, 1, 1]
    first, second = beds([(0,), (1,)], one).curves([(0, ICU), (1, ICU)])
    assert first.full[:4].tolist() == [1, 1, 1, 0]
    assert second.full[:4].tolist() == [0, 0, 1, 0]
    assert second.full_by[:4].tolist() == [0, 0, 1, 1]


def test_the_load_is_of_occupied_and_held_beds_and_empty_without_a_number_of_beds() -> None:
    one = record(staffed_icu=[[4, 4, 0, math.inf]], occupied_icu=[[1, 3, 2, 5]], held_icu=[[1, 0, 0, 2]])
    other = record(staffed_icu=[[4, 0, 0, math.inf]], occupied_icu=[[0, 2, 2, 5]])
    (curves,) = beds([(0,)], one, other).curves([(0, ICU)])
    np.testing.assert_array_equal(curves.load[:4], [0.25, 1.25, np.nan, np.nan])


def test_first_days_are_the_quantiles_over_replications() -> None:
    days = [3, 1, 7, None]
    records = [
        record(full_icu=[[]] if day is None else [[0] * day + [1, 1]], staffed_icu=[[5] * DAYS])
        for day in days
    ]
    totals = beds([(0,)], *records).totals(0, ICU)
    assert totals.probability == 0.75
    assert totals.full_days == 1.5
    assert (totals.first["p5"], totals.first["median"]) == (1, 3)
    assert math.isnan(totals.first["p95"])


def test_curves_are_those_of_the_records() -> None:
    records = [made_up_simulation(small_scenario(), 1, k) for k in range(30)]
    (curves,) = beds([(0, 1)], *records).curves([(0, ICU)])
    values = np.stack([r.facilities[:, :, FACILITY_INDEX["occupied_icu"]].sum(axis=1) for r in records])
    np.testing.assert_allclose(curves.occupied, values.mean(axis=0))
    np.testing.assert_array_equal([curves.occupied_p5, curves.occupied_p95], quantile(values, (0.05, 0.95)))
    full = np.stack([r.facilities[:, :, FACILITY_INDEX["full_icu"]] > 0 for r in records])
    staffed = np.stack([r.facilities[:, :, FACILITY_INDEX["staffed_icu"]] > 0 for r in records])
    taken = full.any(axis=2) & (full | ~staffed).all(axis=2)
    assert 0 < taken.mean() < 1
    np.testing.assert_allclose(curves.full, taken.mean(axis=0))
    np.testing.assert_allclose(curves.full_by, np.logical_or.accumulate(taken, axis=1).mean(axis=0))


def test_types_of_which_a_place_never_has_a_bed_have_no_row() -> None:
    one = record(staffed_icu=[[0, 1]], occupied_oxygen=[[], [0, 2]])
    expected = np.zeros((2, 3), bool)
    expected[1, 0] = True
    assert beds([(0,), (1,)], one).rows(expected) == [(0, ICU), (1, 0), (1, 1)]
