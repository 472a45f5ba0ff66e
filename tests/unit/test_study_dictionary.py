"""The data dictionary and the files of a result say the same, both ways."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from study_cases import made_up_simulation, small_scenario

from surgesim.model import simulation
from surgesim.study.dictionary import data_dictionary
from surgesim.study.run import run

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"
PROVINCE, ITEMS, DISTRICTS = (
    f"Daily indicators of {what}" for what in ("the province", "consumables and burdens", "the districts")
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(simulation, "simulate", made_up_simulation)
    notes = {"command": "surgesim run small.yaml", "figures": {"lang": "vi", "format": "svg"}}
    use = {"use": {"icu_bed": 1}}
    made = {"made": {"icu_bed": 1}}
    supply = {
        "consumables": {"masks": {"title": "Masks", "unit": "pieces", **use}},
        "burdens": {"waste": {"title": "Waste", "unit": "kg", **made}},
    }
    run(
        small_scenario(supply=supply),
        out=tmp_path / "small",
        workers=1,
        notes=notes,
        extras=lambda results, draft: (draft / "figures").mkdir(),
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
    items = {"<consumable>": "masks", "<burden>": "waste"}
    names = [name for name, _, _ in sections()[section]]
    for placeholder, item in items.items():
        names = [name.replace(placeholder, item) for name in names]
    return names


def test_page_is_what_the_code_says() -> None:
    """To write it anew: print(surgesim.study.dictionary.data_dictionary(), end="")."""
    assert PAGE.read_text(encoding="utf-8") == data_dictionary()


def test_every_file_has_its_section_and_every_section_its_file(folder: Path) -> None:
    files = {path.name + ("/" if path.is_dir() else "") for path in folder.iterdir()}
    assert set(sections()) - {PROVINCE, ITEMS, DISTRICTS} == files


def test_every_column_is_documented_and_every_documented_column_exists(folder: Path) -> None:
    thresholds = ("icu", "cases")
    for path in sorted(folder.glob("*.csv")):
        documented = [
            name.replace("<threshold>", threshold)
            for name in columns(path.name)
            for threshold in (thresholds if "<threshold>" in name else ("",))
            if "<path>" not in name  # nothing is uncertain here
        ]
        if path.name == "replications.csv":
            documented.append("first_day_situation")
        header = pd.read_csv(path, nrows=0).columns
        assert sorted(header) == sorted(documented), path.name


def test_manifest_and_parquet_too(folder: Path) -> None:
    assert sorted(json.loads((folder / "manifest.json").read_text())) == sorted(columns("manifest.json"))
    written = pq.ParquetFile(folder / "daily.parquet").schema_arrow.names
    documented = [*columns("daily.parquet"), *columns(PROVINCE), *columns(ITEMS), *columns(DISTRICTS)]
    assert set(written) == set(documented)
    assert len(written) == len(set(written))


def test_indicators_of_the_daily_tables_are_those_documented(folder: Path) -> None:
    daily = pd.read_csv(folder / "daily.csv")["indicator"].unique()
    assert list(daily) == [*columns(PROVINCE), *columns(ITEMS)]
    by_district = list(pd.read_csv(folder / "daily_districts.csv")["indicator"].unique())
    meaning = next(row[2] for row in sections()["daily_districts.csv"] if row[0] == "indicator")
    assert by_district == re.findall("`(.*?)`", meaning)
    assert set(by_district) <= set(columns(DISTRICTS))


def test_every_row_of_the_page_has_a_meaning() -> None:
    for section, rows in sections().items():
        for row in rows:
            assert len(row) == 3, (section, row)
            assert row[2], (section, row)
