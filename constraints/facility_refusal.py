"""A facility that has said no to a case is not asked again."""

from collections.abc import Iterator

from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Only, Subject, Text


def _declare(subject: Subject) -> Iterator[Only]:
    known = subject.world.facility.keys()
    if refused := known & subject.case.refused:
        yield Only(facilities=frozenset(known - refused))


CONSTRAINT = Constraint(
    id="facility-refusal",
    light=DETENTION,
    owner="DJI",
    cure="none",
    title=Text("Geweigerd door een inrichting", "Refused by a facility"),
    says=Text(
        "de inrichting neemt dit dossier niet op",
        "the facility does not take this case",
    ),
    declare=_declare,
    scopes=frozenset({"placement"}),
    basis="the answer of the facility, which only the facility can take back",
)
