"""The report of a forecast: its section, in both languages, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from fit_cases import PRIORS, town_today
from report_cases import Element, Page

import surgesim
from surgesim.errors import ResultsError
from surgesim.fitting.cautions import Caution
from surgesim.report import document
from surgesim.report.document import report
from surgesim.report.prose.forecast import caution_text
from surgesim.report.words import LANGUAGES
from surgesim.study.results import Results

TANK = {"tank_kg": 20_000, "delivery": {"size_kg": 500, "interval_days": 2}}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A stored forecast of the tiny town, whose hospital has a tank."""
    scenario = town_today().overlaid({"care": {"facilities": {"hospital": {"oxygen": TANK}}}})
    fit = surgesim.fit(scenario, members=10, rounds=1, replicates=5, priors=PRIORS, defaults=False, workers=1)
    out = tmp_path_factory.mktemp("report") / "town"
    surgesim.forecast(scenario, 2, fit=fit, replications=6, only=["baseline"], workers=1, out=out)
    return surgesim.read(out)


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of scores, as `surgesim score` writes it."""
    folder = tmp_path_factory.mktemp("scores")
    rows = [
        ("forecast", "icu", "2", "all", 9, 0.75, 0.5),
        ("trend", "icu", "2", "all", 9, 0.5, 1.25),
        ("forecast", "all", "all", "all", 9, 0.75, 0.5),
    ]
    columns = ["model", "target", "horizon", "location", "n", "coverage_90", "relative_wis"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "scores.csv", index=False)
    return folder


@pytest.fixture(scope="module", autouse=True)
def unpictured() -> Iterator[None]:
    """Reports without the figures of the run, which take most of the time; the forecast's own is drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "_pictures", lambda results, names, lang: iter(()))
        yield


@pytest.fixture(scope="module")
def pages(results: Results, scores: Path) -> dict[str, Element]:
    return {lang: Page(report(results, lang, scores=scores)).root for lang in LANGUAGES}


def section(page: Element) -> Element:
    (found,) = (each for each in page.all("section") if each.attributes.get("id") == "forecast")
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_section_has_its_tables_and_its_figure(pages: dict[str, Element], lang: str) -> None:
    part = section(pages[lang])
    assert [table.attributes["id"] for table in part.all("table")] == [
        "table-forecast_weeks",
        "table-forecast_full",
        "table-forecast_thresholds",
        "table-forecast_districts",
        "table-forecast_oxygen",
        "table-forecast_scores",
    ]
    assert [figure.attributes["id"] for figure in part.all("figure")] == ["figure-forecast"]
    links = [link.attributes["href"] for link in pages[lang].all("a")]
    assert links.index("#forecast") < links.index("#need")


@pytest.mark.parametrize(
    ("lang", "sentences"),
    [
        (
            "en",
            (
                "This forecast is valid for 2 weeks, 5 Feb 2024 to 18 Feb 2024",
                "Fitted to 35 days of reported cases, admissions, ICU patients (10 draws).",
                "Warning of the fit: 10 members are few for 2 unknowns",
                "Assumed: transmission falls back towards R = 1",
                "this forecast is valid for 2 weeks, see scores;",
                "how transmission goes on is assumed (see the section on the forecast).",
            ),
        ),
        (
            "vi",
            (
                "Dự báo này có giá trị trong 2 tuần, từ 05/02/2024 đến 18/02/2024",
                "Cảnh báo của việc hiệu chỉnh: 10 bộ giá trị là ít đối với 2 tham số chưa biết",
                "dự báo này có giá trị trong 2 tuần, xem bảng điểm;",
            ),
        ),
    ],
)
def test_what_it_says(pages: dict[str, Element], lang: str, sentences: tuple[str, ...]) -> None:
    text = pages[lang].text.replace("\xa0", " ")
    assert [sentence for sentence in sentences if sentence not in text] == []


def test_numbers_are_those_of_the_files(pages: dict[str, Element], results: Results) -> None:
    assert results.folder is not None
    values = {
        value.attributes["data-source"]: float(value.attributes["value"])
        for value in section(pages["en"]).all("data")
    }
    oxygen = pd.read_csv(results.folder / "oxygen.csv")
    row = oxygen.query("kind == 'facility' and horizon == 2 and output_type_id == 0.5").iloc[0]
    where = "oxygen.csv?kind=facility&place=hospital&horizon=2&output_type_id=0.5#value"
    assert values[where] == pytest.approx(row["value"])
    quantiles = pd.read_csv(results.folder / "forecast.csv")
    cases = quantiles.query("target == 'reported_cases' and location == 'hamlet' and horizon == 2")
    where = "forecast.csv?location=hamlet&target=reported_cases&horizon=2&output_type_id=0.95#value"
    assert values[where] == cases.set_index("output_type_id")["value"][0.95]
    where = "scores.csv?model=forecast&target=icu&horizon=2&location=all#relative_wis"
    assert values[where] == 0.5


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_number_of_its_tables_stands_without_its_source(pages: dict[str, Element], lang: str) -> None:
    cells = [
        "".join(child for child in cell.children if isinstance(child, str))
        for cell in section(pages[lang]).all("td")
    ]
    assert len(cells) > 20
    assert [text for text in cells if re.search(r"\d", text)] == []


def test_without_scores_it_says_so(results: Results) -> None:
    page = Page(report(results, "en")).root
    assert "No scores of earlier forecasts for this province are given" in page.text
    assert "table-forecast_scores" not in {table.attributes["id"] for table in page.all("table")}


def test_scores_that_are_none_or_of_no_forecast(results: Results, scores: Path, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="contains no scores"):
        report(results, "en", scores=tmp_path)
    (tmp_path / "scores.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ResultsError, match="contains no scores"):
        report(results, "en", scores=tmp_path)


CAUTIONS = [
    Caution("few_members", members=10, unknowns=2, least=16),
    Caution("refusal", refused=3, runs=1800, round=2, why="care: got 3, expected 2"),
    Caution("extinctions", gone=3, members=10, round=1),
    Caution("outside_prior", series="icu", area="", count=3, all=4),
    Caution("collapse", names=["a.b", "c"], share=0.03),
    Caution("no_information", names=["a", "b", "c"]),
    Caution("misfit", series="reported_cases", area="hamlet"),
    Caution("other", sentence="as it was"),
]


@pytest.mark.parametrize("caution", CAUTIONS, ids=[caution.kind for caution in CAUTIONS])
def test_the_catalogues_say_what_the_fit_says(caution: Caution) -> None:
    """Series, areas, numbers and the last comma are written for readers; the words are the same."""
    scenario = town_today()
    said = caution_text(caution, scenario, "en")
    plain = str(caution).replace("reported_cases of hamlet", "reported cases: Hamlet")
    assert said.replace("1,800", "1800") == plain.replace("icu:", "ICU patients:")
    other = caution_text(caution, scenario, "vi")
    assert other
    assert (other == said) == (caution.kind == "other")
    assert "{" not in other
