"""Hold `surgesim size` against known answers, and its stated confidence against many searches.

    python benchmarks/size.py erlang --seeds 20     # the least beds of M/G/c/c against Erlang's formula
    python benchmarks/size.py losses --seeds 5      # the pairs of two M/G/c/c against Erlang's formula
    python benchmarks/size.py kept --searches 200   # how often the value found does not suffice
    python benchmarks/size.py frontier --searches 200   # how often a pair found does not suffice

`erlang`: Poisson arrivals go straight to ICU and leave if no bed is free; stays have a gamma distribution.
The least beds that lose fewer than 5 % of the patients are Erlang B's, whatever the distribution of stays.
The search must find these or the next, once per seed.

`losses`: ICU and oxygen beds, each an M/G/c/c of its own, that together lose fewer than 5 % of the patients.
The pairs found must be those of Erlang's formula, or one bed more.

`kept`: searches whose risk at each value is known, because a breach is drawn rather than simulated: the
runs of one replication share a uniform number, as those of the model share random numbers. The value found
must not have a risk above the bound more often than the stated confidence allows. Half of the searches are as
hard as can be: the strongest value that does not suffice is only just above the bound.

`frontier`: the same for two levers of six values each. All pairs that do not suffice are only just above the
bound. No pair found may have a risk above the bound more often than the stated confidence allows.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from decision_cases import loss_queue, two_loss_queues

import surgesim
from surgesim.decisions.search import Condition, Goal, frontier, search

Floats = NDArray[np.float64]

PER_DAY, STAY, OXYGEN_STAY, LOST = 2.0, 3.0, 2.0, 0.05


def erlang_b(load: float, beds: int) -> float:
    """Return the share lost in M/G/c/c."""
    terms = [load**k / math.factorial(k) for k in range(beds + 1)]
    return terms[-1] / sum(terms)


def least_beds() -> int:
    """Return the least beds that lose fewer than LOST."""
    return next(beds for beds in range(1, 100) if erlang_b(PER_DAY * STAY, beds) < LOST)


def erlang(first: int, seeds: int, days: int, workers: int) -> None:
    """Search once per seed, from `first` to `seeds`, and print what is found beside Erlang's answer."""
    known = least_beds()
    found: Counter[str] = Counter()
    runs = 0
    for seed in range(first, seeds + 1):
        done = surgesim.size(
            loss_queue(known, per_day=PER_DAY, stay=STAY, days=days),
            "care.facilities.alpha.beds.icu",
            (known - 3, known + 4),
            outcome={"deaths_untreated": LOST * PER_DAY * days},
            seed=seed,
            workers=workers,
        )
        found[str(done.value)] += 1
        runs += done.answer["runs"]
        say(f"seed {seed}: {done.value} beds, {done.answer['runs']} runs")
    right = found[str(known)] + found[str(known + 1)]
    count = seeds - first + 1
    say(f"Erlang B: {known} beds; found {dict(found)}; {right} of {count} are these or the next; {runs} runs")


