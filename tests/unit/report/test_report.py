"""The report: every number equals its file, nothing is loaded or run, and it can be read by everyone."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from report_cases import Element, Files, Page, case_with_reports

from surgesim.errors import ResultsError
from surgesim.report import document
from surgesim.report.document import report, write_report
from surgesim.report.figures import FIGURES
from surgesim.report.likelihood import OPEN, SCALE, likelihood
from surgesim.report.names import alternative_title, criteria, threshold_title
from surgesim.report.prose.summary import three_sentences
from surgesim.report.words import LANGUAGES, day_text, phrase, unit_words
from surgesim.scenario.door import overlaid
from surgesim.scenario.schema.scenario import Scenario
from surgesim.study.measures.breaches import SITUATION, wilson
from surgesim.study.results import Results

pytestmark = pytest.mark.slow

CHAPTERS = 6
SECTIONS = 20
QUOTED = {"data", "time"}
NOT_RESULTS = {*QUOTED, "code", "svg", "style", "title"}
"""Elements whose digits are quoted with their source, or are no results."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, dict[str, str]]:
    return case_with_reports(tmp_path_factory)


@pytest.fixture(scope="module")
def case(made: tuple[Results, dict[str, str]]) -> Results:
    return made[0]


@pytest.fixture(scope="module")
def reports(made: tuple[Results, dict[str, str]]) -> dict[str, str]:
    return made[1]


@pytest.fixture(scope="module")
def pages(reports: dict[str, str]) -> dict[str, Element]:
    return {lang: Page(text).root for lang, text in reports.items()}


@pytest.fixture(scope="module")
def files(case: Results) -> Files:
    assert case.folder is not None
    return Files(case.folder)


def quoted(page: Element) -> list[Element]:
    return [e for e in page.all(*QUOTED) if "data-source" in e.attributes]


def read_number(text: str, lang: str) -> tuple[float, float]:
    """The number that a text shows, and half a unit of its last digit."""
    plain = (
        text.replace("\N{MINUS SIGN}", "-").replace("\N{NO-BREAK SPACE}", " ").lstrip("+").removesuffix("%")
    )
    group, point = (",", ".") if lang == "en" else (".", ",")
    plain = plain.replace(group, "").replace(point, ".")
    decimals = len(plain.partition(".")[2])
    return float(plain), 0.5 * 10.0**-decimals


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_number_equals_its_file(pages: dict[str, Element], files: Files, lang: str) -> None:
    found = quoted(pages[lang])
    assert len(found) > 150
    for element in found:
        source = element.attributes["data-source"]
        there = files.at(source)
        if element.tag == "time":
            day = date.fromisoformat(element.attributes["datetime"])
            assert day == (there if isinstance(there, date) else files.start + timedelta(days=there)), source
            assert element.text.replace("\N{NO-BREAK SPACE}", " ") == shown_date(day, lang), source
            continue
        if isinstance(there, str):
            assert element.attributes["value"] == element.text == there
            continue
        value = float(element.attributes["value"])
        if "data-per" in element.attributes:
            there = there / files.at(element.attributes["data-per"]) * 100_000
        assert value == pytest.approx(there, rel=1e-9, abs=1e-12), source
        exact = ".csv" in source and ":" not in source.partition("#")[2]
        if exact and "data-per" not in element.attributes:
            assert value == there, source
        shown(element, value, lang)


def shown(element: Element, value: float, lang: str) -> None:
    """What a reader sees is the value, to the digits that are written."""
    text, scale = element.text, float(element.attributes.get("data-scale", 1))
    if text[0] in "<>":
        bound, _ = read_number(text[1:].strip(), lang)
        assert 0 < value / scale < bound if text[0] == "<" else bound < value / scale < 100
        return
    seen, half = read_number(text, lang)
    if "#mean:deaths" in element.attributes["data-source"] and seen == float(f"{value:.2g}"):
        return  # the brief says "about" and rounds the mean to two digits
    assert seen == pytest.approx(value / scale, abs=half * 1.000001, rel=0), (text, value)


