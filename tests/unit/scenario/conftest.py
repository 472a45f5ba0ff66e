"""Every message that the tests of errors and warnings meet is also checked in Vietnamese."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from vietnamese import no_english

CHECKED = {
    "test_loading_errors.py", "test_loading_files.py", "test_checks.py", "test_checks_capacity.py",
    "test_checks_epidemic.py", "test_findings.py", "test_levers.py", "test_today_files.py",
    "test_remarks_arrivals.py", "test_death_risk.py", "test_plausibility.py", "test_care_levers.py",
    "test_draws.py", "test_loading_yaml.py", "test_odd_files.py", "test_people_files.py",
    "test_boundaries.py",
}  # fmt: skip
"""The files whose messages must have no English."""


@pytest.fixture(autouse=True)
def _no_english(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with no_english(monkeypatch) if request.path.name in CHECKED else nullcontext():
        yield
