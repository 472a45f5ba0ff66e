"""More of a resource: how much is added, where, and that other patients keep their beds."""

from __future__ import annotations

from typing import Any

import pytest
from decision_cases import two_together
from strategies import arrivals, build, facility, small

from surgesim.decisions.resources import EVERYWHERE, GROUPINGS, PATHS, STEPS, Raiser, amounts, places
from surgesim.model.capacity.facilities import Site
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.scenario import Scenario


def province(**alpha: Any) -> Scenario:
    oxygen = {"tank_kg": 1000, "delivery": {"size_kg": 500, "interval_days": 2}, "pipe_lpm": 900}
    sites = {
        "alpha": facility(basic=40, oxygen=60, icu=6, covid_share=0.25, convertible_share=0.5)
        | {"icu_target": 16, "essential": {}, "ventilators": 5, "oxygen": oxygen}
        | alpha,
        "bravo": facility(oxygen=20, covid_share=0.0, convertible_share=0.0),
        "delta": facility(oxygen=30, icu=4, ownership="private", covid_share=0.0, convertible_share=1.0)
        | {"ventilators": 4, "oxygen": {"plant_nm3_per_hour": 10}},
        "kappa": facility(oxygen=40, open_at_start=False),
    }
    return build(small(10, arrivals=arrivals(icu=[1.0] * 10), care={"facilities": sites}))


def raiser(scenario: Scenario) -> Raiser:
    return Raiser(scenario, tuple(scenario.care.facilities))


def covid_beds(scenario: Scenario, share: float) -> list[tuple[int, int, int]]:
    """Return the beds open to COVID-19 patients by facility, after rules at this share."""
    found = []
    for name, section in scenario.care.facilities.items():
        site = Site(name, section)
        if share:
            site.shares["rule"] = share
            site.refresh()
        found.append(site.beds)
    return found


@pytest.mark.parametrize("bed", BED_TYPES)
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_added_beds_are_for_covid_patients_and_all_there_once_rules_act(bed: str, share: float) -> None:
    scenario = province()
    change = raiser(scenario).more(f"{bed}-beds", 50)
    assert change is not None
    assert change.added == 50
    before, after = (covid_beds(each, share) for each in (scenario, scenario.overlaid(change.overlay)))
    index = BED_TYPES.index(bed)
    gained = [new[index] - old[index] for old, new in zip(before, after, strict=True)]
    assert gained[1] == 0  # bravo gives no beds to COVID-19 patients
    if share:
        assert sum(gained) == 50
    else:
        assert gained[2:] == [0, 0]  # private beds and those of a closed facility wait for a rule
        assert gained[0] > 0
    others = [i for i in range(3) if i != index]
    assert all(new[i] == old[i] for old, new in zip(before, after, strict=True) for i in others)


def test_other_patients_keep_their_beds() -> None:
    scenario = province()
    change = raiser(scenario).more("oxygen-beds", 50)
    assert change is not None
    after = scenario.overlaid(change.overlay).care.facilities["alpha"]
    before = scenario.care.facilities["alpha"]
    assert before.essential is not None
    assert after.essential is not None
    beds = [int(site.beds.basic) + int(site.beds.oxygen) for site in (before, after)]
    assert after.essential.emergency_share * beds[1] == pytest.approx(
        before.essential.emergency_share * beds[0]
    )
    assert after.essential.elective_share * beds[1] == pytest.approx(
        before.essential.elective_share * beds[0]
    )


def test_a_step_of_deliveries_brings_so_much_a_day() -> None:
    scenario = province()
    change = raiser(scenario).more("deliveries", 400)
    assert change is not None
    supply = scenario.overlaid(change.overlay).care.facilities["alpha"].oxygen
    assert supply is not None
    assert supply.mean_kg_per_day == pytest.approx(650)


@pytest.mark.parametrize("resource", ["ventilators", "tanks", "pipes"])
def test_a_step_adds_its_amount(resource: str) -> None:
    scenario = province()
    added = STEPS[resource][0]
    change = raiser(scenario).more(resource, added)
    assert change is not None
    after = scenario.overlaid(change.overlay).to_plain()
    before = scenario.to_plain()
    totals = [sum(value for _, _, value in amounts(plain, PATHS[resource])) for plain in (before, after)]
    assert totals[1] - totals[0] == pytest.approx(added)
    assert totals[0] > 0


def test_every_resource_of_a_province_passes_the_checks_of_a_file() -> None:
    scenario = province()
    changes = [
        change
        for resource in STEPS
        for change in (raiser(scenario).more(resource, STEPS[resource][0]), raiser(scenario).plenty(resource))
        if change is not None
    ]
    assert len(changes) == 16
    for change in changes:
        assert scenario.overlaid(change.overlay) != scenario


def test_what_the_scenario_does_not_have_is_not_raised() -> None:
    scenario = province()
    found = [name for name in STEPS if raiser(scenario).more(name, STEPS[name][0]) is not None]
    assert found == [
        "basic-beds",
        "oxygen-beds",
        "icu-beds",
        "ventilators",
        "tanks",
        "plants",
        "pipes",
        "deliveries",
    ]


def test_plenty_of_nurses_is_enough_for_all_beds_with_half_of_them_away() -> None:
    scenario = two_together()
    change = raiser(scenario).plenty("icu-nurses")
    assert change is not None
    staff = scenario.overlaid(change.overlay).care.facilities["alpha"].staff
    assert staff is not None
    staffing = scenario.care.staffing
    assert staff.icu_nurses / 2 >= 62 / staffing.icu.nurse.normal * staffing.heads_per_post


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_places_hold_every_facility_once(grouping: str) -> None:
    scenario = province()
    found = places(scenario, grouping)
    assert sorted(name for names in found.values() for name in names) == sorted(scenario.care.facilities)
    assert (grouping == "province") == (list(found) == [EVERYWHERE])
