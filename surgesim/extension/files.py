"""The extensions of a study: the contents of their files, and their declarations.

Worker processes receive the content of an extension, and each process loads it once.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

from surgesim.errors import ExtensionError
from surgesim.extension.declarations import Action, Indicator, Intervention, Outcome
from surgesim.extension.numbers import number

Declared = TypeVar("Declared", Outcome, Indicator, Intervention, Action)

KINDS: Mapping[type[Any], str] = {
    Outcome: "outcome",
    Indicator: "indicator",
    Intervention: "intervention",
    Action: "action",
}

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
A_NAME = "a name of a-z, 0-9 and _ that begins with a letter, at most 60 characters"


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension file.

    Attributes
    ----------
    file
        The name of the file, without its folder.
    content
        The contents of the file, in bytes.
    """

    file: str
    content: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()

    def __repr__(self) -> str:
        return f"<Extension {self.file}, SHA-256 {self.sha256[:12]}>"

    def load(self) -> ModuleType:
        """Return the file as a module, which the first call in a process executes.

        Raises
        ------
        ExtensionError
            If the file cannot be executed, declares nothing, or declares a name twice.
        """
        name = f"surgesim_extension_{self.sha256}"
        if name in sys.modules:
            return sys.modules[name]
        try:
            tree = ast.parse(self.content, self.file)
        except (SyntaxError, ValueError) as error:
            line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            reason = error.msg if isinstance(error, SyntaxError) else str(error)
            raise ExtensionError(f"{self.file}{line}: not valid Python ({reason})") from error
        module = ModuleType(name)
        module.__file__ = f"{self.sha256[:12]}/{self.file}"  # unique, even if the file changes later
        vars(module)["__loader__"] = self  # lets tracebacks show its lines, on other machines too
        sys.modules[name] = module  # as dataclasses and pickle expect
        try:
            exec(compile(tree, module.__file__, "exec", dont_inherit=True), vars(module))
            self._check(module, tree)
        except BaseException as error:
            del sys.modules[name]
            if isinstance(error, ExtensionError) or not isinstance(error, (Exception, SystemExit)):
                raise
            raise self.failed("loading it", error) from error
        return module

    def get_source(self, name: str) -> str:
        """Return the source text of the module, for tracebacks."""
        return self.content.decode("utf-8", "replace")

    def declared(self, kind: type[Declared]) -> list[Declared]:
        """Return the file's declarations of one kind, in the order of the file."""
        return list(_unique(value for value in vars(self.load()).values() if isinstance(value, kind)))

    def failed(self, what: str, error: BaseException) -> ExtensionError:
        """Return an `ExtensionError` for an error in a function of this file, with its traceback."""
        text = "".join(traceback.format_exception(error))
        return ExtensionError(f"{self.file}: {what} raised {type(error).__name__}: {error}", text)

    def number(self, what: str, value: object) -> float:
        """Convert a value that a function of this file returned to a number.

        Raises
        ------
        ExtensionError
            If the value is not a number.
        """
        try:
            return number(value)
        except ValueError as error:
            raise ExtensionError(f"{self.file}: {what} {error}") from None

    def _check(self, module: ModuleType, tree: ast.Module) -> None:
        """Refuse a file that declares nothing, a name that is not allowed, or the same name twice."""
        found = [value for kind in KINDS for value in vars(module).values() if isinstance(value, kind)]
        if not found:
            kinds = ", ".join(KINDS.values())
            raise ExtensionError(
                f"{self.file}: declares nothing, expected a function with a decorator of "
                f"surgesim.extension ({kinds})"
            )
        for each in found:
            if _NAME.fullmatch(each.name) is None:
                raise ExtensionError(
                    f"{self.file}: got the {KINDS[type(each)]} {each.name!r}, expected {A_NAME}"
                )
        functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        for name in {each.name for each in found}:
            if functions.count(name) > 1:
                raise ExtensionError(f"{self.file}: declares {name!r} twice, expected distinct names")


def _unique(values: Iterable[Declared]) -> Iterator[Declared]:
    """Yield each object once, even if it has several names."""
    return iter({id(value): value for value in values}.values())


@dataclass(frozen=True, slots=True)
class Extensions:
    """The extensions of a study, in the order given; most studies have none."""

    files: tuple[Extension, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files)

    def of(self, kind: type[Declared]) -> list[tuple[Extension, Declared]]:
        """Return the declarations of one kind in all files, each with its file."""
        return [(extension, each) for extension in self.files for each in extension.declared(kind)]

    @property
    def outcomes(self) -> list[Outcome]:
        """The declared outcomes, in order."""
        return [outcome for _, outcome in self.of(Outcome)]

    @property
    def indicators(self) -> list[Indicator]:
        """The declared indicators, in order."""
        return [indicator for _, indicator in self.of(Indicator)]

    def action(self, name: str) -> tuple[Extension, Action] | None:
        """Return a custom action with its file, or None if no file declares it."""
        return next((found for found in self.of(Action) if found[1].name == name), None)

    def joined(self, others: Extensions) -> Extensions:
        """Return these extensions and `others`, each once.

        Raises
        ------
        ExtensionError
            If two extensions have the same file name or declare the same name.
        """
        joined = Extensions(tuple(dict.fromkeys((*self.files, *others.files))))
        files = [extension.file for extension in joined.files]
        for file in files:
            if files.count(file) > 1:
                raise ExtensionError(f"{file}: got two extensions of this name, expected distinct names")
        for kind, what in KINDS.items():
            first: dict[str, str] = {}
            for extension, each in joined.of(kind):
                if each.name in first:
                    raise ExtensionError(
                        f"{extension.file}: declares the {what} {each.name!r}, which {first[each.name]} "
                        "also declares: expected distinct names"
                    )
                first[each.name] = extension.file
        return joined

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of each file, by name."""
        return {extension.file: extension.sha256 for extension in self.files}

    def entries(self) -> list[dict[str, Any]]:
        """Return the manifest entry of each file: its name, SHA-256 and declarations."""
        return [
            {
                "file": extension.file,
                "sha256": extension.sha256,
                "outcomes": {
                    each.name: {
                        "unit": each.unit,
                        "meaning": each.meaning,
                        "label": each.label,
                        "better": each.better,
                    }
                    for each in extension.declared(Outcome)
                },
                "indicators": {
                    each.name: {"unit": each.unit, "meaning": each.meaning, "label": each.label}
                    for each in extension.declared(Indicator)
                },
                "interventions": [each.name for each in extension.declared(Intervention)],
                "actions": [each.name for each in extension.declared(Action)],
            }
            for extension in self.files
        ]
