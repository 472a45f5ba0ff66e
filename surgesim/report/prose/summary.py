"""The summary in three sentences, on the emergency, the first breach and constraints, and the plans.

All three are generated from results. `likelihood` puts probabilities into words; differences are reported
only if their whole interval lies on one side of zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pandas as pd
from markupsafe import Markup

from surgesim.report.citation import Passage, Row, Value, cell, join, passage, proper_name, quote, source
from surgesim.report.likelihood import likelihood
from surgesim.report.names import criteria, threshold_title
from surgesim.report.prose.assessment import is_assessed
from surgesim.report.prose.plans import plan_in_words
from surgesim.report.prose.sentences import amount, binding_of_beds, enough_for_ranges, main_constraints
from surgesim.report.words import day_text, number, percent, phrase, round_off
from surgesim.scenario.schema.command import REQUIRED_PATH
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.binding import modelled_limits
from surgesim.study.measures.breaches import PROVINCE_AREA, SITUATION

if TYPE_CHECKING:
    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.study.results import Results

JUDGED_BY = "deaths"
"""The outcome used to compare plans in the summary, as on the screen and in figures: all deaths."""

ASSUMED: Final = "assumed"
NOTHING: Final = Passage("", Markup(""))
"""An empty passage."""


def three_sentences(results: Results, lang: str) -> tuple[Passage, Passage, Passage]:
    """Summarise the baseline, and how the alternatives differ from it."""
    return _emergency(results, lang), _first_and_binding(results, lang), _plans(results, lang)


def province_rows(results: Results, alternative: str = BASELINE) -> list[Row]:
    """Return the rows of breaches.csv for the province in one alternative."""
    table = results.breaches
    mine = (table["alternative"] == alternative) & (table["area"] == PROVINCE_AREA)
    return list(table[mine].to_dict("records"))


def runs(results: Results, lang: str) -> Value:
    """Return the number of runs of each alternative, as text."""
    n = int(results.manifest["replications"])
    return Value(number(n, lang), n, "manifest.json#replications")


def share(row: Row, column: str, lang: str) -> Value:
    """Format a share from breaches.csv as a percentage."""
    return Value(
        percent(float(row[column]), lang), float(row[column]), cell("breaches", row, column), scale=0.01
    )


def first_date(results: Results, row: Row, column: str, lang: str) -> Value | None:
    """Convert the day in a cell of breaches.csv to a date; return None if the cell is empty."""
    if pd.isna(row[column]):
        return None
    day = results.scenario.start + timedelta(days=round(float(row[column])))
    return Value(day_text(day, lang), day, cell("breaches", row, column))


def how_likely(row: Row, lang: str) -> str:
    """Return the word for the probability in a row of breaches.csv."""
    return phrase(lang, likelihood(float(row["probability_low"]), float(row["probability_high"])))


def within_sentence(text: str) -> str:
    """Lower-case the start of a text for use within a sentence, except for acronyms such as ``ICU``."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _happens(row: Row, results: Results, lang: str) -> Passage:
    """State the share of runs with an emergency, and the interval of its probability."""
    key = "summary.in_every_run" if row["probability"] == 1 else "summary.in_some_runs"
    if row["undecided"] > 0:
        key = "summary.in_at_least"
    return passage(
        lang,
        key,
        runs=runs(results, lang),
        share=share(row, "probability", lang),
        low=share(row, "probability_low", lang),
        high=share(row, "probability_high", lang),
    )


def _emergency(results: Results, lang: str) -> Passage:
    """State the criteria breached, and the probability, start and duration of the declared emergency."""
    rows = [row for row in province_rows(results) if row["threshold"] == SITUATION]
    if not rows:
        return passage(lang, "summary.no_thresholds")
    row = rows[0]
    last = results.scenario.end - timedelta(days=1)
    known = {
        "end": Value(day_text(last, lang), last, "scenario.yaml#last day"),
        "criteria": _criteria(results, lang),
        "required": quote("breaches", row, "bound", number, lang),
    }
    if not is_assessed(row):
        assessed = quote("breaches", row, "criteria_assessed", number, lang)
        return passage(lang, "summary.situation_open", **known, assessed=assessed)
    return passage(
        lang,
        "summary.situation",
        **known,
        likely=within_sentence(how_likely(row, lang)),
        happens=_happens(row, results, lang),
        when=_when(results, row, lang),
    )


