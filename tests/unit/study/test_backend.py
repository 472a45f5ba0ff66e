"""What `workers` and `out` mean where a study takes them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from surgesim.errors import SurgesimError
from surgesim.study.compute.backend import Backend
from surgesim.study.compute.environment import available_cores
from surgesim.study.compute.spread import spread
from surgesim.study.results import Output


def test_workers_are_a_number_or_a_backend() -> None:
    cluster = Backend(scheduler="tcp://192.168.1.10:8786")
    assert Backend.of(cluster) is cluster
    assert Backend.of(3) == Backend(workers=3)
    assert Backend.of(3).processes == 3
    assert Backend.of(None).processes == available_cores()


def test_a_backend_tells_who_listens() -> None:
    counts: list[tuple[int, int]] = []
    said: list[str] = []
    backend = Backend(progress=lambda *pair: counts.append(pair), tell=said.append)
    backend.report(1, 4)
    backend.say("a sentence")
    assert (counts, said) == ([(1, 4)], ["a sentence"])


def test_a_backend_to_which_nobody_listens_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    Backend().report(1, 4)
    Backend().say("a sentence")
    assert capfd.readouterr() == ("", "")


def test_out_is_a_folder_or_an_output() -> None:
    output = Output(Path("there"), {"command": "surgesim run"})
    assert Output.of(output) is output
    assert Output.of("there") == Output(Path("there"))
    assert Output.of(None) is None


def test_a_function_that_workers_cannot_import(monkeypatch: pytest.MonkeyPatch) -> None:
    ghost = ModuleType("ghost")
    exec("def work(task): return task", ghost.__dict__)
    monkeypatch.setitem(sys.modules, "ghost", ghost)
    with pytest.raises(
        SurgesimError, match=r"cannot load the functions that they are to call: expected functions"
    ):
        list(spread(ghost.work, [1, 2], workers=2))
