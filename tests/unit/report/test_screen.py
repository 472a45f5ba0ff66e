"""The summary on the screen: what a planner reads, in both languages."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pandas as pd
import pytest
from study_cases import made_up_simulation, shown, small_scenario

from surgesim.model.record import CONSTRAINTS
from surgesim.report.names import threshold_title
from surgesim.report.prose.costing import costs_left_out, without_price
from surgesim.report.prose.plans import idle_rules
from surgesim.report.prose.sentences import longer_without_fewer_deaths, main_constraints, without_plan
from surgesim.report.screen import screen
from surgesim.report.screen.screen import (
    breach_table,
    comparison_table,
    cost_table,
    summary,
    threshold_table,
)
from surgesim.report.screen.table import wrap_cell
from surgesim.report.words import NBSP, phrase
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.binding import BEDS
from surgesim.study.results import Results
from surgesim.study.tables.collect import Collection
from surgesim.study.tables.fill import fill


@pytest.fixture(scope="module")
def results() -> Results:
    scenario = small_scenario()
    collections = {}
    for name in ("baseline", "nothing", "more-icu"):
        collections[name] = Collection(scenario.alternative(name), 4)
        for k in range(4):
            collections[name].add(made_up_simulation(scenario.alternative(name), 7, k))
    manifest = {"alternatives": list(collections)}
    return Results(scenario=scenario, manifest=manifest, **fill(scenario, collections))


@pytest.mark.slow
def test_rules_that_never_fire_are_named_with_their_alternatives(results: Results) -> None:
    rule = {"action": "convert_beds", "when": {"indicator": "oxygen_occupancy", "above": 0.9}}
    plan = {"wards": {**rule, "title": {"vi": "Mở khu", "en": "Open wards"}}, "later": rule}
    scenario = overlaid(results.scenario, {"command": {"plan": plan}})
    with_plan = dataclasses.replace(results, scenario=scenario)

    def told(*fired: tuple[str, str]) -> list[str]:
        rows = [(alternative, 0, 1, name, "fired") for alternative, name in fired]
        actions = pd.DataFrame(rows, columns=["alternative", "replication", "day", "rule", "what"])
        return list(idle_rules(dataclasses.replace(with_plan, actions=actions), "en"))

    alternatives = results.alternatives
    start = "Rules of the plan that fired in no run: "
    everywhere = "in every alternative that has it"
    assert told() == [f"{start}Open wards ({everywhere}); later ({everywhere})."]
    some = told(*((name, "wards") for name in alternatives), ("baseline", "later"))
    assert some == [f"{start}later ({', '.join(alternatives[1:])})."]
    assert told(*((name, rule) for name in alternatives for rule in plan)) == []
    none = dataclasses.replace(with_plan, actions=results.actions.iloc[:0])
    for lang in ("vi", "en"):
        [line] = idle_rules(none, lang)
        assert line in shown(summary(none, lang), 400)


def with_breach(results: Results, **values: Any) -> Results:
    """The results with these values in the first row of the breach table."""
    breaches = results.breaches.copy()
    for column, value in values.items():
        breaches.loc[0, column] = value
    return dataclasses.replace(results, breaches=breaches)


def with_difference(results: Results, outcome: str, difference: float, low: float, high: float) -> Results:
    row = {
        "alternative": "more-icu",
        "outcome": outcome,
        "difference": difference,
        "difference_low": low,
        "difference_high": high,
    }
    return dataclasses.replace(results, comparison=pd.DataFrame([row]))


FIRST = {"first_day_median": 2.0, "first_day_p5": 1.0, "first_day_p95": 9.0, "breached_at_start": 0.0}
NAN = float("nan")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "text"),
    [
        (FIRST, "1 Feb 2024"),
        (FIRST, "(31 Jan to 8 Feb)"),
        ({**FIRST, "breached_at_start": 1.0}, "at the start"),
        ({**FIRST, "breached_at_start": 0.25}, "at the start in 25% of runs"),
        ({**FIRST, "first_day_p95": NAN}, "(31 Jan to none by day 12)"),
        ({**FIRST, "first_day_median": NAN, "first_day_p95": NAN}, "none by day 12"),
        ({**FIRST, "first_day_median": NAN, "first_day_p95": NAN}, "(5% of runs by 31 Jan 2024)"),
        ({**FIRST, "first_day_p95": 400.0}, "(31 Jan 2024 to 5 Mar 2025)"),
        ({"probability": 0.875, "probability_low": 0.529, "probability_high": 0.978}, "88%"),
        ({"probability": 0.875, "probability_low": 0.529, "probability_high": 0.978}, "(53–98%)"),
        ({"days_breached_mean": 31.4, "days_breached_p5": 9.37, "days_breached_p95": 52.6}, "31"),
        ({"days_breached_mean": 31.4, "days_breached_p5": 9.37, "days_breached_p95": 52.6}, "(9.4–53)"),
    ],
)
def test_breach_in_words(results: Results, values: dict[str, float], text: str) -> None:
    results = repeated(results, 2)
    assert f" {text} " in shown(breach_table(with_breach(results, **values), "en"), 200)


def test_breach_table_is_of_the_baseline_with_bounds(results: Results) -> None:
    text = shown(breach_table(results, "en"))
    assert "below 4 beds/100,000" in text
    assert "above 450 patients/100,000" in text
    assert "at least 1 of 2 criteria" in text
    assert text.count("Vacant COVID-19 beds") == 1


@pytest.mark.parametrize(
    ("outcome", "difference", "low", "high", "text"),
    [
        ("deaths", -319.4, -335.4, -303.4, "−319 ±16"),
        ("deaths", 2905.0, 2884.0, 2926.0, "+2,905 ±21"),
        ("deaths", 0.04, 0.03, 0.05, "+0.04 ±0.01"),
        ("deaths", 0.0, 0.0, 0.0, "0"),
        ("deaths", 0.0, -2.0, 2.0, "0 ±2"),
        ("deaths", 3.0, NAN, NAN, "+3"),
        ("deaths", 1.1, 0.07, 2.13, "+1.1 ±1.0"),
        ("deaths", -11.8, -12.4, -11.2, "−11.8 ±0.6"),
        ("deaths", 7.9, -7.1, 22.9, "+8 ±15"),
        ("first_day_situation", -7.5, -16.0, 1.0, "−7.5 ±8.5"),
    ],
)
def test_difference_with_its_sign_and_interval(
    results: Results, outcome: str, difference: float, low: float, high: float, text: str
) -> None:
    shown_text = shown(comparison_table(with_difference(results, outcome, difference, low, high), "en"))
    assert f" {text} " in shown_text


def test_deaths_come_first_and_the_note_says_why(results: Results) -> None:
    header = cells(comparison_table(results, "en"), 200)[0]
    assert header[1:4] == ["All deaths", "Deaths from lack of care", "Days of emergency"]
    text = shown(summary(results, "en"), 200)
    assert "Judge by deaths first." in text
    assert "Patients who die no longer need beds" in " ".join(text.split())


def test_criteria_of_the_emergency_come_first_under_their_heading(results: Results) -> None:
    """In the scenario's order, then the emergency, then what else is assessed, under its own heading."""
    plain = results.scenario.to_plain()
    plain["command"]["situation"] = {"require": 1, "thresholds": ["icu"]}
    told = dataclasses.replace(results, scenario=Scenario.model_validate_json(json.dumps(plain)))
    (cell, *_), *_ = rows = cells(breach_table(told, "en"), 200)[1:]
    assert cell == "Criteria of the emergency: at least 1 of 1 on one day"
    headings = [row[0] for row in rows]
    assert headings[1].startswith("Vacant COVID-19 beds")
    assert headings[2].startswith("Declared emergency at least 1 of 1 criteria")
    assert headings[3] == "Other thresholds (not criteria of the emergency)"
    assert headings[4].startswith("Patients who need oxygen")
    assert len(headings) == 5


