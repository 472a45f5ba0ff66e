"""A tiny town and its data, for the tests of fits."""

from __future__ import annotations

from typing import Any

import pandas as pd

import surgesim
from surgesim.scenario.schema.scenario import Scenario

DAYS = 35
PRIORS = {"epidemic.variant.r0": (2.0, 4.5), "epidemic.detection.share": (0.2, 0.6)}


def tiny_town(**changes: Any) -> Scenario:
    """Build a town of 5,000 people with a hamlet and one hospital."""
    scenario = surgesim.load(
        {
            "name": "tiny",
            "title": "Tiny",
            "start": "2024-01-01",
            "days": 60,
            "people": {
                "districts": {
                    "town": {"title": "Town", "population": 4_000},
                    "hamlet": {"title": "Hamlet", "population": 1_000},
                },
                "ages": "vietnam-2020",
                "contacts": "vietnam-2021",
                "high_risk": "high-risk-assumed",
            },
            "epidemic": {
                "dt_days": 0.5,
                "variant": {"r0": 3.0, "latent_days": 3.0, "infectious_days": 4.0, "severity": 2.0},
                "initial_infections": {"town": 30},
                "detection": {"share": 0.4},
            },
            "clinical": {"profile": "squire-2022"},
            "care": {
                "facilities": {
                    "hospital": {
                        "title": "Hospital",
                        "district": "town",
                        "ownership": "public",
                        "beds": {"basic": 0, "oxygen": 60, "icu": 10},
                        "covid_share": 1,
                    }
                }
            },
        }
    )
    return scenario.overlaid(changes) if changes else scenario


def tiny_data(scenario: Scenario | None = None, days: int = DAYS) -> pd.DataFrame:
    """Return the first days of one run: cases, admissions and ICU patients of the province."""
    one = surgesim.simulate(scenario or tiny_town(), 7, 0).province.iloc[:days]
    return pd.DataFrame(
        {
            "date": one["date"],
            "reported_cases": one["reported_cases"],
            "admissions": one["admissions_oxygen"] + one["admissions_icu"],
            "icu": one["occupied_icu"],
        }
    )


def town_today(**changes: Any) -> Scenario:
    """Build the tiny town on day 35 of its run: its history, its census, and a plan with an alternative."""
    before = tiny_town()
    one = surgesim.simulate(before, 7, 0)
    known = tiny_data(before).drop(columns="date")
    last = one.facilities[one.facilities["day"] == DAYS - 1].iloc[0]
    beds = {bed: int(last[f"occupied_{bed}"]) for bed in ("oxygen", "icu")}
    plan = {
        "send-away": {
            "title": "Send ICU patients away",
            "action": "transfer_out",
            "neighbour": "city",
            "when": {"indicator": "icu_occupancy", "above": 0.5},
        }
    }
    return before.overlaid(
        {
            "start": "2024-02-05",
            "warm_up_days": DAYS,  # the infections at the start are those of the first day
            "history": {"first_day": "2024-01-01", "province": known.astype(float).to_dict("list")},
            "care": {"initial_census": {"hospital": beds}, "neighbours": {"city": CITY}},
            "command": {"plan": plan, "thresholds": THRESHOLDS},
            "alternatives": {"no-plan": {"title": "No plan", "command": {"plan": {"send-away": None}}}},
            **changes,
        }
    )


THRESHOLDS = {"icu-full": {"title": "ICU full", "indicator": "icu_occupancy", "above": 0.9}}
CITY = {"icu_beds": 20, "per_day": 3}
