"""The tables of a fit: draws, the fit against data, and the posterior beside the prior (docs/fitting.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from surgesim.fitting.observations import Observation
from surgesim.fitting.unknowns import Unknowns
from surgesim.study.store.csv_files import ten_digits

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

QUANTILES: Final = {"p5": 0.05, "p50": 0.5, "p95": 0.95}


def draws_frame(unknowns: Unknowns, values: Floats) -> pd.DataFrame:
    """Return the draws: a row per draw and a column per path, with ten significant digits."""
    import pandas as pd

    frame = pd.DataFrame([unknowns.settings(row) for row in values.tolist()], columns=unknowns.paths)
    real = [path for path in unknowns.paths if frame[path].dtype.kind == "f"]
    return frame.assign(**{path: ten_digits(frame[path].to_numpy()) for path in real})


def fit_frame(targets: Sequence[Observation], prior: Floats, posterior: Floats) -> pd.DataFrame:
    """Return each observation with the quantiles of prior and posterior members."""
    import pandas as pd

    return pd.DataFrame(
        {
            "series": [each.name for each in targets],
            "district": [each.area for each in targets],
            "date": pd.to_datetime([each.date for each in targets]),
            "days": [len(each.days) for each in targets],
            "value": [each.value for each in targets],
            **_quantiles("prior", prior),
            **_quantiles("posterior", posterior),
        }
    )


def posterior_frame(unknowns: Unknowns, prior: Floats, posterior: Floats) -> pd.DataFrame:
    """Return each unknown with quantiles of its values, computed from its prior and posterior levels."""
    import pandas as pd

    return pd.DataFrame(
        {
            "parameter": unknowns.names,
            "paths": [len(unknown.bases) for unknown in unknowns.each],
            **_quantiles("prior", unknowns.values(prior)),
            **_quantiles("posterior", unknowns.values(posterior)),
            "width_ratio": width_ratios(prior, posterior),
            **{f"level_{name}": np.quantile(posterior, q, axis=0) for name, q in QUANTILES.items()},
        }
    )


def width_ratios(prior: Floats, posterior: Floats) -> Floats:
    """Return the standard deviation of posterior levels relative to prior ones, by unknown."""
    ratios: Floats = posterior.std(axis=0, ddof=1) / prior.std(axis=0, ddof=1)
    return ratios


def _quantiles(what: str, members: Floats) -> dict[str, Floats]:
    return {f"{what}_{name}": np.quantile(members, q, axis=0) for name, q in QUANTILES.items()}
