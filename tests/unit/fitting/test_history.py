"""A fit to the scenario's own history: its data, the scenario that is fitted, and what it gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fit_cases import DAYS, PRIORS, tiny_data, tiny_town, town_today

import surgesim
from surgesim.errors import FitError
from surgesim.fitting.data import read_data
from surgesim.fitting.fit import read_fit
from surgesim.fitting.history import begun_with_history, data_of_history
from surgesim.fitting.observations import observations
from surgesim.model.surveillance.reported import ReportedDays
from surgesim.scenario.schema.scenario import Scenario


@pytest.fixture(scope="module")
def today() -> Scenario:
    return town_today()


def test_the_fitted_scenario_begins_with_the_history(today: Scenario) -> None:
    begun = begun_with_history(today)
    assert (begun.start, begun.days) == (tiny_town().start, DAYS)
    assert begun.history is None
    assert begun.warm_up_days == 0
    assert not begun.care.initial_census
    assert not begun.command.plan


def test_the_warm_up_is_the_epidemic_that_is_fitted(today: Scenario) -> None:
    """On average over chance, as many people are left to infect at the end of the one as of the other."""
    begun = begun_with_history(today)
    before = [surgesim.simulate(begun, 1, run).province["susceptible"].iloc[-1] for run in range(20)]
    first = [surgesim.simulate(today, 1, run).province.iloc[0] for run in range(20)]
    after = [row["susceptible"] + row["infections"] for row in first]
    error = np.hypot(np.std(before), np.std(after)) / np.sqrt(20)
    assert abs(np.mean(before) - np.mean(after)) < 3 * error
    assert 5 * error < np.mean(before)


@pytest.mark.parametrize(
    ("reports", "warm_up_days", "expected"),
    [
        ({"province": {"reported_cases": [2.0] * 7 + [None] * 7 + [8.0] * 7}}, 0, {"town": 10, "hamlet": 1}),
        ({"province": {"reported_cases": [2.0] * 7 + [8.0] * 14}}, 21, {"town": 40, "hamlet": 1}),
        ({"province": {"reported_cases": [0.0] * 7 + [8.0] * 14}}, 0, {"town": 40, "hamlet": 1}),
        ({"province": {"reported_cases": None, "icu": [2.0] * 7 + [8.0] * 14}}, 0, {"town": 40, "hamlet": 1}),
        (
            {
                "province": {"reported_cases": [2.0] * 7 + [8.0] * 14},
                "districts": {"town": {"reported_cases": [12.0] * 7 + [6.0] * 14}},
            },
            0,
            {"town": 80, "hamlet": 1},
        ),
    ],
)
def test_infections_of_today_become_those_of_the_first_week(
    today: Scenario, reports: dict[str, object], warm_up_days: int, expected: dict[str, int]
) -> None:
    scenario = today.overlaid(
        {
            "history": {"province": None, "first_day": "2024-01-15", **reports},
            "warm_up_days": warm_up_days,
            "epidemic": {"initial_infections": {"town": 40, "hamlet": 1}},
        }
    )
    begun = begun_with_history(scenario)
    assert begun.epidemic is not None
    assert begun.epidemic.initial_infections == expected


def test_data_are_the_reports_before_the_start(today: Scenario) -> None:
    data, known = data_of_history(today), tiny_data()
    assert list(data["date"]) == [str(day.date()) for day in known["date"]]
    pd.testing.assert_frame_equal(data[list(known.columns[1:])], known[list(known.columns[1:])].astype(float))


def test_series_of_districts_are_compared_where_the_model_has_them(today: Scenario) -> None:
    assert today.history is not None
    reports = {"reported_cases": [5.0] * DAYS, "admissions": [1.0] * DAYS, "icu": [2.0] * DAYS}
    districts = dict.fromkeys(("town", "hamlet"), reports)
    data = data_of_history(today.overlaid({"history": {"province": None, "districts": districts}}))
    assert sorted(set(data["district"])) == ["", "hamlet", "town"]
    province = data[data["district"] == ""]
    assert set(province["admissions"]) == {2.0}
    assert set(province["icu"]) == {4.0}, "the hamlet has no facility"
    assert province["reported_cases"].isna().all()
    assert np.nansum(data["reported_cases"]) == 10 * DAYS


def test_weekly_reports_are_sums_of_seven_days(today: Scenario) -> None:
    """In the model's windows and in the fit; patients are those of the day."""
    sums = {20: 140.0, 27: 70.0, 34: 21.0}
    weekly = [sums.get(day) for day in range(DAYS)]
    reports = {"reported_cases": weekly, "icu": weekly, "admissions": None}
    weeks = today.overlaid({"history": {"province": reports}})
    assert weeks.past is not None
    daily = weeks.past.province["reported_cases"]
    assert daily[14:].tolist() == [20.0] * 7 + [10.0] * 7 + [3.0] * 7
    assert np.isnan(daily[:14]).all()
    assert ReportedDays(weeks.past, []).province("reported_cases", -1) == 3.0
    assert weeks.past.province["icu"][[20, 27, 34]].tolist() == list(sums.values())
    begun = begun_with_history(weeks)
    found = observations(read_data(data_of_history(weeks), begun), begun.start)
    cases = [each for each in found if each.name == "reported_cases"]
    assert [each.value for each in cases] == pytest.approx(list(sums.values()))
    assert [each.days for each in cases] == [tuple(range(day - 6, day + 1)) for day in sums]


def test_a_gap_of_a_week_does_not_make_daily_reports_weekly(today: Scenario) -> None:
    cases: list[float | None] = [7.0, *[None] * 6, 7.0, 7.0]
    gap = today.overlaid({"history": {"province": {"reported_cases": cases}}})
    assert gap.past is not None
    assert np.nansum(gap.past.province["reported_cases"]) == 21.0


def test_draws_are_for_the_scenario_with_a_warm_up(today: Scenario, tmp_path: Path) -> None:
    small = {"members": 12, "rounds": 1, "replicates": 5, "defaults": False, "priors": PRIORS}
    fit = surgesim.fit(today, **small, workers=1, out=tmp_path / "fit")  # type: ignore[arg-type]
    assert fit.fit["date"].max() == pd.Timestamp("2024-02-04")
    ready = surgesim.load(tmp_path / "fit" / "scenario.yaml")
    assert (ready.start, ready.warm_up_days) == (today.start, DAYS)
    assert ready.care.initial_census == today.care.initial_census
    assert ready.history == today.history
    assert ready.alternatives == today.alternatives
    assert read_fit(tmp_path / "fit", today).overlay == fit.overlay
    assert today.overlaid(fit.overlay).warm_up_days == DAYS


def test_a_scenario_without_reports(today: Scenario) -> None:
    with pytest.raises(FitError, match=r"^history: got no history and no data, expected daily reports"):
        surgesim.fit(tiny_town())
    short = today.overlaid({"history": {"first_day": "2024-01-29"}})
    with pytest.raises(FitError, match=r"^history: got 7 days before the start, expected at least 10 days"):
        surgesim.fit(short)
