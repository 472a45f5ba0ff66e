"""Every command from the outside: exit codes, what is printed where, what is written."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner, Result

import surgesim as surgesim_package
from surgesim import __version__
from surgesim.cli import app
from surgesim.errors import IdentityError
from surgesim.model import simulation
from surgesim.report import figures
from surgesim.study.store.contents import strangers_in_result

PACKAGE = Path(surgesim_package.__file__).parent
COMMANDS = (
    *("run", "show", "validate", "new", "import", "schema", "plot", "reproduce", "sweep", "sensitivity"),
    *("worth", "size", "frontier", "calendar", "brief", "fit", "forecast", "score"),
)
QUICK = ("--replications", "2", "--days", "25", "--workers", "1", "--lang", "en")


def surgesim(*args: str | Path) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def town(here: Path) -> Path:
    """The starter scenario."""
    assert surgesim("new", "town").exit_code == 0
    return here / "town.yaml"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the starter scenario and its result, to be copied."""
    folder = tmp_path_factory.mktemp("simulated")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert surgesim("new", "town").exit_code == 0
        assert surgesim("run", "town.yaml", *QUICK, "--no-figures").exit_code == 0
    return folder


@pytest.fixture
def stored(here: Path, simulated: Path) -> Path:
    """A result of the starter scenario, which stands beside it."""
    shutil.copytree(simulated, here, dirs_exist_ok=True)
    return Path("results/town")


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    result = surgesim(command, "--help")
    assert result.exit_code == 0
    assert f"Example: surgesim {command}" in result.stdout


@pytest.mark.slow
def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    code = "import sys, surgesim.cli\nsys.argv = ['surgesim', '--help']\ntry:\n    surgesim.cli.main()\n"
    code += "finally:\n    print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout
    imported = {module.split(".")[0] for module in done.stderr.split()}
    assert "typer" in imported
    heavy = {"pandas", "scipy", "matplotlib", "numpy", "joblib", "pyarrow", "pydantic", "yaml", "simpy"}
    assert not heavy & imported


def test_version() -> None:
    result = surgesim("--version")
    assert (result.exit_code, result.stdout) == (0, f"surgesim {__version__}\n")


def test_the_package_can_be_run_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["surgesim", "--version"])
    with pytest.raises(SystemExit) as left:
        runpy.run_module("surgesim.cli", run_name="__main__")
    assert (left.value.code, capsys.readouterr().out) == (0, f"surgesim {__version__}\n")


@pytest.mark.slow
def test_run_says_what_breaks_and_what_alternatives_change(town: Path) -> None:
    result = surgesim("run", town, *QUICK, "--no-figures", "--out", "out")
    assert result.exit_code == 0
    assert result.stderr == ""
    for words in (
        "2 runs of 25 days from",
        "Emergency in ",
        "Criterion",
        "Change by plan",
        "Mobilise the private hospital",
        "surgesim show out/ --details",
    ):
        assert words in result.stdout
    assert "\x1b" not in result.stdout  # no colours where it is not a terminal
    assert surgesim("show", "out", "--lang", "en").stdout == result.stdout
    details = surgesim("show", "out", "--lang", "en", "--details")
    assert details.exit_code == 0
    for words in (
        "Criteria and thresholds in the baseline",
        "Declared emergency",
        "Alternatives against the baseline",
        "Results: out/",
    ):
        assert words in details.stdout
    assert surgesim("show", "nowhere").exit_code == 2
    assert json.loads(Path("out/manifest.json").read_text())["figures"] is None


@pytest.mark.slow
def test_run_in_vietnamese(town: Path) -> None:
    result = surgesim("run", town, *QUICK[:-2], "--lang", "vi", "--no-figures")
    assert "2 lần mô phỏng, 25 ngày từ" in result.stdout
    assert "surgesim show results/town/" in result.stdout


