"""A departure on which the carrier or the commander will not take a case is not booked for it."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Only, Subject, Text


def _declare(subject: Subject) -> Iterator[Only]:
    if refused := subject.world.departure.keys() & subject.case.refused:
        yield Only(departures=frozenset(one.id for one in subject.departures) - refused)


CONSTRAINT = Constraint(
    id="departure-refusal",
    light=EXECUTION,
    owner="DT&V",
    cure="none",
    title=Text("Geweigerd aan boord", "Refused aboard"),
    says=Text(
        "de vervoerder of gezagvoerder neemt dit dossier niet mee",
        "the carrier or commander does not take this case",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    basis="the answer of the carrier or commander, which only they can take back",
)
