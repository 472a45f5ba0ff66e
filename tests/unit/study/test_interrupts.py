"""Ctrl-C while tasks are computed."""

from __future__ import annotations

import contextlib
import signal
from threading import Thread

import pytest

from surgesim.study.compute.spread import spread


def swallow(number: int) -> int:
    """Press Ctrl-C on the third task, where compiled code loses the exception."""
    if number == 2:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    return number


@pytest.mark.parametrize("ordered", [False, True])
def test_an_interrupt_that_compiled_code_loses_still_ends_the_run(ordered: bool) -> None:
    results = []
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores Ctrl-C
    try:
        with pytest.raises(KeyboardInterrupt):
            results.extend(result for _, result in spread(swallow, range(5), ordered=ordered))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, usual)


def test_the_handler_of_a_host_program_stays() -> None:
    pressed = []
    usual = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        results = [result for _, result in spread(swallow, range(5))]
    finally:
        signal.signal(signal.SIGINT, usual)
    assert results == [0, 1, 2, 3, 4]
    assert pressed == [signal.SIGINT]


def test_tasks_are_computed_in_another_thread_too() -> None:
    results: list[int] = []
    thread = Thread(target=lambda: results.extend(result for _, result in spread(abs, [-1, -2])))
    thread.start()
    thread.join()
    assert results == [1, 2]
