"""Match the hospitals and districts of a workbook with those of an existing scenario."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeGuard

import yaml

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import compose, overlaid
from surgesim.scenario.schema.base import Text
from surgesim.scenario.schema.scenario import Scenario
from surgesim.workbook.drafts.today import Census, Daily
from surgesim.workbook.drafts.yaml_text import note_words
from surgesim.workbook.words import Label

MAX_BYTES = 4_000_000


def named_files(text: str, path: Path) -> dict[str, Path]:
    """Return the paths of the CSVs of a scenario: ``census`` and, if its text names one, ``history``.

    Raises
    ------
    ScenarioError
        If the scenario names no census file.
    """
    tree = compose(text, str(path)).value
    found = {}
    for key, keys in (("census", ("care", "initial_census", "file")), ("history", ("history", "file"))):
        node: Any = tree
        for each in keys:
            node = node.get(each) if isinstance(node, Mapping) else None
        if isinstance(node, str) and node != "none":
            found[key] = path.parent / node
    if "census" not in found:
        message = "names no file, so there is none to update: expected {file: census.csv}"
        raise ScenarioError([Problem("care.initial_census", message, str(path))])
    return found


def matched(
    scenario: Scenario, given: Scenario, census: Census, daily: Daily, path: Path, file: str
) -> tuple[Census, Daily]:
    """Return the census and reports of a workbook, with the keys of `scenario` for facilities and districts.

    Raises
    ------
    ScenarioError
        If `scenario` lacks facilities or districts of the workbook, or the census does not fit it.
    """
    problems: list[Problem] = []
    if not census.rows:
        problems.append(Problem("", "got no rows in the sheet census, expected today's patients", file))

    def keys(
        what: str, wanted: Iterable[str], titles: Mapping[str, Text], known: Mapping[str, Text]
    ) -> dict[str, str]:
        found = {}
        for key in dict.fromkeys(wanted):
            match = _match(key, titles[key], known)
            if match is None:
                message = f"has no {what} with the key {key} or the title {titles[key].get('en')!r}"
                problems.append(Problem("", f"{message}, which {file} has", str(path)))
            else:
                found[key] = match
        return found

    facilities = keys(
        "facility", (facility for facility, _ in census.rows), _facilities(given), _facilities(scenario)
    )
    districts = keys("district", filter(None, daily.numbers), _districts(given), _districts(scenario))
    if problems:
        raise ScenarioError(problems)
    moved = Census({(facilities[facility], bed): row for (facility, bed), row in census.rows.items()})
    of_today = given.care.initial_census
    entries: dict[str, Any] = dict.fromkeys(scenario.care.initial_census)
    entries |= {facilities[key]: each.model_dump(exclude_none=True) for key, each in of_today.items()}
    overlaid(scenario, {"care": {"initial_census": entries}})  # raises an error if the census does not fit
    return moved, Daily({districts.get(area, area): days for area, days in daily.numbers.items()})


def _match(key: str, title: Text, known: Mapping[str, Text]) -> str | None:
    """Return the key of the entry with this key or, if there is none, of the only entry with this title."""
    if key in known:
        return key
    words = {title.vi, title.en} - {None}
    same = [other for other, name in known.items() if words & {name.vi, name.en}]
    return same[0] if len(same) == 1 else None


def _facilities(scenario: Scenario) -> dict[str, Text]:
    return {key: facility.title for key, facility in scenario.care.facilities.items()}


def _districts(scenario: Scenario) -> dict[str, Text]:
    return {key: district.title for key, district in scenario.people.districts.items()}


class Edits:
    """Changes to the text of a scenario file that leave everything else as the user wrote it.

    Attributes
    ----------
    text
        The text with the changes.
    remarks
        What was changed, and what was kept although the workbook says otherwise.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self.remarks: list[Problem] = []

    def remark(self, path: str, message: str) -> None:
        self.remarks.append(Problem(path, message, str(self.path)))

    def add_history(self, name: str) -> bool:
        """Name a file of daily reports before the key `start`; return False if the text lacks this key."""
        pair = self._pair("start")
        if pair is None or pair[0].start_mark.column:
            return False
        at = pair[0].start_mark.index
        self.text = f"{self.text[:at]}history: {{file: {json.dumps(name)}}}\n{self.text[at:]}"
        return True

    def infections(self, scenario: Scenario, daily: Daily, today: date) -> None:
        """Derive the infections at the start anew, unless they are not those of the earlier reports."""
        if scenario.epidemic is None:
            return
        people = {key: district.population for key, district in scenario.people.districts.items()}
        given = dict(scenario.epidemic.initial_infections)
        earlier, was = Daily.of(scenario.history).infections(people, scenario.start)
        fresh, origin = daily.infections(people, today)
        if given == fresh:
            return
        pair = self._pair("epidemic", "initial_infections")
        path, before, after = "epidemic.initial_infections", sum(given.values()), sum(fresh.values())
        node = None if pair is None else pair[1]
        if given != earlier or pair is None or node is None or not _plain(node):
            shown = ", ".join(f"{key}: {number}" for key, number in fresh.items())
            message = f"stay {before} in total, as they do not follow from the earlier reports"
            self.remark(path, f"{message}; a new import would give {after}: {{{shown}}}")
            return
        start = (node if node.flow_style else pair[0]).end_mark.index
        end = self.text.find("\n", start)
        comment = self.text[start:end]
        for lang in Label._fields:
            comment = comment.replace(f"# {note_words(was, lang)}", f"# {note_words(origin, lang)}")
        edits = [
            (value.start_mark.index, value.end_mark.index, str(fresh[key.value])) for key, value in node.value
        ]
        for first, last, new in sorted([*edits, (start, end, comment)], reverse=True):
            self.text = self.text[:first] + new + self.text[last:]
        self.remark(path, f"were {before} in total, and are now {after}: {note_words(origin, 'en')}")

    def source(self, scenario: Scenario, given: Scenario, pattern: str) -> None:
        """Remark on a source that a planner gave in the workbook and that is not that of the scenario."""
        old, new = (each.sources.get(pattern) for each in (scenario, given))
        if old is not None and new is not None and not new.source.startswith("workbook ") and old != new:
            self.remark(
                f"sources.{pattern}",
                f"stays {old.source!r}, but the workbook has {new.source!r}: change it here",
            )

    def _pair(self, *keys: str) -> tuple[yaml.Node, yaml.Node] | None:
        """Return the key and the value at a path of the text; None if the text has none."""
        node, found = yaml.compose(self.text, Loader=yaml.SafeLoader), None
        for each in keys:
            pairs = node.value if isinstance(node, yaml.MappingNode) else ()
            found = next((pair for pair in pairs if pair[0].value == each), None)
            node = None if found is None else found[1]
        return found


def _plain(node: yaml.Node) -> TypeGuard[yaml.MappingNode]:
    """Return True for a mapping whose values are written as plain numbers."""
    return isinstance(node, yaml.MappingNode) and all(isinstance(v, yaml.ScalarNode) for _, v in node.value)
