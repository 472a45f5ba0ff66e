"""Scenario files with random faults, and functions that load and run them.

Every case is determined by a seed and a number. Most cases are a shipped scenario with a few edited values;
in the others, the text, the arguments of ``--set`` or a CSV file of arrivals is edited.
"""

from __future__ import annotations

import copy
import reprlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml
from shipped import FOLDER, SHIPPED

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import compose, dump, inspect, load_stored, overlaid
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.precision import check_precision
from surgesim.study.run import run

PROVINCES = [path for path in SHIPPED if path.parent == FOLDER]
TOWNS = [path for path in SHIPPED if path.parent != FOLDER and path.stem != "national"]

Path_ = tuple[str | int, ...]

NUMBERS: tuple[Any, ...] = (
    *(0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2, 7, 100, 365, 12_345.678, 99_999, 1e-12, 1e-300, 5e-324),
    *(1e6, 1e9, 1e12, 1e15, 1e300, -1e300, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63), 10**30),
    *(float("nan"), float("inf"), float("-inf"), 1.0000000000000002, 0.30000000000000004),
)
TEXTS: tuple[str, ...] = (
    *(
        "",
        " ",
        "\t",
        "\n",
        "a\r\nb",
        "\x00",
        "\x07",
        "\x1b[31m",
        "\x7f",
        "\x85",
        "\u2028",
        "\u202e",
        "\u200b",
    ),
    *("\ufeff", "\ue000", "\U0001f3e5", "a" * 10_000, "Ô Môn", "o\u0302 mo\u0302n", "Ａ", "ß", "İ"),
    *(
        "$",
        "$x^{$",
        r"\frac{",
        "=1+1",
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@x",
        "'x",
        '"x',
        "<script>",
        "&amp;",
    ),
    *(
        "{{ x }}",
        "{% x %}",
        "%s",
        "{0}",
        "[bold]",
        "[/]",
        "a b",
        "a.b",
        "a/b",
        "..",
        "../x",
        "*",
        "?",
        "**",
        ":",
    ),
    *("x: y", "# x", "- x", "&a", "*a", "!!int 1", "<<", "null", "~", "none", "unlimited", "baseline", "any"),
    *("yes", "no", "true", "20 %", "20%", "1,000", "1.000", "0,5", "1e3", "0x1F", "0o17", "1_000", "١٢", "½"),
    *("2024-01-01", "2024-02-30", "2021-07-12", "0001-01-01", "9999-12-31", "10000-01-01", "01/02/2024"),
    *(
        "2024-01-01T00:00:00",
        "10:00",
        "1",
        "01",
        "-",
        "--",
        "a-",
        "-a",
        "A",
        "con",
        "nul",
        "/dev/zero",
        "/",
        ".",
    ),
)


@dataclass(frozen=True)
class Edit:
    """One change to the entry at a path, or to the text at a position (as a share of its length)."""

    what: str
    path: Path_ = ()
    value: Any = None

    def __str__(self) -> str:
        return f"{self.what} {'.'.join(str(key)[:80] for key in self.path)} {reprlib.repr(self.value)}"


@dataclass(frozen=True)
class Case:
    """A shipped scenario, and the edits to its values, text, ``--set`` arguments or arrivals."""

    base: Path
    edits: tuple[Edit, ...]
    kind: str = "values"

    def without(self, position: int) -> Case:
        return replace(self, edits=self.edits[:position] + self.edits[position + 1 :])

    def __str__(self) -> str:
        return f"{self.base.name} ({self.kind}): {'; '.join(map(str, self.edits))}"


# -- cases ----------------------------------------------------------------------------------------


@cache
def tree(base: Path) -> dict[str, Any]:
    """Return the plain values of a shipped file, without the values of the file that it extends."""
    value = compose(base.read_text(encoding="utf-8"), base.name).value
    assert isinstance(value, dict)
    return value


@cache
def paths(base: Path) -> tuple[Path_, ...]:
    """Return the path of every value in a shipped file."""
    return tuple(_paths(tree(base), ()))


def _paths(node: Any, above: Path_) -> Iterator[Path_]:
    for key, inner in _entries(node):
        yield (*above, key)
        yield from _paths(inner, (*above, key))


