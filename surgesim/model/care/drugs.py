"""The factors on the risk of death of patients in beds while drugs have run out."""

from __future__ import annotations

from surgesim.model.care.patient import Patient


class LackOfDrugs:
    """The factors on P(death) due to drugs that have run out, and their course over time.

    Attributes
    ----------
    oxygen, icu
        The present factors, in oxygen beds and at admission to ICU.
    """

    def __init__(self) -> None:
        self.oxygen, self.icu = 1.0, 1.0
        self._sum = 0.0
        self._since = 0.0

    def set(self, oxygen: float, icu: float, now: float) -> None:
        """Set the factors that apply from now on."""
        self._sum, self._since = self.until(now), now
        self.oxygen, self.icu = oxygen, icu

    def until(self, now: float) -> float:
        """Return the integral until now of (factor in oxygen beds - 1), in days."""
        return self._sum + (self.oxygen - 1.0) * (now - self._since)

    def risk_of_stay(self, patient: Patient, days: float, now: float) -> float:
        """Return the mean factor over a stay of `days` days in an oxygen bed that ends now."""
        return 1.0 if days <= 0 else 1.0 + max(self.until(now) - patient.drugs_before, 0.0) / days
