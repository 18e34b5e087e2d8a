"""Detention rests on a ground and two reasons, which the hearing officer weighs."""

from collections.abc import Iterator

from constraints.custody import detained
from constraints.facts import due, standing
from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Due, FactType, Standing, Subject, Text

FACT = FactType(
    "detention-grounds",
    "case",
    Text("Zijn er ten minste twee gronden (Vb 5.6)?", "Are there at least two grounds (Vb 5.6)?"),
    due=True,
)


def _declare(subject: Subject) -> Iterator[Due | Standing]:
    if subject.scope == "placement":
        if subject.case.detention is None:
            yield Standing("detention-ground", "unknown")
        yield from due(subject, FACT, ("hearing", "end"), "hearing-decides")
    elif detained(subject):
        yield from standing(subject, FACT)


CONSTRAINT = Constraint(
    id="detention-grounds",
    light=DETENTION,
    owner="Hulpofficier",
    cure="none",
    title=Text("Gronden", "Grounds"),
    says=Text(
        "er zijn niet genoeg gronden voor bewaring", "there are not enough grounds for detention"
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="Vw 6; Vw 59; Vw 59a; Vw 59b; Vb 5.6",
    rules=("hearing-decides",),
    facts=(FACT,),
)
