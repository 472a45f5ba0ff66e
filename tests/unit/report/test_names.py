"""Titles: alternatives and thresholds are called the same wherever they stand."""

from __future__ import annotations

import pytest
from study_cases import small_scenario

from surgesim.errors import ScenarioError
from surgesim.report.names import alternative_title, threshold_title
from surgesim.scenario.door import from_plain


def test_an_alternative_is_called_by_its_own_title() -> None:
    scenario = small_scenario(
        alternatives={
            "both": {"title": {"vi": "Sớm hơn", "en": "Earlier"}},
            "one": {"title": {"vi": "Chỉ tiếng Việt"}},
            "short": {"title": "Both languages"},
            "none": {},
        }
    )
    titles = {
        lang: [alternative_title(scenario, name, lang) for name in ("baseline", *scenario.alternatives)]
        for lang in ("en", "vi")
    }
    assert titles == {
        "en": ["Baseline", "Earlier", "Chỉ tiếng Việt", "Both languages", "none"],
        "vi": ["Phương án cơ sở", "Sớm hơn", "Chỉ tiếng Việt", "Both languages", "none"],
    }


def test_a_title_is_checked_and_changes_nothing_else() -> None:
    plain = small_scenario().to_plain()
    titled = from_plain({**plain, "alternatives": {"other": {"title": {"vi": "Khác"}}}}).alternative("other")
    same = [key for key in plain if key not in ("title", "alternatives", "sources")]
    assert {key: titled.to_plain()[key] for key in same} == {key: plain[key] for key in same}
    assert titled.title.get("vi") == "Khác"
    with pytest.raises(ScenarioError, match=r"alternatives\.other\.title: got 5, expected text"):
        from_plain({**plain, "alternatives": {"other": {"title": 5}}})


def test_a_threshold_without_a_title_is_called_by_what_it_watches() -> None:
    scenario = small_scenario()
    assert threshold_title(scenario, "icu", "en").endswith(
        "<\N{NO-BREAK SPACE}4 per\N{NO-BREAK SPACE}100,000"
    )
    assert threshold_title(scenario, "icu", "vi").endswith(
        "<\N{NO-BREAK SPACE}4/100.000\N{NO-BREAK SPACE}dân"
    )
    assert threshold_title(scenario, "situation", "vi") == "Tình huống khẩn cấp"