def shown_date(day: date, lang: str) -> str:
    return f"{day:%d/%m/%Y}" if lang == "vi" else f"{day.day} {day:%b %Y}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_number_stands_without_its_source(pages: dict[str, Element], lang: str) -> None:
    """In tables and in the summary; headings and notes hold none but 95%, 5%, 100,000 and the like."""
    places = [
        *pages[lang].all("td"),
        *(p for p in pages[lang].all("p") if p.attributes.get("class") == "sentence"),
    ]
    assert len(places) > 150
    for place in places:
        text = unquoted(place).replace("95%", "")
        assert not re.search(r"\d", text), text


def unquoted(element: Element) -> str:
    parts = []
    for child in element.children:
        if isinstance(child, str):
            parts.append(child)
        elif child.tag not in NOT_RESULTS and child.attributes.get("class") != "name":
            parts.append(unquoted(child))
    return "".join(parts)


@pytest.mark.usefixtures("unpictured")
def test_a_number_that_was_changed_is_seen(case: Results, tmp_path: Path) -> None:
    """The test of the numbers fails where a file says something else than the report."""
    assert case.folder is not None
    page = Page(report(case, "en")).root
    spoilt = Files(case.folder)
    spoilt.rows("breaches.csv")[0]["days_breached_mean"] = "1.25"
    with pytest.raises(AssertionError):
        test_every_number_equals_its_file({"en": page}, spoilt, "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_section_is_there_once(pages: dict[str, Element], lang: str) -> None:
    sections = list(pages[lang].all("section"))
    assert len(sections) == 1 + CHAPTERS + SECTIONS
    ids = [e.attributes["id"] for e in pages[lang].all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    links = [e.attributes["href"].removeprefix("#") for e in pages[lang].all("a")]
    assert set(links) <= set(ids)
    assert len(links) == 1 + CHAPTERS + SECTIONS
    drawn = {e.attributes["id"].removeprefix("figure-") for e in pages[lang].all("figure")}
    assert drawn - {"brief", "epidemic"} == set(FIGURES) - {"epidemic"}
    assert "brief" in drawn


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_loaded_and_nothing_runs(pages: dict[str, Element], lang: str) -> None:
    for element in pages[lang].all():
        assert element.tag not in ("script", "link", "iframe", "object", "img")
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            if name in ("href", "xlink:href", "src"):
                assert value.startswith("#"), value
    style = "".join(e.text for e in pages[lang].all("style"))
    assert "@import" not in style
    assert "http" not in style


@pytest.mark.parametrize("lang", LANGUAGES)
def test_structure_for_readers_of_any_kind(pages: dict[str, Element], lang: str) -> None:
    page = pages[lang]
    (html,) = page.all("html")
    assert html.attributes["lang"] == lang
    levels = [int(e.tag[1]) for e in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for heading in page.all("th"):
        assert heading.attributes["scope"] in ("row", "col")
        assert heading.text.strip()
    for table in page.all("table"):
        assert [e for e in table.all("caption") if e.text.strip()]
        widths = {sum(child.tag in ("td", "th") for child in row.all("td", "th")) for row in table.all("tr")}
        assert len(widths) == 1
    for figure in page.all("figure"):
        (svg,) = figure.all("svg")
        assert svg.attributes["role"] == "img"
        assert len(svg.attributes["aria-label"]) > 40
        assert re.search(r"\d", svg.attributes["aria-label"])
    for region in page.all():
        if region.attributes.get("role") == "region":
            assert region.attributes["aria-label"]
            assert region.attributes["tabindex"] == "0"


def test_the_answer_comes_first_and_long_tables_break_between_rows(pages: dict[str, Element]) -> None:
    """The brief, then what is coming; tables of more than six rows are not kept together, heads repeat."""
    page = pages["vi"]
    assert [e.attributes["id"] for e in page.all("section")][:4] == ["summary", "coming", "criteria", "need"]
    first = [e.attributes["id"] for e in page.all("figure", "table")][:3]
    assert first == ["figure-brief", "table-brief-decisions", "table-brief-futures"]
    for table in page.all("table"):
        rows = len(list(table.all("tr"))) - 1
        assert ("keep" in table.attributes.get("class", "")) == (rows <= 6), table.attributes["id"]
    style = next(e.text for e in page.all("style"))
    printed = style[style.index("@media print") :]
    assert "display: table-header-group" in printed
    assert re.search(r"h2, h3, [^{]*{ break-after: avoid", printed)
    assert re.search(r"\.start, [^{]*{ break-inside: avoid", printed)
    assert re.search(r"tr, [^{]*figure { break-inside: avoid", printed)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_stands_out_from_every_ground(pages: dict[str, Element]) -> None:
    """WCAG 2.2, contrast (minimum): 4.5 to 1."""
    style = next(e.text for e in pages["en"].all("style"))
    named = dict(re.findall(r"(--\w+): (#[0-9a-f]{6})", style))
    grounds = {named.get(c, c) for c in re.findall(r"background: (?:var\()?(#[0-9a-f]{6}|--\w+)", style)}
    inks = {named.get(c, c) for c in re.findall(r"[ ;]color: (?:var\()?(#[0-9a-f]{6}|--\w+)", style)}
    assert len(grounds) > 5
    assert len(inks) >= 4
    for ground in grounds:
        for ink in inks:
            light, dark = sorted((luminance(ground), luminance(ink)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ground, ink)


# The summary


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.993, 1.0, "certain"),
        (0.93, 1.0, "very_likely"),
        (0.84, 1.0, "likely"),
        (0.7, 0.95, "likely"),
        (0.51, 1.0, "more_likely"),
        (0.35, 0.6, "even"),
        (0.2, 0.6, "open"),
        (0.1, 0.9, "open"),
        (0.05, 0.3, "unlikely"),
        (0.0, 0.07, "very_unlikely"),
        (0.0, 0.009, "exceptional"),
    ],
)
def test_likelihood_says_what_the_whole_interval_allows(low: float, high: float, word: str) -> None:
    assert likelihood(low, high) == f"likelihood.{word}"


@pytest.mark.parametrize("runs", [1, 5, 20, 50, 400])
def test_no_word_claims_more_than_its_interval(runs: int) -> None:
    claims = {step.key: (step.low, step.high) for step in SCALE} | {OPEN: (0.0, 1.0)}
    said = {(low, high): likelihood(low, high) for low, high in (wilson(k, runs) for k in range(runs + 1))}
    assert len(said) == runs + 1
    for (low, high), word in said.items():
        least, most = claims[word]
        assert least <= low
        assert high <= most
    assert runs > 1 or set(said.values()) == {OPEN}


def with_situation(case: Results, **values: float) -> Results:
    breaches = case.breaches.copy()
    here = (breaches["alternative"] == "baseline") & (breaches["threshold"] == SITUATION)
    for column, value in values.items():
        breaches.loc[here, column] = value
    return dataclasses.replace(case, breaches=breaches)


FULL = {
    "probability": 1,
    "probability_low": 0.72,
    "probability_high": 1,
    "breached_at_start": 0,
    "first_day_median": 14,
    "first_day_p5": 10,
    "first_day_p95": 20,
    "days_breached_mean": 31.4,
    "days_breached_p5": 25,
    "days_breached_p95": 36,
}
NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {},
            "at least likely, in all 5 runs (95% interval of the probability 72% to 100%); it begins about "
            "15 Jan 2024 (median) and lasts about 31 days in total.",
        ),
        (
            {"probability": 0.5, "probability_low": 0.34, "probability_high": 0.65, "first_day_p95": NAN},
            "about as likely as not, in 50% of 5 runs (95% interval 34% to 65%); it begins about 15 Jan 2024 "
            "(median; in some runs never) and lasts 31 days on average over all runs",
        ),
        (
            {
                "probability": 0.2,
                "probability_low": 0.1,
                "probability_high": 0.3,
                "first_day_median": NAN,
            },
            "unlikely, in 20% of 5 runs (95% interval 10% to 30%), fewer than half, so there is no ",
        ),
        (
            {"probability": 0, "probability_low": 0, "probability_high": 0.09},
            "very unlikely, in 0% of 5 runs (95% interval 0% to 9%).",
        ),
        ({"breached_at_start": 1}, "its conditions hold from the first day"),
    ],
)
def test_the_first_sentence_says_probability_date_and_length(
    case: Results, values: dict[str, float], said: str
) -> None:
    sentence = three_sentences(with_situation(few_runs(case), **{**FULL, **values}), "en")[0]
    assert sentence.startswith("In the simulated period (to 24\N{NO-BREAK SPACE}Mar")
    assert said in sentence.replace("\N{NO-BREAK SPACE}", " ")


