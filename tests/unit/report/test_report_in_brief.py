"""The report of a short made-up run, without its figures: the tables and the summary, quickly."""

from __future__ import annotations

import pytest
from figure_cases import surge_results, surge_scenario
from report_cases import Page

from surgesim.report.document import report
from surgesim.report.words import LANGUAGES


@pytest.mark.usefixtures("unpictured")
def test_both_languages_have_the_same_tables_and_the_same_numbers() -> None:
    results = surge_results(surge_scenario(2, 1, days=60), replications=2)
    pages = [Page(report(results, lang)).root for lang in LANGUAGES]
    tables, others = (
        {table.attributes["id"]: len(list(table.all("tr"))) for table in page.all("table")} for page in pages
    )
    assert {"table-breaches", "table-comparison"} <= set(tables)
    assert tables == others
    values, same = (
        [(e.attributes["data-source"], e.attributes["value"]) for e in page.all("data")] for page in pages
    )
    assert len(values) > 50
    assert values == same
