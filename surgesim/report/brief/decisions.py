"""The decisions of the brief: amount, order date, effect, cost and confidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from surgesim.decisions.door import Calendar, Size, Worth
from surgesim.errors import ResultsError
from surgesim.report.citation import Passage, Row, Value, cell, join, passage, proper_name, quote, source
from surgesim.report.names import alternative_title
from surgesim.report.prose.amounts import amounts, changed_rules, vaccinates
from surgesim.report.prose.calendar import dated_plan, decision_title
from surgesim.report.prose.calendar import decisions as calendar_rows
from surgesim.report.prose.costing import unpriced_items
from surgesim.report.prose.decisions import (
    conditions_words,
    helpful,
    item_name,
    leading,
    more_words,
    outcome_title,
    resource_name,
    value_words,
)
from surgesim.report.prose.plans import first_order, plan_changes
from surgesim.report.prose.sentences import in_percent
from surgesim.report.prose.summary import runs
from surgesim.report.words import (
    common_decimals,
    day_text,
    money_unit,
    number,
    percent,
    phrase,
    with_sign,
)
from surgesim.study.measures.compare import COST, DEATHS

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.scenario.schema.scenario import Scenario
    from surgesim.study.results import Results

MOST: Final = 3
"""Max number of decisions."""

MOST_CLEAR: Final = 2
"""Max number of other alternatives with a clear effect named below the table."""

DIFFERENCE: Final = ("difference", "difference_low", "difference_high")
"""The columns of a difference and of its interval."""

MOST_CHANGES: Final = 2
"""Max number of changed values named."""

HEADINGS: Final = ("decision", "amount", "by", "on_deaths", "cost", "confidence")
"""The headings of the decisions' cells, in the catalogues ``onepage.<name>``."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision in words, each text with the source of its numbers.

    Attributes
    ----------
    title
        What is decided.
    amount
        How much of it.
    by
        The order date in the runs, the latest one if it is known, or the date from which it is in place.
    effect
        The change of deaths, or the condition that it keeps.
    cost
        The change of the cost of the response.
    confidence
        How sure the effect is.
    """

    title: str
    amount: str
    by: str
    effect: str
    cost: str
    confidence: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts in the order of `HEADINGS`."""
        return self.title, self.amount, self.by, self.effect, self.cost, self.confidence


def decisions(
    results: Results, answers: Sequence[Worth | Size], lang: str, calendar: Calendar | None = None
) -> tuple[list[Decision], list[Passage]]:
    """Return at most three decisions, those of `answers` first, and what to know of them.

    Alternatives of the run follow by deaths. A package, which contains the rules of another alternative, is
    named below the table, not in it; so are other alternatives with a clear effect, and the latest order
    dates of a calendar.
    """
    for answer in answers:
        _check(results.scenario, answer)
    found: list[Decision] = []
    for answer in answers:
        found += [_of_size(answer, lang)] if isinstance(answer, Size) else _of_worth(answer, lang)
    table = results.comparison[results.comparison["outcome"] == DEATHS]
    fewer = table[table["difference"] < 0]
    fewer = fewer.assign(unclear=fewer["difference_high"] >= 0)
    ranked: Sequence[Row] = fewer.sort_values("difference", kind="stable").to_dict("records")
    packages = set(_packages(results))
    single = [row for row in ranked if str(row["alternative"]) not in packages]
    alone = _different(results, single)
    room = max(MOST - len(found), 0)
    calls = {} if calendar is None else _latest(results, calendar)
    found += [_of_alternative(results, row, lang, calls) for row in alone[:room]]
    after = []
    if not found:
        after.append(passage(lang, "onepage.no_plans" if table.empty else "onepage.none_fewer"))
    whole = [row for row in ranked if str(row["alternative"]) in packages]
    if whole:
        after.append(_in_words(results, whole[0], "onepage.package", lang))
    clear = [row for row in alone[room:] if not row["unclear"]][:MOST_CLEAR]
    if clear:
        named: list[str] = [_in_words(results, row, "onepage.clear_plan", lang) for row in clear]
        after.append(passage(lang, "onepage.also_clear", plans=join(named, "; ")))
    if calendar is not None:
        after += _last_calls(results, calendar, lang)
    if found:
        after.append(passage(lang, "onepage.decisions_note"))
    return found[:MOST], after