def test_shares_are_percentages_on_the_screen(results: Results) -> None:
    plain = results.scenario.to_plain()
    icu = plain["command"]["thresholds"]["icu"]
    plain["command"]["thresholds"]["icu"] = {
        **icu,
        "indicator": "in_time_7d_share",
        "below": 0.9,
        "title": {"en": "Below 90 % in time", "vi": "Dưới 90 % kịp thời"},
    }
    breaches = results.breaches.copy()
    icu_rows = breaches["threshold"] == "icu"
    breaches.loc[icu_rows, ["bound", "worst_value_median"]] = (0.9, 0.03256)
    scenario = Scenario.model_validate_json(json.dumps(plain))
    text = shown(breach_table(dataclasses.replace(results, scenario=scenario, breaches=breaches), "vi"), 200)
    assert " dưới 90% " in text
    assert " 3,3% " in text
    assert "Dưới 90% kịp thời" in text


def test_a_longer_emergency_without_fewer_deaths_is_told(results: Results) -> None:
    rows = (
        ("situation_days", 6.0, 4.0, 8.0, 0.0),
        ("deaths", 1.0, -3.0, 5.0, 0.0),
        ("days_breached_icu", 15.6, 10.2, 21.0, 0.0),
    )
    (said,) = longer_without_fewer_deaths(with_rows(results, *rows), "en")
    assert said.startswith("more-icu: the emergency is 6 days longer (4 to 8) without fewer deaths;")
    assert said.endswith("by 15.6 days (10.2 to 21.0).")
    for better in (("deaths", -9.0, -12.0, -6.0, 0.0), ("situation_days", 1.0, -1.0, 3.0, 0.0)):
        others = [row for row in rows if row[0] != better[0]]
        assert list(longer_without_fewer_deaths(with_rows(results, better, *others), "en")) == []


