"""The search for the least that suffices: answers, files, resuming, and what is refused."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from decision_cases import known_wave, loss_queue, risky_queue
from typer.testing import CliRunner

import surgesim
from surgesim.cli import app, decisions
from surgesim.decisions import trials
from surgesim.decisions.conditions import read_goal
from surgesim.decisions.trials import Task
from surgesim.errors import ResultsError, ScenarioError
from surgesim.report.prose.decisions import size_sentences, value_words
from surgesim.scenario.door import dump
from surgesim.scenario.schema.scenario import Scenario

ICU = "care.facilities.alpha.beds.icu"
LEAST = 6
"""The least beds that suffice in the runs that `simulated` draws."""


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Draw outcomes instead of simulating them; return the tasks."""
    done: list[Task] = []

    def simulate(scenario: Scenario, seed: int, task: Task) -> dict[str, dict[str, float]]:
        done.append(task)
        u = float(np.random.default_rng((seed, task.replication)).random())
        rows = {}
        for name in task.names:
            beds = float(str(scenario.alternative(name).care.facilities["alpha"].beds.icu))
            risk = 0.05 if beds >= LEAST else 0.6
            rows[name] = {"breached_without-bed": float(u < risk), "deaths": beds * u, "cost": 0.0}
        return rows

    monkeypatch.setattr(trials, "simulate_task", simulate)
    return done


def search(**changes: Any) -> Any:
    given = {"threshold": "without-bed", "workers": 1} | changes
    lever, between = given.pop("lever", ICU), given.pop("between", (1, 16))
    return surgesim.size(risky_queue(), lever, between, **given)


def test_the_least_is_found_with_the_value_below_it(simulated: list[Task]) -> None:
    done = search()
    assert done.value == "6"
    assert (done.answer["status"], done.answer["failing"], done.answer["contrary"]) == ("found", "5", [])
    table = done.table.set_index("value")
    assert table["answer"].eq("yes").sum() == 1
    assert table.loc["6", ["verdict", "answer"]].tolist() == ["holds", "yes"]
    assert table.loc["5", "verdict"] == "fails"
    assert list(table.index) == sorted(table.index, key=int)
    assert table.loc[["1", "16"], "order"].tolist() == [1, 2]
    assert done.answer["runs"] == table["replications"].sum() == sum(len(task.names) for task in simulated)
    assert done.table["isotonic"].is_monotonic_decreasing


def test_both_ends_of_a_replication_are_one_task(simulated: list[Task]) -> None:
    search()
    assert simulated[0].names == ("value-0", "value-15")


def test_what_already_holds_and_what_is_out_of_reach(simulated: list[Task]) -> None:
    already = search(between=(8, 16))
    assert (already.answer["status"], already.value) == ("already", "8")
    never = search(between=(1, 4))
    assert (never.answer["status"], never.value, never.answer["value"]) == ("unreachable", None, "4")


def test_what_is_out_of_reach_is_told_from_what_is_too_near_to_tell(simulated: list[Task]) -> None:
    never = search(between=(1, 4))
    assert "not reachable" in next(size_sentences(never, "en"))
    risk = search(risk=0.06, replications=24)
    assert (risk.answer["status"], risk.answer["failing"]) == ("unreachable", "1")
    assert "undecided. The strongest value is too near the bound" in next(size_sentences(risk, "en"))


@pytest.mark.parametrize(
    ("given", "least"),
    [({"outcome": {"deaths": 100.0}}, 40), ({"outcome": {"deaths": 100.0}, "threshold": ()}, 40), ({}, 20)],
)
def test_fewer_runs_than_any_answer_needs_are_refused(given: dict[str, Any], least: int) -> None:
    with pytest.raises(ScenarioError, match=rf"replications: got {least - 1}, .*expected .*{least}"):
        search(**given, replications=least - 1)


def test_a_mean_is_decided_with_the_fewest_runs_allowed(simulated: list[Task]) -> None:
    assert search(threshold=(), outcome={"deaths": 100.0}, replications=40).answer["status"] == "already"


def test_more_of_a_resource_has_its_unit() -> None:
    assert value_words("deliveries", "5000", "en") == "5,000 kg/day more"
    assert value_words("icu-beds", "17", "vi") == "thêm 17"
    assert value_words(ICU, "17", "en") == "17"


def test_where_stronger_is_worse_the_answer_says_so(simulated: list[Task]) -> None:
    done = search(threshold=(), outcome={"deaths": 100.0}, largest=False)
    assert done.answer["status"] == "already"
    assert done.answer["contrary"] == [["1", "16", "deaths"]]
    other_way = search(threshold=(), outcome={"deaths": 4.0}, largest=True)
    assert other_way.answer["contrary"] == []
    assert other_way.value in ("6", "7")


