"""The pages on the workbook name its sheets, and the options that answer its questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from surgesim.workbook.sheets import SHEETS

DOCS = Path(__file__).parents[3] / "docs"
OPTIONS = ("--csv", "--update", "--decimal comma", "--dates dmy", "--cumulative", "--accept")


@pytest.mark.parametrize(("page", "lang"), [("workbook.md", "en"), ("workbook.vi.md", "vi")])
def test_the_page_names_sheets_and_options(page: str, lang: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert [form.key for form in SHEETS if f"\n| {form.title.get(lang)} |" not in text] == []
    assert [option for option in OPTIONS if option not in text] == []
