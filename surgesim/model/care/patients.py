"""Patients, whose random traits are drawn in one vectorised call per day.

Each patient uses exactly `DRAWS` uniform random numbers, in order of district and age. An extra patient on
one day thus changes no other day, and alternatives share each patient's luck.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from surgesim.model.care.home import HomeCare, Reduction, followed_first
from surgesim.model.care.patient import BOARDED, NO_CARE, NO_ICU, IcuCourse, Patient
from surgesim.model.clock.durations import (
    Durations,
    Quantile,
    length_biased_quantile_of,
    quantile_of,
    survival_of,
)
from surgesim.model.clock.streams import Streams
from surgesim.model.epidemic.spread import DayOfInfection, severe_if_infected
from surgesim.scenario.schema.capacity.oxygen import Flow, Support
from surgesim.scenario.schema.clinical import Clinical, DeathByCare, OddsOfDeath
from surgesim.scenario.schema.epidemic import Epidemic
from surgesim.scenario.schema.response.detection import Detection

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

(
    U_TIME,
    U_ONSET,
    U_ICU,
    U_ICU_DELAY,
    U_URGENT,
    U_DEATH,
    U_OXYGEN_STAY,
    U_ICU_STAY,
    U_STEP_DOWN,
    U_OXYGEN_CLOCK,
    U_ICU_CLOCK,
    U_DETECTION,
    U_AGE,
    U_RESIDUAL,
    U_SUPPORT,
    U_HOME,
    U_SEVERITY,
) = range(17)
_BELOW_1 = 1 - 2.0**-53
"""The largest number below 1, at which every quantile is finite."""

DRAWS = 20
"""Uniform random numbers per patient; some are spare, so that a new use changes no patient's luck."""

_OF_EVERYBODY = [U_OXYGEN_STAY, U_OXYGEN_CLOCK, U_OXYGEN_CLOCK]
_OF_ICU_PATIENTS = [U_ICU_STAY, U_ICU_STAY, U_STEP_DOWN, *[U_ICU_CLOCK] * 4]
"""The draws for the durations of everybody, and of patients who need ICU."""