def few_runs(case: Results) -> Results:
    """Return the case with too few runs for a range."""
    few = case.replications[case.replications["replication"] < 4]
    return dataclasses.replace(case, replications=few)


def test_the_first_sentence_gives_ranges_from_five_runs_on(case: Results) -> None:
    full = with_situation(case, **FULL)
    for told, there in ((few_runs(full), False), (full, True)):
        sentence = three_sentences(told, "vi")[0]
        assert ("kéo dài tổng cộng khoảng 31 ngày (25 đến 36)" in sentence) == there
        assert ("11/01/2024 đến 21/01/2024" in sentence) == there


def test_the_first_sentence_counts_the_criteria_and_names_them_unless_all_are_breached(case: Results) -> None:
    names = criteria(case.scenario)
    breaches = case.breaches.copy()
    for k, name in enumerate(names):
        rows = (breaches["threshold"] == name) & (breaches["alternative"] == "baseline")
        breaches.loc[rows, "probability"] = 1.0 if k == 0 else 0.25
    some = three_sentences(dataclasses.replace(case, breaches=breaches), "en")[0]
    first = threshold_title(case.scenario, names[0], "en")
    assert f"1 of {len(names)} criteria are breached in half of the runs or more ({first})" in some
    breaches.loc[breaches["alternative"] == "baseline", "probability"] = 1.0
    every = three_sentences(dataclasses.replace(case, breaches=breaches), "vi")[0]
    assert f"cả {len(names)}/{len(names)} tiêu chí bị vượt" in every
    breaches["probability"] = 0.0
    assert "none of the" in three_sentences(dataclasses.replace(case, breaches=breaches), "en")[0]


