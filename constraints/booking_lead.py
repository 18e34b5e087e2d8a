"""A departure is booked some working days ahead, more of them with escorts; one that is, is."""

from collections.abc import Iterator

from constraints.booked import departure_of, others_than
from constraints.custody import DEPARTURE
from constraints.escort import escorted
from constraints.lights import EXECUTION
from scheduler.constraint import After, Constraint, Subject, Text


def _declare(subject: Subject) -> Iterator[After]:
    seat = "escorted" if escorted(subject.case) else "unescorted"
    lead = subject.rule("booking-lead", seat=seat).number
    yield After(
        DEPARTURE,
        subject.world.as_of,
        working_days=lead,
        zone=subject.zone,
        country=subject.country,
        departures=others_than(subject, departure_of(subject)),
    )


CONSTRAINT = Constraint(
    id="booking-lead",
    light=EXECUTION,
    owner="DT&V",
    cure="date",
    title=Text("Boekingstermijn", "Booking lead"),
    says=Text(
        "het vertrek ligt te dichtbij om nog te boeken",
        "the departure is too close to be booked",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("booking-lead",),
)
