"""Detection: reported cases are a share of infections, some days later; who is admitted is reported."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from strategies import build, clinical, district, facility, people, severity, small, variant

from surgesim.model.clock.streams import Streams
from surgesim.model.columns import Page
from surgesim.model.simulation import run_once
from surgesim.model.surveillance.detection import Detection, Surveillance, report_delays
from surgesim.scenario.schema.epidemic import Epidemic
from surgesim.scenario.schema.people import District
from surgesim.scenario.schema.response.detection import Detection as DetectionSection
from surgesim.scenario.schema.scenario import Scenario

ILL = np.zeros(2, np.int64)


def detection(share: float, delay: Any, days: int = 80) -> Detection:
    section = DetectionSection.model_validate({"share": share, "delay_days": delay})
    return Detection(section, 0, days, 2)


def test_a_share_of_the_mild_is_reported_after_the_delay() -> None:
    found = detection(0.25, {"gamma": {"mean": 3.0, "sd": 2.0}})
    found.find(0, np.array([100_000, 0]), ILL, np.random.default_rng(1))
    reports = np.array([found.reports(day) for day in range(80)])
    assert reports[:, 1].sum() == 0
    assert reports.sum() == pytest.approx(25_000, abs=4 * (25_000 * 0.75) ** 0.5)
    assert reports[:, 0] @ np.arange(80) / reports.sum() == pytest.approx(3.0, abs=0.06)


def test_future_patients_who_are_found_are_all_reported_and_are_not_mild() -> None:
    found = detection(0.0, {"fixed": 2.0})
    found.find(5, ILL, np.array([7, 3]), np.random.default_rng(1))
    assert [found.reports(day).tolist() for day in (6, 7, 8)] == [[0, 0], [7, 3], [0, 0]]
    assert sum(found.mild_reports(day).sum() for day in range(80)) == 0


def test_days_add_up_and_a_report_after_the_last_day_is_lost_from_sight() -> None:
    found = detection(1.0, {"fixed": 1.0}, days=3)
    for day in range(3):
        found.find(day, np.array([10 * (day + 1), 0]), ILL, np.random.default_rng(day))
    assert [int(found.reports(day)[0]) for day in range(3)] == [0, 10, 20]


def test_a_district_with_a_delay_of_its_own_reports_the_same_cases_on_other_days() -> None:
    """The other reports as before; a delay that is that of the province changes no draw."""

    def reports(**slow: Any) -> np.ndarray:
        section = DetectionSection.model_validate({"share": 0.5, "delay_days": {"fixed": 1.0}})
        towns = [District.model_validate({"title": "a", "population": 9, **keys}) for keys in ({}, slow)]
        found = Detection(section, 0, 20, 2, report_delays(section, towns))
        for day in range(5):
            found.find(day, np.array([1000, 1000]), np.array([7, 7]), np.random.default_rng(day))
        return np.array([found.reports(day) for day in range(20)])

    usual, slow = reports(), reports(report_delay_days={"fixed": 4.0})
    np.testing.assert_array_equal(usual, reports(report_delay_days={"fixed": 1.0}))
    np.testing.assert_array_equal(slow[:, 0], usual[:, 0])
    np.testing.assert_array_equal(slow[4:9, 1], usual[1:6, 1])
    assert usual[1:6, 1].min() > 400


def test_contacts_are_traced_of_the_cases_reported_the_day_before() -> None:
    """Ten contacts a case, at hospitals or not: of 200 and 300 cases, then of 400, then of none."""
    admitted = [0, 0]
    section = Epidemic.model_validate_json(
        json.dumps(
            {
                "variant": variant(2.0),
                "detection": {
                    "share": 1.0,
                    "delay_days": {"fixed": 0.0},
                    "tests": {
                        "single_per_day": 1e6,
                        "contacts_per_case": 10.0,
                        "contact_positivity": 0.0,
                        "other_seekers_per_100k_per_day": 0.0,
                    },
                },
            }
        )
    )
    population = np.array([1_000_000, 1_000_000])
    surveillance = Surveillance(section, 0, 9, population, admitted, Streams(1, 0))
    laboratories = surveillance.laboratories
    assert laboratories is not None
    contacts, tests = [], []
    for day, (mild, in_hospital) in enumerate([(300, 200), (0, 400), (0, 0), (0, 0)]):
        surveillance.pass_day(day, np.array([0, mild]), [])
        contacts.append(laboratories.contacts_tested)
        tests.append(laboratories.used)
        admitted[0] += in_hospital
    assert tests == [300, *contacts[1:]]
    assert contacts == [
        0,
        pytest.approx(5_000, abs=4 * 5_000**0.5),
        pytest.approx(4_000, abs=4 * 4_000**0.5),
        0,
    ]
    page = Page()
    surveillance.fill(page)
    assert page.province.totals["reported_cases"] == 900
    assert page.districts.totals["reported_cases"] == [600, 300]


def outbreak(share: float, population: int = 200_000, **course: Any) -> Scenario:
    return build(
        small(
            250,
            people=people(districts={"town": district(population)}),
            epidemic={
                "variant": variant(2.5),
                "initial_infections": {"town": 200},
                "detection": {"share": share, "delay_days": {"fixed": 2.0}},
            },
            clinical=clinical(**course),
            care={"facilities": {"alpha": facility(oxygen="unlimited", icu="unlimited")}},
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_reported_cases_of_a_mild_epidemic_are_the_share_of_infections(share: float) -> None:
    run = run_once(outbreak(share, severity=severity(p_oxygen=0.0)), 1, 0)
    infections = run.series("infections").sum() + 200
    assert infections > 100_000
    expected = share * infections
    assert run.outcomes["reported_cases"] == pytest.approx(expected, abs=4 * (expected * (1 - share)) ** 0.5)


@pytest.mark.slow
def test_who_was_not_found_is_reported_at_admission() -> None:
    run = run_once(outbreak(0.0), 1, 0)
    admitted = run.series("admissions_oxygen")
    assert admitted.sum() == run.outcomes["oxygen_patients"] > 5_000
    np.testing.assert_array_equal(run.series("reported_cases"), admitted)


@pytest.mark.slow
def test_everybody_admitted_is_reported_once() -> None:
    everyone_ill = severity(p_oxygen=1.0, p_icu=0.0)
    run = run_once(outbreak(0.4, population=20_000, severity=everyone_ill), 1, 0)
    # those found are reported, and the others when they are admitted
    assert run.outcomes["reported_cases"] == run.outcomes["oxygen_patients"] > 10_000
