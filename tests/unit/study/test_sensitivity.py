"""What drives an outcome: Sobol indices of a function whose are known, rank correlations, refusals."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from scipy import stats
from study_cases import made_up_record, shown, small_scenario

from surgesim.errors import ResultsError
from surgesim.model import simulation
from surgesim.model.record import Record
from surgesim.report.figures import draw_sensitivity, draw_shares
from surgesim.report.paths import path_words
from surgesim.report.prose.drivers import cautions, outcome_name, sensitivity_table, shares_table
from surgesim.report.words import outcome_words, phrase
from surgesim.scenario.door import from_plain
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.compute.backend import Backend
from surgesim.study.results import Results
from surgesim.study.run import run
from surgesim.study.sensitivity import correlation_interval, rank_correlations, sensitivity
from surgesim.study.sweep.result import Sweep
from surgesim.study.sweep.sweep import sweep

PATHS = ("clinical.isolated_share", "clinical.urgent_share.oxygen", "clinical.urgent_share.icu")
VARY = dict.fromkeys(PATHS, "0:1")


def simulates(function: Callable[[float, float, float], float], **others: float) -> Callable[..., Record]:
    """A model whose deaths are a function of the three shares, beside those of the replication."""

    def simulate(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
        clinical = scenario.clinical
        at = clinical.isolated_share, clinical.urgent_share.oxygen, clinical.urgent_share.icu
        deaths = function(*at) + replication
        return made_up_record(scenario, replication, outcomes={"deaths": deaths, **others})

    return simulate


def ishigami(*shares: float) -> float:
    """Ishigami and Homma 1990 with a = 7, b = 0.1; the shares stand for -pi to pi."""
    one, two, three = (math.pi * (2 * share - 1) for share in shares)
    return math.sin(one) + 7 * math.sin(two) ** 2 + 0.1 * three**4 * math.sin(one)


def known_indices() -> tuple[list[float], list[float]]:
    """First and total indices by hand (Saltelli 2008, Global Sensitivity Analysis, 4.7)."""
    a, b, pi = 7.0, 0.1, math.pi
    first, second = 0.5 * (1 + b * pi**4 / 5) ** 2, a**2 / 8
    both = b**2 * pi**8 * (1 / 18 - 1 / 50)
    whole = first + second + both
    return [first / whole, second / whole, 0.0], [(first + both) / whole, second / whole, both / whole]


def swept(monkeypatch: pytest.MonkeyPatch, function: Any, **given: Any) -> Sweep:
    others = given.pop("others", {})
    monkeypatch.setattr(simulation, "run_once", simulates(function, **others))
    return sweep(small_scenario(), VARY, **{"replications": 1, "workers": 1, **given})


@pytest.fixture(scope="module")
def explained() -> tuple[Sweep, pd.DataFrame]:
    with pytest.MonkeyPatch.context() as patch:
        found = swept(patch, ishigami, design="sobol", samples=256)
        return found, sensitivity(found)


@pytest.mark.slow
def test_sobol_indices_of_ishigami_lie_in_their_intervals(explained: tuple[Sweep, pd.DataFrame]) -> None:
    found, table = explained
    assert found.manifest["sweep"]["runs"] == 256 * 5
    assert set(table["outcome"]) == {"deaths"}  # the others of the usual ones do not vary
    for index, known in zip(("first", "total"), known_indices(), strict=True):
        rows = table[table["index"] == index].set_index("path")
        for path, value in zip(PATHS, known, strict=True):
            row = rows.loc[path]
            assert row["low"] <= value <= row["high"], (index, path)
            assert row["low"] <= row["value"] <= row["high"]
            assert row["high"] - row["low"] < 0.5


@pytest.mark.slow
def test_the_same_seed_gives_the_same_intervals(explained: tuple[Sweep, pd.DataFrame]) -> None:
    found, table = explained
    pd.testing.assert_frame_equal(sensitivity(found, ["deaths"]), table)


@pytest.mark.slow
def test_what_does_not_vary_has_no_indices(explained: tuple[Sweep, pd.DataFrame]) -> None:
    found, _ = explained
    with pytest.raises(ResultsError, match="cost is 0 at every point: there is no variation to explain"):
        sensitivity(found, ["cost"])
    with pytest.raises(ResultsError, match="unknown outcome 'deats', did you mean 'deaths'"):
        sensitivity(found, ["deats"])


@pytest.mark.slow
def test_table_and_figure_show_every_path(explained: tuple[Sweep, pd.DataFrame], tmp_path: Path) -> None:
    found, table = explained
    for lang in ("vi", "en"):
        console = Console(file=StringIO(), width=110, color_system=None)
        console.print(sensitivity_table(found, table, lang))
        text = console.file.getvalue()  # type: ignore[attr-defined]
        assert outcome_words(lang, "deaths").label in text
        assert phrase(lang, "figure.baseline") in text
        assert not re.search(r"\d[.]\d" if lang == "vi" else r"\d,\d", text)
        figure = draw_sensitivity(found, table, "small", "baseline", lang)
        labels = {"".join(label.get_text().split()) for label in figure.axes[0].get_yticklabels()}
        names = [path_words(found.scenarios["small"], path, lang) for path in PATHS]
        assert labels == {name.replace(" ", "") for name in names}
        assert names[0] != PATHS[0]
        for name in names:
            assert name in text
        drawn = {round(float(line.get_xdata()[0]), 6) for line in figure.axes[0].lines}
        assert {round(value, 6) for value in table["value"]} <= drawn


def test_outcomes_of_thresholds_are_named_in_the_language() -> None:
    assert outcome_name("deaths_untreated", "vi") == outcome_words("vi", "deaths_untreated").label
    assert outcome_name("days_breached_icu", "vi") == "Số ngày vượt: icu"
    assert outcome_name("first_day_icu", "en") == "First breach: icu"


@pytest.mark.slow
def test_rank_correlations_are_spearmans_and_the_partial_ones_take_the_others_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def model(one: float, two: float, three: float) -> float:
        return math.exp(5 * one) - 20 * two

    found = swept(monkeypatch, model, design="lhs", samples=60, replications=2)
    table = sensitivity(found, ["deaths"]).set_index(["path", "index"])
    design = found.design[list(PATHS)]
    deaths = [model(*row) for row in design.to_numpy()]
    ranks = np.column_stack([design.rank(), stats.rankdata(deaths)])
    for i, path in enumerate(PATHS):
        expected = stats.spearmanr(design[path], deaths).statistic
        assert table.loc[(path, "rank_correlation"), "value"] == pytest.approx(expected)
        others = np.column_stack([np.ones(60), np.delete(ranks[:, :3], i, axis=1)])
        left = [
            column - others @ np.linalg.lstsq(others, column, rcond=None)[0]
            for column in (ranks[:, i], ranks[:, 3])
        ]
        partial = table.loc[(path, "partial_rank_correlation")]
        assert partial["value"] == pytest.approx(np.corrcoef(*left)[0, 1])
        assert partial["low"] <= partial["value"] <= partial["high"]
    assert table.loc[(PATHS[1], "partial_rank_correlation"), "high"] < -0.6
    assert table.loc[(PATHS[2], "partial_rank_correlation"), "low"] < 0


@pytest.mark.slow
def test_partial_correlations_of_a_grid_that_explains_all_have_their_sign(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(simulation, "run_once", simulates(lambda one, two, three: 10 * one - 30 * two))
    one = sweep(small_scenario(), {PATHS[0]: "0:1:4"}, replications=1, workers=1)
    alone = sensitivity(one, ["deaths"]).set_index("index")["value"]
    assert alone["rank_correlation"] == alone["partial_rank_correlation"] == pytest.approx(1)

    vary = {PATHS[0]: "0:1:4", PATHS[1]: "0:1:2"}
    grid = sweep(small_scenario(), vary, replications=1, workers=1)
    table = sensitivity(grid, ["deaths"]).set_index(["path", "index"])
    for path, sign in zip(vary, (1, -1), strict=True):
        partial = table.loc[(path, "partial_rank_correlation")]
        assert partial["value"] == pytest.approx(sign)
        assert min(sign * partial["low"], sign * partial["high"]) > 0.5


@pytest.mark.slow
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_partial_correlation_of_which_nothing_is_left_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(simulation, "run_once", simulates(lambda one, two, three: 10 * one))
    vary = {PATHS[0]: "0:1:4", PATHS[1]: "0:1:3"}
    found = sweep(small_scenario(), vary, replications=1, workers=1)
    table = sensitivity(found, ["deaths"])
    values = table.set_index(["path", "index"])
    assert values.loc[(PATHS[0], "partial_rank_correlation"), "value"] == pytest.approx(1)
    untold = values.loc[(PATHS[1], "partial_rank_correlation"), ["value", "low", "high"]]
    assert untold.astype(float).isna().all()  # the first path explains the outcome to the last
    assert values.loc[(PATHS[1], "rank_correlation"), "value"] == pytest.approx(0)
    for lang, said in (("en", "–: not identifiable"), ("vi", "–: không xác định được")):
        console = Console(file=StringIO(), width=110, color_system=None)
        console.print(sensitivity_table(found, table, lang))
        text = console.file.getvalue()  # type: ignore[attr-defined]
        assert said in text
        assert "nan" not in text
        drawn = draw_sensitivity(found, table, "small", "baseline", lang)
        assert said[3:] in " ".join(" ".join(text.get_text() for text in drawn.texts).split())


@pytest.mark.slow
@pytest.mark.parametrize("design", ["sobol", "lhs"])
def test_an_outcome_that_is_no_number_is_an_error_not_a_zero_index(
    monkeypatch: pytest.MonkeyPatch, design: str
) -> None:
    def sometimes(one: float, two: float, three: float) -> float:
        return math.nan if one > 0.8 else one

    found = swept(monkeypatch, sometimes, design=design, samples=16)
    count = int((found.design[PATHS[0]] > 0.8).sum())
    first = int((found.design[PATHS[0]] > 0.8).idxmax())
    message = f"deaths is not a number in {count} of {len(found.design)} runs, first at point {first}, repl"
    with pytest.raises(ResultsError, match=message):
        sensitivity(found, ["deaths"])


def fails(one: float, two: float, three: float) -> float:
    return 1 / 0 if one > 0.8 else one - two


@pytest.mark.slow
def test_a_failed_run_stops_sobol_indices(monkeypatch: pytest.MonkeyPatch) -> None:
    found = swept(monkeypatch, fails, design="sobol", samples=16)
    failed = found.manifest["failed"]
    assert 0 < failed < 80
    with pytest.raises(ResultsError, match=f"{failed} of 80 runs failed, expected none for Sobol indices"):
        sensitivity(found, ["deaths"])


@pytest.mark.slow
def test_a_sweep_of_failures_alone_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    found = swept(monkeypatch, lambda *at: 1 / 0, design="lhs", samples=8)
    with pytest.raises(ResultsError, match="8 of 8 runs failed, so there are no outcomes"):
        sensitivity(found, ["deaths"])


@pytest.mark.slow
@pytest.mark.parametrize("replications", [1, 2])
def test_rank_correlations_leave_failed_runs_out_and_say_so(
    monkeypatch: pytest.MonkeyPatch, replications: int
) -> None:
    found = swept(monkeypatch, fails, design="lhs", samples=20, replications=replications)
    table = sensitivity(found, ["deaths"]).set_index(["path", "index"])
    design = found.design[found.design[PATHS[0]] <= 0.8]
    assert len(design) == 16
    deaths = design[PATHS[0]] - design[PATHS[1]]
    for path in PATHS:
        expected = stats.spearmanr(design[path], deaths).statistic
        assert table.loc[(path, "rank_correlation"), "value"] == pytest.approx(expected)
    told = " ".join(cautions(found, "en"))
    share = (
        f"{4 * replications} of {20 * replications} runs failed and are left out; 4 of 20 points have no runs"
    )
    assert told.startswith(share)
    assert "This truncates the ranges given" in told
    assert "thu hẹp các khoảng giá trị" in " ".join(cautions(found, "vi"))
    drawn = draw_sensitivity(found, table.reset_index(), "small", "baseline", "en")
    assert share in " ".join(" ".join(text.get_text() for text in drawn.texts).split())


@pytest.mark.slow
def test_a_point_is_the_mean_of_the_runs_that_did_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deaths rise with the path, and run 1 of the highest point, far off all others, failed."""

    def simulate(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
        one = scenario.clinical.isolated_share
        if one == 1 and replication == 1:
            raise ValueError("too much")
        return made_up_record(scenario, replication, outcomes={"deaths": one})

    monkeypatch.setattr(simulation, "run_once", simulate)
    found = sweep(small_scenario(), {PATHS[0]: "0:1:6"}, replications=2, workers=1)
    assert found.manifest["failed"] == 1
    assert sensitivity(found, ["deaths"])["value"].tolist() == pytest.approx([1, 1])
    assert "1 of 12 runs failed and are left out; 0 of 6 points" in next(iter(cautions(found, "en")))


@pytest.mark.slow
@pytest.mark.parametrize(("points", "seed"), [(8, 1), (10, 5), (20, 2), (50, 3)])
def test_intervals_of_rank_correlations_hold_0_where_scipys_test_does_not_reject(
    points: int, seed: int
) -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(seed)
    for _ in range(40):
        design, effect = rng.random((points, 3)), rng.uniform(0, 2)
        values = effect * design[:, 0] + rng.random(points)
        value, free = rank_correlations(design, values)
        low, high = correlation_interval(value, free)
        ranks = stats.rankdata(np.column_stack([design, values]), axis=0)
        for i in range(3):
            plain = stats.spearmanr(design[:, i], values)
            assert value[0, i] == pytest.approx(plain.statistic)
            assert (low[0, i] <= 0 <= high[0, i]) == (plain.pvalue >= 0.05)
            others = np.column_stack([np.ones(points), np.delete(ranks[:, :3], i, axis=1)])
            fit = sm.OLS(ranks[:, 3], np.column_stack([others, ranks[:, i]])).fit()
            # the test of a partial correlation is that of its coefficient
            assert (low[1, i] <= 0 <= high[1, i]) == (fit.pvalues[-1] >= 0.05)
            assert free[1, i] == fit.df_resid
            assert low[1, i] < value[1, i] < high[1, i]


def test_an_interval_of_a_plain_correlation_is_near_fishers() -> None:
    rng = np.random.default_rng(1)
    x = rng.random((200, 1))
    value, free = rank_correlations(x, x[:, 0] + rng.random(200))
    low, high = correlation_interval(value, free)
    fisher = np.tanh(np.arctanh(value[0, 0]) + np.array([-1, 1]) * stats.norm.ppf(0.975) / np.sqrt(197))
    assert (low[0, 0], high[0, 0]) == pytest.approx(tuple(fisher), abs=0.003)


@pytest.mark.slow
@pytest.mark.parametrize("points", [8, 10, 20, 50])
def test_paths_without_effect_are_named_in_one_of_twenty(points: int) -> None:
    rng = np.random.default_rng(points)
    false = []
    for _ in range(1500):
        low, high = correlation_interval(*rank_correlations(rng.random((points, 3)), rng.random(points)))
        false.append((low > 0) | (high < 0))
    assert np.mean(false, axis=(0, 2)) == pytest.approx([0.05, 0.05], abs=0.02)


@pytest.mark.slow
def test_few_points_have_correlations_without_an_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", simulates(lambda one, two, three: one - two**2))
    for levels, told in (("0:1:5", False), ("0:1:6", True)):  # 4 degrees of freedom are enough
        found = sweep(small_scenario(), {PATHS[0]: levels}, replications=1, workers=1)
        table = sensitivity(found, ["deaths"])
        assert table["value"].tolist() == pytest.approx([1, 1])
        assert table["low"].notna().all() == told
        for lang, words in (("en", "too few points"), ("vi", "quá ít điểm")):
            console = Console(file=StringIO(), width=110, color_system=None)
            console.print(sensitivity_table(found, table, lang))
            assert (words in console.file.getvalue()) == (not told)  # type: ignore[attr-defined]
            drawn = draw_sensitivity(found, table, "small", "baseline", lang)
            assert any(words in text.get_text() for text in drawn.texts) == (not told)


@pytest.mark.slow
def test_a_sweep_of_days_warns_of_its_horizons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", simulates(lambda one, two, three: one))
    for path, warned in (("days", True), (PATHS[0], False)):
        said: list[str] = []
        levels = "5,8,9,12" if warned else "0:1:4"
        found = sweep(small_scenario(), {path: levels}, replications=1, workers=Backend(1, tell=said.append))
        assert [line.startswith("days varies: restricted means of first days") for line in said] == (
            [True] if warned else []
        )
        assert any("restricted means" in line for line in cautions(found, "en")) == warned
        assert any("trung bình giới hạn" in line for line in cautions(found, "vi")) == warned


@pytest.mark.slow
def test_words_have_no_rank_and_few_points_no_correlation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run_once", simulates(lambda one, two, three: one))
    vary = {PATHS[0]: "0:1:5", "care.facilities.general.ownership": "public,private"}
    with pytest.raises(ResultsError, match="has values that are text and cannot be ranked"):
        sensitivity(sweep(small_scenario(), vary, replications=1, workers=1), ["deaths"])
    few = sweep(small_scenario(), {PATHS[0]: "0:1:3"}, replications=1, workers=1)
    with pytest.raises(ResultsError, match="got 3 points, expected at least 4 for 1 paths"):
        sensitivity(few, ["deaths"])


SHARES = {PATHS[0]: {"uniform": [0, 1]}, PATHS[1]: {"uniform": [0, 1]}}


def ran(monkeypatch: pytest.MonkeyPatch, replications: int = 60, **study: Any) -> Results:
    """A run whose deaths rise with one share, and with another less so under `more-icu`, and by chance."""

    def simulate(scenario: Scenario, seed: int, replication: int, path: object = None) -> Record:
        clinical = scenario.clinical
        chance = np.random.default_rng([seed, replication]).normal(0, 0.2)
        weaker = 1.0 if scenario.care.facilities["general"].beds.icu == 6 else 2.0
        deaths = 100 + 4 * clinical.isolated_share + weaker * clinical.urgent_share.oxygen + chance
        return made_up_record(scenario, replication, outcomes={"deaths": deaths})

    monkeypatch.setattr(simulation, "run_once", simulate)
    given = {"replications": replications, "seed": 7, "uncertainty": SHARES, **study}
    scenario = from_plain({**small_scenario().to_plain(), "study": given})
    return run(scenario, workers=1)


@pytest.mark.slow
def test_shares_of_a_run_are_of_each_alternative_and_of_its_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = sensitivity(ran(monkeypatch, replications=120), ["deaths"])
    of = table.set_index(["alternative", "against", "index", "path"])["value"].to_dict()
    levels = list(dict.fromkeys(zip(table["alternative"], table["against"], strict=True)))
    assert levels == [("baseline", ""), ("nothing", ""), ("more-icu", ""), ("more-icu", "baseline")]
    whole = (16 + 4) / 12 + 0.04
    of_baseline = table[(table["alternative"] == "baseline") & (table["index"] == "share")]
    assert list(of_baseline["path"]) == list(PATHS[:2])
    truth = np.array([16 / 12 / whole, 4 / 12 / whole])
    assert ((of_baseline["low"] < truth) & (truth < of_baseline["high"])).all()
    assert of["baseline", "", "chance", ""] == pytest.approx(0.04 / whole, abs=0.02)
    assert of["baseline", "", "assumptions", ""] + of["baseline", "", "chance", ""] == pytest.approx(1)
    # Chance is the same in both and cancels out.
    assert of["more-icu", "baseline", "share", PATHS[1]] > 0.98
    assert of["more-icu", "baseline", "share", PATHS[0]] < 0.1
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()


def test_with_nothing_drawn_all_is_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    table = sensitivity(ran(monkeypatch, replications=5, uncertainty={}))
    rows = table[table["alternative"] == "baseline"]
    assert list(zip(rows["index"], rows["value"], rows["low"], rows["high"], strict=True)) == [
        ("assumptions", 0, 0, 0),
        ("unexplained", 0, 0, 0),
        ("chance", 1, 1, 1),
    ]


@pytest.mark.slow
def test_a_last_draw_without_all_its_runs_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, more = (sensitivity(ran(monkeypatch, replications=n)) for n in (60, 61))
    pd.testing.assert_frame_equal(whole, more)


def test_runs_that_cannot_be_explained_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    few = ran(monkeypatch, replications=38)
    with pytest.raises(ResultsError, match=r"too few draws .*: 19, expected at least 20 \(40 replications\)"):
        sensitivity(few)
    results = ran(monkeypatch, replications=40)
    with pytest.raises(ResultsError, match="unknown outcome 'deats', did you mean 'deaths'"):
        sensitivity(results, ["deats"])
    with pytest.raises(ResultsError, match="got the same value in every run for infections, expected"):
        sensitivity(results, ["infections"])
    results.replications.loc[3, "deaths"] = np.nan
    with pytest.raises(ResultsError, match="deaths is not a number in replication 3 of 'baseline'"):
        sensitivity(results, ["deaths"])
    results.replications.loc[3, f"drawn:{PATHS[0]}"] = 0.5
    with pytest.raises(ResultsError, match="the replications of draw 1 have different values, as in runs"):
        sensitivity(results)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_shares_have_a_table_and_a_figure(monkeypatch: pytest.MonkeyPatch, lang: str) -> None:
    results = ran(monkeypatch, replications=40)
    table = sensitivity(results, ["deaths"])
    text = shown(shares_table(results.scenario, table, lang))
    chance = phrase(lang, "drivers.chance")
    names = [path_words(results.scenario, path, lang) for path in PATHS[:2]]
    assert text.index(chance) < text.index(names[0]) < text.index(names[1])
    figure = draw_shares(results, table, "more-icu", "baseline", lang)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[:2] == [chance, phrase(lang, "drivers.assumptions")]
    assert len(labels) == 5
