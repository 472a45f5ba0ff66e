"""Cần Thơ on 5 December 2021: the care model against a recorded day and the four weeks after it.

    python benchmarks/can_tho.py [--draws 40]

From reported cases, population and the capacity of tier 3 alone, the script computes arrivals of patients,
runs the care model and compares it with what was recorded. Every input below has its source. The inputs
were fixed, and committed, before the first comparison; nothing was fitted. `docs/validation.md` has the
result.

Reported cases stand for infections at a fixed reported share. An infected person needs oxygen with the
probability of squire-2022 at his or her age, times the variant's severity, less the protection of two
doses. The need begins three days after the report. Others are isolated in a facility, or stay at home,
until the case is no longer active.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import surgesim

Floats = NDArray[np.float64]

POPULATION = 1_235_000
"""2,862 patients were 232 per 100,000, and 442 were 35.8."""

FIRST_WEEK = date(2021, 8, 30)
WEEKLY_CASES = (
    *(359, 442, 366, 349, 277, 255, 226, 226, 645),
    *(1243, 940, 1347, 5213, 6980, 5466, 5077, 5321, 2760),
)
"""Cases reported by the national centre (NCSC), weeks from Monday 30 August 2021 to 2 January 2022."""

DAY = date(2021, 12, 5)
TIER_3_BEDS = 330
"""442 patients in tier 3 were 112 more than it had beds for (plo.vn 1031866)."""

TWO_DOSES = {date(2021, 10, 12): 0.0, date(2021, 11, 16): 0.33, date(2021, 12, 5): 0.911}
"""Share of adults with two doses: the campaign began in October (sggpnews 95233); 1.2 million doses were
given by 16 November (vietnamnet 792788), which with one dose for all 0.9 million adults is 33 %; 91.1 % on
5 December (plo.vn 1031866). Straight lines between, and protection 14 days later, are assumed."""

ADULT_SHARE = np.array([0.0, 0.2, 1, 1, 1, 1, 1, 1, 1])


class Inputs(NamedTuple):
    """What the records leave open, with the value used and the range drawn from (see `RANGES`)."""

    reported_share: float = 0.19
    severity: float = 2.5
    infection_protection: float = 0.65
    severe_protection: float = 0.90
    in_facility: float = 0.22
    active_days: float = 18.0
    cases_factor: float = 1.0
    oxygen_days: float = 9.1
    untreated_odds: float = 5.9
    boarded_odds: float = 3.2


RANGES = {
    # at most 19 % in Kiên Giang 2021 (741 deaths at a fatality of infection of 0.44 %); 10 infections per
    # case (Chen et al. 2020, medRxiv 2020.09.11.20192773); above 0.19 through mass screening, assumed
    "reported_share": (0.10, 0.19, 0.30),
    # Delta: 2.26 (1.32-3.89) times Alpha (Twohig et al. 2021), Alpha 1.5 times wild type; central value
    # assumed
    "severity": (1.5, 2.5, 3.5),
    # of the person, two doses against Delta, as in kien-giang-2021.yaml; low ends for inactivated vaccines,
    # assumed
    "infection_protection": (0.30, 0.65, 0.75),
    "severe_protection": (0.60, 0.90, 0.95),
    # mild cases in facilities by the risk groups of 1 December 2021: 0.17 if all have two doses, 0.28 if
    # nobody of 50 and over has (counted on the population of Viet Nam)
    "in_facility": (0.17, 0.22, 0.28),
    # on 5 December as many had recovered as had been reported to 16 or 17 November (counted); rules of
    # 2021: 10 to 14
    "active_days": (10.0, 18.0, 20.0),
    # the city counted 1.4 times as many cases as the national centre from 16 November to 5 December
    "cases_factor": (1.0, 1.0, 1.4),
    "oxygen_days": (5.0, 9.1, 14.0),
    "untreated_odds": (3.3, 5.9, 17.0),
    "boarded_odds": (1.4, 3.2, 4.0),
}
"""Lowest, central and highest value; ranges are drawn from as triangular distributions."""

NEED_AFTER_REPORT_DAYS = 3
"""Onset to oxygen 6.0 d (squire-2022 profile) less onset to report 3.0 d (kien-giang.yaml)."""

HIGH_FLOW_SHARE = 0.245
"""Share of patients in oxygen beds on high-flow or non-invasive support (Viet Nam, August 2021: 0.226 +
0.019).

Tier 3 took severe and critical patients: those who need intensive care, and these."""

RECORDED = {
    "in_hospital_per_100k": 232.0,
    "tier_3_per_100k": 35.8,
    "share_at_home": 0.822,
    "deaths_in_four_weeks": 337.0,
}
"""plo.vn 1031866 and 1032069: 13,255 at home, 2,862 in tiers 2 and 3, of whom 442 in tier 3. NCSC: 77 + 87
+ 75 + 98 deaths from 6 December to 2 January (the city counted 0.82 times as many deaths to 5 December)."""

FACTOR = 1.5
"""A quantity agrees if it lies within this factor of the record; the share at home by the share not at home
too."""


def daily_cases(factor: float) -> Floats:
    """Return reported cases by day from `FIRST_WEEK` on: a seventh of each week's."""
    return np.repeat(np.array(WEEKLY_CASES, float) * factor / 7, 7)


def protected_share(days: int) -> Floats:
    """Return the share of adults with two doses 14 days before, by day from `FIRST_WEEK` on."""
    known = [(day - FIRST_WEEK).days + 14 for day in TWO_DOSES]
    return np.interp(np.arange(days), known, list(TWO_DOSES.values()))


