"""Whoever is in detention, and the terms that run from its imposition to the departure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from scheduler.constraint import Edge, Elapsed, Inside, Standing, Subject, bounded

ARRIVAL: Edge = ("arrival", "end")
DEPARTURE: Edge = ("departure", "start")


def imposed_at(subject: Subject) -> datetime | None:
    """Return when the detention that stands was imposed, or None."""
    detention = subject.case.detention
    return detention.imposed_at if detention else None


def detained(subject: Subject) -> bool:
    """Return whether the persons of a removal are in detention already."""
    place = subject.world.location[subject.case.location]
    return subject.scope == "removal" and (
        imposed_at(subject) is not None or (not subject.chained and place.kind == "detention")
    )


def departs_within(subject: Subject, *rules: str) -> Iterator[Inside | Elapsed | Standing]:
    """Bind the departure to the sum of the figures of ``rules`` after the detention is imposed.

    In a chain the clock starts with the placement. What is missing forbids: the moment of
    imposition of a detention that stands, or a row of the table for this case.
    """
    imposed = imposed_at(subject)
    if subject.scope == "removal" and not (detained(subject) or subject.chained):
        return
    missing = next((rule for rule in rules if not subject.rules_of(rule)), None)
    if missing:
        if subject.scope == "removal":
            yield Standing(missing, "unknown")
        return
    minutes = sum(subject.rule(rule).minutes for rule in rules)
    if subject.scope == "chain":
        yield Elapsed(ARRIVAL, DEPARTURE, at_most=minutes, clock=True)
    elif imposed is not None:
        yield bounded(DEPARTURE, until=imposed + timedelta(minutes=minutes), clock=True)
    elif detained(subject):
        yield Standing("detention-imposed-at", "unknown")
