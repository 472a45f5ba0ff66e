"""What must be equal for results to be equal byte for byte: versions and the machine."""

from __future__ import annotations

import contextlib
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from surgesim.version import __version__

PACKAGES = ("surgesim", "numpy", "scipy", "pandas", "pyarrow", "simpy", "matplotlib")

COMPUTING = ("surgesim", "numpy", "scipy", "simpy")
"""Packages of which all that work on one table must have the same version."""


def environment() -> dict[str, Any]:
    """Versions, platform and processor, as a manifest has them."""
    return {"versions": versions(), "platform": platform.platform(), "processor": _processor()}


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that compute."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    found["surgesim"] = __version__
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def available_cores() -> int:
    """Cores this process may use."""
    from joblib import cpu_count

    return int(cpu_count())


def now() -> str:
    """The time, UTC, as a manifest has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
