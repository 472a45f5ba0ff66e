"""Sweeps: the same tables whatever runs them and however often they stop; failures; what is refused."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loading_cases import with_values
from study_cases import made_up_record, made_up_simulation, small_scenario

from surgesim.errors import IdentityError, ResultsError, ScenarioError
from surgesim.model import simulation
from surgesim.model.record import Record
from surgesim.scenario.door import from_plain
from surgesim.scenario.schema.merging import deep_merge
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.reproduce import reproduce
from surgesim.study.run import run
from surgesim.study.store import parts, unfinished
from surgesim.study.store.contents import SWEEP
from surgesim.study.store.folder import hashes
from surgesim.study.store.run_folder import read
from surgesim.study.store.unfinished import Failure, Unfinished
from surgesim.study.sweep.cases import Cases
from surgesim.study.sweep.parts import RUN, Run
from surgesim.study.sweep.result import Sweep
from surgesim.study.sweep.sweep import sweep

ICU = "care.facilities.general.beds.icu"
SHARE = "clinical.isolated_share"
VARY = {ICU: "2:6:3", SHARE: "0,0.5"}


def stops_after(runs: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done == runs:
            raise KeyboardInterrupt

    return progress


def swept(out: Path, **changes: Any) -> Sweep:
    heard = {name: changes.pop(name) for name in ("progress", "tell") if name in changes}
    given: dict[str, Any] = {"replications": 3, "workers": Backend(1, **heard), "out": out, **changes}
    return sweep(given.pop("scenario", small_scenario()), given.pop("vary", VARY), **given)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)


@pytest.mark.slow
def test_runs_are_those_of_the_scenario_at_each_point(tmp_path: Path) -> None:
    found = swept(tmp_path / "out", alternatives=["more-icu"])
    assert len(found.design) == 6
    assert len(found.runs) == 6 * 3 * 2
    for point, values in enumerate(found.design[list(found.paths)].to_dict("records")):
        scenario = with_values(small_scenario(), {**values, ICU: int(values[ICU])})
        expected = run(scenario, only=["more-icu"], replications=3, workers=1)
        mine = found.runs[found.runs["point"] == point]
        for name in ("baseline", "more-icu"):
            rows = mine[mine["alternative"] == name].drop(columns=["scenario", "point"])
            others = expected.replications[expected.replications["alternative"] == name]
            pd.testing.assert_frame_equal(
                rows.reset_index(drop=True)[others.columns], others.reset_index(drop=True), rtol=1e-9
            )
        breaches = expected.breaches.set_index(["alternative", "threshold"])
        for row in found.breaches[found.breaches["point"] == point].to_dict("records"):
            same = breaches.loc[(row["alternative"], row["threshold"])]
            for column in ("probability", "probability_low", "probability_high", "days_breached_mean"):
                assert row[column] == pytest.approx(same[column], rel=1e-9)


@pytest.mark.slow
def test_tables_are_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    one, two = (swept(tmp_path / f"{n}", workers=n) for n in (1, 2))
    assert hashes(one.folder) == hashes(two.folder)
    assert list(tmp_path.glob("*.unfinished")) == []


def test_points_share_the_random_numbers_of_a_replication(quick: None, tmp_path: Path) -> None:
    runs = swept(tmp_path / "out", vary={SHARE: "0,0.5,1"}).runs
    first, *others = (
        group.drop(columns="point").reset_index(drop=True) for _, group in runs.groupby("point")
    )
    assert all(first.equals(other) for other in others)
    assert len(first.drop(columns="replication").drop_duplicates()) == 3


@pytest.mark.slow
@pytest.mark.parametrize("stops", [(1,), (5, 11), (17,)])
def test_a_stopped_sweep_goes_on_where_it_was(quick: None, tmp_path: Path, stops: tuple[int, ...]) -> None:
    whole = swept(tmp_path / "whole")
    for done in stops:
        with pytest.raises(KeyboardInterrupt):
            swept(tmp_path / "out", progress=stops_after(done), resume=True)
        assert not (tmp_path / "out").exists()
    told: list[tuple[int, int]] = []
    found = swept(tmp_path / "out", resume=True, progress=lambda *counts: told.append(counts))
    assert told[0] == (stops[-1], 18)
    assert told[-1] == (18, 18)
    assert hashes(found.folder) == hashes(whole.folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "whole"]


def test_an_unfinished_sweep_is_not_begun_anew_by_mistake(quick: None, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path / "out", progress=stops_after(4))
    with pytest.raises(ResultsError, match=r"an unfinished sweep with 4 of 18 runs: continue with --resume"):
        swept(tmp_path / "out")
    with pytest.raises(ResultsError, match="the sweep is unfinished: continue with"):
        Sweep(tmp_path / "out")


@pytest.mark.slow
def test_a_finished_sweep_is_only_read_when_resumed(quick: None, tmp_path: Path) -> None:
    first = swept(tmp_path / "out")
    before = (tmp_path / "out" / "manifest.json").read_text()
    again = swept(tmp_path / "out", resume=True)
    assert (tmp_path / "out" / "manifest.json").read_text() == before
    assert again.runs.equals(first.runs)
    swept(tmp_path / "out", resume=True, seed=3)
    assert (tmp_path / "out" / "manifest.json").read_text() != before


@pytest.mark.slow
def test_a_sweep_whose_tables_were_cut_is_refused(quick: None, tmp_path: Path) -> None:
    swept(tmp_path / "out")
    for name in ("runs", "design"):
        path = tmp_path / "out" / f"{name}.csv"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[:-1]), encoding="utf-8", newline="\n")
        with pytest.raises(ResultsError, match=rf"{name}\.csv: has changed since this"):
            getattr(Sweep(tmp_path / "out"), name)


def test_what_the_points_are_is_told_in_words_where_nothing_else_changed(quick: None, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path / "out", progress=stops_after(4))
    path = tmp_path / "out.unfinished" / "plan.json"
    plan = json.loads(path.read_text())
    plan["versions"] = plan["versions"] | {"numpy": "1.0"}
    path.write_text(json.dumps(plan))
    with pytest.raises(ResultsError, match=r"started: numpy was 1\.0, is [0-9.]+; undo the"):
        swept(tmp_path / "out", resume=True)
    plan["versions"]["numpy"] = np.__version__
    path.write_text(json.dumps(plan | {"design_sha256": "0" * 64}))
    message = r"values of the points of the design \(SHA-256 was 000000000000, is [0-9a-f]{12}\); undo the"
    with pytest.raises(ResultsError, match=message):
        swept(tmp_path / "out", resume=True)


@pytest.mark.slow
def test_resuming_nothing_is_told(quick: None, tmp_path: Path) -> None:
    told: list[str] = []
    swept(tmp_path / "out", tell=told.append)
    swept(tmp_path / "out", resume=True, tell=told.append)
    assert told == []  # the finished one is read
    beside = f"{tmp_path / 'out.unfinished'}: nothing to resume, so the sweep starts from the beginning"
    swept(tmp_path / "out", resume=True, seed=3, tell=told.append)
    assert told.pop() == f"{beside}; the completed sweep has a different plan and will be replaced"
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path / "out", resume=True, tell=told.append, progress=stops_after(4))
    assert told.pop() == beside
    swept(tmp_path / "out", resume=True, tell=told.append)
    assert told == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seed": 8}, "seed was 7, is 8"),
        ({"replications": 4}, "replications was 3, is 4"),
        ({"vary": {ICU: "2:6:3", SHARE: "0,0.4"}}, f"vary was {ICU} 2:6:3, {SHARE} 0,0.5, is {ICU} 2:6:3"),
        (
            {"scenario": with_values(small_scenario(), {"care.facilities.field.beds.oxygen": 19})},
            "scenario small (care.facilities.field.beds.oxygen was 20, is 19)",
        ),
        ({"alternatives": ["nothing"]}, "scenario small (alternatives.nothing was nothing, is a table)"),
    ],
)
def test_a_changed_sweep_is_not_resumed(
    quick: None, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path / "out", progress=stops_after(4))
    parts = hashes(tmp_path / "out.unfinished")
    with pytest.raises(ResultsError) as caught:
        swept(tmp_path / "out", resume=True, **changes)
    message = str(caught.value)
    assert "cannot be resumed because of changes since the sweep started: " in message
    assert not re.search("[0-9a-f]{13}", message)
    assert "sha256" not in message
    assert told in message
    assert hashes(tmp_path / "out.unfinished") == parts


def damaged(content: bytearray, at: int) -> None:
    """One bit of a part's content: only a checksum can tell."""
    content[at + 200] ^= 0x01


