"""The screen and the report in Vietnamese have no English beside names, paths and sources of the scenario."""

from __future__ import annotations

import re

import pytest
from figure_cases import surge_results, surge_scenario
from report_cases import Element, Page
from study_cases import shown

from surgesim.report.document import report
from surgesim.report.screen.screen import summary
from surgesim.report.screen.short import ShortSummary
from surgesim.report.words import catalogue
from surgesim.study.results import Results

WORD = re.compile(r"(?<![\w./<-])[A-Za-z]{3,}(?![\w./>-])")
ALLOWED = {"general", "baseline", "assumed", "surgesim", "manifest"}
"""Names of the made-up scenario, and of files."""


def english() -> set[str]:
    """The words of the English catalogue that the Vietnamese one does not use."""
    words: dict[str, set[str]] = {}
    for lang in ("en", "vi"):
        texts = [str(m.string) for m in catalogue(lang) if m.id]
        words[lang] = {word.lower() for text in texts for word in re.findall(r"[A-Za-zÀ-ỹ]+", text)}
    return words["en"] - words["vi"] - ALLOWED


@pytest.fixture(scope="module")
def results() -> Results:
    overlays = {"early": {"title": {"vi": "Sớm hơn", "en": "Earlier"}, "epidemic": {"variant": {"r0": 2.5}}}}
    return surge_results(surge_scenario(2, 0, days=60, alternatives=overlays), replications=6)


def left(text: str) -> list[str]:
    """The lines of a text that have English words."""
    words = english()
    assert len(words) > 500
    return [line for line in text.splitlines() if words & {word.lower() for word in WORD.findall(line)}]


def test_the_screens_have_none(results: Results) -> None:
    for screen in (ShortSummary(results, "vi"), summary(results, "vi")):
        text = shown(screen, 200)
        assert "Tử vong" in text
        assert left(text) == []


@pytest.mark.usefixtures("unpictured")
def test_the_report_has_none(results: Results) -> None:
    text = "\n".join(texts(Page(report(results, "vi")).root))
    assert "Tử vong" in text
    assert left(text) == []


def texts(element: Element) -> list[str]:
    """The texts of a page but code, names from the scenario and styles."""
    found = []
    for child in element.children:
        if isinstance(child, str):
            found.append(child.strip())
        elif child.tag not in ("code", "style", "svg") and child.attributes.get("class") != "name":
            found += texts(child)
    return [text for text in found if text]
