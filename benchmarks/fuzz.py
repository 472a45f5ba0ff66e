"""Load and run scenarios with random faults, limiting each case to 10 s of CPU time and 1 GB of memory.

    python benchmarks/fuzz.py --seed 1 --loads 20000 --runs 2000    # about an hour on one core
    python benchmarks/fuzz.py --seed 1 --loads 300 --runs 30        # about a minute
    python benchmarks/fuzz.py --seed 1 --case 4711                  # load one case, with its traceback

One case in six is based on a province. Cases that load are run for a few days. A failure is any error other
than the rejection of a scenario, a warning from Python or NumPy, an unreadable message, or exceeding a limit.
For each kind of failure, the first case is listed with only the edits needed to reproduce it.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

SECONDS, BYTES = 10, 2**30
SECONDS_OF_CLOCK = 600
"""Wall-clock limit for a case that is blocked; long enough for a busy machine."""
DAYS = 6
IN_SIX = 6


def the_case(seed: int, number: int, *, runs: bool) -> Any:
    from fuzzing import PROVINCES, TOWNS, a_case

    bases = PROVINCES if number % IN_SIX == 0 else TOWNS
    return a_case(seed, number, bases, gentle=runs)


def attempt(case: Any, folder: Path, number: int, *, runs: bool) -> str:
    """Attempt a case and return its result."""
    from fuzzing import check_stored, load_case, run_case

    scenario = load_case(case, folder)
    if scenario is None:
        return "refused"
    if number % 5 == 0:
        check_stored(scenario, folder)
    if not runs:
        return "loaded"
    return "run" if run_case(scenario, DAYS, out=None) else "run refused"


def kind_of(error: BaseException) -> str:
    """Return the type of an error and the last line of the project in its traceback."""
    passed = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(ROOT)
    ]
    where = f"{Path(passed[-1].filename).relative_to(ROOT)}:{passed[-1].lineno}" if passed else "?"
    return f"{type(error).__name__} at {where}"


def work(options: argparse.Namespace) -> None:
    """Attempt cases in order, as a worker process; print a line of JSON before and after each case."""
    from fuzzing import prepare

    resource.setrlimit(resource.RLIMIT_DATA, (BYTES, BYTES))
    faulthandler.register(signal.SIGPROF, chain=True)  # after the traceback, the signal ends the process
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as name:
        folder = prepare(Path(name))
        for number in range(options.first, options.last):
            case = the_case(options.seed, number, runs=options.kind == "runs")
            for position in sorted(options.without, reverse=True):
                case = case.without(position)
            say({"case": number, "base": case.base.stem, "edits": len(case.edits)})
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            faulthandler.dump_traceback_later(SECONDS_OF_CLOCK, exit=True)
            start = time.process_time()
            try:
                result = {"result": attempt(case, folder, number, runs=options.kind == "runs")}
            except Exception as error:
                if options.case is not None:
                    traceback.print_exc()
                message = str(error)[:500]
                result = {"result": "failed", "kind": kind_of(error), "message": message, "text": str(case)}
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.cancel_dump_traceback_later()
            say(result | {"seconds": time.process_time() - start})
    say({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss})


def say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def cases(
    seed: int, kind: str, first: int, last: int, without: tuple[int, ...] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the result of each case from `first`; start a new worker whenever one was stopped."""
    while first < last:
        command = [sys.executable, __file__, "--work", "--seed", str(seed), "--kind", kind]
        command += ["--first", str(first), "--last", str(last), "--without", *map(str, without)]
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg"}
        with tempfile.TemporaryFile("w+") as said:
            worker = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=said, text=True, env=environment
            )
            assert worker.stdout is not None
            case: dict[str, Any] = {}
            try:
                for line in worker.stdout:
                    got = json.loads(line)
                    if "case" in got:
                        case = got
                    elif "peak" in got:
                        yield got
                    else:
                        yield case | got
                        first, case = case["case"] + 1, {}
            except GeneratorExit:
                worker.kill()
                raise
            worker.wait()
            said.seek(0)
            heard = said.read()
        if case:
            first = case["case"] + 1
            yield case | {"result": "failed", "kind": f"stopped: {_last(heard)}", "message": heard[-3000:]}
        elif worker.returncode:
            raise SystemExit(heard)


