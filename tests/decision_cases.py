"""Small scenarios whose best decisions are known."""

from __future__ import annotations

from typing import Any

from strategies import (
    arrivals,
    build,
    clinical,
    clock,
    deaths,
    facility,
    gamma,
    icu_queue,
    severity,
    small,
    stays,
)

from surgesim.scenario.schema.scenario import Scenario

DAY = 1 / 50
"""A day of queueing theory in days of a run, as in tests/verification/test_queueing_theory.py."""


def loss_queue(beds: int, *, per_day: float = 2.0, stay: float = 3.0, days: int = 2_000) -> Scenario:
    """Return M/G/c/c: `per_day` patients a day of the theory, who leave if no ICU bed is free."""
    stays_ = gamma(stay * DAY, stay * DAY)
    return build(icu_queue(round(days * DAY), per_day / DAY, beds, stays_, {"fixed": 0.0}))


def two_loss_queues(icu: int, oxygen: int, *, days: int) -> Scenario:
    """Return two M/G/c/c side by side: ICU beds at a load of 6, and oxygen beds at a load of 4.

    Of each, two patients a day of the theory arrive, who leave if no bed of their kind is free.
    """
    run_days, lost = round(days * DAY), clock({"fixed": 0.0}, "never")
    never_dies = deaths(0.0, 1.0, 1.0)
    daily = [2.0 / DAY] * run_days
    return build(
        small(
            run_days,
            arrivals=arrivals(icu=daily, oxygen=daily),
            clinical=clinical(
                severity=severity(p_icu=0.0, death_oxygen=never_dies, death_icu=never_dies),
                stays=stays(icu_survivor_days=gamma(3 * DAY, 3 * DAY), oxygen_days=gamma(2 * DAY, 2 * DAY)),
                clocks={"oxygen": lost, "icu": lost},
                boarding=False,
                step_down=False,
            ),
            care={"facilities": {"alpha": facility(icu=icu, oxygen=oxygen)}},
        )
    )


def risky_queue(beds: int = 1, *, days: int = 40, per_day: float = 1.0, **changes: Any) -> Scenario:
    """Return a small queue with a threshold that is breached when patients lack a bed."""
    threshold = {"indicator": "patients_without_bed", "above": 0}
    plain = icu_queue(days, per_day, beds, gamma(3.0, 3.0), "never", **changes)
    return build(plain | {"command": {"thresholds": {"without-bed": threshold}}})


def two_together(**changes: Any) -> Scenario:
    """Return a scenario in which ICU beds and ICU nurses, for two patients each, help only together."""
    alpha = facility(icu=2, oxygen=60) | {"staff": {"doctors": 20, "ward_nurses": 40, "icu_nurses": 3}}
    plain = small(
        30,
        arrivals=arrivals(icu=[1.0] * 30),
        clinical=clinical(
            severity=severity(death_icu=deaths(0.1, 0.1, 0.9)),
            stays=stays(icu_survivor_days=gamma(6.0, 3.0), icu_dying_days=gamma(6.0, 3.0)),
            clocks={"oxygen": clock("never", "never"), "icu": clock({"fixed": 1.0}, {"fixed": 10.0})},
            boarding=False,
            step_down=False,
        ),
        care={"facilities": {"alpha": alpha}},
    )
    return build(plain | changes)


def known_wave(lead_days: float = 5.0) -> Scenario:
    """Return a wave of one ICU patient a day from day 20: the two open beds are full on day 22.

    Each stays for 5 days. The rule `site` opens ten more beds, `lead_days` after its order.
    """
    sites = {"alpha": facility(icu=2), "bravo": facility(icu=10, open_at_start=False)}
    rule = {
        "action": "open_facility",
        "facilities": ["bravo"],
        "when": {"on": "2024-01-02"},
        "decision_days": 0,
        "lead_days": lead_days,
    }
    threshold = {"indicator": "patients_without_bed", "above": 0}
    stay = {"fixed": 5.0}
    return build(
        small(
            32,
            arrivals=arrivals("exact", icu=[0] * 20 + [1] * 12),
            clinical=clinical(
                stays=stays(icu_survivor_days=stay, icu_dying_days=stay),
                clocks={"oxygen": clock("never", "never"), "icu": clock("never", "never")},
                boarding=False,
                step_down=False,
            ),
            care={"facilities": sites},
            command={"plan": {"site": rule}, "thresholds": {"without-bed": threshold}},
        )
    )
