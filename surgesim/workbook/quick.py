"""Write a scenario from a few figures: it has one district and one hospital, and assumes the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from surgesim.errors import Problem, ScenarioError
from surgesim.scenario.door import VIETNAM, check_name, loads
from surgesim.scenario.schema.numbers import MOST_PEOPLE
from surgesim.workbook.drafts import usual
from surgesim.workbook.drafts.draft import ASSUMED, Draft
from surgesim.workbook.drafts.yaml_text import Verbatim, scenario_text
from surgesim.workbook.words import NOTHING, Label

_OXYGEN_SHARE = 0.4
"""Share of the beds outside intensive care that have oxygen."""

_WITHOUT_OXYGEN = Label("--beds trừ giường có ô-xy", "--beds without those with oxygen")
_WITH_OXYGEN = Label(f"{_OXYGEN_SHARE:.0%} của --beds: giả định", f"{_OXYGEN_SHARE:.0%} of --beds: assumed")

_HEAD = (
    Label("{name}: kịch bản từ vài con số", "{name}: a scenario from a handful of figures"),
    NOTHING,
    Label(
        "Dòng ghi “giả định” không phải số của bạn: hãy thay khi biết rõ hơn.",
        "Lines marked `assumed` are not yours: replace them when you know better.",
    ),
    Label("surgesim validate {name}.yaml", "surgesim validate {name}.yaml"),
    Label("surgesim run {name}.yaml", "surgesim run {name}.yaml"),
)
"""The comment at the top of the scenario file."""

_DISTRICT, _FACILITY = "whole-province", "hospitals"


@dataclass(frozen=True, slots=True)
class Figures:
    """The few figures of today from which a scenario is written.

    Attributes
    ----------
    population
        Number of people.
    beds, icu
        Hospital beds outside intensive care, and beds in intensive care.
    cases_last_week
        Reported cases of the last seven days; None if not known.
    in_hospital, in_icu
        COVID patients in hospital, intensive care included, and those in intensive care.
    """

    population: int
    beds: int
    icu: int = 0
    cases_last_week: int | None = None
    in_hospital: int = 0
    in_icu: int = 0

    def problems(self) -> list[Problem]:
        """Return a problem for each figure that is out of range or contradicts another."""
        found = []
        for name, most in (("population", MOST_PEOPLE), ("beds", 1_000_000), ("icu", 1_000_000)):
            number, least = getattr(self, name), 0 if name == "icu" else 1
            if not least <= number <= most:
                found.append(Problem(name, f"got {number}, expected a whole number from {least} to {most}"))
        cases = self.cases_last_week or 0
        for name, number in (
            ("cases-last-week", cases),
            ("in-hospital", self.in_hospital),
            ("in-icu", self.in_icu),
        ):
            if number < 0:
                found.append(Problem(name, f"got {number}, expected 0 or more"))
        if found:
            return found
        if cases > self.population:
            found.append(
                Problem("cases-last-week", f"got {cases}, expected at most the {self.population} people")
            )
        if self.in_icu > self.in_hospital:
            message = f"got {self.in_icu}, expected at most the {self.in_hospital} patients in hospital"
            found.append(Problem("in-icu", message))
        elif self.in_hospital - self.in_icu > 2 * self.beds:
            got = f"got {self.in_hospital - self.in_icu} patients outside intensive care"
            found.append(Problem("in-hospital", f"{got}, expected at most twice the {self.beds} beds"))
        if self.in_icu > 2 * self.icu:
            message = f"got {self.in_icu}, expected at most twice the {self.icu} ICU beds"
            found.append(Problem("in-icu", message))
        return found


def quick_scenario(name: str, figures: Figures, today: date, lang: str = "en", profile: str = VIETNAM) -> str:
    """Return the text of a commented scenario that starts `today` and runs without changes.

    `lang` is the language of the comments, ``vi`` or ``en``. `profile` is a key of `PROFILES`: the place
    whose ages and contacts the scenario uses.

    Raises
    ------
    ScenarioError
        If a figure is not plausible, or the name is not allowed.
    """
    check_name(name)
    problems = figures.problems()
    if problems:
        raise ScenarioError(problems)
    draft = Draft()
    draft.put(("name",), Verbatim(name))
    draft.put(("title",), name)
    draft.put(("start",), today, Label("hôm nay, 0 giờ", "today, 00:00"))
    draft.assume(("days",), usual.DAYS)
    cases = figures.cases_last_week
    if cases is not None:
        first = (today - timedelta(days=7)).isoformat()
        draft.put(("history", "first_day"), Verbatim(first))
        draft.put(
            ("history", "province", "reported_cases"),
            _by_day(cases),
            Label("--cases-last-week, chia đều cho 7 ngày", "--cases-last-week, spread over 7 days"),
        )
    usual.put_study(draft)
    usual.put_profile(draft, profile)
    above = ("people", "districts", _DISTRICT)
    draft.put((*above, "title"), {"vi": "Toàn tỉnh", "en": "Whole area"})
    draft.put((*above, "population"), figures.population, "--population")
    infections = usual.infected(None if cases is None else cases / 7, figures.population)
    origin = ASSUMED if cases is None else usual.FROM_CASES
    usual.put_epidemic(draft, {_DISTRICT: infections}, origin)
    _put_hospital(draft, figures)
    usual.put_thresholds(draft)
    usual.put_usual_plan(draft)
    usual.put_usual_sources(draft, profile)
    usual.source(draft, "people.districts", "figures given to surgesim new", "counted")
    usual.source(draft, "care", "figures given to surgesim new, and assumptions")
    usual.source(draft, "command.plan", "usual plan of surgesim")
    head = [line.get(lang).format(name=name) for line in _HEAD]
    text = scenario_text(draft, head, lang)
    loads(text)
    return text


def _by_day(cases: int) -> list[int]:
    """Spread the cases of a week over its days, as evenly as whole numbers allow."""
    return [cases * (day + 1) // 7 - cases * day // 7 for day in range(7)]


def _put_hospital(draft: Draft, figures: Figures) -> None:
    """Add one hospital with all beds; enough of them are open to hold today's COVID patients."""
    ward = figures.in_hospital - figures.in_icu
    oxygen = min(max(round(figures.beds * _OXYGEN_SHARE), ward), figures.beds)
    above = ("care", "facilities", _FACILITY)
    draft.put((*above, "title"), {"vi": "Các bệnh viện", "en": "Hospitals"})
    draft.put((*above, "district"), Verbatim(_DISTRICT))
    draft.put((*above, "ownership"), Verbatim("public"))
    draft.put((*above, "beds", "basic"), figures.beds - oxygen, _WITHOUT_OXYGEN)
    draft.put((*above, "beds", "oxygen"), oxygen, _WITH_OXYGEN)
    draft.put((*above, "beds", "icu"), figures.icu, "--icu")
    shares = {"oxygen": _open_share(ward, oxygen), "icu": _open_share(figures.in_icu, figures.icu)}
    for bed, share in {"basic": usual.OPEN_SHARE, **shares}.items():
        draft.assume((*above, "covid_share", bed), share)
    for bed, share in {"basic": usual.OPEN_SHARE, **shares}.items():
        draft.assume((*above, "convertible_share", bed), max(share, usual.CONVERTIBLE_SHARE))
    census = ("care", "initial_census", _FACILITY)
    draft.put(
        (*census, "oxygen"), ward, Label("--in-hospital trừ --in-icu", "--in-hospital without --in-icu")
    )
    draft.put((*census, "icu"), figures.in_icu, "--in-icu")


def _open_share(patients: int, beds: int) -> float:
    """Return the share of beds open to COVID patients: the usual one, or more if patients need more."""
    needed = math.ceil(patients / beds * 100) / 100 if beds else 0.0
    return min(max(needed, usual.OPEN_SHARE), 1.0)
