"""Units of oxygen against figures worked out by hand and published planning figures."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from surgesim.model.care import gas
from surgesim.scenario.schema.capacity.oxygen import Delivery, Flow, OxygenSource

AUGUST_2021 = {"mask": 4157, "high_flow": 1247, "non_invasive": 105, "invasive": 916, "ecmo": 24}
"""Patients on oxygen in Viet Nam on 30-31 August 2021 by support (Ministry of Health)."""


def litres_of_gas(kg: float) -> float:
    """Gas at 15 °C and 1 atm of a mass of oxygen, L."""
    return kg / gas.KG_PER_M3 * 1000


@pytest.mark.parametrize(
    ("lpm", "kg"), [(1, 1.95), (5, 9.7), (10, 19.5), (15, 29.2), (30, 58.5), (40, 78), (60, 117)]
)
def test_kilograms_a_day_of_a_flow(lpm: float, kg: float) -> None:
    places = 2 if lpm == 1 else 1
    assert gas.kg_per_day(lpm) == pytest.approx(kg, abs=0.5 * 10**-places)


def test_litres_a_day_agree_with_the_flow() -> None:
    """10 L/min are 14,400 L a day, as WHO plans for a severe patient."""
    assert litres_of_gas(gas.kg_per_day(10)) == pytest.approx(14_400, rel=1e-12)


def test_a_kilogram_is_738_litres_of_gas() -> None:
    assert int(litres_of_gas(1)) == 738


def test_a_cylinder_holds_six_cubic_metres() -> None:
    assert gas.cylinders_kg(1) == pytest.approx(8.1, abs=0.05)
    assert litres_of_gas(gas.cylinders_kg(10)) == pytest.approx(60_000, rel=1e-12)


def test_a_plant_is_rated_at_zero_degrees_and_its_purity() -> None:
    assert gas.plant_kg_per_day(1, 1.0) == pytest.approx(34.296, rel=1e-12)  # 24 h x 1.429 kg
    assert gas.plant_kg_per_day(50, 0.93) == pytest.approx(1594.764, rel=1e-12)


def test_patients_a_plant_serves() -> None:
    """Plants of 10 to 50 Nm³/h are said to serve 17 to 85 patients at 10 L/min (1 Nm³ taken as 1 m³).

    Mass is what is the same at both temperatures: 1 Nm³ of pure oxygen is 1.055 m³ at 15 °C.
    """
    served = gas.plant_kg_per_day(10, 1.0) / gas.kg_per_day(10)
    assert served == pytest.approx(10_000 / 60 / 10 * 1.429 / 1.354, rel=1e-12)
    assert 17 < served < 18


def test_demand_of_august_2021_at_the_oxygen_threshold_of_kien_giang() -> None:
    """32 per 100,000 of 1,723,067 are 551 patients: with the mix of August 2021, 24.6 t a day."""
    flow = Flow()
    lpm = {
        "mask": flow.mask_lpm,
        "high_flow": flow.high_flow_lpm,
        "non_invasive": flow.non_invasive_lpm,
        "invasive": flow.invasive_lpm,
        "ecmo": flow.invasive_lpm,
    }
    assert lpm == {"mask": 10, "high_flow": 60, "non_invasive": 30, "invasive": 30, "ecmo": 30}
    total = sum(number * lpm[support] for support, number in AUGUST_2021.items())
    mean = total / sum(AUGUST_2021.values())
    assert mean == pytest.approx(22.9, abs=0.05)
    assert gas.kg_per_day(mean) == pytest.approx(44.7, abs=0.05)
    patients = int(32 * 1_723_067 / 100_000)
    assert patients == 551
    assert patients * gas.kg_per_day(mean) / 1000 == pytest.approx(24.6, abs=0.05)
    m3 = litres_of_gas(patients * gas.kg_per_day(mean)) / 1000
    assert m3 == pytest.approx(18_170, abs=10)


def test_the_scenario_knows_the_same_cylinder() -> None:
    """The room for a delivery is checked in kilograms before any model is built."""
    size = gas.cylinders_kg(100)
    OxygenSource(cylinders=100, delivery=Delivery(size_kg=size, interval_days=1.0))
    with pytest.raises(ValidationError, match="expected at most what the tank and cylinders hold"):
        OxygenSource(cylinders=100, delivery=Delivery(size_kg=size + 0.01, interval_days=1.0))
