"""Units of medical oxygen, defined once: flow in L/min at 15 °C and 1 atm, mass in kg.

A plant is rated in Nm³/h (0 °C, 1 atm) of gas at its purity; a cylinder holds 40 L at 150 bar.
"""

from __future__ import annotations

from surgesim.scenario.schema.capacity.oxygen import KG_PER_NM3

KG_PER_M3 = 1.354
"""Density of oxygen at 15 °C and 1 atm, at which 1 kg of oxygen fills 738 L."""

CYLINDER_M3 = 6.0
"""Oxygen in a 40 L cylinder at 150 bar, as m³ of gas at 15 °C and 1 atm."""

MINUTES_PER_DAY = 1440.0
HOURS_PER_DAY = 24.0

KG_PER_DAY_OF_LPM = KG_PER_M3 / 1000 * MINUTES_PER_DAY
"""Kilograms of oxygen per day at a flow of 1 L/min: 1.95."""


def kg_per_day(flow_lpm: float) -> float:
    """Convert a flow in L/min to a mass flow in kg per day."""
    return flow_lpm * KG_PER_DAY_OF_LPM


def plant_kg_per_day(nm3_per_hour: float, purity: float) -> float:
    """Return a plant's oxygen output, kg per day: rated output in Nm³/h times purity (0 to 1)."""
    return nm3_per_hour * HOURS_PER_DAY * KG_PER_NM3 * purity


def cylinders_kg(number: float) -> float:
    """Return the mass of oxygen in full 40 L cylinders, kg."""
    return number * CYLINDER_M3 * KG_PER_M3
