"""The lever of a search: a number, a share or a date of the scenario, or so much more of a resource.

`Lever.values` go from the weakest to the strongest, so that a search looks for the first that suffices.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from surgesim.decisions.resources import LESS_IS_MORE, STEPS, Raiser, lay
from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import findings_at, is_integer, suggestion
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.sweep.design import wrong_path

MOST_VALUES: Final = 10_000
"""Largest number of values between the ends."""

SHARE_STEP: Final = 0.05
_PARTS: Final = 20
"""Number of steps between the ends for a number that is neither whole nor a share."""

PRIVATE_SHARE, ORDER_DATE = "private-share", "order-date"
_NAMES: Final = (*STEPS, PRIVATE_SHARE, ORDER_DATE)
_LATER_IS_WEAKER: Final = ("lead_days", "decision_days", "above", "for_days", "on", "after_days")
"""Last keys of the paths in a rule of which the largest value that suffices is looked for."""
_TRIGGER: Final = ("indicator", "item", "above", "below", "for_days", "group", "district")

Value = int | float | date


@dataclass(frozen=True, slots=True)
class Lever:
    """A lever with its values.

    Attributes
    ----------
    name
        The path, or the name of a resource or of a planners' lever.
    path
        The path that it sets; the resource, if it adds to a resource.
    unit
        What its values count, in English; empty if the path says it.
    values
        The values, from the weakest to the strongest.
    falling
        True if smaller or earlier values are stronger: the search then looks for the largest that suffices.
    fixed
        What is set together with every value, by path.
    """

    name: str
    path: str
    unit: str
    values: tuple[Value, ...]
    falling: bool
    fixed: tuple[tuple[str, object], ...] = ()

    def overlay(self, scenario: Scenario, value: Value) -> dict[str, Any]:
        """Return the overlay that sets the lever to a value."""
        if self.path in STEPS:
            change = Raiser(scenario, tuple(scenario.care.facilities)).more(self.path, float(str(value)))
            return {} if change is None or not value else change.overlay
        overlay: dict[str, Any] = {}
        keys = self.path.split(".")
        lay(overlay, keys, value.isoformat() if isinstance(value, date) else value)
        if keys[-2:] == ["when", "on"]:
            trigger = _at(scenario.to_plain(), keys[:-1]) or {}
            for key in _TRIGGER:
                if key in trigger:
                    lay(overlay, (*keys[:-1], key), None)
            if keys[:2] == ["command", "plan"]:
                _keep_end(overlay, scenario, keys[2])
        for path, fixed in self.fixed:
            lay(overlay, path.split("."), fixed)
        return overlay

    def text(self, value: Value) -> str:
        """Return a value as it is written on the command line."""
        return value.isoformat() if isinstance(value, date) else f"{value:.10g}"


def _keep_end(overlay: dict[str, Any], scenario: Scenario, rule: str) -> None:
    """Name the indicator that ends a rule, if the end took it from the trigger that a date replaces."""
    until, watch = scenario.command.plan[rule].until, scenario.command.plan[rule].ends_on
    if until is None or until.on is not None or until.indicator is not None:
        return
    path = ("command", "plan", rule, "until")
    lay(overlay, (*path, "indicator"), watch.indicator)
    if watch.district is not None:
        lay(overlay, (*path, "district"), watch.district)
    if watch.of is not None:
        trigger = scenario.command.plan[rule].when
        by_group = until.group is not None or (until.item is None and trigger.group is not None)
        lay(overlay, (*path, "group" if by_group else "item"), watch.of)


def read_lever(
    scenario: Scenario,
    name: str,
    low: object,
    high: object,
    step: object = None,
    *,
    largest: bool | None = None,
) -> Lever:
    """Return a lever, checked.

    Raises
    ------
    ScenarioError
        If the path is unknown, the ends are reversed, equal or outside the run, or the scenario refuses one.
    """
    path = _path_of(scenario, name)
    plain = scenario.to_plain()
    if path in STEPS:
        unit = STEPS[path][1]
        if Raiser(scenario, tuple(scenario.care.facilities)).more(path, STEPS[path][0]) is None:
            raise _problem(name, f"has no amount in the scenario, expected a resource of {_known(scenario)}")
        whole, is_date = True, False
    else:
        if "." not in path:
            known = suggestion(name, _NAMES)
            other = "" if known.endswith("?") else ", or a path in the scenario"
            raise _problem(name, f"unknown lever{known}{other}")
        fault = wrong_path(path, scenario)
        if fault is not None:
            raise _problem(name, fault)
        unit, whole, is_date = "", is_integer(path, plain), _is_date(path, plain)
    ends = [_date(name, end) if is_date else _number(name, end) for end in (low, high)]
    if ends[0] >= ends[1]:  # type: ignore[operator]
        got = f"{_written(ends[0])} and {_written(ends[1])}"
        raise _problem(name, f"got values between {got}, expected the first below the second")
    values = tuple(_steps(name, ends, step, whole=whole, share=_is_share(path, ends, plain)))
    if is_date:
        _check_dates(scenario, name, values)
    if path not in STEPS:
        _check_ends(path, (values[0], values[-1]), plain, name)
    falls = _falls(path) if largest is None else largest
    return Lever(name, path, unit, values[::-1] if falls else values, falls)


def idle(lever: Lever) -> Problem:
    """Return the refusal of a lever that changes nothing."""
    low, high = lever.text(lever.values[0]), lever.text(lever.values[-1])
    return Problem(
        f"lever {lever.name}",
        f"changes nothing between {low} and {high}: every outcome of the first runs is the same",
    )


def _path_of(scenario: Scenario, name: str) -> str:
    """Return the path of a planners' name; other names are paths, or resources."""
    if name in STEPS or "." in name:
        return name
    plan = scenario.command.plan
    if name == PRIVATE_SHARE:
        found = [f"command.plan.{rule}.share" for rule, each in plan.items() if _mobilises_private(each)]
        if len(found) != 1:
            got = "no rule" if not found else f"{len(found)} rules"
            raise _problem(
                name, f"got {got} that mobilises private facilities, expected one, or the path of a share"
            )
        return found[0]
    if name == ORDER_DATE:
        if len(plan) != 1:
            raise _problem(
                name, f"got {len(plan)} rules, expected one, or the path of a date: command.plan.RULE.when.on"
            )
        return f"command.plan.{next(iter(plan))}.when.on"
    return name