def _criteria(results: Results, lang: str, *, brief: bool = False) -> Passage:
    """State how many criteria are breached in at least half of the runs, and their names."""
    names = criteria(results.scenario)
    rows = [row for row in province_rows(results) if row["threshold"] in names]
    missing = [row for row in rows if not is_assessed(row)]
    rows = [row for row in rows if is_assessed(row)]
    of = {"alternative": BASELINE, "area": PROVINCE_AREA, "threshold": [str(r["threshold"]) for r in rows]}
    breached = [row for row in rows if row["probability"] >= 0.5]
    titles = [proper_name(threshold_title(results.scenario, str(row["threshold"]), lang)) for row in breached]
    every = bool(rows) and all(row["probability"] == 1 for row in rows)
    key = (
        "summary.criteria_all" if every else "summary.criteria_some" if breached else "summary.criteria_none"
    )
    said = passage(
        lang,
        ("brief.criteria_all" if every else "brief.criteria") if brief else key,
        breached=Value(
            number(len(breached), lang), len(breached), source("breaches", "count:probability>=0.5", **of)
        ),
        all=Value(number(len(rows), lang), len(rows), source("breaches", "count:threshold", **of)),
        names=join(list(titles), "; "),
    )
    if not missing:
        return said
    lacking = [proper_name(threshold_title(results.scenario, str(row["threshold"]), lang)) for row in missing]
    of["threshold"] = [str(row["threshold"]) for row in missing]
    return passage(
        lang,
        "brief.criteria_missing" if brief else "summary.criteria_missing",
        criteria=said,
        missing=Value(number(len(missing), lang), len(missing), source("breaches", "count:threshold", **of)),
        names=join(list(lacking), "; "),
    )


def _when(results: Results, row: Row, lang: str) -> Passage:
    """State the start and duration of the emergency, with ranges only if there are enough runs."""
    if row["probability"] == 0:
        return NOTHING
    ranges = enough_for_ranges(results)
    lasts = _lasts(row, ranges, lang)
    if row["breached_at_start"] == 1:
        return passage(lang, "summary.begins_at_start", lasts=lasts)
    median, early, late = (first_date(results, row, f"first_day_{q}", lang) for q in ("median", "p5", "p95"))
    if median is None:
        return passage(lang, "summary.begins_in_few", lasts=lasts)
    if row["probability"] < 1:
        return passage(lang, "summary.begins_in_most", day=median, lasts=lasts)
    if early is None or late is None or not ranges:
        return passage(lang, "summary.begins", day=median, lasts=lasts)
    return passage(lang, "summary.begins_between", day=median, early=early, late=late, lasts=lasts)


def _lasts(row: Row, ranges: bool, lang: str) -> Passage:
    """State the mean number of days, and whether it includes runs without an emergency."""
    days = {q: quote("breaches", row, f"days_breached_{q}", round_off, lang) for q in ("mean", "p5", "p95")}
    if row["probability"] < 1:
        return passage(lang, "summary.lasts_in_the_mean", **days)
    return passage(lang, "summary.lasts_between" if ranges else "summary.lasts", **days)


def _first_and_binding(results: Results, lang: str) -> Passage:
    """State the first criterion breached, and the constraints on beds on emergency or shortage days."""
    names = criteria(results.scenario)
    begun = [row for row in province_rows(results) if row["threshold"] in names]
    later = [row for row in begun if row["breached_at_start"] < 1 and not pd.isna(row["first_day_median"])]
    binds = join([_without_stop(sentence) for sentence in main_constraints(results, lang)], "; ")
    if not later:
        return passage(lang, "summary.no_first", binds=binds)
    first = min(later, key=lambda row: float(row["first_day_median"]))
    return passage(
        lang,
        "summary.first",
        criterion=proper_name(threshold_title(results.scenario, str(first["threshold"]), lang)),
        day=first_date(results, first, "first_day_median", lang),
        share=share(first, "probability", lang),
        binds=binds,
    )


