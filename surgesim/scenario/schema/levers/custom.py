"""The rule with an action that an extension declares."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from surgesim.scenario.schema.base import Overlay
from surgesim.scenario.schema.levers.rule import RuleBase


class Custom(RuleBase):
    """Call a function of an extension (see ``--extension``); `options` are passed to the function."""

    action: Literal["custom"]
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    options: Overlay = Field(default_factory=dict)
