"""The simulation of one replication, for modellers who want to inspect it."""

from __future__ import annotations

from surgesim.log import logged
from surgesim.scenario.door import Files
from surgesim.scenario.schema.scenario import BASELINE, Scenario
from surgesim.study.compute.checks import alternative_names, whole, with_extensions
from surgesim.study.compute.replicate import one_record
from surgesim.study.replication import Replication


def simulate(
    scenario: Scenario,
    seed: int,
    replication: int,
    *,
    alternative: str = BASELINE,
    events: bool = False,
    extensions: Files = (),
) -> Replication:
    """Simulate one replication of a scenario or of one of its alternatives.

    The result is exactly replication number `replication` of ``run(scenario, seed=seed)``, including the
    values drawn for uncertain parameters, however many replications that run has.

    Parameters
    ----------
    scenario
        A scenario loaded with `surgesim.load`.
    seed
        Seed of the random numbers, at least 0.
    replication
        Index of the replication, from 0.
    alternative
        Name of the alternative to simulate.
    events
        True to keep every event. The numbers do not change, but the simulation takes about twice as long.
    extensions
        Extension files besides those of the scenario, see `run`.

    Raises
    ------
    ScenarioError
        If `alternative` is unknown, `seed` or `replication` is not a whole number of at least 0, or the
        values drawn for the replication would be invalid in a scenario file.
    ExtensionError
        If an extension cannot be used, or raises an error.
    IdentityError
        If an accounting identity of the model fails.

    Examples
    --------
    >>> import surgesim
    >>> town = surgesim.load("scenarios/teaching/small-town.yaml")  # doctest: +SKIP
    >>> one = surgesim.simulate(town, seed=1, replication=0, events=True)  # doctest: +SKIP
    >>> one.province.set_index("date")["icu_need"].idxmax()  # doctest: +SKIP
    """
    seed, replication = whole("seed", seed), whole("replication", replication)
    scenario = with_extensions(scenario, extensions)
    alternative_names(scenario, [alternative])
    with logged():
        record = one_record(scenario, seed, replication, alternative, events=events)
    return Replication(scenario.alternative(alternative), alternative, seed, record)
