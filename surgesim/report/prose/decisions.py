"""Sentences about decisions: the answer of a search, and where the patients went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from surgesim.decisions.door import COUNTED, EVERYWHERE, GROUPINGS, OXYGEN, STEPS, why
from surgesim.report.names import threshold_title
from surgesim.report.paths import path_words
from surgesim.report.prose.drivers import outcome_name
from surgesim.report.words import EN_DASH, day_text, number, percent, phrase, round_off, tenths
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.compare import BREACHED, COST, DEATHS

NAMES: Final = 2
"""Most names in a sentence."""

ROUNDING: Final = 1e-9
"""Share of a mean below which a difference is that of rounded sums."""

if TYPE_CHECKING:
    import pandas as pd

    from surgesim.decisions.door import Calendar, Size, Worth
    from surgesim.scenario.schema.scenario import Scenario


def resource_name(scenario: Scenario, name: str, lang: str) -> str:
    """Return the display name of a resource, or of the value at a path."""
    known = (*STEPS, OXYGEN)
    parts = name.split(" + ")
    return " + ".join(
        phrase(lang, f"resource.{part}") if part in known else path_words(scenario, part, lang)
        for part in parts
    )


def value_words(path: str, value: str, lang: str) -> str:
    """Return a value of the lever at `path`: a date, a number, or so much more of a resource."""
    try:
        return day_text(date.fromisoformat(value), lang)
    except ValueError:
        shown = number(float(value), lang)
    if path not in STEPS:
        return shown
    amount = shown if path in COUNTED else phrase(lang, f"worth_more.{path}", amount=shown)
    return phrase(lang, "size.more", value=amount)


def outcome_title(scenario: Scenario, outcome: str, lang: str) -> str:
    """Return the display name of an outcome of a decision, with the scenario's titles of thresholds."""
    if outcome.startswith(BREACHED):
        title = threshold_title(scenario, outcome.removeprefix(BREACHED), lang)
        return phrase(lang, "decisions.risk", title=title)
    try:
        return phrase(lang, f"decisions.{outcome}")
    except KeyError:
        return outcome_name(outcome, lang)


def bound_words(outcome: str, value: float, lang: str) -> str:
    """Return a probability as a percentage, and a mean as a number."""
    return tenths(value, lang) if outcome.startswith(BREACHED) else round_off(value, lang)


def tested_words(entry: Mapping[str, Any], outcome: str, value: float, lang: str) -> str:
    """Return a value of what a search tests: a probability or a share of draws, or a mean.

    `entry` is the manifest's of the search, here and below.
    """
    return tenths(value, lang) if entry["draws"] else bound_words(outcome, value, lang)


def tested_title(scenario: Scenario, entry: Mapping[str, Any], outcome: str, below: float, lang: str) -> str:
    """Return the title of what a search tests, with its bound."""
    title, bound = outcome_title(scenario, outcome, lang), bound_words(outcome, below, lang)
    if draws := entry["draws"]:
        allowed = tenths(1 - draws, lang)
        return phrase(lang, "size.table_of_draws", outcome=title, below=bound, bound=allowed)
    return phrase(lang, "size.table", outcome=title, bound=bound)


def conditions_words(scenario: Scenario, entry: Mapping[str, Any], lang: str) -> str:
    """Return the conditions of a search with their bounds."""
    conditions = phrase(lang, "decisions.and").join(
        phrase(
            lang,
            "size.condition",
            outcome=outcome_title(scenario, outcome, lang),
            bound=bound_words(outcome, below, lang),
        )
        for outcome, below in entry["conditions"].items()
    )
    if not entry["draws"]:
        return conditions
    return phrase(lang, "size.in_draws", conditions=conditions, share=percent(entry["draws"], lang))


def opposed_sentences(scenario: Scenario, opposed: Sequence[str], lang: str) -> Iterator[str]:
    """Say which conditions stronger values break, while others need these."""
    if opposed:
        titles = [outcome_title(scenario, outcome, lang) for outcome in opposed]
        yield phrase(lang, "size.opposed", outcomes=phrase(lang, "decisions.and").join(titles))


def size_sentences(size: Size, lang: str) -> Iterator[str]:
    """State the answer of a search, and what to doubt."""
    entry, answer = size.manifest["size"], size.answer
    words = {
        "lever": resource_name(size.scenario, entry["path"], lang),
        "value": value_words(entry["path"], answer["value"], lang),
        "conditions": conditions_words(size.scenario, entry, lang),
        "confidence": percent(entry["confidence"], lang),
    }
    which = "largest" if entry["falling"] else "least"
    is_open = answer["status"] == "unreachable" and answer["failing"] != entry["values"][-1]
    yield phrase(lang, "size.undecided" if is_open else f"size.{answer['status']}_{which}", **words)
    if answer["status"] == "unreachable":
        best = size.table[size.table["answer"] == "yes"].iloc[0]
        yield phrase(
            lang,
            "size.best_of_draws" if entry["draws"] else "size.best",
            value=words["value"],
            outcome=outcome_title(size.scenario, str(best["outcome"]), lang),
            mean=tested_words(entry, str(best["outcome"]), float(best["mean"]), lang),
        )
    elif answer["failing"] is not None:
        values = entry["values"]
        failing = value_words(entry["path"], answer["failing"], lang)
        key = "failing" if values.index(answer["failing"]) == values.index(answer["value"]) - 1 else "between"
        yield phrase(lang, f"size.{key}", failing=failing)
    elif answer["status"] == "found":
        yield phrase(lang, "size.none_failing")
    yield from opposed_sentences(size.scenario, answer["opposed"], lang)
    for weak, strong, outcome in answer["contrary"]:
        yield phrase(
            lang,
            "size.contrary",
            weak=value_words(entry["path"], weak, lang),
            strong=value_words(entry["path"], strong, lang),
            outcome=outcome_title(size.scenario, outcome, lang),
        )
    yield phrase(
        lang,
        "size.effort",
        runs=number(answer["runs"], lang),
        tested=number(answer["tested"], lang),
        values=number(len(entry["values"]), lang),
    )


