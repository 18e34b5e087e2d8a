"""Detention only when a lighter means does not suffice."""

from collections.abc import Iterator

from constraints.custody import detained
from constraints.facts import due, standing
from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Due, FactType, Standing, Subject, Text

FACT = FactType(
    "lighter-means-rejected",
    "case",
    Text("Is een lichter middel afgewezen (Vw 59c)?", "Have lighter means been rejected (Vw 59c)?"),
    due=True,
)


def _declare(subject: Subject) -> Iterator[Due | Standing]:
    if subject.scope == "placement":
        yield from due(subject, FACT, ("hearing", "end"), "hearing-decides")
    elif detained(subject):
        yield from standing(subject, FACT)


CONSTRAINT = Constraint(
    id="lighter-means",
    light=DETENTION,
    owner="Hulpofficier",
    cure="none",
    title=Text("Lichter middel", "Lighter means"),
    says=Text("een lichter middel volstaat", "lighter means suffice"),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="Vw 59c",
    rules=("hearing-decides",),
    facts=(FACT,),
)
