"""The interface of the decisions package: what a resource is worth, the least that suffices, and by when."""

from __future__ import annotations

from surgesim.decisions.calendar import DECISIONS_TABLE, Calendar, calendar, read_calendar
from surgesim.decisions.frontier import FRONTIER_TABLE, Frontier, frontier, read_frontier
from surgesim.decisions.resources import (
    COUNTED,
    DELIVERIES,
    EVERYWHERE,
    GROUPINGS,
    LEAD_DAYS,
    NEEDS,
    OXYGEN,
    PATHS,
    STEPS,
    amounts,
    lay,
)
from surgesim.decisions.size import SIZE_TABLE, Size, read_size, size
from surgesim.decisions.worth import WORTH_TABLE, Worth, read_worth, why, worth

__all__ = [
    "COUNTED",
    "DECISIONS_TABLE",
    "DELIVERIES",
    "EVERYWHERE",
    "FRONTIER_TABLE",
    "GROUPINGS",
    "LEAD_DAYS",
    "NEEDS",
    "OXYGEN",
    "PATHS",
    "SIZE_TABLE",
    "STEPS",
    "WORTH_TABLE",
    "Calendar",
    "Frontier",
    "Size",
    "Worth",
    "amounts",
    "calendar",
    "frontier",
    "lay",
    "read_calendar",
    "read_frontier",
    "read_size",
    "read_worth",
    "size",
    "why",
    "worth",
]
