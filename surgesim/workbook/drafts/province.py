"""Turn the sheets on the province, its districts, facilities and plan into a draft scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from surgesim.scenario.door import VIETNAM, suggestion
from surgesim.workbook.drafts import usual
from surgesim.workbook.drafts.draft import Draft, Path
from surgesim.workbook.drafts.yaml_text import Verbatim
from surgesim.workbook.keys import folded, key_of
from surgesim.workbook.reading.cells import Cell, Notes
from surgesim.workbook.reading.tables import Row, texts
from surgesim.workbook.sheets import FACILITIES, PROVINCE
from surgesim.workbook.words import BEDS

Tables = Mapping[str, Sequence[Row]]


@dataclass(slots=True)
class Names:
    """The names in a sheet, each with its key and cell.

    Attributes
    ----------
    keys
        The key of each name; names are in lower case and without diacritics.
    cells
        The cell in which each name stands, by the name's key.
    """

    what: str
    keys: dict[str, str] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)

    @classmethod
    def of(cls, what: str, rows: Sequence[Row], notes: Notes) -> Names:
        """Collect the names in the column `name`; two names with the same key are an error."""
        names = cls(what)
        for row, name in texts(rows, "name"):
            key, cell = key_of(name), row.place("name")
            if not key:
                notes.refuse(cell, f"got the name {name!r}, expected one with letters a-z or digits")
            elif key in names.cells:
                message = f"got {name!r}, whose short name {key} is also that of {names.cells[key].address}"
                notes.refuse(cell, f"{message}, expected another name")
            else:
                names.keys[folded(name)] = key
                names.cells[key] = cell
        return names

    def find(self, name: str, cell: Cell, notes: Notes) -> str | None:
        """Return the key of a name; note an error if the sheet does not contain the name.

        No error is noted if the sheet has no names at all, because that is an error of its own.
        """
        key = self.keys.get(folded(name))
        if key is None and self.keys:
            known = [str(each.value) for each in self.cells.values()]
            notes.refuse(cell, f"unknown {self.what} {name!r}{suggestion(name, known)}")
        return key


def settings_of(tables: Tables) -> dict[str, Any]:
    """Return the values in the first row of the sheet on the province."""
    rows = tables["province"]
    return rows[0].values if rows else {}


def today_of(tables: Tables) -> date | None:
    today = settings_of(tables).get("today")
    return today if isinstance(today, date) else None


def language_of(tables: Tables) -> str:
    """Return the language chosen in the workbook or, by default, the language of its first sheet's title."""
    rows = tables["province"]
    if not rows:
        return "en"
    vietnamese = folded(rows[0].sheet) == folded(PROVINCE.title.vi)
    return str(rows[0].values.get("language", "vi" if vietnamese else "en"))


def put_province(draft: Draft, name: str, tables: Tables, notes: Notes) -> None:
    """Add the scenario's name, title, length and profile; a second row of the sheet is an error."""
    rows = tables["province"]
    for row in rows[1:]:
        notes.refuse(row.place("name"), "got a second province, expected only one")
    draft.put(("name",), Verbatim(name))
    if not rows:
        return
    row = rows[0]
    if "name_en" in row.values:
        _put(draft, ("title", "vi"), row, "name")
        _put(draft, ("title", "en"), row, "name_en")
    else:
        _put(draft, ("title",), row, "name")
    _put(draft, ("days",), row, "days", usual.DAYS)
    usual.put_study(draft)
    usual.put_profile(draft, _profile(tables))


def _profile(tables: Tables) -> str:
    """Return the place whose ages and contacts are used."""
    return str(tables["province"][0].values.get("profile", VIETNAM)) if tables["province"] else VIETNAM


def put_districts(draft: Draft, tables: Tables, names: Names) -> None:
    for key, row in _keyed(tables["districts"], names):
        above = ("people", "districts", key)
        _put(draft, (*above, "title"), row, "name")
        _put(draft, (*above, "population"), row, "population")
        _put(draft, (*above, "travel_hours"), row, "travel_hours", 0)
        _put(draft, (*above, "island"), row, "island")


