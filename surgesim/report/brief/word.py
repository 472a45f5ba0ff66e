"""The brief as a Word document: the page, then the sources of its numbers."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from surgesim.errors import SurgesimError
from surgesim.files import BRIEF
from surgesim.report.brief.content import headings
from surgesim.report.brief.page import origins
from surgesim.report.figures import project_style
from surgesim.report.words import phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from surgesim.report.brief.content import Brief

FONT: Final = "Times New Roman"
"""The font of Vietnamese administrative documents, which Word has everywhere."""

DPI: Final = 300


def word(brief: Brief) -> bytes:
    """Write a brief as a Word document (.docx).

    Raises
    ------
    SurgesimError
        If python-docx is not installed.
    """
    try:
        import docx
        from docx.oxml.ns import qn
        from docx.shared import Mm, Pt
    except ImportError as error:
        raise SurgesimError(
            "a Word document needs the package python-docx; install it with: pip install 'surgesim[word]'"
        ) from error
    document: Any = docx.Document()
    document.core_properties.author = BRIEF
    document.core_properties.title = brief.title
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(15)
    section.top_margin = section.bottom_margin = Mm(12)
    for name in ("Normal", "Title", "Heading 1"):
        style = document.styles[name]
        style.font.name = FONT
        style.element.rPr.rFonts.set(qn("w:asciiTheme"), FONT)
        style.paragraph_format.space_before = Pt(5 if name == "Heading 1" else 0)
        style.paragraph_format.space_after = Pt(2)
    for name, size in (("Normal", 9.5), ("Title", 15), ("Heading 1", 11)):
        document.styles[name].font.size = Pt(size)

    def add_heading(name: str) -> None:
        document.add_heading(headings(brief.lang)[name], 1)

    document.add_paragraph(phrase(brief.lang, "onepage.kind"))
    document.add_paragraph(brief.title, style="Title")
    document.add_paragraph(str(brief.run))
    add_heading("situation")
    document.add_paragraph(" ".join(map(str, brief.situation)))
    add_heading("need")
    document.add_picture(_picture(brief), width=Mm(178))
    for caption in brief.captions:
        document.add_paragraph(str(caption))
    add_heading("decisions")
    if brief.decisions is not None:
        _table(document, brief.decisions.columns, brief.decisions.rows)
    for sentence in brief.after:
        document.add_paragraph(str(sentence))
    add_heading("futures")
    _table(document, brief.futures.columns, brief.futures.rows)
    add_heading("caveats")
    for sentence in brief.caveats:
        document.add_paragraph(str(sentence), style="List Bullet")
    document.add_paragraph(str(brief.footer))
    document.add_page_break()
    document.add_heading(phrase(brief.lang, "onepage.sources"), 1)
    columns = [phrase(brief.lang, f"origin.{name}") for name in ("number", "file", "row", "column")]
    _table(document, columns, [(one.number, one.file, one.row, one.column) for one in origins(brief)])
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def _picture(brief: Brief) -> io.BytesIO:
    content = io.BytesIO()
    with project_style():
        brief.figure.savefig(content, format="png", dpi=DPI, metadata={"Software": BRIEF})
    content.seek(0)
    return content


def _table(document: Any, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = document.add_table(rows=1, cols=len(columns), style="Table Grid")
    for cell, text in zip(table.rows[0].cells, columns, strict=True):
        cell.paragraphs[0].add_run(str(text)).bold = True
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = str(text)
