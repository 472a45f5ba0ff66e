"""Tables against the records they sum up."""

from __future__ import annotations

import dataclasses
import json
from tempfile import SpooledTemporaryFile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from study_cases import DAYS, made_up_record, made_up_simulation, small_scenario

from surgesim.model.outcomes import OUTCOMES
from surgesim.model.record import (
    CONSTRAINTS,
    DISTRICT_INDEX,
    FACILITY_INDEX,
    PROVINCE,
    PROVINCE_INDEX,
    STATES,
    Record,
)
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.binding import modelled_limits
from surgesim.study.tables.collect import Collection
from surgesim.study.tables.columns import QUANTILES
from surgesim.study.tables.daily_values import BLOCK_BYTES, DailyValues
from surgesim.study.tables.fill import bands, fill

REPLICATIONS = 5


def collected(scenario: Scenario, *records: Record) -> dict[str, pd.DataFrame]:
    collection = Collection(scenario, len(records))
    for record in records:
        collection.add(record)
    return fill(scenario, {"baseline": collection})


@pytest.fixture
def records() -> list[Record]:
    return [made_up_simulation(small_scenario(), 1, k) for k in range(REPLICATIONS)]


@pytest.fixture
def tables(records: list[Record]) -> dict[str, pd.DataFrame]:
    return collected(small_scenario(), *records)


def order_statistics(values: Any, q: Any) -> Any:
    return np.quantile(values, q, axis=0, method="inverted_cdf")


def test_bands_are_numpys() -> None:
    values = np.random.default_rng(1).normal(size=(7, 3, 2))
    got = bands(values)
    assert got.shape == (3, 2, 6)
    np.testing.assert_array_equal(got[..., 0], values.mean(axis=0))
    np.testing.assert_allclose(got[..., 1:], np.moveaxis(order_statistics(values, QUANTILES), 0, -1))


def test_bands_of_unlimited_beds_are_infinite_not_missing() -> None:
    assert np.isposinf(bands(np.full((4, 2), np.inf))).all()
    assert list(bands(np.array([[1.0], [2.0], [np.inf], [np.inf]]))[0, [1, -1]]) == [1.0, np.inf]


def test_daily_values_in_a_file_are_those_added() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(2, 6, 150, 40))
    values[0, 0, 0, :3] = np.nan, np.inf, -0.0
    with SpooledTemporaryFile(max_size=1_000) as file:
        stored = [DailyValues(file) for _ in values]
        for pair in zip(*values, strict=True):
            for each, one in zip(stored, pair, strict=True):
                each.add(one)
        groups = [list(each.by_columns()) for each in stored]
    for found, expected in zip(groups, values, strict=True):
        assert max(group[0].nbytes for group in found) < 2 * BLOCK_BYTES
        np.testing.assert_array_equal(np.concatenate(found, axis=1), expected.transpose(0, 2, 1))
        together = np.concatenate([bands(group) for group in found])
        assert together.tobytes() == bands(expected).transpose(1, 0, 2).tobytes()


def test_daily_has_every_indicator_of_every_day(
    tables: dict[str, pd.DataFrame], records: list[Record]
) -> None:
    daily = tables["daily"]
    assert len(daily) == len(PROVINCE) * DAYS
    row = daily[(daily["indicator"] == "icu_need") & (daily["day"] == 3)].iloc[0]
    values = [record.series("icu_need")[3] for record in records]
    assert row["date"] == pd.Timestamp("2024-02-02")
    assert row["mean"] == np.mean(values)
    assert row["p50"] == order_statistics(values, 0.5)
    assert row["p95"] == order_statistics(values, 0.95)


def test_daily_districts_keeps_districts_apart(
    tables: dict[str, pd.DataFrame], records: list[Record]
) -> None:
    table = tables["daily_districts"]
    deaths = DISTRICT_INDEX["deaths"]
    for d, area in enumerate(("na", "null")):
        rows = table[(table["area"] == area) & (table["indicator"] == "deaths")]
        expected = np.mean([record.districts[:, d, deaths] for record in records], axis=0)
        np.testing.assert_array_equal(rows["mean"], expected)


