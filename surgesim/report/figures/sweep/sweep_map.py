"""The figure of a grid sweep: the breach probability for each pair of values of two varied paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from surgesim.errors import ResultsError
from surgesim.report.figures.drawing.page import (
    GREY,
    PROBABILITIES,
    SMALL_SIZE,
    broken,
    legend,
    page_width,
    project_style,
    settle,
    source,
    with_heading,
)
from surgesim.report.names import alternative_title, threshold_title
from surgesim.report.paths import path_words
from surgesim.report.words import LANGUAGES, number, percent, percent_range, phrase
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.breaches import SITUATION
from surgesim.study.sweep.design import GRID

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.sweep.result import Sweep

SWEEP_MAP: Final = "sweep-map"
"""Name of the figure."""

ROW: Final = 0.5
"""Height of a row of cells, in inches."""


def sweep_map(
    sweep: Sweep,
    *,
    lang: str = "en",
    x: str | None = None,
    y: str | None = None,
    threshold: str = SITUATION,
    alternative: str = BASELINE,
    scenario: str | None = None,
    width: float | None = None,
) -> Figure:
    """Draw the breach probability for each pair of values of two paths of a sweep.

    The probability is averaged over the values of all other varied paths, as the note states.

    Parameters
    ----------
    x, y
        The paths on the horizontal and vertical axes; by default, the first two paths with several values.
    threshold
        Name of a threshold, or ``situation`` for the declared emergency.
    scenario
        Name of a scenario of the sweep; by default, the first.
    width
        Width in inches; by default 18 cm.

    Raises
    ------
    ResultsError
        If the sweep is not a grid of two paths, or a path, threshold, alternative or scenario is unknown.
    """
    scenario = next(iter(sweep.scenarios)) if scenario is None else scenario
    table = _rows(sweep, lang, scenario, alternative, threshold)
    x, y = _paths(sweep, x, y)
    others = [path for path in sweep.paths if path not in (x, y) and sweep.design[path].nunique() > 1]
    table = table.merge(sweep.design, on="point")
    across, upwards = _levels(sweep.design[x]), _levels(sweep.design[y])
    of = sweep.scenarios[scenario].alternative(alternative)
    what = phrase(lang, "figure.sweep_map_title", threshold=threshold_title(of, threshold, lang))
    with project_style(width):
        figure = with_heading(
            phrase(lang, "figure.heading", province=of.title.get(lang), what=what),
            _notes(sweep, scenario, alternative, others, lang),
            max(ROW * len(upwards), 1.4) + 1.3,
            source(sweep.scenarios[scenario], sweep.manifest, lang),
        )
        axes = figure.subplots()
        for column, at_x in enumerate(across):
            for row, at_y in enumerate(upwards):
                here = table[(table[x] == at_x) & (table[y] == at_y) & (table["replications"] > 0)]
                _cell(axes, column, row, here, lang, pooled=bool(others), narrow=len(across) > 8)
        axes.set_xlim(0, len(across))
        axes.set_ylim(0, len(upwards))
        axes.set_xticks([place + 0.5 for place in range(len(across))], [_written(v, lang) for v in across])
        axes.set_yticks([place + 0.5 for place in range(len(upwards))], [_written(v, lang) for v in upwards])
        axes.tick_params(length=0)
        axes.grid(False)
        axes.set_xlabel(broken(path_words(of, x, lang), page_width() - 1, SMALL_SIZE))
        axes.set_ylabel(broken(path_words(of, y, lang), max(ROW * len(upwards), 1.4), SMALL_SIZE))
        for spine in axes.spines.values():
            spine.set_visible(False)
        classes = [
            phrase(lang, "figure.calendar_class", low=percent(low, lang), high=percent(high, lang))
            for low, high, _ in PROBABILITIES
        ]
        legend(
            figure, [(look.patch, text) for (_, _, look), text in zip(PROBABILITIES, classes, strict=True)]
        )
        settle(figure)
    return figure


def _rows(sweep: Sweep, lang: str, scenario: str, alternative: str, threshold: str) -> pd.DataFrame:
    """Return the rows of breaches.csv to draw."""
    table = sweep.breaches
    for what, got, known in (
        ("language", lang, LANGUAGES),
        ("scenario", scenario, tuple(sweep.scenarios)),
        ("alternative", alternative, tuple(dict.fromkeys(table["alternative"]))),
        ("threshold", threshold, tuple(dict.fromkeys(table["threshold"]))),
    ):
        if got not in known:
            raise ResultsError(f"got {what} {got!r}, expected one of {', '.join(map(str, known))}")
    return table[
        (table["scenario"] == scenario)
        & (table["alternative"] == alternative)
        & (table["threshold"] == threshold)
    ]


def _paths(sweep: Sweep, x: str | None, y: str | None) -> tuple[str, str]:
    """Return the paths of the x and y axes, as requested or by default."""
    plan = sweep.manifest["sweep"]
    if plan["design"] != GRID:
        raise ResultsError(
            f"{sweep.folder}: got design {plan['design']}, expected {GRID} for the figure {SWEEP_MAP}"
        )
    varied = [path for path in sweep.paths if sweep.design[path].nunique() > 1]
    for path in (x, y):
        if path is not None and path not in varied:
            raise ResultsError(f"got path {path!r}, expected one of {', '.join(varied)}")
    if len(varied) < 2:
        raise ResultsError(
            f"{sweep.folder}: got {len(varied)} path with several values, expected two or more"
            f" for the figure {SWEEP_MAP}"
        )
    first = x if x is not None else next(path for path in varied if path != y)
    second = y if y is not None else next(path for path in varied if path != first)
    if first == second:
        raise ResultsError(f"got path {first!r} for both axes, expected two different paths")
    return first, second


def _levels(column: pd.Series[Any]) -> list[Any]:
    """Return the values of a path, sorted if they are numbers, otherwise in order of appearance."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    values = list(dict.fromkeys(column))
    return sorted(values) if is_numeric_dtype(column) and not is_bool_dtype(column) else values


