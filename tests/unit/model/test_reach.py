"""Who is reached: late or in time, of which group, shown by hand and counted anew from the log."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import (
    Plain,
    arrivals,
    build,
    clinical,
    clock,
    deaths,
    district,
    facility,
    people,
    scenarios,
    severity,
    small,
    stays,
)

from surgesim.model.care.course.events import LogEntry
from surgesim.model.care.course.ledger import Ledger
from surgesim.model.care.network import Network
from surgesim.model.care.patient import Patient
from surgesim.model.command.reach import ReachCounts, members
from surgesim.model.record import Record, assessed_columns
from surgesim.model.simulation import Simulation
from surgesim.scenario.schema.base import AGE_GROUPS, RISK_GROUPS
from surgesim.scenario.schema.scenario import Scenario

TWO_TOWNS = people(districts={"town": district(50_000), "coast": district(50_000, travel_hours=12.0)})
DAY_0 = slice(0, 1)
WATCHED = {"reach": {"within_hours": 6.0}}


def waits_for_ever(**lengths: Any) -> Plain:
    nobody = deaths(0, 0, 0)
    return clinical(
        severity=severity(p_icu=0.0, death_oxygen=nobody, death_icu=nobody),
        stays=stays(**lengths),
        clocks={"oxygen": clock("never", "never"), "icu": clock("never", "never")},
    )


def from_districts(**counts: list[int]) -> Plain:
    series = {name: {"bed": "oxygen", "counts": by_day, "district": name} for name, by_day in counts.items()}
    return {"series": series, "counts_are": "exact"}


def run(scenario: Scenario, log: list[LogEntry] | None = None) -> Record:
    return Simulation(scenario, 3, 0, log=log).run()


def by_district(record: Record) -> list[list[int]]:
    """Patients, in time and deaths, by district."""
    return record.reached[:3].sum(axis=(2, 3)).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(("hours", "in_time"), [(11.9, 0), (12.0, 30), (13.0, 30)])
def test_the_way_to_a_bed_counts_and_a_way_as_long_as_allowed_is_in_time(hours: float, in_time: int) -> None:
    """A free bed for everybody, 12 hours from the coast."""
    scenario = build(
        small(
            4,
            people=TWO_TOWNS,
            arrivals=from_districts(town=[20], coast=[30]),
            clinical=waits_for_ever(),
            care={"facilities": {"alpha": facility(oxygen=100)}},
            command={"reach": {"within_hours": hours}},
        )
    )
    assert by_district(run(scenario))[:2] == [[20, 30], [20, in_time]]


def test_no_bed_hours_count_where_reach_gives_no_hours() -> None:
    sections = {"people": TWO_TOWNS, "arrivals": from_districts(coast=[30]), "clinical": waits_for_ever()}
    beds = {"facilities": {"alpha": facility(oxygen=100)}}
    for hours, in_time in ((6.0, 0), (12.0, 30)):
        scenario = build(small(4, **sections, care=beds | {"no_bed_hours": hours}))
        assert by_district(run(scenario))[1] == [0, in_time]


def test_who_waits_is_late_once_the_time_allowed_is_over() -> None:
    """No beds: at 24:00 of the first day those are late who came before 18:00, the day after all of them."""
    scenario = build(
        small(
            3,
            arrivals=arrivals("exact", oxygen=[1_000]),
            clinical=waits_for_ever(),
            care={"facilities": {"alpha": facility(oxygen=0)}},
            command=WATCHED,
        )
    )
    record = run(scenario)
    share = record.assessed[:, [c.name for c in assessed_columns(scenario.command)].index("in_time_7d_share")]
    assert share[0] == pytest.approx(0.25, abs=0.06)
    assert share[1:].tolist() == [0, 0]
    assert record.reached[:3].sum(axis=(1, 2, 3)).tolist() == [1_000, 0, 0]


def test_who_recovers_or_dies_without_a_bed_did_not_get_it_however_soon() -> None:
    gone = {"fixed": 0.01}
    course = waits_for_ever() | {"clocks": {"oxygen": clock(gone, gone), "icu": clock(gone, gone)}}
    for dying in (0.0, 1.0):
        course = course | {
            "severity": severity(p_icu=0.0, death_oxygen=deaths(0, dying, dying), death_icu=deaths(0, 0, 0))
        }
        scenario = build(
            small(
                2,
                arrivals=arrivals("exact", oxygen=[50]),
                clinical=course,
                care={"facilities": {"alpha": facility(oxygen=0)}},
            )
        )
        assert run(scenario).reached[:3].sum(axis=(1, 2, 3)).tolist() == [50, 0, 50 * dying]


def test_a_window_of_seven_days_forgets_and_the_run_does_not() -> None:
    """Ten patients find no bed on the first day; from the second on each finds one at once."""
    scenario = build(
        small(
            12,
            arrivals=arrivals("exact", oxygen=[10, *[5] * 11]),
            clinical=waits_for_ever() | {"clocks": {"oxygen": clock({"fixed": 0.3}, {"fixed": 0.3}),
                                                    "icu": clock("never", "never")}},
            care={"facilities": {"alpha": facility(oxygen=0), "bravo": facility(
                oxygen=500, covid_share=0.0, open_at_start=True)}},
            command={"reach": {"within_hours": 0.1}, "plan": {"convert": {
                "action": "convert_beds", "facilities": ["bravo"], "decision_days": 0.0,
                "when": {"on": "2024-01-02"}}}},
        )
    )  # fmt: skip
    record = run(scenario)
    share = record.assessed[:, [c.name for c in assessed_columns(scenario.command)].index("in_time_7d_share")]
    assert share[0] == 0
    assert share[1] == pytest.approx(5 / 15)
    assert share[6] == pytest.approx(30 / 40)
    assert share[7:].tolist() == [1] * 5
    assert record.reached[:3].sum(axis=(1, 2, 3))[:2].tolist() == [65, 55]


def test_groups_are_the_ages_and_risks_of_a_district() -> None:
    cells = np.arange(len(AGE_GROUPS) * len(RISK_GROUPS)).reshape(len(AGE_GROUPS), len(RISK_GROUPS))
    for age, name in enumerate(AGE_GROUPS):
        assert cells.ravel()[members(name)].tolist() == cells[age].tolist()
    for risk, name in enumerate(RISK_GROUPS):
        assert cells.ravel()[members(name)].tolist() == cells[:, risk].tolist()
    assert cells.ravel()[members(None)].tolist() == cells.ravel().tolist()


def late_by_the_log(log: list[LogEntry], end: float, days: float) -> tuple[set[int], set[int], set[int]]:
    """By the log: patients since t = 0, those of them who were late, those on the way at the end."""
    courses: dict[int, list[LogEntry]] = {}
    for entry in log:
        courses.setdefault(entry.patient, []).append(entry)
    patients = {
        who for who, course in courses.items() if course[0].what == "needs oxygen" and course[0].time > 0
    }
    late = {who for who in patients if _was_late(courses[who], end, days + 1e-9)}
    return patients, late, {who for who in patients if courses[who][-1].what == "departs"}


def _was_late(course: list[LogEntry], end: float, days: float) -> bool:
    need, unmet_since, waited = "oxygen", course[0].time, False
    for time, _, what, _ in course[1:]:
        if what == "needs ICU":
            unmet_since = time if unmet_since == np.inf else unmet_since
            need = "ICU"
        elif what.startswith(("waits", "boards")):
            waited = True
        elif what == f"in {need} bed":
            if time - unmet_since > days:
                return True
            unmet_since = np.inf
        elif what == "ready":
            need = "oxygen"
        elif what in ("dies", "recovers"):
            return unmet_since < np.inf
        elif what == "leaves the province":
            return time - unmet_since > days
    return waited and end - unmet_since > days


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(scenarios())
def test_the_late_are_those_whom_the_log_shows_to_be_late(scenario: Scenario) -> None:
    log: list[LogEntry] = []
    simulation = Simulation(scenario, 11, 0, log=log)
    ledger, missed = simulation.province.journey.ledger, set()
    miss = ledger.miss

    def noted(patient: Patient) -> None:
        missed.add(patient.index)
        miss(patient)

    ledger.miss = noted  # type: ignore[method-assign]
    record = simulation.run()
    patients, late, on_the_way = late_by_the_log(log, float(scenario.days), scenario.in_time_hours / 24)
    counted = record.reached[:3].sum(axis=(1, 2, 3))
    assert counted[0] == len(patients)
    assert counted[0] - counted[1] == len(missed & patients)
    # of who is on the way at the end the log does not tell to which type of bed
    assert (missed & patients) - on_the_way == late - on_the_way
    np.testing.assert_array_equal(record.reached[2].sum(), record.series("deaths").sum())
    np.testing.assert_array_equal(record.reached[0].sum(), record.series("new_oxygen_need").sum())


def test_a_threshold_of_a_group_is_held_against_that_group() -> None:
    everybody, watched = deaths(1, 1, 1), {"indicator": "deaths_per_million", "above": 0.0}
    scenario = build(
        small(
            5,
            people=TWO_TOWNS,
            arrivals=arrivals(oxygen=[400]),
            clinical=waits_for_ever() | {"severity": severity(death_oxygen=everybody, death_icu=everybody)},
            care={"facilities": {"alpha": facility(oxygen=1000)}},
            command={
                "thresholds": {
                    "all": watched,
                    "old": watched | {"group": "80+"},
                    "grown": watched | {"group": "40-49"},
                }
            },
        )
    )
    simulation = Simulation(scenario, 3, 0)
    record, people_ = simulation.run(), simulation.province.population.count
    dead = record.reached[2]
    assert record.values[-1] == pytest.approx(
        [
            1_000_000 * dead.sum() / people_.sum(),
            1_000_000 * dead[:, 8].sum() / people_[:, 8].sum(),
            1_000_000 * dead[:, 4].sum() / people_[:, 4].sum(),
        ]
    )
    assert record.values[-1, 0] > 0
    assert len(set(record.values[-1])) == 3


@pytest.mark.parametrize(("patients", "share"), [(9, 1.0), (10, 0.4)])
def test_of_a_few_patients_no_share_is_told(patients: int, share: float) -> None:
    network = Network(build(small(1, arrivals=arrivals(oxygen=[1]))))
    reach = ReachCounts(1, np.full((1, 9, 2), 100), Ledger(network))
    reach.needs[0, 0] = patients
    reach.late[0, 0] = 6
    reach.note(0)
    assert reach.by_group("in_time_7d_share", DAY_0, [None]) == pytest.approx([share])
    assert reach.by_district("in_time_7d_share", DAY_0)[0] == pytest.approx([share])


def test_every_group_counts_its_own_patients_dead_and_people() -> None:
    """Two districts; of each age and risk 100 live, 10 came, and as many were late as its number says."""
    ledger = Ledger(Network(build(small(1, people=TWO_TOWNS, arrivals=arrivals(oxygen=[1])))))
    reach = ReachCounts(1, np.full((2, 9, 2), 100), ledger)
    reach.begin(None)
    reach.needs[0] = 10
    reach.late[0] = [number % 10 for number in range(36)]
    ledger.dead[:] = array("q", range(36))
    reach.note(0)
    oldest, first = [16, 17], list(range(0, 18, 2))

    def both(cells: list[int]) -> list[int]:
        return cells + [18 + cell for cell in cells]

    for group, cells in (("80+", both(oldest)), (RISK_GROUPS[0], both(first)), (None, list(range(36)))):
        late = sum(cell % 10 for cell in cells)
        assert reach.by_group("in_time_7d_share", DAY_0, [group]) == [
            (10 * len(cells) - late) / (10 * len(cells))
        ]
        assert reach.by_group("deaths_per_million", DAY_0, [group]) == [sum(cells) * 10_000 / len(cells)]
    groups = ["80+", None]
    assert reach.by_group("deaths_per_million", DAY_0, groups) == [
        *reach.by_group("deaths_per_million", DAY_0, ["80+"]),
        *reach.by_group("deaths_per_million", DAY_0, [None]),
    ]
    assert reach.by_district("deaths_per_million", DAY_0)[0].tolist() == [
        sum(cells) * 10_000 / 18 for cells in (range(18), range(18, 36))
    ]
