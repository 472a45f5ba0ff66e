"""The scenarios and profiles that ship: they load, and they say what they claim to say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from shipped import FOLDER, SHIPPED, alternatives, shipped

from surgesim.model.capacity.facilities import Site
from surgesim.model.care.gas import kg_per_day, plant_kg_per_day
from surgesim.model.record import BINDS, CONSTRAINTS, FACILITY_INDEX, Record
from surgesim.model.simulation import run_once
from surgesim.report.names import alternative_title
from surgesim.scenario.door import overlaid
from surgesim.scenario.loading import profile_tables
from surgesim.scenario.schema.capacity.staffing import Staff, shortfall_at_start
from surgesim.scenario.schema.care import Facility
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.epidemic import Importation
from surgesim.scenario.schema.levers.epidemic import StartMeasure
from surgesim.scenario.schema.levers.facilities import Mobilise
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.validation.sources import assumptions

pytestmark = pytest.mark.slow

NAMES = [str(path.relative_to(FOLDER)) for path in SHIPPED]
OTHER_COUNTRIES = [path for path in SHIPPED if path.stem in ("germany-district", "kenya-county")]
"""The scenarios of other countries than Viet Nam."""

FIVE = ("weekly-cases", "on-oxygen", "without-bed", "vacant-beds", "icu-staffed")


@pytest.fixture(scope="module")
def kien_giang() -> Scenario:
    return shipped(FOLDER / "kien-giang.yaml")


@pytest.fixture(scope="module")
def baseline_records(kien_giang: Scenario) -> list[Record]:
    return [run_once(kien_giang, 1, replication) for replication in range(3)]


@pytest.fixture(scope="module")
def private_third() -> Scenario:
    return shipped(FOLDER / "teaching" / "private-third.yaml")


def beds(facility: Facility, bed: str) -> int:
    """Counted beds of a type."""
    number = getattr(facility.beds, bed)
    assert isinstance(number, int)
    return number


def total(facility: Facility) -> int:
    """All beds of a facility."""
    return sum(beds(facility, bed) for bed in ("basic", "oxygen", "icu"))


def beds_of(
    scenario: Scenario, *, ownership: str | None = None, prefix: str = "", permanent: bool = True
) -> int:
    return sum(
        total(facility)
        for name, facility in scenario.care.facilities.items()
        if facility.open_at_start == permanent
        and name.startswith(prefix)
        and ownership in (None, facility.ownership)
    )


def days_breached(record: Record, scenario: Scenario, threshold: str) -> int:
    return int(record.breached[:, list(scenario.command.thresholds).index(threshold)].sum())


def first_day(record: Record, scenario: Scenario, threshold: str) -> int:
    breached = record.breached[:, list(scenario.command.thresholds).index(threshold)]
    return int(np.argmax(breached)) if breached.any() else scenario.days


# All scenarios that ship


@pytest.mark.parametrize("path", SHIPPED, ids=NAMES)
def test_a_shipped_scenario_loads_with_all_its_alternatives(path: Path) -> None:
    scenario = shipped(path)
    assert scenario.name == path.stem
    assert list(alternatives(path)) == list(scenario.alternatives)


@pytest.mark.parametrize("path", SHIPPED, ids=NAMES)
def test_every_figure_of_a_shipped_scenario_has_a_source(path: Path) -> None:
    assert [row[0] for row in assumptions(shipped(path)) if not row[2]] == []


@pytest.mark.parametrize(
    ("pattern", "confidence"),
    [
        ("care.staffing.heads_per_post", "assumed"),
        ("care.staffing.icu", "assumed"),
        ("care.staffing.absence.base", "published"),
        ("care.essential.catch_up_share", "published"),
        ("clinical.respiratory.oxygen_beds", "counted"),
        ("clinical.respiratory.flow.mask_lpm", "published"),
        ("clinical.home_care.effect", "counted"),
        ("care.facilities.*.oxygen.loss_share", "assumed"),
    ],
)
def test_a_default_of_the_schema_has_the_source_of_the_schema(
    kien_giang: Scenario, pattern: str, confidence: str
) -> None:
    rows = {path: (source, trust) for path, _, source, trust in assumptions(kien_giang)}
    found = [row for path, row in rows.items() if path == pattern or path.startswith(pattern + ".")]
    assert found
    assert {trust for _, trust in found} == {confidence}
    assert all(source and source != "assumed" for source, _ in found)


@pytest.mark.parametrize("path", SHIPPED, ids=NAMES)
def test_titles_are_given_in_both_languages(path: Path) -> None:
    scenario = shipped(path)
    plans = [one.command.plan for one in (scenario, *alternatives(path).values())]
    titled = [
        *scenario.care.facilities.values(),
        *scenario.command.thresholds.values(),
        *(rule for plan in plans for rule in plan.values()),
        *(scenario.epidemic.measures.values() if scenario.epidemic else ()),
    ]
    titles = [item.title for item in (scenario, *titled)]
    assert [title for title in titles if not (title and title.vi and title.en)] == []


@pytest.mark.parametrize("path", SHIPPED, ids=NAMES)
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_alternatives_have_a_title_of_their_own(path: Path, lang: str) -> None:
    scenario = shipped(path)
    titles = [alternative_title(scenario, plan, lang) for plan in ("baseline", *scenario.alternatives)]
    assert len(set(titles)) == len(titles)
    assert not set(titles) & {*scenario.alternatives, scenario.title.get(lang)}


@pytest.mark.parametrize("path", OTHER_COUNTRIES, ids=lambda path: path.stem)
def test_the_criteria_of_other_countries_are_their_own(path: Path) -> None:
    scenario = shipped(path)
    assert len(OTHER_COUNTRIES) == 2
    named = {source.source for name, source in scenario.sources.items() if "thresholds" in name}
    assert named
    assert not any("appendix" in source for source in named)
    assert not set(scenario.command.of_situation) & (set(FIVE) - {"without-bed"})


@pytest.mark.parametrize(
    "path", [path for path in SHIPPED if path not in OTHER_COUNTRIES], ids=lambda path: path.stem
)
def test_the_five_thresholds_are_those_of_the_appendix(path: Path) -> None:
    command = shipped(path).command
    thresholds = command.thresholds
    situation = command.situation
    assert tuple(thresholds)[:5] == FIVE
    assert situation.require == 3  # so not by the two criteria on the outbreak alone
    assert (situation.thresholds or tuple(thresholds)) == FIVE  # others are watched, and do not count
    bounds = [(t.indicator, t.above, t.below) for t in thresholds.values()][:5]
    assert bounds == [
        ("weekly_reported_cases_per_100k", 450, None),
        ("oxygen_need_7d_per_100k", 32, None),
        ("patients_without_bed", 0, None),
        ("vacant_covid_beds_per_100k", None, 10),
        ("staffed_icu_beds_per_100k", None, 4),
    ]


# Kiên Giang


def test_kien_giang_has_the_census_population_of_15_districts(kien_giang: Scenario) -> None:
    districts = kien_giang.people.districts
    assert len(districts) == 15
    assert kien_giang.people.total == 1_723_067
    assert districts["kien-luong"].population + districts["giang-thanh"].population == 108_699
    assert {name for name, district in districts.items() if district.island} == {"phu-quoc", "kien-hai"}


def test_kien_giang_has_the_permanent_beds_of_the_list(kien_giang: Scenario) -> None:
    owners = {owner: beds_of(kien_giang, ownership=owner) for owner in ("public", "private", "military")}
    assert owners == {"public": 4_270, "private": 300, "military": 50}
    assert beds_of(kien_giang) == 4_620
    assert beds_of(kien_giang, prefix="polyclinic-") == 250
    assert beds_of(kien_giang, prefix="ttyt-") == 2_110


def test_kien_giang_has_the_icu_beds_of_the_list(kien_giang: Scenario) -> None:
    permanent = [f for f in kien_giang.care.facilities.values() if f.open_at_start]
    icu = dict.fromkeys(("public", "private", "military"), 0)
    for facility in permanent:
        icu[facility.ownership] += beds(facility, "icu")
    assert icu == {"public": 99, "private": 10, "military": 1}
    assert sum(icu.values()) == 110


def test_kien_giang_has_the_temporary_sites_of_2021(kien_giang: Scenario) -> None:
    facilities = kien_giang.care.facilities
    centre = facilities["covid-centre"]
    assert total(centre) == 1_800
    assert beds(centre, "oxygen") + beds(centre, "icu") == 300
    assert centre.replaces == ("bv-ung-buou",)
    assert total(facilities["field-hospital-ha-tien"]) == 300
    assert beds_of(kien_giang, prefix="district-site-", permanent=False) == 1_760


def test_rows_of_many_sites_stand_in_every_district_by_population(kien_giang: Scenario) -> None:
    people = kien_giang.people
    assert len(people.districts) == 15
    for prefix, all_beds in (("polyclinic-", 250), ("district-site-", 1_760)):
        for name, district in people.districts.items():
            facility = kien_giang.care.facilities[prefix + name]
            assert facility.district == name
            assert total(facility) == pytest.approx(all_beds * district.population / people.total, abs=1)


def test_kien_giang_starts_with_the_covid_beds_of_2021(kien_giang: Scenario) -> None:
    facilities = kien_giang.care.facilities
    open_beds = {name: sum(Site(name, facility).beds) for name, facility in facilities.items()}
    centres = [number for name, number in open_beds.items() if name.startswith("ttyt-") and number]
    assert open_beds["bv-lao-phoi"] == 210
    assert (len(centres), sum(centres)) == (11, 410)


def test_icu_targets_are_those_of_decision_3616(kien_giang: Scenario) -> None:
    targets = {n: f.icu_target for n, f in kien_giang.care.facilities.items() if f.icu_target is not None}
    assert targets.pop("bvdk-kien-giang") == 100
    assert set(targets.values()) == {10}
    district_and_private = {
        name
        for name, f in kien_giang.care.facilities.items()
        if f.open_at_start and f.beds.icu != 0 and (name.startswith("ttyt-") or f.ownership == "private")
    }
    assert set(targets) == district_and_private


def test_every_facility_has_its_own_source_row(kien_giang: Scenario) -> None:
    rows = {path for path in kien_giang.sources if path.endswith(".beds")}
    assert rows == {f"care.facilities.{name}.beds" for name in kien_giang.care.facilities}
    published = {path.split(".")[2] for path in rows if kien_giang.sources[path].confidence == "published"}
    assert published == {
        "bv-san-nhi",
        "bv-lao-phoi",
        "vinmec-phu-quoc",
        "covid-centre",
        "field-hospital-ha-tien",
    }


def staff_of(scenario: Scenario, *, ownership: str, permanent: bool = True) -> tuple[int, int, int]:
    """Doctors, ward nurses and ICU nurses of an ownership class."""
    staff = [
        facility.staff or Staff()
        for facility in scenario.care.facilities.values()
        if facility.ownership == ownership and facility.open_at_start == permanent
    ]
    return (
        sum(s.doctors for s in staff), sum(s.ward_nurses for s in staff), sum(s.icu_nurses for s in staff),
    )  # fmt: skip


def test_kien_giang_has_the_public_staff_of_2016_times_a_quarter_more(kien_giang: Scenario) -> None:
    doctors, ward, icu = staff_of(kien_giang, ownership="public")
    assert doctors == 1_310  # 1,055 * 1.25 = 1,319, and 7.6 for 10,000 people are about 1,310
    assert ward + icu == 2_170 == round(1_734 * 1.25, -1)


def test_every_facility_of_kien_giang_says_who_works_there(kien_giang: Scenario) -> None:
    facilities = kien_giang.care.facilities
    assert "bvdk-kien-giang" in facilities
    for name, facility in facilities.items():
        assert facility.staff is not None, name
        assert facility.staff.doctors > 0, name
        assert facility.staff.ward_nurses > 0, name
        assert (facility.staff.icu_nurses > 0) == (beds(facility, "icu") > 0), name
        assert facility.mobilisation_plan is not None, name


def test_temporary_sites_have_only_the_staff_assigned_to_them(kien_giang: Scenario) -> None:
    doctors, ward, icu = staff_of(kien_giang, ownership="public", permanent=False)
    all_beds = beds_of(kien_giang, ownership="public", permanent=False)
    assert doctors / all_beds == pytest.approx(0.03, abs=0.005)
    assert ward / all_beds == pytest.approx(0.09, abs=0.005)
    assert icu == 0.25 * beds(kien_giang.care.facilities["covid-centre"], "icu")


def test_kien_giang_staffs_everyone_on_the_first_day_at_normal_ratios(kien_giang: Scenario) -> None:
    """The patients they have anyway, and every COVID-19 bed that is open, as if all were occupied."""
    staffing = kien_giang.care.staffing
    opened = {name: f for name, f in kien_giang.care.facilities.items() if f.open_at_start}
    assert "bvdk-kien-giang" in opened
    for name, facility in opened.items():
        assert facility.staff is not None, name
        _, oxygen, icu = Site(name, facility).beds
        essential, ward = facility.essential, beds(facility, "basic") + beds(facility, "oxygen")
        short = shortfall_at_start(
            staffing,
            facility.staff,
            icu=0.75 * icu,  # two nurses to an ICU bed are not enough for every bed
            oxygen=oxygen,
            emergency=0 if essential is None else ward * essential.emergency_share,
            elective=0 if essential is None else ward * essential.elective_share,
        )
        assert short == (0, 0, 0), name


def test_kien_giang_has_the_ventilators_of_the_list(kien_giang: Scenario) -> None:
    ventilators = {
        name: facility.ventilators
        for name, facility in kien_giang.care.facilities.items()
        if facility.open_at_start and facility.ventilators is not None
    }
    assert sum(ventilators.values()) == 72
    assert ventilators["bvdk-kien-giang"] == 34
    with_icu = {n for n, f in kien_giang.care.facilities.items() if f.open_at_start and beds(f, "icu")}
    assert set(ventilators) == with_icu


def test_every_facility_with_oxygen_or_icu_beds_has_an_oxygen_source(kien_giang: Scenario) -> None:
    assert any(facility.oxygen for facility in kien_giang.care.facilities.values())
    for name, facility in kien_giang.care.facilities.items():
        needed = beds(facility, "oxygen") + beds(facility, "icu") > 0
        assert (facility.oxygen is not None) == needed, name
        if facility.oxygen is not None:
            assert facility.oxygen.delivery is not None, name
            if facility.oxygen.tank_kg:
                assert 3_400 <= facility.oxygen.tank_kg <= 23_000
                assert 2 <= facility.oxygen.delivery.interval_days <= 7


def test_the_comment_on_the_oxygen_supply_adds_it_up(kien_giang: Scenario) -> None:
    sources = [f.oxygen for f in kien_giang.care.facilities.values() if f.oxygen is not None]
    delivered = sum(s.delivery.size_kg / s.delivery.interval_days for s in sources if s.delivery)
    made = sum(plant_kg_per_day(s.plant_nm3_per_hour, s.plant_purity) for s in sources)
    text = (FOLDER / "kien-giang.yaml").read_text(encoding="utf-8")
    assert f"Together {(delivered + made) / 1000:.0f} t a day" in text


def test_usual_occupancy_is_that_of_the_kind_of_facility(kien_giang: Scenario) -> None:
    def occupied(name: str) -> float:
        facility = kien_giang.care.facilities[name]
        assert facility.essential is not None
        covid = sum(Site(name, facility).beds[:2])
        free = beds(facility, "basic") + beds(facility, "oxygen") - covid
        share = facility.essential.emergency_share + facility.essential.elective_share
        return share * (free + covid) / free

    assert occupied("bvdk-kien-giang") == pytest.approx(0.95)
    centres = {name: occupied(name) for name in kien_giang.care.facilities if name.startswith("ttyt-")}
    assert centres
    assert {name: share for name, share in centres.items() if not 0.80 <= share <= 0.86} == {}
    assert 0.5 <= occupied("vinmec-phu-quoc") <= 0.6


def test_kien_giang_compares_the_plans_it_should(kien_giang: Scenario) -> None:
    plans = {name: kien_giang.alternative(name).command.plan for name in kien_giang.alternatives}
    assert set(plans) == {
        "no-surge", "private-mobilised", "private-without-staff", "private-early", "no-field-hospital",
        "oxygen-bulk", "staff-reinforced", "home-care", "elective-postponed", "tanks-only-weekly",
        "vaccination", "testing", "measures", "full-plan",
    }  # fmt: skip
    assert not plans["no-surge"]
    trigger = kien_giang.command.plan["open-centre"].when
    mobilised = plans["private-mobilised"]["mobilise-private"]
    assert mobilised.when == trigger
    without = plans["private-without-staff"]["mobilise-private"]
    assert isinstance(mobilised, Mobilise)
    assert isinstance(without, Mobilise)
    assert mobilised.with_staff
    assert without == mobilised.model_copy(update={"with_staff": False, "title": without.title})
    early = plans["private-early"]["mobilise-private"].when
    assert (early.indicator, early.above) == (trigger.indicator, trigger.above / 2)  # type: ignore[operator]
    assert {rule.action for rule in plans["no-field-hospital"].values()} == {"convert_beds"}
    added = {
        "oxygen-bulk": {"order_oxygen"},
        "staff-reinforced": {"reinforce_staff"},
        "home-care": {"open_home_care"},
        "elective-postponed": {"postpone_elective"},
        "vaccination": {"vaccinate"},
        "measures": {"measure"},
        "testing": {"raise_testing"},
        "tanks-only-weekly": set(),
    }
    baseline = kien_giang.command.plan
    for name, actions in added.items():
        assert {rule.action for key, rule in plans[name].items() if key not in baseline} == actions
        assert {key: plans[name][key] for key in baseline} == dict(baseline)


def test_the_full_plan_pulls_every_lever_there_is(kien_giang: Scenario) -> None:
    kinds = get_args(get_args(Rule)[0])
    every = {get_args(kind.model_fields["action"].annotation)[0] for kind in kinds}
    plan = kien_giang.alternative("full-plan").command.plan
    not_in_the_plan = {"queue_order", "limit_icu", "level_load", "pool_staff", "pool_oxygen", "lend"}
    not_in_the_plan |= {"home_oxygen", "local_measure", "open_quarantine", "household_lockdown"}
    not_in_the_plan |= {"train_doctors", "form_icu_teams"}
    assert {rule.action for rule in plan.values()} == every - not_in_the_plan - {"custom"}
    measures = kien_giang.epidemic.measures if kien_giang.epidemic is not None else {}
    by_rule = {name for name, measure in measures.items() if measure.start is None}
    assert {rule.measure for rule in plan.values() if isinstance(rule, StartMeasure)} == by_rule


def test_a_fragile_supply_is_filled_once_a_week_and_has_no_plant(kien_giang: Scenario) -> None:
    weekly = kien_giang.alternative("tanks-only-weekly").care.facilities
    sources = [facility.oxygen for facility in weekly.values() if facility.oxygen is not None]
    assert len(sources) == sum(f.oxygen is not None for f in kien_giang.care.facilities.values())
    for source in sources:
        assert source.plant_nm3_per_hour == 0
        assert source.delivery is not None
        assert source.delivery.interval_days == 7


def test_kien_giang_begins_with_its_patients_served(baseline_records: list[Record]) -> None:
    """Nothing is short before the wave: no bed, no oxygen, hardly an emergency turned away."""
    for record in baseline_records:
        for column in ("without_bed", "facilities_out_of_oxygen", "oxygen_unmet_kg"):
            assert not record.series(column)[:30].any()
        unserved = record.series("emergency_unserved")[:30].sum()
        assert unserved < 0.005 * record.series("emergency_arrivals")[:30].sum()
        assert record.series("elective_backlog")[30] < record.series("elective_served")[:2].sum()
        assert 4 < record.series("staffed_icu_beds_per_100k")[0] < 5


def test_oxygen_per_patient_is_that_of_a_field_hospital_in_ho_chi_minh_city(
    kien_giang: Scenario, baseline_records: list[Record]
) -> None:
    """3 to 4 t a day for over 200 severe patients: 7.7 to 10.3 L/min. Planning guides assume about 20."""
    for record in baseline_records:
        day = first_day(record, kien_giang, "on-oxygen")
        per_patient = record.series("oxygen_used_kg")[:day].sum() / record.series("present")[:day].sum()
        assert kg_per_day(7.7) < per_patient < kg_per_day(10.3)


def test_staff_that_does_not_come_makes_private_beds_count_for_nothing(
    kien_giang: Scenario, baseline_records: list[Record]
) -> None:
    baseline = baseline_records[0].outcomes
    without = run_once(kien_giang.alternative("private-without-staff"), 1, 0).outcomes
    with_staff = run_once(kien_giang.alternative("private-mobilised"), 1, 0).outcomes
    for outcome in ("deaths", "oxygen_bed_days", "icu_bed_days"):
        assert without[outcome] == baseline[outcome]
    assert with_staff["deaths_untreated"] < 0.98 * baseline["deaths_untreated"]
    assert with_staff["emergency_unserved_private"] > 0  # what it costs their own patients
    assert baseline["emergency_unserved_private"] == 0


def test_kien_giang_meets_the_first_two_criteria_together(
    kien_giang: Scenario, baseline_records: list[Record]
) -> None:
    """Delta-like: within a week of each other, 0.05 to 0.10 on oxygen per weekly case on that day."""
    cases = [first_day(record, kien_giang, "weekly-cases") for record in baseline_records]
    oxygen = [first_day(record, kien_giang, "on-oxygen") for record in baseline_records]
    assert np.median(cases) < kien_giang.days
    assert abs(np.median(cases) - np.median(oxygen)) <= 7
    for record, day in zip(baseline_records, cases, strict=True):
        assert 0.05 <= oxygen_per_case(record, day) <= 0.10


def oxygen_per_case(record: Record, day: int) -> float:
    """People on oxygen (mean of 7 days) per weekly reported case."""
    oxygen, cases = record.series("oxygen_need_7d_per_100k"), record.series("weekly_reported_cases_per_100k")
    return float(oxygen[day] / cases[day])


def test_the_readme_tells_what_the_scenario_gives(
    kien_giang: Scenario, baseline_records: list[Record]
) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    days = [first_day(record, kien_giang, "weekly-cases") for record in baseline_records]

    def mean(outcome: str) -> float:
        return float(np.mean([record.outcomes[outcome] for record in baseline_records]))

    cases = mean("reported_cases")
    peaks = [record.series("weekly_reported_cases_per_100k").max() for record in baseline_records]
    ratios = [oxygen_per_case(record, day) for record, day in zip(baseline_records, days, strict=True)]
    told = {
        "day 76": (76, np.median(days)),
        "| 0.093 |": (0.093, np.mean(ratios)),
        "| 1,100 |": (1_100, np.mean(peaks)),
        "| 18,700 |": (18_700, mean("oxygen_patients")),
        "34 %; 21 %": (0.34, mean("infections") / kien_giang.people.total),
        "| 5.1 % (2.5 %": (0.051, mean("deaths") / cases),
        "(2.5 % if all": (0.025, mean("deaths_unavoidable") / cases),
        "| baseline | 6,290 | 3,100 |": (3_100, mean("deaths_untreated")),
        "21,500 elective": (21_500, mean("elective_backlog")),
        "staff absent, maximum | 11 %": (
            0.11,
            np.mean([record.series("staff_absent_share").max() for record in baseline_records]),
        ),
    }
    assert [text for text in told if text not in readme] == []
    assert {text: value for text, (said, value) in told.items() if abs(value - said) > 0.08 * said} == {}


# Hà Nam, Lai Châu, Thanh Hoá


@dataclass(frozen=True)
class Province:
    """What a province's file must hold: counts of the census and of the statistical office."""

    people: int
    districts: int
    beds: dict[str, int]  # permanent, by ownership
    hospitals: int  # public beds in hospitals
    icu: int
    ventilators: int
    doctors: int  # of the public service in 2016
    nurses: int