def with_deaths(case: Results, *differences: tuple[float, float, float]) -> Results:
    table = case.comparison[case.comparison["outcome"] == "deaths"].iloc[: len(differences)].copy()
    table[["difference", "difference_low", "difference_high"]] = differences
    days = table.assign(outcome="situation_days")
    days[["difference", "difference_low", "difference_high"]] = (3.0, 1.5, 4.5)
    return dataclasses.replace(case, comparison=pd.concat([table, days], ignore_index=True))


def test_the_third_sentence_names_the_best_plan_only_where_its_interval_allows(case: Results) -> None:
    sure = with_deaths(case, (-50.0, -90.0, 10.0), (-20.0, -25.0, -15.0))
    best = alternative_title(case.scenario, str(sure.comparison["alternative"].iloc[1]), "en")
    said = three_sentences(sure, "en")[2]
    assert said.startswith("Of 2 plans compared with the baseline, 1 have fewer")
    assert best in said
    assert f"the best by deaths is “{best}”: 20 fewer deaths (15 to 25) of" in said
    assert said.endswith("emergency 3.0 days longer (1.5 to 4.5).")
    unsure = three_sentences(with_deaths(case, (-50.0, -90.0, 10.0), (30.0, 5.0, 60.0)), "en")[2]
    assert unsure.startswith("Of 2 plans compared with the baseline, 0 have fewer")
    assert "1 have more" in unsure
    assert "best" not in unsure
    assert three_sentences(with_deaths(case, (-50.0, NAN, NAN)), "vi")[2] == phrase("vi", "summary.one_run")
    none = dataclasses.replace(case, comparison=case.comparison.iloc[:0])
    assert three_sentences(none, "en")[2] == phrase("en", "summary.no_plans")


def test_the_third_sentence_says_what_mobilising_private_facilities_alone_changes(case: Results) -> None:
    rule = {
        "action": "mobilise",
        "ownership": ["private"],
        "share": 0.5,
        "when": {"indicator": "oxygen_occupancy", "above": 0.8},
    }
    name = str(with_deaths(case, (0.0, 0.0, 0.0)).comparison["alternative"].iloc[0])
    title = {"en": "Private too", "vi": "Thêm tư nhân"}
    plain = case.scenario.to_plain()
    plain["alternatives"][name] = {"title": title, "command": {"plan": {"private": rule}}}
    scenario = Scenario.model_validate_json(json.dumps(plain, default=str))
    told = dataclasses.replace(with_deaths(case, (2.0, -6.0, 10.0)), scenario=scenario)
    said = three_sentences(told, "en")[2]
    assert "mobilising private facilities (“Private too”): no difference in deaths beyond chance" in said
    assert "mobilising private" not in three_sentences(with_deaths(case, (2.0, -6.0, 10.0)), "en")[2]


