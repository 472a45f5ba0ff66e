"""Mutants of the model: how many of a drawn sample of small errors in `surgesim/model/` the tests find.

Cosmic Ray makes the mutants. This file draws the sample, and gives each mutant to a forked process, which
runs the fast tests that cover its line. Nothing is written into the checkout.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib.machinery
import json
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple, TypeAlias

import coverage
import pytest
from _pytest.main import pytest_runtestloop
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).resolve().parents[1]
SWAPS = (
    *("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Div", "Mod_Mul", "Pow_Mul"),
    *("BitOr_BitAnd", "BitAnd_BitOr"),
)
COMPARISONS = ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is")
OPERATORS = (
    *(f"ReplaceBinaryOperator_{swap}" for swap in SWAPS),
    *(f"ReplaceComparisonOperator_{swap}" for swap in COMPARISONS),
    *("ReplaceUnaryOperator_USub_UAdd", "ReplaceUnaryOperator_Delete_Not", "AddNot"),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("NumberReplacer", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
)
"""Mutations of Cosmic Ray that are likely errors: `+` for `-`, not `<<` for `-`."""

FAST = ("-m", "not slow", "tests/unit/model")
SLOW = ("-m", "slow", "tests/unit/model", "tests/property", "tests/verification")
LIMIT = 60
"""Seconds of processor time after which a mutant counts as found; for slow tests, ten times as many."""

Place: TypeAlias = tuple[int, int]
"""Line, from 1, and column, from 0."""


class Mutant(NamedTuple):
    """A mutation: an occurrence of an operator in a file; line and column of what changes."""

    path: str
    line: int
    column: int
    operator: str
    occurrence: int

    def source(self) -> str:
        operator = get_operator(f"core/{self.operator}")()
        changed: str = mutate_code(Path(self.path).read_text(encoding="utf-8"), operator, self.occurrence)
        return changed


class Covered(NamedTuple):
    """Seconds of each fast test, and those that run each line of each file."""

    seconds: dict[str, float]
    tests: dict[str, dict[int, list[str]]]


def immaterial(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what no test should find: types, decorators, texts of errors, strict zips."""
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")) | ast.Raise() | ast.keyword(arg="strict"):
                yield node
            case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=ast.AST() as annotation):
                yield annotation
            case ast.FunctionDef(returns=ast.AST() as annotation):
                yield annotation
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield node
        yield from getattr(node, "decorator_list", ())


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield all mutants of a file, in order of their operators."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    ignored = [(start(node), end(node)) for node in immaterial(tree)]
    operands = [(end(node.left), start(node.right)) for node in ast.walk(tree) if isinstance(node, ast.BinOp)]
    nodes = list(ast_nodes(get_ast(source)))
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        places = (place for node in nodes for place, _ in operator.mutation_positions(node))
        for occurrence, place in enumerate(places):
            if any(first <= place < last for first, last in ignored):
                continue
            if "BinaryOperator" in name and not any(first <= place < last for first, last in operands):
                continue  # a star of a parameter, or of a call
            yield Mutant(path.relative_to(ROOT).as_posix(), *place, name, occurrence)


def start(node: ast.AST) -> Place:
    return (node.lineno, node.col_offset)  # type: ignore[attr-defined]


def end(node: ast.AST) -> Place:
    return (node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def forked(run: Callable[[], Any], limit: int) -> Any:
    """Return what `run` returns in a silent process; "too slow" after `limit` seconds of processor time."""
    answer, log = Path("answer.pickle"), Path("log.txt")
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_PROF, limit)
        silent = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        try:
            answer.write_bytes(pickle.dumps(run()))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "too slow" if os.WTERMSIG(status) == signal.SIGPROF else "crash"
    if not answer.exists():
        raise RuntimeError(log.read_text(encoding="utf-8"))
    return pickle.loads(answer.read_bytes())


def pytest_session(plugin: object, *arguments: str) -> int:
    return int(pytest.main(["-x", "-q", "-s", "-n", "0", "-p", "no:cacheprovider", *arguments], [plugin]))


class Watch:
    """Pytest plugin: notes the duration of tests, what they cover, and the first that fails."""

    def __init__(self, cover: coverage.Coverage | None = None) -> None:
        self._cover = cover
        self.seconds: Counter[str] = Counter()
        self.failed = ""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if self._cover:
            self._cover.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed = self.failed or report.nodeid


def covered() -> Covered:
    """Run the fast tests of the model, and return which lines each of them runs."""
    cover = coverage.Coverage(data_file=None, source=["surgesim/model"])
    watch = Watch(cover)
    cover.start()
    if pytest_session(watch, *FAST):
        raise SystemExit(f"fails without a mutation: {watch.failed}")
    cover.stop()
    data = cover.get_data()
    tests: dict[str, dict[int, list[str]]] = defaultdict(dict)
    for file in data.measured_files():
        for line, nodes in data.contexts_by_lineno(file).items():
            tests[os.path.relpath(file)][line] = [node for node in nodes if node]
    return Covered(dict(watch.seconds), dict(tests))


