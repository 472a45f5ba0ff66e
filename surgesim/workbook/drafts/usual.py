"""Add what the workbook does not ask for: the figures of a profile, and assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surgesim.scenario.door import PROFILES, source_of_thresholds
from surgesim.workbook.drafts.draft import ASSUMED, Draft
from surgesim.workbook.drafts.yaml_text import Verbatim
from surgesim.workbook.words import Label

DETECTED_SHARE = 0.2
LATENT_DAYS, INFECTIOUS_DAYS = 3.0, 4.0
_INFECTED_SHARE = 0.0005
"""Share of the population that is infected on the first day if no cases are reported."""

OPEN_SHARE, CONVERTIBLE_SHARE = 0.3, 0.6
DAYS = 120

MEASURE = "distancing"

FROM_CASES = Label("từ số ca của tuần vừa qua", "from the cases of the last week")
_MORE = Label(
    "nhiều lần mô phỏng hơn: sai số nhỏ hơn, chạy lâu hơn", "more replications: narrower error, longer run"
)
_SEED = Label("cùng seed thì cùng kết quả", "the same seed gives the same results")

_THRESHOLDS: Mapping[str, Mapping[str, Any]] = {
    "weekly-cases": {"indicator": Verbatim("weekly_reported_cases_per_100k"), "above": 450},
    "on-oxygen": {"indicator": Verbatim("oxygen_need_7d_per_100k"), "above": 32},
    "without-bed": {"indicator": Verbatim("patients_without_bed"), "above": 0},
    "vacant-beds": {"indicator": Verbatim("vacant_covid_beds_per_100k"), "below": 10},
    "icu-staffed": {"indicator": Verbatim("staffed_icu_beds_per_100k"), "below": 4},
}


def put_study(draft: Draft) -> None:
    draft.put(("study", "replications"), 8, _MORE)
    draft.put(("study", "seed"), 1, _SEED)


def put_profile(draft: Draft, profile: str) -> None:
    """Add the age structure and contacts of a profile's place, and the clinical course."""
    for key, name in PROFILES[profile].items():
        draft.put(("people", key), Verbatim(name), Label(f"bộ số liệu nền {profile}", f"profile {profile}"))


def put_epidemic(draft: Draft, infections: Mapping[str, int], origin: Label | str) -> None:
    """Add the variant, and the infections on the first day by district."""
    above = ("epidemic", "variant")
    draft.assume((*above, "r0"), 4.0)
    draft.assume((*above, "latent_days"), LATENT_DAYS)
    draft.assume((*above, "infectious_days"), INFECTIOUS_DAYS)
    draft.assume((*above, "severity"), 1.0)
    draft.assume(("epidemic", "immunity", "immune_share"), 0.4)
    draft.put(("epidemic", "initial_infections"), dict(infections), origin)
    draft.assume(("epidemic", "detection", "share"), DETECTED_SHARE)
    draft.put(("clinical", "profile"), Verbatim("squire-2022"))


def put_measure(draft: Draft) -> None:
    """Add the measure that a social-distancing rule starts."""
    reduces = ("epidemic", "measures", MEASURE, "reduces")
    for setting, share in (("school", 0.6), ("work", 0.4), ("community", 0.5)):
        draft.assume((*reduces, setting), share)
    draft.assume(("epidemic", "measures", MEASURE, "compliance"), 0.7)


def infected(cases_per_day: float | None, people: int) -> int:
    """Estimate the infections in an area on the first day from its daily number of reported cases."""
    if cases_per_day is None:
        number = people * _INFECTED_SHARE
    else:
        number = cases_per_day / DETECTED_SHARE * (LATENT_DAYS + INFECTIOUS_DAYS)
    return min(max(round(number), 1), people // 2)


def put_thresholds(draft: Draft) -> None:
    for name, threshold in _THRESHOLDS.items():
        draft.put(("command", "thresholds", name), dict(threshold))
    draft.put(("command", "situation", "require"), 3)


def put_usual_plan(draft: Draft) -> None:
    """Add the usual plan, for a workbook without a plan."""
    above = ("command", "plan", "convert-wards")
    when = {"indicator": Verbatim("oxygen_occupancy"), "above": 0.7, "for_days": 2}
    draft.assume((*above, "action"), Verbatim("convert_beds"))
    draft.assume((*above, "when"), when)
    draft.assume((*above, "lead_days"), 2)
    draft.assume((*above, "until"), {"below": 0.3, "for_days": 14})
    above = ("command", "plan", "distance")
    when = {"indicator": Verbatim("weekly_reported_cases_per_100k"), "above": 300}
    draft.assume((*above, "action"), Verbatim("measure"))
    draft.assume((*above, "measure"), Verbatim(MEASURE))
    draft.assume((*above, "when"), when)
    draft.assume((*above, "until"), {"below": 100, "for_days": 14})
    put_measure(draft)


def source(draft: Draft, pattern: str, origin: str, confidence: str = ASSUMED) -> None:
    """Add the source of the figures whose paths match a pattern."""
    sources = draft.tree.setdefault("sources", {})
    sources[pattern] = {"source": origin, "confidence": Verbatim(confidence)}


def put_usual_sources(draft: Draft, profile: str) -> None:
    """Add the source of every figure that this module adds; `profile` is the place of the scenario."""
    source(draft, "epidemic", "usual figures of surgesim, to be replaced by your own")
    source(draft, "command.thresholds.*", *source_of_thresholds(profile))