PROVINCES = {
    "ha-nam": Province(852_800, 6, {"public": 1_605, "private": 100}, 1_545, 40, 35, 431, 760),
    "lai-chau": Province(
        460_196, 8, {"public": 1_350, "military": 40, "police": 15}, 1_200, 29, 19, 385, 727
    ),
    "thanh-hoa": Province(3_640_128, 27, {"public": 6_695, "private": 1_560}, 6_340, 196, 151, 2_405, 2_796),
}
ELSEWHERE = ("co-so-khac", "pkdk-", "bv-phuc-hoi-chuc-nang")
"""Public beds outside hospitals: the statistical office counts them apart."""


@pytest.fixture(scope="module", params=PROVINCES)
def province(request: pytest.FixtureRequest) -> Scenario:
    return shipped(FOLDER / f"{request.param}.yaml")


@pytest.fixture(scope="module")
def province_records(province: Scenario) -> dict[str, Record]:
    """A short run of every plan, to the peak."""
    short = overlaid(province, {"days": 112})
    return {name: run_once(short.alternative(name), 1, 0) for name in ("baseline", *short.alternatives)}


def test_a_province_has_the_people_and_beds_that_are_counted(province: Scenario) -> None:
    counted = PROVINCES[province.name]
    facilities = province.care.facilities
    owners = {facility.ownership for facility in facilities.values()}
    assert province.people.total == counted.people
    assert len(province.people.districts) == counted.districts
    assert {owner: beds_of(province, ownership=owner) for owner in owners} == counted.beds
    elsewhere = sum(
        total(f) for name, f in facilities.items() if f.open_at_start and name.startswith(ELSEWHERE)
    )
    assert counted.beds["public"] - elsewhere == counted.hospitals


