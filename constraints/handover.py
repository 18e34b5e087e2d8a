"""The KMar takes the person over, at an airport three hours before the departure."""

from collections.abc import Iterator

from constraints.custody import DEPARTURE
from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Elapsed, Subject, Text


def _declare(subject: Subject) -> Iterator[Attendance | Elapsed]:
    yield Attendance(role="kmar", first="hand-over", last="hand-over")
    by_air = frozenset(one.id for one in subject.departures if one.kind != "road")
    if by_air:
        yield Elapsed(
            ("hand-over", "start"),
            DEPARTURE,
            at_least=subject.rule("handover").minutes,
            departures=by_air,
        )


CONSTRAINT = Constraint(
    id="handover",
    light=EXECUTION,
    owner="KMar",
    cure="capacity",
    title=Text("Overname door de KMar", "Hand-over"),
    says=Text(
        "geen tijdige overname door de Koninklijke Marechaussee",
        "no timely hand-over to the KMar",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("handover",),
)
