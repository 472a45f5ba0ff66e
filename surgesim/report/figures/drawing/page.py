"""The elements shared by all figures: page, heading, legend, colours, date and number axes.

pyplot is not used: a figure belongs to its caller and needs no display.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from matplotlib import rcParams, style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from surgesim.errors import ResultsError
from surgesim.report.names import alternative_title
from surgesim.report.words import LANGUAGES, day_month, month_year, number, phrase
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.study.results import Results

BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
PURPLE: Final = "#CC79A7"
BLACK: Final = "#000000"
GREY: Final = "#666666"

MARGIN: Final = 0.06
TITLE_SIZE: Final = 10.5
PANEL_SIZE: Final = 9.0
SMALL_SIZE: Final = 8.0
"""Font sizes in points; at every width of a figure, no text is smaller than `SMALL_SIZE`."""

NARROW: Final = 5.0
"""Below this width in inches, panels are one above another."""
_NAMES: Final = 0.96  # height of row names, which are set closer, over `text_height`
_LINE: Final = 1.3  # line height over font size
_HINTING: Final = 1.03  # text is this much wider on a pixel grid than on paper
_LEGEND: Final[dict[str, Any]] = {"handlelength": 2.6, "columnspacing": 1.2}
_ROW: Final = 0.19  # inches for a row of a legend
_ROWS: Final = 2  # rows of a legend that the height of a figure includes
_HANDLE: Final = 0.5  # inches for a legend handle and the space around it
_STYLE: Final = Path(__file__).with_name("surgesim.mplstyle")
_MONTHLY_AFTER_DAYS: Final = 370
_DECIMALS: Final = 6  # decimals of an axes' position, as a share of the page


class EmptyFigureError(ResultsError):
    """Raised if the results contain no data for a figure, e.g. because the scenario has no thresholds."""

    reason = "because there is nothing to show"


class ProvinceOnlyError(ResultsError):
    """Raised if a district is requested for a figure that covers only the whole province."""

    reason = "because they cover only the whole province"


@dataclass(frozen=True, slots=True)
class View:
    """What a figure shows.

    Attributes
    ----------
    results, lang, alternative
        The results, the language (``en`` or ``vi``) and the alternative.
    area
        Name of a district; None for the whole province.
    axes
        Axes to draw in; None for a figure of its own, with heading, legend and source.
    """

    results: Results
    lang: str = "en"
    alternative: str = BASELINE
    area: str | None = None
    axes: Sequence[Axes] | None = None

    @property
    def scenario(self) -> Scenario:
        """The scenario of the alternative."""
        return self.results.scenario.alternative(self.alternative)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A figure to fill with panels and a legend: one of its own, or axes that the caller gave."""

    figure: Figure
    given: Sequence[Axes] | None = None

    def panels(self, rows: int, columns: int = 1, **layout: Any) -> list[Axes]:
        """Return the axes of a grid, row by row, or those given; `layout` is as for `Figure.subplots`.

        Raises
        ------
        ResultsError
            If other than ``rows * columns`` axes were given.
        """
        if self.given is None:
            return list(self.figure.subplots(rows, columns, squeeze=False, **layout).flat)
        if len(self.given) != rows * columns:
            raise ResultsError(f"got {len(self.given)} axes, expected {rows * columns} for this figure")
        return list(self.given)

    def legend(self, entries: Sequence[tuple[Artist, str]]) -> None:
        """Add a legend below all panels, or below the last of the axes given."""
        if self.given is None:
            legend(self.figure, entries)
        else:
            below: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0, -0.25), "ncols": 2}
            self.given[-1].legend(*zip(*entries, strict=True), **below, **_LEGEND)


@contextmanager
def project_style(width: float | None = None) -> Iterator[None]:
    """Apply the project's style within the context, ignoring user settings.

    `width` is the width of figures in inches; by default 18 cm, to fit a printed page.
    """
    with style.context(str(_STYLE), after_reset=True):
        if width is not None:
            rcParams["figure.figsize"] = (width, rcParams["figure.figsize"][1])
        yield


