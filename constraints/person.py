"""The person must be there: own appointments count, and nobody is booked twice at a time."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Subject, Text
from scheduler.world import ACTS, PERSON, Leg


def _declare(subject: Subject) -> Iterator[Attendance]:
    leg: Leg = "placement" if subject.scope == "placement" else "removal"
    yield Attendance(
        role=PERSON,
        first=ACTS[leg][0],
        last=ACTS[leg][-1],
        among=frozenset({subject.case.id}),
        mode="remote",
    )


CONSTRAINT = Constraint(
    id="person",
    light=EXECUTION,
    owner="DT&V",
    cure="release",
    title=Text("Vreemdeling zelf", "The person"),
    says=Text(
        "de vreemdeling heeft een eigen afspraak of een andere boeking",
        "the person has an appointment of their own or another booking",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="seed 003: everyone who must be there, the person included",
)
