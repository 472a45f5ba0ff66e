"""What resources are worth: the ranking, where the runs go, and what helps only together."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from decision_cases import two_together
from rich.console import Console
from typer.testing import CliRunner

import surgesim
from surgesim.cli import app
from surgesim.decisions import trials
from surgesim.decisions.trials import FLOWS, Task
from surgesim.decisions.worth import WHY, WORTH_TABLE, why
from surgesim.errors import ResultsError, ScenarioError
from surgesim.model.outcomes import OUTCOMES
from surgesim.report.prose.decisions import change_words, drawn_sentence, worth_head, worth_sentences
from surgesim.report.screen.decisions import worth_summary
from surgesim.scenario.door import dump
from surgesim.scenario.schema.scenario import Scenario

KNOWN = [*(outcome.name for outcome in OUTCOMES), *FLOWS]


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Draw outcomes instead of simulating them: ICU beds and ICU nurses together save lives."""
    done: list[Task] = []

    def simulate(scenario: Scenario, seed: int, task: Task) -> dict[str, dict[str, float]]:
        done.append(task)
        noise = float(np.random.default_rng((seed, task.replication)).normal())
        rows = {}
        for name in task.names:
            alpha = scenario.alternative(name).care.facilities["alpha"]
            assert alpha.staff is not None
            treated = min(float(str(alpha.beds.icu)) / 2, alpha.staff.icu_nurses / 3) - 1
            doctors = (alpha.staff.doctors - 20) / 100
            row = dict.fromkeys(KNOWN, 0.0)
            row["deaths"] = 40 + noise - min(treated, 10) * (1 + 0.1 * noise) - doctors
            row["icu_bed_days"] = 20 + treated + abs(noise)
            row["waiting_icu_days"] = 60 - 3 * treated + noise
            row["saved"] = -row["deaths"]
            rows[name] = row
        return rows

    monkeypatch.setattr(trials, "simulate_task", simulate)
    return done


def of(done: Any, kind: str, outcome: str = "deaths") -> pd.DataFrame:
    table = done.table
    return table[(table["kind"] == kind) & (table["outcome"] == outcome)].set_index("resource")


def test_what_helps_only_together_is_found(simulated: list[Task]) -> None:
    done = surgesim.worth(two_together(), replications=16, workers=1)
    pairs = of(done, "pair")
    assert pairs["rank"].idxmin() == "icu-beds + icu-nurses"
    best = pairs.loc["icu-beds + icu-nurses"]
    assert best["difference_high"] < 0
    assert best["beyond_single"] == pytest.approx(best["difference"])
    assert (of(done, "limit").loc[["icu-beds", "icu-nurses"], "difference"] == 0).all()
    assert (pairs.drop("icu-beds + icu-nurses")["beyond_single"] >= -1e-9).all()


def test_more_of_an_outcome_of_which_more_is_better_ranks_first(
    simulated: list[Task], tmp_path: Path
) -> None:
    (tmp_path / "saved.py").write_text(
        "from surgesim.extension import outcome\n\n"
        '@outcome(unit="people", meaning="people saved", better="higher")\n'
        "def saved(run):\n    return 0.0\n",
        encoding="utf-8",
    )
    files = [tmp_path / "saved.py"]
    done = surgesim.worth(two_together(), outcome="saved", replications=16, extensions=files, workers=1)
    pairs = of(done, "pair", "saved")
    assert pairs["rank"].idxmin() == "icu-beds + icu-nurses"
    assert pairs.loc["icu-beds + icu-nurses", "difference_low"] > 0
    assert any(text.startswith("Together: ") for text in worth_sentences(done, "en"))


def test_the_effects_are_paired_and_per_unit(simulated: list[Task]) -> None:
    steps = of(surgesim.worth(two_together(), replications=16, workers=1), "step")
    doctors = steps.loc["doctors"]
    assert (doctors["rank"], doctors["added"], doctors["unit"]) == (1, 10, "doctors")
    assert doctors[["difference", "difference_low", "difference_high"]].tolist() == pytest.approx([-0.1] * 3)
    assert doctors["per_unit"] == pytest.approx(-0.01)
    assert np.isnan(doctors["per_billion"])


def test_most_runs_go_to_the_leading_pairs(simulated: list[Task]) -> None:
    done = surgesim.worth(two_together(), replications=32, workers=1)
    counts = of(done, "pair").sort_values("rank")["replications"]
    assert counts.iloc[0] == 32
    assert counts.iloc[-1] == 2
    assert counts.is_monotonic_decreasing
    runs = sum(len(task.names) for task in simulated)
    assert done.manifest["worth"]["done"] == runs < 0.8 * 32 * (1 + done.manifest["worth"]["candidates"])
    assert len({task.replication for task in simulated}) == 32


