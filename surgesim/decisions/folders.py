"""The result of a question, and the folder in which it is computed, resumed and stored."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from surgesim.decisions.trials import TRIALS
from surgesim.errors import ResultsError, ScenarioError
from surgesim.scenario.door import Files, certain
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import alternative_names, with_extensions
from surgesim.study.compute.environment import COMPUTING, versions
from surgesim.study.compute.replicate import keep_alternatives
from surgesim.study.results import Output
from surgesim.study.store.contents import FORMAT
from surgesim.study.store.csv_files import read_csv, write_csv
from surgesim.study.store.folder import Folder, scenario_text, tell_kept
from surgesim.study.store.manifest import read_manifest
from surgesim.study.store.unfinished import Unfinished
from surgesim.study.tables.columns import Table

if TYPE_CHECKING:
    import pandas as pd

_SCENARIO: Final = "scenario.yaml"


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """The result of a question.

    Attributes
    ----------
    scenario
        The scenario that the question was asked about.
    table
        What was tried, with its effects.
    manifest
        Everything needed to repeat the study.
    folder
        The folder in which the result is stored; None if it is only in memory.
    """

    scenario: Scenario
    table: pd.DataFrame
    manifest: Mapping[str, Any]
    folder: Path | None = None


Result = TypeVar("Result", bound=Stored)


@dataclass(frozen=True, slots=True)
class ResultKind:
    """A kind of result: its name in `contents`, its table, and the entry that only its result has."""

    name: str
    table: Table
    result: str


def scenario_of(scenario: Scenario, alternative: str, uncertainty: bool, extensions: Files) -> Scenario:
    """Return the scenario that a question is asked about: one alternative, without the others.

    Raises
    ------
    ScenarioError
        If the alternative is unknown.
    ExtensionError
        If an extension cannot be used.
    """
    base = with_extensions(scenario if uncertainty else certain(scenario), extensions)
    alternative_names(base, [alternative])
    return keep_alternatives(base.alternative(alternative), ())


def origin(scenario: Scenario, seed: int, runs: int) -> dict[str, Any]:
    """Return the part of a result's identity that all kinds share."""
    entry: dict[str, Any] = {
        "seed": seed,
        "runs": runs,
        "scenarios": {scenario.name: hashlib.sha256(scenario_text(scenario).encode()).hexdigest()},
        "versions": {name: version for name, version in versions().items() if name in COMPUTING},
    }
    if scenario.extensions:
        entry["extensions"] = scenario.extensions.hashes
    return entry


def stored(
    kind: ResultKind,
    entry: Mapping[str, Any],
    scenario: Scenario,
    compute: Callable[[Unfinished[Any] | None], Result],
    read: Callable[[Path], Result],
    output: Output | None,
    backend: Backend,
    resume: bool,
) -> Result:
    """Compute a result and store it in the folder of `output`, if any, whole or not at all.

    `entry` is the identity of the result. With `resume`, runs of an unfinished study are used again, and a
    complete result is read.
    """
    if output is None:
        return compute(None)
    with Folder(output.folder, kind.name) as folder:
        texts = {scenario.name: scenario_text(scenario)}
        kept = Unfinished(folder.target, kind.name, entry, texts, entry["runs"], TRIALS)
        if resume and _is_complete(kind, folder.target, entry):
            kept.finish(backend)
            return read(folder.target)
        opened = kept.opened(
            resume=resume, backend=backend, is_complete=lambda known: _is_complete(kind, folder.target, known)
        )
        with opened:
            done = compute(kept)
            write_csv(folder.path / f"{kind.table.name}.csv", done.table)
            (folder.path / _SCENARIO).write_text(scenario_text(scenario), encoding="utf-8", newline="\n")
            failed = output.add_extras(done, folder.path)
        sealed = folder.seal({**done.manifest, **output.notes, "extras_failed": failed})
        kept.finish(backend)
        tell_kept(folder, backend)
        return replace(done, manifest=sealed, folder=folder.target)


def read_stored(kind: ResultKind, folder: str | Path) -> tuple[Scenario, pd.DataFrame, dict[str, Any], Path]:
    """Read the scenario, the table and the manifest of a folder, and return them with its full path.

    Raises
    ------
    ResultsError
        If the folder does not contain a result of this kind, or is damaged.
    """
    from surgesim.scenario.door import load_stored

    target = Path(folder).resolve()
    manifest = read_manifest(target, kind.name)
    try:
        table = read_csv(target / f"{kind.table.name}.csv", kind.table)
        return load_stored(target / _SCENARIO), table, manifest, target
    except (OSError, ScenarioError) as error:
        raise ResultsError(f"{folder}: damaged ({error})") from error


def _is_complete(kind: ResultKind, target: Path, entry: Mapping[str, Any]) -> bool:
    """Return True if `target` contains a complete result with this identity."""
    with contextlib.suppress(ResultsError):
        expected = {key: value for key, value in entry.items() if key != FORMAT}
        found = read_manifest(target, kind.name)[kind.name]
        return bool(
            {key: value for key, value in found.items() if key != kind.result}
            == json.loads(json.dumps(expected))
        )
    return False
