"""Levers on patients, staff and cylinders, and people's reaction, in random provinces short of everything.

The run holds its own identities every day; some are worked out anew here.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from capacity_cases import Watched, shortages
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from strategies import Plain, laid, shares

from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

HOME: Plain = {"after_days": 0.5, "return_share": 0.5, "most_lpm": 60.0}
OWNERS: Plain = {"ownership": ["public", "private"]}


@st.composite
def with_levers(draw: st.DrawFn) -> Scenario:
    """Draw a scenario short of everything, in which the levers begin and end within days."""
    scenario = draw(shortages())
    share = {cadre: draw(shares) for cadre in ("doctors", "ward_nurses", "icu_nurses")}
    far = OWNERS | {"within_hours": 50.0}
    actions: list[Plain] = [
        {"action": "queue_order", "order": draw(st.sampled_from(["survival", "age", "severity"]))},
        {"action": "limit_icu", "least_survival": draw(shares), "from_age": draw(st.sampled_from([50, 80]))},
        {"action": "limit_icu", "least_survival": draw(shares)},
        {"action": "level_load", "above": 0.3, "below": draw(st.sampled_from([0.3, 0.1]))} | far,
        {"action": "level_load", "above": 0.3, "below": 0.3, "bed": "icu", "per_day": 2} | far,
        {"action": "home_oxygen", "concentrators": 9, "teams": 1, "team_nurses": 1.0} | HOME | OWNERS,
    ]
    sites = scenario.care.facilities.values()
    if any(site.staff is not None for site in sites):
        actions += [{"action": "pool_staff"} | share | OWNERS, {"action": "lend", "doctors": 2} | OWNERS]
        actions.append({"action": "form_icu_teams", "share": share["ward_nurses"]} | OWNERS)
    if any(site.oxygen is not None for site in sites):
        actions.append({"action": "pool_oxygen", "below_days": 9.0, "above_days": 9.0} | OWNERS)
    until = draw(st.sampled_from([{}, {"until": {"on": "2024-01-09"}}]))
    when = draw(st.sampled_from(["2024-01-01", "2024-01-04"]))
    phases = [{"after_days": 0.0, "share": 0.5}, {"after_days": 2.5, "share": 1.0}]
    plan = {
        f"care-{number}": action
        | {"when": {"on": when}, "decision_days": draw(st.sampled_from([0.0, 0.3])), "phases": phases}
        | until
        for number, action in enumerate(actions)
        if draw(st.integers(0, 2))
        > (action["action"] == "home_oxygen")  # else hardly anybody is left to move
    }
    more: Plain = {"command": {"plan": plan}}
    if scenario.epidemic is not None and draw(st.integers(0, 3)):
        tires = {
            key: draw(st.sampled_from([None, 3.0])) for key in ("half_life_days", "compliance_half_life_days")
        }
        more["epidemic"] = {
            "reaction": {
                "most": draw(st.sampled_from([0.5, 1.0, 0.0])),
                "delay_days": draw(st.integers(0, 3)),
            }
            | tires
        }
    return laid(scenario, more)


def test_levers_on_care_conserve_patients_staff_oxygen_and_vehicles() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=10)
    @given(with_levers())
    def conserve(scenario: Scenario) -> None:
        run = Watched(scenario, see=look)
        patients_are_present_or_gone(run)
        moves_take_vehicles(run)
        oxygen_moves_and_none_is_lost(run)
        shares_are_shares(run)
        for what in (
            "icu_refused",
            "staff_moved",
            "staff_lent",
            "oxygen_moved_kg",
            "sent_home",
            "returned_from_home",
        ):
            seen[what] += bool(run[what].sum() > 0)
        seen["moved"] += bool((run["moved_oxygen"] + run["moved_icu"]).sum() > 0)
        seen["contacts_given_up"] += bool(run["contacts_given_up"].sum() > 0)

    for number in range(6):  # examples of one seed resemble each other
        seed(number)(conserve)()
    assert min(seen.values()) >= 2, dict(seen)


def look(province: Any) -> tuple[float, float, int]:
    """Oxygen received from others, in all stores; posts of the staff on duty; vehicles."""
    stores = (
        [] if province.supply is None else [store for store in province.supply.stores if store is not None]
    )
    fleet = province.network.fleet
    vehicles = 0 if fleet is None else sum(map(sum, fleet.free)) + fleet.away
    return sum(store.received for store in stores), sum(min(s.cylinders, s.tank) for s in stores), vehicles


def patients_are_present_or_gone(run: Watched) -> None:
    change = run["new_oxygen_need"] - run["recovered"] - run["deaths"] - run["transferred_out"]
    np.testing.assert_array_equal(np.diff(run["present"]), change[1:])
    in_beds = run["occupied_oxygen"] + run["occupied_icu"]
    waiting = run["waiting_oxygen"] + run["waiting_icu"]
    held = run["held_oxygen"] + run["held_icu"]
    np.testing.assert_array_equal(run["present"], in_beds + waiting + held + run["home_oxygen"])


def moves_take_vehicles(run: Watched) -> None:
    assert len({vehicles for _, _, vehicles in run.seen}) == 1
    departures = sum(entry.what == "departs" for entry in run.log)
    if run.scenario.care.transport is not None and run.scenario.warm_up_days == 0:
        far = [site.access_hours for site in run.scenario.care.facilities.values()]
        moved = run["moved_oxygen"].sum() + run["moved_icu"].sum()
        assert departures >= moved or min(far) == 0  # a move within a district may take no time


def oxygen_moves_and_none_is_lost(run: Watched) -> None:
    assert all(received == pytest.approx(0.0, abs=1e-6) for received, _, _ in run.seen)
    assert all(stock >= -1e-6 for _, stock, _ in run.seen)
    rules = [rule.action for rule in run.scenario.command.plan.values()]
    assert run["oxygen_moved_kg"].sum() == 0 or "pool_oxygen" in rules


def shares_are_shares(run: Watched) -> None:
    reaction = None if run.scenario.epidemic is None else run.scenario.epidemic.reaction
    most = 0.0 if reaction is None else reaction.most
    assert ((run["contacts_given_up"] >= 0) & (run["contacts_given_up"] <= most)).all()
    assert (run["staff_moved"] >= 0).all()
