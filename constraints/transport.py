"""Vehicles with crew for all persons: to the hearing, on to the facility, and to the departure."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Subject, Text

ROLE = "transport"


def _declare(subject: Subject) -> Iterator[Attendance]:
    count, each = _fleet(subject)
    for first, last in _drives(subject):
        yield Attendance(role=ROLE, first=first, last=last, count=count, capacity=each)


def _drives(subject: Subject) -> tuple[tuple[str, str], ...]:
    """Return the drives; one that would end and begin in the same phase is one drive."""
    if subject.scope == "removal":
        return (("transport", "delivery"),)
    if subject.acts_together("placement", "intake", "transfer"):
        return (("pick-up", "arrival"),)
    return ("pick-up", "intake"), ("transfer", "arrival")


def _fleet(subject: Subject) -> tuple[int, int]:
    """Return how many vehicles of the largest kind hold all persons, and how many each must hold.

    Without any vehicle it is one for all, which nobody drives.
    """
    persons = len(subject.case.persons)
    vehicles = subject.world.roles.get(ROLE, ())
    largest = max((one.capacity for one in vehicles), default=persons)
    count = -(-persons // largest)
    return count, -(-persons // count)


CONSTRAINT = Constraint(
    id="transport",
    light=EXECUTION,
    owner="DV&O",
    cure="capacity",
    title=Text("Vervoer", "Transport"),
    says=Text("geen vervoer voor alle personen", "no transport for all persons"),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="seed 003: everyone who must be there",
)