def repeated(results: Results, times: int) -> Results:
    """The results as if there had been so many times the replications."""
    parts = [
        results.replications.assign(replication=lambda t, k=k: t["replication"] + 4 * k) for k in range(times)
    ]
    return dataclasses.replace(results, replications=pd.concat(parts, ignore_index=True))


@pytest.mark.slow
def test_a_range_over_runs_is_told_from_five_runs_on(results: Results) -> None:
    few, many = (with_breach(repeated(results, n), **FIRST, days_breached_p5=2.0) for n in (1, 2))
    for told, words in (
        (few, "4 runs are too few to show"),
        (many, "in brackets lowest to highest of the 8 runs"),
    ):
        text = " ".join(shown(summary(told, "en"), 200).split())
        assert words in text
        assert ("(31 Jan to 8 Feb)" in text) == (told is many)
        assert ("Mean, lowest and highest of 8 runs." in text) == (told is many)


@pytest.mark.slow
def test_deaths_of_the_baseline_are_told(results: Results) -> None:
    rows = results.replications.query("alternative == 'baseline'")
    all_deaths, untreated = (f"{rows[name].mean():.0f}" for name in ("deaths", "deaths_untreated"))
    assert (
        f"Deaths in the baseline: {all_deaths}, of which {untreated} from lack of care (means of 4 runs)."
        in shown(summary(results, "en"))
    )
    text = shown(summary(repeated(results, 5), "vi"), 200)
    low, high = (
        f"{pd.concat([rows['deaths']] * 5).quantile(q, interpolation='lower'):.0f}" for q in (0.05, 0.95)
    )
    assert f"Tử vong trong phương án cơ sở: {all_deaths} ca ({low} đến {high} ở 90%" in text


PER_DEATH = ["per_death_averted", "per_death_averted_low", "per_death_averted_high"]


