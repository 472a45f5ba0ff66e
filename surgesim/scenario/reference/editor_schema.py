"""The JSON Schema of a scenario file, which lets an editor complete and check what you type.

It covers everything that a file may contain: short forms, profile names, `extends`, and overlays, in
which every key is optional and null removes an entry.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from surgesim.extension.declarations import Action
from surgesim.extension.files import Extensions
from surgesim.scenario.loading import profile_tables
from surgesim.scenario.schema.indicators import OWN
from surgesim.scenario.schema.levers.custom import Custom
from surgesim.scenario.schema.names import NAMES
from surgesim.scenario.schema.scenario import SHARED, Scenario

Json = dict[str, Any]

OVERLAY = "Overlay"
"""Suffix of the names of definitions in which every key may be omitted or null."""

_DEFS = "#/$defs/"

NO_EXTENSIONS = Extensions()

SCALE: Json = {"type": "object", "properties": {"scale": {"type": "number"}}, "required": ["scale"]}
"""A factor by which an alternative multiplies a number of the scenario."""

_SHORT_FORMS: dict[str, Json] = {
    "Text": {"type": "string"},
    "Distribution": {"const": "never"},
    "ShareByBed": {"type": "number", "minimum": 0, "maximum": 1},
}
"""Short forms that are allowed instead of a mapping, by the name of the mapping's definition."""


def json_schema(extensions: Extensions = NO_EXTENSIONS) -> Json:
    """Return the JSON Schema (draft 2020-12) of a scenario file, including the declarations of extensions."""
    whole = Scenario.model_json_schema()
    definitions: Json = whole.pop("$defs")
    if actions := [action.name for _, action in extensions.of(Action)]:
        definitions[Custom.__name__]["properties"]["name"]["enum"] = actions
    if own := [f"{OWN}{indicator.name}" for indicator in extensions.indicators]:
        for definition in definitions.values():
            _allow(own, definition.get("properties", {}).get("indicator", {}))
    whole["properties"]["extends"] = {
        "type": "string",
        "description": "A file whose values this file changes.",
    }
    definitions["Scenario"] = whole
    definitions = {name: _as_written(definition) for name, definition in definitions.items()}
    _one_form(definitions)
    overlays = {name + OVERLAY: _overlay(definition) for name, definition in definitions.items()}
    alternative = deepcopy(overlays["Scenario" + OVERLAY])
    for key in SHARED:
        alternative["properties"].pop(key, None)
    overlays["Alternative"] = alternative
    definitions |= overlays
    _laid_over_defaults(definitions)
    _place_profiles(definitions)
    _place_files(definitions)
    for name in ("Scenario", "Scenario" + OVERLAY):
        entries = definitions[name]["properties"]["alternatives"]["patternProperties"]
        for pattern in entries:
            entries[pattern] = {"anyOf": [{"$ref": _DEFS + "Alternative"}, {"type": "null"}]}
    for name, short in _SHORT_FORMS.items():
        for form in (name, name + OVERLAY):
            definitions[form] = {"anyOf": [short, definitions[form]]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "surgesim scenario",
        "if": {"required": ["extends"]},
        "then": {"$ref": _DEFS + "Scenario" + OVERLAY},
        "else": {"$ref": _DEFS + "Scenario"},
        "$defs": definitions,
    }


def _allow(words: list[str], node: Json) -> None:
    """Add words to the words that a property allows."""
    for form in (node, *node.get("anyOf", ())):
        if "enum" in form:
            form["enum"] += words