@pytest.mark.slow
def test_language_follows_the_locale(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LC_MESSAGES", "vi_VN.UTF-8")
    assert "ngày từ" in surgesim("run", town, *QUICK[:-2], "--no-figures").stdout


@pytest.mark.slow
def test_quiet_run_prints_nothing_and_draws_figures_which_are_reproduced(town: Path) -> None:
    result = surgesim("run", town, *QUICK, "--lang", "vi", "--quiet", "--only", "private-mobilised")
    assert (result.exit_code, result.output) == (0, "")
    manifest = json.loads(Path("results/town/manifest.json").read_text())
    assert manifest["alternatives"] == ["baseline", "private-mobilised"]
    assert manifest["figures"] == {"lang": "vi", "format": "svg"}
    figures = {name for name in manifest["files"] if name.startswith("figures/")}
    assert "figures/need.svg" in figures
    assert figures == {path.as_posix().removeprefix("results/town/") for path in Path().rglob("*.svg")}
    same = surgesim("reproduce", "results/town", "--workers", "1")
    assert (same.exit_code, same.stderr) == (0, "")
    files = [path for path in Path("results/town").rglob("*") if path.is_file()]
    assert same.stdout == f"Reproduced: {len(files) - 1} identical files.\n"


@pytest.mark.slow
def test_figure_that_fails_leaves_the_tables_and_is_told(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("no room")

    monkeypatch.setattr(figures, "save_all", fails)
    result = surgesim("run", town, *QUICK, "--only", "private-mobilised")
    assert result.exit_code == 1
    assert "the figures could not be drawn: ZeroDivisionError: no room" in result.stderr
    assert "Change by plan" in result.stdout
    assert surgesim_package.read("results/town").alternatives == ("baseline", "private-mobilised")


@pytest.mark.slow
def test_set_changes_the_scenario(town: Path) -> None:
    result = surgesim("run", town, *QUICK, "--no-figures", "-q", "--set", "people.outside_share=0.3")
    assert result.exit_code == 0
    assert "outside_share: 0.3" in Path("results/town/scenario.yaml").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--only", "no-such"), "--only: got 'no-such', expected one of baseline, "),
        (("--replications", "0"), "--replications: got 0, expected a whole number from 1"),
        (("--seed", "-1"), "--seed: got -1, expected a whole number >= 0"),
        (("--days", "0"), "--days: got 0, expected a whole number from 1"),
        (("--set", "people.outside_shar=1"), "outside_share"),
        (("--lang", "fr"), "--lang: got 'fr', expected vi or en"),
        (("--replications", "ten"), "--replications: got 'ten', expected a whole number"),
        (("--workers", "0"), "--workers: got 0, expected at least 1"),
        (("--precision", "deaths"), "--precision: got 'deaths', expected outcome=share, such as deaths=0.05"),
        (("--precision", "deaths=5"), "--precision deaths: got 5, expected a number > 0 and < 1"),
        (("--set", "study.seed=-1"), "--set: study.seed: got -1"),
        (("--out", "town.yaml/x"), "town.yaml is a file, expected a folder"),
        (("--out", "town.yaml"), "got a file, expected a folder or an unused path"),
        (("--out", "."), "contains 'town.yaml', which is not part of a result"),
    ],
)
def test_bad_input_exits_2_and_writes_nothing(town: Path, args: tuple[str, ...], message: str) -> None:
    before = sorted(Path().rglob("*"))
    result = surgesim("run", town, *args)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert sorted(Path().rglob("*")) == before


def test_all_errors_come_at_once_with_file_and_line(town: Path) -> None:
    town.write_text(town.read_text(encoding="utf-8") + "dayz: 3\n", encoding="utf-8")
    result = surgesim("run", town, "--set", "days=x", "--seed", "-5")
    assert result.exit_code == 2
    line = len(town.read_text(encoding="utf-8").splitlines())
    assert f"town.yaml:{line}: dayz: unknown key" in result.stderr
    assert "days: got 'x'" in result.stderr
    assert "--seed: got -5" in result.stderr


def test_scenario_that_does_not_exist(here: Path) -> None:
    for command in ("run", "validate"):
        result = surgesim(command, "nowhere.yaml")
        assert result.exit_code == 2
        assert result.stderr == "nowhere.yaml: got the name of a file that does not exist\n"


def test_broken_identity_exits_1(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*args: object) -> None:
        raise IdentityError("beds", "general", 3, "11 of 10")

    monkeypatch.setattr(simulation, "run_once", breaks)
    result = surgesim("run", town, *QUICK)
    assert result.exit_code == 1
    assert "a defect in the program: identity 'beds' failed in general on day 3: 11 of 10" in result.stderr
    assert not Path("results/town").exists()