def with_rows(results: Results, *rows: tuple[str, float, float, float, float]) -> Results:
    """The results with these outcomes compared: name, difference, its interval, share of ties."""
    names = ("outcome", "difference", "difference_low", "difference_high", "tied")
    comparison = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])
    comparison = comparison.assign(alternative="more-icu", **dict.fromkeys(PER_DEATH, NAN))
    comparison.loc[comparison["outcome"] == "cost", PER_DEATH] = [2.5e7, 2e7, 3.1e7]
    return dataclasses.replace(results, comparison=comparison)


def test_threshold_table_shows_what_changes_with_signs(results: Results) -> None:
    compared = with_rows(
        results,
        ("days_breached_icu", -12.0, -15.0, -9.0, 0.0),
        ("first_day_icu", 3.5, -1.0, 8.0, 0.0),
        ("days_breached_cases", 0.0, 0.0, 0.0, 1.0),
        ("first_day_cases", 0.0, 0.0, 0.0, 1.0),
    )
    text = shown(threshold_table(compared, "en"))
    assert f"   {threshold_title(results.scenario, 'icu', 'en')} ".replace(NBSP, " ") in text
    assert " −12 ±3 " in text
    assert " +3.5 ±4.5 " in text
    assert "reported cases" not in text


def test_threshold_table_has_the_probability_of_each_breach_and_of_the_emergency(results: Results) -> None:
    compared = with_rows(
        results,
        ("breached_icu", -0.12, -0.214, -0.016, 0.88),
        ("days_breached_icu", 0.0, 0.0, 0.0, 1.0),
        ("breached_cases", 0.0, -0.07, 0.07, 1.0),
        ("breached_situation", 0.3, NAN, NAN, 0.7),
        ("situation_days", 4.0, 1.0, 7.0, 0.0),
    )
    text = shown(threshold_table(compared, "en"))
    assert " −12 (−21 to −2) " in text
    (emergency,) = [line for line in text.splitlines() if "Declared emergency" in line]
    assert " +30 " in emergency
    assert " +4.0 ±3.0 " in emergency or " +4 ±3 " in emergency
    assert "reported cases" not in text  # no run differs
    assert "Xác suất" in shown(threshold_table(compared, "vi"))


@pytest.mark.parametrize(
    ("baseline", "alternative", "text"),
    [(1.0, 0.0, "never breached"), (0.0, 0.5, "never in the baseline"), (1.0, 0.5, "+3.5 ±4.5")],
)
def test_a_first_breach_that_never_comes_is_no_number_of_days(
    baseline: float, alternative: float, text: str
) -> None:
    breached = {
        "baseline_mean": baseline,
        "alternative_mean": alternative,
        "difference": alternative - baseline,
    }
    first = {"difference": 3.5, "difference_low": -1.0, "difference_high": 8.0}
    assert screen._first_difference(breached, first, "en") == text


def test_results_without_compared_probabilities_have_no_column_of_them(results: Results) -> None:
    assert "percentage" in shown(summary(results, "en"))
    earlier = results.comparison[~results.comparison["outcome"].str.startswith("breached_")]
    text = shown(summary(dataclasses.replace(results, comparison=earlier), "en"))
    assert "What the alternatives change at each criterion" in text
    assert "percentage points" not in text


def test_threshold_table_says_where_nothing_changes(results: Results) -> None:
    compared = with_rows(results, ("days_breached_icu", 0.0, 0.0, 0.0, 1.0))
    assert "no difference at any criterion or threshold" in shown(threshold_table(compared, "en"))


def costly(results: Results, costs: dict[str, float]) -> Results:
    replications = results.replications.assign(
        cost=results.replications["alternative"].map(costs), doses_given=0.0, tests_used=0.0
    )
    priced = {**results.scenario.to_plain(), "supply": {"costs": {"icu_bed_day": 1}}}
    return dataclasses.replace(
        results, replications=replications, scenario=Scenario.model_validate_json(json.dumps(priced))
    )


