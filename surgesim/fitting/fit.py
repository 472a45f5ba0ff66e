"""The fit of a scenario to data: rounds of runs and updates, stored as they complete."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import FitError, Problem, ResultsError
from surgesim.fitting import cautions
from surgesim.fitting.cautions import Caution
from surgesim.fitting.data import Data, Source, read_data
from surgesim.fitting.history import begun_with_history, data_of_history, earlier_infections, warm_up_days
from surgesim.fitting.members import FIRST_RUN, Member, Task, refused, runs
from surgesim.fitting.observations import Observation, observations, values_of
from surgesim.fitting.smoother import Round, settle, update, weights
from surgesim.fitting.tables import draws_frame, fit_frame, posterior_frame, width_ratios
from surgesim.fitting.unknowns import Priors, Unknowns, draws_overlay, unknowns_of
from surgesim.log import logged
from surgesim.model.clock.streams import Streams
from surgesim.scenario.door import Files, certain
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import whole, with_extensions
from surgesim.study.compute.environment import COMPUTING, environment, now, versions
from surgesim.study.compute.replicate import keep_alternatives
from surgesim.study.results import Output
from surgesim.study.store.contents import FIT, FORMAT
from surgesim.study.store.csv_files import write_csv
from surgesim.study.store.folder import Folder, scenario_text, tell_kept
from surgesim.study.store.manifest import read_manifest
from surgesim.study.store.unfinished import Failure, Form, Unfinished

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

MEMBERS: Final = 160
ROUNDS: Final = 4
REPLICATES: Final = 20
NOISE: Final = 0.1

WARM_UP: Final = "warm_up_days"
"""Name of a key of scenarios, and of the manifest entry of a fit to a scenario's own history."""

_LEAST_MEMBERS: Final = 10
_LEAST_REPLICATES: Final = 5
_TABLES: Final = ("draws", "fit", "posterior")
_SCENARIO: Final = "scenario.yaml"


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The result of a fit; docs/fitting.md documents its tables.

    Attributes
    ----------
    scenario
        The scenario that was passed to `fit`.
    draws
        Joint draws, with a column per path and a row per member: the form of `study.draws`.
    fit
        Each observation, with its quantiles in the runs of the prior and of the posterior.
    posterior
        Each unknown, with the quantiles of its prior and posterior, and the ratio of their widths.
    warnings
        Reasons to doubt the fit: sentences, with what other languages need.
    manifest
        Everything needed to repeat the fit.
    folder
        The folder in which the result is stored; None if it is only in memory.
    """

    scenario: Scenario
    draws: pd.DataFrame
    fit: pd.DataFrame
    posterior: pd.DataFrame
    warnings: tuple[Caution, ...]
    manifest: Mapping[str, Any]
    folder: Path | None = None

    @property
    def overlay(self) -> dict[str, object]:
        """The overlay that makes a scenario draw from the posterior: ``scenario.overlaid(fit.overlay)``."""
        rows = [
            [int(value) if float(value).is_integer() else float(value) for value in row]
            for row in self.draws.itertuples(index=False, name=None)
        ]
        overlay = draws_overlay(self.scenario, [str(path) for path in self.draws.columns], rows)
        if self.warm_up_days is None:
            return overlay
        infections = earlier_infections(self.scenario)
        epidemic = {"epidemic": {"initial_infections": infections}} if infections else {}
        return overlay | epidemic | {WARM_UP: self.warm_up_days}

    @property
    def warm_up_days(self) -> int | None:
        """Days from the first report to the start; None unless the fit was to the scenario's history."""
        days: int | None = self.manifest[FIT].get(WARM_UP)
        return days


