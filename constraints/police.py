"""The police are there at the pick-up."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Subject, Text


def _declare(subject: Subject) -> Iterator[Attendance]:
    yield Attendance(role="police", first="pick-up", last="pick-up")


CONSTRAINT = Constraint(
    id="police",
    light=EXECUTION,
    owner="Politie",
    cure="capacity",
    title=Text("Politie", "Police"),
    says=Text("geen politie bij de staandehouding", "no police at the pick-up"),
    declare=_declare,
    scopes=frozenset({"placement"}),
    basis="seed 003: everyone who must be there",
)
