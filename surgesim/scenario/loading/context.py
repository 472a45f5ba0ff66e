"""The state of loading a scenario: the locations of its values, and the findings so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from surgesim.errors import Problem
from surgesim.extension.files import Extensions
from surgesim.scenario.messages.finding import Finding, KeyPath, Kind, Location


class Origin(NamedTuple):
    """One file in a chain of `extends`, and the top-level keys that it contains."""

    file: str
    keys: tuple[str, ...]


@dataclass(slots=True)
class LoadContext:
    """The state of loading a scenario: the locations of its values, and the findings so far.

    Attributes
    ----------
    faults, warnings
        Errors and warnings, each with its location.
    fractions
        The original text of numbers in which a point may separate thousands.
    unread
        The paths of sections whose profile or file could not be read.
    shortened
        True if dates may lie past the scenario's end.
    quiet
        True if warnings are not needed.
    origins
        The files read, starting with the scenario file, which extends the others.
    drawable
        True if draws of uncertain parameters must be checked.
    extensions
        The extensions of the scenario; None if it is read from a result, without the extensions of the run.
    """

    locations: dict[KeyPath, Location] = field(default_factory=dict)
    faults: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    fractions: dict[KeyPath, str] = field(default_factory=dict)
    sources: dict[str, Mapping[str, str]] = field(default_factory=dict)
    unread: list[KeyPath] = field(default_factory=list)
    shortened: bool = False
    quiet: bool = False
    drawable: bool = True
    origins: list[Origin] = field(default_factory=list)
    extensions: Extensions | None = field(default_factory=Extensions)

    def refuse(self, findings: Iterable[Finding]) -> None:
        self.faults += map(self._placed, findings)

    def remark(self, findings: Iterable[Finding]) -> None:
        if not self.quiet:
            self.warnings += map(self._placed, findings)

    def _placed(self, finding: Finding) -> Finding:
        """Return the finding with the location of the value at its path, or of the nearest value above it."""
        if finding.location is not None:
            return finding
        ends = range(len(finding.path), -1, -1)
        locations = (
            self.locations[finding.path[:end]] for end in ends if finding.path[:end] in self.locations
        )
        return replace(finding, location=next(locations, None))

    @property
    def problems(self) -> list[Problem]:
        """The errors; a missing key is left out if an unknown key next to it looks like its misspelling."""
        meant = {(*fault.path[:-1], fault.near) for fault in self.faults if fault.kind is Kind.UNKNOWN_KEY}
        return in_order(
            fault for fault in self.faults if not (fault.kind is Kind.MISSING and fault.path in meant)
        )


def in_order(findings: Iterable[Finding]) -> list[Problem]:
    """Return findings as problems, ordered by file and line, without repeats."""
    problems = dict.fromkeys(finding.problem for finding in findings)
    return sorted(problems, key=lambda problem: (problem.file or "", problem.line or 0))
