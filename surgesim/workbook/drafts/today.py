"""Turn the sheets on the census and the daily reports into CSV files for a scenario."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Self

from surgesim.scenario.schema.base import bed_word
from surgesim.scenario.schema.today.history import FLOWS, History
from surgesim.workbook.drafts import usual
from surgesim.workbook.drafts.draft import ASSUMED
from surgesim.workbook.reading.answers import Answers
from surgesim.workbook.reading.cells import Cell, Notes, Question
from surgesim.workbook.reading.tables import Row
from surgesim.workbook.words import Label

CENSUS_COLUMNS = ("date", "facility", "bed", "patients", "waiting", "days_in_bed")
SERIES = ("reported_cases", "admissions", "in_hospital", "on_oxygen", "icu", "deaths")

_FEW_DAYS = 10
_RISING_DAYS = 7
"""Days after which a flow that has never fallen may be a running total."""

_PROVINCE = ""

Find = Callable[[str, Cell, Notes], str | None]
"""A function that returns the key of a name, or notes an error and returns None if the name is unknown."""


@dataclass(slots=True)
class Census:
    """The census: the row of each facility and bed type."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)

    def text(self, today: date) -> str:
        """Return the census as CSV."""
        lines = [
            (today, facility, bed, *(row.values.get(column, "") for column in CENSUS_COLUMNS[3:]))
            for (facility, bed), row in self.rows.items()
        ]
        return _csv(CENSUS_COLUMNS, lines)


@dataclass(slots=True)
class Daily:
    """The daily reports by area ("" is the province), day and series; None where nothing was reported."""

    numbers: dict[str, dict[date, dict[str, int | None]]] = field(default_factory=dict)

    @classmethod
    def of(cls, history: History | None) -> Self:
        """Return the reports in the section `history` of a scenario."""
        if history is None or history.first_day is None:
            return cls()
        province = {} if history.province is None else {_PROVINCE: history.province}
        numbers: dict[str, dict[date, dict[str, Any]]] = {}
        for area, reports in {**province, **history.districts}.items():
            for series, given in reports.given.items():
                for back, number in enumerate(given):
                    day = history.first_day + timedelta(days=back)
                    numbers.setdefault(area, {}).setdefault(day, {})[series] = number
        return cls(numbers)

    def text(self) -> str:
        """Return the reports as CSV, by area and day."""
        series = [
            name
            for name in SERIES
            if any(day.get(name) is not None for days in self.numbers.values() for day in days.values())
        ]
        areas = any(area for area in self.numbers)
        header = ("date", *(["district"] if areas else []), *series)
        lines = [
            (day, *([area] if areas else []), *(_blank(days[day].get(name)) for name in series))
            for area, days in self.numbers.items()
            for day in sorted(days)
        ]
        return _csv(header, lines)

    def section(self) -> dict[str, Any]:
        """Return the reports as the section `history` of a scenario."""
        days = sorted(day for area in self.numbers.values() for day in area)
        span = [days[0] + timedelta(days=back) for back in range((days[-1] - days[0]).days + 1)]
        areas = {
            area: {name: [given.get(day, {}).get(name) for day in span] for name in SERIES}
            for area, given in self.numbers.items()
        }
        used = {
            area: {name: numbers for name, numbers in lists.items() if any(n is not None for n in numbers)}
            for area, lists in areas.items()
        }
        section: dict[str, Any] = {"first_day": days[0].isoformat()}
        if _PROVINCE in used:
            section["province"] = used.pop(_PROVINCE)
        return {**section, "districts": used}

    def mean_cases(self, area: str, today: date) -> float | None:
        """Return the mean daily number of reported cases in the last seven days; None without any reports."""
        days = self.numbers.get(area, {})
        week = (days.get(today - timedelta(days=back), {}).get("reported_cases") for back in range(1, 8))
        known = [number for number in week if number is not None]
        return sum(known) / len(known) if known else None

    def infections(self, people: Mapping[str, int], today: date) -> tuple[dict[str, int], Label | str]:
        """Return the infections of each district at the start, and their origin.

        They follow from the district's cases, or else from its share of the province's, by population.
        """
        whole, total = self.mean_cases(_PROVINCE, today), sum(people.values())
        found, known = {}, False
        for area, number in people.items():
            cases = self.mean_cases(area, today)
            if cases is None and whole is not None:
                cases = whole * number / total
            known |= cases is not None
            found[area] = usual.infected(cases, number)
        return found, usual.FROM_CASES if known else ASSUMED


def read_census(
    rows: Sequence[Row], find: Find, beds: Mapping[tuple[str, str], int], notes: Notes, answers: Answers
) -> Census:
    """Read the census; `beds` has the number of beds by facility and type, where known."""
    census = Census()
    for row in rows:
        name, bed, patients = (row.values.get(column) for column in ("facility", "bed", "patients"))
        key = find(name, row.place("facility"), notes) if isinstance(name, str) else None
        if key is None or not isinstance(bed, str):
            continue
        if (key, bed) in census.rows:
            other = census.rows[key, bed].place("bed").address
            notes.refuse(row.place("bed"), f"got {bed_word(bed)} beds of {name!r} twice, also in {other}")
            continue
        if isinstance(patients, int):
            census.rows[key, bed] = row
            _judge_patients(key, bed, patients, beds.get((key, bed)), row, notes, answers)
    return census