def page_width() -> float:
    """Return the width in inches of figures in the style in effect."""
    return float(rcParams["figure.figsize"][0])


def columns_of(panels: int, most: int) -> int:
    """Return the number of columns for a grid of panels: at most `most`, and one on a narrow page."""
    return 1 if page_width() < NARROW else min(panels, most)


def check_choice(results: Results, lang: str, alternative: str, area: str | None) -> None:
    """Raise ResultsError for an unknown language, alternative or area."""
    for what, got, known in (
        ("language", lang, LANGUAGES),
        ("alternative", alternative, results.alternatives),
        ("area", area, (None, *results.scenario.people.districts)),
    ):
        if got not in known:
            names = ", ".join(str(name) for name in known if name is not None)
            raise ResultsError(f"got {what} {got!r}, expected one of {names}")


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width in inches of the widest line of `text` at font size `size` (points)."""
    return max(
        sum(_width(word, size, weight) for word in line.split(" "))
        + line.count(" ") * _width(" ", size, weight)
        for line in text.split("\n")
    )


@lru_cache(maxsize=4096)
def _width(word: str, size: float, weight: str) -> float:
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(word, font, ismath=False)
    return float(width) / 72 * _HINTING


def text_height(text: str, size: float) -> float:
    """Return the height in inches of `text` at font size `size` (points), including line spacing."""
    return (text.count("\n") + 1) * size * _LINE / 72


def wrap(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Break `text` at spaces so that no line is wider than `width` inches.

    A word is not broken, even if it is wider, and lines do not break at no-break spaces.
    """
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def broken(name: str, width: float, size: float) -> str:
    """Break a name as `wrap` does; a dotted path, which has no spaces, also at its dots."""
    if " " in name:
        return wrap(name, width, size)
    return wrap(name.replace(".", ". "), width, size).replace(". ", ".")


