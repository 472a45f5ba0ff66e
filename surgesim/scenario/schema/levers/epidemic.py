"""Rules on transmission, vaccination, testing and home care."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from surgesim.scenario.schema.base import figure
from surgesim.scenario.schema.capacity.supply import Supply
from surgesim.scenario.schema.care import Care
from surgesim.scenario.schema.levers.rule import Remark, Requirement, RuleBase
from surgesim.scenario.schema.names import MeasureName
from surgesim.scenario.schema.numbers import Amount, Days, SomeCount


class StartMeasure(RuleBase):
    """Put a measure of `epidemic.measures` into force."""

    action: Literal["measure"]
    measure: MeasureName


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


class OpenHomeCare(RuleBase):
    """Add community teams and mobile stations for home care.

    Each team takes `team_doctors` and `team_nurses` from the public facilities that are open at the start.
    """

    needs: ClassVar = Requirement("clinical.home_care", "adds home care teams")

    action: Literal["open_home_care"]
    teams: SomeCount
    team_doctors: Amount = 0.0
    team_nurses: Amount = 0.0


EpidemicRule = StartMeasure | Vaccinate | RaiseTesting | OpenHomeCare