def without_its_end(content: bytearray, at: int) -> None:
    del content[at + 200 : content.index(b"surgesim part", at + 1)]


def headless(content: bytearray, at: int) -> None:
    """The number of the part is unknown, so it is missing without a name."""
    content[at + 16] ^= 0x04


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "repeats"),
    [
        (damaged, ("00000000.parts, part 3",)),
        (without_its_end, ("00000000.parts, part 3",)),
        (headless, ()),
    ],
)
def test_a_corrupt_part_is_named_and_redone(
    quick: None, tmp_path: Path, damage: Callable[[bytearray, int], None], repeats: tuple[str, ...]
) -> None:
    whole = swept(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path / "out", progress=stops_after(9))
    path = tmp_path / "out.unfinished" / "parts" / "00000000.parts"
    places = list(parts.places(path))
    assert [place.part for place in places] == list(range(9))
    content = bytearray(path.read_bytes())
    damage(content, places[3].offset)
    path.write_bytes(content)
    told: list[tuple[int, int]] = []
    found = swept(tmp_path / "out", resume=True, progress=lambda *counts: told.append(counts))
    assert told[0] == (8, 18)  # the parts behind the corrupt one are found
    assert found.repeats == repeats
    assert hashes(found.folder) == hashes(whole.folder)


def fails_sometimes(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
    if replication == 1 and scenario.care.facilities["general"].beds.icu == 4:
        raise IdentityError("beds", "general", 3, "11 of 10")
    return made_up_simulation(scenario, seed, replication)


@pytest.mark.slow
def test_a_failed_run_is_recorded_and_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", fails_sometimes)
    found = swept(tmp_path / "out")
    assert found.failures[["point", "replication"]].to_numpy().tolist() == [[2, 1], [3, 1]]
    message = "IdentityError: identity 'beds' failed in general on day 3: 11 of 10"
    assert set(found.failures["error"]) == {message}
    assert found.manifest["failed"] == 2
    assert len(found.runs) == 16
    counts = found.breaches.groupby("point")["replications"].first()
    assert list(counts) == [3, 3, 2, 2, 3, 3]
    assert (Sweep(tmp_path / "out").failures["error"] == message).all()


@pytest.mark.slow
def test_a_failed_run_is_tried_again_when_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", fails_sometimes)
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path / "out", progress=stops_after(15))
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)
    found = swept(tmp_path / "out", resume=True)
    assert len(found.failures) == 0
    assert hashes(found.folder) == hashes(swept(tmp_path / "whole").folder)


