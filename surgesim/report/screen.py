"""The summary of a run on the screen: which thresholds break, and what each alternative changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from surgesim.report.sentences import what_binds, without_plan
from surgesim.report.words import INDICATORS, day_month, number, percent, rounded
from surgesim.scenario.schema import BASELINE, Scenario
from surgesim.study.breaches import SITUATION
from surgesim.study.compare import COST, DAYS_BREACHED, DEATHS, FIRST_DAY

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
        "deaths_untreated": "Deaths for want of care",
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
        "by_threshold": "What the alternatives change at each threshold",
        "first_breach": "First breach, days",
        "unchanged": "no difference at any threshold",
        "by_threshold_note": (
            "− fewer days in breach or an earlier first breach, + more or later; in brackets the "
            "95 % interval. Thresholds not listed: no difference. A run without a breach counts its first "
            "as day {days}."
        ),
        "cost": "Cost of each plan",
        "mean_cost": "Cost ({unit})",
        "extra_cost": "Against the baseline",
        "per_death_averted": "Per death averted ({unit})",
        "cost_note": (
            "Means of the runs, in brackets the 95 % interval. Per death averted: where the alternative is "
            "dearer and deaths are fewer in its whole interval."
        ),
        "billion": "billion {currency}",
        "million": "million {currency}",
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
        "deaths_untreated": "Tử vong do không được điều trị đủ",
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
        "by_threshold": "Các phương án làm thay đổi điều gì ở từng ngưỡng",
        "first_breach": "Lần đầu vượt, số ngày",
        "unchanged": "không khác ở ngưỡng nào",
        "by_threshold_note": (
            "− ít ngày vượt ngưỡng hơn hoặc vượt sớm hơn, + nhiều hơn hoặc muộn hơn; trong ngoặc "
            "là khoảng tin cậy 95 %. Ngưỡng không nêu: không khác. Lần mô phỏng không vượt được tính lần đầu "
            "vào ngày thứ {days}."
        ),
        "cost": "Chi phí của từng phương án",
        "mean_cost": "Chi phí ({unit})",
        "extra_cost": "So với phương án cơ sở",
        "per_death_averted": "Cho mỗi tử vong tránh được ({unit})",
        "cost_note": (
            "Trung bình các lần mô phỏng, trong ngoặc là khoảng tin cậy 95 %. Cho mỗi tử vong tránh được: "
            "khi phương án tốn kém hơn và cả khoảng tin cậy của số tử vong đều ít hơn."
        ),
        "billion": "tỷ {currency}",
        "million": "triệu {currency}",
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
        if len(results.breaches):
            parts += [Text(), threshold_table(results, lang)]
            parts += [Text(say["by_threshold_note"].format(days=horizon), style="dim")]
    if scenario.supply.costs is not None:
        parts += [Text(), cost_table(results, lang), Text(say["cost_note"], style="dim")]
    parts += [Text(), *(Text(sentence) for sentence in what_binds(results, lang))]
    parts += [Text(without_plan(scenario, lang))]
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
    _alternative_column(table, results, lang)
    shown = [outcome for outcome in COMPARED if (rows["outcome"] == outcome).any()]
    for outcome in shown:
        table.add_column(say[outcome], justify="right", overflow="fold")
    for alternative, group in rows.groupby("alternative", sort=False):
        by_outcome = {row["outcome"]: row for row in group.to_dict("records")}
        cells = [_difference(by_outcome.get(outcome), lang) for outcome in shown]
        table.add_row(Text(str(alternative)), *cells)
    return table


def threshold_table(results: Results, lang: str) -> Table:
    """One row per alternative and threshold at which it changes anything: days in breach and first breach."""
    say = TEXTS[lang]
    table = Table(title=say["by_threshold"], title_justify="left", title_style="bold")
    _alternative_column(table, results, lang)
    table.add_column(say["threshold"], overflow="fold")
    for column in ("days", "first_breach"):
        table.add_column(say[column], justify="right", overflow="fold", min_width=18)
    for alternative, group in results.comparison.groupby("alternative", sort=False):
        by_outcome = {row["outcome"]: row for row in group.to_dict("records")}
        scenario = results.scenario.alternative(str(alternative))
        lines = []
        for name in scenario.command.thresholds:
            pair = [by_outcome.get(f"{prefix}{name}") for prefix in (DAYS_BREACHED, FIRST_DAY)]
            if any(row is not None and row["tied"] < 1 for row in pair):
                lines.append((_brief_title(scenario, name, lang), *(_signed(row, lang) for row in pair)))
        for i, line in enumerate(lines or [(say["unchanged"], "", "")]):
            last = i == len(lines or [()]) - 1
            table.add_row(Text(str(alternative) if i == 0 else ""), *map(Text, line), end_section=last)
    return table


def cost_table(results: Results, lang: str) -> Table:
    """What each plan costs, against the baseline and per death averted."""
    say = TEXTS[lang]
    table = Table(title=say["cost"], title_justify="left", title_style="bold")
    _alternative_column(table, results, lang)
    means = results.replications.groupby("alternative", sort=False)[COST].mean()
    compared = {
        (row["alternative"], row["outcome"]): row
        for row in results.comparison[results.comparison["outcome"].isin((COST, DEATHS))].to_dict("records")
    }
    each = {
        name: float(row["per_death_averted"])
        for (name, outcome), row in compared.items()
        if outcome == COST and compared[name, DEATHS]["difference_high"] < 0 < row["per_death_averted"]
    }
    scale, unit = _money(results.scenario, float(means.max()), lang)
    scale_each, unit_each = _money(results.scenario, max(each.values(), default=0.0), lang)
    for key, of in (("mean_cost", unit), ("extra_cost", unit), ("per_death_averted", unit_each)):
        table.add_column(say[key].format(unit=of), justify="right", overflow="fold")
    for alternative, mean in means.items():
        name = str(alternative)
        table.add_row(
            Text(name),
            rounded(float(mean) / scale, lang),
            Text(_signed(compared.get((name, COST)), lang, scale)),
            rounded(each[name] / scale_each, lang) if name in each else "",
        )
    return table


def _money(scenario: Scenario, largest: float, lang: str) -> tuple[float, str]:
    """The unit that sums up to `largest` are told in, and its name."""
    currency = scenario.supply.currency
    for scale, name in ((1e9, "billion"), (1e6, "million")):
        if largest >= scale:
            return scale, TEXTS[lang][name].format(currency=currency)
    return 1.0, currency


def _alternative_column(table: Table, results: Results, lang: str) -> None:
    """A first column wide enough for names of a usual length."""
    longest = max(map(len, results.alternatives))
    table.add_column(TEXTS[lang]["alternative"], overflow="fold", min_width=min(longest, 21))


def _brief_title(scenario: Scenario, name: str, lang: str) -> str:
    """What a threshold watches, and its bound."""
    threshold, supply = scenario.command.thresholds[name], scenario.supply
    what = INDICATORS[lang][threshold.indicator][0]
    if threshold.item is not None:
        item = supply.consumables.get(threshold.item) or supply.burdens[threshold.item]
        what = f"{what}: {item.title.get(lang)}"
    sign = ">" if threshold.above is not None else "<"
    return f"{what} {sign}{number(threshold.bound, lang)}"


def _signed(row: Mapping[Any, Any] | None, lang: str, scale: float = 1.0) -> str:
    """A paired difference with its sign and interval: ``-12 (-15 to -9)``."""
    if row is None:
        return ""

    def sign(value: float) -> str:
        text = rounded(value / scale, lang)
        return f"+{text}" if value > 0 else text

    low, high = row["difference_low"], row["difference_high"]
    if math.isnan(low) or low == high == 0:
        return sign(row["difference"])
    return f"{sign(row['difference'])} ({TEXTS[lang]['to'].format(low=sign(low), high=sign(high))})"


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
    low, high = (rounded(row[f"days_breached_{q}"], lang) for q in ("p5", "p95"))
    return f"{rounded(row['days_breached_mean'], lang)}\n({_range(low, high)})"


def _difference(row: Mapping[Any, Any] | None, lang: str) -> str:
    """A paired difference in words: fewer or more, earlier or later, with its interval."""
    if row is None:
        return ""
    say = TEXTS[lang]
    less, more = ("earlier", "later") if row["outcome"].startswith("first_day_") else ("fewer", "more")

    def words(value: float) -> str:
        text = rounded(abs(value), lang)
        return say["same"] if value == 0 else say[less if value < 0 else more].format(value=text)

    low, high = row["difference_low"], row["difference_high"]
    if math.isnan(low) or low == high == 0:
        return words(row["difference"])
    if low < 0 < high:
        return f"{words(row['difference'])}\n({say['to'].format(low=words(low), high=words(high))})"
    ends = sorted((abs(low), abs(high)))
    return f"{words(row['difference'])}\n({_range(*(rounded(end, lang) for end in ends))})"


def _range(low: str, high: str) -> str:
    if low.endswith("%") and high.endswith("%"):
        low = low.removesuffix("%").rstrip()
    return f"{low}\N{EN DASH}{high}"


def day_text(day: date, lang: str) -> str:
    """``5 Mar 2024`` or ``05/03/2024``."""
    return f"{day_month(day, lang)}{' ' if lang == 'en' else '/'}{day.year}"