def _entries(node: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(node, Mapping):
        yield from node.items()
    elif isinstance(node, list):
        yield from enumerate(node)


def value_at(node: Any, path: Path_) -> Any:
    for key in path:
        node = node[key]
    return node


def a_case(seed: int, number: int, bases: Sequence[Path], *, gentle: bool = False) -> Case:
    """Create case `number` of a seed; if `gentle` is True, the scenario is more likely to be valid."""
    random = Random(f"{seed}-{number}")
    base = random.choice(bases)
    several = min(1 + int(random.expovariate(0.7)), 6)
    if gentle:
        return Case(base, tuple(_gentle_edit(random, base, bases) for _ in range(several)))
    kind = random.choices(("values", "text", "set", "arrivals"), (70, 18, 8, 4))[0]
    draw: Callable[[Random, Path, Sequence[Path]], Edit] = _text_edit if kind == "text" else _edit
    if kind == "arrivals":
        draw = _arrivals_edit
    return Case(base, tuple(draw(random, base, bases) for _ in range(several)), kind)


def _a_path(random: Random, base: Path) -> Path_:
    """Choose a path uniformly, or by a walk from the root, which selects entire sections more often."""
    if random.random() < 0.5:
        return random.choice(paths(base))
    node: Any = tree(base)
    path: Path_ = ()
    while (entries := list(_entries(node))) and (not path or random.random() < 0.7):
        key, node = random.choice(entries)
        path = (*path, key)
    return path


def _edit(random: Random, base: Path, bases: Sequence[Path]) -> Edit:
    path = _a_path(random, base)
    what = random.choice(("delete", "put", "put", "put", "rename", "copy", "add", "wrap", "scale"))
    if what == "put":
        return Edit("put", path, _any_value(random, bases))
    if what in ("rename", "copy"):
        return Edit(what, path, random.choice((*TEXTS, *map(str, _a_path(random, random.choice(bases))))))
    if what == "add":
        key = random.choice((*TEXTS, *map(str, _a_path(random, random.choice(bases)))))
        return Edit("put", (*path, key), _any_value(random, bases))
    if what == "wrap":
        return Edit("wrap", path, random.choice(("list", "mapping", "twice", "deep")))
    return Edit(what, path, random.choice((0, -1, 0.001, 1 / 3, 2, 10, 1000)) if what == "scale" else None)


def _gentle_edit(random: Random, base: Path, bases: Sequence[Path]) -> Edit:
    """Create an edit that often leaves a valid scenario.

    It scales numbers, sets a common value, copies the value of the same key elsewhere, or deletes an entry.
    """
    path = _a_path(random, base)
    what = random.choice(("delete", "scale", "scale", "like", "like", "small"))
    if what == "like":
        other = random.choice(bases)
        like = [each for each in paths(other) if each[-1] == path[-1]]
        return Edit("put", path, value_at(tree(other), random.choice(like))) if like else Edit("delete", path)
    if what == "small":
        return Edit(
            "put", path, random.choice((0, 1, 0.5, 1e-300, 1e-9, 2, 0.999, 7, 30, 365, "none", True, False))
        )
    return Edit(what, path, random.choice((0, 0.001, 0.1, 1 / 3, 0.5, 2, 3, 10)) if what == "scale" else None)


def _any_value(random: Random, bases: Sequence[Path]) -> Any:
    kind = random.randrange(5)
    if kind == 0:
        return random.choice(NUMBERS)
    if kind == 1:
        return random.choice(TEXTS)
    if kind == 2:
        number = random.choice(NUMBERS)
        forms: tuple[Any, ...] = (
            None,
            True,
            False,
            [],
            {},
            [[]],
            [None],
            {"": None},
            {"a": {}},
            [number] * 9,
        )
        forms += ([number] * 2, {"scale": number}, {"gamma": {"mean": number, "sd": 1}}, {"0": number})
        return random.choice(
            (*forms, [[number] * 9] * 9, list(range(5000)), _deep(random.choice((40, 60, 200))))
        )
    other = random.choice(bases)
    return value_at(tree(other), _a_path(random, other))


def _deep(levels: int) -> Any:
    node: Any = 1
    for _ in range(levels):
        node = [node]
    return node


def _text_edit(random: Random, base: Path, bases: Sequence[Path]) -> Edit:
    what = random.choice(
        ("insert", "insert", "byte", "cut", "line away", "line twice", "indent", "swap lines", "whole")
    )
    at = (str(random.random()),)
    if what == "insert":
        value = random.choice(
            (
                *TEXTS,
                "\t",
                "  ",
                "[",
                "{",
                "}",
                "]",
                ",",
                ": ",
                "\n- ",
                "\n",
                "'",
                '"',
                "|\n",
                ">\n",
                "[" * 5000,
                "{a: " * 60,
            )
        )
        return Edit(what, at, value)
    if what == "byte":
        return Edit(what, at, random.choice((0, 9, 13, 26, 127, 128, 0xC3, 0xED, 0xFE, 0xFF)))
    if what == "whole":
        return Edit(
            what,
            at,
            random.choice(("bom", "crlf", "cr", "utf-16", "utf-32", "latin-1", "tabs", "twice", "two")),
        )
    return Edit(what, at)


def _arrivals_edit(random: Random, base: Path, bases: Sequence[Path]) -> Edit:
    cell = random.choice(
        (*TEXTS, *map(str, NUMBERS), "day", "date", "basic", "icu", "district", "age", ",", ";")
    )
    return Edit(random.choice(("cell", "cell", "row away", "row twice")), (str(random.random()),), cell)


# -- the files of a case --------------------------------------------------------------------------


@dataclass(frozen=True)
class Files:
    """The arguments of `inspect`."""

    path: Path
    changes: tuple[str, ...] = ()


def write(case: Case, folder: Path) -> Files:
    """Write the files of a case to a folder created by `prepare`."""
    path = folder / case.base.relative_to(FOLDER).parent / "case.yaml"
    changes: tuple[str, ...] = ()
    if case.kind == "text":
        path.write_bytes(_changed_text(case))
    elif case.kind == "arrivals":
        path.write_text(_ARRIVALS, encoding="utf-8")
        (path.parent / "arrivals.csv").write_bytes(_changed_arrivals(case))
    elif case.kind == "set":
        path.write_bytes(case.base.read_bytes())
        changes = tuple(f"{'.'.join(map(str, e.path))}={_one_line(e.value)}" for e in case.edits)
    else:
        path.write_text(_text(_changed_values(case)), encoding="utf-8")
    return Files(path, changes)


def prepare(folder: Path) -> Path:
    """Copy the shipped scenarios to `folder`, so that a case finds the file that it extends."""
    shutil.copytree(FOLDER, folder / "scenarios", dirs_exist_ok=True)
    return folder / "scenarios"


def _text(values: Any) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(values, Dumper=dumper, sort_keys=False, allow_unicode=True)
    return text


def _one_line(value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = str(yaml.dump(value, Dumper=dumper, default_flow_style=True, width=10**9))
    return text.removesuffix("...\n").strip()


def _changed_values(case: Case) -> Any:
    root = {"": copy.deepcopy(tree(case.base))}
    for edit in case.edits:
        path = ("", *edit.path)
        try:
            holder = value_at(root, path[:-1])
            _apply(edit, holder, path[-1])
        except (LookupError, TypeError, ValueError, AttributeError):
            continue  # an earlier edit removed this path
    return root[""]


def _apply(edit: Edit, holder: Any, key: str | int) -> None:
    if edit.what == "put":
        holder[key] = copy.deepcopy(edit.value)
    elif edit.what == "delete":
        del holder[key]
    elif edit.what == "copy":
        if isinstance(holder, list):
            holder.append(holder[int(key)])
        else:
            holder[edit.value] = copy.deepcopy(holder[key])
    elif edit.what == "rename":
        items = [(edit.value if each == key else each, value) for each, value in holder.items()]
        holder.clear()
        holder.update(items)
    elif edit.what == "scale":
        _scale(holder, key, edit.value)
    elif edit.what == "wrap":
        inner = holder[key]
        holder[key] = {"list": [inner], "mapping": {"a": inner}, "twice": [inner, inner]}.get(
            edit.value, _deep(60)
        )


def _scale(holder: Any, key: str | int, factor: float) -> None:
    """Multiply every number at or below a key by `factor`."""
    value = holder[key]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        holder[key] = round(value * factor) if isinstance(value, int) else value * factor
    for inner, _ in list(_entries(value)):
        _scale(value, inner, factor)


def _changed_text(case: Case) -> bytes:
    text = case.base.read_bytes()
    for edit in case.edits:
        at = float(str(edit.path[0]))
        lines = text.split(b"\n")
        line, byte = int(at * len(lines)), int(at * len(text))
        if edit.what == "insert":
            text = text[:byte] + str(edit.value).encode() + text[byte:]
        elif edit.what == "byte":
            text = text[:byte] + bytes([edit.value]) + text[byte + 1 :]
        elif edit.what == "cut":
            text = text[:byte]
        elif edit.what == "whole":
            text = _whole(text, edit.value)
        elif edit.what == "line away":
            text = b"\n".join(lines[:line] + lines[line + 1 :])
        elif edit.what == "line twice":
            text = b"\n".join(lines[: line + 1] + lines[line:])
        elif edit.what == "indent":
            text = b"\n".join([*lines[:line], b"  " + lines[line], *lines[line + 1 :]])
        elif edit.what == "swap lines" and line + 1 < len(lines):
            text = b"\n".join([*lines[:line], lines[line + 1], lines[line], *lines[line + 2 :]])
    return text


def _whole(text: bytes, how: str) -> bytes:
    plain = text.decode(errors="replace")
    if how in ("utf-16", "utf-32", "latin-1"):
        return plain.encode(how, errors="replace")
    return {
        "bom": b"\xef\xbb\xbf" + text,
        "crlf": text.replace(b"\n", b"\r\n"),
        "cr": text.replace(b"\n", b"\r"),
        "tabs": text.replace(b"  ", b"\t"),
        "twice": text + text,
        "two": text + b"\n---\n" + text,
    }[how]


_ARRIVALS = """\
extends: small-town.yaml
epidemic: null
people: {contacts: null}
arrivals: {file: arrivals.csv, counts_are: poisson}
"""


def _changed_arrivals(case: Case) -> bytes:
    rows = [
        ["day", "age", "basic", "oxygen", "icu"],
        *([str(d), "30-39", "3", "2.5", "1"] for d in range(120)),
    ]
    for edit in case.edits:
        at = float(str(edit.path[0]))
        row = 0 if at < 0.2 else int(at * len(rows))
        if edit.what == "cell" and rows[row]:
            rows[row][int(at * 1000) % len(rows[row])] = str(edit.value)
        elif edit.what == "row away" and len(rows) > 1:
            del rows[row]
        elif edit.what == "row twice":
            rows.insert(row, list(rows[row]))
    return "\n".join(",".join(row) for row in rows).encode()


# -- checks ---------------------------------------------------------------------------------------


def load_case(case: Case, folder: Path) -> Scenario | None:
    """Load a case as `validate` does; return None if it is rejected with readable messages."""
    files = write(case, folder)
    try:
        scenario, warnings = inspect(files.path, changes=files.changes)
        check_precision(scenario)
    except ScenarioError as error:
        _read(error.problems)
        return None
    _read(warnings, least=0)
    return scenario


def _read(problems: Sequence[Problem], least: int = 1) -> None:
    assert len(problems) >= least
    for problem in problems:
        line = str(problem)
        assert line.encode().decode() == line
        assert problem.message.strip()
        assert len(problem.message) < 2_000, f"a message of {len(problem.message)} characters"


def check_stored(scenario: Scenario, folder: Path) -> None:
    """Check that a scenario stored in a result folder equals the scenario that was loaded."""
    stored = folder / "stored.yaml"
    stored.write_text(dump(scenario), encoding="utf-8", newline="\n")
    assert load_stored(stored) == scenario


def run_case(scenario: Scenario, days: int, alternatives: int = 1, out: Path | None = None) -> bool:
    """Run a short replication of the baseline and the first alternatives, with all identities checked.

    Return False if the shortened scenario or the values drawn for it are rejected.
    """
    study = {"replications": 1, "precision": None}
    short = {"days": days, "warm_up_days": min(scenario.warm_up_days, 2), "study": study}
    try:
        shortened = overlaid(scenario, short)
        run(shortened, only=list(shortened.alternatives)[:alternatives], workers=1, out=out)
    except ScenarioError as error:
        _read(error.problems)
        return False
    return True
