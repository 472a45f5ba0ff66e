"""Scenarios written out and read back; the starter; profiles; limits on time that are not timed."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loading_cases import SMALL, WITH_ARRIVALS, replaced, written
from shipped import SHIPPED, alternatives, shipped
from strategies import scenarios

from surgesim.errors import ScenarioError, SurgesimError
from surgesim.scenario.door import assumptions, compose, dump, from_plain, inspect, load, starter
from surgesim.scenario.loading import profile_tables
from surgesim.scenario.schema.base import Source
from surgesim.scenario.schema.scenario import Scenario

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@given(scenarios())
@settings(max_examples=25)
def test_any_scenario_reads_back_equal(scenario: Scenario) -> None:
    assert Scenario.model_validate(compose(dump(scenario), "dumped").value) == scenario


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_read_back_equal_with_the_same_figures(path: Path, tmp_path: Path) -> None:
    scenario = shipped(path)
    text = dump(scenario)
    again = load(written(tmp_path, text))
    assert again == scenario
    assert dump(again) == text
    assert assumptions(again) == assumptions(scenario)
    assert {name: again.alternative(name) for name in again.alternatives} == alternatives(path)


def test_there_are_shipped_scenarios() -> None:
    assert "kien-giang" in [path.stem for path in SHIPPED]


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_an_alternative_is_the_scenario_its_overlay_makes(path: Path) -> None:
    assert alternatives(path)
    for alternative in list(alternatives(path).values())[::3]:
        changed = alternative.to_plain() | {"alternatives": {}}
        assert from_plain(changed).to_plain() == changed


VISIBLE = st.characters(exclude_categories=("Cc", "Cf", "Cn", "Cs", "Zl", "Zp"))
"""What a text may hold, beside tabs and newlines."""


@pytest.mark.slow
@given(st.text(VISIBLE | st.sampled_from("\t\n"), max_size=40))
@settings(max_examples=50)
def test_any_text_reads_back_as_it_was(text: str) -> None:
    normal = unicodedata.normalize("NFC", text)
    plain = compose(WITH_ARRIVALS, "f").value
    scenario = from_plain(plain | {"title": {"vi": "x" + normal, "en": normal if normal.strip() else "x"}})
    assert Scenario.model_validate(compose(dump(scenario), "dumped").value) == scenario


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "no",
        "010",
        "0o10",
        "0x1F",
        "1e3",
        "1:30",
        "2024-01-01",
        "null",
        "~",
        "true",
        ".nan",
        "-.inf",
        "+.5",
        "5\n",
        "a: b",
        "# x",
        "- x",
        "* x",
        "&x",
        "!x",
        "%",
        "@",
        "`",
        "'",
        '"',
        "x\ty",
        " x ",
        "=",
        "<<",
    ],
)
def test_text_that_looks_like_something_else_reads_back_as_text(text: str) -> None:
    scenario = from_plain(compose(WITH_ARRIVALS, "f").value)
    changed = scenario.model_copy(update={"sources": {text: Source(source=text, confidence="assumed")}})
    [(key, entry)] = compose(dump(changed), "dumped").value["sources"].items()
    assert (key, entry["source"]) == (text, text)


def test_overlays_read_back_with_their_removals_and_their_kinds(tmp_path: Path) -> None:
    overlay = """\
alternatives:
  a:
    command: {plan: {open-field: null}}
    care: {facilities: {general: {serves: none, beds: {icu: unlimited}, covid_share: 0.5}}}
    epidemic: {measures: {distancing: {start: 2024-01-05, districts: [isle], reduces: {work: 1}}}}
