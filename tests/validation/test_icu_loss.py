"""An ICU without a queue under the arrivals planned for Bristol in 2020, against an independent simulator.

Wood, McWilliams, Thomas, Bourdeaux & Vasilakis 2020: Poisson arrivals uniform within each day, gamma
stays, who finds no bed dies that day with probability `pfat`. The reference agrees with the original.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from reference import needs_reference_data, rows
from strategies import (
    arrivals,
    build,
    clinical,
    clock,
    deaths,
    facility,
    gamma_of_shape,
    severity,
    small,
    stays,
)

from surgesim.model.simulation import Simulation
from surgesim.scenario.schema.scenario import Scenario

pytestmark = pytest.mark.slow

RUNS = 15
SYSTEMS = ("s1", "s2", "s8")
MEASURES = ("arrivals", "admitted", "died", "peak_daily_deaths", "bed_days")


def system(case: dict[str, str]) -> Scenario:
    """The loss system of a row of the reference as a scenario."""
    counts = [float(row[case["arrivals_column"]] or 0) for row in rows("icu_arrivals_bristol_2020.csv")]
    counts = counts[: max(day for day, count in enumerate(counts) if count > 0) + 1]
    shape, rate = float(case["gamma_shape"]), float(case["gamma_rate"])
    at_once = clock({"fixed": 0.0}, {"fixed": 0.0})
    return build(
        small(
            len(counts) + 90,  # every stay has ended
            arrivals=arrivals(icu=counts),
            clinical=clinical(
                severity=severity(death_icu=deaths(0.0, 0.0, float(case["pfat"]))),
                stays=stays(icu_survivor_days=gamma_of_shape(shape / rate, shape)),
                clocks={"oxygen": at_once, "icu": at_once},
                boarding=False,
                step_down=False,
            ),
            care={"facilities": {"alpha": facility(icu=int(case["capacity"]))}},
        )
    )


def one_run(scenario: Scenario, replication: int) -> dict[str, float]:
    log: list[Any] = []
    run = Simulation(scenario, 2020, replication, log=log).run()
    admitted = {entry.patient: entry.time for entry in log if entry.what == "in ICU bed"}
    left = {entry.patient: entry.time for entry in log if entry.what == "recovers" and entry.facility >= 0}
    assert admitted.keys() == left.keys()
    return {
        "arrivals": run.outcomes["icu_patients"],
        "admitted": len(admitted),
        "died": run.outcomes["deaths"],
        "peak_daily_deaths": float(run.series("deaths").max()),
        "bed_days": sum(left[patient] - admitted[patient] for patient in admitted),
    }


@cache
def all_runs(name: str) -> list[dict[str, float]]:
    case = next(row for row in rows("icu_loss_reference.csv") if row["scenario"] == name)
    scenario = system(case)
    return [one_run(scenario, replication) for replication in range(RUNS)]


@needs_reference_data
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", SYSTEMS)
def test_means_are_those_of_the_reference(name: str, measure: str) -> None:
    reference = next(
        row for row in rows("icu_loss_reference.csv") if (row["scenario"], row["metric"]) == (name, measure)
    )
    values = np.array([run[measure] for run in all_runs(name)])
    combined = float(np.hypot(values.std(ddof=1) / RUNS**0.5, float(reference["se"])))
    assert abs(values.mean() - float(reference["mean"])) < 3 * combined
    # and not only their means: the spread over runs is that of the reference
    assert 0.6 < values.std(ddof=1) / float(reference["sd"]) < 1.6


@needs_reference_data
def test_every_row_of_the_reference_is_tested() -> None:
    there = {(row["scenario"], row["metric"]) for row in rows("icu_loss_reference.csv")}
    assert there == {(name, measure) for name in SYSTEMS for measure in MEASURES}
