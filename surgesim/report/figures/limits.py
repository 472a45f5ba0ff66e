"""Figures of what limits care: what binds beds, oxygen supply, staff away, and other patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from surgesim.model.record import CONSTRAINTS
from surgesim.report.figures.courses import Course, band_entries, breach_entries, course, draw_bands, run_span
from surgesim.report.figures.page import (
    BLUE,
    GREY,
    NOTE_SIZE,
    ORANGE,
    PURPLE,
    SKY,
    SMALL_SIZE,
    VERMILION,
    WIDTH,
    EmptyFigureError,
    Look,
    date_axis,
    legend,
    number_ticks,
    page,
    province_only,
    spans,
    stack_steps,
    text_height,
    wrap,
)
from surgesim.report.figures.watched import (
    bound_line,
    mark_first,
    shade,
    watched,
)
from surgesim.report.words import indicator_words, phrase, rounded
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.binding import BEDS, limits_modelled
from surgesim.study.breaches import SITUATION

if TYPE_CHECKING:
    from surgesim.report.figures.watched import Watched
    from surgesim.scenario.schema.care import Facility
    from surgesim.study.results import Results


LOOKS: Final = {
    "space": Look("#E8E8E8", "", GREY),
    "doctors": Look(PURPLE, "\\\\\\\\", "#5A2040"),
    "nurses": Look(ORANGE, "////", "#5A3D00"),
    "equipment": Look(SKY, "||||", "#0B3C5D"),
    "pipes": Look(BLUE, "xxxx", "#FFFFFF"),
    "oxygen_stock": Look("#3B3B3B", "----", "#FFFFFF"),
}
"""Constraints in the order they are stacked, from the bottom."""

FINEST: Final = 1 / 200
"""Part of a panel's height that shares are drawn to."""

MOST_COVER: Final = 30.0
"""Days of cover beyond which the panel does not go."""

_COVER: Final = "oxygen_cover_days"
_DRY: Final = "facilities_out_of_oxygen"


def binding(
    results: Results, *, lang: str = "en", alternative: str = BASELINE, area: str | None = None
) -> Figure:
    """Share of the open oxygen and ICU beds bound by each constraint, over the days."""
    province_only("binding", area)
    if not limits_modelled(results.scenario.alternative(alternative)):
        raise EmptyFigureError(f"{alternative!r} of {results.scenario.name!r} models nothing but space")
    days = [bound_days(results, alternative, bed, lang) for bed in BEDS]
    notes = [wrap(text, WIDTH - 0.8, SMALL_SIZE) for text in days]
    header = sum(text_height(note, SMALL_SIZE) for note in notes if note)
    figure = page(
        results,
        phrase(lang, "figure.binding_title"),
        2 * 2.2 + header + 0.75,
        lang=lang,
        alternative=alternative,
        notes=[phrase(lang, "figure.binding_note")],
    )
    first, last = run_span(results)
    declared = course(results, alternative, SITUATION)
    drawn: dict[str, None] = {}
    panels: list[Axes] = list(figure.subplots(len(BEDS), 1))
    for axes, bed, note in zip(panels, BEDS, notes, strict=True):
        shares = {what: course(results, alternative, f"{bed}_bound_by_{what}").mean for what in LOOKS}
        drawn |= {what: None for what, share in shares.items() if share.any()}
        parts = [(LOOKS[what], share) for what, share in shares.items()]
        stack_steps(axes, declared.dates, parts, finest=FINEST)
        for begin, end in spans(declared.mean >= 0.5):
            axes.plot([declared.days[begin], declared.days[end - 1] + 1], [1.04, 1.04], **_EMERGENCY)
        pad = 6 + (72 * text_height(note, SMALL_SIZE) if note else 0)
        axes.set_title(phrase(lang, f"figure.{bed}_panel"), pad=pad)
        _under_title(axes, note)
        axes.set_ylabel(phrase(lang, "unit.share_of_beds"))
        axes.set_ylim(0, 1.08)
        date_axis(axes, first, last, lang, labelled=axes is panels[-1])
        number_ticks(axes, lang, percent=True)
        axes.grid(False)
    entries: list[tuple[Artist, str]] = [
        (LOOKS[what].patch, phrase(lang, f"constraint.{what}")) for what in LOOKS if what in drawn
    ]
    if (declared.mean >= 0.5).any():
        entries.append((Line2D([], [], **_EMERGENCY), phrase(lang, "figure.emergency_days")))
    legend(figure, entries)
    return figure


