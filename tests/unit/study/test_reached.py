"""Who is reached, districts in the tables and on the screen."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from study_cases import DAYS, local, made_up_record, shown, small_scenario

from surgesim.model.record import Record
from surgesim.report.prose.sentences import epidemic_level, timely_access
from surgesim.report.screen.screen import breach_table, summary, threshold_table
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.compare import better, paired_interval
from surgesim.study.results import Results
from surgesim.study.tables.collect import Collection
from surgesim.study.tables.fill import fill

WATCHED = "oxygen_need_7d_per_100k"

COMMAND = {
    "thresholds": {
        "icu": {"indicator": "staffed_icu_beds_per_100k", "below": 4},
        "cases": {"indicator": WATCHED, "above": 450, "by": "district"},
    },
    "levels": {"transmission": {"cases": {"indicator": WATCHED, "at_least": [90, 450, 600]}}},
    "reach": {"within_hours": 8, "reference_deaths_per_million": 200.0},
}


def watched(**changes: Any) -> Scenario:
    return small_scenario(command={**COMMAND, **changes}, alternatives={"other": {}})


def reached(patients: int, in_time: int, deaths: int, **cells: tuple[int, int, int]) -> np.ndarray[Any, Any]:
    """Patients, in time and deaths of every cell (district, age, low risk), but for some districts."""
    counts = np.zeros((4, 2, 9, 2), np.int64)
    counts[:3, :, :, 0] = np.array([patients, in_time, deaths])[:, None, None]
    for i, name in enumerate(("na", "null")):
        if name in cells:
            counts[:3, i, :, 0] = np.array(cells[name])[:, None]
    return counts


def record_of(
    scenario: Scenario,
    k: int,
    counts: np.ndarray[Any, Any] | None = None,
    first: tuple[float, float] = (3, 5),
) -> Record:
    """A record in which `cases` is breached in each district from its first day on, for four days."""

    days = np.arange(DAYS)[:, None, None]
    begins = np.array(first)[None, None, :]
    breached = (days >= begins) & (days < begins + 4)
    values = np.where(breached, 500.0 + 10 * k, 100.0) * np.array([1.0, 2.0])
    any_breached = np.column_stack([np.zeros(DAYS, bool), breached[:, 0].any(axis=1)])
    record = made_up_record(
        scenario,
        k,
        breached=any_breached,
        values=np.column_stack([np.full(DAYS, 5.0), values[:, 0].max(axis=1)]),
    )
    level = [c.name for c in Collection(scenario, 1).groups.all] and record.assessed.copy()
    level[:, 0] = np.where(days[:, 0, 0] >= 4, 3, 1)
    districts = record.districts.copy()
    districts[:, 0, -1], districts[6:, 1, -1] = 1, 4
    return dataclasses.replace(
        record,
        assessed=level,
        districts=districts,
        breached_by_district=breached,
        values_by_district=values,
        reached=local(scenario)["reached"] if counts is None else counts,
    )


def results_of(scenario: Scenario, *counts: np.ndarray[Any, Any], **changes: Any) -> Results:
    collections = {}
    for name in ("baseline", "other"):
        alternative = scenario.alternative(name)
        collections[name] = Collection(alternative, len(counts))
        for k, count in enumerate(counts):
            collections[name].add(record_of(alternative, k, count, **changes))
    return Results(
        scenario=scenario, manifest={"alternatives": list(collections)}, **fill(scenario, collections)
    )


@pytest.fixture(scope="module")
def results() -> Results:
    return results_of(watched(), reached(10, 8, 1), reached(10, 6, 3, null=(20, 5, 4)))


def row(table: pd.DataFrame, **keys: str) -> dict[str, Any]:
    for key, value in keys.items():
        table = table[table[key] == value]
    assert len(table) == 1
    return dict(table.to_dict("records")[0])


def test_reached_by_hand(results: Results) -> None:
    table = results.reached
    assert list(table["by"].unique()) == ["all", "age", "district"]  # arrivals: risk groups are not known
    assert list(table[table["by"] == "district"]["group"].unique()) == ["na", "null"]
    null = row(table, alternative="baseline", by="district", group="null")
    assert null["people"] == 40_000
    assert null["patients_mean"] == (90 + 180) / 2
    shares = np.array([0.8, 0.25])
    assert null["in_time_share"] == pytest.approx(shares.mean())
    low, high = paired_interval(shares)
    assert (null["in_time_low"], null["in_time_high"]) == (max(low, 0), min(high, 1)) == (0, 1)
    assert null["deaths_mean"] == (9 + 36) / 2
    assert null["deaths_per_million"] == pytest.approx(22.5 / 0.04)
    assert null["reference_deaths_per_million"] == 200
    assert null["times_reference"] == pytest.approx(22.5 / 0.04 / 200)
    everybody = row(table, alternative="baseline", by="all", group="all")
    assert everybody["in_time_share"] == pytest.approx((0.8 + (9 * 6 + 9 * 5) / (90 + 180)) / 2)
    eldest = row(table, alternative="other", by="age", group="80+")
    assert eldest["people"] == 10_000
    assert eldest["patients_mean"] == (20 + 30) / 2


def test_risk_groups_are_told_where_an_epidemic_is_simulated_and_anybody_is_in_them() -> None:
    from strategies import build, people, small, variant

    for share, expected in ((0.3, ["low-risk", "high-risk"]), (0.0, ["low-risk"])):
        scenario = build(small(3, people=people(high_risk=share), epidemic={"variant": variant(2.0)}))
        groups = Collection(scenario, 1).groups
        assert [group.name for group in groups.all if group.by == "risk"] == expected
        assert sum(int(g.total(groups.people)) for g in groups.all if g.by == "age") == 100_000


@pytest.mark.slow
def test_a_group_without_patients_has_no_share_and_no_pair() -> None:
    results = results_of(watched(), reached(10, 8, 1, na=(0, 0, 0)), reached(10, 6, 3, na=(0, 0, 0)))
    nobody = row(results.reached, alternative="baseline", by="district", group="na")
    assert nobody["patients_mean"] == 0
    assert np.isnan(nobody["in_time_share"])
    outcomes = set(results.comparison["outcome"])
    assert "in_time_share:district:null" in outcomes
    assert "in_time_share:district:na" not in outcomes
    assert "deaths_per_million:district:na" in outcomes


def test_outcomes_by_group_stand_among_the_others_where_reach_is_given(results: Results) -> None:
    table = results.replications
    assert list(table[table["alternative"] == "baseline"]["in_time_share:district:null"]) == [0.8, 0.25]
    assert list(table["deaths_per_million:all"][:2]) == [180.0, (27 + 36) * 10.0]
    compared = row(results.comparison, outcome="in_time_share:age:80+")
    assert (compared["better"], compared["unit"]) == ("higher", "share")
    assert better("deaths_per_million:all") == "lower"
    without = watched(reach=None)
    columns = results_of(without, reached(1, 1, 0)).replications.columns
    assert [name for name in columns if name.startswith("in_time")] == []


def test_breaches_have_a_row_for_each_district_and_none_for_the_province(results: Results) -> None:
    table = results.breaches[results.breaches["alternative"] == "baseline"]
    assert list(zip(table["threshold"], table["area"], strict=True)) == [
        ("icu", "province"), ("cases", "na"), ("cases", "null"), ("situation", "province"),
    ]  # fmt: skip
    na, null = row(table, area="na"), row(table, area="null")
    assert (na["probability"], na["first_day_median"], na["days_breached_mean"]) == (1, 3, 4)
    assert (null["first_day_median"], null["longest_spell_days"]) == (5, 4)
    assert (na["worst_value_median"], null["worst_value_median"]) == (500, 1000)
    assert na["bound"] == 450
    assert row(table, threshold="situation")["bound"] == 1
    replications = results.replications
    assert list(replications["first_day_cases"].unique()) == [3]  # in any district
    assert list(replications["days_breached_cases"].unique()) == [6]


def test_daily_districts_have_what_is_assessed_there(results: Results) -> None:
    table = results.daily_districts
    assert set(table["indicator"]) == {"reported_cases", "deaths", WATCHED, "epidemic_level"}
    level = table[(table["indicator"] == "epidemic_level") & (table["alternative"] == "baseline")]
    assert list(level[level["area"] == "null"]["p50"]) == [0] * 6 + [4] * 6
    assert "epidemic_level" in set(results.daily["indicator"])


def test_the_screen_tells_districts_in_one_row(results: Results) -> None:
    text = shown(breach_table(results, "en"), 200)
    assert text.count("in each district") == 1
    assert "2 of 2 districts" in text
    assert "(2 in at least one run)" in text
    assert "Nà: 2 Feb 2024" in text  # the first of them: 30 January and three days
    assert "Rạch Giá: 1,000" in text  # the worst
    assert "at least 1 of 1 criteria" in text
    assert "2/2 huyện" in shown(breach_table(results, "vi"), 200)


def test_the_screen_says_so_where_no_district_is_in_breach() -> None:
    results = results_of(watched(), reached(1, 1, 0), first=(99, 99))
    text = shown(breach_table(results, "en"), 200)
    assert "0 of 2 districts" in text
    assert "none by day 12" in text


@pytest.mark.slow
def test_what_alternatives_change_in_any_district() -> None:
    scenario = watched()
    collections = {}
    for name, first in (("baseline", (3, 5)), ("other", (6, 7))):
        collections[name] = Collection(scenario.alternative(name), 2)
        for k in range(2):
            collections[name].add(record_of(scenario.alternative(name), k, first=first))
    results = Results(
        scenario=scenario, manifest={"alternatives": list(collections)}, **fill(scenario, collections)
    )
    text = shown(threshold_table(results, "en"), 200)
    assert "Patients who need oxygen, 7-day mean > 450 per 100,000, in any district" in text.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "+3" in text


def test_the_summary_names_the_groups_reached_least(results: Results) -> None:
    sentences = " ".join(timely_access(results, "en")).replace("\N{NO-BREAK SPACE}", " ")
    assert "58% of the patients got every bed they needed within 8 hours" in sentences
    assert "Rạch Giá 52%" in sentences
    assert "405 deaths per million people, 2.02 times the reference of 200." in sentences
    text = shown(summary(results, "en"), 200)
    assert "58% of the patients" in text
    assert (
        "The epidemic rises to level 3 in the whole area, first on 3 Feb (median), and to level 4 in 1 of 2"
        in text
    )


@pytest.mark.slow
def test_small_groups_are_not_named_and_nobody_is_told_as_nobody() -> None:
    few = results_of(watched(reach=None), reached(1, 1, 0, na=(1, 0, 0)))
    (sentence,) = timely_access(few, "en")
    assert sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        "50% of the patients got every bed they needed within 6 hours."
    )
    assert list(timely_access(results_of(watched(), reached(0, 0, 0)), "en")) == [
        "No patient needed an oxygen or ICU bed."
    ]
    assert list(epidemic_level(results_of(watched(levels=None), reached(1, 1, 0)), "en")) == []
