"""Write the text of a new scenario: a small complete one, or one that extends an existing scenario."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.assembly import Files, load
from surgesim.scenario.schema.base import A_NAME, Name
from surgesim.scenario.schema.scenario import Scenario

_STARTER = Path(__file__).parent / "starter" / "starter.yaml"
_COMMENTS = _STARTER.with_name("comments.vi.yaml")
_PLACEHOLDER = "my-province"

PROFILES: Mapping[str, Mapping[str, str]] = {
    "vietnam": {"ages": "vietnam-2020", "high_risk": "high-risk-assumed", "contacts": "vietnam-2021"},
    "british-columbia": {"ages": "canada-2020", "high_risk": "high-risk-assumed", "contacts": "vietnam-2021"},
    "germany": {"ages": "germany-2020", "high_risk": "high-risk-assumed", "contacts": "germany-2017"},
    "kenya": {"ages": "kenya-2020", "high_risk": "high-risk-assumed", "contacts": "kenya-2017"},
}
"""The built-in tables of the section `people`, by place.

British Columbia uses the ages of Canada; the contacts are those of Vietnam, applied to these ages.
"""

VIETNAM = "vietnam"
"""The place whose profile is used unless another is named."""

_APPENDIX = "The five thresholds of the Kiên Giang emergency appendix."
_ELSEWHERE = "The thresholds of a Vietnamese province: replace them with those of your country."


def source_of_thresholds(profile: str) -> tuple[str, str]:
    """Return the source and the confidence of the usual thresholds, for the place of a profile."""
    if profile == VIETNAM:
        return "Kiên Giang, 3840/SYT-NVYD of November 2023, appendix II.2", "official"
    return "carried over from Kiên Giang, Viet Nam, to be replaced by your own", "assumed"


def starter(
    name: str,
    like: str | None = None,
    *,
    folder: str | Path = ".",
    extensions: Files = (),
    profile: str = VIETNAM,
    lang: str = "en",
) -> str:
    """Return the text of a commented scenario that is valid without changes.

    Parameters
    ----------
    name
        Name of the new scenario: a-z, 0-9 and hyphens.
    like
        A scenario file that the new one extends; None for a small complete scenario.
    folder
        Folder of the new file; the path of `like` is written relative to it.
    extensions
        Extension files that `like` needs.
    profile
        The place whose ages and contacts the small scenario uses, a key of `PROFILES`.
    lang
        The language of the comments, ``vi`` or ``en``.

    Raises
    ------
    ScenarioError
        If the name is not allowed, or `like` is not a valid scenario.
    """
    check_name(name)
    if like is None:
        text = _STARTER.read_text(encoding="utf-8")
        for key, table in PROFILES[VIETNAM].items():
            text = text.replace(f"  {key}: {table}", f"  {key}: {PROFILES[profile][key]}")
        if profile != VIETNAM:
            text = text.replace(_APPENDIX, _ELSEWHERE)
            text = text.replace(_of_thresholds(VIETNAM), _of_thresholds(profile))
        return commented(text, lang).replace(_PLACEHOLDER, name)
    text = _laid_over(name, os.path.relpath(like, folder), load(like, extensions=extensions), lang)
    return commented(text, lang)


def commented(text: str, lang: str) -> str:
    """Return the text of a new scenario with its comments in `lang`; those without a translation stay."""
    if lang == "en":
        return text
    words = yaml.safe_load(_COMMENTS.read_text(encoding="utf-8"))
    lines = []
    for line in text.split("\n"):
        before, mark, comment = line.partition("#")
        dashes = comment.startswith(" -- ")
        translated = words.get(comment.strip(" -=") if dashes else comment.strip())
        if translated is None:
            lines.append(line)
        elif dashes:
            lines.append(f"# -- {translated} ".ljust(len(line), "-"))
        else:
            lines.append(f"{before}{mark} {translated}")
    return "\n".join(lines)


def _of_thresholds(profile: str) -> str:
    source, confidence = source_of_thresholds(profile)
    return f"{{source: '{source}', confidence: {confidence}}}"


def check_name(name: str) -> None:
    """Check the name of a new scenario.

    Raises
    ------
    ScenarioError
        If the name is not allowed.
    """
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError:
        message = f"got the name {name!r}, expected {A_NAME}"
        raise ScenarioError([Problem("name", message)]) from None


def _laid_over(name: str, base: str, scenario: Scenario, lang: str) -> str:
    facility, first = next(iter(scenario.care.facilities.items()))
    district, people = next(iter(scenario.people.districts.items()))
    shown = base.replace(os.sep, "/")
    title = f"{'thay đổi so với' if lang == 'vi' else 'changes to'} {scenario.title.get(lang)}"
    lines = [
        f"# {name}: {title}",
        "#",
        "# Everything in the scenario after `extends` applies here; the values below change it.",
        "# Mappings merge with those there, values and lists replace the old ones, null removes an entry.",
        f"name: {name}",
        f"title: {name}",
        f"extends: {json.dumps(shown, ensure_ascii=False)}",
        "",
        "# Some values you can change. To change one, remove the # from its line and from the keys above it.",
        f"# days: {scenario.days}",
        "# people:",
        "#   districts:",
        f"#     {district}: {{population: {people.population}}}",
    ]
    if scenario.epidemic is not None:
        lines += ["# epidemic:", f"#   variant: {{r0: {scenario.epidemic.variant.r0:g}}}"]
    lines += [
        "# care:",
        "#   facilities:",
        f"#     {facility}: {{beds: {{oxygen: {first.beds.oxygen}, icu: {first.beds.icu}}}}}",
    ]
    for name_of_rule, rule in list(scenario.command.plan.items())[:1]:
        lines += [
            "# command:",
            "#   plan:",
            f"#     {name_of_rule}: {{decision_days: {rule.decision_days:g}}}",
        ]
    if scenario.alternatives:
        lines += ["#", "# The alternatives of that scenario:", f"# {', '.join(scenario.alternatives)}"]
    lines += ["# alternatives:", "#   my-plan:", "#     command: {plan: {}}", ""]
    return "\n".join(lines)