_EMERGENCY: Final[dict[str, Any]] = {"color": VERMILION, "linewidth": 3.0, "solid_capstyle": "butt"}


def bound_days(results: Results, alternative: str, bed: str, lang: str) -> str:
    """On how many breach days each constraint binds a bed type; nothing where there are none."""
    table = results.binding
    rows = table[(table["alternative"] == alternative) & (table["bed"] == bed)]
    days = dict(zip(rows["constraint"], rows["breach_days_mean"].to_numpy(dtype=float), strict=True))
    total = sum(days.values())
    if not total:
        return ""
    most = sorted((what for what in CONSTRAINTS if days[what] > 0), key=lambda what: -days[what])
    parts = ", ".join(
        phrase(
            lang, "figure.bound_part", what=phrase(lang, f"constraint.{what}"), days=rounded(days[what], lang)
        )
        for what in most
    )
    return phrase(lang, "figure.bound_days", all=rounded(total, lang), parts=parts)


def oxygen(
    results: Results, *, lang: str = "en", alternative: str = BASELINE, area: str | None = None
) -> Figure:
    """Oxygen in stock and used, days of cover, and facilities that have run out."""
    province_only("oxygen", area)
    if not any(facility.oxygen is not None for facility in _facilities(results, alternative)):
        raise EmptyFigureError(f"{alternative!r} of {results.scenario.name!r} models no oxygen supply")
    figure = page(
        results, phrase(lang, "figure.oxygen_title"), 2 * 2.1 + 0.75, lang=lang, alternative=alternative
    )
    stock, use, cover, dry = figure.subplots(2, 2).flat
    marks = watched(results, alternative, lang)
    unmet = _tonnes(results, alternative, "oxygen_unmet_kg")
    use.plot(unmet.days, unmet.mean, **_DOTTED)
    in_stock = _tonnes(results, alternative, "oxygen_stock_kg")
    _panel(results, stock, "figure.stock_panel", "unit.tonnes", in_stock, lang, labelled=False)
    used = _tonnes(results, alternative, "oxygen_used_kg")
    _panel(results, use, "figure.use_panel", "unit.tonnes_day", used, lang, labelled=False)
    days = _of(results, alternative, _COVER).capped(MOST_COVER)
    shown = _panel(results, cover, "figure.cover_panel", "unit.cover", days, lang, _on(marks, _COVER))
    out = _of(results, alternative, _DRY)
    week = out.averaged(7)
    shown += _panel(
        results, dry, "figure.dry_panel", "unit.facilities", week, lang, _on(marks, _DRY), assessed=out
    )
    entries = [*band_entries(lang), (Line2D([], [], **_DOTTED), phrase(lang, "figure.unmet"))]
    legend(figure, [*entries, *(breach_entries(lang) if shown else [])])
    return figure


def staff(
    results: Results, *, lang: str = "en", alternative: str = BASELINE, area: str | None = None
) -> Figure:
    """Share of the clinical staff that is away."""
    province_only("staff", area)
    if not any(facility.staff is not None for facility in _facilities(results, alternative)):
        raise EmptyFigureError(f"{alternative!r} of {results.scenario.name!r} models no staff")
    indicator = "staff_absent_share"
    figure = page(results, phrase(lang, "figure.staff_title"), 3.2, lang=lang, alternative=alternative)
    axes = figure.subplots()
    title, unit = indicator_words(lang, indicator).label, phrase(lang, "unit.percent")
    shown = _panel(
        results,
        axes,
        None,
        unit,
        _of(results, alternative, indicator),
        lang,
        _on(watched(results, alternative, lang), indicator),
        ticks=9,
    )
    number_ticks(axes, lang, percent=True)
    axes.set_ylabel(phrase(lang, "figure.labelled", label=title, unit=unit), size=NOTE_SIZE)
    legend(figure, [*band_entries(lang), *(breach_entries(lang) if shown else [])])
    return figure


