"""What can be watched: the indicators by name, and those that are followed by district or by group."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

IndicatorName = Literal[
    "weekly_reported_cases_per_100k",
    "oxygen_need_7d_per_100k",
    "patients_without_bed",
    "vacant_covid_beds_per_100k",
    "staffed_icu_beds_per_100k",
    "usable_icu_beds_per_100k",
    "oxygen_occupancy",
    "icu_occupancy",
    "icu_need_per_100k",
    "deaths_7d_per_100k",
    "situation",
    "oxygen_cover_days",
    "facilities_out_of_oxygen",
    "emergency_served_7d_share",
    "elective_backlog",
    "staff_absent_share",
    "home_cases_not_followed",
    "vulnerable_vaccinated_share",
    "test_positivity",
    "test_capacity_used",
    "stock_cover_days",
    "burden_backlog",
    "epidemic_level",
    "in_time_7d_share",
    "deaths_per_million",
]
"""Every indicator a threshold or rule can name; `surgesim.model.command.indicators` defines each one."""

BY_DISTRICT: tuple[IndicatorName, ...] = (
    "weekly_reported_cases_per_100k",
    "oxygen_need_7d_per_100k",
    "patients_without_bed",
    "vacant_covid_beds_per_100k",
    "staffed_icu_beds_per_100k",
    "usable_icu_beds_per_100k",
    "oxygen_occupancy",
    "icu_occupancy",
    "deaths_7d_per_100k",
    "epidemic_level",
    "in_time_7d_share",
    "deaths_per_million",
)
"""Indicators that each district has too; `surgesim.model.command.districts` defines them."""

BY_GROUP: tuple[IndicatorName, ...] = ("in_time_7d_share", "deaths_per_million")
"""Indicators that can be of one age or risk group."""

GroupName = Literal[
    "0-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80+", "low-risk", "high-risk"
]
"""An age group or a risk group, as in AGE_GROUPS and RISK_GROUPS."""


class Watch(NamedTuple):
    """What is watched: an indicator (None: a date), of which item or group, and in which district."""

    indicator: IndicatorName | None
    of: str | None = None
    district: str | None = None


def only_for(key: str, indicator: str, known: Iterable[str], followed: str) -> None:
    """Refuse a key that goes with some indicators only.

    Raises
    ------
    ValueError
        If `indicator` is not among `known`.
    """
    known = tuple(known)
    if indicator not in known:
        raise ValueError(
            f"got {key} for {indicator}, which is not followed {followed}: expected one of {', '.join(known)}"
        )


def fits(watch: Watch, *, group: bool, by_district: bool) -> None:
    """Refuse a group or a district for an indicator that is not followed so, and both at once.

    Raises
    ------
    ValueError
        If `watch` is of a group or of districts and its indicator is not.
    """
    if watch.indicator is None:
        return
    if group:
        only_for("a group", watch.indicator, BY_GROUP, "by age and risk group")
    if by_district:
        only_for("a district", watch.indicator, BY_DISTRICT, "by district")
        if group:
            raise ValueError("got a group and a district, expected one of them")
