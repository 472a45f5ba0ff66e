"""Timely access by age, risk and district: the share of patients given a bed in time, and deaths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surgesim.model.epidemic.people import populate
from surgesim.model.record import PER_MILLION
from surgesim.scenario.schema.base import AGE_GROUPS, RISK_GROUPS
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.compare import paired_interval
from surgesim.study.measures.draws import draw_means

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALL = "all"
IN_TIME, DIED = "in_time_share", "deaths_per_million"


class Group(NamedTuple):
    """A group of people: its grouping, its name, and its index into arrays (districts, 9, 2)."""

    by: str
    name: str
    part: tuple[slice | int, ...]

    def total(self, counts: Ints) -> Ints:
        """Sum `counts`, whose last axes are (districts, 9, 2), over the people of the group."""
        chosen = counts[(..., *self.part)]
        summed: Ints = chosen.sum(axis=tuple(range(counts.ndim - 3, chosen.ndim)))
        return summed

    @property
    def key(self) -> str:
        """The suffix of the group's outcome names."""
        return ALL if self.by == ALL else f"{self.by}:{self.name}"


class Groups:
    """The non-empty groups of a scenario and their populations.

    Attributes
    ----------
    all
        The whole population, then age groups, risk groups (if an epidemic is simulated) and districts.
    people
        ``(districts, 9, 2)``: population at the start.
    """

    def __init__(self, scenario: Scenario) -> None:
        every = slice(None)
        risks = enumerate(RISK_GROUPS if scenario.epidemic is not None else ())
        groups = (
            Group(ALL, ALL, (every, every, every)),
            *(Group("age", age, (every, i, every)) for i, age in enumerate(AGE_GROUPS)),
            *(Group("risk", risk, (every, every, i)) for i, risk in risks),
            *(Group("district", name, (i, every, every)) for i, name in enumerate(scenario.people.districts)),
        )
        self.people: Ints = populate(scenario.people).count
        self.all = tuple(group for group in groups if group.total(self.people) > 0)
        self._spreads = scenario.epidemic is not None
        self._runs = scenario.study.runs_together
        reach = scenario.command.reach
        self._reference = np.nan
        if reach is not None and reach.reference_deaths_per_million is not None:
            self._reference = reach.reference_deaths_per_million

    def outcomes(self) -> dict[str, str]:
        """Return the units of the outcomes, by name."""
        keys = [group.key for group in self.all]
        shares = {f"{IN_TIME}:{key}": "share" for key in keys}
        return shares | {f"{DIED}:{key}": "deaths/1,000,000" for key in keys}

    def values(self, reached: Ints) -> dict[str, float]:
        """Return the outcomes of one replication; the share of a group without patients is NaN."""
        one = reached[None]
        shares = [float(_shares(group, one)[0]) for group in self.all]
        died = [float(self._per_million(group, one)[0]) for group in self.all]
        return dict(zip(self.outcomes(), shares + died, strict=True))

    def rows(self, alternative: str, reached: Ints) -> Iterator[dict[str, Any]]:
        """Yield the rows of reached.csv for one alternative.

        Parameters
        ----------
        reached
            ``(replications, 4, districts, 9, 2)``: patients, patients in time, deaths, infections.
        """
        for group in self.all:
            patients, _, deaths, infected = group.total(reached).T
            shares, died = _shares(group, reached), self._per_million(group, reached)
            (low, high), (died_low, died_high) = (
                paired_interval(means[~np.isnan(means)])
                for means in (draw_means(values, self._runs) for values in (shares, died))
            )
            shares = shares[~np.isnan(shares)]
            yield {
                "alternative": alternative,
                "by": group.by,
                "group": group.name,
                "people": float(group.total(self.people)),
                "patients_mean": patients.mean(),
                "in_time_share": shares.mean() if len(shares) else np.nan,
                "in_time_low": np.clip(low, 0.0, 1.0),
                "in_time_high": np.clip(high, 0.0, 1.0),
                "deaths_mean": deaths.mean(),
                "deaths_per_million": died.mean(),
                "deaths_per_million_low": np.clip(died_low, 0.0, None),
                "deaths_per_million_high": died_high,
                "reference_deaths_per_million": self._reference,
                "times_reference": died.mean() / self._reference,
                "infections_mean": infected.mean() if self._spreads else np.nan,
            }

    def _per_million(self, group: Group, reached: Ints) -> Floats:
        """Return the deaths per million people in the group, ``(replications,)``."""
        died: Floats = group.total(reached)[:, 2] * PER_MILLION / group.total(self.people)
        return died


def _shares(group: Group, reached: Ints) -> Floats:
    """Return the share of patients who got every bed in time, ``(replications,)``; NaN without patients."""
    patients, in_time, *_ = group.total(reached).T.astype(float)
    share: Floats = np.divide(in_time, patients, out=np.full(len(patients), np.nan), where=patients > 0)
    return share
