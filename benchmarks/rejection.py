"""Compare the smoother with approximate Bayesian computation (ABC) on one small epidemic.

    python benchmarks/rejection.py --out abc        # goes on where it stopped

One epidemic of `recovery.py` (one district, 60 days of weekly noisy cases, admissions and ICU patients), with
three unknowns: infections at the start, R0 and detection; everything else is the truth. Both methods use the
same priors, the same model and the same noise of the data.

ABC, in two stages: runs from the prior give a linear regression of the unknowns on the logs of the weeks,
whose predictions are the summary statistics (Fearnhead and Prangle 2012). The nearest tenth gives a normal
distribution, twice as wide, from which the second stage draws. Its nearest tenth, weighted by prior over
proposal and by an Epanechnikov kernel, is corrected by a local linear regression (Beaumont et al. 2002).
Noise of the data is added to the simulated weeks; chance is in the runs. ABC's own error is that of the
number of runs it accepts, which is printed.

Prints truth, and mean and standard deviation of both posteriors, on the scale on which the prior is standard
normal; and the number of runs and the processor time of both.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from recovery import PRIORS, epidemic, level
from sweep import say

import surgesim
from surgesim.fitting.data import read_data
from surgesim.fitting.fit import MEMBERS, NOISE, REPLICATES, ROUNDS
from surgesim.fitting.members import Member, Task, runs
from surgesim.fitting.observations import observations, values_of
from surgesim.fitting.unknowns import unknowns_of
from surgesim.study.compute.backend import Backend

NUMBER = 8
"""Number of the epidemic, an even one for a single district."""

UNKNOWN = ("epidemic.initial_infections.town", "epidemic.variant.r0", "epidemic.detection.share")
ACCEPTED = 0.1
FIRST_RUN = 20_000_000
CHUNK = 100

Floats = np.ndarray


class Case:
    """The epidemic, with a function from levels to noisy simulated weeks."""

    def __init__(self, workers: int) -> None:
        known = epidemic(NUMBER, NOISE)
        others = {path: PRIORS[path].value(at) for path, at in known.truth.items() if path not in UNKNOWN}
        self.scenario = known.scenario.overlaid(others)
        self.data = known.data
        self.truth = np.array([known.truth[path] for path in UNKNOWN])
        self.priors = {path: (PRIORS[path].low, PRIORS[path].high) for path in UNKNOWN}
        checked = read_data(self.data, self.scenario)
        self.unknowns = unknowns_of(self.scenario, checked, self.priors, defaults=False)
        self.targets = observations(checked, self.scenario.start)
        self.observed = np.log1p(values_of(self.targets))
        self.member = Member(self.scenario, NUMBER, self.targets)
        self.backend = Backend(workers)

    def weeks(self, levels: Floats, first: int, file: Path) -> Floats:
        """Return the logs of simulated weeks; runs that are in the file are not run again."""
        found = np.load(file) if file.is_file() else np.empty((0, len(self.targets)))
        values = self.unknowns.values(levels).tolist()
        while len(found) < len(levels):
            begin = len(found)
            tasks = [
                Task(FIRST_RUN + first + begin + place, self.unknowns.settings(row))
                for place, row in enumerate(values[begin : begin + CHUNK])
            ]
            more = runs(self.member, tasks, self.backend, lambda done: None)
            found = np.vstack([found, more])
            beside = file.with_name(f".{file.name}")
            np.save(beside, found)
            beside.replace(file)
        noise = np.random.default_rng([NUMBER, first]).standard_normal(found.shape)
        return np.log1p(found) + NOISE * noise


def regress(x: Floats, y: Floats, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Return the intercept and slopes of a weighted linear regression of y on x."""
    root = np.ones(len(x)) if weights is None else np.sqrt(weights)
    design = np.column_stack([np.ones(len(x)), x])
    found = np.linalg.lstsq(design * root[:, None], y * root[:, None], rcond=None)[0]
    return found[0], found[1:]


