"""Compare the compiled model with pure Python: `python benchmarks/compiled.py build/compiled`.

The folder holds an installation by `SURGESIM_COMPILE=1 pip install --no-deps --target build/compiled .`.
The results of a small scenario must have the same bytes on both sides: in one process, and on two processes
and a Dask cluster, to and from which scenarios and records go as pickles.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from distributed import LocalCluster
from same_results import ROOT, differences
from typer import echo

import surgesim
from surgesim.version import is_compiled

SCENARIO = ROOT / "scenarios" / "teaching" / "small-town.yaml"


def compute(folder: Path) -> None:
    """Run the scenario into a folder; with a compiled model, in two more ways, into folders of their own."""
    scenario = surgesim.load(SCENARIO)
    surgesim.run(scenario, replications=2, workers=1, out=folder / "one process")
    if is_compiled():
        surgesim.run(scenario, replications=2, workers=2, out=folder / "two processes")
        with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster:
            on_cluster = surgesim.Backend(scheduler=cluster)
            surgesim.run(scenario, replications=2, workers=on_cluster, out=folder / "cluster")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the compiled model with pure Python.")
    parser.add_argument("installation", type=Path, nargs="?", help="a folder with a compiled installation")
    parser.add_argument("--into", type=Path, help="only run the scenario, with the surgesim in use")
    given = parser.parse_args()
    if given.into is not None:
        compute(given.into)
        return
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        pure, compiled = Path(temporary) / "pure", Path(temporary) / "compiled"
        for folder, path in ((pure, ROOT), (compiled, given.installation.resolve())):
            command = [sys.executable, __file__, "--into", str(folder)]
            subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(path)})
        for way in ("one process", "two processes", "cluster"):
            found = [text for _, text in differences(pure / "one process", compiled / way)]
            failed |= bool(found)
            echo(f"compiled, {way}: {len(found)} differences")
            for text in found:
                echo(f"  {text}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