def test_why_names_what_changed_most(simulated: list[Task]) -> None:
    done = surgesim.worth(two_together(), replications=16, workers=1)
    rows = done.table[done.table["resource"] == "icu-beds + icu-nurses"]
    assert [row["outcome"] for row in why(rows)] == ["waiting_icu_days", "icu_bed_days"]
    none = done.table[(done.table["kind"] == "limit") & (done.table["resource"] == "icu-beds")]
    assert list(why(none)) == []
    assert set(WHY) <= set(KNOWN)


def test_what_is_small_or_uncertain_does_not_come_first() -> None:
    rows = [
        ("oxygen_bed_days", "bed-days", 8_000, 900, 800, 1_000),
        ("icu_bed_days", "bed-days", 2_000, 100, 90, 110),
        ("basic_bed_days", "bed-days", 10_000, 950, 10, 1_890),
        ("waiting_icu_days", "patient-days", 6, -5, -6, -4),
        ("deaths", "deaths", 200, -30, -34, -26),
        ("deaths_untreated", "deaths", 100, -28, -32, -24),
        ("facility_days_dry", "facility-days", 4, -4, -4, -4),
        ("transferred_out", "patients", 40, 3, -1, 7),
    ]
    columns = ["outcome", "outcome_unit", "baseline_mean", "difference", "difference_low", "difference_high"]
    reasons = [row["outcome"] for row in why(pd.DataFrame(rows, columns=columns))]
    assert reasons == ["deaths_untreated", "oxygen_bed_days", "icu_bed_days"]


