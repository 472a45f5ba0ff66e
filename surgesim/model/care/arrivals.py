"""The source of patients in scenarios that give daily counts of arrivals instead of an epidemic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surgesim.model.care.patients import PatientBatch, PatientSource
from surgesim.model.clock.streams import Streams
from surgesim.scenario.schema.base import AGE_GROUPS
from surgesim.scenario.schema.epidemic import Arrivals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class ArrivalSource:
    """The patients and mild cases of each day, from series of daily counts.

    Every day of a warm-up has the arrivals of the first day. Patients of a series without a district are
    split among districts in proportion to population; those of a series without an age are split among ages
    in proportion to population times the probability of the need.

    Parameters
    ----------
    by_age
        ``(districts, 9)`` population.
    p_oxygen, p_icu
        ``(9,)`` P(needs oxygen) and P(needs ICU | needs oxygen) by age, which give the mix of ages.
    """

    def __init__(
        self, section: Arrivals, districts: tuple[str, ...], by_age: Ints, source: PatientSource,
        p_oxygen: Floats, p_icu: Floats, streams: Streams,
    ) -> None:  # fmt: skip
        self._source = source
        self._streams = streams
        self._exact = section.counts_are == "exact"
        self._n = len(districts)
        self._factor = _demand_factor(section.demand_sd, streams)
        ages = by_age.sum(axis=0).astype(float)
        mix = {"basic": ages, "oxygen": ages * p_oxygen, "icu": ages * p_oxygen * p_icu}
        self._series = []
        for series in section.series.values():
            weights = mix[series.bed] if mix[series.bed].sum() > 0 else ages
            by_place = (
                by_age.sum(axis=1)
                if series.district is None
                else _one(districts.index(series.district), self._n)
            )
            by_group = weights if series.age is None else _one(AGE_GROUPS.index(series.age), len(AGE_GROUPS))
            chance = np.outer(by_place / by_place.sum(), by_group / by_group.sum())
            self._series.append((series.bed, np.array(series.counts, float), chance))

    def on(self, day: int) -> tuple[PatientBatch, Ints]:
        """Return the patients of `day`, ordered by district and age, and the day's mild cases by district."""
        rng = self._streams.day("arrivals", day)
        cells = np.zeros((2, self._n, len(AGE_GROUPS)), np.int64)
        mild = np.zeros(self._n, np.int64)
        for bed, counts, chance in self._series:
            mean = counts[max(day, 0)] * self._factor if day < len(counts) else 0.0
            number = round(mean) if self._exact else int(rng.poisson(mean))
            placed = rng.multinomial(number, chance.ravel()).reshape(chance.shape)
            if bed == "basic":
                mild += placed.sum(axis=1)
            else:
                cells[int(bed == "icu")] += placed
        flat = np.moveaxis(cells, 0, -1)  # district, age, need
        which = np.repeat(np.arange(flat.size), flat.ravel())
        district, age, icu = np.unravel_index(which, flat.shape)
        traits = self._streams.day("patients", day)
        return self._source.from_arrivals(day, district, age, icu.astype(bool), traits), mild


def _one(index: int, length: int) -> Floats:
    weights = np.zeros(length)
    weights[index] = 1.0
    return weights


def _demand_factor(sd: float, streams: Streams) -> float:
    """Draw the factor that scales all arrivals of a replication; it is lognormal with mean 1."""
    if sd == 0:
        return 1.0
    variance = float(np.log1p(sd**2))
    return float(np.exp(streams.once("demand").normal(-variance / 2, variance**0.5)))
