"""The elements shared by all figures: page, heading, legend, colours, date and number axes.

pyplot is not used: a figure belongs to its caller and needs no display.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FuncFormatter, MaxNLocator

from surgesim.errors import ResultsError
from surgesim.report.names import alternative_title
from surgesim.report.words import LANGUAGES, day_month, month_year, number, phrase
from surgesim.scenario.schema.scenario import BASELINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from surgesim.study.results import Results

BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
PURPLE: Final = "#CC79A7"
BLACK: Final = "#000000"
GREY: Final = "#666666"

WIDTH: Final = 18 / 2.54
"""Width of every figure in inches: 18 cm, to fit a printed page."""

MARGIN: Final = 0.06
TITLE_SIZE: Final = 10.5
NOTE_SIZE: Final = 8.0
SMALL_SIZE: Final = 7.0
LEGEND_SIZE: Final = 7.5
PANEL_SIZE: Final = 8.5
_LINE: Final = 1.3  # line height over font size
_HINTING: Final = 1.03  # text is this much wider on a pixel grid than on paper
_LEGEND: Final = {"handlelength": 2.6, "columnspacing": 1.2}
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


@contextmanager
def project_style() -> Iterator[None]:
    """Apply the project's style within the context, ignoring user settings."""
    with style.context(str(_STYLE), after_reset=True):
        yield


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


def wrap_evenly(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Wrap `text` into the fewest lines that fit `width` inches, and make the lines similar in length."""
    full = wrap(text, width, size, weight)
    tries = (wrap(text, width * share, size, weight) for share in np.arange(0.5, 1.0, 0.05))
    return next((tried for tried in tries if tried.count("\n") == full.count("\n")), full)


def page(
    results: Results,
    what: str,
    body: float,
    *,
    lang: str,
    alternative: str | None,
    notes: Sequence[str] = (),
) -> Figure:
    """Create an empty figure with a heading that names the results.

    Parameters
    ----------
    what
        Title of the figure, placed after the province's name.
    body
        Height in inches below the heading.
    alternative
        The alternative named below the title; None if the figure shows several.
    notes
        Further notes below the title.
    """
    province = results.scenario.title.get(lang)
    lines = [phrase(lang, "figure.replications", n=number(replications(results), lang)), *notes]
    if alternative is not None:
        plan = alternative_title(results.scenario, alternative, lang)
        lines.insert(0, plan if alternative == BASELINE else phrase(lang, "figure.under", alternative=plan))
    return with_heading(phrase(lang, "figure.heading", province=province, what=what), lines, body)


def with_heading(title: str, notes: Sequence[str], body: float) -> Figure:
    """Create an empty figure with `title` and, below it, `notes`; for `body`, see `page`."""
    title = wrap_evenly(title, WIDTH - 2 * MARGIN, TITLE_SIZE, "bold")
    note = wrap("; ".join(notes), WIDTH - 2 * MARGIN, NOTE_SIZE)
    title_height, note_height = text_height(title, TITLE_SIZE), text_height(note, NOTE_SIZE)
    heading = MARGIN + title_height + note_height + 0.06
    height = heading + body
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    left = MARGIN / WIDTH
    figure.text(left, 1 - MARGIN / height, title, va="top", size=TITLE_SIZE, weight="bold", linespacing=_LINE)
    figure.text(
        left,
        1 - (MARGIN + title_height) / height,
        note,
        va="top",
        size=NOTE_SIZE,
        color=GREY,
        linespacing=_LINE,
    )
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0, 0, 1, 1 - heading / height), w_pad=MARGIN, h_pad=MARGIN)  # type: ignore[call-arg]
    return figure


def replications(results: Results) -> int:
    """Return the number of replications in the results."""
    return int(results.replications["replication"].nunique())


def legend(figure: Figure, entries: Sequence[tuple[Artist, str]]) -> None:
    """Add a legend below all panels, with as many columns as fit the page."""
    handles = [handle for handle, _ in entries]
    labels = [wrap(text, WIDTH - 0.8, LEGEND_SIZE) for _, text in entries]
    widths = [text_width(text, LEGEND_SIZE) + _HANDLE for text in labels]
    fits = (
        columns
        for columns in range(len(labels), 1, -1)
        if sum(column.max() for column in np.array_split(widths, columns)) <= WIDTH - 2 * MARGIN
    )
    figure.legend(handles, labels, loc="outside lower left", ncols=next(fits, 1), **_LEGEND)


def legend_in(axes: Axes, entries: Sequence[tuple[Artist, str]], width: float) -> None:
    """Draw a legend in an unused panel of a grid, `width` inches wide."""
    axes.set_axis_off()
    handles = [handle for handle, _ in entries]
    labels = [wrap(text, width - _HANDLE, LEGEND_SIZE) for _, text in entries]
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


def date_axis(
    axes: Axes, first: date, last: date, lang: str, *, ticks: int = 9, labelled: bool = True
) -> None:
    """Format the x axis as dates from `first` to `last`; long spans show month and year instead of days.

    `ticks` is the max number of ticks; `labelled` is False for a panel above another one with the same axis.
    """
    axes.set_xlim(day_number(first), day_number(last))
    monthly = (last - first).days > _MONTHLY_AFTER_DAYS
    written = month_year if monthly else day_month
    at = date_ticks(first, last, min(ticks, 7) if monthly else ticks)
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
    figure.set_layout_engine(None)
    for axes in figure.axes:
        left, bottom, width, height = np.round(axes.get_position(original=True).bounds, _DECIMALS).tolist()
        axes.set_position((left, bottom, width, height))
