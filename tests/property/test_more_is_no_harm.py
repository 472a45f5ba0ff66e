"""More of what helps raises no untreated need: doses, tests, nurses, beds, oxygen, days of lead time.

In one facility with ample oxygen nothing that is added can take something from somebody else. Each lever is
run paired with the same scenario without it. A rise beyond the paired interval is run again with another
seed and more replications: an interval of 95 % is passed by chance now and then, and hardly twice.
Where oxygen is short this need not hold: more ICU patients then take the oxygen of more ward patients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats
from strategies import Plain, build, clinical, district, facility, people, severity, small, variant

from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.compute.replicate import replicate

pytestmark = pytest.mark.slow

Floats = np.ndarray[Any, np.dtype[np.float64]]
Lever = Callable[[Plain], None]

UNTREATED = ("deaths_untreated", "waiting_days")
NEED: Plain = {"indicator": "oxygen_need_7d_per_100k", "above": 20.0}
LATE: Plain = {"decision_days": 1.0, "lead_days": 8.0}


def town(number: int) -> Plain:
    """A town that a wave overwhelms; `number` chooses among what can differ."""
    rng = np.random.default_rng(number)

    def one_of(*choices: Any) -> Any:
        return choices[rng.integers(len(choices))]

    protection = one_of(
        {"infection": 0.6, "severe": 0.8}, {"infection": 0.1, "severe": 0.1}, {"infection": 0.5}
    )
    site = facility(oxygen=one_of(10, 25), icu=one_of(2, 5), basic=20, covid_share=one_of(0.5, 1.0))
    return small(
        45,
        people=people(districts={"town": district(10_000)}, high_risk=0.2),
        epidemic={
            "variant": variant(one_of(3.0, 4.0)),
            "dt_days": 0.5,
            "initial_infections": {"town": one_of(40, 150)},
            "immunity": {
                "waned_share": one_of(0.3, 0.8),
                "waned": {"infection": 0.2, "severe": one_of(0.3, 0.6)},
                "vaccinated": protection,
            },
            "vaccination": {
                "doses_per_day": one_of(0.0, 150.0),
                "start": "2024-01-01",
                "days_to_delivery": 3,
                "days_to_effect": one_of(0, 7),
                "groups": {"old": {"from_age": 50}, "others": {}},
            },
            "detection": {
                "share": 0.4,
                "delay_days": {"fixed": 1.0},
                "tests": {"single_per_day": one_of(20.0, 80.0)},
            },
            "isolation": {"cases_compliance": 0.6},
        },
        clinical=clinical(
            severity=severity(p_oxygen=0.06, p_icu=0.25, high_risk_ratio=3.0),
            boarding=one_of(True, False),
            queue_order=one_of("severity", "age", "survival"),
            respiratory={"icu_beds": {"invasive": 1.0}},
            home_care={"teams": one_of(0, 5), "packages": 1000.0, "packages_per_day": 50.0},
        ),
        care={
            "facilities": {
                "alpha": site
                | {
                    "staff": {
                        "doctors": one_of(10, 30),
                        "ward_nurses": one_of(30, 60),
                        "icu_nurses": one_of(10, 25),
                    },
                    "ventilators": one_of(1, 3),
                    "oxygen": {"tank_kg": 1e6, "delivery": {"size_kg": 1e5, "interval_days": 2.0}},
                }
            }
        },
        command={
            "plan": {
                "wards": {"action": "convert_beds", "when": NEED} | LATE,
                "staff": {"action": "reinforce_staff", "doctors": 10, "ward_nurses": 30, "icu_nurses": 10}
                | {"when": NEED}
                | LATE,
                "vaccine": {"action": "vaccinate", "doses_per_day": 200, "when": {"on": "2024-01-03"}} | LATE,
                "laboratories": {
                    "action": "raise_testing",
                    "single_per_day": 100,
                    "when": {"on": "2024-01-15"},
                }
                | LATE,
            }
        },
    )


def raised(path: str, by: float) -> Lever:
    """A lever that adds to the value at a dotted path."""

    def apply(plain: Plain) -> None:
        *above, last = path.split(".")
        node: Any = plain
        for key in above:
            node = node[key]
        node[last] += by

    return apply


def both(*levers: Lever) -> Lever:
    """Several levers as one."""

    def apply(plain: Plain) -> None:
        for lever in levers:
            lever(plain)

    return apply


SITE = "care.facilities.alpha"
LEVERS: dict[str, Lever] = {
    "doses": raised("epidemic.vaccination.doses_per_day", 300.0),
    "tests": raised("epidemic.detection.tests.single_per_day", 200.0),
    "doctors": raised(f"{SITE}.staff.doctors", 20),
    "ward nurses": raised(f"{SITE}.staff.ward_nurses", 40),
    "ICU nurses": raised(f"{SITE}.staff.icu_nurses", 20),
    "basic beds and kilograms": both(raised(f"{SITE}.beds.basic", 50), raised(f"{SITE}.oxygen.tank_kg", 1e5)),
    "oxygen beds": raised(f"{SITE}.beds.oxygen", 30),
    "ICU beds": raised(f"{SITE}.beds.icu", 6),
    "ventilators": raised(f"{SITE}.ventilators", 10),
    **{
        f"days of lead time of {rule}": raised(f"command.plan.{rule}.lead_days", -5.0)
        for rule in ("wards", "staff", "vaccine", "laboratories")
    },
}


def untreated(plains: dict[str, Plain], seed: int, replications: int) -> dict[str, Floats]:
    """``(replications, 2)`` of each, which share the days of the epidemic that are the same."""
    runs = list(replicate({name: build(plain) for name, plain in plains.items()}, seed, replications))
    return {
        name: np.array([[run[name].outcomes[outcome] for outcome in UNTREATED] for run in runs])
        for name in plains
    }


def rises(difference: Floats, confidence: float) -> bool:
    """Whether the paired interval of the mean of any outcome lies above 0."""
    n = len(difference)
    half = stats.t.ppf(0.5 + confidence / 2, n - 1) * difference.std(axis=0, ddof=1) / n**0.5
    return bool((difference.mean(axis=0) - half > 1e-9).any())


def test_more_of_what_helps_raises_no_untreated_need() -> None:
    changed = set()
    for number in range(3):
        plains = {BASELINE: town(number)} | {name: town(number) for name in LEVERS}
        for name, lever in LEVERS.items():
            lever(plains[name])
        found = untreated(plains, 1, 4)
        assert found[BASELINE].min(axis=1).max() > 0  # else nothing could be seen
        changed |= {name for name in LEVERS if (found[name] != found[BASELINE]).any()}
        risen = [name for name in LEVERS if rises(found[name] - found[BASELINE], 0.95)]
        if risen:
            again = untreated({name: plains[name] for name in (BASELINE, *risen)}, 2, 24)
            differences = {name: again[name] - again[BASELINE] for name in risen}
            assert {name: d.mean(axis=0) for name, d in differences.items() if rises(d, 0.99)} == {}
    assert set(LEVERS) - changed == IDLE


IDLE = {"basic beds and kilograms"}
"""Nobody here lacks them: more of them must change nothing."""
