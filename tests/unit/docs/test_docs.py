"""The pages of docs/: what is generated is as the code says, links lead somewhere, commands work."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from surgesim.cli import app
from surgesim.scenario.loading import arrivals_file, people_files, profile_tables
from surgesim.scenario.reference.page import scenario_reference
from surgesim.scenario.schema.scenario import Scenario

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
QUICKSTARTS = sorted(DOCS.glob("quickstart.*.md"))


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def anchor(title: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_the_scenario_reference_is_generated() -> None:
    same = text(DOCS / "scenario-reference.md") == scenario_reference()
    assert same, "docs/scenario-reference.md is not what the code says: run python docs/generate.py"


def test_the_scenario_reference_has_every_key() -> None:
    page = text(DOCS / "scenario-reference.md")
    schema = Scenario.model_json_schema()
    mappings = {name: node for name, node in schema["$defs"].items() if "properties" in node}
    assert {"Threshold", "Facility", "Clinical"} <= set(mappings)
    for name, node in mappings.items():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        held = set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))
        assert held - {"profile"} == set(node["properties"]), name


def test_the_scenario_reference_has_what_a_file_may_hold_beside_the_keys_of_a_scenario() -> None:
    page = text(DOCS / "scenario-reference.md")
    file = page.split("\n## The file\n")[1].split("\n## ")[0]
    assert "| `extends` |" in file
    for place in profile_tables.PLACES:
        for name in profile_tables.names():
            if profile_tables.read(name).section == place:
                assert re.search(rf"^\| `{re.escape(place)}` \|.*`{name}`", page, flags=re.MULTILINE), name
    clinical = page.split("\n## Clinical\n")[1].split("\n## ")[0]
    assert "| `profile` | `squire-2022` |" in clinical


def test_the_arrivals_csv_of_the_reference_can_be_read(tmp_path: Path) -> None:
    example = re.search(r"```csv\n(.*?)```", text(DOCS / "scenario-reference.md"), flags=re.DOTALL)
    assert example is not None
    (tmp_path / "wave.csv").write_text(example[1], encoding="utf-8")
    read = arrivals_file.read(tmp_path / "wave.csv", "wave.csv", date(2021, 11, 29), 2, integers=True)
    assert {name: series["counts"] for name, series in read.series.items()} == {
        "rach-gia-oxygen": [14, 17],
        "rach-gia-icu": [3, 2],
        "phu-quoc-oxygen": [2, 3],
        "phu-quoc-icu": [0, 1],
    }
    assert not read.warnings


def test_the_ages_csv_of_the_reference_can_be_read(tmp_path: Path) -> None:
    example = re.search(r"```csv\n(age,.*?)```", text(DOCS / "scenario-reference.md"), flags=re.DOTALL)
    assert example is not None
    (tmp_path / "ages.csv").write_text(example[1], encoding="utf-8")
    kenya = profile_tables.read("kenya-2020").figures
    assert people_files.read_ages(tmp_path / "ages.csv", "ages.csv").shares == pytest.approx(kenya, abs=1e-4)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    body = re.sub(r"```.*?```", "", text(page), flags=re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", body) if "://" not in link]
    assert [link for link in links if not leads_somewhere(page, link)] == []


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether the file of a link is there, and its heading where it names one."""
    place, _, part = link.partition("#")
    target = (page.parent / place) if place else page
    if not target.exists() or not part or target.suffix != ".md":
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", text(target), flags=re.MULTILINE)
    return part in {anchor(re.sub(r"[`*\[\]]", "", heading)) for heading in headings}


def test_a_link_that_leads_nowhere_is_seen() -> None:
    page = DOCS / "README.md"
    assert leads_somewhere(page, "model.md")
    assert not leads_somewhere(page, "modell.md")
    assert not leads_somewhere(page, "model.md#no-such-heading")


def test_every_page_is_listed() -> None:
    listed = text(DOCS / "README.md") + text(DOCS / "index.md")
    linked = set(re.findall(r"\((\S+\.md)\)", listed))
    in_a_tree = set(re.findall(r"^([\w.-]+)$", listed, flags=re.MULTILINE))
    pages = [page for page in PAGES if page.name not in ("README.md", "index.md")]
    assert {page.name for page in pages} <= linked
    assert {page.stem for page in pages} <= in_a_tree
    assert "model.md" in {page.name for page in pages}


def commands(page: Path) -> list[list[str]]:
    """The commands of a page's shell blocks that are surgesim's own."""
    blocks = re.findall(r"```sh\n(.*?)```", text(page), flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line]
    assert all(line.startswith("surgesim ") for line in lines)
    return [shlex.split(line)[1:] for line in lines]


def quoted(step: str) -> list[str]:
    """What a step of a quickstart says is on the screen or in the scenario: code and bold words, no paths."""
    prose = re.sub(r"```.*?```", "", step, flags=re.DOTALL)
    found = re.findall(r"`[^`]+`|\*\*[^*]+\*\*", prose)
    said = [" ".join(words.strip("`*").split()) for words in found]
    return [words for words in said if words != "#" and not re.search(r"\.(yaml|md)$|^results/", words)]


@pytest.mark.slow
@pytest.mark.usefixtures("unpictured")
@pytest.mark.parametrize("page", QUICKSTARTS, ids=lambda page: page.name)
def test_every_command_of_a_quickstart_works(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    found = commands(page)
    assert [command[0] for command in found] == ["new", "validate", "run", "report", "report", "run"]
    shown = []
    for command in found:
        more = ["--workers", "1", "--no-figures"] if command[0] == "run" else []
        result = CliRunner().invoke(app, [*command, *more])
        assert result.exit_code == 0, (command, result.output)
        if command[0] != "report":
            shown.append(" ".join(result.output.split()))
    _, *steps = re.split(r"^## ", text(page), flags=re.MULTILINE)
    _, make, run, _, again = steps
    for step, screen in zip((make, run, again), ("\n".join(shown[:2]), *shown[2:]), strict=True):
        said_there = quoted(step)
        assert said_there
        for said in said_there:
            assert said in screen or said in text(tmp_path / "my-town.yaml"), said
    assert (tmp_path / "results" / "my-town" / "report.html").is_file()
    assert (tmp_path / "my-town.xlsx").is_file()
    first, again = (
        text(tmp_path / "results" / name / "breaches.csv") for name in ("my-town", "my-town-severity-2")
    )
    assert first != again, "the other question has the answer of the first"


def test_both_quickstarts_have_the_same_commands_but_for_the_language() -> None:
    vietnamese, english = (
        [
            word.replace("vi", "en") if word in ("vi", "en") else word
            for line in commands(page)
            for word in line
        ]
        for page in (DOCS / "quickstart.vi.md", DOCS / "quickstart.en.md")
    )
    assert vietnamese == english
