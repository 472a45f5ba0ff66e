"""The hospitals that fill first, on the screen."""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd
import pytest
from study_cases import made_up_simulation, small_scenario

from surgesim.report.prose.hospitals import MOST_LINES, first_full, overruns
from surgesim.report.tables.beds import facility_beds
from surgesim.report.tables.hospitals import hospitals
from surgesim.report.words import NBSP
from surgesim.study.results import Results
from surgesim.study.tables.collect import Collection
from surgesim.study.tables.fill import fill


@pytest.fixture(scope="module")
def case() -> Results:
    scenario = small_scenario()
    collection = Collection(scenario, 6)
    for k in range(6):
        collection.add(made_up_simulation(scenario, 7, k))
    return Results(
        scenario=scenario, manifest={"alternatives": ["baseline"]}, **fill(scenario, {"baseline": collection})
    )


def lines(case: Results, rows: list[dict[str, Any]], lang: str = "en") -> list[str]:
    """The lines about facilities with these values."""
    names = list(case.scenario.care.facilities)
    full = [
        {"alternative": "baseline", "facility": names[0], "bed": "icu", **row}
        | {key: pd.Timestamp(row[key]) for key in row if key.startswith("full_date")}
        for row in rows
    ]
    table = pd.DataFrame(full, columns=case.facility_beds.columns)
    return [
        line.replace(NBSP, " ") for line in first_full(dataclasses.replace(case, facility_beds=table), lang)
    ]


def row(share: float, *days: str | None, **changes: Any) -> dict[str, Any]:
    dates = dict(zip(("full_date_p5", "full_date_median", "full_date_p95"), days, strict=True))
    return {"full_probability": share, **dates, **changes}


def test_the_first_to_fill_comes_first_with_its_dates(case: Results) -> None:
    title = next(iter(case.scenario.care.facilities.values())).title.get("en")
    heading, *said = lines(
        case,
        [
            row(0.4, "2024-02-01", None, None),
            row(1.0, "2024-02-03", "2024-02-09", "2024-02-20"),
            row(0.9, "2024-02-02", "2024-02-05", None, bed="oxygen"),
            row(0.0, None, None, None),
            row(1.0, "2024-02-01", "2024-02-01", "2024-02-01", bed="basic"),
        ],
    )
    assert heading.startswith("The first hospitals to fill")
    assert said == [
        f"  {title}, oxygen beds: 5 Feb 2024 (2 Feb 2024 to not full by the end); full in 90% of runs",
        f"  {title}, ICU beds: 9 Feb 2024 (3 Feb 2024 to 20 Feb 2024); full in 100% of runs",
        f"  {title}, ICU beds: in fewer than half of the runs; full in 40% of runs",
    ]


def test_at_most_eight_lines_are_said(case: Results) -> None:
    rows = [row(1.0, *[f"2024-02-{k + 1:02}"] * 3) for k in range(9)]
    said = lines(case, rows)
    assert len(said) == MOST_LINES + 2 == 8
    assert said[-1] == "  3 more rows are in facility_beds.csv."


@pytest.mark.parametrize(
    ("lang", "none"), [("en", "No hospital has all"), ("vi", "Không cơ sở nào kín giường")]
)
def test_if_none_fills_that_is_said(case: Results, lang: str, none: str) -> None:
    enough = dataclasses.replace(case, facility_days=case.facility_days.assign(staffed=1e6))
    (said,) = lines(enough, [row(0.0, None, None, None)], lang)
    assert said.startswith(none)
    assert lines(case, [], lang) == []


@pytest.fixture
def dry(case: Results) -> Results:
    """The case, in which the ICU of the first hospital has no usable bed from day 5 for lack of oxygen."""
    name = next(iter(case.scenario.care.facilities))
    days = case.facility_days.assign(staffed=1e6)
    mine = (days["facility"] == name) & (days["bed"] == "icu") & (days["day"] >= 5)
    days.loc[mine, ["staffed", "occupied", "load"]] = [0.0, 3.0, float("nan")]
    bound = {f"icu_days_bound_by_{what}": 0.0 for what in ("nurses", "doctors", "equipment", "pipes")}
    return dataclasses.replace(
        case,
        facility_days=days,
        facilities=case.facilities.assign(**bound, icu_days_bound_by_oxygen_stock=7.0),
        facility_beds=case.facility_beds.assign(
            full_probability=0.0, full_date_median=pd.NaT, full_date_p5=pd.NaT, entries_mean=1.0
        ),
    )


def test_a_hospital_without_usable_beds_does_not_read_as_never_full(dry: Results) -> None:
    name = next(iter(dry.scenario.care.facilities))
    ((key, over),) = overruns(dry).items()
    assert (key, over.what, over.day) == ((name, "icu"), "oxygen_stock", 5)
    (said,) = first_full(dry, "en")
    assert "more patients than usable beds" in said
    assert said.replace(NBSP, " ").endswith("(ICU beds lack oxygen from 4 Feb).")
    beds, table = facility_beds(dry, "vi"), hospitals(dry, "en")
    assert beds is not None
    assert table is not None
    first = [str(cell.content) for cells in beds.rows for cell in cells]
    assert sum("(thiếu ô xy từ" in text for text in first) == 1
    full = [str(cells[5].content) for cells in table.rows]
    assert [text.replace(NBSP, " ") for text in full if "lacks" in text] == ["4 Feb 2024\n(lacks oxygen)"]


def test_beds_that_stand_down_lack_nothing(dry: Results) -> None:
    none = {column: 0.0 for column in dry.facilities if "_days_bound_by_" in column}
    assert overruns(dataclasses.replace(dry, facilities=dry.facilities.assign(**none))) == {}
