"""A scenario while it is being loaded: where its values stand, and what was found so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from surgesim.errors import Problem
from surgesim.scenario.loading.yaml_nodes import KeyPath, Place, problem
from surgesim.scenario.messages.wording import Finding


@dataclass(slots=True)
class Draft:
    """A scenario being loaded: where its values stand, and what was found so far.

    `unread` are the sections whose profile or file could not be read, `shortened` says that dates may lie
    past the end, `quiet` that nobody asks for remarks, `drawable` that what can be drawn is to be checked.
    """

    places: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    sources: dict[str, Mapping[str, str]] = field(default_factory=dict)
    unread: list[KeyPath] = field(default_factory=list)
    shortened: bool = False
    quiet: bool = False
    drawable: bool = True

    def place(self, path: KeyPath) -> Place | None:
        """The place of the value at `path`, or of what holds it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        return None

    def refuse(self, findings: Iterable[Finding]) -> None:
        self.problems += [problem(path, message, self.place(path)) for path, message in findings]

    def count(self, findings: Iterable[tuple[KeyPath, str, str]]) -> None:
        """Remarks that count things, each with these things as its detail."""
        for path, message, detail in findings:
            self.warnings.append(replace(problem(path, message, self.place(path)), detail=detail))

    def remark(self, findings: Iterable[Finding]) -> None:
        if self.quiet:
            return
        self.warnings += [problem(path, message, self.place(path)) for path, message in findings]
