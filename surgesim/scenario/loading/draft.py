"""A scenario while it is being loaded: where its values stand, and what was found so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from surgesim.errors import Problem
from surgesim.scenario.messages.finding import Finding, KeyPath, Kind, Place


@dataclass(slots=True)
class Draft:
    """A scenario being loaded: where its values stand, and what was found so far.

    Attributes
    ----------
    faults, warnings
        What is wrong with it, and what its author should know, each at its place.
    fractions
        How numbers are written whose point may part thousands.
    unread
        The sections whose profile or file could not be read.
    shortened
        Whether dates may lie past the end.
    quiet
        Whether nobody asks for warnings.
    drawable
        Whether what can be drawn is to be checked.
    """

    places: dict[KeyPath, Place] = field(default_factory=dict)
    faults: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    fractions: dict[KeyPath, str] = field(default_factory=dict)
    sources: dict[str, Mapping[str, str]] = field(default_factory=dict)
    unread: list[KeyPath] = field(default_factory=list)
    shortened: bool = False
    quiet: bool = False
    drawable: bool = True

    def refuse(self, findings: Iterable[Finding]) -> None:
        self.faults += map(self._placed, findings)

    def remark(self, findings: Iterable[Finding]) -> None:
        if not self.quiet:
            self.warnings += map(self._placed, findings)

    def _placed(self, finding: Finding) -> Finding:
        """A finding with the place of the value at its path, or of what holds that."""
        if finding.place is not None:
            return finding
        ends = range(len(finding.path), -1, -1)
        places = (self.places[finding.path[:end]] for end in ends if finding.path[:end] in self.places)
        return replace(finding, place=next(places, None))

    @property
    def problems(self) -> list[Problem]:
        """What is wrong; not that a key is missing where an unknown one beside it was taken for it."""
        meant = {(*fault.path[:-1], fault.near) for fault in self.faults if fault.kind is Kind.UNKNOWN_KEY}
        return in_order(
            fault for fault in self.faults if not (fault.kind is Kind.MISSING and fault.path in meant)
        )


def in_order(findings: Iterable[Finding]) -> list[Problem]:
    """What is told of findings: by file and line, without repeats."""
    problems = dict.fromkeys(finding.problem for finding in findings)
    return sorted(problems, key=lambda problem: (problem.file or "", problem.line or 0))
