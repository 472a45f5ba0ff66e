"""Stocks, burdens and costs of a day: worked cases, identities with shortages forced, profile rates."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from surgesim.errors import IdentityError
from surgesim.model.capacity.logistics import (
    COST_CATEGORIES,
    PAYERS,
    Burdens,
    Costs,
    Drivers,
    Shortages,
    Stocks,
    supply_columns,
)
from surgesim.model.care.drugs import LackOfDrugs
from surgesim.scenario.loading import profile_tables
from surgesim.scenario.schema.capacity.supply import Burden, Consumable, PaidBy, PerDay, Supply
from surgesim.scenario.schema.capacity.supply import Costs as CostRates
from surgesim.scenario.schema.merging import deep_merge

BED_DAY = PerDay(oxygen_bed=1.0)


def item(stock: float | None, **given: Any) -> Consumable:
    return Consumable.model_validate(
        {"title": "Sets", "unit": "sets", "use": BED_DAY, "stock": stock, **given}
    )


def burden(capacity: float | None) -> Burden:
    made = PerDay(death=1.0)
    return Burden.model_validate({"title": "B", "unit": "b", "made": made, "capacity_per_day": capacity})


def beds(number: float) -> Drivers:
    return Drivers(oxygen_bed=number)


# -- stocks ---------------------------------------------------------------------------------------


def test_a_stock_by_hand() -> None:
    stocks = Stocks({"sets": item(10.0, delivered_per_day=2.0)})
    told = []
    for demand in (5, 8, 1, 0):
        stocks.pass_day(beds(demand))
        told.append([float(a[0]) for a in (stocks.demanded, stocks.used, stocks.unmet, stocks.stock)])
        stocks.check(len(told))
    assert told == [[5, 5, 0, 7], [8, 8, 0, 1], [1, 1, 0, 2], [0, 0, 0, 4]]


def test_what_the_stock_cannot_serve_is_unmet_and_is_not_made_up_for() -> None:
    stocks = Stocks({"sets": item(3.0)})
    stocks.pass_day(beds(5))
    assert (stocks.used[0], stocks.unmet[0], stocks.stock[0]) == (3, 2, 0)
    stocks.add("sets", 10.0)
    stocks.pass_day(beds(1))
    assert (stocks.used[0], stocks.unmet[0], stocks.stock[0]) == (1, 0, 9)


def test_factors_follow_yesterdays_unmet_share() -> None:
    """In stock 0.8 and out 1.2: with two of five unmet, the risk in stock is multiplied by 1.2."""
    effects = {
        "death_icu": {"in_stock": 0.8, "out": 1.2},
        "staff_infection": {"in_stock": 0.5, "out": 2.0},
    }
    items = {"sets": item(3.0, effects=effects), "drug": item(0.0, effects={"death_icu": {"out": 1.5}})}
    stocks, shortages = Stocks(items), Shortages(items)
    assert (shortages.death_oxygen, shortages.death_icu, shortages.staff_infection) == (1.0, 1.0, 0.5)
    shortages.follow(stocks)  # nothing has been demanded
    assert (shortages.death_oxygen, shortages.death_icu, shortages.staff_infection) == (1.0, 1.0, 0.5)
    stocks.pass_day(beds(5))
    shortages.follow(stocks)
    assert shortages.death_oxygen == 1.0
    assert shortages.death_icu == pytest.approx(1.2 * 1.5)
    assert shortages.staff_infection == pytest.approx(0.5 * 0.6 + 2.0 * 0.4)
    stocks.pass_day(beds(0))
    shortages.follow(stocks)
    assert (shortages.death_icu, shortages.staff_infection) == (1.0, 0.5)


def test_what_is_in_stock_multiplies() -> None:
    effects = {"death_icu": {"in_stock": 0.8, "out": 1.0}}
    supply = Supply(consumables={"one": item(1.0, effects=effects), "two": item(None, effects=effects)})
    assert supply.in_stock("death_icu") == pytest.approx(0.64)
    assert supply.in_stock("death_oxygen") == 1.0


def test_a_lack_may_not_be_better_than_a_stock() -> None:
    with pytest.raises(ValidationError, match=r"got out 0\.9 below in_stock 1, expected a risk at least as"):
        item(1.0, effects={"death_icu": {"out": 0.9}})


def test_a_stay_has_the_mean_factor_of_its_days() -> None:
    lack, patient = LackOfDrugs(), SimpleNamespace(drugs_before=0.0)
    lack.set(1.5, 2.0, 1.0)
    patient.drugs_before = lack.until(2.0)
    lack.set(1.0, 1.0, 4.0)
    assert lack.risk_of_stay(patient, 8.0, 10.0) == pytest.approx(1 + 0.5 * 2 / 8)  # type: ignore[arg-type]
    assert lack.risk_of_stay(patient, 0.0, 2.0) == 1.0  # type: ignore[arg-type]
    assert lack.icu == 1.0


@pytest.mark.parametrize("name", PerDay.model_fields)
def test_every_driver_has_its_own_rate(name: str) -> None:
    stocks = Stocks({"sets": item(None, use=PerDay(**{name: 2.5}))})
    others = {other: 7.0 for other in PerDay.model_fields if other != name}
    stocks.pass_day(Drivers(**{name: 4.0}, **others))
    assert stocks.used[0] == 10.0


def test_cover_is_stock_over_the_mean_demand_of_seven_days() -> None:
    stocks = Stocks({"sets": item(1000.0)})
    demands = [10, 20, 30, 40, 50, 60, 70, 80, 0]
    left = 1000
    for day, demand in enumerate(demands):
        stocks.pass_day(beds(demand))
        left -= demand
        window = demands[max(0, day - 6) : day + 1]
        assert stocks.cover_days[0] == pytest.approx(left / (sum(window) / len(window)), rel=1e-12)


def test_cover_is_infinite_without_use_and_zero_in_an_empty_store() -> None:
    stocks = Stocks({"sets": item(5.0)})
    assert stocks.cover_days[0] == math.inf
    stocks.pass_day(beds(0))
    assert stocks.cover_days[0] == math.inf
    for _ in range(10):  # the store is empty for longer than the window: what was served is 0 by now
        stocks.pass_day(beds(5))
    assert (stocks.used[0], stocks.cover_days[0]) == (0, 0)


def test_the_reserve_is_used_but_is_no_cover() -> None:
    stocks = Stocks({"sets": item(100.0, reserve=40.0)})
    stocks.pass_day(beds(30))
    assert stocks.cover_days[0] == pytest.approx((70 - 40) / 30)
    stocks.pass_day(beds(50))
    assert (stocks.unmet[0], stocks.stock[0], stocks.cover_days[0]) == (0, 20, 0)


def test_an_item_without_a_stock_is_only_counted() -> None:
    stocks = Stocks({"sets": item(None)})
    for day in range(10):
        stocks.pass_day(beds(1e6))
        stocks.check(day)
        assert (stocks.used[0], stocks.unmet[0]) == (1e6, 0)
        assert stocks.cover_days[0] == math.inf


def test_levers_reach_only_their_item() -> None:
    stocks = Stocks({"sets": item(0.0), "kits": item(0.0)})
    stocks.add("kits", 5.0)
    stocks.raise_deliveries("kits", 2.0)
    for expected in (7, 2):  # the one-off comes once
        stocks.begin_day()
        stocks.pass_day(beds(0))
        assert stocks.delivered.tolist() == [0, expected]
    stocks.raise_deliveries("kits", -2.0)
    stocks.begin_day()
    stocks.pass_day(beds(0))
    assert stocks.delivered.tolist() == [0, 0]
    stocks.raise_deliveries("kits", -2.0)
    stocks.begin_day()
    stocks.pass_day(beds(0))
    assert stocks.stock.tolist() == [0, 9]


def test_payers_bear_the_whole_cost() -> None:
    assert tuple(PaidBy.model_fields) == COST_CATEGORIES
    split = {"insurance": 0.6, "family": 0.3}
    paid_by = PaidBy.model_validate({"icu_bed_days": split, "testing": {"employer": 1.0}})
    costs = Costs(CostRates(icu_bed_day=100.0, test=7.0, dose=5.0, paid_by=paid_by), ())
    costs.pass_day(Drivers(icu_bed=2.0, test=10.0, dose=4.0), np.zeros(0))
    assert dict(zip(PAYERS, costs.today_by_payer.tolist(), strict=True)) == pytest.approx(
        {"state": 40.0, "insurance": 120.0, "family": 60.0, "employer": 70.0}
    )
    assert costs.today_by_payer.sum() == pytest.approx(costs.today)
    with pytest.raises(ValidationError, match=r"sum to 1.1, expected at most 1"):
        PaidBy.model_validate({"oxygen": {"insurance": 0.6, "family": 0.5}})


def test_only_who_is_said_to_pay_has_a_column() -> None:
    named = Supply.model_validate({"costs": {"paid_by": {}}})
    columns = [column.name for column in supply_columns(named)]
    assert columns[-4:] == [f"paid:{payer}" for payer in PAYERS]
    assert not any(c.name.startswith("paid:") for c in supply_columns(Supply.model_validate({"costs": {}})))


def test_nothing_to_follow_is_no_special_case() -> None:
    stocks, burdens, costs = Stocks({}), Burdens({}), Costs(None, ())
    for day in range(3):
        drivers = beds(100)
        stocks.pass_day(drivers)
        burdens.pass_day(drivers)
        costs.pass_day(drivers, stocks.used)
        stocks.check(day)
        burdens.check(day)
    assert stocks.stock.shape == burdens.backlog.shape == (0,)
    assert costs.total == costs.today == 0


amounts = st.one_of(st.just(0.0), st.floats(0, 1e6, allow_subnormal=False))
days = st.lists(st.tuples(amounts, amounts, amounts), min_size=1, max_size=30)


@pytest.mark.slow
@given(stock=amounts, per_day=amounts, reserve=amounts, course=days)
def test_stock_identity_with_shortages(
    stock: float, per_day: float, reserve: float, course: list[tuple[float, float, float]]
) -> None:
    use = PerDay(oxygen_bed=2.3, icu_bed=4.1)
    stocks = Stocks(
        {"sets": item(stock, use=use, delivered_per_day=per_day, reserve=reserve), "uncounted": item(None)}
    )
    before = stock
    for day, (oxygen, icu, once) in enumerate(course):
        stocks.add("sets", once)
        stocks.pass_day(Drivers(oxygen_bed=oxygen, icu_bed=icu))
        stocks.check(day)
        end = float(stocks.stock[0])
        came, used, unmet = (float(a[0]) for a in (stocks.delivered, stocks.used, stocks.unmet))
        demanded = 2.3 * oxygen + 4.1 * icu
        assert came == pytest.approx(per_day + once)
        assert used + unmet == pytest.approx(demanded)
        assert used == pytest.approx(min(demanded, before + came), abs=1e-6)
        assert min(end, used, unmet) >= 0
        assert unmet == 0 or end == 0
        assert end == pytest.approx(before + came - used, abs=1e-6)
        assert stocks.cover_days[0] >= 0
        before = end


@pytest.mark.parametrize("tampered", [-1.0, 11.0, math.nan])
def test_a_stock_that_does_not_add_up_is_told(tampered: float) -> None:
    stocks = Stocks({"kits": item(None), "sets": item(10.0)})
    stocks.pass_day(beds(4))
    stocks.check(0)
    stocks.stock[1] = tampered
    with pytest.raises(IdentityError, match=r"start \+ delivered - used = end.* in sets on day 3"):
        stocks.check(3)


def test_a_use_or_stock_below_zero_is_told_though_it_adds_up() -> None:
    stocks = Stocks({"sets": item(10.0)})
    stocks.add("sets", -10.5)
    stocks.pass_day(beds(0))
    assert (stocks.used[0], stocks.stock[0]) == (-0.5, 0)
    with pytest.raises(IdentityError, match="in sets on day 0"):
        stocks.check(0)
    stocks = Stocks({"sets": item(10.0, use=PerDay(death=1.0))})
    stocks.pass_day(Drivers(death=4))
    stocks.stock -= 7
    stocks._total_used += 7
    with pytest.raises(IdentityError, match="expected -1, got -1"):
        stocks.check(0)


# -- burdens --------------------------------------------------------------------------------------


def test_a_backlog_by_hand() -> None:
    burdens = Burdens({"bodies": burden(3.0), "uncapped": burden(None)})
    told = []
    for day, deaths in enumerate((2, 7, 1, 0)):
        burdens.pass_day(Drivers(death=deaths))
        burdens.check(day)
        told.append([float(a[0]) for a in (burdens.output, burdens.disposal, burdens.backlog)])
        assert burdens.backlog[1] == 0
    assert told == [[2, 2, 0], [7, 3, 4], [1, 3, 2], [0, 2, 0]]


@pytest.mark.slow
@given(capacity=amounts, course=st.lists(amounts, min_size=1, max_size=30))
def test_burden_identity(capacity: float, course: list[float]) -> None:
    burdens = Burdens({"bodies": burden(capacity)})
    waiting = 0.0
    for day, deaths in enumerate(course):
        burdens.pass_day(Drivers(death=deaths))
        burdens.check(day)
        assert burdens.disposal[0] <= capacity
        assert burdens.backlog[0] == 0 or burdens.disposal[0] == capacity
        assert burdens.backlog[0] == pytest.approx(waiting + deaths - burdens.disposal[0], abs=1e-6)
        waiting = float(burdens.backlog[0])
        assert waiting >= 0


@pytest.mark.parametrize("tampered", [-1.0, 1.0])
def test_a_backlog_that_does_not_add_up_is_told(tampered: float) -> None:
    burdens = Burdens({"bodies": burden(10.0)})
    burdens.pass_day(Drivers(death=4))
    burdens.backlog[0] += tampered
    with pytest.raises(IdentityError, match=r"made - treated = backlog.* in bodies on day 0"):
        burdens.check(0)


# -- costs ----------------------------------------------------------------------------------------

RATES = CostRates(
    basic_bed_day=1.0,
    oxygen_bed_day=10.0,
    icu_bed_day=100.0,
    oxygen_kg=1e3,
    facility_opening=1e4,
    staff_day=1e5,
    home_case_day=1e6,
    consumable={"sets": 1e7},
    dose=1e8,
    test=1e9,
    ventilator=1e10,
    tank_kg=1e11,
    bed_opening=1e12,
    concentrator=1e13,
)
DAY = Drivers(
    basic_bed=1,
    oxygen_bed=2,
    icu_bed=3,
    oxygen_kg=4,
    opening=5,
    reinforcement=6,
    home_case=7,
    reported_case=50,
    death=60,
    dose=9,
    test=10,
    ventilator=11,
    tank_kg=12,
    bed_opening=13,
    concentrator=14,
)


def test_costs_by_category() -> None:
    costs = Costs(RATES, ("kits", "sets"))
    costs.pass_day(DAY, np.array([9.0, 8.0]))
    expected = {
        "basic_bed_days": 1,
        "oxygen_bed_days": 20,
        "icu_bed_days": 300,
        "oxygen": 4e3,
        "openings": 5e4,
        "reinforcement": 6e5,
        "home_care": 7e6,
        "consumables": 8e7,
        "vaccination": 9e8,
        "testing": 10e9,
        "ventilators": 11e10,
        "oxygen_tanks": 12e11,
        "bed_openings": 13e12,
        "concentrators": 14e13,
    }
    assert dict(zip(COST_CATEGORIES, costs.by_category.tolist(), strict=True)) == expected
    assert costs.today == costs.total == sum(expected.values())
    assert costs.today_by_category.tolist() == list(expected.values())


def test_costs_add_up_over_days() -> None:
    costs = Costs(RATES, ())
    total = 0.0
    for number in range(1, 6):
        costs.pass_day(Drivers(icu_bed=number, oxygen_kg=number / 3), np.zeros(0))
        total += costs.today
        assert costs.today == pytest.approx(number * 100 + number / 3 * 1e3)
    assert costs.total == pytest.approx(total, rel=1e-14)


def test_consumables_cost_what_was_used_not_what_was_demanded() -> None:
    stocks = Stocks({"sets": item(3.0)})
    costs = Costs(CostRates(consumable={"sets": 2.0}), stocks.names)
    stocks.pass_day(beds(5))
    costs.pass_day(beds(5), stocks.used)
    assert costs.total == 6


# -- the section and the profile ------------------------------------------------------------------


def test_deliveries_or_a_reserve_need_a_stock() -> None:
    with pytest.raises(ValidationError, match="got delivered_per_day without a stock"):
        item(None, delivered_per_day=5.0)
    with pytest.raises(ValidationError, match="got a reserve without a stock"):
        item(None, reserve=5.0)
    assert item(0.0, delivered_per_day=5.0).stock == 0


def test_a_price_needs_its_consumable() -> None:
    with pytest.raises(ValidationError, match="got a price for set, which is not among the consumables; exp"):
        Supply(consumables={"sets": item(1.0)}, costs=CostRates(consumable={"set": 1.0}))


def test_the_profile_carries_the_published_rates() -> None:
    supply = Supply.model_validate(profile_tables.read("logistics-vietnam").figures)
    stocks, burdens = Stocks(supply.consumables), Burdens(supply.burdens)
    day = Drivers(basic_bed=1000, oxygen_bed=100, icu_bed=10, reported_case=20, death=3)
    stocks.pass_day(day)
    burdens.pass_day(day)
    sets = dict(zip(stocks.names, stocks.used.tolist(), strict=True))
    assert sets["protective-sets"] == pytest.approx(1.2 * 1000 + 2.3 * 100 + 4.1 * 10)
    assert sets["test-kits"] == pytest.approx(220)
    made = dict(zip(burdens.names, burdens.output.tolist(), strict=True))
    assert made["infectious-waste"] == pytest.approx(3.86 * 1000 + 4.64 * 110 + 0.05 * 220)
    assert made["bodies"] == 3
    assert supply.costs is not None
    assert set(supply.costs.consumable) <= set(supply.consumables)


def test_a_province_lays_its_stocks_over_the_profile() -> None:
    own = {
        "consumables": {"protective-sets": {"stock": 500.0}},
        "burdens": {"bodies": {"capacity_per_day": 8.0}},
    }
    figures = profile_tables.read("logistics-vietnam").figures
    supply = Supply.model_validate(deep_merge(figures, own))
    assert supply.consumables["protective-sets"].stock == 500
    assert supply.consumables["protective-sets"].use.icu_bed == 4.1
    assert supply.burdens["bodies"].capacity_per_day == 8
    assert supply.burdens["bodies"].made.death == 1


def test_a_word_in_a_profile_is_no_figure_without_a_source() -> None:
    sources = profile_tables.read("logistics-vietnam").sources
    assert ("consumables", "protective-sets", "use", "icu_bed") in sources
    assert not any(path[-1] in ("title", "unit") for path in sources)
