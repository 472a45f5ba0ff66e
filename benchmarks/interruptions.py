"""Interrupt commands at random moments, start them again, and print a table of the results.

python benchmarks/interruptions.py [--moments 40] [--seed 1] [--workers 1]

Linux only. If run as root, it also tries a full disk, a read-only disk and a mount point. The exit code is 1
if a user's file is lost, a result differs, or temporary files remain.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import matplotlib.figure  # noqa: F401  imported before the forks
import pyarrow.csv
import pyarrow.parquet  # noqa: F401
import scipy.stats  # noqa: F401
from joblib.externals.loky import get_reusable_executor

from surgesim.cli import main as main_of_surgesim
from surgesim.report import document, screen  # noqa: F401  imported before the forks
from surgesim.scenario import door  # noqa: F401
from surgesim.study import reproduce  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
TOWN = ROOT / "scenarios" / "teaching" / "small-town.yaml"
SIGNALS = (signal.SIGKILL, signal.SIGINT)
PLANTED = ("notes.txt", ".out.part-notes", ".out.old-2026", "out.txt")
LIMIT_SECONDS = 30

RUN = ("run", TOWN, "--replications", "6", "--days", "60", "--no-figures", "--out", "out")
SWEEP = ("sweep", TOWN, "--vary", "epidemic.variant.r0=3,4,5", "--replications", "2", "--set", "days=60")
COMMANDS: Mapping[str, tuple[Sequence[str | Path], Sequence[str]]] = {
    "run": (RUN, ["--resume"]),
    "sweep": ((*SWEEP, "--out", "out"), ["--resume"]),
    "report": (("report", "out", "--lang", "en"), []),
    "reproduce": (("reproduce", "out"), []),
}
NEEDS_RESULT = {"report", "reproduce"}
NEEDS_WORKERS = {"run", "sweep", "reproduce"}


class Command:
    """A command in a separate process, forked from this process to avoid repeated imports."""

    def __init__(self, folder: Path, *args: str | Path) -> None:
        (folder / "tmp").mkdir(exist_ok=True)
        self._out = folder.with_name(f"{folder.name}.out")
        self.code: int | None = None
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # until the new process can handle it
        self.pid = os.fork()
        if self.pid == 0:
            self._become(folder, [str(arg) for arg in args])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])

    def _become(self, folder: Path, args: Sequence[str]) -> NoReturn:
        os.setsid()
        os.chdir(folder)
        os.environ["TMPDIR"] = str(folder / "tmp")
        tempfile.tempdir = None
        signal.signal(signal.SIGINT, signal.default_int_handler)
        out = os.open(self._out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number in (1, 2):
            os.dup2(out, number)
        sys.argv = ["surgesim", *args]
        code: Any = 1
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            main_of_surgesim()
        except SystemExit as error:
            code = error.code or 0
        except BaseException:
            traceback.print_exc()
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            get_reusable_executor().shutdown(wait=True)
        os._exit(code if isinstance(code, int) else 1)

    def poll(self) -> int | None:
        """Return the exit code, or None while the command is running."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def wait(self) -> tuple[int, str]:
        """Wait until the command ends; return its exit code and output."""
        while (code := self.poll()) is None:
            time.sleep(0.01)
        return code, self._out.read_text(encoding="utf-8")

    def send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def processes(self) -> list[int]:
        """Return the living processes of the command's session, including the command itself."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                state, _, _, session = path.read_text().rpartition(")")[2].split()[:4]
                if int(session) == self.pid and state != "Z":
                    found.append(int(path.parent.name))
        return found


def finish(folder: Path, *args: str | Path) -> tuple[int, str]:
    return Command(folder, *args).wait()


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a result except the manifest; the folder's path is left out."""
    place = bytes(folder.parent)
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes().replace(place, b"")).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def plant(folder: Path) -> None:
    for name in PLANTED:
        (folder / name).write_text(f"precious {name}", encoding="utf-8")


def lost(folder: Path) -> list[str]:
    return [
        name
        for name in PLANTED
        if not (folder / name).is_file() or (folder / name).read_text() != f"precious {name}"
    ]


