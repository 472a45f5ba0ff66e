"""Whatever a file holds, loading gives a scenario or a list of problems, never another error."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loading_cases import COMMAND, SMALL, WITH_ARRIVALS

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.assembly import inspect
from surgesim.scenario.door import assumptions, compose, dump, from_plain
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

OVERLAYS = """\
alternatives:
  more: {care: {facilities: {field: {beds: {icu: 5}}}}, clinical: {stays: {oxygen_days: never}}}
  none-open: {command: {plan: {open-field: null}}}
sources:
  people.districts.*.population: {source: census, confidence: official}
"""
PLAIN = [
    compose(SMALL + OVERLAYS, "f").value,
    compose(WITH_ARRIVALS + COMMAND, "f").value,
]
ODD = st.one_of(
    st.sampled_from(
        [
            None,
            True,
            False,
            0,
            -1,
            1e300,
            float("nan"),
            10**40,
            "",
            "none",
            "never",
            "2024-02-30",
            "0,5",
            "unlimited",
        ]
    ),
    st.sampled_from(
        [[], {}, [[]], [None], {"": None}, {"profile": "squire-2022"}, {"action": []}, {"a": {"b": 1}}]
    ),
    st.text(max_size=5),
    st.lists(st.integers(-5, 5), max_size=10),
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, child in inner for found in paths(child, (*path, key)))]


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A good scenario with odd values, odd keys or missing keys in up to four places."""
    plain = copy.deepcopy(draw(st.sampled_from(PLAIN)))
    for _ in range(draw(st.integers(1, 4))):
        *above, last = draw(st.sampled_from(paths(plain)[1:]))
        holder = plain
        for key in above:
            holder = holder[key]
        change = draw(st.sampled_from(["replace", "remove", "rename", "add"]))
        if change == "replace" or isinstance(holder, list):
            holder[last] = copy.deepcopy(draw(ODD))
        elif change == "add":
            holder[draw(st.text(max_size=8))] = copy.deepcopy(draw(ODD))
        else:
            value = holder.pop(last)
            if change == "rename":
                holder[str(last)[::-1]] = value
        if not plain:
            break
    return plain


def loaded(plain: dict[str, Any], *changes: str) -> tuple[Scenario | None, tuple[Problem, ...]]:
    try:
        return from_plain(plain, changes=changes), ()
    except ScenarioError as error:
        return None, error.problems


@given(spoilt())
@settings(max_examples=100)
def test_plain_values_give_a_scenario_or_problems(plain: dict[str, Any]) -> None:
    before = repr(plain)
    scenario, problems = loaded(plain)
    for problem in problems:
        assert problem.message
        assert "Input should" not in problem.message  # pydantic's own words
    if scenario is not None:
        assumptions(scenario)
        dump(scenario)
    assert bool(problems) == (scenario is None)
    assert repr(plain) == before


@given(st.data())
@settings(max_examples=100)
def test_spoilt_text_gives_a_scenario_or_problems_with_their_file(
    tmp_path_factory: Any, data: st.DataObject
) -> None:
    text = SMALL + OVERLAYS
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = (
            text[:at]
            + data.draw(
                st.sampled_from(["", " ", "\n", "\t", ":", "{", "]", "-", "&a ", "*a", "%", "x", "0"])
            )
            + text[at + cut :]
        )
    path: Path = tmp_path_factory.getbasetemp() / "spoilt.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        inspect(path)
    except ScenarioError as error:
        problems = error.problems
    else:
        return
    assert {problem.file for problem in problems} == {str(path)}
    assert all(problem.line is not None for problem in problems)
    assert max(problem.line or 0 for problem in problems) <= text.count("\n") + 2


@given(
    st.lists(
        st.one_of(
            st.text(max_size=30),
            st.builds(
                "{}={}".format,
                st.sampled_from(
                    [
                        "days",
                        "start",
                        "people",
                        "people.ages",
                        "epidemic",
                        "care.facilities.general",
                        "alternatives.more.care",
                        "command.plan.open-field.when",
                        "clinical.stays.oxygen_days",
                        "alternatives",
                        "sources",
                        "name",
                    ]
                ),
                ODD,
            ),
        ),
        max_size=3,
    )
)
@settings(max_examples=100)
def test_odd_changes_give_a_scenario_or_problems(changes: list[str]) -> None:
    scenario, problems = loaded(PLAIN[0], *changes)
    assert bool(problems) == (scenario is None)
