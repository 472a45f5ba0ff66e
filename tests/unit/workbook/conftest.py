"""Every message that the tests of what imports refuse meet is also checked in Vietnamese."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from vietnamese import no_english


@pytest.fixture(autouse=True)
def _no_english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with no_english(monkeypatch):
        yield
