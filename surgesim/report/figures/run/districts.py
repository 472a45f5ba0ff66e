"""The figure of the districts: deaths per 100,000 residents on a map or, without boundaries, on tiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from surgesim.model.epidemic.people import travel_hours
from surgesim.model.record import PER
from surgesim.report.figures.drawing.page import (
    GREY,
    NARROW,
    SMALL_SIZE,
    EmptyFigureError,
    Look,
    Sheet,
    View,
    page,
    page_width,
    text_height,
    text_width,
    wrap,
)
from surgesim.report.figures.drawing.tiles import tile_grid
from surgesim.report.figures.spec import FigureSpec
from surgesim.report.words import day_month, number, phrase, round_off
from surgesim.scenario.schema.boundaries import polygons

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from surgesim.scenario.schema.boundaries import Polygon, Ring

LEAST: Final = "#FFF1E0"
MOST: Final = "#7A1F02"
"""Colours of the lowest and the highest class; those between them get steadily darker."""
CLASSES: Final = 5
"""Number of classes at most."""

TILE: Final = 0.95
"""Height of a tile in inches."""
ROOMY: Final = 1.05
"""Width in inches from which a tile also has reported cases and their peak."""

MAP: Final = 0.62
"""Share of a page's width that the map takes, beside its key."""
HIGHEST: Final = 6.5
"""Height of a map in inches at most."""
_ROW: Final = 0.165
_NAME: Final = 0.11
"""Place of the names in the key, as a share of its width."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A district with its deaths and reported cases per 100,000 residents, and the peak day of cases.

    `cases` and `peak` are None if reported cases are not simulated.
    """

    district: str
    title: str
    deaths: float
    cases: float | None
    peak: date | None


def _draw(view: View) -> Sheet:
    """Draw the districts on a map if the scenario has their boundaries, otherwise on a grid of tiles."""
    tiles = tiles_of(view)
    if len(tiles) < 2:
        raise EmptyFigureError(f"scenario {view.results.scenario.name!r} has only one district")
    edges = class_edges([tile.deaths for tile in tiles])
    boundaries = view.scenario.people.boundaries
    if boundaries is None:
        sheet = _grid(view, tiles, edges)
    else:
        shapes = {name: polygons(wkt) for name, wkt in boundaries.shapes.items()}
        sheet = _map(view, tiles, edges, shapes)
    sheet.legend(
        [
            (
                Look(shade_of(place, len(edges) - 1), "", GREY).patch,
                phrase(
                    view.lang, "figure.class", low=number(low, view.lang, 6), high=number(high, view.lang, 6)
                ),
            )
            for place, (low, high) in enumerate(pairwise(edges))
        ]
    )
    return sheet


def class_edges(values: Sequence[float]) -> list[float]:
    """Return the edges of at most `CLASSES` classes of equal width that cover the values."""
    low, high = min(values), max(values)
    if low == high:
        return [low, high]
    found = (_edges(low, high, bins) for bins in range(CLASSES, 0, -1))
    return next(edges for edges in found if len(edges) <= CLASSES + 1)


