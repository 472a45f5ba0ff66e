"""A forecast from end to end, at small size: its tables, what it refuses, and the command."""

from __future__ import annotations

import inspect
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fit_cases import PRIORS, tiny_data, tiny_town, town_today
from typer.testing import CliRunner, Result

import surgesim
from surgesim.cli import app, forecasts
from surgesim.errors import FitError, ResultsError
from surgesim.fitting.fit import Fit
from surgesim.fitting.forecast import Forecast, read_tables
from surgesim.fitting.hubverse import LEVELS
from surgesim.scenario.door import dump
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.reproduce import reproduce

SMALL: dict[str, Any] = {"members": 12, "rounds": 1, "replicates": 5, "priors": PRIORS, "defaults": False}
RUNS = 10


@pytest.fixture(scope="module")
def today() -> Scenario:
    """The town, with a measure that begins after the weeks of the forecasts."""
    later = {"title": "Later", "reduces": {"school": 1.0}, "start": "2024-03-25"}
    return town_today(epidemic={"measures": {"later": later}})


@pytest.fixture(scope="module")
def fit(today: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Fit:
    return surgesim.fit(today, **SMALL, workers=1, out=tmp_path_factory.mktemp("fits") / "tiny")


@pytest.fixture(scope="module")
def done(today: Scenario, fit: Fit, tmp_path_factory: pytest.TempPathFactory) -> Forecast:
    out = tmp_path_factory.mktemp("forecasts") / "tiny"
    return surgesim.forecast(today, 2, fit=fit, replications=RUNS, workers=1, out=out)


def test_it_runs_on_from_today_with_draws_of_the_fit(done: Forecast, today: Scenario, fit: Fit) -> None:
    scenario = done.results.scenario
    assert (scenario.start, scenario.days, scenario.warm_up_days) == (today.start, 14, fit.warm_up_days)
    assert scenario.study.draws is not None
    drawn = [list(row[: len(fit.draws.columns)]) for row in scenario.study.draws.rows]
    assert drawn == fit.draws.head(RUNS // 2).to_numpy().tolist()
    assert done.results.alternatives == ("baseline", "no-plan")
    assert len(done.results.replications) == 2 * RUNS


def test_quantiles_have_the_form_of_hubverse(done: Forecast, today: Scenario) -> None:
    table = done.quantiles
    assert list(table.columns) == [
        *("origin_date", "target", "horizon", "target_end_date", "location", "output_type"),
        *("output_type_id", "value"),
    ]
    assert set(table["output_type"]) == {"quantile"}
    assert set(table["origin_date"]) == {pd.Timestamp(today.start)}
    ends = table.groupby("horizon")["target_end_date"].unique()
    assert [list(end) for end in ends] == [[pd.Timestamp("2024-02-11")], [pd.Timestamp("2024-02-18")]]
    places = table.groupby("target")["location"].unique().map(set).to_dict()
    by_residence, by_facility = {"province", "town", "hamlet"}, {"province", "town"}
    assert places == {
        "reported_cases": by_residence,
        "deaths": by_residence,
        "admissions": {"province"},
        **dict.fromkeys(("in_hospital", "on_oxygen", "icu"), by_facility),
    }
    sizes = table.groupby(["target", "location", "horizon"])["output_type_id"].apply(list)
    assert all(levels == list(LEVELS) for levels in sizes)
    assert (table.groupby(["target", "location", "horizon"])["value"].diff().dropna() >= 0).all()


def hub(folder: Path, done: Forecast) -> Path:
    """Build a hub whose round asks for this forecast, with the forecast as the file of a model."""
    table = done.quantiles
    days = [name for name in table.columns if name.endswith("_date")]
    values = table.assign(**{name: table[name].dt.strftime("%Y-%m-%d") for name in days})
    task = {
        name: {"required": None, "optional": values[name].unique().tolist()}
        for name in ("origin_date", "target", "horizon", "target_end_date", "location")
    }
    levels = {"required": list(LEVELS)}
    kinds = {
        "quantile": {
            "output_type_id": levels,
            "is_required": True,
            "value": {"type": "double", "minimum": 0},
        }
    }
    round_ = {
        "round_id_from_variable": True,
        "round_id": "origin_date",
        "model_tasks": [{"task_ids": task, "output_type": kinds}],
    }
    (folder / "hub-config").mkdir(parents=True)
    for name, content in (("tasks", {"rounds": [round_]}), ("admin", {"file_format": ["csv"]})):
        (folder / "hub-config" / f"{name}.json").write_text(json.dumps(content))
    model = folder / "model-output" / "town-surgesim"
    model.mkdir(parents=True)
    assert done.folder is not None
    shutil.copy(done.folder / "forecast.csv", model / f"{values['origin_date'][0]}-town-surgesim.csv")
    return folder


def test_hubdata_reads_it(done: Forecast, tmp_path: Path) -> None:
    """Needs the package hubdata, which is no dependency; the test above checks the columns without it."""
    hubdata = pytest.importorskip("hubdata")
    found = hubdata.connect_hub(hub(tmp_path / "hub", done)).to_table().to_pandas()
    assert found.pop("model_id").unique().tolist() == ["town-surgesim"]
    days = [name for name in found.columns if name.endswith("_date")]
    found = found.assign(**{name: pd.to_datetime(found[name]).astype("datetime64[us]") for name in days})
    own = done.quantiles.assign(
        **{name: done.quantiles[name].astype("datetime64[us]") for name in days},
        horizon=done.quantiles["horizon"].astype("int32"),
    )
    pd.testing.assert_frame_equal(found, own, check_dtype=False)


def test_quantiles_are_those_of_the_runs(done: Forecast) -> None:
    daily = {
        name: done.results.series(name) for name in ("reported_cases", "occupied_icu", "occupied_oxygen")
    }
    of_plan = {name: each[each["alternative"] == "baseline"] for name, each in daily.items()}
    cases = of_plan["reported_cases"]
    week = cases[cases["day"].between(7, 13)].groupby("replication")["reported_cases"].sum()
    medians = done.quantiles[done.quantiles["output_type_id"] == 0.5]
    medians = medians.set_index(["target", "location", "horizon"])["value"]
    assert medians["reported_cases", "province", 2] == sorted(week)[RUNS // 2 - 1]
    icu, oxygen = (of_plan[f"occupied_{bed}"].query("day == 6") for bed in ("icu", "oxygen"))
    assert medians["icu", "province", 1] == sorted(icu["occupied_icu"])[RUNS // 2 - 1]
    both = icu["occupied_icu"].to_numpy() + oxygen["occupied_oxygen"].to_numpy()
    assert medians["on_oxygen", "town", 1] == sorted(both)[RUNS // 2 - 1]


def test_patients_and_beds_of_places_are_those_of_the_runs(done: Forecast) -> None:
    beds = done.beds
    daily = done.results.facility_series("occupied_oxygen").query("alternative == 'baseline'")
    patients = daily[daily["facility"] == "hospital"].groupby("day")["occupied_oxygen"]
    of_day = {day: sorted(of_runs)[RUNS // 2 - 1] for day, of_runs in patients}
    assert of_day[13] not in {of_day[6], of_day[7]}  # else the day could be another
    here = beds.query("kind == 'facility' and place == 'hospital' and horizon == 2 and output_type_id == 0.5")
    values = here.set_index("quantity")["value"]
    assert values["occupied_oxygen"] == of_day[13]
    used = done.results.series("oxygen_used_kg").query("alternative == 'baseline' and day < 7")
    of_week = used.groupby("replication")["oxygen_used_kg"].sum()
    of_province = beds[(beds["kind"] == "province") & (beds["output_type_id"] == 0.5)]
    medians = of_province.set_index(["quantity", "horizon"])["value"]
    assert medians["oxygen_used_kg", 1] == pytest.approx(sorted(of_week)[RUNS // 2 - 1])
    assert medians["icu_need", 1] >= medians["occupied_icu", 1] > 0
    assert set(of_province["quantity"]) - set(here["quantity"]) == {"oxygen_need", "icu_need"}


def test_the_pace_falls_in_a_town_past_its_peak(done: Forecast) -> None:
    pace = done.pace.set_index("quantity")
    assert list(pace.index) == ["reproduction_number", "growth_per_day"]
    assert 0 < pace.loc["reproduction_number", "p95"] < 1
    assert pace.loc["growth_per_day", "p95"] < 0


def test_it_is_stored_like_a_run(done: Forecast) -> None:
    assert done.folder is not None
    results = surgesim.read(done.folder)
    entry = results.manifest["forecast"]
    assert {name: entry[name] for name in ("weeks", "damping", "drift")} == {
        "weeks": 2,
        "damping": 0.3,
        "drift": 0.1,
    }
    assert entry["fit"] == {
        "days": 35,
        "series": ["reported_cases", "admissions", "icu"],
        "draws": 12,
        "unknowns": 2,
        "uninformed": 0,
        "cautions": [caution.plain for caution in done.fit.warnings],
    }
    assert entry["fit"]["cautions"][0] == {
        "kind": "few_members",
        "members": 12,
        "unknowns": 2,
        "least": 16,
    }
    stored = read_tables(done.folder)
    pd.testing.assert_frame_equal(stored.quantiles, done.quantiles)
    pd.testing.assert_frame_equal(stored.pace, done.pace)
    assert list(stored.oxygen.columns) == list(done.oxygen.columns)
    assert stored.beds["value"].tolist() == done.beds["value"].tolist()
    assert done.oxygen.empty  # the hospital's oxygen is unlimited
    assert reproduce(done.folder, workers=1).differences == ()


def test_it_may_stay_in_memory(done: Forecast, today: Scenario, fit: Fit) -> None:
    same = {"fit": fit, "replications": RUNS, "seed": today.study.seed}
    again = surgesim.forecast(today, 2, **same, workers=1, only=["baseline"])
    assert again.folder is None
    assert again.results.alternatives == ("baseline",)
    pd.testing.assert_frame_equal(again.quantiles, done.quantiles)


@pytest.mark.parametrize("weeks", [0, 9, 1.5, True])
def test_weeks_that_are_not_in_the_run(today: Scenario, fit: Fit, weeks: Any) -> None:
    with pytest.raises(FitError, match=r"^weeks: got .*, expected 1 to 8: the scenario has 60 days$"):
        surgesim.forecast(today, weeks, fit=fit)


def test_a_fit_of_another_scenario(today: Scenario, fit: Fit, tmp_path: Path) -> None:
    other = today.overlaid({"epidemic.dt_days": 0.25})
    with pytest.raises(
        FitError, match=r"^fit: got a fit of another scenario, or of this one before it changed"
    ):
        surgesim.forecast(other, fit=fit, out=tmp_path / "out")
    plain = tiny_town()
    of_data = surgesim.fit(plain, tiny_data(plain), **SMALL, workers=1)
    with pytest.raises(FitError, match=r"^history: got no history"):
        surgesim.forecast(plain, fit=of_data)
    with pytest.raises(ResultsError):
        surgesim.forecast(today, fit=tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


# -- the command ----------------------------------------------------------------------------------


def command(path: Path, *args: str) -> Result:
    small = ("--replications", str(RUNS), "--workers", "1", "--lang", "en")
    return CliRunner().invoke(app, ["forecast", str(path), *small, "--out", str(path.parent / "out"), *args])


@pytest.fixture
def file(today: Scenario, tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(dump(today), encoding="utf-8")
    return tmp_path / "tiny.yaml"


NEW_FIT = ("--weeks", "1", "--members", "10", "--rounds", "1", "--only", "baseline")


@pytest.mark.slow
def test_the_command_fits_and_writes_and_draws_the_figure(file: Path) -> None:
    result = command(file, *NEW_FIT)
    assert result.exit_code == 0, result.output
    assert "Tiny: forecast from 5 Feb 2024 to 11 Feb 2024, 10 runs" in result.stdout.replace("\xa0", " ")
    assert f"Results: {file.parent / 'out'}{os.sep}" in result.stdout
    assert {path.name for path in file.parent.iterdir()} == {"tiny.yaml", "out", "out-fit"}
    names = {path.name for path in (file.parent / "out").iterdir()}
    assert {"forecast.csv", "pace.csv", "breaches.csv", "manifest.json"} < names
    assert (file.parent / "out" / "figures" / "forecast.svg").is_file()
    again = CliRunner().invoke(app, ["reproduce", str(file.parent / "out"), "--workers", "1"])
    assert again.exit_code == 0, again.output


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--weeks", "0"), "--weeks: got 0, expected 1 to 8: the scenario has 60 days"),
        (("--weeks", "9"), "--weeks: got 9, expected 1 to 8: the scenario has 60 days"),
        (
            ("--set", "history.first_day=2024-01-29"),
            "history: got 7 days before the start, expected at least",
        ),
        (("--set", "history=null"), "history: got no history and no data"),
        (("--fit", "FIT", "--set", "epidemic.dt_days=0.25"), "--fit: got a fit of another scenario"),
        (("--fit", "none"), "none"),
        (("--damping", "2"), "--damping: got 2.0, expected a number from 0 to 1"),
        (("--drift", "x"), "--drift: got 'x', expected a number"),
        (("--only", "more"), "--only: got 'more', expected one of"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    file: Path, fit: Fit, args: tuple[str, ...], message: str
) -> None:
    result = command(file, *(str(fit.folder) if arg == "FIT" else arg for arg in args))
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert [path.name for path in file.parent.iterdir()] == ["tiny.yaml"]


def test_the_defaults_of_the_command_are_those_of_the_library() -> None:
    functions = (forecasts.forecast, surgesim.forecast)
    of_command, of_library = (inspect.signature(function).parameters for function in functions)
    names = ("weeks", "damping", "drift", "members", "rounds", "replications")
    assert [of_command[name].default for name in names] == [of_library[name].default for name in names]