def _notes(sweep: Sweep, scenario: str, alternative: str, others: Sequence[str], lang: str) -> list[str]:
    plan = sweep.manifest["sweep"]
    title = alternative_title(sweep.scenarios[scenario], alternative, lang)
    points, runs = number(plan["points"], lang), number(plan["replications"], lang)
    key = "figure.sweep_map_mean" if others else "figure.sweep_map_note"
    return [
        title if alternative == BASELINE else phrase(lang, "figure.under", alternative=title),
        phrase(
            lang,
            key,
            points=points,
            runs=runs,
            paths="; ".join(path_words(sweep.scenarios[scenario], path, lang) for path in others),
        ),
    ]


def _cell(
    axes: Any, column: int, row: int, here: pd.DataFrame, lang: str, *, pooled: bool, narrow: bool
) -> None:
    """Draw the cell of a pair of values, with its probability and, if not `pooled`, the interval."""
    runs = float(here["replications"].sum())
    share = float((here["probability"] * here["replications"]).sum()) / runs if runs else None
    place = next(
        (k for k, (low, high, _) in enumerate(PROBABILITIES) if share is not None and low < share <= high),
        None,
    )
    axes.add_patch(
        Rectangle(
            (column, row),
            1,
            1,
            facecolor="white" if place is None else PROBABILITIES[place][2].colour,
            edgecolor=GREY,
            linewidth=0.4,
        )
    )
    ink = "white" if place is not None and place >= len(PROBABILITIES) - 2 else "black"
    said = "–" if share is None else percent(share, lang)
    interval = share is not None and not pooled and not narrow
    middle = {"ha": "center", "color": ink, "weight": "normal"}
    at = column + 0.5
    axes.text(at, row + (0.62 if interval else 0.5), said, va="center", size=SMALL_SIZE, **middle)
    if interval:
        low, high = (float(here[f"probability_{end}"].iloc[0]) for end in ("low", "high"))
        between = f"({percent_range(low, high, lang)})"
        axes.text(at, row + 0.27, between, va="center", size=SMALL_SIZE, **middle)


def _written(value: Any, lang: str) -> str:
    return str(value) if isinstance(value, (str, bool)) else number(float(value), lang)