def _last(heard: str) -> str:
    """Return the innermost line of the project in the output of faulthandler (innermost first)."""
    inner = [line.strip() for line in heard.splitlines() if str(ROOT) in line]
    return inner[0].replace(f"{ROOT}/", "") if inner else heard[-200:]


def needed(seed: int, kind: str, found: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Remove each edit without which the case still fails in the same way."""
    without: tuple[int, ...] = ()
    number = found["case"]
    for position in range(found["edits"]):
        again = next(cases(seed, kind, number, number + 1, (*without, position)))
        if again.get("kind") == found["kind"]:
            without, found = (*without, position), again | {"edits": found["edits"]}
    case = the_case(seed, number, runs=kind == "runs")
    for position in sorted(without, reverse=True):
        case = case.without(position)
    return str(case), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--loads", type=int, default=0)
    parser.add_argument("--runs", type=int, default=0, help="number of successful runs")
    parser.add_argument("--begin", type=int, default=0, help="number of the first case")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="time limit for loads and for runs"
    )
    parser.add_argument("--case", type=int)
    parser.add_argument("--kind", choices=("loads", "runs"), default="loads")
    for hidden in ("--first", "--last"):
        parser.add_argument(hidden, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--without", type=int, nargs="*", default=[], help="edits of the case to leave out")
    options = parser.parse_args()
    if options.case is not None:
        options.first, options.last = options.case, options.case + 1
        sys.stdout.write(f"{the_case(options.seed, options.case, runs=options.kind == 'runs')}\n")
    if options.work or options.case is not None:
        work(options)
        return
    failed = False
    for kind, wanted in (("loads", options.loads), ("runs", options.runs)):
        if wanted:
            failed |= attack(options.seed, kind, wanted, options.begin, options.seconds)
    raise SystemExit(1 if failed else 0)


def attack(seed: int, kind: str, wanted: int, first: int, seconds: float) -> bool:
    """Attempt cases from `first` until there are enough or time is up; print the failures and counts."""
    from fuzzing import PROVINCES

    provinces = {path.stem for path in PROVINCES}
    start = time.monotonic()
    counts: Counter[str] = Counter()
    failures: dict[str, list[dict[str, Any]]] = {}
    slowest: dict[str, Any] = {"seconds": 0.0}
    peak = 0
    last = first + (wanted if kind == "loads" else 100 * wanted)
    for got in cases(seed, kind, first, last):
        if time.monotonic() - start > seconds:
            break
        if "peak" in got:
            peak = max(peak, got["peak"])
            continue
        counts[got["result"]] += 1
        counts["provinces"] += got["base"] in provinces
        counts["provinces run"] += got["result"] == "run" and got["base"] in provinces
        if got["result"] == "failed":
            failures.setdefault(got["kind"], []).append(got)
            if len(failures[got["kind"]]) == 1:
                text, found = needed(seed, kind, got)
                report = (
                    f"{kind} {got['case']}: {got['kind']}\n  {found['message'][-1500:]}\n  {text[:1500]}\n"
                )
                sys.stdout.write(report)
                sys.stdout.flush()
        slowest = max(slowest, got, key=lambda each: each.get("seconds", 0.0))
        if kind == "runs" and counts["run"] >= wanted:
            break
    sys.stdout.write(
        f"{kind}, seed {seed} from case {first}: {dict(counts)} in {time.monotonic() - start:.0f} s"
    )
    sys.stdout.write(f"; the slowest took {slowest['seconds']:.1f} s (case {slowest.get('case')})")
    sys.stdout.write(f"; at most {peak / 2**20:.2f} GB\n" if peak else "\n")
    for name, found_cases in sorted(failures.items()):
        numbers = ", ".join(str(each["case"]) for each in found_cases[:10])
        sys.stdout.write(f"  {len(found_cases)} x {name}: {numbers}\n")
    sys.stdout.flush()
    return bool(failures)


if __name__ == "__main__":
    main()
