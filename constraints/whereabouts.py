"""The person can be found."""

from collections.abc import Iterator

from constraints.facts import standing
from constraints.lights import AVAILABLE
from scheduler.constraint import Constraint, FactType, Standing, Subject, Text

FACT = FactType(
    "whereabouts-known",
    "case",
    Text(
        "Is bekend waar de vreemdeling verblijft?",
        "Is it known where the person stays?",
    ),
)


def _declare(subject: Subject) -> Iterator[Standing]:
    yield from standing(subject, FACT)


CONSTRAINT = Constraint(
    id="whereabouts",
    light=AVAILABLE,
    owner="DT&V",
    cure="none",
    title=Text("Verblijfplaats", "Whereabouts"),
    says=Text(
        "de vreemdeling is niet te vinden",
        "the person cannot be found",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="Het terugkeerproces, DT&V 2021: light 2",
    facts=(FACT,),
)
