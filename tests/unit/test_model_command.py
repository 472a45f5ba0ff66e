"""Rules of the plan: what a rule on an item of supply watches."""

from __future__ import annotations

from datetime import date

import simpy

from surgesim.model.actions import Action
from surgesim.model.command import Command
from surgesim.model.indicators import Assessment
from surgesim.scenario.command import RemoteLink, Trigger, Until


def days_of(rule: RemoteLink, assessments: list[dict[str, float]]) -> list[tuple[float, str]]:
    """What a rule does, fed with one assessment at the end of each day."""
    env = simpy.Environment()
    command = Command(env, date(2024, 1, 1))
    command.follow("rule", rule, Action())
    for day, indicators in enumerate(assessments, start=1):
        env.run(until=day)
        command.hear(Assessment(indicators, [], [], False))
    env.run(until=len(assessments) + 0.5)
    return [(event.day, event.what) for event in command.actions]


def test_a_rule_on_an_item_hears_the_value_of_that_item() -> None:
    rule = RemoteLink(
        action="remote_link",
        when=Trigger(indicator="stock_cover_days", item="sets", below=7),
        until=Until(item="masks", above=20),
        decision_days=0.0,
    )
    days = [
        {"stock_cover_days:sets": 9.0, "stock_cover_days:masks": 1.0},
        {"stock_cover_days:sets": 6.0, "stock_cover_days:masks": 1.0},
        {"stock_cover_days:sets": 90.0, "stock_cover_days:masks": 1.0},
        {"stock_cover_days:sets": 1.0, "stock_cover_days:masks": 21.0},
    ]
    assert days_of(rule, days) == [
        (2.0, "fired"),
        (2.0, "ordered"),
        (2.0, "phase 1"),
        (4.0, "ended"),
        (4.0, "stood down"),
    ]