def compared_sentence(answer: Worth | Calendar, column: str, lang: str) -> str:
    """Name the plan that changes are compared with, and its means in `column`: deaths and days of waiting."""
    table, name = answer.table, answer.manifest.get("alternative", "")
    plan = (
        phrase(lang, "compared.baseline") if name == BASELINE else phrase(lang, "compared.other", name=name)
    )
    rows = table[table["replications"] == table["replications"].max()]
    means = rows.drop_duplicates("outcome").set_index("outcome")[column]
    said = ", ".join(
        phrase(lang, f"compared.{outcome}", mean=round_off(float(means[outcome]), lang))
        for outcome in (DEATHS, "waiting_days")
        if outcome in means
    )
    return phrase(lang, "compared.with", plan=plan if name else answer.scenario.title.get(lang), means=said)


def drawn_sentence(scenario: Scenario, lang: str) -> str:
    """Say whether intervals show chance only, or also what is uncertain."""
    return phrase(lang, "compared.drawn" if scenario.study.drawn else "compared.fixed")


EXPLAINED: Final = 2
"""Candidates whose effect is explained: the best, and as many of those that make the outcome worse."""


def item_name(worth: Worth, row: Mapping[Any, Any], lang: str) -> str:
    """Return the display name of a candidate: the resource, and its place unless it is the province."""
    name = resource_name(worth.scenario, str(row["resource"]), lang)
    if row["place"] == EVERYWHERE:
        return name
    return phrase(lang, "worth.at", resource=name, place=_place_name(worth, str(row["place"]), lang))


def more_words(row: Mapping[Any, Any], lang: str) -> str:
    """Return the amount of one step more, with its unit."""
    return phrase(lang, f"worth_more.{row['resource']}", amount=number(row["added"], lang))


def _place_name(worth: Worth, place: str, lang: str) -> str:
    scenario = worth.scenario
    if place in scenario.care.facilities:
        return scenario.care.facilities[place].title.get(lang)
    if worth.manifest["worth"]["by"] == GROUPINGS[3] and place in scenario.people.districts:
        return scenario.people.districts[place].title.get(lang)
    return place


def leading(worth: Worth, kind: str) -> pd.DataFrame:
    """Return the rows of the outcome of the ranking for one kind of candidate, best first."""
    table = worth.table
    rows = table[(table["kind"] == kind) & (table["outcome"] == worth.manifest["worth"]["outcome"])]
    ranked: pd.DataFrame = rows.sort_values("rank", kind="stable")
    return ranked


def gaining(worth: Worth) -> pd.DataFrame:
    """Return the pairs that change more than by chance, and gain beyond the better of the two, best first."""
    pairs = helpful(worth, leading(worth, "pair"))
    return pairs[worth.sign * pairs["beyond_single"] < 0]


