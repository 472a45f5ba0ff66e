"""Match the hospitals and districts of a workbook with those of an existing scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import compose, overlaid, read_text
from surgesim.scenario.schema.base import Text
from surgesim.scenario.schema.scenario import Scenario
from surgesim.workbook.drafts.today import Census, Daily

MAX_BYTES = 4_000_000


def named_files(path: Path) -> dict[str, Path]:
    """Return the paths of a scenario's CSVs: ``census`` and, if the scenario has one, ``history``.

    Raises
    ------
    ScenarioError
        If the scenario names no census file.
    """
    tree = compose(read_text(path, str(path), MAX_BYTES), str(path)).value
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
