"""What limits care: which parts fit each other, which figures are refused, what has no effect."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading_cases import (
    ARRIVALS,
    CARE,
    CLINICAL,
    COMMAND,
    EPIDEMIC,
    HEAD,
    PEOPLE,
    line_of,
    refused,
    replaced,
    told,
    written,
)

from surgesim.model.care.gas import cylinders_kg
from surgesim.scenario.door import inspect, load
from surgesim.scenario.schema.capacity.oxygen import CYLINDER_KG, OxygenSource

LIMITED = """\
care:
  facilities:
    general:
      title: General
      district: town
      ownership: public
      beds: {basic: 40, oxygen: 60, icu: 5}
      covid_share: 0.5
      convertible_share: 0.8
      staff: {doctors: 50, ward_nurses: 90, icu_nurses: 40}
      ventilators: 4
      oxygen: {tank_kg: 3000, delivery: {size_kg: 3000, interval_days: 3}}
      essential: {}
      specialists: false
    clinic: {title: Clinic, district: isle, ownership: private, beds: {oxygen: 20}, covid_share: 1}
    field:
      title: Field
      district: isle
      ownership: military
      kind: field-hospital
      beds: {oxygen: 50}
      open_at_start: false
      staff: {doctors: 5, ward_nurses: 30}
  neighbours: {can-tho: {icu_beds: 20}}
  transport: {fleets: {town: {ambulances: 2, boats: 1}, isle: {boats: 1}}}
"""
SUPPLY = """\
supply:
  consumables:
    sets: {title: Sets, unit: sets, use: {icu_bed: 4}, stock: 500}
    masks: {title: Masks, unit: masks, use: {icu_bed: 9}}
  burdens: {waste: {title: Waste, unit: kg, made: {icu_bed: 3}, capacity_per_day: 20}}