def test_icu_beds_and_ventilators_of_a_province_are_its_shares_of_the_country(province: Scenario) -> None:
    counted = PROVINCES[province.name]
    permanent = [f for f in province.care.facilities.values() if f.open_at_start]
    assert sum(beds(f, "icu") for f in permanent) == counted.icu
    assert sum(f.ventilators or 0 for f in permanent) == counted.ventilators
    assert counted.ventilators == round(4_000 * counted.people / 96_209_000)  # census total of 2019


def test_a_province_has_the_public_staff_of_2016_times_a_quarter_more(province: Scenario) -> None:
    counted = PROVINCES[province.name]
    doctors, ward, icu = staff_of(province, ownership="public")
    assert doctors == round(1.25 * counted.doctors)
    assert ward + icu == round(1.25 * counted.nurses)
    for name, facility in province.care.facilities.items():
        assert facility.staff is not None, name
        assert facility.mobilisation_plan is not None, name


def test_all_provinces_meet_the_same_variant(province: Scenario, kien_giang: Scenario) -> None:
    ours, theirs = province.epidemic, kien_giang.epidemic
    assert ours is not None
    assert theirs is not None
    local = {"initial_infections": {}, "importation": Importation(), "vaccination": None}
    local = {name: value for name, value in local.items() if name in type(ours).model_fields}
    both = [
        each.model_copy(update={**local, "detection": each.detection.model_copy(update={"tests": None})})
        for each in (ours, theirs)
    ]
    assert both[0] == both[1]
    assert province.study.uncertainty == kien_giang.study.uncertainty != {}
    assert province.clinical.severity == kien_giang.clinical.severity
    assert (province.start, province.days) == (kien_giang.start, kien_giang.days)
    first = sum(ours.initial_infections.values()), sum(theirs.initial_infections.values())
    per_million = [
        n / people * 1e6 for n, people in zip(first, (province.people.total, 1_723_067), strict=True)
    ]
    assert per_million[0] == pytest.approx(per_million[1], rel=0.06)