def put_facilities(draft: Draft, tables: Tables, names: Names, districts: Names, notes: Notes) -> None:
    for key, row in _keyed(tables["facilities"], names):
        above = ("care", "facilities", key)
        _put(draft, (*above, "title"), row, "name")
        district = row.values.get("district")
        if isinstance(district, str):
            cell = row.place("district")
            found = districts.find(district, cell, notes)
            if found is not None:
                draft.put((*above, "district"), Verbatim(found), cell)
        _put(draft, (*above, "ownership"), row, "ownership", Verbatim("public"))
        _put(draft, (*above, "kind"), row, "kind")
        _put(draft, (*above, "open_at_start"), row, "open_today")
        if not any(bed in row.cells for bed in BEDS):
            notes.refuse(
                row.place("basic"), "got no beds, expected basic, oxygen or ICU beds (0 if there are none)"
            )
        draft.put((*above, "beds"), {})
        for bed in BEDS:
            _put(draft, (*above, "beds", bed), row, bed, 0)
        _put_shares(draft, above, row, notes)
        _put(draft, (*above, "ventilators"), row, "ventilators")
        for cadre in ("doctors", "ward_nurses", "icu_nurses"):
            _put(draft, (*above, "staff", cadre), row, cadre)
        _put_oxygen(draft, above, row, notes)
    _remark_unlimited(tables["facilities"], notes)


_UNLIMITED = {
    ("staff", "bed counts as staffed"): ("doctors", "ward_nurses", "icu_nurses"),
    ("ventilators", "ICU bed counts as supplied"): ("ventilators",),
    ("oxygen", "bed counts as supplied"): ("tank_kg", "plant_nm3_per_hour", "cylinders"),
}
"""For each resource and the effect if no facility gives it, its columns."""


def _remark_unlimited(rows: Sequence[Row], notes: Notes) -> None:
    """Remark on resources that no facility gives; those that only some give are a caution of the scenario."""
    for (what, so), columns in _UNLIMITED.items():
        if rows and not any(column in row.cells for row in rows for column in columns):
            notes.remark(rows[0].sheet, f"gives no {what} for any facility: every {so}")


def _put_shares(draft: Draft, above: Path, row: Row, notes: Notes) -> None:
    """Add the shares of a facility's beds that are open to COVID patients today and that can be opened."""
    public = row.values.get("ownership", "public") == "public"
    is_open = row.values.get("open_today", True)
    usual_share = usual.OPEN_SHARE if public and is_open else None
    _put(draft, (*above, "covid_share"), row, "open_share", usual_share)
    if "private_share" in row.values and public:
        notes.refuse(row.place("private_share"), "got a private share of a public facility, expected none")
    elif {"private_share", "convertible_share"} <= set(row.values):
        notes.refuse(
            row.place("private_share"), "got a private and a convertible share, expected only one of the two"
        )
    else:
        column = "private_share" if "private_share" in row.values else "convertible_share"
        opened, most = row.values.get("open_share"), row.values.get(column)
        if isinstance(opened, (int, float)) and isinstance(most, (int, float)) and 0 < most < opened:
            message = f"got {most:g}, expected at least the share of {opened:g} that is open today"
            notes.refuse(row.place(column), message)
        most = max(usual.CONVERTIBLE_SHARE, opened if isinstance(opened, (int, float)) else 0)
        _put(draft, (*above, "convertible_share"), row, column, most if is_open else None)


def _put_oxygen(draft: Draft, above: Path, row: Row, notes: Notes) -> None:
    for column in ("tank_kg", "plant_nm3_per_hour", "cylinders"):
        _put(draft, (*above, "oxygen", column), row, column)
    pair = ("delivery_kg", "delivery_days")
    given = [column for column in pair if column in row.values]
    if len(given) == 1:
        (missing,) = set(pair) - set(given)
        title, other = (row.titled(FACILITIES.column(each)) for each in (missing, *given))
        message = f"got a value for {other!r} but none for {title!r}, expected both or neither"
        notes.refuse(row.place(missing), message)
        return
    _put(draft, (*above, "oxygen", "delivery", "size_kg"), row, "delivery_kg")
    _put(draft, (*above, "oxygen", "delivery", "interval_days"), row, "delivery_days")