def wrap_evenly(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Wrap `text` into the fewest lines that fit `width` inches, and make the lines similar in length."""
    full = wrap(text, width, size, weight)
    tries = (wrap(text, width * share, size, weight) for share in np.arange(0.5, 1.0, 0.05))
    return next((tried for tried in tries if tried.count("\n") == full.count("\n")), full)


def row_edges(names: Sequence[str], least: float, gap: float) -> list[float]:
    """Return the edges of rows in inches from the top.

    Each row is as high as its name needs and at least `least`, with `gap` to the next.
    """
    heights = (max(_NAMES * text_height(name, SMALL_SIZE), least) + gap for name in names)
    return [0.0, *accumulate(heights)]


def row_names(
    axes: Axes, edges: Sequence[float], names: Sequence[str], *, labelled: bool = True
) -> list[float]:
    """Write the names of rows beside a panel, from the top down; return the middles of the rows."""
    middles = [(top + bottom) / 2 for top, bottom in pairwise(edges)]
    axes.set_ylim(edges[-1], 0)
    axes.set_yticks(middles, names, size=SMALL_SIZE, linespacing=1.1)
    axes.tick_params(axis="y", length=0, labelleft=labelled)
    axes.grid(False, axis="y")
    axes.spines["left"].set_visible(False)
    return middles


def page(view: View, what: str, body: float, *, notes: Sequence[str] = (), plans: bool = False) -> Sheet:
    """Create a figure whose title, number of runs, alternative and notes are above, and its source below.

    Parameters
    ----------
    what
        Title of the figure, placed after the province's name.
    body
        Height in inches between heading and source.
    notes
        Further notes below the title.
    plans
        True if the figure shows several alternatives, so that it names none.
    """
    if view.axes is not None:
        return Sheet(view.axes[0].get_figure(root=True), view.axes)  # type: ignore[arg-type]
    results, lang = view.results, view.lang
    lines = [phrase(lang, "figure.replications", n=number(replications(results), lang)), *notes]
    if not plans:
        plan = alternative_title(results.scenario, view.alternative, lang)
        under = phrase(lang, "figure.under", alternative=plan)
        lines.insert(0, plan if view.alternative == BASELINE else under)
    title = phrase(lang, "figure.heading", province=results.scenario.title.get(lang), what=what)
    return Sheet(with_heading(title, lines, body, source(results.scenario, results.manifest, lang)))


def source(scenario: Scenario, manifest: Mapping[str, Any], lang: str) -> str:
    """Return the caption of a figure: the version of surgesim, and the scenario with its hash."""
    of = {scenario.name: manifest.get("scenario_sha256", ""), **manifest.get("scenarios", {})}
    version = manifest.get("versions", {}).get("surgesim", __version__)
    sha256 = str(of[scenario.name])[:12]
    key = "figure.source" if sha256 else "figure.source_in_memory"
    return phrase(lang, key, version=version, scenario=scenario.name, sha256=sha256)


def with_heading(title: str, notes: Sequence[str], body: float, caption: str) -> Figure:
    """Create an empty figure with `title`, below it `notes`, and at its bottom `caption`."""
    width = page_width()
    title = wrap_evenly(title, width - 2 * MARGIN, TITLE_SIZE, "bold")
    note = wrap("; ".join(notes), width - 2 * MARGIN, SMALL_SIZE)
    caption = wrap(caption, width - 2 * MARGIN, SMALL_SIZE)
    title_height, note_height = text_height(title, TITLE_SIZE), text_height(note, SMALL_SIZE)
    heading = MARGIN + title_height + note_height + 0.06
    foot = MARGIN + text_height(caption, SMALL_SIZE)
    height = heading + body + foot
    figure = Figure(figsize=(width, height), layout="constrained")
    for text, down, size, weight, colour in (
        (title, MARGIN, TITLE_SIZE, "bold", BLACK),
        (note, MARGIN + title_height, SMALL_SIZE, "normal", GREY),
        (caption, -MARGIN, SMALL_SIZE, "normal", GREY),
    ):
        figure.text(
            0,
            int(down > 0),  # from the top or the bottom of the page, which may grow
            text,
            transform=figure.transFigure + ScaledTranslation(MARGIN, -down, figure.dpi_scale_trans),
            va="top" if down > 0 else "bottom",
            size=size,
            weight=weight,
            color=colour,
            linespacing=_LINE,
        )
    engine = figure.get_layout_engine()
    if engine is not None:
        rect = (0, foot / height, 1, 1 - (heading + foot) / height)
        engine.set(rect=rect, w_pad=MARGIN, h_pad=MARGIN)  # type: ignore[call-arg]
    return figure


def replications(results: Results) -> int:
    """Return the number of replications in the results."""
    return int(results.replications["replication"].nunique())


def legend(figure: Figure, entries: Sequence[tuple[Artist, str]]) -> None:
    """Add a legend below all panels, with as many columns as fit the page."""
    handles = [handle for handle, _ in entries]
    room = page_width() - 2 * MARGIN
    labels = [wrap(text, room - _HANDLE, SMALL_SIZE) for _, text in entries]
    widths = [text_width(text, SMALL_SIZE) + _HANDLE for text in labels]
    fits = (
        columns
        for columns in range(len(labels), 1, -1)
        if sum(column.max() for column in np.array_split(widths, columns)) <= room
    )
    columns = next(fits, 1)
    if columns == 1 and len(labels) > _ROWS and page_width() >= NARROW:
        columns = 2
        labels = [wrap(text, room / 2 - _HANDLE, SMALL_SIZE) for text in labels]
    figure.legend(handles, labels, loc="outside lower left", ncols=columns, **_LEGEND)
    lines = max(sum(text.count("\n") + 1 for text in of) for of in np.array_split(labels, columns))
    _grow(figure, _ROW * max(lines - _ROWS, 0))


def _grow(figure: Figure, more: float) -> None:
    """Make a figure of `with_heading` higher by `more` inches."""
    engine = figure.get_layout_engine()
    if engine is not None and more:
        before, after = figure.get_figheight(), figure.get_figheight() + more
        _, bottom, _, height = (before / after * share for share in engine.get()["rect"])
        engine.set(rect=(0, bottom, 1, height + more / after))  # type: ignore[call-arg]
        figure.set_figheight(after)


def legend_in(axes: Axes, entries: Sequence[tuple[Artist, str]], width: float) -> None:
    """Draw a legend in an unused panel of a grid, `width` inches wide."""
    axes.set_axis_off()
    handles = [handle for handle, _ in entries]
    labels = [wrap(text, width - _HANDLE, SMALL_SIZE) for _, text in entries]
    axes.legend(handles, labels, loc="center left", labelspacing=0.8, **_LEGEND)


def label(text: str, unit: str, lang: str) -> str:
    """Return an axis label with the unit in brackets."""
    return phrase(lang, "figure.labelled", label=text, unit=unit)


def day_number(day: date) -> float:
    """Convert a date to an axis position: days since 1970-01-01."""
    return float((day - date(1970, 1, 1)).days)


def day_numbers(days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Convert dates to axis positions: days since 1970-01-01."""
    return days.astype("datetime64[D]").astype(np.int64).astype(float)


def spans(true: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the start and end (exclusive) index of each unbroken run of True."""
    edges = np.diff(np.concatenate(([0], true.astype(np.int8), [0])))
    begins, ends = np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist()
    return list(zip(begins, ends, strict=True))


class Look(NamedTuple):
    """The style of an area: its colour, and a hatch that distinguishes it in greyscale print.

    Hatches have no dots, which would make files large.
    """

    colour: str
    hatch: str
    ink: str

    @property
    def patch(self) -> Patch:
        """The legend handle with this style."""
        return Patch(facecolor=self.colour, hatch=self.hatch, edgecolor=self.ink, linewidth=0.4)


def draw_bar(axes: Axes, look: Look, row: float, begin: float, length: float, height: float) -> None:
    """Draw a horizontal bar in a style, of `height` around `row`."""
    axes.barh(
        row,
        length,
        height,
        begin,
        facecolor=look.colour,
        edgecolor=look.ink,
        hatch=look.hatch,
        linewidth=0.4,
        zorder=3,
    )


VALUE_WIDTH: Final = 0.55
"""Width of the numbers beside a panel, in inches."""


def value_beside(axes: Axes, text: str, row: float) -> None:
    """Write a number to the right of a panel, at a row."""
    axes.annotate(
        text,
        (1, row),
        (72 * VALUE_WIDTH - 4, 0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        ha="right",
        va="center",
        size=SMALL_SIZE,
    )


PROBABILITIES: Final = (
    (0.0, 0.10, Look("#FEF0D9", "", GREY)),
    (0.10, 0.33, Look("#FDCC8A", "", GREY)),
    (0.33, 0.66, Look("#FC8D59", "", GREY)),
    (0.66, 0.90, Look("#D7301F", "", GREY)),
    (0.90, 1.0, Look("#7F0000", "", GREY)),
)
"""Classes of probability, as in the likelihood scale: each is above its first number and at most its second.
Their colours get steadily darker, also in greyscale print."""


def stack_steps(
    axes: Axes,
    dates: NDArray[np.datetime64],
    parts: Sequence[tuple[Look, NDArray[np.float64]]],
    *,
    finest: float,
    bottom: float = 0.0,
    height: float = 1.0,
) -> None:
    """Draw stacked daily shares as steps between `bottom` and `bottom + height`.

    To keep files small, each part extends down to the bottom behind the lower parts, and equal days are
    merged.

    Parameters
    ----------
    parts
        The style and daily shares of each part, from the bottom up.
    finest
        Rounding step for levels, as a share of the height.
    """
    at = day_numbers(np.append(dates, dates[-1] + np.timedelta64(1, "D")))
    levels = np.round(np.cumsum([share for _, share in parts], axis=0) / finest) * finest
    below = np.concatenate((np.zeros((1, len(dates))), levels[:-1]))
    for (look, _), low, high in reversed(list(zip(parts, below, levels, strict=True))):
        for begin, end in spans(high > low):
            corners = begin + np.concatenate(([0], np.flatnonzero(np.diff(high[begin:end])) + 1))
            x = np.repeat(at[[*corners, end]], 2)
            y = np.concatenate(([0.0], np.repeat(high[corners], 2), [0.0]))
            axes.fill(
                x,
                bottom + height * y,
                facecolor=look.colour,
                hatch=look.hatch,
                edgecolor=look.ink,
                linewidth=0,
            )


def date_ticks(first: date, last: date, most: int) -> list[date]:
    """Return at most `most` regular dates from `first` to `last` as axis ticks.

    Ticks are days, weeks, half-months, months or years apart, or multiples of these.
    """
    days = [first + timedelta(days=d) for d in range((last - first).days + 1)]
    in_month = ({1, 8, 15, 22}, {1, 15})
    choices = [
        *(list(days[::step]) for step in (1, 2) if len(days) <= 31),
        *([day for day in days if day.day in chosen] for chosen in in_month),
        *([day for day in days if day.day == 1 and (day.month - 1) % step == 0] for step in (1, 2, 3, 6)),
        *(
            [day for day in days if day.day == day.month == 1 and day.year % step == 0]
            for step in (1, 2, 5, 10)
        ),
    ]
    return next((choice for choice in choices if 0 < len(choice) <= most), [first])


def column_width(axes: Axes) -> float:
    """Return the width in inches of a panel's column of the page."""
    grid = axes.get_gridspec()
    return page_width() / (grid.ncols if grid is not None else 1)


def date_axis(
    axes: Axes, first: date, last: date, lang: str, *, ticks: int = 9, labelled: bool = True
) -> None:
    """Format the x axis as dates from `first` to `last`; long spans show month and year instead of days.

    `ticks` is the max number of ticks; a narrow panel has fewer. `labelled` is False for a panel above
    another one with the same axis.
    """
    axes.set_xlim(day_number(first), day_number(last))
    monthly = (last - first).days > _MONTHLY_AFTER_DAYS
    written = month_year if monthly else day_month
    fit = int(column_width(axes) / (0.95 if monthly else 0.7))
    at = date_ticks(first, last, max(min(ticks, fit), 2))
    axes.set_xticks([day_number(day) for day in at], [written(day, lang) for day in at])
    if not labelled:
        axes.tick_params(labelbottom=False)
    elif monthly:
        axes.set_xlabel(phrase(lang, "figure.date_months"))
    else:
        years = str(first.year) if first.year == last.year else f"{first.year}–{last.year}"
        axes.set_xlabel(phrase(lang, "figure.date_days", years=years))


def number_ticks(axes: Axes, lang: str, which: str = "y", ticks: int = 5, *, percent: bool = False) -> None:
    """Format an axis in the language's number style, with about `ticks` ticks; `percent` is for shares."""
    scale = 100 if percent else 1
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, position: number(scale * value, lang)))


def settle(figure: Figure) -> None:
    """Fix the layout of a figure, so that saving does not solve it again and shift it slightly.

    The solver adds terms in the order of their addresses in memory. The last digits of positions therefore
    differ from process to process, and so do the names that an SVG derives from them for clip paths. With
    rounded positions, equal figures give equal files.
    """
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        for below in figure.legends:  # it has its room above the caption, but stands at the bottom
            below.set_bbox_to_anchor((0, engine.get()["rect"][1], 1, 1))
    figure.set_layout_engine(None)
    for axes in figure.axes:
        left, bottom, width, height = np.round(axes.get_position(original=True).bounds, _DECIMALS).tolist()
        axes.set_position((left, bottom, width, height))
