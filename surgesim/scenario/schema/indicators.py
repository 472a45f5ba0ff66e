"""The indicators that thresholds, levels and rules can watch; each is declared only here.

`surgesim.model.command.indicators` computes them for the province, `surgesim.model.command.districts` for
districts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeAlias

from pydantic import PlainSerializer, WrapValidator

from surgesim.scenario.schema.names import BURDEN, CONSUMABLE, Reference

HIGHEST_LEVEL = 4

SHARE = "share"
"""The unit of shares (from 0 to 1)."""


class Indicator(NamedTuple):
    """A number that the command team sees at the end of each day.

    Attributes
    ----------
    unit
        Unit, as in the data dictionary.
    meaning
        Description in the data dictionary; empty if the part of the model that records the indicator has one.
    least, most
        The minimum and maximum of the indicator; `most` is None if there is no maximum.
    of_residents
        For a rate that counts each resident at most once, its denominator, such as 100,000 residents.
    needs
        Names, in `schema.needs.NEEDS`, of the parts that a scenario must give for the indicator to be
        assessed, in the order of reporting; empty if it needs only patients and beds.
    item
        The kind of item, if the indicator is measured for one item, such as a consumable.
    by_district
        The meaning of the indicator in a district; empty if districts have no values of their own.
    by_group
        True if it can be measured in one age or risk group.
    is_composite
        True if it is computed from other indicators.
    """

    name: str
    unit: str
    meaning: str = ""
    least: float = 0.0
    most: float | None = None
    of_residents: int | None = None
    needs: tuple[str, ...] = ()
    item: Reference | None = None
    by_district: str = ""
    by_group: bool = False
    is_composite: bool = False

    @property
    def is_computed(self) -> bool:
        """True if it is computed for the province every day from the records of the model's parts."""
        return bool(self.meaning) and not (self.is_composite or self.by_group)

    @property
    def share(self) -> bool:
        """True if it is a share from 0 to 1, which is shown as a percentage."""
        return self.unit == SHARE


_AS_PROVINCE = "as for the province, in the district"

_DECLARED = (
    Indicator(
        "weekly_reported_cases_per_100k",
        "cases/100,000/week",
        "reported cases of the last 7 days",
        of_residents=100_000,
        needs=("epidemic",),
        by_district="reported cases of residents, last 7 days",
    ),
    Indicator(
        "oxygen_need_7d_per_100k",
        "patients/100,000",
        "mean over 7 days of `present`",
        of_residents=100_000,
        by_district="mean over 7 days of `present`",
    ),
    Indicator(
        "patients_without_bed",
        "patients",
        "`without_bed` as the command team sees it",
        by_district="patients in the district who have lacked the bed type they need for over no_bed_hours",
    ),
    Indicator(
        "vacant_covid_beds_per_100k",
        "beds/100,000",
        "vacant COVID beds of the types that the scenario's patients can occupy",
        by_district=_AS_PROVINCE,
    ),
    Indicator(
        "staffed_icu_beds_per_100k",
        "beds/100,000",
        "`staffed_icu_all` per 100,000",
        needs=("icu_staff",),
        by_district=_AS_PROVINCE,
    ),
    Indicator(
        "usable_icu_beds_per_100k",
        "beds/100,000",
        "`usable_icu_all` per 100,000",
        needs=("icu_staff", "icu_equipment"),
        by_district=_AS_PROVINCE,
    ),
    Indicator(
        "oxygen_occupancy",
        "share",
        "occupied and held beds as a share of staffed oxygen beds (1 if there are none)",
        most=1,
        by_district="occupancy of the district's staffed oxygen beds (1 if there are none)",
    ),
    Indicator(
        "icu_occupancy",
        "share",
        "occupied and held beds as a share of staffed ICU beds (1 if there are none)",
        most=1,
        by_district="occupancy of the district's staffed ICU beds (1 if there are none)",
    ),
    Indicator(
        "icu_need_per_100k",
        "patients/100,000",
        "`icu_need` per 100,000",
        of_residents=100_000,
    ),
    Indicator(
        "deaths_7d_per_100k",
        "deaths/100,000/week",
        "deaths of the last 7 days",
        of_residents=100_000,
        by_district="deaths of residents of the last 7 days",
    ),
    Indicator(
        "situation",
        "0 or 1",
        "1 during the declared emergency, by the criteria that are assessed",
        most=1,
        needs=("criteria",),
        is_composite=True,
    ),
    Indicator(
        "oxygen_cover_days",
        "days",
        needs=("oxygen",),
    ),
    Indicator(
        "facilities_out_of_oxygen",
        "facilities",
        needs=("oxygen",),
    ),
    Indicator(
        "emergency_served_7d_share",
        "share",
        most=1,
        needs=("essential",),
    ),
    Indicator(
        "elective_backlog",
        "patients",
        needs=("essential",),
    ),
    Indicator(
        "staff_absent_share",
        "share",
        most=1,
        needs=("staff",),
    ),
    Indicator(
        "home_cases_not_followed",
        "people",
        needs=("epidemic", "home_care"),
    ),
    Indicator(
        "vulnerable_vaccinated_share",
        "share",
        most=1,
        needs=("vulnerable",),
    ),
    Indicator(
        "test_positivity",
        "share",
        most=1,
        needs=("tests",),
    ),
    Indicator(
        "test_capacity_used",
        "share",
        most=1,
        needs=("tests",),
    ),
    Indicator(
        "stock_cover_days",
        "days",
        needs=("stock",),
        item=CONSUMABLE,
    ),
    Indicator(
        "burden_backlog",
        "units",
        needs=("capacity",),
        item=BURDEN,
    ),
    Indicator(
        "epidemic_level",
        "1 to 4",
        "level of the epidemic by the scenario's table (empty without a table)",
        least=1,
        most=HIGHEST_LEVEL,
        needs=("levels", "level_criteria"),
        by_district="level of the epidemic by the scenario's table (empty without a table)",
        is_composite=True,
    ),
    Indicator(
        "in_time_7d_share",
        "share",
        "timely access: of the patients whose need for a bed began in the last 7 days, the share not known "
        "to have waited longer than the limit for any bed they needed (1 if fewer than 10 patients)",
        most=1,
        needs=("risk",),
        by_district="as for the province, among residents",
        by_group=True,
    ),
    Indicator(
        "deaths_per_million",
        "deaths/1,000,000",
        "deaths since the first day",
        of_residents=1_000_000,
        needs=("risk",),
        by_district="deaths of residents since the first day",
        by_group=True,
    ),
)

