"""Unmet need: risk as odds of full care, and the boarders' own clock; at no strength nothing changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from strategies import Plain, arrivals, build, clinical, clock, deaths, facility, gamma, severity, small

from surgesim.model.care.course.events import LogEntry
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

REPLICATIONS = 8
ICU = clock(gamma(1.0, 0.7), gamma(7.4, 5.2))
SLOWER = clock(gamma(4.0, 2.8), gamma(8.0, 5.7))
"""Clocks of an ICU need without a bed, and of boarders who live longer."""


def hospital(
    boarded: Plain | None = None, untreated: Any = 0.6, beds: Plain | None = None, icu: Plain | None = None
) -> Scenario:
    """A hospital whose ICU beds are nearly all in use: whoever boards has one soon, if alive then."""
    clocks = {"oxygen": clock(gamma(4.5, 3.2), gamma(4.5, 3.2)), "icu": ICU}
    risks = {
        "death_oxygen": deaths(0.05, 0.05, 0.6) | {"untreated": untreated},
        "death_icu": icu or deaths(0.3, 0.8, 0.95),
    }
    return build(
        small(
            200,
            arrivals=arrivals(oxygen=[5.0] * 200),
            clinical=clinical(
                severity=severity(p_icu=0.5, **risks),
                clocks=clocks if boarded is None else clocks | {"boarded": boarded},
            ),
            care={"facilities": {"alpha": beds or facility(oxygen=60, icu=28)}},
        )
    )


def deaths_of(scenario: Scenario) -> np.ndarray:
    return np.array([run_once(scenario, 1, k).outcomes["deaths"] for k in range(REPLICATIONS)])


def log_of(scenario: Scenario) -> list[LogEntry]:
    log: list[LogEntry] = []
    Simulation(scenario, 1, 0, log=log).run()
    return log


def falls(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether the paired 95 % interval of the mean difference lies below 0."""
    differences = after - before
    width = stats.t.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / len(differences) ** 0.5
    return bool(differences.mean() + width < 0)


def test_boarders_who_live_longer_reach_intensive_care_more_often() -> None:
    as_untreated, slower = deaths_of(hospital()), deaths_of(hospital(SLOWER))
    assert falls(as_untreated, slower)


def test_a_boarders_clock_equal_to_that_without_a_bed_changes_no_event() -> None:
    assert log_of(hospital(ICU)) == log_of(hospital())
    assert log_of(hospital(SLOWER)) != log_of(hospital())


def test_lower_odds_of_death_without_care_save_some_of_the_same_patients() -> None:
    few = facility(oxygen=15, icu=28)
    high, low = (hospital(untreated={"odds": odds}, beds=few) for odds in (17.0, 5.9))
    assert falls(deaths_of(high), deaths_of(low))
    boards = {"full": 0.3, "thin": 0.3, "untreated": 0.95}
    none = facility(oxygen=60, icu=4)
    high, low = (hospital(icu=boards | {"boarded": {"odds": odds}}, beds=none) for odds in (9.3, 3.2))
    assert falls(deaths_of(high), deaths_of(low))


def test_odds_that_give_the_values_of_a_table_change_no_event() -> None:
    odds = (0.6 / 0.4) / (0.05 / 0.95)
    few = facility(oxygen=15, icu=28)
    assert log_of(hospital(untreated={"odds": odds}, beds=few)) == log_of(hospital(untreated=0.6, beds=few))
