"""What the author should know of the epidemic: parts of it that have no effect."""

from __future__ import annotations

from collections.abc import Iterator

from surgesim.scenario.epidemic import Epidemic, Reduction
from surgesim.scenario.messages import Finding
from surgesim.scenario.schema import Scenario


def epidemic_cautions(scenario: Scenario) -> Iterator[Finding]:
    """Remarks on the epidemic of a valid scenario."""
    epidemic = scenario.epidemic
    if epidemic is not None:
        yield from _measures(epidemic, scenario)


def _measures(epidemic: Epidemic, scenario: Scenario) -> Iterator[Finding]:
    apart = len(scenario.people.districts) > 1 and scenario.people.outside_share > 0
    for name, measure in epidemic.measures.items():
        path = ("epidemic", "measures", name)
        if measure.reduces == Reduction() and not measure.travel and not measure.screening:
            yield path, "has no effect: it reduces no contacts, limits no travel and screens nobody"
        if measure.travel and not apart:
            yield (*path, "travel"), "has no effect: nobody meets people of another district"
        if measure.screening and not epidemic.importation.per_day:
            yield (*path, "screening"), "has no effect: epidemic.importation brings nobody"
