"""Lay districts out on a grid so that neighbours, by travel time, are side by side."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WIDER: Final = 1.2
"""A grid has about this many columns per row."""
MOST_SWAPPED: Final = 100
"""Number of districts up to which the layout is improved by swaps."""


def tile_grid(hours: Floats) -> list[tuple[int, int]]:
    """Return the row and column of each district, given travel times between districts.

    The districts are placed by classical multidimensional scaling of the times and assigned to the nearest
    cells of the grid; then districts swap cells for as long as that brings close ones closer. The times do
    not tell which way is north.
    """
    n = len(hours)
    columns = int(np.ceil(np.sqrt(WIDER * n)))
    rows = -(-n // columns)
    cells = np.array(list(product(range(rows), range(columns))), dtype=float)
    at = _assigned(_plane(_shortest(hours)), cells, rows, columns)
    if n <= MOST_SWAPPED:
        at = _swapped(at, cells, _closeness(hours))
    return [(int(row), int(column)) for row, column in cells[at]]


def _shortest(hours: Floats) -> Floats:
    """Return the shortest times, by way of other districts."""
    shortest = hours.copy()
    for k in range(len(hours)):
        shortest = np.minimum(shortest, shortest[:, [k]] + shortest[[k], :])
    return shortest


def _plane(hours: Floats) -> Floats:
    """Return a point of the plane per district whose distances resemble the times; rows are y and x."""
    n = len(hours)
    centre = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-0.5 * centre @ hours**2 @ centre)
    axes = vectors[:, [-2, -1]] * np.sqrt(np.maximum(values[[-2, -1]], 0))  # y, then x, the longer
    turned = np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    points: Floats = np.round(axes * np.where(turned == 0, 1, turned), 9)
    return points


def _assigned(points: Floats, cells: Floats, rows: int, columns: int) -> NDArray[np.intp]:
    """Return the cell of each point, with the least sum of squared distances."""
    from scipy.optimize import linear_sum_assignment

    low, span = points.min(axis=0), np.ptp(points, axis=0)
    scaled = (points - low) / np.where(span > 0, span, 1) * [rows - 1, columns - 1]
    away = ((scaled[:, None, :] - cells[None, :, :]) ** 2).sum(axis=2)
    at: NDArray[np.intp] = linear_sum_assignment(away)[1]
    return at


def _closeness(hours: Floats) -> Floats:
    """Return a weight for each pair, which falls with the time between the two."""
    others = hours + np.diag(np.full(len(hours), np.inf))
    typical = float(np.median(others.min(axis=0)))
    weights = np.exp(-hours / (typical or 1.0))
    np.fill_diagonal(weights, 0.0)
    return weights


def _swapped(at: NDArray[np.intp], cells: Floats, weights: Floats) -> NDArray[np.intp]:
    """Swap the cells of two districts, or move one to an empty cell, while that brings close ones closer."""

    def cost(of: NDArray[np.intp]) -> float:
        away = ((cells[of][:, None, :] - cells[of][None, :, :]) ** 2).sum(axis=2)
        return float((weights * away).sum())

    best, improved = cost(at), True
    while improved:
        improved = False
        for i, cell in product(range(len(at)), range(len(cells))):
            tried = at.copy()
            tried[at == cell] = at[i]
            tried[i] = cell
            value = cost(tried)
            if value < best - 1e-9:
                at, best, improved = tried, value, True
    return at