def need_of_an_infection(inputs: Inputs, days: int, ages: Floats, p_oxygen: Floats) -> Floats:
    """Return P(an infection needs oxygen) by day of report."""
    covered = protected_share(days)[:, None] * ADULT_SHARE
    infected = ages * (1 - covered), ages * covered * (1 - inputs.infection_protection)
    given_infection = (1 - inputs.severe_protection) / (1 - inputs.infection_protection)
    p = np.minimum(p_oxygen * inputs.severity, 1.0)
    need = (infected[0] * p).sum(axis=1) + (infected[1] * p * min(given_infection, 1.0)).sum(axis=1)
    return np.asarray(need / (infected[0] + infected[1]).sum(axis=1))


def build(inputs: Inputs) -> tuple[surgesim.Scenario, Floats]:
    """Return the scenario and reported cases by day."""
    cases = daily_cases(inputs.cases_factor)
    days = len(cases)
    plain = {
        "name": "can-tho-2021",
        "title": "Cần Thơ, December 2021",
        "start": FIRST_WEEK.isoformat(),
        "days": days,
        "people": {
            "districts": {"city": {"title": "Cần Thơ", "population": POPULATION, "travel_hours": 0}},
            "ages": "vietnam-2020",
            "contacts": "vietnam-2021",
            "high_risk": "high-risk-assumed",
        },
        "arrivals": {"series": {"none": {"bed": "oxygen", "counts": [0.0] * days}}},
        "clinical": {
            "profile": "squire-2022",
            "severity": {
                "profile": "unmet-need-odds",
                "death_oxygen": {"untreated": {"odds": inputs.untreated_odds}},
                "death_icu": {"boarded": {"odds": inputs.boarded_odds}},
            },
            "clocks": "boarders-clock",
            "stays": {
                "oxygen_days": {"gamma": {"mean": inputs.oxygen_days, "sd": inputs.oxygen_days}},
                "isolation_days": {"fixed": inputs.active_days},
            },
        },
        "care": {
            "facilities": {
                "tier-3": _facility("Tier 3", {"basic": 0, "oxygen": 0, "icu": TIER_3_BEDS}),
                "others": _facility("Tiers 1 and 2", {"basic": "unlimited", "oxygen": "unlimited", "icu": 0}),
            }
        },
        "study": {"replications": 2, "seed": 1},
    }
    scenario = surgesim.load(plain)
    ages = np.array(scenario.people.ages, float) / sum(scenario.people.ages)
    p_oxygen = np.array(scenario.clinical.severity.p_oxygen, float)
    need = cases / inputs.reported_share * need_of_an_infection(inputs, days, ages, p_oxygen)
    mild = np.maximum(cases - need, 0.0) * inputs.in_facility
    late = np.concatenate([np.zeros(NEED_AFTER_REPORT_DAYS), need[:-NEED_AFTER_REPORT_DAYS]])
    plain["arrivals"] = {
        "series": {
            "need": {"bed": "oxygen", "counts": late.tolist()},
            "mild": {"bed": "basic", "counts": mild.tolist()},
        }
    }
    return surgesim.load(plain), cases


def _facility(title: str, beds: dict[str, int | str]) -> dict[str, object]:
    return {
        "title": title,
        "district": "city",
        "ownership": "public",
        "kind": "hospital",
        "beds": beds,
        "covid_share": 1.0,
        "open_at_start": True,
    }


def outcomes(inputs: Inputs, seed: int) -> dict[str, float]:
    """Return the quantities of `RECORDED`, as simulated."""
    scenario, cases = build(inputs)
    daily = surgesim.simulate(scenario, seed=seed, replication=0).province
    day = (DAY - FIRST_WEEK).days
    now = daily.iloc[day]
    hospital = now["occupied_basic"] + now["occupied_oxygen"] + now["occupied_icu"]
    tier_3 = now["icu_need"] + HIGH_FLOW_SHARE * (now["occupied_oxygen"] - now["boarding"])
    active = np.interp(inputs.active_days, np.arange(day + 2), np.cumsum(np.append(0, cases[day::-1])))
    home = active - min(hospital, active)
    return {
        "in_hospital_per_100k": hospital / POPULATION * 1e5,
        "tier_3_per_100k": tier_3 / POPULATION * 1e5,
        "share_at_home": home / (home + hospital),
        "deaths_in_four_weeks": float(daily["deaths"].iloc[day + 1 : day + 29].sum()),
    }


def draw(number: int) -> Inputs:
    """Return one draw from `RANGES`."""
    rng = np.random.default_rng(20211205 + number)
    return Inputs(**{name: float(_triangular(rng, *bounds)) for name, bounds in RANGES.items()})


def _triangular(rng: np.random.Generator, low: float, mode: float, high: float) -> float:
    return rng.triangular(low, mode, high)


def main() -> None:
    """Print the comparison: central inputs, their range, and the record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=40)
    given = parser.parse_args()
    central = [outcomes(Inputs(), seed) for seed in range(1, 11)]
    drawn = [outcomes(draw(number), number) for number in range(given.draws)]
    sys.stdout.write(f"Cần Thơ, {DAY}, {given.draws} draws; four weeks to {DAY + timedelta(days=28)}" + "\n")
    sys.stdout.write(f"{'':24}{'recorded':>10}{'simulated':>11}{'90 % of draws':>18}{'ratio':>8}" + "\n")
    for name, recorded in RECORDED.items():
        mean = float(np.mean([each[name] for each in central]))
        low, high = np.quantile([each[name] for each in drawn], [0.05, 0.95])
        ratio = mean / recorded
        word = "agrees" if 1 / FACTOR <= ratio <= FACTOR else "differs"
        span = f"{low:.3g} to {high:.3g}"
        sys.stdout.write(f"{name:24}{recorded:10.3g}{mean:11.3g}{span:>18}{ratio:8.2f}  {word}" + "\n")


if __name__ == "__main__":
    main()