def _without_stop(sentence: Passage) -> Passage:
    """Remove the full stop from a sentence for use within a longer one."""
    return Passage(
        within_sentence(sentence.removesuffix(".")), Markup(within_sentence(sentence.html.removesuffix(".")))
    )


def _plans(results: Results, lang: str) -> Passage:
    """Name the plan that reduces deaths most, if the intervals support it."""
    table = results.comparison[results.comparison["outcome"] == JUDGED_BY]
    rows: list[Row] = list(table.to_dict("records"))
    if not rows:
        return passage(lang, "summary.no_plans")
    if table["difference_low"].isna().any():
        return passage(lang, "summary.one_run")
    fewer = table[table["difference_high"] < 0]
    more = table[table["difference_low"] > 0]
    counts = {
        "plans": Value(number(len(rows), lang), len(rows), _counted("difference")),
        "fewer": Value(number(len(fewer), lang), len(fewer), _counted("difference_high<0")),
        "more": Value(number(len(more), lang), len(more), _counted("difference_low>0")),
    }
    best = _best(table)
    other = _non_public(results.scenario, rows, best)
    extra = NOTHING if other is None else _plan(results, other, lang, "summary.non_public")
    if best is None:
        return passage(lang, "summary.none_better", **counts, extra=extra)
    return passage(
        lang, "summary.best", **counts, best=_plan(results, best, lang, "summary.best_plan"), extra=extra
    )


def _best(table: pd.DataFrame) -> Row | None:
    """Return the plan with the fewest deaths, among plans whose whole interval shows a reduction."""
    fewer = table[table["difference_high"] < 0]
    return None if fewer.empty else fewer.sort_values("difference").to_dict("records")[0]


def assumption_notes(results: Results, lang: str) -> Iterator[Passage]:
    """State how many figures are assumed, and whether the required number of criteria is one of them."""
    confidence = results.assumptions["confidence"]
    assumed = int((confidence == ASSUMED).sum())
    if assumed:
        of_all = source("assumptions", "count:parameter")
        yield passage(
            lang,
            "summary.assumed",
            assumed=Value(
                number(assumed, lang), assumed, source("assumptions", "count:parameter", confidence=ASSUMED)
            ),
            all=Value(number(len(confidence), lang), len(confidence), of_all),
        )
    yield from required_note(results, lang)


def required_note(results: Results, lang: str) -> Iterator[Passage]:
    """State if the number of criteria that makes an emergency is assumed."""
    confidence = results.assumptions["confidence"]
    if (confidence[results.assumptions["parameter"] == REQUIRED_PATH] == ASSUMED).any():
        yield passage(lang, "summary.required_assumed")


def in_brief(results: Results, lang: str) -> list[Passage]:
    """Return the three sentences, shortened to a few lines for the end of the screen."""
    return [
        _emergency_in_brief(results, lang),
        _binding_in_brief(results, lang),
        _plans_in_brief(results, lang),
    ]


def _emergency_in_brief(results: Results, lang: str) -> Passage:
    rows = [row for row in province_rows(results) if row["threshold"] == SITUATION]
    if not rows:
        return passage(lang, "summary.no_thresholds")
    row = rows[0]
    if not is_assessed(row):
        return passage(lang, "brief.situation_open", criteria=_criteria(results, lang, brief=True))
    probability: Passage | Value = share(row, "probability", lang)
    if row["undecided"] > 0:
        probability = passage(lang, "assessed.at_least", share=probability)
    day = first_date(results, row, "first_day_median", lang)
    known = row["breached_at_start"] < 1 and day is not None
    key = "brief.situation" if known else "brief.situation_without_date"
    return passage(
        lang,
        key,
        criteria=_criteria(results, lang, brief=True),
        share=probability,
        low=share(row, "probability_low", lang),
        high=share(row, "probability_high", lang),
        days=quote("breaches", row, "days_breached_mean", round_off, lang),
        day=day,
    )


