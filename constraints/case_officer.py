"""An officer of the DT&V is there at the pick-up: the one in charge of the case, when named."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Subject, Text


def _declare(subject: Subject) -> Iterator[Attendance]:
    named = subject.case.assigned_officer
    yield Attendance(
        role="case-officer",
        first="pick-up",
        last="pick-up",
        among=frozenset({named}) if named else None,
    )


CONSTRAINT = Constraint(
    id="case-officer",
    light=EXECUTION,
    owner="DT&V",
    cure="capacity",
    title=Text("Regievoerder", "Case officer"),
    says=Text("geen regievoerder bij de staandehouding", "no DT&V officer at the pick-up"),
    declare=_declare,
    scopes=frozenset({"placement"}),
    basis="seed 003: everyone who must be there",
)
