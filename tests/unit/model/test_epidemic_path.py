"""Days of an epidemic that alternatives have in common: how long they do, and that it changes no result."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import numpy as np
import pytest
from strategies import Plain, build, clinical, district, facility, people, severity, small, variant

from surgesim.model import simulation
from surgesim.model.care.patients import PatientSource
from surgesim.model.care.shared import SharedDays
from surgesim.model.epidemic.spread import DayOfInfection, Epidemic
from surgesim.model.record import Record
from surgesim.model.simulation import Simulation
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.replicate import one_replication

DAYS = 30
SHUT: Plain = {"action": "measure", "measure": "shut", "when": {"on": "2024-01-11"}, "decision_days": 0}
DOSES: Plain = {
    "action": "vaccinate",
    "doses_per_day": 0.4,
    "when": {"on": "2024-01-05"},
    "decision_days": 0,
    "lead_days": 0,
}
FEWER_BEDS: Plain = {"care": {"facilities": {"alpha": {"beds": {"oxygen": 1, "icu": 0}}}}}


def scenario(**spread: Any) -> Scenario:
    """A town with a measure and a vaccine that only a rule would bring."""
    epidemic = {
        "variant": variant(4.0),
        "initial_infections": {"town": 200},
        "importation": {"per_day": 2.0},
        "measures": {"shut": {"reduces": {"community": 0.8}, "screening": 0.5}},
        "vaccination": {"groups": {"all": {}}, "days_to_effect": 2},
        "immunity": {"vaccinated": {"infection": 0.5, "severe": 0.8}},
    }
    return build(
        small(
            DAYS,
            people=people(districts={"town": district(20_000)}),
            clinical=clinical(severity=severity(p_oxygen=0.05)),
            epidemic=epidemic | spread,
            care={"facilities": {"alpha": facility(oxygen=20, icu=5)}},
        )
    )


@pytest.fixture
def patients(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The days whose patients are drawn anew, likewise."""
    days: list[int] = []
    draw = PatientSource.from_epidemic

    def counted(self: PatientSource, infection: DayOfInfection, day: int, *others: Any) -> Any:
        days.append(day)
        return draw(self, infection, day, *others)

    monkeypatch.setattr(PatientSource, "from_epidemic", counted)
    return days


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The days that are drawn anew, in the order of the alternatives."""
    days: list[int] = []
    move = Epidemic._move

    def counted(self: Epidemic, day: int, *others: Any) -> DayOfInfection:
        days.append(day)
        return move(self, day, *others)

    monkeypatch.setattr(Epidemic, "_move", counted)
    return days


def same(one: Record, other: Record) -> bool:
    return all(
        pickle.dumps(getattr(one, part.name)) == pickle.dumps(getattr(other, part.name))
        for part in dataclasses.fields(one)
    )


def pair(baseline: Scenario, other: Scenario, drawn: list[int]) -> tuple[list[int], list[Record]]:
    """Days that the second of two alternatives draws anew, and the records, which are those of each alone."""
    scenarios = {"baseline": baseline, "other": other}
    alone = [simulation.run_once(s, 1, 0) for s in scenarios.values()]
    drawn.clear()
    shared = list(one_replication(scenarios, 1, 0).values())
    first = baseline.days + baseline.warm_up_days
    assert drawn[:first] == list(range(-baseline.warm_up_days, baseline.days))
    assert same(alone[0], shared[0])
    assert same(alone[1], shared[1])
    return drawn[first:], shared


@pytest.mark.slow
def test_who_dies_parts_no_epidemic_before_the_first_dose(drawn: list[int]) -> None:
    baseline = scenario()
    days, records = pair(baseline, overlaid(baseline, FEWER_BEDS), drawn)
    assert days == []
    assert records[1].outcomes["deaths"] > records[0].outcomes["deaths"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "first"),
    [
        (SHUT, 10),
        (SHUT | {"until": {"on": "2024-01-16"}, "stand_down_days": 0}, 10),  # and never comes back
        (DOSES, 6),  # of 0.4 doses a day from day 4 on, the first whole one is there on day 6
        (DOSES | {"doses_per_day": 500}, 4),
    ],
)
def test_an_alternative_leaves_at_its_first_measure_and_its_first_dose(
    rule: Plain, first: int, drawn: list[int]
) -> None:
    baseline = scenario()
    days, records = pair(baseline, overlaid(baseline, {"command": {"plan": {"rule": rule}}}), drawn)
    assert days == list(range(first, DAYS))
    if rule["action"] == "measure" or rule["doses_per_day"] > 1:
        assert records[0].outcomes["infections"] != records[1].outcomes["infections"]


@pytest.mark.slow
def test_alternatives_part_where_a_measure_starts_in_the_first_of_them(drawn: list[int]) -> None:
    baseline = scenario()
    with_rule = overlaid(baseline, {"command": {"plan": {"rule": SHUT}}})
    days, _ = pair(with_rule, baseline, drawn)
    assert days == list(range(10, DAYS))


@pytest.mark.slow
def test_measures_by_date_and_by_the_same_rule_are_shared(drawn: list[int]) -> None:
    measures = {"shut": {"reduces": {"community": 0.5}}, "dated": {"travel": 0.5, "start": "2024-01-08"}}
    baseline = overlaid(scenario(measures=measures), {"command": {"plan": {"rule": SHUT}}})
    days, _ = pair(baseline, overlaid(baseline, FEWER_BEDS), drawn)
    assert days == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spread", "first"),
    [
        ({"immunity": {"waning_days": 90.0, "vaccinated": {"infection": 0.5, "severe": 0.8}}}, 0),
        ({"vaccination": {"doses_per_day": 50, "start": "2024-01-06", "groups": {"all": {}}}}, 12),  # 7 later
    ],
)
def test_an_epidemic_on_which_care_tells_is_each_alternatives_own(
    spread: Plain, first: int, drawn: list[int]
) -> None:
    baseline = scenario(**spread)
    days, _ = pair(baseline, overlaid(baseline, FEWER_BEDS), drawn)
    assert days == list(range(first, DAYS))


HOME_CARE: Plain = {
    "action": "open_home_care",
    "teams": 5,
    "when": {"on": "2024-01-09"},
    "decision_days": 0,
    "lead_days": 0,
}

ISOLATION: Plain = {"isolation": {"cases_compliance": 0.5}, "detection": {"delay_days": {"fixed": 3}}}


@pytest.mark.slow
def test_an_epidemic_is_shared_until_others_isolate(drawn: list[int]) -> None:
    home_care = {"effect": 0.5, "packages": 10_000}
    baseline = overlaid(scenario(**ISOLATION), {"clinical": {"home_care": home_care}})
    with_home_care = overlaid(baseline, {"command": {"plan": {"rule": HOME_CARE}}})
    days, _ = pair(baseline, overlaid(baseline, FEWER_BEDS), drawn)
    assert days == []
    days, records = pair(baseline, with_home_care, drawn)
    assert days == list(range(15, DAYS))  # who is reported on day 14 tells on who isolates on day 15
    assert not np.array_equal(*(record.series("infections") for record in records))


@pytest.mark.slow
def test_a_longer_alternative_goes_on_where_the_path_ends(drawn: list[int]) -> None:
    baseline = scenario()
    days, _ = pair(baseline, baseline.model_copy(update={"days": DAYS + 9}), drawn)
    assert days == list(range(DAYS, DAYS + 9))


@pytest.mark.slow
def test_a_longer_warm_up_is_another_epidemic(drawn: list[int]) -> None:
    baseline = scenario()
    days, _ = pair(baseline, baseline.model_copy(update={"warm_up_days": 5}), drawn)
    assert days == list(range(-5, DAYS))


def test_the_state_of_the_epidemic_is_right_on_shared_days_and_after() -> None:
    baseline = scenario()
    plan = overlaid(baseline, {"command": {"plan": {"rule": SHUT}}})
    alone, shared = Simulation(plan, 1, 0), SharedDays()
    Simulation(baseline, 1, 0, shared=shared).run()
    assert [met.day for met in shared.path] == list(range(DAYS))
    sharing = Simulation(plan, 1, 0, shared=shared)
    before = pickle.dumps(shared.path)
    for day in range(DAYS):
        states = []
        for run in (alone.province, sharing.province):
            assert run.epidemic is not None
            if day == 10:
                run.epidemic.start_measure("shut")
            run.epidemic.advance(day, np.zeros_like(run.epidemic.recovered))
            run.epidemic.check(day)
            states.append(
                [
                    run.epidemic.susceptible,
                    run.epidemic.exposed,
                    run.epidemic.infectious,
                    run.epidemic.recovered,
                ]
            )
        for one, other in zip(*states, strict=True):
            np.testing.assert_array_equal(one, other)
    assert pickle.dumps(shared.path) == before  # who has left adds nothing and changes nothing


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overlay", "first"),
    [
        (FEWER_BEDS, DAYS),
        ({"command": {"plan": {"rule": SHUT}}}, 10),
        ({"command": {"plan": {"rule": HOME_CARE}}}, 9),  # teams of day 8 keep onsets of day 9 from the worst
        ({"clinical": {"severity": {"p_icu": 0.2}}}, 0),
    ],
)
def test_patients_are_shared_who_are_of_the_same_onsets_care_at_home_and_clinical_section(
    overlay: Plain, first: int, drawn: list[int], patients: list[int]
) -> None:
    home_care = {"effect": 0.5, "packages": 10_000}
    baseline = overlaid(scenario(), {"clinical": {"home_care": home_care}})
    _, records = pair(baseline, overlaid(baseline, overlay), drawn)
    runs = [patients[:DAYS], patients[DAYS : 2 * DAYS], patients[2 * DAYS : 3 * DAYS], patients[3 * DAYS :]]
    assert runs == [list(range(DAYS))] * 3 + [list(range(first, DAYS))]
    assert records[0].outcomes != records[1].outcomes
