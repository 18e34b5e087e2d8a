"""Made up: an observer, once admitted, attends every hearing."""

from collections.abc import Iterator

from constraints.facts import standing
from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Declaration, FactType, Subject, Text

FACT = FactType(
    "observer-admitted",
    "case",
    Text("Is de waarnemer toegelaten?", "Has the observer been admitted?"),
)


def _declare(subject: Subject) -> Iterator[Declaration]:
    yield from standing(subject, FACT)
    yield Attendance(role="observer", first="hearing", last="hearing", after=30)


CONSTRAINT = Constraint(
    id="observer",
    light=EXECUTION,
    owner="Ombudsman",
    cure="capacity",
    title=Text("Waarnemer", "Observer"),
    says=Text("geen waarnemer bij het gehoor", "no observer at the hearing"),
    declare=_declare,
    scopes=frozenset({"placement"}),
    basis="made up for a test",
    facts=(FACT,),
)
