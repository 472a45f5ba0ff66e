"""Small scenarios for the tests: builders of plain sections, and Hypothesis strategies.

Scenarios are written here as a planner would write them: plain values that the schema validates. Every
builder returns a complete section, so that a test gives only the values it is about.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from surgesim.scenario.schema.merging import deep_merge
from surgesim.scenario.schema.scenario import Scenario

Plain = dict[str, Any]

EQUAL_AGES = [0.1] * 8 + [0.2]
DISTRICTS = ("north", "south", "isle", "cape")
FACILITIES = ("alpha", "bravo", "delta", "gamma", "kappa", "sigma")
MEASURE = "distancing"


def build(plain: Mapping[str, Any]) -> Scenario:
    """Build a scenario from plain values, through the schema, as the loader does."""
    return Scenario.model_validate_json(json.dumps(plain))


def laid(scenario: Scenario, overlay: Mapping[str, Any]) -> Scenario:
    """Apply `overlay` to a generated scenario, even one that no file could contain."""
    return build(deep_merge(scenario.to_plain(), overlay))


def gamma(mean: float, sd: float) -> Plain:
    return {"gamma": {"mean": mean, "sd": sd}}


def gamma_of_shape(mean: float, shape: float) -> Plain:
    return gamma(mean, mean / shape**0.5)


def people(**changes: Any) -> Plain:
    """Return a section `people`: one town of 100,000 in which everybody mixes equally."""
    homogeneous = [EQUAL_AGES] * 9  # a person meets each age group in proportion to its size
    return {
        "districts": {"town": {"title": "Town", "population": 100_000}},
        "ages": EQUAL_AGES,
        "contacts": dict.fromkeys(("home", "school", "work", "community"), homogeneous),
    } | changes


def district(population: int, **changes: Any) -> Plain:
    return {"title": "District", "population": population} | changes


def variant(r0: float, **changes: Any) -> Plain:
    return {"r0": r0, "latent_days": 3.0, "infectious_days": 4.0} | changes


def deaths(full: float, boarded: float, untreated: float) -> Plain:
    return {"full": full, "thin": full, "boarded": boarded, "untreated": untreated}


def clock(death: Any, recovery: Any) -> Plain:
    return {"death_days": death, "recovery_days": recovery}


def severity(**changes: Any) -> Plain:
    return {
        "p_oxygen": 0.1,
        "p_icu": 0.3,
        "death_oxygen": deaths(0.05, 0.05, 0.5),
        "death_icu": deaths(0.3, 0.6, 0.9),
    } | changes


def stays(**changes: Any) -> Plain:
    return {
        "onset_to_oxygen_days": gamma(5, 3),
        "oxygen_to_icu_days": gamma(2, 1.5),
        "oxygen_days": gamma(8, 6),
        "icu_survivor_days": gamma(10, 7),
        "icu_dying_days": gamma(7, 5),
        "step_down_days": gamma(4, 3),
    } | changes


def clinical(**changes: Any) -> Plain:
    return {
        "severity": severity(),
        "stays": stays(),
        "clocks": {"oxygen": clock(gamma(4, 3), gamma(5, 3)), "icu": clock(gamma(2, 1), gamma(6, 4))},
    } | changes


def facility(oxygen: int | str = 0, icu: int | str = 0, basic: int = 0, **changes: Any) -> Plain:
    """Return a public facility in town with all beds open to COVID patients."""
    return {
        "title": "Facility",
        "district": "town",
        "ownership": "public",
        "beds": {"basic": basic, "oxygen": oxygen, "icu": icu},
        "covid_share": 1.0,
        "convertible_share": 1.0,
    } | changes


def arrivals(counts_are: str = "poisson", **by_bed: Sequence[float]) -> Plain:
    """Return daily arrivals by the bed type needed, e.g. ``arrivals(icu=[2, 2, 3])``."""
    series = {bed: {"bed": bed, "counts": list(counts)} for bed, counts in by_bed.items()}
    return {"series": series, "counts_are": counts_are}


def small(days: int, **sections: Any) -> Plain:
    """Return a town with a facility of 20 oxygen and 5 ICU beds; needs `epidemic` or `arrivals`."""
    return {
        "name": "small",
        "title": "Small",
        "start": "2024-01-01",
        "days": days,
        "people": people(),
        "clinical": clinical(),
        "care": {"facilities": {"alpha": facility(oxygen=20, icu=5)}},
    } | sections


def icu_queue(
    days: int, per_day: float, beds: int | str, stay: Plain, patience: Any, **changes: Any
) -> Plain:
    """Return a queue for ICU only: Poisson arrivals, and death when the patience ends.

    All patients who get a bed survive.
    """
    never_dies = deaths(0.0, 1.0, 1.0)
    return (
        small(
            days,
            arrivals=arrivals(icu=[per_day] * days),
            clinical=clinical(
                severity=severity(death_icu=never_dies),
                stays=stays(icu_survivor_days=stay),
                clocks={"oxygen": clock("never", "never"), "icu": clock(patience, "never")},
                boarding=False,
                step_down=False,
            ),
            care={"facilities": {"alpha": facility(icu=beds)}},
        )
        | changes
    )


# -- hypothesis strategies ------------------------------------------------------------------------

shares = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
probabilities = st.floats(0, 1).map(lambda p: round(p, 3))


def durations() -> st.SearchStrategy[Plain]:
    """Draw distributions of durations of about a week, of every kind except `never`."""
    days = st.floats(0.05, 12).map(lambda d: round(d, 2))
    moments = st.builds(lambda m, cv: {"mean": m, "sd": round(m * cv, 3)}, days, st.floats(0.2, 2))
    return st.one_of(
        moments.map(lambda m: {"gamma": m}),
        moments.map(lambda m: {"lognormal": m}),
        days.map(lambda d: {"exponential": d}),
        st.sampled_from([0.0, 0.5, 1.0, 3.0]).map(lambda d: {"fixed": d}),
    )


def clocks() -> st.SearchStrategy[Any]:
    return st.one_of(durations(), st.just("never"))


@st.composite
def provinces(draw: st.DrawFn) -> Plain:
    """Draw a section `people`: one to four districts near and far, some of them islands.

    The last of several may be closed, or hold visitors of the first; it may report cases with a delay of its
    own.
    """
    names = DISTRICTS[: draw(st.integers(1, 4))]
    districts = {
        name: district(
            draw(st.integers(300, 6_000)),
            travel_hours=draw(st.sampled_from([0.0, 0.5, 3.0, 20.0])),
            island=draw(st.booleans()),
        )
        for name in names
    }
    if len(names) > 1:
        visitors = {"of": names[0], "stay_days": draw(st.sampled_from([1.0, 2.6, 20.0]))}
        visitors |= {"infected_share": draw(st.sampled_from([0.0, 0.05, 1.0]))}
        kinds = [{"place": {"contacts": 3.0, "closed": 0.9}}, {}, {"visitors": visitors}]
        delays = [{}, {}, {"report_delay_days": {"fixed": 0.0}}, {"report_delay_days": gamma(6.0, 3.0)}]
        districts[names[-1]] |= draw(st.sampled_from(kinds)) | draw(st.sampled_from(delays))
    hours = draw(st.sampled_from([(6.0, 18.0), (0.0, 24.0), (7.5, 9.0)]))
    return people(
        districts=districts,
        high_risk=draw(shares),
        outside_share=draw(shares),
        crossing_from_hour=hours[0],
        crossing_to_hour=hours[1],
    )


@st.composite
def epidemics(draw: st.DrawFn, districts: Sequence[str]) -> Plain:
    """Draw a section `epidemic` that can overwhelm a small province within a month."""
    spread = variant(
        draw(st.sampled_from([8.0, 3.0, 0.8, 0.0])),
        severity=draw(st.sampled_from([1.0, 3.0, 20.0])),
        infection_escape=draw(shares),
        vaccine_escape=draw(shares),
    )
    protection = st.fixed_dictionaries({"infection": shares, "severe": shares})
    immunity = {
        "immune_share": draw(st.sampled_from([0.0, 0.3])),
        "waned_share": draw(shares),
        "waned": draw(protection),
        "vaccinated": draw(protection),
    } | draw(st.sampled_from([{}, {"waning_days": 1.0}, {"waning_days": 30.0}]))
    return {
        "variant": spread,
        "dt_days": draw(st.sampled_from([0.25, 0.5])),
        "immunity": immunity,
        "initial_infections": {name: draw(st.integers(0, 100)) for name in districts},
        "importation": {"per_day": draw(st.sampled_from([0.0, 5.0, 2_000.0])), "screening": draw(shares)},
        "measures": {
            MEASURE: {
                "reduces": {"community": 0.9, "work": 0.5},
                "travel": 0.5,
                "screening": 0.5,
                "compliance": draw(shares),
            }
        },
        "detection": {"share": draw(shares), "delay_days": draw(durations())},
    }


@st.composite
def fought_epidemics(draw: st.DrawFn, districts: Sequence[str]) -> Plain:
    """Draw a section `epidemic` with or without vaccination, isolation, quarantine and limited tests."""
    doses = {
        "doses_per_day": draw(st.sampled_from([0.0, 30.5, 1_000.0])),
        "start": "2024-01-02",
        "days_to_delivery": draw(st.sampled_from([0, 1])),
        "days_to_effect": draw(st.sampled_from([0, 2, 7])),
        "groups": {"old": {"from_age": 50}, "ill": {"risk": "high"}, "others": {"acceptance": draw(shares)}},
        "vulnerable": ["old", "ill"],
    } | draw(st.sampled_from([{}, {"waning_days": 5.0}]))
    isolation = {"cases_compliance": draw(shares), "contacts_compliance": draw(shares)}
    tests = {
        "single_per_day": draw(st.sampled_from([0.0, 20.0, 1e6])),
        "pooled_per_day": draw(st.sampled_from([0.0, 50.5])),
        "contacts_per_case": draw(st.sampled_from([0.0, 4.0])),
        "contact_positivity": draw(shares),
        "return_share": draw(shares),
    }
    more = draw(st.sampled_from([{}, {"vaccination": doses}, {"isolation": isolation, "vaccination": doses}]))
    quarantine = {
        "places": draw(st.sampled_from([0, 5, 10_000])),
        "days": draw(st.sampled_from([1, 3, 14])),
        "contacts_per_case": draw(st.sampled_from([5.0, 0.0, 1_000.0])),
        "infected_share": draw(shares),
        "entrants_share": draw(shares),
        "entrants_per_day": draw(st.sampled_from([0.0, 50.0])),
    }
    half_life = st.sampled_from([None, 3.0])
    reaction = {
        "most": draw(shares),
        "delay_days": draw(st.sampled_from([0, 2])),
        "half_life_days": draw(half_life),
        "compliance_half_life_days": draw(half_life),
    }
    more = more | draw(
        st.sampled_from([{}, {"quarantine": quarantine}, {"quarantine": quarantine, "reaction": reaction}])
    )
    epidemic = draw(epidemics(districts))
    limit = draw(st.sampled_from([{}, {"tests": tests}]))
    return epidemic | more | {"detection": epidemic["detection"] | limit}


@st.composite
def given_arrivals(draw: st.DrawFn, days: int, districts: Sequence[str]) -> Plain:
    """Draw a section `arrivals`: some of the bed types, in the province or in one district."""
    series = {}
    for bed in draw(st.sets(st.sampled_from(["basic", "oxygen", "icu"]), min_size=1)):
        level = draw(st.sampled_from([3, 10, 1, 0]))
        counts = [max(level + draw(st.integers(-3, 3)), 0) for _ in range(days)]
        place = draw(st.sampled_from([None, *districts]))
        series[bed] = {"bed": bed, "counts": counts} | ({"district": place} if place else {})
    return {
        "series": series,
        "counts_are": draw(st.sampled_from(["exact", "poisson"])),
        "demand_sd": draw(st.sampled_from([0.0, 0.5])),
    }


@st.composite
def courses(draw: st.DrawFn) -> Plain:
    """Draw a section `clinical`, with or without boarding and step-down."""
    levels = st.lists(probabilities, min_size=3, max_size=3).map(lambda p: deaths(*sorted(p)))
    raised = st.sampled_from([1.0, 3.2, 17.0]).map(lambda odds: {"odds": odds})
    levels = levels | st.tuples(levels, raised).map(lambda pair: pair[0] | {"untreated": pair[1]})
    needs = ("oxygen", "icu", *draw(st.sampled_from([(), ("boarded",)])))
    stay_names = stays().keys()
    return clinical(
        severity=severity(
            p_oxygen=draw(st.sampled_from([0.2, 0.02, 1.0])),
            p_icu=draw(st.sampled_from([0.6, 0.3, 1.0, 0.0])),
            death_oxygen=draw(levels),
            death_icu=draw(levels),
            high_risk_ratio=draw(st.sampled_from([1.0, 4.0])),
        ),
        stays={name: draw(durations()) for name in stay_names},
        clocks={need: clock(draw(clocks()), draw(clocks())) for need in needs},
        urgent_share={"oxygen": draw(shares), "icu": draw(shares)},
        queue_order=draw(st.sampled_from(["severity", "age", "survival"])),
        boarding=draw(st.sampled_from([True, True, False])),
        step_down=draw(st.sampled_from([True, True, False])),
        isolated_share=draw(shares),
    )


@st.composite
def facilities(draw: st.DrawFn, districts: Sequence[str]) -> Plain:
    """Draw one to six small facilities; some start closed, serve only some districts or replace another."""
    names = FACILITIES[: draw(st.integers(1, 6))]
    oxygen = st.sampled_from([10, 3, 30, 1, 60, 0, "unlimited"])
    icu = st.sampled_from([2, 1, 5, 15, 0, 4, "unlimited"])
    result: Plain = {}
    for name in names:
        start = draw(st.sampled_from([1.0, 0.5, 0.25, 0.0]))
        section = facility(
            oxygen=draw(oxygen),
            icu=draw(icu),
            basic=draw(st.integers(0, 20)),
            district=draw(st.sampled_from(list(districts))),
            ownership=draw(st.sampled_from(["public", "private"])),
            covid_share=start,
            convertible_share=draw(st.sampled_from([start, 1.0])),
            open_at_start=draw(st.sampled_from([True, True, True, False])),
            access_hours=draw(st.sampled_from([0.0, 0.0, 1.0])),
        )
        others = [other for other in names if other != name]
        if others and draw(st.integers(0, 3)) == 0:
            section["replaces"] = [draw(st.sampled_from(others))]
        if draw(st.integers(0, 3)) == 0:
            section["serves"] = sorted(draw(st.sets(st.sampled_from(list(districts)), min_size=1)))
        counts = section["beds"]["oxygen"], section["beds"]["icu"]
        if "unlimited" not in counts and draw(st.booleans()):
            section["icu_target"] = counts[1] + draw(st.integers(0, counts[0]))
        result[name] = section
    return result


@st.composite
def rules(draw: st.DrawFn, sites: Plain, epidemic: Plain, areas: Sequence[str] = ()) -> Plain:
    """Draw a section `command.plan`: rules with every action, which begin and end quickly.

    `areas` are those of home care, if there is any.
    """
    closed = [name for name, site in sites.items() if not site["open_at_start"]]
    actions: list[Plain] = [
        {"action": "convert_beds", "ownership": ["public", "private"], "share": draw(shares)},
        {"action": "mobilise", "ownership": ["private"], "share": draw(shares)},
    ]
    if closed:
        actions += [{"action": "open_facility", "facilities": [name]} for name in closed]
    if epidemic:
        actions += [
            {"action": "measure", "measure": MEASURE},
            {"action": "household_lockdown", "members": draw(st.sampled_from([2.6, 50.0]))},
            {"action": "local_measure", "measure": MEASURE, "cases_above": 50.0, "cases_below": 20.0}
            | {"least_days": draw(st.sampled_from([0, 2])), "people_share": 0.2, "cases_share": 0.5},
        ]
    if "quarantine" in epidemic:
        actions.append({"action": "open_quarantine", "places": 3_000})
    if areas:
        actions.append({"action": "open_home_care", "teams": 2, "area": areas[0], "patients_per_team": 9.0})
    if "vaccination" in epidemic:
        actions.append({"action": "vaccinate", "doses_per_day": 200})
    if "tests" in epidemic.get("detection", {}):
        actions.append({"action": "raise_testing", "single_per_day": 30})
    delay = st.sampled_from([0.0, 0.4, 1.0, 2.5])
    phases = st.sampled_from(
        [
            [{"after_days": 0.0, "share": 1.0}],
            [{"after_days": 0.0, "share": 0.3}, {"after_days": 2.5, "share": 0.8}],
        ]
    )
    plan = {}
    for number in range(draw(st.integers(0, 4))):
        date = draw(st.booleans())
        when = {"on": "2024-01-04"} if date else {"indicator": "oxygen_need_7d_per_100k", "above": 30.0}
        until = {"indicator": "oxygen_need_7d_per_100k", "below": 25.0}
        plan[f"rule-{number}"] = (
            draw(st.sampled_from(actions[::-1]))
            | {
                "when": when if date else when | {"for_days": draw(st.integers(1, 3))},
                "decision_days": draw(delay),
                "lead_days": draw(delay),
                "stand_down_days": draw(delay),
                "phases": draw(phases),
            }
            | ({"until": {"on": "2024-01-12"} if date else until} if draw(st.booleans()) else {})
        )
    return plan


THRESHOLDS: Plain = {
    "cases": {"indicator": "weekly_reported_cases_per_100k", "above": 450},
    "oxygen-need": {"indicator": "oxygen_need_7d_per_100k", "above": 32},
    "no-bed": {"indicator": "patients_without_bed", "above": 0},
    "vacant": {"indicator": "vacant_covid_beds_per_100k", "below": 10, "beds": ["oxygen", "icu"]},
    "icu-staffed": {"indicator": "staffed_icu_beds_per_100k", "below": 4},
}
"""The five thresholds of the appendix."""


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Draw scenarios of up to a month with a few hundred patients and too few or plenty of beds."""
    days = draw(st.integers(14, 30))
    section = draw(provinces())
    districts = list(section["districts"])
    sites = draw(facilities(districts))
    epidemic = draw(st.booleans())
    driver = (
        {"epidemic": draw(fought_epidemics(districts))}
        if epidemic
        else {"arrivals": draw(given_arrivals(days, districts))}
    )
    course, areas = draw(courses()), {}
    if epidemic and draw(st.booleans()):
        areas = {"hills": {"districts": districts[:1], "reach": draw(shares)}}
        first = draw(st.sampled_from([{}, {"first": {"from_age": 60}}]))
        course["home_care"] = {
            "teams": 3,
            "patients_per_team": 20.0,
            "packages": 30.0,
            "areas": areas,
        } | first
    over = draw(st.sampled_from([0, 0, 4]))
    census = {
        name: {bed: draw(st.integers(0, _open(site, bed) + over)) for bed in ("basic", "oxygen", "icu")}
        | {"waiting": {"oxygen": over // 2, "icu": over}}
        | {"days_in_bed": draw(st.sampled_from([None, {"oxygen": 3.0, "icu": 40.0, "basic": 2.0}]))}
        for name, site in sites.items()
        if draw(st.booleans())
    }
    return build(
        small(
            days,
            warm_up_days=draw(st.sampled_from([0, 0, 3])),
            people=section,
            clinical=course,
            care={
                "facilities": sites,
                "initial_census": census,
                "initial_stays": draw(st.sampled_from(["fresh", "equilibrium"])),
                "no_bed_hours": draw(st.sampled_from([0.0, 6.0, 30.0])),
            },
            command={
                "thresholds": THRESHOLDS,
                "situation": {"require": draw(st.sampled_from(["all", "any", 3]))},
                "plan": draw(rules(sites, driver.get("epidemic", {}), list(areas))),
            },
            **driver,
        )
    )


def _open(site: Plain, bed: str) -> int:
    """Return the beds of a type open to COVID patients at the start; a few if they are unlimited."""
    beds = site["beds"][bed]
    if not site["open_at_start"] or site["covid_share"] == 0:
        return 0
    return 10 if beds == "unlimited" else int(beds * site["covid_share"] + 1e-9)
