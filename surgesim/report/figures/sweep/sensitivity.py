"""The figures of the parameters that drive outcomes: an index per parameter path, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from surgesim.report.figures.drawing.page import (
    BLACK,
    BLUE,
    PANEL_SIZE,
    SMALL_SIZE,
    VERMILION,
    broken,
    legend,
    number_ticks,
    page_width,
    project_style,
    settle,
    source,
    text_height,
    with_heading,
    wrap_evenly,
)
from surgesim.report.names import alternative_title
from surgesim.report.paths import path_words
from surgesim.report.prose.drivers import (
    best_kinds,
    cautions,
    compared,
    in_order,
    outcome_name,
    share_name,
    without_interval,
)
from surgesim.report.words import number, percent, phrase
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.sensitivity import (
    CHANCE,
    FIRST,
    FIRST_CORRECTED,
    PARTIAL,
    RANK,
    SHARE,
    TOTAL,
    TOTAL_CORRECTED,
)

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.study.results import Results
    from surgesim.study.sweep.result import Sweep

NAME_WIDTH: Final = 2.4
ROW: Final = 0.34

_LOOKS: Final = {
    FIRST: ("o", BLUE),
    TOTAL: ("s", VERMILION),
    FIRST_CORRECTED: ("o", BLUE),
    TOTAL_CORRECTED: ("s", VERMILION),
    RANK: ("o", BLUE),
    PARTIAL: ("s", VERMILION),
    SHARE: ("o", BLUE),
}


def draw_sensitivity(sweep: Sweep, table: pd.DataFrame, scenario: str, alternative: str, lang: str) -> Figure:
    """Draw a panel per outcome with a row per parameter, ordered by importance for the first outcome."""
    of = table[(table["scenario"] == scenario) & (table["alternative"] == alternative)]
    kinds = best_kinds(of)
    rows, chance = of[of["index"].isin(kinds)], of[of["index"] == CHANCE]
    outcomes = list(dict.fromkeys(rows["outcome"]))
    first = rows[(rows["outcome"] == outcomes[0]) & (rows["index"] == kinds[-1])]
    paths = list(first.sort_values("value", key=abs, ascending=False, kind="stable")["path"])
    names = [
        broken(path_words(sweep.scenarios[scenario], path, lang), NAME_WIDTH, SMALL_SIZE) for path in paths
    ]
    plan = sweep.manifest["sweep"]
    plan_title = alternative_title(sweep.scenarios[scenario], alternative, lang)
    notes = [
        plan_title if alternative == BASELINE else phrase(lang, "figure.under", alternative=plan_title),
        phrase(
            lang,
            "figure.sensitivity_note",
            points=number(plan["points"], lang),
            runs=" – ".join(number(count, lang) for count in sorted(set(_replications(sweep)))),
        ),
        *(
            phrase(
                lang,
                "figure.sensitivity_chance",
                outcome=outcome_name(row["outcome"], lang),
                share=percent(row["value"], lang),
            )
            for _, row in chance.iterrows()
        ),
    ]
    if rows["value"].isna().any():
        notes.append(phrase(lang, "figure.sensitivity_untold"))
    if without_interval(rows):
        notes.append(phrase(lang, "drivers.no_interval"))
    notes += cautions(sweep, lang)
    swept = sweep.scenarios[scenario]
    return _draw(rows, paths, names, _title(swept, lang), notes, source(swept, sweep.manifest, lang), lang)


def _replications(sweep: Sweep) -> tuple[int, int]:
    """Return the smallest and the largest number of replications of a point."""
    plan = sweep.manifest["sweep"]
    if "precision" not in plan:
        return plan["replications"], plan["replications"]
    return sweep.precision["replications"].min(), sweep.precision["replications"].max()


def draw_shares(results: Results, table: pd.DataFrame, alternative: str, against: str, lang: str) -> Figure:
    """Draw a panel per outcome with the shares of its variance: chance, assumptions, and each parameter."""
    of = table[(table["alternative"] == alternative) & (table["against"] == against)]
    first = in_order(of[of["outcome"] == of["outcome"].iloc[0]])
    places = list(zip(first["index"], first["path"], strict=True))
    keys = [path or index for index, path in zip(of["index"], of["path"], strict=True)]
    rows = of.assign(path=keys, index=SHARE)
    names = [
        broken(share_name(results.scenario, index, path, lang), NAME_WIDTH, SMALL_SIZE)
        for index, path in places
    ]
    notes = [
        compared(results.scenario, alternative, against, lang),
        phrase(
            lang,
            "figure.shares_note",
            draws=number(results.manifest["replications"] // results.scenario.study.runs_per_draw, lang),
            runs=number(results.scenario.study.runs_per_draw, lang),
        ),
    ]
    title = _title(results.scenario, lang)
    caption = source(results.scenario, results.manifest, lang)
    return _draw(rows, [path or index for index, path in places], names, title, notes, caption, lang)


def _title(scenario: Scenario, lang: str) -> str:
    what = phrase(lang, "figure.sensitivity_title")
    return phrase(lang, "figure.heading", province=scenario.title.get(lang), what=what)


def _draw(
    rows: pd.DataFrame,
    paths: Sequence[str],
    names: Sequence[str],
    title: str,
    notes: Sequence[str],
    caption: str,
    lang: str,
) -> Figure:
    """Draw a panel per outcome with the values of each path, labelled with its entry in `names`."""
    outcomes = list(dict.fromkeys(rows["outcome"]))
    kinds = list(dict.fromkeys(rows["index"]))
    body = sum(max(ROW, text_height(name, SMALL_SIZE) + 0.1) for name in names) + 0.9
    with project_style():
        figure = with_heading(title, notes, body, caption)
        panels = figure.subplots(1, len(outcomes), squeeze=False, sharey=True)[0]
        for axes, outcome in zip(panels, outcomes, strict=True):
            of_outcome = rows[rows["outcome"] == outcome].set_index(["path", "index"])
            for place, path in enumerate(paths):
                for k, kind in enumerate(kinds):
                    marker, colour = _LOOKS[kind]
                    at = place + 0.24 * (k - (len(kinds) - 1) / 2)
                    row = of_outcome.loc[(path, kind)]
                    axes.plot([row["low"], row["high"]], [at, at], color=colour, linewidth=1.3, zorder=3)
                    axes.plot([row["value"]], [at], marker=marker, color=colour, markersize=4.5, zorder=4)
            axes.axvline(0, color=BLACK, linewidth=0.9, zorder=2)
            width = (page_width() - NAME_WIDTH) / len(outcomes) - 0.3
            axes.set_title(wrap_evenly(outcome_name(outcome, lang), width, PANEL_SIZE, "bold"))
            number_ticks(axes, lang, "x", ticks=4)
            axes.grid(True, axis="x")
            axes.tick_params(axis="y", length=0, labelsize=SMALL_SIZE)
        panels[0].set_yticks(range(len(paths)), names)
        panels[0].set_ylim(len(paths) - 0.5, -0.5)
        handles = [
            (
                Line2D([], [], color=colour, marker=marker, markersize=4.5),
                phrase(lang, f"sensitivity.{kind}"),
            )
            for kind in kinds
            for marker, colour in [_LOOKS[kind]]
        ]
        legend(figure, handles)
        settle(figure)
    return figure
