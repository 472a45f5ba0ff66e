"""Section `study`: replications, seed, uncertain parameters and required precision."""

from typing import Self

from pydantic import Field, model_validator

from surgesim.scenario.schema.base import FrozenDict, FrozenMapping, Named, Off, Section
from surgesim.scenario.schema.numbers import Precision, Replications, RunsPerDraw, Seed
from surgesim.scenario.schema.study.uncertain import CorrelationGroup, Draws, Uncertain


class Study(Section):
    """The replications, their seed, and the parameters that are drawn.

    Each parameter in `uncertainty` has a distribution, and may be correlated with others (`correlations`);
    `draws` has a table of joint draws. All alternatives use draw j in the same `runs_per_draw` replications,
    from replication j × `runs_per_draw` on; these replications differ only by chance.

    `precision` gives, for each outcome named, the maximum half-width of the 95 % interval of its mean, as a
    share of the mean. The study then starts with `replications`, but at least 10, and adds more until every
    named outcome is precise in every alternative, or until there are `most_replications`. An outcome
    without an event in any replication (no deaths, no breach) is not yet precise.
    """

    replications: Replications = 50
    seed: Seed = 1
    runs_per_draw: RunsPerDraw = 2
    uncertainty: FrozenMapping[str, Uncertain] = Field(default_factory=dict)
    correlations: Named[CorrelationGroup] = Field(default_factory=dict)
    draws: Off[Draws] = None
    precision: FrozenMapping[str, Precision] = Field(default_factory=dict)
    most_replications: Replications = 1000

    @model_validator(mode="after")
    def _room(self) -> Self:
        if self.precision and self.most_replications < self.replications:
            raise ValueError(
                f"got most_replications {self.most_replications}, "
                f"expected at least the {self.replications} replications"
            )
        return self

    @property
    def most(self) -> int:
        """The maximum number of replications."""
        return self.most_replications if self.precision else self.replications

    @property
    def certain(self) -> Self:
        """The study without uncertain parameters, so that nothing is drawn."""
        empty: FrozenDict[str, object] = FrozenDict()
        return self.model_copy(update={"uncertainty": empty, "correlations": empty, "draws": None})

    @property
    def runs_together(self) -> int:
        """Number of successive replications that share a draw; 1 if nothing is drawn."""
        return self.runs_per_draw if self.drawn else 1

    @property
    def drawn(self) -> tuple[str, ...]:
        """The paths of all parameters that are drawn."""
        return (*self.uncertainty, *(() if self.draws is None else self.draws.paths))
