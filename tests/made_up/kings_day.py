"""Made up: nobody departs on the King's birthday, which falls on 26 November."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Only, Subject, Text
from scheduler.grid import local_date

BIRTHDAY = (11, 26)


def _declare(subject: Subject) -> Iterator[Only]:
    days = {one.id: local_date(one.departs, subject.zone) for one in subject.departures}
    yield Only(
        departures=frozenset(one for one, day in days.items() if (day.month, day.day) != BIRTHDAY)
    )


CONSTRAINT = Constraint(
    id="kings-day",
    light=EXECUTION,
    owner="DT&V",
    cure="date",
    title=Text("Koningsdag", "King's day"),
    says=Text("op Koningsdag vertrekt niemand", "nobody departs on King's day"),
    declare=_declare,
    scopes=frozenset({"removal"}),
    basis="made up for a test",
)
