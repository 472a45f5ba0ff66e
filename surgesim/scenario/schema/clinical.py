"""Section `clinical`: severity of infection, lengths of stay, and the effect of missing care."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from surgesim.scenario.schema.base import Distribution, MeanSd, Off, Section, ShareByAge, figure
from surgesim.scenario.schema.capacity.home import HomeCare
from surgesim.scenario.schema.capacity.oxygen import Respiratory
from surgesim.scenario.schema.numbers import OneOrMore, Share


class OddsOfDeath(Section):
    """P(death) given as an odds ratio relative to full care, the same at every age."""

    odds: OneOrMore


def _form(value: object) -> str:
    return "ratio" if isinstance(value, (dict, OddsOfDeath)) else "table"


DeathRisk = Annotated[
    Annotated[ShareByAge, Tag("table")] | Annotated[OddsOfDeath, Tag("ratio")], Discriminator(_form)
]
"""P(death) by age: a table, or an odds ratio relative to full care with the variant."""


class DeathByCare(Section):
    """Probability of death by age and care received.

    If the value for one kind of care is lower than the value for better care, it is raised to the latter. All
    values but `full` can also be ``{odds: x}``: x times the odds of death with full care, after the variant's
    `death_severity`.
    """

    full: ShareByAge
    thin: DeathRisk
    boarded: DeathRisk
    untreated: DeathRisk


class Severity(Section):
    """Severity of an infection by age, for the reference variant in an unprotected person.

    `p_oxygen` is per infection, `p_icu` per person who needs oxygen. `death_oxygen` and `death_icu` are
    per person with that need. In `death_oxygen`, `boarded` has no effect.
    """

    p_oxygen: ShareByAge
    p_icu: ShareByAge
    death_oxygen: DeathByCare
    death_icu: DeathByCare
    high_risk_ratio: Annotated[float, Field(ge=1, le=1_000)] = figure(
        1.0, "P(needs oxygen) of a high-risk person relative to a low-risk one of the same age"
    )


class Stays(Section):
    """Delays and lengths of stay, in days."""

    onset_to_oxygen_days: Distribution
    oxygen_to_icu_days: Distribution
    oxygen_days: Distribution
    icu_survivor_days: Distribution
    icu_dying_days: Distribution
    step_down_days: Distribution
    isolation_days: Distribution = figure(
        Distribution(gamma=MeanSd(mean=10.0, sd=3.0)),
        "mild cases isolated in a facility; 10-14 d in Vietnam in 2021",
    )


class Clock(Section):
    """Time from an unmet need to death (`death_days`) or, for patients who survive, to recovery."""

    death_days: Distribution
    recovery_days: Distribution


class Clocks(Section):
    """How long patients live without care: without oxygen, without ICU, or boarding in an oxygen bed.

    Without `boarded`, the clock `icu` also applies to boarders.
    """

    oxygen: Clock
    icu: Clock
    boarded: Off[Clock] = None


class UrgentShare(Section):
    """Share of new patients who have priority in the queue for the first bed type they need."""

    oxygen: Share = figure(0.0, "no triage classes unless given")
    icu: Share = figure(0.0, "no triage classes unless given")


class Clinical(Section):
    """The clinical course of patients, from the day they need oxygen."""

    severity: Severity
    stays: Stays
    clocks: Clocks
    respiratory: Respiratory = Respiratory()
    home_care: Off[HomeCare] = None
    urgent_share: UrgentShare = UrgentShare()
    queue_order: Literal["severity", "age", "survival"] = "severity"
    boarding: bool = True
    step_down: bool = True
    isolated_share: Share = figure(
        0.0, "share of reported mild cases who are isolated in basic beds of a facility", "assumed"
    )

    @property
    def isolated_first(self) -> float:
        """Share of the reported mild cases in `home_care.first` who are isolated in basic beds."""
        first = None if self.home_care is None else self.home_care.first
        own = None if first is None else first.isolated_share
        return self.isolated_share if own is None else own

    @property
    def isolates(self) -> bool:
        """True if mild cases are isolated in basic beds."""
        return self.isolated_share > 0 or self.isolated_first > 0
