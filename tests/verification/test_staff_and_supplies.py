"""Staff, ventilators, drugs: nothing changes at no strength; at some, an interval excludes 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from strategies import Plain, build, clinical, district, facility, people, severity, small, variant

from surgesim.model.care.course.events import LogEntry
from surgesim.model.record import Record
from surgesim.model.simulation import Simulation, run_once
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

REPLICATIONS = 5
BY_AGE = [0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.12, 0.23]


def outbreak(**sections: Plain) -> Scenario:
    """A town in an epidemic; some of its people are immune, others have waned protection."""
    hospital = facility(oxygen=400, icu=60) | {
        "staff": {"doctors": 60, "ward_nurses": 160, "icu_nurses": 60},
        "essential": {},
        "covid_share": 0.5,
    }
    scenario = build(
        small(
            90,
            people=people(districts={"town": district(60_000)}),
            epidemic={
                "variant": variant(2.5),
                "initial_infections": {"town": 60},
                "detection": {"share": 0.3, "delay_days": {"fixed": 1.0}},
                "immunity": {"immune_share": 0.2, "waned_share": 0.5, "waned": {"infection": 0.4}},
            },
            clinical=clinical(severity=severity(p_oxygen=BY_AGE)),
            care={"facilities": {"alpha": hospital}},
        )
    )
    return overlaid(scenario, sections)


def two_hospitals(ventilators: int, *, pooled: bool) -> Scenario:
    """Two hospitals with ICU beds; all ventilators are at the one with few of them."""
    sites = {
        "alpha": facility(oxygen=150, icu=10) | {"ventilators": ventilators},
        "bravo": facility(oxygen=150, icu=60) | {"ventilators": 0},
    }
    plan: Plain = {"action": "pool_ventilators", "when": {"on": "2024-01-01"}, "decision_days": 0.0}
    return overlaid(
        outbreak(),
        {
            "care": {"facilities": {"alpha": sites["alpha"], "bravo": sites["bravo"]}},
            "command": {"plan": {"pool": plan if pooled else None}},
        },
    )


def absence(**section: object) -> Plain:
    return {"care": {"staffing": {"absence": section}}}


def runs(scenario: Scenario) -> list[Record]:
    return [run_once(scenario, 1, k) for k in range(REPLICATIONS)]


def each(scenario: Scenario, see: Callable[[Record], float]) -> np.ndarray:
    return np.array([see(run) for run in runs(scenario)])


def falls(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether the paired 95 % interval of the mean difference lies below 0."""
    differences = after - before
    width = stats.t.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / len(differences) ** 0.5
    return bool(differences.mean() + width < 0)


def log_of(scenario: Scenario) -> list[LogEntry]:
    log: list[LogEntry] = []
    Simulation(scenario, 1, 0, log=log).run()
    return log


def infected_per_head(scenario: Scenario) -> float:
    simulation = Simulation(scenario, 1, 0)
    simulation.run()
    absences = simulation.province.capacity.absences
    assert absences is not None
    return float(absences.infections.sum() / simulation.province.heads())


# -- immunity of staff ----------------------------------------------------------------------------


def test_immune_staff_are_away_less_often() -> None:
    before, after = (
        each(outbreak(**absence(**section)), lambda record: record.series("staff_absent_share").sum())
        for section in ({}, {"immunity": {}})
    )
    assert falls(before, after)


def test_staff_off_work_are_infected_as_often_as_residents() -> None:
    """Without patients' infections, immunity leaves staff the attack rate of residents, not more."""
    scenario = outbreak(**absence(at_work=0.0, immunity={"after_infection": 1.0}))
    record = run_once(scenario, 1, 0)
    residents = record.series("infections").sum() / 60_000
    assert infected_per_head(scenario) == pytest.approx(residents, rel=0.15)


