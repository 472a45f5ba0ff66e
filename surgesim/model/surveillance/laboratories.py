"""Laboratories: a limited number of tests per day, for which cases, contacts and other people compete.

Self-contained: the input is the cases that unlimited tests would find, by day of report; the output is the
cases that the tests find. Mild cases are counts by district and days since onset. Future patients are tracked
individually, so that patients who get no test can be reported at admission.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.care.patient import Patient
from surgesim.model.columns import PER, Column, Page
from surgesim.scenario.schema.response.detection import LaboratoryTests

Ints = NDArray[np.int64]

TESTS = (
    Column("tests_used", "samples/day", "samples tested within the limit (0 if tests are unlimited)"),
    Column("contacts_tested", "people/day", "samples in `tests_used` that are from contacts of cases"),
    Column("waiting_for_test", "people", "people who got no test on the day and will try again"),
)
SHARES = (
    Column(
        "test_positivity",
        "share",
        "share of samples tested within the limit that are positive (0 if there were none)",
    ),
    Column(
        "test_capacity_used", "share", "samples tested / test capacity of the day (0 if tests are unlimited)"
    ),
)


def pooled_samples(per_day: float, pool_size: int, positivity: float) -> float:
    """Return how many samples a line of pooled tests can process per day at a given positivity.

    A sample takes 1 / k tests in its pool of k, and one more if the pool is positive, with probability
    1 - (1 - p)^k. The line does not pool if pooling would take more than one test per sample.

    Parameters
    ----------
    per_day
        Samples per day if none is positive: k times the number of tests.
    """
    tests_per_pool = 1 + pool_size * (1 - (1 - positivity) ** pool_size)
    return per_day / min(tests_per_pool, pool_size)


@dataclass(frozen=True, slots=True)
class FoundCases:
    """The cases found by a day's tests.

    Attributes
    ----------
    mild, ill, contacts
        ``(ages, districts)`` by days since onset: mild cases and future patients who sought a test, and
        mild cases among the contacts of cases.
    """

    mild: Ints
    ill: Ints
    contacts: Ints


class Laboratories:
    """The tests of the province, day by day.

    Everybody who needs a test on a day has the same chance of getting one; with `contacts_last`, this holds
    for people with symptoms, and contacts share the tests that are left. Of the people who get none, a share
    `return_share` tries again the next day; the others are detected at admission or not at all. Contacts do
    not try again. Patients in hospital when their report is due are tested there, outside this limit.

    Attributes
    ----------
    used, positive, contacts_tested
        All samples tested on the day, the positive samples, and the samples of contacts.
    waiting
        People who got no test on the day and will try again.
    capacity
        Samples that could be tested on the day, at the day's positivity.
    tested_share
        Share of people needing a test on the day who got one; 1 if nobody needed one. Contacts are not
        included if they come last.
    """

    def __init__(self, section: LaboratoryTests, population: Ints, ages: int) -> None:
        districts = len(population)
        self._section = section
        self._population = population
        self._other_seekers = section.other_seekers_per_100k_per_day * population / PER
        self._single, self._pooled = section.single_per_day, section.pooled_per_day
        self._due: dict[int, list[tuple[Patient, int]]] = {}
        self._ill_waiting: list[tuple[Patient, int]] = []
        self._mild_waiting = np.zeros((ages, districts), np.int64)
        self._others_waiting = np.zeros(districts, np.int64)
        self._hidden = np.zeros((ages, districts), np.int64)  # infectious mild cases who do not seek a test
        self._found = self._gave_up = 0
        self.used = self.positive = self.contacts_tested = self.waiting = 0
        self.capacity = self._single + self._pooled
        self.tested_share = 1.0

    @property
    def positivity(self) -> float:
        """Share of the day's samples that were positive; 0 if there were none."""
        return self.positive / self.used if self.used else 0.0

    @property
    def capacity_used(self) -> float:
        """Samples tested on the day / capacity; without capacity, 1 if somebody needed a test, else 0."""
        return self.used / int(self.capacity) if self.capacity >= 1 else float(self.tested_share < 1)

    def raise_tests(self, single: float, pooled: float) -> None:
        """Raise the single and pooled samples per day; negative values reverse an earlier rise."""
        self._single = max(self._single + single, 0.0)
        self._pooled = max(self._pooled + pooled, 0.0)

    def enrol(self, day: int, patients: list[Patient], delays: Ints, rng: np.random.Generator) -> None:
        """Set the days on which future patients who seek a test are due to be tested and reported.

        Parameters
        ----------
        patients
            Future patients among a day's onsets who seek a test, ordered by district.
        delays
            ``(districts, days)`` number of patients whose report is due after 0, 1, … days.
        """
        district, after = np.divmod(np.repeat(np.arange(delays.size), delays.ravel()), delays.shape[1])
        after = after[np.lexsort((rng.random(len(after)), district))]
        for patient, later in zip(patients, after.tolist(), strict=True):
            self._due.setdefault(day + later, []).append((patient, day))

    def pass_day(self, day: int, mild: Ints, cases: Ints, rng: np.random.Generator) -> FoundCases:
        """Test as many people as the day's capacity allows; return the cases found.

        Parameters
        ----------
        mild
            ``(ages, districts)`` mild cases whose report is due today, by days since onset.
        cases
            ``(districts,)`` cases reported yesterday, whose contacts are traced.
        """
        section, districts = self._section, len(self._population)
        mild = mild + self._mild_waiting
        in_line = self._ill_waiting + self._due.pop(day, [])
        in_hospital = [pair for pair in in_line if pair[0].facility >= 0]
        ill = [pair for pair in in_line if pair[0].facility < 0]
        others = self._others_waiting + rng.poisson(self._other_seekers)
        contacts = np.minimum(rng.poisson(section.contacts_per_case * cases), self._population)
        ill_by_district = _by_district([patient for patient, _ in ill], districts)
        demand = np.concatenate([mild, ill_by_district[None], others[None], contacts[None]])
        done = self._test(demand, rng)
        everybody = done is demand
        tested_ill, left_ill = self._choose(ill, done[-3], rng)
        found = FoundCases(
            done[:-3],
            self._by_age(day, tested_ill + in_hospital, districts),
            self._among_contacts(done[-1], rng),
        )
        found_mild = int(found.mild.sum())
        self.used = int(done.sum())
        self.contacts_tested = int(done[-1].sum())
        self.positive = found_mild + int(found.contacts.sum()) + len(tested_ill)
        self._found += found_mild
        if everybody:
            self._leave_nobody()
        else:
            self._leave(mild - done[:-3], left_ill, others - done[-2], rng)
        return found

    def hide(self, mild: Ints) -> None:
        """Add the day's mild cases who seek no test to the hidden cases; call after the day's tests."""
        self._hidden[1:] = self._hidden[:-1]
        self._hidden[0] = mild

    def _test(self, demand: Ints, rng: np.random.Generator) -> Ints:
        """Return how many people of each type and district are tested, given the `demand` for tests."""
        total = int(demand.sum())
        infected = demand[:-2].sum() + self._section.contact_positivity * demand[-1].sum()
        pooled = pooled_samples(self._pooled, self._section.pool_size, infected / total if total else 0.0)
        self.capacity = self._single + pooled
        room = int(min(self.capacity, total) + 1e-9)
        self.tested_share = room / total if total else 1.0
        if room == total:
            return demand
        if not self._section.contacts_last:
            return _some_of(demand, room, rng)
        with_symptoms = int(demand[:-1].sum())
        first = min(room, with_symptoms)
        self.tested_share = first / with_symptoms if with_symptoms else 1.0
        parts = (_some_of(demand[:-1], first, rng), _some_of(demand[-1:], room - first, rng))
        return np.concatenate(parts)

    def _choose(
        self, ill: list[tuple[Patient, int]], numbers: Ints, rng: np.random.Generator
    ) -> tuple[list[tuple[Patient, int]], list[tuple[Patient, int]]]:
        """Choose `numbers` patients per district at random; return patients tested and not tested."""
        left = numbers.tolist()
        tested, untested = [], []
        for place in rng.permutation(len(ill)).tolist():
            pair = ill[place]
            district = pair[0].district
            if left[district] > 0:
                left[district] -= 1
                tested.append(pair)
            else:
                untested.append(pair)
        return tested, untested

    def _by_age(self, day: int, ill: list[tuple[Patient, int]], districts: int) -> Ints:
        oldest = len(self._hidden) - 1
        cells = [min(day - onset, oldest) * districts + patient.district for patient, onset in ill]
        found = np.bincount(cells, minlength=len(self._hidden) * districts).astype(np.int64)
        return found.reshape(-1, districts)

    def _among_contacts(self, tested: Ints, rng: np.random.Generator) -> Ints:
        """Return the hidden infections found among the contacts tested, ``(ages, districts)``."""
        number = np.minimum(rng.binomial(tested, self._section.contact_positivity), self._hidden.sum(axis=0))
        found = np.zeros(self._hidden.shape, np.int64)
        for district in np.flatnonzero(number).tolist():
            found[:, district] = rng.multivariate_hypergeometric(
                self._hidden[:, district], number[district], method="marginals"
            )
        self._hidden -= found
        return found

    def _leave_nobody(self) -> None:
        self._mild_waiting[:] = 0
        self._others_waiting[:] = 0
        self._ill_waiting = []
        self.waiting = 0

    def _leave(
        self, mild: Ints, ill: list[tuple[Patient, int]], others: Ints, rng: np.random.Generator
    ) -> None:
        """Let people who got no test try again tomorrow, or give up."""
        share = self._section.return_share
        staying = rng.binomial(mild, share)
        gone = mild - staying
        self._hidden += gone
        self._gave_up += int(gone.sum())
        self._mild_waiting[1:] = staying[:-1]
        self._mild_waiting[0] = 0
        self._mild_waiting[-1] += staying[-1]
        self._ill_waiting = []
        for pair, stays in zip(ill, (rng.random(len(ill)) < share).tolist(), strict=True):
            if stays:
                self._ill_waiting.append(pair)
            else:
                pair[0].unreported = True
        self._others_waiting = np.minimum(rng.binomial(others, share), self._population)
        self.waiting = int(staying.sum() + self._others_waiting.sum()) + len(self._ill_waiting)

    def fill(self, page: Page) -> None:
        """Record the tests of the day."""
        page.province.values |= {
            "tests_used": self.used,
            "contacts_tested": self.contacts_tested,
            "waiting_for_test": self.waiting,
            "test_positivity": self.positivity,
            "test_capacity_used": self.capacity_used,
        }

    def check(self, day: int, expected: int) -> None:
        """Check the identities of tests at the end of a day.

        Mild cases who sought a test and whose report was due = found + waiting + gave up.
        Tests used <= capacity.

        Parameters
        ----------
        expected
            Mild cases whose report would have been due by now.

        Raises
        ------
        IdentityError
            If an identity fails.
        """
        now = self._found + int(self._mild_waiting.sum()) + self._gave_up
        if now != expected:
            raise IdentityError(
                "test seekers = found + waiting + gave up",
                "the province",
                day,
                f"expected {expected}, got {now}",
            )
        if self.used > self.capacity + 1e-6 or self._hidden.min() < 0:
            raise IdentityError(
                "tests used <= test capacity",
                "the province",
                day,
                f"{self.used} tests used, capacity {self.capacity}",
            )


def _some_of(demand: Ints, number: int, rng: np.random.Generator) -> Ints:
    """Return how many people of each type and district are among `number` chosen at random."""
    flat = demand.ravel()
    some = np.flatnonzero(flat)
    done = np.zeros(flat.shape, np.int64)
    done[some] = rng.multivariate_hypergeometric(flat[some], number, method="marginals")
    return done.reshape(demand.shape)


def _by_district(patients: list[Patient], districts: int) -> Ints:
    return np.bincount([patient.district for patient in patients], minlength=districts).astype(np.int64)
