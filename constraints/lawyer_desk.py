"""Without a lawyer of one's own the hearing lies within the hours of the duty desk."""

from collections.abc import Iterator

from constraints.hours import opening_hours
from constraints.lawyer import own_lawyers
from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Inside, Subject, Text


def _declare(subject: Subject) -> Iterator[Inside]:
    if not own_lawyers(subject):
        hours = subject.daily(*opening_hours(subject.rule("lawyer-desk")))
        yield Inside(("hearing", "start"), ("hearing", "end"), hours, daily=True)


CONSTRAINT = Constraint(
    id="lawyer-desk",
    light=EXECUTION,
    owner="Raad voor Rechtsbijstand",
    cure="none",
    title=Text("Piketdienst", "Duty desk"),
    says=Text(
        "het gehoor valt buiten de uren van de piketdienst",
        "the hearing falls outside the hours of the duty desk",
    ),
    declare=_declare,
    scopes=frozenset({"placement"}),
    rules=("lawyer-desk",),
)
