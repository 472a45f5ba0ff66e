"""The settings that all questions share: who is asked about, where it runs, and where the answer goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import Files, certain
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.checks import alternative_names, whole, with_extensions
from surgesim.study.compute.environment import now
from surgesim.study.compute.replicate import keep_alternatives
from surgesim.study.results import Output
from surgesim.study.sweep.design import without_swept


class Shared(TypedDict, total=False):
    """The keyword arguments that all questions share."""

    alternative: str
    seed: int | None
    uncertainty: bool
    extensions: Files
    workers: int | Backend | None
    progress: bool
    out: str | Path | Output | None
    resume: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a question.

    Attributes
    ----------
    scenario
        The scenario that the question is asked about: one alternative, without the others.
    alternative
        The name of this alternative.
    seed
        Seed of the random numbers.
    backend
        Where runs are computed.
    output
        The folder to write; None to write none.
    resume
        True to continue an unfinished study in this folder.
    started
        When the question was asked.
    """

    scenario: Scenario
    alternative: str
    seed: int
    backend: Backend
    output: Output | None
    resume: bool
    started: str

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        *,
        alternative: str = BASELINE,
        seed: int | None = None,
        uncertainty: bool = True,
        extensions: Files = (),
        workers: int | Backend | None = None,
        progress: bool = False,
        out: str | Path | Output | None = None,
        resume: bool = False,
    ) -> Settings:
        """Return the settings given by the keyword arguments of a question.

        Raises
        ------
        ScenarioError
            If the alternative is unknown, or the seed no whole number.
        ExtensionError
            If an extension cannot be used.
        """
        base = with_extensions(scenario if uncertainty else certain(scenario), extensions)
        alternative_names(base, [alternative])
        return cls(
            keep_alternatives(base.alternative(alternative), ()),
            alternative,
            base.study.seed if seed is None else whole("seed", seed),
            Backend.of(workers).with_bar(progress),
            Output.of(out),
            resume,
            now(),
        )

    @classmethod
    def split(cls, scenario: Scenario, given: Mapping[str, object]) -> tuple[Settings, dict[str, Any]]:
        """Return the settings given by keyword arguments, and the other arguments."""
        own: dict[str, Any] = {name: value for name, value in given.items() if name in Shared.__annotations__}
        return cls.of(scenario, **own), {name: value for name, value in given.items() if name not in own}

    def undrawn(self, paths: Iterable[str]) -> Settings:
        """Return these settings with a scenario that does not draw the values at some paths."""
        return replace(self, scenario=without_swept(self.scenario, set(paths)))


def whole_problems(name: str, value: object, least: int) -> Iterator[Problem]:
    """Yield what is wrong with an argument that must be a whole number of at least `least`."""
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_whole or int(str(value)) < least:
        yield Problem(name, f"got {value!r}, expected a whole number of at least {least}")


def read_all(*reads: Callable[[], Any]) -> list[Any]:
    """Return what functions return, or raise one error with the problems of all.

    Raises
    ------
    ScenarioError
        If any function raises one.
    """
    found: list[Any] = []
    problems: list[Problem] = []
    for read in reads:
        try:
            found.append(read())
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return found
