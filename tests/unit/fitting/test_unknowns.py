"""The unknowns of a fit: defaults, priors, their scales and correlations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fit_cases import tiny_town

from surgesim.errors import FitError
from surgesim.fitting.data import Data, read_data
from surgesim.fitting.unknowns import Interval, Unknowns, unknowns_of
from surgesim.scenario.schema.scenario import Scenario

R0, INFECTIONS = "epidemic.variant.r0", "epidemic.initial_infections"
UNIFORM = {"study": {"uncertainty": {R0: {"uniform": [2, 4]}}}}


@pytest.fixture(scope="module")
def town() -> Scenario:
    return tiny_town()


def data(town: Scenario, *series: str, district: str = "", days: int = 30) -> Data:
    dates = pd.date_range("2024-01-01", periods=days)
    frame = pd.DataFrame({"date": dates, "district": district, **dict.fromkeys(series, 1.0)})
    return read_data(frame, town)


def of(town: Scenario, *series: str, priors: Any = None, **settings: Any) -> Unknowns:
    return unknowns_of(town, data(town, *(series or ("reported_cases",))), priors or {}, **settings)


def test_defaults_are_those_of_which_the_data_tell(town: Scenario) -> None:
    knots = [f"epidemic.transmission.2024-01-{day}" for day in ("08", "15", "22")]
    cases = [f"{INFECTIONS}.town", R0, *knots, "epidemic.detection.share"]
    assert of(town, "reported_cases").names == cases
    care = ["epidemic.variant.severity", "clinical.stays.icu_survivor_days.gamma.mean"]
    assert of(town, "reported_cases", "icu").names == [*cases, *care]
    assert of(town, "in_hospital").names[-1] == "clinical.stays.oxygen_days.gamma.mean"
    assert "epidemic.detection.share" not in of(town, "deaths").names


def test_infections_of_several_districts_have_one_factor_unless_data_have_districts(town: Scenario) -> None:
    two = town.overlaid({INFECTIONS: {"hamlet": 10}})
    first = of(two).each[0]
    assert (first.name, dict(first.bases)) == (
        INFECTIONS,
        {f"{INFECTIONS}.town": 30.0, f"{INFECTIONS}.hamlet": 10.0},
    )
    apart = unknowns_of(two, data(two, "reported_cases", district="town"), {})
    assert apart.names[:2] == [f"{INFECTIONS}.town", f"{INFECTIONS}.hamlet"]
    settings = Unknowns([first], np.eye(1), [f"{INFECTIONS}.hamlet"]).settings([1.26])
    assert settings == {f"{INFECTIONS}.town": pytest.approx(37.8), f"{INFECTIONS}.hamlet": 13}


def test_imports_are_unknown_where_nobody_is_infected_at_the_start(town: Scenario) -> None:
    imported = town.overlaid({INFECTIONS: {"town": 0}, "epidemic.importation.per_day": 2})
    assert of(imported).names[0] == "epidemic.importation.per_day"


def test_a_prior_replaces_a_default_and_an_uncertain_parameter_keeps_its_distribution(
    town: Scenario,
) -> None:
    found = of(town.overlaid(UNIFORM), priors={"epidemic.transmission.2024-01-20": (0.5, 1.5)})
    assert found.names[:2] == [R0, "epidemic.transmission.2024-01-20"]
    assert not any(name.endswith("2024-01-08") for name in found.names)
    values = found.values(np.array([[-9.0] * len(found), [0.0] * len(found), [9.0] * len(found)]))
    assert values[:, 0] == pytest.approx([2, 3, 4])


def test_only_priors_without_defaults_and_none_of_the_fixed(town: Scenario) -> None:
    assert of(town, priors={R0: (2, 4)}, defaults=False).names == [R0]
    assert R0 not in of(town, fixed=[R0]).names


@pytest.mark.parametrize(
    ("scale", "ends"), [("log", (0.5, 8.0)), ("logit", (0.1, 0.7)), ("linear", (-2.0, 1.0))]
)
def test_a_prior_has_five_percent_beyond_each_end(scale: Any, ends: tuple[float, float]) -> None:
    prior = Interval(*ends, scale)
    assert (prior.value(-1.6448536), prior.value(1.6448536)) == pytest.approx(ends)


def test_transmission_walks(town: Scenario) -> None:
    """Weekly steps of equal size: the levels of two knots correlate as in a random walk."""
    found = of(town)
    at = [i for i, name in enumerate(found.names) if "transmission" in name]
    levels = found.draw(40_000, np.random.default_rng(1))
    logs = np.log(found.values(levels))[:, at]
    steps = np.diff(logs, axis=1, prepend=0.0)
    assert steps.std(axis=0) == pytest.approx(0.15, rel=0.03)
    assert np.corrcoef(steps.T)[np.triu_indices(3, 1)] == pytest.approx(0.0, abs=0.02)


def test_a_small_ensemble_has_the_moments_of_the_prior(town: Scenario) -> None:
    found = of(town, priors={R0: (2, 4), "epidemic.detection.share": (0.1, 0.4)}, defaults=False)
    levels = found.draw(10, np.random.default_rng(1))
    assert levels.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    assert np.cov(levels.T) == pytest.approx(np.eye(2), abs=1e-12)


def test_correlations_of_the_study_hold_in_the_prior(town: Scenario) -> None:
    paths = [R0, "epidemic.detection.share"]
    uncertain = {R0: {"uniform": [2, 4]}, paths[1]: {"uniform": [0.2, 0.5]}}
    group = {"paths": paths[::-1], "matrix": [[1, 0.6], [0.6, 1]]}
    correlated = town.overlaid({"study": {"uncertainty": uncertain, "correlations": {"both": group}}})
    levels = of(correlated, defaults=False).draw(20_000, np.random.default_rng(1))
    assert np.corrcoef(levels.T)[0, 1] == pytest.approx(0.6, abs=0.02)


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ({R0: (4.0, 2.0)}, f"{R0}: got a prior from 4 to 2, expected the lower number first"),
        ({R0: (0.0, 2.0)}, f"{R0}: got a prior that begins at 0, expected a lower end above 0"),
        ({R0: (1.0, float("nan"))}, f"{R0}: got a prior from 1 to nan, expected the lower number first"),
        (
            {"epidemic.detection.share": (0.2, 1.2)},
            "epidemic.detection.share: got a prior from 0.2 to 1.2 for a share, expected both between",
        ),
        ({"epidemic.variant.r": (1.0, 2.0)}, "epidemic.variant.r: unknown key 'r'"),
        ({"days": (10.0, 20.0)}, "days: is the same in all replications"),
        ({"epidemic.variant.latent_days": (-2.0, 3.0)}, "got "),
    ],
)
def test_priors_that_cannot_be(town: Scenario, priors: Any, message: str) -> None:
    with pytest.raises(FitError) as caught:
        of(town, priors=priors)
    assert str(caught.value.problems[0]).startswith(message)


def test_nothing_to_fit(town: Scenario) -> None:
    with pytest.raises(FitError, match="got nothing to fit"):
        of(town, defaults=False)
    with pytest.raises(FitError, match=r"epidemic\.r0: is not an unknown of this fit"):
        of(town, fixed=["epidemic.r0"])
