"""Two levers at once: the pairs that just suffice, the cheapest, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from decision_cases import known_wave, two_loss_queues, two_together
from typer.testing import CliRunner

import surgesim
from surgesim.cli import app
from surgesim.decisions import trials
from surgesim.decisions.search import Condition, Goal, frontier
from surgesim.decisions.trials import Task
from surgesim.errors import ResultsError, ScenarioError
from surgesim.model.outcomes import OUTCOMES
from surgesim.report.prose.frontier import frontier_sentences
from surgesim.scenario.door import dump
from surgesim.scenario.schema.scenario import Scenario

BEDS, NURSES = ("icu-beds", 0, 4), ("icu-nurses", 0, 8)
NEED = 8
"""Two nurses' worth of a bed, and a nurse, are needed so often in the runs that `simulated` draws."""


def scenario() -> Scenario:
    threshold = {"indicator": "patients_without_bed", "above": 0}
    return two_together(command={"thresholds": {"without-bed": threshold}})


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Draw outcomes instead of simulating them: a breach is rare if 2 × beds + nurses suffice."""
    done: list[Task] = []

    def simulate(base: Scenario, seed: int, task: Task) -> dict[str, dict[str, float]]:
        done.append(task)
        u = float(np.random.default_rng((seed, task.replication)).random())
        rows = {}
        for name in task.names:
            alpha = base.alternative(name).care.facilities["alpha"]
            assert alpha.staff is not None
            more = 2 * (float(str(alpha.beds.icu)) - 2) + alpha.staff.icu_nurses - 3
            row = dict.fromkeys([outcome.name for outcome in OUTCOMES], 0.0)
            row |= {"breached_without-bed": float(u < (0.03 if more >= NEED else 0.7)), "deaths": 9 - u}
            rows[name] = row
        return rows

    monkeypatch.setattr(trials, "simulate_task", simulate)
    return done


def pairs(**changes: Any) -> Any:
    given = {"threshold": "without-bed", "steps": (1, 1), "workers": 1} | changes
    return surgesim.frontier(scenario(), given.pop("first", BEDS), given.pop("second", NURSES), **given)


def corners(done: Any) -> list[tuple[int, int]]:
    return [(int(one), int(other)) for one, other in done.answer["corners"]]


def test_the_frontier_is_the_closed_form(simulated: list[Task]) -> None:
    done = pairs()
    assert corners(done) == [(beds, NEED - 2 * beds) for beds in range(5)]
    assert done.answer["status"] == "found"
    assert (done.answer["least"], done.answer["by"], done.answer["contrary"]) == (None, "", [])
    assert done.answer["tested"] < 5 * 9 / 2
    assert done.answer["runs"] == sum(len(task.names) for task in simulated)
    table = done.table
    assert table["replications"].min() >= 20
    assert table.loc[table["corner"] == "yes", "verdict"].eq("holds").all()


@pytest.mark.parametrize(("prices", "least"), [((3, 1), ("0", "8")), ((1, 1), ("4", "0"))])
def test_the_least_cost_is_the_closed_form(
    prices: tuple[float, float], least: tuple[str, str], simulated: list[Task]
) -> None:
    done = pairs(prices=prices)
    assert (tuple(done.answer["least"]), done.answer["by"]) == (least, "prices")
    cheapest = done.table[done.table["answer"] == "yes"]
    assert cheapest["price"].tolist() == [prices[0] * int(least[0]) + prices[1] * int(least[1])]


def test_steps_keep_the_ends_and_only_weakest_pairs_are_corners(simulated: list[Task]) -> None:
    done = pairs(first=("icu-beds", 0, 3), second=("icu-nurses", 0, 21), steps=None)
    assert done.manifest["frontier"]["values"] == [
        ["0", "1", "2", "3"],
        ["0", "3", "6", "9", "12", "15", "18", "21"],
    ]
    assert corners(done) == [(0, 9), (1, 6), (3, 3)]


def test_several_conditions_hold_at_once(simulated: list[Task]) -> None:
    given: dict[str, Any] = {"steps": (2, 4)}
    assert corners(pairs(outcome={"deaths": 20}, **given)) == [(0, 8), (2, 4), (4, 0)]
    never = pairs(outcome={"deaths": 5}, **given)
    assert (never.answer["status"], corners(never), never.answer["least"]) == ("unreachable", [], None)


def test_what_already_holds(simulated: list[Task]) -> None:
    done = pairs(threshold=(), outcome={"deaths": 20}, prices=(1, 1))
    assert (done.answer["status"], corners(done)) == ("already", [(0, 0)])


@pytest.mark.slow
def test_the_frontier_of_two_loss_queues_is_that_of_erlang() -> None:
    """Erlang B loses 9.2 % with 8 ICU and 7 oxygen beds, 6.8 % with 8 and 9, 5.3 % with 10 and 7."""
    beds = "care.facilities.alpha.beds"
    days = 100
    done = surgesim.frontier(
        two_loss_queues(8, 5, days=days),
        (f"{beds}.icu", 8, 12),
        (f"{beds}.oxygen", 5, 9),
        steps=(2, 2),
        outcome={"deaths_untreated": 0.085 * 4 * days},
        prices=(1, 2),
        workers=1,
    )
    assert corners(done) == [(8, 9), (10, 7)]
    assert done.answer["least"] == ["10", "7"]


def one_frontier(rng: np.random.Generator) -> float:
    """Search pairs with known risks, most of those that fail just above the bound; return the worst found."""
    uniforms = rng.random(200)
    done: dict[tuple[int, int], int] = {}

    def risk(pair: tuple[int, int]) -> float:
        return 0.2001 if sum(pair) < 5 else 0.05

    def run(places: Sequence[tuple[int, int]], count: int) -> None:
        done.update({place: max(count, done.get(place, 0)) for place in places})

    def values(place: tuple[int, int], outcome: str) -> Any:
        return (uniforms[: done[place]] < risk(place)).astype(float)

    found = frontier(6, 6, Goal((Condition("breached_x", 0.2),), 0.9, 200), run, values)
    return max(map(risk, found.corners), default=0.0)


def test_few_frontiers_have_a_pair_that_does_not_suffice() -> None:
    rng = np.random.default_rng(1)
    found = [one_frontier(rng) for _ in range(60)]
    assert sum(risk > 0 for risk in found) > 40
    assert sum(risk > 0.2 for risk in found) <= 6


def test_it_continues_after_an_interruption(
    simulated: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {"steps": (2, 4), "prices": (2, 1)}
    whole = pairs(out=tmp_path / "whole", **given)
    fast, calls = trials.simulate_task, iter(range(1_000))

    def stopped(base: Scenario, seed: int, task: Task) -> Any:
        if next(calls) == 30:
            raise KeyboardInterrupt
        return fast(base, seed, task)

    monkeypatch.setattr(trials, "simulate_task", stopped)
    with pytest.raises(KeyboardInterrupt):
        pairs(out=tmp_path / "half", **given)
    monkeypatch.setattr(trials, "simulate_task", fast)
    with pytest.raises(ResultsError, match="cannot be resumed because of changes"):
        pairs(out=tmp_path / "half", resume=True, **given | {"prices": (1, 1)})
    half = pairs(out=tmp_path / "half", resume=True, **given)
    assert half.manifest["files"] == whole.manifest["files"]
    simulated.clear()
    again = pairs(out=tmp_path / "half", resume=True, **given)
    assert simulated == []
    pd.testing.assert_frame_equal(again.table, whole.table, check_dtype=False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"second": BEDS}, "got the same lever twice, expected two levers"),
        ({"first": ("icu-beds", 9, 2)}, "got values between 9 and 2, expected the first below the second"),
        ({"second": ("icu-bed", 0, 2)}, "icu-bed: unknown lever, did you mean 'icu-beds'?"),
        ({"prices": (-1, 2)}, "prices: got -1, expected a number of at least 0"),
        ({"threshold": ()}, "got no condition"),
        ({"replications": 3}, "expected a whole number of at least 20"),
        ({"steps": (0, 1)}, "got a step of 0"),
        ({"draws": 0.8}, "draws: got 0.8, but nothing is drawn"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_a_run(
    changes: dict[str, Any], words: str, simulated: list[Task]
) -> None:
    with pytest.raises(ScenarioError) as caught:
        pairs(**changes)
    assert words in str(caught.value)
    assert simulated == []


def test_a_date_outside_the_run_is_refused() -> None:
    late = ("order-date", "2024-01-02", "2024-03-01")
    with pytest.raises(ScenarioError, match="got 2024-03-01, which is outside the run"):
        surgesim.frontier(known_wave(), late, BEDS, threshold="without-bed", workers=1)


def test_a_lever_without_effect_is_found_by_the_first_runs(
    simulated: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oxygen beds change nothing here, whatever the number of ICU beds."""
    with pytest.raises(ScenarioError, match="lever oxygen-beds: changes nothing between 0 and 4"):
        pairs(second=("oxygen-beds", 0, 4))
    assert 0 < sum(len(task.names) for task in simulated) < 120


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_conditions_that_contradict_are_named(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beds save lives and cost money: the strongest pair is too dear, the weakest lets too many die."""

    def simulate(base: Scenario, seed: int, task: Task) -> dict[str, dict[str, float]]:
        u = float(np.random.default_rng((seed, task.replication)).random())
        beds = {name: sum(map(int, name.split("-")[1:])) for name in task.names}
        return {name: {"deaths": 20 - n + u, "deaths_untreated": 5 + n + u} for name, n in beds.items()}

    monkeypatch.setattr(trials, "simulate_task", simulate)
    done = pairs(threshold=(), outcome={"deaths": 15, "deaths_untreated": 8})
    assert (done.answer["status"], done.answer["opposed"]) == ("unreachable", ["deaths_untreated"])
    said = " ".join(frontier_sentences(done, lang))
    assert {"en": "The conditions contradict each other", "vi": "Các điều kiện mâu thuẫn nhau"}[lang] in said


def test_in_most_draws_more_is_needed_than_on_average(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deaths of a draw are 20 u less the places of the pair: below 9 on average from 2 places on."""

    def simulate(base: Scenario, seed: int, task: Task) -> dict[str, dict[str, float]]:
        u = float(np.random.default_rng((seed, task.replication)).random())
        beds = {name: sum(map(int, name.split("-")[1:])) for name in task.names}
        return {name: {"deaths": max(20 * u - 2 * n, 0.0)} for name, n in beds.items()}

    monkeypatch.setattr(trials, "simulate_task", simulate)
    stay = {"clinical.stays.icu_survivor_days.gamma.mean": {"uniform": [5.0, 7.0]}}
    drawn = scenario().overlaid({"study": {"uncertainty": stay}})
    given: dict[str, Any] = {"outcome": {"deaths": 9.0}, "steps": (1, 1), "workers": 1}
    average = corners(surgesim.frontier(drawn, BEDS, NURSES, **given))
    most = surgesim.frontier(drawn, BEDS, NURSES, draws=0.8, **given)
    assert max(map(sum, average)) < min(map(sum, corners(most)))
    assert "in 80% of the draws" in " ".join(frontier_sentences(most, "en"))


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_command_fits_one_screen(
    lang: str, simulated: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("town.yaml").write_text(dump(scenario()), encoding="utf-8")
    given = ["frontier", "town.yaml", "--first", "icu-beds", "0", "4", "--second", "icu-nurses", "0", "8"]
    given += ["--threshold", "without-bed", "--steps", "2", "4", "--lang", lang, "--workers", "1"]
    done = CliRunner().invoke(app, [*given, "--prices", "3", "1"])
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 80
    said = {
        "en": "At the prices given, least costs: ICU beds: 0 more",
        "vi": "Theo đơn giá đã cho, rẻ nhất là",
    }
    assert said[lang] in " ".join(done.stdout.split())
    assert sorted(path.name for path in Path("results/small-frontier").iterdir()) == [
        *("frontier.csv", "frontier.svg", "manifest.json", "scenario.yaml")
    ]
