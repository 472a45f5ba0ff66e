"""Insert profiles and the contents of data files into the plain values of a scenario or an overlay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from surgesim.errors import ScenarioError
from surgesim.scenario.loading import (
    arrivals_file,
    numbers_file,
    people_files,
    profile_tables,
)
from surgesim.scenario.loading.context import LoadContext
from surgesim.scenario.loading.overlays import AGES, CENSUS, CONTACTS
from surgesim.scenario.loading.today import census_file, history_file
from surgesim.scenario.messages import shape, thousands
from surgesim.scenario.messages.finding import Finding, KeyPath, Location, dotted
from surgesim.scenario.messages.wording import unknown_key, value_at
from surgesim.scenario.schema.base import AGE_GROUPS, SETTINGS
from surgesim.scenario.schema.merging import deep_merge
from surgesim.scenario.schema.scenario import SHARED, Scenario


def embed(
    tree: Mapping[str, Any], above: KeyPath, context: LoadContext, below: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return `tree` with its profiles and files inserted.

    `tree` is a scenario or, at `above`, an overlay over the scenario `below`.
    """
    resolved = profile_tables.resolve(_without_second(tree, above, context))
    for finding in resolved.findings:
        at = (*above, *finding.path)
        if at[-1] == "profile":
            context.unread.append(at[:-1])
            if at not in context.locations and at[:-1] in context.locations:
                at = at[:-1]  # the section is just the name of a profile
        context.refuse([replace(finding, path=at)])
    for path, source in resolved.sources.items():
        context.sources[dotted((*above, *path))] = source
    _embed_ages(resolved.tree, above, context)
    _embed_contacts(resolved.tree, above, context, below or {})
    _embed_start(resolved.tree, above, context)
    _embed_census(resolved.tree, above, context)
    _embed_history(resolved.tree, above, context)
    _embed_arrivals(resolved.tree, above, context)
    _embed_boundaries(resolved.tree, above, context)
    _embed_draws(resolved.tree, context)
    _embed_values(resolved.tree, context)
    return resolved.tree


def embed_in_alternative(name: str, overlay: Any, plain: Mapping[str, Any], context: LoadContext) -> Any:
    """Return an alternative's overlay with profiles inserted and without keys that all alternatives share."""
    if not isinstance(overlay, Mapping):
        return overlay
    above = ("alternatives", name)
    own = [field for field in Scenario.model_fields if field not in SHARED]
    for key in SHARED:
        if key in overlay:
            message = f"got {key!r} in an alternative, expected only the keys {', '.join(own)}"
            context.refuse([Finding((*above, key), message)])
    return embed_in_overlay({k: v for k, v in overlay.items() if k not in SHARED}, plain, above, context)


def embed_in_overlay(
    overlay: Mapping[str, Any], plain: Mapping[str, Any], above: KeyPath, context: LoadContext
) -> dict[str, Any]:
    """Return `overlay` with its profiles and files inserted; `start` and `days` come from `plain`."""
    span = {key: plain[key] for key in ("start", "days") if key in plain and key not in overlay}
    named = profile_tables.with_names_as_mappings(overlay)
    placed = embed({**named, **span}, above, context, plain)
    return {key: value for key, value in placed.items() if key not in span}


def _embed_arrivals(plain: dict[str, Any], above: KeyPath, context: LoadContext) -> None:
    """Add the series of an arrivals file to those in `plain`."""
    arrivals = plain.get("arrivals")
    if not isinstance(arrivals, Mapping):
        return
    _doubt_counts(arrivals.get("series"), (*above, "arrivals", "series"), context)
    name = arrivals.get("file")
    if not isinstance(name, str) or name == "none":
        return
    start, days = _start(plain.get("start")), plain.get("days")
    if start is None or not isinstance(days, int):
        return  # the schema reports the errors in them
    path: KeyPath = (*above, "arrivals", "file")
    try:
        integers = arrivals.get("counts_are") == "exact" and not arrivals.get("demand_sd")
        read = arrivals_file.read(Path(name), name, start, days, integers=integers)
    except ScenarioError as error:
        _refuse_file(error, path, name, context)
        plain["arrivals"] = {**arrivals, "series": {}}
        return
    context.remark(read.warnings)
    series = arrivals.get("series")
    kept = {key: value for key, value in arrivals.items() if key != "file"}
    plain["arrivals"] = {**kept, "series": {**(series if isinstance(series, Mapping) else {}), **read.series}}
    for key, line in read.lines.items():
        context.locations[(*above, "arrivals", "series", key)] = Location(name, line)


def _named_file(plain: Mapping[str, Any], path: KeyPath) -> str | None:
    """Return the name of the file in the section at `path`; None if the section names no file."""
    name = value_at(plain, (*path, "file"))
    return name if isinstance(name, str) and name != "none" else None


