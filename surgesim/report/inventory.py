"""The totals of a scenario, to check at a glance that it contains what its author intended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from surgesim.report.words import number, phrase
from surgesim.scenario.schema.base import BED_TYPES

if TYPE_CHECKING:
    from surgesim.scenario.schema.scenario import Scenario


def inventory(scenario: Scenario, origins: Sequence[tuple[str, Sequence[str]]], lang: str) -> list[str]:
    """Return a line each on people, facilities, beds, ventilators, staff, oxygen, and the keys in each file.

    Parameters
    ----------
    origins
        The scenario's file and those it extends, each with the keys that it gives.
    """
    sites = scenario.care.facilities.values()
    people = scenario.people
    owners = Counter(site.ownership for site in sites)
    staff = [site.staff for site in sites if site.staff is not None]
    ventilators = [site.ventilators for site in sites if site.ventilators is not None]
    sources = [site.oxygen for site in sites if site.oxygen is not None]

    def line(key: str, given: int | None = None, **amounts: float | str) -> str:
        written = {
            name: amount if isinstance(amount, str) else number(amount, lang)
            for name, amount in amounts.items()
        }
        text = phrase(lang, f"inventory.{key}", **written)
        if given is None or given == len(sites):
            return text
        if given == 0:
            return phrase(lang, f"inventory.{key}_not_given")
        of = phrase(lang, "inventory.given_for", given=number(given, lang), all=number(len(sites), lang))
        return f"{text} ({of})"

    named = [f"{phrase(lang, f'ownership.{owner}')} {number(n, lang)}" for owner, n in owners.items()]
    beds = {bed: _beds((getattr(site.beds, bed) for site in sites), lang) for bed in BED_TYPES}
    lines = [
        line("people", districts=len(people.districts), people=people.total),
        line("facilities", facilities=len(sites), owners=", ".join(named)),
        line("beds", None, **beds),
        line("ventilators", len(ventilators), ventilators=sum(ventilators)),
        line(
            "staff",
            len(staff),
            doctors=sum(one.doctors for one in staff),
            ward_nurses=sum(one.ward_nurses for one in staff),
            icu_nurses=sum(one.icu_nurses for one in staff),
        ),
        line("oxygen", len(sources), tonnes=sum(source.mean_kg_per_day for source in sources) / 1000),
    ]
    if len(origins) > 1:
        lines += [line("from", file=file, keys=", ".join(keys)) for file, keys in origins]
    return [
        phrase(lang, "inventory.heading", title=scenario.title.get(lang)),
        *(f"  {text}" for text in lines),
    ]


def _beds(counts: Iterable[int | str], lang: str) -> str:
    total = 0
    for count in counts:
        if isinstance(count, str):
            return phrase(lang, "inventory.unlimited")
        total += count
    return number(total, lang)
