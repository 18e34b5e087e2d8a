"""No appeal with suspensive effect and no provisional measure is pending."""

from collections.abc import Iterator

from constraints.facts import standing
from constraints.legal_check import RULE, binds
from constraints.lights import LEGAL
from scheduler.constraint import Constraint, FactType, Standing, Subject, Text

FACT = FactType(
    "no-suspensive-appeal",
    "case",
    Text(
        "Is er geen schorsend beroep en geen voorlopige voorziening?",
        "Is there no suspensive appeal and no provisional measure?",
    ),
)


def _declare(subject: Subject) -> Iterator[Standing]:
    if binds(subject, FACT.id):
        yield from standing(subject, FACT)


CONSTRAINT = Constraint(
    id="appeals",
    light=LEGAL,
    owner="IND",
    cure="none",
    title=Text("Beroep en voorlopige voorziening", "Appeals"),
    says=Text(
        "er loopt een schorsend beroep of een voorlopige voorziening",
        "a suspensive appeal or a provisional measure is pending",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="Vw 73; Vw 82; Awb 8:81",
    rules=(RULE,),
    facts=(FACT,),
)