def abc(case: Case, sizes: tuple[int, int], folder: Path) -> dict[str, Any]:
    """Return mean, standard deviation and effective number of accepted runs, by unknown."""
    rng = np.random.default_rng(NUMBER)
    first = rng.standard_normal((sizes[0], len(UNKNOWN)))
    weeks = case.weeks(first, 0, folder / "first.npy")
    intercept, slopes = regress(weeks, first)
    observed = intercept + case.observed @ slopes

    def distances(simulated: Floats) -> Floats:
        return np.linalg.norm((simulated - observed) / spread, axis=1)

    summary = intercept + weeks @ slopes
    spread = (summary - first).std(axis=0)
    near = first[np.argsort(distances(summary))[: round(ACCEPTED * sizes[0])]]
    centre, root = near.mean(axis=0), np.linalg.cholesky(4 * np.cov(near, rowvar=False))
    normals = rng.standard_normal((sizes[1], len(UNKNOWN)))
    second = centre + normals @ root.T
    weeks = case.weeks(second, sizes[0], folder / "second.npy")
    summary = intercept + weeks @ slopes
    far = distances(summary)
    limit = np.sort(far)[round(ACCEPTED * sizes[1])]
    kept = far < limit
    weight = np.exp(-(second**2).sum(axis=1) / 2 + (normals**2).sum(axis=1) / 2)[kept]
    weight *= 1 - (far[kept] / limit) ** 2
    weight /= weight.sum()
    _, local = regress(summary[kept] - observed, second[kept], weight)
    draws = second[kept] - (summary[kept] - observed) @ local
    mean = weight @ draws
    return {
        "mean": mean.tolist(),
        "sd": np.sqrt(weight @ (draws - mean) ** 2).tolist(),
        "effective": float(1 / (weight**2).sum()),
    }


def smoother(case: Case, folder: Path, workers: int) -> dict[str, Any]:
    """Return mean and standard deviation of the fit, by unknown."""
    fit = surgesim.fit(
        case.scenario,
        case.data,
        priors=case.priors,
        defaults=False,
        seed=1,
        workers=workers,
        out=folder / "fit",
        resume=True,
    )
    levels = [level(PRIORS[path], fit.draws[path].to_numpy(float)) for path in UNKNOWN]
    return {
        "mean": [float(each.mean()) for each in levels],
        "sd": [float(each.std(ddof=1)) for each in levels],
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--runs", type=int, nargs=2, default=(500, 1000), help="runs of the two stages")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    case = Case(arguments.workers)
    begin = time.process_time()
    of_fit = smoother(case, arguments.out, arguments.workers)
    middle = time.process_time()
    of_abc = abc(case, tuple(arguments.runs), arguments.out)
    end = time.process_time()
    say(f"{'unknown':36} truth   smoother: mean, sd   ABC: mean, sd   difference in sd of ABC, ratio of sd")
    for place, path in enumerate(UNKNOWN):
        means, sds = ([each[key][place] for each in (of_fit, of_abc)] for key in ("mean", "sd"))
        pairs = "".join(f"   {mean:+.2f} {sd:.2f}" for mean, sd in zip(means, sds, strict=True))
        apart = f"{(means[0] - means[1]) / sds[1]:+.2f} {sds[0] / sds[1]:.2f}"
        say(f"{path:36} {case.truth[place]:+.2f}{pairs}   {apart}")
    n = ROUNDS * (MEMBERS + REPLICATES) + MEMBERS
    say(f"runs: smoother {n}, ABC {sum(arguments.runs)} (effective accepted {of_abc['effective']:.0f})")
    say(f"processor time of this process: smoother {middle - begin:.0f} s, ABC {end - middle:.0f} s")
    (arguments.out / "result.json").write_text(
        json.dumps({"smoother": of_fit, "abc": of_abc}), encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
