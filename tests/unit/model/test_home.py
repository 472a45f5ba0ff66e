"""Care at home: who is followed, who gets a package, and who does not come to need oxygen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgesim.errors import IdentityError
from surgesim.model.care.home import HomeCare
from surgesim.scenario.schema.capacity.home import HomeCare as HomeCareSection

PLENTY = 1e9


def home(**given: Any) -> HomeCare:
    section = {"teams": 1, "patients_per_team": 50.0, "followed_days": 10.0, "packages": PLENTY, **given}
    return HomeCare(HomeCareSection.model_validate(section))


def test_active_cases_are_those_of_the_last_days() -> None:
    care = home(followed_days=3.0)
    active = []
    for reported in (5, 10, 20, 0, 0, 0):
        care.begin_day()
        care.pass_day(reported, 0)
        active.append(care.active)
    assert active == [5, 15, 35, 30, 20, 0]


def test_a_fraction_of_a_day_counts_as_such() -> None:
    care = home(followed_days=2.5)
    active = []
    for reported in (8, 0, 0, 0):
        care.begin_day()
        care.pass_day(reported, 0)
        active.append(care.active)
    assert active == [8, 8, 4, 0]


def test_less_than_one_case_is_followed_like_any_other_and_taken_on_once() -> None:
    care = home(followed_days=3.0)
    seen = []
    for reported in (0.5, 0, 0, 0):
        care.begin_day()
        care.pass_day(reported, 0)
        seen.append((care.active, care.followed, care.newly_followed))
    assert seen == [(0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0.5, 0), (0, 0, 0)]


def test_isolated_cases_are_not_at_home() -> None:
    care = home()
    care.begin_day()
    care.pass_day(40, 15)
    assert (care.active, care.followed) == (25, 25)
    care.begin_day()
    care.pass_day(0, 60)  # isolation may last longer than following
    assert (care.active, care.followed, care.coverage) == (0, 0, 1)


def test_teams_follow_up_to_their_number() -> None:
    care = home(teams=2, patients_per_team=30.0)
    care.begin_day()
    care.pass_day(45, 0)
    assert (care.followed, care.coverage) == (45, 1)
    care.begin_day()
    care.pass_day(45, 0)
    assert (care.active, care.followed) == (90, 60)
    assert care.coverage == pytest.approx(2 / 3)
    care.add_teams(1)
    care.begin_day()
    care.pass_day(0, 0)
    assert (care.followed, care.coverage) == (90, 1)
    care.add_teams(-5)
    care.begin_day()
    care.pass_day(0, 0)
    assert (care.teams, care.followed, care.coverage) == (0, 0, 0)


def test_coverage_is_one_where_nobody_is_ill() -> None:
    assert home(teams=0).coverage == 1


def test_every_followed_case_gets_one_package() -> None:
    """With room for all, packages given are cases reported, whatever the course."""
    care = home(teams=1000)
    rng = np.random.default_rng(3)
    given = reported = 0.0
    for day, number in enumerate(rng.poisson(200, 60).tolist()):
        care.begin_day()
        care.pass_day(number, 0)
        care.check(day)
        given, reported = given + care.packages_given, reported + number
        assert care.newly_followed == pytest.approx(number)
    assert given == pytest.approx(reported)
    assert care.packages == pytest.approx(PLENTY - reported)


def test_full_teams_take_on_as_many_as_leave() -> None:
    care = home(teams=2, patients_per_team=50.0)
    for _ in range(30):
        care.begin_day()
        care.pass_day(100, 0)
    assert care.followed == 100
    assert care.newly_followed == pytest.approx(10)  # a tenth of the followed leaves a day


def test_new_teams_need_packages_for_all_they_begin_to_follow() -> None:
    care = home(teams=0)
    for _ in range(12):
        care.begin_day()
        care.pass_day(10, 0)
    assert care.packages_given == 0
    care.add_teams(1)
    care.begin_day()
    care.pass_day(10, 0)
    assert care.newly_followed == pytest.approx(50)


def test_without_packages_there_is_no_early_treatment() -> None:
    care = home(packages=30.0, eligible_share=1.0, effect=0.5)
    care.begin_day()
    care.pass_day(20, 0)
    assert (care.packages_given, care.packages, care.reduction) == (20, 10, 0.5)
    care.begin_day()
    care.pass_day(20, 0)
    assert (care.packages_given, care.without_package, care.packages) == (10, 10, 0)
    assert care.reduction == 0.25
    care.begin_day()
    care.pass_day(5, 0)
    assert (care.without_package, care.reduction) == (5, 0)
    care.check(3)


def test_daily_packages_come_every_day() -> None:
    care = home(packages=1.0, packages_per_day=2.0)
    stock = []
    for day in range(3):
        care.begin_day()
        care.pass_day(0, 0)
        care.check(day)
        stock.append(care.packages)
    assert stock == [3, 5, 7]


def test_reduction_is_the_product_of_its_shares() -> None:
    care = home(patients_per_team=30.0, eligible_share=0.4, effect=0.5, packages=10.0)
    care.begin_day()
    care.pass_day(60, 0)
    assert care.coverage == 0.5
    assert care.reduction == pytest.approx(0.4 * 0.5 * 0.5 * (10 / 30))


@pytest.mark.parametrize("off", [{"teams": 0}, {"packages": 0.0}, {"effect": 0.0}, {"eligible_share": 0.0}])
def test_each_part_missing_means_no_reduction(off: dict[str, float]) -> None:
    whole, part = home(), home(**off)
    for reported in (0, 10, 0):
        whole.pass_day(reported, 0)
        part.pass_day(reported, 0)
        assert whole.reduction > 0
        assert part.reduction == 0


# -- who is averted -------------------------------------------------------------------------------


def test_no_reduction_averts_nobody() -> None:
    draws = np.array([0.0, 1e-300, 0.5])
    assert not HomeCare.averted_cases(draws, np.ones(3, bool), 0.0).any()


def test_a_full_reduction_averts_all_that_are_reported() -> None:
    draws = np.array([0.0, 0.5, np.nextafter(1, 0)])
    assert HomeCare.averted_cases(draws, np.array([True, False, True]), 1.0).tolist() == [True, False, True]


def test_the_averted_share_is_the_reduction() -> None:
    rng = np.random.default_rng(11)
    n = 200_000
    reported = rng.random(n) < 0.5
    averted = HomeCare.averted_cases(rng.random(n), reported, 0.111)
    assert not averted[~reported].any()
    assert averted[reported].mean() == pytest.approx(0.111, abs=4 * (0.111 * 0.889 / 1e5) ** 0.5)


@pytest.mark.slow
@given(st.lists(st.floats(0, 1, exclude_max=True), max_size=20), st.floats(0, 1), st.floats(0, 1))
def test_more_care_averts_the_same_people_and_more(draws: list[float], a: float, b: float) -> None:
    uniforms, reported = np.array(draws), np.arange(len(draws)) % 2 == 0
    less = HomeCare.averted_cases(uniforms, reported, min(a, b))
    more = HomeCare.averted_cases(uniforms, reported, max(a, b))
    assert (less <= more).all()


# -- identities -----------------------------------------------------------------------------------

counts = st.integers(0, 500)


@pytest.mark.slow
@given(
    packages=st.floats(0, 300),
    per_day=st.floats(0, 50),
    days=st.floats(1, 15),
    course=st.lists(st.tuples(counts, counts, st.integers(-3, 3)), min_size=1, max_size=30),
)
def test_identities_with_shortages(
    packages: float, per_day: float, days: float, course: list[tuple[int, int, int]]
) -> None:
    care = home(packages=packages, packages_per_day=per_day, followed_days=days)
    before = packages
    for day, (reported, isolated, teams) in enumerate(course):
        care.add_teams(teams)
        care.begin_day()
        care.pass_day(reported, isolated)
        care.check(day)
        assert 0 <= care.followed <= min(care.active, care.teams * 50)
        assert care.followed == min(care.active, care.teams * 50)
        assert 0 <= care.newly_followed <= care.followed + 1e-9
        assert care.packages_given + care.without_package == pytest.approx(care.newly_followed)
        assert care.packages == pytest.approx(before + per_day - care.packages_given, abs=1e-6)
        assert care.without_package == 0 or care.packages == 0
        assert 0 <= care.reduction <= 0.37 * 0.3
        before = care.packages


@pytest.mark.parametrize("tampered", [-1.0, 5.0, float("nan")])
def test_packages_that_do_not_add_up_are_told(tampered: float) -> None:
    care = home(packages=100.0)
    care.begin_day()
    care.pass_day(10, 0)
    care.packages = tampered
    with pytest.raises(IdentityError, match="home drug packages on day 4"):
        care.check(4)


# -- who is followed first ------------------------------------------------------------------------

FIRST = {"first": {"from_age": 60, "high_risk": True}}


def test_the_old_and_the_high_risk_are_followed_first() -> None:
    care = HomeCare(HomeCareSection.model_validate({"teams": 1, "patients_per_team": 50.0} | FIRST))
    assert care.first[6:].all()
    assert care.first[:, 1].all()
    assert not care.first[:6, 0].any()
    assert not home().first.any()


def test_teams_and_packages_reach_those_first_before_the_others() -> None:
    care = home(**FIRST, packages=40.0, eligible_share=1.0, effect=0.5)
    care.expect(30, 120)  # a quarter of the onsets
    care.begin_day()
    care.pass_day(100, 0)
    assert (care.active, care.followed) == (100, 50)  # 25 first, and 25 of the 75 others
    assert care.first_reduction == 0.5
    assert care.reduction == pytest.approx(0.5 * (25 / 75) * (15 / 25))
    care.check(0)


def test_isolated_cases_are_of_each_kind_by_their_shares() -> None:
    section = HomeCareSection.model_validate({"teams": 9, "packages": 100.0} | FIRST)
    left = []
    for weights in ((1.0, 1.0), (0.6, 0.2), (0.6, 0.0)):
        care = HomeCare(section, isolated=weights)
        care.expect(30, 120)
        care.begin_day()
        care.pass_day(100, 12)  # 25 and 75
        left.append((care._first.active, care._others.active))
    assert left == [pytest.approx(pair) for pair in ((25 - 3, 75 - 9), (25 - 6, 75 - 6), (25 - 12, 75))]


def test_reports_have_the_share_of_the_onsets_they_come_from() -> None:
    section = HomeCareSection.model_validate({"teams": 1, "patients_per_team": 1e6, "packages": 1e9} | FIRST)
    care = HomeCare(section, np.array([0.0, 0.25, 0.75]))
    care.expect(10, 100)  # two days before
    care.expect(50, 100)
    care.expect(100, 100)  # today's are reported later
    care.begin_day()
    care.pass_day(80, 0)
    assert care.followed == pytest.approx(80)
    assert care._first.known == pytest.approx(80 * (0.25 * 50 + 0.75 * 10) / 100)


def test_others_take_no_package_that_a_priority_case_would_have_got() -> None:
    care = home(**FIRST, teams=3, packages=10.0)
    care.expect(0, 224)
    care.begin_day()
    care.pass_day(224, 183)
    assert care.packages == 0  # the others had all ten
    assert care.first_reduction > care.reduction > 0


@pytest.mark.slow
@given(
    teams=st.integers(0, 5),
    packages=st.floats(0, 100),
    course=st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=30),
)
def test_identities_with_priority_and_shortages(
    teams: int, packages: float, course: list[tuple[int, int, int]]
) -> None:
    care, alike = home(**FIRST, teams=teams, packages=packages), home(teams=teams, packages=packages)
    for day, (first, others, isolated) in enumerate(course):
        for each in (care, alike):
            each.expect(first, first + others)
            each.begin_day()
            each.pass_day(first + others, isolated)
            each.check(day)
        assert care.active == pytest.approx(alike.active)
        assert care.followed == pytest.approx(alike.followed)
        assert care.first_reduction >= care.reduction * (1 - 1e-9) - 1e-12


def test_companion_doctors_follow_as_many_as_their_rule_says() -> None:
    home = HomeCare(HomeCareSection(teams=1, patients_per_team=10.0))
    home.add_teams(2, 50.0)
    home.begin_day()
    home.pass_day(500.0, 0.0)
    assert home.followed == 110.0
    home.add_teams(-2, 50.0)
    home.begin_day()
    home.pass_day(0.0, 0.0)
    assert home.followed == 10.0
