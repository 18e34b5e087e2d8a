"""At a reception centre an officer of the COA of that very centre is there."""

from collections.abc import Iterator

from constraints.custody import detained
from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Subject, Text

ROLE = "coa"
RECEPTION = "coa-location"


def _declare(subject: Subject) -> Iterator[Attendance]:
    world, place = subject.world, subject.case.location
    if world.location[place].kind != RECEPTION:
        return
    if subject.scope == "removal" and (subject.chained or detained(subject)):
        return
    act = "pick-up" if subject.scope == "placement" else "transport"
    staff = frozenset(one.id for one in world.roles.get(ROLE, ()) if one.home == place)
    yield Attendance(role=ROLE, first=act, last=act, among=staff)


CONSTRAINT = Constraint(
    id="coa",
    light=EXECUTION,
    owner="COA",
    cure="capacity",
    title=Text("COA-medewerker", "COA officer"),
    says=Text(
        "geen medewerker van het COA op de opvanglocatie",
        "no COA officer at the reception centre",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="seed 003: everyone who must be there",
)
