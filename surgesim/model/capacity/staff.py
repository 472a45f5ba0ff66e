"""Staff: the number on duty each day, and the beds of each type that they can staff.

Each day is one vectorised step over all facilities. `_ORDER` is the order in which patient groups are
served from the pool of staff. Arrays by bed type are (basic, oxygen, ICU); arrays by cadre are (doctors, ward
nurses, ICU nurses).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import IdentityError
from surgesim.model.care.beds import BASIC, ICU, OXYGEN
from surgesim.model.columns import Column
from surgesim.scenario.schema.capacity.staffing import Absence, Staffing

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DOCTORS, WARD_NURSES, ICU_NURSES = range(3)
"""Indices of the cadres."""

CONSTRAINTS = (
    *("space", "doctors", "nurses", "equipment", "pipes", "oxygen_stock"),
    *("icu_doctors", "icu_nurses"),
)
"""Constraints that can bind a bed type; facility columns contain the index."""
SPACE, DOCTOR, NURSE, EQUIPMENT, PIPES, OXYGEN_STOCK, ICU_DOCTOR, ICU_NURSE = range(8)
"""Indices into `CONSTRAINTS`."""
BINDS = {"oxygen": CONSTRAINTS[:ICU_DOCTOR], "icu": CONSTRAINTS}
"""The constraints that can bind each of the bed types whose binding constraint is recorded."""

ABSENT = Column(
    "staff_absent_share", "share", "share of clinical staff on the payroll who are away (empty: not modelled)"
)

_WARD_TEAM = slice(DOCTORS, ICU_NURSES)  # doctors and ward nurses
_ICU_TEAM = slice(DOCTORS, None, ICU_NURSES)  # doctors and ICU nurses
_ORDER = (
    ("icu", ICU, _ICU_TEAM),
    ("oxygen", OXYGEN, _WARD_TEAM),
    ("emergency", None, _WARD_TEAM),
    ("basic", BASIC, _WARD_TEAM),
)
"""Patient groups by priority for staff, with bed type (None: not a COVID bed) and cadres."""

_DOCTOR, _NURSE = range(2)
_NORMAL, _MOST = range(2)
_ROUNDING = 1e-9  # in posts; a bed that lacks no more than this counts as staffed


class PatientsPerPost:
    """Patients per post as arrays: normal ratios, and maximum ones (the surge ratios, where allowed).

    Attributes
    ----------
    ratios
        By group (icu, oxygen, emergency, basic, elective): an array ``(2, 2, 1)`` of patients per doctor
        post and per nurse post, at normal and at maximum ratios.
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
        """Return the posts that a patient of each of four groups takes from non-COVID care, ``(4, 4)``.

        Rows: ICU, oxygen, emergency, basic. Columns: doctors for emergencies, doctors for elective care, then
        ward nurses for each.
        """
        use = np.zeros((len(_ORDER), 4))
        for row, (group, _, team) in enumerate(_ORDER):
            for column, kind in enumerate((_MOST, _NORMAL)):
                if kind == _MOST and group in ("emergency", "basic"):
                    continue  # these groups have no priority over emergencies
                use[row, column] = 1 / self.ratios[group][_DOCTOR, kind, 0]
                if team == _WARD_TEAM:
                    use[row, 2 + column] = 1 / self.ratios[group][_NURSE, kind, 0]
        return use

    def posts_for(self, covid: Floats | Ints, others: Ints) -> Floats:
        """Return the posts of doctors, ward nurses and ICU nurses that patients need at normal ratios.

        Parameters
        ----------
        covid
            ``(facilities, 3)`` COVID patients, or beds, by type.
        others
            ``(facilities, 2)`` emergency and elective patients.
        """
        needed = np.zeros((len(covid), 3))
        groups = (("basic", covid[:, BASIC]), ("oxygen", covid[:, OXYGEN]), ("icu", covid[:, ICU]))
        for group, patients in (*groups, ("emergency", others[:, 0]), ("elective", others[:, 1])):
            nurses = ICU_NURSES if group == "icu" else WARD_NURSES
            needed[:, DOCTORS] += patients / self.ratios[group][_DOCTOR, _NORMAL, 0]
            needed[:, nurses] += patients / self.ratios[group][_NURSE, _NORMAL, 0]
        return needed

    def left_for_others(self, posts: Floats, covid: Ints, emergencies: Ints) -> tuple[Floats, Floats]:
        """Return the emergency and elective patients whom remaining staff can serve, ``(facilities,)``."""
        present = np.empty((len(posts), len(_ORDER)))
        for row, patients in enumerate((covid[:, ICU], covid[:, OXYGEN], emergencies, covid[:, BASIC])):
            present[:, row] = patients
        left = posts.take((DOCTORS, DOCTORS, WARD_NURSES, WARD_NURSES), axis=1) - present @ self._use
        served = np.floor(np.maximum(left * self._serve, 0.0) + _ROUNDING)
        both = np.minimum(served[:, :2], served[:, 2:])  # the limit by doctors, the limit by nurses
        return both[:, 0], both[:, 1]


