"""Patients without COVID-19: the price of mobilising their beds, and what they hold in intensive care."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from capacity_cases import rule
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from strategies import Plain, arrivals, build, facility, small

from surgesim.model.capacity.intensive import OtherIcuPatients
from surgesim.model.record import PROVINCE_INDEX, Record
from surgesim.model.simulation import run_once
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.capacity.essential import OtherIcu
from surgesim.scenario.schema.scenario import Scenario

REPLICATIONS = 4
DAYS = 40
FEW_ICU_NURSES: Plain = {"doctors": 200, "ward_nurses": 400, "icu_nurses": 20}
OWN = ("other_icu_present", "other_icu_unserved", "deaths_emergency_unserved", "deaths_elective_waiting")


@cache
def hospital(beds_converted: bool, care: str = "none") -> Scenario:
    """A hospital full of other patients, to which more patients come than its COVID beds can hold."""
    site = facility(oxygen=300, icu=30) | {"covid_share": 0.2, "convertible_share": 1.0, "essential": {}}
    plan = {"wards": rule("convert_beds", share=1.0)} if beds_converted else {}
    scenario = build(
        small(
            DAYS,
            arrivals=arrivals("poisson", oxygen=[15] * DAYS),
            care={"facilities": {"alpha": site}},
            command={"plan": plan},
        )
    )
    sections: dict[str, Plain] = {
        "none": {},
        "deaths": {"care": {"essential": {"deaths": {}}}},
        "no deaths": {
            "care": {"essential": {"deaths": {"emergency": 0.0, "icu": 0.0, "elective_per_day": 0.0}}}
        },
        "icu": {"care": {"essential": {"deaths": {}, "icu": {"share": 0.6}}}},
        "empty icu": {"care": {"essential": {"icu": {"share": 0.0}}}},
    }
    return overlaid(scenario, sections[care]) if sections[care] else scenario


@cache
def runs(beds_converted: bool, care: str = "none", number: int = REPLICATIONS) -> list[Record]:
    return [run_once(hospital(beds_converted, care), 1, k) for k in range(number)]


def gain(more: list[Record], fewer: list[Record], outcome: str) -> float:
    """Lower end of the paired 95 % interval of what `more` have more than `fewer`."""
    difference = np.array(
        [a.outcomes[outcome] - b.outcomes[outcome] for a, b in zip(more, fewer, strict=True)]
    )
    half = stats.t.ppf(0.975, len(difference) - 1) * difference.std(ddof=1) / len(difference) ** 0.5
    return float(difference.mean() - half)


@pytest.mark.slow
def test_beds_taken_from_other_patients_cost_lives() -> None:
    assert gain(runs(True, "deaths"), runs(False, "deaths"), "deaths_other_patients") > 0


@pytest.mark.slow
def test_other_patients_in_icu_lack_the_beds_that_are_converted() -> None:
    held, taken = runs(False, "icu"), runs(True, "icu")
    assert held[0].series("other_icu_present")[0] == 18
    assert gain(taken, held, "deaths_other_patients") > 0
    assert taken[0].series("other_icu_unserved").sum() > held[0].series("other_icu_unserved").sum()


def test_other_patients_in_icu_keep_beds_from_covid_patients() -> None:
    with_others, without = runs(True, "icu")[0].series("open_icu"), runs(True, "deaths")[0].series("open_icu")
    assert with_others[3] < without[3] == 30
    assert with_others[-1] == 30


@pytest.mark.parametrize("care", ["no deaths", "deaths", "empty icu"])
def test_other_deaths_change_nothing_else_and_an_empty_icu_changes_nothing(care: str) -> None:
    one, other = runs(True, "none", 1)[0], runs(True, care, 1)[0]
    same = [place for column, place in PROVINCE_INDEX.items() if column not in OWN]
    assert one.province[:, same].tobytes() == other.province[:, same].tobytes()
    assert one.facilities.tobytes() == other.facilities.tobytes()


def test_without_risks_nobody_dies_and_without_the_section_nothing_is_said() -> None:
    assert runs(True, "no deaths", 1)[0].outcomes["deaths_other_patients"] == 0
    assert np.isnan(runs(True, "none", 1)[0].outcomes["deaths_other_patients"])


@pytest.mark.parametrize(
    "scarce", [{"ventilators": 8}, {"staff": FEW_ICU_NURSES}], ids=["ventilators", "nurses"]
)
def test_other_patients_in_icu_hold_nurses_and_ventilators(scarce: Plain) -> None:
    sites: Plain = {"care": {"facilities": {"alpha": scarce}}}
    without, with_others = (
        run_once(overlaid(hospital(False, care), sites), 1, 0) for care in ("deaths", "icu")
    )
    assert without.series("staffed_icu")[0] > with_others.series("staffed_icu")[0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(*(st.integers(0, 40),) * 3), min_size=1, max_size=15),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_other_patients_in_icu_balance_whatever_is_taken_from_them(
    days: list[tuple[int, int, int]], share: float, seed: int
) -> None:
    rng, total = np.random.default_rng(seed), np.array([40, 40])
    others = OtherIcuPatients(
        OtherIcu(share=share, stay_days=2.0), [True, False], ["one", "two"], total, np.array([10, 10])
    )
    for day, (target, taken, cared_for) in enumerate(days):
        others.pass_day(total, np.full(2, target), np.full(2, taken), np.full(2, float(cared_for)), rng)
        others.check(day)
    assert others.census[1] == 0
