"""Compiles the modules below if SURGESIM_COMPILE is 1; all else about the package is in pyproject.toml.

Only wheels are compiled: source distributions and editable installs stay pure Python.
"""

import os
import sys

from setuptools import setup

COMPILED = [
    "surgesim/model/clock/calendar.py",
    "surgesim/model/care/beds.py",
    "surgesim/model/care/journey.py",
    "surgesim/model/care/oxygen.py",
    "surgesim/model/care/patient.py",
    "surgesim/model/care/course/ends.py",
    "surgesim/model/care/course/exchange.py",
    "surgesim/model/care/course/ledger.py",
    "surgesim/model/care/course/triage.py",
    "surgesim/model/care/course/waits.py",
]
"""The modules that handle events of patients; docs/decisions.md says why these."""

if os.environ.get("SURGESIM_COMPILE") != "1":
    setup()
elif "bdist_wheel" in sys.argv:
    from mypyc.build import mypycify

    setup(ext_modules=mypycify(["--config-file=mypyc.ini", *COMPILED], opt_level="1", debug_level="0"))
else:
    setup(setup_requires=["mypy>=1.13", "simpy>=4.1,<5"])
