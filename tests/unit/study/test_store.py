"""Result folders: written whole or not at all, read back equal, recovered after a crash."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from study_cases import DAYS, made_up_record, made_up_simulation, shown, small_scenario

from surgesim.errors import ResultsError
from surgesim.model import simulation
from surgesim.model.record import DISTRICT, PROVINCE, Record
from surgesim.report.document import report
from surgesim.report.screen.screen import summary
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.results import Output
from surgesim.study.run import run
from surgesim.study.store.contents import MANIFEST, RUN
from surgesim.study.store.csv_files import ten_digits
from surgesim.study.store.folder import Folder, hashes
from surgesim.study.store.run_folder import read
from surgesim.study.tables.collect import items_of
from surgesim.study.tables.columns import COMPARISON, LATER_TABLES, PARQUET_TABLES, TABLES


@pytest.fixture(autouse=True)
def _made_up_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


@pytest.mark.slow
def test_read_gives_what_was_written(tmp_path: Path) -> None:
    written = run(small_scenario(), out=tmp_path / "small", workers=1)
    stored = read(tmp_path / "small")
    assert stored.scenario == written.scenario
    assert stored.manifest == written.manifest
    assert stored.folder == written.folder == tmp_path / "small"
    assert stored.alternatives == ("baseline", "nothing", "more-icu")
    for table in TABLES:
        pd.testing.assert_frame_equal(
            getattr(stored, table.name), getattr(written, table.name), rtol=1e-9, obj=table.name
        )


@pytest.mark.slow
def test_a_result_of_before_the_tables_of_beds_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    written = run(small_scenario(), out=folder, workers=1)
    for table in PARQUET_TABLES:
        pd.testing.assert_frame_equal(getattr(read(folder), table.name), getattr(written, table.name))
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    for table in LATER_TABLES:
        (name,) = (name for name in manifest["files"] if name.startswith(f"{table.name}."))
        del manifest["files"][name]
        (folder / name).unlink()
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    before = read(folder)
    assert before.facility_beds.columns.tolist() == written.facility_beds.columns.tolist()
    assert [len(getattr(before, table.name)) for table in LATER_TABLES] == [0, 0, 0, 0, 0]
    assert "fill" not in shown(summary(before, "en"))
    assert 'id="table-facility_beds"' in report(written, "en")
    assert 'id="table-facility_beds"' not in report(before, "en")


@pytest.mark.slow
def test_districts_named_like_missing_values_stay_names(tmp_path: Path) -> None:
    run(small_scenario(), out=tmp_path / "small", workers=1)
    assert set(read(tmp_path / "small").daily_districts["area"]) == {"na", "null"}


@pytest.mark.slow
def test_csv_numbers_have_ten_digits_and_no_clock_time(tmp_path: Path) -> None:
    run(small_scenario(), out=tmp_path / "small", workers=1)
    text = (tmp_path / "small" / "daily.csv").read_text(encoding="utf-8")
    cells = text.splitlines()[1].split(",")
    assert cells[:4] == ["baseline", "infections", "0", "2024-01-30"]
    assert max(len(cell.replace(".", "").lstrip("0")) for cell in cells[4:]) == 10


@pytest.mark.slow
def test_csv_quotes_only_what_must_be_quoted(tmp_path: Path) -> None:
    run(small_scenario(), out=tmp_path / "small", workers=1)
    assert '"' not in (tmp_path / "small" / "breaches.csv").read_text(encoding="utf-8")
    line = (tmp_path / "small" / "facilities.csv").read_text(encoding="utf-8").splitlines()[2]
    assert line.startswith('"baseline","field","Dã chiến ""số 1"", khu A","military","null",')


def test_ten_digits_are_those_of_printing() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate(
        [
            rng.standard_normal(2000) * 10.0 ** rng.integers(-30, 20, 2000),
            [0.0, 1000.0, 999.9999999999, 1 / 3, 1e-300, 1e300, np.inf, -np.inf, np.nan],
        ]
    )
    np.testing.assert_array_equal(ten_digits(values), [float(f"{value:.10g}") for value in values])


@pytest.mark.slow
def test_consumables_and_burdens_are_in_the_daily_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supply = {"consumables": {"masks": {"title": "Masks", "unit": "pieces", "use": {}, "stock": 9}}}
    bodies = {"supply": {"burdens": {"bodies": {"title": "Bodies", "unit": "bodies", "made": {}}}}}
    scenario = small_scenario(supply=supply, alternatives={"bodies": bodies})

    def simulate(scenario: Scenario, seed: int, replication: int, path: object) -> Record:
        record = made_up_record(scenario, replication)
        columns = len(items_of(scenario))
        return replace(record, logistics=np.add.outer(np.arange(DAYS), np.arange(columns)) / 2)

    monkeypatch.setattr(simulation, "run_once", simulate)
    results = run(scenario, out=tmp_path / "small", workers=1, replications=2)
    daily = results.daily
    made = daily[daily["indicator"] == "burden_backlog:bodies"]
    assert set(made["alternative"]) == {"bodies"}
    assert list(made["p50"]) == [(day + 5) / 2 for day in range(DAYS)]
    wide = pq.read_table(tmp_path / "small" / "daily.parquet").to_pandas()
    here = wide[(wide["area"] == "province") & (wide["replication"] == 0)].set_index("alternative")
    assert list(here.loc["baseline", "stock_used:masks"]) == [(day + 1) / 2 for day in range(DAYS)]
    assert here.loc["baseline", "burden_made:bodies"].isna().all()
    assert wide.loc[wide["area"] == "na", "stock:masks"].isna().all()


@pytest.mark.slow
def test_manifest_lists_every_other_file(tmp_path: Path) -> None:
    manifest = run(small_scenario(), out=tmp_path / "small", workers=1).manifest
    files = {path.name for path in (tmp_path / "small").iterdir()} - {MANIFEST}
    assert set(manifest["files"]) == files
    assert manifest["files"] == hashes(tmp_path / "small")
    assert manifest["files"]["scenario.yaml"] == manifest["scenario_sha256"]
    assert (manifest["seed"], manifest["replications"], manifest["days"]) == (7, 4, DAYS)
    assert manifest["identities_checked"] == {"beds": 3 * 4 * DAYS, "patients": 3 * 4 * DAYS}
    assert {"surgesim", "python", "numpy", "scipy", "simpy", "pandas"} <= set(manifest["versions"])


@pytest.mark.slow
def test_parquet_has_a_row_group_per_replication(tmp_path: Path) -> None:
    run(small_scenario(), out=tmp_path / "small", workers=1, replications=2)
    file = pq.ParquetFile(tmp_path / "small" / "daily.parquet")
    assert file.num_row_groups == 2
    group = file.read_row_group(1).to_pandas()
    assert set(group["replication"]) == {1}
    assert list(group["alternative"].unique()) == ["baseline", "nothing", "more-icu"]
    group = group[group["alternative"] == "more-icu"]
    record = made_up_simulation(small_scenario().alternative("more-icu"), 7, 1)
    province = group[group["area"] == "province"].set_index("day")
    assert (province[[c.name for c in PROVINCE]].to_numpy() == record.province).all()
    for d, name in enumerate(("na", "null")):
        rows = group[group["area"] == name]
        assert (rows[[c.name for c in DISTRICT]].to_numpy() == record.districts[:, d]).all()
        assert rows["occupied_icu"].isna().all()


@pytest.mark.slow
def test_run_that_fails_leaves_the_earlier_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(small_scenario(), out=tmp_path / "small", workers=1)
    before = hashes(tmp_path / "small")

    def fails(scenario: object, seed: int, replication: int, path: object) -> Record:
        if replication == 2:
            raise KeyboardInterrupt
        return made_up_simulation(small_scenario(), seed, replication)

    monkeypatch.setattr(simulation, "run_once", fails)
    with pytest.raises(KeyboardInterrupt):
        run(small_scenario(), seed=8, out=tmp_path / "small", workers=1)
    assert hashes(tmp_path / "small") == before
    assert hidden(tmp_path) == []


@pytest.mark.slow
def test_finished_run_replaces_the_earlier_result(tmp_path: Path) -> None:
    run(small_scenario(), out=tmp_path / "small", workers=1, only=["nothing"])
    run(small_scenario(), out=tmp_path / "small", workers=1, seed=8)
    assert read(tmp_path / "small").manifest["seed"] == 8
    assert hidden(tmp_path) == []


class Killed(BaseException):
    """Stands for kill -9: nothing may be tidied up after it."""


def _killed_between_renames(tmp_path: Path) -> None:
    """Leave `tmp_path`/small as a kill between the two renames would."""
    renamed = []
    rename = Path.rename

    def dies_at_the_second(self: Path, target: Path) -> Path:
        if renamed:
            raise Killed
        renamed.append(target)
        return rename(self, target)

    run(small_scenario(), out=tmp_path / "small", workers=1, seed=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "rename", dies_at_the_second)
        patch.setattr(shutil, "rmtree", lambda *args, **kwargs: None)
        with pytest.raises(Killed):
            run(small_scenario(), out=tmp_path / "small", workers=1, seed=2)
    assert not (tmp_path / "small").exists()
    assert len(hidden(tmp_path)) == 2


@pytest.mark.slow
def test_crash_between_the_renames_is_recovered_by_reading(tmp_path: Path) -> None:
    _killed_between_renames(tmp_path)
    assert read(tmp_path / "small").manifest["seed"] == 2  # the new one was whole
    assert hidden(tmp_path) == []


@pytest.mark.slow
def test_crash_between_the_renames_is_recovered_by_running(tmp_path: Path) -> None:
    _killed_between_renames(tmp_path)
    run(small_scenario(), out=tmp_path / "small", workers=1, seed=3)
    assert read(tmp_path / "small").manifest["seed"] == 3
    assert hidden(tmp_path) == []


@pytest.mark.slow
def test_old_result_comes_back_where_the_new_one_is_gone(tmp_path: Path) -> None:
    run(small_scenario(), out=tmp_path / "small", workers=1, seed=1)
    (tmp_path / "small").rename(tmp_path / ".small.old-00000000")
    assert read(tmp_path / "small").manifest["seed"] == 1
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("age_seconds", [90_000, 0, -90_000])
def test_leftovers_of_killed_runs_go_whatever_the_clock_says(tmp_path: Path, age_seconds: int) -> None:
    left = tmp_path / ".small.part-aaaaaaaa"
    left.mkdir()
    (left / "daily.parquet").write_text("half")
    for path in (left, left / "daily.parquet"):
        os.utime(path, (time.time() - age_seconds,) * 2)
    with Folder(tmp_path / "small", RUN) as folder:
        assert not left.exists()
        assert folder.path.is_dir()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_file_put_beside_a_result_keeps_it_from_being_replaced(tmp_path: Path) -> None:
    run(small_scenario(), out=tmp_path / "small", workers=1)
    (tmp_path / "small" / "notes.txt").write_text("precious")
    with pytest.raises(ResultsError, match=r"contains 'notes\.txt'"):
        run(small_scenario(), out=tmp_path / "small", workers=1)
    assert (tmp_path / "small" / "notes.txt").read_text() == "precious"


def test_figures_of_someone_else_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    with pytest.raises(ResultsError, match="contains 'figures', which is not part of a result"):
        run(small_scenario(), out=tmp_path, workers=1)


@pytest.mark.slow
def test_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    assert run(small_scenario(), out=tmp_path / "small", workers=1).folder == tmp_path / "small"
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("reason", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_disk_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    def refuses(self: Path, *args: object, **kwargs: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(Path, "mkdir", refuses)
    with pytest.raises(ResultsError) as caught:
        run(small_scenario(), out=tmp_path / "small", workers=1)
    assert str(caught.value) == f"{tmp_path / 'small'}: cannot be written: {os.strerror(reason)}"


@pytest.mark.slow
def test_disk_that_fills_up_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ResultsError, match="cannot be written: No space left on device"):
        run(small_scenario(), out=tmp_path / "small", workers=1)
    assert list(tmp_path.iterdir()) == []


def test_folder_of_something_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("precious")
    with pytest.raises(ResultsError, match=r"contains 'thesis\.docx', which is not part of a result"):
        run(small_scenario(), out=tmp_path, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "small").write_text("a file")
    with pytest.raises(ResultsError, match="got a file, expected a folder or an unused path"):
        run(small_scenario(), out=tmp_path / "small", workers=1)


def _without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _cut(name: str) -> Callable[[Path], object]:
    """Only the first half of the rows, so that what is left could be read."""

    def cut(folder: Path) -> None:
        lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / name).write_text("".join(lines[: len(lines) // 2]), encoding="utf-8", newline="\n")

    return cut


def _relisted(damage: Callable[[Path], object]) -> Callable[[Path], object]:
    """The same with the hashes of the manifest to match."""

    def relisted(folder: Path) -> None:
        damage(folder)
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        text = json.dumps({**manifest, "files": hashes(folder)})
        (folder / MANIFEST).write_text(text, encoding="utf-8")

    return relisted


def _with(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


DAILY_HEADER = "alternative,indicator,day,date,mean,p5,p25,p50,p75,p95"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (shutil.rmtree, "got no manifest.json, expected a folder written by `surgesim run`"),
        (_without(MANIFEST), "got no manifest.json"),
        (_with(MANIFEST, "{"), "manifest.json: damaged"),
        (_with(MANIFEST, "[]"), "manifest.json: damaged, it lacks alternatives, days"),
        (_with(MANIFEST, "5"), "manifest.json: damaged, it lacks alternatives, days"),
        (_without("breaches.csv"), r"breaches\.csv: missing, although it was part of this result"),
        (_cut("daily.csv"), r"daily\.csv: has changed since this result was written"),
        (_with("breaches.csv", ""), r"breaches\.csv: has changed since"),
        (_with("scenario.yaml", "days: -1\n"), r"scenario\.yaml: has changed since"),
        (_relisted(_with("breaches.csv", "")), "breaches.csv: damaged"),
        (
            _relisted(_with("breaches.csv", "alternative,area\nbaseline,province\n")),
            "lacks the columns bound",
        ),
        (
            _relisted(_with("daily.csv", f"{DAILY_HEADER}\nbaseline,deaths,one,2024-01-30,1,1,1,1,1,1\n")),
            "daily.csv: damaged",
        ),
        (_relisted(_with("scenario.yaml", "days: -1\n")), r"the scenario\.yaml in it cannot be used"),
        (_relisted(_without("reached.csv")), r"reached\.csv is not in its manifest\.json: repeat the run"),
    ],
)
def test_damaged_folder_says_what_is_wrong(
    tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    run(small_scenario(), out=tmp_path / "small", workers=1)
    damage(tmp_path / "small")
    with pytest.raises(ResultsError, match=message):
        read(tmp_path / "small")


@pytest.mark.slow
def test_columns_that_an_earlier_version_did_not_write_are_empty(tmp_path: Path) -> None:
    run(small_scenario(), out=tmp_path / "small", workers=1)
    written = read(tmp_path / "small").comparison
    assert len(written)

    def cut(folder: Path) -> None:
        path = folder / "comparison.csv"
        pd.read_csv(path).drop(columns=list(COMPARISON.later)).to_csv(path, index=False)

    _relisted(cut)(tmp_path / "small")
    found = read(tmp_path / "small").comparison
    assert found[list(COMPARISON.later)].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        found.drop(columns=list(COMPARISON.later)), written.drop(columns=list(COMPARISON.later))
    )


@pytest.mark.slow
def test_what_is_added_or_drawn_anew_later_is_no_damage(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    run(small_scenario(), out=folder, workers=1)
    (folder / "report.html").write_text("later")
    (folder / "figures").mkdir()
    (folder / "figures" / "need.svg").write_text("later")
    assert len(read(folder).daily)


@pytest.mark.slow
def test_manifest_is_readable_json_with_vietnamese_kept(tmp_path: Path) -> None:
    run(
        small_scenario(), out=Output(tmp_path / "small", {"command": "surgesim run Rạch-Giá.yaml"}), workers=1
    )
    text = (tmp_path / "small" / MANIFEST).read_text(encoding="utf-8")
    assert "Rạch-Giá" in text
    assert json.loads(text)["command"] == "surgesim run Rạch-Giá.yaml"