def put_plan(draft: Draft, tables: Tables, facilities: Names, notes: Notes) -> None:
    """Add the rules of the plan; without any rules in the workbook, add the usual plan."""
    rows = tables["plan"]
    if not rows:
        usual.put_usual_plan(draft)
    used: set[str] = set()
    for row in rows:
        lever = row.values.get("lever")
        key = key_of(str(row.values.get("name", lever)))
        cell = row.place("name" if "name" in row.values else "lever")
        if not key or key in used:
            what = f"whose short name {key} is used twice" if key else "which has no letters a-z or digits"
            notes.refuse(
                cell, f"got the name {row.values.get('name', lever)!r}, {what}, expected another name"
            )
            continue
        used.add(key)
        _put_rule(draft, ("command", "plan", key), row, facilities, notes)


def _put_rule(draft: Draft, above: Path, row: Row, facilities: Names, notes: Notes) -> None:
    lever = row.values.get("lever")
    if "name" in row.values:
        _put(draft, (*above, "title"), row, "name")
    _put(draft, (*above, "action"), row, "lever")
    if lever == "measure":
        draft.put((*above, "measure"), Verbatim(usual.MEASURE))
        usual.put_measure(draft)
    if lever == "mobilise":
        draft.put((*above, "ownership"), [Verbatim("private")])
    named = row.values.get("facilities")
    if isinstance(named, str) and lever in ("open_facility", "convert_beds"):
        cell = row.place("facilities")
        found = [facilities.find(name, cell, notes) for name in named.split(";") if name.strip()]
        if all(found):
            draft.put((*above, "facilities"), [Verbatim(str(key)) for key in found], cell)
    elif named is not None or lever == "open_facility":
        got = "facilities" if named is not None else "no facilities"
        expected = "none" if named is not None else "their names"
        notes.refuse(row.place("facilities"), f"got {got} for this lever, expected {expected}")
    if lever in ("convert_beds", "mobilise"):
        _put(draft, (*above, "share"), row, "share", 1.0 if lever == "mobilise" else None)
    elif "share" in row.values:
        notes.refuse(row.place("share"), "got a share for this lever, expected none")
    for column in ("indicator", "above", "below", "for_days"):
        _put(draft, (*above, "when", column), row, column)
    for column in ("decision_days", "lead_days"):
        _put(draft, (*above, column), row, column)
    for column, key in (("end_above", "above"), ("end_below", "below"), ("end_days", "for_days")):
        _put(draft, (*above, "until", key), row, column)


_SOURCES = {
    "districts": "people.districts",
    "facilities": "care.facilities",
    "census": "care.initial_census",
    "plan": "command.plan",
}
"""For each sheet, the path in the scenario under which its figures stand."""


def put_sources(draft: Draft, tables: Tables, file: str) -> None:
    """Add the sources named in the workbook; the source of all other figures is the workbook itself."""
    usual.put_usual_sources(draft, _profile(tables))
    given = {str(row.values.get("of")): row for row in tables["sources"] if "source" in row.values}
    for sheet, path in _SOURCES.items():
        row = given.get(sheet)
        if row is not None:
            _put(draft, ("sources", path, "source"), row, "source")
            _put(draft, ("sources", path, "confidence"), row, "confidence", Verbatim("counted"))
        elif tables[sheet]:
            usual.source(draft, path, f"workbook {file}", "counted")
    for pattern in draft.assumed_patterns():
        if pattern.startswith(("people.districts.", "care.facilities.")):
            usual.source(draft, pattern, f"empty in the workbook {file}")


def _keyed(rows: Sequence[Row], names: Names) -> Iterable[tuple[str, Row]]:
    """Yield the key and row of each name that has letters or digits and is not used by an earlier row."""
    for row, name in texts(rows, "name"):
        key = names.keys.get(folded(name))
        if key is not None and names.cells[key] == row.place("name"):
            yield key, row


def _put(draft: Draft, path: Path, row: Row, column: str, otherwise: Any = None) -> None:
    """Set the value of a column at a path; if its cell is empty, assume the value `otherwise`."""
    value = row.values.get(column)
    if value is not None:
        words = isinstance(value, str) and column not in ("name", "name_en", "source")
        cell = row.place(column)
        draft.put(path, Verbatim(value) if words else value, cell)
    elif otherwise is not None and column not in row.cells:
        draft.assume(path, otherwise)
