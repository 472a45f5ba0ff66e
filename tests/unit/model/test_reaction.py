"""How people react to deaths, and how they tire."""

from __future__ import annotations

import pytest

from surgesim.model.epidemic.reaction import Reaction, fatigue
from surgesim.scenario.schema.response.reaction import Reaction as Section


def given_up(section: Section, deaths: list[int], reported: dict[int, float] | None = None) -> list[float]:
    """The share given up on each day in a province of 100,000, with so many deaths on each."""
    reaction = Reaction(section, 100_000, reported or {})
    return [reaction.pass_day(day, sum(deaths[:day])) for day in range(len(deaths) + 1)]


def test_half_of_the_most_is_given_up_at_the_level_named() -> None:
    section = Section(most=0.6, half_deaths_7d_per_100k=7.0, delay_days=0)
    shares = given_up(section, [1] * 8)
    assert shares[0] == 0
    assert shares[1] == pytest.approx(0.6 * 1 / 8)
    assert shares[7] == shares[8] == pytest.approx(0.3)


def test_deaths_are_seen_late() -> None:
    now, late = (
        given_up(Section(most=0.6, half_deaths_7d_per_100k=7.0, delay_days=delay), [3, 0, 1, 5, 2, 2])
        for delay in (0, 2)
    )
    assert late == [0, 0, *now[:-2]]


def test_reported_deaths_before_the_start_count() -> None:
    section = Section(most=0.6, half_deaths_7d_per_100k=7.0, delay_days=0)
    before = dict.fromkeys(range(-7, 0), 1.0)
    shares = given_up(section, [0] * 7, before)
    assert shares[0] == pytest.approx(0.3)
    assert shares[7] == 0


def test_people_tire_in_days_of_full_reaction() -> None:
    rested = Section(most=0.8, half_deaths_7d_per_100k=7.0, delay_days=0)
    tired = rested.model_copy(update={"half_life_days": 10.0})
    deaths = [1] * 60
    share = [
        with_it / without
        for with_it, without in zip(given_up(tired, deaths)[1:], given_up(rested, deaths)[1:], strict=True)
    ]
    assert share[0] == 1
    assert share == sorted(share, reverse=True)
    assert share[27] / share[7] == pytest.approx(0.5)  # twenty days on which x = h count ten


def test_nothing_without_deaths_or_without_the_will() -> None:
    assert given_up(Section(), [0] * 20) == [0] * 21
    assert given_up(Section(most=0.0), [9] * 20) == [0] * 21
    assert fatigue(1000, None) == 1.0
