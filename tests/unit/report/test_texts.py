"""A title is drawn, and told, as it is written."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from drawn import lay_out, texts
from figure_cases import THRESHOLDS, surge_results, surge_scenario

from surgesim.report.document import report
from surgesim.report.figures import draw, save
from surgesim.study.results import Results

TITLES = [
    "$5m, plan_1_b, $6m", "No surge (saves $5m of $8m)", "$5", "a$b$c", r"\alpha $\frac{1}{0}$", "%s",
    "{} {0} {x}", "_x^2", "<b>&amp;", r"a\\$_$",
]  # fmt: skip


def titled(titles: list[str]) -> Results:
    """Results of a province, a threshold each, and an alternative each with these titles."""
    one = THRESHOLDS["oxygen-need"]
    scenario = surge_scenario(
        1,
        title=titles[0],
        days=60,
        command={"thresholds": {f"t-{i}": {**one, "title": title} for i, title in enumerate(titles)}},
        alternatives={f"a-{i}": {"title": title} for i, title in enumerate(titles)},
    )
    return surge_results(scenario, replications=2)


@pytest.mark.parametrize("name", ["alternatives", "thresholds"])
def test_a_title_is_drawn_as_it_is_written(tmp_path: Path, name: str) -> None:
    figure = draw(titled(TITLES), name)
    assert save(figure, tmp_path / "f.svg").stat().st_size > 1000
    found = texts(lay_out(figure))
    for title in TITLES:
        drawn = [text for text in found if title.replace(" ", "") in "".join(text.get_text().split())]
        assert drawn, title
        assert not any(text.get_parse_math() for text in drawn), title


@pytest.mark.slow
def test_mathematics_in_titles_takes_down_no_report() -> None:
    title = r"$\frac{1}{0}$ {} %s <i> $_"
    page = _Words()
    page.feed(report(titled([title])))
    assert title in " ".join(page.words)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)
