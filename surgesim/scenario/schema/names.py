"""References: names of entries that are defined elsewhere in the scenario."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from pydantic import GetJsonSchemaHandler

from surgesim.scenario.schema.base import Name

NAMES = "x-names"
"""JSON Schema keyword for the path where the target of a name is defined."""


class Reference(NamedTuple):
    """Metadata of a reference: the kind of its target, and the path of the mapping that defines it."""

    kind: str
    target: str

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the name's JSON Schema, with the target's path for the scenario reference."""
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
HomeAreaName = Annotated[Name, Reference("area", "clinical.home_care.areas")]
VaccineGroupName = Annotated[Name, Reference("group", "epidemic.vaccination.groups")]