def _binding_in_brief(results: Results, lang: str) -> Passage:
    if not modelled_limits(results.scenario):
        return passage(lang, "sentence.only_space")
    parts = [
        passage(lang, f"brief.{which}", bed=phrase(lang, f"bed.{bed}"), **said)
        for bed, which, said in binding_of_beds(results, lang)
    ]
    return passage(lang, "brief.binding", parts=join(list(parts), "; "))


def _plans_in_brief(results: Results, lang: str) -> Passage:
    table = results.comparison[results.comparison["outcome"] == JUDGED_BY]
    rows: list[Row] = list(table.to_dict("records"))
    if not rows or table["difference_low"].isna().any():
        return _plans(results, lang)
    best = _best(table)
    other = _non_public(results.scenario, rows, best)
    said = [
        passage(
            lang,
            key,
            plan=proper_name(plan_in_words(results.scenario, str(row["alternative"]), lang)),
            deaths=_deaths(row, lang),
        )
        for key, row in (("brief.best", best), ("brief.non_public", other))
        if row is not None
    ]
    if best is None:
        said.insert(0, passage(lang, "brief.none_better"))
    return passage(lang, "brief.plans", parts=join(list(said), "; "))


def _deaths(row: Row, lang: str) -> Passage:
    """State a plan's difference in deaths, if its interval supports one."""
    fewer, more = row["difference_high"] < 0, row["difference_low"] > 0
    key = "summary.deaths_fewer" if fewer else "summary.deaths_more" if more else "summary.deaths_unclear"
    return passage(
        lang,
        key,
        **amount(row, -1.0 if fewer else 1.0, lang),
        baseline=quote("comparison", row, "baseline_mean", round_off, lang),
    )


def _plan(results: Results, row: Row, lang: str, key: str) -> Passage:
    """State the effect of a plan on deaths and on the days of the emergency."""
    name = str(row["alternative"])
    table = results.comparison
    mine = (table["alternative"] == name) & (table["outcome"] == "situation_days")
    days: list[Row] = list(table[mine].to_dict("records"))
    return passage(
        lang,
        key,
        plan=proper_name(plan_in_words(results.scenario, name, lang)),
        deaths=_deaths(row, lang),
        days=_emergency_days(days[0], lang) if days else NOTHING,
    )


def _emergency_days(row: Row, lang: str) -> Passage:
    """State by how many days a plan shortens or lengthens the emergency, if its interval supports it."""
    if row["difference_high"] < 0:
        return passage(lang, "summary.days_shorter", **amount(row, -1.0, lang))
    if row["difference_low"] > 0:
        return passage(lang, "summary.days_longer", **amount(row, 1.0, lang))
    return passage(lang, "summary.days_unclear")


def _non_public(scenario: Scenario, rows: Sequence[Row], best: Row | None) -> Row | None:
    """Return the first alternative that only mobilises non-public facilities.

    Return None if there is none, or if it is the best plan.
    """
    before = scenario.command.plan
    for row in rows:
        name = str(row["alternative"])
        overlay = {key: value for key, value in scenario.alternatives[name].items() if key != "title"}
        plan = scenario.alternative(name).command.plan
        added = [rule for rule_name, rule in plan.items() if rule_name not in before]
        only_plan = list(overlay) == ["command"] and list(overlay["command"]) == ["plan"]
        if not only_plan or len(added) != 1 or len(overlay["command"]["plan"]) != 1:
            continue
        if added[0].action == "mobilise" and "private" in added[0].ownership:
            return None if best is not None and best["alternative"] == name else row
    return None


def _counted(what: str) -> str:
    return source("comparison", f"count:{what}", outcome=JUDGED_BY)
