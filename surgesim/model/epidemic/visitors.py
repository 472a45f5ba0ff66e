"""Visitors: people of a district of their own who leave after their stay and are replaced by others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surgesim.model.columns import Column
from surgesim.scenario.schema.people import People

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = (
    Column("visitors_arrived", "people/day", "visitors who arrive, and replace those who leave"),
    Column("visitors_arrived_infected", "people/day", "visitors who arrive infected"),
    Column("visitors_infected", "people/day", "visitors infected in the province, included in `infections`"),
)


class Turnover(NamedTuple):
    """The visitors of a day: those who arrived, those infected among them, and by how many S has grown.

    `grown` is ``(districts, 9, 2)``; it is negative where fewer susceptible people arrived than left.
    """

    arrived: int
    infected: int
    grown: Ints


class Visitors:
    """The visitors in the compartments of the epidemic, who leave unless they are infectious.

    Attributes
    ----------
    districts
        Indices of the districts whose people are visitors.

    Parameters
    ----------
    susceptible, recovered
        ``(districts, 9, 2, strata)`` and ``(districts, 9, 2)`` people at the start, before infections; those
        who arrive later are as immune.
    open_to
        ``(strata,)`` share of the hazard of infection that protection leaves.
    """

    def __init__(self, people: People, susceptible: Ints, recovered: Ints, open_to: Floats) -> None:
        sections = [district.visitors for district in people.districts.values()]
        self.districts = [d for d, section in enumerate(sections) if section is not None]
        self._leave = [1 / section.stay_days for section in sections if section is not None]
        infected = [section.infected_share for section in sections if section is not None]
        self._strata = len(open_to)
        self._of_those_who_come = [
            _shares(susceptible[d], recovered[d], open_to, share)
            for d, share in zip(self.districts, infected, strict=True)
        ]

    def turn_over(
        self, susceptible: Ints, exposed: Ints, recovered: Ints, dead: Ints, rng: np.random.Generator
    ) -> Turnover:
        """At 00:00, replace those whose stay is over, in each cell of age and risk by as many others.

        Parameters
        ----------
        susceptible, exposed, recovered
            The compartments, as in `Epidemic`, which are changed.
        dead
            ``(districts, 9, 2)`` deaths so far, among the recovered; the dead are not replaced.
        """
        arrived = infected = 0
        grown = np.zeros(recovered.shape, np.int64)
        n = self._strata
        for d, leave, shares in zip(self.districts, self._leave, self._of_those_who_come, strict=True):
            from_s = rng.binomial(susceptible[d], leave)
            from_e = rng.binomial(exposed[:, d], leave)
            from_r = rng.binomial(np.maximum(recovered[d] - dead[d], 0), leave)
            come = rng.multinomial(from_s.sum(axis=-1) + from_e.sum(axis=(0, -1)) + from_r, shares)
            susceptible[d] += come[..., n : 2 * n] - from_s
            exposed[:, d] -= from_e
            exposed[0, d] += come[..., :n]
            recovered[d] += come[..., -1] - from_r
            arrived += int(come.sum())
            infected += int(come[..., :n].sum())
            grown[d] = (come[..., n : 2 * n] - from_s).sum(axis=-1)
        return Turnover(arrived, infected, grown)


def _shares(susceptible: Ints, recovered: Ints, open_to: Floats, infected: float) -> Floats:
    """Return the shares of those who arrive who are infected and susceptible, by stratum, and immune.

    ``(9, 2, 2 * strata + 1)``. The infected come from the strata in proportion to their hazard.
    """
    people = np.concatenate([susceptible, recovered[..., None]], axis=-1).astype(float)
    people[..., -1] += people.sum(axis=-1) == 0  # an empty cell, where nobody arrives
    uninfected = people / people.sum(axis=-1, keepdims=True)
    at_risk = uninfected[..., :-1] * open_to
    in_all = at_risk.sum(axis=-1, keepdims=True)
    among = np.divide(at_risk, in_all, out=np.zeros_like(at_risk), where=in_all > 0)
    share = np.where(in_all > 0, infected, 0.0)
    return np.concatenate([share * among, (1 - share) * uninfected], axis=-1)
