"""The user's answers on cells that can be read in two ways: given as options, and stored in a file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from surgesim.errors import Problem, ScenarioError
from surgesim.workbook.reading.cells import Question

MAX_BYTES = 1_000_000

DECIMAL, DATES = ("point", "comma"), ("dmy", "mdy")


class QuestionsError(ScenarioError):
    """Raised if the only problem of a workbook is that some cells can be read in two ways.

    Attributes
    ----------
    questions
        The questions to answer; each names the options that answer it.
    """

    def __init__(self, questions: Iterable[Question], file: str) -> None:
        self.questions = tuple(questions)
        self.file = file
        super().__init__([Problem(each.cell, each.sentence, file) for each in self.questions])

    def __reduce__(self) -> tuple[type[Any], tuple[Any, ...]]:
        return type(self), (self.questions, self.file)


@dataclass(frozen=True, slots=True)
class Answers:
    """The user's answers on how to read cells that can be read in two ways.

    Attributes
    ----------
    decimal
        The mark before decimals in numbers written as text: ``point`` or ``comma``; None if not given.
    dates
        The order of dates written as text, ``dmy`` or ``mdy``; None if not given.
    all_cumulative
        True if every series that never falls is a running total.
    accepted_cells
        Addresses of cells whose doubtful values are true.
    cumulative, accepted
        Identities of the questions answered with "a running total", and of those answered with "it is true".
    """

    decimal: str | None = None
    dates: str | None = None
    all_cumulative: bool = False
    accepted_cells: frozenset[str] = frozenset()
    cumulative: frozenset[str] = field(default_factory=frozenset)
    accepted: frozenset[str] = field(default_factory=frozenset)

    def is_accepted(self, identity: str, cell: str) -> bool:
        return identity in self.accepted or cell.casefold() in self.accepted_cells

    def over(self, kept: Answers) -> Answers:
        """Return these answers, completed by the answers `kept` from the previous import."""
        return replace(
            self,
            decimal=self.decimal or kept.decimal,
            dates=self.dates or kept.dates,
            cumulative=self.cumulative | kept.cumulative,
            accepted=self.accepted | kept.accepted,
        )

    def with_option(self, option: str, identity: str) -> Answers:
        """Return these answers and one more: the option chosen for the question with this identity."""
        name, _, value = option.partition(" ")
        if name == "--decimal":
            return replace(self, decimal=value)
        if name == "--dates":
            return replace(self, dates=value)
        if name == "--cumulative":
            return replace(self, cumulative=self.cumulative | {identity})
        return replace(self, accepted=self.accepted | {identity})

    def text(self) -> str:
        """Return the answers to store for the next import, as JSON."""
        kept = {
            "decimal": self.decimal,
            "dates": self.dates,
            "cumulative": sorted(self.cumulative),
            "accepted": sorted(self.accepted),
        }
        return json.dumps(kept, indent=2) + "\n"

    @classmethod
    def of(
        cls,
        decimal: str | None = None,
        dates: str | None = None,
        cumulative: bool = False,
        accept: Iterable[str] = (),
    ) -> Self:
        """Return the answers given by the values of options.

        Raises
        ------
        ScenarioError
            If the value of an option is not allowed.
        """
        for name, value, allowed in (("decimal", decimal, DECIMAL), ("dates", dates, DATES)):
            if value is not None and value not in allowed:
                raise ScenarioError([Problem(name, f"got {value!r}, expected {' or '.join(allowed)}")])
        cells = frozenset(cell.casefold() for cell in accept)
        return cls(decimal, dates, bool(cumulative), cells)

    @classmethod
    def kept_in(cls, path: Path) -> Self:
        """Read the answers stored in a file; if there is no such file, return no answers.

        Raises
        ------
        ScenarioError
            If the file was not written by an import.
        """
        if not path.exists():
            return cls()
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ValueError("it is too large")
            kept = json.loads(path.read_text(encoding="utf-8"))
            answers = cls.of(kept["decimal"], kept["dates"])
            cumulative, accepted = map(frozenset, (kept["cumulative"], kept["accepted"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError, ScenarioError) as error:
            message = f"got a file without the answers of an import ({error}), expected no file: delete it"
            raise ScenarioError([Problem("", message, str(path))]) from None
        return replace(answers, cumulative=cumulative, accepted=accepted)
