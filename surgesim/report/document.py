"""The report: a single HTML file for screen and print that needs neither network nor scripts."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from surgesim.errors import ResultsError
from surgesim.files import GENERATOR, atomic_write, is_report, refuse_to_replace
from surgesim.fitting.forecast import read_tables
from surgesim.report import tables
from surgesim.report.brief.content import TooBareError, brief
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
from surgesim.report.names import alternative_title
from surgesim.report.prose import forecast as prose
from surgesim.report.prose.assessment import missing_assessments
from surgesim.report.prose.calendar import calendar_sentences, dated_plan
from surgesim.report.prose.chance import remarks as spread_remarks
from surgesim.report.prose.sentences import (
    icu_care,
    main_constraints,
    precision_notes,
    uncertainty_notes,
    without_plan,
)
from surgesim.report.prose.summary import assumption_notes, required_note, runs, three_sentences
from surgesim.report.words import day_text, number, phrase
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
APPENDIX: Final = "appendix"


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure in a document, with its title, SVG, alternative text and captions."""

    name: str
    title: str
    svg: Markup
    alt: str
    captions: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Lead:
    """What the report says first: sentences, then a figure and tables, then what to know before use."""

    sentences: Sequence[str]
    blocks: Sequence[Picture | ReportTable]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a chapter: its catalogue key (``section.<name>``), sentences, and figures and tables."""

    name: str
    sentences: Sequence[str] = ()
    blocks: Sequence[Picture | ReportTable] = ()

    @property
    def empty(self) -> bool:
        """True if the section has no content."""
        return not (self.sentences or self.blocks)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of the report: its catalogue key (``chapter.<name>``) and sections that are not empty."""

    name: str
    parts: Sequence[Part]


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
        lead=_lead(results, lang, calendar),
        chapters=[
            Chapter(name, parts)
            for name, found in _chapters(results, lang, calendar, scores)
            if (parts := [part for part in found if not part.empty])
        ],
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


def _lead(results: Results, lang: str, calendar: Calendar | None) -> Lead:
    """Return the content of the brief or, for a result too bare for one, three sentences."""
    try:
        page = brief(results, lang, calendar=calendar)
    except TooBareError:
        notes = [phrase(lang, "summary.note"), *_uncertainty(results, lang)]
        return Lead(three_sentences(results, lang), (), [*notes, *assumption_notes(results, lang)])
    alt = " ".join([phrase(lang, "onepage.figure"), *page.captions])
    title = phrase(lang, "onepage.need")
    blocks: list[Picture | ReportTable] = [
        Picture("brief", title, inline(page.figure, "brief", alt), alt, page.captions)
    ]
    if page.decisions is not None:
        blocks.append(tables.grid("decisions", page.decisions.columns, page.decisions.rows, lang, page.after))
    blocks.append(tables.grid("futures", page.futures.columns, page.futures.rows, lang))
    said = [*page.situation, *(() if page.decisions is not None else page.after)]
    return Lead(said, blocks, [*page.caveats, *precision_notes(results, lang)])


def _uncertainty(results: Results, lang: str) -> list[str]:
    """Say what the intervals include."""
    return list(uncertainty_notes(results.scenario, lang)) or [phrase(lang, "limit.chance")]


def _chapters(
    results: Results, lang: str, calendar: Calendar | None, scores: Path | None
) -> Iterator[tuple[str, list[Part]]]:
    """Build the chapters in order; each figure declares the section to which it belongs."""

    def part(
        name: str, *found: ReportTable | None, sentences: Iterable[str] = (), tables_first: bool = False
    ) -> Part:
        blocks: list[Picture | ReportTable] = [table for table in found if table is not None]
        pictures: list[Picture | ReportTable] = list(_pictures(results, name, lang))
        first = 0 if tables_first else 1  # tables fill the page before the next figure
        return Part(name, list(sentences), [*pictures[:first], *blocks, *pictures[first:]])

    yield (
        "coming",
        [
            *_forecast(results, lang, scores),
            part(
                "criteria",
                tables.breaches(results, lang),
                sentences=missing_assessments(results, lang),
                tables_first=True,
            ),
            part("need", sentences=icu_care(results, lang)),
            part("binding", sentences=main_constraints(results, lang)),
            part("logistics", tables.outcomes(results, lang, tables.LOGISTIC)),
        ],
    )
    yield (
        "deciding",
        [
            part("plans", tables.plans(results, lang)),
            part("costs", tables.costs(results, lang)),
            *([] if calendar is None else [_decisions(results, calendar, lang)]),
        ],
    )
    yield (
        "places",
        [
            part("districts", tables.districts(results, lang)),
            part(
                "facilities",
                tables.hospitals(results, lang),
                sentences=without_plan(results.scenario, lang),
            ),
        ],
    )
    yield (
        "certainty",
        [
            part("spread", tables.spreads(results, lang), sentences=spread_remarks(results, lang)),
            part(
                "confidence",
                tables.confidences(results, lang),
                sentences=[*_uncertainty(results, lang), *required_note(results, lang)],
            ),
            part("limits", sentences=_limits(results, lang)),
        ],
    )
    yield (
        "making",
        [
            part("method", sentences=[phrase(lang, f"method.{name}") for name in METHOD]),
            part("must_not", sentences=_must_not(results, lang)),
            part("reproduce", sentences=[phrase(lang, "reproduce.how")]),
        ],
    )
    yield (
        APPENDIX,
        [
            part(
                "differences",
                tables.comparison(results, lang),
                *tables.thresholds_by_plan(results, lang),
            ),
            part(
                "thresholds",
                tables.thresholds(results, lang),
                tables.areas(results, lang),
                tables.likelihood_words(lang),
            ),
            part(
                "totals",
                tables.outcomes(results, lang),
                tables.supplies(results, lang),
                tables.binding(results, lang),
            ),
            part(
                "beds",
                tables.district_beds(results, lang),
                tables.facilities(results, lang),
                tables.facility_beds(results, lang),
            ),
            part("groups", tables.reached(results, lang)),
            part("assumptions", tables.assumptions(results, lang)),
            part("identities", tables.identities(results, lang), tables.versions(results, lang)),
        ],
    )


def _decisions(results: Results, calendar: Calendar, lang: str) -> Part:
    """Build the section of a calendar of decisions, with the plan that it dates."""
    plan = dated_plan(results, calendar)
    title = phrase(lang, "calendar.of", plan=alternative_title(results.scenario, plan, lang))
    sentences = [title, *calendar_sentences(calendar, lang)]
    alt = " ".join(sentences)
    drawn = inline(draw_calendar(calendar, lang), "decisions", alt)
    picture = Picture("decisions", phrase(lang, "calendar.picture"), drawn, alt)
    return Part("decisions", sentences, [picture, tables.calendar_decisions(calendar, lang)])


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
    yield Part(FORECAST, sentences, [picture, *(table for table in found if table is not None)])


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
