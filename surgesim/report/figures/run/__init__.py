"""The figures of a run: each module in this folder declares one as FIGURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Final

from surgesim.report.figures.spec import FigureSpec


def _declared() -> Iterator[FigureSpec]:
    for module in iter_modules(__path__):
        yield import_module(f"{__name__}.{module.name}").FIGURE


FIGURES: Final[Mapping[str, FigureSpec]] = MappingProxyType(
    {figure.name: figure for figure in sorted(_declared(), key=lambda figure: figure.place)}
)
"""All figures by name, in report order."""
