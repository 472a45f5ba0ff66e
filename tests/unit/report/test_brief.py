"""The brief: one page in both languages, every number from its cell, errors in one sentence."""

from __future__ import annotations

import dataclasses
import json
import math
from datetime import date, timedelta
from pathlib import Path

import docx
import matplotlib
import pandas as pd
import pytest
from figure_cases import surge_results, surge_scenario
from matplotlib.figure import Figure
from matplotlib.text import Text as Drawn
from pypdf import PdfReader
from report_cases import Files, Page

from surgesim.decisions.door import Calendar, Worth
from surgesim.errors import ResultsError, SurgesimError
from surgesim.files import is_brief
from surgesim.report.brief import content
from surgesim.report.brief.content import brief
from surgesim.report.brief.decisions import decisions
from surgesim.report.brief.page import html, origins
from surgesim.report.brief.write import write_brief
from surgesim.report.figures import draw
from surgesim.report.prose.decisions import worth_sentences
from surgesim.report.prose.sentences import RELATIVE
from surgesim.report.tables.comparisons import comparison
from surgesim.report.words import LANGUAGES
from surgesim.scenario.schema.base import Text
from surgesim.scenario.schema.capacity.supply import Costs
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.results import Results
from surgesim.study.store.csv_files import write_csv
from surgesim.study.store.folder import scenario_text
from surgesim.study.tables.columns import TABLES

STAFF = {
    "command": {
        "plan": {
            "staff": {
                "title": {"vi": "Tăng cường nhân lực", "en": "More staff"},
                "action": "reinforce_staff",
                "doctors": 12,
                "when": {"on": "2024-01-20"},
            }
        }
    }
}


@pytest.fixture(scope="module")
def results() -> Results:
    plain = surge_scenario(2, 0, days=60, alternatives={"more-staff": STAFF, "same": {}})
    made = surge_results(plain, replications=6)
    table = made.comparison.copy()
    for name, column, value in (
        ("more-staff", "difference", -40.0),
        ("more-staff", "difference_low", -50.0),
        ("more-staff", "difference_high", -30.0),
        ("more-staff", "probability_better", 1.0),
        ("same", "difference", -4.0),
        ("same", "difference_low", -9.0),
        ("same", "difference_high", 1.0),
        ("same", "probability_better", 0.5),
    ):
        rows = (table["alternative"] == name) & (table["outcome"] == "deaths")
        assert rows.sum() == 1
        table[column] = table[column].astype(float).where(~rows, value)
    ordered = [("more-staff", k, 19 + (k == 0), "staff", "ordered") for k in range(6)]
    actions = pd.DataFrame(ordered, columns=["alternative", "replication", "day", "rule", "what"])
    return dataclasses.replace(made, comparison=table, actions=actions)


