"""Part of `care`: non-COVID patients, who compete with COVID-19 patients for beds and staff."""

from typing import Self

from pydantic import model_validator

from surgesim.scenario.schema.base import Section, figure
from surgesim.scenario.schema.numbers import DayOrMore, Multiplier, Share


class Essential(Section):
    """Non-COVID patients of one facility, as shares of its basic and oxygen beds at the start."""

    emergency_share: Share = figure(0.45, "births, emergencies, dialysis: 35-50 % of normal beds")
    elective_share: Share = figure(
        0.35, "usual occupancy of 80 % less emergencies (provincial 95 %, district 80-85 %, private 50-60 %)"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        total = self.emergency_share + self.elective_share
        if total > 1 + 1e-9:
            raise ValueError(f"got emergency and elective shares that sum to {total:.4g}, expected at most 1")
        return self


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
    floor_share: Share = figure(0.9, "share of emergency admissions over 7 days that must be served")