def _in_words(results: Results, row: Row, key: str, lang: str) -> Passage:
    """Return an alternative, its effect, cost and confidence as one clause."""
    name = str(row["alternative"])
    return passage(
        lang,
        key,
        plan=proper_name(alternative_title(results.scenario, name, lang)),
        effect=_effect(row, lang),
        cost=_cost(results, name, lang),
        confidence=_confidence(results, row, lang),
    )


def _latest(results: Results, calendar: Calendar) -> dict[str, Row]:
    """Return the soonest latest order that a calendar found, by the alternative that it dates."""
    if not calendar.manifest["calendar"]["conditions"]:
        return {}
    rows = calendar_rows(calendar)
    found = rows[rows["last_call"] == "found"].sort_values("latest", kind="stable")
    return {dated_plan(results, calendar): row for row in found.head(1).to_dict("records")}


def _last_calls(results: Results, calendar: Calendar, lang: str) -> Iterator[Passage]:
    """State the latest order dates that a calendar found, soonest first, or that it found none."""
    plan = alternative_title(results.scenario, dated_plan(results, calendar), lang)
    if not calendar.manifest["calendar"]["conditions"]:
        return
    asked = conditions_words(calendar.scenario, calendar.manifest["calendar"], lang)
    said = {"plan": proper_name(plan), "conditions": proper_name(asked)}
    rows = calendar_rows(calendar)
    found = rows[rows["last_call"] == "found"].sort_values("latest", kind="stable")
    calls: list[str] = []
    for row in found.to_dict("records"):
        day = row["latest"].date()
        place = source("decisions", "latest", rule=str(row["rule"]), outcome=str(row["outcome"]))
        title = proper_name(decision_title(calendar, str(row["rule"]), lang))
        calls.append(passage(lang, "onepage.call", title=title, day=Value(day_text(day, lang), day, place)))
    if calls:
        yield passage(lang, "onepage.last_calls", **said, calls=join(calls, "; "))
    else:
        yield passage(lang, "onepage.no_last_call", **said)


def _check(scenario: Scenario, answer: Worth | Size) -> None:
    """Raise an error if an answer is about another scenario than the run."""
    asked, ran = (each.model_dump(exclude={"study", "alternatives"}) for each in (answer.scenario, scenario))
    differs = [key for key in ran if asked[key] != ran[key]]
    if differs:
        raise ResultsError(
            f"{answer.folder}: got an answer for {answer.scenario.name}, expected one for the scenario of "
            f"the result, {scenario.name}; they differ in {', '.join(differs)}"
        )


def _packages(results: Results) -> Iterator[str]:
    """Yield the alternatives that contain all rules of another alternative, and more."""
    rules = {name: set(changed_rules(results.scenario, name)) for name in results.alternatives[1:]}
    for name, mine in rules.items():
        if any(other and other < mine for other in rules.values()):
            yield name


def _different(results: Results, rows: Sequence[Row]) -> list[Row]:
    """Return the rows without those that change the same rules as an earlier one."""
    seen: list[set[str]] = []
    kept = []
    for row in rows:
        rules = set(changed_rules(results.scenario, str(row["alternative"])))
        if rules and rules in seen:
            continue
        seen.append(rules)
        kept.append(row)
    return kept


def _of_alternative(results: Results, row: Row, lang: str, calls: Mapping[str, Row]) -> Decision:
    name = str(row["alternative"])
    return Decision(
        title=proper_name(alternative_title(results.scenario, name, lang)),
        amount=amounts(results.scenario, name, lang) or _changes(results.scenario, name, lang),
        by=_at_latest(calls[name], lang) if name in calls else _ordered(results, name, lang),
        effect=_effect(row, lang),
        cost=_cost(results, name, lang),
        confidence=_confidence(results, row, lang),
    )


