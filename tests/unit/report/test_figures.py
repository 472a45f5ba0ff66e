"""Figures: every one draws in both languages, with units, without overlaps, the same bytes each time."""

from __future__ import annotations

import json
import os
import string
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from drawn import lay_out, outside, overlaps, texts
from figure_cases import BASE_FACILITY, DAYS, THRESHOLDS, surge_results, surge_scenario
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.patches import Patch
from matplotlib.text import Text

import surgesim
from surgesim.errors import ResultsError
from surgesim.files import is_figure
from surgesim.report import words
from surgesim.report.figures import (
    FIGURES,
    LEAST_WIDTH,
    EmptyFigureError,
    data,
    describe,
    draw,
    run,
    save,
    save_all,
    save_data,
)
from surgesim.report.figures.drawing.course import band_entries
from surgesim.report.figures.drawing.page import (
    PROBABILITIES,
    Look,
    View,
    date_ticks,
    settle,
    spans,
    stack_steps,
    text_width,
    wrap,
    wrap_evenly,
)
from surgesim.report.figures.drawing.summaries import BREACH_SHADE, threshold_summaries
from surgesim.report.figures.run.calendar import breach_shares
from surgesim.report.figures.run.districts import class_edges, class_of, tiles_of
from surgesim.report.figures.run.openings import STRIP
from surgesim.study.results import Results

LANGUAGES = ("en", "vi")
MANY = (30, 10)
"""Facilities that open and alternatives of the largest results drawn here."""


@pytest.fixture(scope="module")
def results() -> Results:
    return surge_results(surge_scenario(*MANY), replications=8)


@pytest.fixture(scope="module")
def small() -> Results:
    return surge_results(surge_scenario(2, 1), replications=3)


Drawn = Callable[[str, str], Figure]
"""The figure of a name in a language, drawn once; not to be changed."""


def drawn_once(results: Results) -> Drawn:
    return cache(lambda name, lang: lay_out(draw(results, name, lang=lang)))


@pytest.fixture(scope="module")
def large_figure(results: Results) -> Drawn:
    return drawn_once(results)


@pytest.fixture(scope="module")
def small_figure(small: Results) -> Drawn:
    return drawn_once(small)


def saved_by_a_process(hash_seed: str, folder: Path) -> list[Path]:
    """The files of all figures of the small results, written by a process with this hash seed."""
    code = (
        "import sys; from figure_cases import surge_results, surge_scenario; "
        "from surgesim.report.figures import save_all; "
        "results = surge_results(surge_scenario(2, 1), replications=3); "
        "print(*save_all(results, sys.argv[1], lang='vi'), sep='\\n')"
    )
    path = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
    settings = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, check=True, env=settings, stdout=subprocess.PIPE, text=True)
    return [Path(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return saved_by_a_process("0", tmp_path_factory.mktemp("saved") / "figures")


@pytest.mark.parametrize(
    ("runs", "bands"),
    [
        (1, []),
        (3, ["all runs, lowest to highest"]),
        (6, ["half of the runs (50%)", "all runs, lowest to highest"]),
        (20, ["half of the runs (50%)", "90% of the runs"]),
    ],
)
def test_a_legend_names_the_range_that_the_bands_have(small: Results, runs: int, bands: list[str]) -> None:
    table = pd.DataFrame({"replication": range(runs)})
    entries = band_entries(replace(small, replications=table), "en")
    assert [text for _, text in entries] == ["median", *bands]


def every_figure() -> Any:
    return pytest.mark.parametrize(("name", "lang"), [(n, lang) for n in FIGURES for lang in LANGUAGES])


def shaded(axes: Axes) -> list[tuple[float, float]]:
    """From where to where each shaded span of a panel goes, in days."""
    colour = to_rgba(BREACH_SHADE)
    spans = [
        patch.get_extents().transformed(axes.transData.inverted())
        for patch in axes.patches
        if patch.get_facecolor() == colour
    ]
    return [(span.x0, span.x1) for span in spans]


@pytest.mark.slow
@every_figure()
def test_no_text_overlaps_another_leaves_the_page_or_is_small(
    large_figure: Drawn, name: str, lang: str
) -> None:
    figure = large_figure(name, lang)
    assert overlaps(figure) == []
    assert outside(figure) == []
    assert smallest(figure) >= LEAST_SIZE


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_text_is_legible_in_a_narrow_column(small: Results, name: str) -> None:
    figure = lay_out(draw(small, name, lang="vi", width=LEAST_WIDTH))
    assert overlaps(figure) == []
    assert outside(figure) == []
    assert smallest(figure) >= LEAST_SIZE
    assert figure.get_figwidth() == LEAST_WIDTH


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_names_its_source(small: Results, name: str) -> None:
    manifest = {**small.manifest, "scenario_sha256": "0123456789abcdef", "versions": {"surgesim": "9.8"}}
    texts = [text.get_text() for text in draw(replace(small, manifest=manifest), name).texts]
    assert f"Source: surgesim 9.8; scenario {small.scenario.name}, SHA-256 0123456789ab" in texts


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_marks_are_told_apart_in_grey_and_without_red_or_green(small_figure: Drawn, name: str) -> None:
    marks = [handle for box in small_figure(name, "vi").findobj(Legend) for handle in box.legend_handles]
    for one, other in combinations(marks, 2):
        if look_of(one) == look_of(other):
            seen = [np.array(to_rgb(colour_of(handle))) for handle in (one, other)]
            for matrix in (GREY_VISION, DEUTERANOPIA, PROTANOPIA):
                assert np.abs(matrix @ seen[0] - matrix @ seen[1]).max() > 0.08


def test_the_check_of_colours_sees_red_and_green() -> None:
    red, green = np.array([0.8, 0.3, 0.1]), np.array([0.4, 0.45, 0.1])
    assert np.abs(DEUTERANOPIA @ (red - green)).max() < 0.2 < np.abs(red - green).max()


GREY_VISION = np.tile([0.299, 0.587, 0.114], (3, 1))
DEUTERANOPIA = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])
PROTANOPIA = np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]])
"""Colours as seen by eyes without green or red cones: Machado et al. 2009, severity 1."""


