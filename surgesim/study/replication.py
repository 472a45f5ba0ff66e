"""A single replication as an object, with its daily tables, outcomes, breaches and events."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from surgesim.errors import Problem, ScenarioError, SurgesimError
from surgesim.model.record import Record
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.checks import alternative_names
from surgesim.study.compute.replicate import one_record
from surgesim.study.measures.breaches import Breaches, breaches_of
from surgesim.study.measures.outcomes import outcome_row
from surgesim.study.tables.replication import (
    breach_frame,
    district_frame,
    event_frame,
    facility_frame,
    province_frame,
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
    def _breaches(self) -> Breaches:
        return breaches_of(self.scenario, self._record)


def simulate(
    scenario: Scenario,
    seed: int,
    replication: int,
    *,
    alternative: str = BASELINE,
    events: bool = False,
) -> Replication:
    """Simulate one replication of a scenario or of one of its alternatives.

    The result is exactly replication number `replication` of ``run(scenario, seed=seed)``, including the
    values drawn for uncertain parameters, however many replications that run has.

    Parameters
    ----------
    scenario
        A scenario loaded with `surgesim.load`.
    seed
        Seed of the random numbers, at least 0.
    replication
        Index of the replication, from 0.
    alternative
        Name of the alternative to simulate.
    events
        True to keep every event. The numbers do not change, but the simulation takes about twice as long.

    Raises
    ------
    ScenarioError
        If `alternative` is unknown, `seed` or `replication` is not a whole number of at least 0, or the
        values drawn for the replication would be invalid in a scenario file.
    IdentityError
        If an accounting identity of the model fails.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> one = surgesim.simulate(town, seed=1, replication=0, events=True)  # doctest: +SKIP
    >>> one.province.set_index("date")["icu_need"].idxmax()  # doctest: +SKIP
    """
    seed, replication = _whole("seed", seed), _whole("replication", replication)
    alternative_names(scenario, [alternative])
    record = one_record(scenario, seed, replication, alternative, events=events)
    return Replication(scenario.alternative(alternative), alternative, seed, record)


def _whole(name: str, value: object) -> int:
    """Convert a whole number from 0 to 2**63 - 1, such as a NumPy integer, to an int."""
    problem = Problem(name, f"got {value!r}, expected a whole number from 0 to 2**63 - 1")
    try:
        number = -1 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ScenarioError([problem]) from None
    if not 0 <= number < 2**63:
        raise ScenarioError([problem])
    return number
