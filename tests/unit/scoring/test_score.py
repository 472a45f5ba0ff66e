"""Forecasts scored from end to end: which truth, which groups, and nothing of the future in a yardstick."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from score_cases import daily, day, forecast

import surgesim
from surgesim.scoring.score import Scores

QUANTILES = (2, 8, 10, 12, 20)


def row(scores: Scores, **keys: str) -> pd.Series:
    chosen = {"model": "forecast", "target": "all", "horizon": "all", "location": "all", **keys}
    (found,) = (of for _, of in scores.table.iterrows() if all(of[key] == chosen[key] for key in chosen))
    return found


def test_stocks_are_those_of_the_day_and_flows_sums_of_the_week() -> None:
    icu = np.arange(40.0)
    truth = daily(icu=icu, admissions=2 * icu)
    both = [forecast(QUANTILES, target=target) for target in ("icu", "admissions")]
    each = surgesim.score(pd.concat(both), truth).each.query("model == 'forecast'")
    assert each["truth"].tolist() == [27, 2 * sum(range(21, 28))]


def test_weekly_truth_is_the_sum_of_the_week_already() -> None:
    weeks = pd.DataFrame({"date": [day(7 * week - 1) for week in range(1, 7)], "deaths": [1, 2, 3, 5, 8, 13]})
    each = surgesim.score(forecast(QUANTILES, origin=20, weeks=2, target="deaths"), weeks).each
    assert each["truth"].tolist() == [8, 8]
    assert list(each["model"]) == ["forecast", "baseline"]  # a trend needs more than three weeks


def test_a_week_with_a_gap_is_left_out() -> None:
    admissions = np.full(60, 3.0)
    admissions[25] = np.nan
    forecasts = pd.concat([forecast(QUANTILES, weeks=weeks, target="admissions") for weeks in (1, 2, 8)])
    scores = surgesim.score(forecasts, daily(admissions=admissions))
    assert scores.left_out == 2  # a gap, and the future
    assert scores.each.query("model == 'forecast'")["horizon"].tolist() == [2]


def test_table_has_means_and_wis_relative_to_the_baseline() -> None:
    truth = daily(icu=np.where(np.arange(50) % 14 < 7, 10.0, 13.0))  # all differences are ±3
    forecasts = pd.concat([forecast(QUANTILES, origin=20), forecast(QUANTILES, origin=27)])
    scores = surgesim.score(forecasts, truth)
    # origin 20: 10, then 13; origin 27: 13, then 10
    own = [4.4 / 2.5, 1.9 / 2.5]
    steady = (3 / 2 + (0.25 + 0.05) * 6) / 2.5
    found = row(scores, target="icu", horizon="1", location="province")
    assert found["n"] == 2
    assert found["wis"] == pytest.approx(np.mean(own))
    assert (found["coverage_50"], found["coverage_90"]) == (0.5, 1.0)
    assert found["relative_wis"] == pytest.approx(np.mean(own) / steady)
    assert row(scores, model="baseline")["relative_wis"] == 1


def test_targets_weigh_the_same_in_all() -> None:
    rng = np.random.default_rng(1)
    truth = daily(icu=rng.poisson(20, 60), reported_cases=rng.poisson(900, 60))
    targets = [forecast(np.array(QUANTILES) * n, target=t) for t, n in (("icu", 2), ("reported_cases", 600))]
    scores = surgesim.score(pd.concat(targets), truth)
    icu, cases, both = (row(scores, target=target) for target in ("icu", "reported_cases", "all"))
    assert both["relative_wis"] == pytest.approx(np.sqrt(icu["relative_wis"] * cases["relative_wis"]))
    assert np.isnan(both["wis"])
    assert both["n"] == 2


def test_yardsticks_know_nothing_after_the_origin() -> None:
    rng = np.random.default_rng(2)
    icu = rng.poisson(50, 80).astype(float)
    later = np.concatenate((icu[:61], icu[61:] * 3))
    forecasts = forecast(np.array(QUANTILES) * 5, origin=60)
    one, other = (surgesim.score(forecasts, daily(icu=values)).each for values in (icu, later))
    assert list(one["model"]) == ["forecast", "baseline", "trend"]
    assert one["median"].tolist() == other["median"].tolist()
    assert one["dispersion"].tolist() == other["dispersion"].tolist()
    assert one["truth"].tolist() != other["truth"].tolist()


def test_an_origin_may_be_the_last_day_of_data_or_the_first_of_the_forecast() -> None:
    icu = [*[10.0] * 21, 50.0, *[10.0] * 20]
    last, first = forecast(QUANTILES, origin=20), forecast(QUANTILES, origin=20)
    first["origin_date"] = day(21).isoformat()
    scores = [surgesim.score(each, daily(icu=icu)).each["median"] for each in (last, first)]
    assert scores[0].tolist() == scores[1].tolist() == pytest.approx([10, 10, 10])


def test_locations_are_districts_or_the_province() -> None:
    truth = pd.concat([daily(icu=[n] * 40).assign(district=name) for name, n in (("", 9), ("hill", 4))])
    places = [forecast(QUANTILES, location=location) for location in ("province", "", "hill", "hospital-1")]
    scores = surgesim.score(pd.concat(places), truth)
    each = scores.each.query("model == 'forecast'")
    assert dict(zip(each["location"], each["truth"], strict=True)) == {"province": 9, "": 9, "hill": 4}
    assert scores.left_out == 1


def test_calibration_is_the_share_at_or_below_each_quantile() -> None:
    truth = daily(icu=[9.0] * 24 + [11.0] * 26)
    forecasts = pd.concat([forecast(QUANTILES, origin=10), forecast(QUANTILES, origin=20)])
    shares = surgesim.score(forecasts, truth).calibration.query("model == 'forecast' and target == 'icu'")
    assert shares["share_at_or_below"].tolist() == [0, 0, 0.5, 1, 1]


def test_files_score_like_frames(tmp_path: Path) -> None:
    truth = daily(icu=range(40))
    parts = [forecast(QUANTILES, weeks=weeks) for weeks in (1, 2)]
    for name, frame in (("1", parts[0]), ("2", parts[1]), ("truth", truth)):
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    of_files = surgesim.score([tmp_path / "1.csv", tmp_path / "2.csv"], tmp_path / "truth.csv")
    of_frames = surgesim.score(parts, truth)
    pd.testing.assert_frame_equal(of_files.table, of_frames.table)
    samples = parts[0].assign(output_type="sample", output_type_id=[*range(5)], value=np.nan)
    mixed = surgesim.score(pd.concat([*parts, samples]), truth)
    pd.testing.assert_frame_equal(mixed.each, of_frames.each)
