"""docs/model.md and the code say the same: indicators, identities, purposes of streams, defaults, tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from surgesim.model.patients import DRAWS, U_RESIDUAL
from surgesim.scenario.care import Care
from surgesim.scenario.clinical import Clinical, UrgentShare
from surgesim.scenario.command import IndicatorName, RuleBase
from surgesim.scenario.epidemic import Detection, Epidemic, Variant
from surgesim.scenario.people import People
from surgesim.scenario.profile_tables import FOLDER as PROFILES
from surgesim.scenario.study import Study

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "model.md"
MODEL = ROOT / "surgesim" / "model"

SECTIONS: dict[str, type[BaseModel]] = {
    "epidemic": Epidemic,
    "epidemic.variant": Variant,
    "epidemic.detection": Detection,
    "people": People,
    "clinical": Clinical,
    "clinical.urgent_share": UrgentShare,
    "care": Care,
    "command.plan.*": RuleBase,
    "study": Study,
}


def section(heading: str) -> str:
    """The text under a heading, up to the next one of any level."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#+ |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {heading!r}"
    return found[1]


def rows(text: str) -> dict[str, str]:
    """The rows of a table whose first cell is a name in backticks: name and second cell."""
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]*?) \|", text, flags=re.MULTILINE))


def calls(*names: str) -> Iterator[ast.Call]:
    """Every call in the model's code of a function or method of one of these names."""
    for path in MODEL.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in names:
                yield node


def first_words(*names: str) -> set[str]:
    """The texts given as first argument in those calls."""
    arguments = (call.args[0] for call in calls(*names) if call.args)
    return {
        node.value for node in arguments if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.parametrize(
    "heading",
    [
        "1 Objectives",
        "2 Logic",
        "3 Data",
        "4 Experimentation",
        "5 Implementation",
        "6 Code access",
        "The order of a day",
        "Journey",
        "Known limits",
    ],
)
def test_a_section_that_code_and_guideline_point_to_is_there(heading: str) -> None:
    section(heading)


def test_every_indicator_is_defined_and_no_other() -> None:
    assert list(rows(section("Indicators and thresholds"))) == list(get_args(IndicatorName))


def test_every_identity_is_described_and_no_other() -> None:
    assert set(rows(section("Identities"))) == first_words("IdentityError", "_hold")


def test_every_purpose_of_a_stream_is_listed_and_no_other() -> None:
    assert set(rows(section("Randomness"))) == first_words("day", "once")


def test_the_page_tells_when_each_purpose_is_drawn() -> None:
    once = {name for name, drawn in rows(section("Randomness")).items() if drawn == "once"}
    assert once == first_words("once")


def test_a_patient_uses_as_many_uniforms_as_the_page_says() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    named = U_RESIDUAL + 1
    assert f"from {named} of {DRAWS} uniform numbers" in page
    assert f"Each uses {DRAWS} uniforms, of which {DRAWS - named} are spare" in page


def test_defaults_are_those_of_the_schema() -> None:
    table = rows(section("3 Data"))
    defaults = {path: value for path, value in table.items() if "." in path}
    assert len(defaults) > 15
    for path, value in defaults.items():
        name, _, key = path.rpartition(".")
        assert float(value) == SECTIONS[name].model_fields[key].default, path


def test_every_profile_is_named() -> None:
    assert {path.stem for path in PROFILES.glob("*.yaml")} <= set(rows(section("3 Data")))


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 10
    for path, test in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in source, f"{path}::{test}"


def test_links_within_the_page_lead_to_a_heading() -> None:
    text = PAGE.read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