def test_replications_hold_outcomes_and_censored_first_days() -> None:
    scenario = small_scenario()
    breached = np.zeros((DAYS, 2), dtype=bool)
    breached[4:6, 0] = True
    outcomes = {"deaths": 9.0}
    record = made_up_record(scenario, breached=breached, situation=breached[:, 0], outcomes=outcomes)
    row = collected(scenario, record, made_up_record(scenario, 1))["replications"].to_dict("records")
    assert [r["deaths"] for r in row] == [9, 0]
    assert [r["first_day_icu"] for r in row] == [4, DAYS]  # none: the horizon
    assert [r["days_breached_icu"] for r in row] == [2, 0]
    assert [r["first_day_cases"] for r in row] == [DAYS, DAYS]
    assert [r["first_day_situation"] for r in row] == [4, DAYS]
    assert {outcome.name for outcome in OUTCOMES} < set(row[0])


def test_facilities_by_hand() -> None:
    scenario = small_scenario()
    records = []
    for k, opens in enumerate((2, 5, None)):
        record = made_up_record(scenario, k)
        if opens is not None:
            record.facilities[opens:8, 1, FACILITY_INDEX["staffed_oxygen"]] = 10
            record.facilities[opens:8, 1, FACILITY_INDEX["occupied_oxygen"]] = 4
            record.facilities[7, 1, FACILITY_INDEX["occupied_oxygen"]] = 7 + k
        records.append(record)
    row = collected(scenario, *records)["facilities"].iloc[1]
    assert (row["facility"], row["title"]) == ("field", 'Dã chiến "số 1", khu A')
    assert (row["ownership"], row["district"]) == ("military", "null")
    assert row["open_date_median"] == pd.Timestamp("2024-02-04")  # second of days 2, 5, never
    assert row["share_of_replications_opened"] == pytest.approx(2 / 3)
    assert row["open_days_mean"] == 3
    assert row["peak_occupied_oxygen_median"] == 7
    assert row["mean_occupancy_oxygen"] == pytest.approx((5 * 4 + 7 + 2 * 4 + 8) / (9 * 10))
    assert row["peak_occupied_icu_median"] == 0
    assert np.isnan(row["mean_occupancy_icu"])


def test_facilities_say_what_bound_their_beds_while_open() -> None:
    scenario = small_scenario()
    records = []
    for k in range(2):
        record = made_up_record(scenario, k)
        record.states[2:8, :] = STATES.index("open")
        record.facilities[:, 0, FACILITY_INDEX["binding_icu"]] = CONSTRAINTS.index("nurses")
        record.facilities[4 + k :, 0, FACILITY_INDEX["binding_icu"]] = CONSTRAINTS.index("oxygen_stock")
        record.facilities[:, 0, FACILITY_INDEX["oxygen_used_kg"]] = 10 * (k + 1)
        record.facilities[3, 0, FACILITY_INDEX["dry"]] = 0.5
        record.facilities[:, 0, FACILITY_INDEX["emergency_unserved"]] = k
        record.facilities[:, 0, FACILITY_INDEX["elective_backlog"]] = np.arange(DAYS)
        records.append(record)
    general, field = collected(scenario, *records)["facilities"].to_dict("records")
    assert general["icu_days_bound_by_nurses"] == 2.5  # days 2 and 3, or 2 to 4
    assert general["icu_days_bound_by_oxygen_stock"] == 3.5
    assert general["icu_days_bound_by_space"] == 0
    assert general["oxygen_days_bound_by_space"] == 6
    assert general["oxygen_used_kg_mean"] == 15 * DAYS
    assert general["days_dry_mean"] == 0.5
    assert general["emergency_unserved_mean"] == DAYS / 2
    assert general["elective_backlog_end_mean"] == DAYS - 1
    assert np.isnan(field["icu_days_bound_by_space"])  # it has no ICU beds


def test_mobilisation_plan_is_yes_no_or_not_said() -> None:
    plain = small_scenario().to_plain()
    plain["care"]["facilities"]["general"]["mobilisation_plan"] = True
    plain["care"]["facilities"]["field"]["mobilisation_plan"] = False
    said = small_scenario(care=plain["care"])
    assert list(collected(said, made_up_record(said))["facilities"]["has_mobilisation_plan"]) == ["yes", "no"]
    silent = small_scenario()
    plans = collected(silent, made_up_record(silent))["facilities"]["has_mobilisation_plan"]
    assert list(plans) == ["", ""]


