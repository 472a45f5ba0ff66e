"""The result of a question, and the folder in which it is computed, resumed and stored."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from surgesim.decisions.settings import Settings
from surgesim.decisions.trials import TRIALS, Trials
from surgesim.errors import ResultsError, ScenarioError
from surgesim.log import logged
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.environment import COMPUTING, environment, now, versions
from surgesim.study.store.contents import FORMAT
from surgesim.study.store.csv_files import read_csv, write_csv
from surgesim.study.store.folder import Folder, scenario_text, tell_kept
from surgesim.study.store.manifest import read_manifest
from surgesim.study.store.unfinished import Unfinished
from surgesim.study.tables.columns import TEXT, Table

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
class ResultKind(Generic[Result]):
    """A kind of result: its class, its name in `contents`, its table, and the entry only its result has."""

    of: type[Result]
    name: str
    table: Table
    result: str

    def read(self, folder: str | Path) -> Result:
        """Read a folder with a result of this kind.

        Raises
        ------
        ResultsError
            If the folder does not contain a result of this kind, or is damaged.
        """
        from surgesim.scenario.door import load_stored

        target = Path(folder).resolve()
        manifest = read_manifest(target, self.name)
        try:
            table = read_csv(target / f"{self.table.name}.csv", self.table)
            scenario = load_stored(target / _SCENARIO)
        except (OSError, ScenarioError) as error:
            raise ResultsError(f"{folder}: damaged ({error})") from error
        texts = [column.name for column in self.table.columns if column.unit == TEXT]
        table[texts] = table[texts].fillna("")
        return self.of(scenario, table, manifest, target)


def answer(
    kind: ResultKind[Result],
    settings: Settings,
    entry: Mapping[str, Any],
    runs: int,
    prepare: Callable[[], Scenario],
    solve: Callable[[Trials], tuple[Any, pd.DataFrame]],
) -> Result:
    """Answer a question by trials, and store the result in the folder of the settings, whole or not at all.

    A complete result is read again, and the runs of an unfinished study are used again, if this is asked for.

    Parameters
    ----------
    entry
        What the result depends on, besides what all questions share.
    runs
        Number of runs after which the question is answered at the latest.
    prepare
        Function that checks what is tried, and returns the scenario with which trials start.
    solve
        Function that runs trials, and returns the answer for the manifest, and the table.
    """
    identity = {**entry, **_origin(settings, runs)}
    with logged():
        prepared = prepare()

        def compute(kept: Unfinished[Any] | None) -> Result:
            trials = Trials(prepared, settings.seed, settings.backend, kept, runs)
            answered, table = solve(trials)
            trials.finish()
            manifest = {
                **environment(),
                "scenario": settings.scenario.name,
                "alternative": settings.alternative,
                kind.name: {**identity, kind.result: answered},
                "started": settings.started,
                "ended": now(),
            }
            if settings.scenario.extensions:
                manifest["extensions"] = settings.scenario.extensions.entries()
            return kind.of(settings.scenario, table, manifest)

        return compute(None) if settings.output is None else _stored(kind, settings, identity, compute)


def _origin(settings: Settings, runs: int) -> dict[str, Any]:
    """Return the part of a result's identity that all kinds share."""
    scenario = settings.scenario
    entry: dict[str, Any] = {
        "seed": settings.seed,
        "runs": runs,
        "scenarios": {scenario.name: hashlib.sha256(scenario_text(scenario).encode()).hexdigest()},
        "versions": {name: version for name, version in versions().items() if name in COMPUTING},
    }
    if scenario.extensions:
        entry["extensions"] = scenario.extensions.hashes
    return entry


def _stored(
    kind: ResultKind[Result],
    settings: Settings,
    identity: Mapping[str, Any],
    compute: Callable[[Unfinished[Any] | None], Result],
) -> Result:
    """Compute a result and store it, or read it if it is complete and `resume` is set."""
    scenario, backend, output = settings.scenario, settings.backend, settings.output
    assert output is not None
    with Folder(output.folder, kind.name) as folder:
        texts = {scenario.name: scenario_text(scenario)}
        kept = Unfinished(folder.target, kind.name, identity, texts, identity["runs"], TRIALS)
        is_complete = partial(_is_complete, kind, folder.target)
        if settings.resume and is_complete(identity):
            kept.finish(backend)
            return kind.read(folder.target)
        with kept.opened(resume=settings.resume, backend=backend, is_complete=is_complete):
            done = compute(kept)
            write_csv(folder.path / f"{kind.table.name}.csv", done.table)
            (folder.path / _SCENARIO).write_text(scenario_text(scenario), encoding="utf-8", newline="\n")
            failed = output.add_extras(done, folder.path)
        sealed = folder.seal({**done.manifest, **output.notes, "extras_failed": failed})
        kept.finish(backend)
        tell_kept(folder, backend)
        return replace(done, manifest=sealed, folder=folder.target)


def _is_complete(kind: ResultKind[Any], target: Path, entry: Mapping[str, Any]) -> bool:
    """Return True if `target` contains a complete result with this identity."""
    with contextlib.suppress(ResultsError):
        expected = {key: value for key, value in entry.items() if key != FORMAT}
        found = read_manifest(target, kind.name)[kind.name]
        return bool(
            {key: value for key, value in found.items() if key != kind.result}
            == json.loads(json.dumps(expected))
        )
    return False
