"""Outcomes of one's own: their values, how a change is noticed, and what is wrong with them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from study_cases import made_up_simulation, small_scenario

from surgesim.errors import ResultsError, ScenarioError
from surgesim.model import simulation
from surgesim.study.compute.backend import Backend
from surgesim.study.replication import Replication
from surgesim.study.reproduce import reproduce
from surgesim.study.simulate import simulate
from surgesim.study.store.folder import hashes
from surgesim.study.sweep.outcomes import fingerprint
from surgesim.study.sweep.result import Sweep
from surgesim.study.sweep.sweep import sweep

ICU = "care.facilities.general.beds.icu"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", made_up_simulation)


def peak(one: Replication) -> float:
    return float(one.province["icu_need"].max())


def swept(outcomes: Any, **given: Any) -> Sweep:
    return sweep(
        small_scenario(), {ICU: "2,4"}, outcomes=outcomes, **{"replications": 2, "workers": 1, **given}
    )


def test_an_outcome_is_that_of_the_same_replication() -> None:
    outcomes: dict[str, Any] = {"peak": peak, "free": lambda one: (one.province["vacant_icu"] > 0).sum()}
    found = swept(outcomes, alternatives=["more-icu"]).runs
    at_two = small_scenario().overlaid({ICU: 2})
    one = simulate(at_two, 7, 1, alternative="more-icu")
    row = found.query("point == 0 and replication == 1 and alternative == 'more-icu'").iloc[0]
    assert row["peak"] == peak(one)
    assert row["free"] == (one.province["vacant_icu"] > 0).sum()
    assert row["deaths"] == one.outcomes["deaths"]
    assert found.dtypes[["peak", "free"]].tolist() == [np.float64, np.float64]


@pytest.mark.slow
def test_workers_get_functions_by_value_too(tmp_path: Path) -> None:
    shift = np.array([3.0])

    def shifted(one: Replication) -> float:
        return float(one.province["icu_need"].max() + shift[0])

    outcomes: dict[str, Any] = {"shifted": shifted, "deaths-twice": lambda one: 2 * one.outcomes["deaths"]}
    one, two = (
        swept(outcomes, workers=n, out=tmp_path / f"{n}", series=["icu_need"], facility_series=["state"])
        for n in (1, 2)
    )
    assert hashes(one.folder) == hashes(two.folder)
    assert (two.runs["deaths-twice"] == 2 * two.runs["deaths"]).all()
    need = two.series("icu_need").groupby(["point", "replication"])["icu_need"].max()
    assert (two.runs["shifted"].to_numpy() == need.to_numpy() + 3).all()


def leaves(one: Replication) -> float:
    raise SystemExit(3)


def fails(one: Replication) -> float:
    if one.replication == 1:
        raise ValueError("no such day")
    return 1.0


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (fails, "outcome 'mine' raised ValueError: no such day"),
        (leaves, "outcome 'mine' raised SystemExit: 3"),
        (lambda one: None, "outcome 'mine' returned None, expected a number: is its `return` missing?"),
        (lambda one: "3", "outcome 'mine' returned a value of type str, expected a number"),
        (
            lambda one: one.province["deaths"],
            "outcome 'mine' returned a value of type Series, expected a number",
        ),
        (lambda one: 1j, "outcome 'mine' returned a value of type complex, expected a number"),
        (lambda one: np.array([1.0]), "outcome 'mine' returned a value of type ndarray, expected a number"),
        (lambda one: -np.inf, "outcome 'mine' returned -inf, expected a number that is finite, or NaN"),
    ],
)
def test_a_function_that_fails_or_gives_no_number_is_a_failed_run(
    quick: None, function: Callable[[Replication], float], error: str
) -> None:
    found = swept({"mine": function})
    assert set(found.failures["error"]) == {error}
    assert len(found.runs) + len(found.failures) == 4
    assert found.manifest["failed"] == len(found.failures) == (2 if function is fails else 4)


@pytest.mark.parametrize(
    ("value", "number"), [(True, 1), (np.bool_(False), 0), (np.array(2), 2), (np.int8(3), 3)]
)
def test_numbers_of_every_kind_are_numbers(quick: None, value: Any, number: float) -> None:
    assert (swept({"mine": lambda one: value}).runs["mine"] == number).all()


def test_a_missing_number_is_a_number(quick: None, tmp_path: Path) -> None:
    found = swept({"unknown": lambda one: np.nan}, out=tmp_path / "out")
    assert found.runs["unknown"].isna().all()


def test_everything_wrong_is_said_at_once_before_the_first_run() -> None:
    lock = threading.Lock()
    outcomes: Any = {
        "deaths": peak,
        "a,b": peak,
        "seven": 7,
        "locked": lambda one: lock,
        "point": peak,
        3: peak,
    }
    with pytest.raises(ScenarioError) as caught:
        sweep(
            small_scenario(),
            {ICU: "-1,2"},
            outcomes=outcomes,
            series=["icu_ned"],
            facility_series=["icu_need"],
        )
    told = [(problem.path, problem.message) for problem in caught.value.problems]
    assert told[0][0] == ICU
    assert told[1:] == [
        ("outcomes", "got the name 'deaths', which runs.csv already has, expected another name"),
        ("outcomes", "got the name 'a,b', expected letters, digits, - and _"),
        ("outcomes", "got 7 for 'seven', expected a function of a Replication"),
        ("outcomes", "workers cannot get a copy of 'locked': cannot pickle '_thread.lock' object"),
        ("outcomes", "got the name 'point', which runs.csv already has, expected another name"),
        ("outcomes", "got the name 3, expected letters, digits, - and _"),
        ("series", "got 'icu_ned', did you mean 'icu_need'?"),
        ("facility_series", told[-1][1]),
    ]
    assert told[-1][1].startswith("got 'icu_need', ")
    with pytest.raises(ScenarioError, match="got a value of type list, expected a mapping from names"):
        swept([peak])


# -- what a function is ---------------------------------------------------------------------------------


def compiled(source: str, name: str = "f", **values: Any) -> Any:
    """A function as a fresh process would have it."""
    names = {"__name__": "mine", **values}
    exec(compile(source, "mine.py", "exec"), names)
    return names[name]


SOURCE = """
import numpy as np
LIMIT = 3
def helper(x):
    return x + 1
