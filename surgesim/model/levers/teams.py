"""Staff of facilities who work in home care teams."""

from __future__ import annotations

import numpy as np

from surgesim.model.capacity.adjustments import Adjustment
from surgesim.model.capacity.staff import DOCTORS, WARD_NURSES
from surgesim.model.epidemic.people import apportion
from surgesim.model.province import Province


def take_for_teams(
    name: str, where: list[int], teams: float, per_team: tuple[float, float], province: Province
) -> None:
    """Let a rule take doctors and ward nurses `per_team` from facilities, in proportion to theirs."""
    if not any(per_team):
        return
    staff = [province.facilities.sites[facility].section.staff for facility in where]
    taken = np.zeros((len(where), 3))
    for cadre, each, heads in (
        (DOCTORS, per_team[0], [0 if member is None else member.doctors for member in staff]),
        (WARD_NURSES, per_team[1], [0 if member is None else member.ward_nurses for member in staff]),
    ):
        number = min(round(each * teams), sum(heads))
        if number:
            taken[:, cadre] = apportion(number, np.array(heads, float))
    province.capacity.adjustments.set(Adjustment.HEADS_IN_TEAMS, name, where, taken)
