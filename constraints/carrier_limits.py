"""Each carrier takes no more than so many removals, unescorted and escorted, on one flight.

A charter or a road transfer has no limit but its seats.
"""

from collections.abc import Iterator

from constraints.departures import kind_of
from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Seats, Subject, Text


def _declare(subject: Subject) -> Iterator[Seats]:
    kind = kind_of(subject)
    limits = subject.once(("carrier-limits", kind), lambda: tuple(_limits(subject, kind)))
    yield Seats(kind, len(subject.case.persons), limits)


def _limits(subject: Subject, kind: str) -> Iterator[tuple[str, int]]:
    carriers = {one.carrier for one in subject.departures if one.kind == "scheduled"}
    of_carrier = {one: subject.rule("airline-limits", seat=kind, carrier=one) for one in carriers}
    for one in subject.departures:
        scheduled = one.kind == "scheduled"
        yield one.id, of_carrier[one.carrier].number if scheduled else one.seats.of(kind)


CONSTRAINT = Constraint(
    id="carrier-limits",
    light=EXECUTION,
    owner="Luchtvaartmaatschappij",
    cure="release",
    title=Text("Grens van de maatschappij", "Carrier limits"),
    says=Text(
        "de luchtvaartmaatschappij neemt op deze vlucht niet meer mensen mee",
        "the carrier takes no more people on this flight",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("airline-limits",),
)
