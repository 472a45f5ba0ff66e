"""What is remarked on given arrivals: series that end early, patients counted twice, more than live there."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading_cases import CARE, CLINICAL, HEAD, PEOPLE, replaced, written

from surgesim.scenario.door import inspect

SHORT = replaced("days: 60", "days: 5", HEAD)


def remarks(folder: Path, series: str, *, csv: str | None = None, clinical: str = CLINICAL) -> dict[str, str]:
    """What is said of arrivals and severity, by path; nothing of sources."""
    if csv is not None:
        written(folder, csv, "wave.csv")
    _, warnings = inspect(written(folder, SHORT + PEOPLE + f"arrivals: {{{series}}}\n" + clinical + CARE))
    of = ("arrivals.series", "arrivals.file", "clinical.severity.p_icu")
    return {w.path: w.message for w in warnings if w.path.startswith(of)}


ENDS = (
    "has {} days of counts{}, but the run has 5: nobody arrives from {} on; give more counts, "
    "or reduce `days`"
)


@pytest.mark.parametrize(
    ("series", "path", "message"),
    [
        ("series: {a: {bed: icu, counts: [1, 1]}}", "a", ENDS.format(2, "", "2024-01-03")),
        (
            "series: {a: {bed: icu, counts: [1]}, b: {bed: icu, counts: [2]}}",
            "a",
            ENDS.format(1, " (and 1 more series)", "2024-01-02"),
        ),
    ],
)
def test_a_series_that_ends_before_the_run(tmp_path: Path, series: str, path: str, message: str) -> None:
    assert remarks(tmp_path, series) == {f"arrivals.series.{path}.counts": message}


def test_a_file_that_ends_before_the_run(tmp_path: Path) -> None:
    told = remarks(tmp_path, "file: wave.csv", csv="day,oxygen\n0,4\n1,4\n2,4\n")
    assert told == {"arrivals.series.oxygen.counts": ENDS.format(3, "", "2024-01-04")}


@pytest.mark.parametrize("counts", ["[1, 1, 1, 1, 1]", "[0]", "[1, 1, 1, 1, 1, 9]"])
def test_a_whole_series_and_one_of_nobody_need_no_remark(tmp_path: Path, counts: str) -> None:
    assert remarks(tmp_path, f"series: {{a: {{bed: icu, counts: {counts}}}}}") == {}


BOTH = "series: {i: {bed: icu, counts: [1, 1, 1, 1, 1]}, o: {bed: oxygen, counts: [3, 3, 3, 3, 3]}}"


@pytest.mark.parametrize(
    ("severity", "said"),
    [("", True), ("  severity: {p_icu: 0.2}\n", True), ("  severity: {p_icu: 0}\n", False)],
)
def test_icu_patients_who_may_be_counted_twice(tmp_path: Path, severity: str, said: bool) -> None:
    clinical = "clinical:\n  profile: squire-2022\n" + severity
    assert ("clinical.severity.p_icu" in remarks(tmp_path, BOTH, clinical=clinical)) == said


def test_icu_series_alone_are_counted_once(tmp_path: Path) -> None:
    assert remarks(tmp_path, BOTH.replace("[3, 3, 3, 3, 3]", "[0, 0, 0, 0, 0]")) == {}


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ("a: {bed: icu, counts: [60000, 60001, 0, 0, 0]}", "has 120001 arrivals in total for 120000 people"),
        (
            "a: {bed: icu, district: isle, counts: [9000, 9000, 9000, 0, 0]}",
            "has 27000 arrivals in total for isle, which has 20000 people",
        ),
        ("a: {bed: icu, district: isle, counts: [9000, 9000, 2000, 0, 0, 50]}", None),
    ],
)
def test_more_patients_than_people(tmp_path: Path, series: str, message: str | None) -> None:
    assert remarks(tmp_path, f"series: {{{series}}}").get("arrivals.series") == message


@pytest.mark.parametrize(
    ("csv", "message"),
    [
        ("day,oxygen\n0,985\n1,1.107\n2,1.234\n3,998\n4,7\n",
         "got 1.107 for oxygen (and 1 more), read as 1.107 (if thousands were meant, write 1107)"),
        ("day,icu\n0,2.500\n1,1\n2,1\n3,1\n4,1\n",
         "got 2.500 for icu, read as 2.5 (if thousands were meant, write 2500)"),
        ("day,icu\n0,2.503\n1,1.5\n2,1\n3,1\n4,1\n", None),
        ("day,icu\n0,2.5\n1,1.5\n2,1\n3,1\n4,1\n", None),
    ],
)  # fmt: skip
def test_a_point_that_may_part_thousands_in_a_column_of_whole_numbers(
    tmp_path: Path, csv: str, message: str | None
) -> None:
    assert remarks(tmp_path, "file: wave.csv, counts_are: poisson", csv=csv).get("arrivals.file") == message


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ("{a: {bed: oxygen, counts: [985, 1.107, 1.234, 998, 7]}}",
         {"arrivals.series.a.counts.1":
          "got 1.107 for oxygen (and 1 more), read as 1.107 (if thousands were meant, write 1107)"}),
        ("{a: {bed: icu, counts: [2.500, 1, 1, 1, 1]}}",
         {"arrivals.series.a.counts.0":
          "got 2.500 for icu, read as 2.5 (if thousands were meant, write 2500)"}),
        ("{a: {bed: oxygen, counts: [1.107, 1, 1.250, 1, 1]}}",
         {"arrivals.series.a.counts.0":
          "got 1.107 for oxygen (and 1 more), read as 1.107 (if thousands were meant, write 1107)"}),
        ("{a: {bed: icu, counts: [2.503, 1.5, 1, 1, 1]}}", {}),
        ("{a: {bed: icu, counts: [2.503, 1, 1, 1, 1]}, b: {bed: icu, counts: [0.5, 1, 1, 1, 1]}}", {}),
        ("{a: {bed: icu, counts: [12, 1, 1, 1, 1]}}", {}),
    ],
)  # fmt: skip
def test_counts_in_the_scenario_are_doubted_as_those_of_a_file(
    tmp_path: Path, series: str, said: dict[str, str]
) -> None:
    found = remarks(tmp_path, f"counts_are: poisson, series: {series}")
    assert {path: message for path, message in found.items() if "thousands" in message} == said
