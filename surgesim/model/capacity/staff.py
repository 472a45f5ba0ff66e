"""Staff: who is on duty today, and how many beds of each kind that staffs.

One vectorised step over all facilities a day. The order in which one pool of staff is used is that of
`_ORDER`; arrays by bed type are (basic, oxygen, ICU), arrays by cadre (doctors, ward nurses, ICU nurses).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.care.beds import BASIC, ICU, OXYGEN
from surgesim.model.columns import Column
from surgesim.scenario.schema.capacity.staffing import Absence, Staffing

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DOCTORS, WARD_NURSES, ICU_NURSES = range(3)
"""Cadres."""

CONSTRAINTS = ("space", "doctors", "nurses", "equipment", "pipes", "oxygen_stock")
"""What can bind a bed type; facility columns hold the index."""
SPACE, DOCTOR, NURSE, EQUIPMENT, PIPES, OXYGEN_STOCK = range(6)
"""Their indices."""

ABSENT = Column(
    "staff_absent_share", "share", "clinical staff away, of those on the payroll (empty where not modelled)"
)

_WARD_TEAM = slice(DOCTORS, ICU_NURSES)  # doctors and ward nurses
_ICU_TEAM = slice(DOCTORS, None, ICU_NURSES)  # doctors and ICU nurses
_ORDER = (
    ("icu", ICU, _ICU_TEAM),
    ("oxygen", OXYGEN, _WARD_TEAM),
    ("emergency", None, _WARD_TEAM),
    ("basic", BASIC, _WARD_TEAM),
)
"""Who has staff before whom: ratios, bed type (None: no COVID-19 bed) and cadres. Elective care is last."""

_DOCTOR, _NURSE = range(2)
_NORMAL, _MOST = range(2)
_ROUNDING = 1e-9  # a bed that lacks so small a part of a post is staffed


class PatientsPerPost:
    """The ratios of a scenario as arrays: normal ones, and those at most (surge, where it is allowed).

    Attributes
    ----------
    ratios
        By group (icu, oxygen, emergency, basic, elective): ``(2, 2, 1)`` patients per post, of a doctor and
        of a nurse, at normal ratios and at most.
    """

    def __init__(self, staffing: Staffing) -> None:
        kinds = ("normal", "surge" if staffing.surge_allowed else "normal")
        self.ratios: dict[str, Floats] = {}
        for group in (*(group for group, _, _ in _ORDER), "elective"):
            of = getattr(staffing, group)
            self.ratios[group] = np.array(
                [[[getattr(who, kind)] for kind in kinds] for who in (of.doctor, of.nurse)], float
            )
        self._use = self._posts_used()
        self._serve = np.array(
            [
                float(self.ratios[group][who, kind, 0])
                for who in (_DOCTOR, _NURSE)
                for group, kind in (("emergency", _MOST), ("elective", _NORMAL))
            ]
        )

    def _posts_used(self) -> Floats:
        """``(4, 4)`` posts that one ICU, oxygen, emergency, basic patient takes from what is left to others.

        Columns: doctors and then ward nurses, of each those left to emergencies and to elective care.
        """
        use = np.zeros((len(_ORDER), 4))
        for row, (group, _, team) in enumerate(_ORDER):
            for column, kind in enumerate((_MOST, _NORMAL)):
                if kind == _MOST and group in ("emergency", "basic"):
                    continue  # they do not come before emergencies
                use[row, column] = 1 / self.ratios[group][_DOCTOR, kind, 0]
                if team == _WARD_TEAM:
                    use[row, 2 + column] = 1 / self.ratios[group][_NURSE, kind, 0]
        return use

    def left_for_others(self, posts: Floats, covid: Ints, emergencies: Ints) -> tuple[Floats, Floats]:
        """``(facilities,)`` emergency and elective patients that can be served beside those present."""
        present = np.empty((len(posts), len(_ORDER)))
        for row, patients in enumerate((covid[:, ICU], covid[:, OXYGEN], emergencies, covid[:, BASIC])):
            present[:, row] = patients
        left = posts.take((DOCTORS, DOCTORS, WARD_NURSES, WARD_NURSES), axis=1) - present @ self._use
        served = np.floor(np.maximum(left * self._serve, 0.0) + _ROUNDING)
        both = np.minimum(served[:, :2], served[:, 2:])  # by doctors, by nurses
        return both[:, 0], both[:, 1]


@dataclass(frozen=True, slots=True)
class StaffedBeds:
    """What the staff of each facility can look after.

    Attributes
    ----------
    normal, most
        ``(facilities, 3)`` COVID-19 beds (basic, oxygen, ICU) that are staffed, equipped and supplied:
        at normal ratios, and at most. ``0 <= normal <= most <= space``; care is thin where more than
        `normal` are occupied.
    binding
        ``(facilities, 3)`` what binds `most`: SPACE, DOCTOR, NURSE, EQUIPMENT or PIPES, the first of these
        where several bind alike; OXYGEN_STOCK where the stock has run out.
    emergency, elective
        ``(facilities,)`` patients without COVID-19 whom the staff can look after beside those present who
        come before them; infinite where staff is not modelled.
    """

    normal: Ints
    most: Ints
    binding: NDArray[np.int8]
    emergency: Floats
    elective: Floats


class Absences:
    """Staff away: a base rate, and those infected at home or at work, until they return.

    Heads are those of the payroll, reinforcements among them; they may change from day to day. Staff are
    not followed one by one: the same head can be infected again.

    Attributes
    ----------
    infected
        ``(facilities, 3)`` heads away after an infection.
    infections, returned, departed
        ``(facilities, 3)`` heads since the start of the run: infected, come back, and gone from the
        payroll while away.
    protection
        Share by which vaccination lowers the hazard of infection, in [0, 1].
    """

    def __init__(self, section: Absence, names: Sequence[str]) -> None:
        self._section = section
        self._names = tuple(names)
        self._days_off = max(round(section.days_off), 1)
        shape = (len(self._names), 3)
        self._sent_home = np.zeros((self._days_off, *shape), np.int64)  # row: day modulo days off
        self.infected = np.zeros(shape, np.int64)
        self.infections = np.zeros(shape, np.int64)
        self.returned = np.zeros(shape, np.int64)
        self.departed = np.zeros(shape, np.int64)
        self.protection = 0.0

    def pass_day(
        self, day: int, heads: Ints, incidence: float | Floats, patients: Ints, rng: np.random.Generator
    ) -> None:
        """Take back who returns today, and send home who was infected yesterday.

        Parameters
        ----------
        day
            Today; to be called on consecutive days.
        heads
            ``(facilities, 3)`` heads on the payroll today.
        incidence
            Infections of yesterday per resident: one number, or one for each facility.
        patients
            ``(facilities,)`` COVID-19 patients present.
        rng
            Gives one uniform draw for each facility and cadre, whatever the numbers are.
        """
        cohort = self._sent_home[day % self._days_off]
        self.infected -= cohort
        self.returned += cohort
        cohort[:] = 0
        self._strike_off(day, heads)
        load = patients / np.maximum(heads.sum(axis=1), 1)
        hazard = self._section.community * np.asarray(incidence) + self._section.at_work * load
        hazard = hazard * (1.0 - self.protection)
        new = binomial_quantile(rng.random(heads.shape), heads - self.infected, -np.expm1(-hazard)[:, None])
        cohort += new
        self.infected += new
        self.infections += new

    def _strike_off(self, day: int, heads: Ints) -> None:
        """Who is away and no longer on the payroll is gone, those infected last first."""
        excess = self.infected - heads
        if not np.count_nonzero(excess > 0):
            return
        excess = np.maximum(excess, 0)
        self.infected -= excess
        self.departed += excess
        for back in range(1, self._days_off):
            cohort = self._sent_home[(day - back) % self._days_off]
            gone = np.minimum(cohort, excess)
            cohort -= gone
            excess -= gone

    def base_absent(self, heads: Ints) -> Floats:
        """``(facilities, 3)`` heads away for reasons other than an infection (an expected number)."""
        absent: Floats = np.multiply(heads - self.infected, self._section.base, dtype=np.float64)
        return absent

    def on_duty(self, heads: Ints) -> Floats:
        """``(facilities, 3)`` heads that work: heads = on duty + base absent + infected."""
        present: Floats = np.multiply(heads - self.infected, 1 - self._section.base, dtype=np.float64)
        return present

    def check(self, day: int, heads: Ints) -> None:
        """Staff infected = returned + departed + away, and heads = on duty + base absent + away.

        Raises
        ------
        IdentityError
            Where one does not hold.
        """
        away = self.infections - self.returned - self.departed
        by_day = self._sent_home.sum(axis=0)
        pool = self.on_duty(heads) + self.base_absent(heads) + self.infected
        for identity, wrong, left, right in (
            ("staff infected = returned + departed + away", away != self.infected, away, self.infected),
            ("staff away by day = staff away", by_day != self.infected, by_day, self.infected),
            ("heads = on duty + absent + infected", np.abs(pool - heads) > 1e-6, heads, pool),
            ("0 <= infected <= heads", (away < 0) | (away > heads), away, heads),
        ):
            if np.count_nonzero(wrong):
                facility, cadre = (int(i) for i in np.argwhere(wrong)[0])
                where = f"{self._names[facility]}, cadre {cadre}"
                raise IdentityError(
                    identity, where, day, f"{left[facility, cadre]} against {right[facility, cadre]}"
                )


def binomial_quantile(u: Floats, n: Ints, p: Floats) -> Ints:
    """Binomial numbers by inversion: the least k with P(X <= k) >= u, X ~ Binomial(n, p).

    One uniform draw makes one number, so that other `n` or `p` in one place move no draw elsewhere, and
    the number grows with each of `u`, `n` and `p`.

    Parameters
    ----------
    u, n
        Uniform draws in [0, 1), and trials >= 0, of one shape.
    p
        Probabilities in [0, 1], of a shape that broadcasts to that of `u`.
    """
    p = np.minimum(p, 1 - 2.0**-53, out=np.empty(u.shape))
    none = n * np.log1p(-p)
    some = u > np.exp(none)
    number = np.zeros(u.shape, np.int64)
    if not np.count_nonzero(some):
        return number
    u, n, p, none = u[some], n[some], p[some], none[some]
    mean = float((n * p).max())
    most = min(int(mean + 8 * mean**0.5 + 17), int(n.max()))  # P(X > most) < 1e-15
    k = np.arange(1, most + 1)
    with np.errstate(divide="ignore"):
        steps = np.log(np.maximum(n[:, None] - k + 1, 0) / k) + np.log(p / (1 - p))[:, None]
    probability = np.exp(none[:, None] + steps.cumsum(axis=1))
    below = np.exp(none)[:, None] + probability.cumsum(axis=1)
    number[some] = np.minimum(1 + (u[:, None] > below).sum(axis=1), n)
    return number


def redeploy(on_duty: Floats, heads: Ints, moved: Ints, efficiency: float | Floats) -> Floats:
    """Heads on duty after ward nurses went to intensive care.

    Parameters
    ----------
    on_duty, heads
        ``(facilities, 3)`` at work, and on the payroll, by the cadre they belong to.
    moved
        ``(facilities,)`` trained ward nurses who work in intensive care; at most all there are. They
        are absent as often as other ward nurses.
    efficiency
        Part of an ICU nurse that one of them counts for, in [0, 1]: one number, or one a facility.

    Returns
    -------
    ``(facilities, 3)``: doctors, ward nurses that are left, ICU nurses or what counts for them.
    """
    ward = heads[:, WARD_NURSES]
    present = on_duty[:, WARD_NURSES] * np.minimum(moved, ward) / np.maximum(ward, 1)
    after = on_duty.copy()
    after[:, WARD_NURSES] -= present
    after[:, ICU_NURSES] += present * efficiency
    return after


def posts(staffing: Staffing, on_duty: Floats, modelled: NDArray[np.bool_]) -> Floats:
    """``(facilities, 3)`` round-the-clock posts; infinite where a facility's staff is not modelled."""
    filled: Floats = np.where(modelled[:, None], on_duty / staffing.heads_per_post, np.inf)
    return filled


