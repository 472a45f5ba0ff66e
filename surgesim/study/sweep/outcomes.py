"""User-defined outcomes: functions of a replication, which are checked, identified and called.

A function is identified by its bytecode and by everything that it refers to, not by its source text. While a
sweep is unfinished, a comment may change, but not a constant or a helper in the same module.
"""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, TypeAlias

from surgesim.errors import Problem, SurgesimError
from surgesim.extension.numbers import number
from surgesim.scenario.schema.base import Section
from surgesim.study.replication import Replication

Outcome: TypeAlias = Callable[[Replication], float]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class OutcomeError(SurgesimError):
    """Raised if a function fails or does not return a number; the run is then recorded as failed."""


def own_outcomes(outcomes: Mapping[str, Outcome], replication: Replication) -> dict[str, float]:
    """Call every function with the replication, and return the outcomes by name.

    Raises
    ------
    OutcomeError
        If a function fails, or does not return a number.
    """
    return {name: _number(name, function, replication) for name, function in outcomes.items()}


def _number(name: str, function: Outcome, replication: Replication) -> float:
    try:
        value: Any = function(replication)
    except (Exception, SystemExit) as error:
        raise OutcomeError(f"outcome {name!r} raised {type(error).__name__}: {error}") from error
    try:
        return number(value)
    except ValueError as error:
        raise OutcomeError(f"outcome {name!r} {error}") from None


def outcome_problems(outcomes: Mapping[str, Outcome], taken: Collection[str]) -> Iterator[Problem]:
    """Yield a problem for each invalid or taken name, and for each function that workers cannot copy."""
    if not isinstance(outcomes, Mapping):
        what = type(outcomes).__name__
        yield Problem("outcomes", f"got a value of type {what}, expected a mapping from names to functions")
        return
    from joblib import wrap_non_picklable_objects

    for name, function in outcomes.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            yield Problem("outcomes", f"got the name {name!r}, expected letters, digits, - and _")
        elif name in taken:
            yield Problem(
                "outcomes", f"got the name {name!r}, which runs.csv already has, expected another name"
            )
        elif not callable(function):
            yield Problem("outcomes", f"got {function!r} for {name!r}, expected a function of a Replication")
        else:
            try:
                pickle.dumps(wrap_non_picklable_objects(function))  # as joblib and Dask do
            except Exception as error:
                yield Problem("outcomes", f"workers cannot get a copy of {name!r}: {error}")


def fingerprint(function: Outcome) -> str:
    """Return a SHA-256 of a function's bytecode, constants and defaults, and of the values it refers to."""
    return hashlib.sha256(repr(_identity(function, {})).encode()).hexdigest()


def _identity(value: Any, seen: dict[int, int]) -> Any:
    if isinstance(value, FunctionType):
        if id(value) in seen:  # the function calls itself
            return seen[id(value)]
        seen[id(value)] = len(seen)
        cells = [_cell(cell) for cell in value.__closure__ or ()]
        used = [value.__defaults__ or (), *(value.__kwdefaults__ or {}).items(), *cells, *_globals(value)]
        return [_code(value.__code__), *(_identity(each, seen) for each in used)]
    if isinstance(value, MethodType):
        return [_identity(value.__func__, seen), _identity(value.__self__, seen)]
    if isinstance(value, partial):
        return [_identity(each, seen) for each in (value.func, value.args, *value.keywords.items())]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *(_identity(each, seen) for each in value)]
    if isinstance(value, (ModuleType, BuiltinFunctionType, type)):
        return [getattr(value, "__module__", ""), getattr(value, "__qualname__", value.__name__)]
    if isinstance(value, Section):
        return repr(value.model_dump(mode="json"))
    call = getattr(type(value), "__call__", None)  # noqa: B004
    return [_digest(value), _identity(call, seen) if isinstance(call, FunctionType) else None]


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _digest(value: Any) -> str:
    """Return the hash of a value that is not a function, or the name of its type if it cannot be hashed."""
    import joblib

    try:
        return str(joblib.hash(value))
    except Exception:
        return type(value).__qualname__


def _code(code: CodeType) -> list[Any]:
    constants = [_code(each) if isinstance(each, CodeType) else _constant(each) for each in code.co_consts]
    return [
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_exceptiontable,
        constants,
    ]


def _constant(value: Any) -> str:
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _globals(function: FunctionType) -> Iterator[Any]:
    """Yield each global name that a function uses, with its value (for an imported function, its path)."""
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__:
            value = function.__globals__[name]
            own = not isinstance(value, FunctionType) or value.__module__ == function.__module__
            yield (name, value if own else f"{value.__module__}.{value.__qualname__}")


def _names(code: CodeType) -> set[str]:
    inner = [_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*inner)