def test_the_second_sentence_names_the_earliest_criterion(case: Results) -> None:
    rows = case.breaches[
        (case.breaches["alternative"] == "baseline") & (case.breaches["breached_at_start"] < 1)
    ]
    rows = rows[rows["threshold"].isin(criteria(case.scenario)) & ~rows["first_day_median"].isna()]
    first = case.scenario.command.thresholds[rows.sort_values("first_day_median")["threshold"].iloc[0]]
    assert first.title is not None
    assert first.title.get("vi") in three_sentences(case, "vi")[1]


# What a report can be made of


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch, reports: dict[str, str]) -> None:
    """The reports that were made before, where only their files are looked at."""
    monkeypatch.setattr(document, "report", lambda results, lang, *more: reports[lang])


@pytest.mark.usefixtures("unpictured")
def test_results_with_little_in_them_have_a_report(case: Results) -> None:
    bare = dataclasses.replace(
        case,
        breaches=case.breaches.iloc[:0],
        comparison=case.comparison.iloc[:0],
        actions=case.actions.iloc[:0],
    )
    page = Page(report(bare, "vi")).root
    assert phrase("vi", "summary.no_thresholds") in page.text
    assert not [e for e in page.all("table") if e.attributes["id"] == "table-comparison"]


@pytest.mark.usefixtures("unpictured")
def test_rows_by_area_get_their_own_table(case: Results) -> None:
    row = case.breaches[case.breaches["alternative"] == "baseline"].iloc[:1].assign(area="hills")
    page = Page(report(dataclasses.replace(case, breaches=pd.concat([case.breaches, row])), "en")).root
    (table,) = [e for e in page.all("table") if e.attributes.get("id") == "table-areas"]
    assert "Hills" in table.text
    (breaches,) = [e for e in page.all("table") if e.attributes.get("id") == "table-breaches"]
    assert len(list(breaches.all("tr"))) == 1 + len(criteria(case.scenario)) + 1


def table_at(page: Element, name: str) -> Element:
    (table,) = [e for e in page.all("table") if e.attributes.get("id") == f"table-{name}"]
    return table


@pytest.mark.usefixtures("unpictured")
def test_criteria_and_other_thresholds_have_tables_of_their_own(case: Results) -> None:
    """The criteria say how many are required; every worst value has its unit, a share is a percentage."""
    names = criteria(case.scenario)
    plain = case.scenario.to_plain()
    plain["command"]["situation"] = {"require": 1, "thresholds": [names[-1]]}
    plain["command"]["thresholds"][names[0]] = {"indicator": "oxygen_occupancy", "above": 0.8}
    breaches = case.breaches.copy()
    breaches.loc[breaches["threshold"] == names[0], "worst_value_median"] = 0.0326
    breaches.loc[breaches["threshold"] == SITUATION, "bound"] = 1
    scenario = Scenario.model_validate_json(json.dumps(plain, default=str))
    page = Page(report(dataclasses.replace(case, scenario=scenario, breaches=breaches), "vi")).root
    own, others = table_at(page, "breaches"), table_at(page, "thresholds")
    assert "cần ít nhất 1/1 tiêu chí cùng ngày" in own.text
    headings = [e.text for e in own.all("th") if e.attributes["scope"] == "row"]
    assert headings == [threshold_title(scenario, names[-1], "vi"), phrase("vi", "figure.situation")]
    assert "tiêu chí cùng ngày" in list(own.all("td"))[-1].text
    unit = phrase("vi", f"indicator.{scenario.command.thresholds[names[-1]].indicator}.unit")
    assert list(own.all("td"))[3].text.endswith(unit)
    assert len(list(others.all("tr"))) == 1 + len(scenario.command.thresholds) - 1
    assert list(others.all("td"))[3].text == "3,3%"


@pytest.mark.usefixtures("unpictured")
def test_few_runs_give_no_ranges_in_the_report_as_on_the_screen(case: Results) -> None:
    few, many = (Page(report(told, "en")).root for told in (few_runs(case), case))
    assert "4 runs are too few to show" in few.text
    assert "Lowest run" not in table_at(few, "outcomes").text
    assert "in brackets lowest to highest of the 5 runs" in many.text
    assert "Lowest run" in table_at(many, "outcomes").text
    for page, count in ((few, 1), (many, 3)):
        first_date, days = list(table_at(page, "breaches").all("td"))[1:3]
        assert len(quoted(first_date)) == len(quoted(days)) == count


