"""The event log: the events that can happen to a patient, and the entry made for each."""

from __future__ import annotations

from typing import NamedTuple


class LogEntry(NamedTuple):
    """An entry of the event log: time, patient, event (a key of `EVENTS`), facility (-1: none)."""

    time: float
    patient: int
    what: str
    facility: int


EVENTS = {
    "needs oxygen": "falls ill enough to need an oxygen bed",
    "needs ICU": "gets worse and needs an ICU bed",
    "waits for oxygen": "finds no oxygen bed and waits without a bed",
    "waits for ICU": "finds no ICU bed and waits without a bed",
    "boards": "finds no ICU bed and waits in the oxygen bed",
    "departs": "sets out for a bed that is kept free",
    "in oxygen bed": "is admitted to an oxygen bed, also to board or to step down",
    "in ICU bed": "is admitted to an ICU bed",
    "without oxygen": "the facility's oxygen no longer reaches the patient",
    "oxygen again": "the facility's oxygen reaches the patient again",
    "ready": "no longer needs the ICU bed, only an oxygen bed",
    "swaps": "as a boarder, is given the ICU bed of a patient who is ready, in exchange for the oxygen bed",
    "goes home": "leaves the oxygen bed and goes home with an oxygen concentrator",
    "leaves the province": "is transferred to another province",
    "recovers": "recovers, in a bed or without one",
    "dies": "dies, in a bed or without one",
    "is replaced": "at the end of a warm-up, gives way to the patients of the initial census",
}
"""The events that can happen to a patient, with the meaning of each."""

LAST_EVENTS = ("leaves the province", "recovers", "dies", "is replaced")
"""The events that end a journey."""

NO_BED_EVENTS = ("waits for oxygen", "waits for ICU", "goes home", *LAST_EVENTS)
"""The events after which a patient neither has a bed nor is on the way to one."""