def look_of(handle: Any) -> tuple[Any, ...]:
    """Return what distinguishes a mark without its colour."""
    if isinstance(handle, Patch):
        return ("patch", handle.get_hatch() or "")
    return ("line", str(handle.get_linestyle()), handle.get_marker(), handle.get_linewidth())


def colour_of(handle: Any) -> Any:
    if isinstance(handle, Patch):
        return handle.get_facecolor()[:3]
    return handle.get_markerfacecolor() if handle.get_marker() != "None" else handle.get_color()


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_the_data_are_what_is_drawn(small: Results, small_figure: Drawn, name: str, tmp_path: Path) -> None:
    table = data(small, name, lang="vi")
    path = save_data(table, tmp_path / f"{name}.csv")
    assert is_figure(path)
    assert len(path.read_text().splitlines()) == 1 + len(table) > 1
    assert set(table["figure"]) == {name}
    numbers = [column for column in table if table[column].dtype.kind == "f"]
    by = next((column for column in ("series", "bed") if column in table), None)
    groups = [table] if by is None else [rows for _, rows in table.groupby(by)]
    values = [rows[column].to_numpy() for rows in groups for column in numbers]
    for axes in small_figure(name, "vi").axes:
        for line in axes.get_lines():
            drawn = np.asarray(line.get_ydata(), dtype=float)
            if len(drawn) == DAYS:
                assert any(len(v) == DAYS and np.allclose(v, drawn, equal_nan=True) for v in values)


@pytest.mark.slow
def test_a_figure_is_drawn_in_the_axes_given(small: Results) -> None:
    page = Figure(figsize=(8, 6))
    grid = page.subplots(2, 2)
    assert surgesim.plot(small, "cases", grid[0, 0]) == [grid[0, 0]]
    assert surgesim.plot(small, "binding", grid[1], lang="vi") == list(grid[1])
    assert grid[0, 0].get_lines()
    assert grid[1, 1].get_legend() is not None
    assert page.texts == []
    assert page.axes == list(grid.flat)
    own = surgesim.plot(small, "binding")
    assert len(own) == 2
    assert own[0].get_figure() is not page
    with pytest.raises(ResultsError, match="got 2 axes, expected 1 for this figure"):
        surgesim.plot(small, "cases", grid[1])


@pytest.mark.parametrize("width", [79.9, 421, float("nan")])
def test_a_width_out_of_bounds_is_refused(small: Results, width: float) -> None:
    with pytest.raises(ResultsError, match=r"got a width of \S+ mm, expected 80 to 420 mm"):
        draw(small, "cases", width=width / 25.4)


def smallest(figure: Figure) -> float:
    return min(text.get_fontsize() for text in texts(figure))


LEAST_SIZE = 8.0


def test_every_module_of_the_folder_declares_a_figure_and_the_report_has_its_order() -> None:
    modules = {module.name for module in iter_modules(run.__path__)}
    assert modules == set(FIGURES)
    assert len({figure.place for figure in FIGURES.values()}) == len(FIGURES)
    assert list(FIGURES)[:3] == ["need", "epidemic", "cases"]


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_small_results_draw_without_overlaps(small_figure: Drawn, name: str) -> None:
    figure = small_figure(name, "vi")
    assert overlaps(figure) == []
    assert outside(figure) == []


@pytest.mark.slow
def test_the_overlap_check_sees_an_overlap(small: Results) -> None:
    figure = draw(small, "cases")
    figure.axes[0].text(0.5, -0.1, "in the way of a date", transform=figure.axes[0].transAxes, ha="center")
    assert overlaps(lay_out(figure))


