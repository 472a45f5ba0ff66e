"""The scenario reference: every section and key of a scenario with its allowed values, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args

from surgesim.scenario.loading import profile_tables
from surgesim.scenario.schema.command import Rule
from surgesim.scenario.schema.levers.facilities import AtFacilities
from surgesim.scenario.schema.levers.rule import RuleBase
from surgesim.scenario.schema.names import NAMES
from surgesim.scenario.schema.scenario import Scenario

Node = Mapping[str, Any]

_RULES: Final[Mapping[str, type[RuleBase]]] = {rule.__name__: rule for rule in get_args(get_args(Rule)[0])}

_HEAD: Final = """\
# Scenario reference

Every key of a scenario file: its allowed values, its default, and the source of the default. Keys without a
default are required. `surgesim schema` writes a JSON Schema with which an editor can complete and check
scenarios. [model.md](model.md) explains what the values do; [scenarios/README.md](../scenarios/README.md) has
examples.

This page is the output of `surgesim.scenario.reference.page.scenario_reference()`; a test checks that it is
up to date.
"""

_FORMS: Final = """\
## Short forms

A file may also use these forms:

| value | short form |
|---|---|
| `title`, `description` and every [Text](#text) | plain text, for both languages, or `{vi: …, en: …}` |
| a [Distribution](#distribution) | `never`, if the event does not happen |
| a [ShareByBed](#sharebybed) | one number for all bed types |
| nine values by age group | one number for all ages |
| an optional key with the default `none` | `none` turns it off |
| a named entry of an extended file or, in an alternative, of the scenario | `null` removes it |
| a number, in an alternative | `{scale: 0.8}` multiplies the number in the scenario |
| a table or section with built-in values | the name of a profile |
| a section with built-in values | `profile: NAME` and the keys that differ |
"""

_ARRIVALS: Final = """\
## A CSV of arrivals

`arrivals: {file: wave.csv}` reads a CSV; its path is relative to the scenario file. The header names `date`
(ISO) or `day` (0 is the start), then optionally `district` and `age`, then one or more of `basic`, `oxygen`
and `icu`: the number of arrivals who need that type of bed. The file needs a row for every day from the
start, without gaps; a warning reports a file that ends before the run. Columns are separated by commas, or
by semicolons or tabs if the header has no comma.

```csv
date,district,oxygen,icu
2021-11-29,rach-gia,14,3
2021-11-29,phu-quoc,2,0
2021-11-30,rach-gia,17,2
2021-11-30,phu-quoc,3,1
```

With `counts_are: exact`, every count is a whole number and exactly that many patients arrive; with `poisson`
(the default), it is a mean. If the `icu` column counts all patients who need intensive care, write
`clinical: {severity: {p_icu: 0}}`, otherwise some are counted twice.
"""

_TODAY: Final = """\
## CSVs of the patients and the reports of today

`care: {initial_census: {file: census.csv}}` reads the patients at the start: a row for each facility and bed
type (`basic`, `oxygen` or `icu`), with `patients` and, if known, `waiting` and `days_in_bed` (mean days
already spent in these beds). Entries beside `file` change those of the file. With a column `date`,
`start: {file: census.csv}` makes that date the start.

```csv
date,facility,bed,patients,waiting,days_in_bed
2021-11-29,general,oxygen,90,4,5.5
2021-11-29,general,icu,12,1,
```

`history: {file: history.csv}` reads the daily reports before the start. The header names `date`, then
optionally `district` (empty for the province), then one or more of `reported_cases`, `admissions`,
`in_hospital`, `on_oxygen`, `icu` and `deaths`. An empty cell is a day without a report.

```csv
date,district,reported_cases,in_hospital
2021-11-27,,310,402
2021-11-28,,295,
2021-11-28,rach-gia,120,
```

The paths are relative to the scenario file, and the result's `scenario.yaml` contains what was read.
`surgesim import` writes both files from a workbook ([workbook.md](workbook.md)).
"""

_PEOPLE: Final = """\
## CSVs of ages and contacts

`people: {ages: {file: ages.csv}}` reads the people of each age group, as numbers or as shares; only their
proportions count.

```csv
age,people
0-9,14014
10-19,12747
20-29,9594
30-39,7470
40-49,4903
50-59,2806
60-69,1519
70-79,574
80+,144
```

`people: {contacts: {file: contacts.csv}}` reads the mean contacts a day: a row for each `setting` (`home`,
`school`, `work`, `community`) and each `age` of the person, 32 rows to `70+` or 36 to `80+`, and a column for
each age of the contact. Tables beside `file` replace those of the file. An age group that has people must
have contacts in some setting. A warning names the two age groups that disagree most about the number of their
contacts, if one reports over 3 times as many as the other.

```csv
setting,age,0-9,10-19,20-29,30-39,40-49,50-59,60-69,70+
home,0-9,1.24,1.02,0.68,0.81,0.36,0.15,0.08,0.02
home,10-19,1.20,1.44,0.38,0.48,0.44,0.16,0.07,0.03
```

The paths are relative to the scenario file, and the result's `scenario.yaml` contains what was read.
"""

_BOUNDS: Final = (
    ("minimum", "≥ {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"),
    ("exclusiveMaximum", "< {}"),
)


def scenario_reference() -> str:
    """Return the text of docs/scenario-reference.md."""
    schema = Scenario.model_json_schema()
    profiles = _profiles(schema)
    file = {
        **schema,
        "description": "The keys at the top of a scenario file.",
        "properties": {
            "extends": {
                "type": "string",
                "default": None,
                "source": "a file, relative to this one, whose values this file changes",
            },
            **schema["properties"],
        },
    }
    parts = [_HEAD, _FORMS, *_profile_table(), _ARRIVALS, _TODAY, _PEOPLE, *_section("The file", file)]
    for name, node in sorted(schema["$defs"].items()):
        if "properties" in node:
            parts += _section(name, node, profiles.get(name, ()))
        elif "enum" in node:
            parts += [
                f"## {name}\n",
                f"{_words(node.get('description', ''))}\n",
                f"One of {_choices(node)}.\n",
            ]
    return "\n".join(parts)


def _profile_names(place: str) -> list[str]:
    return [name for name in profile_tables.names() if profile_tables.read(name).section == place]


def _profile_table() -> Iterator[str]:
    """Yield the table of profiles by section."""
    yield "| built-in values of | profiles |"
    yield "|---|---|"
    for place in profile_tables.PLACES:
        names = _profile_names(place)
        if names:
            yield f"| `{place}` | {', '.join(f'`{name}`' for name in names)} |"
    yield ""


def _profiles(schema: Node) -> dict[str, list[str]]:
    """Return the names allowed for the key `profile`, by the name of the section's definition."""
    found = {}
    for place in profile_tables.PLACES:
        node: Node | None = schema
        for key in place.split("."):
            node = _definition(schema, node["properties"][key]) if node is not None else None
        names = _profile_names(place)
        if node is not None and names:
            found[node["title"]] = names
    return found


def _definition(schema: Node, node: Node) -> Node | None:
    """Return the definition to which a property refers, directly or in one of its forms."""
    if "$ref" in node:
        definition: Node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        return definition if "properties" in definition else None
    forms = (_definition(schema, form) for form in node.get("anyOf", ()))
    return next((form for form in forms if form is not None), None)


def _section(name: str, node: Node, profiles: Sequence[str] = ()) -> Iterator[str]:
    yield f"## {name}\n"
    if node.get("description"):
        yield f"{_words(node['description'])}{_needs(name)}\n"
    required = set(node.get("required", ()))
    yield "| key | value | default | note or source |"
    yield "|---|---|---|---|"
    if profiles:
        names = ", ".join(f"`{profile}`" for profile in profiles)
        yield f"| `profile` | {names} | none | built-in values; the other keys override them |"
    for key, value in node["properties"].items():
        default = "required" if key in required else _default(value)
        origin = ", ".join(_words(str(value[part])) for part in ("confidence", "source") if part in value)
        yield f"| `{key}` | {_holds(value)} | {default} | {origin} |"
    yield ""


def _needs(name: str) -> str:
    """Return sentences that state what the rule with this action needs."""
    rule = _RULES.get(name)
    if rule is None:
        return ""
    section = f" Needs `{rule.needs.section}`." if rule.needs is not None else ""
    there = f" Acts at facilities with {rule.facility_need}." if issubclass(rule, AtFacilities) else ""
    return section + there


def _holds(node: Node) -> str:
    """Return the allowed values in words, with their bounds."""
    kind = _kind(node)
    bounds = ", ".join(
        text.format(f"{node[name]:.12g}".replace("e+", "e")) for name, text in _BOUNDS if name in node
    )
    return f"{kind} {bounds}".strip() + _length(node)


def _length(node: Node) -> str:
    least, most = node.get("minItems"), node.get("maxItems")
    if least is None:
        return "" if most is None else f" (at most {most})"
    return f" ({least} values)" if least == most else f" (at least {least})"


def _kind(node: Node) -> str:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in node:
        return "`true`" if node["const"] is True else f"`{node['const']}`"
    if "enum" in node:
        return _choices(node)
    for union in ("anyOf", "oneOf"):
        if union in node:
            kinds = dict.fromkeys(_holds(part) for part in node[union] if part.get("type") != "null")
            return " or ".join(kinds)
    if "allOf" in node:
        return " and ".join(_holds(part) for part in node["allOf"])
    kind = node.get("type")
    if kind == "array":
        if "prefixItems" in node:
            return f"list of {', '.join(_holds(part) for part in node['prefixItems'])}"
        if NAMES in node.get("items", ()):
            return f"list of names in `{node['items'][NAMES]}`"
        return f"list of {_holds(node['items'])}" if "items" in node else "list"
    if kind == "object":
        inner = next(iter(node.get("patternProperties", {}).values()), node.get("additionalProperties"))
        return f"named: {_holds(inner)}" if isinstance(inner, Mapping) else "mapping"
    if NAMES in node:
        return f"name in `{node[NAMES]}`"
    names = {"string": "text", "integer": "whole number", "boolean": "`true` or `false`"}
    if node.get("format") == "date":
        return "date"
    return names.get(str(kind), str(kind) if kind else "any value")


def _choices(node: Node) -> str:
    return ", ".join(f"`{choice}`" for choice in node["enum"])


def _default(node: Node) -> str:
    if "default" not in node:
        return ""
    default = node["default"]
    if default is None:
        return "none"
    if default in ({}, []):
        return "nothing"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if isinstance(default, (str, int, float)) else "as below"


def _words(text: str) -> str:
    """Return `text` on one line, escaped for a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
