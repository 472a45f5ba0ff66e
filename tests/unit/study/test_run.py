"""Runs: the same for any number of workers and replications; alternatives; progress; public face."""

from __future__ import annotations

import dataclasses
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from study_cases import made_up_record, made_up_simulation, small_scenario

import surgesim
from surgesim.errors import IdentityError, ScenarioError, SurgesimError
from surgesim.model import simulation
from surgesim.model.epidemic.spread import DayOfInfection, Epidemic
from surgesim.model.record import Record
from surgesim.scenario.door import from_plain, load, overlaid
from surgesim.scenario.schema.merging import deep_merge
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute import processes
from surgesim.study.compute import replicate as replicate_module
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.replicate import replicate
from surgesim.study.results import Output, Results
from surgesim.study.run import run, select


@pytest.mark.slow
def test_results_are_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    one = run(small_scenario(), out=tmp_path / "one", workers=1)
    two = run(small_scenario(), out=tmp_path / "two", workers=2)
    assert len(one.replications) == 3 * 4
    assert one.replications["oxygen_patients"].sum() > 0
    assert one.manifest["files"] == two.manifest["files"]


@pytest.mark.slow
def test_replication_is_the_same_however_many_are_run() -> None:
    few = run(small_scenario(), replications=2, workers=1).replications
    many = run(small_scenario(), replications=5, workers=1).replications
    pd.testing.assert_frame_equal(many[many["replication"] < 2].reset_index(drop=True), few)
    assert not many["deaths_unavoidable"].eq(many["deaths_unavoidable"].iloc[0]).all()


@pytest.mark.slow
def test_empty_overlay_differs_by_exactly_nothing() -> None:
    comparison = run(small_scenario(), workers=1).comparison
    nothing = comparison[comparison["alternative"] == "nothing"]
    assert len(nothing) >= 16
    assert (nothing["difference"] == 0).all()
    means = nothing[~nothing["outcome"].str.startswith("breached_")]  # a score interval is never empty
    assert (means[["difference_low", "difference_high"]] == 0).all(axis=None)
    assert (nothing["tied"] == 1).all()


@pytest.mark.slow
def test_progress_tells_the_pairs_done() -> None:
    told: list[tuple[int, int]] = []
    run(small_scenario(), replications=3, workers=Backend(1, progress=lambda *pairs: told.append(pairs)))
    assert told == [(0, 9), (3, 9), (6, 9), (9, 9)]


@pytest.mark.slow
def test_changed_values_are_those_of_the_results() -> None:
    results = run(small_scenario(), replications=2, seed=99, days=9, workers=1)
    assert (results.scenario.study.replications, results.scenario.study.seed) == (2, 99)
    assert results.scenario.days == 9
    assert results.daily["day"].max() == 8
    assert (results.manifest["replications"], results.manifest["seed"], results.manifest["days"]) == (
        2,
        99,
        9,
    )


@pytest.mark.parametrize("change", [{"replications": 0}, {"seed": -1}, {"days": 0}])
def test_changed_values_are_checked(change: Mapping[str, int]) -> None:
    with pytest.raises(ScenarioError, match="expected"):
        run(small_scenario(), workers=1, **change)


def test_select_keeps_the_baseline_and_the_order_of_the_scenario() -> None:
    assert list(select(small_scenario())) == ["baseline", "nothing", "more-icu"]
    assert list(select(small_scenario(), ["more-icu"])) == ["baseline", "more-icu"]
    assert list(select(small_scenario(), ["more-icu", "nothing"])) == ["baseline", "nothing", "more-icu"]
    assert list(select(small_scenario(), ["baseline"])) == ["baseline"]
    assert select(small_scenario())["more-icu"].care.facilities["general"].beds.icu == 6


def test_select_names_every_unknown_alternative() -> None:
    with pytest.raises(ScenarioError) as caught:
        select(small_scenario(), ["more-icus", "none"])
    assert [str(problem) for problem in caught.value.problems] == [
        "alternatives: got 'more-icus', did you mean 'more-icu'?",
        "alternatives: got 'none', expected one of baseline, nothing, more-icu",
    ]


TOWN = Path(__file__).parents[3] / "scenarios" / "teaching" / "private-third.yaml"