def f(one, days=5):
    '''Count days.'''
    return helper(one) + LIMIT + sum(x in {'a', 'b', 'c'} for x in 'abc') + np.log(2)
"""


def test_comments_and_places_do_not_change_a_function() -> None:
    again = SOURCE.replace("def f", "# a comment\n\n\ndef f")
    assert fingerprint(compiled(SOURCE)) == fingerprint(compiled(SOURCE)) == fingerprint(compiled(again))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("days=5", "days=6"),
        ("LIMIT = 3", "LIMIT = 4"),
        ("x + 1", "x + 2"),
        ("'c'}", "'d'}"),
        ("np.log", "np.exp"),
    ],
)
def test_a_change_of_the_function_or_of_what_it_uses_is_noticed(old: str, new: str) -> None:
    changed = SOURCE.replace(old, new)
    assert changed != SOURCE
    assert fingerprint(compiled(SOURCE)) != fingerprint(compiled(changed))


class Counter:
    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, one: Replication) -> float:
        return float((one.province["icu_need"] > self.least).sum())

    def count(self, one: Replication) -> float:
        return self(one)


def distance(observed: Any) -> Callable[[Replication], float]:
    return lambda one: float(np.abs(one.province["deaths"].to_numpy() - observed).sum())


@pytest.mark.parametrize(
    "make",
    [
        Counter,
        lambda value: Counter(value).count,
        lambda value: functools.partial(lambda least, one: least, value),
        lambda value: distance(np.array([value, 2.0])),
        lambda value: distance(pd.DataFrame({"deaths": [value, 2.0], "place": ["a", "b"]})),
        lambda value: distance(small_scenario().overlaid({"clinical.isolated_share": value / 10})),
    ],
)
def test_values_that_a_function_holds_belong_to_it(make: Callable[[float], Any]) -> None:
    assert fingerprint(make(3)) == fingerprint(make(3))
    assert fingerprint(make(3)) != fingerprint(make(4))


def test_a_function_that_calls_itself_is_identified() -> None:
    source = "def f(one, n=3):\n    return n if n == 0 else f(one, n - {})\n"
    assert fingerprint(compiled(source.format(1))) == fingerprint(compiled(source.format(1)))
    assert fingerprint(compiled(source.format(1))) != fingerprint(compiled(source.format(2)))


def test_a_changed_function_is_not_resumed_and_the_same_one_is(quick: None, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    def go(name: str, least: float, **given: Any) -> Sweep:
        return swept({"days": Counter(least), "peak": peak}, out=tmp_path / name, **given)

    whole = go("whole", 3)
    with pytest.raises(KeyboardInterrupt):
        go("out", 3, workers=Backend(1, progress=stop))
    with pytest.raises(
        ResultsError, match=r"started: outcome days \(its code, or a value that it uses\); undo the changes"
    ):
        go("out", 4, resume=True)
    with pytest.raises(ResultsError, match=r"started: outcomes were days, peak, are peak; undo the changes"):
        swept({"peak": peak}, out=tmp_path / "out", resume=True)
    found = go("out", 3, resume=True)
    assert hashes(found.folder) == hashes(whole.folder)


def test_a_sweep_with_functions_is_not_reproduced_without_them(quick: None, tmp_path: Path) -> None:
    swept({"peak": peak}, out=tmp_path / "out")
    with pytest.raises(
        ResultsError, match="its outcomes peak are functions, which a result does not contain"
    ):
        reproduce(tmp_path / "out")
