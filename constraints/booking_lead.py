"""A departure is booked some working days ahead, more of them with escorts."""

from collections.abc import Iterator

from constraints.custody import DEPARTURE
from constraints.escort import escorted
from constraints.lights import EXECUTION
from scheduler.calendar import working_day
from scheduler.constraint import Constraint, Inside, Subject, Text, bounded
from scheduler.grid import midnight


def _declare(subject: Subject) -> Iterator[Inside]:
    seat = "escorted" if escorted(subject.case) else "unescorted"
    lead = subject.rule("booking-lead", seat=seat).number
    first = working_day(subject.today, lead, subject.country)
    yield bounded(DEPARTURE, since=midnight(first, subject.zone))


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