NAMED_ROWS = {"openings", "alternatives", "calendar", "patients", "hospitals", "ages"}
"""Figures whose vertical axis has the names of rows."""


@pytest.mark.slow
@every_figure()
def test_every_axis_has_a_unit(small_figure: Drawn, name: str, lang: str) -> None:
    figure = small_figure(name, lang)
    entries = {str(message.id): str(message.string) for message in words.catalogue(lang)}
    units = {text for key, text in entries.items() if key.startswith("unit.") or key.endswith(".unit")}
    for axes in figure.axes:
        if not axes.axison:
            continue
        numbered = [
            axis
            for axis in (axes.xaxis, axes.yaxis)
            if any(label.get_visible() and has_digit(label.get_text()) for label in axis.get_ticklabels())
            and not (axis is axes.yaxis and name in NAMED_ROWS)
        ]
        for axis in numbered:
            text = axis.label.get_text().replace("\n", " ")
            dated = words.phrase(lang, "figure.date_days", years=2024)
            assert text == dated or any(text == unit or text.endswith(f"({unit})") for unit in units), text


def has_digit(text: str) -> bool:
    return any(letter in string.digits for letter in text)


@pytest.mark.slow
def test_svg_does_not_depend_on_the_users_settings(small: Results, tmp_path: Path) -> None:
    first = save(draw(small, "cases"), tmp_path / "first.svg").read_bytes()
    with matplotlib.rc_context({"font.size": 20, "svg.fonttype": "none", "xtick.direction": "in"}):
        assert save(draw(small, "cases"), tmp_path / "second.svg").read_bytes() == first


@pytest.mark.parametrize("hair", [1e-16, -1e-12])
def test_the_last_digits_of_the_layout_solver_change_no_byte(tmp_path: Path, hair: float) -> None:
    contents = []
    for name, left in (("first", 0.1), ("second", 0.1 + hair)):
        figure = Figure()
        figure.add_axes((left, 0.2, 0.7, 0.6)).plot([0, 1], [0, 1])
        settle(figure)
        contents.append(save(figure, tmp_path / f"{name}.svg").read_bytes())
    assert contents[0] == contents[1]


def test_settings_are_left_as_they_were(small: Results) -> None:
    before = dict(matplotlib.rcParams)
    draw(small, "need")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.slow
def test_save_all_writes_every_figure(saved: list[Path]) -> None:
    assert [path.name for path in saved] == [f"{name}.svg" for name in FIGURES]
    assert all(path.read_bytes().startswith(b"<?xml") for path in saved)