@dataclass(frozen=True, slots=True)
class _Plan:
    """The plan of a fit: its scenario, data, unknowns and settings.

    Attributes
    ----------
    short
        The scenario to fit, without alternatives and as long as the data.
    """

    scenario: Scenario
    short: Scenario
    targets: tuple[Observation, ...]
    unknowns: Unknowns
    noise: Floats
    seed: int
    members: int
    rounds: int
    replicates: int

    @property
    def runs_of_round(self) -> int:
        """Number of runs in a round: one per member, and replicates at the members' mean."""
        return self.members + self.replicates

    @property
    def total(self) -> int:
        """Total number of runs; at the end, the members run once more, without replicates."""
        return self.rounds * self.runs_of_round + self.members


def fit(
    scenario: Scenario,
    data: Source | None = None,
    *,
    priors: Priors | None = None,
    defaults: bool = True,
    fixed: Collection[str] = (),
    members: int = MEMBERS,
    rounds: int = ROUNDS,
    replicates: int = REPLICATES,
    noise: float = NOISE,
    seed: int | None = None,
    extensions: Files = (),
    workers: int | Backend | None = None,
    progress: bool = False,
    out: str | Path | Output | None = None,
    resume: bool = False,
) -> Fit:
    """Fit a scenario with an epidemic to data, by an ensemble smoother.

    Parameters
    ----------
    scenario
        A scenario loaded with `surgesim.load`. Its alternatives are left out of the fit.
    data
        A CSV file or a DataFrame with the column `date`, a column `district` if there are data by district,
        and any of `reported_cases`, `admissions`, `in_hospital`, `on_oxygen`, `icu` and `deaths`. By default
        the scenario's own `history`: the epidemic then begins on the first day of the history, and the draws
        are for a scenario whose warm-up begins on that day.
    priors
        The 5th and 95th percentiles of priors for additional paths, such as
        ``{"epidemic.immunity.waned.severe": (0.4, 0.8)}``. Parameters in `study.uncertainty` are also
        unknowns.
    defaults
        False to fit only `priors` and `study.uncertainty`.
    fixed
        Unknowns to leave at the scenario's value.
    members, rounds, replicates
        Number of members in the ensemble; number of rounds, each of which runs the members and updates them;
        and number of additional runs per round at the ensemble's mean, which measure chance.
    noise
        Standard deviation of the noise in the log of a weekly value, in addition to chance in the model.
    seed
        Overrides the scenario's seed.
    extensions, workers, progress, resume
        As for `surgesim.run`.
    out
        Result folder to write (by default none). Until the fit is complete, its rounds are in
        ``<out>.unfinished``.

    Returns
    -------
    Fit
        Draws, tables and warnings; identical for any number of workers, and whether or not the fit was
        interrupted.

    Raises
    ------
    FitError
        If data or priors cannot be used, if the priors exclude the data, or if nearly all members die out
        or are refused by the scenario.
    ResultsError
        If `out` cannot be written, or there is an unfinished fit with a different plan.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> fit = surgesim.fit(town, "daily.csv")  # doctest: +SKIP
    >>> surgesim.run(town.overlaid(fit.overlay), replications=50).breaches  # doctest: +SKIP
    """
    scenario = with_extensions(scenario, extensions)
    _check_numbers(members, rounds, replicates, noise)
    _check_scenario(scenario)
    warm_up = warm_up_days(scenario) if data is None else None
    fitted = scenario if data is not None else begun_with_history(scenario)
    if data is None:
        known = read_data(data_of_history(scenario), fitted, "history")
    else:
        known = read_data(data, fitted)
    unknowns = unknowns_of(fitted, known, priors or {}, defaults=defaults, fixed=fixed)
    plan = _plan(
        scenario,
        fitted,
        known,
        unknowns,
        seed=scenario.study.seed if seed is None else whole("seed", seed),
        numbers=(int(members), int(rounds), int(replicates)),
        noise=noise,
    )
    entry = _entry(plan, known, noise, warm_up)
    backend, output, started = Backend.of(workers).with_bar(progress), Output.of(out), now()
    with contextlib.ExitStack() as stack:
        stack.enter_context(logged())
        if output is None:
            return _result(plan, _assimilate(plan, backend, None), _manifest(plan, entry, started))
        folder = stack.enter_context(Folder(output.folder, FIT))
        kept = Unfinished(
            folder.target, FIT, entry, {scenario.name: scenario_text(scenario)}, plan.rounds + 1, _PARTS
        )
        if resume and _is_complete(folder.target, entry):
            kept.finish(backend)
            return read_fit(folder.target, scenario)
        opened = kept.opened(
            resume=resume, backend=backend, is_complete=lambda stored: _is_complete(folder.target, stored)
        )
        with opened:
            found = _result(plan, _assimilate(plan, backend, kept), _manifest(plan, entry, started))
            _write(folder.path, found)
            failed = output.add_extras(found, folder.path)
        sealed = folder.seal({**found.manifest, **output.notes, "extras_failed": failed})
        kept.finish(backend)
        tell_kept(folder, backend)
        return Fit(scenario, found.draws, found.fit, found.posterior, found.warnings, sealed, folder.target)


