"""The tables of a single replication, without aggregation: every day, every breach and every event.

`daily.parquet` contains the same daily values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surgesim.model.record import (
    EVENTS,
    FACILITY,
    NO_BED_EVENTS,
    PROVINCE,
    STATES,
    Column,
    LogEntry,
    Record,
    district_columns,
)
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import (
    CRITERIA,
    PROVINCE_AREA,
    SITUATION,
    Breaches,
    breach_places,
    not_assessed,
)
from surgesim.study.tables.collect import scenario_columns
from surgesim.study.tables.columns import DATE, TEXT, Table

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

PATIENT, FACILITY_KIND, RULE = "patient", "facility", "rule"
"""Kinds of events."""

_ALTERNATIVE = Column("alternative", TEXT, "name of the alternative; `baseline` is the scenario itself")
_REPLICATION = Column("replication", "index", "index of the replication, from 0")
_DAY = Column("day", "days", "day of the scenario, from 0")
_DATE = Column("date", DATE, "date of the day")

STATE = Column("state", TEXT, f"state at 24:00: {', '.join(STATES)}")

PROVINCE_KEYS = (_ALTERNATIVE, _REPLICATION, _DAY, _DATE)
DISTRICT_KEYS = (_ALTERNATIVE, _REPLICATION, Column("area", TEXT, "name of the district"), _DAY, _DATE)
FACILITY_KEYS = (_ALTERNATIVE, _REPLICATION, Column("facility", TEXT, "name of the facility"), _DAY, _DATE)

BREACHES = Table(
    "breaches",
    "threshold (× district if assessed by district), plus one row for the situation",
    (
        _ALTERNATIVE,
        _REPLICATION,
        Column("area", TEXT, f"`{PROVINCE_AREA}`, or the name of a district"),
        Column("threshold", TEXT, f"name of the threshold; `{SITUATION}` is the declared emergency"),
        Column("bound", "as the indicator", "as in breaches.csv"),
        Column("not_assessed", TEXT, "as in breaches.csv; if not empty, all following columns are empty"),
        Column("breached_at_start", "true or false", "whether there is a breach at t = 0"),
        Column("breached", "true or false", "whether there is a breach on at least one day"),
        Column("first_day", "days", "first day in breach; empty if there is no breach"),
        Column("first_date", DATE, "date of the first day in breach"),
        Column("days_breached", "days", "number of days in breach"),
        Column("longest_spell_days", "days", "length of the longest unbroken run of days in breach"),
        Column(
            "worst_value",
            "as the indicator",
            "worst value (largest, or smallest if the bound is `below`); for the situation, the largest "
            "number of thresholds breached on one day",
        ),
    ),
)

EVENT_TABLE = Table(
    "events",
    "event, in chronological order; among simultaneous events, rules come first, then facilities, then "
    "patients",
    (
        _ALTERNATIVE,
        _REPLICATION,
        Column("time", "days", "time from 00:00 of the scenario's first day; negative in the warm-up"),
        Column("day", "days", "day of the scenario on which the event happens"),
        _DATE,
        Column("kind", TEXT, f"subject of the event: `{PATIENT}`, `{FACILITY_KIND}` or `{RULE}`"),
        Column("event", TEXT, "name of the event; the names are listed below"),
        Column("patient", "index", "index of the patient in the replication; empty for other kinds"),
        Column(
            "from_facility",
            TEXT,
            "for a patient: the facility in which the patient was in a bed before the event, or to which the "
            "patient was travelling; empty if there was none",
        ),
        Column(
            "to_facility",
            TEXT,
            "for a patient: the same after the event; equal to `from_facility` if the patient stays, empty "
            "after the last event",
        ),
        Column("facility", TEXT, "name of the facility; empty for other kinds"),
        Column("rule", TEXT, "name of the rule; empty for other kinds"),
    ),
)

STOCK_TABLE = Table(
    "stocks",
    "facility with a source of oxygen × hour",
    (
        _ALTERNATIVE,
        _REPLICATION,
        Column("facility", TEXT, "name of the facility"),
        Column("hour", "hours", "time from 00:00 of the scenario's first day"),
        Column("oxygen_stock_kg", "kg", "oxygen in the tank and in the cylinders"),
    ),
)

_RULE_EVENTS = {
    "fired": "the trigger has been met for the required number of days, or the date has come",
    "ordered": "the decision has been made",
    "phase 1, phase 2 …": "a phase begins, and the action applies at the share of that phase",
    "ended": "the condition `until` has been met",
    "stood down": "the action has ended",
}

_STATE_EVENTS = {
    "closed": "has no beds open and no patients",
    "preparing": "has been ordered to open, or opens at the next 00:00",
    "open": "has beds open",
    "standing-down": "has no beds open, but still has patients",
}


def event_meanings() -> Iterator[Column]:
    """Yield the name, kind and meaning of every event that event tables can contain."""
    yield from (Column(name, PATIENT, meaning) for name, meaning in EVENTS.items())
    yield from (Column(name, FACILITY_KIND, f"the facility {_STATE_EVENTS[name]}") for name in STATES)
    yield from (Column(name, RULE, meaning) for name, meaning in _RULE_EVENTS.items())


# -- days -----------------------------------------------------------------------------------------------


def province_values(scenario: Scenario, record: Record) -> dict[str, Floats]:
    """Return the daily values of the province by column, each ``(days,)``."""
    columns = (*PROVINCE, *scenario_columns(scenario))
    values = np.hstack([record.province, record.logistics, record.assessed])
    return {column.name: values[:, i] for i, column in enumerate(columns)}


def district_values(scenario: Scenario, record: Record) -> dict[str, Floats]:
    """Return the daily values of the districts by column, each ``(districts, days)``."""
    columns = district_columns(scenario.command)
    return {column.name: record.districts[:, :, i].T for i, column in enumerate(columns)}


def province_frame(scenario: Scenario, alternative: str, record: Record) -> pd.DataFrame:
    """Build the daily table of the province."""
    return _daily(scenario, alternative, record, {}, province_values(scenario, record))


def district_frame(scenario: Scenario, alternative: str, record: Record) -> pd.DataFrame:
    """Build the daily table of the districts, district by district."""
    names = {"area": list(scenario.people.districts)}
    return _daily(scenario, alternative, record, names, district_values(scenario, record))


def facility_frame(scenario: Scenario, alternative: str, record: Record) -> pd.DataFrame:
    """Build the daily table of the facilities, facility by facility."""
    names = {"facility": list(scenario.care.facilities)}
    values = {column.name: record.facilities[:, :, i].T for i, column in enumerate(FACILITY)}
    frame = _daily(scenario, alternative, record, names, values)
    frame[STATE.name] = _named(STATES, record.states.T.ravel())
    return frame


def stock_frame(scenario: Scenario, alternative: str, record: Record) -> pd.DataFrame:
    """Build the table of hourly oxygen stocks from a record simulated with events."""
    import pandas as pd

    stocks = np.zeros((0, 0)) if record.stocks_by_hour is None else record.stocks_by_hour
    kept = np.flatnonzero(~np.isnan(stocks).all(axis=0)) if stocks.size else np.zeros(0, np.int64)
    hours = len(stocks)
    return pd.DataFrame(
        {
            **_keys(alternative, record, hours * len(kept)),
            "facility": _named(list(scenario.care.facilities), np.repeat(kept, hours)),
            "hour": np.tile(np.arange(hours), len(kept)),
            "oxygen_stock_kg": stocks[:, kept].T.ravel() if hours else np.zeros(0),
        }
    )


def _daily(
    scenario: Scenario,
    alternative: str,
    record: Record,
    names: Mapping[str, Sequence[str]],
    values: Mapping[str, Floats],
) -> pd.DataFrame:
    import pandas as pd

    days = np.arange(len(record.province))
    places = max((len(of_kind) for of_kind in names.values()), default=1)
    return pd.DataFrame(
        {
            **_keys(alternative, record, places * len(days)),
            **{key: _named(each, np.repeat(np.arange(places), len(days))) for key, each in names.items()},
            **_day_and_date(scenario, np.tile(days, places)),
            **{name: value.ravel() for name, value in values.items()},
        }
    )


def _keys(alternative: str, record: Record, rows: int) -> dict[str, Any]:
    return {
        "alternative": _named([alternative], np.zeros(rows, np.int64)),
        "replication": np.full(rows, record.replication, np.int64),
    }


def _day_and_date(scenario: Scenario, days: NDArray[np.int64]) -> dict[str, Any]:
    dates = np.datetime64(scenario.start, "us") + days.astype("timedelta64[D]")
    return {"day": days, "date": dates}


def _named(names: Sequence[str], index: NDArray[np.integer[Any]]) -> Any:
    """Convert an index to names; the index -1 gives an empty name."""
    import pandas as pd

    return pd.Series(np.array([*names, ""], dtype=object)[index]).astype("str")


# -- breaches -------------------------------------------------------------------------------------------


def breach_frame(scenario: Scenario, alternative: str, record: Record, breaches: Breaches) -> pd.DataFrame:
    """Build the table of breaches, in the order of breaches.csv."""
    import pandas as pd

    rows = [_breach(scenario, breaches, *place) for place in breach_places(scenario)]
    names = [column.name for column in BREACHES.columns]
    frame = pd.DataFrame(rows, columns=names[2:]).astype(
        {
            **dict.fromkeys(("area", "threshold", "not_assessed"), "str"),
            **dict.fromkeys(("breached_at_start", "breached"), "boolean"),
            **dict.fromkeys(("bound", "first_day", "days_breached", "longest_spell_days"), "float64"),
            "worst_value": "float64",
        }
    )
    start = pd.Timestamp(scenario.start)
    frame["first_date"] = (start + pd.to_timedelta(frame["first_day"], unit="D")).astype("datetime64[us]")
    return frame.assign(**_keys(alternative, record, len(frame)))[names]


def _breach(
    scenario: Scenario, breaches: Breaches, area: str, threshold: str, bound: float, i: int
) -> dict[str, Any]:
    local = area != PROVINCE_AREA
    of = breaches.by_district if local and breaches.by_district is not None else breaches
    row = {"area": area, "threshold": threshold, "bound": bound}
    missing = not_assessed(scenario, threshold, area if local else None)
    if missing or (threshold == SITUATION and breaches.undecided):
        return row | {"not_assessed": missing or CRITERIA}
    first = float(of.first_day[i])
    return row | {
        "not_assessed": "",
        "breached_at_start": bool(of.at_start[i]),
        "breached": math.isfinite(first),
        "first_day": first if math.isfinite(first) else math.nan,
        "days_breached": of.days[i],
        "longest_spell_days": of.longest_spell[i],
        "worst_value": of.worst[i],
    }


# -- events ---------------------------------------------------------------------------------------------


def event_frame(scenario: Scenario, alternative: str, record: Record) -> pd.DataFrame:
    """Build the table of events from a record simulated with events."""
    import pandas as pd

    facilities = list(scenario.care.facilities)
    parts = [
        _of_rules(record),
        _of_facilities(record, facilities),
        _of_patients(record.patient_events or (), facilities),
    ]
    frame = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    frame = frame.sort_values("time", kind="stable", ignore_index=True)
    time = frame["time"].to_numpy(np.float64)
    names = [column.name for column in EVENT_TABLE.columns]
    texts = [column.name for column in EVENT_TABLE.columns if column.unit == TEXT]
    frame = frame.assign(
        **_keys(alternative, record, len(frame)),
        **_day_and_date(scenario, np.floor(time).astype(np.int64)),
    ).reindex(columns=names)
    frame[texts] = frame[texts].astype(object).fillna("").astype("str")  # object: may be all NaN
    return frame.astype({"patient": "Int64"})


def _of_rules(record: Record) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(record.actions, columns=["time", "rule", "event"])
    return frame.astype({"time": "float64"}).assign(kind=RULE)


def _of_facilities(record: Record, facilities: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    times, index, states = _columns(record.facility_events or (), (float, np.int64, np.int64))
    return pd.DataFrame(
        {
            "time": times,
            "kind": FACILITY_KIND,
            "event": _named(STATES, states),
            "facility": _named(facilities, index),
        }
    )


def _of_patients(entries: Sequence[LogEntry], facilities: Sequence[str]) -> pd.DataFrame:
    """Build the events of patients; a patient's `to_facility` is the `from_facility` of the next event."""
    import pandas as pd

    times, patients, events, given = _columns(entries, (float, np.int64, object, np.int64))
    to = pd.Series(given, dtype="float64")
    to[pd.Series(events).isin(NO_BED_EVENTS)] = -1
    to[pd.Series(events) == "needs ICU"] = math.nan  # patients stay where they are
    to = to.groupby(patients).ffill().fillna(-1).astype("int64")
    before = to.groupby(patients).shift(fill_value=-1)
    return pd.DataFrame(
        {
            "time": times,
            "kind": PATIENT,
            "event": pd.Series(events).astype("str"),
            "patient": patients,
            "from_facility": _named(facilities, before.to_numpy()),
            "to_facility": _named(facilities, to.to_numpy()),
        }
    )


def _columns(rows: Sequence[tuple[Any, ...]], dtypes: Sequence[Any]) -> list[NDArray[Any]]:
    """Convert rows to one array per column."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(dtypes)
    return [np.array(column, dtype=dtype) for column, dtype in zip(columns, dtypes, strict=True)]