def test_a_province_says_where_the_beds_of_each_facility_come_from(province: Scenario) -> None:
    rows = {path for path in province.sources if path.endswith(".beds")}
    assert rows == {f"care.facilities.{name}.beds" for name in province.care.facilities}
    assert province.sources["people.districts.*.population"].confidence == "official"
    assert province.sources["care.facilities.*.icu_target"].confidence == "official"
    assert province.sources["command.thresholds.*"].confidence == "official"


def test_a_province_breaches_and_each_of_its_plans_changes_something(
    province: Scenario, province_records: dict[str, Record]
) -> None:
    baseline = province_records["baseline"]
    criteria = list(province.command.thresholds)[:5]
    never = {
        name for name, ever in zip(criteria, baseline.breached[:, :5].any(axis=0), strict=True) if not ever
    }
    assert never == (
        {"vacant-beds"} if province.name == "lai-chau" else set()
    )  # basic beds stay vacant there
    assert baseline.outcomes["situation_days"] > 0
    for name, record in province_records.items():
        if name != "baseline":
            assert record.outcomes != baseline.outcomes or (record.breached != baseline.breached).any(), name
    assert province_records["no-surge"].outcomes["deaths"] > baseline.outcomes["deaths"]
    assert (
        province_records["full-plan"].outcomes["deaths_untreated"]
        < 0.9 * (baseline.outcomes["deaths_untreated"])
    )