@pytest.mark.slow
def test_alternatives_that_share_an_epidemic_are_as_if_they_did_not(monkeypatch: pytest.MonkeyPatch) -> None:
    scenarios = select(load(TOWN, changes=["days=70"]))
    alone = {name: simulation.run_once(scenario, 3, 1) for name, scenario in scenarios.items()}
    drawn = []
    move = Epidemic._move

    def counted(self: Epidemic, day: int, *others: Any) -> DayOfInfection:
        drawn.append(day)
        return move(self, day, *others)

    monkeypatch.setattr(Epidemic, "_move", counted)
    shared = replicate_module.one_replication(scenarios, 3, 1)
    assert drawn == list(range(70))  # once for three alternatives
    assert alone.keys() == shared.keys()
    assert alone["baseline"].outcomes != alone["private-mobilised"].outcomes
    for name, record in alone.items():
        for part in dataclasses.fields(record):
            one, other = getattr(record, part.name), getattr(shared[name], part.name)
            assert pickle.dumps(one) == pickle.dumps(other), (name, part.name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overlay", "epidemic", "patients"),
    [
        ({"care": {"no_bed_hours": 3.0}}, True, True),
        ({"clinical": {"isolated_share": 0.2}}, True, False),
        ({"people": {"outside_share": 0.3}}, False, False),
        ({"epidemic": {"variant": {"r0": 3.0}}}, False, False),
        ({"epidemic": {"detection": {"tests": {"single_per_day": 5}}}}, False, False),
        (
            {
                "epidemic": {
                    "vaccination": {"groups": {"all": {}}},
                    "immunity": {"vaccinated": {"infection": 0.5}},
                }
            },
            False,
            False,
        ),
        ({"epidemic": {"measures": {"shut": {"travel": 0.5, "start": "2024-02-01"}}}}, False, False),
    ],
)
def test_alternatives_share_days_only_of_the_same_epidemic_among_the_same_people(
    overlay: dict[str, Any], epidemic: bool, patients: bool
) -> None:
    town = load(TOWN)
    met: list[Any] = []
    first = replicate_module._shared_days(town, met)
    second = replicate_module._shared_days(overlaid(town, overlay), met)
    assert first is not None
    assert second is not None
    assert (second.path is first.path) == epidemic
    assert (second.patients is first.patients) == patients
    assert replicate_module._shared_days(town, met) is first
    assert replicate_module._shared_days(overlaid(town, overlay), met) is second