def test_binding_counts_breach_days_by_what_binds_most_beds() -> None:
    scenario = small_scenario()
    records = []
    for k in range(2):
        declared = np.zeros(DAYS)
        declared[2:8] = 1
        record = made_up_record(scenario, k, situation=declared)
        put = record.province
        put[:, PROVINCE_INDEX["icu_bound_by_space"]] = 0.4
        put[: 5 + k, PROVINCE_INDEX["icu_bound_by_nurses"]] = 0.6
        put[9, PROVINCE_INDEX["boarding"]] = 1
        records.append(record)
    table = collected(scenario, *records)["binding"].set_index(["bed", "constraint"])
    assert len(table) == 2 * len(CONSTRAINTS) - 2  # doctors and nurses with ICU skills bind only ICU beds
    assert table.loc[("icu", "nurses"), "breach_days_mean"] == 3.5  # days 2 to 4, or 2 to 5
    assert table.loc[("icu", "space"), "breach_days_mean"] == 2.5
    assert table.loc[("icu", "nurses"), "breach_share"] == pytest.approx(7 / 12)
    assert table.loc[("icu", "space"), "short_days_mean"] == 1
    assert table.loc[("icu", "nurses"), "short_days_mean"] == 0
    assert table.loc[("oxygen", "space"), "breach_days_mean"] == 6  # no bed is open
    assert table.loc["oxygen", "short_share"].isna().all()


def test_facility_states_are_told_on_the_days_they_change() -> None:
    scenario = small_scenario()
    record = made_up_record(scenario)
    record.states[3:5, 1] = STATES.index("preparing")
    record.states[5:, 1] = STATES.index("open")
    table = collected(scenario, record, made_up_record(scenario, 1))["facility_states"]
    field = table[table["facility"] == "field"]
    assert list(field["day"]) == [0, 3, 5]
    assert list(field["closed"]) == [1, 0.5, 0.5]
    assert list(field["open"]) == [0, 0, 0.5]
    assert list(table[table["facility"] == "general"]["day"]) == [0]


def test_facility_states_are_shares_that_sum_to_one(
    tables: dict[str, pd.DataFrame], records: list[Record]
) -> None:
    table = tables["facility_states"]
    states = table[["closed", "preparing", "open", "standing_down"]]
    np.testing.assert_allclose(states.sum(axis=1), 1)
    row = table[(table["facility"] == "field") & (table["day"] == 6)].iloc[0]
    assert row["standing_down"] == np.mean([record.states[6, 1] == 3 for record in records])


def test_actions_in_order(tables: dict[str, pd.DataFrame]) -> None:
    actions = tables["actions"]
    assert list(actions["replication"]) == [k for k in range(REPLICATIONS) for _ in range(2)]
    assert list(actions.iloc[1]) == ["baseline", 0, 4.0, "open-field", "phase 1"]


def test_alternative_with_other_thresholds_and_facilities() -> None:
    overlay = {
        "command": {"thresholds": {"icu": None, "beds": {"indicator": "icu_occupancy", "above": 0.9}}},
        "care": {"facilities": {"field": None}},
    }
    scenario = small_scenario(alternatives={"other": overlay})
    collections = {}
    for name in ("baseline", "other"):
        alternative = scenario.alternative(name)
        collections[name] = Collection(alternative, 2)
        for k in range(2):
            collections[name].add(made_up_record(alternative, k))
    tables = fill(scenario, collections)
    by_alternative = tables["breaches"].groupby("alternative")["threshold"].agg(list)
    assert set(by_alternative["other"]) == {"cases", "beds", "situation"}
    compared = set(tables["comparison"]["outcome"])
    assert "first_day_cases" in compared
    assert not {"first_day_icu", "first_day_beds"} & compared
    facilities = tables["facilities"]
    assert list(facilities[facilities["alternative"] == "other"]["facility"]) == ["general"]


def test_no_thresholds_no_actions_gives_empty_tables_with_columns() -> None:
    scenario = small_scenario(command={}, alternatives={})
    record = dataclasses.replace(made_up_record(scenario), actions=())
    tables = collected(scenario, record)
    for name in ("breaches", "comparison", "actions"):
        assert len(tables[name]) == 0
        assert "alternative" in tables[name].columns


def test_what_can_bind_is_what_the_scenario_gives() -> None:
    def given(**of_general: object) -> tuple[str, ...]:
        plain = small_scenario().to_plain()
        plain["care"]["facilities"]["general"] |= of_general
        return modelled_limits(Scenario.model_validate_json(json.dumps(plain)))

    assert given() == ()
    assert given(staff={"doctors": 3}, ventilators=2) == ("doctors", "nurses", "equipment")
    assert given(oxygen={"tank_kg": 100.0}) == ("oxygen_stock",)
    assert given(oxygen={"tank_kg": 100.0, "pipe_lpm": 50.0}) == ("pipes", "oxygen_stock")
