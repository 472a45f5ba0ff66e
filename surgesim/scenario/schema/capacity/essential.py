"""Part of `care`: non-COVID patients, who compete with COVID-19 patients for beds and staff."""

from typing import Self

from pydantic import model_validator

from surgesim.scenario.schema.base import Off, Section, figure
from surgesim.scenario.schema.numbers import DayOrMore, Multiplier, Share


class Essential(Section):
    """Non-COVID patients of one facility, as shares of its basic and oxygen beds at the start."""

    emergency_share: Share = figure(0.45, "births, emergencies, dialysis: 35-50 % of normal beds")
    elective_share: Share = figure(
        0.35,
        "usual occupancy of 80 % less emergencies (Vietnam: provincial hospitals 95 %, district 80-85 %, "
        "private 50-60 %)",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        total = self.emergency_share + self.elective_share
        if total > 1 + 1e-9:
            raise ValueError(f"got emergency and elective shares that sum to {total:.4g}, expected at most 1")
        return self


class OtherIcu(Section):
    """Non-COVID patients in the ICU beds of facilities with non-COVID patients.

    Each holds a bed, a ventilator for the share of invasive support of COVID patients in ICU, and staff at
    normal ratios.
    """

    share: Share = figure(0.5, "share of all ICU beds that they fill at the start, unless for COVID patients")
    stay_days: DayOrMore = figure(5.0, "mean length of stay")


class OtherDeaths(Section):
    """Deaths of non-COVID patients because they are not treated, in addition to those despite treatment."""

    emergency: Share = figure(
        0.04,
        "per emergency patient not served, range 0.01-0.15; of patients with infarction, 4 in 100 more died "
        "within 30 days if the nearest emergency department was closed for 12 hours (Shen & Hsia 2011, JAMA "
        "305:2440)",
    )
    icu: Share = figure(
        0.2,
        "per patient not admitted to ICU, range 0.06-0.5; 30 % against 24 % died within 28 days where most "
        "were admitted later (Robert 2012, AJRCCM 185:1081)",
    )
    elective_per_day: Share = figure(
        0.0001,
        "per patient and day in the backlog, range 0-0.0003; a tenth has cancer, of whom half die in the "
        "end, and 6-8 % more for four weeks of delay (Hanna 2020, BMJ 371:m4087)",
    )


class EssentialCare(Section):
    """Lengths of stay of non-COVID patients; their rates of arrival keep the initial census constant.

    The census is constant on average unless beds are lost.
    """

    emergency_stay_days: DayOrMore = figure(6.0, "mean length of stay")
    elective_stay_days: DayOrMore = figure(5.0, "mean length of stay")
    catch_up_share: Multiplier = figure(
        0.2,
        "extra elective admissions while a backlog is cleared, as a share of usual admissions (COVIDSurg "
        "2020: 45 weeks at 20 % more)",
        "published",
    )
    icu: Off[OtherIcu] = None
    deaths: Off[OtherDeaths] = None