def least_pairs(icu: Sequence[int], oxygen: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs of beds that lose fewer than LOST of the patients, of which no weaker one does."""
    enough = [
        (i, o)
        for i, o in itertools.product(icu, oxygen)
        if (erlang_b(PER_DAY * STAY, i) + erlang_b(PER_DAY * OXYGEN_STAY, o)) / 2 < LOST
    ]
    return [(i, o) for i, o in enough if not {(i - 1, o), (i, o - 1)} & set(enough)]


def losses(first: int, seeds: int, days: int, workers: int) -> None:
    """Search two levers once per seed, and print the pairs found beside Erlang's answer."""
    icu, oxygen = range(8, 14), range(5, 12)
    known = least_pairs(icu, oxygen)
    right = runs = 0
    for seed in range(first, seeds + 1):
        done = surgesim.frontier(
            two_loss_queues(icu[0], oxygen[0], days=days),
            ("care.facilities.alpha.beds.icu", icu[0], icu[-1]),
            ("care.facilities.alpha.beds.oxygen", oxygen[0], oxygen[-1]),
            outcome={"deaths_untreated": LOST * 2 * PER_DAY * days},
            steps=(1, 1),
            prices=(1.0, 2.0),
            seed=seed,
            workers=workers,
        )
        corners = [(int(i), int(o)) for i, o in done.answer["corners"]]
        near = all(any(0 <= i - k + o - n <= 1 for k, n in known) for i, o in corners)
        right += near and len(corners) > 0
        runs += done.answer["runs"]
        say(f"seed {seed}: {corners}, cheapest {done.answer['least']}, {done.answer['runs']} runs")
    say(f"Erlang B: {known}; {right} of {seeds - first + 1} are these or one bed more; {runs} runs")


def risks(hard: bool, rng: np.random.Generator, count: int, risk: float) -> Floats:
    """Return a falling risk by value, below the bound from a random value on."""
    first = int(rng.integers(1, count))
    falling = np.sort(rng.random(count))[::-1]
    above = risk + (1 - risk) * falling[:first]
    if hard:
        above[-1] = risk * 1.0001
    return np.concatenate([above, risk * 0.9 * falling[first:]])


def one_search(
    truth: Floats, risk: float, confidence: float, most: int, rng: np.random.Generator
) -> tuple[str, int, int]:
    """Search values with known risks; return the status, the place found and the number of runs."""
    uniforms = rng.random(most)
    done = [0] * len(truth)

    def run(places: Sequence[int], n: int) -> None:
        for place in places:
            done[place] = max(done[place], n)

    def values(place: int, outcome: str) -> Floats:
        return (uniforms[: done[place]] < truth[place]).astype(float)

    goal = Goal((Condition("breached_x", risk),), confidence, most)
    answer = search(len(truth), goal, run, values)
    return answer.status, answer.place, sum(done)


def kept(searches: int, confidence: float, most: int) -> tuple[int, int]:
    """Return how many searches found a value whose risk is above the bound, and how many found any."""
    rng = np.random.default_rng(1)
    wrong = found = runs = 0
    for number in range(searches):
        truth = risks(number % 2 == 0, rng, 17, 0.2)
        status, place, used = one_search(truth, 0.2, confidence, most, rng)
        runs += used
        if status != "unreachable":
            found += 1
            wrong += truth[place] >= 0.2
    say(
        f"{searches} searches, confidence {confidence:.0%}: {found} found a value, {wrong} of these do not "
        f"suffice ({wrong / searches:.1%}, allowed {1 - confidence:.0%}); {runs / searches:.0f} runs each, "
        f"a grid with as many at each value {17 * most}"
    )
    return wrong, found


def one_frontier(confidence: float, most: int, rng: np.random.Generator) -> tuple[float, int]:
    """Search pairs with known risks; return the worst risk of a pair found, and the number of runs."""
    uniforms = rng.random(most)
    done: dict[tuple[int, int], int] = {}

    def risk(pair: tuple[int, int]) -> float:
        return 0.2001 if sum(pair) < 5 else 0.05

    def run(pairs: Sequence[tuple[int, int]], n: int) -> None:
        done.update({pair: max(n, done.get(pair, 0)) for pair in pairs})

    def values(pair: tuple[int, int], outcome: str) -> Floats:
        return (uniforms[: done[pair]] < risk(pair)).astype(float)

    found = frontier(6, 6, Goal((Condition("breached_x", 0.2),), confidence, most), run, values)
    return max(map(risk, found.corners), default=0.0), sum(done.values())


def kept_frontier(searches: int, confidence: float, most: int) -> None:
    """Print in how many searches a pair found does not suffice."""
    rng = np.random.default_rng(1)
    found = [one_frontier(confidence, most, rng) for _ in range(searches)]
    wrong, runs = sum(risk > 0.2 for risk, _ in found), sum(used for _, used in found)
    say(
        f"{searches} frontiers, confidence {confidence:.0%}: a pair of {wrong} does not suffice "
        f"({wrong / searches:.1%}, allowed {1 - confidence:.0%}); {runs / searches:.0f} runs each, a grid "
        f"with as many at each pair {36 * most}"
    )


def say(line: str) -> None:
    """Print a line immediately."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("what", choices=("erlang", "losses", "kept", "frontier"))
    parser.add_argument("--seeds", type=int, default=20, help="last seed of `erlang`, `losses` (default: 20)")
    parser.add_argument("--first", type=int, default=1, help="first seed of these (default: 1)")
    parser.add_argument("--days", type=int, default=400, help="days of the theory in a run (default: 400)")
    parser.add_argument("--workers", type=int, default=1, help="number of processes (default: 1)")
    parser.add_argument(
        "--searches", type=int, default=200, help="searches of `kept` and `frontier` (default: 200)"
    )
    parser.add_argument(
        "--most", type=int, default=400, help="replications at a value or pair (default: 400)"
    )
    given = parser.parse_args()
    if given.what in ("erlang", "losses"):
        of = erlang if given.what == "erlang" else losses
        of(given.first, given.seeds, given.days, given.workers)
    else:
        for confidence in (0.9, 0.8, 0.5):
            if given.what == "frontier":
                kept_frontier(given.searches, confidence, given.most)
                continue
            kept(given.searches, confidence, given.most)


if __name__ == "__main__":
    main()
