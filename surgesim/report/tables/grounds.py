"""The tables that document results: confidence and sources of figures, identity checks and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from surgesim.report.citation import Passage, Value, join, proper_name, source
from surgesim.report.likelihood import OPEN, SCALE
from surgesim.report.messages import source_words
from surgesim.report.tables.cells import ReportTable, table_builder
from surgesim.report.words import number, percent, phrase

if TYPE_CHECKING:
    from surgesim.study.results import Results

CONFIDENCE: Final = ("assumed", "counted", "published", "official")
"""Confidence levels, weakest first."""


def confidences(results: Results, lang: str) -> ReportTable | None:
    """Build the table of the number of scenario figures at each confidence level."""
    builder = table_builder("confidences", lang, "confidence", "meaning", "figures")
    counts = results.assumptions["confidence"].value_counts()
    for what in CONFIDENCE:
        n = int(counts.get(what, 0))
        counted = Value(number(n, lang), float(n), source("assumptions", "count:parameter", confidence=what))
        builder.add(phrase(lang, f"confidence.{what}"), phrase(lang, f"confidence.{what}.meaning"), counted)
    return builder.build(text=2)


def assumptions(results: Results, lang: str) -> ReportTable | None:
    """Build the table of the sources of the scenario's figures, the weakest confidence first."""
    builder = table_builder("assumptions", lang, "source", "confidence", "concerns", "figures")
    groups = []
    for (what, confidence), rows in results.assumptions.groupby(["source", "confidence"], sort=False):
        first = str(rows["parameter"].iloc[0])
        groups.append((CONFIDENCE.index(str(confidence)), -len(rows), str(what), str(confidence), first))
    for _, negative, what, confidence, first in sorted(groups):
        n = -negative
        place = source("assumptions", "count:parameter", source=what, confidence=confidence)
        example = Markup("<code>{}</code>").format(first)
        builder.add(
            proper_name(source_words(lang, what)) if what else phrase(lang, "table.no_source"),
            phrase(lang, f"confidence.{confidence}"),
            Passage(first, example),
            Value(number(n, lang), float(n), place),
        )
    return builder.build(text=3, note=phrase(lang, "table.assumptions.note"))


def likelihood_words(lang: str) -> ReportTable | None:
    """Build the table of the words for probabilities, with the range that each stands for."""
    builder = table_builder("likelihood", lang, "likelihood_word", "likelihood_interval")
    for step in SCALE:
        low, high = percent(step.low, lang), percent(step.high, lang)
        builder.add(phrase(lang, step.key), proper_name(f"{low} – {high}"))
    builder.add(phrase(lang, OPEN), phrase(lang, "table.likelihood.otherwise"))
    return builder.build(text=2, note=phrase(lang, "table.likelihood.note"))


def identities(results: Results, lang: str) -> ReportTable | None:
    """Build the table of days on which each identity was checked; a run stops if a check fails."""
    builder = table_builder("identities", lang, "checked", "held")
    scenario = results.scenario
    days = (
        len(results.alternatives)
        * int(results.manifest["replications"])
        * (scenario.days + scenario.warm_up_days)
    )
    for name, count in results.manifest.get("identities_checked", {}).items():
        n = Value(number(count, lang), float(count), f"manifest.json#identities_checked.{name}")
        expected = Value(number(days, lang), float(days), "manifest.json#days of all runs")
        builder.add(phrase(lang, "table.days_checked"), join([n, phrase(lang, "table.of"), expected], " "))
    return builder.build(note=phrase(lang, "table.identities.note"))


def versions(results: Results, lang: str) -> ReportTable | None:
    """Build the table of the package versions that produced the result."""
    builder = table_builder("versions", lang, "package", "version")
    for name, version in results.manifest.get("versions", {}).items():
        builder.add(proper_name(name), Value(str(version), str(version), f"manifest.json#versions.{name}"))
    for place, extension in enumerate(results.manifest.get("extensions", ())):
        digest = f"SHA-256 {extension['sha256'][:12]}…"
        builder.add(
            proper_name(extension["file"]), Value(digest, digest, f"manifest.json#extensions.{place}.sha256")
        )
    return builder.build()
