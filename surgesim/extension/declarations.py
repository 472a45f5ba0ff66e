"""Declarations in an extension: decorators that turn a function into an outcome, indicator or action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from surgesim.extension.province import Province, View

Measure: TypeAlias = Callable[[Any], float]
"""A function that takes a `surgesim.Replication` and returns a number."""

Better: TypeAlias = Literal["lower", "higher", ""]


@dataclass(frozen=True)
class Outcome:
    """An outcome that an extension declares with `outcome`; it can be called like the function.

    Attributes
    ----------
    name
        Name of the function, and of the outcome's column in the tables.
    measure
        The function: it takes a `surgesim.Replication` and returns a number.
    unit, meaning
        Unit and description in the data dictionary.
    label
        Name in reports.
    better
        The better direction: ``lower``, ``higher``, or empty if neither is better.
    """

    name: str
    measure: Measure
    unit: str
    meaning: str
    label: str
    better: Better

    def __call__(self, replication: Any) -> float:
        return self.measure(replication)


@dataclass(frozen=True)
class Indicator:
    """An indicator that an extension declares with `indicator`; it can be called like the function.

    Attributes
    ----------
    name
        Name of the function; a scenario names the indicator ``own:<name>``.
    measure
        The function, which is called at the end of each day.
    unit, meaning
        Unit and description in the data dictionary.
    label
        Name in reports.
    """

    name: str
    measure: Callable[[View], float]
    unit: str
    meaning: str
    label: str

    def __call__(self, province: View) -> float:
        return self.measure(province)


@dataclass(frozen=True)
class Intervention:
    """An intervention that an extension declares with `intervention`; it can be called like the function.

    Attributes
    ----------
    name
        Name of the function.
    act
        The function, which is called at the end of each day.
    """

    name: str
    act: Callable[[Province], object]

    def __call__(self, province: Province) -> object:
        return self.act(province)


@dataclass(frozen=True)
class Action:
    """A custom action that an extension declares with `action`; it can be called like the function.

    Attributes
    ----------
    name
        Name of the function, and of the action in a rule.
    act
        The function, which is called at each phase of a rule and at its end.
    """

    name: str
    act: Callable[[Province, float, Mapping[str, Any]], object]

    def __call__(self, province: Province, share: float, options: Mapping[str, Any]) -> object:
        return self.act(province, share, options)


def outcome(
    *, unit: str, meaning: str, better: Better = "lower", label: str = ""
) -> Callable[[Measure], Outcome]:
    """Declare an outcome: a function that takes a `surgesim.Replication` and returns a number.

    Parameters
    ----------
    unit, meaning
        Unit and description in the data dictionary; the manifest of a result stores both.
    better
        The better direction: ``lower``, ``higher``, or empty if neither is better.
    label
        Name in reports; by default the meaning.

    Examples
    --------
    >>> @outcome(unit="days", meaning="days without a free ICU bed")
    ... def days_without_free_icu_bed(one):
    ...     return (one.province["vacant_icu"] == 0).sum()
    """

    def declare(measure: Measure) -> Outcome:
        return Outcome(measure.__name__, measure, unit, meaning, label or meaning, better)

    return declare


def indicator(*, unit: str, meaning: str, label: str = "") -> Callable[[Callable[[View], float]], Indicator]:
    """Declare an indicator: a function that is called at the end of each day, and returns a number.

    Thresholds, levels and rules of a scenario watch it as ``indicator: own:<name>``. The daily tables of the
    province contain it under that name, whether it is watched or not. NaN means that the indicator is not
    assessed on that day, so no bound is passed.

    Parameters
    ----------
    unit, meaning
        Unit and description in the data dictionary; the manifest of a result stores both. The unit ``share``
        is for a share from 0 to 1, which reports show as a percentage.
    label
        Name in reports; by default the meaning.

    Examples
    --------
    >>> @indicator(unit="ratio", meaning="patients present, as a multiple of those 7 days before")
    ... def growth(province: View) -> float:
    ...     present = province.series("present")
    ...     return present[-1] / max(present[-8], 1) if len(present) > 7 else 1
    """

    def declare(measure: Callable[[View], float]) -> Indicator:
        return Indicator(measure.__name__, measure, unit, meaning, label or meaning)

    return declare


def intervention(act: Callable[[Province], object]) -> Intervention:
    """Declare an intervention: a function that is called at the end of each day, in every alternative.

    The function sees the province as recorded on that day, and may order the actions of levers, which begin
    at 00:00 of the next day. Its result may depend only on the province: keep state in `Province.memory`, and
    take random numbers from `Province.random`.

    Examples
    --------
    >>> @intervention
    ... def open_wards_at_200(province: Province) -> None:
    ...     if province.now("present") > 200 and "wards" not in province.ordered:
    ...         province.order("wards", action="convert_beds", ownership=["public"])
    """
    return Intervention(act.__name__, act)


def action(act: Callable[[Province, float, Mapping[str, Any]], object]) -> Action:
    """Declare a custom action, for a rule with ``action: custom`` and this function's name.

    The function is called with the province, a share and the rule's `options`: at each phase with the share
    of the phase, and with share 0 when the rule has stood down. What it orders begins at once, with the
    phase.

    Examples
    --------
    >>> @action
    ... def link_all(province: Province, share: float, options) -> None:
    ...     if share:
    ...         province.order("links", action="remote_link", **options)
    ...     else:
    ...         province.end("links")
    """
    return Action(act.__name__, act)
