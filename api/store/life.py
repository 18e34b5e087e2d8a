"""The life of a booking: what may become of it, and why it ended.

::

    proposed --> held --> confirmed --> executed
        |          |          |
        +----------+----------+--> cancelled (with a reason) or released

What is proposed, held, confirmed or executed claims; what is cancelled or released claims nothing.
A hold that is not confirmed in time is released by itself.
"""

from collections.abc import Mapping
from enum import StrEnum

from api.store.refusal import Refusal


class Status(StrEnum):
    """Where a booking stands."""

    proposed = "proposed"
    held = "held"
    confirmed = "confirmed"
    executed = "executed"
    cancelled = "cancelled"
    released = "released"


class Failure(StrEnum):
    """Why a booking failed: the statistic that nobody has."""

    legal_procedure = "legal-procedure"
    removability_withdrawn = "removability-withdrawn"
    person_not_found = "person-not-found"
    person_departed_independently = "person-departed-independently"
    person_resisted = "person-resisted"
    medical = "medical"
    document_missing = "document-missing"
    court_ended_detention = "court-ended-detention"
    country_refused = "country-refused"
    departure_cancelled = "departure-cancelled"
    departure_changed = "departure-changed"
    carrier_refused = "carrier-refused"
    partner_declined = "partner-declined"
    partner_absent = "partner-absent"
    transport_late = "transport-late"
    no_place = "no-place"
    case_withdrawn = "case-withdrawn"
    planning_error = "planning-error"


class Release(StrEnum):
    """Why a booking was let go without having failed."""

    expired = "expired"
    withdrawn = "withdrawn"
    replaced = "replaced"
    by_planner = "by-planner"


NEXT: Mapping[Status, frozenset[Status]] = {
    Status.proposed: frozenset({Status.held, Status.released, Status.cancelled}),
    Status.held: frozenset({Status.confirmed, Status.released, Status.cancelled}),
    Status.confirmed: frozenset({Status.executed, Status.released, Status.cancelled}),
    Status.executed: frozenset(),
    Status.cancelled: frozenset(),
    Status.released: frozenset(),
}
"""What each status may become."""
CLAIMING = frozenset({Status.proposed, Status.held, Status.confirmed, Status.executed})
"""The statuses in which a booking takes people, places and seats."""


class IllegalStepError(Refusal):
    """A booking cannot become that from where it stands."""

    def __init__(self, booking: str, now: Status, asked: Status) -> None:
        may = ", ".join(sorted(NEXT[now])) or "nothing any more"
        super().__init__(f"{booking} is {now} and cannot become {asked}; it can become {may}")
        self.booking, self.now, self.asked = booking, now, asked


class TooSoonError(Refusal):
    """What is said to have happened cannot have: not yet, or not before something else."""


def step(booking: str, now: Status, asked: Status) -> Status:
    """Return ``asked`` if a booking that is ``now`` may become it, else raise IllegalStepError."""
    if asked not in NEXT[now]:
        raise IllegalStepError(booking, now, asked)
    return asked
