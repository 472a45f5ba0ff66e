"""Convert the values that users' functions return to numbers, by one rule."""

from __future__ import annotations

from math import isinf
from numbers import Real


def number(value: object) -> float:
    """Convert a value that a user's function returned to a number.

    Numbers of Python and NumPy are accepted, also in an array without dimensions; True is 1 and False is 0.
    NaN means that there is nothing to measure.

    Raises
    ------
    ValueError
        For everything else, such as None, a text, infinity, and an array or table with entries. The message
        begins with "returned".
    """
    import numpy as np  # imported here, because loading a scenario does not need it

    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, Real | np.bool_) and not isinf(value):
        return float(value)
    if value is None:
        raise ValueError("returned None, expected a number: is its `return` missing?")
    if isinstance(value, Real):
        raise ValueError(f"returned {float(value):g}, expected a number that is finite, or NaN")
    raise ValueError(f"returned a value of type {type(value).__name__}, expected a number")
