"""The calendar of decisions: dates, what waiting changes, latest order dates, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from decision_cases import known_wave
from typer.testing import CliRunner

import surgesim
from surgesim.cli import app
from surgesim.decisions import trials
from surgesim.decisions.levers import read_lever
from surgesim.decisions.trials import Task, time_of
from surgesim.errors import ResultsError, ScenarioError
from surgesim.model.outcomes import OUTCOMES
from surgesim.report.prose.calendar import (
    band_words,
    calendar_head,
    calendar_sentences,
    last_call_words,
    years,
)
from surgesim.scenario.door import dump
from surgesim.scenario.schema.scenario import Scenario

FULL = date(2024, 1, 23)
"""The first day on which the beds of `known_wave` do not suffice."""


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Say from the dates of the rules what happens, instead of simulating it; return the tasks."""
    done: list[Task] = []

    def simulate(scenario: Scenario, seed: int, task: Task) -> dict[str, dict[str, float]]:
        done.append(task)
        rows = {}
        for name in task.names:
            plan = scenario.alternative(name).command.plan
            row = dict.fromkeys([outcome.name for outcome in OUTCOMES], 0.0)
            ready = 0.0
            for rule, each in plan.items():
                assert each.when.on is not None
                order = (each.when.on - scenario.start).days + float(str(each.decision_days))
                if rule == "site":
                    ready = order + float(str(each.lead_days))
                    row["deaths"] = ready * (1 + task.replication % 2)
                if rule != "idle" or task.replication > 0:
                    row[time_of(rule, "ordered")] = order + task.replication % 2
            full = (FULL - scenario.start).days
            row["days_breached_without-bed"] = max(ready - full, 0.0)
            row["breached_without-bed"] = float(ready > full)
            rows[name] = row
        return rows

    monkeypatch.setattr(trials, "simulate_task", simulate)
    return done


def two_rules() -> Scenario:
    """Return `known_wave` with a second rule, which changes nothing."""
    wave = known_wave()
    rule = wave.to_plain()["command"]["plan"]["site"] | {"when": {"on": "2024-01-09"}}
    return wave.overlaid({"command": {"plan": {"idle": rule}}})


def dates(**changes: Any) -> Any:
    return surgesim.calendar(two_rules(), **{"replications": 4, "workers": 1, **changes})


def of(done: Any, outcome: str = "deaths") -> pd.DataFrame:
    return done.table[done.table["outcome"] == outcome].set_index("rule")


def test_dates_are_quantiles_over_runs_and_empty_where_never(simulated: list[Task]) -> None:
    rows = of(dates())
    assert [str(rows.loc["site", f"ordered_{part}"].date()) for part in ("median", "low", "high")] == [
        *("2024-01-02", "2024-01-02", "2024-01-03")
    ]
    assert rows["ordered_share"].to_dict() == {"site": 1.0, "idle": 0.75}
    assert str(rows.loc["idle", "ordered_median"].date()) == "2024-01-10"
    assert pd.isna(rows.loc["idle", "ordered_high"])
    assert pd.isna(rows["ready_median"]).all()
    assert rows["trigger"].to_dict() == {"site": "2024-01-02", "idle": "2024-01-09"}


def test_a_later_decision_is_compared_in_the_same_runs(simulated: list[Task]) -> None:
    done = dates(later=10)
    rows = of(done)
    assert rows.loc["site", "plan_mean"] == pytest.approx(9.0)
    assert rows.loc["site", "difference"] == pytest.approx(15.0)
    assert rows.loc["site", "difference_low"] < 15 < rows.loc["site", "difference_high"]
    assert rows.loc["idle", ["difference", "difference_low", "difference_high"]].tolist() == [0, 0, 0]
    assert of(done, "breached_without-bed").loc["site", "difference"] == 0
    assert of(dates(later=20), "breached_without-bed").loc["site", "difference"] == 1
    assert rows["last_call"].tolist() == ["", ""]
    assert done.manifest["calendar"]["answer"] == {"runs": 12, "last_calls": {}}


def test_the_latest_order_date_is_exact_to_the_day(simulated: list[Task]) -> None:
    rows = of(dates(threshold="without-bed", step=1))
    assert rows["last_call"].to_dict() == {"site": "found", "idle": "already"}
    assert (str(rows.loc["site", "latest"].date()), str(rows.loc["site", "too_late"].date())) == (
        *("2024-01-18", "2024-01-19"),
    )
    assert pd.isna(rows.loc["idle", "latest"])


def test_where_no_date_suffices_it_says_so(simulated: list[Task]) -> None:
    rows = of(dates(outcome={"deaths": 1.0}, rules=["site"]))
    assert rows["last_call"].to_dict() == {"site": "unreachable"}