def helpful(worth: Worth, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the outcome of the ranking that improve it over their whole interval."""
    return rows[rows["difference_high"] < 0] if worth.sign > 0 else rows[rows["difference_low"] > 0]


def harmful(worth: Worth, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the outcome of the ranking that make it worse over their whole interval."""
    return rows[rows["difference_low"] > 0] if worth.sign > 0 else rows[rows["difference_high"] < 0]


def may_be_chance(row: Mapping[Any, Any]) -> bool:
    """Return True if a mean difference is not 0, while its interval includes 0."""
    return bool(row["difference"] != 0 and row["difference_low"] <= 0 <= row["difference_high"])


def worth_head(worth: Worth, lang: str) -> str:
    """Say what changes are compared with, in how many runs of each single one, and what intervals show."""
    runs = worth.table.loc[worth.table["kind"] != "pair", "replications"]
    least, most = (number(value, lang) for value in (runs.min(), runs.max()))
    each = most if least == most else f"{least}{EN_DASH}{most}"
    said = compared_sentence(worth, "baseline_mean", lang)
    return f"{said} {phrase(lang, 'worth.runs', runs=each, assumptions=drawn_sentence(worth.scenario, lang))}"


def _unchanged(worth: Worth, lang: str) -> Iterator[str]:
    """Name the limits without which nothing changes in any run, and say if oxygen was never short."""
    table = worth.table
    limits = table[(table["kind"] == "limit") & (table["outcome"] != COST)]
    most = limits[["difference_low", "difference_high"]].abs().max(axis=1)
    changed = most > ROUNDING * limits["baseline_mean"].abs().clip(lower=1.0)
    same = changed.groupby([limits["resource"], limits["place"]], sort=False).any()
    unmet = table.loc[table["outcome"] == "oxygen_unmet_kg", "baseline_mean"]
    names: list[str] = []
    for resource, place in same.index[~same]:
        if resource == OXYGEN and place == EVERYWHERE and len(unmet) and (unmet == 0).all():
            yield phrase(lang, "worth.never_short")
        else:
            names.append(item_name(worth, {"resource": resource, "place": place}, lang))
    if names:
        yield phrase(lang, "worth.unchanged", names=first_words(names, lang))


def first_words(names: Sequence[str], lang: str) -> str:
    """Return the first names, and the number of the others."""
    shown = "; ".join(names[:NAMES])
    more = len(names) - NAMES
    return shown if more <= 0 else phrase(lang, "decisions.more", names=shown, n=number(more, lang))


def _affordable(worth: Worth, steps: pd.DataFrame) -> pd.DataFrame:
    """Return the steps whose extra cost is more than chance."""
    table = worth.table
    costs = table[(table["kind"] == "step") & (table["outcome"] == COST) & (table["difference_low"] > 0)]
    priced = set(zip(costs["resource"], costs["place"], strict=True))
    keys = zip(steps.index, steps["resource"], steps["place"], strict=True)
    rows = [index for index, *key in keys if tuple(key) in priced]
    return steps.loc[rows].dropna(subset=["per_billion"])


def worth_sentences(worth: Worth, lang: str) -> Iterator[str]:
    """State what is worth most, and where the patients went under the leading and the harmful changes."""
    limits, steps = leading(worth, "limit"), leading(worth, "step")
    clear, bought = helpful(worth, limits), helpful(worth, steps)
    if names := _first_names(worth, bought, lang):
        yield phrase(lang, "worth.most_step", names=names)
    names = _first_names(worth, clear, lang)
    yield phrase(lang, "worth.most", names=names) if names else phrase(lang, "worth.none")
    for row in gaining(worth).head(1).to_dict("records"):
        beyond = change_words(row["beyond_single"], lang)
        yield phrase(
            lang,
            "worth.together",
            pair=item_name(worth, row, lang),
            outcome=outcome_title(worth.scenario, str(row["outcome"]), lang),
            beyond=beyond,
        )
        if not names:
            yield _because(worth, row, lang)
    without = harmful(worth, limits)
    for row in (*clear.head(EXPLAINED).to_dict("records"), *without.tail(EXPLAINED).to_dict("records")):
        yield _because(worth, row, lang)
    worse = harmful(worth, steps[~steps["resource"].isin(without["resource"])])
    for row in worse.tail(1).to_dict("records"):
        yield _because(worth, row, lang)
    yield from _unchanged(worth, lang)
    priced = _affordable(worth, bought)
    if not priced.empty:
        best = priced.sort_values("per_billion", ascending=worth.sign > 0).iloc[0].to_dict()
        yield phrase(
            lang,
            "worth.per_billion",
            item=item_name(worth, best, lang),
            outcome=outcome_title(worth.scenario, str(best["outcome"]), lang),
            change=change_words(best["per_billion"], lang),
            currency=worth.scenario.supply.currency,
        )
    if missing := worth.left_out:
        others = [resource_name(worth.scenario, name, lang) for name in missing]
        yield phrase(lang, "worth.left_out", names=first_words(others, lang))


def _first_names(worth: Worth, rows: pd.DataFrame, lang: str) -> str:
    """Return the names of the first two candidates."""
    names = [item_name(worth, row, lang) for row in rows.head(2).to_dict("records")]
    return phrase(lang, "decisions.and").join(names)


def _because(worth: Worth, row: Mapping[Any, Any], lang: str) -> str:
    """Say what a step more or a removed limit changes, and the three totals that change most."""
    table = worth.table
    of = (
        (table["kind"] == row["kind"])
        & (table["resource"] == row["resource"])
        & (table["place"] == row["place"])
    )
    changes = [
        phrase(
            lang,
            "worth.change",
            what=outcome_title(worth.scenario, str(each["outcome"]), lang),
            change=change_words(each["difference"], lang),
        )
        for each in why(table[of])
    ]
    what = phrase(
        lang, "worth.more" if row["kind"] == "step" else "worth.without", item=item_name(worth, row, lang)
    )
    return phrase(
        lang,
        "worth.because" if changes else "worth.no_reason",
        what=what,
        outcome=outcome_title(worth.scenario, str(row["outcome"]), lang),
        change=change_words(row["difference"], lang),
        changes="; ".join(changes),
    )


def change_words(value: float, lang: str) -> str:
    """Return a difference with its sign; 0 if all its digits are."""
    shown = round_off(value, lang)
    if not any(digit in shown for digit in "123456789"):
        return "0"
    return f"{'+' if value > 0 else ''}{shown}"
