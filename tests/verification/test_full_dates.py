"""The dates on which hospitals are full, where they are known: exact arrivals, fixed stays, and patience."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from strategies import arrivals, build, clinical, clock, district, facility, people, severity, small, stays

import surgesim
from surgesim.study.measures.quantiles import quantile
from surgesim.study.results import Results

DAYS, STAY = 40, 6
WAVE = [round(12 * np.exp(-(((day - 18) / 8) ** 2))) for day in range(DAYS)]
PRESENT = np.convolve(WAVE, np.ones(STAY, int))[:DAYS]
"""Patients at 24:00 of each day if everybody gets a bed at once: the arrivals of the last STAY days."""


def wave(facilities: dict[str, Any], bed: str = "oxygen", **changes: Any) -> Results:
    """Run a wave of patients who need one bed type, stay for STAY days and wait for as long as it takes."""
    fixed = {"fixed": float(STAY)}
    scenario = build(
        small(
            DAYS,
            arrivals=arrivals("exact", **{bed: WAVE}),
            clinical=clinical(
                severity=severity(p_icu=0.0),
                stays=stays(oxygen_days=fixed, icu_survivor_days=fixed, icu_dying_days=fixed),
                clocks={need: clock("never", "never") for need in ("oxygen", "icu")},
                boarding=False,
                step_down=False,
            ),
            care={"facilities": facilities},
        )
        | changes
    )
    return surgesim.run(scenario, replications=3, workers=1)


def dates(results: Results, place: str = "alpha", bed: str = "oxygen") -> list[Any]:
    """The three full dates of a facility as days of the scenario."""
    table = results.facility_beds.set_index(["facility", "bed"])
    row = table.loc[(place, bed), ["full_date_p5", "full_date_median", "full_date_p95"]]
    return [None if pd.isna(day) else (day.date() - results.scenario.start).days for day in row]


@pytest.mark.parametrize("bed", ["oxygen", "icu"])
@pytest.mark.parametrize("beds", [1, 20, 45, 64])
def test_a_hospital_is_full_on_the_first_day_with_as_many_patients_as_beds(bed: str, beds: int) -> None:
    day = int(np.argmax(beds <= PRESENT))
    assert 0 < day < 22
    results = wave({"alpha": facility(**{bed: beds})}, bed)
    assert dates(results, bed=bed) == [day] * 3
    of_days = results.facility_days[results.facility_days["bed"] == bed]
    before = of_days["day"] < day
    assert of_days["full_by"].tolist() == (~before).astype(float).tolist()
    assert of_days.loc[before, "full"].eq(0).all()
    assert of_days.loc[before, "occupied"].tolist() == PRESENT[:day].tolist()
    assert of_days["occupied"].max() == beds


def test_a_hospital_with_a_bed_more_than_the_peak_is_never_full() -> None:
    most = int(PRESENT.max())
    assert dates(wave({"alpha": facility(oxygen=most)})) == [int(PRESENT.argmax())] * 3
    results = wave({"alpha": facility(oxygen=most + 1)})
    assert dates(results) == [None] * 3
    assert results.facility_beds["full_probability"].tolist() == [0]
    assert results.facility_beds["peak_load"].tolist() == pytest.approx([most / (most + 1)])


def test_unlimited_beds_are_never_full() -> None:
    results = wave({"alpha": facility(oxygen="unlimited")})
    assert dates(results) == [None] * 3
    assert results.facility_days["occupied"].tolist() == PRESENT.tolist()
    assert results.facility_days["load"].isna().all()


def test_held_beds_count() -> None:
    """A journey of a day: beds are held from the day of the need on."""
    far = facility(oxygen=20, access_hours=24.0)
    results = wave({"alpha": far})
    longer = np.convolve(WAVE, np.ones(STAY + 1, int))[:DAYS]
    assert dates(results) == [int(np.argmax(longer >= 20))] * 3
    (hours, most) = results.facility_beds[["wait_hours_mean", "wait_hours_p90"]].to_numpy()[0]
    assert hours >= 24
    assert most >= 24


def test_a_hospital_is_not_full_before_it_opens() -> None:
    """The tent opens on day 15, when more patients wait than it has beds: it is full at once."""
    tent = facility(oxygen=10, open_at_start=False)
    day = 15
    when = {"on": str(date(2024, 1, 1) + timedelta(day))}
    rule = {"action": "open_facility", "facilities": ["tent"], "when": when, "decision_days": 0.0}
    results = wave({"alpha": facility(oxygen=12), "tent": tent}, command={"plan": {"tent": rule}})
    first = int(np.argmax(PRESENT >= 12))
    assert first + 2 < day
    assert dates(results) == [first] * 3
    assert dates(results, "tent") == [day] * 3
    days = results.facility_days.query("facility == 'tent'")
    assert days.loc[days["day"] < day, "full"].eq(0).all()
    assert days.loc[days["day"] < day, "load"].isna().all()


def test_two_districts_fill_each_on_its_day_and_a_district_when_no_bed_in_it_is_free() -> None:
    towns = {"town": district(10_000), "isle": district(10_000)}
    series = {
        name: {"bed": "oxygen", "district": name, "counts": [number * count for count in WAVE]}
        for name, number in (("town", 2), ("isle", 1))
    }
    facilities = {
        "alpha": facility(oxygen=30, serves=["town"]),
        "beta": facility(oxygen=31, serves=["town"]),
        "gamma": facility(oxygen=25, district="isle", serves=["isle"]),
    }
    results = wave(
        facilities,
        people=people(districts=towns),
        arrivals={"series": series, "counts_are": "exact"},
    )
    both = int(np.argmax(2 * PRESENT >= 61))
    assert dates(results) == [int(np.argmax(2 * PRESENT >= 30))] * 3
    assert dates(results, "gamma") == [int(np.argmax(PRESENT >= 25))] * 3
    of_districts = results.district_beds.set_index("area")["full_date_median"]
    assert [(day.date() - results.scenario.start).days for day in of_districts[["town", "isle"]]] == [
        both,
        int(np.argmax(PRESENT >= 25)),
    ]
    load = results.district_days.query("area == 'town'")["load"].to_numpy()
    assert load[:both] == pytest.approx(2 * PRESENT[:both] / 61)


def test_waits_are_from_the_need_to_the_bed_and_everybody_enters_once() -> None:
    results = wave({"alpha": facility(oxygen=20)})
    waits: list[float] = []
    for k in range(3):
        events = surgesim.simulate(results.scenario, results.manifest["seed"], k, events=True).events
        needs, enters = (
            events[events["event"] == what].set_index("patient")["time"]
            for what in ("needs oxygen", "in oxygen bed")
        )
        waits += (24 * (enters - needs)).dropna().tolist()
    row = results.facility_beds.iloc[0]
    assert 3 * row["entries_mean"] == len(waits) > 250
    assert row["wait_hours_mean"] == pytest.approx(np.mean(waits))
    assert row["wait_hours_p90"] == quantile(np.ceil(waits), 0.9) > 24
