"""One replication as an object: the numbers are those of a run, and the events add up to its days."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from study_cases import small_scenario

import surgesim
from surgesim.errors import ScenarioError, SurgesimError
from surgesim.model.record import EVENTS, STATES
from surgesim.scenario.door import from_plain, load
from surgesim.scenario.schema.merging import deep_merge
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.replicate import drawn_values
from surgesim.study.replication import Replication, simulate
from surgesim.study.run import run

ROOT = Path(surgesim.__file__).parents[1]
KEYS = ["alternative", "replication", "area", "day"]
STUDY = {
    "replications": 3,
    "seed": 5,
    "uncertainty": {
        "epidemic.variant.r0": {"uniform": [4, 6]},
        "care.facilities.general-hospital.beds.icu": {"choice": [6, 8, 12]},
    },
}
CHANGES: dict[str, Any] = {
    "days": 70,
    "study": STUDY,
    "command": {
        "thresholds": {
            "cases": {"indicator": "weekly_reported_cases_per_100k", "above": 50, "by": "district"}
        },
        "reach": {},
    },
    "alternatives": {"milder": {"epidemic": {"variant": {"r0": {"scale": 0.8}}}}},
}


WITH_OXYGEN = {"facilities": {"general-hospital": {"oxygen": {"plant_nm3_per_hour": 8, "tank_kg": 50}}}}


def town(**changes: Any) -> Scenario:
    """A town with rules, districts, uncertain parameters and an alternative that scales one of them."""
    plain = load(ROOT / "scenarios/teaching/small-town.yaml").to_plain()
    return from_plain(deep_merge({**plain, "alternatives": {}}, deep_merge(CHANGES, changes)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results") / "town"
    run(town(), seed=11, replications=3, workers=1, out=out)
    return out


@pytest.mark.slow
@pytest.mark.parametrize("alternative", ["baseline", "milder"])
@pytest.mark.parametrize(("k", "events"), [(0, False), (2, True)])
def test_a_replication_is_that_of_a_run(folder: Path, alternative: str, k: int, events: bool) -> None:
    one = simulate(town(), 11, k, alternative=alternative, events=events)
    stored = pd.read_parquet(folder / "daily.parquet")
    stored = stored[(stored["alternative"] == alternative) & (stored["replication"] == k)]
    province = stored[stored["area"] == "province"]
    indicators = list(surgesim.read(folder).daily["indicator"].unique())
    assert list(one.province)[4:] == indicators
    columns = [*KEYS[:2], "day", *indicators]
    pd.testing.assert_frame_equal(one.province[columns], province[columns].reset_index(drop=True))
    districts = stored[stored["area"] != "province"]
    columns = [name for name in districts if name in one.districts]
    assert {*KEYS, "deaths", "weekly_reported_cases_per_100k"} < set(columns)
    pd.testing.assert_frame_equal(one.districts[columns], districts[columns].reset_index(drop=True))

    results = surgesim.read(folder)
    row = results.replications.query("alternative == @alternative and replication == @k").iloc[0]
    assert list(row.index) == [*KEYS[:2], *one.outcomes, *(f"drawn:{path}" for path in one.draws)]
    written = row.iloc[2:].astype(float)
    np.testing.assert_allclose([*one.outcomes.values(), *one.draws.values()], written, rtol=1e-9)
    assert len(one.draws) == 2


def test_columns_and_dates_are_those_of_the_tables_of_a_run() -> None:
    scenario = town(days=10)
    one, results = simulate(scenario, 1, 0), run(scenario, seed=1, replications=1, workers=1)
    daily = results.daily.query("alternative == 'baseline'")
    indicators = list(daily["indicator"].unique())
    assert list(one.province) == [*KEYS[:2], "day", "date", *indicators]
    for name in ("icu_need", "oxygen_need", "deaths"):
        of_one = daily[daily["indicator"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(of_one[["day", "date"]], one.province[["day", "date"]])
        np.testing.assert_array_equal(of_one["mean"], one.province[name])
    assert list(one.districts)[:5] == ["alternative", "replication", "area", "day", "date"]
    assert list(one.facilities)[:5] == ["alternative", "replication", "facility", "day", "date"]
    assert one.facilities["facility"].unique().tolist() == list(scenario.care.facilities)
    by_day = one.facilities.groupby("day")["occupied_icu"].sum()
    np.testing.assert_array_equal(by_day, one.province["occupied_icu"])


@pytest.mark.slow
def test_breaches_of_replications_together_are_the_breaches_of_a_run() -> None:
    scenario = town(days=32)
    table = run(scenario, seed=2, replications=6, workers=1, only=[]).breaches
    table = table[table["threshold"] != "situation"]  # which some replications leave undecided
    ones = pd.concat(simulate(scenario, 2, k).breaches for k in range(6)).query("threshold != 'situation'")
    assert set(ones["breached"].dropna()) == {True, False}
    together = ones.groupby(["area", "threshold"], sort=False)
    assert list(together.groups) == list(zip(table["area"], table["threshold"], strict=True))
    mean = together[["breached", "breached_at_start", "days_breached", "longest_spell_days"]].mean()
    columns = ["probability", "breached_at_start", "days_breached_mean", "longest_spell_days"]
    np.testing.assert_allclose(mean.astype(float), table[columns])
    np.testing.assert_allclose(together["bound"].first(), table["bound"])
    never = ones[~ones["breached"]]
    assert never[["first_day", "first_date"]].isna().all(axis=None)
    ever = ones[ones["breached"]]
    dates = pd.Timestamp(scenario.start) + pd.to_timedelta(ever["first_day"], unit="D")
    assert (ever["first_date"] == dates).all()


def test_a_threshold_that_is_not_assessed_has_a_reason_and_no_numbers() -> None:
    thresholds = {"cases": {"indicator": "weekly_reported_cases_per_100k", "above": 4}}
    scenario = small_scenario(command={"thresholds": thresholds}, alternatives={})
    found = simulate(scenario, 1, 0)
    expected = run(scenario, seed=1, replications=1, workers=1).breaches
    assert found.breaches["not_assessed"].tolist() == expected["not_assessed"].tolist()
    assert found.breaches["not_assessed"].iloc[0] != ""
    assert found.breaches.iloc[:, -7:].isna().all(axis=None)
    assert np.isnan(found.outcomes["first_day_cases"])


def test_a_scenario_without_thresholds_has_no_breaches() -> None:
    found = simulate(small_scenario(command={}, alternatives={}), 1, 0).breaches
    assert len(found) == 0
    assert "worst_value" in found


# -- events -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eventful() -> Replication:
    return simulate(town(days=110, care=WITH_OXYGEN), 3, 1, events=True)


@pytest.mark.slow
def test_events_change_no_number(eventful: Replication) -> None:
    without = simulate(town(days=110, care=WITH_OXYGEN), 3, 1)
    pd.testing.assert_frame_equal(without.province, eventful.province)
    pd.testing.assert_frame_equal(without.facilities, eventful.facilities)
    assert without.outcomes == pytest.approx(dict(eventful.outcomes), rel=0, nan_ok=True)
    with pytest.raises(
        SurgesimError, match=r"^got a replication simulated without events, expected simulate"
    ):
        _ = without.events


@pytest.mark.slow
def test_events_are_in_order_and_of_known_kinds(eventful: Replication) -> None:
    events = eventful.events
    assert events["time"].is_monotonic_increasing
    assert (events["day"] == np.floor(events["time"])).all()
    start = pd.Timestamp(eventful.scenario.start)
    assert (events["date"] == start + pd.to_timedelta(events["day"], unit="D")).all()
    of = {kind: set(group["event"]) for kind, group in events.groupby("kind")}
    assert of["patient"] <= EVENTS.keys()
    assert {"needs oxygen", "without oxygen", "oxygen again", "boards", "ready", "dies"} <= of["patient"]
    assert of["facility"] <= set(STATES)
    assert {"fired", "ordered", "phase 1"} <= of["rule"]
    assert events["patient"].isna().eq(events["kind"] != "patient").all()
    assert events["facility"].ne("").eq(events["kind"] == "facility").all()
    assert events["rule"].ne("").eq(events["kind"] == "rule").all()


@pytest.mark.slow
def test_events_by_day_are_the_flows(eventful: Replication) -> None:
    events, province = eventful.events, eventful.province.set_index("day")
    columns = {"needs oxygen": "new_oxygen_need", "needs ICU": "new_icu_need", "dies": "deaths"}
    for event, column in {**columns, "recovers": "recovered"}.items():
        counts = events[events["event"] == event].groupby("day").size()
        assert counts.sum() > 0
        expected = counts.reindex(province.index, fill_value=0)
        np.testing.assert_array_equal(expected, province[column], err_msg=event)


@pytest.mark.slow
def test_who_came_to_a_facility_and_has_not_left_is_in_its_beds(eventful: Replication) -> None:
    events = eventful.events.query("kind == 'patient'")
    patients = events.groupby("patient")
    chained = patients["to_facility"].shift(fill_value="")
    assert (events["from_facility"] == chained).all()
    assert (events.loc[events["event"].isin(["dies", "recovers"]), "to_facility"] == "").all()
    last = patients.tail(1)
    there = last[(last["to_facility"] != "") & (last["event"] != "departs")]["to_facility"].value_counts()
    end = eventful.facilities[eventful.facilities["day"] == eventful.scenario.days - 1]
    end = end.set_index("facility")
    census = end["occupied_oxygen"] + end["occupied_icu"]
    assert census.sum() > 0
    np.testing.assert_array_equal(there.reindex(census.index, fill_value=0), census)


@pytest.mark.slow
def test_the_last_state_of_a_day_is_that_of_the_daily_table() -> None:
    plan = {
        "open-field": {
            "action": "open_facility",
            "facilities": ["field"],
            "when": {"on": "2024-02-01"},
            "decision_days": 0.25,
            "lead_days": 1.25,
            "until": {"on": "2024-02-05"},
        }
    }
    scenario = small_scenario(command={"plan": plan}, alternatives={})
    found = simulate(scenario, 1, 0, events=True)
    changes = found.events.query("facility == 'field'")[["time", "event"]].values.tolist()
    assert changes[:3] == [[0.0, "closed"], [2.25, "preparing"], [4.0, "open"]]
    assert changes[3] in ([6.0, "standing-down"], [6.0, "closed"])
    assert changes[-1][1] == "closed"
    states = found.facilities.set_index(["facility", "day"])["state"]
    events = found.events.query("kind == 'facility'")
    last = events.groupby(["facility", "day"])["event"].last().reindex(states.index)
    np.testing.assert_array_equal(last.groupby("facility").ffill(), states)


@pytest.mark.slow
def test_a_facility_closes_when_its_last_patient_leaves() -> None:
    plan = {
        "close": {
            "action": "open_facility",
            "facilities": ["field"],
            "when": {"on": "2024-01-30"},
            "until": {"on": "2024-02-05"},
        }
    }
    plain = small_scenario(command={"plan": plan}, alternatives={}).to_plain()
    beds = {"beds": {"oxygen": 0, "icu": 0}}
    scenario = from_plain(deep_merge(plain, {"care": {"facilities": {"general": beds}}}))
    events = simulate(scenario, 1, 0, events=True).events
    changes = events.query("facility == 'field'").set_index("event")["time"]
    assert changes["standing-down"] == 6
    left = events.query("from_facility == 'field' and to_facility == ''")["time"].max()
    assert 6 < left < scenario.days
    assert changes["closed"].max() == left


# -- the object and its arguments ---------------------------------------------------------------------


def test_a_replication_is_short_to_print_kept_and_pickled() -> None:
    found = simulate(small_scenario(), 7, 2, alternative="more-icu")
    assert repr(found) == "<Replication 2 of 'small', 'more-icu', seed 7: 12 days>"
    assert "with events" in repr(simulate(small_scenario(), 7, 2, events=True))
    assert found.province is found.province
    again = pickle.loads(pickle.dumps(found))
    pd.testing.assert_frame_equal(again.province, found.province)
    assert again.scenario == found.scenario
    assert isinstance(found, surgesim.Replication)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alternative": "more-icus"}, "alternatives: got 'more-icus', did you mean 'more-icu'?"),
        ({"replication": -1}, "replication: got -1, expected a whole number from 0 to 2**63 - 1"),
        ({"replication": 1.0}, "replication: got 1.0, expected a whole number from 0 to 2**63 - 1"),
        ({"seed": "one"}, "seed: got 'one', expected a whole number from 0 to 2**63 - 1"),
        ({"seed": True}, "seed: got True, expected a whole number from 0 to 2**63 - 1"),
        ({"seed": 2**63}, f"seed: got {2**63}, expected a whole number from 0 to 2**63 - 1"),
    ],
)
def test_bad_arguments_are_refused_in_a_sentence(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        simulate(small_scenario(), **{"seed": 1, "replication": 0, **arguments})
    assert str(caught.value) == message


def test_numpy_integers_are_integers() -> None:
    one, other = simulate(small_scenario(), 1, 1), simulate(small_scenario(), np.int64(1), np.uint8(1))  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(one.province, other.province)


def test_a_draw_that_a_file_could_not_hold_is_refused() -> None:
    plain = small_scenario(alternatives={}).to_plain()
    facility = {"covid_share": 0.5, "convertible_share": 0.8}
    hole = {"care.facilities.general.convertible_share.oxygen": {"choice": [0, 1, 0.4]}}
    changes = {"care": {"facilities": {"general": facility}}, "study": {"uncertainty": hole}}
    scenario = from_plain(deep_merge(plain, changes))
    (path,) = hole
    k = next(k for k in range(20) if drawn_values(scenario, 1, k)[path] == 0.4)
    with pytest.raises(ScenarioError, match=rf"for oxygen beds; replication {k} draws {path} = 0\.4$"):
        simulate(scenario, 1, k)
