"""Names that stand for something defined elsewhere in the scenario: what each names, and where that is."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from pydantic import GetJsonSchemaHandler

from surgesim.scenario.schema.base import Name

NAMES = "x-names"
"""The keyword of a JSON Schema under which it says where what a name names is defined."""


class Reference(NamedTuple):
    """Marks a name: what it names, and the dotted path of the mapping in which that is defined."""

    kind: str
    target: str

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The JSON Schema of the name, which tells the scenario reference what it names."""
        return {**handler(schema), NAMES: self.target}


DISTRICT = Reference("district", "people.districts")
FACILITY = Reference("facility", "care.facilities")
CONSUMABLE = Reference("consumable", "supply.consumables")
BURDEN = Reference("burden", "supply.burdens")
MEASURE = Reference("measure", "epidemic.measures")

DistrictName = Annotated[Name, DISTRICT]
FacilityName = Annotated[Name, FACILITY]
ConsumableName = Annotated[Name, CONSUMABLE]
MeasureName = Annotated[Name, MEASURE]
NeighbourName = Annotated[Name, Reference("neighbour", "care.neighbours")]
ThresholdName = Annotated[Name, Reference("threshold", "command.thresholds")]
VaccineGroupName = Annotated[Name, Reference("group", "epidemic.vaccination.groups")]