@pytest.mark.usefixtures("unpictured")
def test_what_plans_change_at_each_criterion_has_intervals(case: Results) -> None:
    comparison = case.comparison.copy()
    name = criteria(case.scenario)[0]
    here = comparison["outcome"] == f"days_breached_{name}"
    numbers = ["difference", "difference_low", "difference_high", "tied"]
    comparison.loc[here, numbers] = (1.1, 0.010, 2.19, 0.0)
    page = Page(report(dataclasses.replace(case, comparison=comparison), "vi")).root
    table = table_at(page, "criteria_days")
    assert threshold_title(case.scenario, name, "vi") in table.text
    assert "+1,10 (+0,01 đến +2,19)" in table.text


@pytest.mark.usefixtures("unpictured")
def test_the_probability_of_a_breach_changes_in_percentage_points(case: Results) -> None:
    comparison, numbers = case.comparison.copy(), ["difference", "difference_low", "difference_high", "tied"]
    for outcome, values in (
        (f"breached_{criteria(case.scenario)[0]}", (-0.12, -0.214, -0.016, 0.88)),
        ("breached_situation", (0.3, 0.1, 0.47, 0.7)),
    ):
        comparison.loc[comparison["outcome"] == outcome, numbers] = values
    table = table_at(
        Page(report(dataclasses.replace(case, comparison=comparison), "vi")).root, "criteria_breached"
    )
    assert threshold_title(case.scenario, criteria(case.scenario)[0], "vi") in table.text
    assert phrase("vi", "figure.situation") in table.text
    assert "−12,0 (−21,4 đến −1,6)" in table.text
    assert "+30 (+10 đến +47)" in table.text


@pytest.mark.usefixtures("unpictured")
def test_results_of_an_earlier_version_compare_no_probabilities(case: Results) -> None:
    earlier = case.comparison[~case.comparison["outcome"].str.startswith("breached_")]
    assert len(earlier) < len(case.comparison)
    text = Page(report(dataclasses.replace(case, comparison=earlier), "en")).root.text
    assert "Difference in the probability" not in text


@pytest.mark.usefixtures("unpictured")
def test_the_table_of_criteria_says_when_and_how_likely(case: Results) -> None:
    rows = list(table_at(Page(report(case, "en")).root, "breaches").all("tr"))[1:]
    titles = [threshold_title(case.scenario, name, "en") for name in criteria(case.scenario)]
    assert [next(row.all("th")).text for row in rows] == [*titles, phrase("en", "figure.situation")]
    breaches = case.breaches.copy()
    province = (breaches["alternative"] == "baseline") & (breaches["area"] == "province")
    breaches.loc[province, ["breached_at_start", "first_day_median"]] = (0.0, 31.0)
    here = province & (breaches["threshold"] == criteria(case.scenario)[0])
    breaches.loc[here, ["probability", "probability_low", "probability_high"]] = (0.25, 0.1, 0.5)
    table = table_at(Page(report(dataclasses.replace(case, breaches=breaches), "en")).root, "breaches")
    first = list(table.all("tr"))[1].text
    assert "25% (10%–50%)" in first
    assert day_text(case.scenario.start + timedelta(days=31), "en") in first
    numbers = ["probability", "probability_low", "first_day_median", "first_day_p5", "first_day_p95"]
    breaches.loc[here, numbers] = (0.0, 0.0, NAN, NAN, NAN)
    table = table_at(Page(report(dataclasses.replace(case, breaches=breaches), "en")).root, "breaches")
    assert phrase("en", "table.none_by_end") in list(table.all("tr"))[1].text


@pytest.mark.usefixtures("unpictured")
def test_a_result_too_bare_for_a_brief_leads_with_three_sentences(case: Results) -> None:
    few = few_runs(case)
    (summary,) = (e for e in Page(report(few, "en")).root.all("section") if e.attributes["id"] == "summary")
    said = [e.text for e in summary.all("p") if e.attributes.get("class") == "sentence"]
    assert said == list(map(str, three_sentences(few, "en")))
    assert not list(summary.all("table"))


