"""Warnings about the resources that limit care: settings without effect, and missing resources."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from surgesim.scenario.messages.finding import Finding
from surgesim.scenario.schema.base import BED_TYPES, bed_word
from surgesim.scenario.schema.capacity.staffing import shortfall_at_start
from surgesim.scenario.schema.care import Facility
from surgesim.scenario.schema.epidemic import Arrivals
from surgesim.scenario.schema.levers.supply import OrderOxygen, PoolOxygen
from surgesim.scenario.schema.needs import beds_occupied
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.schema.today.census import Census
from surgesim.scenario.validation.care_checks import open_at_start


def care_cautions(scenario: Scenario) -> Iterator[Finding]:
    """Yield warnings about the resources that limit care in a valid scenario."""
    yield from _unstaffed(scenario)
    yield from _unlimited(scenario)
    yield from _never_refilled(scenario)
    yield from _uncounted(scenario)
    yield from _overfull(scenario)
    yield from _without_successors(scenario)
    yield from _short_of_staff(scenario)
    yield from _plans(scenario)
    yield from _closed_with_patients(scenario)
    yield from _without_vehicle(scenario)
    yield from _home_care(scenario)
    yield from _given_arrivals(scenario)


def _has_beds(facility: Facility) -> bool:
    return any((facility.beds.basic, facility.beds.oxygen, facility.beds.icu))


def _unstaffed(scenario: Scenario) -> Iterator[Finding]:
    """Warn of beds for which staff is not given or is zero, if staff is given for other facilities."""
    facilities = scenario.care.facilities
    if all(facility.staff is None for facility in facilities.values()):
        return
    reinforced = {
        name for rule in scenario.command.plan.values() if rule.brings_staff for name in rule.named_facilities
    }
    unsaid = []
    for name, facility in facilities.items():
        staff = facility.staff
        if not _has_beds(facility):
            continue
        if staff is None and facility.kind == "field-hospital":
            message = (
                "is a field hospital with beds but no staff given: all its beds count as staffed "
                "(write staff: {} if it has only the staff that a rule assigns)"
            )
            yield Finding(("care", "facilities", name), message)
        elif staff is None:
            unsaid.append(name)
        elif not (staff.doctors or staff.ward_nurses or staff.icu_nurses) and name not in reinforced:
            message = "has beds but nobody to staff them: no staff, and no rule reinforces it by name"
            yield Finding(("care", "facilities", name, "staff"), message)
    if unsaid:
        message = f"staff is not given for {_named(unsaid, facilities)}: all their beds count as staffed"
        yield Finding(("care", "facilities"), message)


def _named(names: Sequence[str], of: Collection[str]) -> str:
    """Return the first names of facilities, and their number among all."""
    more = ", …" if len(names) > 6 else ""
    return f"{', '.join(names[:6])}{more} ({len(names)} of {len(of)})"


def _unlimited(scenario: Scenario) -> Iterator[Finding]:
    """Warn of beds whose ventilators or oxygen are not given, if they are given for other facilities."""
    facilities = scenario.care.facilities
    for what, verb, bed, beds in (
        ("ventilators", "are", "icu", "ICU beds"),
        ("oxygen", "is", "oxygen", "beds"),
    ):
        unsaid = [name for name, each in facilities.items() if getattr(each, what) is None]
        needy = [name for name in unsaid if getattr(facilities[name].beds, bed)]
        if needy and len(unsaid) < len(facilities):
            message = f"{what} {verb} not given for {_named(needy, facilities)}"
            yield Finding(("care", "facilities"), f"{message}: all their {beds} count as supplied")


def _never_refilled(scenario: Scenario) -> Iterator[Finding]:
    """Warn of facilities whose stock of oxygen is never refilled: by a plant, a delivery or a rule."""
    facilities = scenario.care.facilities
    rules = [each for each in scenario.command.plan.values() if isinstance(each, (OrderOxygen, PoolOxygen))]
    never = [
        name
        for name, facility in facilities.items()
        if facility.oxygen is not None
        and not facility.oxygen.mean_kg_per_day
        and not any(rule.acts_at(name, facility) for rule in rules)
    ]
    if never:
        message = f"oxygen is never refilled at {_named(never, facilities)}: no plant, no delivery"
        yield Finding(("care", "facilities"), f"{message}; patients lack oxygen once the stock is used up")


def _uncounted(scenario: Scenario) -> Iterator[Finding]:
    """Warn of facilities open to COVID patients that have no census, if others have one."""
    counted, facilities = scenario.care.initial_census, scenario.care.facilities
    missing = [
        name
        for name, each in facilities.items()
        if name not in counted
        and each.open_at_start
        and _has_beds(each)
        and any(
            getattr(share, bed) for share in (each.covid_share, each.convertible_share) for bed in BED_TYPES
        )
    ]
    if counted and missing:
        message = (
            f"has no entry for {_named(missing, facilities)}: no census, read as no patients this morning"
        )
        yield Finding(("care", "initial_census"), message)


def _overfull(scenario: Scenario) -> Iterator[Finding]:
    """Warn of facilities with more patients than beds at the start."""
    for name, census in scenario.care.initial_census.items():
        for bed in BED_TYPES:
            patients, beds = getattr(census, bed), open_at_start(scenario.care.facilities[name], bed)
            if patients > beds:
                message = (
                    f"has {patients} patients in {beds:g} COVID {bed_word(bed)} beds open at the start; "
                    "all stay, and nobody is admitted until beds are free"
                )
                yield Finding(("care", "initial_census", name, bed), message)


def _without_successors(scenario: Scenario) -> Iterator[Finding]:
    """Warn of a census with patients in basic beds if nobody is admitted to these later."""
    patients = sum(census.basic for census in scenario.care.initial_census.values())
    if patients and "basic" not in beds_occupied(scenario):
        message = (
            f"has {patients} patients in basic beds, to which nobody is admitted later (expected "
            "clinical.isolated_share above 0, or an arrivals series with bed basic): the number in hospital "
            "falls as they leave"
        )
        yield Finding(("care", "initial_census"), message)


def _short_of_staff(scenario: Scenario) -> Iterator[Finding]:
    """Warn of facilities with too few staff for the patients of the first day at normal ratios."""
    for name, facility in scenario.care.facilities.items():
        if facility.staff is None or not facility.open_at_start:
            continue
        census = scenario.care.initial_census.get(name, Census())
        emergency, elective = _other_patients(facility)
        short = shortfall_at_start(
            scenario.care.staffing,
            facility.staff,
            icu=census.icu,
            oxygen=census.oxygen,
            emergency=emergency,
            elective=elective,
        )
        lacking = [
            f"{round(heads)} {cadre.replace('_', ' ')}"
            for cadre, heads in short._asdict().items()
            if round(heads)
        ]
        if lacking:
            path = ("care", "facilities", name, "staff")
            yield Finding(path, f"is short of {', '.join(lacking)} on the first day, at normal ratios")


def _other_patients(facility: Facility) -> tuple[float, float]:
    """Return the first day's emergency and elective patients, who have only beds closed to COVID patients."""
    if facility.essential is None:
        return 0, 0
    wards = float(facility.beds.basic) + float(
        facility.beds.oxygen
    )  # never "unlimited", which was checked before
    free = wards - open_at_start(facility, "basic") - open_at_start(facility, "oxygen")
    emergency = min(round(facility.essential.emergency_share * wards), free)
    return emergency, min(round(facility.essential.elective_share * wards), free - emergency)


