"""Turn a CSV of contacts, or of people by age, into the values of the section `people`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from surgesim.errors import MOST_PROBLEMS, Problem, ScenarioError
from surgesim.scenario.loading.csv_rows import number_fault, read_rows, too_short, twice, unknown_or_twice
from surgesim.scenario.loading.overlays import CONTACTS
from surgesim.scenario.messages import shape, thousands
from surgesim.scenario.messages.shape import Number
from surgesim.scenario.schema.base import AGE_GROUPS, SETTINGS
from surgesim.scenario.schema.numbers import MOST_PEOPLE

MAX_BYTES = 1_000_000

SETTING, AGE, PEOPLE = "setting", "age", "people"
"""Columns of the files; in a file of contacts, the other columns are the ages of the contacts."""

OLD = "70+"
"""The last age group of a table of contacts that has one group for all from 70 years on."""

TO_OLD = (*AGE_GROUPS[:-2], OLD)

_SHOWN = 3
"""Number of unexpected ages that a message names."""

_PEOPLE_ALLOWED = Number(low=0, high=MOST_PEOPLE)

Note = Callable[[str, int], None]


@dataclass(slots=True)
class ContactsFile:
    """The contacts by setting and age of the person, each a row of contacts by age, and the line of each."""

    ages: tuple[str, ...] = ()
    rows: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    lines: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def tables(self) -> dict[str, list[list[float]]]:
        """The table of each setting, in the form of a scenario."""
        return {setting: [self.rows[setting, age] for age in self.ages] for setting in SETTINGS}

    def without_contacts(self, has_people: Mapping[str, bool]) -> Iterator[tuple[str, int]]:
        """Yield an error, with its line, for each age group that has people but no contacts at all."""
        old = any(has_people[age] for age in AGE_GROUPS[len(TO_OLD) - 1 :])
        for age in self.ages:
            if has_people.get(age, old) and not any(sum(self.rows[setting, age]) for setting in SETTINGS):
                message = (
                    f"got only zeros for age {age}, expected contacts, because people of this age live here"
                )
                yield message, self.lines[SETTINGS[0], age]


@dataclass(slots=True)
class AgesFile:
    """The share of each age group, and numbers of people in which a point may separate thousands."""

    shares: list[float] = field(default_factory=list)
    doubts: thousands.Doubts[int] = field(default_factory=thousands.Doubts)


def read_contacts(path: Path, label: str) -> ContactsFile:
    """Read a file of contacts: a row for each setting and age, a column for each age of the contacts.

    Raises
    ------
    ScenarioError
        If there are problems; the error lists the first of them, by line.
    """
    found = ContactsFile()

    def row(cells: Mapping[str, str], line: int, note: Note) -> None:
        setting, age = cells[SETTING], cells[AGE]
        if setting not in SETTINGS:
            note(f"got setting {setting!r}, expected one of {', '.join(SETTINGS)}", line)
        elif age not in found.ages:
            note(_unknown_age(age, found.ages), line)
        elif (setting, age) in found.lines:
            note(f"got {age} of {setting} twice, on lines {found.lines[setting, age]} and {line}", line)
        else:
            found.lines[setting, age] = line
            wanted = {f"{age} with {other} ({setting})": cells[other] for other in found.ages}
            found.rows[setting, age] = _numbers(wanted, _contacts_allowed(), line, note)

    def header(columns: Sequence[str]) -> Iterator[str]:
        yield from twice(columns)
        for name in (SETTING, AGE):
            if name not in columns:
                yield f"got no column {name}, expected one"
        ages = [name for name in columns if name not in (SETTING, AGE)]
        found.ages = TO_OLD if OLD in ages else AGE_GROUPS
        if set(ages) != set(found.ages):
            got = f"the ages {', '.join(ages[:_SHOWN])}" if ages else "no ages"
            more = ", …" if len(ages) > _SHOWN else ""
            first, last = ", ".join(TO_OLD[:-1]), " and ".join(AGE_GROUPS[len(TO_OLD) - 1 :])
            yield f"got columns for {got}{more}, expected {first}, and either {last} or {OLD}"

    def missing() -> Iterator[str]:
        for setting in SETTINGS:
            held = sum(found_setting == setting for found_setting, _ in found.lines)
            if held != len(found.ages):
                yield f"got {held} rows for {setting}, expected {len(found.ages)}, one for each age"

    _read(path, label, header, row, missing)
    return found


def read_ages(path: Path, label: str) -> AgesFile:
    """Read a file of people by age, as numbers or shares.

    Raises
    ------
    ScenarioError
        If there are problems; the error lists the first of them, by line.
    """
    found = AgesFile()
    people: dict[str, float] = {}
    lines: dict[str, int] = {}

    def row(cells: Mapping[str, str], line: int, note: Note) -> None:
        age, text = cells[AGE], cells[PEOPLE]
        if age not in AGE_GROUPS:
            note(_unknown_age(age, AGE_GROUPS), line)
        elif age in lines:
            note(f"got {age} twice, on lines {lines[age]} and {line}", line)
        else:
            lines[age] = line
            [number] = _numbers({f"{PEOPLE} of {age}": text}, _PEOPLE_ALLOWED, line, note)
            people[age] = number
            if number:
                found.doubts.see(PEOPLE, text, line)

    def header(columns: Sequence[str]) -> Iterator[str]:
        return unknown_or_twice(columns, (AGE, PEOPLE), (AGE, PEOPLE))

    def missing() -> Iterator[str]:
        absent = [age for age in AGE_GROUPS if age not in lines]
        if absent:
            yield f"got no row for {', '.join(absent)}, expected one for each age group"
        elif not sum(people.values()):
            yield "got 0 people of all ages, expected some"

    _read(path, label, header, row, missing)
    total = sum(people.values())
    found.shares = [people[age] / total for age in AGE_GROUPS]
    return found


def _read(
    path: Path,
    label: str,
    header: Callable[[Sequence[str]], Iterator[str]],
    row: Callable[[Mapping[str, str], int, Note], None],
    missing: Callable[[], Iterator[str]],
) -> None:
    """Read a file with the errors in its header, in each row and, if there are no others, in the whole."""
    problems: list[Problem] = []

    def note(message: str, line: int) -> None:
        problems.append(Problem("", message, label, line))

    rows = read_rows(path, label, MAX_BYTES, note)
    for _, columns in itertools.islice(rows, 1):
        faults = header(columns) if any(columns) else iter(["got an empty file, expected a header and rows"])
        for message in faults:
            note(message, 1)
        for line, cells in () if problems else rows:
            wrong = too_short(cells, columns)
            if wrong is not None:
                note(wrong, line)
            else:
                row(dict(zip(columns, cells, strict=True)), line, note)
            if len(problems) >= MOST_PROBLEMS:
                break
    for message in () if problems else missing():
        note(message, 1)
    if problems:
        raise ScenarioError(problems)


def _numbers(texts: Mapping[str, str], allowed: Number, line: int, note: Note) -> list[float]:
    """Return the numbers in named cells; report the cells that have none."""
    numbers = []
    for name, text in texts.items():
        fault = number_fault(text, name, allowed)
        if not text:
            fault = f"got an empty value for {name}, expected a number (0 if there are none)"
        if fault is not None:
            note(fault, line)
        numbers.append(float(text) if fault is None else 0.0)
    return numbers


def _unknown_age(age: str, ages: Sequence[str]) -> str:
    return f"got age {age!r}, expected one of the age groups {', '.join(ages)}"


@cache
def _contacts_allowed() -> Number:
    """Return the range of contacts a day that the schema allows."""
    found = shape.at((*CONTACTS, SETTINGS[0], 0, 0))
    if found is None or found.number is None:
        raise LookupError("the schema has no numbers of contacts")
    return found.number
