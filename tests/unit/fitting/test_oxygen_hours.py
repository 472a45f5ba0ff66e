"""Hours until the oxygen on site is used up: by hand, and in a forecast."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from fit_cases import PRIORS, town_today

import surgesim
from surgesim.fitting.oxygen import MOST_HOURS, hours_to_empty


@pytest.mark.parametrize(
    ("stock", "delivered", "hours"),
    [
        ([800, 700, 600, 500, 400, 300, 200], [0] * 7, 48),  # 100 a day are taken
        ([800, 700, 600, 500, 400, 300, 200], [0, 0, 0, 0, 0, 0, 140], 24 * 200 / 220),  # 240 - 20 a day
        ([800, 700, 600, 500, 400, 300, 1000], [0, 0, 0, 0, 0, 0, 800], MOST_HOURS),  # 100 - 800 / 7 < 0
        ([500] * 7, [50] * 7, MOST_HOURS),  # deliveries keep up
        ([100, 0, 0, 0, 0, 0, 0], [0] * 7, 0),  # empty, nothing left to take
        ([100] * 6 + [99.999], [0] * 7, MOST_HOURS),  # lasts for more than a year
    ],
)
def test_the_stock_lasts(stock: list[float], delivered: list[float], hours: float) -> None:
    found = hours_to_empty(np.array([stock], float), np.array([delivered], float))
    assert found == pytest.approx([hours])


def test_places_and_the_balance_of_a_stock_without_deliveries(tmp_path: Path) -> None:
    tank = {"tank_kg": 50_000, "tank_start_share": 1, "loss_share": 0}
    scenario = town_today().overlaid({"care": {"facilities": {"hospital": {"oxygen": tank}}}})
    fit = surgesim.fit(scenario, members=10, rounds=1, replicates=5, priors=PRIORS, defaults=False, workers=1)
    done = surgesim.forecast(
        scenario, 1, fit=fit, replications=4, only=["baseline"], workers=1, out=tmp_path / "out"
    )
    table = done.oxygen
    assert list(table.columns) == [
        "horizon",
        "target_end_date",
        "kind",
        "place",
        "output_type_id",
        "value",
    ]
    places = table[["kind", "place"]].drop_duplicates().itertuples(index=False, name=None)
    assert list(places) == [("province", "province"), ("district", "town"), ("facility", "hospital")]
    values = [table[table["kind"] == kind]["value"].tolist() for kind in ("province", "district", "facility")]
    assert values[0] == values[1] == values[2]
    assert all(earlier <= later for earlier, later in pairwise(values[0]))
    days = done.results.series("oxygen_used_kg").pivot_table(
        index="replication", columns="day", values="oxygen_used_kg"
    )
    hours = sorted(24 * (50_000 - days.sum(axis=1)) / days[6])
    median = table[(table["kind"] == "facility") & (table["output_type_id"] == 0.5)]["value"]
    assert median.tolist() == pytest.approx([hours[1]])