def _edges(low: float, high: float, bins: int) -> list[float]:
    """Return round edges of about `bins` classes that cover the range, without classes outside it."""
    edges = MaxNLocator(bins, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    begin = max(int(np.searchsorted(edges, low, side="right")) - 1, 0)
    end = int(np.searchsorted(edges, high, side="left"))
    return [round(float(edge), 9) for edge in edges[begin : end + 1]]


def class_of(value: float, edges: Sequence[float]) -> int:
    """Return the class of a value: it is above the first edge and at most the second; the first has both."""
    return max(int(np.searchsorted(edges, value, side="left")) - 1, 0)


def shade_of(place: int, classes: int) -> str:
    """Return the colour of a class, the lowest being 0."""
    share = place / (classes - 1) if classes > 1 else 0.5
    low, high = to_rgb(LEAST), to_rgb(MOST)
    red, green, blue = (a + share * (b - a) for a, b in zip(low, high, strict=True))
    return to_hex((red, green, blue))


def _ink(colour: str) -> str:
    """Return black or white, whichever is more legible on `colour`."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return "white" if luminance < 0.179 else "black"


def _colour(tile: Tile, edges: Sequence[float]) -> str:
    return shade_of(class_of(tile.deaths, edges), len(edges) - 1)


def _grid(view: View, tiles: Sequence[Tile], edges: Sequence[float]) -> Sheet:
    """Draw a tile per district, neighbours by travel time side by side."""
    lang = view.lang
    cells = tile_grid(travel_hours(view.scenario.people))
    rows, columns = (1 + max(cell[which] for cell in cells) for which in (0, 1))
    width = (page_width() - 0.2) / columns
    titles = [wrap(tile.title, width - 0.12, SMALL_SIZE, "bold") for tile in tiles]
    texts = [
        _text(tile, lang, 0.93 * width) if width >= ROOMY else round_off(tile.deaths, lang) for tile in tiles
    ]
    height = 0.2 + max(
        text_height(f"{title}\n{text}", SMALL_SIZE) for title, text in zip(titles, texts, strict=True)
    )
    sheet = page(
        view,
        phrase(lang, "figure.districts_title"),
        rows * max(height, 0.6) + 0.65,
        notes=[phrase(lang, "figure.districts_note"), phrase(lang, "figure.tiles_note")],
    )
    (axes,) = sheet.panels(1)
    for tile, title, text, (row, column) in zip(tiles, titles, texts, cells, strict=True):
        shade = _colour(tile, edges)
        at = (column + 0.02, row + 0.03)
        axes.add_patch(Rectangle(at, 0.96, 0.94, facecolor=shade, edgecolor=GREY, linewidth=0.5))
        style: dict[str, Any] = {"size": SMALL_SIZE, "color": _ink(shade), "linespacing": 1.25}
        axes.text(column + 0.06, row + 0.09, title, weight="bold", va="top", **style)
        axes.text(column + 0.06, row + 0.92, text, va="bottom", **style)
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.set_axis_off()
    return sheet


def _text(tile: Tile, lang: str, width: float) -> str:
    """Return the text of a tile, in lines of at most `width` inches."""
    deaths = round_off(tile.deaths, lang)
    if tile.cases is None or tile.peak is None:
        text = phrase(lang, "figure.tile_deaths", deaths=deaths)
    else:
        cases, peak = round_off(tile.cases, lang), day_month(tile.peak, lang)
        text = phrase(lang, "figure.tile", deaths=deaths, cases=cases, peak=peak)
    return "\n".join(wrap(line, width, SMALL_SIZE) for line in text.split("\n"))


def _map(
    view: View, tiles: Sequence[Tile], edges: Sequence[float], shapes: dict[str, list[Polygon]]
) -> Sheet:
    """Draw the districts' boundaries, numbered, and a key with their names and deaths."""
    lang = view.lang
    points = np.array([point for shape in shapes.values() for polygon in shape for point in polygon[0]])
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    stretch = 1 / np.cos(np.radians((south + north) / 2))
    beside = page_width() >= NARROW
    width = (page_width() if not beside else MAP * page_width()) - 0.2
    height = min(width * (north - south) * stretch / (east - west), HIGHEST)
    key = _ROW * (len(tiles) + 1.5)
    sheet = page(
        view,
        phrase(lang, "figure.districts_title"),
        (max(height, key) if beside else height + key) + 0.5,
        notes=[phrase(lang, "figure.districts_note")],
    )
    ratios = {"width_ratios": [MAP, 1 - MAP]} if beside else {"height_ratios": [height, key]}
    axes, words = sheet.panels(*((1, 2) if beside else (2, 1)), **ratios)
    axes.set_aspect(stretch)
    axes.set_xlim(west - 0.02 * (east - west), east + 0.02 * (east - west))
    axes.set_ylim(south - 0.02 * (north - south), north + 0.02 * (north - south))
    axes.set_axis_off()
    inch = (east - west) / width
    taken: list[tuple[float, float]] = []
    for place, tile in enumerate(tiles, 1):
        shade = _colour(tile, edges)
        for polygon in shapes[tile.district]:
            axes.add_patch(PathPatch(_path(polygon), facecolor=shade, edgecolor="#333333", linewidth=0.5))
        _number(axes, number(place, lang), shapes[tile.district], _ink(shade), inch, stretch, taken)
    _key(words, tiles, edges, lang, rows=max(height, key) / _ROW if beside else len(tiles) + 1.5)
    return sheet


def _path(polygon: Polygon) -> Path:
    """Return a polygon with its holes as one path: the outer ring anticlockwise, holes clockwise."""
    rings = []
    for place, ring in enumerate(polygon):
        points = np.array(ring)
        outward = _signed_area(points) > 0
        rings.append(Path([*(points if outward == (place == 0) else points[::-1]), points[0]], closed=True))
    return Path.make_compound_path(*rings)


def _signed_area(points: NDArray[np.float64]) -> float:
    x, y = points.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def _number(
    axes: Axes,
    text: str,
    shape: Sequence[Polygon],
    ink: str,
    inch: float,
    stretch: float,
    taken: list[tuple[float, float]],
) -> None:
    """Write the number of a district inside its largest polygon, or beside it if the polygon is too small."""
    largest = max(shape, key=lambda polygon: abs(_signed_area(np.array(polygon[0]))))
    x, y, room = _inside(largest)
    wide, high = text_width(text, SMALL_SIZE, "bold") * inch, text_height(text, SMALL_SIZE) * inch / stretch
    if room >= wide:
        axes.text(x, y, text, size=SMALL_SIZE, weight="bold", color=ink, ha="center", va="center")
        taken.append((x, y))
        return
    right, left = axes.get_xlim()[1] - wide, axes.get_xlim()[0] + wide
    choices = [
        (x + k * wide * np.cos(turn), y + k * high * np.sin(turn))
        for k in (1.2, 1.8, 2.6, 3.6)
        for turn in np.arange(0, 2 * np.pi, np.pi / 4)
    ]
    free = [
        (a, b)
        for a, b in choices
        if left <= a <= right and all(abs(a - c) > 1.3 * wide or abs(b - d) > 1.1 * high for c, d in taken)
    ]
    at = free[0] if free else (x, y)
    taken.append(at)
    axes.annotate(
        text,
        (x, y),
        at,
        size=SMALL_SIZE,
        weight="bold",
        ha="center",
        va="center",
        arrowprops={"arrowstyle": "-", "linewidth": 0.5, "color": "#333333", "shrinkA": 3, "shrinkB": 0},
    )


def _inside(polygon: Polygon) -> tuple[float, float, float]:
    """Return a point inside a polygon and the width of the polygon there: the widest of its middle chords."""
    heights = np.array(polygon[0])[:, 1]
    best = (0.0, 0.0, -1.0)
    for share in (0.5, 0.4, 0.6, 0.3, 0.7):
        y = float(heights.min() + (share + 1e-6) * np.ptp(heights))
        crossed = sorted(x for ring in polygon for x in _crossings(ring, y))
        for a, b in zip(crossed[::2], crossed[1::2], strict=False):
            if b - a > 1.2 * best[2]:
                best = ((a + b) / 2, y, b - a)
    return best


def _crossings(ring: Ring, y: float) -> Iterator[float]:
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y1 <= y) != (y2 <= y):
            yield x1 + (y - y1) / (y2 - y1) * (x2 - x1)


