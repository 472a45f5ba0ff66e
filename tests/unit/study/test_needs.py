"""What is not measured is not 0: indicators without ground, beds that nobody can occupy, staffed ICU beds."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from figure_cases import surge_results, surge_scenario
from rich.console import Console
from strategies import (
    Plain,
    arrivals,
    build,
    clinical,
    clock,
    deaths,
    district,
    facility,
    people,
    severity,
    small,
    stays,
    variant,
)
from study_cases import DAYS, made_up_record, small_scenario

from surgesim.model.command.levels import LevelTable
from surgesim.model.record import PROVINCE_INDEX, Record
from surgesim.model.simulation import run_once
from surgesim.report.figures import EmptyFigureError, draw
from surgesim.report.figures.run.calendar import breach_shares
from surgesim.report.screen.screen import summary
from surgesim.report.words import phrase
from surgesim.scenario.door import inspect
from surgesim.scenario.schema.indicators import INDICATORS, IndicatorName, Watch
from surgesim.scenario.schema.levels import Levels
from surgesim.scenario.schema.needs import beds_counted, beds_occupied, unmet_need
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import breach_rows, breaches_of
from surgesim.study.measures.outcomes import outcome_row
from surgesim.study.run import run
from surgesim.study.sweep.tables import breach_frame

PLENTY = {"doctors": 1_000, "ward_nurses": 1_000, "icu_nurses": 1_000}
FIVE: Plain = {
    "cases": {"indicator": "weekly_reported_cases_per_100k", "above": 450},
    "need": {"indicator": "oxygen_need_7d_per_100k", "above": 32},
    "no-bed": {"indicator": "patients_without_bed", "above": 0},
    "vacant": {"indicator": "vacant_covid_beds_per_100k", "below": 10},
    "staffed": {"indicator": "staffed_icu_beds_per_100k", "below": 4},
}
"""The five of the appendix; without staff and an epidemic two of them are not assessed."""


def given(days: int = 4, **sections: Any) -> Scenario:
    """A town with given arrivals: no epidemic, no staff, nothing that limits beds but space."""
    return build(small(days, **({"arrivals": arrivals("exact", oxygen=[2] * days)} | sections)))


def simulated(scenario: Scenario) -> Record:
    return run_once(scenario, 1, 0)


# -- what an indicator needs ----------------------------------------------------------------------

BARE = {"stock_cover_days": {"item": "masks"}, "burden_backlog": {"item": "waste"}}
RISK = {name: {"group": "high-risk"} for name in ("in_time_7d_share", "deaths_per_million")}
SUPPLY = {
    "consumables": {"masks": {"title": "Masks", "unit": "pieces", "use": {"oxygen_bed": 1}}},
    "burdens": {"waste": {"title": "Waste", "unit": "kg", "made": {"oxygen_bed": 1}}},
}


NEEDY = [name for name, indicator in INDICATORS.items() if indicator.needs]


@pytest.mark.parametrize("indicator", sorted(set(NEEDY) - {"situation"}))
def test_an_indicator_without_its_ground_has_no_value_and_breaches_nothing(indicator: IndicatorName) -> None:
    of = BARE.get(indicator, {}) | RISK.get(indicator, {})
    both = {
        "low": {"indicator": indicator, "below": 1e9} | of,
        "high": {"indicator": indicator, "above": -1.0} | of,
    }
    rule = {"action": "convert_beds", "when": {"indicator": indicator, "below": 1e9} | of, "decision_days": 0}
    scenario = given(supply=SUPPLY, command={"thresholds": both, "plan": {"rule": rule}})
    record = simulated(scenario)
    assert np.isnan(record.values).all()
    assert not record.breached.any()
    assert not record.breached_at_start.any()
    assert record.actions == ()
    if indicator in PROVINCE_INDEX:
        assert np.isnan(record.series(indicator)).all()
    rows = list(breach_rows("baseline", scenario, [breaches_of(scenario, record)]))
    need = unmet_need(scenario, scenario.command.thresholds["low"].watch)
    assert need is not None
    assert [row["not_assessed"] for row in rows] == [need.name, need.name, "criteria"]
    assert not any("probability" in row for row in rows)
    for lang in ("en", "vi"):
        assert phrase(lang, f"reason.{need.name}")


@pytest.mark.parametrize("indicator", sorted(set(INDICATORS) - set(NEEDY)))
def test_an_indicator_of_patients_and_beds_is_always_assessed(indicator: IndicatorName) -> None:
    record = simulated(given(command={"thresholds": {"it": {"indicator": indicator, "above": 1e9}}}))
    assert np.isfinite(record.values).all()


def test_with_its_ground_each_of_the_five_is_assessed() -> None:
    staffed = {"facilities": {"alpha": facility(oxygen=20, icu=5, staff=PLENTY)}}
    epidemic = {"variant": variant(3.0), "initial_infections": {"town": 50}}
    record = simulated(build(small(8, epidemic=epidemic, care=staffed, command={"thresholds": FIVE})))
    assert np.isfinite(record.values).all()


# -- the situation --------------------------------------------------------------------------------


def judged(require: int | str, *days: tuple[int, ...], names: list[str] | None = None) -> dict[str, Any]:
    """The row of the situation where so many assessed criteria (of 3; 2 are not) are breached a day."""
    situation = {"require": require} | ({"thresholds": names} if names else {})
    scenario = small_scenario(command={"thresholds": FIVE, "situation": situation}, alternatives={})
    runs = []
    for counts in days:
        breached = np.zeros((DAYS, 5), bool)
        for day, count in enumerate(counts):
            breached[day, 1 : 1 + count] = True
        required = scenario.command.required_count
        declared = breached.sum(axis=1) >= required
        runs.append(breaches_of(scenario, made_up_record(scenario, breached=breached, situation=declared)))
    return list(breach_rows("baseline", scenario, runs))[-1]


@pytest.mark.parametrize(
    ("require", "days", "probability", "undecided"),
    [
        (3, [(0, 0), (0, 0)], 0, 0),  # even with both others it would not have been reached
        (3, [(0, 1), (0, 0)], None, 0.5),  # in one run it could have been
        (3, [(3, 1), (0, 0)], 0.5, 0),
        (3, [(3, 0), (0, 2)], 0.5, 0.5),  # the least it can be
        ("any", [(1, 0), (0, 0)], 0.5, 0.5),
        (2, [(0, 0), (0, 0)], None, 1),
    ],
)
def test_the_situation_is_decided_over_what_is_assessed(
    require: int, days: list[tuple[int, ...]], probability: float | None, undecided: float
) -> None:
    row = judged(require, *days)
    assert row["criteria_assessed"] == 3
    assert row["undecided"] == undecided
    assert row.get("probability") == probability
    assert row["not_assessed"] == ("" if probability is not None else "criteria")
    if undecided and probability is not None:
        assert row["probability_high"] == 1.0  # undecided runs count as breached there


@pytest.mark.parametrize(
    ("require", "names"),
    [("all", None), (4, None), (5, None), ("any", ["cases"]), ("all", ["cases", "need"])],
)
def test_a_situation_that_too_few_criteria_could_make_is_not_assessed(
    require: int | str, names: list[str] | None
) -> None:
    assert judged(require, (3, 3), names=names)["not_assessed"] == "criteria"
    situation = {"require": require} | ({"thresholds": names} if names else {})
    record = simulated(given(command={"thresholds": FIVE, "situation": situation}))
    assert np.isnan(record.series("situation")).all()
    assert math.isnan(record.outcomes["situation_days"])


def test_outcomes_of_what_is_not_assessed_are_empty() -> None:
    scenario = small_scenario(command={"thresholds": FIVE, "situation": {"require": 3}}, alternatives={})
    record = made_up_record(scenario, breached=np.zeros((DAYS, 5), bool))
    row = outcome_row(scenario, record, breaches_of(scenario, record))
    assert math.isnan(row["first_day_cases"])
    assert math.isnan(row["days_breached_staffed"])
    assert (row["first_day_need"], row["first_day_situation"]) == (DAYS, DAYS)
    one = np.zeros((DAYS, 5), bool)
    one[2, 1] = True  # with the two others it would be three
    row = outcome_row(scenario, record, breaches_of(scenario, made_up_record(scenario, breached=one)))
    assert math.isnan(row["first_day_situation"])
    assert math.isnan(row["situation_days"])


def test_a_sweep_has_no_row_of_what_is_not_assessed() -> None:
    keys = {"scenario": ["s"] * 2, "point": [0, 0], "alternative": ["baseline"] * 2, "replication": [0, 1]}
    columns = {"situation_days": [np.nan, 4.0], "first_day_situation": [np.nan, 3.0]}
    cases = {"first_day_cases": [np.nan] * 2, "days_breached_cases": [np.nan] * 2}
    rows = breach_frame(pd.DataFrame(keys | columns | cases), {"s": 1})
    assert list(rows["threshold"]) == ["situation"]
    assert list(rows["probability"]) == [0.5]


# -- what a planner reads -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_screen_and_figures_say_what_is_not_assessed(lang: str) -> None:
    results = run(given(command={"thresholds": FIVE, "situation": {"require": 3}}), replications=2, workers=1)
    console = Console(width=200)
    with console.capture() as capture:
        console.print(summary(results, lang))
    text = " ".join(capture.get().split())
    reasons = [phrase(lang, f"reason.{name}") for name in ("epidemic", "icu_staff")]
    assert text.count(phrase(lang, "assessed.short")) >= 2
    assert all(reason in text for reason in reasons)
    assert phrase(lang, "assessed.over", assessed=3, all=5) in text
    drawn = draw(results, "thresholds", lang=lang)
    notes = " ".join(text.get_text() for text in drawn.texts).replace("\n", " ")
    assert all(reason in notes for reason in reasons)
    assert len(drawn.axes) <= 4  # no panels that only say so
    shares = breach_shares(results, "baseline")
    assert [name for name, share in shares.items() if np.isnan(share).all()] == ["cases", "staffed"]
    assert phrase(lang, "assessed.short") in [
        text.get_text() for legend in draw(results, "calendar", lang=lang).legends for text in legend.texts
    ]
    hatched = [bars for bars in draw(results, "calendar", lang=lang).axes[0].collections if bars.get_hatch()]
    assert len(hatched) == 2
    with pytest.raises(EmptyFigureError, match="no reported cases"):
        draw(results, "cases", lang=lang)


@pytest.mark.slow
def test_an_emergency_that_could_be_is_not_called_none() -> None:
    undecided = given(
        arrivals=arrivals("exact", oxygen=[60] * 4),
        care={"facilities": {"alpha": facility(oxygen=1_000, icu=5)}},
        command={"thresholds": FIVE, "situation": {"require": 3}},
    )
    results = run(undecided, replications=2, workers=1)
    row = results.breaches.query("threshold == 'situation'").iloc[0]
    assert (row["not_assessed"], row["undecided"]) == ("criteria", 1)
    console = Console(width=200)
    with console.capture() as capture:
        console.print(summary(results, "en"))
    text = capture.get()
    assert "Emergency not assessed" in text
    assert "Emergency in 0%" not in text


def test_what_is_assessed_is_drawn_as_before() -> None:
    results = surge_results(surge_scenario(1, 1), replications=3)
    assert not results.breaches["not_assessed"].any()
    assert not any(np.isnan(share).any() for share in breach_shares(results, "baseline").values())


# -- remarks --------------------------------------------------------------------------------------


def remarks(tmp_path: Path, scenario: Plain) -> dict[str, str]:
    path = tmp_path / "it.yaml"
    path.write_text(json.dumps(scenario), encoding="utf-8")
    _, warnings = inspect(path)
    told: dict[str, str] = {}
    for warning in warnings:
        told[warning.path] = f"{told.get(warning.path, '')}{warning.message}"
    return told


def test_validate_says_what_is_not_assessed(tmp_path: Path) -> None:
    rule = {
        "action": "convert_beds",
        "when": {"indicator": "weekly_reported_cases_per_100k", "above": 9},
        "until": {"indicator": "oxygen_cover_days", "above": 9},
    }
    command = {"thresholds": FIVE, "situation": {"require": 3}, "plan": {"rule": rule}}
    got = remarks(tmp_path, small(4, arrivals=arrivals("exact", oxygen=[2] * 4), command=command))
    cases = "weekly_reported_cases_per_100k is not assessed: arrivals are given, not an epidemic"
    assert got["command.thresholds.cases"] == cases
    assert got["command.plan.rule.when"] == f"{cases}; the condition is never met"
    assert "oxygen_cover_days is not assessed" in got["command.plan.rule.until"]
    decided = (
        "is decided by 3 of its 5 criteria, of which 3 must be breached: cases, staffed are not assessed"
    )
    assert got["command.situation"] == decided


def test_facilities_without_staff_are_named_and_left_out(tmp_path: Path) -> None:
    sites = {
        "alpha": facility(icu=5, staff=PLENTY),
        "bravo": facility(icu=7),
        "delta": facility(oxygen=9),
    }
    plain = small(4, arrivals=arrivals("exact", icu=[1] * 4), command={"thresholds": FIVE})
    plain["care"] = {"facilities": sites}
    message = "leaves out the ICU beds of facilities whose staff is not given: bravo (1 of 2)"
    assert remarks(tmp_path, plain)["command.thresholds.staffed"] == message
    assert simulated(build(plain)).series("staffed_icu_all").tolist() == [5] * 4


def test_a_district_without_staff_is_not_assessed_and_the_others_are(tmp_path: Path) -> None:
    sites = {
        "alpha": facility(icu=5, staff=PLENTY),
        "bravo": facility(icu=7, district="coast"),
    }
    local = {"icu": {"indicator": "staffed_icu_beds_per_100k", "below": 20, "by": "district"}}
    plain = small(4, arrivals=arrivals("exact", icu=[1] * 4), command={"thresholds": local})
    plain["people"] = people(
        districts={"town": district(50_000), "coast": district(50_000), "hills": district(50_000)}
    )
    plain["care"] = {"facilities": sites}
    scenario = build(plain)
    record = simulated(scenario)
    np.testing.assert_array_equal(record.values_by_district[:, 0], [[10.0, np.nan, 0.0]] * 4)
    assert record.values[:, 0].tolist() == [0.0] * 4  # the worst of those that are assessed
    rows = list(breach_rows("baseline", scenario, [breaches_of(scenario, record)]))
    assert [row["not_assessed"] for row in rows[:3]] == ["", "icu_staff", ""]
    assert "is not assessed in coast" in remarks(tmp_path, plain)["command.thresholds.icu"]


# -- beds that patients can occupy ----------------------------------------------------------------

NOBODY_IN_ICU = clinical(severity=severity(p_icu=0))
EPIDEMIC = {"epidemic": {"variant": variant(2.0)}, "arrivals": None}
WARDS = {"facilities": {"alpha": facility(oxygen=20, icu=5, basic=9)}}


@pytest.mark.parametrize(
    ("sections", "beds"),
    [
        (EPIDEMIC, ("oxygen", "icu")),
        (EPIDEMIC | {"clinical": clinical(isolated_share=0.2)}, ("basic", "oxygen", "icu")),
        (EPIDEMIC | {"clinical": NOBODY_IN_ICU}, ("oxygen",)),
        ({"arrivals": arrivals(oxygen=[2])}, ("oxygen", "icu")),
        ({"arrivals": arrivals(oxygen=[2]), "clinical": NOBODY_IN_ICU}, ("oxygen",)),
        ({"arrivals": arrivals(icu=[2]), "clinical": NOBODY_IN_ICU}, ("oxygen", "icu")),
        ({"arrivals": arrivals(basic=[2], oxygen=[1])}, ("basic", "oxygen", "icu")),
        ({"arrivals": arrivals(basic=[2])}, ("basic",)),
        ({"arrivals": arrivals(basic=[0], oxygen=[1])}, ("oxygen", "icu")),
        ({"arrivals": arrivals(oxygen=[2]), "clinical": clinical(isolated_share=0.2)}, ("oxygen", "icu")),
    ],
)
def test_beds_that_patients_of_a_scenario_can_occupy(sections: Plain, beds: tuple[str, ...]) -> None:
    assert beds_occupied(given(1, care=WARDS, **sections)) == beds


def test_the_first_patients_count_too() -> None:
    census = WARDS | {"initial_census": {"alpha": {"icu": 2}}}
    none = {"arrivals": arrivals(oxygen=[0]), "clinical": NOBODY_IN_ICU}
    assert beds_occupied(given(1, care=census, **none)) == ("oxygen", "icu")


def test_beds_that_mild_cases_of_the_first_day_leave_are_for_nobody(tmp_path: Path) -> None:
    census = WARDS | {"initial_census": {"alpha": {"basic": 7, "oxygen": 1}}}
    assert beds_occupied(given(1, care=census, **EPIDEMIC)) == ("oxygen", "icu")
    isolated = EPIDEMIC | {"clinical": clinical(isolated_share=0.2)}
    assert beds_occupied(given(1, care=census, **isolated)) == ("basic", "oxygen", "icu")
    plain = small(2, care=census, arrivals=arrivals(oxygen=[1, 1]))
    assert "has 7 patients in basic beds, to which nobody" in remarks(tmp_path, plain)["care.initial_census"]
    plain["arrivals"] = arrivals(basic=[1, 1], oxygen=[1, 1])
    assert "care.initial_census" not in remarks(tmp_path, plain)


@pytest.mark.parametrize(
    ("isolated", "named", "counted"),
    [(0.0, None, 25.0), (0.1, None, 34.0), (0.0, ["basic"], 9.0), (0.1, ["icu"], 5.0)],
)
def test_vacant_beds_are_those_that_somebody_could_lie_in(
    isolated: float, named: list[str] | None, counted: float
) -> None:
    threshold = {"indicator": "vacant_covid_beds_per_100k", "below": 1} | ({"beds": named} if named else {})
    local = threshold | {"by": "district"}
    scenario = given(
        2,
        **EPIDEMIC | {"clinical": clinical(isolated_share=isolated), "care": WARDS},
        command={"thresholds": {"it": threshold, "there": local}},
    )
    record = simulated(scenario)
    np.testing.assert_allclose(record.values, counted)
    default = 34.0 if isolated else 25.0
    np.testing.assert_allclose(record.series("vacant_covid_beds_per_100k"), default)
    assert beds_counted(scenario, scenario.command.thresholds["it"]) == tuple(
        named or beds_occupied(scenario)
    )


# -- intensive care -------------------------------------------------------------------------------


def with_icu(days: int = 4, **parts: Any) -> Record:
    sites = {"alpha": facility(oxygen=10, icu=10, staff=PLENTY) | parts}
    return simulated(given(days, care={"facilities": sites}, command={"thresholds": FIVE}))


@pytest.mark.parametrize(
    ("parts", "staffed", "usable"),
    [
        ({"ventilators": 4}, 10, 5),  # two of three ICU patients are ventilated: 4 / 0.67
        ({"ventilators": 0}, 10, 0),
        ({"oxygen": {"tank_kg": 1e6, "pipe_lpm": 100.0}}, 10, 2),  # 35 litres a minute for a patient in ICU
        ({"oxygen": {"tank_kg": 1e6}}, 10, 10),
        ({"ventilators": 40}, 10, 10),
    ],
)
def test_staffed_is_staffed_and_usable_has_the_rest(parts: Plain, staffed: int, usable: int) -> None:
    record = with_icu(**parts)
    assert record.series("staffed_icu_all").tolist() == [staffed] * 4
    assert record.series("usable_icu_all").tolist() == [usable] * 4
    assert record.series("staffed_icu_beds_per_100k").tolist() == [staffed] * 4
    assert record.series("usable_icu_beds_per_100k").tolist() == [usable] * 4


def test_beds_whose_oxygen_is_out_stay_staffed_and_are_not_usable() -> None:
    sites = {"alpha": facility(oxygen=10, icu=10, staff=PLENTY) | {"oxygen": {"tank_kg": 1.0}}}
    scenario = given(
        arrivals=arrivals("exact", oxygen=[9] * 4), care={"facilities": sites}, command={"thresholds": FIVE}
    )
    record = simulated(scenario)
    assert record.series("facilities_out_of_oxygen").tolist() == [1] * 4
    assert record.series("staffed_icu_all").tolist() == [10] * 4
    assert record.series("usable_icu_all").tolist()[1:] == [0] * 3
    assert not record.breached[:, 4].any()


def test_a_closed_facility_has_no_staffed_beds() -> None:
    assert with_icu(open_at_start=False).series("staffed_icu_all").tolist() == [0] * 4


def test_entries_to_icu_are_those_from_outside_and_from_wards() -> None:
    """Five a day come to a ward, need ICU a day later, and find three beds for ever."""
    nobody_dies = deaths(0, 0, 0)
    record = simulated(
        given(
            4,
            arrivals=arrivals("exact", oxygen=[5, 0, 0, 0], icu=[1, 0, 0, 0]),
            clinical=clinical(
                severity=severity(p_icu=1.0, death_oxygen=nobody_dies, death_icu=nobody_dies),
                stays=stays(oxygen_to_icu_days={"fixed": 1.0}, icu_survivor_days={"fixed": 90}),
                clocks={"oxygen": clock("never", "never"), "icu": clock("never", "never")},
            ),
            care={"facilities": {"alpha": facility(oxygen=20, icu=4)}},
        )
    )
    assert record.series("admissions_icu").sum() == 1
    assert record.series("entries_icu").sum() == 4
    assert record.series("occupied_icu")[-1] == 4
    assert record.series("icu_need")[-1] == 6
    np.testing.assert_allclose(record.series("icu_need_served_share")[-1], 4 / 6)


def test_where_nobody_needs_icu_all_who_do_are_served() -> None:
    record = simulated(given(clinical=NOBODY_IN_ICU))
    assert record.series("icu_need_served_share").tolist() == [1.0] * 4


# -- levels ---------------------------------------------------------------------------------------


def test_a_level_is_that_of_the_criteria_that_are_assessed() -> None:
    section = Levels.model_validate(
        {
            "transmission": {
                "cases": {"indicator": "weekly_reported_cases_per_100k", "at_least": [90, 450]},
                "need": {"indicator": "oxygen_need_7d_per_100k", "at_least": [10, 20]},
            },
            "response": {
                "icu": {"indicator": "staffed_icu_beds_per_100k", "below": [6, 4], "by": "province"}
            },
            "table": [[1, 2, 3], [2, 3, 4], [3, 4, 4]],
        }
    )
    table = LevelTable(section)

    def level(cases: float, need: float, icu: float) -> float:
        seen = {
            "weekly_reported_cases_per_100k": cases,
            "oxygen_need_7d_per_100k": need,
            "staffed_icu_beds_per_100k": icu,
        }
        by_district = {"oxygen_need_7d_per_100k": np.array([need, math.nan])}
        of_districts = table.of_districts(seen, by_district, 2)
        assert math.isnan(of_districts[1]) is (math.isnan(cases) or math.isnan(icu))
        return table.of_province(seen)

    assert level(100, 0, 9) == 2
    assert level(math.nan, 12, 9) == 2
    assert level(math.nan, 25, 5) == 4
    assert math.isnan(level(math.nan, math.nan, 9))
    assert math.isnan(level(500, 25, math.nan))


def test_levels_of_arrivals_without_other_criteria_are_not_assessed() -> None:
    only_cases = {"transmission": {"cases": {**FIVE["cases"], "at_least": [90]}}}
    del only_cases["transmission"]["cases"]["above"]
    scenario = given(command={"levels": only_cases})
    assert unmet_need(scenario, Watch("epidemic_level")) is not None
    record = simulated(scenario)
    assert np.isnan(record.assessed).all()