def _mobilises_private(rule: Any) -> bool:
    return rule.action == "mobilise" and "private" in rule.ownership


def _known(scenario: Scenario) -> str:
    raiser = Raiser(scenario, tuple(scenario.care.facilities))
    return ", ".join(name for name, (step, _) in STEPS.items() if raiser.more(name, step) is not None)


def _falls(path: str) -> bool:
    keys = path.split(".")
    if path in STEPS:
        return False
    return path in LESS_IS_MORE or (keys[:2] == ["command", "plan"] and keys[-1] in _LATER_IS_WEAKER)


def _is_date(path: str, plain: Mapping[str, Any]) -> bool:
    keys = tuple(path.split("."))
    return not findings_at(keys, "2024-01-01", plain) and bool(findings_at(keys, 1.5, plain))


def _is_share(path: str, ends: Sequence[Value], plain: Mapping[str, Any]) -> bool:
    keys = tuple(path.split("."))
    return (
        path not in STEPS
        and isinstance(ends[-1], float)
        and ends[-1] <= 1
        and bool(findings_at(keys, 1.000001, plain))
    )


def _date(name: str, end: object) -> date:
    try:
        return end if isinstance(end, date) else date.fromisoformat(str(end))
    except ValueError:
        raise _problem(name, f"got {end!r}, expected a date such as 2024-01-31") from None


def _number(name: str, end: object) -> float:
    try:
        number = float(str(end))
    except ValueError:
        raise _problem(name, f"got {end!r}, expected a number") from None
    if not math.isfinite(number):
        raise _problem(name, f"got {end!r}, expected a number")
    return number


def _steps(name: str, ends: Sequence[Value], step: object, *, whole: bool, share: bool) -> Iterator[Value]:
    """Yield the values from one end to the other; the last step may be shorter."""
    low, high = ends
    if isinstance(low, date) and isinstance(high, date):
        days = 1 if step is None else _size(name, step, whole=True)
        _check_count(name, (high - low).days / days)
        yield from (low + timedelta(days=int(d)) for d in range(0, (high - low).days, int(days)))
        yield high
        return
    low, high = float(str(low)), float(str(high))
    if whole and not (low.is_integer() and high.is_integer()):
        raise _problem(name, f"got values between {low:g} and {high:g}, expected whole numbers")
    usual = 1.0 if whole or name.endswith("_days") else SHARE_STEP if share else (high - low) / _PARTS
    size = usual if step is None else _size(name, step, whole=whole)
    _check_count(name, (high - low) / size)
    count = math.ceil((high - low) / size - 1e-9)
    for k in range(count):
        value = float(f"{low + k * size:.10g}")
        yield int(value) if whole else value
    yield int(high) if whole else high


def _size(name: str, step: object, *, whole: bool) -> float:
    size = _number(name, step)
    if size <= 0 or (whole and not size.is_integer()):
        raise _problem(name, f"got a step of {size:g}, expected a {'whole ' if whole else ''}number above 0")
    return size


def _check_count(name: str, count: float) -> None:
    if count > MOST_VALUES:
        raise _problem(name, f"got {count:.0f} steps between the ends, expected at most {MOST_VALUES}")


def _check_dates(scenario: Scenario, name: str, values: Sequence[Value]) -> None:
    last = scenario.end - timedelta(days=1)
    for value in (values[0], values[-1]):
        if not scenario.start <= value <= last:  # type: ignore[operator]
            raise _problem(
                name,
                f"got {value}, which is outside the run, expected a date from {scenario.start} to {last}",
            )


def _check_ends(path: str, ends: Sequence[Value], plain: Mapping[str, Any], name: str) -> None:
    keys = tuple(path.split("."))
    for end in ends:
        written = end.isoformat() if isinstance(end, date) else end
        for fault in findings_at(keys, written, plain):
            if fault.path == keys and keys[-2:] != ("when", "on"):
                raise _problem(name, f"cannot be {written}: {fault.message}")


def _written(value: Value) -> str:
    return value.isoformat() if isinstance(value, date) else f"{value:g}"


def _at(plain: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        plain = plain.get(key) if isinstance(plain, Mapping) else None
    return plain


def _problem(name: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(f"lever {name}", message)])
