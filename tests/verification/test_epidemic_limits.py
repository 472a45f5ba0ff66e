"""Limits of the epidemic whose answers are known: extinction, final size, early growth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from strategies import build, clinical, district, facility, people, severity, small, variant

from surgesim.model.record import Record
from surgesim.model.simulation import run_once
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

LARGE = 100_000_000  # people; chance moves a final size by about 1e-4 of itself
SEEDS = 10_000


def outbreak(days: int, r0: float, *, population: int = LARGE, **epidemic: Any) -> Scenario:
    """One district that mixes homogeneously; nobody falls ill enough for a bed."""
    spread = {"variant": variant(r0), "initial_infections": {"town": SEEDS}} | epidemic
    return build(
        small(
            days,
            people=people(districts={"town": district(population)}),
            clinical=clinical(severity=severity(p_oxygen=0.0)),
            epidemic=spread,
        )
    )


def test_below_r0_of_1_it_dies_out() -> None:
    run = run_once(outbreak(500, 0.8), 1, 0)
    assert run.series("infectious")[-1] == 0
    # Each seed starts a tree of 1 / (1 - R0) people, itself included; the variance of a tree is that of
    # the offspring of one, R0 + R0² / 2 for two stages (less, by a little, for steps), over (1 - R0)³.
    size = SEEDS + run.series("infections").sum()
    sd = (SEEDS * (0.8 + 0.8**2 / 2) / 0.2**3) ** 0.5
    assert abs(size - SEEDS / 0.2) < 4 * sd


def test_without_transmission_nobody_is_infected_but_outside() -> None:
    run = run_once(outbreak(100, 0.0, importation={"per_day": 20.0}), 1, 0)
    imported = run.series("imported").sum()
    assert abs(imported - 2_000) < 4 * 2_000**0.5
    assert run.series("infections").sum() == 0
    assert run.outcomes["infections"] == imported
    assert run.series("susceptible")[-1] == LARGE - SEEDS - imported


def final_size(r0: float, seeds: float) -> float:
    """Share infected z of a closed population in which a share `seeds` was infected from outside."""
    return brentq(lambda z: 1 - z - (1 - seeds) * np.exp(-r0 * z), 1e-3, 1.0)


def test_the_final_size_equation_gives_the_published_figures() -> None:
    published = {1.5: 0.58281, 2.0: 0.79681, 3.0: 0.94048}
    assert {r0: round(final_size(r0, 0.0), 5) for r0 in published} == published


@pytest.mark.parametrize("dt", [0.25, 1.0])
@pytest.mark.parametrize("r0", [1.5, 2.0, 3.0])
def test_final_size_is_that_of_theory_within_three_in_a_thousand_at_any_step(r0: float, dt: float) -> None:
    run = run_once(outbreak(500, r0, variant=variant(r0, latent_days=4.0), dt_days=dt), 1, 0)
    assert run.series("infectious")[-1] == 0
    infected = 1 - run.series("susceptible")[-1] / LARGE
    assert infected == pytest.approx(final_size(r0, 0.0), rel=0.003)
    assert infected == pytest.approx(final_size(r0, SEEDS / LARGE), rel=0.0005)


def test_final_size_is_the_same_however_the_population_is_cut_into_districts() -> None:
    cut = {f"d{i}": district(LARGE // 5, travel_hours=float(i)) for i in range(5)}
    scenario = outbreak(400, 2.0).to_plain() | {
        "people": people(districts=cut),
        "care": {"facilities": {"alpha": facility(district="d0")}},
    }
    scenario["epidemic"]["initial_infections"] = {"d0": SEEDS}
    run = run_once(build(scenario), 1, 0)
    infected = 1 - run.series("susceptible")[-1] / LARGE
    assert infected == pytest.approx(final_size(2.0, 0.0), rel=0.003)


def discrete_euler_lotka_root(r0: float, latent: float, infectious: float, dt: float) -> float:
    """Growth rate per day of a chain binomial with two stages each in E and I.

    Who is infected in step 0 spends K steps in E and L in I, each the sum of two geometric numbers
    of steps (1, 2, ...), and infects R0 dt / infectious people in each of the steps K + 1 .. K + L.
    With z = exp(-r dt) and G the generating function of two stages, the root solves
    1 = (R0 dt / infectious) G_E(z) z (1 - G_I(z)) / (1 - z).
    """

    def two_stages(mean: float) -> Callable[[float], float]:
        leave = 2 * dt / mean
        return lambda z: (leave * z / (1 - (1 - leave) * z)) ** 2

    def excess(r: float) -> float:
        z = np.exp(-r * dt)
        in_e, in_i = two_stages(latent)(z), two_stages(infectious)(z)
        return float(r0 * dt / infectious * in_e * z * (1 - in_i) / (1 - z) - 1)

    return float(brentq(excess, 1e-6, 5.0))


def growth_rate(run: Record, first: int, last: int) -> float:
    infectious = run.series("infectious")
    return float(np.log(infectious[last] / infectious[first]) / (last - first))


def test_early_growth_is_the_root_of_the_discrete_euler_lotka_equation() -> None:
    root = discrete_euler_lotka_root(5.0, 3.0, 4.0, 0.25)
    assert round(root, 3) == 0.337
    run = run_once(outbreak(20, 5.0, population=900_000_000), 1, 0)
    assert growth_rate(run, 10, 18) == pytest.approx(root, rel=0.005)


def test_early_growth_nears_that_of_continuous_time_as_the_step_shrinks() -> None:
    # (1 + r latent / 2)^-2 and the like: the root of the Erlang-2 equation in continuous time.
    def excess(r: float) -> float:
        in_e, in_i = (1 + 1.5 * r) ** -2, (1 + 2.0 * r) ** -2
        return 5.0 / 4.0 * in_e * (1 - in_i) / r - 1

    continuous = brentq(excess, 1e-6, 5.0)
    assert round(continuous, 3) == 0.351
    assert discrete_euler_lotka_root(5.0, 3.0, 4.0, 1e-4) == pytest.approx(continuous, rel=1e-3)
    run = run_once(outbreak(20, 5.0, population=900_000_000, dt_days=0.02), 1, 0)
    assert growth_rate(run, 10, 18) == pytest.approx(continuous, rel=0.01)