def _plans(scenario: Scenario) -> Iterator[Finding]:
    said = [facility.mobilisation_plan for facility in scenario.care.facilities.values()]
    if any(plan is not None for plan in said):
        without, unsaid = said.count(False), said.count(None)
        if without or unsaid:
            message = f"{without} of {len(said)} facilities have no mobilisation plan"
            yield Finding(
                ("care", "facilities"), message + (f"; for {unsaid} this is not known" if unsaid else "")
            )


def _closed_with_patients(scenario: Scenario) -> Iterator[Finding]:
    for name, facility in scenario.care.facilities.items():
        if facility.essential is not None and not facility.open_at_start:
            message = "has no effect: a facility that is closed at the start has no non-COVID patients"
            yield Finding(("care", "facilities", name, "essential"), message)


def _without_vehicle(scenario: Scenario) -> Iterator[Finding]:
    transport, districts = scenario.care.transport, scenario.people.districts
    if transport is None or len(districts) == 1:
        return
    stranded = []
    for name, district in districts.items():
        fleet = transport.fleets.get(name)
        able = fleet is not None and (fleet.boats if district.island else fleet.ambulances + fleet.boats)
        if not able:
            stranded.append(name)
    if stranded:
        message = f"nobody can leave {', '.join(stranded)}: no suitable vehicle is based there"
        yield Finding(("care", "transport", "fleets"), message)


