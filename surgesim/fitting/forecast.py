"""A forecast: a fit to the scenario's history, and a run of the next weeks that draws from it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import FitError, Problem, ResultsError
from surgesim.fitting.beds import FACILITY_COLUMNS as OF_BEDS
from surgesim.fitting.beds import beds_by_place
from surgesim.fitting.cautions import NO_INFORMATION
from surgesim.fitting.fit import MEMBERS, REPLICATES, ROUNDS, Fit, read_fit
from surgesim.fitting.fit import fit as fit_to_history
from surgesim.fitting.future import DAMPING, DRIFT, Course, infecting, with_future
from surgesim.fitting.history import past_of
from surgesim.fitting.hubverse import FACILITY_COLUMNS as OF_TARGETS
from surgesim.fitting.hubverse import areas_of, weekly_quantiles
from surgesim.fitting.oxygen import FACILITY_COLUMNS as OF_OXYGEN
from surgesim.fitting.oxygen import hours_of_oxygen
from surgesim.scenario.door import Files
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import alternative_names, whole, with_extensions
from surgesim.study.measures.breaches import PROVINCE_AREA
from surgesim.study.measures.quantiles import quantile
from surgesim.study.results import Extras, Output, Results
from surgesim.study.run import run
from surgesim.study.store.contents import FIT, FORECAST, FORECAST_FILES, RUN
from surgesim.study.store.csv_files import ten_digits, write_csv
from surgesim.study.store.folder import Folder, scenario_text
from surgesim.study.store.temporary import temporary_folder

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

WEEKS: Final = 4
REPLICATIONS: Final = 100

_WEEK: Final = 7
_PACE_QUANTILES: Final = {"p5": 0.05, "p50": 0.5, "p95": 0.95}
_DATES: Final = ("origin_date", "target_end_date")


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """A forecast; docs/forecasting.md documents its tables.

    Attributes
    ----------
    results
        The run of the next weeks: the baseline, which is the current plan, and the alternatives.
    fit
        The fit from which the run draws.
    quantiles
        Quantiles of the baseline by week and place, in hubverse format.
    pace
        Quantiles of the reproduction number and of the daily growth rate in the first week.
    oxygen
        Quantiles of the hours of oxygen on site, by week and place, for the baseline.
    beds
        Quantiles of patients, staffed beds and oxygen used, by week and place, for the baseline.
    course
        How transmission goes on after the history.
    """

    results: Results
    fit: Fit
    quantiles: pd.DataFrame
    pace: pd.DataFrame
    oxygen: pd.DataFrame
    beds: pd.DataFrame
    course: Course

    @property
    def folder(self) -> Path | None:
        """The folder in which the forecast is stored; None if it is only in memory."""
        return self.results.folder


def forecast(
    scenario: Scenario,
    weeks: int = WEEKS,
    *,
    fit: Fit | str | Path | None = None,
    damping: float = DAMPING,
    drift: float = DRIFT,
    replications: int | None = None,
    only: Sequence[str] | None = None,
    members: int = MEMBERS,
    rounds: int = ROUNDS,
    replicates: int = REPLICATES,
    seed: int | None = None,
    extensions: Files = (),
    workers: int | Backend | None = None,
    progress: bool = False,
    out: str | Path | Output | None = None,
    resume: bool = False,
) -> Forecast:
    """Fit a scenario to its history, and run the next weeks with draws from the fit.

    Parameters
    ----------
    scenario
        A scenario loaded with `surgesim.load` that starts today, with a `history` and preferably a census.
    weeks
        Number of weeks to run.
    fit
        A fit of this scenario to its history, or the folder of one; by default, a new fit.
    damping
        Share of the log of R that is lost per week: transmission falls back towards R = 1. The default was
        chosen on two waves of British Columbia (docs/validation.md).
    drift
        Standard deviation of the random step of the log of R per week. With 0 for both, transmission stays
        as in the last weeks of the history.
    replications
        Runs of each alternative; by default 100, or as many as the draws allow.
    only
        As for `surgesim.run`.
    members, rounds, replicates
        As for `surgesim.fit`, for a new fit.
    seed, extensions, workers, progress, resume
        As for `surgesim.run`.
    out
        Result folder to write (by default none). A new fit is stored in ``<out>-fit``.

    Returns
    -------
    Forecast
        The results of the run, the fit, and the quantiles by week.

    Raises
    ------
    FitError
        If the history is too short, the scenario is shorter than `weeks`, `fit` is for another scenario, or
        `damping` or `drift` is not from 0 to 1.
    ScenarioError, ResultsError
        As for `surgesim.run` and `surgesim.fit`.

    Examples
    --------
    >>> import surgesim
    >>> province = surgesim.load("my-province.yaml")  # doctest: +SKIP
    >>> surgesim.forecast(province, weeks=4).quantiles  # doctest: +SKIP
    """
    scenario = with_extensions(scenario, extensions)
    check_weeks(weeks, scenario)
    course = Course(damping, drift)
    past_of(scenario)
    alternative_names(scenario, only)
    backend, output = Backend.of(workers).with_bar(progress), Output.of(out)
    if output is not None:
        Folder(output.folder, RUN).check()
    with ExitStack() as stack:
        if fit is None:
            made = fit_to_history(
                scenario,
                members=members,
                rounds=rounds,
                replicates=replicates,
                seed=seed,
                workers=backend,
                out=None if output is None else output.folder.with_name(f"{output.folder.name}-fit"),
                resume=resume,
            )
        else:
            made = fit if isinstance(fit, Fit) else read_fit(fit, scenario)
        check_fit(made, scenario)
        target = output or Output(stack.enter_context(temporary_folder()) / "forecast")
        entry = {
            "weeks": weeks,
            "damping": course.damping,
            "drift": course.drift,
            FIT: _entry(made),
        }
        chosen = scenario.study.seed if seed is None else whole("study.seed", seed)
        drawn = _drawn(scenario, made, weeks, replications, chosen)
        if not course.is_constant:
            used = made.draws.head(math.ceil(drawn.study.replications / drawn.study.runs_per_draw))
            draws = with_future(scenario, used, weeks, course, seed=chosen, backend=backend)
            drawn = _drawn(scenario, replace(made, draws=draws), weeks, drawn.study.replications, chosen)
        results = run(
            drawn,
            only=only,
            facility_series=tuple(dict.fromkeys((*OF_TARGETS, *OF_BEDS, *OF_OXYGEN))),
            workers=backend,
            out=Output(target.folder, {**target.notes, FORECAST: entry}, tables(target.extras)),
            resume=resume,
        )
        stored = read_tables(target.folder)
        if output is None:
            results = replace(results, folder=None, open_series=lambda table: None)
    return Forecast(results, made, stored.quantiles, stored.pace, stored.oxygen, stored.beds, course)


def _entry(fit: Fit) -> dict[str, Any]:
    """Return what the manifest of a forecast says of its fit."""
    ratios = fit.posterior["width_ratio"]
    return {
        "days": fit.warm_up_days,
        "series": [str(name) for name in dict.fromkeys(fit.fit["series"])],
        "draws": len(fit.draws),
        "unknowns": len(ratios),
        "uninformed": int((ratios >= NO_INFORMATION).sum()),
        "cautions": [caution.plain for caution in fit.warnings],
    }


def check_weeks(weeks: int, scenario: Scenario) -> None:
    """Raise FitError if the scenario is shorter than this number of weeks."""
    most = scenario.days // _WEEK
    whole = isinstance(weeks, int | np.integer) and not isinstance(weeks, bool)
    if not whole or not 1 <= weeks <= most:
        message = f"got {weeks!r}, expected 1 to {most}: the scenario has {scenario.days} days"
        raise FitError([Problem("weeks", message)])


def check_fit(fit: Fit, scenario: Scenario) -> None:
    """Raise FitError unless `fit` is a fit of this scenario to its own history."""
    digest = hashlib.sha256(scenario_text(scenario).encode()).hexdigest()
    if fit.manifest[FIT]["scenarios"] != {scenario.name: digest}:
        message = (
            "got a fit of another scenario, or of this one before it changed, expected one of this scenario"
        )
        raise FitError([Problem("fit", message)])
    if fit.warm_up_days is None:
        raise FitError([Problem("fit", "got a fit to other data, expected a fit to the scenario's history")])


def _drawn(scenario: Scenario, fit: Fit, weeks: int, replications: int | None, seed: int) -> Scenario:
    """Return the scenario shortened to the next weeks, with draws from a fit.

    The seed is set here, because a scenario cannot be changed later if it has dates after these weeks.
    """
    most = len(fit.draws) * scenario.study.runs_per_draw
    study = {**_section(fit.overlay, "study"), "precision": dict.fromkeys(scenario.study.precision)}
    study["seed"] = seed
    study["replications"] = min(REPLICATIONS, most) if replications is None else replications
    return scenario.overlaid({**fit.overlay, "study": study, "days": weeks * _WEEK})


def _section(overlay: dict[str, object], name: str) -> dict[str, Any]:
    section = overlay[name]
    assert isinstance(section, dict)
    return section


def tables(extras: Extras | None = None) -> Extras:
    """Return a function that writes the tables of a forecast into its folder, and then calls `extras`."""

    def write(results: Results, folder: Path) -> None:
        write_csv(folder / "forecast.csv", weekly_quantiles(folder, results.scenario))
        write_csv(folder / "pace.csv", _pace(folder, results.scenario))
        write_csv(folder / "oxygen.csv", hours_of_oxygen(folder, results.scenario))
        write_csv(folder / "beds.csv", beds_by_place(folder, results.scenario))
        if extras is not None:
            extras(results, folder)

    return write


@dataclass(frozen=True, slots=True, eq=False)
class ForecastTables:
    """The tables that only a forecast has, as in `Forecast`."""

    quantiles: pd.DataFrame
    pace: pd.DataFrame
    oxygen: pd.DataFrame
    beds: pd.DataFrame


def read_tables(folder: Path) -> ForecastTables:
    """Read the tables of a forecast from its folder.

    Raises
    ------
    ResultsError
        If the folder contains no forecast, or its tables are damaged.
    """
    import pandas as pd

    try:
        found = [pd.read_csv(folder / name, na_filter=False) for name in FORECAST_FILES]
        for frame in found:
            for name in {*_DATES} & {*frame.columns}:
                frame[name] = pd.to_datetime(frame[name])
    except OSError as error:
        raise ResultsError(f"{folder}: contains no forecast ({error.strerror or error})") from error
    except ValueError as error:
        raise ResultsError(f"{folder}: damaged ({error})") from error
    return ForecastTables(*found)


def _pace(folder: Path, scenario: Scenario) -> pd.DataFrame:
    """Return quantiles of the reproduction number and the growth of infectious people in the first week.

    Its first day has no evening before it in the run, so both are those of the six days after it.
    """
    import pandas as pd

    daily = areas_of(folder, ["infections", "infectious"])
    daily = daily[(daily["area"] == PROVINCE_AREA) & (daily["day"] < _WEEK)]
    infections, infectious = (
        daily[name].to_numpy(np.float64).reshape(-1, _WEEK) for name in ("infections", "infectious")
    )
    alive = (infectious > 0).all(axis=1)
    assert scenario.epidemic is not None
    days = scenario.epidemic.variant.infectious_days
    caused_by = infecting(infectious[alive], scenario.epidemic.dt_days).sum(axis=1)
    rows = {
        "reproduction_number": days * infections[alive, 1:].sum(axis=1) / caused_by,
        "growth_per_day": np.log(infectious[alive, -1] / infectious[alive, 0]) / (_WEEK - 1),
    }
    levels = list(_PACE_QUANTILES.values())
    found = [quantile(values, levels) if len(values) else np.zeros(len(levels)) for values in rows.values()]
    frame = pd.DataFrame(np.array(found), columns=list(_PACE_QUANTILES))
    frame = frame.assign(**{name: ten_digits(frame[name].to_numpy()) for name in frame.columns})
    frame.insert(0, "quantity", list(rows))
    return frame