@pytest.mark.slow
@pytest.mark.parametrize(("fmt", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_a_figure_saved_twice_is_the_same_byte_for_byte(
    small: Results, tmp_path: Path, fmt: str, magic: bytes
) -> None:
    figure = draw(small, "cases")
    first, second = (save(figure, tmp_path / f"{name}.{fmt}").read_bytes() for name in ("first", "second"))
    assert first.startswith(magic)
    assert first == second


@pytest.mark.slow
def test_figures_are_the_same_in_another_process_with_another_hash_seed(
    saved: list[Path], tmp_path: Path
) -> None:
    others = saved_by_a_process("2", tmp_path)  # by it, a set of two of its dates has the other order
    assert [path.name for path in others] == [f"{name}.svg" for name in FIGURES]
    pairs = zip(saved, others, strict=True)
    assert [one.name for one, other in pairs if one.read_bytes() != other.read_bytes()] == []


@pytest.mark.slow
def test_pyplot_is_never_imported() -> None:
    code = "import sys, surgesim.report.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_first_breach_is_marked_with_its_date(small: Results, small_figure: Drawn, lang: str) -> None:
    cases = next(w for w in threshold_summaries(small, "baseline", lang) if w.name == "weekly-cases")
    assert cases.first is not None
    row = small.breaches.query("alternative == 'baseline' and threshold == 'weekly-cases'").iloc[0]
    assert cases.first == row["first_date_median"].date()
    written = words.day_month(cases.first, lang)
    for name in ("cases", "need", "thresholds"):
        assert any(written in text.get_text() for text in small_figure(name, lang).findobj(Text)), name


def test_days_in_breach_are_shaded(small: Results) -> None:
    axes = draw(small, "cases").axes[0]
    weekly = small.daily.query(
        "alternative == 'baseline' and indicator == 'weekly_reported_cases_per_100k'"
    ).sort_values("day")
    days = weekly.loc[weekly["p50"] > 450, "day"]
    start = (small.scenario.start - date(1970, 1, 1)).days
    assert len(days) == days.max() - days.min() + 1
    assert shaded(axes) == [pytest.approx((start + days.min(), start + days.max() + 1))]


def test_a_bound_that_is_met_but_not_passed_is_not_shaded(small: Results) -> None:
    daily = small.daily.copy()
    daily.loc[daily["indicator"] == "weekly_reported_cases_per_100k", "p50"] = 450.0
    assert shaded(draw(replace(small, daily=daily), "cases").axes[0]) == []


@pytest.mark.slow
def test_need_shows_staffed_beds_and_who_is_without(small: Results) -> None:
    icu = draw(small, "need").axes[-1]
    daily = small.daily[small.daily["alternative"] == "baseline"].set_index("indicator")
    expected = {
        "staffed": daily.loc["staffed_icu", "p50"].to_numpy(),
        "need": daily.loc["icu_need", "p50"].to_numpy(),
        "without": (daily.loc["waiting_icu", "mean"].to_numpy() + daily.loc["boarding", "mean"].to_numpy()),
    }
    drawn = [np.asarray(line.get_ydata()) for line in icu.get_lines()]
    for name, values in expected.items():
        assert any(line.shape == values.shape and np.allclose(line, values) for line in drawn), name


@pytest.mark.slow
def test_facilities_stand_by_opening_date_and_those_always_open_are_left_out(results: Results) -> None:
    figure = lay_out(draw(results, "openings"))
    axes = figure.axes[0]
    group, *shown = [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()]
    states = results.facility_states.query("alternative == 'baseline'")
    opened = states[states["open"] >= 0.5].groupby("facility")["day"].min().drop("general").sort_values()
    facilities = results.scenario.care.facilities
    assert group == f"Other facilities{words.NBSP}(29)"  # the plan has no rule that opens them
    assert shown == [facilities[name].title.get("en") for name in opened.index]
    notes = " ".join(text.get_text() for text in figure.texts)
    assert "1 facilities open in no run" in notes  # site-30
    beside = [text.get_text() for text in axes.texts][: 3 * len(shown)]
    beds = [facilities[name].beds for name in opened.index]
    assert beside[1::3] == [f"{b.basic}/{b.oxygen}/{b.icu}" for b in beds]
    of = results.facilities.query("alternative == 'baseline'").set_index("facility")
    occupied = [of.loc[name, "mean_occupancy_oxygen"] for name in opened.index]
    assert [text.split("/")[0] for text in beside[2::3]] == [words.percent(share, "en") for share in occupied]


def test_alternatives_are_sorted_by_what_their_interval_says(small: Results) -> None:
    row = {"alternative": "private-mobilised-early-1", "unit": "deaths", "baseline_mean": 9.0}
    cases = {  # outcome: interval, marker
        "deaths": ((-3.0, -1.0), "o"),
        "deaths_untreated": ((-1.0, 2.0), "D"),
        "peak_without_bed": ((1.0, 2.0), "s"),
        "first_day_situation": ((1.0, 2.0), "o"),  # later is better
    }
    rows = [
        row | {"outcome": o, "difference": sum(i) / 2, "difference_low": i[0], "difference_high": i[1]}
        for o, (i, _) in cases.items()
    ]
    comparison = small.comparison.iloc[:0].reindex(range(len(rows)))
    comparison = comparison.assign(**{key: [r[key] for r in rows] for key in rows[0]})
    figure = draw(replace(small, comparison=comparison), "alternatives")
    markers = [
        line.get_marker()
        for axes in figure.axes
        for line in axes.get_lines()
        if line.get_marker() not in ("None", "none", None, "")
    ]
    assert sorted(markers) == sorted(marker for _, marker in cases.values())


@pytest.mark.slow
def test_what_a_plan_with_more_deaths_gains_elsewhere_is_not_drawn_as_better(small: Results) -> None:
    row = {"alternative": "private-mobilised-early-1", "unit": "deaths", "baseline_mean": 9.0}
    cases = {"deaths": (1.0, 3.0), "situation_days": (-3.0, -1.0)}
    rows = [
        row | {"outcome": o, "difference": sum(i) / 2, "difference_low": i[0], "difference_high": i[1]}
        for o, i in cases.items()
    ]
    comparison = small.comparison.iloc[:0].reindex(range(len(rows)))
    comparison = comparison.assign(**{key: [r[key] for r in rows] for key in rows[0]})
    figure = draw(replace(small, comparison=comparison), "alternatives", lang="en")
    said = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert said == ["worse than the baseline", "better here, but more deaths"]
    comparison["difference_low"] = -3.0
    figure = draw(replace(small, comparison=comparison), "alternatives", lang="en")
    said = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert said == ["better than the baseline", "interval includes zero"]


@pytest.mark.slow
def test_one_alternative_can_be_drawn_alone(results: Results) -> None:
    name = "private-mobilised-early-3"
    axes = lay_out(draw(results, "alternatives", alternative=name)).axes[0]
    assert [label.get_text().replace("\n", "") for label in axes.get_yticklabels()] == [name]


@pytest.mark.slow
def test_a_single_replication_draws() -> None:
    made = surge_results(surge_scenario(2, 1), replications=1)
    for name in ("need", "alternatives"):
        lay_out(draw(made, name))


@pytest.mark.slow
def test_unlimited_beds_leave_a_gap(small: Results) -> None:
    daily = small.daily.copy()
    beds = ["mean", "p5", "p25", "p50", "p75", "p95"]
    daily.loc[daily["indicator"] == "staffed_oxygen", beds] = np.inf
    lay_out(draw(replace(small, daily=daily), "need"))


@pytest.mark.slow
@pytest.mark.parametrize(("days", "lang"), [(10, "en"), (45, "vi"), (400, "en"), (2000, "vi")])
def test_dates_fit_for_any_length_of_run(days: int, lang: str) -> None:
    made = surge_results(surge_scenario(2, 1, days=days), replications=2)
    for name in ("need", "thresholds"):
        figure = lay_out(draw(made, name, lang=lang))
        assert overlaps(figure) == [], name


@pytest.mark.slow
def test_cases_of_a_district(small: Results) -> None:
    figure = lay_out(draw(small, "cases", area="null", lang="vi"))
    assert any("Rạch Giá" in text.get_text() for text in figure.findobj(Text))
    assert "ca/ngày" in figure.axes[0].get_ylabel()
    assert shaded(figure.axes[0]) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "beds"}, "got figure 'beds', expected one of need, epidemic, cases"),
        ({"name": "cases", "lang": "fr"}, "got language 'fr', expected one of en, vi"),
        ({"name": "cases", "alternative": "nobody"}, "got alternative 'nobody', expected one of baseline, "),
        ({"name": "cases", "area": "nowhere"}, "got area 'nowhere', expected one of na, null"),
        ({"name": "need", "area": "na"}, "figure 'need' is drawn for the whole province only"),
    ],
)
def test_bad_choices_are_refused(small: Results, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ResultsError, match=message):
        draw(small, **arguments)


