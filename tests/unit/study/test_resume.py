"""Nothing finished is lost: runs go on where they stopped, one process writes a result, damage is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from study_cases import made_up_simulation, small_scenario

from surgesim.errors import IdentityError, ResultsError, ScenarioError
from surgesim.files import TEMPORARY, atomic_write
from surgesim.locks import Lock, LockedError
from surgesim.model import simulation
from surgesim.model.record import Record
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.spread import spread
from surgesim.study.reproduce import reproduce
from surgesim.study.results import Results
from surgesim.study.run import run
from surgesim.study.store.contents import MANIFEST, RUN, SWEEP
from surgesim.study.store.folder import Folder, hashes
from surgesim.study.store.manifest import read_manifest
from surgesim.study.store.records import RECORDS
from surgesim.study.store.temporary import temporary_folder
from surgesim.study.store.unfinished import Unfinished
from surgesim.study.sweep.sweep import sweep

VARY = {"clinical.isolated_share": "0,0.5"}


@pytest.fixture(autouse=True)
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A made-up model; the replications that it simulated."""
    found: list[int] = []

    def simulate(scenario: Scenario, seed: int, replication: int, shared: object = None) -> Record:
        found.append(replication)
        return made_up_simulation(scenario, seed, replication)

    monkeypatch.setattr(simulation, "run_once", simulate)
    return found


def ran(out: Path, *, stop: int | None = None, **given: Any) -> Results:
    """A run of 4 replications of one alternative, interrupted when `stop` of them are done."""

    def progress(done: int, total: int) -> None:
        if done == stop:
            raise KeyboardInterrupt

    given = {"workers": Backend(1, progress=progress, tell=given.pop("tell", None)), **given}
    return run(small_scenario(), only=[], out=out, **given)


def stopped(out: Path, after: int = 2, **given: Any) -> KeyboardInterrupt:
    with pytest.raises(KeyboardInterrupt) as caught:
        ran(out, stop=after, **given)
    return caught.value


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("after", [1, 3, 4])
def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, simulated: list[int], after: int) -> None:
    ran(tmp_path / "whole")
    note = f"completed replications are in {tmp_path / 'out.unfinished'}; continue with --resume"
    assert stopped(tmp_path / "out", after).__notes__ == [note]
    assert names(tmp_path) == ["out.unfinished", "whole"]
    simulated.clear()
    ran(tmp_path / "out", resume=True)
    assert simulated == list(range(after, 4))
    assert hashes(tmp_path / "out") == hashes(tmp_path / "whole")
    assert names(tmp_path) == ["out", "whole"]


def test_a_run_that_stops_before_a_replication_leaves_nothing(tmp_path: Path) -> None:
    assert not hasattr(stopped(tmp_path / "new" / "out", after=0), "__notes__")
    assert names(tmp_path) == []


def test_replications_that_finish_out_of_order_are_kept(tmp_path: Path) -> None:
    kept = Unfinished(tmp_path / "out", RUN, {"runs": 3}, {}, 3, RECORDS)
    kept.open(resume=False)
    records = [{"baseline": made_up_simulation(small_scenario(), 1, k)} for k in range(3)]
    kept.add(1, records[1])
    simulated = []

    def work(task: int) -> Any:
        simulated.append(task)
        return records[task]

    found = list(kept.contents(work, range(3), Backend(1)))
    assert [content["baseline"].replication for content in found] == [0, 1, 2]
    assert simulated == [0, 2]
    assert list(kept.done) == [1, 1, 1]


def test_a_record_is_read_back_exactly(tmp_path: Path) -> None:
    kept = Unfinished(tmp_path / "out", RUN, {"runs": 1}, {}, 1, RECORDS)
    kept.open(resume=False)
    record = made_up_simulation(small_scenario(), 1, 0)
    record.outcomes["deaths"] = float("nan")
    record.outcomes["peak_infectious"] = 0.1 + 0.2
    kept.add(0, {"baseline": record})
    again = kept.read(0)["baseline"]  # type: ignore[index]
    np.testing.assert_equal(again.outcomes, record.outcomes)
    assert (again.actions, again.checks, again.drawn) == (record.actions, record.checks, record.drawn)
    for name in ("province", "facilities", "states", "breached", "reached"):
        stored, there = getattr(again, name), getattr(record, name)
        assert stored.dtype == there.dtype
        np.testing.assert_array_equal(stored, there)


def test_a_damaged_replication_is_simulated_again(tmp_path: Path, simulated: list[int]) -> None:
    ran(tmp_path / "whole")
    stopped(tmp_path / "out", 3)
    path = tmp_path / "out.unfinished" / "parts" / "00000000.parts"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    simulated.clear()
    ran(tmp_path / "out", resume=True)
    assert simulated == [1, 3]
    assert hashes(tmp_path / "out") == hashes(tmp_path / "whole")


