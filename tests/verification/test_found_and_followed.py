"""Who is found and who is followed first: at no strength nothing changes, at some fewer need oxygen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from strategies import Plain, build, clinical, district, facility, people, severity, small, variant

from surgesim.model.care.course.events import LogEntry
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

REPLICATIONS = 6
BY_AGE = [0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.12, 0.23]


def outbreak(home: Plain | None = None, isolated: float = 0.0, **detection: Any) -> Scenario:
    """A town in an epidemic, with too few teams for all its cases."""
    care = {"teams": 20, "patients_per_team": 50.0, "eligible_share": 0.8, "effect": 0.8, "packages": 1e6}
    return build(
        small(
            90,
            people=people(districts={"town": district(90_000)}, high_risk=0.1),
            epidemic={
                "variant": variant(2.5),
                "initial_infections": {"town": 30},
                "detection": {"share": 0.3, "delay_days": {"fixed": 1.0}} | detection,
            },
            clinical=clinical(
                severity=severity(p_oxygen=BY_AGE, high_risk_ratio=3.0),
                home_care=care | (home or {}),
                isolated_share=isolated,
            ),
            care={"facilities": {"alpha": facility(oxygen=2_000, icu=500, basic=3_000)}},
        )
    )


def log_of(scenario: Scenario) -> list[LogEntry]:
    log: list[LogEntry] = []
    Simulation(scenario, 1, 0, log=log).run()
    return log


def in_need(scenario: Scenario) -> np.ndarray:
    runs = (run_once(scenario, 1, k) for k in range(REPLICATIONS))
    return np.array([run.outcomes["oxygen_patients"] for run in runs])


def falls(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether the paired 95 % interval of the mean difference lies below 0."""
    differences = after - before
    width = stats.t.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / len(differences) ** 0.5
    return bool(differences.mean() + width < 0)


def test_the_severe_found_as_often_as_the_mild_change_no_event() -> None:
    assert log_of(outbreak(severe_share=0.3)) == log_of(outbreak())


def test_those_first_isolated_as_often_as_others_change_no_event() -> None:
    first = {"from_age": 60}
    plain = outbreak({"first": first}, isolated=0.3)
    assert log_of(outbreak({"first": first | {"isolated_share": 0.3}}, isolated=0.3)) == log_of(plain)


def test_more_are_isolated_if_those_first_are_and_fewer_stay_for_the_teams() -> None:
    def run(**own: float) -> tuple[float, float]:
        record = run_once(outbreak({"first": {"from_age": 60} | own}, isolated=0.1), 1, 0)
        return record.series("mild_in_isolation").sum(), record.series("home_cases").sum()

    (few, home), (many, less) = run(), run(isolated_share=0.9)
    assert many > 1.2 * few > 0
    assert less < home


def test_everybody_followed_first_changes_no_event() -> None:
    assert log_of(outbreak({"first": {"from_age": 0}})) == log_of(outbreak())


def test_home_care_spares_more_if_the_severe_are_found_more_often() -> None:
    assert falls(in_need(outbreak()), in_need(outbreak(severe_share=0.8)))


def test_home_care_spares_more_if_the_old_and_the_high_risk_come_first() -> None:
    assert falls(in_need(outbreak()), in_need(outbreak({"first": {"from_age": 60}})))