@pytest.fixture
def unpictured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the figure by an empty one, to be quick."""
    monkeypatch.setattr(content, "draw_brief", lambda results, lang: Figure(figsize=(6, 1)))


def plain(text: str) -> str:
    return str(text).replace("\N{NO-BREAK SPACE}", " ")


def titled(scenario: Scenario, title: str) -> Scenario:
    return scenario.model_copy(update={"title": Text.model_validate(title)})


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_is_one_page(results: Results, lang: str, tmp_path: Path) -> None:
    (path,) = write_brief(results, [tmp_path / "brief.pdf"], lang)
    reader = PdfReader(path)
    assert len(reader.pages) == 1
    text = reader.pages[0].extract_text()
    title = results.scenario.title.get(lang)
    assert title in text
    assert {"en": "12 doctors", "vi": "12 bác sĩ"}[lang] in " ".join(text.split())
    assert b"replications.csv" in reader.attachments["sources.csv"][0]
    again = tmp_path / "again.pdf"
    write_brief(results, [again], lang)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.usefixtures("unpictured")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_number_equals_its_cell(results: Results, lang: str, tmp_path: Path) -> None:
    for table in TABLES:
        write_csv(tmp_path / f"{table.name}.csv", getattr(results, table.name))
    (tmp_path / "scenario.yaml").write_text(scenario_text(results.scenario), encoding="utf-8")
    (tmp_path / "manifest.json").write_text(json.dumps(dict(results.manifest)), encoding="utf-8")
    files = Files(tmp_path)
    page = Page(html(brief(results, lang))).root
    quoted = [e for e in page.all("data", "time") if "data-source" in e.attributes]
    assert len(quoted) > 30
    for element in quoted:
        there = files.at(element.attributes["data-source"])
        if element.tag == "time":
            if not isinstance(there, date):
                there = files.start + timedelta(days=there)
            assert element.attributes["datetime"] == there.isoformat()
        else:
            assert float(element.attributes["value"]) == pytest.approx(there, rel=1e-9)
    (listed,) = (table for table in page.all("table") if table.attributes["id"] == "sources")
    assert len(list(listed.all("tr"))) == 1 + len(origins(brief(results, lang)))


def test_decisions_have_amount_date_effect_and_confidence(results: Results) -> None:
    (staff, same), after = decisions(results, (), "en")
    assert str(staff.amount) == "12 doctors at each of 1 hospitals"
    assert plain(staff.by) == "20 Jan 2024"
    assert str(staff.effect) == "−40 deaths, −4%"
    assert str(staff.confidence) == "clear; fewer deaths in 6 of 6 pairs of runs"
    assert str(same.confidence) == "fewer deaths in 3 of 6 pairs of runs; may be chance"
    assert staff.cost == "not costed"
    assert len(after) == 1


@pytest.mark.parametrize(
    ("relative", "said"),
    [
        ((-0.2154, -0.3, -0.1071), "−40 deaths, −22% (−30% to −11%)"),
        ((-0.1308, -0.221, -0.003), "−40 deaths, −13.1% (−22.1% to −0.3%)"),
        ((-0.12, -0.3, 0.06), "−40 deaths, −12% (−30% to +6%)"),
        ((0.0026, -0.006, 0.009), "−40 deaths, +0.26% (−0.60% to +0.90%)"),
        ((-0.2, math.nan, math.nan), "−40 deaths (−50 to −30)"),
    ],
)
def test_an_effect_is_in_percent_where_its_interval_is(
    results: Results, relative: tuple[float, float, float], said: str
) -> None:
    changed = dict(zip(RELATIVE, relative, strict=True))
    table = results.comparison.assign(**changed)
    (staff, _), _ = decisions(dataclasses.replace(results, comparison=table), (), "en")
    assert str(staff.effect) == said


def test_an_unclear_effect_in_every_pair_is_too_few_runs(results: Results) -> None:
    table = results.comparison.assign(probability_better=1.0)
    (_, same), _ = decisions(dataclasses.replace(results, comparison=table), (), "vi")
    assert str(same.confidence).startswith("giảm ở cả 6 cặp mô phỏng; chưa đủ số cặp")


def test_parts_ordered_on_other_dates_are_told(results: Results) -> None:
    rule = STAFF["command"]["plan"]["staff"]
    both = {"command": {"plan": {"staff": rule, "more": {**rule, "doctors": 5}}}}
    alternatives = {**results.scenario.alternatives, "more-staff": both}
    scenario = results.scenario.model_copy(update={"alternatives": alternatives})
    late = results.actions.assign(rule="more", day=30)
    actions = pd.concat([results.actions, late], ignore_index=True)
    (staff, *_), _ = decisions(dataclasses.replace(results, scenario=scenario, actions=actions), (), "en")
    assert plain(staff.by) == "20 Jan 2024; last part 31 Jan 2024"


@pytest.mark.parametrize(
    ("prices", "without"), [({"dose": 1, "test": 1}, ""), ({"bed_opening": 1}, "; vaccine not counted")]
)
def test_a_cost_has_an_interval_and_names_what_has_no_price(
    results: Results, prices: dict[str, int], without: str
) -> None:
    supply = results.scenario.supply.model_copy(
        update={"currency": "VND", "costs": Costs.model_validate(prices)}
    )
    row = results.comparison.query("alternative == 'more-staff' and outcome == 'deaths'").assign(
        outcome="cost", difference=-13e9, difference_low=-25e9, difference_high=-1e9
    )
    others = results.comparison[results.comparison["outcome"] != "cost"]
    priced = dataclasses.replace(
        results,
        scenario=results.scenario.model_copy(update={"supply": supply}),
        comparison=pd.concat([others, row], ignore_index=True),
        replications=results.replications.assign(
            doses_given=(results.replications["alternative"] == "more-staff") + 1.0, tests_used=9.0
        ),
    )
    (staff, same, *_), _ = decisions(priced, (), "en")
    assert "not counted" not in plain(same.cost)  # what it uses as the baseline does cancels
    assert plain(staff.cost) == f"−13 (−25 to −1) billion VND{without}"


def test_clear_effects_beyond_the_table_are_named(results: Results) -> None:
    names = [f"plan-{k}" for k in range(4)]
    plans = {name: {"title": name} for name in names}
    scenario = results.scenario.model_copy(
        update={"alternatives": {**results.scenario.alternatives, **plans}}
    )
    rows = results.comparison.query("alternative == 'more-staff' and outcome == 'deaths'")
    more = [
        rows.assign(alternative=name, difference=-90.0 + k, difference_high=1.0)
        for k, name in enumerate(names)
    ]
    table = pd.concat([results.comparison, *more], ignore_index=True)
    found, after = decisions(dataclasses.replace(results, scenario=scenario, comparison=table), (), "en")
    assert [str(one.title) for one in found] == names[:3]
    assert str(after[0]) == ("Smaller, but clear effects: “more-staff” −40 deaths, −4%, cost not costed.")


def test_a_package_is_named_apart(results: Results) -> None:
    rule = STAFF["command"]["plan"]["staff"]
    both = {"command": {"plan": {"staff": rule, "more": {**rule, "doctors": 5}}}}
    alternatives = {**results.scenario.alternatives, "same": both}
    scenario = results.scenario.model_copy(update={"alternatives": alternatives})
    table = results.comparison.assign(
        difference_high=results.comparison["difference_high"].where(
            results.comparison["alternative"] != "same", -1.0
        )
    )
    found, after = decisions(dataclasses.replace(results, scenario=scenario, comparison=table), (), "en")
    assert len(found) == 1
    assert str(after[0]).startswith("Package of measures (“same”): −4")
    unclear, after = decisions(dataclasses.replace(results, scenario=scenario), (), "en")
    assert len(unclear) == 1
    assert str(after[0]).startswith("Package of measures (“same”): −4")
    assert str(after[0]).endswith("may be chance.")


def test_steps_of_worth_come_first(results: Results) -> None:
    row = {
        "kind": "step", "resource": "icu-nurses", "place": "", "added": 10, "unit": "nurses", "rank": 1,
        "replications": 8, "outcome": "deaths", "outcome_unit": "deaths", "role": "effect",
        "baseline_mean": 100.0, "difference": -60.0, "difference_low": -80.0, "difference_high": -40.0,
        "per_unit": -6.0, "per_billion": None, "beyond_single": None,
    }  # fmt: skip
    manifest = {"worth": {"outcome": "deaths", "by": "province"}}
    asked = results.scenario.model_copy(update={"alternatives": {}})  # as `worth` stores it
    worth = Worth(asked, pd.DataFrame([row]), manifest, Path("w"))
    found, _ = decisions(results, [worth], "en")
    assert [str(one.title) for one in found][:2] == ["ICU nurses", "more-staff"]
    assert "10 nurses" in found[0].amount
    assert found[0].effect == "−60 deaths (−80 to −40)"
    in_time = "in_time_share:oxygen"  # of which more is better
    more = row | {"outcome": in_time, "difference": 0.3, "difference_low": 0.2, "difference_high": 0.4}
    less = row | {"outcome": in_time, "resource": "doctors", "difference": -0.3, "rank": 2}
    less |= {"difference_low": -0.4, "difference_high": -0.2}
    ranked = Worth(
        results.scenario, pd.DataFrame([more, less]), {"worth": {"outcome": in_time, "by": "province"}}, None
    )
    assert [one.title for one in decisions(results, [ranked], "en")[0]][:2] == ["ICU nurses", "more-staff"]
    assert next(worth_sentences(ranked, "en")).startswith("Worth most, of one step: ICU nurses")
    other = dataclasses.replace(worth, scenario=titled(results.scenario, "Elsewhere"))
    with pytest.raises(ResultsError, match=r"^w: got an answer for .*; they differ in title$"):
        decisions(results, [other], "en")


def test_latest_orders_of_a_calendar_stand_below_the_table(results: Results) -> None:
    row = {
        "rule": "staff", "outcome": "deaths", "ordered_median": pd.Timestamp("2024-01-20"),
        "last_call": "found", "latest": pd.Timestamp("2024-01-27"),
    }  # fmt: skip
    manifest = {"calendar": {"conditions": {"deaths": 100.0}, "draws": None}}
    plan = results.scenario.alternative("more-staff")
    calendar = Calendar(plan, pd.DataFrame([row]), manifest, Path("c"))
    found, after = decisions(results, (), "en", calendar)
    assert plain(found[0].by) == "27 Jan 2024 at the latest"
    said = str(after[0]).replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("Latest orders of “more-staff” that keep ")
    assert said.endswith(": More staff by 27 Jan 2024.")
    other = dataclasses.replace(calendar, scenario=titled(plan, "Elsewhere"))
    with pytest.raises(ResultsError, match=r"^c: dates a plan of another scenario, expected one of baseline"):
        decisions(results, (), "en", other)


@pytest.mark.usefixtures("unpictured")
def test_futures_are_runs_ranked_by_deaths(results: Results) -> None:
    rows = results.replications.copy()
    base = rows["alternative"] == "baseline"
    rows.loc[base, "deaths"] = [30.0, 10.0, 60.0, 20.0, 50.0, 40.0]
    page = brief(dataclasses.replace(results, replications=rows))
    assert list(map(str, page.futures.rows[-1])) == ["Deaths", "10", "30", "60"]
    assert "about 35 people die on average (10 to 60, lowest and highest of 6 runs)" in page.situation[1]
    assert "the middle and the most deaths of 6, ordered by deaths, not by date" in page.caveats[-1]


@pytest.mark.usefixtures("unpictured")
def with_daily(results: Results, **values: list[float]) -> Results:
    """Return results whose baseline has these values, median and mean, of daily indicators."""
    daily = results.daily
    baseline = daily["alternative"] == "baseline"
    kept = daily[~(baseline & daily["indicator"].isin(list(values)))]
    like = daily[baseline & (daily["indicator"] == "icu_need")]
    new = [like.assign(indicator=name, p50=each, mean=each) for name, each in values.items()]
    return dataclasses.replace(results, daily=pd.concat([kept, *new], ignore_index=True))


def caption(results: Results, bed: str, lang: str = "en", **values: list[float]) -> str:
    captions = brief(with_daily(results, **values), lang).captions
    return plain(captions[["oxygen", "icu"].index(bed)])


def bound_by(bed: str, what: str, days: int) -> dict[str, list[float]]:
    others = ("space", "nurses", "doctors", "equipment", "pipes", "oxygen_stock")
    return {f"{bed}_bound_by_{each}": [0.9 if each == what else 0.1] * days for each in others}


@pytest.mark.usefixtures("unpictured")
def test_a_caption_names_what_limits_usable_beds(results: Results) -> None:
    days = results.scenario.days
    need, beds = {"oxygen_need": [100.0] * days}, {"staffed_oxygen": [29.0] * days}
    said = caption(results, "oxygen", **need, **beds, **bound_by("oxygen", "oxygen_stock", days))
    assert "100 patients need one and 29 beds are usable (limited by oxygen); the whole" in said
    said = caption(results, "oxygen", "vi", **need, **beds, **bound_by("oxygen", "nurses", days))
    assert "chỉ có 29 giường sử dụng được (thiếu điều dưỡng); toàn địa bàn thiếu từ" in said
    enough = {"staffed_oxygen": [200.0] * days}
    said = caption(results, "oxygen", **need, **enough, **bound_by("oxygen", "nurses", days))
    assert "200 beds are usable; the whole area is never short" in said


@pytest.mark.usefixtures("unpictured")
@pytest.mark.parametrize(
    ("opened", "what", "why"),
    [
        ((50, 20), "oxygen_stock", ", as beds are stood down."),
        ((50, 50), "oxygen_stock", " (limited by oxygen)."),
        ((50, 49), "oxygen_stock", " (limited by oxygen)."),
        ((50, 50), "space", "."),
    ],
)
def test_a_second_shortage_has_a_cause_only_if_it_is_one(
    results: Results, opened: tuple[float, float], what: str, why: str
) -> None:
    rest = results.scenario.days - 40
    said = caption(
        results,
        "icu",
        icu_need=[60.0] * 20 + [30.0] * (20 + rest),
        staffed_icu=[50.0] * 40 + [20.0] * rest,
        open_icu=[opened[0]] * 40 + [opened[1]] * rest,
        **bound_by("icu", what, 40 + rest),
    )
    assert said.endswith(f"; short again from 10 Feb 2024{why}")


@pytest.mark.usefixtures("unpictured")
@pytest.mark.parametrize(("lang", "never"), [("en", "does not occur"), ("vi", "không xảy ra")])
def test_a_run_without_an_emergency_has_no_first_day(results: Results, lang: str, never: str) -> None:
    days = results.scenario.days
    table = results.replications.assign(first_day_situation=days, situation_days=0.0)
    said = brief(dataclasses.replace(results, replications=table), lang).futures
    assert list(said.rows[0][1:]) == [never] * 3


def test_a_baseline_without_an_emergency_has_no_mean_first_day(results: Results) -> None:
    table, days = results.comparison, results.scenario.days
    first = table["outcome"] == "first_day_situation"
    never = table.assign(baseline_mean=table["baseline_mean"].where(~first, days))
    shown = comparison(dataclasses.replace(results, comparison=never), "en")
    assert shown is not None
    assert "does not occur" in [str(cell.content) for cell in shown.rows[0]]
    assert f"{days}" not in [str(cell.content) for cell in shown.rows[0]]
    said = "\n".join(
        text.get_text()
        for text in draw(dataclasses.replace(results, comparison=never), "alternatives").findobj(Drawn)
    )
    assert "baseline: does not occur" in said


@pytest.mark.usefixtures("unpictured")
def test_the_same_scarcity_of_both_beds_is_one_clause(results: Results) -> None:
    table = results.binding.assign(breach_days_mean=0.0)
    table["short_days_mean"] = (table["constraint"] == "oxygen_stock") * 5.0
    both = dataclasses.replace(results, binding=table)
    assert "scarcest at the bedside: oxygen for oxygen and ICU beds." in brief(both, "en").situation[1]
    assert "thiếu nhất: ô xy (giường ô xy và giường ICU)." in brief(both, "vi").situation[1]


@pytest.mark.usefixtures("unpictured")
def test_the_line_below_the_title_says_if_it_is_a_forecast(results: Results) -> None:
    forecast = dataclasses.replace(results, manifest=results.manifest | {"forecast": {"weeks": 4}})
    assert brief(forecast, "en").run.startswith("Forecast from the reports so far.")
    assert brief(results, "vi").run.startswith("Kết quả mô phỏng theo kịch bản giả định, không phải dự báo.")


def test_a_result_too_bare_or_too_old_is_one_sentence(results: Results) -> None:
    few = results.replications[results.replications["replication"] < 2]
    with pytest.raises(ResultsError, match=r"got 2 runs of each alternative, expected at least 5"):
        brief(dataclasses.replace(results, replications=few))
    old = results.replications.drop(columns="peak_present")
    with pytest.raises(ResultsError, match=r"replications\.csv has no column peak_present"):
        brief(dataclasses.replace(results, replications=old))
    daily = results.daily[results.daily["indicator"] != "icu_need"]
    with pytest.raises(ResultsError, match=r"daily\.csv has no icu_need"):
        brief(dataclasses.replace(results, daily=daily))


@pytest.mark.usefixtures("unpictured")
def test_nothing_is_written_if_a_font_lacks_letters(results: Results, tmp_path: Path) -> None:
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    paths = [tmp_path / "brief.html", tmp_path / "brief.pdf"]
    with pytest.raises(ResultsError, match=r"the font cmr10 lacks the letters .* of the brief"):
        write_brief(results, paths, "vi", font=fonts / "cmr10.ttf")
    (tmp_path / "no.ttf").write_text("no font")
    with pytest.raises(ResultsError, match=r"no\.ttf: cannot be read as a font"):
        write_brief(results, paths, "vi", font=tmp_path / "no.ttf")
    with pytest.raises(ResultsError, match=r"got a brief 'brief\.txt', expected one that ends in html, pdf"):
        write_brief(results, [*paths, tmp_path / "brief.txt"], "vi")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["no.ttf"]


@pytest.mark.usefixtures("unpictured")
def test_a_title_that_does_not_fit_is_one_sentence(results: Results, tmp_path: Path) -> None:
    long = titled(results.scenario, "A very long title " * 400)
    with pytest.raises(ResultsError, match=r"does not fit one page even in letters of 8 pt"):
        write_brief(dataclasses.replace(results, scenario=long), [tmp_path / "brief.pdf"])


@pytest.mark.usefixtures("unpictured")
def test_a_word_document_has_the_same_tables(results: Results, tmp_path: Path) -> None:
    (path,) = write_brief(results, [tmp_path / "brief.docx"], "vi")
    document = docx.Document(str(path))
    chosen, futures, sources = document.tables
    page = brief(results, "vi")
    assert page.decisions is not None
    assert [c.text for c in chosen.rows[1].cells] == list(map(str, page.decisions.rows[0]))
    assert [c.text for c in futures.rows[-1].cells] == list(map(str, page.futures.rows[-1]))
    assert len(sources.rows) == 1 + len(origins(page))


@pytest.mark.usefixtures("unpictured")
@pytest.mark.parametrize("suffix", ["html", "pdf", "docx"])
def test_only_a_brief_is_replaced(results: Results, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"brief.{suffix}"
    path.write_text("mine")
    with pytest.raises(ResultsError, match="is not a brief written by surgesim"):
        write_brief(results, [path])
    assert path.read_text() == "mine"
    path.unlink()
    write_brief(results, [path])
    assert is_brief(path)


@pytest.mark.usefixtures("unpictured")
def test_a_missing_package_is_named(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package, suffix, extra in (("typst", "pdf", "pdf"), ("docx", "docx", "word")):
        monkeypatch.setitem(__import__("sys").modules, package, None)
        with pytest.raises(SurgesimError, match=rf"pip install 'surgesim\[{extra}\]'"):
            write_brief(results, [tmp_path / f"brief.{suffix}"])
    assert not list(tmp_path.iterdir())
