"""A seat for each person on a departure to the destination, escorted when anybody is escorted."""

from collections.abc import Iterator
from typing import Literal

from constraints.escort import escorted
from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Seats, Subject, Text


def kind_of(subject: Subject) -> Literal["unescorted", "escorted"]:
    """Return the kind of seat this case takes: a household sits together."""
    return "escorted" if escorted(subject.case) else "unescorted"


def _declare(subject: Subject) -> Iterator[Seats]:
    kind = kind_of(subject)
    limits = subject.once(
        ("departures", kind),
        lambda: tuple((one.id, one.seats.of(kind)) for one in subject.departures),
    )
    yield Seats(kind, len(subject.case.persons), limits)


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