def _key(axes: Axes, tiles: Sequence[Tile], edges: Sequence[float], lang: str, rows: float) -> None:
    """Write a row per district: a number in its colour, its name and its deaths."""
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(max(rows, len(tiles) + 1.5), -0.5)
    heading = phrase(lang, "figure.deaths_100k")
    axes.text(1, 0, heading, size=SMALL_SIZE, color=GREY, ha="right", va="center")
    for place, tile in enumerate(tiles, 1):
        shade = _colour(tile, edges)
        axes.add_patch(
            Rectangle((0, place - 0.42), 0.09, 0.84, facecolor=shade, edgecolor=GREY, linewidth=0.4)
        )
        style: dict[str, Any] = {"size": SMALL_SIZE, "va": "center"}
        axes.text(0.045, place, number(place, lang), ha="center", weight="bold", color=_ink(shade), **style)
        axes.text(_NAME, place, tile.title, **style)
        axes.text(1, place, round_off(tile.deaths, lang), ha="right", **style)


def tiles_of(view: View) -> list[Tile]:
    """Return the districts in scenario order, with sums of daily means from daily_districts.csv."""
    people = view.scenario.people.districts
    table = view.results.daily_districts
    table = table[table["alternative"] == view.alternative]
    by = {(area, what): rows for (area, what), rows in table.groupby(["area", "indicator"], sort=False)}
    tiles = []
    for name, district in people.items():
        cases, deaths = by[name, "reported_cases"], by[name, "deaths"]
        per = PER / district.population
        followed = bool(cases["mean"].notna().any())
        most = int(cases["mean"].to_numpy(dtype=float).argmax())
        tiles.append(
            Tile(
                district=name,
                title=district.title.get(view.lang),
                deaths=float(deaths["mean"].sum()) * per,
                cases=float(cases["mean"].sum()) * per if followed else None,
                peak=cases["date"].iloc[most].date() if followed else None,
            )
        )
    return tiles


def _data(view: View) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame([asdict(tile) for tile in tiles_of(view)]).drop(columns="title")
    return table.rename(columns={"deaths": "deaths_per_100k", "cases": "cases_per_100k", "peak": "peak_date"})


def _describe(view: View) -> Iterator[str]:
    tiles = sorted(tiles_of(view), key=lambda tile: tile.deaths)
    for tile, key in ((tiles[-1], "alt.most_deaths"), (tiles[0], "alt.fewest_deaths")):
        yield phrase(view.lang, key, title=tile.title, value=round_off(tile.deaths, view.lang))


FIGURE: Final = FigureSpec("districts", _draw, _describe, _data, section="districts", place=80)
