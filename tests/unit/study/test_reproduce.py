"""Reproducing a stored run: nothing differs, or what differs is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from study_cases import made_up_simulation, small_scenario

from surgesim.errors import ResultsError
from surgesim.model import simulation
from surgesim.study.reproduce import Reproduction, reproduce
from surgesim.study.results import Output, Results
from surgesim.study.run import run


def draw(results: Results, folder: Path) -> None:
    (folder / "figures").mkdir()
    (folder / "figures" / "need.svg").write_text(f"<svg>{results.scenario.name}</svg>")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    run(small_scenario(), out=Output(tmp_path / "small", extras=draw), workers=1, only=["more-icu"])
    return tmp_path / "small"


def again(folder: Path) -> Reproduction:
    return reproduce(folder, workers=1, extras=draw)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")


def elsewhere(folder: Path, **changes: Any) -> None:
    """Let the manifest say that the run was made on another machine."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["versions"]["numpy"] = "1.0.0"
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}))


def first_mean(folder: Path) -> tuple[str, str]:
    """The second line of daily.csv and the mean in it."""
    line = (folder / "daily.csv").read_text(encoding="utf-8").splitlines()[1]
    return line, line.split(",")[4]


@pytest.mark.slow
def test_same_run_is_the_same_in_every_file(folder: Path) -> None:
    reproduced = again(folder)
    assert reproduced.differences == ()
    assert reproduced.setting == ()
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(reproduced.compared) == files - {"manifest.json"}


def test_one_digit_is_found_and_named(folder: Path) -> None:
    line, mean = first_mean(folder)
    other = mean[:-1] + ("1" if mean[-1] != "1" else "2")
    edit(folder / "daily.csv", line, line.replace(mean, other))
    assert again(folder).differences == (
        f"daily.csv: row 2, mean: {other!r} is {mean!r} in the repeated run",
    )


@pytest.mark.slow
def test_every_kind_of_change_is_found(folder: Path) -> None:
    edit(folder / "scenario.yaml", "Small province", "Small  province")
    edit(folder / "figures" / "need.svg", "small", "smell")
    (folder / "actions.csv").unlink()
    edit(folder / "facilities.csv", "\n", "\r\n")
    table = pq.read_table(folder / "daily.parquet")
    pq.write_table(table.slice(1), folder / "daily.parquet")
    edit(folder / "breaches.csv", "baseline,province,icu", "baseline,province,ICU")
    with (folder / "replications.csv").open("a") as file:
        file.write("baseline,4\n")
    assert again(folder).differences == (
        "actions.csv: missing",
        "breaches.csv: row 2, threshold: 'ICU' is 'icu' in the repeated run",
        "daily.parquet: its number of rows differs from the repeated run",
        "facilities.csv: differs only in line endings or quotes",
        "figures/need.svg: differs",
        "replications.csv: more rows than the repeated run",
        "scenario.yaml: changed since the run",
    )


@pytest.mark.slow
def test_parquet_is_compared_by_content(folder: Path) -> None:
    path = folder / "daily.parquet"
    file = pq.ParquetFile(path)
    groups = [file.read_row_group(g) for g in range(file.num_row_groups)]
    with pq.ParquetWriter(path, groups[0].schema, compression="gzip") as writer:
        for group in groups:
            writer.write_table(group)
    assert again(folder).differences == ()
    changed = groups[3].to_pandas()
    changed.loc[2, "icu_need"] += 1e-9
    with pq.ParquetWriter(path, groups[0].schema) as writer:
        for g, group in enumerate(groups):
            writer.write_table(type(group).from_pandas(changed, groups[0].schema) if g == 3 else group)
    assert again(folder).differences == ("daily.parquet: row group 3, icu_need: differs",)


@pytest.mark.slow
def test_damaged_parquet_is_a_difference(folder: Path) -> None:
    (folder / "daily.parquet").write_bytes(b"PAR1")
    assert again(folder).differences[0].startswith("daily.parquet: damaged")


@pytest.mark.slow
def test_other_versions_compare_to_a_relative_tolerance_and_say_so(folder: Path) -> None:
    elsewhere(folder, processor="another")
    line, mean = first_mean(folder)
    near = f"{float(mean) * (1 + 8e-10):.12g}"
    edit(folder / "daily.csv", line, line.replace(mean, near))
    (folder / "figures" / "need.svg").write_text("drawn otherwise")
    reproduced = again(folder)
    assert reproduced.differences == ()
    assert reproduced.setting[0].startswith("numpy was 1.0.0, is now ")
    assert reproduced.setting[1].startswith("processor was another, is now ")
    assert not any(name.startswith("figures/") for name in reproduced.compared)
    far = f"{float(mean) * (1 + 3e-9):.12g}"
    edit(folder / "daily.csv", near, far)
    assert again(folder).differences == (f"daily.csv: row 2, mean: {far!r} is {mean!r} in the repeated run",)


@pytest.mark.slow
def test_figures_are_left_out_without_what_drew_them(folder: Path) -> None:
    (folder / "figures" / "need.svg").write_text("drawn otherwise")
    assert reproduce(folder, workers=1).differences == ()


def test_folder_that_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"got no manifest\.json"):
        reproduce(tmp_path)