def test_an_unknown_format_is_refused(small: Results, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"got a figure file 'cases.jpg', expected one that ends in svg"):
        save(draw(small, "cases"), tmp_path / "cases.jpg")


@pytest.mark.slow
def test_figures_with_nothing_to_show_are_left_out(tmp_path: Path) -> None:
    always_open = {"facilities": {"general": BASE_FACILITY | {"title": "A"}}}
    bare = surge_results(surge_scenario(alternatives={}, command={}, care=always_open), replications=2)
    assert [path.stem for path in save_all(bare, tmp_path)] == [
        *("need", "epidemic", "cases", "patients", "districts", "ages", "hospitals")
    ]
    for name in (
        "calendar",
        "thresholds",
        "openings",
        "binding",
        "oxygen",
        "staff",
        "essential",
        "alternatives",
    ):
        with pytest.raises(EmptyFigureError):
            draw(bare, name)


@pytest.mark.slow
def test_one_threshold_takes_the_whole_width() -> None:
    one = {"thresholds": {"staffed-icu": THRESHOLDS["staffed-icu"]}}
    figure = draw(surge_results(surge_scenario(1, 1, command=one), replications=2), "thresholds")
    assert len(figure.axes) == 1


@pytest.mark.slow
def test_thresholds_of_an_item_and_of_some_bed_types() -> None:
    scenario = surge_scenario(
        1,
        1,
        supply={
            "consumables": {"masks": {"title": {"vi": "Khẩu trang", "en": "Masks"}, "unit": "pcs", "use": {}}}
        },
        command={
            "thresholds": {
                "masks": {"indicator": "stock_cover_days", "item": "masks", "below": 7},
                "icu": {"indicator": "vacant_covid_beds_per_100k", "beds": ["icu"], "below": 10},
                "both": {"indicator": "vacant_covid_beds_per_100k", "beds": ["basic", "icu"], "below": 10},
            }
        },
    )
    results = surge_results(scenario, replications=3)
    figure = draw(results, "thresholds", lang="vi")
    (icu,) = figure.axes
    notes = " ".join(text.get_text() for text in figure.texts).replace("\n", " ").replace(words.NBSP, " ")
    assert "Số ngày dự trữ: Khẩu trang < 7: " in notes  # constant
    assert words.phrase("vi", "figure.not_kept") in notes  # of two of three types, no daily values are stored
    vacant = results.daily.query("alternative == 'baseline' and indicator == 'vacant_icu'")["p50"].to_numpy()
    drawn = [np.asarray(line.get_ydata()) for line in icu.get_lines()]
    assert any(line.shape == vacant.shape and np.allclose(line, vacant) for line in drawn)  # 100,000 people


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_no_figure_is_a_large_file(large_figure: Drawn, name: str, tmp_path: Path) -> None:
    assert save(large_figure(name, "vi"), tmp_path / f"{name}.svg").stat().st_size < 500_000


