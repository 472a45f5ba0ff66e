"""Compare the results of two checkouts for every shipped scenario, byte for byte.

    python benchmarks/same_results.py ../before .                      # 2 replications of each
    python benchmarks/same_results.py ../before . --keep /tmp/results  # do not repeat stored runs

Each scenario is run with the command line of each checkout, without figures. Tables are compared byte for
byte, `daily.parquet` by its values, and the manifest except for keys that describe the machine, the time and
the files. If a table differs, text columns are listed separately, because words may change but numbers must
not.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from typer import echo

ROOT = Path(__file__).resolve().parents[1]
MAY_DIFFER = {"format", "versions", "started", "ended", "command", "processor", "platform", "files"}
"""Manifest keys that describe the run, not its results."""


def make(checkout: Path, folder: Path, scenario: Path, replications: int) -> Path:
    """Run a scenario with a checkout, unless its results exist; return the folder of results."""
    out = folder / scenario.stem
    if not (out / "manifest.json").exists():
        command = [
            sys.executable,
            "-P",  # otherwise the current folder would come before PYTHONPATH
            "-m",
            "surgesim.cli",
            "run",
            str(scenario),
            "--out",
            str(out),
            "--lang",
            "en",
        ]
        command += ["--replications", str(replications), "--no-figures", "--quiet", "--workers", "1"]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(checkout.resolve())})
    return out


def differences(one: Path, other: Path) -> Iterator[tuple[bool, str]]:
    """Yield each difference between two result folders: True if it is only text, and a description."""
    names = [
        {path.relative_to(f).as_posix() for path in f.rglob("*") if path.is_file()} for f in (one, other)
    ]
    for name in sorted(names[0] ^ names[1]):
        yield False, f"{name}: only in {one if name in names[0] else other}"
    for name in sorted(names[0] & names[1]):
        a, b = one / name, other / name
        if name == "manifest.json":
            yield from _manifest(a, b)
        elif name.endswith(".parquet"):
            if not pd.read_parquet(a).equals(pd.read_parquet(b)):  # NaN is equal to NaN
                yield False, f"{name}: values differ"
        elif a.read_bytes() != b.read_bytes():
            yield from _table(name, a, b) if name.endswith(".csv") else [(True, f"{name}: text differs")]


def _manifest(a: Path, b: Path) -> Iterator[tuple[bool, str]]:
    one, other = (json.loads(path.read_text(encoding="utf-8")) for path in (a, b))
    for key in sorted((one.keys() | other.keys()) - MAY_DIFFER):
        if one.get(key) != other.get(key):
            yield False, f"manifest.json: {key} differs"


def _table(name: str, a: Path, b: Path) -> Iterator[tuple[bool, str]]:
    one, other = _columns(a), _columns(b)
    if list(one) != list(other):
        yield False, f"{name}: columns {sorted(one.keys() ^ other.keys()) or 'in another order'}"
        return
    for column, values in one.items():
        if values != other[column]:
            text = not all(_is_value(value) for value in (*values, *other[column]))
            yield text, f"{name}: {'text' if text else 'values'} of {column} differ"


def _columns(path: Path) -> dict[str, list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    return {column: [row[i] for row in rows] for i, column in enumerate(head)}


def _is_value(text: str) -> bool:
    """Return True if a cell is empty, a number, a truth value or a date."""
    if text in ("", "True", "False") or text[:4].isdigit():
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the results of two checkouts.")
    parser.add_argument("before", type=Path, help="a checkout")
    parser.add_argument("now", type=Path, help="another")
    parser.add_argument("scenarios", type=Path, nargs="*", help="scenario files (default: all shipped)")
    parser.add_argument("--replications", type=int, default=2)
    parser.add_argument(
        "--keep",
        type=Path,
        help="folder in which to keep the results of each checkout (default: a temporary one)",
    )
    given = parser.parse_args()
    shipped = sorted(p for p in (ROOT / "scenarios").rglob("*.yaml") if p.parent.name != "base")
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        keep = given.keep or Path(temporary)
        for scenario in given.scenarios or shipped:
            folders: list[Any] = [
                make(checkout, keep / side, scenario.resolve(), given.replications)
                for side, checkout in (("before", given.before), ("now", given.now))
            ]
            found = list(differences(*folders))
            failed |= any(not text for text, _ in found)
            count = sum(path.is_file() for path in folders[0].rglob("*"))
            echo(f"{scenario.name}: {count} files, {len(found)} differences")
            for text, line in found:
                echo(f"  {'left out, text: ' if text else ''}{line}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
