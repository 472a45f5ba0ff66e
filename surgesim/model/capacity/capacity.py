"""Capacity: the beds that have space, staff, equipment and oxygen, counted at 00:00 of each day.

Each day is one vectorised step over all facilities. Where a scenario gives no staff, ventilators, oxygen
source or non-COVID patients, space is the only limit, and beds change only when rules change them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surgesim.model.capacity.adjustments import Adjustment, Adjustments
from surgesim.model.capacity.essential import EssentialPatients
from surgesim.model.capacity.facilities import Facilities
from surgesim.model.capacity.icu_teams import icu_skills, with_skills
from surgesim.model.capacity.intensive import OtherIcuPatients
from surgesim.model.capacity.other_deaths import OtherDeaths
from surgesim.model.capacity.pooling import allot, allot_whole
from surgesim.model.capacity.staff import (
    BINDS,
    CONSTRAINTS,
    DOCTORS,
    ICU_NURSES,
    OXYGEN_STOCK,
    SPACE,
    WARD_NURSES,
    Absences,
    PatientsPerPost,
    StaffedBeds,
    posts,
    redeploy,
    staffed_beds,
    staffed_icu_beds,
)
from surgesim.model.care.beds import ICU, OXYGEN, UNLIMITED, number_of_beds
from surgesim.model.care.gas import kg_per_day
from surgesim.model.care.oxygen import OxygenSupply
from surgesim.model.clock.streams import Streams
from surgesim.model.columns import Column, Page, by_bed
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.capacity.essential import Essential
from surgesim.scenario.schema.capacity.oxygen import Respiratory
from surgesim.scenario.schema.care import Care
from surgesim.scenario.schema.clinical import Clinical

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SPACE_OPEN = by_bed("open", "beds", "{bed} beds open to COVID patients (space)")
ALL_ICU_BEDS = (
    Column(
        "staffed_icu_all",
        "beds",
        "all ICU beds, COVID or not, that staff on duty can look after at normal ratios, in facilities "
        "with staff data; empty if no facility with ICU beds has staff data",
    ),
    Column(
        "usable_icu_all",
        "beds",
        "beds in `staffed_icu_all` that also have a ventilator and oxygen, where the scenario gives them; "
        "empty if it gives neither",
    ),
)
UNEQUIPPED = Column(
    "icu_without_ventilator",
    "beds",
    "ICU beds open to COVID patients (space) that count as none because there is no ventilator for them; "
    "empty if ventilators are not given",
    np.nan,
)
IN_ICU = (
    Column(
        "icu_nurses_on_duty",
        "people",
        "ICU nurses on duty, and ward nurses redeployed to ICU at what they are worth; empty: not modelled",
        np.nan,
    ),
    Column(
        "icu_doctors_on_duty",
        "people",
        "doctors on duty who have ICU skills (all doctors unless the scenario says otherwise); empty: not "
        "modelled",
        np.nan,
    ),
    Column("nurses_in_icu_teams", "people", "ward nurses on duty whom ICU nurses lead in intensive care"),
)
MOVED = (
    Column("staff_moved", "people", "clinical staff on duty who work elsewhere because staff are pooled"),
    Column("staff_lent", "people", "clinical staff lent to other provinces"),
    Column("staff_in_teams", "people", "clinical staff of facilities who work in home care teams"),
    Column("ventilators_moved", "ventilators", "ventilators used elsewhere because they are pooled"),
    Column("ventilators_lent", "ventilators", "ventilators lent to other provinces"),
)
BOUND = tuple(
    Column(
        f"{bed}_bound_by_{what}", "share", f"share of the open {bed} beds in facilities where {what} binds"
    )
    for bed, constraints in BINDS.items()
    for what in constraints
)
FACILITY = (
    Column(
        "binding_basic",
        "index",
        f"the binding constraint on basic beds: index into {', '.join(CONSTRAINTS)}",
    ),
    Column("binding_oxygen", "index", "the binding constraint on oxygen beds: index as for basic beds"),
    Column("binding_icu", "index", "the binding constraint on ICU beds: index as for basic beds"),
)


@dataclass(frozen=True, slots=True)
class OpenBeds:
    """The beds available on one day.

    Attributes
    ----------
    space
        ``(facilities, 3)`` beds open to COVID patients, staffed or not.
    staffed
        The beds among `space` that are also staffed, equipped and supplied, and their binding constraints.
    icu_staffed
        ``(facilities,)`` ICU beds, COVID or not, that staff can look after at normal ratios; 0 where
        staff is not modelled.
    icu_usable
        ``(facilities,)`` beds in `icu_staffed` that also have a ventilator and oxygen, where these are
        modelled.
    icu_unequipped
        Number of ICU beds in `space`, in all facilities, that cannot be used for lack of a ventilator; NaN if
        ventilators are not modelled.
    staff_moved, ventilators_moved
        Heads of staff on duty, and ventilators, that pools have moved to another facility.
    icu_nurses, icu_doctors, in_icu_teams
        ICU nurses and doctors with ICU skills on duty, and ward nurses in teams of intensive care, in people;
        NaN if staff is not modelled.
    """

    space: Ints
    staffed: StaffedBeds
    icu_staffed: Ints
    icu_usable: Ints
    icu_unequipped: float
    staff_moved: float = 0.0
    ventilators_moved: float = 0.0
    icu_nurses: float = np.nan
    icu_doctors: float = np.nan
    in_icu_teams: float = 0.0


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of facilities with all adjustments applied; only rules change them.

    Attributes
    ----------
    reinforcement
        Number of staff that rules have brought in, over all facilities and cadres.
    heads, employed
        ``(facilities, 3)`` staff on the payroll, reinforcements included, and their number in all.
    apart
        The facilities that were mobilised without their own staff, ``(facilities,)``, or None if there are
        none.
    brought
        ``(facilities, 3)`` share of `heads` that rules have brought in.
    moved, worth
        ``(facilities,)`` ward nurses redeployed to ICU, and the fraction of an ICU nurse that each one
        replaces.
    postponed
        ``(facilities,)`` share of elective care that is postponed, in [0, 1].
    ventilators, pools
        ``(facilities,)`` ventilators of each facility (infinite if not limited), and the facilities of each
        pool.
    staff_pools
        The facilities of each pool of staff, and the shares of their doctors, ward nurses and ICU nurses
        that can work elsewhere.
    staff_lent, staff_in_teams, ventilators_lent
        Heads lent to other provinces and in home care teams, and ventilators lent, over all facilities.
    skilled_share
        ``(2, facilities)`` share of the doctors who have ICU skills, of those who serve COVID patients and of
        those who serve only others; the same where they are one pool. None if all have them.
    icu_teams
        ``(facilities, 4)`` terms of teams in intensive care, as in `icu_skills`; None if there are none.
    limits
        ``(3, facilities, 3)`` beds that equipment, oxygen pipes and oxygen supply allow while all beds are
        empty; infinite where there is no limit.
    """

    reinforcement: int
    heads: Ints
    employed: int
    apart: Bools | None
    brought: Floats
    moved: Ints
    worth: Floats
    postponed: Floats
    ventilators: Floats
    pools: list[Ints]
    limits: Floats
    staff_pools: list[tuple[Ints, Floats]]
    staff_lent: int
    staff_in_teams: int
    ventilators_lent: float
    skilled_share: Floats | None
    icu_teams: Floats | None


