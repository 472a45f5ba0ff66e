"""Early growth and final size of the whole epidemic: ages, settings, districts, old immunity, measures.

The theory is worked out here from the plain values of a scenario, by none of the model's code. Contacts
are made mutual, districts mix, and a next-generation matrix over district, age and stratum follows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from strategies import Plain, district, people, variant

from surgesim.model.clock.streams import Streams
from surgesim.model.epidemic.people import populate
from surgesim.model.epidemic.spread import Epidemic
from surgesim.scenario.schema.epidemic import Epidemic as EpidemicSection
from surgesim.scenario.schema.people import People

pytestmark = pytest.mark.slow

Floats = np.ndarray[Any, np.dtype[np.float64]]

SETTINGS = ("home", "school", "work", "community")
PYRAMID = np.array([0.159, 0.14, 0.158, 0.166, 0.139, 0.114, 0.0755, 0.0286, 0.0199])
SEEDS = 30


def assortative(strength: float, mean: float) -> Floats:
    """Contacts a day by age: people meet those of like age, the more the larger `strength`."""
    ages = np.arange(9)
    weight = np.exp(-strength * np.abs(ages[:, None] - ages[None, :])) * PYRAMID[None, :]
    return mean * weight / weight.sum(axis=1).mean()


def tables(*means: float) -> dict[str, Floats]:
    """A contact table for each setting; school is for the young."""
    strengths = (0.3, 1.5, 0.4, 0.1)
    made = {name: assortative(s, m) for name, s, m in zip(SETTINGS, strengths, means, strict=True)}
    made["school"] *= np.outer(np.arange(9) < 2, np.arange(9) < 3) + 0.02
    return made


@dataclass(frozen=True)
class Case:
    """A set of parameters, as a planner would write them."""

    r0: float
    latent: float
    infectious: float
    dt: float
    populations: tuple[int, ...]
    contacts: dict[str, Floats]
    outside: float = 0.4
    susceptibility: Floats = field(default_factory=lambda: np.ones(9))
    immune: float = 0.0
    waned: float = 0.0
    protection: float = 0.0
    reduces: dict[str, float] = field(default_factory=dict)
    """A measure that is always in force, in the first district alone."""

    def towns(self) -> Plain:
        return people(
            districts={f"d{i}": district(n, travel_hours=float(i)) for i, n in enumerate(self.populations)},
            ages=PYRAMID.tolist(),
            contacts={name: table.tolist() for name, table in self.contacts.items()},
            outside_share=self.outside,
        )

    def section(self, seeds: int) -> Plain:
        section: Plain = {
            "variant": variant(self.r0, latent_days=self.latent, infectious_days=self.infectious),
            "dt_days": self.dt,
            "susceptibility": self.susceptibility.tolist(),
            "initial_infections": {f"d{i}": seeds for i in range(len(self.populations))},
            "immunity": {
                "immune_share": self.immune,
                "waned_share": self.waned,
                "waned": {"infection": self.protection},
            },
        }
        if self.reduces:
            shut = {"reduces": self.reduces, "districts": ["d0"], "start": "2023-12-01"}
            section["measures"] = {"shut": shut}
        return section


CASES = {
    "ages alone": Case(3.0, 3.0, 4.0, 0.25, (300_000_000,), tables(3, 4, 4, 3)),
    "two districts and old immunity": Case(
        5.0,
        3.0,
        4.0,
        0.25,
        (200_000_000, 60_000_000),
        tables(4, 6, 3, 5),
        immune=0.2,
        waned=0.6,
        protection=0.4,
    ),
    "slow, in long steps, the young hardly susceptible": Case(
        2.2,
        5.0,
        7.0,
        1.0,
        (150_000_000, 100_000_000, 50_000_000),
        tables(3, 2, 6, 4),
        susceptibility=np.array([0.4, 0.5, 0.9, 1.0, 1.0, 1.1, 1.2, 1.3, 1.3]),
    ),
    "a district shut in part": Case(
        4.0,
        2.0,
        5.0,
        0.5,
        (120_000_000, 140_000_000),
        tables(3, 8, 5, 6),
        outside=0.5,
        waned=0.5,
        protection=0.6,
        reduces={"school": 1.0, "work": 0.5, "community": 0.3},
    ),
}


class Theory:
    """The next generation of a case. A cell is a district and an age; strata share their cell's contacts."""

    def __init__(self, case: Case) -> None:
        self._case = case
        number = np.array(case.populations, float)[:, None] * PYRAMID[None, :] / PYRAMID.sum()
        self.people = number
        mutual = {}
        by_age = number.sum(axis=0)
        for name, table in case.contacts.items():
            meetings = by_age[:, None] * table
            mutual[name] = (meetings + meetings.T) / 2 / by_age[:, None]
        whole = sum(mutual.values())
        root = np.abs(np.linalg.eigvals(case.susceptibility[:, None] * whole)).max()
        self._per_contact = case.r0 / root  # infections per contact and infectious person's whole time
        self._mixing = self._mix()
        left = np.stack(
            [
                sum(
                    mutual[name] * (1 - (case.reduces.get(name, 0.0) if place == 0 else 0.0))
                    for name in SETTINGS
                )
                for place in range(len(number))
            ]
        )
        # exposure[da, eb]: hazard of a fully susceptible person of d, a per infected person of e, b
        exposure = np.einsum("a,dab,de,eb->daeb", case.susceptibility, left, self._mixing, 1 / number)
        cells = number.size
        self.exposure = self._per_contact * exposure.reshape(cells, cells)

    def _mix(self) -> Floats:
        """Districts on a road, an hour apart; the pull of another falls by e for every two hours."""
        n = np.array(self._case.populations, float)
        places = len(n)
        if places == 1:
            return np.eye(1)
        # ways go by way of d0, the capital: hours to it add
        hours = np.array([[0.0 if i == j else float(i + j) for j in range(places)] for i in range(places)])
        pull = n[None, :] * np.exp(-hours / 2.0) * (1 - np.eye(places))
        outside = self._case.outside * pull / pull.sum(axis=1, keepdims=True)
        meetings = n[:, None] * outside
        mixing = (meetings + meetings.T) / 2 / n[:, None]
        assert mixing.sum(axis=1).max() < 1
        return mixing + np.diag(1 - mixing.sum(axis=1))

    def strata(self) -> list[tuple[float, float]]:
        """Share of the people of a cell, and how open they are to infection, of each susceptible stratum."""
        case = self._case
        susceptible = 1 - case.immune
        return [
            (susceptible * (1 - case.waned), 1.0),
            (susceptible * case.waned, 1 - case.protection),
        ]

    def reproduction(self) -> float:
        """Dominant eigenvalue of the next-generation matrix at the start."""
        openness = sum(share * open_to for share, open_to in self.strata())
        susceptible = openness * self.people.ravel()
        return float(np.abs(np.linalg.eigvals(susceptible[:, None] * self.exposure)).max())

    def growth(self) -> float:
        """Root of the discrete Euler-Lotka equation: two geometric stages each in E and I, per day."""
        case, dt = self._case, self._case.dt
        number = self.reproduction()

        def stages(mean: float, z: float) -> float:
            leave = 2 * dt / mean
            return (leave * z / (1 - (1 - leave) * z)) ** 2

        def excess(r: float) -> float:
            z = float(np.exp(-r * dt))
            infecting = z * (1 - stages(case.infectious, z)) / (1 - z)
            return number * dt / case.infectious * stages(case.latent, z) * infecting - 1

        return float(brentq(excess, 1e-6, 5.0))

    def final_size(self, seeds: int) -> Floats:
        """``(districts, 9)`` people ever infected, the seeds among them."""
        people = self.people.ravel()
        at_risk = sum(share for share, _ in self.strata()) * self.people
        planted = (seeds * at_risk / at_risk.sum(axis=1, keepdims=True)).ravel()
        infected = 0.5 * people
        for _ in range(3_000):
            hazard = self.exposure @ infected
            escaped = sum(
                (share * people - planted * share / sum(s for s, _ in self.strata()))
                * np.exp(-open_to * hazard)
                for share, open_to in self.strata()
            )
            infected = at_risk.ravel() - escaped
        return infected.reshape(self.people.shape)