@pytest.mark.usefixtures("unpictured")
def test_hospitals_have_beds_census_and_dates(case: Results) -> None:
    page = Page(report(case, "en")).root
    rows = list(table_at(page, "hospitals").all("tr"))[1:]
    assert next(rows[0].all("th")).text.startswith("General hospital")
    beds, census, icu = list(rows[0].all("td"))[:3]
    assert beds.text == "60/120/12"
    days = case.facility_days
    mine = days[(days["alternative"] == "baseline") & (days["facility"] == "general-hospital")]
    for told, bed in ((census, "oxygen"), (icu, "icu")):
        top = mine[mine["bed"] == bed].sort_values("occupied", ascending=False, kind="stable").iloc[0]
        number, day = quoted(told)
        assert float(number.attributes["value"]) == pytest.approx(top["occupied"])
        assert day.attributes["datetime"] == top["date"].date().isoformat()


@pytest.mark.usefixtures("unpictured")
@pytest.mark.parametrize("confidence", ["assumed", "official"])
def test_the_summary_says_what_is_assumed(case: Results, confidence: str) -> None:
    own = pd.DataFrame(
        {
            "parameter": ["command.situation.require", "x"],
            "value": "1",
            "source": "s",
            "confidence": confidence,
        }
    )
    text = Page(report(dataclasses.replace(case, assumptions=own), "en")).root.text
    assert ("2 of 2 figures are assumptions" in text) == (confidence == "assumed")
    assert (phrase("en", "summary.required_assumed") in text) == (confidence == "assumed")


@pytest.mark.usefixtures("unpictured")
def test_a_first_breach_that_never_comes_is_not_told_in_days(case: Results) -> None:
    """Its first day is counted as the last day and one: how much later that is, the length of runs says."""
    plan, name = case.comparison["alternative"].iloc[0], criteria(case.scenario)[0]
    comparison, breaches = case.comparison.copy(), case.breaches.copy()
    here = comparison["outcome"] == f"first_day_{name}"
    numbers = ["difference", "difference_low", "difference_high", "tied"]
    comparison.loc[here, numbers] = (17.0, 15.0, 19.0, 0.0)
    one = (breaches["alternative"] == plan) & (breaches["threshold"] == name)

    def told(probability: float) -> str:
        breaches.loc[one, "probability"] = probability
        page = Page(report(dataclasses.replace(case, comparison=comparison, breaches=breaches), "en")).root
        title = alternative_title(case.scenario, plan, "en")
        (row,) = [r for r in table_at(page, "criteria_first").all("tr") if next(r.all("th")).text == title]
        return row.text

    assert "+17 (+15 to +19)" in told(0.5)
    assert "+17" not in told(0.0)
    assert phrase("en", "table.none_by_end") in told(0.0)


@pytest.mark.usefixtures("unpictured")
def test_the_first_plan_may_lack_a_threshold(case: Results) -> None:
    """Its rows say nothing of the baseline there; those of other plans do."""
    comparison, name = case.comparison, criteria(case.scenario)[0]
    plans = list(dict.fromkeys(comparison["alternative"]))
    assert len(plans) > 1
    of_it = comparison["outcome"].isin([f"days_breached_{name}", f"first_day_{name}"])
    changed = comparison.assign(tied=comparison["tied"].mask(of_it, 0.0))
    lacking = changed[~(of_it & (changed["alternative"] == plans[0]))]
    page = Page(report(dataclasses.replace(case, comparison=lacking), "en")).root
    assert threshold_title(case.scenario, name, "en") in table_at(page, "criteria_days").text


@pytest.mark.usefixtures("unpictured")
def test_plans_stand_in_the_order_by_which_the_summary_judges_them(case: Results) -> None:
    plans = list(dict.fromkeys(case.comparison["alternative"]))
    comparison = case.comparison.copy()
    for outcome, step in (("deaths", -10.0), ("deaths_untreated", 10.0)):
        for place, plan in enumerate(plans):
            here = (comparison["outcome"] == outcome) & (comparison["alternative"] == plan)
            middle = step * (place + 1)
            numbers = ["difference", "difference_low", "difference_high"]
            comparison.loc[here, numbers] = (middle, middle - 1, middle + 1)
    results = dataclasses.replace(case, comparison=comparison)
    rows = list(table_at(Page(report(results, "en")).root, "comparison").all("tr"))[2:]
    titles = [alternative_title(case.scenario, plan, "en") for plan in reversed(plans)]
    assert [next(row.all("th")).text for row in rows] == titles
    assert titles[0] in three_sentences(results, "en")[2]


