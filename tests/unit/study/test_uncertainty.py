"""Uncertain parameters: distributions, one draw per replication shared by alternatives, overlays, factors."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loading_cases import with_values
from scipy import stats
from study_cases import small_scenario

from surgesim.errors import ScenarioError
from surgesim.report.prose.sentences import precision_notes, uncertainty_notes
from surgesim.scenario.door import dump, from_plain, inspect, load, overlaid
from surgesim.scenario.schema.merging import deep_merge, scaled
from surgesim.scenario.schema.scenario import Scenario
from surgesim.scenario.schema.study.uncertain import Uncertain
from surgesim.study.compute.replicate import drawn_values as draws
from surgesim.study.measures.breaches import share_interval
from surgesim.study.precision import Precision
from surgesim.study.reproduce import reproduce
from surgesim.study.run import run
from surgesim.study.simulate import simulate
from surgesim.study.sweep.sweep import sweep

SHARE = "care.facilities.general.covid_share.oxygen"
ICU = "care.facilities.general.beds.icu"
FIELD = "care.facilities.field.beds.oxygen"
STAY = "clinical.stays.oxygen_days.fixed"


@dataclass(frozen=True)
class Between:
    """A distribution of scipy, truncated."""

    whole: Any
    low: float
    high: float

    def ppf(self, at: Sequence[float]) -> Any:
        first, last = self.whole.cdf([self.low, self.high])
        return self.whole.ppf(first + np.array(at) * (last - first))


FORMS: list[tuple[dict[str, Any], Any]] = [
    ({"uniform": [4, 6]}, stats.uniform(4, 2)),
    ({"triangular": [1, 2, 5]}, stats.triang(0.25, 1, 4)),
    ({"normal": {"mean": 5, "sd": 0.5}}, stats.norm(5, 0.5)),
    ({"normal": {"mean": 5, "sd": 2, "low": 4, "high": 8}}, stats.truncnorm(-0.5, 1.5, 5, 2)),
    (
        {"lognormal": {"mean": 5, "sd": 2}},
        stats.lognorm(np.sqrt(np.log(1.16)), scale=5 / np.sqrt(1.16)),
    ),
    ({"weibull": {"shape": 2, "scale": 5}}, stats.weibull_min(2, scale=5)),
    (
        {"weibull": {"shape": 0.7, "scale": 5, "low": 2, "high": 9}},
        Between(stats.weibull_min(0.7, scale=5), 2, 9),
    ),
    ({"gamma": {"shape": 4, "rate": 0.8}}, stats.gamma(4, scale=1.25)),
    ({"gamma": {"shape": 4, "rate": 0.8, "low": 3}}, Between(stats.gamma(4, scale=1.25), 3, np.inf)),
    ({"beta": {"alpha": 2, "beta": 8}}, stats.beta(2, 8)),
    ({"beta": {"alpha": 2, "beta": 3, "low": 10, "high": 20}}, stats.beta(2, 3, 10, 10)),
]


def uncertain(form: dict[str, Any]) -> Uncertain:
    return Uncertain.model_validate_json(json.dumps(form))


def with_uncertainty(uncertainty: dict[str, Any], **changes: Any) -> Scenario:
    return from_plain(
        deep_merge(small_scenario().to_plain(), {"study": {"uncertainty": uncertainty}, **changes})
    )


@pytest.mark.parametrize(("form", "reference"), FORMS)
def test_quantiles_are_those_of_the_distribution(form: dict[str, Any], reference: Any) -> None:
    at = [0.001, 0.2, 0.5, 0.77, 0.999]
    assert [uncertain(form).quantile(u) for u in at] == pytest.approx(list(reference.ppf(at)), rel=1e-9)


def test_empirical_values_are_as_likely_as_their_weights() -> None:
    form = uncertain({"empirical": {"values": [9, 4, 7, 4, 5], "weights": [1, 2, 0, 1, 4]}})
    values = [form.quantile(u) for u in np.linspace(0, 1, 801)]
    assert values == sorted(values)
    assert {value: values.count(value) for value in values} == {4: 300, 5: 400, 9: 101}
    assert form.limits == (4, 9)
    plain = uncertain({"empirical": {"values": [9, 4, 7]}})
    assert [plain.quantile(u) for u in (0, 0.3, 0.4, 0.7, 1)] == [4, 4, 7, 9, 9]


def test_choices_are_equally_likely() -> None:
    values = [uncertain({"choice": [4, 7, 9]}).quantile(u) for u in np.linspace(0, 1, 301)]
    assert {value: values.count(value) for value in values} == {4: 100, 7: 100, 9: 101}


@pytest.mark.parametrize(
    ("form", "limits"),
    [
        ({"uniform": [4, 6]}, (4, 6)),
        ({"choice": [9, 2, 3]}, (2, 9)),
        ({"normal": {"mean": 5, "sd": 1, "low": 4.5}}, (4.5, 13.2)),
        ({"lognormal": {"mean": 5, "sd": 1, "high": 7}}, (0.96, 7)),
    ],
)
def test_limits(form: dict[str, Any], limits: tuple[float, float]) -> None:
    assert uncertain(form).limits == pytest.approx(limits, rel=0.01)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"uniform": [6, 4]}, "got 6, 4, expected low <= high, and low below high"),
        ({"uniform": [4, 4]}, "got 4, 4, expected low <= high, and low below high"),
        ({"uniform": [4, 5, 6]}, "got 3 values, expected 2: low, high"),
        ({"triangular": [4, 3, 6]}, "got 4, 3, 6, expected low <= mode <= high, and low below high"),
        ({"normal": {"mean": 4, "sd": 1, "low": 5, "high": 3}}, "got low 5 and high 3, expected low below"),
        ({"normal": {"mean": 4, "sd": 0}}, "got 0, expected a number from 1e-09 to 1e15"),
        ({"choice": []}, "got no values to choose from, expected at least one"),
        ({"uniform": [0, 1], "choice": [1]}, "got uniform and choice, expected exactly one of uniform, tri"),
        ({"uniform": [0.1, 1.2]}, "can be drawn as 1.2: got 1.2, expected a number from 0 to 1"),
        ({"normal": {"mean": 0.5, "sd": 0.1}}, "can be drawn as -0.320954: got -0.32095"),
    ],
)
def test_bad_distributions_are_refused_with_their_path(form: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_uncertainty({SHARE: form})
    problem = caught.value.problems[0]
    assert problem.path.startswith(f"study.uncertainty.{SHARE}")
    assert message in problem.message


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("care.facilities.general.beds.icuu", "unknown key 'icuu', did you mean 'icu'?"),
        ("care.facilities.generel.beds.icu", "unknown name 'generel', did you mean 'general'?"),
        ("days", "is the same in all replications, expected a parameter of the simulation"),
        ("command.thresholds.icu.below", "is the same in all replications"),
        ("clinical.severity.p_oxygen", "got the path of nine values"),
        ("care.facilities.general.beds", "got the path of a mapping"),
        ("care.facilities.general.ownership", "got the path of one of public"),
    ],
)
def test_bad_paths_are_refused(path: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_uncertainty({path: {"uniform": [1, 2]}})
    assert [problem.path for problem in caught.value.problems] == [f"study.uncertainty.{path}"]
    assert message in caught.value.problems[0].message


def test_all_bad_draws_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    scenario = with_uncertainty({SHARE: {"uniform": [0, 1]}, ICU: {"uniform": [0, 10]}})
    text = dump(scenario).replace("uniform: [0.0, 1.0]", "uniform: [0, 2]")
    path.write_text(text.replace("uniform: [0.0, 10.0]", "uniform: [-3, 10]"), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert len(caught.value.problems) == 2
    for problem in caught.value.problems:
        assert problem.line is not None
        assert text.splitlines()[problem.line - 1].strip().startswith(problem.path.split("ty.")[1])


@pytest.mark.parametrize(
    ("uncertainty", "changes", "told"),
    [
        ({f"{ICU}u": [4, 6], ICU: [6, 4]}, {}, [f"{ICU}u", ICU]),
        ({SHARE: [-1, 0], ICU: [6, 4]}, {}, [SHARE, ICU]),
        ({f"{ICU}u": [4, 6]}, {"warm_up_days": -1}, [f"{ICU}u", "warm_up_days"]),
        ({SHARE: [-1, 0]}, {"alternatives": {"a": {"supply": 5}}}, [SHARE, "alternatives.a.supply"]),
        ({ICU: [1, 2], "care.zz": [1, 2]}, {"care": 5}, ["care"]),
    ],
)
def test_bad_draws_are_told_with_all_other_errors(
    uncertainty: dict[str, list[float]], changes: dict[str, Any], told: list[str]
) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_uncertainty({name: {"uniform": limits} for name, limits in uncertainty.items()}, **changes)
    paths = sorted(problem.path for problem in caught.value.problems)
    assert len(paths) == len(told)
    assert all(any(path.endswith(end) for path in paths) for end in told), paths


@pytest.mark.slow
def test_a_draw_is_of_its_replication_alone() -> None:
    each = {"study": {"runs_per_draw": 1}}
    one = overlaid(with_uncertainty({SHARE: {"uniform": [0, 1]}}), each)
    two = overlaid(with_uncertainty({ICU: {"triangular": [1, 3, 6]}, SHARE: {"uniform": [0, 1]}}), each)
    values = [draws(one, 7, k)[SHARE] for k in range(200)]
    assert [draws(two, 7, k)[SHARE] for k in range(200)] == values  # another parameter moves nothing
    assert draws(one, 8, 0)[SHARE] != values[0]
    assert stats.kstest(values, "uniform").pvalue > 0.01
    beds = [draws(two, 7, k)[ICU] for k in range(200)]
    assert {type(value) for value in beds} == {int}
    assert 1 <= min(beds) < max(beds) <= 6
    assert abs(stats.spearmanr(values, beds).statistic) < 0.2


@pytest.mark.slow
def test_draws_are_stored_with_the_replications_and_shared_by_alternatives(tmp_path: Path) -> None:
    scenario = with_uncertainty({SHARE: {"uniform": [0, 1]}})
    results = run(scenario, workers=1, replications=5, out=tmp_path / "out")
    stored = results.replications.pivot(index="replication", columns="alternative", values=f"drawn:{SHARE}")
    expected = [draws(scenario, 7, k)[SHARE] for k in range(5)]
    for name in ("baseline", "nothing", "more-icu"):
        assert list(stored[name]) == expected
    assert list(uncertainty_notes(scenario, "en")) == [
        "Ranges and bands show chance together with uncertainty about these inputs: "
        "share of the oxygen beds of General hospital for COVID-19."
    ]
    assert (results.comparison[results.comparison["alternative"] == "nothing"]["tied"] == 1).all()


@pytest.mark.slow
def test_joint_draws_give_the_same_tables_on_any_number_of_workers_and_are_reproduced(tmp_path: Path) -> None:
    (tmp_path / "draws.csv").write_text(f"{SHARE},weight\n0.2,1\n0.5,2\n0.9,1\n", encoding="utf-8")
    plain = small_scenario().to_plain()
    study = {**plain["study"], "draws": {"file": str(tmp_path / "draws.csv")}, "replications": 6}
    scenario = from_plain({**plain, "study": study})
    one = run(scenario, workers=1, out=tmp_path / "one")
    two = run(scenario, workers=2)
    (tmp_path / "draws.csv").unlink()
    pd.testing.assert_frame_equal(one.replications, two.replications, check_exact=True)
    stored = one.replications.pivot(index="replication", columns="alternative", values=f"drawn:{SHARE}")
    expected = [draws(scenario, 7, k)[SHARE] for k in range(6)]
    assert expected[::2] == expected[1::2]
    assert set(expected) <= {0.2, 0.5, 0.9}
    assert [list(stored[name]) for name in ("baseline", "nothing", "more-icu")] == [expected] * 3
    assert reproduce(tmp_path / "one", workers=1).differences == ()
    with pytest.raises(ScenarioError, match=r"study.replications: got 7, expected at most 6"):
        run(scenario, workers=1, replications=7)
    with pytest.raises(
        ScenarioError, match=f"{SHARE}: is drawn jointly by study.draws, expected a path that"
    ):
        sweep(scenario, {SHARE: "0:1:3"}, workers=1)
    with pytest.raises(ScenarioError, match="got replication 6, expected at most 5"):
        sweep(scenario, {ICU: "1,2"}, replications=7, workers=1)


@pytest.mark.slow
def test_the_draw_is_what_is_simulated() -> None:
    drawn = with_uncertainty({ICU: {"choice": [1, 9]}})
    results = run(drawn, workers=1, replications=6).replications
    for k, beds in enumerate(draws(drawn, 7, k)[ICU] for k in range(6)):
        fixed = run(with_values(small_scenario(), {ICU: beds}), workers=1, replications=6).replications
        for alternative in ("baseline", "nothing", "more-icu"):
            rows = [
                table[(table["replication"] == k) & (table["alternative"] == alternative)]
                for table in (results, fixed)
            ]
            drawn_rows, fixed_rows = (rows[0][fixed.columns], rows[1])
            pd.testing.assert_frame_equal(
                drawn_rows.reset_index(drop=True), fixed_rows.reset_index(drop=True), check_exact=True
            )


@pytest.mark.slow
def test_an_overlay_wins_over_a_draw_and_a_factor_multiplies_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from study_cases import made_up_record

    from surgesim.model import simulation

    seen: dict[int, list[tuple[Any, ...]]] = {}

    def noting(scenario: Scenario, seed: int, replication: int, path: object) -> Any:
        facility = scenario.care.facilities["general"]
        values = facility.beds.icu, facility.beds.oxygen, facility.covid_share.oxygen
        seen.setdefault(replication, []).append(values)
        return made_up_record(scenario, replication)

    monkeypatch.setattr(simulation, "run_once", noting)
    facility = {
        "beds": {"icu": {"scale": 0.5}, "oxygen": {"scale": 1.26}},
        "covid_share": {"oxygen": {"scale": 0.8}},
    }
    factor = {"care": {"facilities": {"general": facility}}}
    scenario = with_uncertainty(
        {ICU: {"choice": [4, 10]}, SHARE: {"uniform": [0.2, 1]}}, alternatives={"half": factor}
    )
    run(scenario, workers=1, replications=4)
    for k, (baseline, nothing, more_icu, half) in seen.items():
        drawn = draws(scenario, 7, k)
        assert baseline == nothing == (drawn[ICU], 10, drawn[SHARE])
        assert more_icu == (6, 10, drawn[SHARE])  # its own value, whatever is drawn
        assert half == (drawn[ICU] / 2, 13, 0.8 * drawn[SHARE])
    assert len(seen) == 4


def test_a_factor_multiplies_tables_and_keeps_whole_numbers_whole() -> None:
    base = {"whole": 3, "real": 2.0, "table": [1.0, 4.0], "deep": {"in": [[2], [4]]}, "word": "x"}
    factor = {"scale": 0.5}
    assert scaled(base, dict.fromkeys(base, factor)) == {
        "whole": 2, "real": 1.0, "table": [0.5, 2.0], "deep": factor, "word": factor,
    }  # fmt: skip
    assert scaled(base, {"deep": {"in": factor}, "new": {"a": 1}}) == {
        "deep": {"in": [[1], [2]]},
        "new": {"a": 1},
    }


def test_factors_are_refused_where_there_is_no_number_or_too_large_a_product() -> None:
    severity = {"p_icu": {"scale": 6}}
    facility = {"title": {"scale": 2}, "ventilators": {"scale": 2}}
    overlay = {"clinical": {"severity": severity}, "care": {"facilities": {"general": facility}}}
    plain = deep_merge(small_scenario().to_plain(), {"alternatives": {"a": overlay}})
    with pytest.raises(ScenarioError) as caught:
        from_plain(plain)
    above = "alternatives.a.care.facilities.general."
    found = {p.path.removeprefix(above): p.message for p in caught.value.problems}
    assert found.pop("title.scale").startswith("unknown key 'scale'")
    assert "{scale: …} multiplies a number of the scenario" in found.pop("ventilators")
    assert all("got 1.2" in message for message in found.values())
    assert found


def test_a_factor_that_draws_can_take_too_far_is_refused() -> None:
    def facility(oxygen: Any) -> dict[str, Any]:
        return {"care": {"facilities": {"general": {"covid_share": {"oxygen": oxygen}}}}}

    given = {**facility(0.6), "alternatives": {"a": facility({"scale": 1.5})}}
    with pytest.raises(ScenarioError, match=r"can be drawn as 0.8 in alternative 'a': got 1.2"):
        with_uncertainty({SHARE: {"uniform": [0.5, 0.8]}}, **given)
    with_uncertainty({SHARE: {"uniform": [0.5, 0.6]}}, **given)


@pytest.mark.slow
def test_absent_uncertainty_leaves_results_as_they_were() -> None:
    plain, unrelated = (
        small_scenario(),
        with_uncertainty({"care.facilities.field.beds.oxygen": {"choice": [20]}}),
    )
    one, two = (run(scenario, workers=1).replications for scenario in (plain, unrelated))
    assert [name for name in one.columns if name.startswith("drawn:")] == []
    assert two[one.columns].equals(one)


def test_what_hides_what_is_remarked(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(dump(with_uncertainty({ICU: {"choice": [4, 10]}})), encoding="utf-8")
    warnings = inspect(path, changes=["study.most_replications=60"])[1]
    told = {problem.path: problem.message for problem in warnings}
    assert told[f"alternatives.more-icu.{ICU}"].startswith("got 6, which overrides")
    assert told["study.most_replications"] == "has no effect: no study.precision is given"


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({FIELD: 4}, {ICU, STAY}),
        ({ICU: 5, FIELD: 4}, {STAY}),
        ({"care.facilities.general.beds.oxygen": 50}, {ICU, FIELD, STAY}),
        ({"clinical.stays.oxygen_days": {"gamma": {"mean": 8, "sd": 3}}}, {ICU, FIELD}),
        ({"clinical.stays": {"icu_dying_days": {"fixed": 9}}}, {ICU, FIELD, STAY}),
        ({FIELD: 4, "study.uncertainty": {FIELD: {"choice": [3, 5]}}}, {ICU, FIELD, STAY}),
        ({f"alternatives.more-icu.{FIELD}": 4}, {ICU, FIELD, STAY}),
    ],
)
def test_a_value_laid_over_is_not_drawn(tmp_path: Path, given: dict[str, Any], left: set[str]) -> None:
    forms = {ICU: {"choice": [4, 10]}, FIELD: {"choice": [10, 20]}, STAY: {"uniform": [6, 9]}}
    below = with_uncertainty(forms)
    assert set(below.study.uncertainty) == set(forms)
    assert set(overlaid(below, given).study.uncertainty) == left
    first = tmp_path / "first.yaml"
    first.write_text(dump(below), encoding="utf-8")
    assert set(load({"extends": str(first), **given}).study.uncertainty) == left
    texts = [f"{path}={json.dumps(value)}" for path, value in given.items()]
    assert set(load(first, changes=texts).study.uncertainty) == left


def test_a_section_removed_is_not_drawn() -> None:
    path = "epidemic.isolation.cases_compliance"
    town = {"extends": "scenarios/teaching/small-town.yaml", path: 0.8}
    below = load({**town, f"study.uncertainty.{path}": {"uniform": [0.4, 0.9]}})
    assert set(below.study.uncertainty) == {path}
    assert overlaid(below, {"epidemic": {"isolation": None}}).study.uncertainty == {}


def test_a_correlated_value_is_drawn_still(tmp_path: Path) -> None:
    file = tmp_path / "pair.yaml"
    pair = {"paths": [FIELD, ICU], "matrix": [[1, 0.5], [0.5, 1]]}
    forms = {ICU: {"choice": [4, 10]}, FIELD: {"choice": [10, 20]}}
    given = overlaid(with_uncertainty(forms), {"study": {"correlations": {"pair": pair}}})
    file.write_text(dump(given), encoding="utf-8")
    scenario, warnings = inspect(file, changes=[f"{FIELD}=4"])
    assert set(scenario.study.uncertainty) == set(forms)
    told = {problem.path: problem.message for problem in warnings}
    assert told[f"study.uncertainty.{FIELD}"].startswith("overrides the value set for this run")


def test_a_later_file_gives_another_form(tmp_path: Path) -> None:
    first = tmp_path / "first.yaml"
    first.write_text(dump(with_uncertainty({ICU: {"choice": [4, 10]}})), encoding="utf-8")
    second = tmp_path / "second.yaml"
    second.write_text(
        f"extends: first.yaml\nstudy: {{uncertainty: {{{ICU}: {{uniform: [1, 9]}}}}}}\n", encoding="utf-8"
    )
    assert load(second).study.uncertainty[ICU] == uncertain({"uniform": [1, 9]})
    second.write_text("extends: first.yaml\nstudy: {uncertainty: null}\n", encoding="utf-8")
    assert load(second).study.uncertainty == {}


def test_precision_of_an_unknown_outcome_is_refused_before_anything_is_run(tmp_path: Path) -> None:
    scenario = wanted({"deats": 0.1, "days_breached_icu": 0.1, "first_day_situation": 0.1, "nope": 0.2})
    with pytest.raises(ScenarioError) as caught:
        run(scenario, workers=1, out=tmp_path / "out")
    assert str(caught.value.problems[0]) == (
        "study.precision.deats: unknown outcome 'deats', did you mean 'deaths'?"
    )
    assert len(caught.value.problems) == 2
    assert list(tmp_path.iterdir()) == []


def wanted(precision: dict[str, float], **study: Any) -> Scenario:
    return from_plain(deep_merge(small_scenario().to_plain(), {"study": {"precision": precision, **study}}))


def half_width_share(values: Any) -> float:
    low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    return float(high - low) / 2 / float(values.mean())


@pytest.mark.slow
def test_replications_go_on_until_precise_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    results = run(wanted({"deaths": 0.25, "peak_present": 0.25}, replications=5), workers=2)
    table, count = results.replications, results.manifest["replications"]
    assert 10 < count < 1000
    assert len(table) == 3 * count
    assert len(results.daily["day"].unique()) == results.scenario.days

    def enough(n: int) -> bool:
        return all(
            half_width_share(rows[outcome].to_numpy()[:n]) <= 0.25
            for _, rows in table.groupby("alternative")
            for outcome in ("deaths", "peak_present")
        )

    assert [enough(n) for n in range(10, count + 1)] == [False] * (count - 10) + [True]
    note = {(e["alternative"], e["outcome"]): e for e in results.manifest["precision"]}
    baseline = table[table["alternative"] == "baseline"]["deaths"].to_numpy()
    assert note["baseline", "deaths"]["half_width_share"] == pytest.approx(half_width_share(baseline))
    assert all(entry["reached"] for entry in note.values())
    assert len(note) == 6
    assert next(iter(precision_notes(results, "en"))).startswith(
        f"Wanted precision reached after {count} runs:"
    )


@pytest.mark.slow
def test_a_bound_ends_what_is_never_precise() -> None:
    results = run(wanted({"deaths": 1e-6, "transferred_out": 0.1}, most_replications=9), workers=1)
    assert results.manifest["replications"] == 9
    note = {(e["alternative"], e["outcome"]): e for e in results.manifest["precision"]}
    assert not note["baseline", "deaths"]["reached"]
    assert note["baseline", "transferred_out"] == {  # always 0: nothing is known of how rare it is
        "alternative": "baseline", "outcome": "transferred_out",
        "wanted_share": 0.1, "half_width_share": None, "reached": False, "why_not": "no_event",
    }  # fmt: skip
    said = next(iter(precision_notes(results, "en")))
    assert "not reached after 9 runs: deaths of" in said
    assert "transferred_out of baseline: no event yet in any run (wanted 10%)" in said
    assert "chưa có sự kiện nào" in next(iter(precision_notes(results, "vi")))


def fed(values: Sequence[float], outcome: str = "deaths", **study: Any) -> tuple[int, list[dict[str, Any]]]:
    """After how many replications with these values of an outcome it is enough, and what is noted."""
    scenario = wanted({outcome: 0.1}, **study)
    precision = Precision(scenario.study, scenario.days)
    for count, value in enumerate(values, start=1):
        precision.add({"baseline": {outcome: value}})
        if precision.enough():
            return count, precision.note()
    return 0, precision.note()


@pytest.mark.parametrize(
    ("values", "most", "count", "why_not"),
    [
        ([0.0] * 40, 30, 30, "no_event"),
        ([0.0] * 20 + [1.0, *([0.0] * 20)], 30, 30, "wide"),
        ([math.nan] * 40, 30, 10, "not_measured"),  # more runs would tell no more
        ([math.nan, 5.0] * 20, 30, 10, None),
        ([math.nan] * 9 + [5.0] * 20, 30, 11, None),  # measured once in the first ten
        ([5.0] * 40, 30, 10, None),
        ([-2.0, 2.0] * 20, 30, 30, "wide"),  # the mean is 0, but not for want of events
        ([5.0] * 40, 6, 6, None),  # never above the most
        ([math.nan] * 5 + [5.0], 6, 6, "too_few"),
    ],
)
def test_what_is_rare_or_not_measured_is_not_called_precise(
    values: list[float], most: int, count: int, why_not: str | None
) -> None:
    got, note = fed(values, replications=3, most_replications=most)
    assert (got, note[0]["why_not"], note[0]["reached"]) == (count, why_not, why_not is None)


END = float(wanted({}).days)
"""The first day of a breach that never came."""


@pytest.mark.parametrize("outcome", ["first_day_icu", "first_day_situation"])
@pytest.mark.parametrize(
    ("values", "count", "why_not"),
    [
        ([END] * 40, 30, "no_event"),  # no breach in any run: nothing is known of its first day
        ([0.0] * 40, 10, None),  # breached from the start in every run
        ([END - 1] * 40, 10, None),
        ([END] * 9 + [1.0] + [END] * 30, 21, None),  # one came, so its rarity is known
    ],
)
def test_a_breach_that_never_comes_is_no_event(
    outcome: str, values: list[float], count: int, why_not: str | None
) -> None:
    got, note = fed(values, outcome, most_replications=30)
    assert (got, note[0]["why_not"], note[0]["reached"]) == (count, why_not, why_not is None)


def test_the_first_look_is_not_before_the_replications_wanted() -> None:
    assert fed([5.0] * 40, replications=25)[0] == 25


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_half_width_is_scipys_over_what_was_measured(seed: int) -> None:
    values = np.random.default_rng(seed).gamma(2.0, 3.0, 30)
    values[:: seed + 3] = np.nan
    count, note = fed(list(values), replications=30, most_replications=30)
    measured = values[:count][~np.isnan(values[:count])]
    assert note[0]["half_width_share"] == pytest.approx(half_width_share(measured))


def test_an_outcome_that_is_not_measured_is_told() -> None:
    entry = {"alternative": "plan", "outcome": "cost", "wanted_share": 0.1, "half_width_share": None}
    results = SimpleNamespace(
        manifest={"precision": [{**entry, "reached": False, "why_not": "not_measured"}], "replications": 10}
    )
    (said,) = precision_notes(results, "en")  # type: ignore[arg-type]
    assert said == (
        "Wanted precision not reached after 10 runs: cost of plan is not measured in any run (wanted 10%)."
    )
    results.manifest["precision"] = [{**entry, "reached": False}]  # as an earlier version wrote it
    assert "no relative precision" in next(iter(precision_notes(results, "en")))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("study", "path", "message"),
    [
        ({"precision": {"deaths": 5}}, "study.precision.deaths", "got 5, expected a number > 0 and < 1"),
        (
            {"precision": {"deaths": 0.1}, "most_replications": 3},
            "study",
            "got most_replications 3, expected at least the 4 replications",
        ),
    ],
)
def test_bad_precision_is_refused(study: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        from_plain(deep_merge(small_scenario().to_plain(), {"study": study}))
    assert [(problem.path, problem.message) for problem in caught.value.problems] == [(path, message)]


def joint(runs: int = 2) -> Scenario:
    plain = small_scenario().to_plain()
    study = {"replications": 4, "runs_per_draw": runs, "draws": {"paths": [SHARE], "rows": [[0.2], [0.5]]}}
    return from_plain({**plain, "study": study})


@pytest.mark.parametrize(
    ("runs", "most", "each"), [(2, 3, "2 replications"), (4, 7, "4 replications"), (1, 1, "one replication")]
)
def test_a_chosen_replication_past_the_rows_of_joint_draws(runs: int, most: int, each: str) -> None:
    scenario = joint(4).overlaid({"study": {"runs_per_draw": runs, "replications": 2}})
    sentence = (
        f"study.draws: got replication 9, expected at most {most}: each of the 2 rows is for {each}, "
        "counted from 0"
    )
    for simulate_it in (
        lambda: run(scenario, replications=[0, 9], workers=1),
        lambda: simulate(scenario, 1, 9),
    ):
        with pytest.raises(ScenarioError) as caught:
            simulate_it()
        assert str(caught.value) == sentence


@pytest.mark.parametrize("point", [{SHARE: 0.3}, {SHARE.rpartition(".")[0]: {"oxygen": 0.3}}])
def test_a_point_has_no_value_that_is_drawn_jointly(point: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError, match=f"{SHARE}: is drawn jointly by study.draws, expected "):
        sweep(joint(), points=[point], replications=1, workers=1)


def test_a_sweep_counts_replications_that_share_a_draw_once() -> None:
    found = sweep(joint(), {"care.no_bed_hours": "4,8"}, workers=1)
    row = found.breaches.query("point == 1 and threshold == 'cases'").iloc[0]
    first = found.runs.query("point == 1 and alternative == 'baseline'")["first_day_cases"] < 12
    interval = row[["probability_low", "probability_high"]].tolist()
    assert interval == pytest.approx(share_interval(first.to_numpy(), 2))
    assert interval != pytest.approx(share_interval(first.to_numpy()), abs=0.05)


@pytest.mark.slow
def test_a_run_with_nothing_drawn_is_that_of_the_scenario_as_it_is_and_is_reproduced(tmp_path: Path) -> None:
    drawing = with_uncertainty({ICU: {"choice": [4, 10]}})
    fixed = run(drawing, uncertainty=False, replications=2, workers=1, out=tmp_path / "fixed")
    pd.testing.assert_frame_equal(
        fixed.replications, run(small_scenario(), replications=2, workers=1).replications
    )
    assert load(tmp_path / "fixed" / "scenario.yaml").study.drawn == ()
    assert reproduce(tmp_path / "fixed", workers=1).differences == ()


@pytest.mark.slow
def test_a_sweep_with_nothing_else_drawn_keeps_the_distribution_of_what_it_varies() -> None:
    drawing = with_uncertainty({ICU: {"uniform": [4, 10]}, FIELD: {"choice": [10, 20]}})
    swept = sweep(drawing, {ICU: ""}, design="lhs", samples=2, replications=1, uncertainty=False, workers=1)
    assert [name for name in swept.runs if name.startswith("drawn:")] == []
    assert swept.design[ICU].between(4, 10).all()
