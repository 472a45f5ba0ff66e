"""Joint draws, empirical distributions and correlations: files, tables, refusals, and remarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loading_cases import SMALL

from surgesim.errors import ScenarioError
from surgesim.scenario.door import dump, inspect, load, loads, overlaid
from surgesim.scenario.loading import numbers_file
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.schema.study import uncertain

R0, SEVERITY = "epidemic.variant.r0", "epidemic.variant.severity"
FILE = "study: {replications: 4, draws: {file: draws.csv}}\n"


def written(folder: Path, csv: str, study: str = FILE) -> Path:
    (folder / "draws.csv").write_text(csv, encoding="utf-8")
    path = folder / "small.yaml"
    path.write_text(SMALL + study, encoding="utf-8")
    return path


def problems(folder: Path, csv: str, study: str = FILE) -> list[tuple[str, int | None, str, str]]:
    with pytest.raises(ScenarioError) as caught:
        load(written(folder, csv, study))
    return [(Path(p.file or "").name, p.line, p.path, p.message) for p in caught.value.problems]


def refused(study: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as caught:
        overlaid(loads(SMALL), {"study": {"replications": 4, **study}})
    return [(problem.path, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_file_of_draws_is_embedded(tmp_path: Path, mark: str) -> None:
    csv = f"{R0},weight,{SEVERITY}\n3,1,1.5\n\n4,0.5,+2e0\n".replace(",", mark)
    scenario = load(written(tmp_path, csv))
    draws = scenario.study.draws
    assert draws is not None
    assert (draws.paths, draws.rows, draws.weights) == ((R0, SEVERITY), ((3, 1.5), (4, 2)), (1, 0.5))
    assert draws.file is None
    assert loads(dump(scenario)) == scenario
    assert hash(loads(dump(scenario))) == hash(scenario)


def test_a_file_is_sought_beside_the_file_that_names_it(tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    empirical = f"  uncertainty: {{{R0}: {{empirical: {{file: e.csv}}}}}}\n"
    study = "study:\n  replications: 4\n  draws: {file: draws.csv}\n"
    written(below, f"{SEVERITY}\n1\n2\n", study + empirical)
    (below / "e.csv").write_text("value,weight\n3,1\n5,3\n", encoding="utf-8")
    above = tmp_path / "above.yaml"
    above.write_text("extends: below/small.yaml\n", encoding="utf-8")
    loaded = load(above).study
    assert loaded.draws is not None
    assert loaded.draws.rows == ((1,), (2,))
    assert loaded.uncertainty[R0].empirical == uncertain.Empirical(values=(3.0, 5.0), weights=(1.0, 3.0))
    assert loaded.drawn == (R0, SEVERITY)


@pytest.mark.parametrize(
    ("csv", "line", "path", "message"),
    [
        ("", 1, "file", "got no header, expected one with the paths of parameters"),
        ("weight\n1\n", 1, "file", "got no header, expected one with the paths of parameters"),
        (f"{R0}\n", 1, "file", "got no rows below the header, expected at least one"),
        (f"{R0},{R0}\n3,4\n", 1, "file", f"got the column '{R0}' 2 times, expected it once"),
        (f"{R0},\n3,4\n", 1, "file", "got a column without a name, expected a name for each column"),
        (f"{R0}\n3\nnan\n", 3, "file", f"got 'nan' for {R0}, expected a number"),
        (f"{R0}\n3\n1e999\n", 3, "file", f"got '1e999' for {R0}, expected a number"),
        (f"{R0},{SEVERITY}\n3,\n", 2, "file", f"got an empty value for {SEVERITY}, expected a number"),
        (f'{R0}\n3\n"1,5"\n', 3, "file", f"got '1,5' for {R0}, expected a number (use a decimal point: 1.5)"),
        (f"{R0}\n3\n4,5\n", 3, "file", "got 2 values, expected 1, as in the header"),
        (f'{R0}\n"3\n', 2, "file", "got a line that is not CSV (unexpected end of data)"),
        (f"{R0},weight\n3,-1\n", 2, "file", "got -1 for weight, expected a number >= 0"),
        (f"{R0}\n3\n-1\n", 3, "rows.1.0", f"got -1 for {R0}, expected a number from 0 to 1000"),
        (f"{R0}x\n3\n4\n", 1, "paths.0", f"{R0}x: unknown key 'r0x', did you mean 'r0'?"),
        ("days\n3\n4\n", 1, "paths.0", "days: is the same in all replications, expected a parameter of the"),
        ("clinical.severity.p_icu\n1\n1\n", 1, "paths.0", "clinical.severity.p_icu: got the path of nine"),
    ],
)
def test_a_bad_file_is_refused_by_line(tmp_path: Path, csv: str, line: int, path: str, message: str) -> None:
    (name, at, where, said), *others = problems(tmp_path, csv)
    assert (name, at, where) == ("draws.csv", line, f"study.draws.{path}")
    assert said.startswith(message)
    assert not others


def test_a_file_that_is_missing_or_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = FILE.replace("draws.csv", "drawz.csv")
    ((name, _, path, message),) = problems(tmp_path, f"{R0}\n3\n", missing)
    assert (name, path) == ("small.yaml", "study.draws.file")
    assert message.startswith("got the name of a file that does not exist")
    assert numbers_file.MAX_BYTES == 50_000_000
    monkeypatch.setattr(numbers_file, "MAX_BYTES", 20)
    ((*_, message),) = problems(tmp_path, f"{R0}\n3\n4\n")
    assert message.startswith("got a file of 0.0 MB, expected at most 2e-05 MB")
    monkeypatch.setattr(numbers_file, "MAX_BYTES", 1000)
    monkeypatch.setattr(numbers_file, "MOST_DRAWN", 3)
    ((_, line, _, message),) = problems(tmp_path, f"{R0},{SEVERITY}\n3,1\n4,1\n5,1\n")
    assert (line, message) == (3, "got more than 3 numbers, expected at most that many")


@pytest.mark.parametrize(
    ("study", "line", "path", "most"),
    [
        ("study:\n  draws: {file: draws.csv}\n", None, "replications", 4),
        ("study:\n  replications: 5\n  draws: {file: draws.csv}\n", 2, "replications", 4),
        ("study:\n  runs_per_draw: 1\n  replications: 4\n  draws: {file: draws.csv}\n", 3, "replications", 2),
        (
            "study:\n  replications: 2\n  most_replications: 6\n  precision: {deaths: 0.1}\n  draws: "
            "{file: draws.csv}\n",
            3,
            "most_replications",
            4,
        ),
    ],
)
def test_more_replications_than_rows_are_refused(
    tmp_path: Path, study: str, line: int | None, path: str, most: int
) -> None:
    ((_, at, where, message),) = problems(tmp_path, f"{R0}\n3\n4\n", study)
    assert where == f"study.{path}"
    assert f"expected at most {most}: study.draws has 2 rows" in message
    first = SMALL.count("\n")
    assert at == (first + 1 if line is None else first + line)


@pytest.mark.parametrize(
    ("draws", "path", "message"),
    [
        ({}, "draws", "got no rows, expected a file, or paths and rows"),
        ({"rows": [[1]]}, "draws", "got no paths, expected one for each column of rows"),
        ({"paths": [R0], "rows": [[3, 4]]}, "draws", "got 2 numbers in row 0, expected 1, as in paths"),
        ({"paths": [R0], "rows": [[3], [float("nan")]]}, "draws.rows.1.0", "got nan, expected a number"),
        ({"paths": [R0, R0], "rows": [[3, 4]]}, "draws", f"got the path {R0} 2 times, expected it once"),
        (
            {"paths": [R0], "rows": [[3]], "file": "a.csv"},
            "draws",
            "got a file and rows, expected only one of",
        ),
        (
            {"paths": [R0], "rows": [[3]], "weights": [1, 2]},
            "draws",
            "got 2 weights for 1 rows, expected one",
        ),
        ({"paths": [R0], "rows": [[3]], "weights": [0]}, "draws", "got only weights of 0, expected at least"),
        ({"paths": [R0], "rows": [[3]], "weights": [-1]}, "draws.weights.0", "got -1, expected a number"),
        ({"paths": R0, "rows": [[3]]}, "draws.paths", "got "),
        ({"fil": "a.csv"}, "draws.fil", "unknown key 'fil', did you mean 'file'?"),
        (5, "draws", "got 5, expected a mapping"),
    ],
)
def test_a_bad_table_is_refused(draws: Any, path: str, message: str) -> None:
    (where, said), *_ = refused({"draws": draws})
    assert where == f"study.{path}"
    assert said.startswith(message)


def test_a_path_is_drawn_in_one_way() -> None:
    ((path, message),) = refused(
        {"draws": {"paths": [R0], "rows": [[3], [4]]}, "uncertainty": {R0: {"uniform": [3, 4]}}}
    )
    assert path == "study.draws.paths.0"
    assert message == f"{R0}: is also in study.uncertainty, expected it in only one of the two"


def test_a_row_that_no_file_may_have_is_refused() -> None:
    scenario = overlaid(loads(SMALL), {"care.facilities.general.covid_share.oxygen": 0.5})
    with pytest.raises(ScenarioError) as caught:
        overlaid(
            scenario,
            {
                "care.facilities.general.convertible_share.oxygen": 0.6,
                "study.replications": 4,
                "study.draws": {
                    "paths": ["care.facilities.general.covid_share.oxygen"],
                    "rows": [[0.5], [0.7]],
                },
            },
        )
    (problem,) = caught.value.problems
    assert problem.path == "study.draws.rows.1"
    assert problem.message.startswith("cannot be drawn: care.facilities.general: got covid_share 0.7 above")


def test_a_table_replaces_that_below(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, f"{R0},weight\n3,1\n4,2\n"))
    (tmp_path / "other.csv").write_text(f"{SEVERITY}\n1\n2\n", encoding="utf-8")
    changed = overlaid(scenario, {"study.draws.file": str(tmp_path / "other.csv")}).study.draws
    assert changed == uncertain.Draws(paths=(SEVERITY,), rows=((1.0,), (2.0,)))
    table = {"paths": [R0], "rows": np.array([[3.0], [5.0]])}
    assert overlaid(scenario, {"study.draws": table}).study.draws == uncertain.Draws(
        paths=(R0,), rows=((3.0,), (5.0,)), weights=(1.0, 2.0)
    )
    assert overlaid(scenario, {"study.draws": "none"}).study.drawn == ()


@pytest.mark.parametrize(
    ("form", "path", "message"),
    [
        ({"empirical": {}}, ".empirical", "got no values, expected a file or values"),
        ({"empirical": {"values": [3], "weights": [1, 2]}}, ".empirical", "got 2 weights for 1 values"),
        ({"empirical": {"values": [3], "file": "a.csv"}}, ".empirical", "got a file and values, expected"),
        ({"empirical": {"file": "no.csv"}}, ".empirical.file", "got the name of a file that does not exist"),
        ({"empirical": {"values": [3, -1]}}, "", "can be drawn as -1: got -1"),
        ({"weibull": {"shape": 0, "scale": 1}}, ".weibull.shape", "got 0, expected a number from 0.01 to"),
        ({"weibull": {"shape": 2, "scale": 900}}, "", "can be drawn as 5"),
        ({"gamma": {"shape": 2, "rate": 0}}, ".gamma.rate", "got 0, expected a number from 1e-09"),
        ({"gamma": {"shape": 2, "rate": 1, "low": 3, "high": 2}}, "", "got low 3 and high 2, expected low"),
        ({"gamma": {"shape": 2, "rate": 1, "mean": 2}}, ".gamma.mean", "unknown key 'mean'"),
    ],
)
def test_bad_distributions_are_refused(form: dict[str, Any], path: str, message: str) -> None:
    (where, said), *_ = refused({"uncertainty": {R0: form}})
    assert where == f"study.uncertainty.{R0}{path}"
    assert said.startswith(message)


def test_a_file_of_values_has_these_columns(tmp_path: Path) -> None:
    study = f"study: {{uncertainty: {{{R0}: {{empirical: {{file: draws.csv}}}}}}}}\n"
    found = problems(tmp_path, "valu\n3\n", study)
    assert [message for *_, message in found] == [
        "unknown column 'valu', did you mean 'value'?",
        "got no column value, expected one",
    ]
    assert {(name, line) for name, line, *_ in found} == {("draws.csv", 1)}


UNCERTAIN = {R0: {"normal": {"mean": 4, "sd": 0.5, "low": 2, "high": 6}}, SEVERITY: {"uniform": [1, 2]}}


@pytest.mark.parametrize(
    ("group", "path", "message"),
    [
        ({"paths": [R0], "matrix": [[1]]}, "", "got 1 paths, expected at least 2"),
        ({"paths": [R0, R0], "matrix": [[1, 0], [0, 1]]}, "", f"got the path {R0} 2 times"),
        ({"paths": [R0, SEVERITY], "matrix": [[1, 0]]}, "", "got a matrix of another size, expected 2 rows"),
        (
            {"paths": [R0, SEVERITY], "matrix": [[1, 0], [0, 0.5]]},
            "",
            f"got a correlation of 0.5 for {SEVERITY}",
        ),
        (
            {"paths": [R0, SEVERITY], "matrix": [[1, 0.5], [0.4, 1]]},
            "",
            f"got correlation 0.5 for {R0} with {SEVERITY}",
        ),
        ({"paths": [R0, SEVERITY], "matrix": [[1, 1], [1, 1]]}, "", "got a matrix that is not positive def"),
        ({"paths": [R0, SEVERITY], "matrix": [[1, 2], [2, 1]]}, ".matrix.0.1", "got 2, expected a number fr"),
        (
            {"paths": [R0, "epidemic.variant.severty"], "matrix": [[1, 0], [0, 1]]},
            ".paths.1",
            "got 'epidemic.variant.severty', which is not in study.uncertainty, did you mean",
        ),
        ({"paths": [R0, SEVERITY]}, ".matrix", "missing"),
    ],
)
def test_bad_correlations_are_refused(group: dict[str, Any], path: str, message: str) -> None:
    (where, said), *_ = refused({"uncertainty": UNCERTAIN, "correlations": {"growth": group}})
    assert where == f"study.correlations.growth{path}"
    assert said.startswith(message)


def test_three_correlations_must_hold_at_once() -> None:
    third = "epidemic.variant.latent_days"
    matrix = [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]
    study = {
        "uncertainty": {**UNCERTAIN, third: {"uniform": [2, 3]}},
        "correlations": {"growth": {"paths": [R0, SEVERITY, third], "matrix": matrix}},
    }
    ((path, message),) = refused(study)
    assert path == "study.correlations.growth"
    assert message.endswith("not positive definite, expected correlations that can all hold at once")


def test_a_path_is_in_one_group_and_uncertain() -> None:
    pair = {"paths": [R0, SEVERITY], "matrix": [[1, 0.5], [0.5, 1]]}
    two = refused({"uncertainty": UNCERTAIN, "correlations": {"one": pair, "two": pair}})
    assert two == [
        (
            f"study.correlations.two.paths.{i}",
            f"got {path}, which is also in 'one', expected it in only one group",
        )
        for i, path in enumerate((R0, SEVERITY))
    ]
    none = refused({"correlations": {"one": pair}})
    assert [path for path, _ in none] == ["study.correlations.one.paths.0", "study.correlations.one.paths.1"]


def test_what_hides_draws_is_remarked(tmp_path: Path) -> None:
    study = (
        "study:\n  replications: 3\n  draws: {file: draws.csv}\n"
        "alternatives:\n  worse: {epidemic: {variant: {severity: 3}}}\n"
    )
    path = written(tmp_path, f"{R0},{SEVERITY}\n3,1\n4,2\n", study)
    found = {problem.path: problem.message for problem in inspect(path, changes=[f"{R0}=5"])[1]}
    assert found["study.draws"] == f"{R0}: overrides the value set for this run: each draw has its own"
    assert (
        found[f"alternatives.worse.{SEVERITY}"] == "got 3, which overrides the values that study.draws draws"
    )
    assert found["study.replications"].startswith("got 3, which leaves the last draw with 1 of 2 runs")


def test_a_choice_of_the_plan_is_no_assumption(tmp_path: Path) -> None:
    rule = next(iter(loads(SMALL).command.plan))
    chosen, delay = f"command.plan.{rule}.when.above", f"command.plan.{rule}.lead_days"
    study = "study:\n  replications: 4\n  draws: {file: draws.csv}\n"
    path = written(tmp_path, f"{chosen},{delay}\n3,1\n4,2\n", study)
    found = [problem.message for problem in inspect(path)[1] if problem.path == "study.draws"]
    assert found == [
        f"{chosen}: is a choice of the plan, not an assumption: expected an alternative for each choice"
    ]


def test_nothing_is_drawn_by_default() -> None:
    scenario: Scenario = loads(SMALL)
    assert (scenario.study.runs_per_draw, scenario.study.drawn) == (2, ())
