"""The brief as HTML: one A4 when printed, and on the screen also the source of each number."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from surgesim.files import BRIEF
from surgesim.report.brief.content import headings
from surgesim.report.citation import passage
from surgesim.report.figures import inline
from surgesim.report.words import phrase

if TYPE_CHECKING:
    from surgesim.report.brief.content import Brief

TEMPLATE: Final = "brief.html.j2"

_QUOTED: Final = re.compile(r'<(data|time) [^>]*data-source="([^"]*)"[^>]*>([^<]*)</\1>')


@dataclass(frozen=True, slots=True)
class Origin:
    """A number of the brief, with the file, row and column that it comes from."""

    number: str
    file: str
    row: str
    column: str


def html(brief: Brief) -> str:
    """Render a brief as HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("surgesim.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def say(key: str, **fields: object) -> Any:
        return passage(brief.lang, key, **fields)

    alt = phrase(brief.lang, "onepage.figure")
    return environment.get_template(TEMPLATE).render(
        brief=brief,
        lang=brief.lang,
        say=say,
        headings=headings(brief.lang),
        generator=BRIEF,
        picture=inline(brief.figure, "brief", alt),
        origins=origins(brief),
    )


def origins(brief: Brief) -> list[Origin]:
    """Return the source of each number of a brief, in order; a number that appears twice is listed once."""
    found: dict[Origin, None] = {}
    for text in _texts(brief):
        if not hasattr(text, "__html__"):
            continue
        for _, source, shown in _QUOTED.findall(str(text.__html__())):
            place, _, column = unescape(source).partition("#")
            file, _, query = place.partition("?")
            row = ", ".join(f"{key}={value}" for key, value in parse_qsl(query, keep_blank_values=True))
            found[Origin(unescape(shown), file, row, column)] = None
    return list(found)


def _texts(brief: Brief) -> Iterable[str]:
    yield brief.run
    yield from (*brief.situation, *brief.captions)
    for grid in (brief.decisions, brief.futures):
        if grid is not None:
            yield from (cell for row in grid.rows for cell in row)
    yield from (*brief.after, *brief.caveats, brief.footer)
