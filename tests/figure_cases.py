"""Invented results of a surge for the tests of figures: for a full province or a small one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from study_cases import made_up_record, small_scenario

from surgesim.model.outcomes import OUTCOMES
from surgesim.model.record import (
    DISTRICT_INDEX,
    FACILITY,
    PROVINCE,
    PROVINCE_INDEX,
    STATES,
    Record,
)
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.results import Results
from surgesim.study.tables.collect import Collection
from surgesim.study.tables.fill import fill

DAYS = 240

THRESHOLDS: dict[str, dict[str, Any]] = {
    "weekly-cases": {
        "title": {
            "vi": "Tỷ lệ ca mắc mới trong tuần trên địa bàn tỉnh, thành phố/100.000 dân > 450",
            "en": "Weekly reported cases per 100,000 > 450",
        },
        "indicator": "weekly_reported_cases_per_100k",
        "above": 450,
    },
    "oxygen-need": {
        "title": {
            "vi": "Tỷ lệ ca bệnh phải thở ô xy trung bình trong 07 ngày qua/100.000 người > 32",
            "en": "Patients who need oxygen, 7-day mean per 100,000 > 32",
        },
        "indicator": "oxygen_need_7d_per_100k",
        "above": 32,
    },
    "without-bed": {"indicator": "patients_without_bed", "above": 0},
    "vacant-beds": {
        "title": {
            "vi": "Tỷ lệ giường bệnh dành cho người bệnh COVID-19 còn trống/100.000 dân < 10",
            "en": "Vacant COVID-19 beds per 100,000 < 10",
        },
        "indicator": "vacant_covid_beds_per_100k",
        "below": 10,
    },
    "staffed-icu": {
        "title": {
            "vi": "Tỷ lệ giường điều trị tích cực (ICU) có đủ nhân viên y tế phục vụ/100.000 dân < 4",
            "en": "Staffed ICU beds per 100,000 < 4",
        },
        "indicator": "staffed_icu_beds_per_100k",
        "below": 4,
    },
}

BASE_FACILITY = {
    "district": "na",
    "ownership": "public",
    "beds": {"oxygen": 100, "icu": 5},
    "covid_share": 1.0,
}


def surge_scenario(sites: int = 30, overlays: int = 10, **changes: Any) -> Scenario:
    """Build a province with `sites` temporary facilities and `overlays` alternatives."""
    temporary = {
        f"site-{i}": BASE_FACILITY
        | {
            "title": {
                "vi": f"Bệnh viện dã chiến số {i} (Trung tâm Văn hoá – Thể thao huyện Giồng Riềng)"
                if i % 3 == 0
                else f"Bệnh viện dã chiến số {i}",
                "en": f"Field hospital no. {i}",
            },
            "open_at_start": False,
        }
        for i in range(1, sites + 1)
    }
    permanent = {
        "general": BASE_FACILITY
        | {
            "title": {"vi": "Bệnh viện Đa khoa tỉnh", "en": "General hospital"},
            "staff": {"doctors": 60, "ward_nurses": 150, "icu_nurses": 40},
            "ventilators": 4,
            "oxygen": {"tank_kg": 9_000},
            "essential": {},
        }
    }
    plain = {
        "title": {"vi": "Kiên Giang trước biến chủng mới nguy hiểm", "en": "Kiên Giang meets a new variant"},
        "start": "2024-01-01",
        "days": DAYS,
        "arrivals": None,
        "epidemic": {"variant": {"r0": 3.0, "latent_days": 3.0, "infectious_days": 4.0}},
        "care": {"facilities": permanent | temporary},
        "command": {"thresholds": THRESHOLDS, "situation": {"require": 3}},
        "alternatives": {f"private-mobilised-early-{k}": {} for k in range(1, overlays + 1)},
    }
    return small_scenario(**(plain | changes))


def surge_results(scenario: Scenario | None = None, replications: int = 20) -> Results:
    """Build results of an invented surge around day 90, later and lower with each alternative."""
    scenario = scenario or surge_scenario()
    names = (BASELINE, *scenario.alternatives)
    collections = {}
    for k, name in enumerate(names):
        collections[name] = Collection(scenario, replications)
        for replication in range(replications):
            collections[name].add(surge_record(scenario, replication, k))
    return Results(
        scenario=scenario,
        manifest={"alternatives": list(names), "replications": replications, "seed": 1},
        **fill(scenario, collections),
    )


def surge_record(scenario: Scenario, replication: int, alternative: int) -> Record:
    """Build a replication: bell-shaped need, beds that open in three steps, sites that open in turn."""
    random = np.random.default_rng(replication)
    day = np.arange(scenario.days)
    peak, height = 90 + 8 * random.standard_normal(), 1 + 0.15 * random.standard_normal()
    height *= 1 - 0.04 * alternative
    wave = height * np.exp(-(((day - peak) / 25) ** 2) / 2)
    opened = (day > peak - 45).astype(float) + (day > peak - 30) + (day > peak - 15)
    oxygen, icu = 1400 * wave, 320 * np.exp(-(((day - peak - 10) / 25) ** 2) / 2) * height
    beds_oxygen, beds_icu = 400 + 200 * opened, 60 + 45 * opened
    columns = {
        "infections": 8000 * wave,
        "reported_cases": 1600 * wave,
        "oxygen_need": oxygen,
        "icu_need": icu,
        "staffed_oxygen": beds_oxygen,
        "staffed_icu": beds_icu,
        "waiting_oxygen": np.maximum(oxygen - beds_oxygen, 0),
        "waiting_icu": 0.2 * np.maximum(icu - beds_icu, 0),
        "boarding": 0.8 * np.maximum(icu - beds_icu, 0),
        "weekly_reported_cases_per_100k": 900 * wave,
        "oxygen_need_7d_per_100k": 80 * wave,
        "patients_without_bed": np.maximum(oxygen - beds_oxygen, 0).round(),
        "vacant_icu": np.maximum(beds_icu - icu, 0),
        "vacant_covid_beds_per_100k": np.maximum(beds_oxygen - oxygen, 0) / 17,
        "staffed_icu_beds_per_100k": 3.5 + opened,
        "oxygen_bound_by_space": 1 - 0.3 * wave,
        "oxygen_bound_by_pipes": 0.2 * wave,
        "oxygen_bound_by_oxygen_stock": 0.1 * wave,
        "icu_bound_by_space": np.maximum(0.9 - wave, 0),
        "icu_bound_by_doctors": 0.1 + 0 * day,
        "icu_bound_by_nurses": np.minimum(0.9, wave) * 2 / 3,
        "icu_bound_by_equipment": np.minimum(0.9, wave) / 3,
        "staff_absent_share": 0.02 + 0.1 * wave,
        "oxygen_used_kg": 30_000 * wave,
        "oxygen_unmet_kg": 4_000 * np.maximum(wave - 0.8, 0),
        "oxygen_stock_kg": 90_000 * (1.3 - wave),
        "oxygen_cover_days": 3 / np.maximum(wave, 0.01),
        "facilities_out_of_oxygen": (4 * np.maximum(wave - 0.8, 0)).round(),
        "emergency_arrivals": 270 + 10 * random.standard_normal(scenario.days),
        "emergency_unserved": 40 * wave,
        "elective_backlog": np.cumsum(50 * wave),
        "admissions_oxygen": 90 * wave,
        "entries_icu": 20 * wave,
        "deaths_unavoidable": 4 * wave,
        "deaths_untreated": 2 * wave * (1 - 0.04 * alternative),
    }
    province = np.zeros((scenario.days, len(PROVINCE)))
    for name, values in columns.items():
        province[:, PROVINCE_INDEX[name]] = values
    thresholds = scenario.command.thresholds
    values = np.array([columns.get(threshold.indicator, 5 + 0 * day) for threshold in thresholds.values()])
    values = values.reshape(len(thresholds), scenario.days).T
    breached = np.array(
        [[t.is_breached(v) for t, v in zip(thresholds.values(), row, strict=True)] for row in values],
        dtype=bool,
    ).reshape(values.shape)
    province[:, PROVINCE_INDEX["situation"]] = breached.sum(axis=1) >= 3
    districts = np.zeros((scenario.days, len(scenario.people.districts), len(DISTRICT_INDEX)))
    districts[:, :, DISTRICT_INDEX["reported_cases"]] = 100 * wave[:, None]
    districts[:, 0, DISTRICT_INDEX["deaths"]] = 3 * wave
    facilities = len(scenario.care.facilities)
    record = made_up_record(
        scenario,
        replication,
        breached=breached,
        values=values,
        at_start=tuple(t.indicator == "staffed_icu_beds_per_100k" for t in thresholds.values()),
        outcomes={outcome.name: 500 * height for outcome in OUTCOMES},
    )
    return replace(
        record,
        province=province,
        districts=districts,
        facilities=np.ones((scenario.days, facilities, len(FACILITY))),
        states=site_states(day, facilities, peak),
    )


def site_states(day: np.ndarray[Any, Any], facilities: int, peak: float) -> np.ndarray[Any, Any]:
    """Return the facilities' states: the first is always open, the others open and stand down in turn."""
    states = np.zeros((len(day), facilities), dtype=np.int8)
    states[:, 0] = STATES.index("open")
    for i in range(1, facilities):
        begins = peak - 60 + 4 * ((7 * i) % facilities)
        for state, after in (("preparing", 0), ("open", 14), ("standing-down", 90), ("closed", 104)):
            states[day >= begins + after, i] = STATES.index(state)
    if facilities > 2:
        states[:, -1] = STATES.index("closed")
    return states