def read_fit(folder: Path | str, scenario: Scenario) -> Fit:
    """Read the stored fit of a scenario.

    Raises
    ------
    ResultsError
        If the folder contains no fit, or is damaged.
    """
    import pandas as pd

    folder = Path(folder)
    manifest = read_manifest(folder, FIT)
    try:
        draws, against, posterior = (pd.read_csv(folder / f"{name}.csv", na_filter=False) for name in _TABLES)
        warnings = cautions.of_manifest(manifest)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{folder}: damaged ({error})") from error
    against["date"] = pd.to_datetime(against["date"])
    return Fit(scenario, draws, against, posterior, warnings, manifest, folder)


def _check_numbers(members: int, rounds: int, replicates: int, noise: float) -> None:
    problems = [
        Problem(name, f"got {value!r}, expected a whole number of at least {least}")
        for name, value, least in (
            ("members", members, _LEAST_MEMBERS),
            ("rounds", rounds, 1),
            ("replicates", replicates, _LEAST_REPLICATES),
        )
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least
    ]
    if not 0 < noise <= 10:
        problems.append(Problem("noise", f"got {noise!r}, expected a number above 0, at most 10"))
    if problems:
        raise FitError(problems)


def _check_scenario(scenario: Scenario) -> None:
    if scenario.epidemic is None:
        raise FitError(
            [Problem("arrivals", "got a scenario with given arrivals, expected one with an epidemic")]
        )
    if scenario.study.draws is not None:
        message = "got joint draws, expected none (study.draws: none): a fit makes its own"
        raise FitError([Problem("study.draws", message)])


def _plan(
    scenario: Scenario,
    fitted: Scenario,
    data: Data,
    unknowns: Unknowns,
    *,
    seed: int,
    numbers: tuple[int, int, int],
    noise: float,
) -> _Plan:
    targets = observations(data, fitted.start)
    if not targets:
        raise FitError([Problem("date", "got no week that lies entirely within the run")])
    days = (data.last - fitted.start).days + 1
    short = keep_alternatives(certain(fitted), ()).overlaid({"days": days})
    variances = np.full(len(targets), noise**2)
    return _Plan(scenario, short, targets, unknowns, variances, seed, *numbers)


def _entry(plan: _Plan, data: Data, noise: float, warm_up: int | None) -> dict[str, Any]:
    """Return the identity of a fit: everything that its result depends on."""
    scenario = plan.scenario
    entry: dict[str, Any] = {
        "data_sha256": data.sha256,
        "unknowns": {unknown.name: str(unknown.prior) for unknown in plan.unknowns.each},
        "members": plan.members,
        "rounds": plan.rounds,
        "replicates": plan.replicates,
        "noise": noise,
        "seed": plan.seed,
        "runs": plan.rounds + 1,
        "scenarios": {scenario.name: hashlib.sha256(scenario_text(scenario).encode()).hexdigest()},
        "versions": {name: version for name, version in versions().items() if name in COMPUTING},
    }
    if warm_up is not None:
        entry[WARM_UP] = warm_up
    if scenario.extensions:
        entry["extensions"] = scenario.extensions.hashes
    return entry