@dataclass(frozen=True, slots=True)
class StaffedBeds:
    """The beds and patients that the staff of each facility can look after.

    Attributes
    ----------
    normal, most
        ``(facilities, 3)`` COVID beds (basic, oxygen, ICU) that are staffed, equipped and supplied, at
        normal and at maximum ratios. ``0 <= normal <= most <= space``; care is understaffed where more
        than `normal` are occupied.
    binding
        ``(facilities, 3)`` the constraint that binds `most`, an index into `CONSTRAINTS` (the first of these
        in a tie); OXYGEN_STOCK also where the stock has run out.
    emergency, elective
        ``(facilities,)`` non-COVID patients whom the staff can look after in addition to the present
        patients who have priority; infinite where staff is not modelled.
    """

    normal: Ints
    most: Ints
    binding: NDArray[np.int8]
    emergency: Floats
    elective: Floats


@dataclass(frozen=True, slots=True)
class IcuSkills:
    """What the ICU skills of doctors and nurses allow on one day.

    Attributes
    ----------
    doctors
        ``(2, facilities)`` ICU beds that doctors with ICU skills can look after, at normal and at maximum
        ratios; infinite where they do not limit ICU beds.
    led
        ``(facilities,)`` posts of ICU nurses that the ward nurses in teams are worth; they count at maximum
        ratios only.
    in_teams
        ``(facilities,)`` posts of ward nurses in teams.
    all_lead
        ``(facilities,)`` True where every ICU nurse leads a team: ICU nurses, not ward nurses, limit the
        teams.
    """

    doctors: Floats
    led: Floats
    in_teams: Floats
    all_lead: NDArray[np.bool_]


