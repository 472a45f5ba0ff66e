"""The scenario reference: every section and key of a scenario with what it may hold, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from surgesim.scenario.schema import Scenario

Node = Mapping[str, Any]

_HEAD: Final = """\
# Scenario reference

Every key of a scenario file: what it may hold, what holds where it is left out, and where a default comes
from. Keys without a default must be given. An editor that knows JSON Schema completes and checks scenarios
with `surgesim schema`. What the values do is in [model.md](model.md); examples are in
[scenarios/README.md](../scenarios/README.md).

This page is what `surgesim.scenario.reference.scenario_reference()` returns; a test holds the two together.
"""

_BOUNDS: Final = (
    ("minimum", "≥ {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"),
    ("exclusiveMaximum", "< {}"),
    ("minItems", "at least {} of them"),
    ("maxItems", "at most {} of them"),
)


def scenario_reference() -> str:
    """The text of docs/scenario-reference.md."""
    schema = Scenario.model_json_schema()
    parts = [_HEAD, *_section("The file", schema)]
    for name, node in sorted(schema["$defs"].items()):
        if "properties" in node:
            parts += _section(name, node)
        elif "enum" in node:
            parts += [
                f"## {name}\n",
                f"{_words(node.get('description', ''))}\n",
                f"One of {_choices(node)}.\n",
            ]
    return "\n".join(parts)


def _section(name: str, node: Node) -> Iterator[str]:
    yield f"## {name}\n"
    if node.get("description"):
        yield f"{_words(node['description'])}\n"
    required = set(node.get("required", ()))
    yield "| key | holds | default | from |"
    yield "|---|---|---|---|"
    for key, value in node["properties"].items():
        default = "must be given" if key in required else _default(value)
        origin = ", ".join(_words(str(value[part])) for part in ("confidence", "source") if part in value)
        yield f"| `{key}` | {_holds(value)} | {default} | {origin} |"
    yield ""


def _holds(node: Node) -> str:
    """What a value may be, in words, with its bounds."""
    said = _kind(node)
    bounds = ", ".join(text.format(f"{node[name]:g}") for name, text in _BOUNDS if name in node)
    return f"{said} {bounds}".strip() if bounds else said


def _kind(node: Node) -> str:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in node:
        return f"`{node['const']}`"
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
        return f"list of {_holds(node['items'])}" if "items" in node else "list"
    if kind == "object":
        inner = next(iter(node.get("patternProperties", {}).values()), node.get("additionalProperties"))
        return f"named: {_holds(inner)}" if isinstance(inner, Mapping) else "mapping"
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
    """A text on one line that breaks no table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