def epidemic(case: Case, seeds: int, replication: int = 0) -> Epidemic:
    towns = People.model_validate_json(json.dumps(case.towns()))
    section = EpidemicSection.model_validate_json(json.dumps(case.section(seeds)))
    return Epidemic(section, towns, populate(towns), date(2024, 1, 1), Streams(2, replication))


@pytest.mark.parametrize("name", CASES)
def test_early_growth_is_the_euler_lotka_root_of_the_next_generation(name: str) -> None:
    case = CASES[name]
    case = replace(
        case, populations=tuple(n * 900_000_000 // sum(case.populations) for n in case.populations)
    )
    root = Theory(case).growth()
    first = round(8.0 / root)  # by then ages and districts grow alike
    last = first + round(2.5 / root)
    rates = []
    for replication in range(6):
        e = epidemic(case, SEEDS, replication)
        nobody = np.zeros_like(e.recovered)
        start, infectious = e.susceptible.copy(), []
        for day in range(last + 1):
            infectious.append(e.advance(day, nobody).infectious)
            e.susceptible[:] = start  # the theory is of an epidemic that uses up nobody
        rates.append(np.log(infectious[last] / infectious[first]) / (last - first))
    error = np.std(rates, ddof=1) / len(rates) ** 0.5
    assert error < 0.002 * root  # so that 4 of it are less than 1 %
    assert np.mean(rates) == pytest.approx(root, abs=4 * error)


@pytest.mark.parametrize("name", CASES)
def test_final_size_by_district_and_age_is_that_of_the_next_generation(name: str) -> None:
    case = CASES[name]
    seeds = 100_000
    e = epidemic(case, seeds)
    at_start = e.susceptible.sum(axis=(2, 3)) + e.exposed.sum(axis=(0, 3, 4))
    nobody = np.zeros_like(e.recovered)
    day = 0
    while day < 1_000 and (day == 0 or e.exposed.any() or e.infectious.any()):
        e.advance(day, nobody)
        day += 1
    assert not e.infectious.any()
    infected = at_start - e.susceptible.sum(axis=(2, 3))
    expected = Theory(case).final_size(seeds)
    assert 0.3 * at_start.sum() < infected.sum() < 0.99 * at_start.sum()
    assert infected.sum() == pytest.approx(expected.sum(), rel=0.001)
    np.testing.assert_allclose(infected, expected, rtol=0.005)


def test_the_cases_differ_in_their_reproduction_numbers() -> None:
    numbers = {name: Theory(case).reproduction() for name, case in CASES.items()}
    assert numbers["ages alone"] == pytest.approx(3.0, rel=1e-9)
    assert numbers["two districts and old immunity"] == pytest.approx(5 * 0.8 * (0.4 + 0.6 * 0.6), rel=1e-9)
    assert numbers["slow, in long steps, the young hardly susceptible"] == pytest.approx(2.2, rel=1e-9)
    assert 1.5 < numbers["a district shut in part"] < 4 * 0.7


@pytest.mark.parametrize(
    ("latent", "infectious", "step"), [(3.0, 4.0, 0.25), (3.0, 4.0, 0.5), (2.0, 6.0, 0.25)]
)
def test_the_mean_generation_time_is_the_latent_time_and_three_quarters_of_the_infectious_one(
    latent: float, infectious: float, step: float
) -> None:
    """Two million infected at once, who infect so few that hardly any of those infects another."""
    section = EpidemicSection.model_validate(
        {
            "variant": {"r0": 0.002, "latent_days": latent, "infectious_days": infectious},
            "dt_days": step,
            "initial_infections": {"town": 2_000_000},
        }
    )
    town = People.model_validate(people(districts={"town": district(200_000_000)}))
    epidemic = Epidemic(section, town, populate(town), date(2024, 1, 1), Streams(5, 0))
    dead = np.zeros_like(epidemic.recovered)
    infected = np.array([epidemic.advance(day, dead).infections.sum() for day in range(60)])
    within_day = (1 + step) / 2  # a step counts at its end
    mean = (infected * (np.arange(60) + within_day)).sum() / infected.sum()
    assert mean == pytest.approx(latent + 0.75 * infectious, abs=0.15)