class Absences:
    """Absent staff: a base share, plus staff infected at home or at work, until they return.

    `heads` are the numbers on the payroll, reinforcements included; they may change from day to day. Staff
    are not tracked individually: without `immunity`, the same person can be infected again.

    Parameters
    ----------
    immune_share, rounding
        Share of staff who are immune throughout, and ``(facilities, 3)`` uniform random numbers used to round
        their number to whole people; used only with `immunity`.

    Attributes
    ----------
    infected
        ``(facilities, 3)`` staff away after an infection.
    recovered
        ``(facilities, 3)`` staff at work who were infected earlier; 0 unless infection gives immunity.
    infections, returned, departed
        ``(facilities, 3)`` numbers of staff who, since the start of the run, were infected, who returned to
        work, and who were removed from the payroll while away.
    again, gone
        ``(facilities, 3)`` numbers of recovered staff who, since the start of the run, were infected once
        more, and who were removed from the payroll.
    exposure
        Factor on the hazard of infection at work.
    protection
        Share by which the hazard of infection of susceptible staff is reduced, in [0, 1].
    """

    def __init__(
        self,
        section: Absence,
        names: Sequence[str],
        immune_share: float = 0.0,
        rounding: Floats | None = None,
    ) -> None:
        self._section = section
        self._after_infection = 0.0 if section.immunity is None else section.immunity.after_infection
        self._immune_share = immune_share
        self._names = tuple(names)
        self._days_off = ceil(section.days_off)
        self._early = self._days_off - section.days_off  # share who return a day earlier
        shape = (len(self._names), 3)
        self._sent_home = np.zeros((self._days_off, *shape), np.int64)  # row: day modulo number of days off
        self._left_over = np.zeros(shape)  # fractions of those who return early, from previous days
        self._rounding = np.zeros(shape) if rounding is None else rounding
        self._heads_before = np.zeros(shape, np.int64)
        # the heads of the last day, and what follows from them: computed again only when they change
        self._heads: Ints | None = None
        self._immune = np.zeros(shape, np.int64)
        self._in_facility = np.ones(len(self._names), np.int64)
        self.infected, self.recovered = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.infections = np.zeros(shape, np.int64)
        self.returned = np.zeros(shape, np.int64)
        self.departed = np.zeros(shape, np.int64)
        self.again, self.gone = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.exposure = 1.0
        self.protection = 0.0

    def pass_day(
        self,
        day: int,
        heads: Ints,
        incidence: float | Floats,
        patients: Ints,
        rng: np.random.Generator,
        rng_again: np.random.Generator | None = None,
    ) -> None:
        """Bring back the staff who are due back today, and send home the staff infected yesterday.

        Parameters
        ----------
        day
            Today; call on consecutive days.
        heads
            ``(facilities, 3)`` staff on the payroll today.
        incidence
            Yesterday's infections per resident (with `immunity`, per resident without protection): one
            number, or one per facility.
        patients
            ``(facilities,)`` COVID patients present.
        rng, rng_again
            Each supplies one uniform draw per facility and cadre, whatever the number of staff. The second
            is for the infections of recovered staff; needed with `immunity`.
        """
        cohort = self._sent_home[day % self._days_off]
        returning = cohort.copy()
        cohort[:] = 0
        if self._early > 0:
            returning += self._return_early(self._sent_home[(day + 1) % self._days_off])
        self.infected -= returning
        self.returned += returning
        self._strike_off(day, heads)
        if heads is not self._heads:
            self._heads, self._immune = heads, self._immune_of(heads)
            self._in_facility = np.maximum(heads.sum(axis=1), 1)
        load = patients / self._in_facility
        at_work = self._section.at_work * self.exposure
        hazard = self._section.community * np.asarray(incidence) + at_work * load
        susceptible = heads - self.infected
        if self._after_infection > 0:
            self.recovered += returning
            self._let_go(heads)
        if self._after_infection > 0 or self._immune_share > 0:
            susceptible = np.maximum(susceptible - self.recovered - self._immune, 0)
        chance = -np.expm1(-hazard * (1.0 - self.protection))[:, None]
        draws = rng.random(heads.shape)
        if rng_again is not None and np.count_nonzero(self.recovered):
            again = -np.expm1(-hazard * (1.0 - max(self.protection, self._after_infection)))[:, None]
            new, once_more = binomial_quantile(  # at once, in half the time
                np.array([draws, rng_again.random(heads.shape)]),
                np.array([susceptible, self.recovered]),
                np.array([chance, again]),
            )
            self.recovered = self.recovered - once_more
            self.again += once_more
            new += once_more
        else:
            new = binomial_quantile(draws, susceptible, chance)
        cohort += new
        self.infected += new
        self.infections += new

    def _return_early(self, cohort: Ints) -> Ints:
        """Take from a cohort those who return a day before the others, so that the mean absence is right."""
        self._left_over += self._early * cohort
        early: Ints = np.minimum(np.floor(self._left_over + 1e-9).astype(np.int64), cohort)
        self._left_over -= early
        cohort -= early
        return early

    def _immune_of(self, heads: Ints) -> Ints:
        """Return the staff who are immune throughout, ``(facilities, 3)``."""
        immune: Ints = np.floor(self._immune_share * heads + self._rounding).astype(np.int64)
        return immune

    def _let_go(self, heads: Ints) -> None:
        """Where heads have fallen since yesterday, remove the same share of recovered staff."""
        before, self._heads_before = self._heads_before, heads
        if before is heads or not np.count_nonzero(self.recovered) or np.array_equal(before, heads):
            return
        share = np.minimum(heads / np.maximum(before, 1), 1.0)
        stay = np.minimum(np.rint(self.recovered * share).astype(np.int64), heads - self.infected)
        self.gone += self.recovered - stay
        self.recovered = stay

    def _strike_off(self, day: int, heads: Ints) -> None:
        """Where more staff are absent than are on the payroll, remove the most recently infected."""
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
        """Return the expected number of staff away for reasons other than infection, ``(facilities, 3)``."""
        absent: Floats = np.multiply(heads - self.infected, self._section.base, dtype=np.float64)
        return absent

    def on_duty(self, heads: Ints) -> Floats:
        """Return the staff on duty, ``(facilities, 3)``, who are neither infected nor otherwise absent."""
        present: Floats = np.multiply(heads - self.infected, 1 - self._section.base, dtype=np.float64)
        return present

    def check(self, day: int, heads: Ints) -> None:
        """Check that staff infected = returned + departed + away, and heads = on duty + base absent + away.

        If infection gives immunity, also check that staff returned = infected again + gone + recovered, and
        that recovered staff do not outnumber the staff present.

        Raises
        ------
        IdentityError
            If an identity fails.
        """
        away = self.infections - self.returned - self.departed
        by_day = self._sent_home.sum(axis=0)
        pool = self.on_duty(heads) + self.base_absent(heads) + self.infected
        back = self.returned - self.again - self.gone if self._after_infection > 0 else self.recovered
        present = heads - self.infected
        for identity, wrong, left, right in (
            ("staff infected = returned + departed + away", away != self.infected, away, self.infected),
            ("staff away by day = staff away", by_day != self.infected, by_day, self.infected),
            ("heads = on duty + absent + infected", np.abs(pool - heads) > 1e-6, heads, pool),
            ("0 <= infected <= heads", (away < 0) | (away > heads), away, heads),
            ("returned = again + gone + recovered", back != self.recovered, back, self.recovered),
            (
                "0 <= recovered <= staff present",
                (self.recovered < 0) | (self.recovered > present),
                self.recovered,
                present,
            ),
        ):
            if np.count_nonzero(wrong):
                facility, cadre = (int(i) for i in np.argwhere(wrong)[0])
                where = f"{self._names[facility]}, cadre {cadre}"
                raise IdentityError(
                    identity,
                    where,
                    day,
                    f"left side {left[facility, cadre]}, right side {right[facility, cadre]}",
                )


