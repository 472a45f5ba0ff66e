"""The figure of the districts: one tile each, coloured by deaths per 100,000 residents.

Scenarios contain no coordinates, so tiles are ordered by travel time instead of placed on a map.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from surgesim.model.record import PER
from surgesim.report.figures.drawing.page import (
    GREY,
    SMALL_SIZE,
    WIDTH,
    EmptyFigureError,
    Look,
    legend,
    page,
    wrap,
)
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import day_month, phrase, round_off

if TYPE_CHECKING:
    from surgesim.study.results import Results

NONE: Final = "#FFF5EB"
MOST: Final = "#8C2D04"
"""Colours for zero and for the most deaths; values between them get an interpolated colour."""
STEPS: Final = 5
"""Number of colours in the legend."""

MOST_COLUMNS: Final = 6
TILE: Final = 0.95
"""Height of a tile in inches."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A district with its deaths and reported cases per 100,000 residents, and the peak day of cases.

    `cases` and `peak` are None if reported cases are not simulated.
    """

    title: str
    deaths: float
    cases: float | None
    peak: date | None


def _draw(results: Results, lang: str, alternative: str) -> Figure:
    """Draw a tile for each district, ordered by travel time to the province's centre."""
    tiles = tiles_of(results, alternative, lang)
    if len(tiles) < 2:
        raise EmptyFigureError(f"scenario {results.scenario.name!r} has only one district")
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
    most = max(tile.deaths for tile in tiles)
    width = (WIDTH - 0.4) / columns - 0.1
    for place, tile in enumerate(tiles):
        row, column = divmod(place, columns)
        shade = shade_of(tile.deaths, most)
        axes.add_patch(
            Rectangle(
                (column + 0.02, row + 0.03),
                0.96,
                0.94,
                facecolor=shade,
                edgecolor=GREY,
                linewidth=0.5,
            )
        )
        ink = _ink(shade)
        title = wrap(tile.title, width, SMALL_SIZE, "bold")
        axes.text(column + 0.06, row + 0.09, title, size=SMALL_SIZE, weight="bold", color=ink, va="top")
        said = phrase(lang, "figure.tile_deaths", deaths=round_off(tile.deaths, lang))
        if tile.cases is not None and tile.peak is not None:
            said = phrase(
                lang,
                "figure.tile",
                deaths=round_off(tile.deaths, lang),
                cases=round_off(tile.cases, lang),
                peak=day_month(tile.peak, lang),
            )
        axes.text(
            column + 0.06, row + 0.93, said, size=SMALL_SIZE - 0.5, color=ink, va="bottom", linespacing=1.25
        )
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.set_axis_off()
    if most > 0:
        values = [most * k / (STEPS - 1) for k in range(STEPS)]
        legend(
            figure,
            [(Look(shade_of(value, most), "", GREY).patch, round_off(value, lang)) for value in values],
        )
    return figure


def shade_of(value: float, most: float) -> str:
    """Return the colour of `value`, interpolated between the colours of 0 and `most`."""
    share = value / most if most else 0.0
    low, high = to_rgb(NONE), to_rgb(MOST)
    red, green, blue = (a + share * (b - a) for a, b in zip(low, high, strict=True))
    return to_hex((red, green, blue))


def _ink(colour: str) -> str:
    """Return black or white, whichever is more legible on `colour`."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return "white" if luminance < 0.179 else "black"


def tiles_of(results: Results, alternative: str, lang: str) -> list[Tile]:
    """Return the districts' tiles by travel time, with sums of daily means from daily_districts.csv."""
    people = results.scenario.alternative(alternative).people.districts
    table = results.daily_districts
    table = table[table["alternative"] == alternative]
    by = {(area, what): rows for (area, what), rows in table.groupby(["area", "indicator"], sort=False)}
    tiles = []
    for name in sorted(people, key=lambda name: people[name].travel_hours):
        cases, deaths = by[name, "reported_cases"], by[name, "deaths"]
        per = PER / people[name].population
        followed = bool(cases["mean"].notna().any())
        most = int(cases["mean"].to_numpy(dtype=float).argmax())
        tiles.append(
            Tile(
                title=people[name].title.get(lang),
                deaths=float(deaths["mean"].sum()) * per,
                cases=float(cases["mean"].sum()) * per if followed else None,
                peak=cases["date"].iloc[most].date() if followed else None,
            )
        )
    return tiles


def _describe(results: Results, lang: str, alternative: str) -> Iterator[str]:
    tiles = sorted(tiles_of(results, alternative, lang), key=lambda tile: tile.deaths)
    for tile, key in ((tiles[-1], "alt.most_deaths"), (tiles[0], "alt.fewest_deaths")):
        yield phrase(lang, key, title=tile.title, value=round_off(tile.deaths, lang))


FIGURE: Final = FigureSpec("districts", _draw, _describe, section="districts", place=80)
