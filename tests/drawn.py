"""The texts of a drawn figure: overlaps, and texts that cross the edge of the page."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox


def lay_out(figure: Figure) -> Figure:
    """Lay out the figure and place all text."""
    FigureCanvasAgg(figure).draw()
    return figure


def texts(figure: Figure) -> list[Text]:
    """Return every visible text of the figure."""
    hidden = {id(text) for axes in figure.axes for text in hidden_ticks(axes)}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden
    ]


def hidden_ticks(axes: Axes) -> list[Text]:
    """Return the labels of ticks outside their axis or on a hidden axis."""
    found: list[Text] = []
    for axis, bounds in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not (axes.axison and min(bounds) <= tick.get_loc() <= max(bounds)):
                found += [tick.label1, tick.label2]
    return found


def boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    return [(text.get_text(), text.get_window_extent()) for text in texts(figure)]


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Return pairs of texts whose boxes overlap by more than half a pixel in both directions."""
    found = boxes(figure)
    low = np.array([box.min for _, box in found]).reshape(-1, 2)
    high = np.array([box.max for _, box in found]).reshape(-1, 2)
    shared = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
    pairs = np.argwhere(np.triu((shared > 0.5).all(axis=2), k=1))
    return [(found[one][0], found[other][0]) for one, other in pairs]


def outside(figure: Figure) -> list[str]:
    """Return the texts that cross the edge of the page."""
    page = figure.bbox.padded(0.5)
    return [
        text
        for text, box in boxes(figure)
        if box.x0 < page.x0 or box.y0 < page.y0 or box.x1 > page.x1 or box.y1 > page.y1
    ]
