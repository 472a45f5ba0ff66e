"""The schema's own rules, overlays and merging, the shape read from it, and the editors' JSON Schema."""

from __future__ import annotations

import json
import pickle
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from loading_cases import SMALL, WITH_ARRIVALS, replaced, written
from pydantic import TypeAdapter, ValidationError
from shipped import SHIPPED, shipped

from surgesim.scenario.door import compose, json_schema, load, starter
from surgesim.scenario.messages import shape
from surgesim.scenario.messages.finding import nearest
from surgesim.scenario.schema.base import ByAge, Day, Distribution, FrozenDict, Text
from surgesim.scenario.schema.care import ShareByBed
from surgesim.scenario.schema.command import Threshold
from surgesim.scenario.schema.merging import deep_merge
from surgesim.scenario.schema.scenario import Scenario

# -- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "mean"),
    [
        ({"gamma": {"mean": 9, "sd": 3}}, 9),
        ({"lognormal": {"mean": 10.5, "sd": 5}}, 10.5),
        ({"exponential": 5}, 5),
        ({"fixed": 0}, 0),
        ({"never": True}, float("inf")),
        ("never", float("inf")),
    ],
)
def test_a_distribution_has_one_form_and_its_mean(form: Any, mean: float) -> None:
    assert Distribution.model_validate(form).mean == mean


@pytest.mark.parametrize(
    "form", [{}, {"fixed": 1, "exponential": 2}, {"fixed": -1}, {"gamma": 3}, 5, {"never": False}]
)
def test_a_distribution_of_no_form_or_two_is_refused(form: Any) -> None:
    with pytest.raises(ValidationError):
        Distribution.model_validate(form)


def test_one_number_stands_for_all_ages_or_bed_types() -> None:
    ages = TypeAdapter(ByAge)
    assert ages.validate_python(2) == (2,) * 9
    assert ages.validate_python(list(range(9))) == tuple(range(9))
    with pytest.raises(ValidationError, match="got 2 values, expected 9"):
        ages.validate_python([1, 2])
    with pytest.raises(ValidationError):
        ages.validate_python(True)
    assert ShareByBed.model_validate(0.5) == ShareByBed(basic=0.5, oxygen=0.5, icu=0.5)


def test_one_text_serves_both_languages() -> None:
    assert Text.model_validate("Tỉnh").get("en") == "Tỉnh"
    assert Text.model_validate({"en": "Province"}).get("vi") == "Province"
    assert Text.model_validate({"vi": "Tỉnh", "en": "Province"}).get("vi") == "Tỉnh"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2023-02-29", "got 2023-02-29, which is not a calendar date"),
        ("2024-2-9", "got '2024-2-9', expected a date such as 2024-03-31"),
        ("2024-W01-1", "expected a date such as 2024-03-31"),
        ("1899-12-31", "expected a year from 1900 to 2199"),
        ("2200-01-01", "expected a year from 1900 to 2199"),
    ],
)
def test_a_day_is_one_of_the_calendar(text: str, message: str) -> None:
    days = TypeAdapter(Day)
    with pytest.raises(ValidationError, match=message):
        days.validate_python(text)
    with pytest.raises(ValidationError, match=message):
        days.validate_json(json.dumps(text))


def test_a_leap_day_is_a_date() -> None:
    assert TypeAdapter(Day).validate_python("2024-02-29") == date(2024, 2, 29)


def test_a_threshold_is_breached_when_its_bound_is_strictly_passed() -> None:
    above = Threshold(indicator="weekly_reported_cases_per_100k", above=450)
    below = Threshold(indicator="staffed_icu_beds_per_100k", below=4)
    assert [above.is_breached(value) for value in (449.9, 450, 450.1)] == [False, False, True]
    assert [below.is_breached(value) for value in (3.9, 4, 4.1)] == [True, False, False]


