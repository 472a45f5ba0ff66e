"""Sentences of the summary: what binds the beds, and which facilities have no mobilisation plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from surgesim.report.words import number, rounded
from surgesim.scenario.schema import BASELINE, Scenario
from surgesim.study.binding import BEDS, limits_modelled

if TYPE_CHECKING:
    from surgesim.study.results import Results

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "only_space": (
            "Nothing but space limits beds here: the scenario gives no staff, ventilators or oxygen supply."
        ),
        "breach": "{bed} bound by {what} on {days} of {all} breach days (mean over the runs).",
        "short": "{bed} bound by {what} on {days} of {all} days on which patients lack one.",
        "never": "{bed} never short, and no emergency is declared.",
        "oxygen": "Oxygen beds are",
        "icu": "ICU beds are",
        "by_space": "space",
        "by_doctors": "doctors",
        "by_nurses": "nurses",
        "by_equipment": "equipment",
        "by_oxygen": "oxygen",
        "plans": "{without} of {all} facilities have no mobilisation plan.",
        "plans_and_silent": (
            "{without} of {all} facilities have no mobilisation plan, and of {silent} it is not known."
        ),
        "plans_unknown": "Of none of the {all} facilities is it known whether it has a mobilisation plan.",
    },
    "vi": {
        "only_space": (
            "Ở đây chỉ có chỗ đặt giường giới hạn số giường: kịch bản không nêu nhân lực, máy thở hay "
            "nguồn ô xy."
        ),
        "breach": "{bed} bị giới hạn bởi {what} trong {days} trên {all} ngày khẩn cấp (trung bình các lần).",
        "short": "{bed} bị giới hạn bởi {what} trong {days} trên {all} ngày có người bệnh thiếu giường.",
        "never": "{bed} không bao giờ thiếu, và không có tình huống khẩn cấp.",
        "oxygen": "Giường ô xy",
        "icu": "Giường ICU",
        "by_space": "chỗ đặt giường",
        "by_doctors": "bác sĩ",
        "by_nurses": "điều dưỡng",
        "by_equipment": "thiết bị",
        "by_oxygen": "ô xy",
        "plans": "{without} trong {all} cơ sở chưa có phương án huy động.",
        "plans_and_silent": "{without} trong {all} cơ sở chưa có phương án huy động, {silent} cơ sở chưa rõ.",
        "plans_unknown": "Chưa rõ cơ sở nào trong {all} cơ sở có phương án huy động.",
    },
}
"""Every sentence by language and key."""


def what_binds(results: Results, lang: str, alternative: str = BASELINE) -> Iterator[str]:
    """A sentence per bed type on what binds it most on breach days; one alone where only space can.

    Breach days are those of the declared emergency; where there are none, those with patients who lack
    such a bed.
    """
    say = SENTENCES[lang]
    if not limits_modelled(results.scenario.alternative(alternative)):
        yield say["only_space"]
        return
    table = results.binding[results.binding["alternative"] == alternative]
    for bed in BEDS:
        rows = table[table["bed"] == bed]
        for which in ("breach", "short"):
            days = rows[f"{which}_days_mean"].to_numpy(dtype=float)
            if days.sum() > 0:
                most = int(days.argmax())
                yield say[which].format(
                    bed=say[bed],
                    what=say[f"by_{rows['constraint'].iloc[most]}"],
                    days=rounded(float(days[most]), lang),
                    all=rounded(float(days.sum()), lang),
                )
                break
        else:
            yield say["never"].format(bed=say[bed])


def without_plan(scenario: Scenario, lang: str) -> str:
    """How many facilities have no mobilisation plan, and of how many it is not said."""
    plans = [facility.mobilisation_plan for facility in scenario.care.facilities.values()]
    silent, without = plans.count(None), plans.count(False)
    key = "plans" if silent == 0 else "plans_unknown" if silent == len(plans) else "plans_and_silent"
    return SENTENCES[lang][key].format(
        without=number(without, lang), all=number(len(plans), lang), silent=number(silent, lang)
    )
