"""Scenario paths and values in words, for readers who do not edit scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from surgesim.report.words import day_text, number, phrase, plain_percent
from surgesim.scenario.schema.base import Text
from surgesim.scenario.schema.scenario import Scenario

NAMED: Final = (
    ("care", "facilities"),
    ("epidemic", "measures"),
    ("epidemic", "vaccination", "groups"),
    ("supply", "burdens"),
    ("supply", "consumables"),
)
"""Mappings of named entries; in the key of a path, ``any`` replaces the name."""

EVERY: Final = "*"
"""The name that stands for several entries."""


def path_words(scenario: Scenario, path: str, lang: str) -> str:
    """Return a path in words, with the titles of what it names; unchanged if it has no words."""
    parts = path.split(".")
    if parts[:2] == ["command", "plan"] and len(parts) > 3:
        own = ".".join(("rule", *parts[3:]))
        what, name = path_words(scenario, own, lang), _title(scenario, tuple(parts[:3]), lang)
        return path if what == own else phrase(lang, "path.of_rule", what=what, name=name)
    for above in NAMED:
        if tuple(parts[: len(above)]) == above and len(parts) > len(above):
            name, parts[len(above)] = parts[len(above)], "any"
            title = phrase(lang, "path.every") if name == EVERY else _title(scenario, (*above, name), lang)
            break
    else:
        title = ""
    try:
        return phrase(lang, f"path.{'-'.join(parts)}", name=title)
    except KeyError:
        return path


def value_words(value: Any, lang: str) -> str:
    """Return a plain value of a scenario in words."""
    if isinstance(value, bool):
        return phrase(lang, "value.true" if value else "value.false")
    if isinstance(value, (int, float)):
        return number(value, lang)
    if isinstance(value, date):
        return day_text(value, lang)
    if isinstance(value, (list, tuple)):
        return ", ".join(value_words(each, lang) for each in value)
    try:
        return day_text(date.fromisoformat(value), lang)
    except (TypeError, ValueError):
        return str(value)


def _title(scenario: Scenario, path: tuple[str, ...], lang: str) -> str:
    """Return the title of a named entry, or its name if it has none."""
    entry: Any = scenario
    for name in path:
        entry = entry.get(name) if isinstance(entry, Mapping) else getattr(entry, name, None)
    title = getattr(entry, "title", None)
    return plain_percent(title.get(lang)) if isinstance(title, Text) else path[-1]
