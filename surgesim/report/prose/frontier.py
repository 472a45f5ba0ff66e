"""Sentences about two levers at once: the pairs that just suffice, and which costs least."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from surgesim.report.prose.decisions import (
    conditions_words,
    opposed_sentences,
    resource_name,
    value_words,
)
from surgesim.report.words import number, percent, phrase

if TYPE_CHECKING:
    from surgesim.decisions.door import Frontier


def pair_words(frontier: Frontier, pair: list[str], lang: str) -> str:
    """Return a pair of values with the names of their levers."""
    entry = frontier.manifest["frontier"]
    return phrase(lang, "decisions.and").join(
        phrase(
            lang,
            "frontier.value",
            lever=resource_name(frontier.scenario, path, lang),
            value=value_words(path, value, lang),
        )
        for path, value in zip(entry["paths"], pair, strict=True)
    )


def frontier_sentences(frontier: Frontier, lang: str) -> Iterator[str]:
    """State which pairs suffice, which costs least, and what to doubt."""
    entry, answer = frontier.manifest["frontier"], frontier.answer
    conditions = conditions_words(frontier.scenario, entry, lang)
    confidence = percent(entry["confidence"], lang)
    yield phrase(lang, f"frontier.{answer['status']}", conditions=conditions, confidence=confidence)
    if answer["least"] is not None and answer["status"] == "found":
        pair = pair_words(frontier, answer["least"], lang)
        yield phrase(lang, f"frontier_least.{answer['by']}", pair=pair)
    elif answer["status"] == "found":
        yield phrase(lang, "frontier.no_prices")
    yield from opposed_sentences(frontier.scenario, answer["opposed"], lang)
    if answer["contrary"]:
        yield phrase(lang, "frontier.contrary")
    values = [len(each) for each in entry["values"]]
    yield phrase(
        lang,
        "frontier.effort",
        runs=number(answer["runs"], lang),
        tested=number(answer["tested"], lang),
        pairs=number(values[0] * values[1], lang),
    )
