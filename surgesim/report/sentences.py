"""Sentences of the summary: deaths, what binds beds, what differs between runs, who has no plan."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from surgesim.report.quoted import Told, Value, quote, source, told
from surgesim.report.words import number, percent, phrase, rounded
from surgesim.scenario.schema import BASELINE, Scenario
from surgesim.study.binding import BEDS, limits_modelled

if TYPE_CHECKING:
    from surgesim.study.results import Results

FEWEST_FOR_A_RANGE: Final = 5
"""Replications below which their 5 % and 95 % quantiles say nothing."""


def deaths(results: Results, lang: str, alternative: str = BASELINE) -> str:
    """How many die in an alternative, and how many of them for want of care; ranges of many runs only."""
    rows = results.replications[results.replications["alternative"] == alternative]
    runs = len(rows)
    said = {"runs": number(runs, lang)}
    for key, prefix, outcome in (("all", "", "deaths"), ("untreated", "untreated_", "deaths_untreated")):
        values = rows[outcome]
        said[key] = rounded(float(values.mean()), lang)
        for end, share in (("low", 0.05), ("high", 0.95)):
            said[f"{prefix}{end}"] = rounded(float(values.quantile(share)), lang)
    return phrase(lang, "sentence.deaths_range" if runs >= FEWEST_FOR_A_RANGE else "sentence.deaths", **said)


def what_binds(results: Results, lang: str, alternative: str = BASELINE) -> Iterator[Told]:
    """A sentence per bed type on what binds it most on breach days; one alone where only space can.

    Breach days are those of the declared emergency; where there are none, those with patients who lack
    such a bed.
    """
    if not limits_modelled(results.scenario.alternative(alternative)):
        yield told(lang, "sentence.only_space")
        return
    table = results.binding[results.binding["alternative"] == alternative]
    for bed in BEDS:
        rows = table[table["bed"] == bed]
        for which in ("breach", "short"):
            column = f"{which}_days_mean"
            days = rows[column].to_numpy(dtype=float)
            if days.sum() > 0:
                most = rows.to_dict("records")[int(days.argmax())]
                total = source("binding", f"sum:{column}", alternative=alternative, bed=bed)
                yield told(
                    lang,
                    f"sentence.{which}",
                    bed=phrase(lang, f"sentence.{bed}"),
                    what=phrase(lang, f"constraint.{most['constraint']}"),
                    days=quote("binding", most, column, rounded, lang),
                    all=Value(rounded(float(days.sum()), lang), float(days.sum()), total),
                )
                break
        else:
            yield told(lang, "sentence.never", bed=phrase(lang, f"sentence.{bed}"))


def without_plan(scenario: Scenario, lang: str) -> str:
    """How many facilities have no mobilisation plan, and of how many it is not said."""
    plans = [facility.mobilisation_plan for facility in scenario.care.facilities.values()]
    silent, without = plans.count(None), plans.count(False)
    key = "plans" if silent == 0 else "plans_unknown" if silent == len(plans) else "plans_and_silent"
    return phrase(
        lang,
        f"sentence.{key}",
        without=number(without, lang),
        all=number(len(plans), lang),
        silent=number(silent, lang),
    )


def what_varies(scenario: Scenario, lang: str) -> Iterator[str]:
    """What the bands show beside chance, where parameters are uncertain."""
    if scenario.study.uncertainty:
        yield phrase(lang, "sentence.varies", names=", ".join(scenario.study.uncertainty))


def how_precise(results: Results, lang: str) -> Iterator[str]:
    """Whether the wanted precision was reached, and the widest interval of each outcome."""
    note = results.manifest.get("precision")
    if not note:
        return
    widest = {
        outcome: max(
            (entry for entry in note if entry["outcome"] == outcome),
            key=lambda entry: math.inf if entry["half_width_share"] is None else entry["half_width_share"],
        )
        for outcome in dict.fromkeys(entry["outcome"] for entry in note)
    }
    details = [
        phrase(
            lang,
            "sentence.no_half_width" if entry["half_width_share"] is None else "sentence.half_width",
            outcome=outcome,
            alternative=entry["alternative"],
            reached=percent(entry["half_width_share"] or 0.0, lang),
            wanted=percent(entry["wanted_share"], lang),
        )
        for outcome, entry in widest.items()
    ]
    yield phrase(
        lang,
        "sentence.precise" if all(entry["reached"] for entry in note) else "sentence.not_precise",
        runs=number(results.manifest["replications"], lang),
        details="; ".join(details),
    )
