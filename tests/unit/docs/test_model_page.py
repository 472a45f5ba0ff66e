"""docs/model.md and the code say the same: indicators, identities, purposes of streams, defaults, tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from surgesim.model.care import patients
from surgesim.model.care.patients import DRAWS
from surgesim.scenario.loading.profile_tables import FOLDER as PROFILES
from surgesim.scenario.messages.shape import scenario_shape
from surgesim.scenario.schema.capacity.essential import Essential, EssentialCare, OtherDeaths, OtherIcu
from surgesim.scenario.schema.capacity.home import HomeCare
from surgesim.scenario.schema.capacity.oxygen import Flow, OxygenSource, Respiratory, Scarcity
from surgesim.scenario.schema.capacity.staffing import Absence, Staffing
from surgesim.scenario.schema.capacity.transport import Neighbour
from surgesim.scenario.schema.care import Care
from surgesim.scenario.schema.clinical import Clinical, UrgentShare
from surgesim.scenario.schema.epidemic import Epidemic, Variant
from surgesim.scenario.schema.indicators import INDICATORS
from surgesim.scenario.schema.levers.staff import RedeployNurses
from surgesim.scenario.schema.people import People
from surgesim.scenario.schema.response.detection import Detection, LaboratoryTests
from surgesim.scenario.schema.response.reaction import Reaction
from surgesim.scenario.schema.response.vaccination import Vaccination
from surgesim.scenario.schema.study.section import Study

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "model.md"
MODEL = ROOT / "surgesim" / "model"

SECTIONS: dict[str, type[BaseModel]] = {
    "epidemic": Epidemic,
    "epidemic.variant": Variant,
    "epidemic.detection": Detection,
    "epidemic.detection.tests": LaboratoryTests,
    "epidemic.reaction": Reaction,
    "epidemic.vaccination": Vaccination,
    "people": People,
    "clinical": Clinical,
    "clinical.urgent_share": UrgentShare,
    "clinical.respiratory": Respiratory,
    "clinical.respiratory.flow": Flow,
    "clinical.respiratory.scarcity": Scarcity,
    "clinical.home_care": HomeCare,
    "care": Care,
    "care.staffing": Staffing,
    "care.staffing.absence": Absence,
    "care.essential": EssentialCare,
    "care.essential.icu": OtherIcu,
    "care.essential.deaths": OtherDeaths,
    "care.facilities.*.essential": Essential,
    "care.facilities.*.oxygen": OxygenSource,
    "care.neighbours.*": Neighbour,
    "command.plan.*": RedeployNurses,
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


def modules() -> Iterator[ast.Module]:
    """The model's code, module by module."""
    for path in MODEL.rglob("*.py"):
        yield ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Every call of a function or method of one of these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in names:
            yield node


def loops(tree: ast.AST) -> dict[str, list[str]]:
    """By the first variable of each loop over a literal list of cases: the texts it takes."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.For)
            and isinstance(node.target, ast.Tuple)
            and isinstance(node.iter, ast.Tuple)
        ):
            firsts = [case.elts[0] for case in node.iter.elts if isinstance(case, ast.Tuple)]
            texts = [first.value for first in firsts if isinstance(first, ast.Constant)]
            found.setdefault(ast.unparse(node.target.elts[0]), []).extend(map(str, texts))
    return found


def texts(argument: ast.expr, taken: dict[str, list[str]]) -> list[str]:
    """The texts an argument stands for: itself, or what a loop makes of it."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return [argument.value]
    if isinstance(argument, ast.Name):
        return taken.get(argument.id, [])
    if isinstance(argument, ast.JoinedStr):
        start, varying = argument.values
        assert isinstance(start, ast.Constant)
        assert isinstance(start.value, str)
        assert isinstance(varying, ast.FormattedValue)
        return [start.value + text for text in taken[ast.unparse(varying.value)]]
    return []


def first_words(*names: str) -> set[str]:
    """The texts given as first argument in the model's calls of these names."""
    return {
        text
        for tree in modules()
        for call in calls(tree, *names)
        if call.args
        for text in texts(call.args[0], loops(tree))
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
    assert list(rows(section("Indicators and thresholds"))) == list(INDICATORS)


@pytest.mark.slow
def test_every_identity_is_described_and_no_other() -> None:
    assert set(rows(section("Identities"))) == first_words("IdentityError", "_hold", "_hold_flows")


def test_every_action_of_a_rule_is_described_and_no_other() -> None:
    plan = scenario_shape().fields["command"].fields["plan"].entry
    assert plan is not None
    assert sorted(rows(section("Rules of the plan"))) == sorted(plan.variants)


@pytest.mark.slow
def test_every_purpose_of_a_stream_is_listed_and_no_other() -> None:
    assert set(rows(section("Randomness"))) == first_words("day", "once")


@pytest.mark.slow
def test_the_page_tells_when_each_purpose_is_drawn() -> None:
    once = {name for name, drawn in rows(section("Randomness")).items() if drawn == "once"}
    assert once == first_words("once")


def test_a_patient_uses_as_many_uniforms_as_the_page_says() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    named = 1 + max(value for name, value in vars(patients).items() if name.startswith("U_"))
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
