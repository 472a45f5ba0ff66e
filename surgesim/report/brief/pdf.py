"""The brief as PDF, typeset by Typst on one A4 page, with the sources of its numbers attached."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from surgesim.errors import ResultsError, SurgesimError
from surgesim.files import BRIEF
from surgesim.report.brief.content import headings
from surgesim.report.brief.page import origins
from surgesim.report.figures import svg_text
from surgesim.report.words import phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from surgesim.report.brief.content import Brief, Grid

TEMPLATE: Final = "brief.typ"
_PAGE: Final = re.compile(rb"/Type\s*/Page\b")


def pdf(brief: Brief, font: Path | None = None) -> bytes:
    """Typeset a brief as a PDF of one page; the same brief gives the same bytes.

    Parameters
    ----------
    font
        A TrueType or OpenType file; by default DejaVu Sans, which Matplotlib brings.

    Raises
    ------
    SurgesimError
        If Typst is not installed.
    ResultsError
        If the font cannot be read or lacks a letter of the brief, or the text does not fit one page.
    """
    try:
        import typst
    except ImportError as error:
        raise SurgesimError(
            "a PDF needs the package typst; install it with: pip install 'surgesim[pdf]'"
        ) from error
    content = _plain(brief)
    faces = [font] if font is not None else _default_faces()
    content["font"] = _family(faces[0], json.dumps(content, ensure_ascii=False))
    with tempfile.TemporaryDirectory() as folder:
        for face in faces:
            shutil.copy(face, folder)
        template = Path(folder) / TEMPLATE
        template.write_bytes((files("surgesim.report") / "templates" / TEMPLATE).read_bytes())
        inputs = {
            "brief": json.dumps(content),
            "picture": svg_text(brief.figure),
            "sources": _sources(brief),
        }
        compiler = typst.Compiler(
            str(template), font_paths=[folder], ignore_system_fonts=True, sys_inputs=inputs
        )
        done = compiler.compile(format="pdf", timestamp=0)
    assert isinstance(done, bytes)
    if len(_PAGE.findall(done)) > 1:
        raise ResultsError(
            "the brief does not fit one page even in letters of 8 pt; shorten the titles of the scenario "
            "and of its alternatives"
        )
    return done


def _plain(brief: Brief) -> dict[str, Any]:
    """Return the texts of a brief as plain data."""
    lang = brief.lang
    return {
        "generator": BRIEF,
        "lang": lang,
        "kind": phrase(lang, "onepage.kind"),
        "title": brief.title,
        "run": str(brief.run),
        "headings": headings(lang) | {"sources": phrase(lang, "onepage.sources")},
        "situation": " ".join(map(str, brief.situation)),
        "figure": phrase(lang, "onepage.figure"),
        "captions": list(map(str, brief.captions)),
        "decisions": None if brief.decisions is None else _grid(brief.decisions),
        "after": list(map(str, brief.after)),
        "futures": _grid(brief.futures),
        "caveats": list(map(str, brief.caveats)),
        "footer": str(brief.footer),
    }


def _grid(grid: Grid) -> dict[str, Any]:
    return {"columns": list(map(str, grid.columns)), "rows": [list(map(str, row)) for row in grid.rows]}


def _sources(brief: Brief) -> str:
    """Return the sources of the numbers as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([phrase(brief.lang, f"origin.{name}") for name in ("number", "file", "row", "column")])
    writer.writerows((one.number, one.file, one.row, one.column) for one in origins(brief))
    return text.getvalue()


def _default_faces() -> Sequence[Path]:
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return [folder / "DejaVuSans.ttf", folder / "DejaVuSans-Bold.ttf"]


def _family(face: Path, text: str) -> str:
    """Return the family name of a font that has all letters of a text.

    Raises
    ------
    ResultsError
        If the file is not a font, or the font lacks a letter.
    """
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(face) as font:
            known = font.getBestCmap() or {}
            family = font["name"].getBestFamilyName()
    except (OSError, TTLibError) as error:
        raise ResultsError(f"{face}: cannot be read as a font: {error}") from error
    missing = sorted({letter for letter in text if letter.isprintable() and ord(letter) not in known})
    if missing:
        some = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        raise ResultsError(
            f"{face}: the font {family} lacks the letters {some} of the brief; choose another with --font"
        )
    return str(family)