def left(folder: Path) -> list[str]:
    """Return the files in a folder other than the result, the planted files and the temporary folder."""
    beside = [path.name for path in folder.iterdir() if path.name not in {"out", "tmp", *PLANTED}]
    inside = [path.name for path in (folder / "out").rglob(".*")] if (folder / "out").is_dir() else []
    return sorted([*beside, *inside, *(f"tmp/{path.name}" for path in (folder / "tmp").iterdir())])


@dataclass
class Seen:
    """The observations for one command and one signal."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0


def interrupt(
    folder: Path, name: str, number: signal.Signals, delay: float, workers: str, same: object
) -> Iterator[str | float]:
    """Interrupt a command and start it again; yield events to count, faults (after ``!``) and seconds."""
    args, resume = COMMANDS[name]
    given = [*args, *(["--workers", workers] if name in NEEDS_WORKERS else [])]
    command = Command(folder, *given)
    time.sleep(delay)
    command.send(number)
    code, out = command.wait()
    begun = time.monotonic()
    while command.processes() and time.monotonic() - begun < LIMIT_SECONDS:
        time.sleep(0.05)
    yield time.monotonic() - begun
    if command.processes():
        yield "! processes still running"
    if code != 0:
        yield "stopped"
    if "Traceback" in out:
        yield f"! traceback: {out[-300:]}"
    if left(folder):
        yield "left at once"
    if (folder / "out.unfinished" / "plan.json").is_file():
        yield "resumed"
    code, out = finish(folder, *given, *resume)
    if code != 0:
        yield f"! the repeated command ended with {code}: {out[-300:]}"
    elif outcome(folder, name, out) != same:
        yield "! different bytes"
    else:
        yield "same"
    if remains := left(folder):
        yield f"! left {remains}"
    if gone := lost(folder):
        yield f"! lost {gone}"


def outcome(folder: Path, name: str, out: str) -> object:
    return out if name == "reproduce" else digests(folder / "out")


def fresh(home: Path, name: str, result: Path | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=home))
    plant(folder)
    if result is not None:
        shutil.copytree(result, folder / "out")
    return folder


def attack(home: Path, moments: int, seed: int, workers: str) -> dict[tuple[str, str], Seen]:
    chance = random.Random(seed)
    result = fresh(home, "result", None)
    assert finish(result, *RUN)[0] == 0
    found = {}
    for name, (args, _) in COMMANDS.items():
        stored = result / "out" if name in NEEDS_RESULT else None
        whole = fresh(home, "whole", stored)
        given = [*args, *(["--workers", workers] if name in NEEDS_WORKERS else [])]
        begun = time.monotonic()
        code, out = finish(whole, *given)
        seconds = time.monotonic() - begun
        assert code == 0, out
        same = outcome(whole, name, out)
        for number in SIGNALS:
            seen = found[name, number.name] = Seen()
            for _ in range(moments):
                folder = fresh(home, name, stored)
                delay = chance.uniform(0.05, seconds)
                for what in interrupt(folder, name, number, delay, workers, same):
                    if isinstance(what, float):
                        seen.slowest_seconds = max(seen.slowest_seconds, what)
                    elif what.startswith("!"):
                        seen.faults.append(f"{what[2:]} (after {delay:.2f} s, {folder})")
                    else:
                        seen.counts[what] += 1
                if not seen.faults:
                    shutil.rmtree(folder)
            sys.stderr.write(f"{name} {number.name} {dict(seen.counts)} {seen.faults}\n")
    return found


@contextlib.contextmanager
def mounted(place: Path, options: str) -> Iterator[bool]:
    """Mount an empty disk in memory; yield False if mounting is not allowed."""
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True)
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", place], check=True)


def said(code: int, out: str) -> str:
    lines = [line for line in out.splitlines() if line.strip()]
    traceback = "TRACEBACK " if "Traceback" in out else ""
    return f"exit {code}: {traceback}{lines[-1] if lines else 'no output'}"


def odd_places(home: Path) -> Iterator[tuple[str, str]]:
    """Yield each special case and its result.

    The cases are unusual disks, two runs at once, foreign files, closed outputs and a killed worker.
    """
    whole = fresh(home, "whole", None)
    assert finish(whole, *RUN)[0] == 0
    out = RUN.index("--out") + 1
    folder = fresh(home, "disks", None)

    def at(place: str) -> tuple[str | Path, ...]:
        return (*RUN[:out], place)

    with mounted(folder / "disk", "size=120k") as is_mounted:
        if is_mounted:
            yield "disk full", said(*finish(folder, *at("disk/out")))
            subprocess.run(["mount", "-o", "remount,size=50m", folder / "disk"], check=True)
            code, _ = finish(folder, *at("disk/out"), "--resume")
            same = code == 0 and digests(folder / "disk" / "out") == digests(whole / "out")
            remains = sorted(path.name for path in (folder / "disk").iterdir())
            yield "  with space again, --resume", f"exit {code}, same bytes: {same}, files: {remains}"
            shutil.rmtree(folder / "disk" / "out", ignore_errors=True)
            yield "mount point", said(*finish(folder, *at("disk")))
            subprocess.run(["mount", "-o", "remount,ro", folder / "disk"], check=True)
            yield "read-only disk", said(*finish(folder, *at("disk/other")))
        else:
            yield "disk full, mount point, read-only disk", "not tried: mounting is not permitted"
    yield "two runs at once", two_at_once(home)
    for name in ("notes.txt", ".git/config", "manifest.json"):
        folder = fresh(home, "foreign", None)
        (folder / "out" / name).parent.mkdir(parents=True)
        (folder / "out" / name).write_text("{}")
        seen = said(*finish(folder, *RUN))
        kept = (folder / "out" / name).read_text() == "{}" and not lost(folder)
        yield f"folder with a foreign {name}", f"{seen} (kept: {kept})"
    for what in ("> /dev/full", "| true"):
        shell = f"{sys.executable} -m surgesim.cli report out --lang en {what}"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(shell, shell=True, cwd=whole, env=environment, capture_output=True, text=True)
        yield f"report {what.replace('|', 'to')}", said(done.returncode, done.stderr)
    yield "reproduce, a worker killed", worker_killed(whole)


def two_at_once(home: Path) -> str:
    folder = fresh(home, "two", None)
    longer = [argument if argument != "6" else "500" for argument in RUN]
    first = Command(folder, *longer, "--workers", "1")
    while not list(folder.glob("out.unfinished/parts/*.parts")) and first.poll() is None:
        time.sleep(0.05)
    seen = said(*finish(folder, *RUN, "--resume"))
    first.send(signal.SIGKILL)
    first.wait()
    return seen


def worker_killed(folder: Path) -> str:
    command = Command(folder, "reproduce", "out", "--workers", "2")
    while command.poll() is None:
        workers = [
            pid for pid in command.processes() if b"popen_loky" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        if len(workers) == 2:
            time.sleep(1)
            os.kill(workers[0], signal.SIGKILL)
            break
        time.sleep(0.05)
    return said(*command.wait())


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", default="1")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="interruptions-") as home:
        found = attack(Path(home), given.moments, given.seed, given.workers)
        say("| command | signal | moments | stopped | files left | resumed | same bytes | slowest exit, s |")
        say("|---|---|---|---|---|---|---|---|")
        for (name, number), seen in found.items():
            counts = (seen.counts[what] for what in ("stopped", "left at once", "resumed", "same"))
            cells = [name, number, given.moments, *counts, f"{seen.slowest_seconds:.1f}"]
            say(f"| {' | '.join(map(str, cells))} |")
        faults = [fault for seen in found.values() for fault in seen.faults]
        say("\n| case | result |\n|---|---|")
        for case, what in odd_places(Path(home)):
            say(f"| {case} | {what.replace(home, '')} |")
    say("\n".join(["", f"Faults: {len(faults)}", *faults]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
