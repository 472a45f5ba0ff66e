"""Detection: which infections become reported cases, and when.

A share of infections is detected in the community and reported after a delay; a patient who was not
detected is reported on the day of admission. If tests are limited, the share and the delay determine who
seeks a test and when the report would come; the laboratories determine who gets one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from surgesim.model.care.patient import Patient
from surgesim.model.clock.durations import daily_delays
from surgesim.model.clock.streams import Streams
from surgesim.model.columns import Column, Page
from surgesim.model.surveillance.case_isolation import CaseIsolation, still_infectious
from surgesim.model.surveillance.confinement import Confinement, Stages
from surgesim.model.surveillance.laboratories import FoundCases, Laboratories
from surgesim.scenario.schema.epidemic import Epidemic
from surgesim.scenario.schema.people import District
from surgesim.scenario.schema.response.detection import Detection as DetectionSection

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REPORTED = Column(
    "reported_cases", "cases/day", "cases reported on the day (empty if arrivals are given)", np.nan
)
DISTRICT = (Column("reported_cases", "cases/day", "cases among residents reported on the day", np.nan),)


def report_delays(section: DetectionSection, districts: Iterable[District]) -> Floats:
    """Return P(report k days after onset), ``(days,)``; ``(districts, days)`` if some have their own."""
    own = [district.report_delay_days for district in districts]
    if not any(own):
        return daily_delays(section.delay_days)
    return np.array([daily_delays(delay or section.delay_days) for delay in own])


class Detection:
    """The pending and past reports of cases, by day and district.

    Parameters
    ----------
    delays
        P(report k days after onset), from `report_delays`; without it, that of the section.
    """

    def __init__(
        self,
        section: DetectionSection,
        first_day: int,
        end_day: int,
        districts: int,
        delays: Floats | None = None,
    ) -> None:
        self._share = section.share
        self._delay = daily_delays(section.delay_days) if delays is None else delays
        self.longest = self._delay.shape[-1]
        self._first = first_day
        rows = end_day - first_day + self.longest
        self._mild, self._ill = self._both = np.zeros((2, rows, districts), np.int64)

    def find(self, day: int, mild: Ints, ill: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Detect cases among a day's onsets.

        Parameters
        ----------
        mild
            ``(districts,)`` onsets of people who stay mild; a share of them is detected.
        ill
            ``(districts,)`` onsets of future patients that are already known to be detected.

        Returns
        -------
        ``(districts, days)`` each: mild cases and future patients detected, by days from onset to report.
        """
        row = day - self._first
        found = rng.binomial(mild, self._share)
        after = rng.multinomial(np.array([found, ill]), self._delay)
        self._both[:, row : row + self.longest] += after.transpose(0, 2, 1)
        return after[0], after[1]

    def report(self, day: int, mild: Ints, ill: Ints) -> None:
        """Replace the pending reports of `day` by `mild` and `ill`, ``(districts,)`` each."""
        self._mild[day - self._first] = mild
        self._ill[day - self._first] = ill

    def mild_reports(self, day: int) -> Ints:
        """Return the mild cases reported on `day`, ``(districts,)``."""
        result: Ints = self._mild[day - self._first]
        return result

    def reports(self, day: int) -> Ints:
        """Return all cases reported from the community on `day`, ``(districts,)``."""
        result: Ints = self._mild[day - self._first] + self._ill[day - self._first]
        return result


class Reports:
    """The reports of recent onsets, including those still to come, by day of report and delay.

    Attributes
    ----------
    due
        Total number of reports that have been due so far.
    """

    def __init__(self, delays: int, districts: int, ages: int) -> None:
        self._days = np.arange(delays)
        self._of_day = np.zeros((delays, delays, districts), np.int64)  # day of report modulo delays, delay
        self._ages = ages
        self.due = 0

    def add(self, day: int, after: Ints) -> None:
        """Add the reports of a day's onsets, ``(districts, days)`` by days from onset to report."""
        self._of_day[(day + self._days) % len(self._days), self._days] = after.T

    def on(self, day: int) -> Ints:
        """Return the reports due on `day` by days since onset, ``(ages, districts)``.

        The last row includes all longer delays.
        """
        of_day = self._of_day[day % len(self._days)]
        by_age = np.zeros((self._ages, of_day.shape[1]), np.int64)
        known = min(self._ages - 1, len(of_day))
        by_age[:known] = of_day[:known]
        by_age[-1] += of_day[known:].sum(axis=0)
        self.due += int(by_age.sum())
        return by_age