def heights(axes: Axes, day: int, first: date) -> list[float]:
    """How far each stacked colour reaches from the bottom on a day, in order."""
    at = (first - date(1970, 1, 1)).days + day + 0.5
    found = []
    for patch in axes.patches:
        x, y = patch.get_path().vertices.T
        across = np.flatnonzero((x[:-1] <= at) & (x[1:] > at))
        found += [abs(float(y[place]) - float(y[0])) for place in across]
    return sorted(found)


@pytest.mark.slow
def test_binding_stacks_the_shares_of_each_constraint(small: Results) -> None:
    _, icu = draw(small, "binding").axes
    daily = small.daily.query("alternative == 'baseline' and day == 0").set_index("indicator")["mean"]
    expected = np.cumsum([daily[f"icu_bound_by_{what}"] for what in ("space", "doctors")])
    np.testing.assert_allclose(heights(icu, 0, small.scenario.start)[:2], expected, atol=0.003)
    looks = {(patch.get_facecolor(), patch.get_hatch()) for patch in icu.patches}
    assert len(looks) == 4  # oxygen binds no ICU bed
    assert len({hatch for _, hatch in looks}) == 4  # told apart in grey print too


def test_openings_fill_every_day_of_every_strip(small: Results) -> None:
    axes = draw(small, "openings").axes[0]
    rows = len(axes.get_yticklabels())
    for day in (0, 60, 90, 130, DAYS - 1):
        tops = heights(axes, day, small.scenario.start)
        assert sum(top == pytest.approx(STRIP) for top in tops) == rows - 1, day  # a row names the group


@pytest.mark.slow
def test_binding_says_the_breach_days_of_each_constraint(small: Results) -> None:
    rows = small.binding.query("alternative == 'baseline' and bed == 'icu'")
    total = rows["breach_days_mean"].sum()
    most = rows.sort_values("breach_days_mean").iloc[-1]
    _, icu = draw(small, "binding").axes
    said = icu.texts[0].get_text()
    assert total > 0
    assert said.startswith(
        f"of the {words.round_off(total, 'en')} days of the declared emergency: {most['constraint']} "
    )


@pytest.mark.slow
def test_oxygen_is_drawn_in_tonnes_as_a_weeks_mean_and_cover_up_to_30_days(small: Results) -> None:
    stock, used, cover, _ = draw(small, "oxygen").axes
    daily = small.daily[small.daily["alternative"] == "baseline"].set_index("indicator")
    for axes, indicator in ((stock, "oxygen_stock_kg"), (used, "oxygen_used_kg")):
        week = daily.loc[indicator, "p50"].rolling(7, min_periods=1).mean().to_numpy() / 1000
        assert any(np.allclose(line.get_ydata(), week) for line in axes.get_lines()), indicator
    assert max(np.max(line.get_ydata()) for line in cover.get_lines()) == 30


def test_unbroken_runs() -> None:
    levels = np.array([0.0, 0, 1, 1, 1, 2, 2, 0])
    assert spans(levels > 0) == [(2, 7)]
    assert spans(levels == 0) == [(0, 2), (7, 8)]
    assert spans(levels < 0) == []


def test_stacked_steps_draw_equal_days_as_one() -> None:
    look = Look("#000000", "", "#000000")
    dates = np.datetime64("1970-01-03") + np.arange(5)
    axes = Figure().subplots()
    parts = [(look, np.array([0, 0.5, 0.5, 0.26, 0.24])), (look, np.array([1, 0.5, 0.5, 0.5, 0.0]))]
    stack_steps(axes, dates, parts, finest=0.25, bottom=10, height=-4)
    upper, lower = (patch.get_xy().tolist() for patch in axes.patches)
    assert upper[:-1] == [[2, 10], [2, 6], [5, 6], [5, 7], [6, 7], [6, 10]]
    assert lower[:-1] == [[3, 10], [3, 8], [5, 8], [5, 9], [7, 9], [7, 10]]


@pytest.mark.parametrize(
    ("days", "most"), [(1, 9), (10, 9), (45, 5), (240, 9), (240, 5), (400, 7), (20_000, 7)]
)
def test_date_ticks_are_few_and_within_the_span(days: int, most: int) -> None:
    first = date(2024, 1, 17)
    last = date.fromordinal(first.toordinal() + days)
    ticks = date_ticks(first, last, most)
    assert 1 <= len(ticks) <= most
    assert all(first <= tick <= last for tick in ticks)


def test_wrapped_lines_fit_and_keep_numbers_with_their_sign() -> None:
    text = f"vượt trong 90{words.NBSP}% số lần mô phỏng"
    lines = wrap(text, 0.6, 7).split("\n")
    assert " ".join(lines) == text
    assert len(lines) > 2
    assert all(text_width(line, 7) <= 0.6 for line in lines)
    assert any(f"90{words.NBSP}%" in line for line in lines)


