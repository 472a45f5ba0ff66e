"""Essential care: counts of each facility's non-COVID patients, served and unserved.

Emergency patients have priority over elective ones; nobody in a bed has to give it up. Each day is one
vectorised step over all facilities. `Ward beds` are the basic and oxygen beds of a facility together;
`intensive` counts the patients in ICU beds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.care.beds import BASIC, OXYGEN
from surgesim.model.columns import Column, Page
from surgesim.scenario.schema.capacity.essential import Essential, EssentialCare

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EMERGENCY, ELECTIVE = range(2)

COLUMNS = (
    Column("emergency_arrivals", "patients/day", "non-COVID emergency patients"),
    Column(
        "emergency_unserved",
        "patients/day",
        "non-COVID emergency patients turned away for lack of a bed or staff",
    ),
    Column("elective_served", "patients/day", "elective patients admitted"),
    Column("elective_backlog", "patients", "elective patients waiting"),
    Column(
        "emergency_served_7d_share",
        "share",
        "share of emergency patients served in the last 7 days (1 if there were none)",
        1.0,
    ),
)
FACILITY = (
    Column(
        "emergency_unserved",
        "patients/day",
        "non-COVID emergency patients turned away for lack of a bed or staff",
    ),
    Column("elective_backlog", "patients", "elective patients waiting"),
)

_WINDOW = 7  # days over which the share of emergency patients served is computed


class EssentialPatients:
    """The emergency and elective patients of each facility.

    The initial census is a share of the ward beds, limited to the beds not open to COVID patients,
    emergencies first. Arrivals are Poisson, at the rate that keeps this census constant: census / mean length
    of stay. Stays are geometric, in whole days. Emergency patients without a bed or without staff are not
    served here; elective patients wait in their facility's backlog, which is cleared at up to
    `catch_up_share` above the usual rate. Elective admissions leave free the beds that tomorrow's emergencies
    may need.

    Parameters
    ----------
    section
        The section of the scenario, with lengths of stay and the catch-up rate.
    shares
        For each facility, the shares of ward beds that non-COVID patients occupy, or None if it has no such
        patients.
    names
        Names of the facilities.
    total, target
        ``(facilities, 3)`` beds by type (basic, oxygen, ICU) at the start: all beds, and the beds intended
        for COVID patients.

    Attributes
    ----------
    census
        ``(facilities, 2)`` emergency and elective patients present.
    emergency_arrivals, emergency_served, emergency_unserved
        ``(facilities,)`` emergency patients of the day.
    elective_arrivals, elective_served
        ``(facilities,)`` elective patients due on the day, and those admitted (backlog included).
    backlog
        ``(facilities,)`` elective patients waiting.
    """

    def __init__(
        self,
        section: EssentialCare,
        shares: Sequence[Essential | None],
        names: Sequence[str],
        total: Ints,
        target: Ints,
    ) -> None:
        self._section = section
        self._names = tuple(names)
        n = len(self._names)
        ward = _ward(total)
        self.census = _census_at_start(shares, ward, np.maximum(ward - _ward(target), 0))
        self._beds = np.where(self.census.any(axis=1), ward, 0)
        stay = np.array([section.emergency_stay_days, section.elective_stay_days])
        self._leaves = 1 / stay
        self._rate = self.census / stay
        self._arrivals = poisson_table(self._rate.ravel())
        coming = self._rate[:, EMERGENCY]
        self._coming_at_most = coming + 2 * np.sqrt(coming)
        self._end_bed = np.cumsum(self._beds)  # beds numbered across facilities: first <= bed < end
        self._first_bed = self._end_bed - self._beds
        self._all_beds = int(self._beds.sum())
        self._start = self.census.copy()
        self._before = self.census.copy()
        self._room = self._beds.copy()
        self._arrived, self._admitted, self._discharged = (np.zeros((n, 2), np.int64) for _ in range(3))
        self._turned_away = np.zeros(n, np.int64)
        self._last_days = np.zeros((_WINDOW, 2), np.int64)
        self.emergency_arrivals, self.emergency_served, self.emergency_unserved = (
            np.zeros(n, np.int64) for _ in range(3)
        )
        self.elective_arrivals, self.elective_served, self.backlog = (np.zeros(n, np.int64) for _ in range(3))

    # -- beds -------------------------------------------------------------------------------------

    def room_for_covid(self, total: Ints, target: Ints) -> Ints:
        """Return the beds that can be open to COVID patients today, given the non-COVID census.

        Parameters
        ----------
        total, target
            ``(facilities, 3)`` all beds today, and the beds intended for COVID patients.

        Returns
        -------
        ``(facilities, 3)``: `target`, with basic and oxygen beds together limited to the ward beds
        without a non-COVID patient, oxygen beds first.
        """
        room = target.copy()
        free = np.maximum(_ward(total) - _together(self.census), 0)
        room[:, OXYGEN] = np.minimum(target[:, OXYGEN], free)
        room[:, BASIC] = np.minimum(target[:, BASIC], free - room[:, OXYGEN])
        return room

    # -- a day ------------------------------------------------------------------------------------

    def pass_day(
        self,
        day: int,
        total: Ints,
        target: Ints,
        opened: Ints,
        covid: Ints,
        staff: tuple[Floats, Floats],
        postponed: Floats,
        rng: np.random.Generator,
    ) -> None:
        """Discharge patients, then admit emergencies, today's elective patients and the backlog.

        While beds are being converted, a vacated bed takes an emergency before it opens to COVID patients.
        This stops once emergencies alone fill all the beds that non-COVID patients will keep.

        Parameters
        ----------
        day
            Today; call on consecutive days.
        total, target, opened
            ``(facilities, 3)`` all beds; the beds intended for COVID patients; the beds open to COVID
            patients today, from `room_for_covid`.
        covid
            ``(facilities, 3)`` COVID patients present.
        staff
            Two arrays ``(facilities,)``: emergency and elective patients whom the staff can look after.
        postponed
            ``(facilities,)`` share of elective care that is postponed, in [0, 1].
        rng
            Supplies a fixed number of uniform draws: four per facility, and one per ward bed of the
            facilities with non-COVID patients.
        """
        ward = _ward(total)
        left = self._within_beds(ward - _ward(target))
        self._before = self.census.copy()
        self._room = self._within_beds(ward - _ward(np.maximum(opened, covid)))
        self._discharge(rng)
        draws = rng.random((len(self._names), 4))
        arrivals = arrivals_by(draws[:, :2].ravel(), self._arrivals).reshape(-1, 2)
        self._arrived += arrivals
        self._admit_emergencies(arrivals[:, EMERGENCY], left, staff[0])
        self._admit_elective(arrivals[:, ELECTIVE], left, staff[1], postponed, draws[:, 2], draws[:, 3])
        self._last_days[day % _WINDOW] = arrivals[:, EMERGENCY].sum(), self.emergency_served.sum()

    def _within_beds(self, beds: Ints) -> Ints:
        """Limit `beds`, ``(facilities,)``, to between 0 and the beds that non-COVID patients can occupy."""
        return np.minimum(np.maximum(beds, 0), self._beds)

    def _discharge(self, rng: np.random.Generator) -> None:
        """Discharge patients at random, one draw per bed; emergency patients are in the first beds."""
        draws = rng.random(self._all_beds)
        emergency, elective = self.census.T
        for kind, first, end in (
            (EMERGENCY, self._first_bed, self._first_bed + emergency),
            (ELECTIVE, self._end_bed - elective, self._end_bed),
        ):
            leaving = np.flatnonzero(draws < self._leaves[kind])  # beds from which any patient leaves
            number = leaving.searchsorted(end) - leaving.searchsorted(first)
            self.census[:, kind] -= number
            self._discharged[:, kind] += number

    def _admit_emergencies(self, arrivals: Ints, left: Ints, staff: Floats) -> None:
        present = self.census[:, EMERGENCY]
        room = np.minimum(left - present, self._room - _together(self.census))
        served = _round_down(np.minimum(np.minimum(room, staff - present), arrivals))
        self.emergency_arrivals, self.emergency_served = arrivals, served
        self.emergency_unserved = arrivals - served
        self._turned_away += self.emergency_unserved
        self.census[:, EMERGENCY] += served
        self._admitted[:, EMERGENCY] += served

    def _admit_elective(
        self, arrivals: Ints, left: Ints, staff: Floats, postponed: Floats, u: Floats, v: Floats
    ) -> None:
        asked = arrivals - _round_down(arrivals * postponed + u)
        usual = self._rate[:, ELECTIVE] * (1 - postponed)
        most = _round_down(usual * (1 + self._section.catch_up_share) + v)
        asked += np.minimum(self.backlog, np.maximum(most - asked, 0))
        room = np.minimum(left, self._room) - _together(self.census) - self._kept_for_emergencies()
        served = _round_down(np.minimum(np.minimum(room, staff - self.census[:, ELECTIVE]), asked))
        self.elective_arrivals, self.elective_served = arrivals, served
        self.backlog = self.backlog + arrivals - served
        self.census[:, ELECTIVE] += served
        self._admitted[:, ELECTIVE] += served

    def _kept_for_emergencies(self) -> Ints:
        """Return the beds to keep free for tomorrow's emergencies, ``(facilities,)``.

        They are the emergencies at two standard deviations above the mean, minus the mean discharges.
        """
        return _round_down(self._coming_at_most - self.census @ self._leaves)

    # -- for the record ---------------------------------------------------------------------------

    @property
    def served_share(self) -> float:
        """Share of emergency patients served in the last 7 days, in all facilities; 1 if there were none."""
        arrivals, served = self._last_days.sum(axis=0).tolist()
        return served / arrivals if arrivals else 1.0

    def fill(self, page: Page) -> None:
        """Record the non-COVID patients."""
        page.province.values |= {
            "emergency_arrivals": int(self.emergency_arrivals.sum()),
            "emergency_unserved": int(self.emergency_unserved.sum()),
            "elective_served": int(self.elective_served.sum()),
            "elective_backlog": int(self.backlog.sum()),
            "emergency_served_7d_share": self.served_share,
        }
        page.facilities.values |= {
            "emergency_unserved": self.emergency_unserved.tolist(),
            "elective_backlog": self.backlog.tolist(),
        }

    def check(self, day: int) -> None:
        """Check the identities of essential care at the end of a day.

        Raises
        ------
        IdentityError
            If an identity fails. Flows must match the census, and arrivals their outcomes; nobody may lose a
            bed or be admitted without room; no count may be negative.
        """
        census = self._start + self._admitted - self._discharged
        not_admitted = self._arrived - self._admitted
        emergencies, elective = not_admitted.T
        present, nobody = _together(self.census), np.zeros(self.census.shape, np.int64)
        most = np.maximum(self._room, _together(self._before))
        for identity, left, right, wrong in (
            ("flows = census", census, self.census, census != self.census),
            (
                "emergency arrivals = served + not served",
                emergencies,
                self._turned_away,
                emergencies != self._turned_away,
            ),
            ("elective arrivals = served + backlog", elective, self.backlog, elective != self.backlog),
            ("other patients <= max(room, the day before)", present, most, present > most),
            ("census >= 0", self.census, nobody, self.census < 0),
            ("backlog >= 0", self.backlog, nobody[:, 0], self.backlog < 0),
        ):
            if np.count_nonzero(wrong):
                i = tuple(np.argwhere(wrong)[0].tolist())
                where = f"{self._names[i[0]]}, other patients"
                raise IdentityError(identity, where, day, f"left side {left[i]}, right side {right[i]}")


def _ward(beds: Ints) -> Ints:
    """Return the sum of basic and oxygen beds, ``(facilities,)``."""
    together: Ints = beds[:, BASIC] + beds[:, OXYGEN]
    return together


def _together(census: Ints) -> Ints:
    """Return the sum of emergency and elective patients, ``(facilities,)``."""
    both: Ints = census[:, EMERGENCY] + census[:, ELECTIVE]
    return both


def _round_down(room: Floats) -> Ints:
    """Return `room` rounded down to whole patients, at least 0."""
    return np.maximum(room, 0).astype(np.int64)  # rounds non-negative numbers down


def _census_at_start(shares: Sequence[Essential | None], ward: Ints, free: Ints) -> Ints:
    """Return the initial census, ``(facilities, 2)``: shares of the ward beds, limited to the `free` beds."""
    target = np.array([(s.emergency_share, s.elective_share) if s else (0.0, 0.0) for s in shares])
    patients = np.rint(target.reshape(-1, 2) * ward[:, None]).astype(np.int64)
    emergency = np.minimum(patients[:, EMERGENCY], free)
    return np.stack([emergency, np.minimum(patients[:, ELECTIVE], free - emergency)], axis=1)


def arrivals_by(draws: Floats, table: Floats) -> Ints:
    """Return Poisson numbers for uniform draws ``(rates,)``, given their `poisson_table`."""
    numbers: Ints = (draws[:, None] < table).argmax(axis=1)
    return numbers


def poisson_table(rates: Floats) -> Floats:
    """Tabulate Poisson P(X <= k) for k = 0 to most, ``(rates, most + 1)``, for sampling by inversion.

    A uniform draw u in [0, 1) gives the smallest k with u < P(X <= k).
    """
    highest = float(rates.max(initial=0.0))
    k = np.arange(1, int(highest + 8 * highest**0.5 + 17))  # P(X > most) < 1e-15
    with np.errstate(divide="ignore"):
        steps = np.log(rates[:, None] / k)
    probability = np.exp(np.concatenate([-rates[:, None], steps.cumsum(axis=1) - rates[:, None]], axis=1))
    table = np.cumsum(probability, axis=1, dtype=np.float64)
    table[:, -1] = 1.0
    return table
