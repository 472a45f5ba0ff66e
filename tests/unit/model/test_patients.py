"""Patients: severity by age and risk, outcome levels, draws, and stays in equilibrium at the start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from strategies import (
    Plain,
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

from surgesim.model.care.patients import DRAWS, PatientBatch, PatientSource, _flow_quantile
from surgesim.model.clock.streams import Streams
from surgesim.model.epidemic.spread import DayOfInfection
from surgesim.model.simulation import run_once
from surgesim.scenario.schema.scenario import Scenario

N_AGES = 9


def source(scenario: Scenario) -> PatientSource:
    return PatientSource(scenario.clinical, scenario.epidemic, scenario.people.high_risk)


def outbreak(course: Plain | None = None, **changes: Any) -> Scenario:
    epidemic = {"variant": variant(3.0)} | changes.pop("epidemic", {})
    return build(small(30, epidemic=epidemic, clinical=course or clinical(), **changes))


def drawn(scenario: Scenario, onsets: int = 20_000, strata: int = 2) -> tuple[PatientBatch, np.ndarray]:
    """Patients of a day with so many onsets in every cell, and the mild."""
    cells = np.full((1, N_AGES, 2, strata, 4), onsets)
    day = DayOfInfection(cells, np.zeros(1, np.int64), np.zeros(1, np.int64))
    needs, traits = np.random.default_rng(1), np.random.default_rng(2)
    return source(scenario).from_epidemic(day, 10, needs, traits)


def test_severity_acts_on_the_need_for_oxygen_by_age_risk_and_stratum() -> None:
    p_oxygen = [0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.12, 0.23]
    scenario = outbreak(
        clinical(severity=severity(p_oxygen=p_oxygen, high_risk_ratio=3.0)),
        people=people(high_risk=0.2),
        epidemic={
            "variant": variant(3.0, severity=1.5, vaccine_escape=0.5),
            "immunity": {"waned": {"severe": 0.8}},
        },
    )
    chance = source(scenario).p_oxygen
    assert chance is not None
    by_risk = chance[:, :, 0]
    np.testing.assert_allclose(0.8 * by_risk[:, 0] + 0.2 * by_risk[:, 1], 1.5 * np.array(p_oxygen))
    np.testing.assert_allclose(by_risk[:, 1], 3.0 * by_risk[:, 0])
    np.testing.assert_allclose(chance[:, :, 1], by_risk * (1 - 0.8 * 0.5))  # half the protection is lost


def test_every_probability_is_capped_at_1() -> None:
    scenario = outbreak(
        clinical(severity=severity(p_oxygen=0.5, p_icu=0.6, death_icu=deaths(0.5, 0.6, 0.7))),
        epidemic={"variant": variant(3.0, severity=9.0, icu_severity=9.0, death_severity=9.0)},
    )
    batch, mild = drawn(scenario, onsets=100)
    assert mild.sum() == 0
    assert len(batch) == 100 * N_AGES * 2 * 2 * 4
    assert batch.needs_icu.all()
    assert set(batch.p_full) == set(batch.p_untreated) == {1.0}


@pytest.mark.slow
def test_who_does_not_need_oxygen_is_mild() -> None:
    batch, mild = drawn(outbreak(clinical(severity=severity(p_oxygen=0.1))))
    onsets = 20_000 * N_AGES * 2 * 2 * 4
    assert len(batch) + mild.sum() == onsets
    assert len(batch) / onsets == pytest.approx(0.1, abs=4 * (0.09 / onsets) ** 0.5)


def test_patients_are_ordered_by_district_and_age() -> None:
    cells = np.full((3, N_AGES, 2, 2, 4), 5)
    day = DayOfInfection(cells, np.zeros(3, np.int64), np.zeros(3, np.int64))
    towns = people(districts={name: district(1_000) for name in ("a", "b", "c")})
    care = {"facilities": {"alpha": facility(oxygen=1, district="a")}}
    scenario = outbreak(clinical(severity=severity(p_oxygen=0.5)), people=towns, care=care)
    batch, _ = source(scenario).from_epidemic(day, 0, np.random.default_rng(1), np.random.default_rng(2))
    order = list(zip(batch.district, batch.age, strict=True))
    assert order == sorted(order)


def test_need_comes_after_onset_which_is_within_its_step_of_the_day() -> None:
    onset_only = clinical(severity=severity(p_oxygen=1.0), stays=stays(onset_to_oxygen_days={"fixed": 5.0}))
    batch, _ = drawn(outbreak(onset_only), onsets=50)
    onset = batch.need_time - 5.0
    assert 10.0 <= onset.min() < 10.01
    assert 10.99 < onset.max() < 11.0
    counts, _ = np.histogram(onset, bins=4, range=(10, 11))
    assert set(counts) == {50 * N_AGES * 2 * 2}


@pytest.mark.slow
def test_outcome_levels_never_fall_with_less_care() -> None:
    odd = {"full": 0.4, "thin": 0.2, "boarded": 0.6, "untreated": 0.5}  # to be raised to the level before
    batch, _ = drawn(outbreak(clinical(severity=severity(p_icu=0.5, death_icu=odd, death_oxygen=odd))))
    icu = batch.needs_icu
    levels = np.stack([batch.p_full, batch.p_thin, batch.p_boarded, batch.p_untreated])
    np.testing.assert_array_equal(np.unique(levels[:, icu], axis=1).ravel(), [0.4, 0.4, 0.6, 0.6])
    # `boarded` has no meaning for who needs oxygen only
    np.testing.assert_array_equal(np.unique(levels[:, ~icu], axis=1).ravel(), [0.4, 0.4, 0.4, 0.5])


@pytest.mark.slow
def test_shares_drawn_are_the_shares_given() -> None:
    course = clinical(severity=severity(p_oxygen=1.0, p_icu=0.3), urgent_share={"oxygen": 0.2, "icu": 0.6})
    batch, _ = drawn(outbreak(course, epidemic={"detection": {"share": 0.35}}), onsets=2_000)
    n = len(batch)
    assert batch.needs_icu.mean() == pytest.approx(0.3, abs=4 * (0.21 / n) ** 0.5)
    assert batch.urgent[batch.needs_icu].mean() == pytest.approx(0.6, abs=0.01)
    assert batch.urgent[~batch.needs_icu].mean() == pytest.approx(0.2, abs=0.01)
    assert batch.unreported.mean() == pytest.approx(0.65, abs=0.01)
    assert batch.luck.mean() == pytest.approx(0.5, abs=0.01)
    assert np.isinf(batch.icu_delay[~batch.needs_icu]).all()
    assert batch.icu_delay[batch.needs_icu].mean() == pytest.approx(2.0, rel=0.03)


def by_support(batch: PatientBatch, of: np.ndarray) -> np.ndarray:
    """Return the number of patients by flow in an oxygen bed: mask, high-flow, non-invasive."""
    return np.array([(batch.oxygen_flow[of] == lpm).sum() for lpm in (10.0, 60.0, 30.0)])


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_who_will_need_icu_has_the_higher_flows_and_the_mix_of_all_is_unchanged(strength: float) -> None:
    mix = np.array([0.755, 0.226, 0.019])
    course = clinical(severity=severity(p_icu=0.3), respiratory={"by_severity": strength})
    batch, _ = drawn(outbreak(course))
    for age in range(3, N_AGES):
        of_age = batch.age == age
        expected = mix * of_age.sum()
        sd = np.sqrt(expected * (1 - mix))
        assert (np.abs(by_support(batch, of_age) - expected) < 4 * sd).all()
    severe = batch.needs_icu
    assert batch.oxygen_flow[severe].mean() > 1.5 * batch.oxygen_flow[~severe].mean()
    usual = batch.step_down_flow
    assert usual[severe].mean() == pytest.approx(usual[~severe].mean(), rel=0.03)
    if strength == 1:
        assert (batch.oxygen_flow[~severe] == 10.0).mean() > 0.99


def test_patients_straight_to_icu_of_whom_none_was_expected_have_a_flow_of_the_mix() -> None:
    """Where no patient would come to need ICU, those who do rank at the very top: still within the mix."""
    mix = {"oxygen_beds": {"mask": 1.0}, "by_severity": 1.0}
    course = clinical(severity=severity(p_icu=0.0), respiratory=mix)
    scenario = build(small(1, arrivals=arrivals(icu=[7]), clinical=course))
    nobody, seven = np.zeros(7, np.int64), np.ones(7, bool)
    batch = source(scenario).from_arrivals(0, nobody, nobody, seven, np.random.default_rng(5))
    assert batch.oxygen_flow.tolist() == [10.0] * 7


def test_drugs_in_stock_lower_the_risk_of_treated_patients_only() -> None:
    """Thin care has twice the odds of full care, boarding three times, no treatment five times."""
    odds = {"full": 0.2, "thin": {"odds": 2.0}, "boarded": {"odds": 3.0}, "untreated": {"odds": 5.0}}
    course = clinical(severity=severity(p_icu=1.0, death_icu=odds))
    scenario = build(small(1, arrivals=arrivals(oxygen=[7]), clinical=course))
    nobody = np.zeros(7, np.int64)
    batch = PatientSource(scenario.clinical, None, scenario.people.high_risk, None, (1.0, 0.5)).from_arrivals(
        0, nobody, nobody, np.zeros(7, bool), np.random.default_rng(5)
    )
    risks = [batch.p_full, batch.p_thin, batch.p_boarded, batch.p_untreated]
    assert np.array(risks)[:, 0] == pytest.approx([0.1, 1 / 6, 3 / 7, 5 / 9])


def test_at_no_strength_flow_does_not_depend_on_severity() -> None:
    batch, _ = drawn(outbreak(clinical(severity=severity(p_icu=0.3), respiratory={})))
    assert (batch.oxygen_flow == batch.step_down_flow).all()


def test_what_is_drawn_for_a_patient_does_not_hang_together() -> None:
    batch, _ = drawn(outbreak(clinical(severity=severity(p_oxygen=1.0, p_icu=1.0))), onsets=100)
    names = (
        "need_time",
        "luck",
        "icu_delay",
        "icu_survivor_stay",
        "step_down_stay",
        "oxygen_death",
        "icu_death",
    )
    correlation = np.corrcoef([getattr(batch, name) for name in names])
    assert np.abs(correlation - np.eye(len(names))).max() < 4 / len(batch) ** 0.5


@pytest.mark.parametrize("p_icu", [0.0, 1.0])
def test_a_patient_uses_the_same_number_of_draws_whatever_happens(p_icu: float) -> None:
    rng = np.random.default_rng(5)
    district_, age = np.zeros(7, np.int64), np.zeros(7, np.int64)
    scenario = build(
        small(1, arrivals=arrivals(oxygen=[7]), clinical=clinical(severity=severity(p_icu=p_icu)))
    )
    source(scenario).from_arrivals(0, district_, age, np.zeros(7, bool), rng)
    apart = np.random.default_rng(5)
    apart.random((7, DRAWS))
    assert rng.random() == apart.random()


def test_a_batch_becomes_patients_numbered_on() -> None:
    batch, _ = drawn(outbreak(), onsets=1)
    patients = batch.patients(100)
    assert [patient.index for patient in patients] == list(range(100, 100 + len(batch)))
    assert [patient.p_full for patient in patients] == batch.p_full.tolist()
    assert isinstance(patients[0].needs_icu, bool)


# -- census at the start --------------------------------------------------------------------------


def census(beds: Plain, stays_begin: str, **course: Any) -> np.ndarray:
    """Mean patients in beds at 24:00 of each day, of a start census that nobody follows."""
    scenario = build(
        small(
            40,
            arrivals=arrivals(oxygen=[0]),
            clinical=clinical(**course),
            care={
                "facilities": {"alpha": facility(oxygen=3_000, icu=3_000)},
                "initial_census": {"alpha": beds},
                "initial_stays": stays_begin,
            },
        )
    )
    runs = [run_once(scenario, 1, k) for k in range(3)]
    return np.mean([run.series("occupied_oxygen") + run.series("occupied_icu") for run in runs], axis=0)


@pytest.mark.slow
def test_fresh_stays_begin_now_and_those_in_equilibrium_are_under_way() -> None:
    """Of a fixed stay of 20 days a fresh census is whole until then; in equilibrium it falls evenly."""
    course = {"severity": severity(death_oxygen=deaths(0, 0, 0)), "stays": stays(oxygen_days={"fixed": 20.0})}
    fresh = census({"oxygen": 2_000}, "fresh", **course)
    assert fresh[:19].tolist() == [2_000] * 19
    assert fresh[20] == 0
    under_way = census({"oxygen": 2_000}, "equilibrium", **course)
    even = 2_000 * np.maximum(1 - (np.arange(40) + 1) / 20, 0)
    np.testing.assert_allclose(under_way, even, atol=4 * (2_000 / 4 / 3) ** 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("need", ["oxygen", "icu"])
def test_with_matching_arrivals_a_census_in_equilibrium_stays_flat(need: str) -> None:
    """Census = arrivals x mean stay, from the first day to the last, whatever the spread of stays."""
    mean = {"oxygen": 8.0, "icu": 0.7 * 10.0 + 0.3 * 4.0}[need]  # a third of ICU patients die, sooner
    per_day, days = 100.0, 40
    course = clinical(
        severity=severity(p_icu=0.0, death_icu=deaths(0.3, 0.4, 0.5)),
        stays=stays(
            oxygen_days=gamma(8.0, 12.0), icu_survivor_days=gamma(10, 14), icu_dying_days=gamma(4, 2)
        ),
        step_down=False,
    )
    scenario = build(
        small(
            days,
            arrivals=arrivals(**{need: [per_day] * days}),
            clinical=course,
            care={
                "facilities": {"alpha": facility(**{need: 5_000})},
                "initial_census": {"alpha": {need: round(per_day * mean)}},
            },
        )
    )
    runs = 10
    level = np.mean([run_once(scenario, 1, k).series(f"occupied_{need}") for k in range(runs)], axis=0)
    np.testing.assert_allclose(level, per_day * mean, atol=4 * (per_day * mean / runs) ** 0.5)


@pytest.mark.slow
def test_deaths_in_an_equilibrium_census_come_at_the_rate_of_the_steady_state() -> None:
    """Found in ICU beds, the dying are as many as their share times their stay makes them."""
    course = clinical(
        severity=severity(death_icu=deaths(0.4, 0.5, 0.6)),
        stays=stays(icu_survivor_days={"exponential": 12.0}, icu_dying_days={"exponential": 3.0}),
        step_down=False,
    )
    beds = 3_000
    scenario = build(
        small(
            200,
            arrivals=arrivals(icu=[0]),
            clinical=course,
            care={
                "facilities": {"alpha": facility(icu=beds)},
                "initial_census": {"alpha": {"icu": beds}},
            },
        )
    )
    share = run_once(scenario, 1, 0).outcomes["deaths"] / beds
    found_dying = 0.4 * 3 / (0.4 * 3 + 0.6 * 12)
    assert share == pytest.approx(found_dying, abs=4 * (found_dying / beds) ** 0.5)


def test_a_census_in_equilibrium_has_the_dying_in_proportion_to_their_stays() -> None:
    """A quarter die, after 30 days; the others leave after 10: at any time half of those there will die."""
    stay = stays(icu_survivor_days={"fixed": 10.0}, icu_dying_days={"fixed": 30.0})
    course = clinical(severity=severity(death_icu=deaths(0.25, 0.5, 1.0)), stays=stay)
    n = 20_000
    nobody = np.zeros(n, np.int64)
    batch = source(outbreak(course)).in_beds(
        0.0, nobody, nobody, np.ones(n, np.bool_), (None, None), False, np.random.default_rng(1)
    )
    dying = batch.luck < 0.25
    assert dying.mean() == pytest.approx(0.5, abs=4 * (0.25 / n) ** 0.5)
    assert batch.luck[dying].mean() == pytest.approx(0.125, abs=0.005)
    assert batch.luck[~dying].mean() == pytest.approx(0.625, abs=0.015)
    for left, days in ((batch.icu_survivor_stay, 10), (batch.icu_dying_stay, 30)):
        assert 0 <= left.min() < 0.01 * days
        assert 0.99 * days < left.max() <= days
        assert left.mean() == pytest.approx(days / 2, rel=0.02)


def test_a_day_drawn_is_used_again_for_the_same_infections_and_the_same_home_care() -> None:
    scenario = outbreak(clinical(severity=severity(p_oxygen=0.5)), epidemic={"detection": {"share": 1.0}})
    shared = PatientSource(scenario.clinical, scenario.epidemic, scenario.people.high_risk, {})
    cells = np.full((1, N_AGES, 2, 2, 4), 20)
    day = DayOfInfection(cells, np.zeros(1, np.int64), np.zeros(1, np.int64))
    streams = Streams(1, 0)
    first, mild = shared.of_day(day, 3, streams, (0.5, 0.5))
    again, mild_again = shared.of_day(day, 3, streams, (0.5, 0.5))
    assert again is first
    assert mild_again is mild
    without, more_mild = shared.of_day(day, 3, streams, (0.0, 0.0))
    assert len(without) + more_mild.sum() == len(first) + mild.sum() == cells.sum()
    assert len(first) == pytest.approx(len(without) / 2, abs=4 * (len(without) / 4) ** 0.5)
    other = DayOfInfection(cells, np.zeros(1, np.int64), np.zeros(1, np.int64))
    assert shared.of_day(other, 3, streams, (0.5, 0.5))[0] is not first


def test_shares_that_miss_1_by_rounding_leave_no_draw_without_a_flow() -> None:
    assert 0.7 + 0.2 + 0.1 < 1
    support = {"oxygen_beds": {"mask": 0.7, "high_flow": 0.2, "non_invasive": 0.1}}
    respiratory = outbreak(clinical(respiratory=support)).clinical.respiratory
    flow = _flow_quantile(respiratory.oxygen_beds, respiratory.flow)
    assert flow(np.array([0.0, 0.69, 0.71, 0.91, 1 - 2.0**-53])).tolist() == [10, 10, 60, 30, 30]


@pytest.mark.slow
def test_odds_of_death_are_relative_to_the_full_care_of_the_variant() -> None:
    full = [0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0]
    raised = {"full": full, "thin": 0.0, "boarded": {"odds": 3.0}, "untreated": {"odds": 6.0}}
    course = clinical(severity=severity(p_icu=0.5, death_icu=raised, death_oxygen=raised))
    batch, _ = drawn(outbreak(course, epidemic={"variant": variant(3.0, death_severity=1.5)}), onsets=2_000)
    p_full = np.minimum(1.0, 1.5 * np.array(full))[batch.age]
    np.testing.assert_array_equal(batch.p_full, p_full)
    np.testing.assert_array_equal(batch.p_thin, p_full)  # raised to full care
    icu, some = batch.needs_icu, (p_full > 0) & (p_full < 1)

    def odds(p: np.ndarray) -> np.ndarray:
        ratio: np.ndarray = p / (1 - p)
        return ratio

    np.testing.assert_allclose(odds(batch.p_untreated[some]), 6 * odds(p_full[some]))
    np.testing.assert_allclose(odds(batch.p_boarded[some & icu]), 3 * odds(p_full[some & icu]))
    np.testing.assert_array_equal(batch.p_boarded[~icu], p_full[~icu])
    np.testing.assert_array_equal(batch.p_untreated[~some], p_full[~some])


def test_the_share_found_of_the_severe_finds_the_same_people_and_more() -> None:
    def unreported(**detection: float) -> np.ndarray:
        spread = {"variant": variant(3.0), "detection": {"share": 0.2} | detection}
        return drawn(outbreak(epidemic=spread), onsets=500)[0].unreported

    few, many = unreported(), unreported(severe_share=0.6)
    np.testing.assert_array_equal(few, unreported(severe_share=0.2))
    assert (many <= few).all()
    assert many.mean() == pytest.approx(0.4, abs=4 * (0.24 / len(many)) ** 0.5)
