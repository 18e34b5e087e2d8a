"""The person does not stay lawfully in the Netherlands."""

from collections.abc import Iterator

from constraints.facts import standing
from constraints.legal_check import RULE, binds
from constraints.lights import LEGAL
from scheduler.constraint import Constraint, FactType, Standing, Subject, Text

FACT = FactType(
    "no-lawful-stay",
    "case",
    Text(
        "Is er geen rechtmatig verblijf (Vw 8)?",
        "Is there no lawful stay (Vw 8)?",
    ),
)


def _declare(subject: Subject) -> Iterator[Standing]:
    if binds(subject, FACT.id):
        yield from standing(subject, FACT)


CONSTRAINT = Constraint(
    id="lawful-stay",
    light=LEGAL,
    owner="IND",
    cure="none",
    title=Text("Rechtmatig verblijf", "Lawful stay"),
    says=Text(
        "er is rechtmatig verblijf",
        "there is lawful stay",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="Vw 8",
    rules=(RULE,),
    facts=(FACT,),
)
