"""Each carrier takes no more than so many removals, unescorted and escorted, on one flight."""

from collections.abc import Iterator

from constraints.departures import free_seats, kind_of
from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Seats, Subject, Text
from scheduler.world import Departure


def _declare(subject: Subject) -> Iterator[Seats]:
    limits = tuple((one.id, _limit(subject, one)) for one in subject.departures)
    yield Seats(kind_of(subject), len(subject.case.persons), limits)


def _limit(subject: Subject, departure: Departure) -> int:
    """Return the carrier's limit; a charter or a road transfer has none but its seats."""
    if departure.kind != "scheduled":
        return free_seats(subject, departure)
    row = subject.rule("airline-limits", seat=kind_of(subject), carrier=departure.carrier)
    return row.number


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
