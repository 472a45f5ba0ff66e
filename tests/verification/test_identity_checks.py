"""The identities a run checks every day do bite: the model broken on purpose stops with the right name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from strategies import build, clinical, district, facility, people, small, variant

from surgesim.errors import IdentityError
from surgesim.model.care.basic_beds import BasicBeds
from surgesim.model.care.beds import BedPool
from surgesim.model.care.course.ledger import Ledger
from surgesim.model.care.journey import Journey
from surgesim.model.care.patient import Patient
from surgesim.model.epidemic.spread import Epidemic
from surgesim.model.simulation import run_once

# Everything at once: patients who travel, wait, board and swap; mild cases in basic beds.
BUSY = build(
    small(
        60,
        people=people(districts={"town": district(20_000), "coast": district(20_000, travel_hours=3.0)}),
        epidemic={
            "variant": variant(4.0),
            "initial_infections": {"town": 100},
            "immunity": {"immune_share": 0.2, "waning_days": 100.0},
            "importation": {"per_day": 2.0},
        },
        clinical=clinical(isolated_share=0.5),
        care={
            "facilities": {
                "alpha": facility(oxygen=60, icu=6, basic=50),
                "bravo": facility(oxygen=40, icu=4, district="coast"),
            }
        },
    )
)

Break = Callable[[pytest.MonkeyPatch], None]


def forget(name: str) -> Break:
    """Undo one count of the ledger whenever a patient comes."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        begin = Ledger.begin

        def broken(ledger: Ledger, patient: Any) -> None:
            begin(ledger, patient)
            setattr(ledger, name, getattr(ledger, name) - 1)

        patch.setattr(Ledger, "begin", broken)

    return apply


def twice(owner: type, name: str) -> Break:
    """Do something twice that should be done once."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        once = getattr(owner, name)

        def broken(self: Any, *args: Any, **kwargs: Any) -> Any:
            once(self, *args, **kwargs)
            return once(self, *args, **kwargs)

        patch.setattr(owner, name, broken)

    return apply


def never(owner: type, name: str) -> Break:
    """Leave something out."""
    return lambda patch: patch.setattr(owner, name, lambda *args, **kwargs: None)


def one_sided_swap(patch: pytest.MonkeyPatch) -> None:
    """The boarder gets the ICU bed, and nobody thinks of who lay in it."""

    def broken(journey: Journey, boarder: Any, blocker: Any) -> None:
        journey.leave_line(boarder)
        journey.pause_clock(boarder)
        journey._enter_icu(boarder, boarder.facility)

    patch.setattr(Journey, "swap", broken)


def any_bed_will_do(patch: pytest.MonkeyPatch) -> None:
    """A search that takes the first bed it meets, free or not."""
    patch.setattr(BedPool, "find", lambda pool, routes, *rest: routes[0])


def bed_lost_in_transit(patch: pytest.MonkeyPatch) -> None:
    """Who arrives frees the bed held for the journey, but occupies none."""

    def broken(pool: BedPool, facility: int) -> None:
        pool.held[facility] -= 1

    patch.setattr(BedPool, "arrive", broken)


def waned_but_not_susceptible(patch: pytest.MonkeyPatch) -> None:
    def broken(epidemic: Epidemic, rng: np.random.Generator, dead: np.ndarray) -> None:
        epidemic.recovered -= rng.binomial(epidemic.recovered, 0.01)

    patch.setattr(Epidemic, "_wane", broken)


def more_leave_than_there_are(patch: pytest.MonkeyPatch) -> None:
    """The sum is kept, but a compartment gives more than it has."""
    advance = Epidemic.advance

    def broken(epidemic: Epidemic, *args: Any) -> Any:
        result = advance(epidemic, *args)
        epidemic.recovered[0, 0, 0] -= 10**6
        epidemic.susceptible[0, 0, 0, 0] += 10**6
        return result

    patch.setattr(Epidemic, "advance", broken)


def isolated_for_good(patch: pytest.MonkeyPatch) -> None:
    """Basic beds are emptied, and nobody is noted as discharged."""
    pass_day = BasicBeds.pass_day

    def broken(isolation: BasicBeds, *args: Any) -> None:
        before = isolation.discharged.copy()
        pass_day(isolation, *args)
        isolation.discharged[:] = before

    patch.setattr(BasicBeds, "pass_day", broken)


def deaths_without_a_district(patch: pytest.MonkeyPatch) -> None:
    die = Ledger.die

    def broken(ledger: Ledger, patient: Any, kind: int) -> None:
        die(ledger, patient, kind)
        ledger.deaths_by_district[patient.district] -= 1

    patch.setattr(Ledger, "die", broken)


def a_place_kept(patch: pytest.MonkeyPatch) -> None:
    """Who is given a bed stays in line for another."""
    leave = BedPool.leave

    def broken(pool: BedPool, patient: Patient) -> None:
        place = pool.line.get(patient.index)
        leave(pool, patient)
        if place is not None:
            pool.line[-1 - patient.index] = place

    patch.setattr(BedPool, "leave", broken)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "identity"),
    [
        pytest.param(forget("created"), "patients created =", id="a patient not counted"),
        pytest.param(forget("recovered"), "patients created =", id="a recovery not counted"),
        pytest.param(twice(BedPool, "release"), "patients in beds =", id="a bed freed twice"),
        pytest.param(never(BedPool, "release"), "patients in beds =", id="a bed never freed"),
        pytest.param(never(BedPool, "take"), "patients in beds =", id="a bed not taken"),
        pytest.param(bed_lost_in_transit, "patients in beds =", id="a bed lost in transit"),
        pytest.param(never(BedPool, "hold"), "travelling = held", id="a bed not held"),
        pytest.param(one_sided_swap, "patients in beds =", id="a swap of one side"),
        pytest.param(a_place_kept, "patients waiting =", id="a place in line kept"),
        pytest.param(any_bed_will_do, "occupied <=", id="an occupied bed given away"),
        pytest.param(twice(Journey, "settle_in"), "flows = census", id="an admission counted twice"),
        pytest.param(deaths_without_a_district, "deaths by kind", id="deaths without a district"),
        pytest.param(waned_but_not_susceptible, "S + E + I + R", id="waned into nowhere"),
        pytest.param(more_leave_than_there_are, "no compartment below zero", id="R below zero"),
        pytest.param(isolated_for_good, "flows = census", id="discharges not counted"),
    ],
)
def test_a_model_broken_on_purpose_is_stopped(
    broken: Break, identity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    with pytest.raises(IdentityError, match="failed in") as stopped:
        run_once(BUSY, 1, 0)
    assert stopped.value.identity.startswith(identity), stopped.value
    assert 0 <= stopped.value.day < 60
    assert stopped.value.where
    assert stopped.value.detail


def test_the_model_as_it_is_runs_through_and_counts_its_checks() -> None:
    run = run_once(BUSY, 1, 0)
    assert run.checks["days checked"] == 60
    for column in (
        "boarding",
        "waiting_oxygen",
        "waiting_icu",
        "held_oxygen",
        "mild_in_isolation",
    ):
        assert run.series(column).max() > 0, f"the scenario is not busy enough: no {column}"


def test_the_message_says_what_where_and_when(monkeypatch: pytest.MonkeyPatch) -> None:
    forget("created")(monkeypatch)
    with pytest.raises(IdentityError) as stopped:
        run_once(BUSY, 1, 0)
    error = stopped.value
    assert str(error) == (
        f"identity {error.identity!r} failed in the province on day {error.day}: {error.detail}"
    )