# Kiên Giang 2021


@pytest.fixture(scope="module")
def wave_2021() -> tuple[Scenario, list[Record]]:
    scenario = shipped(FOLDER / "kien-giang-2021.yaml")
    return scenario, [run_once(scenario, 1, replication) for replication in range(3)]


def weekly(record: Record, column: str) -> np.ndarray:
    return record.series(column).reshape(-1, 7).sum(axis=1)


def test_the_wave_of_2021_has_the_order_of_what_was_recorded(
    wave_2021: tuple[Scenario, list[Record]],
) -> None:
    """NCSC to 22 January 2022: 32,413 cases, 741 deaths, at most 3,092 cases a week (179 per 100,000)."""
    scenario, records = wave_2021
    cases = np.mean([weekly(record, "reported_cases") for record in records], axis=0)
    deaths = np.mean([weekly(record, "deaths") for record in records], axis=0)
    assert cases.sum() == pytest.approx(32_413, rel=0.35)
    assert deaths.sum() == pytest.approx(741, rel=0.35)
    assert cases.max() == pytest.approx(3_092, rel=0.35)
    assert (
        15 <= np.argmax(cases) <= 20
    )  # weeks of 25 October to 29 November; recorded plateau 1 to 29 November
    assert 700 < cases[8:10].mean() < 1_500  # September: 1,058
    assert cases[11:14].mean() < 0.35 * cases[16:21].mean()  # the lull of October: 608 against 2,643
    assert all(days_breached(record, scenario, "weekly-cases") == 0 for record in records)
    assert np.argmax(deaths) >= np.argmax(cases)