"""
    scenario = load(written(tmp_path, SMALL + overlay))
    again = load(written(tmp_path, dump(scenario), "again.yaml"))
    assert again == scenario
    assert again.alternatives["a"]["command"]["plan"] == {"open-field": None}
    assert not again.alternative("a").command.plan


def test_arrivals_are_embedded(tmp_path: Path) -> None:
    written(tmp_path, "day,icu\n0,0.1\n1,3\n2,1e-7\n", "wave.csv")
    text = WITH_ARRIVALS[: WITH_ARRIVALS.index("arrivals:")] + "arrivals: {file: wave.csv}\n"
    text += WITH_ARRIVALS[WITH_ARRIVALS.index("clinical:") :]
    scenario = load(written(tmp_path, text))
    assert "wave.csv" not in dump(scenario)
    again = load(written(tmp_path, dump(scenario), "sub/again.yaml"))
    assert again == scenario
    assert again.arrivals is not None
    assert again.arrivals.series["icu"].counts == (0.1, 3, 1e-7)


# -- frozen ---------------------------------------------------------------------------------------


def containers(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    if hasattr(type(value), "model_fields"):
        inner = [getattr(value, name) for name in type(value).model_fields]
    return [value, *(found for child in inner for found in containers(child))]


def test_a_loaded_scenario_is_frozen_to_its_leaves(tmp_path: Path) -> None:
    overlay = "alternatives:\n  a: {care: {facilities: {field: {serves: [isle]}}}}\n"
    found = containers(load(written(tmp_path, SMALL + overlay)))
    assert any(isinstance(value, dict) for value in found)
    for value in found:
        assert not isinstance(value, list)
        if isinstance(value, dict):
            with pytest.raises(TypeError, match="frozen"):
                value["x"] = 1


# -- profiles -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", profile_tables.names())
def test_each_profile_can_be_read_and_its_section_is_a_place_for_profiles(name: str) -> None:
    profile = profile_tables.read(name)
    assert profile.section in profile_tables.PLACES
    assert set(profile.title) == {"vi", "en"}
    assert profile.sources
    for source in profile.sources.values():
        Source.model_validate(source)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: x\nfigures: {}\n", "expected the keys section, title and figures"),
        ("[1]", "expected the keys section, title and figures"),
        ("section: days\ntitle: x\nfigures: {}\n", "got section 'days'"),
        ("section: people.ages\ntitle: x\nfigures: 5\n", "expected value, source and confidence"),
        (
            "section: people.ages\ntitle: x\nfigures: {value: 5, source: x}\n",
            "expected value, source, confidence",
        ),
        (
            "section: people.ages\ntitle: x\nfigures: {value: 5, source: x, confidence: y, z: 1}\n",
            "expected value, source, confidence",
        ),
    ],
)
def test_a_profile_of_another_form_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setattr(profile_tables, "FOLDER", tmp_path)
    written(tmp_path, text, "odd.yaml")
    with pytest.raises(SurgesimError, match=message):
        profile_tables.read.__wrapped__("odd")


def test_a_profile_inside_a_section_lies_over_that_of_the_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "profiles"
    leaf = "{value: %s, source: %s, confidence: counted}"
    outer = f"{{stays: {{a: {leaf % (1, 'outer')}, b: {leaf % (2, 'outer')}}}}}"
    inner = f"{{b: {leaf % (3, 'inner')}}}"
    written(folder, f"section: clinical\ntitle: x\nfigures: {outer}\n", "outer.yaml")
    written(folder, f"section: clinical.stays\ntitle: x\nfigures: {inner}\n", "inner.yaml")
    monkeypatch.setattr(profile_tables, "FOLDER", folder)
    profile_tables.names.cache_clear()
    try:
        tree = {"clinical": {"profile": "outer", "stays": {"profile": "inner"}}}
        resolved = profile_tables.resolve(tree)
    finally:
        profile_tables.names.cache_clear()
        profile_tables.read.cache_clear()
    assert resolved.tree == {"clinical": {"stays": {"a": 1, "b": 3}}}
    assert {path[-1]: source["source"] for path, source in resolved.sources.items()} == {
        "a": "outer",
        "b": "inner",
    }
    assert tree["clinical"]["profile"] == "outer"  # the values given stay as they were


def test_what_is_laid_over_a_profile_holds_and_the_rest_is_the_profile(tmp_path: Path) -> None:
    plain = load(written(tmp_path, SMALL)).clinical
    text = replaced(
        "{profile: squire-2022}", "{profile: squire-2022, severity: {p_icu: 0.2}, boarding: false}"
    )
    changed = load(written(tmp_path, text)).clinical
    assert changed.severity.p_icu == (0.2,) * 9
    assert not changed.boarding
    assert changed.severity.p_oxygen == plain.severity.p_oxygen
    assert changed.stays == plain.stays


# -- starter --------------------------------------------------------------------------------------


def test_the_starter_is_valid_as_it_stands(tmp_path: Path) -> None:
    text = starter("my-town", None)
    scenario, warnings = inspect(written(tmp_path, text))
    assert scenario.name == "my-town"
    assert "my-province" not in text
    said = {warning.path: warning.message.split(" figures ")[-1] for warning in warnings}
    assert "staff is not given for any facility with ICU beds" in said.pop("command.thresholds.icu-staffed")
    assert "is decided by 4 of its 5 criteria" in said.pop("command.situation")
    assert set(said.values()) <= {"without a source", "assumed"}
    assert scenario.alternatives
    assert text.count("#") > 20


def test_every_comment_of_the_starter_is_vietnamese(tmp_path: Path) -> None:
    for profile in ("vietnam", "kenya"):
        vietnamese, english = (starter("a", profile=profile, lang=lang).split("\n") for lang in ("vi", "en"))
        pairs = [pair for pair in zip(vietnamese, english, strict=True) if "#" in pair[0]]
        same = [one.partition("#")[2].strip() for one, other in pairs if one == other]
        code = ("surgesim ", "stays:", "oxygen_days:", "staff: {", "=")
        assert [comment for comment in same if comment and not comment.startswith(code)] == []
    assert load(written(tmp_path, "\n".join(vietnamese))) == load(written(tmp_path, "\n".join(english)))


def test_a_scenario_that_extends_another_is_commented_in_vietnamese(tmp_path: Path) -> None:
    (tmp_path / "my-province.yaml").write_text(starter("my-province"), encoding="utf-8")
    text = starter("b", str(tmp_path / "my-province.yaml"), folder=tmp_path, lang="vi")
    assert text.startswith("# b: thay đổi so với Tỉnh của tôi\n")
    assert 'extends: "my-province.yaml"' in text
    assert not [word for word in ("Everything", "Mappings", "Some values", "alternatives of") if word in text]


def test_a_starter_for_another_country_does_not_call_the_thresholds_official(tmp_path: Path) -> None:
    text = starter("my-county", profile="kenya")
    scenario = load(written(tmp_path, text))
    assert scenario.people == load(written(tmp_path, starter("mine"))).people.model_copy(
        update={"ages": scenario.people.ages, "contacts": scenario.people.contacts}
    )
    assert scenario.people.ages[0] > 0.25
    assert scenario.sources["command.thresholds.*"].confidence == "assumed"
    assert "appendix" not in text


def test_the_starter_declares_the_emergency_as_the_teaching_scenarios_do(tmp_path: Path) -> None:
    [teaching] = [path for path in SHIPPED if path.stem == "small-town"]
    mine, theirs = load(written(tmp_path, starter("my-town"))).command, shipped(teaching).command
    assert mine.situation == theirs.situation
    untitled = {name: bound.model_copy(update={"title": None}) for name, bound in theirs.thresholds.items()}
    assert dict(mine.thresholds) == untitled


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_starter_laid_over_a_scenario_is_that_scenario(path: Path, tmp_path: Path) -> None:
    text = starter("mine", str(path), folder=tmp_path)
    own = {"name": "", "title": ""}
    base = shipped(path).to_plain() | own
    assert load(written(tmp_path, text)).to_plain() | own == base
    # The commented examples give values as they are, so taking away every # changes nothing.
    lines = text.splitlines()
    start = lines.index(f"# days: {base['days']}")
    end = next(
        n
        for n in range(start, len(lines))
        if lines[n].startswith(("# alternatives:", "#\n")) or lines[n] == "#"
    )
    uncommented = [line.removeprefix("# ") for line in lines[start:end]]
    assert any("decision_days" in line for line in uncommented)
    changed = load(written(tmp_path, "\n".join(lines[:start] + uncommented)))
    drawn = base["study"]["uncertainty"]
    drawn.pop("epidemic.variant.r0", None)  # a value laid over a range replaces it
    assert changed.to_plain() | own == base


def test_a_starter_names_its_base_from_where_it_will_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, SMALL, "base/small.yaml")
    monkeypatch.chdir(tmp_path)
    text = starter("mine", "base/small.yaml", folder="new/place")
    assert 'extends: "../../base/small.yaml"' in text
    load(written(tmp_path, text, "new/place/mine.yaml"))
    load(written(tmp_path, starter("mine", "base/small.yaml")))


@pytest.mark.parametrize("name", ["My Town", "", "a_b", "x" * 61, "-a"])
def test_a_starter_needs_a_short_name(name: str) -> None:
    with pytest.raises(ScenarioError, match="at most 60 characters"):
        starter(name)


def test_a_starter_from_what_is_no_scenario_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="does not exist"):
        starter("mine", str(tmp_path / "none.yaml"))


# -- imports --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import sys; import surgesim.scenario.door; "
        "print(*sorted({name.split('.')[0] for name in sys.modules} & "
        "{'pandas', 'numpy', 'scipy', 'matplotlib', 'simpy', 'pyarrow', 'joblib', 'rich'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == ""
