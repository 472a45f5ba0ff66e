"""Warnings about settings of the epidemic that have no effect."""

from __future__ import annotations

from collections.abc import Iterator

from surgesim.scenario.messages.finding import Finding
from surgesim.scenario.schema.epidemic import Epidemic, Protection, Reduction
from surgesim.scenario.schema.scenario import Scenario


def epidemic_cautions(scenario: Scenario) -> Iterator[Finding]:
    """Yield warnings about the epidemic of a valid scenario."""
    epidemic = scenario.epidemic
    if epidemic is not None:
        yield from _protection(epidemic)
        yield from _transmission(epidemic, scenario)
        yield from _measures(epidemic, scenario)
        yield from _vaccination(epidemic, scenario)
        yield from _testing(epidemic, scenario)
        quarantine = epidemic.quarantine
        if quarantine is not None and not (quarantine.contacts_per_case or quarantine.entrants_share):
            yield Finding(("epidemic", "quarantine"), "has no effect: nobody is sent")


def has_doses(scenario: Scenario) -> bool:
    """Return True if the scenario or one of its rules provides doses, or there is no vaccination at all."""
    section = scenario.epidemic.vaccination if scenario.epidemic is not None else None
    if section is None or section.doses_per_day:
        return True
    return any(scenario.command.rules_adding_to("epidemic.vaccination"))


def _protection(epidemic: Epidemic) -> Iterator[Finding]:
    for name in ("waned", "vaccinated"):
        given: Protection | None = getattr(epidemic.immunity, name)
        if given is not None and "severe" in given.model_fields_set and given.severe < given.infection:
            message = (
                f"got {given.severe:g}, which is raised to the protection against infection, "
                f"{given.infection:g}: the share is per person, infected or not"
            )
            yield Finding(("epidemic", "immunity", name, "severe"), message)


def _transmission(epidemic: Epidemic, scenario: Scenario) -> Iterator[Finding]:
    for first in epidemic.transmission:
        if first >= scenario.end.isoformat():
            message = f"has no effect: the run ends before {scenario.end}"
            yield Finding(("epidemic", "transmission", first), message)


def _measures(epidemic: Epidemic, scenario: Scenario) -> Iterator[Finding]:
    apart = len(scenario.people.districts) > 1 and scenario.people.outside_share > 0
    for name, measure in epidemic.measures.items():
        path = ("epidemic", "measures", name)
        if measure.reduces == Reduction() and not measure.travel and not measure.screening:
            yield Finding(path, "has no effect: it reduces no contacts, limits no travel, and screens nobody")
        if measure.travel and not apart:
            yield Finding((*path, "travel"), "has no effect: nobody meets people of another district")
        if measure.screening and not epidemic.importation.per_day:
            yield Finding((*path, "screening"), "has no effect: epidemic.importation imports nobody")


def _vaccination(epidemic: Epidemic, scenario: Scenario) -> Iterator[Finding]:
    section, path = epidemic.vaccination, ("epidemic", "vaccination")
    protects = epidemic.immunity.vaccinated not in (None, Protection())
    if section is None:
        if protects:
            message = "has no effect: nobody is vaccinated without epidemic.vaccination"
            yield Finding(("epidemic", "immunity", "vaccinated"), message)
        return
    if not protects:
        yield Finding(path, "has no effect: epidemic.immunity.vaccinated gives no protection")
    if section.start is None and section.doses_per_day:
        yield Finding((*path, "doses_per_day"), "has no effect: it needs a start")
    seen: list[tuple[int, str]] = []
    for name, group in section.groups.items():
        if any(age <= group.from_age and risk in ("any", group.risk) for age, risk in seen):
            yield Finding((*path, "groups", name), "is empty: all of its people belong to earlier groups")
        seen.append((group.from_age, group.risk))


def _testing(epidemic: Epidemic, scenario: Scenario) -> Iterator[Finding]:
    tests, isolation = epidemic.detection.tests, epidemic.isolation
    path = ("epidemic", "detection", "tests")
    if tests is not None:
        some = any(scenario.command.rules_adding_to("epidemic.detection.tests"))
        if not (tests.single_per_day or tests.pooled_per_day or some):
            yield Finding(path, "gives no tests, and no rule adds any: only admitted patients are reported")
        if tests.contacts_per_case and not tests.contact_positivity:
            yield Finding((*path, "contacts_per_case"), "finds nobody: contact_positivity is 0")
    if isolation is None:
        return
    if not (isolation.cases_compliance or isolation.contacts_compliance):
        yield Finding(("epidemic", "isolation"), "has no effect: nobody complies")
    if isolation.contacts_compliance and (tests is None or not tests.contacts_per_case):
        message = "has no effect: no contacts are traced without epidemic.detection.tests.contacts_per_case"
        yield Finding(("epidemic", "isolation", "contacts_compliance"), message)
