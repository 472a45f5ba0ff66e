"""What a fit warns of, on invented ensembles."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from surgesim.errors import FitError
from surgesim.fitting import cautions
from surgesim.fitting.observations import Observation

CASES = tuple(
    Observation("reported_cases", "", date(2024, 1, 7 * week), tuple(range(7 * week)), 10.0 * week)
    for week in range(1, 5)
)
ICU = tuple(Observation("icu", "town", each.date, each.days, each.value / 10) for each in CASES)
NEAR = np.array([[8.0, 18.0, 28.0, 38.0], [12.0, 22.0, 32.0, 42.0]])
MARGIN = np.full(4, 0.01)


def test_data_within_the_prior_need_no_word() -> None:
    assert list(cautions.outside_prior(CASES, NEAR, MARGIN)) == []


def test_a_series_that_the_prior_misses_in_part() -> None:
    low = NEAR.copy()
    low[:, 2:] /= 3
    assert list(cautions.outside_prior(CASES, low, MARGIN)) == [
        "reported_cases: 2 of 4 values lie outside the range of the prior's members"
    ]
    low[:, 2] = NEAR[:, 2]
    assert list(cautions.outside_prior(CASES, low, MARGIN)) == []


@pytest.mark.parametrize(("factor", "side"), [(3, "below"), (1 / 3, "above")])
def test_a_series_that_the_prior_excludes(factor: float, side: str) -> None:
    runs = np.hstack([NEAR, NEAR / 10 * factor])
    with pytest.raises(FitError) as caught:
        list(cautions.outside_prior(CASES + ICU, runs, np.full(8, 0.01)))
    assert str(caught.value) == (
        f"icu of town: the priors exclude these data: all 4 values lie {side} those of every member, "
        "expected wider priors"
    )


def test_members_that_died_out() -> None:
    """Nothing at the end of any series, though there is something in the data."""
    runs = np.array([[10.0, 0, 0, 0, 1, 0, 0, 0], [10.0, 0, 0, 0, 1, 1, 1, 1], [0.0, 0, 0, 4, 0, 0, 0, 0]])
    gone = cautions.extinct(CASES + ICU, runs)
    assert gone.tolist() == [True, False, False]
    assert list(cautions.extinctions(gone, 2)) == [
        "the epidemic dies out in 1 of 3 members of round 2, which were replaced by others"
    ]
    assert list(cautions.extinctions(np.zeros(3, bool), 2)) == []
    none = np.zeros(3, bool)
    cautions.check_survivors(gone, none)
    with pytest.raises(FitError, match="dies out in 19 of 20 members"):
        cautions.check_survivors(np.arange(20) > 0, np.zeros(20, bool))


def test_members_that_the_scenario_refuses() -> None:
    half = np.arange(20) < 10
    cautions.check_survivors(np.zeros(20, bool), half)
    assert cautions.refusal(half, 2, "care: got 3, expected 2") == (
        "the scenario refuses the values of 10 of 20 runs of round 2, which were replaced by others; "
        "the first: care: got 3, expected 2"
    )
    with pytest.raises(FitError, match=r"refuses the values of 11 of 20 members: expected narrower priors"):
        cautions.check_survivors(np.arange(20) >= 12, np.arange(20) < 11)


def test_ends_of_the_width() -> None:
    names, ratios = ["a", "b", "c"], np.array([0.01, 0.5, 0.95])
    assert [text.split(":")[0] for text in cautions.collapse(names, ratios)] == [
        "the ensemble has collapsed in a"
    ]
    assert [text.split(":")[0] for text in cautions.no_information(names, ratios)] == [
        "the data say nothing about c"
    ]
    assert not [*cautions.collapse(["b"], ratios[1:2]), *cautions.no_information(["b"], ratios[1:2])]


def test_a_fit_that_misses_a_series() -> None:
    assert list(cautions.misfit(CASES, NEAR, np.full(4, 0.01))) == []
    assert list(cautions.misfit(CASES, 3 * NEAR, np.full(4, 0.01))) == [
        "reported_cases: the fit misses these data, so its bands are too narrow or the model is wrong"
    ]


def test_few_members() -> None:
    assert list(cautions.few_members(16, 2)) == []
    assert list(cautions.few_members(15, 2)) == [
        "15 members are few for 2 unknowns, so bands may be too narrow: use at least 16"
    ]