@dataclass(frozen=True, slots=True)
class PatientBatch:
    """A batch of new patients as arrays of equal length; times in days.

    Attributes
    ----------
    need_time
        Start of the need for oxygen, or for ICU if the patient needs it at once.
    district, age
        Indices of the home district and the age group.
    needs_icu, icu_delay
        True if ICU will be needed, and the time from the need for oxygen to the need for ICU.
    urgent
        True if the patient has priority in the queue.
    luck
        The uniform random number that decides whether the patient dies.
    p_full, p_thin, p_boarded, p_untreated
        P(death) at the highest need, by level of care; each is at least as high as the one before it.
    oxygen_stay, icu_survivor_stay, icu_dying_stay, step_down_stay
        Lengths of stay; those from ICU on are 0 for patients who do not need it.
    oxygen_death, oxygen_recovery, icu_death, icu_recovery, boarded_death, boarded_recovery
        How long a need (for oxygen, for ICU without a bed, or for ICU while boarding in an oxygen bed) can go
        unmet before death, and before recovery; infinite if that end never follows, and 0 for a need for
        ICU that the patient does not have.
    unreported
        True if not detected in the community; the patient is then reported at admission.
    oxygen_flow, icu_flow, step_down_flow
        Oxygen flow in an oxygen bed, in an ICU bed, and in an oxygen bed after ICU, L/min.
    high_risk
        True for the high-risk group; always False if patients do not come from an epidemic.
    """

    need_time: Floats
    district: Ints
    age: Ints
    needs_icu: Bools
    icu_delay: Floats
    urgent: Bools
    luck: Floats
    p_full: Floats
    p_thin: Floats
    p_boarded: Floats
    p_untreated: Floats
    oxygen_stay: Floats
    icu_survivor_stay: Floats
    icu_dying_stay: Floats
    step_down_stay: Floats
    oxygen_death: Floats
    oxygen_recovery: Floats
    icu_death: Floats
    icu_recovery: Floats
    boarded_death: Floats
    boarded_recovery: Floats
    unreported: Bools
    oxygen_flow: Floats
    icu_flow: Floats
    step_down_flow: Floats
    high_risk: Bools

    def __len__(self) -> int:
        return len(self.need_time)

    def patients(self, first_index: int) -> list[Patient]:
        """Return one object per patient, numbered from `first_index`, with `luck` turned into `dies_from`."""
        dies = self.luck < np.array([self.p_full, self.p_thin, self.p_boarded, self.p_untreated])
        dies_from = np.where(dies.any(axis=0), dies.argmax(axis=0), NO_CARE + 1)
        untreated = dies_from <= NO_CARE
        columns = (
            range(first_index, first_index + len(self)),
            self.need_time.tolist(),
            self.district.tolist(),
            self.age.tolist(),
            self.needs_icu.tolist(),
            self.icu_delay.tolist(),
            self.urgent.tolist(),
            self.luck.tolist(),
            self.p_full.tolist(),
            self.p_thin.tolist(),
            dies_from.tolist(),
            self.oxygen_stay.tolist(),
            np.where(untreated, self.oxygen_death, self.oxygen_recovery).tolist(),
            self.unreported.tolist(),
            self.oxygen_flow.tolist(),
            self.high_risk.tolist(),
            self._icu_courses(dies_from),
        )
        return list(map(Patient, *columns))

    def _icu_courses(self, dies_from: Ints) -> list[IcuCourse]:
        """Return each patient's course of an ICU need, NO_ICU for patients who never have one."""
        courses = [NO_ICU] * len(self)
        who = self.needs_icu.nonzero()[0]
        boarded, untreated = dies_from[who] <= BOARDED, dies_from[who] <= NO_CARE
        boarded_death, boarded_recovery = self.boarded_death[who], self.boarded_recovery[who]
        icu_death, icu_recovery = self.icu_death[who], self.icu_recovery[who]
        ends = np.array(
            [
                np.where(boarded, boarded_death, boarded_recovery),
                np.where(untreated, icu_death, icu_recovery),
            ]
        )
        others = np.array(
            [
                np.where(boarded, icu_death, icu_recovery),
                np.where(untreated, boarded_death, boarded_recovery),
            ]
        )
        columns = (
            self.icu_survivor_stay[who],
            self.icu_dying_stay[who],
            self.step_down_stay[who],
            *ends,
            *_gain(ends, others),
            self.icu_flow[who],
            self.step_down_flow[who],
        )
        for place, course in zip(who.tolist(), map(IcuCourse, *map(np.ndarray.tolist, columns)), strict=True):
            courses[place] = course
        return courses


@dataclass(frozen=True, slots=True)
class DrawnDay:
    """The patients drawn from a day's onsets, which alternatives of a replication may share.

    Attributes
    ----------
    infection, reduction
        The onsets, and the shares of detected cases that home care keeps from needing oxygen.
    batch
        The patients.
    mild
        ``(districts,)`` mild cases.
    """

    infection: DayOfInfection
    reduction: Reduction
    batch: PatientBatch
    mild: Ints


