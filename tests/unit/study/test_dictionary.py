"""The data dictionary and the files of a result say the same, both ways."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from study_cases import made_up_simulation, small_scenario

from surgesim.extension.files import Extension, Extensions
from surgesim.model import simulation
from surgesim.scenario.schema.base import AGE_GROUPS
from surgesim.scenario.schema.indicators import BY_DISTRICT
from surgesim.study.dictionary import data_dictionary
from surgesim.study.results import Output
from surgesim.study.run import run
from surgesim.study.sweep.sweep import sweep

PAGE = Path(__file__).parents[3] / "docs" / "data-dictionary.md"
PROVINCE, ITEMS, DISTRICTS = (
    f"Daily indicators of {what}" for what in ("the province", "consumables and burdens", "the districts")
)
ASSESSED, ASSESSED_DISTRICTS = "Daily assessed indicators", "Daily assessed indicators of the districts"
FACILITIES, EVENTS = "Daily indicators of the facilities", "Events"
KINDS = (PROVINCE, ITEMS, ASSESSED, DISTRICTS, ASSESSED_DISTRICTS)

GROUPS = ("all", *(f"age:{age}" for age in AGE_GROUPS), "district:na", "district:null")

COMMAND = {
    "thresholds": {
        "icu": {"indicator": "staffed_icu_beds_per_100k", "below": 4},
        "cases": {"indicator": "weekly_reported_cases_per_100k", "above": 450, "by": "district"},
    },
    "levels": {
        "transmission": {
            name.replace("_", "-"): {"indicator": name, "at_least": [1]}
            for name in BY_DISTRICT
            if name != "epidemic_level"
        }
    },
    "reach": {"reference_deaths_per_million": 100.0},
    "plan": {
        "open-field": {
            "action": "open_facility",
            "facilities": ["field"],
            "when": {"indicator": "in_time_7d_share", "group": "80+", "below": 0.9},
            "until": {"indicator": "deaths_per_million", "group": "80+", "above": 9},
        }
    },
}
"""All that puts columns of its own into the files."""


OWN = Extensions(
    (
        Extension(
            "mine.py",
            b"from surgesim.extension import indicator, outcome\n"
            b"@outcome(unit='days', meaning='days')\n"
            b"def own(one): return len(one.province)\n"
            b"@indicator(unit='days', meaning='days so far')\n"
            b"def so_far(province): return province.day",
        ),
    )
)
"""An extension with the outcome `own` and the indicator `so_far`."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    notes = {
        "command": "surgesim run small.yaml",
        "figures": {"lang": "vi", "format": "svg"},
        "forecast": {"weeks": 4},
    }
    use = {"use": {"icu_bed": 1}}
    made = {"made": {"icu_bed": 1}}
    supply = {
        "consumables": {"masks": {"title": "Masks", "unit": "pieces", **use}},
        "burdens": {"waste": {"title": "Waste", "unit": "kg", **made}},
        "costs": {"icu_bed_day": 1.0, "paid_by": {}},
    }
    run(
        small_scenario(supply=supply, command=COMMAND, alternatives={}),
        replications=[0, 1],
        extensions=OWN,
        out=Output(tmp_path / "small", notes, lambda results, draft: (draft / "figures").mkdir()),
        series=["icu_need"],
        facility_series=["occupied_icu", "state"],
        workers=1,
    )
    return tmp_path / "small"


