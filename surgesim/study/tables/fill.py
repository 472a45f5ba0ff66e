"""Construction of the result tables from the collected replications of all alternatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import BINDS, PROVINCE, STATES
from surgesim.scenario.schema.base import BED_TYPES
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.bed_days import BedDays, Curves, has_beds, places_of
from surgesim.study.measures.binding import BEDS
from surgesim.study.measures.breaches import SITUATION, breach_names, breach_rows, never_assessed
from surgesim.study.measures.compare import comparison_rows
from surgesim.study.measures.quantiles import censored_quantile, quantile
from surgesim.study.tables.collect import Collection, district_columns_kept, scenario_columns
from surgesim.study.tables.columns import (
    ACTIONS,
    ASSUMPTIONS,
    BANDS,
    BINDING,
    BREACH_DAYS,
    BREACHES,
    COMPARISON,
    DAILY,
    DAILY_DISTRICTS,
    DISTRICT_BEDS,
    DISTRICT_DAYS,
    DRAWN,
    FACILITIES,
    FACILITY_BEDS,
    FACILITY_DAYS,
    FACILITY_STATES,
    QUANTILES,
    REACHED,
    REPLICATIONS,
    TRANSFERS,
    Table,
    outcome_units,
    own_sides,
    with_dtypes,
)

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


def fill(scenario: Scenario, collections: Mapping[str, Collection]) -> dict[str, pd.DataFrame]:
    """Build all tables, by name, from the collected replications of each alternative."""
    import pandas as pd

    scenarios = [c.scenario for c in collections.values()]
    units, sides = outcome_units(scenarios), own_sides(scenarios)
    replications = _replications(collections, units)
    daily = [_daily(name, c) for name, c in collections.items()]
    frames = {
        BREACHES: _frame(
            BREACHES,
            [row for name, c in collections.items() for row in breach_rows(name, c.scenario, c.breaches)],
        ),
        BREACH_DAYS: pd.concat([_breach_days(name, c) for name, c in collections.items()], ignore_index=True),
        COMPARISON: _frame(
            COMPARISON, comparison_rows(replications, units, scenario.study.runs_together, sides)
        ),
        BINDING: _frame(BINDING, [row for name, c in collections.items() for row in c.binding.rows(name)]),
        REPLICATIONS: replications,
        DAILY: pd.concat([of_province for of_province, _ in daily], ignore_index=True),
        DAILY_DISTRICTS: pd.concat([of_districts for _, of_districts in daily], ignore_index=True),
        REACHED: _frame(
            REACHED, [row for name, c in collections.items() for row in c.groups.rows(name, c.reached)]
        ),
        FACILITIES: _frame(
            FACILITIES, [row for name, c in collections.items() for row in _facilities(name, c)]
        ),
        FACILITY_STATES: pd.concat(
            [_facility_states(name, c) for name, c in collections.items()], ignore_index=True
        ),
        TRANSFERS: _frame(TRANSFERS, [row for name, c in collections.items() for row in _transfers(name, c)]),
        ACTIONS: _frame(ACTIONS, [row for name, c in collections.items() for row in _actions(name, c)]),
        ASSUMPTIONS: _frame(ASSUMPTIONS, _assumptions(scenario)),
    }
    for totals, days, by_place in (
        (FACILITY_BEDS, FACILITY_DAYS, {name: _of_facilities(c) for name, c in collections.items()}),
        (DISTRICT_BEDS, DISTRICT_DAYS, {name: _of_districts(c) for name, c in collections.items()}),
    ):
        frames |= _beds(totals, days, collections, by_place)
    return {table.name: frame for table, frame in frames.items()}


def _frame(table: Table, rows: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return with_dtypes(table, pd.DataFrame(rows, columns=[column.name for column in table.columns]))


def bands(values: Floats) -> Floats:
    """Return mean and QUANTILES over the first axis, stacked as the last axis; values may be infinite."""
    return np.moveaxis(np.concatenate([values.mean(axis=0)[None], quantile(values, QUANTILES)]), 0, -1)


def _dates(scenario: Scenario) -> NDArray[np.datetime64]:
    return np.datetime64(scenario.start, "us") + np.arange(scenario.days).astype("timedelta64[D]")


def _long(
    keys: Mapping[str, NDArray[np.str_]], scenario: Scenario, values: Mapping[str, Floats]
) -> pd.DataFrame:
    """Build a table with one row for each combination of `keys` and each day.

    Each array in `values` has one axis per key, then days.
    """
    import pandas as pd

    shape = (*(len(names) for names in keys.values()), scenario.days)
    index = np.indices(shape).reshape(len(shape), -1)
    columns: dict[str, Any] = {
        key: names[place] for (key, names), place in zip(keys.items(), index, strict=False)
    }
    columns |= {"day": index[-1], "date": _dates(scenario)[index[-1]]}
    columns |= {name: value.reshape(-1) for name, value in values.items()}
    return pd.DataFrame(columns)


def _daily(name: str, c: Collection) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Build the rows of an alternative in daily.csv and daily_districts.csv."""
    of_all = np.concatenate([bands(values) for values in c.daily.by_columns()])  # columns, days, bands
    indicators = [column.name for column in (*PROVINCE, *scenario_columns(c.scenario))]
    districts = list(c.scenario.people.districts)
    of_districts = [column.name for column in district_columns_kept(c.scenario.command)]
    alternative, own = {"alternative": np.array([name])}, len(indicators)
    by_area = of_all[own:].reshape(len(districts), len(of_districts), *of_all.shape[1:])
    return (
        _banded(DAILY, alternative | {"indicator": np.array(indicators)}, c.scenario, of_all[:own]),
        _banded(
            DAILY_DISTRICTS,
            alternative | {"area": np.array(districts), "indicator": np.array(of_districts)},
            c.scenario,
            by_area,
        ),
    )