def test_the_sites_of_2021_open_on_their_dates(wave_2021: tuple[Scenario, list[Record]]) -> None:
    scenario, records = wave_2021
    for record in records:
        opened = {event.rule: event.day for event in record.actions if event.what == "phase 1"}
        dates = {rule: scenario.start + timedelta(days=day) for rule, day in opened.items()}
        assert dates["centre-2021"] == date(2021, 9, 12)
        assert dates["district-sites-2021"] == date(2021, 9, 6)
        assert dates["field-hospital-2021"] == date(2021, 7, 12)


def test_the_vaccine_of_2021_comes_at_the_pace_of_the_country(
    wave_2021: tuple[Scenario, list[Record]],
) -> None:
    """70.8 million people with two doses on 17 January 2022, of whom 1.79 % in Kiên Giang by population."""
    _, records = wave_2021
    for record in records:
        assert record.outcomes["doses_given"] == pytest.approx(70.8e6 * 0.0179, rel=0.1)


# The country


def test_the_country_is_made_by_the_rules_it_states() -> None:
    country = shipped(FOLDER / "teaching" / "national.yaml")

    def whole(value: float) -> int:
        return math.floor(value + 0.5)

    assert len(country.people.districts) == 63
    assert country.people.total == pytest.approx(98e6, rel=0.01)
    for k, (name, area) in enumerate(country.people.districts.items(), start=1):
        people = whole(1_555_000 * (0.6 + 0.8 * (0.618034 * k % 1)))
        assert (name, area.population) == (f"area-{k:02d}", people)
        assert area.travel_hours == 0.25 * (k - 1)
        hospital = country.care.facilities[f"hospital-{k:02d}"]
        site = country.care.facilities[f"site-{k:02d}"]
        assert hospital.staff is not None
        assert total(hospital) == whole(2.6 * people / 1_000)
        assert beds(hospital, "icu") == whole(0.0238 * total(hospital))
        assert hospital.icu_target == 2 * beds(hospital, "icu")
        assert hospital.staff.doctors == whole(3.3 * people / 1e4)
        assert hospital.staff.ward_nurses + hospital.staff.icu_nurses == whole(4.5 * people / 1e4)
        assert hospital.ventilators == whole(4.1 * people / 1e5)
        assert not site.open_at_start
        assert (beds(site, "basic"), beds(site, "oxygen")) == (
            whole(0.5 * people / 1_000),
            whole(0.1 * people / 1_000),
        )


