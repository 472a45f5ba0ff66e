"""Interventions and custom actions: what they see, what they order, when it acts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from study_cases import small_scenario

import surgesim
from surgesim.errors import ExtensionError, ScenarioError
from surgesim.extension.files import Extension, Extensions
from surgesim.model.record import ActionEvent, Record
from surgesim.model.simulation import run_once
from surgesim.scenario.schema.scenario import Scenario

HEAD = "from surgesim.extension import Province, action, intervention\n\n"


def extended(text: str, plan: Mapping[str, Any] | None = None) -> Scenario:
    """Return the small scenario with an extension of this text, and a plan."""
    extension = Extension("mine.py", (HEAD + text).encode())
    plain = {**small_scenario().to_plain(), "alternatives": {}}
    return surgesim.load({**plain, "command.plan": plan or {}}, extensions=Extensions((extension,)))


def record(text: str, plan: Mapping[str, Any] | None = None) -> Record:
    return run_once(extended(text, plan), 1, 0)


def steps(record: Record) -> list[tuple[float, str]]:
    return [(event.day, event.what) for event in record.actions]


OPEN_ON_2 = """
@intervention
def open_field(province):
    if province.day == 2:
        province.order("own", action="open_facility", facilities=["field"])
"""


def test_an_order_is_the_rule_that_begins_at_the_next_midnight() -> None:
    start = small_scenario().start
    rule = {
        "action": "open_facility",
        "facilities": ["field"],
        "when": {"on": start + timedelta(days=3)},
        "decision_days": 0,
    }
    ordered, ruled = (
        record(OPEN_ON_2),
        run_once(extended(OPEN_ON_2.replace("== 2", "< 0"), {"own": rule}), 1, 0),
    )
    assert ordered.actions == ruled.actions
    assert ordered.actions == tuple(ActionEvent(3.0, "own", what) for what in ("fired", "ordered", "phase 1"))
    assert np.array_equal(ordered.facilities, ruled.facilities)
    assert (ordered.facilities[:3] != ordered.facilities[3:6]).any()


def test_an_order_has_phases_and_an_end_of_its_own() -> None:
    text = OPEN_ON_2.replace('["field"]', '["field"], lead_days=1, until={"on": "2024-02-06"}')
    assert steps(record(text)) == [
        (3.0, "fired"), (3.0, "ordered"), (4.0, "phase 1"), (7.0, "ended"), (7.0, "stood down"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (2, ["ended", "stood down"]),
        (3, ["fired", "ordered", "ended", "stood down"]),
        (6, ["fired", "ordered", "phase 1", "ended", "stood down"]),
    ],
)
def test_an_order_ends_at_once_whatever_it_has_reached(end: int, expected: list[str]) -> None:
    text = OPEN_ON_2.replace('["field"]', '["field"], lead_days=2')
    text += f"""
    if province.day == {end}:
        assert province.ordered == ("own",)
        province.end("own")
        assert province.ordered == ()
        province.end("own")
"""
    run = record(text)
    assert [event.what for event in run.actions] == expected
    assert run.actions[-1].day == end + 1


def test_a_name_can_be_ordered_again_after_its_end() -> None:
    text = (
        OPEN_ON_2
        + """
    if province.day == 4:
        province.end("own")
        province.order("own", action="open_facility", facilities=["field"])
"""
    )
    whole = ["fired", "ordered", "phase 1"]
    assert [event.what for event in record(text).actions] == [*whole, "ended", "stood down", *whole]


def test_an_order_on_the_last_day_does_nothing() -> None:
    assert record(OPEN_ON_2.replace("== 2", "== 11")).actions == ()


CUSTOM = """
@action
def open_all(province, share, options):
    province.memory.setdefault("seen", []).append((province.day, share, dict(options)))
    if share:
        province.order("own", action="open_facility", **options)
    else:
        province.end("own")
        assert province.memory["seen"] == [
            (1, 1.0, {"facilities": ("field",)}), (5, 0.0, {"facilities": ("field",)})
        ]