@pytest.mark.slow
def test_several_scenarios_share_points_and_random_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = {**small_scenario().to_plain(), "name": "other"}
    plain["command"]["thresholds"]["third"] = plain["command"]["thresholds"]["icu"]
    other = from_plain(plain)

    def record(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
        return made_up_record(scenario, replication, outcomes={"deaths": replication})

    monkeypatch.setattr(simulation, "run_once", record)
    found = swept(tmp_path / "out", scenario=[small_scenario(), other])
    assert list(dict.fromkeys(found.runs["scenario"])) == ["small", "other"]
    assert found.runs["days_breached_third"].isna().sum() == 18
    assert set(found.breaches[found.breaches["threshold"] == "third"]["scenario"]) == {"other"}
    assert found.scenarios == {
        "small": small_scenario().model_copy(update={"alternatives": {}}),
        "other": other.model_copy(update={"alternatives": {}}),
    }
    with pytest.raises(ScenarioError, match="got 'small' twice"):
        sweep([small_scenario(), small_scenario()], VARY)


@pytest.mark.slow
def test_uncertain_parameters_are_drawn_but_not_those_swept(quick: None, tmp_path: Path) -> None:
    uncertainty = {ICU: {"uniform": [1, 9]}, SHARE: {"uniform": [0, 1]}}
    scenario = from_plain(deep_merge(small_scenario().to_plain(), {"study": {"uncertainty": uncertainty}}))
    found = swept(tmp_path / "out", scenario=scenario, vary={SHARE: ""}, design="lhs", samples=4)
    assert [name for name in found.runs.columns if name.startswith("drawn:")] == [f"drawn:{ICU}"]
    drawn = found.runs.pivot(index="point", columns="replication", values=f"drawn:{ICU}")
    assert (drawn == drawn.iloc[0]).all(axis=None)
    assert reproduce(tmp_path / "out", workers=1).differences == ()


@pytest.mark.slow
def test_a_sweep_in_memory_leaves_nothing(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = sweep(small_scenario(), VARY, replications=2, workers=1)
    assert len(found.runs) == 12
    assert len(found.scenarios) == 1
    assert not found.folder.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_sweep_is_reproduced_and_one_digit_is_found(quick: None, tmp_path: Path) -> None:
    swept(tmp_path / "out", design="sobol", samples=4, vary={ICU: "1:9", SHARE: "0:1"}, replications=1)
    assert reproduce(tmp_path / "out", workers=1).differences == ()
    path = tmp_path / "out" / "runs.csv"
    rows = path.read_text().splitlines()
    digit = rows[5][-1]
    rows[5] = rows[5][:-1] + str((int(digit) + 1) % 10)
    path.write_text("\n".join(rows) + "\n")
    (difference,) = reproduce(tmp_path / "out", workers=1).differences
    assert difference.startswith("runs.csv: row 6, first_day_situation")


@pytest.mark.slow
def test_a_sweep_is_no_run_and_replaces_nothing_else(quick: None, tmp_path: Path) -> None:
    swept(tmp_path / "out")
    with pytest.raises(ResultsError, match="got a sweep, expected a folder written by `surgesim run`"):
        read(tmp_path / "out")
    run(small_scenario(), out=tmp_path / "run", workers=1)
    with pytest.raises(ResultsError, match="expected a folder written by `surgesim sweep`"):
        Sweep(tmp_path / "run")
    with pytest.raises(ResultsError, match="contains a run, which a sweep must not replace"):
        swept(tmp_path / "run")
    (tmp_path / "own.unfinished").mkdir()
    (tmp_path / "own.unfinished" / "letter.txt").write_text("dear")
    with pytest.raises(
        ResultsError, match=r"contains 'letter\.txt', which is not part of an unfinished sweep"
    ):
        swept(tmp_path / "own")
    assert (tmp_path / "own.unfinished" / "letter.txt").read_text() == "dear"


@pytest.mark.slow
def test_what_a_kill_leaves_of_a_finished_sweep_is_not_taken_up(quick: None, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path / "out", progress=stops_after(9))
    (tmp_path / "out.unfinished" / "plan.json").unlink()
    found = swept(tmp_path / "out", seed=99)
    assert hashes(found.folder) == hashes(swept(tmp_path / "whole", seed=99).folder)


def test_a_part_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    def opened() -> Unfinished[Run]:
        kept = Unfinished(tmp_path / "out", SWEEP, {"runs": 3, "scenarios": {}}, {}, 3, RUN)
        kept.open(resume=True)
        return kept

    def rows(deaths: float) -> list[dict[str, Any]]:
        return [{"alternative": "baseline", "deaths": deaths}, {"alternative": "a", "deaths": np.nan}]

    first = opened()
    for part in range(2):
        first.add(part, Run(rows(0.1 + 0.2)))
    path = tmp_path / "out.unfinished" / "parts" / "00000000.parts"
    content = path.read_bytes()
    second = next(place.offset for place in parts.places(path) if place.part == 1)
    for length in (0, 5, second - 1, second, second + 1, second + 20, second + 60, len(content) - 1):
        path.write_bytes(content[:length])  # as if killed at this moment
        assert list(opened().done) == [int(length >= second), 0, 0]
    path.write_bytes(content[: len(content) - 1])
    again = opened()
    again.add(1, Run(rows(5.0)))
    again.add(2, Failure("by chance"))
    assert sorted(file.name for file in path.parent.iterdir()) == ["00000000.parts", "00000001.parts"]
    assert again.read(2) == Failure("by chance")
    assert list(opened().done) == [1, 1, 0]  # what failed is tried again
    for part, deaths in ((0, 0.1 + 0.2), (1, 5.0)):
        found = opened().read(part)
        assert isinstance(found, Run)
        np.testing.assert_equal(found.rows, rows(deaths))
        assert found.series == {}


def test_a_file_of_parts_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "MOST_BYTES", 3_000)
    kept = Unfinished(tmp_path / "out", SWEEP, {"runs": 9, "scenarios": {}}, {}, 9, RUN)
    kept.open(resume=False)
    for part in reversed(range(9)):
        kept.add(part, Run([{"alternative": "baseline", "deaths": float(part)}]))
    assert 2 < len(list((tmp_path / "out.unfinished" / "parts").iterdir())) < 9
    again = Unfinished(tmp_path / "out", SWEEP, {"runs": 9, "scenarios": {}}, {}, 9, RUN)
    again.open(resume=True)
    found = [again.read(part) for part in range(9)]
    assert [run.rows[0]["deaths"] for run in found if isinstance(run, Run)] == list(range(9))


def test_cases_are_made_when_asked_for() -> None:
    cases = Cases(2, [{"a": 1}, {"a": 2}], 3)
    assert len(cases) == 12
    assert cases[10] == (1, 1, 1, {"a": 2})
    assert cases[4][:3] == (0, 1, 1)


def test_replications_below_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="got 0, expected a whole number from 1 to 100000"):
        swept(tmp_path / "out", replications=0)
    with pytest.raises(ScenarioError, match="got 'nope', expected one of baseline"):
        swept(tmp_path / "out", alternatives=["nope"])
    assert list(tmp_path.iterdir()) == []
