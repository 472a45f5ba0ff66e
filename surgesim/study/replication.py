"""A single replication as an object, with its daily tables, outcomes, breaches and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from surgesim.errors import SurgesimError
from surgesim.extension.declarations import Outcome
from surgesim.extension.files import Extension
from surgesim.model.record import Record
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import Breaches, breaches_of
from surgesim.study.measures.outcomes import outcome_row
from surgesim.study.tables.replication import (
    breach_frame,
    district_frame,
    event_frame,
    facility_frame,
    province_frame,
    stock_frame,
)

if TYPE_CHECKING:
    import pandas as pd


class Replication:
    """One replication of one alternative, as returned by `simulate`.

    Tables are built on first access and cached. docs/data-dictionary.md documents their columns and units.
    All tables have the columns `alternative` and `replication`, so tables of several replications can be
    combined with `pandas.concat`.

    Attributes
    ----------
    scenario
        The scenario of the alternative; the values drawn for its uncertain parameters are in `draws`.
    alternative
        The name of the alternative.
    seed, replication
        The seed of the random numbers, and the index of the replication, from 0.
    """

    def __init__(self, scenario: Scenario, alternative: str, seed: int, record: Record) -> None:
        self.scenario = scenario
        self.alternative = alternative
        self.seed = seed
        self.replication = record.replication
        self._record = record

    def __repr__(self) -> str:
        events = "" if self._record.patient_events is None else ", with events"
        return (
            f"<Replication {self.replication} of {self.scenario.name!r}, {self.alternative!r}, "
            f"seed {self.seed}: {self.scenario.days} days{events}>"
        )

    @property
    def draws(self) -> Mapping[str, float]:
        """The values drawn for the uncertain parameters, by path."""
        return self._record.drawn

    @cached_property
    def province(self) -> pd.DataFrame:
        """The province's daily indicators, as in daily.parquet, one row per day."""
        return province_frame(self.scenario, self.alternative, self._record)

    @cached_property
    def districts(self) -> pd.DataFrame:
        """The districts' daily indicators, as in daily.parquet, one row per district (`area`) and day."""
        return district_frame(self.scenario, self.alternative, self._record)

    @cached_property
    def facilities(self) -> pd.DataFrame:
        """The facilities' beds, patients, oxygen and state, one row per facility and day."""
        return facility_frame(self.scenario, self.alternative, self._record)

    @cached_property
    def outcomes(self) -> Mapping[str, float]:
        """The outcomes by name, as in replications.csv; an outcome that is not assessed is NaN."""
        return outcome_row(self.scenario, self._record, self._breaches)

    @cached_property
    def breaches(self) -> pd.DataFrame:
        """The breaches, with first day and duration: a row per threshold and one for the emergency."""
        return breach_frame(self.scenario, self.alternative, self._record, self._breaches)

    @cached_property
    def events(self) -> pd.DataFrame:
        """All events of patients, facilities and rules, in chronological order.

        Raises
        ------
        SurgesimError
            If the replication was simulated without ``events=True``.
        """
        if self._record.patient_events is None:
            raise SurgesimError(
                "got a replication simulated without events, expected simulate(..., events=True)"
            )
        return event_frame(self.scenario, self.alternative, self._record)

    @cached_property
    def stocks(self) -> pd.DataFrame:
        """The oxygen stocks of the facilities with a source, one row per facility and hour.

        Raises
        ------
        SurgesimError
            If the replication was simulated without ``events=True``.
        """
        if self._record.stocks_by_hour is None:
            raise SurgesimError(
                "got a replication simulated without events, expected simulate(..., events=True)"
            )
        return stock_frame(self.scenario, self.alternative, self._record)

    @cached_property
    def _breaches(self) -> Breaches:
        return breaches_of(self.scenario, self._record)


def with_own_outcomes(scenario: Scenario, alternative: str, seed: int, record: Record) -> Record:
    """Return a record with the outcomes that the scenario's extensions measure.

    Raises
    ------
    ExtensionError
        If an outcome raises an error, or does not return a number.
    """
    declared = scenario.extensions.of(Outcome)
    if not declared:
        return record
    one = Replication(scenario, alternative, seed, record)
    own = {outcome.name: _measured(extension, outcome, one) for extension, outcome in declared}
    return replace(record, outcomes={**record.outcomes, **own})


def _measured(extension: Extension, outcome: Outcome, one: Replication) -> float:
    what = f"the outcome {outcome.name!r}"
    try:
        value = outcome.measure(one)
    except (Exception, SystemExit) as error:
        raise extension.failed(what, error) from error
    return extension.number(what, value)
