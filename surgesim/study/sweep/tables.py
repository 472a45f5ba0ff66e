"""The tables of a sweep: definitions of their columns, and construction in chunks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from surgesim.model.outcomes import OUTCOMES
from surgesim.model.record import Column
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import SITUATION, share_interval
from surgesim.study.measures.compare import DAYS_BREACHED, FIRST_DAY, comparison_rows
from surgesim.study.precision import NO_EVENT, NOT_MEASURED, TOO_FEW, WIDE
from surgesim.study.store.csv_files import ten_digits
from surgesim.study.tables.columns import (
    BY_GROUP,
    BY_THRESHOLD,
    COMPARISON,
    DRAWN,
    OWN_OUTCOME,
    TEXT,
    Table,
    outcome_units,
    own_sides,
    with_dtypes,
)

if TYPE_CHECKING:
    import pandas as pd

_SCENARIO = Column("scenario", TEXT, "name of the scenario")
_POINT = Column("point", "index", "index of the point in design.csv, from 0")
_REPLICATION = Column(
    "replication", "index", "index of the replication; its random numbers are the same at all points"
)
_ALTERNATIVE = Column("alternative", TEXT, "name of the alternative; `baseline` is the scenario itself")

DESIGN = Table(
    "design",
    "point of the design",
    (
        Column("point", "index", "index of the point, from 0"),
        Column("<path>", "as the parameter", "value of the dotted path; one column per varied path"),
    ),
)

RUNS = Table(
    "runs",
    "scenario × point × replication × alternative; failed runs have no row",
    (
        _SCENARIO,
        _POINT,
        _REPLICATION,
        _ALTERNATIVE,
        *(outcome.column for outcome in OUTCOMES),
        OWN_OUTCOME,
        *BY_GROUP,
        *BY_THRESHOLD,
        Column("<outcome>", "as the function", "value of an outcome of your own (`sweep(outcomes=…)`)"),
        Column(f"{DRAWN}<path>", "as the parameter", "as in replications.csv"),
    ),
)

SWEEP_BREACHES = Table(
    "breaches",
    "scenario × point × alternative × threshold, plus one row for the situation",
    (
        _SCENARIO,
        _POINT,
        _ALTERNATIVE,
        Column("threshold", TEXT, "name of the threshold; `situation` is the declared emergency"),
        Column("replications", "index", "number of runs that did not fail"),
        Column(
            "probability",
            "share",
            "share of these runs with a breach on at least one day; thresholds not assessed have no row",
        ),
        Column("probability_low", "share", "lower end of the 95 % Wilson interval of `probability`"),
        Column("probability_high", "share", "upper end of the 95 % Wilson interval of `probability`"),
        Column(
            "first_day_mean",
            "days",
            "mean first day in breach, where a run without a breach counts as the number of days of the "
            "scenario; empty if a run is undecided",
        ),
        Column("days_breached_mean", "days", "mean number of days in breach"),
    ),
)

FAILURES = Table(
    "failures",
    "failed run",
    (_SCENARIO, _POINT, _REPLICATION, Column("error", TEXT, "error message of the run")),
)

RUN_KEYS = RUNS.columns[:4]
POINT_KEYS = RUN_KEYS[:2]

SWEEP_COMPARISON = Table(
    COMPARISON.name,
    "scenario × point × alternative × outcome, paired with the baseline run by run; only if alternatives are "
    "run",
    (
        _SCENARIO,
        _POINT,
        *(
            column._replace(meaning=column.meaning.replace("replications.csv", f"{RUNS.name}.csv"))
            for column in COMPARISON.columns
        ),
    ),
    later=COMPARISON.later,
)

SWEEP_PRECISION = Table(
    "precision",
    "scenario × point × alternative × outcome with a requested precision; only if one is requested",
    (
        _SCENARIO,
        _POINT,
        _ALTERNATIVE,
        Column("outcome", TEXT, "a column of runs.csv"),
        Column("replications", "index", "number of runs of the point, failed ones included"),
        Column(
            "wanted_share",
            "share",
            "requested half-width of the 95 % interval of the mean, as a share of the mean",
        ),
        Column("half_width_share", "share", "its half-width, as a share of the mean; empty if undefined"),
        Column(
            "why_not",
            TEXT,
            f"empty if the precision was reached; otherwise `{WIDE}`: the interval is too wide; "
            f"`{NO_EVENT}`: no event in any run; `{NOT_MEASURED}`: measured in no run; `{TOO_FEW}`: measured "
            "in only one",
        ),
    ),
)

SWEEP_TABLES = (DESIGN, RUNS, SWEEP_BREACHES, SWEEP_COMPARISON, SWEEP_PRECISION, FAILURES)


def design_frame(points: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Build the table of design.csv."""
    import pandas as pd

    frame = pd.DataFrame(list(points))
    for name, cells in frame.items():
        if cells.dtype.kind == "O":
            frame[name] = _same_kind(cells)
    frame.insert(0, "point", np.arange(len(points)))
    return frame


