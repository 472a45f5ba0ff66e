"""Nothing of a user's is replaced or removed: folders are ours by their manifest, files by its list."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from study_cases import made_up_simulation, small_scenario

from surgesim.errors import ResultsError
from surgesim.files import FIGURE_CREATOR, GENERATOR
from surgesim.model import simulation
from surgesim.model.record import Record
from surgesim.study.compute.backend import Backend
from surgesim.study.run import run
from surgesim.study.store.contents import FORMAT, MANIFEST, RUN, SWEEP
from surgesim.study.store.folder import Folder
from surgesim.study.store.run_folder import read
from surgesim.study.store.unfinished import Unfinished
from surgesim.study.sweep.parts import RUN as FORM_OF_RUNS
from surgesim.study.sweep.parts import Run
from surgesim.study.sweep.sweep import sweep

OF_A_RUN = {
    "versions": {"surgesim": "0.1.0"},
    "scenario_sha256": "",
    "seed": 1,
    "replications": 2,
    "days": 3,
    "alternatives": ["baseline"],
    "identities_checked": {},
}
OF_A_SWEEP = {"versions": {"surgesim": "0.1.0"}, "sweep": {}, "failed": 0}
ENTRIES = {RUN: OF_A_RUN, SWEEP: OF_A_SWEEP}
FIGURE = f"<svg><!-- {FIGURE_CREATOR} --></svg>"
REPORT = f'<meta name="generator" content="{GENERATOR}">'
PLAN = {
    "design": "grid",
    "points": 1,
    "runs": 2,
    "design_sha256": "",
    "scenarios": {"small": ""},
    "versions": {},
}


def write(path: Path, text: str = "precious") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def result(target: Path, kind: str = RUN, *, of_0_1_0: bool = False) -> Path:
    """A result folder with a table and a figure."""
    with Folder(target, kind) as folder:
        write(folder.path / "daily.csv", "earlier")
        write(folder.path / "figures" / "need.svg", "drawn by 0.1.0")
        folder.seal(ENTRIES[kind])
    if of_0_1_0:
        manifest = json.loads((target / MANIFEST).read_text())
        del manifest[FORMAT]
        write(target / MANIFEST, json.dumps(manifest))
    return target


def tree(folder: Path) -> dict[str, str | bytes | None]:
    """Everything below a folder: links, files with what they hold, folders."""
    return {
        path.relative_to(folder).as_posix(): (
            os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        )
        for path in sorted(folder.rglob("*"))
    }


def never(*args: object) -> Record:
    raise AssertionError("the run began")


def study(kind: str, out: str | Path) -> None:
    if kind == RUN:
        run(small_scenario(), out=out, workers=1)
    else:
        sweep(small_scenario(), {"clinical.isolated_share": "0:1:2"}, out=out, workers=1)


def refused(target: Path, kind: str = RUN) -> str:
    """What is said of a run or a sweep that would replace `target`; nothing below its parent changes."""
    before = tree(target.parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "run_once", never)
        with pytest.raises(ResultsError) as caught:
            study(kind, target)
    assert tree(target.parent) == before
    return str(caught.value)


@pytest.mark.parametrize("of_0_1_0", [False, True])
@pytest.mark.parametrize("kind", [RUN, SWEEP])
@pytest.mark.parametrize(
    "name",
    [
        ".env",
        "notes.txt",
        "Daily.csv",
        "daily.csv.bak",
        "report.html",
        "tables.xlsx",
        "figures/mine.svg",
        "figures/.hidden",
        "plots/need.svg",
        "plots/notes.md",
        "plots/about.md",
    ],
)
def test_a_file_of_a_users_in_a_result_stops_the_run(
    tmp_path: Path, kind: str, name: str, of_0_1_0: bool
) -> None:
    target = result(tmp_path / "small", kind, of_0_1_0=of_0_1_0)
    write(target / name, FIGURE if name.endswith("about.md") else "precious")
    message = f"{target}: contains {name!r}, which is not part of a result, so it will not be replaced; "
    assert refused(target, kind) == f"{message}choose another folder with --out"


def a_link(path: Path) -> None:
    path.symlink_to("elsewhere")


def a_folder_with_a_file(path: Path) -> None:
    write(path / "file")


@pytest.mark.parametrize("make", [Path.mkdir, a_link, a_folder_with_a_file])
@pytest.mark.parametrize("name", [".git", "mine", "plots", "figures/deeper", "daily.csv", ".DS_Store"])
def test_a_folder_or_link_of_a_users_in_a_result_stops_the_run(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    target = result(tmp_path / "small")
    (target / name).unlink(missing_ok=True)
    make(target / name)
    if (name, make) == ("plots", Path.mkdir):
        Folder(target, RUN).check()  # as `surgesim plot` leaves it where it draws nothing
    else:
        assert f"contains '{name}" in refused(target)


@pytest.mark.parametrize(
    "files",
    [
        {".ssh/id_ed25519": "key"},
        {".git/config": "[core]"},
        {".bashrc": ""},
        {"manifest.json": '{"name": "a web page"}'},
        {"manifest.json": '{"name": "a web page"}', "figures/mine.svg": "<svg/>"},
        {"manifest.json": '{"format": "surgesim run"}'},
        {"manifest.json": '{"format": "else", "files": {}}'},
        {"manifest.json": json.dumps(OF_A_RUN)},
        {"manifest.json": json.dumps({**OF_A_RUN, "files": {}, "versions": {"npm": "1"}})},
        {"manifest.json": json.dumps({**OF_A_RUN, "files": {}, "format": None})},
        {"manifest.json": "null"},
        {"manifest.json": "[" * 100_000},
        {"manifest.json": "{"},
        {"Manifest.json": json.dumps({**OF_A_RUN, "files": {}})},
        {"scenario.yaml": "", "report.html": REPORT},
        {"plots/need.svg": FIGURE},
        {"plan.json": json.dumps(PLAN), "parts/00000000.parquet": "", "scenarios/small.yaml": ""},
    ],
)
@pytest.mark.parametrize("kind", [RUN, SWEEP])
def test_a_folder_whose_manifest_is_not_ours_stops_the_run(
    tmp_path: Path, kind: str, files: dict[str, str]
) -> None:
    for name, text in files.items():
        write(tmp_path / "small" / name, text)
    first = sorted(name.partition("/")[0] for name in files)[0]
    message = refused(tmp_path / "small", kind)
    assert f"contains {first!r}" in message
    assert ("(the manifest.json there is damaged, or not from surgesim)" in message) == (MANIFEST in files)


@pytest.mark.parametrize("of_0_1_0", [False, True])
def test_a_run_and_a_sweep_do_not_replace_each_other(tmp_path: Path, of_0_1_0: bool) -> None:
    message = "{}: contains a {}, which a {} must not replace; choose another folder with --out"
    for there, kind in ((RUN, SWEEP), (SWEEP, RUN)):
        target = result(tmp_path / there, there, of_0_1_0=of_0_1_0)
        assert refused(target, kind) == message.format(target, there, kind)


@pytest.mark.parametrize("of_0_1_0", [False, True])
@pytest.mark.parametrize("kind", [RUN, SWEEP])
def test_what_surgesim_added_and_what_is_nobodys_goes_with_the_result(
    tmp_path: Path, kind: str, of_0_1_0: bool
) -> None:
    target = result(tmp_path / "small", kind, of_0_1_0=of_0_1_0)
    for name, text in {
        "report.html": REPORT,
        "plots/need-no-surge.svg": FIGURE,
        ".DS_Store": "",
        "figures/Thumbs.db": "",
        "plots/.need.svg.part-4711": "half",
        ".report.html.part-4711": "half",
        **({"sensitivity/sensitivity.csv": "", "sensitivity/a-b.svg": FIGURE} if kind == SWEEP else {}),
    }.items():
        write(target / name, text)
    with Folder(target, kind) as folder:
        folder.seal({})
    assert list(tree(tmp_path)) == ["small", f"small/{MANIFEST}"]
    assert json.loads((target / MANIFEST).read_text()) == {FORMAT: f"surgesim {kind}", "files": {}}


@pytest.mark.parametrize("names", [[], [".DS_Store"], ["Thumbs.db", ".DS_Store"]])
def test_an_empty_folder_is_taken_and_caches_of_desktops_count_as_nothing(
    tmp_path: Path, names: list[str]
) -> None:
    (tmp_path / "small").mkdir()
    for name in names:
        write(tmp_path / "small" / name)
    with Folder(tmp_path / "small", RUN) as folder:
        folder.seal({})
    assert list(tree(tmp_path)) == ["small", f"small/{MANIFEST}"]


def test_a_few_names_are_told_then_a_count_and_none_reaches_the_terminal_raw(tmp_path: Path) -> None:
    for name in ("a\x1b[31m", "b", "c" * 200, "d", "e"):
        write(tmp_path / "small" / name)
    message = f"contains 'a\\x1b[31m', 'b', '{'c' * 79}…' and 2 more, which are not part of a result"
    assert message in refused(tmp_path / "small")


def test_a_folder_that_cannot_be_listed_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = result(tmp_path / "small")

    def denied(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("surgesim.study.store.contents.os.scandir", denied)
    with pytest.raises(ResultsError, match=r"small: cannot be written: Permission denied"):
        run(small_scenario(), out=target, workers=1)


def test_a_mount_point_is_refused_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "disk").mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == tmp_path / "disk")
    message = r"disk: is a mount point \(a disk or shared folder\), which cannot be replaced; choose a"
    for kind in (RUN, SWEEP):
        with pytest.raises(ResultsError, match=message):
            Folder(tmp_path / "disk", kind).check()
    assert refused(tmp_path / "disk")
    Folder(tmp_path / "disk" / "small", RUN).check()


def test_a_folder_mounted_on_the_same_disk_is_a_mount_point_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    place = tmp_path / "out put"
    place.mkdir()
    written = str(place).replace(" ", "\\040")
    mounts.write_text(f"36 35 98:0 /home {written} rw,noatime - ext4 /dev/root rw\n")
    monkeypatch.setattr("surgesim.study.store.contents._MOUNTS", mounts)
    with pytest.raises(ResultsError, match="is a mount point"):
        Folder(place, RUN).check()


@pytest.mark.parametrize("inside", ["", "figures"])
def test_the_folder_that_one_is_in_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    monkeypatch.chdir(result(tmp_path / "small") / inside)
    for name in (".", str(tmp_path / "small")) if not inside else ("..",):
        with pytest.raises(ResultsError, match="small: is or contains the current folder, so it cannot be"):
            Folder(Path(name), RUN).check()


@pytest.mark.parametrize("kind", [RUN, SWEEP])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/", "/: got the root of a disk, expected a folder in it"),
        ("~", "~: got a folder that starts with ~, expected the full path"),
        ("~/small", "~/small: got a folder that starts with ~"),
        ("round", "round: got a link that points nowhere"),
        ("file/", "file: got a file, expected a folder or an unused path"),
        ("file/small", "is a file, expected a folder"),
        (".", "contains 'file', 'other', 'round', which are not part of a result"),
        ("", "contains 'file', "),
        ("..", "contains "),
    ],
)
def test_places_that_are_no_place_for_a_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str, message: str
) -> None:
    here = tmp_path / "here"
    write(here / "file")
    (here / "round").symlink_to("other")
    (here / "other").symlink_to("round")
    monkeypatch.chdir(here)
    monkeypatch.setattr(simulation, "run_once", never)
    before = tree(tmp_path)
    with pytest.raises(ResultsError) as caught:
        study(kind, name)
    assert message in str(caught.value)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("there", [False, True])
def test_a_link_stays_and_what_it_names_is_written(tmp_path: Path, there: bool) -> None:
    (tmp_path / "disk").mkdir()
    if there:
        result(tmp_path / "disk" / "small")
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "small")
    with Folder(tmp_path / "link", RUN) as folder:
        folder.seal({})
    assert (tmp_path / "link").is_symlink()
    assert list(tree(tmp_path / "disk")) == ["small", f"small/{MANIFEST}"]


def test_hidden_folders_of_a_user_beside_a_result_are_not_taken_for_leftovers(tmp_path: Path) -> None:
    for name in (".small.old-backup", ".small.part-two", ".small.old-2026"):
        write(tmp_path / name / "notes.txt")
    before = tree(tmp_path)
    with Folder(tmp_path / "small", RUN) as folder:
        folder.seal({})
    assert {name: text for name, text in tree(tmp_path).items() if name.startswith(".")} == before


def test_what_a_kill_leaves_of_a_replaced_result_goes_with_the_next_run(tmp_path: Path) -> None:
    target = result(tmp_path / "small")
    (tmp_path / "earlier").mkdir()
    result(tmp_path / "earlier" / "small").rename(tmp_path / ".small.old-00000000")
    (tmp_path / "earlier").rmdir()
    write(tmp_path / ".small.gone-11111111" / "daily.csv", "half removed")
    with Folder(target, RUN) as folder:
        left = sorted(path.name for path in tmp_path.iterdir() if path != folder.path)
        assert left == [".small.lock", "small"]
        folder.seal({})
    assert [path.name for path in tmp_path.iterdir()] == ["small"]
    result(tmp_path / ".small.old-22222222")
    write(tmp_path / ".small.old-22222222" / "notes.txt")
    Folder(target, RUN).__enter__().__exit__(None, None, None)
    assert (tmp_path / "small.kept-22222222" / "notes.txt").read_text() == "precious"


@pytest.mark.slow
def test_what_comes_into_the_earlier_result_during_the_run_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = result(tmp_path / "small")

    def simulate(scenario: object, seed: int, replication: int, path: object) -> Record:
        write(target / "notes.txt")
        return made_up_simulation(small_scenario(), seed, replication)

    monkeypatch.setattr(simulation, "run_once", simulate)
    sentences: list[str] = []
    run(small_scenario(), out=target, workers=Backend(1, tell=sentences.append), only=[])
    assert read(target).manifest[FORMAT] == "surgesim run"
    (kept,) = (path for path in tmp_path.iterdir() if path != target)
    assert kept.name.startswith("small.kept-")
    assert (kept / "notes.txt").read_text() == "precious"
    assert sentences == [f"{kept}: the earlier result, kept because files were added to it during the run"]


def unfinished(target: Path) -> Unfinished[Run]:
    return Unfinished(target, SWEEP, PLAN, {"small": "name: small"}, 2, FORM_OF_RUNS)


def begun(target: Path, *, of_0_1_0: bool = False) -> Path:
    """The folder of an unfinished sweep with one part."""
    parts = unfinished(target)
    parts.open(resume=False)
    parts.add(0, Run([{"alternative": "baseline", "deaths": 1.0}]))
    if of_0_1_0:
        write(parts.path / "plan.json", json.dumps(PLAN))
    return parts.path


@pytest.mark.parametrize("of_0_1_0", [False, True])
@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        ".env",
        "notes.txt",
        "parts/notes.txt",
        "parts/mine.parquet",
        "parts/mine.parts",
        "parts/.hidden",
        "scenarios/other.yaml",
        "mine/x",
    ],
)
def test_a_file_of_a_users_in_an_unfinished_sweep_stops_the_next(
    tmp_path: Path, name: str, resume: bool, of_0_1_0: bool
) -> None:
    folder = begun(tmp_path / "out", of_0_1_0=of_0_1_0)
    write(folder / name)
    before = tree(tmp_path)
    found = name.removesuffix("/x")
    with pytest.raises(ResultsError, match=f"contains {found!r}, which is not part of an unfinished sweep"):
        unfinished(tmp_path / "out").open(resume=resume)
    unfinished(tmp_path / "out").remove()
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "files",
    [
        {"plan.json": "{}"},
        {"plan.json": json.dumps({"format": "else", **PLAN}), "parts/00000000.parquet": ""},
        {"plan.json": '{"scenarios": {}}', "scenarios/small.yaml": ""},
        {"scenarios/small.yaml": ""},
        {".git/config": ""},
    ],
)
def test_a_folder_that_is_called_unfinished_and_is_not_ours_stops_the_sweep(
    tmp_path: Path, files: dict[str, str]
) -> None:
    for name, text in files.items():
        write(tmp_path / "out.unfinished" / name, text)
    assert "which is not part of an unfinished sweep" in refused(tmp_path / "out", SWEEP).replace("are", "is")
    before = tree(tmp_path)
    unfinished(tmp_path / "out").remove()
    assert tree(tmp_path) == before


@pytest.mark.parametrize("text", ["{", "null", "[" * 100_000])
def test_a_damaged_plan_is_one_sentence(tmp_path: Path, text: str) -> None:
    write(tmp_path / "out.unfinished" / "plan.json", text)
    assert "plan.json: damaged" in refused(tmp_path / "out", SWEEP)


def test_a_link_that_is_called_unfinished_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "disk" / "notes.txt")
    (tmp_path / "out.unfinished").symlink_to(tmp_path / "disk")
    assert "out.unfinished: got a file or a link, expected a folder" in refused(tmp_path / "out", SWEEP)


@pytest.mark.parametrize("of_0_1_0", [False, True])
def test_an_unfinished_sweep_is_taken_up_and_removed(tmp_path: Path, of_0_1_0: bool) -> None:
    folder = begun(tmp_path / "out", of_0_1_0=of_0_1_0)
    for name in (
        ".DS_Store",
        "parts/Thumbs.db",
        "parts/.00000001.parquet.part-4711",
        "parts/00000001.failed",
    ):
        write(folder / name)
    again = unfinished(tmp_path / "out")
    again.open(resume=True)
    assert list(again.done) == [1, 0]
    again.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left", [["plan.json"], ["plan.json", "scenarios/small.yaml", "scenarios"]])
def test_what_a_kill_leaves_as_a_sweep_is_removed_is_ours(tmp_path: Path, left: list[str]) -> None:
    folder = begun(tmp_path / "out")
    for name in left:
        (folder / name).rmdir() if (folder / name).is_dir() else (folder / name).unlink()
    unfinished(tmp_path / "out").open(resume=False)
    assert sorted(tree(folder)) == ["parts", "plan.json", "scenarios", "scenarios/small.yaml"]
    unfinished(tmp_path / "out").remove()
    assert list(tmp_path.iterdir()) == []


def test_parts_go_last_so_that_a_kill_leaves_what_is_known_as_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begun(tmp_path / "out")
    remove = shutil.rmtree

    def killed_at_the_second(path: Path, ignore_errors: bool) -> None:
        if path == folder:
            raise KeyboardInterrupt
        remove(path)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            unfinished(tmp_path / "out").remove()
    assert sorted(tree(folder)) == ["parts", "parts/00000000.parts"]
    unfinished(tmp_path / "out").open(resume=False)


@pytest.mark.slow
def test_a_finished_sweep_leaves_what_a_user_put_beside_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    note = tmp_path / "out.unfinished" / "notes.txt"
    sentences: list[str] = []
    backend = Backend(1, progress=lambda done, total: write(note), tell=sentences.append)
    for resume in (False, True):
        sweep(
            small_scenario(),
            {"clinical.isolated_share": "0,1"},
            replications=1,
            out=tmp_path / "out",
            workers=backend,
            resume=resume,
        )
        assert note.read_text() == "precious"
        assert (
            sentences.pop()
            == f"{note.parent}: is kept because it contains other files; the sweep itself is complete"
        )
