"""Section `study`: how many replications, from which seed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from surgesim.scenario.base import Section


class Study(Section):
    """Replications and their seed."""

    replications: Annotated[int, Field(ge=1, le=100_000)] = 50
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
