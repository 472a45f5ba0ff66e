"""Rules on transmission, vaccination, testing and home care."""

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from surgesim.scenario.schema.base import Off, Sequence_, figure
from surgesim.scenario.schema.capacity.supply import Supply
from surgesim.scenario.schema.care import Care
from surgesim.scenario.schema.levers.rule import Remark, Requirement, RuleBase
from surgesim.scenario.schema.names import DistrictName, HomeAreaName, MeasureName
from surgesim.scenario.schema.numbers import Amount, Count, Days, Places, Share, SomeCount
from surgesim.scenario.schema.response.detection import DaysConfined


class StartMeasure(RuleBase):
    """Put a measure of `epidemic.measures` into force."""

    action: Literal["measure"]
    measure: MeasureName


class LocalMeasure(RuleBase):
    """Put a measure into force in each district that has many cases, and only there, until the rule ends.

    Every day, it begins in districts with more than `cases_above` cases per 100,000 residents reported from
    the community in the last 7 days. It ends after at least `least_days`, once they are below `cases_below`.
    To lock down only the communes with most cases, give the share of a district's people and of its cases
    that they hold, on average: the measure then acts on `cases_share` of its infectious contacts.
    """

    action: Literal["local_measure"]
    measure: MeasureName
    cases_above: Amount
    cases_below: Amount
    least_days: Count = figure(14, "days for which a measure lasts at least")
    people_share: Share = figure(1.0, "share of a district's people who are locked down")
    cases_share: Share = figure(1.0, "share of a district's cases among them")
    districts: Off[Sequence_[DistrictName]] = None

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.people_share > self.cases_share:
            raise ValueError(
                f"got people_share {self.people_share:g} and cases_share {self.cases_share:g}, "
                "expected people_share <= cases_share"
            )
        if self.cases_below > self.cases_above:
            raise ValueError(
                f"got cases_below {self.cases_below:g} and cases_above {self.cases_above:g}, "
                "expected cases_below <= cases_above"
            )
        return self


class Vaccinate(RuleBase):
    """Add daily doses of the vaccine against the variant, from the end of the lead time."""

    needs: ClassVar = Requirement("epidemic.vaccination", "adds doses")

    action: Literal["vaccinate"]
    doses_per_day: Amount
    lead_days: Days = figure(7.0, "from allocation to delivery; Thanh Hóa's plan: within 7 days", "official")

    @property
    def brings_nothing(self) -> bool:
        return not self.doses_per_day


class RaiseTesting(RuleBase):
    """Add single and pooled tests per day, until the rule ends."""

    needs: ClassVar = Requirement(
        "epidemic.detection.tests", "adds tests", "a limit on tests in epidemic.detection.tests"
    )

    action: Literal["raise_testing"]
    single_per_day: Amount = 0.0
    pooled_per_day: Amount = 0.0

    @property
    def brings_nothing(self) -> bool:
        return not (self.single_per_day or self.pooled_per_day)

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        if self.brings_nothing:
            yield Remark((), "has no effect: it adds no tests")


class OpenQuarantine(RuleBase):
    """Add quarantine places, until the rule ends; nobody is evicted then."""

    needs: ClassVar = Requirement("epidemic.quarantine", "adds quarantine places")

    action: Literal["open_quarantine"]
    places: SomeCount


class HouseholdLockdown(RuleBase):
    """Lock down the households of cases from the 00:00 after the report, until the rule ends.

    Their other members stay at home for `days` and infect nobody outside it if they adhere; those locked down
    before the rule ends stay for all their days.
    """

    needs: ClassVar = Requirement("epidemic", "locks down households")

    action: Literal["household_lockdown"]
    members: Amount = figure(
        2.6, "other members of a case's household: 3.6 people per household, census of 2019", "published"
    )
    infected_share: Share = figure(
        0.297, "share of them that is infected: Delta (Madewell 2022 JAMA Netw Open 5:e229317)", "published"
    )
    days: DaysConfined = figure(14, "days of lockdown after the report")
    adherence: Share = figure(0.7, "share of households that stay at home")


class OpenHomeCare(RuleBase):
    """Add community teams and mobile stations for home care.

    Each team takes `team_doctors` and `team_nurses` from the public facilities that are open at the start.
    Companion doctors, who follow cases by phone, are teams with more `patients_per_team`; if not given, it is
    that of `clinical.home_care`. Teams with an `area` serve only that area of `clinical.home_care.areas`.
    """

    needs: ClassVar = Requirement("clinical.home_care", "adds home care teams")

    action: Literal["open_home_care"]
    teams: SomeCount
    patients_per_team: Off[Places] = None
    area: Off[HomeAreaName] = None
    team_doctors: Amount = 0.0
    team_nurses: Amount = 0.0


EpidemicRule = (
    StartMeasure | LocalMeasure | HouseholdLockdown | OpenQuarantine | Vaccinate | RaiseTesting | OpenHomeCare
)