def _confidence(results: Results, row: Row, lang: str) -> Passage:
    """State whether the effect is clear, and in how many pairs of runs there are fewer deaths."""
    share, pairs = float(row["probability_better"]), runs(results, lang)
    n = float(pairs.value)
    better = Value(
        number(round(share * n), lang), share, cell("comparison", row, "probability_better"), scale=1 / n
    )
    key = "better_in" if not row["unclear"] else "unclear_in_all" if share == 1 else "unclear_in"
    return passage(lang, f"onepage.{key}", better=better, runs=pairs)


def _changes(scenario: Scenario, name: str, lang: str) -> Passage:
    """Return the first values that an alternative changes outside the plan."""
    said = list(plan_changes(scenario, name, lang))
    more = len(said) - MOST_CHANGES
    parts: list[str] = [proper_name(text) for text in said[:MOST_CHANGES]]
    if more > 0:
        parts.append(passage(lang, "amount.more_changes", more=proper_name(number(more, lang))))
    return join(parts, "; ")


def _ordered(results: Results, name: str, lang: str) -> Passage:
    """Return the median dates on which the first and last rules of a plan are ordered, or the start."""
    median = first_order(results, name)
    if median is None:
        start, place = results.scenario.start, "scenario.yaml#start"
        vaccination = vaccinates(results.scenario, name)
        if vaccination is not None and vaccination.start is not None:
            start = vaccination.start
            place = f"scenario.yaml#alternatives.{name}.epidemic.vaccination.start"
        return passage(lang, "onepage.from_day", day=Value(day_text(start, lang), start, place))
    rules = changed_rules(results.scenario, name)
    each = {rule: day for rule in rules if (day := first_order(results, name, [rule])) is not None}
    last = max(each, key=lambda rule: each[rule])

    def day_of(day: date, *rules: str) -> Value:
        place = source("actions", "median_first:day", alternative=name, rule=rules, what="ordered")
        return Value(day_text(day, lang), day, place)

    first = day_of(median, *rules)
    if each[last] <= median:
        return join([first], "")
    return passage(lang, "onepage.order_parts", day=first, last=day_of(each[last], last))


def _at_latest(row: Row, lang: str) -> Passage:
    """Return the latest order date that a calendar found, from a row of decisions.csv."""
    day = row["latest"].date()
    place = source("decisions", "latest", rule=str(row["rule"]), outcome=str(row["outcome"]))
    return passage(lang, "onepage.order_by", day=Value(day_text(day, lang), day, place))


def _effect(row: Row, lang: str) -> Passage:
    """State the change of deaths, from a row of comparison.csv, with its interval, in percent if possible."""
    share = in_percent(row, lang)
    if share:
        mean = quote("comparison", row, "difference", with_sign, lang)
        return passage(lang, "onepage.effect_share", mean=mean, share=join(share, " "))
    return _change(row, lambda column: cell("comparison", row, column), lang)


def _change(row: Row, place: Callable[[str], str], lang: str, what: str = "") -> Passage:
    decimals = common_decimals(*(float(row[column]) for column in DIFFERENCE))
    mean, low, high = (
        Value(with_sign(float(row[column]), lang, decimals), float(row[column]), place(column))
        for column in DIFFERENCE
    )
    key = "onepage.effect_of" if what else "onepage.effect"
    return passage(lang, key, mean=mean, low=low, high=high, what=what)


def _cost(results: Results, name: str, lang: str) -> str:
    if results.scenario.supply.costs is None:
        return phrase(lang, "onepage.unpriced")
    table = results.comparison
    rows: Sequence[Row] = table[(table["alternative"] == name) & (table["outcome"] == COST)].to_dict(
        "records"
    )
    if not rows:
        return phrase(lang, "onepage.unpriced")
    money = _money(rows[0], lambda column: cell("comparison", rows[0], column), results.scenario, lang)
    items = [phrase(lang, f"onepage.price_of.{item}") for item in unpriced_items(results)[name]]
    return passage(lang, "onepage.partly", money=money, items=", ".join(items)) if items else money