def test_the_country_runs_for_a_month() -> None:
    country = overlaid(shipped(FOLDER / "teaching" / "national.yaml"), {"days": 30})
    record = run_once(country, 1, 0)
    assert record.outcomes["infections"] > 450
    assert len(record.districts[0]) == 63


# Teaching scenarios


def test_a_third_of_the_beds_is_private(private_third: Scenario) -> None:
    assert 3 * beds_of(private_third, ownership="private") == beds_of(private_third)


def test_mobilising_the_private_third_moves_the_breach(private_third: Scenario) -> None:
    mobilised = private_third.alternative("private-mobilised")
    pairs = [(run_once(private_third, 1, k), run_once(mobilised, 1, k)) for k in range(5)]
    before = [days_breached(a, private_third, "without-bed") for a, _ in pairs]
    after = [days_breached(b, private_third, "without-bed") for _, b in pairs]
    first = [[first_day(record, private_third, "without-bed") for record in pair] for pair in pairs]
    assert np.mean(after) < np.mean(before) / 2
    assert np.median(np.diff(first)) >= 3
    assert all(b.outcomes["deaths_untreated"] < a.outcomes["deaths_untreated"] for a, b in pairs)


# Beds without nurses


@pytest.fixture(scope="module")
def nurses() -> dict[str, list[Record]]:
    scenario = shipped(FOLDER / "teaching" / "beds-without-nurses.yaml")
    plans = {"baseline": scenario} | {name: scenario.alternative(name) for name in scenario.alternatives}
    return {name: [run_once(plan, 1, k) for k in range(3)] for name, plan in plans.items()}


def test_beds_are_bound_by_nurses(nurses: dict[str, list[Record]]) -> None:
    for record in nurses["baseline"]:
        short = record.series("without_bed") > 0
        assert short.sum() > 20
        for bed in ("oxygen", "icu"):
            bound = {what: record.series(f"{bed}_bound_by_{what}")[short].mean() for what in BINDS[bed]}
            assert max(bound, key=bound.__getitem__) == "nurses"


def test_beds_without_nurses_change_nothing(nurses: dict[str, list[Record]]) -> None:
    opened = [record.series("open_oxygen").max() for record in nurses["more-beds"]]
    before = [record.series("open_oxygen").max() for record in nurses["baseline"]]
    assert np.subtract(opened, before).tolist() == [100, 100, 100]
    for more, same in zip(nurses["more-beds"], nurses["baseline"], strict=True):
        assert more.outcomes == same.outcomes
        assert (more.series("staffed_oxygen") == same.series("staffed_oxygen")).all()
        assert (more.series("staffed_icu") == same.series("staffed_icu")).all()


@pytest.mark.parametrize("plan", ["more-nurses", "beds-with-nurses"])
def test_nurses_change_much(nurses: dict[str, list[Record]], plan: str) -> None:
    for more, same in zip(nurses[plan], nurses["baseline"], strict=True):
        assert more.outcomes["deaths_untreated"] < 0.8 * same.outcomes["deaths_untreated"]
        assert more.outcomes["icu_bed_days"] > 1.3 * same.outcomes["icu_bed_days"]


