"""Sentences on a forecast and its fit: data, pace, assumptions, and warnings, in both languages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from surgesim.fitting.cautions import Caution
from surgesim.report.words import day_text, number, percent, phrase, round_off
from surgesim.study.store.contents import FIT, FORECAST

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.study.results import Results


def caution_text(caution: Caution, scenario: Scenario, lang: str) -> str:
    """Return the sentence of a warning about a fit of this scenario."""
    words: dict[str, object] = {}
    for name, value in caution.fields.items():
        if name == "names":
            words[name] = _enumeration(value, lang)
        elif name == "series":
            words[name] = _series(value, caution.fields["area"], scenario, lang)
        elif name == "share":
            words[name] = percent(value, lang)
        else:
            words[name] = value if isinstance(value, str) else number(value, lang)
    return phrase(lang, f"caution.{caution.kind}", **words)


def _enumeration(names: Sequence[str], lang: str) -> str:
    *first, last = names
    return f"{', '.join(first)}{phrase(lang, 'decisions.and')}{last}" if first else last


def _series(name: str, area: str, scenario: Scenario, lang: str) -> str:
    series = phrase(lang, f"forecast.{name}")
    if not area:
        return series
    district = scenario.people.districts[area].title.get(lang)
    return phrase(lang, "fit.of_district", series=series, district=district)


def validity(results: Results, lang: str, *, scored: bool) -> Iterator[str]:
    """State for how long a forecast is valid, and where its scores are."""
    scenario = results.scenario
    yield phrase(
        lang,
        "forecast.valid",
        weeks=number(results.manifest[FORECAST]["weeks"], lang),
        start=day_text(scenario.start, lang),
        end=day_text(scenario.end - timedelta(days=1), lang),
    )
    yield phrase(lang, "forecast.scored" if scored else "forecast.not_scored")


def data_and_pace(results: Results, pace: pd.DataFrame, lang: str) -> Iterator[str]:
    """State the data that were fitted, and how fast the epidemic grows or declines."""
    fit: Mapping[str, Any] = results.manifest[FORECAST][FIT]
    yield phrase(
        lang,
        "forecast.fitted",
        days=number(fit["days"], lang),
        series=", ".join(phrase(lang, f"forecast.{name}") for name in fit["series"]),
        members=number(fit["draws"], lang),
    )
    by_quantity = pace.set_index("quantity").to_dict("index")
    r, growth = by_quantity["reproduction_number"], by_quantity["growth_per_day"]
    low, middle, high = (float(growth[end]) for end in ("p5", "p50", "p95"))
    yield phrase(
        lang,
        "forecast.pace",
        **{f"r_{end}": number(float(f"{r[end]:.2f}"), lang) for end in ("p5", "p50", "p95")},
        **{end: _change(float(growth[end]), lang) for end in ("p5", "p50", "p95")},
    )
    if low * high <= 0:
        yield phrase(lang, "forecast.unclear")
    else:
        key = "forecast.doubles" if middle > 0 else "forecast.halves"
        yield phrase(lang, key, days=round_off(math.log(2) / abs(middle), lang))


def _change(growth: float, lang: str) -> str:
    change = math.expm1(growth)
    return f"{'+' if change > 0 else ''}{number(round(100 * change, 1), lang)}%"


def course_assumed(results: Results, lang: str) -> str:
    """State how transmission is assumed to go on."""
    entry = results.manifest[FORECAST]
    if entry["damping"] == 0 and entry["drift"] == 0:
        return phrase(lang, "forecast.assumes")
    damping, drift = percent(entry["damping"], lang), number(entry["drift"], lang)
    return phrase(lang, "forecast.assumes_return", damping=damping, drift=drift)


def untold(results: Results, lang: str) -> Iterator[str]:
    """State how many parameters the data say nothing about, if any."""
    fit: Mapping[str, Any] = results.manifest[FORECAST][FIT]
    if fit["uninformed"]:
        some, all_ = number(fit["uninformed"], lang), number(fit["unknowns"], lang)
        yield phrase(lang, "forecast.untold", some=some, all=all_)


def fit_warnings(results: Results, lang: str) -> Iterator[str]:
    """Repeat the warnings of the fit."""
    for plain in results.manifest[FORECAST][FIT]["cautions"]:
        yield phrase(lang, "forecast.warning", text=caution_text(Caution(**plain), results.scenario, lang))
