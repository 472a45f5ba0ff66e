"""The calendar: one clock, and one order, for SimPy's events and those of patients."""

from __future__ import annotations

from collections.abc import Generator
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simpy.events import Event

from surgesim.model.clock.calendar import Calendar, Due

Log = list[tuple[float, str]]


class Watched(Calendar):
    """A calendar that notes what happens."""

    def __init__(self, initial_time: float = 0.0) -> None:
        super().__init__(initial_time)
        self.log: Log = []

    def note(self, due: Due) -> None:
        self.log.append((self.now, due[3]))

    def waits(self, days: float, name: str) -> Generator[Event, object, None]:
        yield self.timeout(days)
        self.log.append((self.now, name))


def test_events_of_one_instant_happen_in_the_order_in_which_they_were_put_there() -> None:
    env = Watched()
    env.process(env.waits(0.5, "process"))
    env.run_through(0)  # the process now waits
    env.after(0.5, env.note, "patient")
    env.process(env.waits(0.5, "later process"))
    env.run_through(1)
    assert env.log == [(0.5, "process"), (0.5, "patient"), (0.5, "later process")]


def test_a_patient_put_before_a_process_comes_before_it() -> None:
    env = Watched()
    env.run_through(0)
    env.after(2.5, env.note, "patient")
    env.process(env.waits(2.5, "process"))
    env.run_through(3)
    assert env.log == [(2.5, "patient"), (2.5, "process")]


def test_what_is_foreseen_comes_first_and_what_is_past_comes_now() -> None:
    env = Watched()
    env.run_through(2)
    env.after(0.25, env.note, "put")
    env.foresee([(2.25, 7, "seventh"), (2.25, 3, "third"), (1.0, 9, "past")], env.note)
    env.run_through(3)
    assert env.log == [(2.0, "past"), (2.25, "third"), (2.25, "seventh"), (2.25, "put")]


def test_what_is_foreseen_for_another_day_comes_first_too() -> None:
    env = Watched()
    env.after(2.25, env.note, "put")
    env.foresee([(2.25, 3, "third"), (2.25, 7, "seventh")], env.note)
    env.after(2.125, env.note, "before")
    env.run_through(3)
    assert env.log == [(2.125, "before"), (2.25, "third"), (2.25, "seventh"), (2.25, "put")]


def test_the_clock_never_goes_back() -> None:
    env = Watched()
    env.after(0.5, lambda _: env.foresee([(0.25, 0, "late word")], env.note), None)
    env.process(env.waits(0.5, "process"))
    env.run_through(1)
    assert env.log == [(0.5, "late word"), (0.5, "process")]


def test_an_instant_is_run_through_with_all_that_follows_at_once() -> None:
    env = Watched()
    env.after(1.0, lambda _: env.after(0.0, env.note, "at once"), None)
    env.after(1.0, env.note, "as planned")
    env.after(1.000001, env.note, "tomorrow")
    env.run_through(1)
    assert env.log == [(1.0, "as planned"), (1.0, "at once")]
    env.run_through(2)
    assert env.log[-1] == (1.000001, "tomorrow")


def test_what_is_due_at_an_instant_waits_while_the_clock_runs_until_then() -> None:
    env = Watched()
    env.after(1.0, env.note, "patient")
    env.process(env.waits(1.0, "process"))
    env.run_until(1.0)
    assert (env.log, env.now) == ([], 1.0)
    env.run_through(1.0)
    assert env.log == [(1.0, "patient"), (1.0, "process")]


def test_a_process_starts_from_the_time_of_the_patient_who_started_it() -> None:
    env = Watched()
    env.after(0.75, lambda _: env.process(env.waits(0.5, "process")), None)
    env.run_through(2)
    assert env.log == [(1.25, "process")]


def test_what_never_happens_is_not_kept() -> None:
    env = Watched()
    env.after(inf, env.note, "never")
    env.run_through(3)
    assert (env.log, env.now) == ([], 3)


def test_simpys_own_loop_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="run_until"):
        Watched().step()


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from(("patient", "process")), st.integers(0, 12)), max_size=30))
def test_order_is_that_of_time_then_of_putting(puts: list[tuple[str, int]]) -> None:
    """Quarter days over three days, so that many fall on one instant and on midnight."""
    env = Watched()
    env.run_through(0)
    for number, (kind, quarters) in enumerate(puts):
        if kind == "patient":
            env.after(quarters / 4, env.note, str(number))
        else:
            env.timeout(quarters / 4, str(number)).callbacks.append(
                lambda event: env.log.append((env.now, str(event.value)))
            )
    for day in range(1, 4):
        env.run_through(day)
    expected = sorted((quarters / 4, number) for number, (_, quarters) in enumerate(puts))
    assert env.log == [(time, str(number)) for time, number in expected]