def _judge_patients(
    key: str, bed: str, patients: int, beds: int | None, row: Row, notes: Notes, answers: Answers
) -> None:
    """Ask the user to confirm a census of more than twice as many patients as beds."""
    cell = row.place("patients")
    identity = f"census {key} {bed}"
    if beds is None or patients <= 2 * beds:
        return
    if answers.is_accepted(identity, cell.address):
        notes.accepted.add(identity)
    else:
        message = f"got {patients} patients for {beds} {bed_word(bed)} beds, more than twice as many"
        notes.ask(Question(identity, cell.address, message, {f"--accept {cell.address}": "it is true"}))


def read_daily(rows: Sequence[Row], find: Find, today: date | None, notes: Notes, answers: Answers) -> Daily:
    """Read the daily reports for the days before today."""
    by_area: dict[str, dict[date, Row]] = {}
    for row in rows:
        name, day = row.values.get("district"), row.values.get("date")
        area = find(name, row.place("district"), notes) if isinstance(name, str) else _PROVINCE
        if area is None or not isinstance(day, date):
            continue
        days = by_area.setdefault(area, {})
        if day in days:
            other = days[day].place("date").address
            notes.refuse(row.place("date"), f"got {day} twice, also in {other}, expected it once")
        elif today is not None and day > today:
            notes.refuse(row.place("date"), f"got {day}, expected a date before today, {today}")
        elif today is not None and day == today:
            notes.remark(row.place("date"), f"{day} is today, which is not over, so it is left out")
        else:
            days[day] = row
    daily = Daily()
    for area, days in by_area.items():
        if not days:
            continue
        _judge_days(days, today, notes)
        ordered = sorted(days)
        for day in ordered:
            _judge_icu(days[day], notes)
        numbers: dict[date, dict[str, int | None]] = {day: {} for day in ordered}
        for series in SERIES:
            found = [(day, days[day]) for day in ordered if series in days[day].values]
            values = _series(area, series, found, notes, answers)
            for (day, _), value in zip(found, values, strict=True):
                numbers[day][series] = value
        daily.numbers[area] = numbers
    return daily


def _judge_days(days: Mapping[date, Row], today: date | None, notes: Notes) -> None:
    """Remark on days that are out of order, missing or too few."""
    given, ordered = list(days), sorted(days)
    first = days[given[0]].place("date")
    if given != ordered:
        late = next(later for earlier, later in itertools.pairwise(given) if later < earlier)
        notes.remark(days[late].place("date"), f"{late} is out of order, and is sorted by date")
    missing = (ordered[-1] - ordered[0]).days + 1 - len(ordered)
    if missing:
        after = next(a for a, b in itertools.pairwise(ordered) if (b - a).days > 1)
        notes.remark(
            days[after].place("date"), f"{missing} days are missing, the first after {after}: read as gaps"
        )
    if len(ordered) < _FEW_DAYS:
        notes.remark(first, f"got only {len(ordered)} days of reports, {_FEW_DAYS} or more are better")
    if today is not None and (today - ordered[-1]).days > 3:
        notes.remark(
            days[ordered[-1]].place("date"), f"the last report is dated {ordered[-1]}, but today is {today}"
        )


def _judge_icu(row: Row, notes: Notes) -> None:
    icu, hospital = row.values.get("icu"), row.values.get("in_hospital")
    if isinstance(icu, int) and isinstance(hospital, int) and icu > hospital:
        message = f"got {icu} in ICU and {hospital} in hospital, expected no more in ICU than in hospital"
        notes.refuse(row.place("icu"), message)


def _series(
    area: str, series: str, found: Sequence[tuple[date, Row]], notes: Notes, answers: Answers
) -> list[int | None]:
    """Return the numbers of a series by day; a running total is converted to daily numbers."""
    values = [value for _, row in found if isinstance(value := row.values[series], int)]
    if not found or len(values) < len(found):
        return [None] * len(found)  # the errors have been noted already
    cell = found[0][1].place(series)
    what = series.replace("_", " ")
    identity = f"daily {area or 'province'} {series}"
    rises = all(a <= b for a, b in itertools.pairwise(values)) and values[-1] > values[0]
    if len(values) >= 2 and values[-1] == values[0] and len(set(values)) == 1:
        notes.remark(cell, f"{what} are {values[0]} on every day")
    if series not in FLOWS:
        return list(values)
    asks = rises and len(values) >= _RISING_DAYS
    if asks and answers.is_accepted(identity, cell.address):
        notes.accepted.add(identity)
    elif identity in answers.cumulative or (asks and answers.all_cumulative):
        notes.cumulative.add(identity)
        return _differences(found, series, values, notes)
    elif asks:
        daily = f"{values[0]}, {values[1]} and so on each day"
        total = f"a running total, {values[1] - values[0]} on the second day"
        message = f"got {what} that never fall, from {values[0]} to {values[-1]}"
        notes.ask(
            Question(
                identity, cell.address, message, {"--cumulative": total, f"--accept {cell.address}": daily}
            )
        )
    return list(values)


def _differences(
    found: Sequence[tuple[date, Row]], series: str, values: Sequence[int], notes: Notes
) -> list[int | None]:
    """Return the daily increases of a running total; None if the previous day's total is not known."""
    added: list[int | None] = [None]
    for (before, _), (day, row), earlier, later in zip(found, found[1:], values, values[1:], strict=False):
        if later < earlier:
            notes.refuse(
                row.place(series), f"got {later} after {earlier}, expected a running total that never falls"
            )
        added.append(later - earlier if (day - before).days == 1 else None)
    return added


def _blank(number: int | None) -> int | str:
    return "" if number is None else number


def _csv(header: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue()
