"""Write a scenario as YAML 1.2 text that loads back to an equal scenario."""

from __future__ import annotations

import re
from typing import Any

import yaml

from surgesim.scenario.schema.scenario import Scenario

_Dumper: Any = type(
    "_Dumper",
    (getattr(yaml, "CSafeDumper", yaml.SafeDumper),),
    {"yaml_implicit_resolvers": {}, "ignore_aliases": lambda dumper, data: True},
)
"""A YAML dumper that writes no aliases, and quotes text that YAML 1.2 would not read back as text."""

for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})\\Z"), list(_first))
_Dumper.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"\Z"), [""])


_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_list(list(value)))
_Dumper.add_multi_representer(dict, lambda dumper, value: dumper.represent_dict(dict(value)))


def dump(scenario: Scenario) -> str:
    """Return the scenario as YAML, with defaults written out, profiles resolved and arrivals embedded."""
    text: str = yaml.dump(
        scenario.to_plain(),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=110,
    )
    return text
