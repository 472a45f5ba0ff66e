"""Rules on the epidemic and on who is found and followed outside facilities."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from surgesim.scenario.schema.base import NonNegative, figure
from surgesim.scenario.schema.care import Care
from surgesim.scenario.schema.levers.rule import Need, Remark, RuleBase
from surgesim.scenario.schema.names import MeasureName
from surgesim.scenario.schema.supply import Supply


class StartMeasure(RuleBase):
    """Put a measure of `epidemic.measures` into force."""

    action: Literal["measure"]
    measure: MeasureName


class Vaccinate(RuleBase):
    """So many more doses of the vaccine against the variant a day, from the end of the lead time on."""

    needs: ClassVar = Need("epidemic.vaccination", "brings doses")

    action: Literal["vaccinate"]
    doses_per_day: NonNegative
    lead_days: NonNegative = figure(
        7.0, "from allocation to delivery; Thanh Hóa's plan: within 7 days", "official"
    )

    @property
    def brings_nothing(self) -> bool:
        return not self.doses_per_day


class RaiseTesting(RuleBase):
    """More tests: so many more single and pooled samples a day, until `until`."""

    needs: ClassVar = Need(
        "epidemic.detection.tests", "raises tests", "their limit in epidemic.detection.tests"
    )

    action: Literal["raise_testing"]
    single_per_day: NonNegative = 0.0
    pooled_per_day: NonNegative = 0.0

    @property
    def brings_nothing(self) -> bool:
        return not (self.single_per_day or self.pooled_per_day)

    def remarks(self, care: Care, supply: Supply) -> Iterator[Remark]:
        if self.brings_nothing:
            yield Remark((), "has no effect: it raises tests by nothing")


class OpenHomeCare(RuleBase):
    """More community teams and mobile stations."""

    needs: ClassVar = Need("clinical.home_care", "opens care at home")

    action: Literal["open_home_care"]
    teams: Annotated[int, Field(ge=1)]


EpidemicRule = StartMeasure | Vaccinate | RaiseTesting | OpenHomeCare