def _money(row: Row, place: Callable[[str], str], scenario: Scenario, lang: str) -> Passage:
    """State the change of the cost, with its interval if it has one."""
    mean, *ends = (float(row[column]) for column in DIFFERENCE)
    scale, unit = money_unit(abs(mean), scenario.supply.currency, lang)
    is_exact = all(np.isnan(end) or end == mean for end in ends)
    decimals = common_decimals(*(value / scale for value in (mean, *ends)))
    said = {
        name: Value(
            with_sign(value / scale, lang) if is_exact else with_sign(value / scale, lang, decimals),
            value,
            place(column),
            scale=scale,
        )
        for name, value, column in zip(("mean", "low", "high"), (mean, *ends), DIFFERENCE, strict=True)
        if name == "mean" or not is_exact
    }
    return join([said["mean"], unit], " ") if is_exact else passage(lang, "onepage.money", **said, unit=unit)


def _of_worth(worth: Worth, lang: str) -> Iterator[Decision]:
    """Yield the steps that improve the outcome of the ranking over their whole interval, best first."""
    steps = leading(worth, "step")
    for row in helpful(worth, steps).head(MOST).to_dict("records"):
        keys = {key: str(row[key]) for key in ("kind", "resource", "place")}

        def place(column: str, row: Row = row, keys: dict[str, str] = keys) -> str:
            return source("worth", column, **keys, outcome=str(row["outcome"]))

        start, outcome = worth.scenario.start, str(row["outcome"])
        what = "" if outcome == DEATHS else outcome_title(worth.scenario, outcome, lang)
        yield Decision(
            title=proper_name(_capital(item_name(worth, row, lang))),
            amount=proper_name(more_words(row, lang)),
            by=passage(
                lang, "onepage.from_day", day=Value(day_text(start, lang), start, "scenario.yaml#start")
            ),
            effect=_change(row, place, lang, what),
            cost=_cost_of_step(worth, keys, lang),
            confidence=passage(
                lang,
                "onepage.interval_90",
                runs=Value(
                    number(row["replications"], lang), float(row["replications"]), place("replications")
                ),
            ),
        )


def _cost_of_step(worth: Worth, keys: dict[str, str], lang: str) -> str:
    table: pd.DataFrame = worth.table
    for key, value in (keys | {"outcome": COST}).items():
        table = table[table[key].fillna("").astype(str) == value]
    rows: Sequence[Row] = table.to_dict("records")
    if not rows:
        return phrase(lang, "onepage.unpriced")

    def place(column: str) -> str:
        return source("worth", column, **keys, outcome=COST)

    return _money(rows[0], place, worth.scenario, lang)


def _of_size(size: Size, lang: str) -> Decision:
    """Return the answer of a search as a decision; unless it is a date, it holds from the start."""
    entry, answer = size.manifest["size"], size.answer
    try:
        last = date.fromisoformat(answer["value"])
        by = passage(
            lang, "onepage.order_by", day=Value(day_text(last, lang), last, "manifest.json#size.answer.value")
        )
    except ValueError:
        start = size.scenario.start
        day = Value(day_text(start, lang), start, "scenario.yaml#start")
        by = passage(lang, "onepage.from_day", day=day)
    kept = conditions_words(size.scenario, entry, lang)
    return Decision(
        title=proper_name(_capital(resource_name(size.scenario, entry["path"], lang))),
        amount=proper_name(value_words(entry["path"], answer["value"], lang)),
        by=by,
        effect=passage(lang, f"answer.{answer['status']}", conditions=proper_name(kept)),
        cost=phrase(lang, "onepage.unpriced"),
        confidence=Value(
            percent(entry["confidence"], lang),
            float(entry["confidence"]),
            "manifest.json#size.confidence",
            scale=0.01,
        ),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