def sections() -> dict[str, list[tuple[str, str, str]]]:
    """(name, unit, meaning) of every row of every section of the page."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for section in re.split(r"^##+ ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, *lines = section.splitlines()
        rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
        found[title] = [(row[0].strip("`"), *row[1:]) for row in rows]  # type: ignore[misc]
    return found


def columns(section: str) -> list[str]:
    items = {
        "<consumable>": "masks",
        "<burden>": "waste",
        "<age or risk group>": "80+",
        "<indicator of an extension>": "so_far",
    }
    names = [name for name, _, _ in sections()[section]]
    for placeholder, item in items.items():
        names = [name.replace(placeholder, item) for name in names]
    return names


def test_page_is_what_the_code_says() -> None:
    """To write it anew: print(surgesim.study.dictionary.data_dictionary(), end="")."""
    same = PAGE.read_text(encoding="utf-8") == data_dictionary()
    assert same, "docs/data-dictionary.md is not what the code says: run python docs/generate.py"


def test_every_file_has_its_section_and_every_section_its_file(folder: Path) -> None:
    files = {path.name + ("/" if path.is_dir() else "") for path in folder.iterdir()}
    of_runs = {name for name in sections() if not name.startswith(("Sweep: ", "Replication: "))}
    assert of_runs - {*KINDS, FACILITIES, EVENTS, "sensitivity/sensitivity.csv"} == files


def test_every_column_is_documented_and_every_documented_column_exists(folder: Path) -> None:
    fillings = {"<outcome of an extension>": ("own",), "<threshold>": ("icu", "cases"), "<group>": GROUPS}
    paths = sorted(folder.glob("*.csv"))
    assert "replications.csv" in {path.name for path in paths}
    for path in paths:
        documented = [
            name.partition("<")[0] + filling
            for name in columns(path.name)
            for filling in next((fill for mark, fill in fillings.items() if mark in name), ("",))
            if "<path>" not in name  # nothing is uncertain here
        ]
        if path.name == "replications.csv":
            documented.append("first_day_situation")
        header = pd.read_csv(path, nrows=0).columns
        assert sorted(header) == sorted(documented), path.name


def test_manifest_and_parquet_too(folder: Path) -> None:
    assert sorted(json.loads((folder / "manifest.json").read_text())) == sorted(columns("manifest.json"))
    written = pq.ParquetFile(folder / "daily.parquet").schema_arrow.names
    documented = [*columns("daily.parquet"), *(name for kind in KINDS for name in columns(kind))]
    assert set(written) == set(documented)
    assert len(written) == len(set(written))
    assert pq.read_schema(folder / "facility_series.parquet").names == [
        *columns("facility_series.parquet")[:-1], "occupied_icu", "state",
    ]  # fmt: skip


def test_indicators_of_the_daily_tables_are_those_documented(folder: Path) -> None:
    daily = pd.read_csv(folder / "daily.csv")["indicator"].unique()
    assert list(daily) == [*columns(PROVINCE), *columns(ITEMS), *columns(ASSESSED)]
    by_district = list(pd.read_csv(folder / "daily_districts.csv")["indicator"].unique())
    meaning = next(row[2] for row in sections()["daily_districts.csv"] if row[0] == "indicator")
    named = re.findall("`(.*?)`", meaning)
    assert sorted(by_district) == sorted([*named, "weekly_reported_cases_per_100k"])
    assert set(by_district) <= {*columns(DISTRICTS), *columns(ASSESSED_DISTRICTS)}


def test_every_row_of_the_page_has_a_meaning() -> None:
    every = [(section, row) for section, rows in sections().items() for row in rows]
    assert "replications.csv" in {section for section, _ in every}
    assert [(section, row) for section, row in every if len(row) != 3 or not row[2]] == []


def test_a_sweep_is_documented_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    path = "care.facilities.general.beds.icu"
    found = sweep(
        small_scenario().overlaid({"study": {"precision": {"deaths": 0.5}, "most_replications": 50}}),
        alternatives=["more-icu"],
        points=[{path: 2}, {path: 4}],
        outcomes={"peak": lambda one: float(one.province["icu_need"].max())},
        series=["icu_need"],
        facility_series=["state"],
        extensions=OWN,
        workers=1,
        out=Output(tmp_path / "s", {"command": "c"}),
    )
    assert found.folder is not None
    files = {entry.name + ("/" if entry.is_dir() else "") for entry in found.folder.iterdir()}
    documented = {name.removeprefix("Sweep: ") for name in sections() if name.startswith("Sweep: ")}
    assert documented - {"sensitivity/sensitivity.csv"} == files
    assert sorted(found.manifest) == sorted(columns("Sweep: manifest.json"))
    for name in ("design", "runs", "breaches", "comparison", "precision", "failures"):
        names = columns(f"Sweep: {name}.csv")
        of_thresholds = [n.replace("<threshold>", t) for n in names if "<th" in n for t in ("icu", "cases")]
        expected = [n for n in names if "<" not in n] + of_thresholds
        expected += (
            [path] if name == "design" else ["first_day_situation", "own", "peak"] if name == "runs" else []
        )
        assert sorted(pd.read_csv(found.folder / f"{name}.csv", nrows=0).columns) == sorted(expected)
    for name, series in (("series", "icu_need"), ("facility_series", "state")):
        expected = ["scenario", "point", *columns(f"Sweep: {name}.parquet")[:-1], series]
        assert sorted(pq.read_schema(found.folder / f"{name}.parquet").names) == sorted(expected)
