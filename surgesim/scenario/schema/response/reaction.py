"""Part of `epidemic`: how people react to reported deaths, and how they tire."""

from surgesim.scenario.schema.base import Off, Section, figure
from surgesim.scenario.schema.numbers import Share, SomeDays, SomeMultiplier, WholeDays


class Reaction(Section):
    """The contacts that people give up of their own accord when they hear of deaths.

    Contacts outside the home are multiplied by 1 - m x / (x + h): x is the deaths of 7 days per 100,000
    people of the province, seen `delay_days` late, m the share `most`, and h `half_deaths_7d_per_100k`.
    With `half_life_days`, people tire: m halves in so many days of full reaction (a day on which x = h
    counts half). With `compliance_half_life_days`, the compliance with a measure halves in so many days in
    force; a measure that ends and begins again starts afresh, and screening at entry does not tire. That
    people keep less distance with time, ever more slowly, was seen in most countries (Petherick et al. 2021,
    doi:10.1038/s41562-021-01181-x); the half-lives are for the user to assume.
    """

    most: Share = figure(
        0.5,
        "range 0.3 to 0.8; visits to shops in the United States fell by 60 points in spring 2020, 7 of them "
        "because of legal restrictions (Goolsbee & Syverson 2021, doi:10.1016/j.jpubeco.2020.104311)",
    )
    half_deaths_7d_per_100k: SomeMultiplier = figure(
        3.5,
        "range 0.5 to 20; that deaths drive caution is the model of Weitz et al. 2020 "
        "(doi:10.1073/pnas.2009911117), no fitted value for Viet Nam was found",
    )
    delay_days: WholeDays = figure(7, "range 0 to 14; until a death is reported and talked of")
    half_life_days: Off[SomeDays] = None
    compliance_half_life_days: Off[SomeDays] = None
