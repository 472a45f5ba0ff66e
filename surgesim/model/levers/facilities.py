"""Actions on beds: opening, converting and mobilising facilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from surgesim.model.capacity.adjustments import Adjustment
from surgesim.model.capacity.facilities import Facilities
from surgesim.model.levers.action import Action, ActionFactory
from surgesim.model.province import Province
from surgesim.scenario.schema.care import Care
from surgesim.scenario.schema.levers.facilities import AtFacilities, ConvertBeds, Mobilise, OpenFacility
from surgesim.scenario.schema.levers.rule import RuleBase


class BedAction(Action):
    """The action of opening, converting or mobilising beds."""

    def __init__(self, rule: str, facilities: Facilities, names: list[str], share: float) -> None:
        self._rule, self._facilities, self._names, self._share = rule, facilities, names, share

    def order(self) -> None:
        self._facilities.prepare(self._rule, self._names)

    def set_share(self, share: float) -> None:
        self._facilities.set_share(self._rule, self._names, share * self._share)

    def end(self) -> None:
        self._facilities.end(self._rule, self._names)


class BedsWithoutStaff(BedAction):
    """The action of mobilising beds without the staff of their facilities."""

    def __init__(
        self,
        rule: str,
        facilities: Facilities,
        names: list[str],
        share: float,
        keep_away: Callable[[float], None],
    ) -> None:
        super().__init__(rule, facilities, names, share)
        self._keep_away = keep_away

    def set_share(self, share: float) -> None:
        super().set_share(share)
        self._keep_away(float(share * self._share > 0))

    def end(self) -> None:
        super().end()
        self._keep_away(0.0)


def sites_of(rule: AtFacilities, province: Province) -> list[int]:
    """Return the indices of the facilities at which a rule acts."""
    return indices_of(province, rule.facilities, rule.ownership)


def indices_of(province: Province, names: tuple[str, ...] | None, ownership: tuple[str, ...]) -> list[int]:
    """Return the indices of the facilities named, or of those of an ownership that are open at the start."""
    chosen = _names_of(province.scenario.care, names, ownership)
    return [province.facilities.index(name) for name in chosen]


def _names_of(care: Care, names: tuple[str, ...] | None, ownership: tuple[str, ...]) -> list[str]:
    """Return the facilities that a rule names, or those of its `ownership` that are open at the start."""
    if names is not None:
        return list(names)
    return [
        n
        for n, facility in care.facilities.items()
        if facility.ownership in ownership and facility.open_at_start
    ]


def _open(name: str, rule: OpenFacility, province: Province) -> Action:
    return BedAction(name, province.facilities, list(rule.facilities), 1.0)


def _convert(name: str, rule: ConvertBeds, province: Province) -> Action:
    names = _names_of(province.scenario.care, rule.facilities, rule.ownership)
    return BedAction(name, province.facilities, names, rule.share)


def _mobilise(name: str, rule: Mobilise, province: Province) -> Action:
    facilities, adjustments = province.facilities, province.capacity.adjustments
    names = _names_of(province.scenario.care, None, rule.ownership)
    if rule.with_staff:
        return BedAction(name, facilities, names, rule.share)
    where = [facilities.index(n) for n in names]
    return BedsWithoutStaff(
        name,
        facilities,
        names,
        rule.share,
        lambda away: adjustments.set(Adjustment.WITHOUT_STAFF, name, where, away),
    )


LEVERS: Mapping[type[RuleBase], ActionFactory] = {
    OpenFacility: _open,
    ConvertBeds: _convert,
    Mobilise: _mobilise,
}