# -- merging --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "overlay", "merged"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": {"b": 1}}, {"a": None}, {}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "x": None}}, {"a": {"c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": {"b": 1, "c": None}}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": "none"}, {"a": "none"}),
        # a distribution in another form replaces, in the same form merges
        ({"d": {"gamma": {"mean": 1, "sd": 1}}}, {"d": {"fixed": 2}}, {"d": {"fixed": 2}}),
        (
            {"d": {"gamma": {"mean": 1, "sd": 1}}},
            {"d": {"gamma": {"sd": 2}}},
            {"d": {"gamma": {"mean": 1, "sd": 2}}},
        ),
        ({"d": {"never": True}}, {"d": {"exponential": 2}}, {"d": {"exponential": 2}}),
        (
            {"d": {"gamma": {"title": "x"}}},
            {"d": {"lognormal": {"title": "y"}}},
            {"d": {"gamma": {"title": "x"}, "lognormal": {"title": "y"}}},
        ),
        # named entries that happen to have such names are no distribution
        (
            {"d": {"gamma": {"title": "x"}}},
            {"d": {"fixed": {"title": "y"}}},
            {"d": {"gamma": {"title": "x"}, "fixed": {"title": "y"}}},
        ),
    ],
)
def test_an_overlay_is_a_deep_merge(
    base: dict[str, Any], overlay: dict[str, Any], merged: dict[str, Any]
) -> None:
    before = json.dumps([base, overlay])
    assert deep_merge(base, overlay) == merged
    assert json.dumps([base, overlay]) == before


def test_an_overlay_over_an_overlay_keeps_removals() -> None:
    assert deep_merge({"a": {"x": 1}}, {"a": {"y": None}, "b": None}, keep_none=True) == {
        "a": {"x": 1, "y": None},
        "b": None,
    }


def test_the_word_none_turns_a_field_off(tmp_path: Path) -> None:
    text = SMALL.replace("      open_at_start: false}", "").replace(
        "open_at_start: false", "open_at_start: false, serves: [isle]"
    )
    text += "alternatives:\n  everyone: {care: {facilities: {field: {serves: none}}}}\n"
    scenario = load(written(tmp_path, text))
    assert scenario.care.facilities["field"].serves == ("isle",)
    assert scenario.alternative("everyone").care.facilities["field"].serves is None
    assert scenario.alternative("baseline") is scenario


def test_one_driver_can_be_exchanged_for_the_other_in_an_overlay(tmp_path: Path) -> None:
    overlay = (
        "alternatives:\n  wave: {epidemic: none, arrivals: {series: {icu: {bed: icu, counts: [1, 2]}}}}\n"
    )
    scenario = load(
        written(
            tmp_path,
            SMALL.replace("    distancing: {reduces: {work: 0.5}}\n", "").replace("  measures:\n", "")
            + overlay,
        )
    )
    assert scenario.alternative("wave").epidemic is None


def test_a_frozen_dict_survives_pickling_and_cannot_be_changed() -> None:
    frozen = pickle.loads(pickle.dumps(FrozenDict({"a": FrozenDict({"b": 1})})))
    assert frozen == {"a": {"b": 1}}
    for change in (
        lambda: frozen.__setitem__("x", 1),
        lambda: frozen.pop("a"),
        lambda: frozen.update(x=1),
        frozen.clear,
        lambda: frozen["a"].__delitem__("b"),
        lambda: frozen.setdefault("x", 1),
        frozen.popitem,
    ):
        with pytest.raises(TypeError, match="frozen"):
            change()
    assert frozen == {"a": {"b": 1}}


# -- shape ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("days", "value", "a whole number from 1 to 20000"),
        ("start", "value", "a date such as 2024-03-31"),
        ("epidemic.importation.until_day", "value", "a whole number from 0 to 20000 or none"),
        ("epidemic.dt_days", "value", "a number from 0.001 to 1"),
        ("study.seed", "value", "a whole number >= 0 and < 9223372036854775808"),
        (
            "people.districts",
            "named",
            "a mapping of named entries, each a mapping with title, population, …",
        ),
        (
            "people.ages",
            "list",
            "nine values, youngest age group first, or one for all, each a number from 0 to 1",
        ),
        ("command.plan.x.phases", "list", "a list, each entry a mapping with after_days, share"),
        ("command.situation.require", "value", "one of all, any or a whole number from 1 to 10000"),
        ("alternatives.x.people.districts.y.title", "section", "text, or a mapping of texts vi and en"),
    ],
)
def test_the_shape_says_what_may_stand_at_a_path(path: str, kind: str, expected: str) -> None:
    found = shape.at(tuple(path.split(".")))
    assert found is not None
    assert (found.kind, found.expected) == (kind, expected)


