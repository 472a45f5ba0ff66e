"""The summary of a run on the screen: which thresholds break, and what each alternative changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from surgesim.report.words import INDICATORS, day_month, number, percent
from surgesim.scenario.schema import BASELINE, Scenario
from surgesim.study.breaches import SITUATION

if TYPE_CHECKING:
    from surgesim.study.results import Results

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "heading": "{title}: {runs} runs of {days} days from {start} (seed {seed})",
        "breaches": "Thresholds in the baseline",
        "threshold": "Threshold",
        "probability": "Probability of a breach",
        "first": "First breach",
        "days": "Days in breach",
        "worst": "Worst value",
        "above": "above {bound} {unit}",
        "below": "below {bound} {unit}",
        "situation": "Declared emergency",
        "situation_bound": "at least {bound} of {count} thresholds",
        "situation_worst": "{worst} of {count} thresholds",
        "at_start": "at the start",
        "sometimes_at_start": "at the start in {share} of runs",
        "none": "none by day {days}",
        "early": "5 % of runs by {day}",
        "breaches_note": (
            "Probability: share of the {runs} runs with at least one day in breach, in brackets its 95 % "
            "interval. First breach, days, worst: median, mean, median; in brackets 5 % to 95 % of the runs."
        ),
        "comparison": "Alternatives against the baseline",
        "alternative": "Alternative",
        "situation_days": "Days of emergency",
        "first_day_situation": "First emergency",
        "deaths_untreated": "Deaths for want of a bed",
        "deaths": "All deaths",
        "fewer": "{value} fewer",
        "more": "{value} more",
        "earlier": "{value} d earlier",
        "later": "{value} d later",
        "same": "no difference",
        "to": "{low} to {high}",
        "comparison_note": (
            "Mean difference, run by run on the same random numbers; below it the 95 % interval. "
            "A run without an emergency counts its first as day {days}."
        ),
        "assumed": "{assumed} of {all} figures of this scenario are assumptions: see assumptions.csv.",
        "folder": "Results: {folder}",
    },
    "vi": {
        "heading": "{title}: {runs} lần mô phỏng, {days} ngày từ {start} (hạt giống {seed})",
        "breaches": "Các ngưỡng trong phương án cơ sở",
        "threshold": "Ngưỡng",
        "probability": "Xác suất vượt ngưỡng",
        "first": "Lần đầu vượt ngưỡng",
        "days": "Số ngày vượt ngưỡng",
        "worst": "Giá trị xấu nhất",
        "above": "trên {bound} {unit}",
        "below": "dưới {bound} {unit}",
        "situation": "Tình huống khẩn cấp",
        "situation_bound": "ít nhất {bound} trong {count} ngưỡng",
        "situation_worst": "{worst} trong {count} ngưỡng",
        "at_start": "ngay từ đầu",
        "sometimes_at_start": "ngay từ đầu trong {share} số lần",
        "none": "không vượt đến ngày thứ {days}",
        "early": "5 % số lần vượt trước {day}",
        "breaches_note": (
            "Xác suất: tỷ lệ trong {runs} lần mô phỏng có ít nhất một ngày vượt ngưỡng, trong ngoặc là "
            "khoảng tin cậy 95 %. Lần đầu, số ngày, giá trị xấu nhất: trung vị, trung bình, trung vị; "
            "trong ngoặc là từ 5 % đến 95 % số lần."
        ),
        "comparison": "Các phương án so với phương án cơ sở",
        "alternative": "Phương án",
        "situation_days": "Số ngày khẩn cấp",
        "first_day_situation": "Bắt đầu khẩn cấp",
        "deaths_untreated": "Tử vong do thiếu giường",
        "deaths": "Tổng số tử vong",
        "fewer": "ít hơn {value}",
        "more": "nhiều hơn {value}",
        "earlier": "sớm hơn {value} ngày",
        "later": "muộn hơn {value} ngày",
        "same": "không khác",
        "to": "{low} đến {high}",
        "comparison_note": (
            "Chênh lệch trung bình theo từng cặp trên cùng số ngẫu nhiên; bên dưới là khoảng tin cậy 95 %. "
            "Lần mô phỏng không có khẩn cấp được tính bắt đầu vào ngày thứ {days}."
        ),
        "assumed": "{assumed} trong {all} số liệu của kịch bản là giả định: xem assumptions.csv.",
        "folder": "Kết quả: {folder}",
    },
}
"""Every phrase of the summary by language and key."""

COMPARED: Final = ("situation_days", f"first_day_{SITUATION}", "deaths_untreated", "deaths")
"""Outcomes of the comparison on the screen; all others are in comparison.csv."""


def summary(results: Results, lang: str, folder: str | None = None) -> Group:
    """The summary of a run for a planner.

    Parameters
    ----------
    lang
        ``vi`` or ``en``.
    folder
        Where the results are, as it shall be shown; None says nothing about it.
    """
    say = TEXTS[lang]
    scenario = results.scenario
    horizon = number(scenario.days, lang)
    runs = number(scenario.study.replications, lang)
    parts: list[Table | Text] = [
        Text(
            say["heading"].format(
                title=scenario.title.get(lang),
                runs=runs,
                days=horizon,
                start=day_text(scenario.start, lang),
                seed=scenario.study.seed,
            ),
            style="bold",
        )
    ]
    if len(results.breaches):
        parts += [Text(), breach_table(results, lang)]
        parts += [Text(say["breaches_note"].format(runs=runs), style="dim")]
    if len(results.comparison):
        parts += [Text(), comparison_table(results, lang)]
        parts += [Text(say["comparison_note"].format(days=horizon), style="dim")]
    confidence = results.assumptions["confidence"]
    assumed = number(int((confidence == "assumed").sum()), lang)
    parts += [Text(), Text(say["assumed"].format(assumed=assumed, all=number(len(confidence), lang)))]
    if folder is not None:
        parts.append(Text(say["folder"].format(folder=folder)))
    return Group(*parts)


def breach_table(results: Results, lang: str) -> Table:
    """One row per threshold of the baseline, and one for the declared emergency."""
    say, scenario = TEXTS[lang], results.scenario
    table = Table(title=say["breaches"], title_justify="left", title_style="bold", show_lines=True)
    for column in ("threshold", "probability", "first", "days", "worst"):
        left = column in ("threshold", "first")
        table.add_column(say[column], justify="left" if left else "right", overflow="fold")
    for row in results.breaches[results.breaches["alternative"] == BASELINE].to_dict("records"):
        title, bound, worst = _threshold(scenario, row, lang)
        low, high = percent(row["probability_low"], lang), percent(row["probability_high"], lang)
        table.add_row(
            Text(f"{title}\n{bound}"),
            f"{percent(row['probability'], lang)}\n({_range(low, high)})",
            Text(_first(scenario, row, lang)),
            _days(row, lang),
            worst,
        )
    return table


def comparison_table(results: Results, lang: str) -> Table:
    """One row per alternative: its mean differences from the baseline with their intervals."""
    say = TEXTS[lang]
    rows = results.comparison[results.comparison["outcome"].isin(COMPARED)]
    table = Table(title=say["comparison"], title_justify="left", title_style="bold", show_lines=True)
    table.add_column(say["alternative"], overflow="fold")
    shown = [outcome for outcome in COMPARED if (rows["outcome"] == outcome).any()]
    for outcome in shown:
        table.add_column(say[outcome], justify="right", overflow="fold")
    for alternative, group in rows.groupby("alternative", sort=False):
        by_outcome = {row["outcome"]: row for row in group.to_dict("records")}
        cells = [_difference(by_outcome.get(outcome), lang) for outcome in shown]
        table.add_row(Text(str(alternative)), *cells)
    return table


def _threshold(scenario: Scenario, row: Mapping[Any, Any], lang: str) -> tuple[str, str, str]:
    """Title, bound and worst value of a row of the breach table, in words."""
    say, name = TEXTS[lang], row["threshold"]
    bound, worst = number(row["bound"], lang), number(row["worst_value_median"], lang)
    if name == SITUATION:
        situation = scenario.command.situation
        count = number(len(situation.thresholds or scenario.command.thresholds), lang)
        return (
            say["situation"],
            say["situation_bound"].format(bound=bound, count=count),
            say["situation_worst"].format(worst=worst, count=count),
        )
    threshold = scenario.command.thresholds[name]
    label, unit = INDICATORS[lang].get(threshold.indicator, (name, ""))
    title = threshold.title.get(lang) if threshold.title is not None else label
    side = "above" if threshold.above is not None else "below"
    return title, say[side].format(bound=bound, unit=unit).rstrip(), worst


def _first(scenario: Scenario, row: Mapping[Any, Any], lang: str) -> str:
    """When it first broke: at the start, the median date with its range, or none by the horizon."""
    say = TEXTS[lang]
    none = say["none"].format(days=number(scenario.days, lang))
    if row["breached_at_start"] == 1:
        return say["at_start"]
    median, early, late = (
        None if math.isnan(row[f"first_day_{q}"]) else scenario.start + timedelta(days=row[f"first_day_{q}"])
        for q in ("median", "p5", "p95")
    )
    lines = [none if median is None else day_text(median, lang)]
    if median is None and early is not None:
        lines.append(f"({say['early'].format(day=day_text(early, lang))})")
    elif median is not None and early is not None:
        text = day_month if (early.year, (late or early).year) == (median.year,) * 2 else day_text
        lines.append(f"({_range(text(early, lang), none if late is None else text(late, lang))})")
    if row["breached_at_start"] > 0:
        lines.append(say["sometimes_at_start"].format(share=percent(row["breached_at_start"], lang)))
    return "\n".join(lines)


def _days(row: Mapping[Any, Any], lang: str) -> str:
    if row["probability"] == 0:
        return "0"
    low, high = (_rounded(row[f"days_breached_{q}"], lang) for q in ("p5", "p95"))
    return f"{_rounded(row['days_breached_mean'], lang)}\n({_range(low, high)})"


def _difference(row: Mapping[Any, Any] | None, lang: str) -> str:
    """A paired difference in words: fewer or more, earlier or later, with its interval."""
    if row is None:
        return ""
    say = TEXTS[lang]
    less, more = ("earlier", "later") if row["outcome"].startswith("first_day_") else ("fewer", "more")

    def words(value: float) -> str:
        text = _rounded(abs(value), lang)
        return say["same"] if value == 0 else say[less if value < 0 else more].format(value=text)

    low, high = row["difference_low"], row["difference_high"]
    if math.isnan(low) or low == high == 0:
        return words(row["difference"])
    if low < 0 < high:
        return f"{words(row['difference'])}\n({say['to'].format(low=words(low), high=words(high))})"
    ends = sorted((abs(low), abs(high)))
    return f"{words(row['difference'])}\n({_range(*(_rounded(end, lang) for end in ends))})"


def _rounded(value: float, lang: str) -> str:
    """Two digits below ten, whole numbers above."""
    return number(float(f"{value:.2g}") if value < 10 else round(value), lang)


def _range(low: str, high: str) -> str:
    if low.endswith("%") and high.endswith("%"):
        low = low.removesuffix("%").rstrip()
    return f"{low}\N{EN DASH}{high}"


def day_text(day: date, lang: str) -> str:
    """``5 Mar 2024`` or ``05/03/2024``."""
    return f"{day_month(day, lang)}{' ' if lang == 'en' else '/'}{day.year}"