def _without_second(tree: Mapping[str, Any], above: KeyPath, context: LoadContext) -> Mapping[str, Any]:
    """Refuse a profile and a file for the same table; return `tree` without the profile."""
    kept = dict(tree)
    for path in (CONTACTS, AGES):
        name = value_at(kept, (*path, "profile"))
        if name is not None and _named_file(kept, path) is not None:
            message = f"got the profile {name!r} and a file, expected only one of the two"
            context.refuse([Finding((*above, *path, "file"), message)])
            profile_tables.put(kept, (*path, "profile"), None)
    return kept


def _embed_ages(plain: dict[str, Any], above: KeyPath, context: LoadContext) -> None:
    """Replace the name of a file of people by age with the share of each age group."""
    name = _named_file(plain, AGES)
    if name is None:
        return
    others = [key for key in value_at(plain, AGES) if key != "file"]
    context.refuse(unknown_key((*above, *AGES, key), ("file",)) for key in others)
    try:
        read = people_files.read_ages(Path(name), name)
    except ScenarioError as error:
        _refuse_file(error, (*above, *AGES, "file"), name, context)
        profile_tables.put(plain, AGES, None)
        return
    profile_tables.put(plain, AGES, read.shares)
    for message, lines in read.doubts.remarks():
        path = (*above, *AGES, "file")
        context.remark([Finding(path, message, location=Location(name, lines[0]))])


def _embed_contacts(
    plain: dict[str, Any], above: KeyPath, context: LoadContext, below: Mapping[str, Any]
) -> None:
    """Lay the given tables of contacts over those in a file of contacts."""
    name = _named_file(plain, CONTACTS)
    if name is None:
        return
    path = (*above, *CONTACTS)
    given = {key: table for key, table in value_at(plain, CONTACTS).items() if key != "file"}
    if given.keys() >= set(SETTINGS):
        message = "got a file and tables for all settings, expected only one of the two"
        context.refuse([Finding((*path, "file"), message)])
        given = {}
    try:
        read = people_files.read_contacts(Path(name), name)
    except ScenarioError as error:
        _refuse_file(error, (*path, "file"), name, context)
        profile_tables.put(plain, CONTACTS, None)
        return
    for message, line in read.without_contacts(_has_people(deep_merge(below, plain))):
        context.refuse([Finding((*path, "file"), message, location=Location(name, line))])
    profile_tables.put(plain, CONTACTS, {**read.tables, **given})
    for (setting, age), line in read.lines.items():
        location = Location(name, line)
        context.locations.setdefault((*path, setting), location)
        context.locations.setdefault((*path, setting, read.ages.index(age)), location)


def _has_people(plain: Mapping[str, Any]) -> dict[str, bool]:
    """Return whether anybody is in each age group, by the shares of the scenario and its districts."""
    districts = value_at(plain, ("people", "districts"))
    every = [value_at(plain, AGES)]
    if isinstance(districts, Mapping):
        every += [shape.inside(district, "ages") for district in districts.values()]
    found = dict.fromkeys(AGE_GROUPS, False)
    for shares in every:
        for age, share in zip(AGE_GROUPS, shares if isinstance(shares, (list, tuple)) else (), strict=False):
            found[age] |= bool(share)
    return found


def _embed_start(plain: dict[str, Any], above: KeyPath, context: LoadContext) -> None:
    """Replace the name of a census file under `start` with the date in that file."""
    name = _named_file(plain, ("start",))
    if name is None:
        return
    path = (*above, "start", "file")
    try:
        day = census_file.read(Path(name), name).day
    except ScenarioError as error:
        if _named_file(plain, CENSUS) != name:  # otherwise reported once, with the census
            _refuse_file(error, path, name, context)
        del plain["start"]
        context.unread.append((*above, "start"))
        return
    if day is None:
        message = f"got no column {census_file.DATE}, expected the date of the census in each row"
        context.refuse([Finding(path, message, location=Location(name, 1))])
        context.unread.append((*above, "start"))
        del plain["start"]
        return
    plain["start"] = day.isoformat()


def _embed_census(plain: dict[str, Any], above: KeyPath, context: LoadContext) -> None:
    """Lay the given entries of the initial census over those in the census file."""
    name = _named_file(plain, CENSUS)
    if name is None:
        return
    census = value_at(plain, CENSUS)
    given = {key: value for key, value in census.items() if key != "file"}
    path = (*above, *CENSUS)
    try:
        read = census_file.read(Path(name), name)
    except ScenarioError as error:
        _refuse_file(error, (*path, "file"), name, context)
        profile_tables.put(plain, CENSUS, given)
        return
    start = _start(plain.get("start"))
    if read.day is not None and start is not None and read.day != start:
        message = f"got a census of {read.day}, but the scenario starts on {start}"
        context.remark([Finding((*path, "file"), message)])
    profile_tables.put(plain, CENSUS, deep_merge(read.entries, given))
    for (facility, bed), line in read.lines.items():
        location = Location(name, line)
        context.locations.setdefault((*path, facility), location)
        context.locations.setdefault((*path, facility, bed), location)


