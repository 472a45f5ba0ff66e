"""The on-screen summary of a forecast: at most 40 lines at 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group
from rich.text import Text

from surgesim.report.names import alternative_title, threshold_title
from surgesim.report.prose.assessment import is_assessed
from surgesim.report.prose.forecast import course_assumed, data_and_pace, untold
from surgesim.report.prose.hospitals import first_full
from surgesim.report.screen.screen import first_breach, signed
from surgesim.report.screen.table import ScreenTable
from surgesim.report.words import EN_DASH, day_month, day_text, number, percent, phrase, round_off
from surgesim.scenario.schema.scenario import BASELINE
from surgesim.study.measures.breaches import PROVINCE_AREA
from surgesim.study.measures.compare import DEATHS

if TYPE_CHECKING:
    from surgesim.fitting.forecast import Forecast

LINES: Final = 40
COLUMNS: Final = 80

MOST_WEEKS: Final = 4
MOST_HOSPITALS: Final = 5
MOST_THRESHOLDS: Final = 5
MOST_PLANS: Final = 4
_LEAST: Final = 2
"""Min number of lines kept of a list, heading included."""

_FLOWS: Final = ("reported_cases", "admissions")
_DAILY: Final = {"occupied_basic": 1.0, "occupied_oxygen": 1.0, "occupied_icu": 1.0, "oxygen_used_kg": 1e-3}
"""Daily indicators, each with the factor that converts it to the unit in which it is shown."""

_LOW, _MIDDLE, _HIGH = 0.05, 0.5, 0.95


def forecast_summary(forecast: Forecast, lang: str, folder: str | None = None) -> Group:
    """Build the on-screen summary of a forecast for planners.

    Parameters
    ----------
    lang
        ``vi`` or ``en``.
    folder
        Path of the results, displayed at the end; None to leave it out.
    """
    lists = [
        list(first_full(forecast.results, lang, MOST_HOSPITALS)),
        list(_thresholds(forecast, lang)),
        list(_plans(forecast, lang)),
    ]
    while True:
        parts: list[ScreenTable | Text] = [
            Text(_heading(forecast, lang), style="bold"),
            *map(Text, data_and_pace(forecast.results, forecast.pace, lang)),
            week_table(forecast, lang),
            *(Text(line) for lines in lists for line in lines),
            *map(Text, _grounds(forecast, lang)),
        ]
        if folder is not None:
            parts.append(Text(phrase(lang, "forecast.folder", folder=folder)))
        group = Group(*parts)
        longest = max(lists, key=len)
        if _height(group) <= LINES or len(longest) <= _LEAST:
            return group
        longest.pop()


def _height(group: Group) -> int:
    text = StringIO()
    Console(file=text, width=COLUMNS, highlight=False, markup=False).print(group)
    return text.getvalue().count("\n")


def _heading(forecast: Forecast, lang: str) -> str:
    scenario = forecast.results.scenario
    return phrase(
        lang,
        "forecast.heading",
        title=scenario.title.get(lang),
        start=day_text(scenario.start, lang),
        end=day_text(scenario.end - timedelta(days=1), lang),
        runs=number(forecast.results.replications["replication"].nunique(), lang),
    )


def week_table(forecast: Forecast, lang: str) -> ScreenTable:
    """Build the table by week: weekly cases and admissions, and beds and oxygen at the week's end."""
    results, in_province = forecast.results, forecast.quantiles
    in_province = in_province[in_province["location"] == PROVINCE_AREA]
    rows = in_province.set_index(["target", "horizon", "output_type_id"])["value"]
    daily = results.daily[results.daily["alternative"] == BASELINE].set_index(["indicator", "day"])
    daily = daily[["p5", "p50", "p95"]]
    kept = [name for name in _DAILY if daily.xs(name).to_numpy().any()]
    table = ScreenTable(phrase(lang, "forecast.by_week"), show_lines=False)
    table.add_column(phrase(lang, "forecast.week_to"), "left")
    for name in (*_FLOWS, *kept):
        table.add_column(phrase(lang, f"by_week.{name}"))
    for week in _weeks(int(forecast.quantiles["horizon"].max())):
        flows = [[rows[name, week, level] for level in (_LOW, _MIDDLE, _HIGH)] for name in _FLOWS]
        stocks = [_DAILY[name] * daily.loc[[(name, 7 * week - 1)]].to_numpy(float)[0] for name in kept]
        end = results.scenario.start + timedelta(days=7 * week - 1)
        table.add_row(day_month(end, lang), *(_range(values, lang) for values in (*flows, *stocks)))
    return table


def _weeks(last: int) -> list[int]:
    """Return the weeks to show: all of them, or a selection if there are too many."""
    if last <= MOST_WEEKS:
        return list(range(1, last + 1))
    return sorted({1, 2, (last + 2) // 2, last})


def _range(values: Iterable[float], lang: str) -> str:
    low, middle, high = (round_off(float(value), lang) for value in values)
    return f"{middle}\n({low}{EN_DASH}{high})"


def _thresholds(forecast: Forecast, lang: str) -> Iterator[str]:
    """List the thresholds of the province that are most likely to be breached."""
    results = forecast.results
    table = results.breaches
    table = table[(table["alternative"] == BASELINE) & (table["area"] == PROVINCE_AREA)]
    rows = [row for row in table.to_dict("records") if is_assessed(row) and row["probability"] > 0]
    if not len(table):
        return
    if not rows:
        yield phrase(lang, "forecast.no_breach")
        return
    yield phrase(lang, "forecast.thresholds")
    for row in sorted(rows, key=lambda row: -float(row["probability"]))[:MOST_THRESHOLDS]:
        yield phrase(
            lang,
            "forecast.threshold",
            title=threshold_title(results.scenario, row["threshold"], lang),
            when=first_breach(results, row, lang).replace("\n", " "),
            share=percent(row["probability"], lang),
        )


def _plans(forecast: Forecast, lang: str) -> Iterator[str]:
    """List the differences in deaths of the alternatives."""
    results = forecast.results
    rows = results.comparison[results.comparison["outcome"] == DEATHS].to_dict("records")
    if rows:
        yield phrase(lang, "forecast.plans")
    for row in rows[:MOST_PLANS]:
        title = alternative_title(results.scenario, str(row["alternative"]), lang)
        yield phrase(lang, "forecast.plan", title=title, difference=signed(row, lang))


def _grounds(forecast: Forecast, lang: str) -> Iterator[str]:
    """State the forecast's assumptions, and how many parameters the data say nothing about."""
    confidence = forecast.results.assumptions["confidence"]
    yield course_assumed(forecast.results, lang)
    assumed = number(int((confidence == "assumed").sum()), lang)
    yield phrase(lang, "screen.assumed", assumed=assumed, all=number(len(confidence), lang))
    yield from untold(forecast.results, lang)
