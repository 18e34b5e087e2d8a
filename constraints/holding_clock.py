"""Holding ends six hours after the arrival at the hearing place; the night does not count."""

from collections.abc import Iterator

from constraints.hours import opening_hours
from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Elapsed, Subject, Text


def _declare(subject: Subject) -> Iterator[Elapsed]:
    yield Elapsed(
        first=("intake", "start"),
        last=("hearing", "end"),
        at_most=subject.rule("holding-clock").minutes,
        pauses=subject.daily(*opening_hours(subject.rule("holding-pause"))),
        clock=True,
    )


CONSTRAINT = Constraint(
    id="holding-clock",
    light=DETENTION,
    owner="Hulpofficier",
    cure="none",
    title=Text("Ophouding", "Holding clock"),
    says=Text(
        "het gehoor past niet binnen de uren van de ophouding",
        "the hearing does not fit within the hours of holding",
    ),
    declare=_declare,
    scopes=frozenset({"placement"}),
    rules=("holding-clock", "holding-pause"),
)