def _embed_history(plain: dict[str, Any], above: KeyPath, context: LoadContext) -> None:
    """Replace the name of a history file with the reports in that file."""
    path = ("history",)
    name, start = _named_file(plain, path), _start(plain.get("start"))
    if name is None:
        return
    if start is None:  # the schema reports the errors in it
        plain["history"] = "none"
        return
    try:
        read = history_file.read(Path(name), name, start)
    except ScenarioError as error:
        _refuse_file(error, (*above, *path, "file"), name, context)
        plain["history"] = "none"
        return
    context.remark(read.warnings)
    plain["history"] = read.section
    for district, line in read.lines.items():
        context.locations[(*above, *path, "districts", district)] = Location(name, line)


def _refuse_file(error: ScenarioError, path: KeyPath, name: str, context: LoadContext) -> None:
    """Report the errors in a file by line or, if it cannot be read, at the `path` that names it."""
    for fault in error.problems:
        found = Finding(path, f"{fault.message}: {name}")
        if fault.line is not None:
            found = Finding(path, fault.message, location=Location(name, fault.line))
        context.refuse([found])
    context.unread.append(path[:-1])


def _embed_boundaries(plain: dict[str, Any], above: KeyPath, context: LoadContext) -> None:
    """Replace the name of a GeoJSON file with the simplified boundaries in that file."""
    path = ("people", "boundaries")
    name, districts = _named_file(plain, path), value_at(plain, ("people", "districts"))
    if name is None:
        return
    from surgesim.scenario.loading import boundaries_file  # it needs NumPy

    titles = {
        str(key): [title for title in _titles(value_at(district, ("title",))) if isinstance(title, str)]
        for key, district in (districts.items() if isinstance(districts, Mapping) else ())
    }
    try:
        read = boundaries_file.read(Path(name), name, titles)
    except ScenarioError as error:
        _refuse_file(error, (*above, *path, "file"), name, context)
        profile_tables.put(plain, path, None)
        return
    profile_tables.put(plain, path, {"shapes": read})


def _titles(title: Any) -> tuple[Any, ...]:
    return tuple(title.values()) if isinstance(title, Mapping) else (title,)


def _embed_draws(plain: dict[str, Any], context: LoadContext) -> None:
    """Add the table of joint draws from its file."""
    path = ("study", "draws")
    read = _read_numbers(plain, path, ("paths", "rows", "weights"), None, context)
    if read is not None:
        _replace_file(plain, path, paths=read.columns, rows=read.rows, weights=read.weights)


def _embed_values(plain: dict[str, Any], context: LoadContext) -> None:
    """Add the values of empirical distributions from their files."""
    uncertainty = value_at(plain, ("study", "uncertainty"))
    for name in uncertainty if isinstance(uncertainty, Mapping) else ():
        path = ("study", "uncertainty", name, "empirical")
        read = _read_numbers(plain, path, ("values", "weights"), "value", context)
        if read is not None:
            values = [value for row in read.rows for value in row]
            _replace_file(plain, path, values=values, weights=read.weights)


def _replace_file(plain: dict[str, Any], path: tuple[str, ...], **numbers: list[Any] | None) -> None:
    """Replace the key `file` with the numbers in the file, and remove those from an extended scenario."""
    kept = {key: value for key, value in value_at(plain, path).items() if key != "file"}
    given = {key: "none" if value is None else value for key, value in numbers.items()}
    profile_tables.put(plain, path, {**kept, **given})


def _read_numbers(
    plain: dict[str, Any],
    path: tuple[str, ...],
    keys: tuple[str, ...],
    column: str | None,
    context: LoadContext,
) -> numbers_file.NumbersFile | None:
    """Read the file named in the section at `path`, unless the section also has a value for one of `keys`."""
    name = value_at(plain, (*path, "file"))
    given = [key for key in keys if value_at(plain, (*path, key)) not in (None, "none")]
    if not isinstance(name, str) or name == "none" or given:
        return None
    try:
        read = numbers_file.read(Path(name), name, column)
    except ScenarioError as error:
        _refuse_file(error, (*path, "file"), name, context)
        profile_tables.put(plain, path[:2] if column is None else path[:3], None)
        return None
    context.locations[(*path, "paths")] = Location(name, 1)
    for i, line in enumerate(read.lines):
        context.locations[(*path, keys[-2], i)] = Location(name, line)
    return read


def _doubt_counts(series: Any, at: KeyPath, context: LoadContext) -> None:
    """Warn about counts in which a point may separate thousands, as is done for an arrivals file."""
    if context.quiet or not isinstance(series, Mapping):
        return
    doubts: thousands.Doubts[KeyPath] = thousands.Doubts()
    for name, one in series.items():
        counts, bed = value_at(one, ("counts",)), value_at(one, ("bed",))
        for day, count in enumerate(counts if isinstance(counts, (list, tuple)) else ()):
            if isinstance(count, float):
                path = (*at, name, "counts", day)
                written = context.fractions.get(path, "")
                doubts.see(str(bed), written if written and float(written) == count else repr(count), path)
    for message, paths in doubts.remarks():
        context.warnings = [known for known in context.warnings if known.path not in paths]
        context.remark([Finding(paths[0], message)])


def _start(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