@pytest.mark.usefixtures("unpictured")
def test_a_plan_with_more_deaths_is_not_called_better_and_the_note_says_why(case: Results) -> None:
    comparison = case.comparison.copy()
    plan = comparison["alternative"] == comparison["alternative"].iloc[0]
    numbers = ["difference", "difference_low", "difference_high"]
    comparison.loc[plan & (comparison["outcome"] == "deaths_untreated"), numbers] = (20.0, 10.0, 30.0)
    comparison.loc[plan & (comparison["outcome"] == f"first_day_{SITUATION}"), numbers] = (2.0, 1.0, 3.0)
    text = report(dataclasses.replace(case, comparison=comparison), "en")
    row = [r for r in table_at(Page(text).root, "comparison").all("tr") if "+20" in r.text]
    assert "+2 (+1 to +3) but more deaths" in row[0].text
    assert "better" not in row[0].text
    assert re.search(r"</table>\s*</div>\s*<p class=\"note\">Judge by deaths first", text)


@pytest.mark.usefixtures("unpictured")
def test_units_of_items_are_words_of_the_language(case: Results) -> None:
    assert "bộ" in table_at(Page(report(case, "vi")).root, "supplies").text
    assert unit_words("vi", "hộp lớn") == "hộp lớn"


@pytest.mark.usefixtures("unpictured")
def test_names_of_a_scenario_are_text_and_no_markup(case: Results) -> None:
    scenario = overlaid(case.scenario, {"title": {"en": "<script>alert(1)</script>", "vi": "a & b"}})
    text = report(dataclasses.replace(case, scenario=scenario), "en")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_the_plan_is_called_by_its_title(pages: dict[str, Element]) -> None:
    (table,) = [e for e in pages["vi"].all("table") if e.attributes.get("id") == "table-comparison"]
    assert "Thêm giường" in table.text
    assert "dear-beds" not in table.text


@pytest.mark.usefixtures("unpictured")
def test_the_same_result_gives_the_same_report(case: Results, tmp_path: Path) -> None:
    """Its figures are compared from process to process, in the tests of figures."""
    path = write_report(case, tmp_path / "report.html", "vi")
    assert path.read_text(encoding="utf-8") == report(case, "vi")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.usefixtures("unpictured")
def test_a_report_that_cannot_be_written_leaves_nothing(case: Results, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="cannot be written"):
        write_report(case, tmp_path / "nowhere" / "report.html")
    with pytest.raises(ResultsError, match="got language 'fr', expected one of en, vi"):
        write_report(case, tmp_path / "report.html", "fr")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    "theirs",
    ["", "<html><title>surgesim report</title>surgesim reproduce results/town</html>", "Drawn by surgesim"],
)
def test_a_report_replaces_only_reports(case: Results, tmp_path: Path, theirs: str) -> None:
    path = tmp_path / "report.html"
    path.write_text(theirs)
    with pytest.raises(ResultsError) as caught:
        write_report(case, path)
    assert str(caught.value) == (
        f"{path}: got something that is not a report written by surgesim, so it will not be replaced; "
        "choose another name"
    )
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("report.html", theirs)]
    path.unlink()
    write_report(case, path, "vi")
    assert '<html lang="en">' in write_report(case, path, "en").read_text(encoding="utf-8")
    of_0_1_0 = re.sub('<meta name="generator".*\n', "", path.read_text(encoding="utf-8"))
    path.write_text(of_0_1_0, encoding="utf-8")
    write_report(case, path, "en")
    assert path.read_text(encoding="utf-8") != of_0_1_0


@pytest.mark.usefixtures("ready")
def test_a_report_replaces_no_folder_and_no_device_and_goes_past_a_link(
    case: Results, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "folder", tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(ResultsError, match="got something that is not a report written by surgesim"):
            write_report(case, path)
    (tmp_path / "link.html").symlink_to("report.html")
    for lang in ("en", "vi"):
        write_report(case, tmp_path / "link.html", lang)
        assert (tmp_path / "link.html").is_symlink()
        assert f'<html lang="{lang}">' in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        "folder",
        "link.html",
        "pipe",
        "report.html",
    ]
