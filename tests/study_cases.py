"""A small scenario and invented records for the tests of `study`."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import Any

import numpy as np
from rich.console import Console

from surgesim.model.outcomes import OUTCOMES
from surgesim.model.record import (
    FACILITY,
    FACILITY_INDEX,
    PROVINCE,
    PROVINCE_INDEX,
    ActionEvent,
    Record,
    assessed_columns,
    district_columns,
)
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.tables.collect import items_of

DAYS = 12


def small_scenario(**changes: Any) -> Scenario:
    """Build a scenario with two each of districts (one is `na`), facilities, thresholds, alternatives."""
    days = {"fixed": 3}
    death = {"full": 0.1, "thin": 0.1, "boarded": 0.2, "untreated": 0.5}
    matrix = [[1.0] * 9] * 9
    clock = {"death_days": days, "recovery_days": days}
    plain: dict[str, Any] = {
        "name": "small",
        "title": {"vi": "Tỉnh nhỏ", "en": "Small province"},
        "start": "2024-01-30",
        "days": DAYS,
        "people": {
            "districts": {
                "na": {"title": "Nà", "population": 60_000},
                "null": {"title": "Rạch Giá", "population": 40_000},
            },
            "ages": [0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
            "contacts": dict.fromkeys(("home", "school", "work", "community"), matrix),
        },
        "arrivals": {"series": {"all": {"bed": "oxygen", "counts": [2] * DAYS}}, "counts_are": "exact"},
        "clinical": {
            "severity": {"p_oxygen": 0.1, "p_icu": 0.2, "death_oxygen": death, "death_icu": death},
            "stays": dict.fromkeys(
                (
                    "onset_to_oxygen_days",
                    "oxygen_to_icu_days",
                    "oxygen_days",
                    "icu_survivor_days",
                    "icu_dying_days",
                    "step_down_days",
                ),
                days,
            ),
            "clocks": {"oxygen": clock, "icu": clock},
        },
        "care": {
            "facilities": {
                "general": {
                    "title": {"vi": "Bệnh viện Đa khoa", "en": "General hospital"},
                    "district": "na",
                    "ownership": "public",
                    "beds": {"oxygen": 10, "icu": 2},
                    "covid_share": 1.0,
                },
                "field": {
                    "title": 'Dã chiến "số 1", khu A',
                    "district": "null",
                    "ownership": "military",
                    "beds": {"oxygen": 20},
                    "open_at_start": False,
                },
            }
        },
        "command": {
            "thresholds": {
                "icu": {"indicator": "vacant_covid_beds_per_100k", "below": 4, "beds": ["icu"]},
                "cases": {"indicator": "oxygen_need_7d_per_100k", "above": 450},
            },
        },
        "study": {"replications": 4, "seed": 7},
        "alternatives": {
            "nothing": {},
            "more-icu": {"care": {"facilities": {"general": {"beds": {"icu": 6}}}}},
        },
    }
    return Scenario.model_validate_json(_json({**plain, **changes}))


def _json(plain: Mapping[str, Any]) -> str:
    import json

    return json.dumps(plain)


def made_up_record(
    scenario: Scenario,
    replication: int = 0,
    *,
    breached: np.ndarray[Any, Any] | None = None,
    values: np.ndarray[Any, Any] | None = None,
    situation: np.ndarray[Any, Any] | None = None,
    at_start: tuple[bool, ...] | None = None,
    outcomes: Mapping[str, float] | None = None,
) -> Record:
    """Build a record of the right shape; values that are not given are zero."""
    days, facilities = scenario.days, len(scenario.care.facilities)
    thresholds = len(scenario.command.thresholds)
    province = np.zeros((days, len(PROVINCE)))
    if situation is not None:
        province[:, PROVINCE_INDEX["situation"]] = situation
    return Record(
        replication=replication,
        province=province,
        districts=np.zeros((days, len(scenario.people.districts), len(district_columns(scenario.command)))),
        facilities=np.zeros((days, facilities, len(FACILITY))),
        states=np.zeros((days, facilities), dtype=np.int8),
        logistics=np.zeros((days, len(items_of(scenario)))),
        breached=np.zeros((days, thresholds), dtype=bool) if breached is None else breached,
        values=np.zeros((days, thresholds)) if values is None else values,
        breached_at_start=np.array(at_start or (False,) * thresholds),
        **local(scenario),
        actions=(),
        outcomes={outcome.name: 0.0 for outcome in OUTCOMES} | dict(outcomes or {}),
        checks={"beds": days},
    )


def local(scenario: Scenario) -> dict[str, Any]:
    """Return a record's tables by district and group: 90 patients each, 30 of them in time, 10 dead."""
    districts, thresholds = len(scenario.people.districts), len(scenario.command.in_districts)
    shape = (scenario.days, thresholds, districts)
    return {
        "assessed": np.zeros(
            (scenario.days, len(assessed_columns(scenario.command, scenario.own_indicators)))
        ),
        "breached_by_district": np.zeros(shape, dtype=bool),
        "values_by_district": np.zeros(shape),
        "breached_at_start_by_district": np.zeros(shape[1:], dtype=bool),
        "reached": np.broadcast_to(np.array([90, 30, 10, 500])[:, None, None, None], (4, districts, 9, 2)),
    }


def made_up_simulation(scenario: Scenario, seed: int, replication: int, shared: object = None) -> Record:
    """Replace the model: draw random numbers from seed and replication; more ICU beds, fewer deaths."""
    random = np.random.default_rng([seed, replication])
    icu = scenario.care.facilities["general"].beds.icu
    assert isinstance(icu, int)
    days, facilities = scenario.days, len(scenario.care.facilities)
    province = random.integers(0, 100, (days, len(PROVINCE))) / 7
    province[:, PROVINCE_INDEX["situation"]] = random.integers(0, 2, days)
    in_facilities = random.integers(0, 9, (days, facilities, len(FACILITY))).astype(float)
    in_facilities[
        : replication + 2, 1, FACILITY_INDEX["staffed_basic"] : FACILITY_INDEX["staffed_icu"] + 1
    ] = 0
    values = random.random((days, 2)) * np.array([8 + icu, 600])
    bounds = np.array([-4, 450])
    return Record(
        replication=replication,
        province=province,
        districts=random.integers(
            0, 50, (days, len(scenario.people.districts), len(district_columns(scenario.command)))
        ).astype(float),
        facilities=in_facilities,
        states=random.integers(0, 4, (days, facilities)).astype(np.int8),
        logistics=np.ones((days, len(items_of(scenario)))),
        breached=values * np.array([-1, 1]) > bounds,
        values=values,
        breached_at_start=np.array([icu < 4, False]),
        **local(scenario),
        actions=(ActionEvent(2.5, "open-field", "fired"), ActionEvent(4.0, "open-field", "phase 1")),
        outcomes={outcome.name: float(random.integers(10, 99)) + 3 / (1 + icu) for outcome in OUTCOMES},
        checks={"beds": days, "patients": days},
    )


def shown(renderable: Any, width: int = 140) -> str:
    """Return what the console prints, with plain spaces."""
    console = Console(file=StringIO(), width=width, highlight=False, markup=False, color_system=None)
    console.print(renderable)
    return console.file.getvalue().replace("\N{NO-BREAK SPACE}", " ")  # type: ignore[attr-defined, no-any-return]