def test_an_interrupted_check_says_so(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of a check is importing what checks."""

    class Interrupted(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "surgesim.scenario.door", Interrupted("loading"))
    try:
        result = surgesim("validate", town)
    except KeyboardInterrupt:  # would end all tests
        pytest.fail("the interrupt came through")
    assert (result.exit_code, result.output) == (130, "Interrupted: nothing was written.\n")


def test_interrupt_is_one_line_and_leaves_nothing(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(simulation, "run_once", interrupted)
    result = surgesim("run", town, *QUICK)
    assert (result.exit_code, result.output) == (130, "Interrupted: nothing was written.\n")
    assert not Path("results").exists()


def as_from_a_terminal() -> None:
    """Signals as a terminal leaves them: a shell's background job, and what it starts, ignores SIGINT."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_stop_workers_and_keep_what_is_done(town: Path, number: signal.Signals, code: int) -> None:
    command = [sys.executable, "-m", "surgesim.cli", "run", str(town), "--workers", "2", "--seed", "1"]
    with subprocess.Popen(
        [*command, "--replications", "1000", "--days", "25"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        preexec_fn=as_from_a_terminal,
    ) as process:
        try:
            while not list(Path().glob("results/.town.part-*/daily.parquet")):
                assert process.poll() is None, process.communicate()
                time.sleep(0.05)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)  # workers that live on would hold the pipes
        finally:
            process.kill()
    assert process.returncode == code
    kept = town.parent / "results" / "town.unfinished"
    message = f"Interrupted: completed replications are in {kept}; continue with --resume.\n"
    assert (out, err) == ("", message)
    assert list(Path("results").iterdir()) == [Path("results/town.unfinished")]


def test_validate_warns_of_assumed_figures(town: Path) -> None:
    result = surgesim("validate", town)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert any(line.endswith("figures assumed") for line in lines)
    assert max(map(len, lines)) < 140 + len(str(town))
    assert lines[-1].startswith(f"{town}: no errors, ")
    assert lines[-1].endswith(" warnings; --all lists the figures")
    every = surgesim("validate", town, "--all").stdout
    assert "figures assumed: care.facilities.*.beds.basic (3), " in every
    assert "--all" not in every
    for line, full in zip(lines[:-1], every.splitlines(), strict=False):
        assert full.startswith(line)


def test_validate_goes_through_all_files(town: Path) -> None:
    bad = Path("bad.yaml")
    bad.write_text("name: bad\ndays: -1\n", encoding="utf-8")
    result = surgesim("validate", bad, town, "-q")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "bad.yaml:2: days: got -1" in result.stderr
    assert "people" in result.stderr


def test_new_never_overwrites(town: Path) -> None:
    before = town.read_text(encoding="utf-8")
    result = surgesim("new", "town")
    assert result.exit_code == 2
    assert result.stderr == "town.yaml: exists already, expected a new file\n"
    assert town.read_text(encoding="utf-8") == before


def test_new_from_a_scenario_elsewhere_is_valid(town: Path) -> None:
    Path("mine").mkdir()
    assert surgesim("new", "village", "--from", town, "--out", "mine/village.yaml").exit_code == 0
    assert surgesim("validate", "mine/village.yaml", "-q").exit_code == 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("Two Words",), "got the name 'Two Words', expected a short name"),
        (("town", "--from", "nowhere.yaml"), "nowhere.yaml: got the name of a file that does not exist"),
        (("town", "--out", "no/such/folder/town.yaml"), "cannot be written: No such file or directory"),
    ],
)
def test_new_refuses(here: Path, args: tuple[str, ...], message: str) -> None:
    result = surgesim("new", *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert list(here.iterdir()) == []


def test_schema_is_json() -> None:
    result = surgesim("schema")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "surgesim scenario"


@pytest.mark.slow
def test_plot_draws_what_is_asked(stored: Path) -> None:
    result = surgesim("plot", stored, "--figure", "need", "--format", "png", "--lang", "vi")
    assert (result.exit_code, result.stdout) == (0, "results/town/plots/need.png\n")
    assert (stored / "plots" / "need.png").read_bytes().startswith(b"\x89PNG")
    result = surgesim(
        "plot", stored, "--figure", "need", "--alternative", "private-mobilised", "--out", "pictures"
    )
    assert result.stdout == "pictures/need-private-mobilised.svg\n"


@pytest.mark.slow
def test_plot_of_a_district_draws_what_it_can_and_says_what_it_left(stored: Path) -> None:
    result = surgesim("plot", stored, "--area", "city")
    assert (result.exit_code, result.stdout) == (0, "results/town/plots/cases-city.svg\n")
    assert result.stderr.startswith("Left out, because they cover only the whole province: need, epidemic, ")
    result = surgesim("plot", stored, "--area", "city", "--figure", "need")
    assert result.exit_code == 2
    assert "figure 'need' is drawn for the whole province only" in result.stderr


@pytest.mark.slow
def test_plots_are_no_part_of_the_result_and_those_with_nothing_to_show_are_named(stored: Path) -> None:
    drawn = surgesim("plot", stored)
    assert drawn.exit_code == 0
    empty = "binding, oxygen, staff, essential, openings"
    assert f"Left out, because there is nothing to show: {empty}\n" in drawn.stderr
    assert len(list((stored / "plots").iterdir())) >= 4
    assert surgesim("reproduce", stored, "--workers", "1").exit_code == 0
    assert surgesim("run", "town.yaml", *QUICK, "--no-figures").exit_code == 0  # replaces it


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--figure", "nope"), "got figure 'nope', expected one of need, epidemic, cases"),
        (("--figure", "cases", "--area", "atlantis"), "got area 'atlantis', expected one of"),
        (("--alternative", "nope"), "got alternative 'nope', expected one of baseline"),
        (("--out", "town.yaml"), "cannot be written"),
    ],
)
def test_plot_refuses(stored: Path, args: tuple[str, ...], message: str) -> None:
    result = surgesim("plot", stored, *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (stored / "plots").exists()


@pytest.mark.slow
def test_plot_writes_a_width_and_the_values(stored: Path) -> None:
    for _ in range(2):  # the second replaces the first
        result = surgesim("plot", stored, "--figure", "cases", "--width", "89mm", "--data")
        assert result.exit_code == 0
        assert [Path(line).name for line in result.stdout.splitlines()] == ["cases.svg", "cases.csv"]
    picture, values = (stored / "plots" / f"cases.{suffix}" for suffix in ("svg", "csv"))
    assert f'width="{89 / 25.4 * 72:.6f}'[:12] in picture.read_text()
    assert values.read_text().startswith("figure,series,date,mean,p5,p25,p50,p75,p95\n")
    assert strangers_in_result(stored) == []


@pytest.mark.parametrize(
    ("width", "message"),
    [
        ("89", "--width: got '89', expected a length such as 89mm, 18cm or 7in"),
        ("7cm", "--width: got 7cm, expected 80mm to 420mm"),
        ("17in", "--width: got 17in, expected 80mm to 420mm"),
    ],
)
def test_plot_refuses_a_width(tmp_path: Path, width: str, message: str) -> None:
    result = surgesim("plot", tmp_path, "--width", width)
    assert result.exit_code == 2
    assert result.stderr.startswith(message)


@pytest.mark.slow
def test_plot_replaces_only_figures(stored: Path) -> None:
    mine = Path("pictures") / "thresholds.svg"
    mine.parent.mkdir()
    mine.write_text("<svg>precious</svg>")
    result = surgesim("plot", stored, "--figure", "need", "--figure", "thresholds", "--out", "pictures")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{mine}: got something that is not a figure written by surgesim" in result.stderr
    assert [path.name for path in mine.parent.iterdir()] == ["thresholds.svg"]
    assert mine.read_text() == "<svg>precious</svg>"
    mine.unlink()
    for _ in range(2):
        assert surgesim("plot", stored, "--figure", "thresholds", "--out", "pictures").exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", [".env", "notes.txt", "figures/mine.svg", "plots/mine.svg", "report.html"])
def test_run_stops_before_it_begins_where_a_result_holds_a_file_of_a_users(stored: Path, name: str) -> None:
    assert surgesim("plot", stored, "--figure", "need").exit_code == 0
    (stored / "figures").mkdir()
    (stored / name).write_text("precious")
    before = {path: path.read_bytes() for path in stored.rglob("*") if path.is_file()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "run_once", lambda *args: pytest.fail("the run began"))
        result = surgesim("run", "town.yaml", *QUICK)
    assert (result.exit_code, result.stdout) == (2, "")
    message = (
        f"{stored.resolve()}: contains {name!r}, which is not part of a result, so it will not be replaced; "
    )
    assert result.stderr == f"{message}choose another folder with --out\n"
    assert {path: path.read_bytes() for path in stored.rglob("*") if path.is_file()} == before


def test_plot_of_no_result(here: Path) -> None:
    result = surgesim("plot", here)
    assert result.exit_code == 2
    assert "got no manifest.json, expected a folder written by `surgesim run`" in result.stderr


@pytest.mark.slow
def test_reproduce_exits_1_after_one_digit(stored: Path) -> None:
    path = stored / "replications.csv"
    text = path.read_text(encoding="utf-8")
    row = text.splitlines()[2]
    digit = row[-1]
    path.write_text(text.replace(row, row[:-1] + str((int(digit) + 1) % 10)), encoding="utf-8", newline="\n")
    changed = surgesim("reproduce", stored, "--workers", "1")
    assert changed.exit_code == 1
    assert changed.stderr.startswith("replications.csv: row 3, first_day_situation: ")
    assert changed.stdout == ""


def test_reproduce_of_no_result(here: Path) -> None:
    assert surgesim("reproduce", here).exit_code == 2


@pytest.mark.slow
def test_replaced_only_by_a_finished_run(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (stored / "manifest.json").read_text()

    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(simulation, "run_once", interrupted)
    assert surgesim("run", "town.yaml", *QUICK).exit_code == 130
    assert (stored / "manifest.json").read_text() == before


@pytest.mark.slow
def test_run_tells_what_it_will_replace(stored: Path) -> None:
    again = surgesim("run", "town.yaml", *QUICK, "--no-figures")
    assert (
        f"{stored}: the results in this folder (2 runs of the baseline and 2 alternatives) will be replaced"
        in again.stderr
    )
    elsewhere = surgesim("run", "town.yaml", *QUICK, "--no-figures", "--out", "other")
    assert "replaced" not in elsewhere.stderr


@pytest.mark.slow
def test_output_reaches_a_stream_that_is_not_unicode(town: Path) -> None:
    """As where Windows redirects into a file."""
    command = (sys.executable, "-m", "surgesim.cli", "run", str(town), *QUICK[:-1], "vi", "--no-figures")
    done = subprocess.run(
        command, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "cp1252"}, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Tử vong" in done.stdout.decode("utf-8")


@pytest.mark.slow
@pytest.mark.usefixtures("unpictured")
def test_report_is_one_file_in_the_language_asked_for(stored: Path) -> None:
    result = surgesim("report", stored, "--lang", "vi")
    assert (result.exit_code, result.stdout) == (0, "results/town/report.html\n")
    assert '<html lang="vi">' in (stored / "report.html").read_text(encoding="utf-8")
    result = surgesim("report", stored, "--lang", "en", "--out", "town.html")
    assert (result.exit_code, result.stdout) == (0, "town.html\n")
    assert '<html lang="en">' in Path("town.html").read_text(encoding="utf-8")
    assert surgesim("run", "town.yaml", *QUICK, "--no-figures").exit_code == 0  # a report is no foreign file


@pytest.mark.slow
def test_report_writes_a_workbook(stored: Path) -> None:
    result = surgesim("report", stored, "--excel", "town.xlsx")
    assert (result.exit_code, result.stdout) == (0, "town.xlsx\n")
    assert Path("town.xlsx").read_bytes().startswith(b"PK")
    assert not (stored / "report.html").exists()


@pytest.mark.slow
def test_options_of_report_that_do_not_go_together_are_refused(stored: Path) -> None:
    result = surgesim("report", stored, "--excel", "town.xlsx", "--out", "town.html")
    assert result.exit_code == 2
    assert result.stderr.startswith("got --out and --excel, expected only one of the two")
    assert surgesim("report", stored, "--daily").exit_code == 2
    assert not Path("town.xlsx").exists()


def test_report_of_what_is_no_result_is_refused(here: Path) -> None:
    result = surgesim("report", "nowhere")
    assert result.exit_code == 2
    assert "expected a folder written by `surgesim run`" in result.stderr
    result = surgesim("report", "nowhere", "--lang", "fr")
    assert result.exit_code == 2