def test_a_heading_leaves_no_word_alone() -> None:
    text = "nhu cầu ô xy và hồi sức tích cực so với giường có đủ nhân viên"
    width = text_width(text, 10) * 0.95
    first, second = wrap_evenly(text, width, 10).split("\n")
    assert f"{first} {second}" == text
    assert text_width(second, 10) > 0.7 * text_width(first, 10)
    assert wrap(text, width, 10).split("\n")[1] == "viên"


@pytest.mark.slow
def test_the_differences_are_written_in_the_panels(small: Results) -> None:
    difference = small.comparison.query("outcome == 'deaths'")["difference"].item()
    panel = draw(small, "alternatives", lang="vi").axes[0]
    assert difference < -10
    assert f"\N{MINUS SIGN}{-difference:.0f}" in [text.get_text() for text in panel.texts]


@pytest.mark.slow
def test_the_calendar_is_the_share_of_runs_in_breach(small: Results) -> None:
    shares = breach_shares(small, "baseline")
    assert list(shares) == [*small.scenario.command.thresholds, "situation"]
    declared = small.daily.query("alternative == 'baseline' and indicator == 'situation'")["mean"].to_numpy()
    np.testing.assert_allclose(shares["situation"], declared)
    row = small.breaches.query("alternative == 'baseline' and threshold == 'weekly-cases'").iloc[0]
    assert shares["weekly-cases"].sum() == pytest.approx(row["days_breached_mean"])
    assert 0 < shares["weekly-cases"].sum() < DAYS
    axes = draw(small, "calendar").axes[0]
    dark = to_rgba(PROBABILITIES[-1][2].colour)
    bars = [b for b in axes.collections if len(b.get_facecolor()) and tuple(b.get_facecolor()[0]) == dark]
    drawn = sum(path.get_extents().width for bar in bars for path in bar.get_paths())
    assert drawn == sum((values > 0.9).sum() for values in shares.values())


def test_a_tile_says_deaths_and_cases_of_its_district(small: Results) -> None:
    tiles = tiles_of(View(small))
    first = next(iter(small.scenario.people.districts))
    rows = small.daily_districts.query(
        f"alternative == 'baseline' and area == '{first}' and indicator == 'deaths'"
    )
    people = small.scenario.people.districts[first]
    assert tiles[0].deaths == pytest.approx(rows["mean"].sum() / people.population * 100_000)
    assert tiles[0].deaths > tiles[1].deaths == 0
    said = [text.get_text() for text in draw(small, "districts").axes[0].texts]
    assert people.title.get("en") in said
    assert any(text.startswith(f"{words.round_off(tiles[0].deaths, 'en')} deaths/100,000") for text in said)


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        ((479, 581, 540), [475, 500, 525, 550, 575, 600]),
        ((0, 0.4), [0, 0.1, 0.2, 0.3, 0.4]),
        ((7, 7), [7, 7]),
        ((99, 1001), [0, 250, 500, 750, 1000, 1250]),
    ],
)
def test_classes_cover_the_values_and_tell_them_apart(values: tuple[float, ...], edges: list[float]) -> None:
    assert class_edges(values) == pytest.approx(edges)
    assert [class_of(edge, edges) for edge in edges[1:]] == list(range(len(edges) - 1))
    assert class_of(min(values), edges) == 0


