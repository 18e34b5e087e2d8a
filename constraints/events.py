"""Dated events of a case, of which only those that have happened may lengthen a term."""

from datetime import datetime

from scheduler.constraint import Subject


def happened(subject: Subject, kind: str) -> datetime | None:
    """Return the latest moment of the trigger ``kind`` up to now; one ahead has not happened."""
    now = subject.world.as_of
    moments = (event.at for event in subject.case.triggers if event.kind == kind)
    return max((at for at in moments if at <= now), default=None)
