"""Write a brief to files, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from surgesim.errors import ResultsError
from surgesim.files import atomic_write, is_brief, refuse_to_replace
from surgesim.report.brief.content import Brief, brief
from surgesim.report.brief.page import html
from surgesim.report.brief.pdf import pdf
from surgesim.report.brief.word import word

if TYPE_CHECKING:
    from surgesim.decisions.door import Calendar, Size, Worth
    from surgesim.study.results import Results

FORMATS: Final = ("html", "pdf", "docx")


def write_brief(
    results: Results,
    paths: Sequence[Path],
    lang: str = "en",
    *,
    answers: Sequence[Worth | Size] = (),
    calendar: Calendar | None = None,
    font: Path | None = None,
) -> list[Path]:
    """Write the brief of a result to files; the suffix of each decides its format.

    Raises
    ------
    ResultsError
        If a suffix is unknown, a file cannot be written or is something other than a brief, or the result is
        unsuitable (see `brief` and `pdf`).
    SurgesimError
        If the package that a format needs is not installed.
    """
    render: Mapping[str, Callable[[Brief], bytes]] = {
        "html": lambda page: html(page).encode(),
        "pdf": lambda page: pdf(page, font),
        "docx": word,
    }
    for path in paths:
        if path.suffix.removeprefix(".").lower() not in render:
            raise ResultsError(f"got a brief {path.name!r}, expected one that ends in {', '.join(FORMATS)}")
        refuse_to_replace(path, is_brief, "a brief")
    page = brief(results, lang, answers, calendar)
    contents = [render[path.suffix.removeprefix(".").lower()](page) for path in paths]
    with ExitStack() as files:
        for path, content in zip(paths, contents, strict=True):
            files.enter_context(atomic_write(path)).write_bytes(content)
    return list(paths)


def default_paths(folder: Path) -> list[Path]:
    """Return the files of a brief in a result folder; without a PDF if Typst is not installed."""
    suffixes = ["html", *(["pdf"] if find_spec("typst") is not None else [])]
    return [folder / f"brief.{suffix}" for suffix in suffixes]