def _banded(
    table: Table, keys: Mapping[str, NDArray[np.str_]], scenario: Scenario, values: Floats
) -> pd.DataFrame:
    """Build the rows of one alternative; `values` has an axis per other key, then days and bands."""
    columns = {band: values[None, ..., i] for i, band in enumerate(BANDS)}
    return with_dtypes(table, _long(keys, scenario, columns))


def _breach_days(name: str, c: Collection) -> pd.DataFrame:
    keys = {
        "alternative": np.array([name]),
        "threshold": np.array(breach_names(c.scenario.command), dtype=np.str_),
    }
    shares = (c.breached / c.replications).T
    changes = _changes(shares[..., None])
    for i, threshold in enumerate(breach_names(c.scenario.command)):
        undecided = threshold == SITUATION and any(run.undecided for run in c.breaches)
        if never_assessed(c.scenario, threshold) or (undecided and not shares[i].any()):
            shares[i] = np.nan
    rows = _long(keys, c.scenario, {"probability": shares[None]})
    return with_dtypes(BREACH_DAYS, rows[changes].reset_index(drop=True))


def _changes(values: Floats) -> NDArray[np.bool_]:
    """Flag the days on which any value changes, flattened to one axis.

    `values` is ``(names, days, values)``; the first day of each name counts as a change.
    """
    changes = np.ones(values.shape[:2], dtype=bool)
    changes[:, 1:] = (values[:, 1:] != values[:, :-1]).any(axis=2)
    return changes.reshape(-1)


def _facility_states(name: str, c: Collection) -> pd.DataFrame:
    shares = (c.states / c.replications).transpose(1, 0, 2)
    keys = {"alternative": np.array([name]), "facility": np.array(list(c.scenario.care.facilities))}
    values = {state.replace("-", "_"): shares[None, :, :, i] for i, state in enumerate(STATES)}
    rows = _long(keys, c.scenario, values)[_changes(shares)]
    return with_dtypes(FACILITY_STATES, rows.reset_index(drop=True))


def _of_facilities(c: Collection) -> tuple[BedDays, list[str]]:
    return c.facility_beds, list(c.scenario.care.facilities)


def _of_districts(c: Collection) -> tuple[BedDays, list[str]]:
    return c.district_beds, list(places_of(c.scenario))


def _beds(
    totals: Table,
    days: Table,
    collections: Mapping[str, Collection],
    by_place: Mapping[str, tuple[BedDays, list[str]]],
) -> dict[Table, pd.DataFrame]:
    """Build two tables of the beds of places: one with a row per place, one with a row per place and day."""
    import pandas as pd

    key = totals.columns[1].name
    rows, parts = [], []
    for name, (beds, places) in by_place.items():
        scenario = collections[name].scenario
        kept = beds.rows(has_beds(scenario))
        dates = _dates(scenario)
        curves = list(beds.curves(kept))
        for (place, bed), of_days in zip(kept, curves, strict=True):
            keys = {"alternative": name, key: places[place], "bed": BED_TYPES[bed]}
            rows.append(keys | _bed_totals(beds, place, bed, of_days, dates))
            parts.append(
                pd.DataFrame({**keys, "day": np.arange(scenario.days), "date": dates, **of_days._asdict()})
            )
    frame = pd.concat(parts, ignore_index=True) if parts else _frame(days, [])
    return {totals: _frame(totals, rows), days: with_dtypes(days, frame)}


