"""Figures over time: reported cases, need against staffed beds, and every threshold's indicator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from surgesim.errors import ResultsError
from surgesim.model.record import PER
from surgesim.report.figures.page import (
    BLACK,
    BLUE,
    GREY,
    NOTE_SIZE,
    PANEL_SIZE,
    PURPLE,
    SMALL_SIZE,
    VERMILION,
    WIDTH,
    EmptyFigureError,
    balanced,
    date_axis,
    day_number,
    day_numbers,
    label,
    legend,
    legend_in,
    number_ticks,
    page,
    province_only,
    text_height,
    text_width,
    wrap,
)
from surgesim.report.figures.watched import (
    BREACH_SHADE,
    Watched,
    bound_entry,
    bound_line,
    first_entry,
    mark_first,
    shade,
    shade_entry,
    watched,
)
from surgesim.report.words import day_month, indicator_words, number, percent, phrase
from surgesim.scenario.schema.needs import beds_occupied
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.breaches import SITUATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from surgesim.study.results import Results


VACANT_BEDS: Final = "vacant_covid_beds_per_100k"
WEEKLY_CASES: Final = "weekly_reported_cases_per_100k"
TOGETHER_DAYS: Final = 7
"""First breaches so near to each other are bracketed, not drawn one by one."""
_PANEL_WIDTH: Final = WIDTH - 0.95  # inches of a panel as wide as the page, about
BAND90: Final = "#CFE3F1"
BAND50: Final = "#8FBFDF"


@dataclass(frozen=True, slots=True)
class Course:
    """One indicator over the days of a run: its dates, mean and quantiles over replications."""

    dates: NDArray[np.datetime64]
    mean: NDArray[np.float64]
    p5: NDArray[np.float64]
    p25: NDArray[np.float64]
    p50: NDArray[np.float64]
    p75: NDArray[np.float64]
    p95: NDArray[np.float64]

    @property
    def days(self) -> NDArray[np.float64]:
        """The dates as an axis of dates takes them."""
        return day_numbers(self.dates)

    def scaled(self, factor: float) -> Course:
        """The course times `factor`."""
        bands = (self.mean, self.p5, self.p25, self.p50, self.p75, self.p95)
        return Course(self.dates, *(factor * band for band in bands))

    def averaged(self, days: int) -> Course:
        """Each curve as its mean over so many days back, or over the days there are."""
        bands = (self.mean, self.p5, self.p25, self.p50, self.p75, self.p95)
        return Course(self.dates, *(_averaged(band, days) for band in bands))

    def capped(self, most: float) -> Course:
        """The course with nothing drawn above `most`."""
        bands = (self.mean, self.p5, self.p25, self.p50, self.p75, self.p95)
        return Course(self.dates, *(np.minimum(band, most) for band in bands))


def course(results: Results, alternative: str, indicator: str, area: str | None = None) -> Course:
    """The course of an indicator in the province, or in one district."""
    table = results.daily if area is None else results.daily_districts
    here = (table["alternative"] == alternative) & (table["indicator"] == indicator)
    if area is not None:
        here &= table["area"] == area
    rows = table[here].sort_values("day")
    if rows.empty:
        where = "the province" if area is None else f"area {area!r}"
        raise ResultsError(f"got no daily values of {indicator!r} for {where} under {alternative!r}")
    return Course(
        rows["date"].to_numpy(dtype="datetime64[D]"),
        *(
            _finite(rows[column].to_numpy(dtype=float))
            for column in ("mean", "p5", "p25", "p50", "p75", "p95")
        ),
    )


def cases(
    results: Results, *, lang: str = "en", alternative: str = BASELINE, area: str | None = None
) -> Figure:
    """Reported cases: of seven days per 100,000 in the province, with thresholds; per day in a district."""
    marks: list[Watched] = []
    if area is None:
        shown = course(results, alternative, WEEKLY_CASES)
        _followed(shown, results)
        what = phrase(lang, "figure.cases_title")
        y_label = label(*indicator_words(lang, WEEKLY_CASES), lang)
        marks = [w for w in watched(results, alternative, lang) if w.indicator == WEEKLY_CASES]
        notes = [f"{watch.title}: {watch.outcome(lang, results.scenario.days)}" for watch in marks]
    else:
        shown = course(results, alternative, "reported_cases", area)
        _followed(shown, results)
        what = phrase(lang, "figure.cases_daily_title")
        y_label = label(phrase(lang, "figure.reported_cases"), phrase(lang, "unit.reported_cases_day"), lang)
        district = results.scenario.people.districts[area].title.get(lang)
        notes = [phrase(lang, "figure.area", area=district)]
    figure = page(results, what, 3.5, lang=lang, alternative=alternative, notes=notes)
    axes = figure.subplots()
    draw_bands(axes, shown)
    first, last = run_span(results)
    for watch in marks:
        shade(axes, shown.days, watch.breached(shown.p50))
        bound_line(axes, watch.bound)
        mark_first(axes, watch, watch.bound, last)
    date_axis(axes, first, last, lang)
    axes.set_ylabel(wrap(y_label, 2.2, NOTE_SIZE))
    axes.margins(y=0.12)
    axes.set_ylim(bottom=0)
    number_ticks(axes, lang)
    for watch in marks:
        _date_at_top(axes, watch, lang)
    legend(figure, [*band_entries(lang), *(breach_entries(lang) if marks else [])])
    return figure


def _followed(cases: Course, results: Results) -> None:
    """Refuse to draw reported cases where the scenario has none to follow.

    Raises
    ------
    EmptyFigureError
        If there are no values.
    """
    if np.isnan(cases.mean).all():
        name = results.scenario.name
        raise EmptyFigureError(f"{name!r} gives arrivals, not an epidemic, and has no reported cases")


def need(
    results: Results, *, lang: str = "en", alternative: str = BASELINE, area: str | None = None
) -> Figure:
    """Oxygen need and ICU need against staffed beds, with the first breach of every threshold above."""
    province_only("need", area)
    watches = watched(results, alternative, lang)
    rows = [_row(watch, results, lang) for watch in watches]
    strip = 0.17 * sum(text.count("\n") + 1 for text, _ in rows) + 0.35 if rows else 0.0
    panels = 2.05
    figure = page(
        results,
        phrase(lang, "figure.need_title"),
        strip + 2 * panels + 0.85,
        lang=lang,
        alternative=alternative,
    )
    heights = [panels, panels] if not rows else [strip, panels, panels]
    drawn = list(
        figure.subplots(len(heights), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    )
    first, last = run_span(results)
    if rows:
        _first_breaches(drawn[0], watches, rows, last, lang)
        date_axis(drawn[0], first, last, lang, labelled=False)
    oxygen, icu = drawn[-2:]
    clusters = _clusters([watch.first for watch in watches if watch.first is not None and not watch.at_start])
    for axes, title, bed, lacking in (
        (oxygen, "figure.oxygen_panel", "oxygen", ("waiting_oxygen",)),
        (icu, "figure.icu_panel", "icu", ("waiting_icu", "boarding")),
    ):
        shown = course(results, alternative, f"{bed}_need")
        staffed = course(results, alternative, f"staffed_{bed}")
        without = [course(results, alternative, indicator).mean for indicator in lacking]
        shade(axes, shown.days, shown.p50 > staffed.p50)
        draw_bands(axes, shown)
        axes.fill_between(
            shown.days,
            shown.p50,
            staffed.p50,
            where=(shown.p50 > staffed.p50).tolist(),
            interpolate=True,
            facecolor="none",
            edgecolor=VERMILION,
            hatch="////",
            linewidth=0,
            zorder=2.5,
        )
        axes.plot(shown.days, np.sum(without, axis=0), color=PURPLE, linestyle=(0, (1, 1)), linewidth=2.0)
        axes.step(staffed.days, staffed.p50, where="post", color=BLACK, linewidth=1.3, linestyle=(0, (5, 2)))
        for days in clusters:
            for day in dict.fromkeys((days[0], days[-1])):
                axes.axvline(day_number(day), color=VERMILION, linewidth=0.7, linestyle=":", zorder=1)
        axes.set_title(phrase(lang, title))
        axes.set_ylabel(phrase(lang, "unit.patients_beds"))
        date_axis(axes, first, last, lang, labelled=axes is icu)
        axes.margins(y=0.06)
        axes.set_ylim(bottom=0)
        number_ticks(axes, lang)
        _brackets(axes, [days for days in clusters if len(days) > 1], lang)
    median, *bands = band_entries(lang)
    entries: list[tuple[Artist, str]] = [
        (median[0], phrase(lang, "figure.need")),
        *bands,
        (Line2D([], [], color=BLACK, linewidth=1.3, linestyle=(0, (5, 2))), phrase(lang, "figure.staffed")),
        (
            Patch(facecolor=BREACH_SHADE, edgecolor=VERMILION, hatch="////", linewidth=0),
            phrase(lang, "figure.short"),
        ),
        (
            Line2D([], [], color=PURPLE, linestyle=(0, (1, 1)), linewidth=2.0),
            phrase(lang, "figure.without_bed"),
        ),
    ]
    legend(figure, entries)
    return figure


def thresholds(
    results: Results, *, lang: str = "en", alternative: str = BASELINE, area: str | None = None
) -> Figure:
    """Every threshold of the scenario: its indicator with bands, its bound, and when it is in breach."""
    province_only("thresholds", area)
    watches = [watch for watch in watched(results, alternative, lang) if watch.indicator != SITUATION]
    if not watches:
        raise EmptyFigureError(f"scenario {results.scenario.name!r} has no thresholds")
    columns = 1 if len(watches) == 1 else 2
    lines = -(-len(watches) // columns)
    width = WIDTH / columns - 0.75
    titles = [balanced(watch.title, width, PANEL_SIZE, "bold") for watch in watches]
    courses = [_course_of(results, alternative, watch) for watch in watches]
    spans = [_zoomed(shown, watch.bound) for shown, watch in zip(courses, watches, strict=True)]
    cut = f"; {phrase(lang, 'figure.not_from_zero')}"
    under = [
        ""
        if watch.missing  # said in the panel
        else wrap(watch.outcome(lang, results.scenario.days) + (cut if span else ""), width, SMALL_SIZE)
        for watch, span in zip(watches, spans, strict=True)
    ]
    header = max(
        text_height(t, PANEL_SIZE) + text_height(u, SMALL_SIZE) for t, u in zip(titles, under, strict=True)
    )
    figure = page(
        results,
        phrase(lang, "figure.thresholds_title"),
        lines * (1.95 + header) + (0.0 if len(watches) % columns else 0.7),
        lang=lang,
        alternative=alternative,
    )
    first, last = run_span(results)
    grid = figure.subplots(lines, columns, squeeze=False)
    panels: list[Axes] = list(grid.flat)
    for i, (axes, watch) in enumerate(zip(panels, watches, strict=False)):
        shown = courses[i]
        if watch.missing:
            said = wrap(watch.outcome(lang, results.scenario.days), width - 0.3, NOTE_SIZE)
            axes.text(0.5, 0.5, said, transform=axes.transAxes, ha="center", va="center", color=GREY)
        elif shown is None:
            axes.text(
                0.5, 0.5, phrase(lang, "figure.not_kept"), transform=axes.transAxes, ha="center", color=GREY
            )
        else:
            shade(axes, shown.days, watch.breached(shown.p50))
            draw_bands(axes, shown)
        bound_line(axes, watch.bound)
        mark_first(axes, watch, watch.bound, last)
        axes.set_title(titles[i], pad=6 + 72 * text_height(under[i], SMALL_SIZE))
        axes.annotate(
            under[i],
            (0, 1),
            (0, 4),
            xycoords="axes fraction",
            textcoords="offset points",
            size=SMALL_SIZE,
            color=GREY,
            va="bottom",
            linespacing=1.2,
        )
        axes.set_ylabel(watch.unit)
        date_axis(axes, first, last, lang, ticks=9 if columns == 1 else 5)
        axes.set_ylim(bottom=0)
        span = spans[i]
        if span is not None:
            axes.set_ylim(*span)
        number_ticks(axes, lang)
    entries = [*band_entries(lang), *breach_entries(lang)]
    if len(panels) > len(watches):
        legend_in(panels[-1], entries, width)
    else:
        legend(figure, entries)
    return figure


def _zoomed(shown: Course | None, bound: float) -> tuple[float, float] | None:
    """The span of an axis that need not begin at 0 for a course and its bound; None where it should."""
    if shown is None or np.isnan(shown.p5).all():
        return None
    least, most = min(bound, float(np.nanmin(shown.p5))), max(bound, float(np.nanmax(shown.p95)))
    room = 0.15 * (most - least)
    return (least - room, most + room) if least > most / 2 and room > 0 else None


def _course_of(results: Results, alternative: str, watch: Watched) -> Course | None:
    """The course that a threshold watches; None where the results keep no daily values of it.

    The daily values of vacant beds are those of the types that patients can occupy; of another single type
    the course is made from the number of its beds, of other two there are no quantiles.
    """
    scenario = results.scenario.alternative(alternative)
    if watch.indicator == VACANT_BEDS and set(watch.beds) != set(beds_occupied(scenario)):
        if len(watch.beds) > 1:
            return None
        return course(results, alternative, f"vacant_{watch.beds[0]}").scaled(PER / scenario.people.total)
    kept = results.daily["indicator"] == watch.indicator
    return course(results, alternative, watch.indicator) if kept.any() else None


def _averaged(values: NDArray[np.float64], days: int) -> NDArray[np.float64]:
    total = np.concatenate(([0.0], np.cumsum(values)))
    after = np.arange(1, len(total))
    before = np.maximum(after - days, 0)
    return (total[after] - total[before]) / (after - before)


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`values` with a gap where there is no end to them (unlimited beds)."""
    return np.where(np.isfinite(values), values, np.nan)