def test_a_scenario_without_alternatives_keeps_no_days(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    monkeypatch.setattr(simulation, "run_once", lambda scenario, seed, k, shared: kept.append(shared))
    town = load(TOWN)
    replicate_module.one_replication({"baseline": town}, 1, 0)
    replicate_module.one_replication({"baseline": town, "same": town}, 1, 0)
    assert kept[0] is None
    assert kept[1] is kept[2] is not None


def test_long_epidemics_and_arrivals_are_not_kept() -> None:
    town = load(TOWN)
    longer = town.model_copy(update={"days": replicate_module.MOST_DAYS_SHARED + 1})
    assert replicate_module._shared_days(longer, []) is None
    assert replicate_module._shared_days(small_scenario(), []) is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (
            {"command": {"thresholds": {"situation": {"indicator": "icu_occupancy", "above": 0.9}}}},
            "command.thresholds.situation",
        ),
        (
            {"people": {"districts": {"province": {"title": "P", "population": 9}}}},
            "people.districts.province",
        ),
    ],
)
def test_names_of_the_tables_own_are_refused(change: dict[str, Any], path: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        from_plain(deep_merge(small_scenario().to_plain(), change))
    assert [problem.path for problem in caught.value.problems] == [path]
    assert "expected another" in caught.value.problems[0].message


@pytest.mark.slow
def test_shortened_run_keeps_what_is_dated_after_its_end() -> None:
    dated = {
        "action": "convert_beds",
        "facilities": ["general"],
        "when": {"on": "2024-02-09"},
    }
    scenario = from_plain(deep_merge(small_scenario().to_plain(), {"command": {"plan": {"late": dated}}}))
    assert run(scenario, days=5, replications=1, workers=1).scenario.days == 5


@pytest.mark.slow
def test_tables_are_kept_where_a_figure_fails(tmp_path: Path) -> None:
    def fails(results: Results, folder: Path) -> None:
        raise ZeroDivisionError("no room")

    results = run(small_scenario(), out=Output(tmp_path / "small", extras=fails), replications=1, workers=1)
    assert results.manifest["extras_failed"] == "ZeroDivisionError: no room"
    assert len(surgesim.read(tmp_path / "small").replications) == 3


def test_broken_identity_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(scenario: Scenario, seed: int, replication: int, shared: object) -> Record:
        if replication == 1:
            raise IdentityError("beds", "general", 3, "11 of 10")
        return made_up_simulation(scenario, seed, replication)

    monkeypatch.setattr(simulation, "run_once", breaks)
    with pytest.raises(IdentityError, match="'beds' failed in general on day 3"):
        run(small_scenario(), out=tmp_path / "small", workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["small.unfinished"]


@pytest.mark.slow
def test_broken_identity_of_a_worker_arrives_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(scenarios: object, seed: int, replication: int) -> None:
        raise IdentityError("beds", "general", replication, "11 of 10")

    monkeypatch.setattr(replicate_module, "one_replication", breaks)
    with pytest.raises(IdentityError) as caught:
        list(replicate({"baseline": small_scenario()}, 1, 2, workers=2))
    assert (caught.value.identity, caught.value.where, caught.value.detail) == ("beds", "general", "11 of 10")


@pytest.mark.slow
def test_worker_that_dies_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(scenarios: object, seed: int, replication: int) -> None:
        os._exit(1)

    monkeypatch.setattr(processes, "MOST_RESTARTS", 1)  # each takes seconds
    monkeypatch.setattr(replicate_module, "one_replication", dies)
    with pytest.raises(
        SurgesimError, match=r"a worker process ended unexpectedly.*got 2 workers, expected fewer"
    ):
        list(replicate({"baseline": small_scenario()}, 1, 2, workers=2))


@pytest.mark.slow
def test_run_that_is_left_early_warns_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def quick(scenarios: Mapping[str, Scenario], seed: int, replication: int) -> dict[str, int]:
        return {"baseline": replication}

    monkeypatch.setattr(replicate_module, "one_replication", quick)
    records = replicate({"baseline": small_scenario()}, 1, 40, workers=2)
    assert next(records) == {"baseline": 0}
    records.close()  # warnings are errors


def test_records_come_in_order_from_many_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow_first(scenarios: Mapping[str, Scenario], seed: int, replication: int) -> dict[str, int]:
        import time

        time.sleep(0.2 if replication == 0 else 0)
        return {"baseline": replication}

    monkeypatch.setattr(replicate_module, "one_replication", slow_first)
    records = replicate({"baseline": small_scenario()}, 1, 6, workers=2)
    assert [record["baseline"] for record in records] == list(range(6))


def test_results_in_memory_have_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(simulation, "run_once", lambda scenario, seed, k, shared: made_up_record(scenario, k))
    results = run(small_scenario(), workers=1)
    assert results.folder is None
    assert results.alternatives == ("baseline", "nothing", "more-icu")
    assert "files" not in results.manifest
    assert list(tmp_path.iterdir()) == []


def test_public_names() -> None:
    assert sorted(surgesim.__all__) == [
        "Backend",
        "Calendar",
        "ExtensionError",
        "Fit",
        "FitError",
        "Forecast",
        "Frontier",
        "IdentityError",
        "Replication",
        "Results",
        "ResultsError",
        "Scenario",
        "ScenarioError",
        "ScoreError",
        "Scores",
        "Size",
        "SurgesimError",
        "Sweep",
        "Worth",
        "__version__",
        "calendar",
        "fit",
        "forecast",
        "frontier",
        "load",
        "loads",
        "overlaid",
        "plot",
        "read",
        "read_workbook",
        "run",
        "score",
        "sensitivity",
        "simulate",
        "size",
        "sweep",
        "worth",
    ]
    assert surgesim.run is run
    assert all(getattr(surgesim, name) is not None for name in surgesim.__all__)
    assert dir(surgesim) == sorted(surgesim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'plan'"):
        _ = surgesim.plan  # type: ignore[attr-defined]


def test_importing_surgesim_imports_nothing_heavy() -> None:
    code = "import surgesim, sys; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"numpy", "pandas", "scipy", "pydantic", "yaml", "simpy", "matplotlib"} & set(modules.split())


@pytest.mark.slow
def test_more_tests_share_an_epidemic_where_nobody_isolates_and_part_it_where_they_do() -> None:
    tests = {"detection": {"tests": {"single_per_day": 20}}}
    more = {"action": "raise_testing", "single_per_day": 500, "when": {"on": "2024-01-10"}}
    overlay = {"command": {"plan": {"more-tests": more}}}
    for isolation, shared in (({}, True), ({"isolation": {"cases_compliance": 0.8}}, False)):
        town = overlaid(load(TOWN, changes=["days=60"]), {"epidemic": tests | isolation})
        scenarios = {"baseline": town, "more": overlaid(town, overlay)}
        alone = {name: simulation.run_once(one, 3, 1) for name, one in scenarios.items()}
        together = replicate_module.one_replication(scenarios, 3, 1)
        for name, record in alone.items():
            assert pickle.dumps(record.province) == pickle.dumps(together[name].province)
        few, many = (alone[name].outcomes for name in ("baseline", "more"))
        assert many["reported_cases"] > few["reported_cases"]
        assert (many["infections"] == few["infections"]) == shared
