"""Extensions: a file of a modeller's own, in runs and sweeps, on any workers, and what is refused."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from study_cases import small_scenario

import surgesim
from surgesim.errors import ExtensionError, ResultsError, ScenarioError
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.reproduce import reproduce
from surgesim.study.run import run
from surgesim.study.simulate import simulate
from surgesim.study.store.folder import hashes
from surgesim.study.store.run_folder import read
from surgesim.study.sweep.sweep import sweep

MINE = """
from surgesim.extension import Province, intervention, outcome


@outcome(unit="days", meaning="days with patients present", better="", label="Days with patients")
def days_with_patients(one):
    return (one.province["present"] > 0).sum()


@intervention
def open_wards(province: Province) -> None:
    if province.now("present") > 1 and not province.ordered:
        province.order("own-wards", action="convert_beds", facilities=["hospital"])
"""

RAISES = MINE.replace('return (one.province["present"] > 0).sum()', "return 1 / 0")


@pytest.fixture
def scenario() -> Scenario:
    plain = small_scenario().to_plain()
    first = next(iter(plain["care"]["facilities"]))
    plain["care"]["facilities"]["hospital"] = plain["care"]["facilities"].pop(first)
    return surgesim.load({**plain, "alternatives": {"same": {}}}).overlaid({"study.replications": 3})


def written(folder: Path, text: str = MINE, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_tables_and_the_manifest_have_what_an_extension_declares(scenario: Scenario, tmp_path: Path) -> None:
    results = run(scenario, extensions=[written(tmp_path)], workers=1, out=tmp_path / "out")
    rows = results.replications.set_index(["alternative", "replication"])["days_with_patients"]
    assert (rows > 0).all()
    compared = results.comparison.set_index("outcome").loc["days_with_patients"]
    assert (compared["unit"], compared["better"], compared["difference"]) == ("days", "", 0.0)
    assert set(results.actions["rule"]) == {"own-wards"}
    (entry,) = results.manifest["extensions"]
    assert entry["file"] == "mine.py"
    assert entry["interventions"] == ["open_wards"]
    assert entry["outcomes"]["days_with_patients"] == {
        "unit": "days", "meaning": "days with patients present", "label": "Days with patients", "better": "",
    }  # fmt: skip
    assert read(tmp_path / "out").replications.equals(results.replications)


def test_a_replication_has_the_outcomes_of_a_run(scenario: Scenario, tmp_path: Path) -> None:
    mine = [written(tmp_path)]
    of_run = run(scenario, extensions=mine, workers=1, only=[]).replications
    one = simulate(scenario, scenario.study.seed, 2, extensions=mine)
    assert one.outcomes["days_with_patients"] == of_run["days_with_patients"].iloc[2]


def test_bytes_are_the_same_on_two_workers(scenario: Scenario, tmp_path: Path) -> None:
    mine = [written(tmp_path)]
    for workers in (1, 2):
        run(scenario, extensions=mine, workers=workers, out=tmp_path / str(workers))
    assert hashes(tmp_path / "1") == hashes(tmp_path / "2")
    assert reproduce(tmp_path / "1", extensions=mine, workers=1).differences == ()


def test_draws_and_alternatives_keep_the_extension(scenario: Scenario, tmp_path: Path) -> None:
    rule = {"action": "custom", "name": "none", "when": {"on": scenario.start}}
    uncertain = {"study": {"uncertainty": {"care.no_bed_hours": {"uniform": [2, 9]}}}}
    text = MINE + "\n\n@action\ndef none(province, share, options): ...\n"
    mine = [written(tmp_path, text.replace("Province, ", "Province, action, "))]
    plain = {**scenario.to_plain(), "alternatives": {"own": {"command": {"plan": {"own": rule}}}}}
    drawing = surgesim.load(plain, extensions=mine).overlaid(uncertain)
    assert repr(drawing).endswith("alternatives=['own'], extensions=['mine.py'])")
    tables = [run(drawing, workers=workers) for workers in (1, 2)]
    assert tables[0].replications.equals(tables[1].replications)
    assert (
        tables[0].replications["drawn:care.no_bed_hours"].nunique() == 2
    )  # replications 0 and 1 share a draw
    assert set(tables[0].actions["rule"]) == {"own", "own-wards"}
    assert "extensions" not in drawing.to_plain()


def test_a_sweep_has_the_outcomes_of_an_extension(scenario: Scenario, tmp_path: Path) -> None:
    mine = [written(tmp_path)]
    vary = {"care.no_bed_hours": "4,8"}
    done = sweep(scenario, vary, replications=1, extensions=mine, workers=1, out=tmp_path / "out")
    assert (done.runs["days_with_patients"] > 0).all()
    assert [entry["file"] for entry in done.manifest["extensions"]] == ["mine.py"]
    assert reproduce(tmp_path / "out", extensions=mine, workers=1).differences == ()


def test_an_extension_is_asked_for_and_compared(scenario: Scenario, tmp_path: Path) -> None:
    mine, out = written(tmp_path), tmp_path / "out"
    run(scenario, replications=1, only=[], extensions=[mine], workers=1, out=out)
    with pytest.raises(ResultsError, match=r"with the extension mine\.py \(SHA-256 .*--extension FILE"):
        reproduce(out)
    other = written(tmp_path, MINE.replace("> 1", "> 2"))
    with pytest.raises(ResultsError, match=r"the extension mine\.py has changed \(SHA-256 was "):
        reproduce(out, extensions=[other])
    written(tmp_path)
    second = written(tmp_path, MINE.replace("days_with", "more").replace("open_w", "w"), "second.py")
    with pytest.raises(ResultsError, match=r"was run without the extension second\.py: leave it out"):
        reproduce(out, extensions=[mine, second])


def test_a_changed_extension_does_not_resume(scenario: Scenario, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    given: dict[str, Any] = {"only": [], "out": tmp_path / "out"}
    with pytest.raises(KeyboardInterrupt):
        run(
            scenario,
            extensions=[written(tmp_path)],
            workers=surgesim.Backend(1, progress=stop),
            **given,
        )
    changed = written(tmp_path, MINE.replace("> 1", "> 2"))
    with pytest.raises(ResultsError, match=r"since the run started: extension mine\.py \(SHA-256 was "):
        run(scenario, extensions=[changed], workers=1, resume=True, **given)
    with pytest.raises(ResultsError, match=r"extension mine\.py was given, is not"):
        run(scenario, workers=1, resume=True, **given)
    resumed = run(scenario, extensions=[written(tmp_path)], workers=1, resume=True, **given)
    assert len(resumed.replications) == 3


def test_an_outcome_that_raises_ends_a_run(
    scenario: Scenario, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ExtensionError) as caught:
        run(scenario, extensions=[written(tmp_path, RAISES)], workers=2)
    sentence = "mine.py: the outcome 'days_with_patients' raised ZeroDivisionError: division by zero "
    assert str(caught.value).startswith(f"{sentence}(alternative 'baseline', replication ")
    (record,) = [record for record in caplog.records if record.name == "surgesim"]
    assert record.levelno == logging.ERROR
    assert "return 1 / 0" in record.getMessage()


def test_an_outcome_that_raises_fails_the_runs_of_a_sweep(
    scenario: Scenario, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine = [written(tmp_path, RAISES)]
    done = sweep(scenario, {"care.no_bed_hours": "4,8"}, replications=1, extensions=mine, workers=1)
    assert done.manifest["failed"] == 2
    assert done.failures["error"].str.contains("the outcome 'days_with_patients' raised ZeroDivis").all()
    assert "return 1 / 0" in caplog.text


def test_an_intervention_that_orders_nonsense_is_told_what_a_file_would_be(
    scenario: Scenario, tmp_path: Path
) -> None:
    text = MINE.replace('"hospital"', '"hospitl"')
    with pytest.raises(ExtensionError) as caught:
        simulate(scenario, 1, 0, extensions=[written(tmp_path, text)])
    assert "the intervention 'open_wards' (day " in str(caught.value)
    assert "unknown facility 'hospitl', did you mean 'hospital'?" in str(caught.value)


@pytest.mark.parametrize("value", ["None", "'many'", "float('inf')", "one.province"])
def test_an_outcome_that_is_no_number(scenario: Scenario, tmp_path: Path, value: str) -> None:
    text = MINE.replace('(one.province["present"] > 0).sum()', value)
    with pytest.raises(ExtensionError, match=r"'days_with_patients' returned .*, expected a number"):
        simulate(scenario, 1, 0, extensions=[written(tmp_path, text)])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def f(:", "mine.py, line 1: not valid Python (invalid syntax)"),
        ("a\x00b", "mine.py: not valid Python (source code string cannot contain null bytes)"),
        ("raise OSError('no such thing')", "mine.py: loading it raised OSError: no such thing"),
        ("import sys\nsys.exit(3)", "mine.py: loading it raised SystemExit: 3"),
        ("x = 1", "mine.py: declares nothing, expected a function with a decorator of surgesim.extension"),
        (MINE + MINE, "mine.py: declares "),
        (MINE.replace("days_with_patients", "deaths"), "mine.py: got the outcome 'deaths', whose name"),
        (
            MINE.replace("days_with_patients", "first_day_of"),
            "mine.py: got the outcome 'first_day_of', whose",
        ),
        (MINE.replace("days_with_patients", "Days"), "mine.py: got the outcome 'Days', expected a name of"),
    ],
)
def test_what_is_no_extension(scenario: Scenario, tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ExtensionError) as caught:
        run(scenario, extensions=[written(tmp_path, text)], workers=1)
    assert str(caught.value).startswith(sentence)


def test_a_file_that_is_missing_or_not_python(scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(ExtensionError, match=r"none\.py: cannot be read: No such file"):
        run(scenario, extensions=[tmp_path / "none.py"], workers=1)
    with pytest.raises(ExtensionError, match=r"mine\.txt: expected a Python file, whose name ends in \.py"):
        run(scenario, extensions=[written(tmp_path, name="mine.txt")], workers=1)
    with pytest.raises(ExtensionError, match=r"expected a list of extension files"):
        run(scenario, extensions=str(written(tmp_path)), workers=1)


def test_a_name_in_two_files(scenario: Scenario, tmp_path: Path) -> None:
    files = [written(tmp_path), written(tmp_path, MINE + "\n", "other.py")]
    with pytest.raises(ExtensionError, match=r"other\.py: declares the outcome 'days_with_patients', which "):
        run(scenario, extensions=files, workers=1)


def test_a_list_of_replications_has_no_index_twice(scenario: Scenario) -> None:
    with pytest.raises(ScenarioError, match=r"replications: got an index twice, expected distinct indices"):
        run(scenario, replications=[1, 1], workers=1)


def test_chosen_replications_are_those_of_a_whole_run(scenario: Scenario, tmp_path: Path) -> None:
    whole = run(scenario, workers=1).replications
    some = run(scenario, replications=[2, 0], workers=1, out=tmp_path / "out")
    rows = whole[whole["replication"] != 1].reset_index(drop=True)
    assert some.replications.equals(rows)
    assert some.manifest["replication_numbers"] == [0, 2]
    assert reproduce(tmp_path / "out", workers=1).differences == ()


def test_a_bar_of_progress(scenario: Scenario, capsys: pytest.CaptureFixture[str]) -> None:
    run(scenario, only=[], workers=1, progress=True)
    lines = capsys.readouterr().err.split("\r")
    assert lines[-1].startswith("[##############################] 3/3  0:0")
    assert lines[-1].endswith("\n")


def test_a_bar_ends_its_line_when_precision_ends_the_run(
    scenario: Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    precise = scenario.overlaid({"study": {"precision": {"peak_present": 0.9}, "most_replications": 40}})
    results = run(precise, only=[], workers=1, progress=True)
    assert len(results.replications) == 10
    lines = capsys.readouterr().err.split("\r")
    assert lines[-1].startswith("[##############################] 10/10  0:0")
    assert lines[-1].endswith("\n")


@pytest.mark.parametrize(
    ("only", "got"),
    [([3], "got 3, expected one of baseline, same"), ("same", "got the text 'same', expected a list of n")],
)
def test_what_is_no_alternative(scenario: Scenario, only: Any, got: str) -> None:
    with pytest.raises(ScenarioError, match=f"alternatives: {got}"):
        run(scenario, only=only)
    if not isinstance(only, str):
        with pytest.raises(ScenarioError, match=f"alternatives: {got}"):
            simulate(scenario, 1, 0, alternative=only[0])


def test_a_function_has_no_name_of_an_outcome_of_an_extension(scenario: Scenario, tmp_path: Path) -> None:
    mine = {"days_with_patients": len}
    with pytest.raises(ScenarioError, match=r"outcomes: got the name 'days_with_patients', which runs\.csv "):
        sweep(scenario, {"care.no_bed_hours": "4"}, extensions=[written(tmp_path)], outcomes=mine, workers=1)
