"""The end of `validate`: the totals of the scenario, in both languages, and no more than fifty problems."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading_cases import SMALL, replaced, written
from typer.testing import CliRunner, Result

from surgesim.cli import app


def validate(*args: object) -> Result:
    return CliRunner().invoke(app, ["validate", *map(str, args)])


FULL = replaced(
    "      covid_share: 0.3\n",
    """\
      covid_share: 0.3
      ventilators: 8
      staff: {doctors: 12, ward_nurses: 1500, icu_nurses: 9}
      oxygen:
        tank_kg: 5000
        plant_nm3_per_hour: 20
        delivery: {size_kg: 3000, interval_days: 2, failure: 0.1}
""",
)


def totals(result: Result) -> list[str]:
    lines = result.stdout.splitlines()
    first = max(
        place for place, line in enumerate(lines) if line.startswith("  ") is False and line[-1:] == ":"
    )
    return lines[first:-1]


def test_the_totals_of_a_scenario(tmp_path: Path) -> None:
    result = validate(written(tmp_path, FULL), "--lang", "en")
    # 20 Nm³/h x 24 h x 1.429 kg x 0.93 = 638 kg, and 0.9 x 3,000 kg / 2 d = 1,350 kg
    assert totals(result) == [
        "Small holds:",
        "  Districts: 2, with 120,000 people",
        "  Facilities: 2 (public 1, military 1)",
        "  Beds: basic 0, oxygen 150, ICU 10",
        "  Ventilators: 8 (given for 1 of 2 facilities)",
        "  Staff: 12 doctors, 1,500 ward nurses, 9 ICU nurses (given for 1 of 2 facilities)",
        "  Oxygen from plants and deliveries: 1.988 tonnes a day (given for 1 of 2 facilities)",
    ]
    assert result.stdout.splitlines()[-1].startswith(f"{tmp_path / 's.yaml'}: no errors, ")


def test_the_totals_in_vietnamese(tmp_path: Path) -> None:
    text = replaced("beds: {oxygen: 50}", "beds: {oxygen: unlimited}")
    assert totals(validate(written(tmp_path, text), "--lang", "vi")) == [
        "Nhỏ có:",
        "  Huyện: 2, với 120.000 dân",
        "  Cơ sở: 2 (công lập 1, quân đội 1)",
        "  Giường: cơ bản 0, ô xy không giới hạn, ICU 10",
        "  Máy thở: không nêu, coi như đủ ở mọi nơi",
        "  Nhân lực: không nêu, coi như đủ ở mọi nơi",
        "  Ô xy: không nêu, coi như đủ ở mọi nơi",
    ]


def test_what_extends_gave(tmp_path: Path) -> None:
    base = written(tmp_path, SMALL, "base.yaml")
    child = written(tmp_path, "extends: base.yaml\ndays: 30\ncare: {no_bed_hours: 5}\narrivals: null\n")
    assert totals(validate(child, "--lang", "en"))[-2:] == [
        f"  {child} gives days, care",
        f"  {base} gives name, title, start, days, people, epidemic, clinical, care, command",
    ]


def test_quiet_says_no_totals(tmp_path: Path) -> None:
    assert validate(written(tmp_path, SMALL), "-q").stdout == ""


@pytest.mark.parametrize("command", ["validate", "run"])
def test_at_most_fifty_problems_are_printed(tmp_path: Path, command: str) -> None:
    path = written(tmp_path, SMALL + "".join(f"xyzzy{number}: 1\n" for number in range(1000)))
    result = CliRunner().invoke(app, [command, str(path)])
    lines = result.stderr.splitlines()
    assert (result.exit_code, len(lines), lines[-1]) == (2, 51, "and 950 more")


def test_at_most_fifty_warnings_are_printed(tmp_path: Path) -> None:
    sources = "".join(
        f"  people.nothing{number}: {{source: x, confidence: counted}}\n" for number in range(200)
    )
    lines = validate(written(tmp_path, SMALL + "sources:\n" + sources)).stdout.splitlines()
    assert len([line for line in lines if line.startswith("warning: ")]) == 50
    assert [line for line in lines if line.startswith("and ") and line.endswith(" more")] != []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--workers", "100000"), "--workers: got 100000, expected at most 1000"),
        (
            ("--replications", "1000000000"),
            "--replications: got 1000000000, expected a whole number from 1 to 100000",
        ),
        (("--days", "1000000000"), "--days: got 1000000000, expected a whole number from 1 to 20000"),
        (("--seed", str(2**63)), f"--seed: got {2**63}, expected a whole number >= 0 and < {2**63}"),
        (
            ("--most", "1000000000"),
            "--most: got 1000000000, expected a whole number from 1 to 100000",
        ),
    ],
)
def test_options_of_a_run_have_the_bounds_of_the_scenario(
    tmp_path: Path, args: tuple[str, ...], message: str
) -> None:
    result = CliRunner().invoke(app, ["run", str(written(tmp_path, SMALL)), *args])
    assert (result.exit_code, result.stderr) == (2, f"{message}\n")


BEDS, R0 = "care.facilities.general.beds.icu", "epidemic.variant.r0"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("--vary", f"{R0}=2:3:4", "--replications", "1000000000"),
            "--replications: got 1000000000, expected a whole number from 1 to 100000",
        ),
        (
            ("--vary", f"{R0}=2:3:1000000000000"),
            f"{R0}: got 1e+12 levels, expected a whole number from 2 to 1000000",
        ),
        (("--vary", f"{R0}=2:1e300:3"), f"{R0}: got a range from 2 to 1e+300, expected numbers up to 1e+15"),
        (
            ("--vary", f"{BEDS}=3,2000000"),
            f"{BEDS}: cannot be 2000000: got 2000000, expected a whole number from 0 to 1000000 or unlimited",
        ),
        (
            ("--vary", f"{R0}=2:3", "--design", "lhs", "--samples", "1000000000000"),
            "got 1000000000000 points, expected at most 1000000",
        ),
        (
            ("--vary", f"{R0}=2:3", "--design", "sobol", "--samples", str(2**40)),
            f"got {3 * 2**40} points, expected at most 1000000",
        ),
        (
            ("--vary", f"{R0}=2:3:1001", "--vary", "epidemic.variant.severity=1:2:1000"),
            "got 1001000 points, expected at most 1000000",
        ),
        (
            ("--vary", f"{R0}=2:3:1001", "--replications", "100000"),
            "got 100100000 runs, expected at most 100000000",
        ),
    ],
)
def test_a_sweep_has_bounds(tmp_path: Path, args: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(app, ["sweep", str(written(tmp_path, SMALL)), *args])
    assert (result.exit_code, result.stderr) == (2, f"{message}\n")
