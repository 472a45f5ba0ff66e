"""The report's table of facilities tells the basic beds, and shows no zeros of beds that there are not."""

from __future__ import annotations

from dataclasses import replace

import figure_cases
import pytest
from figure_cases import surge_results, surge_scenario

from surgesim.report.tables import facilities
from surgesim.report.tables.cells import NONE


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_a_facility_with_basic_beds_only_has_them_told(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(figure_cases.BASE_FACILITY, "beds", {"basic": 1230})
    results = surge_results(surge_scenario(2, 1), replications=2)
    idle = results.facilities.assign(peak_occupied_oxygen_median=0.0, peak_occupied_icu_median=0.0)
    table = facilities(replace(results, facilities=idle), lang)
    assert table is not None
    basic = "1,230" if lang == "en" else "1.230"
    assert len(table.rows) == 3
    for row in table.rows:
        assert [cell.content for cell in row[5:8]] == [basic, NONE, NONE]


def test_a_facility_without_basic_beds_has_its_peaks() -> None:
    results = surge_results(surge_scenario(2, 1), replications=2)
    table = facilities(results, "en")
    assert table is not None
    assert len(table.rows) == 3
    for row in table.rows:
        assert row[5].content == NONE
        assert NONE not in (row[6].content, row[7].content)