"""


def custom_rule(name: str = "open_all") -> dict[str, Any]:
    on = [small_scenario().start + timedelta(days=days) for days in (1, 6)]
    options = {"facilities": ["field"]}
    until = {"on": on[1]}
    return {"action": "custom", "name": name, "options": options, "when": {"on": on[0]}, "until": until}


def test_a_custom_action_is_called_with_its_share_and_options() -> None:
    run = record(CUSTOM, {"all": custom_rule()})
    assert [(event.day, event.rule, event.what) for event in run.actions] == [
        (1.0, "all", "fired"), (2.0, "all", "ordered"), (2.0, "all", "phase 1"),
        (2.0, "own", "fired"), (2.0, "own", "ordered"), (2.0, "own", "phase 1"),
        (6.0, "all", "ended"), (6.0, "own", "ended"), (6.0, "own", "stood down"), (6.0, "all", "stood down"),
    ]  # fmt: skip


def test_a_custom_action_needs_its_extension() -> None:
    with pytest.raises(ScenarioError) as caught:
        extended(CUSTOM, {"all": custom_rule("open_al")})
    assert str(caught.value) == (
        "command.plan.all.name: got 'open_al', which no extension declares, did you mean 'open_all'?"
    )
    plain = extended(CUSTOM, {"all": custom_rule()}).to_plain()
    with pytest.raises(ScenarioError) as caught:
        surgesim.load(plain)
    assert str(caught.value) == (
        "command.plan.all.name: got 'open_all', which no extension declares, expected its file, given with "
        "--extension FILE (in Python, extensions=[file])"
    )
    with pytest.raises(
        ExtensionError, match=r"^command\.plan\.all: got the custom action 'open_all', expected"
    ):
        run_once(extended(CUSTOM, {"all": custom_rule()}).with_extensions(Extensions()), 1, 0)


def test_what_an_intervention_sees_is_the_record_so_far() -> None:
    text = """
@intervention
def look(province):
    province.memory[province.day] = (
        province.date, province.now("present"), province.series("present"),
        province.districts("deaths").shape, province.facilities("staffed_icu").shape,
        dict(province.indicators), province.random.random(), province.district_names,
    )
    if province.day == 11:
        raise KeyError(repr(province.memory[11][1]), *[m[6] for m in province.memory.values()])
"""

    def numbers(k: int) -> list[Any]:
        with pytest.raises(ExtensionError) as caught:
            run_once(extended(text), 1, k)
        error = caught.value.__cause__
        assert isinstance(error, KeyError)
        return list(error.args)

    of_0, of_1 = numbers(0), numbers(1)
    assert float(of_0[0]) == record("@intervention\ndef idle(province): ...").series("present")[11]
    assert len(set(of_0[1:]) | set(of_1[1:])) == 24
    assert of_0 == numbers(0)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ('province.series("present")[0] = 1', "ValueError: assignment destination is read-only"),
        ('province.indicators["x"] = 1', "TypeError: 'mappingproxy' object does not support item"),
        ('province.series("presnt")', "ValueError: got 'presnt', expected one of "),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("assert province.random.random() == province.random.random()", "AssertionError: "),
        ('province.order("own", action="open")', "ScenarioError: command.plan.own"),
        ('province.order("own", action="remote_link", when={})', "ScenarioError: command.plan.own.when: got"),
        ('province.order("Own", action="remote_link")', "ScenarioError: command.plan"),
    ],
)
def test_what_an_intervention_may_not_do(call: str, error: str) -> None:
    with pytest.raises(ExtensionError) as caught:
        record(f"@intervention\ndef act(province):\n    {call}")
    assert str(caught.value).startswith(f"mine.py: the intervention 'act' (day 0) raised {error}")
    assert f"    {call}" in caught.value.traceback


def test_an_order_may_not_have_the_name_of_a_rule() -> None:
    rule = {"action": "open_facility", "facilities": ["field"], "when": {"on": date(2024, 2, 1)}}
    with pytest.raises(ExtensionError, match=r"command\.plan\.own: got the name of another rule"):
        record(OPEN_ON_2, {"own": rule})