def staffed_beds(
    per_post: PatientsPerPost, posts: Floats, space: Ints, limits: Floats, covid: Ints, others: Ints
) -> StaffedBeds:
    """What the posts can look after, in the order ICU, oxygen, emergency, basic, elective.

    COVID-19 ICU and oxygen beds are those that could all be used at once; the emergency patients present
    come next, basic beds have what is left. Emergency and elective patients have what the COVID-19
    patients present leave: emergencies may stretch the staff, elective care never does.

    Parameters
    ----------
    posts
        ``(facilities, 3)`` round-the-clock posts of doctors, ward nurses and ICU nurses.
    space
        ``(facilities, 3)`` beds open to COVID-19 patients.
    limits
        ``(2, facilities, 3)`` beds that equipment and oxygen pipes allow (infinite: no limit).
    covid
        ``(facilities, 3)`` COVID-19 patients present by bed type.
    others
        ``(facilities, 2)`` emergency and elective patients present.
    """
    bound = np.empty((5, 3, len(space)))  # what binds, bed type, facility: beds at most
    bound[SPACE] = space.T
    bound[EQUIPMENT:] = limits.transpose(0, 2, 1)
    equipped = np.minimum(np.minimum(bound[SPACE], bound[EQUIPMENT]), bound[PIPES]) + _ROUNDING
    beds = np.empty((2, 3, len(space)), np.int64)
    pool = np.repeat(posts.T[:, None], 2, axis=1)  # cadre, kind of ratio, facility
    for group, bed, team in _ORDER:
        at_hand, ratios = pool[team], per_post.ratios[group]
        by_cadre = at_hand * ratios + _ROUNDING
        served = np.minimum(by_cadre[_DOCTOR], by_cadre[_NURSE])
        if bed is None:
            served = np.minimum(served, others[:, 0])
        else:
            bound[DOCTOR:EQUIPMENT, bed] = by_cadre[:, _MOST]
            served = np.floor(np.minimum(served, equipped[bed]))
            beds[:, bed] = served
        at_hand -= served / ratios
        np.maximum(pool, 0.0, out=pool)
    bound[EQUIPMENT:] += _ROUNDING
    binding = np.floor(bound).argmin(axis=0).astype(np.int8)
    emergency, elective = per_post.left_for_others(posts, covid, others[:, 0])
    normal = np.minimum(beds[_NORMAL], beds[_MOST])
    return StaffedBeds(normal.T, beds[_MOST].T, binding.T, emergency, elective)


def staffed_icu_beds(per_post: PatientsPerPost, posts: Floats, beds: Ints) -> Ints:
    """``(facilities,)`` ICU beds staffed at normal ratios, whoever lies in them: intensive care comes first.

    Parameters
    ----------
    posts
        ``(facilities, 3)`` as for `staffed_beds`.
    beds
        ``(facilities,)`` all ICU beds.
    """
    by_team = (posts.T[_ICU_TEAM, None] * per_post.ratios["icu"]).min(axis=(0, 1))
    served = np.floor(np.minimum(by_team, beds) + _ROUNDING)
    whole: Ints = served.astype(np.int64)
    return whole
