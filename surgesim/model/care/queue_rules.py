"""What rules change in the queues for beds: their order, and who is given no intensive care."""

from __future__ import annotations

from surgesim.model.care.course.ledger import IN_OXYGEN, NOWHERE
from surgesim.model.care.course.triage import CareLimit
from surgesim.model.care.journey import Journey


class QueueRules:
    """The orders and limits that rules give, and what follows for the patients who wait already."""

    def __init__(self, journey: Journey) -> None:
        self._journey = journey

    def set_order(self, rule: str, order: str | None) -> None:
        """Let a rule set the order of the queues, or end it (None)."""
        self._journey.triage.set_order(rule, order)
        self._sort()

    def limit_icu(self, rule: str, limit: CareLimit | None) -> None:
        """Let a rule limit intensive care, or end its limit (None).

        Patients in ICU stay there. Who waits beyond the limit is offered no ICU bed any more, and one without
        a bed looks for an oxygen bed. At the end of a limit, they are in line as if it had never been.
        """
        journey = self._journey
        journey.triage.set_limit(rule, limit)
        self._sort()
        for place in list(journey.icu.line.values()):
            patient = place.patient
            in_no_line = patient.place == NOWHERE and patient.index not in journey.oxygen.line
            if in_no_line and journey.triage.refuses(patient):
                journey.pause_clock(patient)
                journey.leave_line(patient)
                journey.wait_in_no_bed_for_icu(patient)
        for facility in range(len(journey.network.facilities)):
            while (boarder := journey.exchange.first_boarder(facility)) is not None:
                blocker = journey.exchange.take_blocker(facility)
                if blocker is None:
                    break
                journey.swap(boarder.patient, blocker)
        journey.offer_free_beds()

    def _sort(self) -> None:
        journey = self._journey
        journey.oxygen.sort(journey.triage.order, lambda patient: False)
        journey.icu.sort(journey.triage.order, journey.is_refused)
        boarders = (place for place in journey.icu.in_queues() if place.patient.place == IN_OXYGEN)
        journey.exchange.set_boarders(boarders)
