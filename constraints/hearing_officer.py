"""A hearing officer hears the person and decides on the detention."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Subject, Text


def _declare(subject: Subject) -> Iterator[Attendance]:
    yield Attendance(role="hearing-officer", first="hearing", last="hearing")


CONSTRAINT = Constraint(
    id="hearing-officer",
    light=EXECUTION,
    owner="DT&V",
    cure="capacity",
    title=Text("Uitvoerend ambtenaar", "Hearing officer"),
    says=Text("geen uitvoerend ambtenaar bij het gehoor", "no hearing officer at the hearing"),
    declare=_declare,
    scopes=frozenset({"placement"}),
    basis="Vb 5.2",
)