@pytest.mark.slow
def test_the_shape_has_every_value_of_every_scenario() -> None:
    def missing(value: Any, where: shape.Shape | None, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        if where is None:
            return [path]
        if where.kind != "list" and isinstance(value, dict):
            return [
                gap
                for key, inner in value.items()
                for gap in missing(inner, shape.step(where, key, value), (*path, key))
            ]
        return []

    for path in SHIPPED:
        assert missing(shipped(path).to_plain(), shape.scenario_shape(), ()) == []


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("populaton", ["population", "title"], "population"),
        ("R0", ["r0"], "r0"),
        ("xyz", ["abc"], None),
        ("a", [], None),
    ],
)
def test_the_nearest_name(name: str, known: list[str], near: str | None) -> None:
    assert nearest(name, known) == near


# -- JSON Schema ----------------------------------------------------------------------------------


def accepts(schema: dict[str, Any], value: Any) -> bool:
    """Whether `value` fits `schema`, as far as the keywords go that are used here."""
    root = schema

    def fits(node: dict[str, Any], value: Any) -> bool:
        unknown = set(node) - KEYWORDS
        assert not unknown, f"keywords this test does not know: {unknown}"
        if "if" in node:
            branch = "then" if fits(node["if"], value) else "else"
            return fits(node[branch], value)
        if "$ref" in node and not fits(root["$defs"][node["$ref"].removeprefix("#/$defs/")], value):
            return False
        if "anyOf" in node and not any(fits(form, value) for form in node["anyOf"]):
            return False
        if "oneOf" in node and sum(fits(form, value) for form in node["oneOf"]) != 1:
            return False
        if "type" in node and not TYPES[node["type"]](value):
            return False
        if "enum" in node and value not in node["enum"]:
            return False
        if "const" in node and (
            value != node["const"] or isinstance(value, bool) != isinstance(node["const"], bool)
        ):
            return False
        if isinstance(value, dict):
            return fits_object(node, value)
        if isinstance(value, list):
            in_range = node.get("minItems", 0) <= len(value) <= node.get("maxItems", len(value))
            return in_range and all(fits(node.get("items", {}), item) for item in value)
        return fits_scalar(node, value)

    def fits_object(node: dict[str, Any], value: dict[str, Any]) -> bool:
        import re

        if not set(node.get("required", ())) <= set(value):
            return False
        if not node.get("minProperties", 0) <= len(value) <= node.get("maxProperties", len(value)):
            return False
        for key, inner in value.items():
            matching = [
                form for pattern, form in node.get("patternProperties", {}).items() if re.search(pattern, key)
            ]
            if key in node.get("properties", {}):
                matching.append(node["properties"][key])
            if not matching and "additionalProperties" in node:
                extra = node["additionalProperties"]
                if extra is False or (extra is not True and not fits(extra, inner)):
                    return False
            if not all(fits(form, inner) for form in matching):
                return False
        return True

    def fits_scalar(node: dict[str, Any], value: Any) -> bool:
        import re

        if isinstance(value, str):
            return re.search(node.get("pattern", ""), value) is not None
        if isinstance(value, bool) or value is None:
            return True
        low = value >= node.get("minimum", value) and value > node.get("exclusiveMinimum", value - 1)
        return low and value <= node.get("maximum", value) and value < node.get("exclusiveMaximum", value + 1)

    return fits(schema, value)


