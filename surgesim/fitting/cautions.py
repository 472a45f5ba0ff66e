"""Warnings about a fit: data outside the prior, a collapsed ensemble, members whose epidemic died out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from surgesim.errors import FitError, Problem
from surgesim.fitting.observations import Observation, last_of_each, values_of
from surgesim.scenario.schema.base import join_words

Floats = NDArray[np.float64]

NO_INFORMATION: Final = 0.9
"""Ratio of posterior to prior width at or above which the data say nothing about an unknown."""

COLLAPSE: Final = 0.03
"""Ratio of posterior to prior width below which an ensemble has collapsed."""

MEMBERS_PER_UNKNOWN: Final = 8
OUTSIDE_SHARE: Final = 0.25
EXTINCT_SHARE: Final = 0.2
LEAST_SURVIVORS: Final = 0.1
MOST_MISFIT: Final = 3.0
"""Maximum mean squared distance between data and fit, in units of the variance of fit and observations."""

_SENTENCES: Final = {
    "few_members": (
        "{members} members are few for {unknowns} unknowns, so bands may be too narrow: use at least {least}"
    ),
    "refusal": (
        "the scenario refuses the values of {refused} of {runs} runs of round {round}, which were replaced "
        "by others; the first: {why}"
    ),
    "extinctions": (
        "the epidemic dies out in {gone} of {members} members of round {round}, which were replaced by others"
    ),
    "outside_prior": "{series}: {count} of {all} values lie outside the range of the prior's members",
    "collapse": (
        "the ensemble has collapsed in {names}: less than {share} of the prior's width is left, which the "
        "data cannot explain; use more members or more noise"
    ),
    "no_information": "the data say nothing about {names}: the posterior is about as wide as the prior",
    "misfit": "{series}: the fit misses these data, so its bands are too narrow or the model is wrong",
    "other": "{sentence}",
}
"""The English sentence of each kind of caution; the catalogues of reports have it in all languages."""


class Caution(str):
    """A warning about a fit: a sentence, and what other languages need to say the same.

    Attributes
    ----------
    kind
        A key of the sentences: what is wrong.
    fields
        Numbers and names in the sentence: `series` and `area` (empty for the province) name the data,
        `names` the unknowns, and `share` is a share of 1.
    """

    __slots__ = ("fields", "kind")

    kind: str
    fields: Mapping[str, Any]

    def __new__(cls, kind: str, **fields: Any) -> Self:
        words = dict(fields)
        if "series" in fields:
            area = fields["area"]
            words["series"] = f"{fields['series']} of {area}" if area else fields["series"]
        if "names" in fields:
            words["names"] = join_words(fields["names"])
        if "share" in fields:
            words["share"] = f"{fields['share']:.0%}"
        self = super().__new__(cls, _SENTENCES[kind].format(**words))
        self.kind, self.fields = kind, fields
        return self

    @property
    def plain(self) -> dict[str, Any]:
        """The kind and the fields, in the form that manifests store: ``Caution(**caution.plain)``."""
        return {"kind": self.kind, **self.fields}


def of_manifest(manifest: Mapping[str, Any]) -> tuple[Caution, ...]:
    """Return the cautions in the manifest of a fit, or the sentences alone if it has no more.

    Raises
    ------
    ValueError
        If they are not of a known form.
    """
    stored = manifest.get("cautions", [{"kind": "other", "sentence": text} for text in manifest["warnings"]])
    try:
        return tuple(Caution(**plain) for plain in stored)
    except (KeyError, TypeError) as error:
        raise ValueError(f"got unknown warnings in the manifest: {error!r}") from error


def few_members(members: int, unknowns: int) -> Iterator[Caution]:
    """Warn if the ensemble has few members for its number of unknowns."""
    least = MEMBERS_PER_UNKNOWN * unknowns
    if members < least:
        yield Caution("few_members", members=members, unknowns=unknowns, least=least)


def extinct(targets: Sequence[Observation], predictions: Floats) -> NDArray[np.bool_]:
    """Return True for each member whose epidemic died out: all its series end at 0, unlike the data."""
    at = last_of_each(targets)
    if not at:
        return np.zeros(len(predictions), bool)
    gone: NDArray[np.bool_] = (predictions[:, at] == 0).all(axis=1)
    return gone


def check_survivors(gone: NDArray[np.bool_], refused: NDArray[np.bool_]) -> None:
    """Raise FitError if nearly all members died out or are refused."""
    if (~(gone | refused)).sum() >= max(2, LEAST_SURVIVORS * len(gone)):
        return
    if refused.sum() > gone.sum():
        message = (
            f"the scenario refuses the values of {refused.sum()} of {len(refused)} members: "
            "expected narrower priors"
        )
    else:
        message = (
            f"the epidemic dies out in {gone.sum()} of {len(gone)} members, but goes on in the data: "
            "expected priors with more infections at the start or a higher r0"
        )
    raise FitError([Problem("", message)])


def refusal(refused: NDArray[np.bool_], round_: int, why: str) -> Caution:
    """Say that the scenario refused the values of some runs of a round, and why the first."""
    return Caution("refusal", refused=int(refused.sum()), runs=len(refused), round=round_, why=why)


def extinctions(gone: NDArray[np.bool_], round_: int) -> Iterator[Caution]:
    """Warn if the epidemic died out in many members of a round."""
    if gone.mean() > EXTINCT_SHARE:
        yield Caution("extinctions", gone=int(gone.sum()), members=len(gone), round=round_)


def outside_prior(targets: Sequence[Observation], predictions: Floats, margin: Floats) -> Iterator[Caution]:
    """Warn of series that lie partly outside the range of the prior's members.

    `margin` is the standard deviation of the observations, on the scale of log(1 + x).

    Raises
    ------
    FitError
        If the prior excludes every value of a series.
    """
    data, simulations = np.log1p(values_of(targets)), np.log1p(predictions)
    outside = (data < simulations.min(axis=0) - 2 * margin) | (data > simulations.max(axis=0) + 2 * margin)
    above = data > np.median(simulations, axis=0)
    excluded = []
    for name, area in dict.fromkeys((each.name, each.area) for each in targets):
        of = np.array([(each.name, each.area) == (name, area) for each in targets])
        title = f"{name} of {area}" if area else name
        count, weeks = int(outside[of].sum()), int(of.sum())
        if count == weeks:
            side = "above" if above[of].mean() > 0.5 else "below"
            message = f"the priors exclude these data: all {weeks} values lie {side} those of every member"
            excluded.append(Problem(title, f"{message}, expected wider priors"))
        elif count > OUTSIDE_SHARE * weeks:
            yield Caution("outside_prior", series=name, area=area, count=count, all=weeks)
    if excluded:
        raise FitError(excluded)


def collapse(names: Sequence[str], ratios: Floats) -> Iterator[Caution]:
    """Warn of unknowns that have hardly any spread left."""
    found = [name for name, ratio in zip(names, ratios, strict=True) if ratio < COLLAPSE]
    if found:
        yield Caution("collapse", names=found, share=COLLAPSE)


def no_information(names: Sequence[str], ratios: Floats) -> Iterator[Caution]:
    """Warn of unknowns about which the data say nothing."""
    found = [name for name, ratio in zip(names, ratios, strict=True) if ratio >= NO_INFORMATION]
    if found:
        yield Caution("no_information", names=found)


def misfit(targets: Sequence[Observation], predictions: Floats, noise: Floats) -> Iterator[Caution]:
    """Warn of series that the fit misses."""
    data, simulations = np.log1p(values_of(targets)), np.log1p(predictions)
    distance = (data - simulations.mean(axis=0)) ** 2 / (simulations.var(axis=0, ddof=1) + noise)
    for name, area in dict.fromkeys((each.name, each.area) for each in targets):
        of = [(each.name, each.area) == (name, area) for each in targets]
        if distance[of].mean() > MOST_MISFIT:
            yield Caution("misfit", series=name, area=area)
