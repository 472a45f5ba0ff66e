"""Open ICU beds that lack a ventilator are told, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

import surgesim
from surgesim.report.prose.sentences import icu_care

TOWN = Path(__file__).parents[3] / "scenarios" / "teaching" / "beds-without-nurses.yaml"


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("en", "On the worst day {} open ICU beds lack a ventilator and do not count."),
        ("vi", "Ngày cao nhất có {} giường ICU đã mở nhưng không có máy thở"),
    ],
)
def test_icu_beds_without_a_ventilator_are_told(lang: str, sentence: str) -> None:
    scenario = surgesim.load(TOWN)
    none = {name: {"ventilators": 0} for name in scenario.care.facilities}
    plenty = {name: {"ventilators": 1_000} for name in scenario.care.facilities}
    told = []
    for sites in (none, plenty):
        changed = surgesim.overlaid(scenario, {"care": {"facilities": sites}})
        results = surgesim.run(changed, replications=1, days=20, only=["baseline"], workers=1)
        daily = results.daily
        beds = daily.loc[daily["indicator"] == "icu_without_ventilator", "p50"].max()
        told.append((beds, " ".join(icu_care(results, lang))))
    (beds, said), (no_beds, silent) = told
    assert beds > 0 == no_beds
    assert sentence.format(round(beds)) in said
    assert sentence.split("{} ")[1] not in silent
