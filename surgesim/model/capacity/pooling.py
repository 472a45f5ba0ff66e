"""Pools: what several facilities share, such as ventilators or staff, goes where it is needed most."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from surgesim.model.epidemic.people import apportion

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def allot_whole(owned: int, needs: Iterable[Ints]) -> Ints:
    """Allot the items that a pool owns to its facilities, and return the number of each.

    Parameters
    ----------
    needs
        ``(facilities,)`` items that each facility needs, in order of priority; each includes the one before.
        Where the items left do not suffice for one, they are in proportion to what each facility lacks.
    """
    allotted: Ints | None = None
    for needed in needs:
        allotted = np.zeros(len(needed), np.int64) if allotted is None else allotted
        lacking, left = np.maximum(needed - allotted, 0), owned - int(allotted.sum())
        allotted += lacking if lacking.sum() <= left else apportion(left, lacking)
    return np.zeros(0, np.int64) if allotted is None else allotted


def allot(owned: Floats, shares: Floats | float, needs: Iterable[Floats]) -> Floats:
    """Share out a part of what each facility owns, and return what each facility has then.

    Parameters
    ----------
    owned, shares
        ``(facilities,)`` amount that each facility owns, and the share of it that it can lose.
    needs
        ``(facilities,)`` as for `allot_whole`. What nobody needs goes back to its owners.
    """
    left = float((owned * shares).sum())
    if left <= 0:
        return owned
    after: Floats = owned - owned * shares
    for needed in needs:
        lacking = np.maximum(needed - after, 0.0)
        total = float(lacking.sum())
        after = after + (lacking if total <= left else lacking * (left / total))
        left = max(left - total, 0.0)
    lost = np.maximum(owned - after, 0.0)
    return after + lost * (left / lost.sum()) if left > 0 else after
