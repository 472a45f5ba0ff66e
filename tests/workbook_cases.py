"""Workbooks filled in as a planner would, for tests of the import."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from surgesim.scenario.schema.scenario import Scenario
from surgesim.workbook.sheets import SHEETS
from surgesim.workbook.template import write_template

Rows = Sequence[Mapping[str, Any]]
"""Cells of a sheet by the key of their column, row by row."""

TODAY = date(2021, 11, 29)


def small() -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a small province that can be imported."""
    return {
        "province": [{"name": "Tỉnh A", "today": TODAY}],
        "districts": [
            {"name": "Ô Môn", "population": 128677, "travel_hours": 0.7},
            {"name": "Cái Răng", "population": 105393},
        ],
        "facilities": [
            {
                "name": "Bệnh viện 1",
                "district": "Ô Môn",
                "ownership": "public",
                "kind": "hospital",
                "basic": 100,
                "oxygen": 60,
                "icu": 10,
                "open_share": 0.5,
                "convertible_share": 0.8,
                "ventilators": 12,
                "doctors": 40,
                "ward_nurses": 120,
                "icu_nurses": 40,
                "plant_nm3_per_hour": 100,
            },
            {
                "name": "Bệnh viện 2",
                "district": "Cái Răng",
                "ownership": "private",
                "oxygen": 40,
                "icu": 4,
                "cylinders": 60,
            },
        ],
        "census": [
            {"facility": "Bệnh viện 1", "bed": "oxygen", "patients": 18, "waiting": 2, "days_in_bed": 5.5},
            {"facility": "Bệnh viện 1", "bed": "icu", "patients": 3},
        ],
        "daily": [
            {"date": TODAY - timedelta(days=back), "reported_cases": 30 + back % 3, "deaths": back % 2}
            for back in range(14, 0, -1)
        ],
        "plan": [],
        "sources": [],
    }


def of_scenario(scenario: Scenario, days: int = 28) -> dict[str, list[dict[str, Any]]]:
    """Return what a planner would type of a scenario, with invented reports of the days before it."""
    titles = {key: facility.title.get("vi") for key, facility in scenario.care.facilities.items()}
    districts = {key: district.title.get("vi") for key, district in scenario.people.districts.items()}
    facilities = []
    for key, facility in scenario.care.facilities.items():
        beds = {bed: getattr(facility.beds, bed) for bed in ("basic", "oxygen", "icu")}
        facilities.append(
            {
                "name": titles[key],
                "district": districts[facility.district],
                "ownership": facility.ownership,
                "kind": facility.kind,
                **beds,
                "open_share": facility.covid_share.oxygen or facility.covid_share.icu,
                "convertible_share": facility.convertible_share.oxygen or None,
                "open_today": "yes" if facility.open_at_start else "no",
            }
        )
    census = [
        {"facility": titles[key], "bed": bed, "patients": getattr(each, bed)}
        for key, each in scenario.care.initial_census.items()
        for bed in ("oxygen", "icu")
        if getattr(each, bed)
    ]
    daily = []
    for back in range(days, 0, -1):
        cases = round(1100 * math.exp(-back / 40)) + 37 * (back % 7 == 1)
        daily.append(
            {
                "date": scenario.start - timedelta(days=back),
                "reported_cases": cases,
                "in_hospital": 300 + 2 * (days - back),
                "icu": 110 + (days - back) // 2,
                "deaths": 3 + back % 4,
            }
        )
    plan = [
        {
            "name": "Convert wards",
            "lever": "convert_beds",
            "indicator": "oxygen_occupancy",
            "above": 0.7,
            "for_days": 2,
            "lead_days": 2,
            "end_below": 0.3,
            "end_days": 14,
        },
        {
            "name": "Open field hospital",
            "lever": "open_facility",
            "facilities": titles["field-17"],
            "indicator": "oxygen_occupancy",
            "above": 0.85,
            "for_days": 2,
            "lead_days": 5,
            "end_below": 0.4,
            "end_days": 14,
        },
        {
            "name": "Distance",
            "lever": "measure",
            "indicator": "weekly_reported_cases_per_100k",
            "above": 300,
            "end_below": 100,
            "end_days": 14,
        },
    ]
    return {
        "province": [{"name": scenario.title.get("vi"), "today": scenario.start, "days": scenario.days}],
        "districts": [
            {"name": districts[key], "population": each.population, "travel_hours": each.travel_hours}
            for key, each in scenario.people.districts.items()
        ],
        "facilities": facilities,
        "census": census,
        "daily": daily,
        "plan": plan,
        "sources": [{"of": "facilities", "source": "invented", "confidence": "assumed"}],
    }


def fill(path: Path, rows: Mapping[str, Rows], lang: str = "en") -> Path:
    """Write the template to `path` and fill in rows, below its example rows."""
    write_template(path, lang)
    book = load_workbook(path)
    put(book, rows, lang)
    book.save(path)
    return path


def put(book: Workbook, rows: Mapping[str, Rows], lang: str = "en") -> None:
    """Put rows into an open workbook, from row 3 on."""
    for form in SHEETS:
        sheet = book[form.title.get(lang)]
        places = {column.key: place for place, column in enumerate(form.columns, start=1)}
        for number, row in enumerate(rows.get(form.key, ()), start=3):
            for key, value in row.items():
                sheet.cell(number, places[key], value)
