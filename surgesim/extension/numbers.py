"""What counts as the number that a function of a user's own returns; one rule for all of them."""

from __future__ import annotations

from math import isinf
from numbers import Real


def number(value: object) -> float:
    """Return the number that a function returned.

    Numbers of Python and NumPy count, also in an array without dimensions; true is 1, and false 0. NaN means
    that there is nothing to measure.

    Raises
    ------
    ValueError
        For everything else, such as None, a text, infinity, and an array or table with entries. The message
        begins with "returned".
    """
    import numpy as np  # a scenario is loaded without it

    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, Real | np.bool_) and not isinf(value):
        return float(value)
    if value is None:
        raise ValueError("returned None, expected a number: is its `return` missing?")
    if isinstance(value, Real):
        raise ValueError(f"returned {float(value):g}, expected a number that is finite, or NaN")
    raise ValueError(f"returned a value of type {type(value).__name__}, expected a number")