def _as_written(node: Any) -> Any:
    """Return a schema in which `none` stands for null, and entries must have valid names."""
    if isinstance(node, list):
        return [_as_written(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "null":
        return {"const": "none"}
    written = {
        key: _as_written(inner)
        for key, inner in node.items()
        if key != NAMES and (key != "default" or inner is not None)
    }
    if "patternProperties" in written:
        written["additionalProperties"] = False
        if written.pop("minLength", None):
            written["minProperties"] = 1
    return written


def _one_form(definitions: Json) -> None:
    """Disallow `none` in texts and distributions, where unused fields are left out."""
    for name in ("Text", "Distribution", "Uncertain"):
        definition = definitions[name]
        definition["minProperties"] = 1
        for field, schema in definition["properties"].items():
            schema["anyOf"] = [form for form in schema["anyOf"] if form != {"const": "none"}]
            definition["properties"][field] = schema
    definitions["Distribution"]["maxProperties"] = 1
    definitions["Uncertain"]["maxProperties"] = 1


def _laid_over_defaults(definitions: Json) -> None:
    """Allow an incomplete section if the schema has a default that completes it."""
    for definition in definitions.values():
        for field in definition.get("properties", {}).values():
            target = str(field.get("$ref", "")).removeprefix(_DEFS)
            if "default" in field and definitions.get(target, {}).get("required"):
                field["$ref"] = f"{_DEFS}{target}{OVERLAY}"


def _overlay(definition: Json) -> Json:
    """Return a definition in which all keys are optional or null and sections are overlays."""
    overlay: Json = _refer_to_overlays(definition)
    overlay.pop("required", None)
    properties = overlay.get("properties", {})
    overlay["properties"] = {
        name: {"anyOf": _or_scaled(inner)} if name != "alternatives" else inner
        for name, inner in properties.items()
    }
    return overlay


def _refer_to_overlays(node: Any) -> Any:
    if isinstance(node, list):
        return [_refer_to_overlays(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _refer_to_overlays(inner) for key, inner in node.items() if key != "discriminator"}
    if "$ref" in changed:
        changed["$ref"] += OVERLAY
    if "oneOf" in changed:  # an overlay may omit the action, and so match several forms
        changed["anyOf"] = changed.pop("oneOf")
    for key in ("additionalProperties", "patternProperties"):
        if isinstance(changed.get(key), dict):
            changed[key] = _or_null(changed[key], key)
    changed.pop("minProperties", None)
    changed.pop("maxProperties", None)
    return changed


def _or_null(entries: Json, key: str) -> Json:
    if key == "additionalProperties":
        return {"anyOf": _or_scaled(entries)}
    return {pattern: {"anyOf": _or_scaled(inner)} for pattern, inner in entries.items()}


def _or_scaled(entry: Json) -> list[Json]:
    """Return the forms of an entry in an overlay: the entry itself, null and, for a number, a factor."""
    forms = [entry, {"type": "null"}]
    return [*forms, SCALE] if _is_numeric(entry) else forms


def _is_numeric(node: Json) -> bool:
    if node.get("type") == "array":
        return _is_numeric(node.get("items", {}))
    return node.get("type") in ("number", "integer") or any(map(_is_numeric, node.get("anyOf", ())))


def _place_profiles(definitions: Json) -> None:
    """Allow a profile's name instead of a section or table, and the key `profile` inside a section."""
    for place in profile_tables.PLACES:
        fitting = [name for name in profile_tables.names() if profile_tables.read(name).section == place]
        if not fitting:
            continue
        *above, last = place.split(".")
        for ending in ("", OVERLAY):
            properties = _section(definitions, above, ending)["properties"]
            given = properties[last]
            target = _target(given)
            forms = [given, {"enum": fitting}]
            if target is not None:
                based = target.removesuffix(OVERLAY) + OVERLAY
                definitions[based]["properties"]["profile"] = {"enum": fitting}
                if not ending:
                    forms.append({"$ref": _DEFS + based, "required": ["profile"]})
            properties[last] = {"anyOf": forms}


def _place_files(definitions: Json) -> None:
    """Allow a file in place of the start date, the ages and the contacts, and beside an initial census."""
    name = {"type": "string", "description": "A CSV of the patients at the start."}
    for ending in ("", OVERLAY):
        start = definitions["Scenario" + ending]["properties"]
        start["start"] = {"anyOf": [start["start"], _only_file(name)]}
        people = definitions["People" + ending]["properties"]
        for key, what in (("ages", "people by age"), ("contacts", "contacts by setting and age")):
            given = {"type": "string", "description": f"A CSV of {what}."}
            people[key] = {"anyOf": [*people[key].get("anyOf", [people[key]]), _only_file(given)]}
        for form in _forms(definitions["Care" + ending]["properties"]["initial_census"]):
            form["properties"] = {"file": name}


def _only_file(name: Json) -> Json:
    return {
        "type": "object",
        "properties": {"file": name},
        "required": ["file"],
        "additionalProperties": False,
    }


def _forms(node: Json) -> list[Json]:
    """Return those forms of a property that are mappings with named entries."""
    return [form for form in (node, *node.get("anyOf", ())) if form.get("type") == "object"]


def _section(definitions: Json, path: list[str], ending: str) -> Json:
    section: Json = definitions["Scenario" + ending]
    for key in path:
        target = _target(section["properties"][key])
        if target is None:
            raise KeyError(f"{'.'.join(path)} is not a section of the schema")
        section = definitions[target]
    return section


def _target(node: Json) -> str | None:
    """Return the definition to which a property refers, directly or in one of its forms."""
    if "$ref" in node:
        return str(node["$ref"]).removeprefix(_DEFS)
    for form in node.get("anyOf", ()):
        found = _target(form)
        if found is not None:
            return found
    return None
