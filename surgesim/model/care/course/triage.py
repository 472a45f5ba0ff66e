"""Triage: the order in which patients are given beds, and who is given no intensive care."""

from __future__ import annotations

from typing import NamedTuple

from surgesim.model.care.patient import Patient


class CareLimit(NamedTuple):
    """A limit on intensive care.

    Attributes
    ----------
    survival
        The least chance of survival with full care, from 0 to 1.
    before_age
        Index of the first age group without intensive care.
    """

    survival: float
    before_age: int

    def excludes(self, patient: Patient) -> bool:
        """Return True if a patient is beyond the limit."""
        return 1.0 - patient.p_full < self.survival or patient.age >= self.before_age


class Triage:
    """The scenario's order of the queues, and what rules have changed.

    Parameters
    ----------
    order
        ``severity``, ``age`` or ``survival``: `clinical.queue_order`.
    """

    def __init__(self, order: str) -> None:
        self._at_start = self._order = order
        self._orders: dict[str, str] = {}
        self._limits: dict[str, CareLimit] = {}

    def set_order(self, rule: str, order: str | None) -> None:
        """Let a rule set the order of the queues, or end it (None); the rule that began last decides."""
        self._orders.pop(rule, None)
        if order is not None:
            self._orders[rule] = order
        self._order = next(reversed(self._orders.values()), self._at_start)

    def set_limit(self, rule: str, limit: CareLimit | None) -> None:
        """Let a rule limit intensive care, or end its limit (None); all limits in force apply."""
        self._limits.pop(rule, None)
        if limit is not None:
            self._limits[rule] = limit

    def order(self, patient: Patient) -> float:
        """Return the patient's sort value within a triage class, which comes before waiting time."""
        if self._order == "age":
            return -float(patient.age)
        return patient.p_full if self._order == "survival" else 0.0

    def refuses(self, patient: Patient) -> bool:
        """Return True if a patient gets no intensive care."""
        return bool(self._limits) and any(limit.excludes(patient) for limit in self._limits.values())
