"""People aged 65 and over as the high-risk group: split as in five-year tables, and first in line."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from shipped import FOLDER

import surgesim
from surgesim.model.epidemic.people import populate
from surgesim.model.simulation import Simulation
from surgesim.scenario.door import certain
from surgesim.scenario.schema.scenario import Scenario

ROOT = Path(__file__).parents[3]
WORLD_POPULATION = {"60-64": 4330.954, "65-69": 3011.733}
SQUIRE = {"60-64": 0.05033, "65-69": 0.07078}
LOW, HIGH = 0, 1
SIXTIES = 6


@pytest.fixture(scope="module")
def ha_nam() -> Scenario:
    """The example of docs/provinces.md."""
    page = (ROOT / "docs" / "provinces.md").read_text(encoding="utf-8")
    (text,) = re.findall(
        r"^```yaml\n(extends: ha-nam.yaml\nname: ha-nam-65\n.*?)^```", page, flags=re.MULTILINE | re.DOTALL
    )
    return surgesim.loads(text.replace("ha-nam.yaml", str(FOLDER / "ha-nam.yaml")))


def test_the_sixties_are_split_as_in_the_five_year_tables(ha_nam: Scenario) -> None:
    simulation = Simulation(certain(ha_nam), 1, 0)
    people = populate(ha_nam.people).count.sum(axis=0)
    share = WORLD_POPULATION["65-69"] / sum(WORLD_POPULATION.values())
    assert people[SIXTIES, HIGH] / people[SIXTIES].sum() == pytest.approx(share, abs=0.001)
    assert not people[:SIXTIES, HIGH].any()
    assert not people[SIXTIES + 1 :, LOW].any()
    risk = simulation.province.patients.p_oxygen_by_risk
    assert risk[SIXTIES] == pytest.approx([SQUIRE["60-64"], SQUIRE["65-69"]], rel=0.005)
    by_age = np.array(ha_nam.clinical.severity.p_oxygen)
    assert risk[SIXTIES + 1 :, HIGH] == pytest.approx(by_age[SIXTIES + 1 :])
    assert risk[:SIXTIES, LOW] == pytest.approx(by_age[:SIXTIES])


def test_the_first_doses_go_to_them(ha_nam: Scenario) -> None:
    plain = surgesim.overlaid(certain(ha_nam).alternative("vaccination"), {"days": 12})
    simulation = Simulation(plain, 1, 0)
    simulation.run()
    vaccination = simulation.province.vaccination
    assert vaccination is not None
    given = vaccination.doses.sum(axis=0)
    assert given[:, HIGH].sum() > 10_000
    assert not given[:, LOW].any()
