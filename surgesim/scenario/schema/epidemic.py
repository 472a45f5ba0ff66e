"""Section `epidemic`: the variant, immunity, case detection, and measures that slow transmission.

The section `arrivals` is also defined here: a scenario has either an epidemic or given arrivals.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import (
    AGE_GROUPS,
    BedType,
    ByAge,
    Day,
    DayName,
    FrozenMapping,
    IncompleteError,
    Named,
    Off,
    Section,
    Sequence_,
    ShareByAge,
    Text,
    figure,
)
from surgesim.scenario.schema.names import DistrictName
from surgesim.scenario.schema.numbers import (
    LONGEST_RUN_DAYS,
    MOST_ARRIVALS,
    DayOrMore,
    Infections,
    Multiplier,
    PatientsPerDay,
    Share,
    SomeDays,
    Step,
    WholeDays,
)
from surgesim.scenario.schema.response.detection import CaseIsolation, Detection, Quarantine
from surgesim.scenario.schema.response.reaction import Reaction
from surgesim.scenario.schema.response.vaccination import Vaccination


class Variant(Section):
    """A variant of the virus. Multipliers are relative to the severity table in `clinical`."""

    r0: Multiplier
    latent_days: SomeDays
    infectious_days: SomeDays
    severity: Multiplier = figure(1.0, "multiplies P(needs oxygen)")
    icu_severity: Multiplier = figure(1.0, "multiplies P(needs ICU | needs oxygen)")
    death_severity: Multiplier = figure(1.0, "multiplies P(death | full care)")
    vaccine_escape: Share = figure(0.0, "share of the waned stratum's protection that is lost")
    infection_escape: Share = figure(
        0.0, "share of people immune at the start who are not immune to this variant"
    )


class Protection(Section):
    """Protection of the people of an immunity stratum, as published for vaccines.

    `infection` is the share of infections prevented. `severe` is the share of severe disease (need of oxygen)
    prevented per person, including by prevented infections: of infected people, a share 1 - (1 - `severe`) /
    (1 - `infection`) is protected. A `severe` below `infection` is raised to `infection`.
    """

    infection: Share = 0.0
    severe: Share = 0.0


class Immunity(Section):
    """Immunity at the start, by age, and the waning of immunity.

    `immune_share` is the share of people who are immune after a recent infection (or infection and vaccine);
    the share `infection_escape` of the variant makes some of them susceptible, and they join the waned
    stratum. `waned_share` is the share of the other people whose protection by earlier doses or infections
    has waned; this protection is multiplied by (1 - `vaccine_escape`). Section `vaccination` requires
    `vaccinated`, the protection that its doses give; nobody has it at the start. A dose never replaces better
    waned protection.
    """

    immune_share: ShareByAge = figure((0.0,) * 9, "nobody immune unless given")
    waned_share: ShareByAge = figure((0.0,) * 9, "nobody protected unless given")
    waned: Protection = Protection()
    vaccinated: Off[Protection] = None
    waning_days: Off[DayOrMore] = None


class Importation(Section):
    """Infections that residents bring from outside the province, including during the warm-up.

    Their daily number is Poisson with mean `per_day` for all districts together. It is split by population
    unless `weights` (relative, by district) are given.
    """

    per_day: PatientsPerDay = 0.0
    weights: FrozenMapping[DistrictName, Multiplier] = Field(default_factory=dict)
    from_day: WholeDays = 0
    until_day: Off[WholeDays] = None
    screening: Share = figure(0.0, "share of imported infections stopped at entry")


class Reduction(Section):
    """Share of contacts removed in each setting, among people who comply."""

    home: Share = 0.0
    school: Share = 0.0
    work: Share = 0.0
    community: Share = 0.0


class Measure(Section):
    """A measure against transmission; without `start`, it begins when a rule of the plan starts it.

    It `reduces` contacts in each setting; `travel` is the share of contacts with other districts that it
    moves into the home district, and `screening` is the share of imported infections that it stops at entry.
    It applies to those residents of `districts` (default: all) who comply.
    """

    title: Off[Text] = None
    reduces: Reduction = Reduction()
    travel: Share = figure(0.0, "no limit on travel unless given")
    screening: Share = figure(0.0, "nobody screened at entry unless given")
    compliance: Share = figure(1.0, "share of people who comply")
    districts: Off[Sequence_[DistrictName]] = None
    start: Off[Day] = None
    end: Off[Day] = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(f"got end {self.end}, expected a date after the start {self.start}")
        return self


class Epidemic(Section):
    """The spread of the variant through the population.

    `transmission` multiplies the infections that residents cause. Each factor applies from 00:00 on its date
    to the next date given; before the first date, the factor is 1.
    """

    variant: Variant
    dt_days: Step = 0.25
    transmission: FrozenMapping[DayName, Multiplier] = Field(default_factory=dict)
    immunity: Immunity = Immunity()
    susceptibility: ByAge = figure((1.0,) * 9, "equal susceptibility at all ages")
    initial_infections: FrozenMapping[DistrictName, Infections] = Field(default_factory=dict)
    importation: Importation = Importation()
    measures: Named[Measure] = Field(default_factory=dict)
    detection: Detection = Detection()
    isolation: Off[CaseIsolation] = None
    quarantine: Off[Quarantine] = None
    reaction: Off[Reaction] = None
    vaccination: Off[Vaccination] = None

    @model_validator(mode="after")
    def _step(self) -> Self:
        shortest = min(self.variant.latent_days, self.variant.infectious_days) / 2
        if self.dt_days > shortest / 2 + 1e-12:
            raise ValueError(
                f"got a step dt_days of {self.dt_days:g}, expected at most half of the shortest stage "
                f"({shortest / 2:g} d: latent and infectious periods have two stages each)"
            )
        steps = 1 / self.dt_days
        if abs(steps - round(steps)) > 1e-9:
            raise ValueError(
                f"got a step dt_days of {self.dt_days:g}, expected a step that divides a day evenly"
            )
        return self


class ArrivalSeries(Section):
    """Daily arrivals of one kind: `counts[d]` on day d (the first day is 0)."""

    bed: BedType
    counts: Annotated[Sequence_[PatientsPerDay], Field(max_length=LONGEST_RUN_DAYS)]
    district: Off[DistrictName] = None
    age: Off[str] = None

    @model_validator(mode="after")
    def _known_age(self) -> Self:
        if self.age is not None and self.age not in AGE_GROUPS:
            raise ValueError(f"got age {self.age!r}, expected one of {', '.join(AGE_GROUPS)}")
        return self


class Arrivals(Section):
    """Daily arrivals, given instead of an epidemic.

    `file` (a CSV, relative to the scenario file) is read when the scenario is loaded, and replaced by
    `series`. There are no arrivals after the end of a series.
    """

    file: Off[str] = None
    series: Named[ArrivalSeries] = Field(default_factory=dict)
    counts_are: Literal["exact", "poisson"] = "poisson"
    demand_sd: Annotated[float, Field(ge=0, le=10)] = figure(
        0.0, "sd of a lognormal factor with mean 1 that multiplies all arrivals of a replication"
    )

    @model_validator(mode="after")
    def _whole_counts(self) -> Self:
        if not self.series:
            raise IncompleteError("got no series, expected a file or series of daily counts")
        total = sum(sum(series.counts) for series in self.series.values())
        if total > MOST_ARRIVALS:
            raise ValueError(f"got {total:.12g} arrivals in all series, expected at most {MOST_ARRIVALS}")
        if self.counts_are == "exact" and self.demand_sd == 0:
            for name, series in self.series.items():
                for day, count in enumerate(series.counts):
                    if count != int(count):
                        raise ValueError(
                            f"got {count:g} on day {day} of {name!r}, expected a whole number "
                            "because counts_are is exact"
                        )
        return self
