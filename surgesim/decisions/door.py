"""The interface of the decisions package: what a resource is worth, and the least that suffices."""

from __future__ import annotations

from surgesim.decisions.resources import (
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
    "DELIVERIES",
    "EVERYWHERE",
    "GROUPINGS",
    "LEAD_DAYS",
    "NEEDS",
    "OXYGEN",
    "PATHS",
    "SIZE_TABLE",
    "STEPS",
    "WORTH_TABLE",
    "Size",
    "Worth",
    "amounts",
    "lay",
    "read_size",
    "read_worth",
    "size",
    "why",
    "worth",
]
