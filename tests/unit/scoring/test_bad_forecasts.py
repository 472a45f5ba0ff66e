"""What is refused in forecasts and truth, a sentence each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from score_cases import LEVELS, daily, forecast

import surgesim
from surgesim.errors import ScoreError

QUANTILES = (2, 8, 10, 12, 20)
TRUTH = daily(icu=[9.0] * 40)


def refused(forecasts: Any, truth: Any = TRUTH) -> list[str]:
    with pytest.raises(ScoreError) as caught:
        surgesim.score(forecasts, truth)
    return [str(problem) for problem in caught.value.problems]


def changed(column: str, value: Any, place: int = 1) -> pd.DataFrame:
    frame = forecast(QUANTILES).astype(object)
    frame.loc[place, column] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (changed("value", np.nan), "data:3: value: got '', expected a number"),
        (changed("value", "many"), "data:3: value: got 'many', expected a number"),
        (
            changed("value", 11),
            "data:4: value: got 10 for the quantile 0.5, below the 11 for 0.25 on line 3, expected "
            "quantiles that do not cross",
        ),
        (
            changed("output_type_id", 1),
            "data:3: output_type_id: got '1', expected the level of a quantile, between",
        ),
        (
            changed("output_type_id", 0.05),
            "data:3: output_type_id: got the quantile 0.05 twice, first on line 2",
        ),
        (
            forecast({level: 1.0 for level in LEVELS if level != 0.25}),
            "data:2: output_type_id: got no quantile 0.25, expected 0.05, 0.25, 0.5, 0.75, 0.95, and pairs",
        ),
        (
            forecast({**dict.fromkeys(LEVELS, 1.0), 0.1: 1.0}),
            "data:2: output_type_id: got no quantile 0.9, expec",
        ),
        (
            changed("target", "icus"),
            "data:3: target: got 'icus', did you mean 'icu'?, expected one of reported_cases",
        ),
        (
            changed("horizon", 1.5),
            "data:3: horizon: got '1.5', expected a whole number of weeks of at least 1",
        ),
        (
            changed("origin_date", "1/2/24"),
            "data:3: origin_date: got '1/2/24', expected a date such as 2024-03-31",
        ),
        (
            changed("target_end_date", "2024-01-29"),
            "data:3: target_end_date: got 2024-01-29, 8 days after the origin 2024-01-21, expected 6 or 7 "
            "days for horizon 1",
        ),
        (
            forecast(QUANTILES).assign(output_type="sample"),
            "output_type: got no row with 'quantile', expected",
        ),
        (
            forecast(QUANTILES).drop(columns="horizon"),
            "data: horizon: got no such column, expected origin_date, ",
        ),
    ],
)
def test_forecasts_that_cannot_be_scored(frame: pd.DataFrame, message: str) -> None:
    first, *others = refused(frame)
    assert first.startswith(message)
    assert not others


def test_forecasts_with_different_quantiles() -> None:
    more = forecast({**dict.fromkeys(LEVELS, 5.0), 0.1: 5.0, 0.9: 5.0}, weeks=2)
    (message,) = refused([forecast(QUANTILES), more])
    assert message == (
        "data:2: output_type_id: got quantile 0.1, 0.9 in only some forecasts, expected the same "
        "quantiles in all"
    )


def test_no_common_dates() -> None:
    (message,) = refused(forecast(QUANTILES, origin=90))
    assert message == (
        "data:2: target_end_date: got forecasts such as icu of the province on 2024-04-07, but none for "
        "a target, place and date in the truth, which has icu of the province"
    )
    (message,) = refused(forecast(QUANTILES, target="deaths"))
    assert "such as deaths" in message


def test_truth_that_begins_after_the_origin() -> None:
    forecasts = pd.concat([forecast(QUANTILES, origin=20, weeks=weeks) for weeks in (1, 2)])
    (message,) = refused(forecasts, TRUTH[22:])
    assert message == (
        "data:2: origin_date: got 2024-01-21, but the truth of icu has no value up to then, expected data "
        "from before the origin, which the yardsticks need"
    )


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        (daily(icu=[-1.0] * 30), "data:2: icu: got '-1.0', expected a number of at least 0 or an empty cell"),
        (daily(icu=[np.nan] * 30), "data: got no number, expected values of at least one series"),
        (daily(beds=[1.0] * 30), "data: beds: got an unknown column"),
        ("nowhere.csv", "nowhere.csv: cannot be read: No such file or directory"),
    ],
)
def test_truth_that_cannot_be_used(truth: Any, message: str) -> None:
    assert refused(forecast(QUANTILES), truth)[0].startswith(message)
