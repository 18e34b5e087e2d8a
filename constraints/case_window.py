"""Nothing is planned before now, nor outside the dates that the officer in charge has given."""

from collections.abc import Iterator

from constraints.custody import ARRIVAL, DEPARTURE
from constraints.lights import EXECUTION
from scheduler.constraint import EARLIEST, LATEST, Constraint, Inside, Subject, Text, bounded


def _declare(subject: Subject) -> Iterator[Inside]:
    now = subject.world.as_of
    earliest = max(now, subject.case.earliest or EARLIEST)
    latest = subject.case.latest or LATEST
    if subject.scope == "placement":
        yield Inside(("pick-up", "start"), ARRIVAL, ((earliest, latest),))
    else:
        yield bounded(("transport", "start"), since=now)
        yield bounded(DEPARTURE, since=earliest, until=latest)


CONSTRAINT = Constraint(
    id="case-window",
    light=EXECUTION,
    owner="DT&V",
    cure="date",
    title=Text("Venster van het dossier", "Case window"),
    says=Text(
        "buiten de data van het dossier, of al voorbij",
        "outside the dates of the case, or past already",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="earliest and latest of the case, and nothing is planned in the past",
)
