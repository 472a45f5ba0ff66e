"""What is read of data, and what is refused in them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fit_cases import tiny_town

from surgesim.errors import FitError
from surgesim.fitting.data import read_data
from surgesim.fitting.observations import observations
from surgesim.scenario.schema.scenario import Scenario

START = date(2024, 1, 1)


@pytest.fixture(scope="module")
def town() -> Scenario:
    return tiny_town()


def daily(days: int = 14, **columns: Any) -> pd.DataFrame:
    dates = [START + timedelta(days=day) for day in range(days)]
    return pd.DataFrame({"date": dates, **(columns or {"reported_cases": range(1, days + 1)})})


def refused(source: Any, town: Scenario) -> list[str]:
    with pytest.raises(FitError) as caught:
        read_data(source, town)
    return [str(problem) for problem in caught.value.problems]


def test_weeks_of_daily_data_end_with_the_last_value(town: Scenario) -> None:
    data = read_data(daily(16, icu=[float(day) for day in range(16)]), town)
    found = observations(data, START)
    assert [(each.date, len(each.days), each.value) for each in found] == [
        (date(2024, 1, 2), 2, 0.5),
        (date(2024, 1, 9), 7, 5.0),
        (date(2024, 1, 16), 7, 12.0),
    ]


def test_days_without_a_value_are_left_out_on_both_sides(town: Scenario) -> None:
    cases = [1.0] * 14
    cases[10] = np.nan
    *_, last = observations(read_data(daily(14, reported_cases=cases), town), START)
    assert last.value == 6
    assert 10 not in last.days
    assert last.of(np.arange(60.0)) == sum(day for day in range(7, 14) if day != 10)


def test_weekly_flows_are_sums_of_the_week_that_ends_on_the_date(town: Scenario) -> None:
    frame = pd.DataFrame(
        {"date": ["2024-01-07", "2024-01-14", "2024-01-21"], "reported_cases": [7, 14, 21], "icu": [1, 2, 3]}
    )
    found = observations(read_data(frame, town), START)
    assert [(each.name, each.days[0], each.days[-1]) for each in found] == [
        ("reported_cases", 0, 6),
        ("reported_cases", 7, 13),
        ("reported_cases", 14, 20),
        ("icu", 6, 6),
        ("icu", 13, 13),
        ("icu", 20, 20),
    ]


def test_a_week_that_began_before_the_run_is_left_out(town: Scenario) -> None:
    frame = pd.DataFrame({"date": ["2024-01-03", "2024-01-10", "2024-01-17"], "deaths": [1, 2, 3]})
    assert [each.value for each in observations(read_data(frame, town), START)] == [2, 3]


def test_a_csv_reads_like_a_frame(town: Scenario, tmp_path: Path) -> None:
    frame = daily(14, icu=[1.0, np.nan, *[2.0] * 12], district="town")
    frame.to_csv(tmp_path / "daily.csv", index=False)
    assert read_data(tmp_path / "daily.csv", town) == read_data(frame, town)
    assert read_data(frame.set_index("date"), town) == read_data(frame, town)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (daily(9), "data: date: got data for 9 days, expected at least 10 days"),
        (daily(14, reported_cases=[0] * 14, icu=[0] * 14), "data: got only zeros, expected an epidemic"),
        (daily(14, icu=[np.nan] * 14), "data: got no number, expected values of at least one series"),
        (daily(14, cases=range(14), icu=range(14)), "data: cases: got an unknown column"),
        (daily(14, district=["town"] * 14), "data: got no series, expected at least one of reported_cases"),
        (daily(70), "data:62: date: got 2024-03-01, which is outside the run, expected 2024-01-01 to"),
        (
            daily(14, icu=[3.0] * 14, in_hospital=[9.0] * 13 + [2.0]),
            "data:15: icu: got 3 on 2024-01-14, expected at most the 2 of in_hospital",
        ),
        (daily(14, icu=[-1.0] + [1.0] * 13), "data:2: icu: got '-1.0', expected a number of at least 0"),
        (daily(14, icu=["many"] + ["1"] * 13), "data:2: icu: got 'many', expected a number of at least 0"),
        (daily(14, icu=[1] * 14, district=["twon"] * 14), "data:2: district: got 'twon', did you mean"),
        (
            daily(14, admissions=[1] * 14, district=["town"] * 14),
            "data:2: admissions: got 1 for 'town', but the model has admissions only for the province",
        ),
        (
            daily(14, icu=[1] * 14, district=["hamlet"] * 14),
            "data:2: icu: got 1 for 'hamlet', but the scenario has no facility there",
        ),
        (
            daily(14, icu=[1] * 14, district=["", *["town"] * 13]),
            "data: icu: got values of both the province and districts, expected only one of the two",
        ),
        (
            pd.concat([daily(14), daily(1)]),
            "data:16: date: got 2024-01-01 twice, first on line 2",
        ),
        (daily(14).assign(date="today"), "data:2: date: got 'today', expected a date such as 2024-03-31"),
        (daily(14).drop(columns="date"), "data: index: got an unknown column"),
    ],
)
def test_bad_data_are_refused(town: Scenario, frame: pd.DataFrame, message: str) -> None:
    assert refused(frame, town)[0].startswith(message)


def test_data_of_a_section_are_named_by_it(town: Scenario) -> None:
    with pytest.raises(FitError) as caught:
        read_data(daily(14, icu=[3.0] * 14, in_hospital=[9.0] * 13 + [2.0]), town, "history")
    assert str(caught.value.problems[0]) == (
        "history.icu: got 3 on 2024-01-14, expected at most the 2 of in_hospital"
    )
    with pytest.raises(FitError, match=r"^history: got only zeros, expected an epidemic in the data$"):
        read_data(daily(14, icu=[0.0] * 14), town, "history")


def test_every_problem_is_named(town: Scenario) -> None:
    frame = daily(14, icu=["a", "b", *["1"] * 12])
    assert len(refused(frame, town)) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "got a file that is not a CSV file in UTF-8"),
        (b"date,icu\n\xff\xfe,1\n", "got a file that is not a CSV file in UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_csv(town: Scenario, tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "daily.csv"
    if content is not None:
        path.write_bytes(content)
    assert message in refused(path, town)[0]


def test_something_that_is_no_data(town: Scenario) -> None:
    assert refused(3, town) == ["data: got a value of type int, expected a CSV file or a DataFrame"]
