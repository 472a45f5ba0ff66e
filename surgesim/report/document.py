"""The report: a single HTML file for screen and print that needs neither network nor scripts."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from surgesim.errors import ResultsError
from surgesim.files import GENERATOR, atomic_write, is_report, refuse_to_replace
from surgesim.fitting.forecast import read_tables
from surgesim.report import tables
from surgesim.report.citation import Value, passage
from surgesim.report.figures import (
    FIGURES,
    EmptyFigureError,
    check_choice,
    describe,
    draw,
    draw_calendar,
    draw_forecast,
    inline,
)
from surgesim.report.likelihood import SCALE
from surgesim.report.names import alternative_title
from surgesim.report.prose import forecast as prose
from surgesim.report.prose.calendar import calendar_sentences
from surgesim.report.prose.chance import remarks as spread_remarks
from surgesim.report.prose.sentences import precision_notes, uncertainty_notes, without_plan
from surgesim.report.prose.summary import assumption_notes, runs, three_sentences
from surgesim.report.words import day_text, number, percent, phrase
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.scoring.score import read_scores
from surgesim.study.store.contents import FIT, FORECAST

if TYPE_CHECKING:
    from surgesim.decisions.door import Calendar
    from surgesim.report.tables import ReportTable
    from surgesim.study.results import Results

TEMPLATE: Final = "report.html.j2"
LIMITS: Final = ("assumed", "space", "whole_province", "end", "other_patients", "fit")
MUST_NOT: Final = ("forecast", "patient", "blame", "precision", "alone")
METHOD: Final = ("epidemic", "patients", "beds", "plan", "runs", "pairs")


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure in a document, with its title, SVG and alternative text."""

    name: str
    title: str
    svg: Markup
    alt: str


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the report: its catalogue key (``section.<name>``), sentences, pictures and tables."""

    name: str
    sentences: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[ReportTable] = ()

    @property
    def empty(self) -> bool:
        """True if the section has no content."""
        return not (self.sentences or self.pictures or self.tables)


def report(
    results: Results, lang: str = "en", calendar: Calendar | None = None, scores: Path | None = None
) -> str:
    """Render the report of a result as HTML.

    Parameters
    ----------
    lang
        ``vi`` or ``en``.
    calendar
        The calendar of the decisions of one of its plans, to include.
    scores
        Folder of scores of earlier forecasts, for the report of a forecast.

    Raises
    ------
    ResultsError
        If the language is unknown, the calendar is of another scenario, or `scores` contains no scores or is
        given for a result that is no forecast.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    check_choice(results, lang, BASELINE, None)
    environment = Environment(
        loader=PackageLoader("surgesim.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scenario, manifest = results.scenario, results.manifest

    def say(key: str, **fields: object) -> Any:
        return passage(lang, key, **fields)

    start = Value(day_text(scenario.start, lang), scenario.start, "scenario.yaml#start")
    days = Value(number(scenario.days, lang), float(scenario.days), "scenario.yaml#days")
    return environment.get_template(TEMPLATE).render(
        lang=lang,
        generator=GENERATOR,
        say=say,
        title=scenario.title.get(lang),
        description=scenario.description.get(lang) if scenario.description is not None else "",
        runs=runs(results, lang),
        days=days,
        start=start,
        seed=Value(
            str(manifest.get("seed", scenario.study.seed)), float(scenario.study.seed), "manifest.json#seed"
        ),
        glance=tables.glance(results, lang),
        summary=three_sentences(results, lang),
        notes=list(_notes(results, lang)),
        scale=[(step.key, percent(step.low, lang), percent(step.high, lang)) for step in SCALE],
        parts=[part for part in _parts(results, lang, calendar, scores) if not part.empty],
        reproduce=_reproduce(results),
    )


def write_report(
    results: Results,
    path: Path | str,
    lang: str = "en",
    calendar: Calendar | None = None,
    scores: Path | None = None,
) -> Path:
    """Write the report of a result to a file, either completely or not at all.

    Raises
    ------
    ResultsError
        As for `report`, or if the file cannot be written or is something other than a report.
    """
    path = Path(path)
    refuse_to_replace(path, is_report, "a report")
    text = report(results, lang, calendar, scores)
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    return path


def _notes(results: Results, lang: str) -> Iterator[str]:
    """Explain the likelihood words and the intervals used in the summary."""
    yield phrase(lang, "summary.note")
    yield from list(uncertainty_notes(results.scenario, lang)) or [phrase(lang, "limit.chance")]
    yield from assumption_notes(results, lang)
    yield from precision_notes(results, lang)


def _parts(results: Results, lang: str, calendar: Calendar | None, scores: Path | None) -> Iterator[Part]:
    """Build the sections in order; each figure declares the section to which it belongs."""

    def part(name: str, *found: ReportTable | None, sentences: Sequence[str] = ()) -> Part:
        pictures = list(_pictures(results, name, lang))
        return Part(name, sentences, pictures, [table for table in found if table is not None])

    yield from _forecast(results, lang, scores)
    yield part("criteria", tables.breaches(results, lang))
    yield part("need", tables.outcomes(results, lang))
    yield part("thresholds", tables.thresholds(results, lang))
    yield part("binding", tables.binding(results, lang))
    yield part(
        "plans",
        tables.plans(results, lang),
        tables.comparison(results, lang),
        *tables.thresholds_by_plan(results, lang),
    )
    if calendar is not None:
        yield _decisions(results, calendar, lang)
    yield part(
        "districts",
        tables.districts(results, lang),
        tables.areas(results, lang),
        tables.district_beds(results, lang),
        tables.reached(results, lang),
    )
    yield part(
        "logistics",
        tables.outcomes(results, lang, tables.LOGISTIC),
        tables.supplies(results, lang),
    )
    yield part(
        "facilities",
        tables.facilities(results, lang),
        tables.facility_beds(results, lang),
        sentences=(without_plan(results.scenario, lang),),
    )
    yield part("costs", tables.costs(results, lang))
    yield part("spread", tables.spreads(results, lang), sentences=list(spread_remarks(results, lang)))
    yield part("method", sentences=[phrase(lang, f"method.{name}") for name in METHOD])
    yield part("assumptions", tables.confidences(results, lang), tables.assumptions(results, lang))
    yield part("identities", tables.identities(results, lang))
    yield part("limits", sentences=list(_limits(results, lang)))
    yield part("must_not", sentences=list(_must_not(results, lang)))
    yield part("reproduce", tables.versions(results, lang))


def _decisions(results: Results, calendar: Calendar, lang: str) -> Part:
    """Build the section of a calendar of decisions, with the plan that it dates."""
    plans = results.alternatives
    plan = next((name for name in plans if calendar.dates(results.scenario.alternative(name))), None)
    if plan is None:
        raise ResultsError(
            f"{calendar.folder}: dates a plan of another scenario, expected one of {', '.join(plans)} "
            f"of {results.scenario.name} as it was run"
        )
    title = phrase(lang, "calendar.of", plan=alternative_title(results.scenario, plan, lang))
    sentences = [title, *calendar_sentences(calendar, lang)]
    alt = " ".join(sentences)
    drawn = inline(draw_calendar(calendar, lang), "decisions", alt)
    picture = Picture("decisions", phrase(lang, "calendar.picture"), drawn, alt)
    return Part("decisions", sentences, [picture], [tables.calendar_decisions(calendar, lang)])


def _forecast(results: Results, lang: str, scores: Path | None) -> Iterator[Part]:
    """Build the section of a forecast; yield nothing for a result that is none."""
    entry = results.manifest.get(FORECAST)
    if entry is None:
        if scores is not None:
            raise ResultsError(f"got scores ({scores}) for a result that is no forecast, expected a forecast")
        return
    if FIT not in entry or results.folder is None:
        raise ResultsError("got a forecast of an earlier version or in memory, expected one in a folder")
    stored = read_tables(results.folder)
    of_earlier = None if scores is None else read_scores(scores)
    sentences = [
        *prose.validity(results, lang, scored=scores is not None),
        *prose.data_and_pace(results, stored.pace, lang),
        prose.course_assumed(results, lang),
        *prose.untold(results, lang),
        *prose.fit_warnings(results, lang),
    ]
    drawn = draw_forecast(results, stored.quantiles, lang)
    title, note = phrase(lang, "figure.forecast_title"), phrase(lang, "figure.forecast_note")
    alt = phrase(lang, "alt.figure", title=title, what=note).strip()
    picture = Picture(FORECAST, title, inline(drawn, FORECAST, alt), alt)
    found = tables.forecast_tables(results, stored, of_earlier, lang)
    yield Part(FORECAST, sentences, [picture], [table for table in found if table is not None])


def _limits(results: Results, lang: str) -> Iterator[str]:
    """State the limits of the simulation; the epidemic of a forecast was fitted."""
    for name in LIMITS:
        known = FORECAST if name == "fit" and FORECAST in results.manifest else name
        yield phrase(lang, f"limit.{known}")


def _must_not(results: Results, lang: str) -> Iterator[str]:
    """Say what the report must not be used for; a forecast is valid for its weeks."""
    entry = results.manifest.get(FORECAST)
    for name in MUST_NOT:
        if name == FORECAST and entry is not None:
            yield phrase(lang, "must_not.beyond", weeks=number(entry["weeks"], lang))
        else:
            yield phrase(lang, f"must_not.{name}")


def _reproduce(results: Results) -> dict[str, str]:
    """Return the command that produced the result, the command to repeat it, and the scenario's hash."""
    manifest = results.manifest
    return {
        "command": str(manifest.get("command", "")),
        "again": f"surgesim reproduce {_place(results)}",
        "sha256": str(manifest.get("scenario_sha256", "")),
    }


def _place(results: Results) -> str:
    """Return the path of the result folder, relative to the parent of results/ if it is in results/."""
    folder = results.folder
    if folder is None:
        return f"results/{results.scenario.name}"
    return shlex.quote(f"results/{folder.name}" if folder.parent.name == "results" else str(folder))


def _pictures(results: Results, section: str, lang: str) -> Iterator[Picture]:
    for name, figure in FIGURES.items():
        if figure.section != section:
            continue
        try:
            drawn = draw(results, name, lang=lang)
        except EmptyFigureError:
            continue
        alt = describe(results, name, lang)
        title = phrase(lang, f"figure.{name}_title")
        yield Picture(name, title, inline(drawn, name, alt), alt)