def functions(code: CodeType) -> Iterator[CodeType]:
    """Yield the functions and methods of a module, but none within another."""
    for part in code.co_consts:
        if isinstance(part, CodeType):
            if part.co_flags & 1:  # a function; a class has no fast locals
                yield part
            else:
                yield from functions(part)


def key_of(code: CodeType) -> tuple[str, str, int]:
    return (os.path.relpath(code.co_filename), code.co_qualname, code.co_firstlineno)


class Session:
    """Pytest plugin: instead of running the tests once, runs them for each mutant that changes a function."""

    def __init__(self, mutants: list[Mutant], known: Covered, note: Callable[[Mutant, str], None]) -> None:
        self._mutants, self._known, self._note = mutants, known, note

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        living: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
        for function in gc.get_objects():
            if isinstance(function, FunctionType) and "/surgesim/model/" in function.__code__.co_filename:
                living[key_of(function.__code__)].append(function)
        for mutant in self._mutants:
            module = compile(mutant.source(), os.path.abspath(mutant.path), "exec", dont_inherit=True)
            changed = [
                (function, code)
                for code in functions(module)
                for function in living[key_of(code)]
                if function.__code__ != code
            ]
            if changed:
                tests = self._tests_of(mutant, changed[0][1])
                self._note(mutant, forked(partial(self._found, session, changed, tests), LIMIT))
        return True

    def _tests_of(self, mutant: Mutant, code: CodeType) -> set[str]:
        """Return the tests that run the line, or the function where a line is part of a longer statement."""
        by_line = self._known.tests.get(mutant.path, {})
        tests = by_line.get(mutant.line)
        return set(tests or (test for *_, line in code.co_lines() for test in by_line.get(line or 0, ())))

    def _found(
        self, session: pytest.Session, changed: list[tuple[FunctionType, CodeType]], tests: set[str]
    ) -> str:
        for function, code in changed:
            function.__code__ = code
        watch = Watch()
        session.config.pluginmanager.register(watch)
        session.items = sorted(
            (item for item in session.items if item.nodeid in tests),
            key=lambda item: self._known.seconds[item.nodeid],
        )
        with suppress(session.Failed):
            pytest_runtestloop(session)
        return watch.failed


def found_afresh(mutant: Mutant, *arguments: str) -> str:
    """Import everything anew with a mutant in it, and return the test that fails."""
    source, path = mutant.source(), os.path.abspath(mutant.path)
    original = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        return (
            compile(source, path, "exec", dont_inherit=True)
            if loader.path == path
            else original(loader, name)
        )

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
    watch = Watch()
    code = pytest_session(watch, *arguments)
    return watch.failed or ("import" if code else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="one line per mutant; those already in it are not run again")
    parser.add_argument("--sample", type=int, default=400, help="number of mutants drawn")
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--wide", action="store_true", help="run all tests of the model on survivors")
    parser.add_argument("--again", action="store_true", help="run the survivors in `out` again")
    options = parser.parse_args()
    every = [
        mutant for path in sorted((ROOT / "surgesim/model").rglob("*.py")) for mutant in mutants_of(path)
    ]
    sample = random.Random(options.seed).sample(every, options.sample)
    out = options.out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)

    def results() -> dict[Mutant, str]:
        lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
        return {Mutant(*mutant): found for mutant, found in map(json.loads, lines)}

    def note(mutant: Mutant, found: str) -> None:
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps([mutant, found]) + "\n")

    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder, "surgesim")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "build", "__pycache__"))
        os.chdir(copy)
        sys.path.insert(0, str(copy))
        before = results()
        due = [mutant for mutant in sample if mutant not in before or (options.again and not before[mutant])]
        known = forked(covered, 10 * LIMIT)
        forked(partial(pytest_session, Session(due, known, note), *FAST), 10 * LIMIT)
        after = results()
        for mutant in due:
            if mutant not in after:
                note(mutant, forked(partial(found_afresh, mutant, *FAST), LIMIT))
            elif options.wide and not after[mutant]:
                found = forked(partial(found_afresh, mutant, *FAST), LIMIT)
                note(mutant, found or forked(partial(found_afresh, mutant, *SLOW), 10 * LIMIT))
    final = results()
    alive = [mutant for mutant in sample if not final[mutant]]
    for mutant in alive:
        line = (ROOT / mutant.path).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()
        where = f"{mutant.path}:{mutant.line}:{mutant.column}"
        sys.stdout.write(f"{where} {mutant.operator} {mutant.occurrence}: {line}\n")
    sys.stdout.write(f"{len(sample) - len(alive)} of {len(sample)} found; {len(every)} possible\n")


if __name__ == "__main__":
    main()
