"""The short summary on the screen: the answer first, and never long."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pandas as pd
import pytest
from study_cases import made_up_simulation, shown, small_scenario

from surgesim.report.names import alternative_title
from surgesim.report.screen.short import MOST_LINES, WIDE, ShortSummary, _kept
from surgesim.scenario.door import overlaid
from surgesim.study.measures.compare import DEATHS
from surgesim.study.results import Results
from surgesim.study.tables.collect import Collection
from surgesim.study.tables.fill import fill


def made_up(replications: int = 6) -> Results:
    scenario = small_scenario()
    collections = {}
    for name in ("baseline", "nothing", "more-icu"):
        collections[name] = Collection(scenario.alternative(name), replications)
        for k in range(replications):
            collections[name].add(made_up_simulation(scenario.alternative(name), 7, k))
    return Results(
        scenario=scenario, manifest={"alternatives": list(collections)}, **fill(scenario, collections)
    )


@pytest.fixture(scope="module")
def results() -> Results:
    return made_up()


def changed(results: Results, values: dict[tuple[str, str, str], float]) -> Results:
    """Change cells of comparison.csv, by alternative, outcome and column."""
    comparison = results.comparison.copy()
    for (alternative, outcome, column), value in values.items():
        row = (comparison["alternative"] == alternative) & (comparison["outcome"] == outcome)
        assert row.sum() == 1
        comparison[column] = comparison[column].astype(float).where(~row, value)
    return dataclasses.replace(results, comparison=comparison)


def text(results: Results, lang: str = "en", width: int = 80) -> str:
    return shown(ShortSummary(results, lang, "results/town/"), width)


def test_the_answer_is_first_and_the_way_on_last(results: Results) -> None:
    lines = text(results, width=400).splitlines()
    assert ": 6 runs of " in lines[0]
    assert lines[1].startswith("Emergency in ")
    assert lines[-1].strip().endswith("Everything else: surgesim show results/town/ --details")


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_many_plans_keep_the_best_and_the_worst(results: Results, lang: str) -> None:
    names = [f"plan-{number}" for number in range(40)]
    more = overlaid(results.scenario, {"alternatives": {n: {"title": f"Plan {n}"} for n in names}})
    rows = results.comparison[results.comparison["alternative"] == "more-icu"]
    copies = []
    for place, name in enumerate(names):
        copy = rows.assign(alternative=name)
        copy.loc[copy["outcome"] == "deaths", "difference"] = float(place - 20)
        copies.append(copy)
    many = dataclasses.replace(results, scenario=more, comparison=pd.concat(copies, ignore_index=True))
    lines = text(many, lang).splitlines()
    assert len(lines) <= MOST_LINES
    places = [
        lines.index(line)
        for name in (names[0], names[1], names[-1])
        for line in lines
        if f"Plan {name} " in line
    ]
    assert places == sorted(places)
    assert len(places) == 3
    assert "--details" in lines[places[-1] + 1]


def test_plans_are_sorted_by_deaths(results: Results) -> None:
    titles = {name: alternative_title(results.scenario, name, "en") for name in ("nothing", "more-icu")}
    for first, second in (("nothing", "more-icu"), ("more-icu", "nothing")):
        of = changed(results, {(first, "deaths", "difference"): -9.0, (second, "deaths", "difference"): 9.0})
        said = text(of, width=200)
        assert said.index(titles[first]) < said.index(titles[second])


def test_fewer_days_of_emergency_through_deaths_are_marked(results: Results) -> None:
    deadly = {("nothing", "deaths", end): 5.0 for end in ("difference", "difference_low", "difference_high")}
    shorter = {
        ("nothing", "situation_days", end): -3.0
        for end in ("difference", "difference_low", "difference_high")
    }
    assert "−3*" in text(changed(results, deadly | shorter))
    assert "−3*" not in text(changed(results, shorter | {key: -value for key, value in deadly.items()}))


def test_a_longer_emergency_with_a_lower_peak_is_marked(results: Results) -> None:
    longer = {
        ("nothing", "situation_days", end): 3.0 for end in ("difference", "difference_low", "difference_high")
    }
    fewer, more = ({("nothing", "deaths", "difference"): value} for value in (-5.0, 5.0))
    lower, higher = ({("nothing", "peak_present", "difference"): value} for value in (-8.0, 8.0))
    assert "+3†" in text(changed(results, longer | fewer | lower))
    assert "+3†" not in text(changed(results, longer | fewer | higher))
    assert "+3†" not in text(changed(results, longer | more | lower))


def test_one_run_is_no_range() -> None:
    said = text(made_up(1), width=400)
    assert ": 1 run of " in said
    assert "These are too few runs for ranges" in said


def test_a_breach_in_few_runs_has_no_date(results: Results) -> None:
    breaches = results.breaches.copy()
    breaches["breached_at_start"] = 0.0
    breaches[["first_day_median", "first_day_p95"]] = math.nan
    breaches["first_day_p5"] = 3.0
    said = text(dataclasses.replace(results, breaches=breaches), width=200)
    assert "never (2 Feb" in said
    assert "–never)" in said


def test_without_thresholds_and_alternatives(results: Results) -> None:
    bare = dataclasses.replace(
        results, breaches=results.breaches.iloc[:0], comparison=results.comparison.iloc[:0]
    )
    said = text(bare)
    assert "Criterion" not in said
    assert "Change by plan, fewest deaths first" not in said
    assert "Deaths in the baseline" in said


def test_full_icu_beds_beside_an_unbreached_threshold_are_explained(results: Results) -> None:
    threshold = {"indicator": "staffed_icu_beds_per_100k", "below": 0.1}
    scenario = results.scenario.model_copy(
        update={
            "command": overlaid(results.scenario, {"command": {"thresholds": {"staffed": threshold}}}).command
        }
    )
    row = results.breaches.iloc[[0]].assign(
        alternative="baseline", area="province", threshold="staffed", probability=0.0, not_assessed=""
    )
    breaches = pd.concat([results.breaches, row], ignore_index=True)
    beds = results.facility_beds.iloc[[0]].assign(alternative="baseline", bed="icu", full_probability=1.0)
    said = text(
        dataclasses.replace(results, scenario=scenario, breaches=breaches, facility_beds=beds), width=400
    )
    assert "they can all be full without a breach" in said
    assert "they can all be full" not in text(results, width=400)


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "a forecast from the reports so far"), ("vi", "dự báo từ số liệu báo cáo đến nay")],
)
def test_a_forecast_is_called_one(results: Results, lang: str, said: str) -> None:
    forecast = dataclasses.replace(results, manifest=results.manifest | {"forecast": {"weeks": 2}})
    assert said in " ".join(text(forecast, lang).split())
    assert said not in " ".join(text(results, lang).split())


@pytest.mark.parametrize(
    ("most", "kept"),
    [(2, ["best", "worst"]), (3, ["best", "clear", "worst"]), (4, ["best", "clear", "later", "worst"])],
)
def test_plans_with_a_clear_effect_stay_before_others(most: int, kept: list[str]) -> None:
    """In order of deaths; `best` and `worst` have no clear effect, but always stay."""
    highs = {"best": 5.0, "vague": 1.0, "clear": -3.0, "later": -1.0, "worst": 9.0}
    plans: list[dict[str, Any]] = [
        {DEATHS: {"alternative": name, "difference_high": high}} for name, high in highs.items()
    ]
    assert [plan[DEATHS]["alternative"] for plan in _kept(plans, most)] == kept


def test_deaths_are_in_percent_where_there_is_room(results: Results) -> None:
    halved = changed(results, {("more-icu", "deaths", "relative"): -0.47})
    wide, narrow = (shown(ShortSummary(halved, "en"), width) for width in (WIDE, WIDE - 1))
    assert "\N{MINUS SIGN}47" in wide
    assert "\N{MINUS SIGN}47" not in narrow