COSTS = {"baseline": 3e9, "nothing": 3e9, "more-icu": 4.5e9}


def test_cost_table_has_cost_difference_and_cost_per_death_averted(results: Results) -> None:
    priced = costly(results, COSTS)
    rows = (("cost", 1.5e9, 1e9, 2e9, 0.0), ("deaths", -60.0, -70.0, -50.0, 0.0))
    header, below = cells(cost_table(with_rows(priced, *rows), "en"), 100)
    averted = "Per death averted (million VND)"
    assert header == ["Alternative", "Cost (billion VND)", "Against the baseline", averted]
    assert below == ["Baseline nothing more-icu", "3 3 4.5", "+1.5 ±0.5", "25 (20 to 31)"]
    vietnamese = cells(cost_table(with_rows(priced, *rows), "vi"), 100)
    assert vietnamese[0][1] == "Chi phí (tỷ đồng)"
    assert vietnamese[1][0].startswith("Phương án cơ sở ")


def test_cost_per_death_averted_is_not_told_where_deaths_may_not_fall(results: Results) -> None:
    rows = (("cost", 1.5e9, 1e9, 2e9, 0.0), ("deaths", -60.0, -170.0, 50.0, 0.0))
    assert " 25 " not in shown(cost_table(with_rows(costly(results, COSTS), *rows), "en"))


def test_cost_says_what_has_no_price_and_gives_no_cost_per_death_of_plans_that_bring_it(
    results: Results,
) -> None:
    rows = (("cost", 1.5e9, 1e9, 2e9, 0.0), ("deaths", -60.0, -70.0, -50.0, 0.0))
    priced = with_rows(costly(results, COSTS), *rows)
    assert list(costs_left_out(priced, "en")) == [
        "Costs of measures to people and businesses are not counted."
    ]
    doses = priced.replications["alternative"].eq("more-icu") * 1000.0
    unpriced = dataclasses.replace(priced, replications=priced.replications.assign(doses_given=doses))
    assert cells(cost_table(unpriced, "en"), 100)[1][-1] == ""
    first, *_ = costs_left_out(unpriced, "en")
    assert first == "Vaccine has no price in the scenario: it is not in the cost of more-icu."


def test_what_rules_add_without_a_price_is_named(results: Results) -> None:
    priced = costly(results, COSTS)
    plain = priced.scenario.to_plain()
    equip = {"action": "equip", "facilities": ["general"], "ventilators": 5, "when": {"on": plain["start"]}}
    convert = {"action": "convert_beds", "facilities": ["general"], "when": {"on": plain["start"]}}
    plain["care"]["facilities"]["general"]["ventilators"] = 5
    plain["command"]["plan"]["usual"] = equip
    plain["alternatives"]["more-icu"] = {"command": {"plan": {"more": equip, "beds": convert}}}
    acted = pd.DataFrame({"alternative": "more-icu", "rule": ["more", "usual"]})
    scenario = Scenario.model_validate_json(json.dumps(plain, default=str))
    changed = dataclasses.replace(priced, scenario=scenario, actions=acted)
    assert without_price(changed) == {"ventilator": ["more-icu"]}
    assert next(iter(costs_left_out(changed, "en"))).startswith("Ventilators have no price")
    usual = acted.assign(rule="usual")
    assert without_price(dataclasses.replace(changed, actions=usual)) == {}


def test_costs_are_told_only_where_they_are_given(results: Results) -> None:
    assert "Cost of each plan" not in shown(summary(results, "en"))
    assert "Cost of each plan" in shown(summary(costly(results, COSTS), "en"))


