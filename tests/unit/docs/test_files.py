"""Files are there whole or not at all, and what the disk refuses is one sentence."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from figure_cases import surge_results, surge_scenario
from matplotlib.figure import Figure
from study_cases import made_up_simulation, small_scenario

from surgesim.errors import ResultsError, SurgesimError
from surgesim.files import atomic_write, is_drawn, is_figure, make_folder
from surgesim.model import simulation
from surgesim.report.document import write_report
from surgesim.report.figures import save
from surgesim.report.workbook import write_workbook
from surgesim.study.compute.backend import Backend
from surgesim.study.results import Results
from surgesim.study.run import run
from surgesim.study.sweep.sweep import sweep

VARY = {"clinical.isolated_share": "0:1:2"}


def refusal(reason: int) -> OSError:
    return OSError(reason, os.strerror(reason))


@pytest.fixture(scope="module")
def results() -> Results:
    return surge_results(surge_scenario(1, 1), replications=2)


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("before")

    def write_half(error: BaseException) -> None:
        with atomic_write(path) as part:
            part.write_text("half")
            raise error

    with pytest.raises(ResultsError) as caught:
        write_half(refusal(errno.ENOSPC))
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    with pytest.raises(KeyboardInterrupt):
        write_half(KeyboardInterrupt())
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("table.csv", "before")]
    with atomic_write(path) as part:
        part.write_text("after")
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("table.csv", "after")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["report.html", "tables.xlsx"])
def test_a_folder_that_is_read_only_is_one_sentence(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def refuses(self: Path, *args: object, **kwargs: object) -> None:
        raise refusal(errno.EROFS)

    for change in ("write_text", "write_bytes", "replace", "unlink"):
        monkeypatch.setattr(Path, change, refuses)
    monkeypatch.setattr("surgesim.report.document.report", lambda *args: "text")
    with pytest.raises(ResultsError) as caught:
        (write_report if name.endswith("html") else write_workbook)(results, tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: cannot be written: Read-only file system"


@pytest.mark.parametrize("fmt", ["svg", "png", "pdf"])
def test_a_disk_that_fills_up_leaves_no_half_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fmt: str
) -> None:
    def fills_up(self: Figure, path: Path, **kwargs: Any) -> None:
        Path(path).write_bytes(b"half")
        raise refusal(errno.ENOSPC)

    monkeypatch.setattr(Figure, "savefig", fills_up)
    path = tmp_path / f"need.{fmt}"
    with pytest.raises(ResultsError) as caught:
        save(Figure(), path)
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fmt", ["svg", "png", "pdf"])
def test_a_figure_is_known_by_what_it_says_of_itself(tmp_path: Path, fmt: str) -> None:
    path = tmp_path / f"need.{fmt}"
    Figure().savefig(path)  # as 0.1.0 did
    assert (is_figure(path), is_drawn(path)) == (False, True)
    save(Figure(), path)
    assert (is_figure(path), is_drawn(path)) == (True, True)
    path.write_text("<svg/>")
    assert (is_figure(path), is_drawn(path)) == (False, False)


def test_an_error_takes_away_the_folders_that_were_made_and_are_empty(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    with pytest.raises(ResultsError), make_folder(there / "a" / "b"):
        raise ResultsError("no")
    assert list(there.iterdir()) == []
    (there / "a").mkdir()
    (there / "a" / "kept").write_text("by someone")
    with pytest.raises(ResultsError), make_folder(there / "a" / "b"):
        raise ResultsError("no")
    assert [entry.name for entry in (there / "a").iterdir()] == ["kept"]


@pytest.mark.slow
@pytest.mark.parametrize("wanted", ["run", "sweep"])
def test_a_run_that_fails_leaves_no_folder_above_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    out = tmp_path / "results" / "small"

    def start(scheduler: str | None = None) -> None:
        if wanted == "run":
            run(small_scenario(), out=out, workers=Backend(1, scheduler))
        else:
            sweep(small_scenario(), VARY, replications=1, out=out, workers=Backend(1, scheduler))

    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)
        with pytest.raises(SurgesimError, match="a scheduler needs Dask"):
            start("tcp://127.0.0.1:8786")
    assert list(tmp_path.iterdir()) == []
    start()
    assert [entry.name for entry in (tmp_path / "results").iterdir()] == ["small"]