def _home_care(scenario: Scenario) -> Iterator[Finding]:
    home = scenario.clinical.home_care
    if home is None:
        return
    path = ("clinical", "home_care")
    opened = any(scenario.command.rules_adding_to("clinical.home_care"))
    if scenario.epidemic is None:
        yield Finding(path, "has no effect: teams follow the cases of an epidemic, but arrivals are given")
    elif (home.teams or opened) and not (home.packages or home.packages_per_day):
        yield Finding(path, "has teams but no drug packages: nobody gets early treatment")


def _given_arrivals(scenario: Scenario) -> Iterator[Finding]:
    if scenario.arrivals is None:
        return
    if scenario.clinical.isolated_share:
        message = "has no effect with given arrivals: everyone in a series with `bed: basic` is isolated"
        yield Finding(("clinical", "isolated_share"), message)
    basic = any(facility.beds.basic for facility in scenario.care.facilities.values())
    for name, series in scenario.arrivals.series.items():
        if series.bed == "basic" and not basic:
            yield Finding(
                ("arrivals", "series", name, "bed"), "has no bed to go to: no facility has basic beds"
            )
        if series.bed == "basic" and series.age is not None:
            yield Finding(
                ("arrivals", "series", name, "age"), "has no effect: mild cases are counted without age"
            )
    yield from _ends_early(scenario.arrivals, scenario)
    yield from _icu_counted_twice(scenario.arrivals, scenario)
    yield from _more_than_live_there(scenario.arrivals, scenario)


def _ends_early(arrivals: Arrivals, scenario: Scenario) -> Iterator[Finding]:
    """Warn of series that end before the run, with one warning for all series that end on the same day.

    Series whose counts are all 0 cause no warning.
    """
    by_end: dict[int, list[str]] = {}
    for name, series in arrivals.series.items():
        if len(series.counts) < scenario.days and any(series.counts):
            by_end.setdefault(len(series.counts), []).append(name)
    for days, names in by_end.items():
        others = f" (and {len(names) - 1} more series)" if len(names) > 1 else ""
        first = scenario.start + timedelta(days=days)
        message = (
            f"has {days} days of counts{others}, but the run has {scenario.days}: nobody arrives from "
            f"{first} on; give more counts, or reduce `days`"
        )
        yield Finding(("arrivals", "series", names[0], "counts"), message)


def _icu_counted_twice(arrivals: Arrivals, scenario: Scenario) -> Iterator[Finding]:
    beds = {series.bed for series in arrivals.series.values() if any(series.counts)}
    most = max(scenario.clinical.severity.p_icu)
    if {"oxygen", "icu"} <= beds and most > 0:
        message = (
            f"sends a share of up to {most:.3g} of the oxygen series to intensive care, in addition to the "
            "icu series: if the icu series count all ICU patients, write p_icu: 0"
        )
        yield Finding(("clinical", "severity", "p_icu"), message)


def _more_than_live_there(arrivals: Arrivals, scenario: Scenario) -> Iterator[Finding]:
    """Warn if there are more arrivals in the whole run than residents."""
    districts = scenario.people.districts
    come: dict[str | None, float] = {}
    for series in arrivals.series.values():
        come[series.district] = come.get(series.district, 0.0) + sum(series.counts[: scenario.days])
    everywhere = sum(come.values())
    for district, number in come.items():
        if district is not None and district in districts and number > districts[district].population:
            people = districts[district].population
            message = f"has {number:g} arrivals in total for {district}, which has {people} people"
            yield Finding(("arrivals", "series"), message)
            return
    people = sum(district.population for district in districts.values())
    if everywhere > people:
        yield Finding(("arrivals", "series"), f"has {everywhere:g} arrivals in total for {people} people")