def _bed_totals(
    beds: BedDays, place: int, bed: int, curves: Curves, dates: NDArray[np.datetime64]
) -> dict[str, Any]:
    import pandas as pd

    of = beds.totals(place, bed)
    loaded = bool(np.isfinite(curves.load).any())
    peak = int(np.nanargmax(curves.load)) if loaded else 0
    first = {f"full_date_{name}": dates[0] + pd.to_timedelta(day, unit="D") for name, day in of.first.items()}
    return {
        "full_probability": of.probability,
        **first,
        "full_days_mean": of.full_days,
        "peak_load": curves.load[peak] if loaded else np.nan,
        "peak_load_date": dates[peak] if loaded else pd.NaT,
        "entries_mean": of.entries,
        "wait_hours_mean": of.wait_hours,
        "wait_hours_p90": of.long_wait_hours,
    }


def _replications(collections: Mapping[str, Collection], units: Iterable[str]) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for name, c in collections.items():
        keys = {"alternative": name, "replication": np.array(c.numbers, np.int64)}
        parts.append(pd.DataFrame(keys).join(pd.DataFrame(c.outcomes)).join(_drawn(c.draws)))
    frame = pd.concat(parts, ignore_index=True)
    drawn = [f"{DRAWN}{path}" for c in collections.values() for path in c.scenario.study.drawn]
    return with_dtypes(REPLICATIONS, frame[["alternative", "replication", *units, *dict.fromkeys(drawn)]])


def _drawn(draws: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """Return the parameter values drawn for each replication, one column per parameter."""
    import pandas as pd

    return pd.DataFrame([{f"{DRAWN}{path}": value for path, value in row.items()} for row in draws])


_TOTALLED = ("oxygen_used_kg_mean", "days_dry_mean", "emergency_unserved_mean", "elective_backlog_end_mean")


def _facilities(name: str, c: Collection) -> list[dict[str, Any]]:
    import pandas as pd

    start = pd.Timestamp(c.scenario.start)
    rows = []
    for f, (facility, what) in enumerate(c.scenario.care.facilities.items()):
        row: dict[str, Any] = {
            "alternative": name,
            "facility": facility,
            "title": what.title.get("vi"),
            "ownership": what.ownership,
            "district": what.district,
            "open_date_median": start + pd.to_timedelta(censored_quantile(c.first_open[:, f], 0.5), unit="D"),
            "share_of_replications_opened": np.isfinite(c.first_open[:, f]).mean(),
            "open_days_mean": c.open_days[:, f].mean(),
        }
        for b, bed in enumerate(BEDS):
            occupied, staffed = c.bed_days[:, f, b]
            row[f"peak_occupied_{bed}_median"] = float(quantile(c.peak_occupied[:, f, b], 0.5))
            row[f"mean_occupancy_{bed}"] = occupied / staffed if staffed > 0 else np.nan
            beds = bool(getattr(what.beds, bed)) or (bed == "icu" and bool(what.icu_target))
            for i, constraint in enumerate(BINDS[bed]):
                days = c.bound_days[f, b, i] / c.replications
                row[f"{bed}_days_bound_by_{constraint}"] = days if beds else np.nan
        row |= dict(zip(_TOTALLED, c.totals[:, f] / c.replications, strict=True))
        row["has_mobilisation_plan"] = {None: "", True: "yes", False: "no"}[what.mobilisation_plan]
        rows.append(row)
    return rows


def _transfers(name: str, c: Collection) -> list[dict[str, Any]]:
    districts, facilities = list(c.scenario.people.districts), list(c.scenario.care.facilities)
    return [
        {
            "alternative": name,
            "from_kind": "district" if origin < 0 else "facility",
            "from": districts[~origin] if origin < 0 else facilities[origin],
            "facility": facilities[facility],
            "bed": BED_TYPES[bed],
            "patients_mean": number / c.replications,
        }
        for (origin, facility, bed), number in sorted(c.trips.items())
    ]


def _actions(name: str, c: Collection) -> list[dict[str, Any]]:
    return [
        {"alternative": name, "replication": k, "day": event.day, "rule": event.rule, "what": event.what}
        for k, events in zip(c.numbers, c.actions, strict=True)
        for event in events
    ]


def _assumptions(scenario: Scenario) -> list[dict[str, Any]]:
    from surgesim.scenario.door import assumptions

    names = [column.name for column in ASSUMPTIONS.columns]
    return [dict(zip(names, map(str, row), strict=True)) for row in assumptions(scenario)]
