"""Made up: whoever is granted residence is withdrawn; a hearing on it may lie ahead."""

from collections.abc import Iterator

from constraints.lights import LEGAL
from scheduler.constraint import Constraint, Standing, Subject, Text, TriggerType

GRANTED = TriggerType("residence-granted")
HEARD = TriggerType("residence-hearing", ahead=True)


def _declare(subject: Subject) -> Iterator[Standing]:
    if subject.case.trigger(GRANTED.id) is not None:
        yield Standing(GRANTED.id, "no", withdrawn=True)


CONSTRAINT = Constraint(
    id="residence",
    light=LEGAL,
    owner="IND",
    cure="none",
    title=Text("Verblijf", "Residence"),
    says=Text("het verblijf is toegestaan", "residence has been granted"),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="made up for a test",
    triggers=(GRANTED, HEARD),
)