def test_an_unfinished_run_is_not_begun_anew_by_mistake(tmp_path: Path) -> None:
    stopped(tmp_path / "out")
    with pytest.raises(ResultsError, match="an unfinished run with 2 of 4 replications: continue with --res"):
        ran(tmp_path / "out")
    with pytest.raises(ResultsError, match=r"started: scenario small \(study\.seed was 7, is 8\); undo the"):
        ran(tmp_path / "out", resume=True, seed=8)
    with pytest.raises(ResultsError, match="which are not part of an unfinished sweep"):
        sweep(small_scenario(), VARY, out=tmp_path / "out", workers=1)
    with pytest.raises(ResultsError, match="the run is unfinished: continue with `surgesim run … --resume`"):
        read_manifest(tmp_path / "out")


def test_a_finished_run_is_only_read_when_resumed(tmp_path: Path, simulated: list[int]) -> None:
    ran(tmp_path / "out")
    before = (tmp_path / "out" / MANIFEST).read_bytes()
    simulated.clear()
    assert ran(tmp_path / "out", resume=True).folder == tmp_path / "out"
    assert (simulated, (tmp_path / "out" / MANIFEST).read_bytes()) == ([], before)
    told: list[str] = []
    ran(tmp_path / "out", resume=True, seed=8, tell=told.append)
    nothing = f"{tmp_path / 'out.unfinished'}: nothing to resume, so the run starts from the beginning"
    assert told == [f"{nothing}; the completed run has a different plan and will be replaced"]
    assert simulated == [0, 1, 2, 3]


def test_what_a_kill_leaves_of_a_complete_run_goes_with_the_next(tmp_path: Path) -> None:
    stopped(tmp_path / "out", 4)
    (tmp_path / "out.unfinished").rename(tmp_path / "left")
    ran(tmp_path / "out")
    (tmp_path / "left").rename(tmp_path / "out.unfinished")
    ran(tmp_path / "out", seed=8)
    assert names(tmp_path) == ["out"]