def limited(results: Results, breach: list[float], short: list[float]) -> Results:
    """The results of a scenario with staff; days bound by space, doctors, nurses, for both bed types."""
    plain = results.scenario.to_plain()
    plain["care"]["facilities"]["general"]["staff"] = {"doctors": 3, "ward_nurses": 9, "icu_nurses": 9}
    zeros = [0.0] * (len(CONSTRAINTS) - len(breach))
    binding = pd.DataFrame(
        {
            "alternative": "baseline",
            "bed": [bed for bed in BEDS for _ in CONSTRAINTS],
            "constraint": CONSTRAINTS * len(BEDS),
            "breach_days_mean": (breach + zeros) * len(BEDS),
            "short_days_mean": (short + zeros) * len(BEDS),
        }
    )
    scenario = Scenario.model_validate_json(json.dumps(plain))
    return dataclasses.replace(results, scenario=scenario, binding=binding)


@pytest.mark.parametrize(
    ("breach", "short", "sentence"),
    [
        (
            [20, 7, 61],
            [0, 0, 0],
            "ICU beds are limited by nurses, scarcest at the bedside, "
            "on 61 of the 88 days of the declared emergency",
        ),
        (
            [0, 0, 0],
            [5, 0.5, 2],
            "ICU beds are limited by space, scarcest at the bedside, "
            "on 5 of the 7.5 days on which patients lack one",
        ),
        ([0, 0, 0], [0, 0, 0], "ICU beds are never short, and no emergency is declared."),
    ],
)
def test_what_binds_in_a_sentence(
    results: Results, breach: list[float], short: list[float], sentence: str
) -> None:
    told = list(main_constraints(limited(results, breach, short), "en"))
    assert len(told) == len(BEDS)
    assert told[1].startswith(sentence)
    assert told[0].startswith(sentence.replace("ICU beds", "Oxygen beds"))


def test_scenario_that_models_only_space_says_so(results: Results) -> None:
    assert list(main_constraints(results, "en")) == [phrase("en", "sentence.only_space")]
    assert "chỉ có chỗ đặt giường" in shown(summary(results, "vi"))


@pytest.mark.parametrize(
    ("plans", "sentences"),
    [
        (
            (True, False),
            [
                "According to the scenario, 1 of 2 facilities have no mobilisation plan of their own; the "
                "plan of the scenario may still open them."
            ],
        ),
        ((None, False), ["1 of 2 facilities have no mobilisation plan, and for 1 it is not known."]),
        ((None, None), []),
    ],
)
def test_facilities_without_a_plan_are_counted(
    plans: tuple[bool | None, bool | None], sentences: list[str]
) -> None:
    plain = small_scenario().to_plain()
    for facility, plan in zip(plain["care"]["facilities"].values(), plans, strict=True):
        if plan is not None:
            facility["mobilisation_plan"] = plan
    assert list(without_plan(Scenario.model_validate_json(json.dumps(plain)), "en")) == sentences


def test_summary_says_runs_assumptions_and_folder(results: Results) -> None:
    text = shown(summary(results, "en", "results/small/"))
    assert text.startswith("Small province: 4 runs of 12 days from 30 Jan 2024 (seed 7)")
    assumed = (results.assumptions["confidence"] == "assumed").sum()
    assert f"{assumed} of {len(results.assumptions)} figures of this scenario are assumptions" in text
    assert text.rstrip().endswith("Results: results/small/")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_screen_ends_with_a_summary_of_at_most_five_lines(results: Results, lang: str) -> None:
    bound = limited(results, [20, 7, 61], [0, 0, 0])
    text = shown(summary(bound, lang, "results/small/"), 110)
    end = text.rstrip().splitlines()[:-1]
    heading = max(k for k, line in enumerate(end) if line.strip() == phrase(lang, "section.summary"))
    assert 3 <= len(end) - heading - 1 <= 5
    told = " ".join(end[heading:])
    assert "61/88" in told or "61 of 88" in told
    assert ("tiêu chí" if lang == "vi" else "criteria") in told


def test_summary_without_thresholds_or_alternatives_has_no_tables(results: Results) -> None:
    bare = dataclasses.replace(
        results, breaches=results.breaches.iloc[:0], comparison=results.comparison.iloc[:0]
    )
    text = shown(summary(bare, "vi"))
    assert "Tỉnh nhỏ" in text
    assert "┃" not in text


