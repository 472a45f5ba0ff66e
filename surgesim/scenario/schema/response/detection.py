"""Part of `epidemic`: how infections become reported cases, the tests there are, and who isolates."""

from typing import Annotated

from pydantic import Field

from surgesim.scenario.schema.base import Distribution, MeanSd, NonNegative, Off, Section, Share, figure


class LaboratoryTests(Section):
    """Tests a day in the province. Without this section everybody who seeks a test has one.

    `pooled_per_day` are the samples of a line that pools `pool_size` of them, on a day when nobody is
    positive; each pool with a positive takes a test of every sample in it. A laboratory whose capacity
    is quoted both ways, single or pooled, is given once.
    """

    single_per_day: NonNegative = 0.0
    pooled_per_day: NonNegative = 0.0
    pool_size: Annotated[int, Field(ge=2, le=100)] = figure(
        10, "Thanh Hóa's plan has ten times as many pooled as single samples a day"
    )
    other_seekers_per_100k_per_day: Annotated[float, Field(ge=0, le=100_000)] = figure(
        30.0, "people who have like symptoms and no infection, or are screened"
    )
    contacts_per_case: Annotated[float, Field(ge=0, le=1_000)] = figure(
        0.0, "no contacts are traced unless given"
    )
    contact_positivity: Share = figure(0.1, "share of the contacts tested that are infected")
    return_share: Share = figure(0.5, "share of those who find no test that try again the next day")


class Detection(Section):
    """How infections become reported cases. Everyone admitted is detected in any case."""

    share: Share = figure(0.2, "share of infections found in the community; with `tests`, that seek one")
    delay_days: Distribution = figure(
        Distribution(gamma=MeanSd(mean=3.0, sd=2.0)), "onset of infectiousness to report"
    )
    tests: Off[LaboratoryTests] = None


class CaseIsolation(Section):
    """Who infects nobody from the day after the report until the end of the infectious time."""

    cases_compliance: Share = figure(0.0, "no case isolates unless given")
    contacts_compliance: Share = figure(0.0, "no contact isolates unless given")
