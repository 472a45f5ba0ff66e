"""Read a workbook into a scenario, and write the scenario with its CSVs, or update the CSVs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from surgesim.errors import Problem, ScenarioError
from surgesim.files import atomic_write
from surgesim.scenario.door import load, read_text
from surgesim.scenario.schema.merging import deep_merge
from surgesim.scenario.schema.scenario import Scenario
from surgesim.workbook.drafts import province, usual
from surgesim.workbook.drafts.draft import Draft
from surgesim.workbook.drafts.province import Names
from surgesim.workbook.drafts.today import Census, Daily, read_census, read_daily
from surgesim.workbook.drafts.yaml_text import Verbatim, plain, scenario_text
from surgesim.workbook.keys import key_of
from surgesim.workbook.reading import csv_folder, excel
from surgesim.workbook.reading.answers import Answers, QuestionsError
from surgesim.workbook.reading.cells import Notes
from surgesim.workbook.reading.tables import read_tables
from surgesim.workbook.reading.values import Reader
from surgesim.workbook.update import MAX_BYTES, Edits, matched, named_files
from surgesim.workbook.words import BEDS, NOTHING, Label

CENSUS_PATH = ("care", "initial_census")


@dataclass(frozen=True, slots=True)
class Changes:
    """The texts of the files that an update changes, with remarks on what it keeps and changes."""

    texts: Mapping[Path, str]
    remarks: tuple[Problem, ...]

    def write(self) -> None:
        """Write all files, or none of them if one cannot be written.

        Raises
        ------
        ResultsError
            If a file cannot be written.
        """
        _write(self.texts)


@dataclass(frozen=True, slots=True)
class Intake:
    """What a workbook contains: a scenario, today's census and the daily reports.

    Attributes
    ----------
    scenario
        The scenario, checked like one from a file.
    remarks
        Remarks on how the workbook was read, each with its sheet and cell.
    answers
        The answers used while reading; `write` stores them beside the CSVs.
    """

    file: str
    scenario: Scenario
    remarks: tuple[Problem, ...]
    answers: Answers
    _draft: Draft
    _census: Census
    _daily: Daily
    _lang: str

    @property
    def text(self) -> str:
        """The text of the scenario file, for a scenario named after the province."""
        return self._text(self.scenario.name)

    def write(self, out: str | Path) -> list[Path]:
        """Write the scenario to a new file, with its CSVs and answers beside it; return all paths.

        Raises
        ------
        ScenarioError
            If one of the files exists already.
        ResultsError
            If a file cannot be written.
        """
        path = Path(out)
        stem = _stem(path)
        texts = {}
        if self._census.rows:
            texts[path.parent / f"{stem}-census.csv"] = self._census.text(self.scenario.start)
        if self._daily.numbers:
            texts[path.parent / f"{stem}-history.csv"] = self._daily.text()
        texts[answers_file(path)] = self.answers.text()
        texts[path] = self._text(stem)
        known = [each for each in texts if each.exists()]
        if known:
            message = (
                "exists already, expected a new file (--update changes the CSVs of an existing scenario)"
            )
            raise ScenarioError([Problem("", message, str(each)) for each in known])
        _write(texts)
        return list(texts)

    def update(self, out: str | Path) -> list[Path]:
        """Write the census and daily reports over the CSVs of an existing scenario; return all paths.

        Does what `changes` lists.
        """
        changes = self.changes(out)
        changes.write()
        return list(changes.texts)

    def changes(self, out: str | Path) -> Changes:
        """Return what an update would write over an existing scenario, with remarks on it.

        Facilities and districts are matched by key or exact title. In the scenario file itself, only the
        infections at the start change, unless they have been changed by hand; reports are added to a scenario
        that has none.

        Raises
        ------
        ScenarioError
            If the scenario cannot be loaded, names no census file, or lacks a facility or district of the
            workbook.
        """
        path = Path(out)
        text = read_text(path, str(path), MAX_BYTES)
        files = named_files(text, path)
        scenario = load(path)
        census, daily = matched(scenario, self.scenario, self._census, self._daily, path, self.file)
        edits = Edits(path, text)
        if daily.numbers and "history" not in files:
            if scenario.history is None and edits.add_history(f"{_stem(path)}-history.csv"):
                files["history"] = path.parent / f"{_stem(path)}-history.csv"
            else:
                message = "names no file, so the daily reports of the workbook are not read"
                edits.remark("history", message)
        if not daily.numbers or "history" in files:
            edits.infections(scenario, daily, self.scenario.start)
        edits.source(scenario, self.scenario, "care.initial_census")
        texts = {files["census"]: census.text(self.scenario.start)}
        if "history" in files and daily.numbers:
            texts[files["history"]] = daily.text()
        texts[answers_file(path)] = self.answers.text()
        if edits.text != text:
            texts[path] = edits.text
        return Changes(texts, tuple(edits.remarks))

    def _text(self, stem: str) -> str:
        draft = replace(self._draft, tree=dict(self._draft.tree))
        tree = draft.tree
        tree["name"] = Verbatim(stem)
        keys = (
            "name",
            "title",
            "start",
            "days",
            "history",
            "study",
            "people",
            "epidemic",
            "clinical",
            "care",
        )
        tree["start"] = {"file": f"{stem}-census.csv"} if self._census.rows else self.scenario.start
        if self._census.rows:
            tree["care"] = {"initial_census": {"file": f"{stem}-census.csv"}, **tree["care"]}
        if self._daily.numbers:
            tree["history"] = {"file": f"{stem}-history.csv"}
        draft.tree = {key: tree[key] for key in (*keys, *tree) if key in tree}
        lines = [line.get(self._lang).format(stem=stem, file=self.file) for line in _HEAD]
        return scenario_text(draft, [*lines, *(f"  - {each}" for each in draft.assumed())], self._lang)


_HEAD = (
    Label("{stem}: kịch bản lập từ bảng tính {file}", "{stem}: a scenario from the workbook {file}"),
    NOTHING,
    Label(
        "Mỗi số ghi trang và ô của nó. Sau khi sửa: surgesim validate {stem}.yaml",
        "Comments name the sheet and cell of each figure. After changes: surgesim validate {stem}.yaml",
    ),
    Label(
        "Số liệu của ngày khác: surgesim import BẢNG-TÍNH --out {stem}.yaml --update",
        "To read the data of another day: surgesim import WORKBOOK --out {stem}.yaml --update",
    ),
    NOTHING,
    Label("Giả định, vì không ô nào cho biết:", "Assumed, because no cell gives a value:"),
)
"""The comment at the top of a scenario file."""


def read_workbook(
    source: str | Path,
    *,
    decimal: str | None = None,
    dates: str | None = None,
    cumulative: bool = False,
    accept: Iterable[str] = (),
) -> Intake:
    """Read a workbook of hospitals, census and daily reports into a scenario.

    Parameters
    ----------
    source
        An ``.xlsx`` or ``.xlsm`` file, or a folder of CSV files; `surgesim new NAME --workbook` writes both.
    decimal
        The mark before decimals in numbers written as text: ``point`` or ``comma``.
    dates
        The order of dates written as text: ``dmy`` or ``mdy``.
    cumulative
        True if reported series that never fall are running totals.
    accept
        Addresses of cells whose doubtful values are true, such as ``census!C5``.

    Raises
    ------
    ScenarioError
        If the workbook has errors; the exception lists all of them, with sheet and cell. If the only problem
        is that cells can be read in two ways, it is a `QuestionsError`, whose questions name the options
        above.

    Examples
    --------
    >>> import surgesim
    >>> surgesim.read_workbook("province.xlsx").write("my-province.yaml")  # doctest: +SKIP
    """
    return read_with(source, Answers.of(decimal, dates, cumulative, accept))


def read_with(source: str | Path, answers: Answers) -> Intake:
    """Read a workbook as `read_workbook` does, with answers to its questions."""
    path = Path(source)
    notes = Notes(os.path.normpath(path))
    typed = not path.is_dir()
    sheets = excel.read(path, notes) if typed else csv_folder.read(path, notes)
    tables = read_tables(sheets, notes, Reader(notes, answers, typed=typed))
    draft = Draft()
    districts = Names.of("district", tables["districts"], notes)
    facilities = Names.of("facility", tables["facilities"], notes)
    today = province.today_of(tables)
    named = str(province.settings_of(tables).get("name", ""))
    province.put_province(draft, key_of(named) or "my-province", tables, notes)
    province.put_districts(draft, tables, districts)
    province.put_facilities(draft, tables, facilities, districts, notes)
    beds = _beds(draft)
    census = read_census(tables["census"], facilities.find, beds, notes, answers)
    daily = read_daily(tables["daily"], districts.find, today, notes, answers)
    if today is not None:
        _put_infections(draft, daily, today)
    usual.put_thresholds(draft)
    province.put_plan(draft, tables, facilities, notes)
    file = plain(os.path.basename(notes.file))
    province.put_sources(draft, tables, file)
    scenario = _checked(draft, census, daily, today, notes)
    if notes.problems:
        asked = [Problem(each.cell, each.sentence, notes.file) for each in notes.questions]
        raise ScenarioError([*notes.problems, *asked])
    if notes.questions or scenario is None:
        raise QuestionsError(notes.questions, notes.file)
    kept = replace(
        answers,
        accepted=answers.accepted | notes.accepted,
        cumulative=answers.cumulative | notes.cumulative,
    )
    lang = province.language_of(tables)
    return Intake(file, scenario, tuple(notes.remarks), kept, draft, census, daily, lang)


def answers_file(out: Path) -> Path:
    """Return the path of the file that stores the answers given during an import."""
    return out.parent / f"{_stem(out)}-answers.json"


def _stem(out: Path) -> str:
    """Return the name of the scenario in the file `out`; the names of its CSVs begin with it."""
    return key_of(out.stem) or "scenario"


def _write(texts: Mapping[Path, str]) -> None:
    """Write all files under temporary names before moving any of them into place."""
    with ExitStack() as stack:
        parts = {path: stack.enter_context(atomic_write(path)) for path in texts}
        for path, part in parts.items():
            part.write_text(texts[path], encoding="utf-8", newline="\n")


def _beds(draft: Draft) -> dict[tuple[str, str], int]:
    facilities = draft.tree.get("care", {}).get("facilities", {})
    return {
        (key, bed): facility["beds"][bed]
        for key, facility in facilities.items()
        for bed in BEDS
        if bed in facility["beds"]
    }


def _put_infections(draft: Draft, daily: Daily, today: date) -> None:
    """Add the variant, and the infections on the first day."""
    districts = draft.tree.get("people", {}).get("districts", {})
    people = {key: district.get("population", 1) for key, district in districts.items()}
    usual.put_epidemic(draft, *daily.infections(people, today))


def _checked(draft: Draft, census: Census, daily: Daily, today: date | None, notes: Notes) -> Scenario | None:
    """Load the scenario of a draft; note each of its errors at the cell that caused it.

    If the workbook has errors already, a further error is noted only at a cell that has none yet: others may
    be consequences of earlier errors.
    """
    tree = dict(draft.tree)
    tree["start"] = "2000-01-01" if today is None else today.isoformat()
    entries: dict[str, dict[str, Any]] = {}
    for (facility, bed), row in census.rows.items():
        entry = entries.setdefault(facility, {})
        for column, at in (
            ("patients", (bed,)),
            ("waiting", ("waiting", bed)),
            ("days_in_bed", ("days_in_bed", bed)),
        ):
            if column in row.values:
                holder = entry if len(at) == 1 else entry.setdefault(at[0], {})
                holder[at[-1]] = row.values[column]
                draft.cells[(*CENSUS_PATH, facility, *at)] = row.place(column)
    tree = deep_merge(tree, {"care": {"initial_census": entries}})
    if daily.numbers:
        tree["history"] = daily.section()
    try:
        return load(json.loads(json.dumps(tree)))
    except ScenarioError as error:
        _place(error, draft, notes)
    return None


def _place(error: ScenarioError, draft: Draft, notes: Notes) -> None:
    """Note the errors of a scenario at the cells that caused them."""
    noted = {problem.path for problem in notes.problems} | {question.cell for question in notes.questions}
    some = bool(noted)
    for problem in error.problems:
        path = tuple(problem.path.split("."))
        cell = draft.cells.get(path) if some else draft.cell_at(problem.path)
        if cell is not None and cell.address not in noted:
            notes.refuse(cell, problem.message)
        elif not some:
            notes.refuse(problem.path, problem.message)