def test_immunity_limits_infections_at_work() -> None:
    """However infectious the patients, at most the susceptible are infected: here 80 % of staff."""
    assert (
        0.7 < infected_per_head(outbreak(**absence(at_work=50.0, immunity={"after_infection": 1.0}))) <= 0.83
    )
    assert infected_per_head(outbreak(**absence(at_work=50.0))) > 2


# -- pooled ventilators ---------------------------------------------------------------------------


def deaths(record: Record) -> float:
    return record.outcomes["deaths"]


def test_ventilators_save_lives_where_they_are_pooled_and_twenty_more_save_more() -> None:
    apart, pooled = (each(two_hospitals(20, pooled=pooled), deaths) for pooled in (False, True))
    assert falls(apart, pooled)
    assert falls(pooled, each(two_hospitals(40, pooled=True), deaths))


def test_twenty_more_ventilators_that_are_not_pooled_change_nothing() -> None:
    assert log_of(two_hospitals(20, pooled=False)) == log_of(two_hospitals(40, pooled=False))


def test_a_pool_of_ventilators_for_all_beds_changes_no_event() -> None:
    sites = {name: facility(oxygen=150, icu=30) | {"ventilators": 40} for name in ("alpha", "bravo")}
    one, other = (
        overlaid(two_hospitals(0, pooled=pooled), {"care": {"facilities": sites}}) for pooled in (False, True)
    )
    assert log_of(one) == log_of(other)


# -- drugs and protective sets --------------------------------------------------------------------


def with_stock(stock: float | None, **effects: Plain) -> Scenario:
    """A consumable that each patient in a bed needs, with a stock for some days."""
    item = {
        "title": "Item",
        "unit": "pieces",
        "use": {"oxygen_bed": 1.0, "icu_bed": 1.0},
        "stock": stock,
        "effects": effects,
    }
    return outbreak(supply={"consumables": {"item": item}})


RISKS = ("death_oxygen", "death_icu", "staff_infection")


def test_consumables_without_an_effect_or_that_never_run_out_change_no_event() -> None:
    nothing = {risk: {"in_stock": 1.0, "out": 1.0} for risk in RISKS}
    harm = {risk: {"out": 3.0} for risk in RISKS}
    log = log_of(outbreak())
    assert log_of(with_stock(0.0)) == log
    assert log_of(with_stock(0.0, **nothing)) == log
    assert log_of(with_stock(None, **harm)) == log
    assert log_of(with_stock(1e9, **harm)) == log


@pytest.mark.parametrize("risk", ["death_oxygen", "death_icu"])
def test_patients_die_of_drugs_that_have_run_out(risk: str) -> None:
    factor = {risk: {"out": 1.5}}
    lack, enough = runs(with_stock(200.0, **factor)), runs(with_stock(None, **factor))
    for outcome in ("deaths", "deaths_untreated"):
        assert falls(*(np.array([run.outcomes[outcome] for run in those]) for those in (lack, enough)))
    for outcome in ("deaths_unavoidable", "deaths_thin_care"):
        assert lack[0].outcomes[outcome] == pytest.approx(enough[0].outcomes[outcome], rel=0.05)


def test_drugs_in_stock_save_patients_and_once_they_are_out_do_not() -> None:
    """Figures of a time without the drug: in stock it lowers them; without stock nothing changes."""
    lowers = {"death_oxygen": {"in_stock": 0.82}, "death_icu": {"in_stock": 0.7}}
    without, in_stock, none_left = (
        each(one, deaths) for one in (outbreak(), with_stock(None, **lowers), with_stock(0.0, **lowers))
    )
    assert falls(without, in_stock)
    assert none_left == pytest.approx(without, rel=0.02)  # all but the first day


def test_staff_are_infected_more_often_without_protective_sets() -> None:
    factor = {"staff_infection": {"out": 5.0}}
    away = [
        each(with_stock(stock, **factor), lambda record: record.series("staff_absent_share").sum())
        for stock in (200.0, None)
    ]
    assert falls(*away)