def test_a_ranking_continues_where_it_was_interrupted(
    simulated: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = surgesim.worth(two_together(), replications=8, workers=1, out=tmp_path / "whole")
    fast = trials.simulate_task

    def stopped(scenario: Scenario, seed: int, task: Task) -> Any:
        if task.replication == 3:
            raise KeyboardInterrupt
        return fast(scenario, seed, task)

    monkeypatch.setattr(trials, "simulate_task", stopped)
    with pytest.raises(KeyboardInterrupt):
        surgesim.worth(two_together(), replications=8, workers=1, out=tmp_path / "half")
    monkeypatch.setattr(trials, "simulate_task", fast)
    with pytest.raises(ResultsError, match="replications was 8, is 16"):
        surgesim.worth(two_together(), replications=16, workers=1, out=tmp_path / "half", resume=True)
    half = surgesim.worth(two_together(), replications=8, workers=1, out=tmp_path / "half", resume=True)
    assert half.manifest["files"] == whole.manifest["files"]
    simulated.clear()
    again = surgesim.worth(two_together(), replications=8, workers=1, out=tmp_path / "half", resume=True)
    assert simulated == []
    assert list(again.table.columns) == [column.name for column in WORTH_TABLE.columns]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"by": "provinces"}, "by: got 'provinces', did you mean 'province'?"),
        ({"only": ["icu-bed"]}, "resource: unknown resource 'icu-bed', did you mean 'icu-beds'?"),
        ({"only": ["boats"]}, "got no resource that the scenario has"),
        ({"steps": {"beds": 3}}, "step: unknown resource 'beds'"),
        ({"steps": {"icu-beds": 0}}, "got 0 for icu-beds, expected a number above 0"),
        ({"outcome": "death"}, "unknown outcome 'death', did you mean 'deaths'?"),
        ({"replications": 1}, "expected a whole number of at least 4"),
        ({"alternative": "x"}, "got 'x'"),
    ],
)
def test_what_cannot_be_ranked_is_refused_before_a_run(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        surgesim.worth(two_together(), workers=1, **changes)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_command_fits_one_screen(
    lang: str, simulated: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("town.yaml").write_text(dump(two_together()), encoding="utf-8")
    given = ["worth", "town.yaml", "--replications", "16", "--lang", lang, "--workers", "1"]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 80
    assert {"en": "Together: ICU beds + ICU nurses change", "vi": "Cùng nhau: giường ICU + điều dưỡng ICU"}[
        lang
    ] in (" ".join(done.stdout.split()))
    assert sorted(path.name for path in Path("results/small-worth").iterdir()) == [
        *("manifest.json", "scenario.yaml", "worth.csv", "worth.svg")
    ]


def test_its_head_and_sentences_say_what_was_compared(simulated: list[Task]) -> None:
    done = surgesim.worth(two_together(), only=["icu-beds"], replications=8, workers=1)
    head, said = worth_head(done, "en"), list(worth_sentences(done, "en"))
    assert head.startswith("Compared with: the baseline plan (means: 40 deaths, 0 days of waiting)")
    assert "8 runs per change. Assumptions are fixed at the scenario's values" in head
    assert "Removing it alone changes nothing in these runs: ICU beds." in said
    assert said[-1].startswith("Not compared, though the scenario has them: ")
    assert "icu-beds" not in done.left_out
    assert {"icu-nurses", "doctors"} <= set(done.left_out)
    assert surgesim.worth(two_together(), replications=8, workers=1).left_out == []


def test_it_says_that_intervals_contain_what_is_drawn() -> None:
    drawn = two_together().overlaid({"study": {"uncertainty": {"care.no_bed_hours": {"uniform": [1, 4]}}}})
    assert drawn_sentence(drawn, "en") == (
        "Uncertain assumptions are drawn, so intervals include their uncertainty."
    )


@pytest.mark.parametrize(("low", "is_named"), [(1e9, True), (-1e9, False)])
def test_most_for_money_needs_a_cost_beyond_chance(low: float, is_named: bool, simulated: list[Task]) -> None:
    done = surgesim.worth(two_together(), only=["doctors"], replications=8, workers=1)
    deaths = (done.table["kind"] == "step") & (done.table["outcome"] == "deaths")
    cost = {"outcome": "cost", "difference": 2e9, "difference_low": low, "difference_high": 5e9}
    table = pd.concat([done.table, done.table[deaths].assign(**cost)], ignore_index=True)
    priced = replace(done, table=table.assign(per_billion=-0.5))
    assert any(each.startswith("Most for money") for each in worth_sentences(priced, "en")) is is_named


def test_side_effects_that_may_be_chance_are_in_brackets(simulated: list[Task]) -> None:
    done = surgesim.worth(two_together(), only=["doctors"], replications=8, workers=1)
    waits = done.table["outcome"] == "waiting_days"
    table = done.table.copy()
    table.loc[waits, ["difference", "difference_low", "difference_high"]] = [7.0, -1.0, 15.0]
    console = Console(width=80, record=True, file=StringIO())
    console.print(worth_summary(replace(done, table=table), "en", "x"))
    assert console.export_text().count("(+7)") == 2


def test_a_difference_that_is_rounded_away_is_0() -> None:
    assert [change_words(value, "en") for value in (1.5e-14, -1e-14, 0.0, 0.25, -3.0)] == [
        *("0", "0", "0", "+0.25", "−3")
    ]


def test_an_odd_step_exits_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("town.yaml").write_text(dump(two_together()), encoding="utf-8")
    done = CliRunner().invoke(app, ["worth", "town.yaml", "--step", "icu-beds", "--workers", "1"])
    assert (done.exit_code, list(tmp_path.iterdir())) == (2, [tmp_path / "town.yaml"])
    assert "--step: got 'icu-beds', expected name=amount, such as icu-beds=10" in done.stderr


@pytest.mark.slow
def test_beds_and_nurses_that_help_only_together_are_found_by_simulation() -> None:
    only = ["icu-beds", "icu-nurses", "doctors"]
    done = surgesim.worth(two_together(), only=only, replications=8, workers=1)
    pairs = of(done, "pair")
    assert pairs["rank"].idxmin() == "icu-beds + icu-nurses"
    assert pairs.loc["icu-beds + icu-nurses", "difference_high"] < 0
    assert (of(done, "limit")["difference"] == 0).all()


def test_a_step_that_does_harm_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """More doctors take patients from ICU beds to oxygen beds, where more of them die."""

    def simulate(scenario: Scenario, seed: int, task: Task) -> dict[str, dict[str, float]]:
        noise = float(np.random.default_rng((seed, task.replication)).normal())
        rows = {}
        for name in task.names:
            alpha = scenario.alternative(name).care.facilities["alpha"]
            assert alpha.staff is not None
            more = 0 < alpha.staff.doctors - 20 < 15
            row = dict.fromkeys(KNOWN, 100.0)
            row |= {"deaths": 40 + noise + 6 * more, "icu_bed_days": 90.0 - 20 * more + 0.1 * noise}
            rows[name] = row
        return rows

    monkeypatch.setattr(trials, "simulate_task", simulate)
    done = surgesim.worth(two_together(), only=["doctors"], replications=8, workers=1)
    said = list(worth_sentences(done, "en"))
    assert "With one step more of doctors: All deaths +6, because: ICU beds used −20." in said