def _manifest(plan: _Plan, entry: Mapping[str, Any], started: str) -> dict[str, Any]:
    return {
        **environment(),
        "scenario": plan.scenario.name,
        "last_day": max(each.date for each in plan.targets).isoformat(),
        FIT: dict(entry),
        "started": started,
    }


@dataclass(frozen=True, slots=True)
class _Ensembles:
    """The levels of prior and posterior, the observations of their runs, and the warnings."""

    prior: Floats
    posterior: Floats
    prior_runs: Floats
    posterior_runs: Floats
    warnings: tuple[Caution, ...]


def _assimilate(plan: _Plan, backend: Backend, kept: Unfinished[Floats] | None) -> _Ensembles:
    """Run and update the ensemble in rounds; rounds that are already stored are not run again."""
    warnings = list(cautions.few_members(plan.members, len(plan.unknowns)))
    data = np.log1p(values_of(plan.targets))
    prior = levels = plan.unknowns.draw(plan.members, Streams(plan.seed, FIRST_RUN).once("fit"))
    prior_runs = np.empty((0, 0))
    before: Round | None = None
    backend.report(0, plan.total)
    for round_ in range(plan.rounds):
        check = _first_check(plan, warnings) if round_ == 0 else None
        found = _round(plan, round_, levels, backend, kept, check)
        bad = refused(found)
        extinct = ~bad & cautions.extinct(plan.targets, found)
        of_members = slice(plan.members)
        cautions.check_survivors(extinct[of_members], bad[of_members])
        warnings += _refusals(plan, round_, levels, bad)
        warnings += cautions.extinctions(extinct[of_members], round_ + 1)
        goes_on = ~(bad | extinct)
        rng = Streams(plan.seed, FIRST_RUN + round_).once("fit update")
        chosen = _replaced(goes_on[of_members], rng)
        if round_ == 0:
            prior_runs = found[of_members][~bad[of_members]]
        of_mean = slice(plan.members, None)
        alive = found[of_mean][goes_on[of_mean]]
        apart = alive if len(alive) >= _LEAST_REPLICATES else found[of_mean][~bad[of_mean]]
        current = Round(levels[chosen], np.log1p(found[chosen]), np.log1p(apart))
        if round_ < plan.rounds - 1:
            levels = update(current, before, data, plan.noise, plan.rounds, rng)
            before = current
        else:
            ran = np.vstack([levels, np.tile(levels.mean(axis=0), (plan.replicates, 1))])
            sums = weights(before or current, plan.noise)
            levels = settle(prior, ran[goes_on], np.log1p(found[goes_on]), sums, data, plan.noise)
    posterior_runs = _round(plan, plan.rounds, levels, backend, kept)
    bad = refused(posterior_runs)
    cautions.check_survivors(np.zeros_like(bad), bad)
    warnings += _refusals(plan, plan.rounds, levels, bad)
    chosen = _replaced(~bad, Streams(plan.seed, FIRST_RUN + plan.rounds).once("fit update"))
    levels, posterior_runs = levels[chosen], posterior_runs[chosen]
    ratios = width_ratios(prior, levels)
    warnings += cautions.collapse(plan.unknowns.names, ratios)
    warnings += cautions.misfit(plan.targets, posterior_runs, plan.noise)
    warnings += cautions.no_information(plan.unknowns.names, ratios)
    return _Ensembles(prior, levels, prior_runs, posterior_runs, tuple(warnings))