KEYWORDS = {
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "default",
    "format",
    "source",
    "confidence",
    "discriminator",
    "if",
    "then",
    "else",
    "anyOf",
    "oneOf",
    "type",
    "enum",
    "const",
    "required",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "items",
    "minItems",
    "maxItems",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
}
TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_json_schema_accepts_shipped_scenarios_as_written_and_as_resolved(path: Path) -> None:
    schema = json_schema()
    assert accepts(schema, compose(path.read_text(encoding="utf-8"), path.name).value)
    assert accepts(schema, shipped(path).to_plain())


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        starter("mine"),
        WITH_ARRIVALS,
        SMALL.replace("{profile: squire-2022}", "squire-2022"),
        SMALL.replace("{profile: squire-2022}", "{profile: squire-2022, stays: {oxygen_days: never}}"),
        SMALL + "alternatives:\n  a: {command: {plan: {open-field: null}}, epidemic: none}\n  b: {}\n",
        SMALL.replace("care:\n", "care:\n  staffing: {icu: {nurse: {normal: 3}}}\n"),
        SMALL + "alternatives: {a: {epidemic: {variant: {r0: {scale: 0.8}}, dt_days: {scale: 1}}}}\n",
        SMALL + "study: {uncertainty: {epidemic.variant.r0: {normal: {mean: 3, sd: 1, low: 1}}}}\n",
        SMALL + "study: {precision: {deaths: 0.1}, uncertainty: {days: {uniform: [1, 2]}}}\n",
        "extends: other.yaml\n",
        "extends: other.yaml\ncare: {facilities: {general: {beds: {icu: 5}, serves: none}, field: null}}\n",
    ],
)
def test_the_json_schema_accepts_what_a_file_may_say(text: str) -> None:
    assert accepts(json_schema(), compose(text, "f").value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("days: 60", "dayz: 60"),
        ("days: 60", "days: none"),
        ("icu: 10", "icu: -1"),
        ("covid_share: 0.3", "covid_share: 1.3"),
        ("population: 100000", "populaton: 100000"),
        ("contacts: vietnam-2021", "contacts: vietnam-2020"),
        ("{profile: squire-2022}", "{profile: squire}"),
        ("{profile: squire-2022}", "{}"),
        ("      district: town\n", ""),
        ("action: open_facility", "action: open"),
        ("    town:", "    Town Hall:"),
        ("r0: 3, ", ""),
        ("title: General", "title: 5"),
        ("title: General", "title: {}"),
        ("epidemic:\n", "epidemic:\n  detection: {delay_days: {fixed: 1, exponential: 1}}\n"),
        ("epidemic:\n", "epidemic:\n  detection: {delay_days: {}}\n"),
        ("until: {below: 0.5, for_days: 14}", "until: {bellow: 0.5}"),
        ("command:\n", "alternatives: {a: {days: 3}}\ncommand:\n"),
        ("command:\n", "alternatives: {a: {epidemic: {variant: {r0: {scale: x}}}}}\ncommand:\n"),
        ("command:\n", "study: {uncertainty: {epidemic.variant.r0: {}}}\ncommand:\n"),
        ("command:\n", "study: {precision: {deaths: 2}}\ncommand:\n"),
        ("r0: 3, ", "r0: {scale: 3}, "),
        ("command:\n", "alternatives: {a: {care: {facilities: {field: {beds: {icu: x}}}}}}\ncommand:\n"),
    ],
)
def test_the_json_schema_refuses_what_loading_refuses(old: str, new: str) -> None:
    assert accepts(json_schema(), compose(SMALL, "f").value)
    assert not accepts(json_schema(), compose(replaced(old, new), "f").value)


def test_the_json_schema_is_json_and_names_its_definitions() -> None:
    schema = json_schema()
    text = json.dumps(schema)
    used = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    assert used <= set(schema["$defs"])
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(Scenario.model_fields) | {"extends"} == set(schema["$defs"]["Scenario"]["properties"])


def test_one_value_of_a_default_can_be_changed_in_the_file_an_overlay_or_from_outside(tmp_path: Path) -> None:
    change = "care: {staffing: {icu: {nurse: {normal: 3}}}}"
    inside = replaced("care:\n", "care:\n  staffing: {icu: {nurse: {normal: 3}}}\n")
    overlaid = load(written(tmp_path, SMALL + f"alternatives:\n  a: {{{change}}}\n")).alternative("a")
    given = load(written(tmp_path, inside))
    outside = load(written(tmp_path, SMALL), changes=["care.staffing.icu.nurse.normal=3"])
    assert given.care.staffing == overlaid.care.staffing == outside.care.staffing
    usual = load(tmp_path / "s.yaml").care.staffing
    assert given.care.staffing.icu.nurse.normal == 3
    assert given.care.staffing.icu.nurse.surge == usual.icu.nurse.surge
    assert given.care.staffing.icu.doctor == usual.icu.doctor
