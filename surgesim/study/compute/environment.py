"""The versions and machine that must match for results to be identical byte for byte."""

from __future__ import annotations

import contextlib
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from surgesim.version import __version__

PACKAGES = ("surgesim", "numpy", "scipy", "pandas", "pyarrow", "simpy", "matplotlib")

COMPUTING = ("surgesim", "numpy", "scipy", "simpy")
"""Packages whose versions must match on all workers that contribute to a table."""


def environment() -> dict[str, Any]:
    """Return versions, platform and processor, as stored in a manifest."""
    return {"versions": versions(), "platform": platform.platform(), "processor": _processor()}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that affect results."""
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
    """Return the number of cores available to this process."""
    from joblib import cpu_count

    return int(cpu_count())


def now() -> str:
    """Return the current UTC time, as stored in a manifest."""
    return datetime.now(UTC).isoformat(timespec="seconds")
