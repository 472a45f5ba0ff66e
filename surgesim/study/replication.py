"""One replication as an object: its days, outcomes, breaches and events, as a modeller reads them."""

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
    """One replication of one alternative, from `simulate`.

    Tables are built when they are first read, and kept. docs/data-dictionary.md documents their columns and
    units. All have the columns `alternative` and `replication`, so that those of several replications can
    be put together with `pandas.concat`.

    Attributes
    ----------
    scenario
        The scenario of the alternative; the values drawn for its uncertain parameters are in `draws`.
    alternative
        Its name.
    seed, replication
        The seed, and the index of the replication, from 0.
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
        """One row per day: the province's indicators, as in daily.parquet."""
        return province_frame(self.scenario, self.alternative, self._record)

    @cached_property
    def districts(self) -> pd.DataFrame:
        """One row per district (`area`) and day: its indicators, as in daily.parquet."""
        return district_frame(self.scenario, self.alternative, self._record)

    @cached_property
    def facilities(self) -> pd.DataFrame:
        """One row per facility and day: its beds, patients, oxygen and state."""
        return facility_frame(self.scenario, self.alternative, self._record)

    @cached_property
    def outcomes(self) -> Mapping[str, float]:
        """The outcomes by name, as in replications.csv; NaN if not assessed."""
        return outcome_row(self.scenario, self._record, self._breaches)

    @cached_property
    def breaches(self) -> pd.DataFrame:
        """One row per threshold, and one for the declared emergency: when, how long, how far."""
        return breach_frame(self.scenario, self.alternative, self._record, self._breaches)

    @cached_property
    def events(self) -> pd.DataFrame:
        """Everything that happens to patients, facilities and rules, in order of time.

        Raises
        ------
        SurgesimError
            If the replication was simulated without ``events=True``.
        """
        if self._record.patient_events is None:
            raise SurgesimError("got a replication without events, expected simulate(..., events=True)")
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

    It is exactly replication number `replication` of ``run(scenario, seed=seed)``, uncertain parameters
    included, whatever the number of replications there.

    Parameters
    ----------
    scenario
        From `surgesim.load`.
    seed
        Seed of the random numbers, at least 0.
    replication
        Index of the replication, from 0.
    alternative
        Name of the alternative to simulate.
    events
        Whether to keep every event. This changes no number, and takes about twice as long.

    Raises
    ------
    ScenarioError
        If `alternative` is unknown, `seed` or `replication` is not a whole number of at least 0, or the
        replication draws values that are invalid in a scenario file.
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
    """Return a whole number from 0 to 2**63 - 1, also one of NumPy, as an int."""
    problem = Problem(name, f"got {value!r}, expected a whole number from 0 to 2**63 - 1")
    try:
        number = -1 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ScenarioError([problem]) from None
    if not 0 <= number < 2**63:
        raise ScenarioError([problem])
    return number
