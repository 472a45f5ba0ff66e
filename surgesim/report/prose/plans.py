"""Descriptions of how an alternative differs from the baseline: rules of the plan and other values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from surgesim.report.names import alternative_title, words_of, written_bound
from surgesim.report.paths import path_words, value_words
from surgesim.report.prose.amounts import changed_rules
from surgesim.report.words import phrase, plain_percent
from surgesim.scenario.schema.scenario import Scenario

if TYPE_CHECKING:
    from surgesim.study.results import Results

PLAN: Final = ("command", "plan")
TITLE: Final = "title"
FEWEST_TO_MERGE: Final = 4
"""Min number of identical changes to similar paths for the changes to be merged into one line."""


def plan_in_words(scenario: Scenario, alternative: str, lang: str) -> str:
    """Return the title of an alternative, or its name and first change if it has no title."""
    changes = list(plan_changes(scenario, alternative, lang))
    title = alternative_title(scenario, alternative, lang)
    if title != alternative or not changes:
        return title
    key = "plan.named" if len(changes) == 1 else "plan.named_and_more"
    return phrase(lang, key, name=alternative, what=changes[0])


def plan_changes(scenario: Scenario, alternative: str, lang: str) -> Iterator[str]:
    """Describe each rule that is added, changed or removed, and each other changed value, one per line."""
    overlay = scenario.alternatives[alternative]
    rules = _at(overlay, PLAN)
    before = scenario.command.plan
    after = scenario.alternative(alternative).command.plan
    for name in rules:
        if name not in before and name in after:
            yield phrase(lang, "plan.with", rule=rule_title(after[name], name, lang))
    for name, change in rules.items():
        if name in before and name in after:
            changed = [
                _rule_value(scenario, after[name], path, value, lang)
                for path, value in _leaves(change)
                if path.split(".")[-1] != TITLE
                and _value_at(before[name], path) != _value_at(after[name], path)
            ]
            if changed:
                title = rule_title(after[name], name, lang)
                yield phrase(lang, "plan.changed", rule=title, values=", ".join(changed))
    for name in rules:
        if name in before and name not in after:
            yield phrase(lang, "plan.without", rule=rule_title(before[name], name, lang))
    yield from _values(scenario, scenario.alternative(alternative), overlay, lang)


def first_order(results: Results, alternative: str, rules: Sequence[str] | None = None) -> date | None:
    """Return the median date on which the first of some rules of an alternative is ordered.

    Without `rules`, they are those that the alternative adds or changes. The median is over the runs in which
    one is ordered; None if there are none.
    """
    events = results.actions
    rules = changed_rules(results.scenario, alternative) if rules is None else rules
    mine = (events["alternative"] == alternative) & events["rule"].isin(rules) & (events["what"] == "ordered")
    if not mine.any():
        return None
    first = events[mine].groupby("replication")["day"].min()
    return results.scenario.start + timedelta(days=round(float(first.quantile(0.5, interpolation="lower"))))


def idle_rules(results: Results, lang: str) -> Iterator[str]:
    """List, on one line, the rules that never fired, with the alternatives that contain them."""
    fired = results.actions[results.actions["what"] == "fired"]
    seen = set(zip(fired["alternative"], fired["rule"], strict=True))
    titles: dict[str, str] = {}
    idle: dict[str, list[str]] = {}
    holders: Counter[str] = Counter()
    for alternative in results.alternatives:
        for name, rule in results.scenario.alternative(alternative).command.plan.items():
            holders[name] += 1
            if (alternative, name) not in seen:
                titles.setdefault(name, rule_title(rule, name, lang))
                idle.setdefault(name, []).append(alternative_title(results.scenario, alternative, lang))
    if idle:
        everywhere = phrase(lang, "plan.wherever")
        rules = "; ".join(
            f"{titles[name]} ({everywhere if 1 < holders[name] == len(where) else ', '.join(where)})"
            for name, where in idle.items()
        )
        yield phrase(lang, "plan.never_fired", rules=rules)


def _rule_value(scenario: Scenario, rule: Any, path: str, value: Any, lang: str) -> str:
    """Describe a changed field of a rule."""
    words = path_words(scenario, f"rule.{path}", lang).removeprefix("rule.")
    *above, field = path.split(".")
    indicator = _value_at(rule, ".".join([*above, "indicator"])) or _value_at(rule, "when.indicator")
    if field == "indicator" and isinstance(value, str):
        said = words_of(scenario, value, lang).label
    elif field in ("above", "below") and indicator is not None and value is not None:
        said = written_bound(scenario, indicator, float(value), lang)
    elif field == "facilities" and isinstance(value, (list, tuple)):
        said = ", ".join(scenario.care.facilities[name].title.get(lang) for name in value)
    else:
        said = value_words(value, lang)
    return phrase(lang, "plan.set", path=words, value=said)


def _value_at(model: Any, path: str) -> Any:
    """Return the value at a path of a scenario or a part of it; None if there is none."""
    for name in path.split("."):
        model = model.get(name) if isinstance(model, Mapping) else getattr(model, name, None)
    return model


def _values(before: Scenario, after: Scenario, overlay: Mapping[str, Any], lang: str) -> Iterator[str]:
    """Describe changed values outside the plan; merge identical changes to many items."""
    own = f"{'.'.join(PLAN)}."
    leaves = [
        (path, value)
        for path, value in _leaves(overlay)
        if not path.startswith(own)
        and TITLE not in path.split(".")
        and (_value_at(after, path) is None or _value_at(before, path) != _value_at(after, path))
    ]
    counts = Counter((_wildcard(path), str(value)) for path, value in leaves)
    seen = set()
    for path, value in leaves:
        pattern = _wildcard(path), str(value)
        many = counts[pattern] >= FEWEST_TO_MERGE
        if many and pattern in seen:
            continue
        seen.add(pattern)
        shown = path_words(before if value is None else after, pattern[0] if many else path, lang)
        key = "plan.removed" if value is None else "plan.set"
        line = phrase(lang, key, path=shown, value=value_words(value, lang))
        yield phrase(lang, "plan.times", what=line, n=counts[pattern]) if many else line


def _wildcard(path: str) -> str:
    """Replace the third key of a path, which is the name of an item in a collection, by ``*``."""
    parts = path.split(".")
    return ".".join([*parts[:2], "*", *parts[3:]]) if len(parts) > 3 else path


def rule_title(rule: Any, name: str, lang: str) -> str:
    """Return the title of a rule, or its name if it has none."""
    return name if rule.title is None else plain_percent(str(rule.title.get(lang)))


def _at(overlay: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    inside: Any = overlay
    for name in path:
        inside = inside.get(name) if isinstance(inside, Mapping) else None
    return inside if isinstance(inside, Mapping) else {}


def _leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        here = f"{path}.{name}" if path else str(name)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, here)
        else:
            yield here, value
