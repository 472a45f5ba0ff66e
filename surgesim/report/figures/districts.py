"""Figure of the districts: a tile each, coloured by deaths per 100,000 residents.

Scenarios give no coordinates, so that tiles lie by travel time and not as on a map.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from surgesim.model.indicators import PER
from surgesim.report.figures.page import (
    GREY,
    SMALL_SIZE,
    WIDTH,
    EmptyFigureError,
    Look,
    legend,
    page,
    province_only,
    wrap,
)
from surgesim.report.words import day_month, phrase, rounded
from surgesim.scenario.schema import BASELINE

if TYPE_CHECKING:
    from surgesim.study.results import Results

SHADES: Final = ("#FFF5EB", "#FDD0A2", "#FDAE6B", "#E6650A", "#8C2D04")
"""Fifths of the range from the least to the most, from the lightest on; the darkest carries white letters."""

MOST_COLUMNS: Final = 6
TILE: Final = 0.95
"""Height of a tile in inches."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A district with its deaths and reported cases per 100,000 residents, and the day of most cases."""

    title: str
    deaths: float
    cases: float
    peak: date


def districts(
    results: Results, *, lang: str = "en", alternative: str = BASELINE, area: str | None = None
) -> Figure:
    """A tile for each district, by travel time to the province's centre."""
    province_only("districts", area)
    tiles = tiles_of(results, alternative, lang)
    if len(tiles) < 2:
        raise EmptyFigureError(f"scenario {results.scenario.name!r} has a single district")
    columns = min(MOST_COLUMNS, max(2, round(len(tiles) ** 0.5 * 1.3)))
    rows = -(-len(tiles) // columns)
    figure = page(
        results,
        phrase(lang, "figure.districts_title"),
        rows * TILE + 0.6,
        lang=lang,
        alternative=alternative,
        notes=[phrase(lang, "figure.districts_note")],
    )
    axes = figure.subplots()
    low, high = min(tile.deaths for tile in tiles), max(tile.deaths for tile in tiles)
    width = (WIDTH - 0.4) / columns - 0.1
    for place, tile in enumerate(tiles):
        row, column = divmod(place, columns)
        shade = _shade(tile.deaths, low, high)
        axes.add_patch(
            Rectangle(
                (column + 0.02, row + 0.03),
                0.96,
                0.94,
                facecolor=SHADES[shade],
                edgecolor=GREY,
                linewidth=0.5,
            )
        )
        ink = "white" if shade == len(SHADES) - 1 else "black"
        title = wrap(tile.title, width, SMALL_SIZE, "bold")
        axes.text(column + 0.06, row + 0.09, title, size=SMALL_SIZE, weight="bold", color=ink, va="top")
        said = phrase(
            lang,
            "figure.tile",
            deaths=rounded(tile.deaths, lang),
            cases=rounded(tile.cases, lang),
            peak=day_month(tile.peak, lang),
        )
        axes.text(
            column + 0.06, row + 0.93, said, size=SMALL_SIZE - 0.5, color=ink, va="bottom", linespacing=1.25
        )
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.set_axis_off()
    step = (high - low) / len(SHADES)
    if step > 0:
        legend(
            figure,
            [
                (
                    Look(shade, "", GREY).patch,
                    phrase(
                        lang,
                        "figure.shade",
                        low=rounded(low + k * step, lang),
                        high=rounded(low + (k + 1) * step, lang),
                    ),
                )
                for k, shade in enumerate(SHADES)
            ],
        )
    return figure


def _shade(value: float, low: float, high: float) -> int:
    if high == low:
        return 0
    return min(int((value - low) / (high - low) * len(SHADES)), len(SHADES) - 1)


def tiles_of(results: Results, alternative: str, lang: str) -> list[Tile]:
    """The districts by travel time, with sums of the daily means of daily_districts.csv."""
    people = results.scenario.alternative(alternative).people.districts
    table = results.daily_districts
    table = table[table["alternative"] == alternative]
    by = {(area, what): rows for (area, what), rows in table.groupby(["area", "indicator"], sort=False)}
    tiles = []
    for name in sorted(people, key=lambda name: people[name].travel_hours):
        cases, deaths = by[name, "reported_cases"], by[name, "deaths"]
        per = PER / people[name].population
        most = int(cases["mean"].to_numpy(dtype=float).argmax())
        tiles.append(
            Tile(
                title=people[name].title.get(lang),
                deaths=float(deaths["mean"].sum()) * per,
                cases=float(cases["mean"].sum()) * per,
                peak=cases["date"].iloc[most].date(),
            )
        )
    return tiles
