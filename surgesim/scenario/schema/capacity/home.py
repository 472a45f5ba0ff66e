"""Part of `clinical`: home care for mild cases."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import Named, Off, Section, Sequence_, Text, figure
from surgesim.scenario.schema.names import DistrictName
from surgesim.scenario.schema.numbers import Amount, Count, DaysKept, Places, Share


class FollowedFirst(Section):
    """The mild cases that teams follow first: people from a certain age on, and high-risk people of any age.

    `isolated_share` is the share of these cases who are isolated in a facility; without it,
    `clinical.isolated_share` also applies to them.
    """

    from_age: Literal[0, 10, 20, 30, 40, 50, 60, 70, 80]
    high_risk: bool = True
    isolated_share: Off[Share] = None


class HomeArea(Section):
    """An area that has home care teams of its own, such as the towns, or the mountains and islands.

    `reach` is the share of the cases at home that its teams can reach. `patients_per_team` replaces that of
    `clinical.home_care`.
    """

    title: Off[Text] = None
    districts: Annotated[Sequence_[DistrictName], Field(min_length=1)]
    patients_per_team: Off[Places] = None
    reach: Share = figure(1.0, "teams reach all cases of their area unless the scenario says otherwise")


class HomeCare(Section):
    """Community teams and mobile stations that follow reported mild cases at home.

    Each case followed gets a drug package while stocks last. Of the followed cases with a package who would
    need oxygen, a share `eligible_share` gets early treatment, which prevents that need in a share `effect`
    of those treated. If teams or packages are short, the cases in `first` come before the others. Rules
    (`open_home_care`) add teams.

    Teams go wherever the cases are; with `areas`, those of an area stay in it. The districts that no area
    names are together one more. Teams that are not meant for one area, and packages, are shared out by
    residents.
    """

    teams: Count = figure(0, "no teams unless given or opened by a rule")
    patients_per_team: Places = figure(
        75.0, "a mobile station for 50-100 cases (Decision 4042/2021, not read in full)"
    )
    first: Off[FollowedFirst] = None
    followed_days: DaysKept = figure(10.0, "days for which a mild case is followed")
    eligible_share: Share = figure(
        0.37, "Hanoi 6/1/2022: about 10,000 of 27,000 home cases were eligible for antivirals", "published"
    )
    effect: Share = figure(
        0.3,
        "1 - 6.8/9.7, molnupiravir in the unvaccinated (MOVe-OUT 2022, 0.01-0.50); none in the vaccinated "
        "(PANORAMIC 2023)",
        "counted",
    )
    packages: Amount = figure(0.0, "no home drug packages in stock unless given")
    packages_per_day: Amount = figure(0.0, "no deliveries of home drug packages unless given")
    areas: Named[HomeArea] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        of: dict[str, str] = {}
        for name, area in self.areas.items():
            for district in area.districts:
                if of.setdefault(district, name) != name:
                    raise ValueError(
                        f"got {district} in the areas {of[district]} and {name}, expected it in only one"
                    )
        return self