LONG = {
    "more-icu": {
        "title": {
            "vi": "Huy động bệnh viện tư nhân và quân đội, không kèm nhân lực",
            "en": "Mobilise private and military hospitals, without staff",
        }
    },
    "nothing": {},
}


def large(results: Results) -> Results:
    """The results with long titles and large numbers, as of a province."""
    plain = costly(results, COSTS).scenario.to_plain() | {"alternatives": LONG}
    comparison = results.comparison.assign(tied=0.0)
    numbers = ["difference", "difference_low", "difference_high"]
    comparison[numbers] = comparison[numbers] * 1000 + [1234.5, 123.4, 2345.6]
    each = dict(zip(PER_DEATH, (2.5e9, 1.5e9, 3.5e9), strict=True))
    costs = comparison.query("outcome == 'deaths'").assign(outcome="cost", **each)
    costs[numbers] *= 1e6
    wide = dataclasses.replace(
        with_breach(repeated(costly(results, COSTS), 2), **FIRST, worst_value_median=123456.0),
        scenario=Scenario.model_validate_json(json.dumps(plain)),
        comparison=pd.concat([comparison, costs], ignore_index=True),
    )
    return with_breach(wide, first_day_p95=400.0, days_breached_p5=101.4, days_breached_p95=112.6)


def cells(renderable: Any, width: int) -> list[list[str]]:
    """What stands in each cell of the tables, with its lines joined; rows end where a rule does."""
    rows: list[list[str]] = []
    fresh = True
    for line in shown(renderable, width).splitlines():
        if line[:1] not in ("│", "┃"):
            fresh = True
            continue
        parts = [part.strip() for part in line.replace("┃", "│").split("│")[1:-1]]
        if fresh:
            rows.append(parts)
        else:
            rows[-1] = [f"{before} {part}".strip() for before, part in zip(rows[-1], parts, strict=True)]
        fresh = False
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_content_of_a_cell_is_lost(results: Results, lang: str, width: int) -> None:
    told = large(results)
    for table in (breach_table, comparison_table, threshold_table, cost_table):
        assert cells(table(told, lang), width) == cells(table(told, lang), 1000), table.__name__
    text = shown(summary(told, lang), width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", [30, 50])
def test_a_narrow_terminal_breaks_words_but_loses_no_letter(results: Results, width: int) -> None:
    told = large(results)
    for table in (breach_table, cost_table):
        narrow, whole = (
            [["".join(cell.split()) for cell in row] for row in cells(table(told, "en"), w)]
            for w in (width, 1000)
        )
        assert narrow == whole


@pytest.mark.slow
def test_one_name_for_a_threshold_on_the_whole_screen(results: Results) -> None:
    plain = results.scenario.to_plain()
    plain["command"]["thresholds"]["icu"]["title"] = {"en": "Too few ICU beds", "vi": "Thiếu giường ICU"}
    told = dataclasses.replace(large(results), scenario=Scenario.model_validate_json(json.dumps(plain)))
    for lang, title in (("en", "Too few ICU beds"), ("vi", "Thiếu giường ICU")):
        text = shown(summary(told, lang), 200)
        assert text.count(title) == 4  # the breaches, two alternatives, and why an emergency is longer
        assert phrase(lang, "indicator.staffed_icu_beds_per_100k") not in text


def test_wrapping_keeps_indents_and_unbreakable_spaces() -> None:
    assert wrap_cell("  one two three", 7) == "  one\n  two\n  three"
    assert wrap_cell(f"5{NBSP}Mar 2024", 6) == f"5{NBSP}Mar\n2024"
    assert wrap_cell("abcdef gh", 4) == "abcd\nef\ngh"
    assert wrap_cell("a\n\nb", 3) == "a\n\nb"
