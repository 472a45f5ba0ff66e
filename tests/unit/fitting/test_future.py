"""The future course of transmission: its factors, R now, and what a forecast draws."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fit_cases import DAYS, PRIORS, tiny_town, town_today

import surgesim
from surgesim.errors import FitError
from surgesim.fitting.fit import Fit
from surgesim.fitting.future import Course, infecting, reproduction, with_future
from surgesim.model.simulation import run_once
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend

ONE = Backend(workers=1)
STILL: dict[str, Any] = {"damping": 0.0, "drift": 0.0}
HALT = Course(damping=1, drift=0)
TO_COME = ["epidemic.transmission.2024-02-05", "epidemic.transmission.2024-02-12"]


@pytest.fixture(scope="module")
def today() -> Scenario:
    return town_today()


@pytest.fixture(scope="module")
def fit(today: Scenario) -> Fit:
    return surgesim.fit(today, members=12, rounds=1, replicates=5, priors=PRIORS, defaults=False, workers=1)


def future(scenario: Scenario, draws: pd.DataFrame, course: Course, **changes: Any) -> pd.DataFrame:
    given = {"weeks": 2, "seed": 1, "backend": ONE, **changes}
    return with_future(scenario, draws, course=course, **given)


# -- the course -----------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [0.5, 1.0, 2.0])
def test_log_r_loses_a_share_each_week(now: float) -> None:
    factors = Course(damping=0.3, drift=0).factors(now, np.ones(3))
    assert np.log(now * factors) == pytest.approx(np.log(now) * 0.7 ** np.array([1, 2, 3]))


def test_the_limits_of_damping_and_drift() -> None:
    steps = np.array([1.0, -2.0])
    assert Course(damping=1, drift=0).factors(3.0, steps) == pytest.approx(1 / 3)
    assert Course(damping=0, drift=0).factors(3.0, steps).tolist() == [1, 1]
    assert Course(damping=0, drift=0.1).factors(3.0, steps) == pytest.approx(np.exp([0.1, -0.1]))


def test_steps_add_up_to_a_spread_that_stays_finite() -> None:
    rng = np.random.default_rng(1)
    course = Course(damping=0.3, drift=0.1)
    logs = np.log([course.factors(1.0, rng.standard_normal(30)) for _ in range(4_000)])
    assert logs[:, 0].std() == pytest.approx(0.1, rel=0.05)
    assert logs[:, -1].std() == pytest.approx(0.1 / np.sqrt(1 - 0.7**2), rel=0.05)


@pytest.mark.parametrize("name", ["damping", "drift"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), True, "0.3"])
def test_a_course_that_is_refused(name: str, value: Any) -> None:
    with pytest.raises(FitError, match=rf"^{name}: got .*, expected a number from 0 to 1$"):
        Course(**{name: value})


# -- R now ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("r0", "dt"), [(1.2, 0.25), (3.0, 0.25), (3.0, 0.5), (0.5, 0.5)])
def test_r_is_r0_times_the_share_of_the_susceptible(r0: float, dt: float) -> None:
    people = {"districts": {"town": {"title": "Town", "population": 300_000_000}, "hamlet": None}}
    many = {"initial_infections": {"town": 20_000 if r0 > 1 else 2_000_000}, "variant": {"r0": r0}}
    severity = {"severity": {"p_oxygen": 0.0}}
    scenario = tiny_town(days=21, people=people, epidemic=many | {"dt_days": dt}, clinical=severity)
    record = run_once(scenario, 1, 0)
    susceptible = record.series("susceptible")[-7:].mean() / 300_000_000
    assert reproduction(record, 4.0, dt) == pytest.approx(r0 * susceptible, rel=0.02)


def test_infections_of_a_day_are_due_to_the_starts_of_its_steps() -> None:
    growing = 100 * np.exp(0.3 * np.arange(9.0))
    steps = np.array([growing[:-1] * np.exp(0.3 * at) for at in (0, 0.25, 0.5, 0.75)]).mean(axis=0)
    np.testing.assert_allclose(infecting(growing, 0.25), steps, rtol=0.005)
    none_left = np.array([[5.0, 0.0, 0.0], [3.0, 3.0, 3.0]])
    np.testing.assert_allclose(infecting(none_left, 0.5), [[0, 0], [3, 3]])


def test_those_infected_elsewhere_are_infectious_and_no_infections() -> None:
    people = {"districts": {"town": {"title": "Town", "population": 4_000_000}, "hamlet": None}}
    imports = {"variant": {"r0": 0.5}, "importation": {"per_day": 400}}
    record = run_once(tiny_town(days=28, people=people, epidemic=imports), 1, 0)
    assert record.series("imported")[-7:].mean() == pytest.approx(400, rel=0.1)
    assert reproduction(record, 4.0, 0.25) == pytest.approx(0.5, rel=0.05)


def test_r_is_one_where_nobody_is_infectious() -> None:
    nobody = tiny_town(days=14, **{"epidemic.initial_infections": {"town": 0}})
    assert reproduction(run_once(nobody, 1, 0), 4.0, 0.25) == 1


# -- the draws ------------------------------------------------------------------------------------


def test_draws_get_a_column_per_week(today: Scenario, fit: Fit) -> None:
    found = future(today, fit.draws, Course())
    assert list(found.columns) == [*fit.draws.columns, *TO_COME]
    pd.testing.assert_frame_equal(found[fit.draws.columns], fit.draws)
    assert (found[TO_COME[0]].nunique(), found[TO_COME[1]].nunique()) == (len(found), len(found))


def test_a_draw_depends_on_no_other_and_on_no_later_week(today: Scenario, fit: Fit) -> None:
    found = future(today, fit.draws, Course())
    few = future(today, fit.draws.head(3), Course(), weeks=1)
    pd.testing.assert_frame_equal(few, found.head(3)[few.columns])
    other = future(today, fit.draws.head(3), Course(), seed=2)
    assert (other[TO_COME[0]] != few[TO_COME[0]]).all()


def test_factors_for_later_dates_are_multiplied(today: Scenario, fit: Fit) -> None:
    plain = future(today, fit.draws.head(3), Course())
    second = today.start + timedelta(days=9)
    after = today.start + timedelta(days=14)
    planned = {"2024-01-20": 1.0, f"{second}": 0.5, f"{after}": 0.1}
    found = future(today.overlaid({"epidemic": {"transmission": planned}}), fit.draws.head(3), Course())
    assert list(found.columns[-3:]) == [*TO_COME, f"epidemic.transmission.{second}"]
    for name in TO_COME:
        assert found[name].tolist() == plain[name].tolist()
    halved = (found[f"epidemic.transmission.{second}"] / plain[TO_COME[1]]).tolist()
    assert halved == pytest.approx([0.5, 0.5, 0.5])


def test_fitted_factors_go_on(today: Scenario, fit: Fit) -> None:
    draws = fit.draws.head(3).assign(**{"epidemic.transmission.2024-01-25": [1.0, 1.5, 2.0]})
    found = future(today, draws, Course(damping=0, drift=1e-12))
    assert found[TO_COME[1]].tolist() == pytest.approx([1.0, 1.5, 2.0])


@pytest.mark.parametrize("r0", [0.8, 1.3])
def test_full_damping_brings_r_to_one(r0: float) -> None:
    people = {"districts": {"town": {"title": "Town", "population": 40_000_000}}}
    many = {"initial_infections": {"town": 200_000}, "variant": {"r0": r0}}
    large = town_today(people=people, epidemic=many)
    (row,) = future(large, pd.DataFrame([{"epidemic.transmission.2024-01-08": 1.0}]), HALT).to_dict("records")
    days = {"warm_up_days": DAYS, "days": 7, "care": {"initial_census": {"hospital": None}}}
    changes = {str(path): value for path, value in row.items()}
    week = run_once(large.overlaid(days).overlaid(changes), 1, 0)
    assert reproduction(week, 4.0, 0.25) == pytest.approx(1, abs=0.03)


# -- the forecast ---------------------------------------------------------------------------------


def forecast(today: Scenario, fit: Fit, **changes: Any) -> surgesim.Forecast:
    return surgesim.forecast(today, 2, fit=fit, replications=10, workers=1, **changes)


def test_without_damping_and_drift_transmission_stays(today: Scenario, fit: Fit) -> None:
    still = forecast(today, fit, **STILL)
    assert still.results.scenario.study.draws == today.overlaid(fit.overlay).study.draws
    entry = still.results.manifest["forecast"]
    assert (entry["weeks"], entry["damping"], entry["drift"]) == (2, 0.0, 0.0)


def test_alternatives_share_the_course(today: Scenario, fit: Fit, tmp_path: Path) -> None:
    done = forecast(today, fit, out=tmp_path / "out")
    drawn = done.results.scenario.study.draws
    assert drawn is not None
    assert drawn.paths[-2:] == tuple(TO_COME)
    assert len(drawn.rows) == 5  # each shared by two runs
    infections = done.results.series("infections").pivot_table(
        index=["replication", "day"], columns="alternative", values="infections"
    )
    assert (infections["baseline"] == infections["no-plan"]).all()