def test_several_conditions_hold_at_once(simulated: list[Task]) -> None:
    done = search(outcome={"deaths": 100.0})
    assert done.value == "6"
    assert set(done.table["outcome"]) == {"breached_without-bed", "deaths"}


def test_conditions_that_contradict_are_named(simulated: list[Task]) -> None:
    """Six beds are needed, with which three die on average."""
    done = search(outcome={"deaths": 2.0})
    assert (done.answer["status"], done.answer["opposed"]) == ("unreachable", ["deaths"])
    said = " ".join(size_sentences(done, "en"))
    assert "The conditions contradict each other: the strong end breaks the bound on All deaths" in said


def test_the_least_for_most_draws_is_more_than_on_average(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deaths of a draw are below 5 with a probability of (5 + beds) / 20, and on average from 6 beds on."""

    def simulate(scenario: Scenario, seed: int, task: Task) -> dict[str, dict[str, float]]:
        u = float(np.random.default_rng((seed, task.replication // 2)).random())
        beds = {name: 1 + int(name.rpartition("-")[2]) for name in task.names}
        chance = 0.1 if task.replication % 2 else -0.1
        return {name: {"deaths": max(20 * u - each + chance, 0.0)} for name, each in beds.items()}

    monkeypatch.setattr(trials, "simulate_task", simulate)
    stay = {"clinical.stays.icu_survivor_days.gamma.mean": {"uniform": [2.0, 4.0]}}
    drawn = risky_queue().overlaid({"study": {"uncertainty": stay, "runs_per_draw": 2}})
    given: dict[str, Any] = {"outcome": {"deaths": 5.0}, "workers": 1}
    average = surgesim.size(drawn, ICU, (1, 16), **given)
    most = surgesim.size(drawn, ICU, (1, 16), draws=0.8, **given)
    assert 6 <= int(str(average.value)) <= 9
    assert 12 <= int(str(most.value)) <= 15
    row = most.table[most.table["answer"] == "yes"].iloc[0]
    assert (row["below"], row["mean"] < 0.2, row["high"] < 0.25) == (5, True, True)
    with pytest.raises(ScenarioError, match=r"draws: got 0\.8, but nothing is drawn"):
        surgesim.size(drawn, ICU, (1, 16), draws=0.8, uncertainty=False, **given)
    with pytest.raises(ScenarioError, match="draws: got 1, expected a share above 0 and below 1"):
        surgesim.size(drawn, ICU, (1, 16), draws=1, **given)
    said = " ".join(size_sentences(most, "en"))
    assert "keeps All deaths below 5 in 80% of the draws" in said


def test_files_are_the_same_for_any_workers_and_after_an_interruption(
    simulated: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = search(out=tmp_path / "whole")
    fast, calls = trials.simulate_task, iter(range(1_000))

    def stopped(scenario: Scenario, seed: int, task: Task) -> Any:
        if next(calls) == 30:
            raise KeyboardInterrupt
        return fast(scenario, seed, task)

    monkeypatch.setattr(trials, "simulate_task", stopped)
    with pytest.raises(KeyboardInterrupt):
        search(out=tmp_path / "half")
    assert not (tmp_path / "half").exists()
    monkeypatch.setattr(trials, "simulate_task", fast)
    with pytest.raises(ResultsError, match="continue with --resume"):
        search(out=tmp_path / "half")
    with pytest.raises(ResultsError, match=r"confidence was 0\.9, is 0\.8"):
        search(out=tmp_path / "half", resume=True, confidence=0.8)
    simulated.clear()
    half = search(out=tmp_path / "half", resume=True)
    assert half.manifest["files"] == whole.manifest["files"]
    assert len(simulated) < whole.answer["runs"] - 20
    assert sorted(path.name for path in (tmp_path / "half").iterdir()) == [
        *("manifest.json", "scenario.yaml", "size.csv")
    ]
    simulated.clear()
    again = search(out=tmp_path / "half", resume=True)
    assert simulated == []
    pd.testing.assert_frame_equal(again.table, whole.table, check_dtype=False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"between": (9, 2)}, "got values between 9 and 2, expected the first below the second"),
        ({"threshold": "without-beds"}, "unknown threshold 'without-beds', did you mean 'without-bed'?"),
        ({"threshold": ["without-bed", "without-bed"]}, "got a threshold twice"),
        ({"threshold": ()}, "got no condition"),
        ({"risk": 1.2}, "got 1.2, expected a probability above 0 and below 1"),
        ({"outcome": {"death": 3}}, "unknown outcome 'death', did you mean 'deaths'?"),
        ({"outcome": {"deaths": 0}}, "got 0, which no mean can be below"),
        ({"outcome": {"deaths": float("nan")}}, "below: got nan, expected a number"),
        ({"confidence": 1}, "expected a probability from 0.5 to below 1"),
        ({"replications": 3}, "expected a whole number of at least 20"),
        ({"alternative": "none"}, "got 'none'"),
        ({"lever": "care.facilities.alpha.convertible_share.basic", "between": (0, 1)}, "changes nothing"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_a_run(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        search(**changes)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_lever_without_effect_is_found_by_the_first_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def same(scenario: Scenario, seed: int, task: Task) -> dict[str, dict[str, float]]:
        return {key: {"breached_without-bed": float(task.replication % 2)} for key in task.names}

    monkeypatch.setattr(trials, "simulate_task", same)
    with pytest.raises(
        ScenarioError, match="changes nothing between 1 and 16: every outcome of the first runs"
    ):
        search()


def test_the_command_prints_the_answer_and_draws_it(
    simulated: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("queue.yaml").write_text(dump(risky_queue()), encoding="utf-8")
    given = ["size", "queue.yaml", "--lever", ICU, "--between", "1", "16", "--threshold", "without-bed"]
    done = CliRunner().invoke(app, [*given, "--lang", "en", "--workers", "1"])
    assert done.exit_code == 0, done.stderr
    assert "ICU beds of Facility: 6 is the least found that keeps" in done.stdout
    assert "The next weaker value, 5, is shown not to suffice." in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert len(done.stdout.splitlines()) <= 45
    folder = Path("results/small-size")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("manifest.json", "scenario.yaml", "size.csv", "size.svg")
    ]
    assert json.loads((folder / "manifest.json").read_text())["size"]["answer"]["value"] == "6"
    vietnamese = CliRunner().invoke(
        app, [*given, "--lang", "vi", "--workers", "1", "--no-figures", "--out", "vi"]
    )
    assert vietnamese.exit_code == 0, vietnamese.stderr
    assert "mức ít nhất tìm được" in vietnamese.stdout


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--between", "9", "2", "--threshold", "without-bed"], "expected the first below the second"),
        (["--between", "1", "9", "--threshold", "x"], "--threshold: unknown threshold 'x'"),
        (["--between", "1", "9", "--outcome", "deaths"], "--below: got 0 bounds for 1 outcomes"),
        (
            ["--between", "1", "9", "--threshold", "without-bed", "--risk", "much"],
            "got 'much', expected a number",
        ),
    ],
)
def test_bad_options_exit_2_and_write_nothing(
    given: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("queue.yaml").write_text(dump(risky_queue()), encoding="utf-8")
    done = CliRunner().invoke(app, ["size", "queue.yaml", "--lever", ICU, *given, "--workers", "1"])
    assert done.exit_code == 2
    assert words in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["queue.yaml"]


@pytest.mark.parametrize("name", ["worth", "size", "frontier", "calendar"])
def test_the_defaults_of_the_command_are_those_of_the_library(name: str) -> None:
    of_command = inspect.signature(getattr(decisions, name)).parameters
    of_library = inspect.signature(getattr(surgesim, name)).parameters
    shared = [each for each in ("replications", "most", "later", "pairs", "outcome") if each in of_library]
    assert "replications" in shared
    assert [of_command[each].default for each in shared] == [of_library[each].default for each in shared]
    of_goal = inspect.signature(read_goal).parameters
    bounds = decisions.Bounds()
    assert (bounds.risk, bounds.confidence) == (of_goal["risk"].default, of_goal["confidence"].default)


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'tresholds'"):
        search(tresholds="without-bed")


@pytest.mark.slow
def test_the_least_beds_of_a_loss_queue_are_those_of_erlang() -> None:
    """Erlang B loses 7.5 % with 9 beds, 4.3 % with 10, at a load of 6."""
    done = surgesim.size(
        loss_queue(10, days=300), ICU, (6, 14), outcome={"deaths_untreated": 0.05 * 600}, workers=1
    )
    assert done.value in ("10", "11")


@pytest.mark.slow
@pytest.mark.parametrize(("lead_days", "latest"), [(5, "2024-01-18"), (8, "2024-01-15")])
def test_the_latest_order_date_before_a_known_wave_is_exact_to_the_day(lead_days: int, latest: str) -> None:
    """Beds ordered on day 17 with a lead of 5 days are there at 00:00 of day 22, when the first is needed."""
    done = surgesim.size(
        known_wave(lead_days),
        "order-date",
        ("2024-01-10", "2024-01-26"),
        threshold="without-bed",
        workers=1,
    )
    assert done.value == latest
    assert done.answer["failing"] == str(np.datetime64(latest) + 1)