def test_a_sweep_whose_runs_are_all_done_goes_on_to_its_tables(tmp_path: Path) -> None:
    def sweeps(out: Path, progress: Callable[[int, int], object] | None = None) -> None:
        backend = Backend(2 if progress is None else 1, progress=progress)
        sweep(small_scenario(), VARY, replications=1, out=out, workers=backend, resume=True)

    def stops(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweeps(tmp_path / "out", stops)
    sweeps(tmp_path / "out")
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("workers", [Backend(1), Backend(2), Backend(scheduler="nonsense")])
def test_no_task_needs_no_worker(workers: Backend) -> None:
    assert list(spread(abs, [], workers)) == []
    assert list(spread(abs, [3, 4], workers, done=b"\1\1")) == []


@pytest.mark.parametrize(
    ("values", "what"), [([{"fixed": 3}], "a mapping"), ([[1, 2]], "a list"), ("[3]", "a list")]
)
def test_values_that_are_no_cell_are_refused_before_the_first_run(
    tmp_path: Path, simulated: list[int], values: Any, what: str
) -> None:
    with pytest.raises(ScenarioError, match=f"oxygen_days: got {what}, expected numbers, text, true"):
        sweep(small_scenario(), {"clinical.stays.oxygen_days": values}, out=tmp_path / "out", workers=1)
    assert (simulated, names(tmp_path)) == ([], [])


def test_the_second_to_write_a_result_is_told_who_writes_it(tmp_path: Path) -> None:
    with Folder(tmp_path / "out", RUN):
        for kind in (RUN, SWEEP):
            with pytest.raises(LockedError) as caught:
                Folder(tmp_path / "out", kind).__enter__()
            holder = rf"out: is being written by process {os.getpid()} on \S+ since 20\S+; wait for it to"
            assert caught.match(holder)
        with Folder(tmp_path / "other", RUN):
            pass
    assert names(tmp_path) == []


HOLDS = "import sys, time\nfrom pathlib import Path\nfrom surgesim.locks import Lock\np = Path(sys.argv[1])\n"
HOLDS += "with Lock(p, p):\n    print('held', flush=True)\n    time.sleep(60)\n"


def test_a_lock_is_free_when_its_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / ".out.lock"
    with subprocess.Popen([sys.executable, "-c", HOLDS, path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=f"process {holder.pid} on"), Lock(path, path):
            pass
        holder.kill()
    assert path.exists()
    with Lock(path, path):
        assert f"process {os.getpid()} on" in path.read_text()
    assert names(tmp_path) == []


def test_a_file_of_a_users_is_no_lock(tmp_path: Path) -> None:
    path = tmp_path / ".out.lock"
    path.write_text("precious")
    with pytest.raises(ResultsError, match=r"\.out\.lock: got a file that is not a surgesim lock file"):
        Folder(tmp_path / "out", RUN).__enter__()
    assert path.read_text() == "precious"
    path.rename(tmp_path / "notes.txt")
    path.symlink_to(tmp_path / "notes.txt")
    with pytest.raises(ResultsError, match="cannot be written"):
        Folder(tmp_path / "out", RUN).__enter__()
    assert (tmp_path / "notes.txt").read_text() == "precious"


def test_a_file_is_written_by_one_at_a_time_and_what_is_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    left = tmp_path / f".report.html{TEMPORARY}"
    left.write_text("half of it, left by a kill")
    with atomic_write(path) as part:
        assert part == left
        part.write_text("whole")
        with pytest.raises(LockedError, match=r"report\.html: is being written by another process"):
            atomic_write(path).__enter__()
    assert (names(tmp_path), path.read_text()) == (["report.html"], "whole")


def test_temporary_folders_of_the_dead_go_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("surgesim-aaaaaaaa", "surgesim-notes", "surgesim-bbbbbbbb"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("x")
    (tmp_path / "surgesim-aaaaaaaa.lock").write_text("surgesim process 1")
    (tmp_path / "surgesim-bbbbbbbb.lock").write_text("a file of a user's")
    with temporary_folder() as living, temporary_folder() as folder:
        assert living.is_dir()
        assert folder.is_dir()
    assert names(tmp_path) == ["surgesim-bbbbbbbb", "surgesim-bbbbbbbb.lock", "surgesim-notes"]


WORKS = """
import sys, time
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.spread import spread
def work(task):
    print(__import__("os").getpid(), flush=True)
    time.sleep(60)
list(spread(work, [0, 1], Backend(2)))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
def test_workers_end_when_their_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", WORKS], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        workers = [Path("/proc", parent.stdout.readline().strip()) for _ in range(2)]
        assert all(worker.is_dir() for worker in workers)
        parent.kill()
        end = time.monotonic() + 20
        while any(worker.is_dir() for worker in workers) and time.monotonic() < end:
            time.sleep(0.1)
        assert not any(worker.is_dir() for worker in workers)


def between_the_renames(target: Path) -> None:
    """Leave a result as a kill between the two renames would."""
    target.rename(target.with_name(f".{target.name}.part-00000000"))
    result = target.with_name(f".{target.name}.old-00000000")
    with Folder(result, RUN) as folder:
        folder.seal({})


@pytest.mark.parametrize("kind", [RUN, SWEEP])
def test_reproduce_recovers_what_a_kill_left(tmp_path: Path, kind: str) -> None:
    if kind == RUN:
        ran(tmp_path / "out")
    else:
        sweep(small_scenario(), VARY, replications=1, out=tmp_path / "out", workers=1)
    between_the_renames(tmp_path / "out")
    assert reproduce(tmp_path / "out", workers=1).differences == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("null", "it lacks alternatives, days, files"),
        ("[" * 100_000, r"damaged \(nested too deeply\)"),
        ("\xff", "damaged"),
        ('{"seed": "\\ud800"}', "damaged .* surrogates not allowed"),
        ("{", "damaged"),
        ({"versions": None}, "damaged, versions: input should be"),
        ({"alternatives": 3}, "damaged, alternatives: input should be a valid list"),
        ({"alternatives": []}, "damaged, alternatives: list should have at least 1 item"),
        ({"replications": True}, "damaged, replications: input should be a valid integer"),
        ({"seed": -1}, "damaged, seed: input should be greater than or equal to 0"),
        ({"files": {"a": 1}}, r"damaged, files\.a: input should be a valid string"),
        ({"figures": {"lang": "de"}}, r"damaged, figures\.lang: input should be 'vi' or 'en'"),
        ({"precision": [{}]}, r"damaged, it lacks precision\.0\.alternative"),
    ],
)
def test_a_damaged_manifest_is_one_sentence(tmp_path: Path, text: Any, message: str) -> None:
    with Folder(tmp_path / "out", RUN) as folder:
        folder.seal(
            {
                "versions": {"surgesim": "0.1.0"},
                "processor": "",
                "seed": 1,
                "replications": 2,
                "days": 3,
                "alternatives": ["baseline"],
            }
        )
    path = tmp_path / "out" / MANIFEST
    read_manifest(tmp_path / "out")
    if not isinstance(text, str):
        text = json.dumps({**json.loads(path.read_text()), **text})
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ResultsError, match=message) as caught:
        read_manifest(tmp_path / "out")
    assert str(caught.value).startswith(f"{path}: damaged")
    assert "\n" not in str(caught.value)


def test_a_huge_manifest_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / MANIFEST).open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ResultsError, match=r"manifest\.json: damaged \(larger than 64 MB\)"):
        read_manifest(tmp_path / "out")


def test_a_file_put_in_place_of_the_earlier_result_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Folder(tmp_path / "out", RUN) as folder:
        (tmp_path / "out").write_text("precious")
        folder.seal({})
    assert folder.kept is not None
    assert folder.kept.read_text() == "precious"


def test_a_defect_says_where_the_replications_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(scenario: Scenario, seed: int, replication: int, shared: object) -> Record:
        if replication == 2:
            raise IdentityError("beds", "general", 3, "11 of 10")
        return made_up_simulation(scenario, seed, replication)

    monkeypatch.setattr(simulation, "run_once", breaks)
    with pytest.raises(IdentityError) as caught:
        ran(tmp_path / "out")
    assert "continue with --resume" in caught.value.__notes__[0]
