"""A figure as an SVG element of an HTML page."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from markupsafe import Markup

from surgesim.report.figures.drawing.page import project_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ID = re.compile(r'(\bid="|url\(#|href="#)')
_WITHOUT = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<!--.*?-->|\n\s*", re.DOTALL)


def inline(figure: Figure, name: str, alt: str) -> Markup:
    """Render a figure as an SVG element with unique ids and its alternative text."""
    svg = _WITHOUT.sub(" ", svg_text(figure)).strip()
    svg = _ID.sub(rf"\g<1>{name}-", svg)
    head, _, rest = svg.partition(">")
    box = re.search(r'viewBox="[^"]*"', head)
    opening = Markup('<svg {} role="img" aria-label="{}">').format(Markup(box.group() if box else ""), alt)
    return opening + Markup(rest)


def svg_text(figure: Figure) -> str:
    """Render a figure as the text of an SVG file."""
    drawn = io.StringIO()
    with project_style():
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()