INDICATORS = {indicator.name: indicator for indicator in _DECLARED}
"""Every indicator that a threshold, a level or a rule can name, by its name."""

OWN = "own:"
"""Prefix, in a scenario and in tables, of the name of an indicator that an extension declares."""

_OWN_NAME = re.compile(rf"{OWN}[a-z][a-z0-9_]{{0,59}}")


def is_own(indicator: str | None) -> bool:
    """Return True if an indicator is declared by an extension, as the prefix of its name says."""
    return indicator is not None and indicator.startswith(OWN)


def declared(indicator: str) -> Indicator:
    """Return the declaration of an indicator; if an extension declares it, only its name is known here."""
    return Indicator(indicator, "", least=-math.inf) if is_own(indicator) else INDICATORS[indicator]


class OwnIndicator(NamedTuple):
    """An indicator of an extension: its name, with the prefix OWN, and its unit, meaning and label."""

    name: str
    unit: str
    meaning: str
    label: str


def _known_or_own(value: Any, known: Any) -> Any:
    return value if isinstance(value, str) and _OWN_NAME.fullmatch(value) else known(value)


if TYPE_CHECKING:
    IndicatorName: TypeAlias = str
else:
    IndicatorName = Annotated[
        Literal[tuple(INDICATORS)], WrapValidator(_known_or_own), PlainSerializer(str, return_type=str)
    ]

BY_DISTRICT = tuple(indicator.name for indicator in _DECLARED if indicator.by_district)
"""Indicators that are also measured in each district."""

BY_GROUP = tuple(indicator.name for indicator in _DECLARED if indicator.by_group)
"""Indicators that can be measured in one age or risk group."""

ICU_BEDS = tuple(indicator.name for indicator in _DECLARED if "icu_staff" in indicator.needs)
"""Indicators that leave out the ICU beds of facilities whose staff is not given."""

GroupName = Literal[
    "0-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80+", "low-risk", "high-risk"
]
"""An age group or a risk group, as in AGE_GROUPS and RISK_GROUPS."""


class Watch(NamedTuple):
    """A watched indicator (None if a date is watched), with its item or group, and its district."""

    indicator: IndicatorName | None
    of: str | None = None
    district: str | None = None


def check_allowed(key: str, indicator: str, known: Iterable[str], by: str) -> None:
    """Reject a key that is not allowed for `indicator`.

    Raises
    ------
    ValueError
        If `indicator` is not among `known`.
    """
    known = tuple(known)
    if indicator not in known:
        raise ValueError(
            f"got {key} for {indicator}, which is not available {by}: expected one of the indicators "
            f"{', '.join(known)}"
        )


def check_watch(watch: Watch, *, group: bool, by_district: bool) -> None:
    """Reject a group or a district that the indicator does not allow, and a group together with a district.

    Raises
    ------
    ValueError
        If `watch` has a group or districts and its indicator does not allow them.
    """
    if watch.indicator is None:
        return
    if group:
        check_allowed("a group", watch.indicator, BY_GROUP, "by age and risk group")
    if by_district:
        check_allowed("a district", watch.indicator, BY_DISTRICT, "by district")
        if group:
            raise ValueError("got a group and a district, expected only one of the two")
