"""Part of `epidemic`: how people react to reported deaths, and how they tire."""

from surgesim.scenario.schema.base import Off, Section, figure
from surgesim.scenario.schema.numbers import Share, SomeDays, SomeMultiplier, WholeDays


class Reaction(Section):
    """The contacts that people give up of their own accord when they hear of deaths.

    Contacts outside the home are multiplied by 1 - m x / (x + h): x is the deaths of 7 days per 100,000
    people of the province, seen `delay_days` late, m the share `most`, and h `half_deaths_7d_per_100k`.
    With `half_life_days`, people tire: m halves in so many days of full reaction (a day on which x = h
    counts half). With `compliance_half_life_days`, the compliance with a measure halves in so many days in
    force; a measure that ends and begins again starts afresh, and screening at entry does not tire.
    """

    most: Share = figure(
        0.5,
        "assumed, 0.3 to 0.8; visits to shops fell by 60 % in the United States, nearly all of it voluntary "
        "(Goolsbee & Syverson 2021, doi:10.1016/j.jpubeco.2020.104311)",
    )
    half_deaths_7d_per_100k: SomeMultiplier = figure(
        3.5,
        "assumed, 0.4 to 35, from 5 to 500 deaths a day in 10 million, the range of Weitz et al. 2020 "
        "(doi:10.1073/pnas.2009911117)",
    )
    delay_days: WholeDays = figure(7, "assumed, 0 to 14; until a death is reported and talked of")
    half_life_days: Off[SomeDays] = None
    compliance_half_life_days: Off[SomeDays] = None