@pytest.mark.parametrize(
    ("order", "step", "sentence"),
    [
        ("2024-01-02", 1, ""),
        (
            *("2024-01-25", 1),
            "site: the plan orders it on 25 Jan, too late: 7 days after the last date found to suffice "
            "(18 Jan); an order on 19 Jan is already shown to fail.",
        ),
        (
            *("2024-01-16", 7),
            "site: the plan orders it on 16 Jan, 1 day after the last date found to suffice (15 Jan); "
            "whether that is too late is not shown.",
        ),
    ],
)
def test_it_says_when_the_plan_orders_too_late(
    order: str, step: int, sentence: str, simulated: list[Task]
) -> None:
    late = two_rules().overlaid({"command": {"plan": {"site": {"when": {"on": order}}}}})
    asked = {"rules": ["site"], "threshold": "without-bed", "replications": 4, "later": 3}
    done = surgesim.calendar(late, **asked, step=step, workers=1)
    said = [each.replace("\N{NO-BREAK SPACE}", " ") for each in calendar_sentences(done, "en")]
    assert [each for each in said if "the plan orders it" in each] == [sentence] * bool(sentence)
    assert "Ordered on it, the action holds to the end of the run (1 Feb)" in " ".join(said)
    call = done.manifest["calendar"]["answer"]["last_calls"]["site"]
    search = f"Latest order: {call['runs']} runs over {call['tested']} dates."
    assert f"Order dates: 4 runs. {search} In all: {done.manifest['calendar']['answer']['runs']}" in said[-1]


def test_its_head_names_the_plan_and_what_intervals_show(simulated: list[Task]) -> None:
    done = dates()
    assert calendar_head(done, "en").startswith(
        "Compared with: the baseline plan (means: 9 deaths, 0 days of"
    )
    assert "so intervals show chance only" in calendar_head(done, "en")
    assert years(done) == "2024"
    later = {"command": {"plan": {"site": {"when": {"on": "2024-01-05"}}}}}
    other = surgesim.calendar(
        two_rules().overlaid({"alternatives": {"late": later}}), alternative="late", replications=4, workers=1
    )
    assert calendar_head(other, "en").startswith("Compared with: the plan “late” (means: 14 deaths")


def test_a_date_that_replaces_a_trigger_keeps_what_ends_the_rule() -> None:
    wave = known_wave()
    trigger = {"indicator": "patients_without_bed", "above": 2, "on": None}
    until = {"below": 1, "for_days": 3}
    ending = wave.overlaid({"command": {"plan": {"site": {"when": trigger, "until": until}}}})
    lever = read_lever(ending, "command.plan.site.when.on", "2024-01-03", "2024-01-09")
    dated = ending.overlaid(lever.overlay(ending, date(2024, 1, 4))).command.plan["site"]
    assert (dated.when.on, dated.when.indicator) == (date(2024, 1, 4), None)
    assert dated.until is not None
    assert dated.until.indicator == "patients_without_bed"


def test_it_is_read_as_it_was_and_continues_after_an_interruption(
    simulated: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = dates(threshold="without-bed", out=tmp_path / "whole")
    fast, calls = trials.simulate_task, iter(range(1_000))

    def stopped(scenario: Scenario, seed: int, task: Task) -> Any:
        if next(calls) == 40:
            raise KeyboardInterrupt
        return fast(scenario, seed, task)

    monkeypatch.setattr(trials, "simulate_task", stopped)
    with pytest.raises(KeyboardInterrupt):
        dates(threshold="without-bed", out=tmp_path / "half")
    assert not (tmp_path / "half").exists()
    monkeypatch.setattr(trials, "simulate_task", fast)
    with pytest.raises(ResultsError, match=r"later was 7\.0, is 5\.0"):
        dates(threshold="without-bed", later=5, out=tmp_path / "half", resume=True)
    simulated.clear()
    half = dates(threshold="without-bed", out=tmp_path / "half", resume=True)
    assert 0 < len(simulated) < whole.manifest["calendar"]["answer"]["runs"] - 40
    assert half.manifest["files"] == whole.manifest["files"]
    simulated.clear()
    again = dates(threshold="without-bed", out=tmp_path / "half", resume=True)
    assert simulated == []
    pd.testing.assert_frame_equal(again.table, whole.table)


def test_what_is_missing_is_named_by_what_it_means() -> None:
    ends = ("low", "median", "high")
    row: dict[str, Any] = {f"{step}_{end}": pd.NaT for step in ("ordered", "stood_down") for end in ends}
    never = {lang: band_words(row, "stood_down", lang) for lang in ("en", "vi")}
    assert never == {"en": "never", "vi": "không"}
    row["ordered_low"] = pd.Timestamp("2024-01-09")
    assert band_words(row, "stood_down", "en") == "does not end"
    assert band_words(row, "stood_down", "vi") == "không kết thúc"
    assert last_call_words({"last_call": "unreachable"}, "en") == "not enough"
    assert last_call_words({"last_call": "unreachable"}, "vi") == "không đủ"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rules": ["sites"]}, "rule: unknown rule 'sites', did you mean 'site'?"),
        ({"later": 0}, "later: got 0 days, expected a number above 0 and below the 32 days of the run"),
        ({"later": 40}, "later: got 40 days"),
        ({"step": 0}, "step: got 0, expected a whole number of at least 1"),
        ({"replications": 2}, "replications: got 2, expected a whole number of at least 4"),
        ({"most": 3}, "expected a whole number of at least 20"),
        ({"threshold": "without-beds"}, "unknown threshold 'without-beds', did you mean 'without-bed'?"),
        ({"outcome": {"deaths": -1}}, "which no mean can be below"),
        ({"threshold": "without-bed", "risk": 2}, "expected a probability above 0 and below 1"),
        ({"alternative": "x"}, "got 'x'"),
        ({"threshold": "without-bed", "draws": 0.8}, "draws: got 0.8, but nothing is drawn"),
        ({"most": 3}, "most: got 3"),
    ],
)
def test_what_cannot_be_dated_is_refused_before_a_run(
    changes: dict[str, Any], words: str, simulated: list[Task]
) -> None:
    with pytest.raises(ScenarioError) as caught:
        dates(**changes)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert simulated == []