def binomial_quantile(u: Floats, n: Ints, p: Floats) -> Ints:
    """Return binomial quantiles: the smallest k with P(X <= k) >= u, X ~ Binomial(n, p).

    Each number uses one uniform draw, so a change of `n` or `p` in one cell affects no draw elsewhere. The
    number never decreases if `u`, `n` or `p` increases.

    Parameters
    ----------
    u, n
        Uniform draws in [0, 1), and numbers of trials >= 0, of the same shape.
    p
        Probabilities in [0, 1], broadcastable to the shape of `u`.
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
    """Return the staff on duty after ward nurses have been redeployed to ICU.

    Parameters
    ----------
    on_duty, heads
        ``(facilities, 3)`` staff at work and on the payroll, by their original cadre.
    moved
        ``(facilities,)`` trained ward nurses redeployed to ICU, capped at the number of ward nurses. They
        have the absence rate of other ward nurses.
    efficiency
        Fraction of an ICU nurse that each redeployed nurse replaces, in [0, 1]: one number, or one per
        facility.

    Returns
    -------
    ``(facilities, 3)``: doctors, remaining ward nurses, and ICU nurses or their equivalents.
    """
    ward = heads[:, WARD_NURSES]
    present = on_duty[:, WARD_NURSES] * np.minimum(moved, ward) / np.maximum(ward, 1)
    after = on_duty.copy()
    after[:, WARD_NURSES] -= present
    after[:, ICU_NURSES] += present * efficiency
    return after


def posts(staffing: Staffing, on_duty: Floats, modelled: NDArray[np.bool_]) -> Floats:
    """Return the round-the-clock posts filled, ``(facilities, 3)``; infinite where staff is not modelled."""
    filled: Floats = np.where(modelled[:, None], on_duty / staffing.heads_per_post, np.inf)
    return filled


def staffed_beds(
    per_post: PatientsPerPost,
    posts: Floats,
    space: Ints,
    limits: Floats,
    covid: Ints,
    others: Ints,
    own: Floats | None = None,
    skills: IcuSkills | None = None,
) -> StaffedBeds:
    """Return the beds and patients that the staff in `posts` can look after.

    Groups are served in the order ICU, oxygen, emergency, basic, elective. COVID ICU and oxygen beds count if
    staff could serve them all at once; the emergency patients present come next, and basic beds get the
    remaining staff. Emergency and elective patients are served by staff not needed for the COVID patients
    present: emergencies at surge ratios, elective care at normal ratios.

    Parameters
    ----------
    posts
        ``(facilities, 3)`` round-the-clock posts of doctors, ward nurses and ICU nurses.
    space
        ``(facilities, 3)`` beds open to COVID patients.
    limits
        ``(3, facilities, 3)`` beds that equipment, oxygen pipes and oxygen supply allow (infinite: no limit).
    covid
        ``(facilities, 3)`` COVID patients present by bed type.
    others
        ``(facilities, 2)`` emergency and elective patients present.
    own
        ``(facilities, 3)`` posts of staff who serve only emergency and elective patients; at these
        facilities, `posts` do not serve such patients. NaN where `posts` serve all patients; None if they do
        so everywhere.
    skills
        What ICU skills allow; None if they do not limit ICU beds and nobody leads a team.
    """
    apart = None if own is None else ~np.isnan(own[:, DOCTORS])
    emergencies = others[:, 0] if apart is None else np.where(apart, 0, others[:, 0])
    # axes: constraint, bed type, facility; values: maximum beds
    bound = np.full((len(CONSTRAINTS), 3, len(space)), np.inf)
    bound[SPACE] = space.T
    bound[EQUIPMENT:ICU_DOCTOR] = limits.transpose(0, 2, 1)
    equipped = np.minimum(bound[SPACE], bound[EQUIPMENT:].min(axis=0)) + _ROUNDING
    beds = np.empty((2, 3, len(space)), np.int64)
    pool = np.repeat(posts.T[:, None], 2, axis=1)  # axes: cadre, normal or maximum ratio, facility
    if skills is not None:
        pool[ICU_NURSES, _MOST] += skills.led
    for group, bed, team in _ORDER:
        at_hand, ratios = pool[team], per_post.ratios[group]
        by_cadre = at_hand * ratios + _ROUNDING
        served = np.minimum(by_cadre[_DOCTOR], by_cadre[_NURSE])
        if bed is None:
            served = np.minimum(served, emergencies)
        else:
            bound[DOCTOR:EQUIPMENT, bed] = by_cadre[:, _MOST]
            if bed == ICU and skills is not None:
                served = np.minimum(served, skills.doctors + _ROUNDING)
                bound[ICU_DOCTOR, ICU] = skills.doctors[_MOST]
                nurses = by_cadre[_NURSE, _MOST]
                bound[NURSE, ICU] = np.where(skills.all_lead, np.inf, nurses)
                bound[ICU_NURSE, ICU] = np.where(skills.all_lead, nurses, np.inf)
            served = np.floor(np.minimum(served, equipped[bed]))
            beds[:, bed] = served
        at_hand -= served / ratios
        np.maximum(pool, 0.0, out=pool)
    bound[EQUIPMENT:ICU_NURSE] += _ROUNDING
    binding = np.floor(bound).argmin(axis=0).astype(np.int8)
    emergency, elective = per_post.left_for_others(posts, covid, others[:, 0])
    if own is not None and apart is not None:
        for served, left in zip(
            (emergency, elective),
            per_post.left_for_others(own[apart], np.zeros_like(covid[apart]), others[apart, 0]),
            strict=True,
        ):
            served[apart] = left
    normal = np.minimum(beds[_NORMAL], beds[_MOST])
    return StaffedBeds(normal.T, beds[_MOST].T, binding.T, emergency, elective)


def staffed_icu_beds(per_post: PatientsPerPost, posts: Floats, beds: Ints, *, most: bool = False) -> Ints:
    """Return the ICU beds, for any patient, that can be staffed at normal ratios, ``(facilities,)``.

    ICU patients have priority over all other patients.

    Parameters
    ----------
    posts
        ``(facilities, 3)`` round-the-clock posts, as for `staffed_beds`.
    beds
        ``(facilities,)`` all ICU beds.
    most
        If True, maximum ratios are used instead of normal ones.
    """
    by_ratio = (posts.T[_ICU_TEAM, None] * per_post.ratios["icu"]).min(axis=0)
    served = np.floor(np.minimum(by_ratio[_MOST if most else _NORMAL], beds) + _ROUNDING)
    whole: Ints = served.astype(np.int64)
    return whole
