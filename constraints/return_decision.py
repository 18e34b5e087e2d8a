"""There is a return decision or a transfer decision."""

from collections.abc import Iterator

from constraints.facts import standing
from constraints.legal_check import RULE, binds
from constraints.lights import LEGAL
from scheduler.constraint import Constraint, FactType, Standing, Subject, Text

FACT = FactType(
    "return-decision",
    "case",
    Text(
        "Is er een terugkeerbesluit of overdrachtsbesluit?",
        "Is there a return decision or a transfer decision?",
    ),
)


def _declare(subject: Subject) -> Iterator[Standing]:
    if binds(subject, FACT.id):
        yield from standing(subject, FACT)


CONSTRAINT = Constraint(
    id="return-decision",
    light=LEGAL,
    owner="IND",
    cure="none",
    title=Text("Terugkeerbesluit", "Return decision"),
    says=Text(
        "er is geen terugkeer- of overdrachtsbesluit",
        "there is no return or transfer decision",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="Vw 62a; Vw 44a",
    rules=(RULE,),
    facts=(FACT,),
)