@pytest.mark.slow
def test_levels_stand_above_the_epidemic_where_there_are_any(small: Results) -> None:
    assert len(draw(small, "epidemic").axes) == 2
    here = small.daily.query("alternative == 'baseline' and indicator == 'situation'")
    level = here.assign(indicator="epidemic_level", p50=np.repeat([1.0, 3.0, 4.0], DAYS // 3))
    levelled = replace(small, daily=pd.concat([small.daily.query("indicator != 'epidemic_level'"), level]))
    strip, _, _ = draw(levelled, "epidemic").axes
    to_days = strip.transData.inverted()
    widths = [patch.get_extents().transformed(to_days).width for patch in strip.patches]
    assert widths == pytest.approx([DAYS / 3] * 3)
    assert not overlaps(lay_out(draw(levelled, "epidemic", lang="vi")))
    day = words.day_text(here["date"].iloc[2 * DAYS // 3].date(), "en")
    assert f"from {day}: level 4" in describe(levelled, "epidemic", "en", "baseline")


@pytest.mark.slow
@every_figure()
def test_every_figure_is_described_in_words(small: Results, name: str, lang: str) -> None:
    said = describe(small, name, lang, "baseline")
    assert said.startswith(words.phrase(lang, f"figure.{name}_title"))
    assert has_digit(said)
    assert "{" not in said


def test_the_description_of_need_has_its_peak(small: Results) -> None:
    need = small.daily.query("alternative == 'baseline' and indicator == 'oxygen_need'").reset_index(
        drop=True
    )
    top = need["p50"].idxmax()
    day, most = (
        words.day_text(need["date"].iloc[top].date(), "en"),
        words.round_off(need["p50"].iloc[top], "en"),
    )
    assert f"peaks on {day}, with {most} patients" in describe(small, "need", "en", "baseline")


@pytest.mark.slow
def test_an_axis_is_zoomed_to_a_bound_that_its_values_stay_near(small: Results) -> None:
    def icu_panel(low: float) -> Axes:
        daily = small.daily.copy()
        here = daily["indicator"] == "staffed_icu_beds_per_100k"
        for band, value in zip(("p5", "p25", "p50", "p75", "p95"), (low, 4.0, 4.1, 4.3, 4.6), strict=True):
            daily.loc[here, band] = value
        figure = draw(replace(small, daily=daily), "thresholds", lang="en")
        return next(a for a in figure.axes if "Staffed ICU" in a.get_title(loc="left").replace("\n", " "))

    near, far = icu_panel(3.9), icu_panel(1.0)
    bottom, top = near.get_ylim()
    assert 3.5 < bottom < 3.9
    assert 4.6 < top < 5
    assert far.get_ylim()[0] == 0
    words_under = [" ".join(text.get_text() for text in axes.texts) for axes in (near, far)]
    said = ["axis does not start at 0" in text.replace("\n", " ") for text in words_under]
    assert said == [True, False]


@pytest.mark.slow
def test_first_breaches_within_a_week_of_each_other_are_bracketed(small: Results) -> None:
    breaches = small.breaches.copy()
    here = breaches["alternative"] == "baseline"
    breaches.loc[here, "breached_at_start"] = 0.0
    breaches.loc[here, "first_day_median"] = [20.0, 70.0, 75.0, 81.0, 120.0, 129.0]
    icu = draw(replace(small, breaches=breaches), "need").axes[-1]
    start = (small.scenario.start - date(1970, 1, 1)).days
    lines = {
        float(np.asarray(line.get_xdata())[0]) for line in icu.get_lines() if line.get_linestyle() == ":"
    }
    assert lines == {start + day for day in (20, 70, 81, 120, 129)}
    said = [text.get_text().replace(words.NBSP, " ") for text in icu.texts]
    assert said == ["3 first breaches, 11 Mar to 22 Mar"]


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_nothing_hides_the_courses_of_need(small: Results, lang: str) -> None:
    breaches = small.breaches.copy()
    here = breaches["alternative"] == "baseline"
    breaches.loc[here, "breached_at_start"] = 0.0
    for days in ([3.0, 5.0, 8.0, 81.0, 86.0, 87.0], [100.0, 101.0, 120.0, 122.0, 228.0, 229.0]):
        breaches.loc[here, "first_day_median"] = days
        figure = lay_out(draw(replace(small, breaches=breaches), "need", lang=lang))
        assert overlaps(figure) == []
        assert outside(figure) == []
        for axes, bed in zip(figure.axes[-2:], ("oxygen", "icu"), strict=True):
            inside = axes.get_window_extent()
            assert axes.texts
            assert all(text.get_window_extent().y0 >= inside.y1 for text in axes.texts)
            daily = small.daily.query(f"alternative == 'baseline' and indicator == '{bed}_need'")
            assert axes.get_ylim()[1] > daily["p95"].max()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "top"), [("binding", "100"), ("staff", None)])
def test_shares_are_drawn_in_percent(small: Results, name: str, top: str | None) -> None:
    axes = lay_out(draw(small, name)).axes[0]
    at = {
        label.get_text(): tick for label, tick in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)
    }
    assert "%" in axes.get_ylabel()
    assert all(float(text) == pytest.approx(100 * tick) for text, tick in at.items() if text)
    assert top is None or at[top] == 1


@pytest.mark.slow
def test_a_facility_that_another_takes_the_place_of_is_named() -> None:
    before = surge_results(surge_scenario(3, 1), replications=2)  # the third is never opened

    def said(replaced: dict[str, list[str]]) -> str:
        plain = before.scenario.to_plain()
        for name, others in replaced.items():
            plain["care"]["facilities"][name]["replaces"] = others
        scenario = type(before.scenario).model_validate_json(json.dumps(plain))
        figure = draw(replace(before, scenario=scenario), "openings")
        return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")

    note = "Field hospital no. 1: no new patients once Field hospital no. 2 opens in its place"
    assert note in said({"site-2": ["site-1"]})
    assert "no new patients once" not in said({})
    assert "no new patients once" not in said({"site-3": ["site-1"]})


@pytest.mark.slow
def test_differences_are_written_beside_their_panels(large_figure: Drawn) -> None:
    for axes in large_figure("alternatives", "en").axes:
        edge = axes.get_window_extent().x1
        values = axes.texts[:-1]  # the last is under the title
        assert len(values) == MANY[1]
        assert all(text.get_window_extent().x0 > edge for text in values)
