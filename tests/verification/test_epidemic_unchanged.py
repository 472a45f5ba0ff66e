"""A scenario without the newer sections of the epidemic gives the numbers it gave before they were there."""

from __future__ import annotations

import pytest
from strategies import build, clinical, district, facility, people, severity, small, variant

from surgesim.model.record import Record
from surgesim.model.simulation import run_once
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow


def province() -> Scenario:
    """Two districts and an island, imports, old immunity that wanes, a measure by date and one by rule."""
    places = {
        "town": district(60_000),
        "hills": district(25_000, travel_hours=1.5),
        "isle": district(9_000, travel_hours=3.0, island=True),
    }
    plan = {
        "lock": {
            "action": "measure",
            "measure": "distancing",
            "when": {"indicator": "weekly_reported_cases_per_100k", "above": 300},
            "until": {"below": 100},
        }
    }
    return build(
        small(
            150,
            warm_up_days=5,
            people=people(districts=places, high_risk=0.2, outside_share=0.2),
            epidemic={
                "variant": variant(4.0, severity=1.5, vaccine_escape=0.2, infection_escape=0.3),
                "immunity": {
                    "immune_share": 0.3,
                    "waned_share": 0.6,
                    "waned": {"infection": 0.3, "severe": 0.5},
                    "waning_days": 120.0,
                },
                "initial_infections": {"town": 40, "isle": 5},
                "importation": {"per_day": 4.0, "screening": 0.25, "weights": {"town": 3, "isle": 1}},
                "measures": {
                    "masks": {"reduces": {"community": 0.3}, "compliance": 0.5, "start": "2024-01-10"},
                    "distancing": {"reduces": {"work": 0.6, "school": 0.9}, "districts": ["town", "hills"]},
                },
                "detection": {"share": 0.3, "delay_days": {"gamma": {"mean": 3.0, "sd": 2.0}}},
            },
            clinical=clinical(severity=severity(p_oxygen=0.03, high_risk_ratio=3.0), isolated_share=0.2),
            care={"facilities": {"alpha": facility(oxygen=60, icu=10, basic=100)}},
            command={"plan": plan},
        )
    )


def numbers(run: Record) -> dict[str, float]:
    """Whole numbers that a change of any draw would move: sums over days, each day with a weight."""
    columns = ("infections", "imported", "infectious", "susceptible", "reported_cases", "present", "deaths")
    return {
        name: sum((day + 1) * value for day, value in enumerate(run.series(name).tolist()))
        for name in columns
    }


BEFORE: dict[int, dict[str, float]] = {
    0: {
        "infections": 3512841.0,
        "imported": 30969.0,
        "infectious": 15355201.0,
        "susceptible": 506671202.0,
        "reported_cases": 1211951.0,
        "present": 1007379.0,
        "deaths": 68903.0,
    },
    1: {
        "infections": 3392732.0,
        "imported": 33270.0,
        "infectious": 14848827.0,
        "susceptible": 509850615.0,
        "reported_cases": 1166306.0,
        "present": 918663.0,
        "deaths": 65020.0,
    },
}


def test_results_are_what_they_were() -> None:
    for replication, expected in BEFORE.items():
        assert numbers(run_once(province(), 7, replication)) == expected
