"""Tables as labelled arrays: an xarray Dataset with a dimension per key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from surgesim.errors import SurgesimError

if TYPE_CHECKING:
    import pandas as pd
    import xarray

OUTCOME, FACILITY = "outcome_", "facility_"
"""Prefixes that distinguish variables of outcomes and of facilities from series of the province."""


def labelled(
    frames: Mapping[str, pd.DataFrame], keys: Sequence[str], units: Mapping[str, str]
) -> xarray.Dataset:
    """Put tables into one Dataset; missing cells, such as those of failed runs, are NaN.

    Parameters
    ----------
    frames
        The tables, by the prefix of the names of their variables.
    keys
        Columns that become dimensions, where a table has them.
    units
        Units by variable.

    Raises
    ------
    SurgesimError
        If xarray is not installed.
    """
    try:
        import xarray
    except ImportError as error:
        raise SurgesimError("to_xarray needs xarray: pip install 'surgesim[xarray]'") from error
    labels: dict[str, Any] = {}
    parts: list[xarray.Dataset] = []
    for prefix, frame in frames.items():
        dimensions = [key for key in keys if key in frame.columns]
        variables = frame.drop(columns="date", errors="ignore")
        texts: dict[Any, Any] = dict.fromkeys(variables.select_dtypes("str").columns, object)
        variables = variables.astype(texts)
        for key in dimensions:  # in the order of the tables, not of the alphabet
            labels.setdefault(key, variables[key].unique())
        parts.append(variables.set_index(dimensions).add_prefix(prefix).to_xarray())
    dataset = xarray.merge(parts, join="outer", compat="no_conflicts").reindex(labels)
    for name, unit in units.items():
        if name in dataset:
            dataset[name].attrs["units"] = unit
    return dataset
