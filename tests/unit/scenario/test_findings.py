"""Findings are data: no code acts on the wording of a message, its own or a library's."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import surgesim
from surgesim.errors import Problem
from surgesim.scenario.messages.finding import Finding, Kind, Location, dotted

PACKAGE = Path(surgesim.__file__).parent
ROOMS = ("scenario", "model", "study", "report", "cli")
FILES = sorted(path for room in ROOMS for path in (PACKAGE / room).rglob("*.py"))

MESSAGES = {"message", "msg"}
"""Names of variables, attributes and entries that hold a message."""

WORDING = {*MESSAGES, "expected", "phrase"}
"""Attributes that hold words for people."""

OF_ERRORS = {"problem", "context", "args"}
"""Attributes in which errors of libraries hold theirs."""

ERRORS = {"error", "exc", "err", "e", "fault", "finding", "problem", "doubt"}

LOOKS = {
    "startswith", "endswith", "find", "rfind", "index", "count", "removeprefix", "removesuffix", "partition",
    "rpartition", "split", "replace", "strip", "isdigit",
}  # fmt: skip
"""Methods of a text that look at what it says."""

PATTERNS = {"match", "search", "fullmatch", "findall", "finditer", "sub"}


def acts_on_wording(source: str) -> list[int]:
    """Lines of code that look at what a message says."""
    return sorted({node.lineno for node in ast.walk(ast.parse(source)) if _looks(node)})


def _looks(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in LOOKS:
            return _words(node.func.value)
        return node.func.attr in PATTERNS and any(map(_words, node.args))
    if isinstance(node, ast.Compare):
        asks = any(isinstance(how, (ast.In, ast.NotIn, ast.Eq, ast.NotEq)) for how in node.ops)
        return asks and any(map(_words, (node.left, *node.comparators)))
    return isinstance(node, ast.Match) and _words(node.subject)


def _words(node: ast.AST) -> bool:
    """Whether an expression is words for people, or made of them."""
    return any(map(_is_word, _parts(node)))


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """The expressions whose value goes into that of `node`; not those that a call only asks."""
    yield node
    if isinstance(node, ast.BoolOp):
        for inner in node.values:
            yield from _parts(inner)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from _parts(node.func.value)


def _is_word(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in MESSAGES
    if isinstance(node, ast.Attribute):
        of_error = isinstance(node.value, ast.Name) and node.value.id in ERRORS
        return node.attr in WORDING or (of_error and node.attr in OF_ERRORS)
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value in MESSAGES
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("str", "repr"):
        return any(isinstance(arg, ast.Name) and arg.id in ERRORS for arg in node.args)
    return False


@pytest.mark.parametrize(
    "source",
    [
        'if message.startswith("missing, "): pass',
        'if not message.startswith(("missing", "got no series")): pass',
        """near = re.fullmatch(r"unknown key .*, did you mean '(.*)'", told.message)""",
        'whole = found.expected.startswith("a whole number")',
        'fits = found.kind == "value" and "number" not in found.expected',
        'deep = "nesting depth" in (error.problem or "")',
        'wrong = _NOT_WHOLE.fullmatch(error.message)',
        'wrong = "Input should be" in str(error)',
        'wrong = detail["msg"] == "Field required"',
        'told = problem.message.lower().startswith("got")',
    ],
)  # fmt: skip
def test_what_acts_on_wording_is_found(source: str) -> None:
    assert acts_on_wording(source) == [1]


@pytest.mark.parametrize(
    "source",
    [
        'if finding.kind is Kind.MISSING and finding.path in meant: pass',
        'text = f"{message}, expected {expected}"',
        'if name.startswith("x"): raise ValueError(message)',
        'known = finding in told_before',
    ],
)  # fmt: skip
def test_what_only_writes_a_message_is_not(source: str) -> None:
    assert acts_on_wording(source) == []


def test_no_code_acts_on_the_wording_of_a_message() -> None:
    assert len(FILES) > 100
    found = {str(path.relative_to(PACKAGE)): acts_on_wording(path.read_text("utf-8")) for path in FILES}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_a_finding_is_told_as_a_problem_at_its_place() -> None:
    finding = Finding(("phases", 0, "share"), "missing, expected a number", Kind.MISSING, detail="one")
    assert finding.problem == Problem("phases.0.share", "missing, expected a number", detail="one")
    placed = Finding(("days",), "got 5", location=Location("a.yaml", 3)).under(("alternatives", "x"))
    assert placed.problem == Problem("alternatives.x.days", "got 5", "a.yaml", 3)
    assert dotted(placed.path) == "alternatives.x.days"