def essential(
    results: Results, *, lang: str = "en", alternative: str = BASELINE, area: str | None = None
) -> Figure:
    """Emergencies without COVID-19 that are not served, and elective patients who wait."""
    province_only("essential", area)
    if not any(facility.essential is not None for facility in _facilities(results, alternative)):
        raise EmptyFigureError(f"{alternative!r} of {results.scenario.name!r} models no other patients")
    figure = page(
        results, phrase(lang, "figure.essential_title"), 2 * 2.1 + 0.75, lang=lang, alternative=alternative
    )
    emergency, backlog = figure.subplots(2, 1)
    arrivals = _of(results, alternative, "emergency_arrivals")
    emergency.plot(arrivals.days, arrivals.mean, **_DOTTED)
    unserved = _of(results, alternative, "emergency_unserved")
    _panel(
        results,
        emergency,
        "figure.emergency_panel",
        "unit.patients_day",
        unserved,
        lang,
        ticks=9,
        labelled=False,
    )
    shown = _panel(
        results,
        backlog,
        "figure.backlog_panel",
        "unit.patients",
        _of(results, alternative, "elective_backlog"),
        lang,
        _on(watched(results, alternative, lang), "elective_backlog"),
        ticks=9,
    )
    entries = [*band_entries(lang), (Line2D([], [], **_DOTTED), phrase(lang, "figure.arrivals"))]
    legend(figure, [*entries, *(breach_entries(lang) if shown else [])])
    return figure


_DOTTED: Final[dict[str, Any]] = {"color": PURPLE, "linestyle": (0, (1, 1)), "linewidth": 2.0}


def _facilities(results: Results, alternative: str) -> Sequence[Facility]:
    return tuple(results.scenario.alternative(alternative).care.facilities.values())


def _of(results: Results, alternative: str, indicator: str) -> Course:
    return course(results, alternative, indicator)


def _tonnes(results: Results, alternative: str, indicator: str) -> Course:
    """A course of kg in tonnes, as a mean over a week: deliveries every few days would hide it."""
    return course(results, alternative, indicator).scaled(1e-3).averaged(7)


def _on(marks: Sequence[Watched], indicator: str) -> list[Watched]:
    """The thresholds that watch an indicator."""
    return [watch for watch in marks if watch.indicator == indicator]


def _panel(
    results: Results,
    axes: Axes,
    title: str | None,
    unit: str,
    shown: Course,
    lang: str,
    marks: Sequence[Watched] = (),
    *,
    ticks: int = 5,
    labelled: bool = True,
    assessed: Course | None = None,
) -> int:
    """A course with its bands and thresholds; returns how many thresholds there are.

    `assessed` is what the thresholds look at, where that is not what is drawn.
    """
    first, last = run_span(results)
    draw_bands(axes, shown)
    for watch in marks:
        shade(axes, shown.days, watch.breached((assessed or shown).p50))
        bound_line(axes, watch.bound)
        mark_first(axes, watch, watch.bound, last)
    if title is not None:
        axes.set_title(phrase(lang, title))
        axes.set_ylabel(phrase(lang, unit))
    date_axis(axes, first, last, lang, ticks=ticks, labelled=labelled)
    axes.set_ylim(bottom=0)
    if axes.get_ylim()[1] < 0.01:
        axes.set_ylim(0, 1)
    number_ticks(axes, lang)
    return len(marks)


def _under_title(axes: Axes, text: str) -> None:
    """Small grey words between a panel and its title."""
    axes.annotate(
        text,
        (0, 1),
        (0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        size=SMALL_SIZE,
        color=GREY,
        va="bottom",
        linespacing=1.2,
    )
