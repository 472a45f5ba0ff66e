"""Reading and validation of the manifests of runs, sweeps and other studies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from surgesim.errors import ResultsError, escaped
from surgesim.files import disk_errors
from surgesim.scenario.schema.indicators import OWN, OwnIndicator
from surgesim.study.store.contents import (
    CALENDAR,
    FIT,
    FORMAT,
    FRONTIER,
    MANIFEST,
    RUN,
    SIZE,
    SWEEP,
    WORTH,
    format_name,
    read_json,
)
from surgesim.study.store.folder import recover
from surgesim.study.store.unfinished import unfinished_path

_Count = Annotated[int, Field(ge=0)]
_Some = Annotated[int, Field(ge=1)]


class _Entries(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class _Figures(_Entries):
    lang: Literal["vi", "en"]


class _Precision(_Entries):
    alternative: str
    outcome: str
    wanted_share: float
    half_width_share: float | None
    reached: bool


class _Outcome(_Entries):
    unit: str
    meaning: str
    label: str
    better: str


class _Indicator(_Entries):
    unit: str
    meaning: str
    label: str


class _Extension(_Entries):
    file: str
    sha256: str
    outcomes: dict[str, _Outcome]
    indicators: dict[str, _Indicator] = {}


class _Manifest(_Entries):
    versions: dict[str, str]
    processor: str
    files: dict[str, str]
    extensions: list[_Extension] = []


class _Run(_Manifest):
    alternatives: Annotated[list[str], Field(min_length=1)]
    seed: _Count
    replications: _Some
    replication_numbers: list[_Count] | None = None
    days: _Some
    scenario: str = ""
    scenario_sha256: str = ""
    command: str = ""
    figures: _Figures | None = None
    precision: list[_Precision] | None = None
    identities_checked: dict[str, int] = {}
    extras_failed: str | None = None
    series: list[str] = []
    facility_series: list[str] = []


class _Plan(_Entries):
    design: str
    samples: int | None
    vary: dict[str, str]
    replications: _Some
    seed: _Count
    design_seed: _Count | None = None
    precision: dict[str, float] = {}
    most_replications: _Some | None = None
    alternatives: list[str]
    points: _Count
    runs: _Count
    scenarios: Annotated[dict[str, str], Field(min_length=1)]
    outcomes: dict[str, str] = {}
    series: list[str] = []
    facility_series: list[str] = []


class _Sweep(_Manifest):
    sweep: _Plan
    failed: _Count


class _Assimilation(_Entries):
    data_sha256: str
    unknowns: dict[str, str]
    members: _Some
    rounds: _Some
    replicates: _Some
    noise: float
    seed: _Count


class _Fit(_Manifest):
    fit: _Assimilation
    scenario: str
    warnings: list[str]


class _Answer(_Entries):
    status: Literal["found", "already", "unreachable"]
    value: str
    confidence: float
    failing: str | None
    contrary: list[list[str]]
    runs: _Count


class _Search(_Entries):
    lever: str
    unit: str
    values: list[str]
    falling: bool
    conditions: dict[str, float]
    draws: float | None = None
    confidence: float
    replications: _Some
    seed: _Count
    answer: _Answer


class _Size(_Manifest):
    size: _Search
    scenario: str


class _Ranking(_Entries):
    outcome: str
    by: str
    items: _Count
    replications: _Some
    seed: _Count


class _Worth(_Manifest):
    worth: _Ranking
    scenario: str


class _LastCall(_Entries):
    status: Literal["found", "already", "unreachable"]
    value: str
    failing: str | None
    contrary: list[list[str]]
    runs: _Count


class _LastCalls(_Entries):
    runs: _Count
    last_calls: dict[str, _LastCall]


class _Dates(_Entries):
    rules: list[str]
    later: float
    conditions: dict[str, float]
    step: _Some
    confidence: float
    replications: _Some
    seed: _Count
    answer: _LastCalls


class _Calendar(_Manifest):
    calendar: _Dates
    scenario: str


class _Corners(_Entries):
    status: Literal["found", "already", "unreachable"]
    corners: list[list[str]]
    least: list[str] | None
    by: str
    contrary: list[list[str]]
    tested: _Count
    runs: _Count


class _PairSearch(_Entries):
    levers: list[str]
    paths: list[str]
    values: list[list[str]]
    falling: list[bool]
    conditions: dict[str, float]
    prices: list[float] | None
    confidence: float
    replications: _Some
    seed: _Count
    answer: _Corners


class _Pairs(_Manifest):
    frontier: _PairSearch
    scenario: str


_FORMS: Mapping[str, type[_Manifest]] = {
    RUN: _Run,
    SWEEP: _Sweep,
    FIT: _Fit,
    SIZE: _Size,
    WORTH: _Worth,
    CALENDAR: _Calendar,
    FRONTIER: _Pairs,
}


NUMBERS = "replication_numbers"
"""Entry with the indices of the replications, if the run was given a list of them."""


def hashes_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each extension of a result, by file name."""
    return {extension["file"]: extension["sha256"] for extension in manifest.get("extensions", ())}


def own_indicators(manifest: Mapping[str, Any]) -> list[OwnIndicator]:
    """Return the indicators of the extensions of a result."""
    return [
        OwnIndicator(f"{OWN}{name}", said["unit"], said["meaning"], said["label"])
        for extension in manifest.get("extensions", ())
        for name, said in extension.get("indicators", {}).items()
    ]


def kind_of(folder: Path) -> str | None:
    """Return the kind of a result, None for a run; first complete a move that a crash interrupted."""
    with disk_errors(folder):
        recover(folder)
    path = folder / MANIFEST
    entries = _entries(path) if path.is_file() else {}
    for kind in (FIT, SIZE, WORTH, CALENDAR, FRONTIER):
        if entries.get(FORMAT) == format_name(kind):
            return kind
    return SWEEP if SWEEP in entries else None


def read_manifest(folder: Path, kind: str = RUN) -> dict[str, Any]:
    """Read the manifest of a run, or of another kind of study.

    Raises
    ------
    ResultsError
        If there is no manifest, it is of another kind, or an entry is missing or invalid.
    """
    there, path = kind_of(folder), folder / MANIFEST
    if not path.is_file():
        beside = f"; the {kind} is unfinished: continue with `surgesim {kind} … --resume`"
        raise ResultsError(
            f"{folder}: got no {MANIFEST}, expected a folder written by `surgesim {kind}`"
            f"{beside if unfinished_path(folder).is_dir() else ''}"
        )
    if (there or RUN) != kind:
        got = f"a folder that is not a {kind}" if there is None else f"a {there}"
        raise ResultsError(f"{folder}: got {got}, expected a folder written by `surgesim {kind}`")
    entries = _entries(path)
    try:
        _FORMS[kind].model_validate(entries)
    except ValidationError as error:
        raise ResultsError(f"{path}: damaged, {_fault(error)}") from error
    return entries


def _entries(path: Path) -> dict[str, Any]:
    content = read_json(path)
    return content if isinstance(content, dict) else {}


def _fault(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False)
    missing = [".".join(map(str, fault["loc"])) for fault in faults if fault["type"] == "missing"]
    if missing:
        return f"it lacks {escaped(', '.join(sorted(missing)))}"
    place, what = ".".join(map(str, faults[0]["loc"])), faults[0]["msg"]
    return escaped(f"{place[:80]}: {what[:1].lower()}{what[1:]}")