def draw_bands(axes: Axes, shown: Course) -> None:
    """The course's median with the bands of half and of nine tenths of the runs."""
    axes.fill_between(shown.days, shown.p5, shown.p95, color=BAND90, linewidth=0, zorder=1.2)
    axes.fill_between(shown.days, shown.p25, shown.p75, color=BAND50, linewidth=0, zorder=1.3)
    axes.plot(shown.days, shown.p50, color=BLUE, zorder=3)


def band_entries(lang: str) -> list[tuple[Artist, str]]:
    """The legend's entries for `draw_bands`."""
    return [
        (Line2D([], [], color=BLUE), phrase(lang, "figure.median")),
        (Patch(color=BAND50), phrase(lang, "figure.band50")),
        (Patch(color=BAND90), phrase(lang, "figure.band90")),
    ]


def breach_entries(lang: str) -> list[tuple[Artist, str]]:
    """The legend's entries for thresholds and their breaches."""
    return [bound_entry(lang), shade_entry(lang), first_entry(lang)]


def run_span(results: Results) -> tuple[date, date]:
    """The first day of the run, and the day after its last."""
    return results.scenario.start, results.scenario.end


def _date_at_top(axes: Axes, watch: Watched, lang: str) -> None:
    """The date of the first breach in words, on its side of the panel that has more room."""
    if watch.first is None:
        return
    left, right = axes.get_xlim()
    at = day_number(watch.first)
    axes.axvline(at, color=VERMILION, linewidth=0.8, linestyle=":", zorder=2)
    before = at - left > (right - left) * 0.25
    axes.annotate(
        phrase(lang, "figure.first_median", date=day_month(watch.first, lang)),
        (at, 1),
        (-4 if before else 4, -2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if before else "left",
        va="top",
        size=NOTE_SIZE,
        color=VERMILION,
        weight="bold",
    )


def _clusters(days: list[date]) -> list[list[date]]:
    """The days in order, together where one follows the other within `TOGETHER_DAYS`."""
    found: list[list[date]] = []
    for day in sorted(days):
        if found and (day - found[-1][-1]).days <= TOGETHER_DAYS:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def _brackets(axes: Axes, clusters: list[list[date]], lang: str) -> None:
    """Brackets at the top of a panel over first breaches too close together to be told apart.

    Their words stand above the panel, so that they hide nothing of it: right of the bracket and of what
    stands there, or at the panel's right edge; where there is no room left, a bracket has none.
    """
    left, right = axes.get_xlim()
    inch = (right - left) / _PANEL_WIDTH
    taken = left + inch * (text_width(axes.get_title(loc="left"), PANEL_SIZE, "bold") + 0.15)
    for days in clusters:
        ends = [day_number(days[0]), day_number(days[-1])]
        axes.plot(
            ends, [1, 1], color=VERMILION, linewidth=2.2, transform=axes.get_xaxis_transform(), clip_on=False
        )
        span = {"first": day_month(days[0], lang), "last": day_month(days[-1], lang)}
        text = phrase(lang, "figure.first_breaches", n=number(len(days), lang), **span)
        width = inch * text_width(text, SMALL_SIZE)
        at = max(taken, min(ends[0], right - width))
        if at + width > right:
            continue  # no room beside the others: the strip above names them
        taken = at + width + inch * 0.15
        axes.annotate(
            text,
            (at, 1),
            (0, 4),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            va="bottom",
            size=SMALL_SIZE,
            color=VERMILION,
        )


def _row(watch: Watched, results: Results, lang: str) -> tuple[str, bool]:
    """What the strip of first breaches says of a threshold, and whether it stands left of its mark."""
    days = results.scenario.days
    if watch.missing:
        text = phrase(lang, "figure.not_assessed", title=watch.title)
    elif watch.at_start:
        text = phrase(lang, "figure.from_start", title=watch.title)
    elif watch.first is not None:
        text = phrase(lang, "figure.first_on", title=watch.title, date=day_month(watch.first, lang))
    elif watch.probability == 0:
        text = phrase(lang, "figure.in_no_run", title=watch.title)
    else:
        text = phrase(
            lang,
            "figure.never",
            title=watch.title,
            days=number(days, lang),
            share=percent(watch.probability, lang),
        )
    panel = _PANEL_WIDTH
    end = results.scenario.end
    begins = watch.early or watch.first or end
    ends = begins if watch.early is None and watch.first is None else watch.late or end
    room_left = panel * (begins - results.scenario.start) / timedelta(days=days)
    room_right = panel * (end - ends) / timedelta(days=days)
    left = text_width(text, SMALL_SIZE) > room_right and room_left > room_right
    return wrap(text, max(room_left, room_right) if left else room_right, SMALL_SIZE), left


def _first_breaches(
    axes: Axes, watches: list[Watched], rows: list[tuple[str, bool]], last: date, lang: str
) -> None:
    """A strip with a row for each threshold: the mark of its first breach, its name and date."""
    top = 0.0
    for watch, (text, left) in zip(watches, rows, strict=True):
        lines = text.count("\n") + 1
        height = top + lines / 2
        mark_first(axes, watch, height, last)
        if watch.first is not None and not watch.at_start:
            axes.plot(
                [day_number(watch.first)] * 2, [height, 1e4], ":", color=VERMILION, linewidth=0.7, zorder=1
            )
        if left:
            at = day_number(watch.early or watch.first or last)
        else:
            at = day_number(watch.late or last) if watch.early is not None else day_number(last)
        axes.annotate(
            text,
            (at, height),
            (-6 if left else 6, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            size=SMALL_SIZE,
            linespacing=1.15,
            zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )
        top += lines
    axes.set_ylim(top, 0)
    axes.set_yticks([])
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    axes.set_title(phrase(lang, "figure.first_breach_title"))
