"""Part of `clinical`: care at home for mild cases."""

from typing import Annotated

from pydantic import Field

from surgesim.scenario.schema.base import NonNegative, Positive, Section, Share, figure


class HomeCare(Section):
    """Community teams and mobile stations that follow reported mild cases at home.

    Those followed get a drug package each while there are any. Those with a package who are eligible
    get early treatment, which keeps a share of them from needing oxygen. Rules add teams
    (`open_home_care`).
    """

    teams: Annotated[int, Field(ge=0)] = figure(0, "no teams unless given or opened by a rule")
    patients_per_team: Positive = figure(
        75.0, "a mobile station for 50-100 cases (Decision 4042/2021, not read in full)"
    )
    followed_days: Positive = figure(10.0, "days a mild case is followed", ge=1)
    eligible_share: Share = figure(
        0.37, "Hanoi 6/1/2022: about 10,000 of 27,000 home cases were eligible for antivirals", "published"
    )
    effect: Share = figure(0.3, "share of the eligible treated who do not come to need oxygen")
    packages: NonNegative = figure(0.0, "no home drug packages in stock unless given")
    packages_per_day: NonNegative = figure(0.0, "no home drug packages delivered unless given")
