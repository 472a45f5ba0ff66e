"""Tables of what the results rest on: figures and sources, identities held, versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from surgesim.report.quoted import Told, Value, joined, named, source
from surgesim.report.tables.cells import ReportTable, maker
from surgesim.report.words import (
    number,
    phrase,
)

if TYPE_CHECKING:
    from surgesim.study.results import Results

CONFIDENCE: Final = ("assumed", "counted", "published", "official")
"""Confidences from the weakest on."""


def confidences(results: Results, lang: str) -> ReportTable | None:
    """How many figures of the scenario rest on what."""
    made = maker("confidences", lang, "confidence", "meaning", "figures")
    counts = results.assumptions["confidence"].value_counts()
    for what in CONFIDENCE:
        n = int(counts.get(what, 0))
        counted = Value(number(n, lang), float(n), source("assumptions", "count:parameter", confidence=what))
        made.add(phrase(lang, f"confidence.{what}"), phrase(lang, f"confidence.{what}.meaning"), counted)
    return made.done(text=2)


def assumptions(results: Results, lang: str) -> ReportTable | None:
    """The sources of the scenario's figures: the weakest confidence first, then the most figures."""
    made = maker("assumptions", lang, "source", "confidence", "concerns", "figures")
    groups = []
    for (what, confidence), rows in results.assumptions.groupby(["source", "confidence"], sort=False):
        first = str(rows["parameter"].iloc[0])
        groups.append((CONFIDENCE.index(str(confidence)), -len(rows), str(what), str(confidence), first))
    for _, negative, what, confidence, first in sorted(groups):
        n = -negative
        place = source("assumptions", "count:parameter", source=what, confidence=confidence)
        example = Markup("<code>{}</code>").format(first)
        made.add(
            named(what) if what else phrase(lang, "table.no_source"),
            phrase(lang, f"confidence.{confidence}"),
            Told(first, example),
            Value(number(n, lang), float(n), place),
        )
    return made.done(text=3, note=phrase(lang, "table.assumptions.note"))


def identities(results: Results, lang: str) -> ReportTable | None:
    """On how many days of how many the identities were checked: a run stops where one does not hold."""
    made = maker("identities", lang, "checked", "held")
    scenario = results.scenario
    days = (
        len(results.alternatives)
        * int(results.manifest["replications"])
        * (scenario.days + scenario.warm_up_days)
    )
    for name, count in results.manifest.get("identities_checked", {}).items():
        n = Value(number(count, lang), float(count), f"manifest.json#identities_checked.{name}")
        expected = Value(number(days, lang), float(days), "manifest.json#days of all runs")
        made.add(phrase(lang, "table.days_checked"), joined([n, phrase(lang, "table.of"), expected], " "))
    return made.done(note=phrase(lang, "table.identities.note"))


def versions(results: Results, lang: str) -> ReportTable | None:
    """The versions that computed the result."""
    made = maker("versions", lang, "package", "version")
    for name, version in results.manifest.get("versions", {}).items():
        made.add(named(name), Value(str(version), str(version), f"manifest.json#versions.{name}"))
    return made.done()
