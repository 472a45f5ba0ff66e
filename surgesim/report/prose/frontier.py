"""Sentences about two levers at once: the pairs that just suffice, and which costs least."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from surgesim.decisions.door import STEPS
from surgesim.report.prose.decisions import bound_words, outcome_title, resource_name
from surgesim.report.words import day_text, number, percent, phrase

if TYPE_CHECKING:
    from surgesim.decisions.door import Frontier


def lever_value(frontier: Frontier, lever: int, value: str, lang: str) -> str:
    """Return a value of one of the levers: a date, a number, or so much more of a resource."""
    try:
        return day_text(date.fromisoformat(value), lang)
    except ValueError:
        shown = number(float(value), lang)
    if frontier.manifest["frontier"]["paths"][lever] in STEPS:
        return phrase(lang, "size.more", value=shown)
    return shown


def pair_words(frontier: Frontier, pair: list[str], lang: str) -> str:
    """Return a pair of values with the names of their levers."""
    names = frontier.manifest["frontier"]["levers"]
    return phrase(lang, "decisions.and").join(
        phrase(
            lang,
            "frontier.value",
            lever=resource_name(name, lang),
            value=lever_value(frontier, place, value, lang),
        )
        for place, (name, value) in enumerate(zip(names, pair, strict=True))
    )


def frontier_sentences(frontier: Frontier, lang: str) -> Iterator[str]:
    """State which pairs suffice, which costs least, and what to doubt."""
    entry, answer = frontier.manifest["frontier"], frontier.answer
    conditions = phrase(lang, "decisions.and").join(
        phrase(
            lang,
            "size.condition",
            outcome=outcome_title(frontier.scenario, outcome, lang),
            bound=bound_words(outcome, below, lang),
        )
        for outcome, below in entry["conditions"].items()
    )
    confidence = percent(entry["confidence"], lang)
    yield phrase(lang, f"frontier.{answer['status']}", conditions=conditions, confidence=confidence)
    if answer["least"] is not None and answer["status"] == "found":
        pair = pair_words(frontier, answer["least"], lang)
        yield phrase(lang, f"frontier_least.{answer['by']}", pair=pair)
    elif answer["status"] == "found":
        yield phrase(lang, "frontier.no_prices")
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