def _replaced(good: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the index of each member, or of a good one at random in place of one that is not good."""
    return np.where(good, np.arange(len(good)), rng.choice(np.flatnonzero(good), len(good)))


def _refusals(plan: _Plan, round_: int, levels: Floats, bad: NDArray[np.bool_]) -> Iterator[Caution]:
    """Say if the scenario refuses runs of a round, and why it refuses the first."""
    if bad.any():
        tasks = list(_tasks(plan, round_, levels))
        why = Member(plan.short, plan.seed, plan.targets).refusal(tasks[int(bad.argmax())])
        yield cautions.refusal(bad, round_ + 1, why)


def _first_check(plan: _Plan, warnings: list[Caution]) -> Callable[[Floats], None]:
    """Return a function that checks the runs of the prior before they are stored."""

    def check(found: Floats) -> None:
        members = found[: plan.members]
        ran = members[~refused(members)]
        if len(ran):
            warnings.extend(cautions.outside_prior(plan.targets, ran, np.sqrt(plan.noise)))

    return check


def _round(
    plan: _Plan,
    round_: int,
    levels: Floats,
    backend: Backend,
    kept: Unfinished[Floats] | None,
    check: Callable[[Floats], None] | None = None,
) -> Floats:
    """Return the observations of a round: of members, then of replicates, which the final round lacks."""
    done = round_ * plan.runs_of_round
    stored = None if kept is None or not kept.done[round_] else kept.read(round_)
    if stored is None or isinstance(stored, Failure):
        member = Member(plan.short, plan.seed, plan.targets)
        found = runs(
            member,
            list(_tasks(plan, round_, levels)),
            backend,
            lambda count: backend.report(done + count, plan.total),
        )
    else:
        found = stored
        backend.report(done + len(found), plan.total)
    if check is not None:
        check(found)
    if kept is not None and not kept.done[round_]:
        kept.add(round_, found)
    return found


def _tasks(plan: _Plan, round_: int, levels: Floats) -> Iterator[Task]:
    """Yield the runs of a round, each with random numbers of its own."""
    first = FIRST_RUN + round_ * plan.runs_of_round
    values = plan.unknowns.values(levels).tolist()
    if round_ < plan.rounds:
        (mean,) = plan.unknowns.values(levels.mean(axis=0, keepdims=True)).tolist()
        values += [mean] * plan.replicates
    for number, row in enumerate(values):
        yield Task(first + number, plan.unknowns.settings(row))


def _result(plan: _Plan, found: _Ensembles, manifest: dict[str, Any]) -> Fit:
    draws = draws_frame(plan.unknowns, plan.unknowns.values(found.posterior))
    against = fit_frame(plan.targets, found.prior_runs, found.posterior_runs)
    posterior = posterior_frame(plan.unknowns, found.prior, found.posterior)
    complete = {
        **manifest,
        "warnings": list(found.warnings),
        "cautions": [caution.plain for caution in found.warnings],
        "ended": now(),
    }
    return Fit(plan.scenario, draws, against, posterior, found.warnings, complete)


def _write(folder: Path, found: Fit) -> None:
    for name in _TABLES:
        write_csv(folder / f"{name}.csv", getattr(found, name))
    text = scenario_text(found.scenario.overlaid(found.overlay))
    (folder / _SCENARIO).write_text(text, encoding="utf-8", newline="\n")


def _is_complete(target: Path, entry: Mapping[str, Any]) -> bool:
    """Return whether `target` contains a completed fit with this identity."""
    with contextlib.suppress(ResultsError):
        stored = {key: value for key, value in entry.items() if key != FORMAT}
        return bool(read_manifest(target, FIT)[FIT] == json.loads(json.dumps(stored)))
    return False


def _table(found: Floats) -> Any:
    import pyarrow as pa

    return pa.table({str(i): found[:, i] for i in range(found.shape[1])})


def _array(table: Any) -> Floats:
    return np.column_stack([column.to_numpy() for column in table.columns])


_PARTS: Final[Form[Floats]] = Form(_table, _array, "zstd")
"""The format in which the observations of a round are stored: a table with a row per run."""
