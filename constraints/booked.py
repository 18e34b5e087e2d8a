"""What is held or confirmed for a case: it was booked in time, whatever the clock says now."""

from scheduler.constraint import Subject

STANDING = frozenset({"held", "confirmed"})


def departure_of(subject: Subject) -> str | None:
    """Return the departure on which the removal of the case is held or confirmed, or None."""
    return next(
        (
            one.departure
            for one in subject.world.booked.get(subject.case.id, ())
            if one.operation == "removal" and one.status in STANDING
        ),
        None,
    )


def others_than(subject: Subject, departure: str | None) -> frozenset[str] | None:
    """Return the departures of the case but for ``departure``; None, for all, without one."""
    if departure is None:
        return None
    return frozenset(one.id for one in subject.departures if one.id != departure)