"""
HOME = CLINICAL.replace("squire-2022", "squire-2022, home_care: {teams: 2, packages: 100}")
WHOLE = HEAD + PEOPLE + EPIDEMIC + HOME + LIMITED + COMMAND + SUPPLY
"""A scenario with every part that limits care; line n is counted from its first."""


def with_rule(rule: str) -> str:
    return replaced("  plan:\n", f"  plan:\n    it: {{{rule}, when: {{on: 2024-01-05}}}}\n", WHOLE)


def remarks(folder: Path, text: str) -> list[tuple[str, str]]:
    """Warnings but those on figures and on the measure that no rule starts."""
    _, warnings = inspect(written(folder, text))
    return [
        (warning.path, warning.message)
        for warning in warnings
        if " figures " not in warning.message and warning.path != "epidemic.measures.distancing"
    ]


def test_the_whole_scenario_is_valid_and_nothing_but_the_clinic_is_remarked(tmp_path: Path) -> None:
    staff = "staff is not given for clinic (1 of 3): all their beds count as staffed"
    oxygen = "oxygen is not given for clinic, field (2 of 3): all their beds count as supplied"
    assert remarks(tmp_path, WHOLE) == [("care.facilities", staff), ("care.facilities", oxygen)]


# -- figures that cannot be -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        (
            "care:\n",
            "care:\n  staffing: {icu: {nurse: {normal: 0}}}\n",
            "care.staffing.icu.nurse.normal",
            "got 0, expected a number from 0.0001 to 1000000",
        ),
        (
            "care:\n",
            "care:\n  staffing: {icu: {nurse: {normal: 5}}}\n",
            "care.staffing.icu.nurse",
            "got a surge ratio 4 below the normal 5, expected at least as many patients per post",
        ),
        (
            "care:\n",
            "care:\n  staffing: {absence: {base: 1.2}}\n",
            "care.staffing.absence.base",
            "got 1.2, expected a number from 0 to 1",
        ),
        (
            "size_kg: 3000",
            "size_kg: 3001",
            "care.facilities.general.oxygen",
            "got a delivery of 3001 kg, expected at most what the tank and cylinders hold (3000 kg)",
        ),
        (
            "oxygen: {tank_kg: 3000, delivery: {size_kg: 3000, interval_days: 3}}",
            "oxygen: {pipe_lpm: 900}",
            "care.facilities.general.oxygen",
            "got no tank, no plant and no cylinders, expected at least one of them",
        ),
        (
            "essential: {}",
            "essential: {emergency_share: 0.7}",
            "care.facilities.general.essential",
            "got emergency and elective shares that sum to 1.05, expected at most 1",
        ),
        (
            "beds: {basic: 40, oxygen: 60, icu: 5}",
            "beds: {basic: unlimited, oxygen: 60, icu: 5}",
            "care.facilities.general.essential",
            "got non-COVID patients and unlimited beds, expected a number of basic and oxygen beds",
        ),
        (
            "beds: {oxygen: 20}",
            "beds: {oxygen: 20, icu: 1}",
            "care.facilities.clinic.oxygen",
            "missing: this facility has ICU beds, expected an oxygen source as in other facilities (or in "
            "none of them, if oxygen is unlimited)",
        ),
        (
            "beds: {oxygen: 20}",
            "beds: {oxygen: 20}, icu_target: 2",
            "care.facilities.clinic.oxygen",
            "missing: this facility has ICU beds, expected an oxygen source as in other facilities (or in "
            "none of them, if oxygen is unlimited)",
        ),
        (
            "beds: {oxygen: 20}",
            "beds: {oxygen: 20}, replaces: [field]",
            "care.facilities.clinic.replaces",
            "got facilities to replace, but open_at_start: true, expected open_at_start: false",
        ),
        (
            "  plan:\n",
            "  situation: {thresholds: []}\n  plan:\n",
            "command.situation.thresholds",
            "got a list of 0 values, expected at least 1 entry",
        ),
        (
            "{below: 0.5, for_days: 14}",
            "{indicator: icu_occupancy, on: 2024-02-01}",
            "command.plan.open-field.until",
            "got a date and an indicator, expected only one of the two",
        ),
    ],
)
def test_figures_that_cannot_be_are_refused(
    tmp_path: Path, old: str, new: str, path: str, message: str
) -> None:
    assert told(tmp_path, replaced(old, new, WHOLE)) == [(path, message)]


def test_without_any_oxygen_source_icu_beds_need_none(tmp_path: Path) -> None:
    text = replaced("      oxygen: {tank_kg: 3000, delivery: {size_kg: 3000, interval_days: 3}}\n", "", WHOLE)
    load(written(tmp_path, replaced("beds: {oxygen: 20}", "beds: {oxygen: 20, icu: 1}", text)))


def test_the_census_may_fill_the_whole_beds_that_are_open(tmp_path: Path) -> None:
    text = replaced("care:\n", "care:\n  initial_census: {general: {oxygen: 30, icu: 2}}\n", WHOLE)
    scenario = load(written(tmp_path, text))  # half of 60 and of 5 beds
    assert scenario.care.initial_census["general"].icu == 2


def test_a_cylinder_holds_what_the_units_of_the_model_say() -> None:
    assert pytest.approx(cylinders_kg(1), abs=1e-12) == CYLINDER_KG
    assert OxygenSource(tank_kg=10, cylinders=5).room_kg == pytest.approx(10 + cylinders_kg(5))


# -- rules ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "key", "message"),
    [
        (
            "action: reinforce_staff, facilities: [general, clinic], doctors: 3",
            ".facilities.1",
            "got 'clinic', expected a facility with staff given",
        ),
        (
            "action: reinforce_staff, ownership: [private], doctors: 3",
            ".ownership",
            "got private, expected a class that has an open facility with staff given",
        ),
        (
            "action: reinforce_staff, ownership: [military], doctors: 3",  # has staff, but is closed
            ".ownership",
            "got military, expected a class that has an open facility with staff given",
        ),
        (
            "action: reinforce_staff",
            "",
            "got no staff to add, expected doctors, ward_nurses or icu_nurses",
        ),
        (
            "action: redeploy_nurses, facilities: [clinic], share: 0.2",
            ".facilities.0",
            "got 'clinic', expected a facility with staff given",
        ),
        (
            "action: train_doctors, facilities: [general], share: 0.2",
            ".facilities.0",
            "got 'general', expected a facility with doctors without ICU skills",
        ),
        (
            "action: equip, facilities: [field], ventilators: 3",
            ".facilities.0",
            "got 'field', expected a facility with ventilators given",
        ),
        (
            "action: order_oxygen, facilities: [clinic], tank_kg: 100",
            ".facilities.0",
            "got 'clinic', expected a facility with an oxygen source",
        ),
        (
            "action: order_oxygen, ownership: [private, police], tank_kg: 100",
            ".ownership",
            "got private, police, expected a class that has an open facility with an oxygen source",
        ),
        (
            "action: order_oxygen",
            "",
            "got an empty order, expected tank_kg, plant_nm3_per_hour or delivery_kg",
        ),
        (
            "action: postpone_elective, facilities: [clinic]",
            ".facilities.0",
            "got 'clinic', expected a facility with elective patients",
        ),
        (
            "action: remote_link, facilities: [clinic]",
            ".facilities.0",
            "got 'clinic', expected a facility with `specialists: false` and no remote link yet",
        ),
        (
            "action: convert_beds, facilities: [field]",
            ".facilities.0",
            "got 'field', which is closed at the start, expected a facility that is open "
            "(open_facility opens a closed one)",
        ),
        (
            "action: equip, facilities: [genral], ventilators: 3",
            ".facilities.0",
            "unknown facility 'genral', did you mean 'general'?",
        ),
        (
            "action: restock, item: set, amount: 5",
            ".item",
            "unknown consumable 'set', did you mean 'sets'?",
        ),
        ("action: restock, item: sets", "", "got nothing to add, expected amount or per_day"),
        (
            "action: transfer_out, neighbour: cantho",
            ".neighbour",
            "unknown neighbour 'cantho', did you mean 'can-tho'?",
        ),
    ],
)
def test_a_rule_that_cannot_do_what_it_says_is_refused(
    tmp_path: Path, rule: str, key: str, message: str
) -> None:
    assert told(tmp_path, with_rule(rule)) == [(f"command.plan.it{key}", message)]


@pytest.mark.parametrize(
    "rule",
    [
        "action: reinforce_staff, facilities: [general, field], ward_nurses: 3",
        "action: reinforce_staff, ownership: [private, public], doctors: 3",
        "action: redeploy_nurses, share: 0.2",
        "action: equip, ventilators: 3",
        "action: order_oxygen, tank_kg: 100, delivery_kg: 3100",
        "action: postpone_elective, share: 0.5",
        "action: remote_link",
        "action: convert_beds, facilities: [general]",
        "action: open_home_care, teams: 5",
        "action: transfer_out, neighbour: can-tho",
        "action: restock, item: sets, per_day: 5",
    ],
)
def test_a_rule_that_can_is_taken_without_a_remark(tmp_path: Path, rule: str) -> None:
    assert [path for path, _ in remarks(tmp_path, with_rule(rule))] == ["care.facilities"] * 2


def test_what_a_faulty_facility_may_have_is_not_missed(tmp_path: Path) -> None:
    text = with_rule("action: equip, ventilators: 3")
    text = replaced("ventilators: 4", "ventilators: -4", text)
    assert [path for path, _ in told(tmp_path, text)] == ["care.facilities.general.ventilators"]


def test_care_at_home_that_is_faulty_is_there_all_the_same(tmp_path: Path) -> None:
    text = replaced("packages: 100", "packages: -1", with_rule("action: open_home_care, teams: 5"))
    assert [path for path, _ in told(tmp_path, text)] == ["clinical.home_care.packages"]


def test_all_that_does_not_fit_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = with_rule("action: equip, facilities: [clinic], ventilators: 3")
    text = replaced("beds: {oxygen: 20}", "beds: {oxygen: 20, icu: 1}", text)
    text = replaced("isle: {boats: 1}", "isel: {boats: 1}", text)
    got = [(problem.path, problem.line) for problem in refused(tmp_path, text)]
    assert got == [
        ("care.facilities.clinic.oxygen", line_of("    clinic:", text)),
        ("care.transport.fleets.isel", line_of("  transport:", text)),
        ("command.plan.it.facilities.0", line_of("    it:", text)),
    ]


# -- indicators of one item -----------------------------------------------------------------------

WHEN, UNTIL = "{indicator: oxygen_occupancy, above: 0.8}", "{below: 0.5, for_days: 14}"


@pytest.mark.parametrize(
    ("when", "until", "path", "message"),
    [
        (
            "{indicator: stock_cover_days, item: set, below: 7}",
            "{above: 20}",
            "when.item",
            "unknown consumable 'set', did you mean 'sets'?",
        ),
        (
            "{indicator: stock_cover_days, item: sets, below: 7}",
            "{item: maks, above: 20}",
            "until.item",
            "unknown consumable 'maks', did you mean 'masks'?",
        ),
        (
            "{indicator: stock_cover_days, item: sets, below: 7}",
            "{indicator: burden_backlog, below: 20}",
            "until.item",
            "missing, expected the name of a burden for burden_backlog",
        ),
        (
            "{indicator: oxygen_occupancy, item: sets, above: 0.8}",
            "{below: 0.5}",
            "when.item",
            "got 'sets', but oxygen_occupancy has no items: expected no item",
        ),
        (
            "{indicator: stock_cover_days, item: sets, below: 7}",
            "{above: 6}",
            "until",
            "got above 6 for a rule that begins below 7, expected `above` of at least 7: "
            "otherwise the rule would keep switching on and off",
        ),
        ("{item: sets, on: 2024-01-09}", "{on: 2024-01-20}", "when", "got a date and an indicator, "
         "expected only one of the two"),
    ],
)  # fmt: skip
def test_a_rule_on_an_item_names_one_there_is(
    tmp_path: Path, when: str, until: str, path: str, message: str
) -> None:
    text = replaced(UNTIL, until, replaced(WHEN, when, WHOLE))
    assert told(tmp_path, text) == [(f"command.plan.open-field.{path}", message)]


def test_a_rule_ends_on_its_own_indicator_and_item_or_on_those_it_began_with(tmp_path: Path) -> None:
    when = "{indicator: stock_cover_days, item: sets, below: 7}"
    for until, expected in (
        ("{above: 20}", ("stock_cover_days", "sets")),
        ("{item: masks, above: 5}", ("stock_cover_days", "masks")),  # another item does not flap
        ("{indicator: burden_backlog, item: waste, below: 5}", ("burden_backlog", "waste")),
        ("{on: 2024-02-01}", (None, None)),
    ):
        scenario = load(written(tmp_path, replaced(UNTIL, until, replaced(WHEN, when, WHOLE))))
        assert scenario.command.plan["open-field"].ends_on[:2] == expected


# -- remarks --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        (
            "      staff: {doctors: 5, ward_nurses: 30}\n",
            "",
            "care.facilities.field",
            "is a field hospital with beds but no staff given: all its beds count as staffed (write "
            "staff: {} if it has only the staff that a rule assigns)",
        ),
        (
            "staff: {doctors: 5, ward_nurses: 30}",
            "staff: {}",
            "care.facilities.field.staff",
            "has beds but nobody to staff them: no staff, and no rule reinforces it by name",
        ),
        (
            "ward_nurses: 90, icu_nurses: 40",
            "ward_nurses: 20, icu_nurses: 40",
            "care.facilities.general.staff",
            # 50 of 100 ward beds are not open to COVID: a nurse to 10, 5 heads a post, 1.5 % absent
            "is short of 5 ward nurses on the first day, at normal ratios",
        ),
        (
            "doctors: 50, ward_nurses: 90, icu_nurses: 40}\n      ventilators: 4\n"
            "      oxygen: {tank_kg: 3000, delivery: {size_kg: 3000, interval_days: 3}}\n      essential: {}",
            "doctors: 10, ward_nurses: 90, icu_nurses: 40}\n      ventilators: 4\n"
            "      oxygen: {tank_kg: 3000, delivery: {size_kg: 3000, interval_days: 3}}\n"
            "      essential: {emergency_share: 1, elective_share: 0}",  # 50 beds hold no more
            "care.facilities.general.staff",
            "is short of 3 doctors on the first day, at normal ratios",
        ),
        (
            "      staff: {doctors: 5, ward_nurses: 30}\n",
            "      staff: {doctors: 5, ward_nurses: 30}\n      essential: {}\n",
            "care.facilities.field.essential",
            "has no effect: a facility that is closed at the start has no non-COVID patients",
        ),
        (
            "beds: {oxygen: 20}",
            "beds: {oxygen: 20}, mobilisation_plan: false",
            "care.facilities",
            "1 of 3 facilities have no mobilisation plan; for 2 this is not known",
        ),
        (
            "isle: {boats: 1}",
            "isle: {ambulances: 3}",
            "care.transport.fleets",
            "nobody can leave isle: no suitable vehicle is based there",
        ),
        (
            "packages: 100",
            "packages: 0",
            "clinical.home_care",
            "has teams but no drug packages: nobody gets early treatment",
        ),
        (
            "indicator: oxygen_need_7d_per_100k, above: 32",
            "indicator: stock_cover_days, item: masks, below: 3",
            "command.thresholds.oxygen",
            "stock_cover_days is not assessed: the item has no stock",
        ),
        (
            "  plan:\n",
            "  plan:\n    it: {action: restock, item: masks, amount: 5, when: {on: 2024-01-05}}\n",
            "command.plan.it",
            "has no effect: masks has no stock, so it cannot run out",
        ),
        (
            "  neighbours: {can-tho: {icu_beds: 20}}",
            "  neighbours: {can-tho: {icu_beds: 0}}",
            "command.plan.send",
            "has no effect: can-tho accepts no patients",
        ),
        (
            "  plan:\n",
            "  plan:\n    it: {action: order_oxygen, facilities: [general], delivery_kg: 4000, "
            "when: {on: 2024-01-05}}\n",
            "command.plan.it.delivery_kg",
            "is more than general can store (3000 kg): the rest is sent back",
        ),
        (
            "  plan:\n",
            "  plan:\n    it: {action: order_oxygen, tank_kg: 100, delivery_kg: 3101, "
            "when: {on: 2024-01-05}}\n",
            "command.plan.it.delivery_kg",
            "is more than general can store (3100 kg): the rest is sent back",
        ),
    ],
)
def test_what_is_missing_or_has_no_effect_is_remarked(
    tmp_path: Path, old: str, new: str, path: str, message: str
) -> None:
    send = "  plan:\n    send: {action: transfer_out, neighbour: can-tho, when: {on: 2024-01-05}}\n"
    text = replaced("  plan:\n", send, replaced(old, new, WHOLE))
    before = remarks(tmp_path, replaced("  plan:\n", send, WHOLE))
    more = [remark for remark in remarks(tmp_path, text) if remark not in before]
    assert [remark for remark in more if remark[0] != "command.situation"] == [(path, message)]


def test_a_delivery_is_held_against_the_tanks_it_goes_to(tmp_path: Path) -> None:
    rule = "action: order_oxygen, facilities: [general], delivery_kg: 3000"
    field = "staff: {doctors: 5, ward_nurses: 30}"
    text = replaced(field, f"{field}\n      oxygen: {{cylinders: 1}}", with_rule(rule))
    assert [path for path, _ in remarks(tmp_path, text)] == ["care.facilities"] * 3
    text = replaced("[general], delivery_kg", "[general, field], delivery_kg", text)
    assert "command.plan.it.delivery_kg" in [path for path, _ in remarks(tmp_path, text)]


def test_without_teams_no_packages_are_missed(tmp_path: Path) -> None:
    text = replaced("{teams: 2, packages: 100}", "{teams: 0}", WHOLE)
    assert [path for path, _ in remarks(tmp_path, text)] == ["care.facilities"] * 2
    rule = "  plan:\n    it: {action: open_home_care, teams: 5, when: {on: 2024-01-05}}\n"
    opened = [path for path, _ in remarks(tmp_path, replaced("  plan:\n", rule, text))]
    assert "clinical.home_care" in opened


def test_a_rule_that_staffs_a_field_hospital_by_name_is_enough(tmp_path: Path) -> None:
    rule = "action: reinforce_staff, facilities: [field], doctors: 5, ward_nurses: 30"
    text = replaced("staff: {doctors: 5, ward_nurses: 30}", "staff: {}", with_rule(rule))
    assert [path for path, _ in remarks(tmp_path, text)] == ["care.facilities"] * 2


def test_given_arrivals_have_no_care_at_home_and_isolate_all_their_mild_cases(tmp_path: Path) -> None:
    clinical = HOME.replace("packages: 100}", "packages: 100}, isolated_share: 0.3")
    arrivals = ARRIVALS + "    mild: {bed: basic, age: 0-9, counts: [5, 5]}\n"
    got = remarks(tmp_path, HEAD + PEOPLE + arrivals + clinical + CARE)
    expected = [
        (
            "clinical.home_care",
            "has no effect: teams follow the cases of an epidemic, but arrivals are given",
        ),
        (
            "clinical.isolated_share",
            "has no effect with given arrivals: everyone in a series with `bed: basic` is isolated",
        ),
        ("arrivals.series.mild.bed", "has no bed to go to: no facility has basic beds"),
        ("arrivals.series.mild.age", "has no effect: mild cases are counted without age"),
    ]
    assert [remark for remark in expected if remark not in got] == []


def test_open_facilities_without_census_are_named(tmp_path: Path) -> None:
    text = replaced("care:\n", "care:\n  initial_census: {general: {oxygen: 30, icu: 2}}\n", WHOLE)
    message = "has no entry for clinic (1 of 3): no census, read as no patients this morning"
    assert ("care.initial_census", message) in remarks(tmp_path, text)
    assert not [path for path, _ in remarks(tmp_path, WHOLE) if path == "care.initial_census"]


def test_oxygen_that_nothing_refills_is_remarked(tmp_path: Path) -> None:
    text = replaced(", delivery: {size_kg: 3000, interval_days: 3}", "", WHOLE)
    message = (
        "oxygen is never refilled at general (1 of 3): no plant, no delivery; patients lack oxygen once the "
        "stock is used up"
    )
    assert ("care.facilities", message) in remarks(tmp_path, text)
    rule = "  plan:\n    it: {action: order_oxygen, delivery_kg: 100, when: {on: 2024-01-05}}\n"
    assert ("care.facilities", message) not in remarks(tmp_path, replaced("  plan:\n", rule, text))
