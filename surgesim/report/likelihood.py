"""Words for probabilities, on a defined scale. A word is used only if the whole interval is in its range."""

from __future__ import annotations

from typing import Final, NamedTuple


class Step(NamedTuple):
    """A word of the scale, with its range of probabilities, both ends included."""

    name: str
    low: float
    high: float

    @property
    def key(self) -> str:
        """The word's key in the catalogues."""
        return f"likelihood.{self.name}"


SCALE: Final = (
    Step("certain", 0.99, 1.0),
    Step("very_likely", 0.90, 1.0),
    Step("likely", 0.66, 1.0),
    Step("more_likely", 0.5, 1.0),
    Step("even", 0.33, 0.66),
    Step("unlikely", 0.0, 0.33),
    Step("very_unlikely", 0.0, 0.10),
    Step("exceptional", 0.0, 0.01),
)
"""The scale of the IPCC (Mastrandrea et al. 2010, guidance note on uncertainties, table 1)."""

OPEN: Final = "likelihood.open"
"""Key of the phrase used if no word's range contains the interval."""


def likelihood(low: float, high: float) -> str:
    """Return the key of the word with the narrowest range that contains a probability's interval.

    Examples
    --------
    >>> likelihood(0.93, 1.0), likelihood(0.84, 1.0), likelihood(0.3, 0.9)
    ('likelihood.very_likely', 'likelihood.likely', 'likelihood.open')
    """
    fits = [step for step in SCALE if step.low <= low and high <= step.high]
    return min(fits, key=lambda step: step.high - step.low).key if fits else OPEN