class Capacity:
    """The beds of all facilities that are staffed, equipped and supplied, day by day.

    Parameters
    ----------
    immune_share
        Share of staff who are immune throughout the run; used only if the scenario models their immunity.

    Attributes
    ----------
    adjustments
        The adjustments that rules have made.
    today
        Today's beds.
    ventilators_added
        The most ventilators that rules have brought at any time so far.
    absences, essential
        The absent staff and the non-COVID patients; None if no facility has them.
    intensive, other_deaths
        The non-COVID patients in ICU beds, and the deaths of non-COVID patients; None if not modelled.
    """

    def __init__(
        self,
        care: Care,
        clinical: Clinical,
        facilities: Facilities,
        supply: OxygenSupply | None,
        streams: Streams,
        immune_share: float = 0.0,
    ) -> None:
        sections = list(care.facilities.values())
        n = len(sections)
        self._facilities = facilities
        self._care = care
        self._supply = supply
        self._streams = streams
        self.adjustments = Adjustments(n)
        self.ventilators_added = 0.0
        staff = [section.staff for section in sections]
        self._has_staff = np.array([member is not None for member in staff])
        self._lacks_staff = ~self._has_staff
        self._heads = np.array(
            [(0, 0, 0) if s is None else (s.doctors, s.ward_nurses, s.icu_nurses) for s in staff],
            np.int64,
        )
        self._without_skills = np.array(
            [0 if s is None or s.icu_doctors is None else s.doctors - s.icu_doctors for s in staff], float
        )
        self._ventilators = np.array(
            [np.inf if section.ventilators is None else section.ventilators for section in sections]
        )
        self._invasive = clinical.respiratory.icu_beds.invasive
        self._counts_ventilators = bool(np.isfinite(self._ventilators).any()) and self._invasive > 0
        ward_kg, self._icu_kg = _mean_kg(clinical.respiratory)
        self._at_least = max(ward_kg, 1e-9), max(self._icu_kg, 1e-9)
        self._scarcity = clinical.respiratory.scarcity
        self._pipes = np.array(
            [
                np.inf
                if section.oxygen is None or section.oxygen.pipe_lpm is None
                else kg_per_day(section.oxygen.pipe_lpm)
                for section in sections
            ]
        )
        self._per_post = PatientsPerPost(care.staffing)
        names = list(care.facilities)
        self.absences = self._count_absences(names, immune_share) if self._has_staff.any() else None
        total, target = self._beds()
        shares = [section.essential for section in sections]
        self.essential = (
            EssentialPatients(care.essential, shares, names, total, target)
            if any(share is not None for share in shares)
            else None
        )
        self.intensive, self.other_deaths = self._others(shares, names, total, target)
        self._icu_most = np.full(n, np.inf)
        self.limited = bool(
            self._has_staff.any()
            or np.isfinite(self._ventilators).any()
            or supply is not None
            or self.essential is not None
        )
        self._all_beds = self._beds()
        self._resources = self._count_resources()
        self._nobody = np.zeros((n, 2), np.int64)
        self.today = self._only_space()

    def _others(
        self, shares: Sequence[Essential | None], names: Sequence[str], total: Ints, target: Ints
    ) -> tuple[OtherIcuPatients | None, OtherDeaths | None]:
        """Return what is modelled of other patients beyond those in ward beds."""
        section = self._care.essential
        if self.essential is None:
            return None, None
        here = [share is not None for share in shares]
        return (
            None
            if section.icu is None
            else OtherIcuPatients(section.icu, here, names, total[:, ICU], target[:, ICU]),
            None if section.deaths is None else OtherDeaths(section.deaths),
        )

    def _count_absences(self, names: list[str], immune_share: float) -> Absences:
        section = self._care.staffing.absence
        if section.immunity is None:
            return Absences(section, names)
        rounding = self._streams.once("immune staff").random((len(names), 3))
        return Absences(section, names, immune_share, rounding)

    # -- a day ------------------------------------------------------------------------------------

    def open(self, day: int, covid: Ints, incidence: float) -> OpenBeds:
        """Count the staff on duty, and the beds that can be open today.

        Parameters
        ----------
        covid
            ``(facilities, 3)`` COVID patients present.
        incidence
            Yesterday's infections per resident, or per resident without protection; see `Absences`.
        """
        changed = self._facilities.take_changes()
        if changed:
            self._all_beds = self._beds()
        if self.adjustments.take_changes():
            self._resources = self._count_resources()
        if not self.limited:
            if changed:
                self.today = self._only_space()
            return self.today
        total, target = self._all_beds
        space = target
        if self.essential is not None:
            space = self.essential.room_for_covid(total, target)
            served = self.today.staffed
            self.essential.pass_day(
                day,
                total,
                target,
                space,
                covid,
                (served.emergency, served.elective),
                self._resources.postponed,
                self._streams.day("essential care", day),
            )
            if self.intensive is not None:
                space[:, ICU] = self.intensive.room_for_covid(total[:, ICU], target[:, ICU])
                self.intensive.pass_day(
                    total[:, ICU],
                    target[:, ICU],
                    np.maximum(space[:, ICU], covid[:, ICU]),
                    self._icu_most - covid[:, ICU],
                    self._streams.day("others in ICU", day),
                )
            if self.other_deaths is not None:
                no_icu = self._nobody[:, 0] if self.intensive is None else self.intensive.unserved
                self.other_deaths.pass_day(
                    self.essential.emergency_unserved,
                    no_icu,
                    self.essential.backlog,
                    self._streams.day("deaths of others", day),
                )
        posts_today, own = self._posts(day, covid, incidence)
        others = self._nobody if self.essential is None else self.essential.census
        limits = self._limits(covid)
        share = self._resources.skilled_share
        skilled = None if share is None else posts_today[:, DOCTORS] * share[0]
        on_duty = self._in_icu(posts_today, own)
        if self.intensive is not None:
            self._hold_for_others(self.intensive.census, posts_today, own, skilled, limits, total[:, ICU])
        staff_moved = self._pool_staff(posts_today, covid, others, space, limits)
        able = with_skills(posts_today, skilled)
        moved = self._allot_ventilators(limits, able, covid[:, ICU], space[:, ICU], total[:, ICU])
        icu_staffed = self._icu_staffed(able, own, total[:, ICU], space[:, ICU])
        skills = icu_skills(
            self._per_post,
            posts_today,
            skilled,
            self._resources.icu_teams,
            space[:, ICU],
            limits[:, :, ICU].min(axis=0),
        )
        in_teams = 0.0 if skills is None else float(skills.in_teams.sum())
        staffed = staffed_beds(self._per_post, posts_today, space, limits, covid, others, own, skills)
        icu_limits = limits[:, :, ICU].min(axis=0)
        if self.intensive is not None:  # they have staff and ventilators, and use no oxygen
            icu_staffed += np.where(self._lacks_staff, 0, self.intensive.census)
            icu_limits = icu_limits + self.intensive.census
        icu_usable = np.minimum(icu_staffed, icu_limits).astype(np.int64)
        for f, store in enumerate(self._supply.stores if self._supply is not None else ()):
            if store is not None and store.short:  # no admissions where oxygen has run out
                staffed.binding[f, 1:] = OXYGEN_STOCK
                icu_usable[f] = 0
        unequipped = self._unequipped(space, limits)
        self.today = OpenBeds(
            space,
            staffed,
            icu_staffed,
            icu_usable,
            unequipped,
            staff_moved,
            moved,
            *on_duty,
            float(round(in_teams * self._care.staffing.heads_per_post)),
        )
        return self.today

    @property
    def reinforcement(self) -> int:
        """Number of staff from outside who are at work today: all that rules had brought in by 00:00."""
        return self._resources.reinforcement

    @property
    def employed(self) -> int:
        """Number of staff on the payroll at the last count, reinforcements included."""
        return self._resources.employed

    def count_ventilators(self) -> None:
        """Bring the most ventilators that rules have brought up to date."""
        brought = float(self.adjustments.total(Adjustment.VENTILATORS).sum())
        self.ventilators_added = max(self.ventilators_added, brought)

    def heads(self) -> Ints:
        """Staff on the payroll at the last count, reinforcements included, ``(facilities, 3)``."""
        return self._resources.heads

    def _count_resources(self) -> Resources:
        """Return the resources of the scenario with the current adjustments applied."""
        adjustments, total = self.adjustments, self.adjustments.total
        reinforcements = np.rint(total(Adjustment.HEADS, 3)).astype(np.int64)
        heads = self._heads if self.absences is None else self._heads + reinforcements
        lent = np.minimum(np.rint(total(Adjustment.HEADS_LENT, 3)).astype(np.int64), heads)
        heads = heads - lent
        in_teams = np.minimum(np.rint(total(Adjustment.HEADS_IN_TEAMS, 3)).astype(np.int64), heads)
        heads = heads - in_teams
        apart = total(Adjustment.WITHOUT_STAFF) > 0
        share = total(Adjustment.REDEPLOYMENT)
        moved = np.floor(np.minimum(share, 1) * heads[:, WARD_NURSES] + 1e-9).astype(np.int64)
        worth = np.divide(total(Adjustment.EFFICIENCY), share, out=np.zeros(len(share)), where=share > 0)
        limits = np.full((3, len(heads), 3), np.inf)
        ventilators = self._ventilators + total(Adjustment.VENTILATORS)
        self.count_ventilators()
        units_lent = np.minimum(total(Adjustment.VENTILATORS_LENT), ventilators)
        ventilators = ventilators - units_lent
        if self._invasive > 0:
            limits[0, :, ICU] = np.floor(ventilators / self._invasive + 1e-9)
        pooled = adjustments.groups(Adjustment.VENTILATOR_POOL) if self._invasive > 0 else []
        pools = [group[np.isfinite(ventilators[group])] for group in pooled]
        staff_pools = adjustments.pools(Adjustment.STAFF_POOL)
        postponed = np.clip(total(Adjustment.POSTPONEMENT), 0, 1)
        skilled_share = self._skilled_share(reinforcements[:, DOCTORS], apart)
        teams = np.zeros((len(heads), 4))
        for group, terms in adjustments.pools(Adjustment.ICU_TEAMS):
            teams[group] = terms
        return Resources(
            int(reinforcements.sum()),
            heads,
            int(heads.sum()),
            apart if apart.any() else None,
            np.minimum(reinforcements / np.maximum(heads, 1), 1.0),
            moved,
            worth,
            postponed,
            ventilators,
            [pool for pool in pools if len(pool)],
            limits,
            [(pool[self._has_staff[pool]], shares) for pool, shares in staff_pools],
            int(lent.sum()),
            int(in_teams.sum()),
            float(units_lent[np.isfinite(ventilators)].sum()),
            skilled_share,
            teams if teams.any() else None,
        )

    def _skilled_share(self, brought: Ints, apart: Bools) -> Floats | None:
        """Return `Resources.skilled_share`, where rules have brought in `brought` doctors."""
        doctors = np.array([brought, self._heads[:, DOCTORS]])
        unskilled = np.array([self.adjustments.total(Adjustment.WITHOUT_ICU_SKILLS), self._without_skills])
        unskilled *= 1 - np.clip(self.adjustments.total(Adjustment.ICU_TRAINING), 0, 1)
        if not unskilled.any():
            return None
        unskilled, doctors = (np.where(apart, each, each.sum(axis=0)) for each in (unskilled, doctors))
        share: Floats = 1 - np.minimum(unskilled / np.maximum(doctors, 1), 1.0)
        share[:, self._lacks_staff] = 1.0  # staff limits nothing there
        return share

    def _posts(self, day: int, covid: Ints, incidence: float) -> tuple[Floats, Floats | None]:
        """Return today's posts of staff for COVID patients, and of staff who serve only other patients.

        Both are ``(facilities, 3)`` posts filled round the clock, infinite without staff data. The second
        array is NaN where one pool of staff serves all patients; it is None if this is so at all facilities.
        """
        if self.absences is None:
            return np.full((len(covid), 3), np.inf), None
        resources, staffing = self._resources, self._care.staffing
        heads, moved, apart = resources.heads, resources.moved, resources.apart
        again = None if staffing.absence.immunity is None else self._streams.day("staff again", day)
        rng = self._streams.day("staff", day)
        self.absences.pass_day(day, heads, incidence, covid.sum(axis=1), rng, again)
        working = self.absences.on_duty(heads)
        own = None
        if apart is not None:
            brought = np.where(apart[:, None], working * resources.brought, working)
            own = np.where(apart[:, None], working - brought, np.nan)
            working, own = brought, posts(staffing, own, self._has_staff | ~apart)
        if np.count_nonzero(moved):
            working = redeploy(working, heads, moved, resources.worth)
        return posts(staffing, working, self._has_staff), own

    def _in_icu(self, posts_today: Floats, own: Floats | None) -> tuple[float, float]:
        """Return the ICU nurses and the doctors with ICU skills on duty, in people; NaN if not modelled."""
        if self.absences is None:
            return np.nan, np.nan
        share, heads = self._resources.skilled_share, self._care.staffing.heads_per_post
        both = np.array([posts_today, np.zeros_like(posts_today) if own is None else np.nan_to_num(own)])
        both = both[:, self._has_staff]
        doctors = both[..., DOCTORS] if share is None else both[..., DOCTORS] * share[:, self._has_staff]
        return round(float(both[..., ICU_NURSES].sum()) * heads), round(float(doctors.sum()) * heads)

    def _hold_for_others(
        self,
        patients: Ints,
        posts_today: Floats,
        own: Floats | None,
        skilled: Floats | None,
        limits: Floats,
        total: Ints,
    ) -> None:
        """Take the staff and ventilators of the non-COVID patients in ICU from those for COVID patients.

        `posts_today`, `own`, `skilled` and `limits` are changed in place. Also note the ICU patients of all
        kinds for whom staff and ventilators suffice, for tomorrow's admissions.
        """
        apart = self._resources.apart
        posts_for_others, share = posts_today, self._resources.skilled_share
        if own is not None and apart is not None:
            posts_for_others = np.where(apart[:, None], own, posts_today)
        able = with_skills(
            posts_for_others, None if share is None else posts_for_others[:, DOCTORS] * share[1]
        )
        staffed = staffed_icu_beds(self._per_post, able, total, most=True)
        self._icu_most = np.minimum(staffed, limits[0, :, ICU])
        in_icu = np.zeros((len(patients), 3), np.int64)
        in_icu[:, ICU] = patients
        needed = self._per_post.posts_for(in_icu, self._nobody)
        left = np.maximum(posts_for_others - needed, 0.0)
        if skilled is not None:
            taken = needed[:, DOCTORS] if apart is None else np.where(apart, 0.0, needed[:, DOCTORS])
            np.maximum(skilled - taken, 0.0, out=skilled)
        if own is not None and apart is not None:
            own[apart] = left[apart]
            posts_today[~apart] = left[~apart]
        else:
            posts_today[:] = left
        limits[0, :, ICU] = np.maximum(limits[0, :, ICU] - patients, 0.0)

    def _pool_staff(
        self, posts_today: Floats, covid: Ints, others: Ints, space: Ints, limits: Floats
    ) -> float:
        """Share out the posts that pools of staff can move, in place; return the heads moved.

        They go to the patients present, then to open beds that have equipment and oxygen, at normal ratios;
        where they do not suffice for one of these, in proportion to what each facility lacks.
        """
        moved = 0.0
        for pool, shares in self._resources.staff_pools:
            equipment = limits[:, pool].copy()
            equipment[0, np.isin(pool, np.concatenate([*self._resources.pools, []])), ICU] = np.inf
            beds = np.minimum(np.minimum(space[pool], equipment.min(axis=0)), UNLIMITED)
            present = self._per_post.posts_for(covid[pool], others[pool])
            in_use = self._per_post.posts_for(np.maximum(beds, covid[pool]), others[pool])
            for cadre in np.flatnonzero(shares):
                own = posts_today[pool, cadre]
                after = allot(own, shares[cadre], (present[:, cadre], in_use[:, cadre]))
                moved += float(np.maximum(after - own, 0.0).sum()) * self._care.staffing.heads_per_post
                posts_today[pool, cadre] = after
        return moved

    def _allot_ventilators(
        self, limits: Floats, posts_today: Floats, present: Ints, space: Ints, total: Ints
    ) -> float:
        """Share out the ventilators of each pool, set the ICU beds that they allow; return those moved.

        Ventilators go first to the ICU patients present, then to open beds that have staff and oxygen, then
        to all ICU beds. If they are too few at one of these steps, each facility gets them in proportion to
        what it lacks.
        """
        moved = 0.0
        if not self._resources.pools:
            return moved
        staffed = staffed_icu_beds(self._per_post, posts_today, space, most=True)
        usable = np.minimum(staffed, limits[1:, :, ICU].min(axis=0))
        for pool in self._resources.pools:
            owned = self._resources.ventilators[pool]
            if self.intensive is not None:
                held = np.ceil(self.intensive.census[pool] * self._invasive - 1e-9)
                owned = np.maximum(owned - held, 0)
            needs = (
                np.ceil(np.minimum(beds[pool], UNLIMITED) * self._invasive - 1e-9).astype(np.int64)
                for beds in (present, usable, total)
            )
            allotted = allot_whole(int(owned.sum()), needs)
            moved += float(np.maximum(allotted - owned, 0.0).sum())
            limits[0, pool, ICU] = np.floor(allotted / self._invasive + 1e-9)
        return moved

    def _icu_staffed(self, posts_today: Floats, own: Floats | None, total: Ints, covid_beds: Ints) -> Ints:
        """Return the ICU beds for all patients that staff can look after, ``(facilities,)``; 0 without data.

        Where a facility has two pools of staff, one staffs only the beds open to COVID patients, and the
        other only the remaining beds.
        """
        staffed = staffed_icu_beds(self._per_post, posts_today, total)
        apart = self._resources.apart
        if own is not None and apart is not None:
            for_covid = staffed_icu_beds(self._per_post, posts_today[apart], covid_beds[apart])
            share = self._resources.skilled_share
            able = with_skills(own[apart], None if share is None else (own[:, DOCTORS] * share[1])[apart])
            staffed[apart] = for_covid + staffed_icu_beds(self._per_post, able, (total - covid_beds)[apart])
        staffed[self._lacks_staff] = 0
        return staffed

    def _limits(self, covid: Ints) -> Floats:
        """Return the beds that equipment, oxygen pipes and oxygen supply allow, ``(3, facilities, 3)``."""
        limits = self._resources.limits.copy()
        days = self._scarcity.admission_days
        if self._supply is not None and days is not None:
            supplied = self._supply.sustained(days) / self._scarcity.floor
            self._limit_by_oxygen(limits[1:], np.array([self._pipes, supplied]), covid)
        else:
            self._limit_by_oxygen(limits[1:2], self._pipes[None], covid)
        return limits

    def _limit_by_oxygen(self, limits: Floats, kg: Floats, covid: Ints) -> None:
        """Set the beds that `kg` of oxygen per day allow: ICU beds first, then oxygen beds from the rest.

        `limits` is ``(n, facilities, 3)``, and `kg` ``(n, facilities)``.
        """
        ward_kg, icu_kg = self._at_least
        in_icu = limits[..., ICU] = np.floor(kg / icu_kg)
        left = np.maximum(kg - np.minimum(in_icu, covid[:, ICU]) * self._icu_kg, 0)
        limits[..., OXYGEN] = np.floor(left / ward_kg)

    def check(self, day: int) -> None:
        """Check that all absent staff and all non-COVID patients are accounted for.

        Raises
        ------
        IdentityError
            If a person is missing or counted twice.
        """
        if self.absences is not None:
            self.absences.check(day, self.heads())
        if self.essential is not None:
            self.essential.check(day)
        if self.intensive is not None:
            self.intensive.check(day)

    def fill(self, page: Page) -> None:
        """Record open beds, their binding constraints, absent staff and non-COVID patients."""
        space, binding = self.today.space, self.today.staffed.binding
        row = page.province.values
        row["staffed_icu_all"] = number_of_beds(int(self.today.icu_staffed.sum()))
        row["icu_without_ventilator"] = self.today.icu_unequipped
        row["icu_nurses_on_duty"], row["icu_doctors_on_duty"] = self.today.icu_nurses, self.today.icu_doctors
        row["nurses_in_icu_teams"] = self.today.in_icu_teams
        row["staff_moved"], row["ventilators_moved"] = self.today.staff_moved, self.today.ventilators_moved
        row["staff_lent"] = float(self._resources.staff_lent)
        row["staff_in_teams"] = float(self._resources.staff_in_teams)
        row["ventilators_lent"] = self._resources.ventilators_lent
        row["usable_icu_all"] = number_of_beds(int(self.today.icu_usable.sum()))
        for bed, (name, beds) in enumerate(zip(BED_TYPES, space.sum(axis=0).tolist(), strict=True)):
            row[f"open_{name}"] = number_of_beds(beds)
            page.facilities.values[f"binding_{name}"] = binding[:, bed].tolist()
        shares = [*self._bound(OXYGEN)[: len(BINDS["oxygen"])], *self._bound(ICU)]
        row |= {column.name: share for column, share in zip(BOUND, shares, strict=True)}
        if self.absences is not None:
            working, employed = self.absences.on_duty(self.heads()).sum(), self.employed
            row["staff_absent_share"] = float(1 - working / employed) if employed else 0.0
        if self.essential is not None:
            self.essential.fill(page)
        if self.intensive is not None:
            self.intensive.fill(page)
        if self.other_deaths is not None:
            self.other_deaths.fill(page)

    def _bound(self, bed: int) -> list[float]:
        """Return, for each constraint, the share of open beds of a type in facilities where it binds."""
        beds = np.minimum(self.today.space[:, bed], UNLIMITED)
        binding = self.today.staffed.binding[:, bed]
        by_constraint = np.bincount(binding, weights=beds, minlength=len(CONSTRAINTS))
        shares: list[float] = (by_constraint / max(float(beds.sum(dtype=float)), 1.0)).tolist()
        return shares

    def _beds(self) -> tuple[Ints, Ints]:
        """Return all beds today, and the beds intended for COVID patients, ``(facilities, 3)`` each."""
        total = np.array([site.total for site in self._facilities.sites], np.int64)
        target = np.array([site.beds for site in self._facilities.sites], np.int64)
        return total, target

    def _only_space(self) -> OpenBeds:
        _, space = self._all_beds
        unlimited = np.full(len(space), np.inf)
        nobody = np.zeros(len(space), np.int64)
        binding = np.full(space.shape, SPACE, np.int8)
        staffed = StaffedBeds(space, space, binding, unlimited, unlimited)
        return OpenBeds(space, staffed, nobody, nobody, np.nan)

    def _unequipped(self, space: Ints, limits: Floats) -> float:
        """Return the number of open ICU beds without a ventilator; NaN if ventilators are not modelled."""
        if not self._counts_ventilators:
            return np.nan
        return float(np.maximum(space[:, ICU] - limits[0, :, ICU], 0).sum())


def _mean_kg(support: Respiratory) -> tuple[float, float]:
    """Return the mean oxygen use per patient in oxygen beds and in ICU beds, kg per day."""
    flow = support.flow
    ward, icu = (
        kg_per_day(
            flow.scale
            * sum(getattr(mix, kind) * getattr(flow, f"{kind}_lpm") for kind in type(mix).model_fields)
        )
        for mix in (support.oxygen_beds, support.icu_beds)
    )
    return ward, icu