def test_the_oxygen_of_one_facility_limits_it_until_more_comes(nurses: dict[str, list[Record]]) -> None:
    scenario = shipped(FOLDER / "teaching" / "beds-without-nurses.yaml")
    centre = list(scenario.care.facilities).index("hills-centre")
    limited = {}
    for plan in ("baseline", "more-oxygen"):
        binding = np.array([r.facilities[:, :, FACILITY_INDEX["binding_oxygen"]] for r in nurses[plan]])
        days = (binding == CONSTRAINTS.index("oxygen_stock")).sum(axis=1)
        assert not np.delete(days, centre, axis=1).any()
        limited[plan] = days[:, centre]
    assert (limited["baseline"] > 10).all()
    assert (limited["more-oxygen"] < 0.7 * limited["baseline"]).all()
    for more, same in zip(nurses["more-oxygen"], nurses["baseline"], strict=True):
        assert more.series("oxygen_withheld_kg").sum() < 0.5 * same.series("oxygen_withheld_kg").sum()


# Profiles

POPULATION_2020 = (
    7892.471, 7586.101, 7098.174, 6500.869, 6820.203, 8569.293, 8437.027, 7763.897, 7033.826, 6539.136,
    5868.357, 5241.611, 4330.954, 3011.733, 1651.958, 1126.514, 1866.459,
)  # fmt: skip
"""Viet Nam 2020 by five-year groups to 80+, thousands (UN WPP 2019)."""

SQUIRE = {
    "hospital": (0.00084, 0.00118, 0.00166, 0.00234, 0.00329, 0.00463, 0.0065, 0.00915, 0.01287, 0.01809,
                 0.02545, 0.03579, 0.05033, 0.07078, 0.09954, 0.13999, 0.23347),
    "critical": (0.181, 0.181, 0.181, 0.137, 0.122, 0.123, 0.136, 0.161, 0.197, 0.242, 0.289, 0.327, 0.337,
                 0.309, 0.244, 0.16, 0.057),
    "death on the ward": (0.013, 0.014, 0.016, 0.016, 0.018, 0.02, 0.023, 0.026, 0.03, 0.036, 0.042, 0.05,
                          0.056, 0.06, 0.123, 0.184, 0.341),
    "death in ICU": (0.227, 0.252, 0.281, 0.413, 0.518, 0.573, 0.576, 0.543, 0.494, 0.447, 0.417, 0.411,
                     0.443, 0.539, 0.57, 0.643, 0.993),
}  # fmt: skip
"""The five-year tables of squire 0.7.1."""


def in_ten_years(five: np.ndarray) -> np.ndarray:
    return np.append(five[:16].reshape(8, 2).sum(axis=1), five[16])


def test_ten_year_severity_keeps_the_patients_and_deaths_of_the_five_year_table(kien_giang: Scenario) -> None:
    severity = kien_giang.clinical.severity
    people = np.array(POPULATION_2020)
    ill = people * SQUIRE["hospital"]
    critical = ill * SQUIRE["critical"]
    ward_deaths = (ill - critical) * SQUIRE["death on the ward"]
    icu_deaths = critical * SQUIRE["death in ICU"]

    in_ten = in_ten_years(people)
    ill_ten = in_ten * severity.p_oxygen
    critical_ten = ill_ten * severity.p_icu
    assert ill_ten == pytest.approx(in_ten_years(ill), rel=0.01)
    assert critical_ten == pytest.approx(in_ten_years(critical), rel=0.01)
    ward_deaths_ten = (ill_ten - critical_ten) * severity.death_oxygen.full
    assert ward_deaths_ten == pytest.approx(in_ten_years(ward_deaths), rel=0.01)
    assert critical_ten * severity.death_icu.full == pytest.approx(in_ten_years(icu_deaths), rel=0.01)


def test_thin_care_raises_the_odds_of_death_by_three_tenths(kien_giang: Scenario) -> None:
    for death in (kien_giang.clinical.severity.death_oxygen, kien_giang.clinical.severity.death_icu):
        full, thin = np.array(death.full), np.array(death.thin)
        assert thin == pytest.approx(1.3 * full / (1 + 0.3 * full), abs=0.001)


def test_age_shares_are_those_of_2020(kien_giang: Scenario) -> None:
    people = in_ten_years(np.array(POPULATION_2020))
    assert np.array(kien_giang.people.ages) == pytest.approx(people / people.sum(), abs=1e-5)
    assert sum(kien_giang.people.ages) == pytest.approx(1, abs=1e-9)


def test_contacts_add_up_to_the_published_mean(kien_giang: Scenario) -> None:
    contacts = kien_giang.people.contacts
    tables = np.array([contacts.home, contacts.school, contacts.work, contacts.community])
    people = in_ten_years(np.array(POPULATION_2020))
    people = np.append(people[:7], people[7:].sum())
    mean = (people * tables.sum(axis=(0, 2))).sum() / people.sum()
    assert mean == pytest.approx(14.6, abs=0.05)
    assert tables[0][0][0] == 0.7797  # home, 0-9 meets 0-9


@pytest.mark.parametrize("name", profile_tables.names())
def test_a_profile_says_where_each_figure_comes_from(name: str) -> None:
    profile = profile_tables.read(name)
    assert set(profile.title) == {"vi", "en"}
    assert profile.sources
    for source in profile.sources.values():
        assert source["source"]
        assert source["confidence"] in ("official", "published", "counted", "assumed")