class Surveillance:
    """Detection, the laboratories that limit it, the isolation of detected cases, and confinement.

    Attributes
    ----------
    detection
        The reports, day by day.
    laboratories, case_isolation
        The laboratories, None if tests are unlimited; the isolation of cases, None if nobody isolates.
    confinement
        Quarantine, and the locked households of cases.

    Parameters
    ----------
    population
        ``(districts,)`` residents.
    at_admission
        By district: patients reported at admission so far; the ledger keeps updating this list.
    delays
        As for `Detection`.
    """

    def __init__(
        self,
        section: Epidemic,
        first_day: int,
        end_day: int,
        population: Ints,
        at_admission: list[int],
        streams: Streams,
        delays: Floats | None = None,
    ) -> None:
        districts = len(population)
        self._streams = streams
        self._at_admission = at_admission
        self._in_community = np.zeros(districts, np.int64)  # number of cases reported so far
        self.detection = Detection(section.detection, first_day, end_day, districts, delays)
        self.laboratories: Laboratories | None = None
        self.case_isolation: CaseIsolation | None = None
        variant = section.variant
        stages = Stages(variant.latent_days, variant.infectious_days, section.dt_days)
        self.confinement = Confinement(section.quarantine, stages, population)
        tests = section.detection.tests
        if tests is None and section.isolation is None:
            return
        still = still_infectious(variant.infectious_days, section.dt_days)
        if tests is not None:
            self.laboratories = Laboratories(tests, population, still.shape[1])
        if section.isolation is not None:
            self.case_isolation = CaseIsolation(section.isolation, still, districts)
        longest = self.detection.longest
        self._mild = Reports(longest, districts, still.shape[1])
        self._ill = Reports(longest, districts, still.shape[1])
        self._before = self._reported()  # number of cases reported by 00:00 of the last day

    @property
    def tested_share(self) -> float:
        """Share of people needing a test on the last day who got one; 1 if tests are unlimited."""
        return 1.0 if self.laboratories is None else self.laboratories.tested_share

    def begin_day(self, infected: Callable[[], Ints], outside_home: Callable[[], Floats]) -> Floats | None:
        """Begin a day; return the infectious people who infect nobody, ``(reasons, steps, districts)``.

        The reasons are isolation of cases and confinement; None if neither is modelled. `infected` returns
        the infected residents by stage, ``(4, districts)``, and `outside_home` the share of today's contacts
        that are not at home, ``(districts,)``.
        """
        reasons = []
        if self.case_isolation is not None:
            self.case_isolation.begin_day()
            reasons.append(self.case_isolation.infectious)
        if self.confinement.is_used:
            self.confinement.begin_day(infected(), self._reported(), outside_home())
            reasons.append(self.confinement.infectious)
        return np.stack(reasons) if reasons else None

    def _reported(self) -> Ints:
        """Return the cases reported so far, in the community and at admission, ``(districts,)``."""
        return self._in_community + np.array(self._at_admission, np.int64)

    def pass_day(self, day: int, mild: Ints, seekers: list[Patient]) -> None:
        """Detect cases among a day's onsets, and report the cases that are due.

        Parameters
        ----------
        mild
            ``(districts,)`` onsets of people who stay mild.
        seekers
            Future patients among the onsets who are detected or, if tests are limited, seek a test; ordered
            by district.
        """
        ill = np.bincount([patient.district for patient in seekers], minlength=len(mild))
        mild_after, ill_after = self.detection.find(day, mild, ill, self._streams.day("detection", day))
        if self.laboratories is not None or self.case_isolation is not None:
            self._limit(day, mild, seekers, mild_after, ill_after)
        self._in_community += self.detection.reports(day)

    def _limit(self, day: int, mild: Ints, seekers: list[Patient], mild_after: Ints, ill_after: Ints) -> None:
        """Test as many people as the limit allows, and isolate the cases found.

        Parameters
        ----------
        mild, seekers
            As for `pass_day`.
        mild_after, ill_after
            As returned by `Detection.find`.
        """
        self._mild.add(day, mild_after)
        mild_due = self._mild.on(day)
        if self.laboratories is None:
            self._ill.add(day, ill_after)
            of_day = FoundCases(mild_due, self._ill.on(day), np.zeros((1, len(mild)), np.int64))
        else:
            tests = self._streams.day("tests", day)
            self.laboratories.enrol(day, seekers, ill_after, tests)
            reported = self._reported()
            of_day = self.laboratories.pass_day(day, mild_due, reported - self._before, tests)
            self._before = reported
            self.laboratories.hide(mild - mild_after.sum(axis=1))
            found_mild = (of_day.mild + of_day.contacts).sum(axis=0)
            self.detection.report(day, found_mild, of_day.ill.sum(axis=0))
        if self.case_isolation is not None:
            self.case_isolation.isolate(of_day.mild + of_day.ill, of_day.contacts)

    def fill(self, page: Page) -> None:
        """Record the day's cases and tests, and the people who isolate."""
        reported = self._reported()
        page.province.totals["reported_cases"] = int(reported.sum())
        page.districts.totals["reported_cases"] = reported.tolist()
        if self.laboratories is not None:
            self.laboratories.fill(page)
        if self.case_isolation is not None:
            self.case_isolation.fill(page)
        self.confinement.fill(page)

    def check(self, day: int) -> None:
        """Check that all test seekers and all people confined are accounted for.

        Raises
        ------
        IdentityError
            If a person is missing or counted twice.
        """
        if self.laboratories is not None:
            self.laboratories.check(day, self._mild.due)
        self.confinement.check(day)
