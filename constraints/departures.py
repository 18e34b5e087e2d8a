"""A seat for each person on a departure to the destination, escorted when anybody is escorted."""

from collections.abc import Iterator
from typing import Literal

from constraints.escort import escorted
from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Seats, Subject, Text
from scheduler.world import Departure


def kind_of(subject: Subject) -> Literal["unescorted", "escorted"]:
    """Return the kind of seat this case takes: a household sits together."""
    return "escorted" if escorted(subject.case) else "unescorted"


def free_seats(subject: Subject, departure: Departure) -> int:
    """Return the seats that ``departure`` has for this case and all others of its kind."""
    return departure.seats.of(kind_of(subject))


def _declare(subject: Subject) -> Iterator[Seats]:
    limits = tuple((one.id, free_seats(subject, one)) for one in subject.departures)
    yield Seats(kind_of(subject), len(subject.case.persons), limits)


CONSTRAINT = Constraint(
    id="departures",
    light=EXECUTION,
    owner="DT&V",
    cure="capacity",
    title=Text("Vlucht of overdracht", "Departure"),
    says=Text("geen plaats op een vlucht of overdracht", "no seat on a departure"),
    declare=_declare,
    scopes=frozenset({"removal"}),
    basis="seats of the departure",
)