def _same_kind(cells: Iterable[Any]) -> list[Any]:
    """Convert cells of mixed types, lists or mappings to texts: words unchanged, other values as JSON."""
    cells = list(cells)
    kinds = {type(cell) for cell in cells if cell is not None}
    if len(kinds) <= 1 and not kinds & {dict, list}:
        return cells
    return [
        cell if cell is None or isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
        for cell in cells
    ]


def run_columns(scenarios: Iterable[Scenario], own: Iterable[str] = ()) -> list[str]:
    """Return the columns of runs.csv, with `own` outcomes; `scenarios` contains every alternative."""
    scenarios = list(scenarios)
    drawn = [f"{DRAWN}{path}" for scenario in scenarios for path in scenario.study.drawn]
    keys = [column.name for column in RUN_KEYS]
    return [*keys, *outcome_units(scenarios), *own, *dict.fromkeys(drawn)]


def runs_frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Build a table from rows of runs.csv, with all columns and the digits of the file."""
    import pandas as pd

    frame = with_dtypes(RUNS, pd.DataFrame(list(rows), columns=list(columns)))
    numbers = {name: ten_digits(cells.to_numpy()) for name, cells in frame.items() if cells.dtype.kind == "f"}
    return frame.assign(**{str(name): cells for name, cells in numbers.items()})


def breach_frame(runs: pd.DataFrame, runs_together: Mapping[str, int]) -> pd.DataFrame:
    """Build the rows of breaches.csv for some points from all their rows of runs.csv.

    `runs_together` is the number of replications that share a draw, by scenario.
    """
    names = [name.removeprefix(DAYS_BREACHED) for name in runs.columns if name.startswith(DAYS_BREACHED)]
    rows: list[dict[str, Any]] = []
    by = ["scenario", "point", "alternative"]
    for keys, group in runs.groupby(by, sort=False):
        at = dict(zip(by, keys, strict=True))
        rows += _breach_rows(at, group, names, runs_together[str(at["scenario"])])
    return table_frame(SWEEP_BREACHES, rows)


def _breach_rows(
    keys: Mapping[str, Any], group: pd.DataFrame, names: Sequence[str], together: int
) -> Iterator[dict[str, Any]]:
    columns = {name: f"{DAYS_BREACHED}{name}" for name in names}
    if f"{FIRST_DAY}{SITUATION}" in group.columns:
        columns[SITUATION] = "situation_days"
    for name, column in columns.items():
        breached, first = group[column].to_numpy(), group[f"{FIRST_DAY}{name}"].to_numpy()
        if np.isnan(first).any() and not (breached > 0).any():
            continue  # the alternative lacks the threshold, or it is not assessed
        low, high = share_interval(breached > 0, together, group["replication"].to_numpy())
        yield {
            **keys,
            "threshold": name,
            "replications": len(group),
            "probability": (breached > 0).mean(),
            "probability_low": low,
            "probability_high": high,
            "first_day_mean": first.mean(),
            "days_breached_mean": breached.mean(),
        }


def outcome_sides(scenarios: Sequence[Scenario], own: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the unit of each outcome, and the better direction of those for which surgesim has none.

    An outcome of your own has no better direction. `scenarios` contains every alternative.
    """
    own = list(own)
    return (
        {**outcome_units(scenarios), **dict.fromkeys(own, "")},
        {**own_sides(scenarios), **dict.fromkeys(own, "")},
    )


def comparison_frame(
    runs: pd.DataFrame, units: Mapping[str, str], runs_together: Mapping[str, int], sides: Mapping[str, str]
) -> pd.DataFrame:
    """Build the rows of comparison.csv for some points from all their rows of runs.csv.

    `runs_together` is as in `breach_frame`; `units` and `sides` are those of `outcome_sides`.
    """
    by = ["scenario", "point"]
    rows = [
        {**dict(zip(by, keys, strict=True)), **row}
        for keys, group in runs.groupby(by, sort=False)
        for row in comparison_rows(group, units, runs_together[str(keys[0])], sides)
    ]
    return table_frame(SWEEP_COMPARISON, rows)


def table_frame(table: Table, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Build a table from its rows."""
    import pandas as pd

    return with_dtypes(table, pd.DataFrame(list(rows), columns=[column.name for column in table.columns]))
