"""Part of `epidemic`: detection of cases, test capacity, isolation of cases, and quarantine."""

from typing import Annotated

from pydantic import Field

from surgesim.scenario.schema.base import Distribution, MeanSd, Off, Section, figure
from surgesim.scenario.schema.numbers import Amount, Count, PatientsPerDay, Share

DaysConfined = Annotated[int, Field(ge=1, le=100)]


class LaboratoryTests(Section):
    """Daily test capacity of the province; without this section, everybody who seeks a test gets one.

    `pooled_per_day` is the number of samples that a line with pools of `pool_size` samples can test if all
    are negative; in each positive pool, every sample is tested again. A laboratory whose capacity is quoted
    as either single or pooled tests must be counted once. With `contacts_last`, contacts get only the tests
    left over by people with symptoms; otherwise all have the same chance.
    """

    single_per_day: Amount = 0.0
    pooled_per_day: Amount = 0.0
    pool_size: Annotated[int, Field(ge=2, le=100)] = figure(
        10, "Thanh Hóa's plan has ten times as many pooled as single samples per day"
    )
    other_seekers_per_100k_per_day: Annotated[float, Field(ge=0, le=100_000)] = figure(
        30.0, "uninfected people who have similar symptoms or are screened"
    )
    contacts_per_case: Annotated[float, Field(ge=0, le=1_000)] = figure(
        0.0, "no contacts are traced unless given"
    )
    contacts_last: bool = False
    contact_positivity: Share = figure(0.1, "share of the contacts tested that are infected")
    return_share: Share = figure(0.5, "of the people who get no test, the share who try again the next day")


class Detection(Section):
    """Detection of infections, which makes them reported cases; everyone admitted is detected.

    `severe_share` is the share detected among people who will need oxygen; without it, `share` also applies
    to them.
    """

    share: Share = figure(
        0.2, "share of infections found in the community; with `tests`, the share who seek a test"
    )
    severe_share: Off[Share] = None
    delay_days: Distribution = figure(
        Distribution(gamma=MeanSd(mean=3.0, sd=2.0)), "days from the onset of infectiousness to the report"
    )
    tests: Off[LaboratoryTests] = None


class CaseIsolation(Section):
    """Isolation of reported cases and contacts: they infect nobody from the day after the report."""

    cases_compliance: Share = figure(0.0, "share of reported cases who isolate")
    contacts_compliance: Share = figure(0.0, "of the infected contacts found, the share who isolate")


class Quarantine(Section):
    """Quarantine of contacts of cases and of people who enter the province, in places and at home.

    Contacts of the cases reported on a day, and those who enter on it, are sent at the next 00:00. Those for
    whom no place is free stay at home, if they adhere, and infect only people there.
    """

    places: Count = figure(0, "no places unless given")
    days: DaysConfined = figure(14, "days of quarantine")
    contacts_per_case: Annotated[float, Field(ge=0, le=1_000)] = figure(
        5.0,
        "contacts per reported case: 4.96 (4.86-5.06), Shanghai 2022 (BMJ Public Health 2:e000154)",
        "published",
    )
    infected_share: Share = figure(
        0.1, "share of the contacts that are infected; 0.18 in Shanghai 2022 (BMJ Public Health 2:e000154)"
    )
    entrants_share: Share = figure(0.0, "share of people who enter that is sent; nobody unless given")
    entrants_per_day: PatientsPerDay = figure(0.0, "uninfected people who enter, who take places too")
    leak: Share = figure(0.05, "share of the infections that people in a place cause all the same")
    home_adherence: Share = figure(
        0.5, "share who stay at home; with symptoms, 0.43 isolated fully (0.40-0.45; Smith 2021 BMJ 372:n608)"
    )
