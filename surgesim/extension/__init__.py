"""What an extension imports: a modeller's own outcomes, interventions and actions, in a file of their own.

>>> from surgesim.extension import Province, intervention, outcome

A file is used only where it is given: ``surgesim.run(scenario, extensions=["mine.py"])``, or
``surgesim run scenario.yaml --extension mine.py``. It runs with the rights of the user.
"""

from surgesim.extension.declarations import Action, Intervention, Outcome, action, intervention, outcome
from surgesim.extension.province import Province

__all__ = ["Action", "Intervention", "Outcome", "Province", "action", "intervention", "outcome"]