def test_a_plan_without_rules_has_no_calendar() -> None:
    idle = known_wave().overlaid({"command": {"plan": {"site": None}}})
    with pytest.raises(ScenarioError, match="got no rules, expected at least one to date"):
        surgesim.calendar(idle, workers=1)


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_command_fits_one_screen(
    lang: str, simulated: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    title = {"vi": "Huy động bệnh viện tư nhân và quân đội", "en": "Mobilise private hospitals"}
    rule = two_rules().to_plain()["command"]["plan"]["idle"] | {"title": title}
    many = two_rules().overlaid({"command": {"plan": {f"more{k}": rule for k in range(7)}}})
    Path("wave.yaml").write_text(dump(many), encoding="utf-8")
    given = ["calendar", "wave.yaml", "--replications", "4", "--threshold", "without-bed", "--step", "31"]
    done = CliRunner().invoke(app, [*given, "--lang", lang, "--workers", "1"])
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 80
    assert {"en": "2024: the 6 whose delay changes most", "vi": "2024: 6 biện pháp mà chậm trễ"}[lang] in (
        " ".join(done.stdout.split())
    )
    assert {"en": "Waiting costs most (All deaths) for: site (+10).", "vi": "Chậm trễ gây hại nhiều nhất"}[
        lang
    ] in " ".join(done.stdout.split())
    assert sorted(path.name for path in Path("results/small-calendar").iterdir()) == [
        *("calendar.svg", "decisions.csv", "manifest.json", "scenario.yaml")
    ]
    again = CliRunner().invoke(app, [*given, "--below", "3", "--workers", "1"])
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)


def test_the_dates_of_a_simulated_wave() -> None:
    rows = of(
        surgesim.calendar(known_wave(), replications=4, later=20, workers=1), "days_breached_without-bed"
    )
    assert [str(rows.loc["site", f"{step}_median"].date()) for step in ("ordered", "ready")] == [
        *("2024-01-02", "2024-01-07")
    ]
    assert (rows.loc["site", "plan_mean"], rows.loc["site", "difference"]) == (0, 4)


@pytest.mark.usefixtures("unpictured")
def test_the_report_of_a_run_shows_its_calendar(tmp_path: Path) -> None:
    wave = known_wave()
    surgesim.calendar(wave, replications=4, workers=1, out=tmp_path / "dates")
    surgesim.run(wave, replications=2, workers=1, out=tmp_path / "run")
    runner = CliRunner()
    given = ["report", str(tmp_path / "run"), "--lang", "en", "--calendar"]
    done = runner.invoke(app, [*given, str(tmp_path / "dates")])
    assert done.exit_code == 0, done.stderr
    text = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    section = text.partition('<section id="decisions"')[2].partition("</section>")[0]
    assert "2 Jan" in section.replace("\N{NO-BREAK SPACE}", " ")
    assert "<svg" in section
    surgesim.calendar(known_wave(lead_days=2), replications=4, workers=1, out=tmp_path / "other")
    other = runner.invoke(app, [*given, str(tmp_path / "other")])
    assert (other.exit_code, "dates a plan of another scenario" in other.stderr) == (2, True)
