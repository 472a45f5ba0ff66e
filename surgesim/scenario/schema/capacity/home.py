"""Part of `clinical`: home care for mild cases."""

from surgesim.scenario.schema.base import Section, figure
from surgesim.scenario.schema.numbers import Amount, Count, DaysKept, Places, Share


class HomeCare(Section):
    """Community teams and mobile stations that follow reported mild cases at home.

    Each case followed gets a drug package while stocks last. Eligible cases with a package get early
    treatment, which keeps a share `effect` of them from needing oxygen. Rules (`open_home_care`) add teams.
    """

    teams: Count = figure(0, "no teams unless given or opened by a rule")
    patients_per_team: Places = figure(
        75.0, "a mobile station for 50-100 cases (Decision 4042/2021, not read in full)"
    )
    followed_days: DaysKept = figure(10.0, "days for which a mild case is followed")
    eligible_share: Share = figure(
        0.37, "Hanoi 6/1/2022: about 10,000 of 27,000 home cases were eligible for antivirals", "published"
    )
    effect: Share = figure(0.3, "share of treated eligible cases who avoid needing oxygen")
    packages: Amount = figure(0.0, "no home drug packages in stock unless given")
    packages_per_day: Amount = figure(0.0, "no deliveries of home drug packages unless given")