class PatientSource:
    """A source of patients, drawn according to the clinical section of a scenario.

    Parameters
    ----------
    drugs
        Two factors on P(death) with full or thin care while all drugs are in stock: one for patients who need
        oxygen, and one for patients who need ICU.
    drawn
        Days already drawn by other alternatives of this replication. They are reused if the onsets (the same
        object) and the reductions match; new days are added. All alternatives must have the same `clinical`,
        `epidemic` and `high_risk`.
    """

    def __init__(
        self,
        clinical: Clinical,
        epidemic: Epidemic | None,
        high_risk: tuple[float, ...],
        drawn: dict[int, DrawnDay] | None = None,
        drugs: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        self._drawn = drawn
        severity, stays, clocks = clinical.severity, clinical.stays, clinical.clocks
        variant = epidemic.variant if epidemic is not None else None
        death_factor = variant.death_severity if variant is not None else 1.0
        self._p_icu = np.minimum(
            1.0, np.array(severity.p_icu) * (variant.icu_severity if variant is not None else 1.0)
        )
        self._death = np.stack(
            [
                _death_table(severity.death_oxygen, death_factor, drugs[0], boards=False),
                _death_table(severity.death_icu, death_factor, drugs[1], boards=True),
            ]
        )
        self._urgent_share = np.array([clinical.urgent_share.oxygen, clinical.urgent_share.icu])
        self._onset = quantile_of(stays.onset_to_oxygen_days)
        self._icu_delay = quantile_of(stays.oxygen_to_icu_days)
        self._of_everybody = Durations(
            [stays.oxygen_days, clocks.oxygen.death_days, clocks.oxygen.recovery_days]
        )
        boarded = clocks.icu if clocks.boarded is None else clocks.boarded
        self._of_icu_patients = Durations(
            [
                stays.icu_survivor_days,
                stays.icu_dying_days,
                stays.step_down_days,
                clocks.icu.death_days,
                clocks.icu.recovery_days,
                boarded.death_days,
                boarded.recovery_days,
            ]
        )
        self._oxygen_flow = _flow_quantile(clinical.respiratory.oxygen_beds, clinical.respiratory.flow)
        self._icu_flow = _flow_quantile(clinical.respiratory.icu_beds, clinical.respiratory.flow)
        self._by_severity = clinical.respiratory.by_severity
        self._stays = {
            "oxygen": stays.oxygen_days,
            "survivor": stays.icu_survivor_days,
            "dying": stays.icu_dying_days,
        }
        self._detected_share = _severe_share(epidemic.detection) if epidemic is not None else 1.0
        self._followed_first = followed_first(clinical.home_care)
        risk = np.array(high_risk)
        low = np.array(severity.p_oxygen) / (1 + risk * (severity.high_risk_ratio - 1))
        self.p_oxygen_by_risk = np.stack([low, low * severity.high_risk_ratio], axis=-1)
        self.p_oxygen = self._chance_of_oxygen(epidemic) if epidemic is not None else None

    def _chance_of_oxygen(self, epidemic: Epidemic) -> Floats:
        """Return P(needs oxygen | infected), ``(9, 2, strata)``, given severity and protection."""
        chance = self.p_oxygen_by_risk[..., None] * epidemic.variant.severity * severe_if_infected(epidemic)
        capped: Floats = np.minimum(1.0, chance)
        return capped

    def of_day(
        self, infection: DayOfInfection, day: int, streams: Streams, reduction: Reduction
    ) -> tuple[PatientBatch, Ints]:
        """Draw a day's patients with `from_epidemic`, or reuse the patients drawn by another alternative."""
        known = None if self._drawn is None else self._drawn.get(day)
        if known is not None and known.infection is infection and known.reduction == reduction:
            return known.batch, known.mild
        needs, traits = streams.day("severity", day), streams.day("patients", day)
        batch, mild = self.from_epidemic(infection, day, needs, traits, reduction)
        if self._drawn is not None and known is None:
            self._drawn[day] = DrawnDay(infection, reduction, batch, mild)
        return batch, mild

    def from_epidemic(
        self,
        infection: DayOfInfection,
        day: int,
        needs: np.random.Generator,
        traits: np.random.Generator,
        reduction: Reduction = (0.0, 0.0),
    ) -> tuple[PatientBatch, Ints]:
        """Draw the patients among a day's onsets; return them and the mild cases by district.

        Parameters
        ----------
        needs, traits
            The day's random generators for the need for oxygen and for each patient's traits.
        reduction
            Shares of detected cases that home care keeps from needing oxygen, of the province or by district:
            among people followed first, and among others.
        """
        assert self.p_oxygen is not None
        onsets = infection.onsets
        some = np.flatnonzero(onsets)  # a cell without onsets uses no draw
        chance = self.p_oxygen.ravel()[some // onsets.shape[-1] % self.p_oxygen.size]  # of any district
        ill = needs.binomial(onsets.ravel()[some], chance)
        district, age, risk, _stratum, step = np.unravel_index(np.repeat(some, ill), onsets.shape)
        mild = onsets.reshape(len(onsets), -1).sum(axis=1) - np.bincount(district, minlength=len(onsets))
        draws = traits.random((len(district), DRAWS))
        if np.any(reduction):
            found = draws[:, U_DETECTION] < self._detected_share
            first, others = np.broadcast_to(np.reshape(reduction, (2, -1)), (2, len(onsets)))
            kept = np.where(self._followed_first[age, risk], first[district], others[district])
            averted = HomeCare.averted_cases(draws[:, U_HOME], found, kept)
            mild += np.bincount(district[averted], minlength=len(mild))
            stays = ~averted
            district, age, risk, step = district[stays], age[stays], risk[stays], step[stays]
            draws = draws[stays]
        onset = day + (step + draws[:, U_TIME]) / onsets.shape[-1]
        need_time = onset + self._onset(draws[:, U_ONSET])
        needs_icu = draws[:, U_ICU] < self._p_icu[age]
        delay = np.where(needs_icu, self._icu_delay(draws[:, U_ICU_DELAY]), np.inf)
        return self._batch(need_time, district, age, needs_icu, delay, draws, risk.astype(bool)), mild

    def from_arrivals(
        self, day: int, district: Ints, age: Ints, straight_to_icu: Bools, rng: np.random.Generator
    ) -> PatientBatch:
        """Draw the traits of patients who arrive during `day`, at times uniform within the day."""
        draws = rng.random((len(district), DRAWS))
        needs_icu = straight_to_icu | (draws[:, U_ICU] < self._p_icu[age])
        delay = np.where(needs_icu, self._icu_delay(draws[:, U_ICU_DELAY]), np.inf)
        delay[straight_to_icu] = 0.0
        return self._batch(day + draws[:, U_TIME], district, age, needs_icu, delay, draws)

    def in_beds(
        self,
        time: float,
        district: Ints,
        age: Ints,
        icu: Bools,
        spent: tuple[float | None, float | None],
        fresh: bool,
        rng: np.random.Generator,
    ) -> PatientBatch:
        """Draw the patients of the initial census; patients in oxygen beds will not need ICU.

        `spent` is the number of days that patients have already spent in an oxygen bed and in an ICU bed;
        their stays are longer than that. Where it is None, stays begin now (`fresh`), or the census is in
        equilibrium: lengths of stay are length-biased, and a uniform share of each remains.
        """
        draws = rng.random((len(district), DRAWS))
        delay = np.where(icu, 0.0, np.inf)
        batch = self._batch(np.full(len(district), time), district, age, icu, delay, draws)
        if fresh and spent == (None, None):
            return batch
        weight, left = self._left(fresh, *spent, draws)
        # the share of ICU patients who will die is weighted by how many of their stays last this long
        dying = batch.p_full * weight["dying"]
        living = (1 - batch.p_full) * weight["survivor"]
        p_found_dying = np.where(icu, dying / np.maximum(dying + living, 1e-300), batch.p_full)
        luck = np.where(
            draws[:, U_DEATH] < p_found_dying,
            batch.p_full * draws[:, U_DEATH] / np.maximum(p_found_dying, 1e-300),
            batch.p_full
            + (1 - batch.p_full)
            * (draws[:, U_DEATH] - p_found_dying)
            / np.maximum(1 - p_found_dying, 1e-300),
        )
        return replace(
            batch,
            luck=luck,
            oxygen_stay=left["oxygen"],
            icu_survivor_stay=left["survivor"],
            icu_dying_stay=left["dying"],
        )

    def _left(
        self, fresh: bool, oxygen: float | None, icu: float | None, draws: Floats
    ) -> tuple[dict[str, float], dict[str, Floats]]:
        """Return, for each kind of stay, its weight in a census, and each patient's days left, ``(n,)``."""
        weight, left = {}, {}
        kinds = (("oxygen", oxygen, U_OXYGEN_STAY), ("survivor", icu, U_ICU_STAY), ("dying", icu, U_ICU_STAY))
        for kind, spent, column in kinds:
            stay, u = self._stays[kind], draws[:, column]
            if spent is not None:
                lasting = survival_of(stay)(spent)
                weight[kind] = lasting
                in_all = quantile_of(stay)(np.minimum(1 - lasting * (1 - u), _BELOW_1))
                left[kind] = np.maximum(in_all - spent, 0.0)
            elif fresh:
                weight[kind], left[kind] = 1.0, quantile_of(stay)(u)
            else:
                weight[kind], left[kind] = (
                    stay.mean,
                    draws[:, U_RESIDUAL] * length_biased_quantile_of(stay)(u),
                )
        return weight, left

    def _batch(
        self,
        need_time: Floats,
        district: Ints,
        age: Ints,
        needs_icu: Bools,
        delay: Floats,
        draws: Floats,
        high_risk: Bools | None = None,
    ) -> PatientBatch:
        icu = needs_icu.astype(np.int64)
        full, thin, boarded, untreated = self._death[icu, :, age].T
        usual_flow = self._oxygen_flow(draws[:, U_SUPPORT])
        oxygen_stay, oxygen_death, oxygen_recovery = self._of_everybody(draws[:, _OF_EVERYBODY]).T
        in_icu = needs_icu.nonzero()[0]
        of_icu = np.zeros((len(draws), len(_OF_ICU_PATIENTS)))
        of_icu[in_icu] = self._of_icu_patients(draws[in_icu[:, None], _OF_ICU_PATIENTS])
        survivor, dying, step_down, icu_death, icu_recovery, boarded_death, boarded_recovery = of_icu.T
        return PatientBatch(
            need_time=need_time,
            district=district,
            age=age,
            needs_icu=needs_icu,
            icu_delay=delay,
            urgent=draws[:, U_URGENT] < self._urgent_share[icu],
            luck=draws[:, U_DEATH].copy(),  # a view would keep all draws in memory
            p_full=full,
            p_thin=thin,
            p_boarded=boarded,
            p_untreated=untreated,
            oxygen_stay=oxygen_stay,
            icu_survivor_stay=survivor,
            icu_dying_stay=dying,
            step_down_stay=step_down,
            oxygen_death=oxygen_death,
            oxygen_recovery=oxygen_recovery,
            icu_death=icu_death,
            icu_recovery=icu_recovery,
            boarded_death=boarded_death,
            boarded_recovery=boarded_recovery,
            unreported=draws[:, U_DETECTION] >= self._detected_share,
            oxygen_flow=self._flow_by_severity(usual_flow, age, needs_icu, draws),
            icu_flow=self._icu_flow(draws[:, U_SUPPORT]),
            step_down_flow=usual_flow,
            high_risk=np.zeros(len(draws), bool) if high_risk is None else high_risk,
        )

    def _flow_by_severity(self, usual: Floats, age: Ints, needs_icu: Bools, draws: Floats) -> Floats:
        """Return the flow in an oxygen bed before any ICU, L/min; patients who will need ICU rank highest.

        If a share s of the patients in an age group will need ICU, they get the highest flows, which are a
        share s of all flows, and the others get the remaining flows. So the mix of support stays the same.
        Patients to whom `by_severity` does not apply keep `usual`.
        """
        if self._by_severity == 0:
            return usual
        share, u = self._p_icu[age], draws[:, U_SUPPORT]
        rank = np.where(needs_icu, 1 - share + share * u, (1 - share) * u)
        rank = np.minimum(rank, 1 - 2.0**-53)  # rounding could give 1, which is beyond the mix
        ranked = draws[:, U_SEVERITY] < self._by_severity
        flow: Floats = np.where(ranked, self._oxygen_flow(rank), usual)
        return flow


def _severe_share(detection: Detection) -> float:
    """Return the share of future oxygen patients who are detected in the community."""
    return detection.share if detection.severe_share is None else detection.severe_share


def _flow_quantile(support: Support, flow: Flow) -> Quantile:
    """Return the function that turns a uniform random number into a patient's oxygen flow, L/min."""
    kinds = ("mask", "high_flow", "non_invasive", "invasive")
    edges = np.cumsum([getattr(support, kind) for kind in kinds])
    flows = flow.scale * np.array([getattr(flow, f"{kind}_lpm") for kind in kinds])

    def quantile(u: Floats) -> Floats:
        chosen: Floats = flows[np.minimum(np.searchsorted(edges, u, side="right"), len(kinds) - 1)]
        return chosen

    return quantile


def _gain(end: Floats, other: Floats) -> Floats:
    """Return the extra weight toward `end` that a day under another clock has, if that ends at `other`.

    With this weight, the elapsed shares of both clocks add up to 1 at the end.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        gain: Floats = np.where((end == other) | np.isinf(end), 0.0, end / other - 1)
    return gain


def _death_table(death: DeathByCare, factor: float, drugs: float, *, boards: bool) -> Floats:
    """Return P(death) by level of care and age, ``(4, 9)``; it never falls from one level to the next.

    `drugs` is the factor on the risk with full and thin care while drugs are in stock. Other risks are those
    of patients without drugs.
    """
    without = np.minimum(1.0, np.array(death.full) * factor)
    thin = _risk(death.thin, without)
    treated = [np.minimum(1.0, risk * drugs) for risk in (without, thin)]
    others = [_risk(death.boarded, without) if boards else treated[1], _risk(death.untreated, without)]
    return np.maximum.accumulate(np.array([*treated, *others]), axis=0)


def _risk(risk: tuple[float, ...] | OddsOfDeath, full: Floats) -> Floats:
    """Return P(death) by age; an odds ratio is relative to `full`."""
    if isinstance(risk, OddsOfDeath):
        raised = risk.odds * full
        return raised / (1 - full + raised)
    return np.array(risk, float)
