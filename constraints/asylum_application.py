"""No asylum application, first or repeated, gives a right to remain."""

from collections.abc import Iterator

from constraints.facts import standing
from constraints.legal_check import RULE, binds
from constraints.lights import LEGAL
from scheduler.constraint import Constraint, FactType, Standing, Subject, Text

FACT = FactType(
    "no-asylum-application",
    "case",
    Text(
        "Is er geen (herhaalde) asielaanvraag die recht op verblijf geeft?",
        "Is there no (repeat) asylum application with a right to remain?",
    ),
)


def _declare(subject: Subject) -> Iterator[Standing]:
    if binds(subject, FACT.id):
        yield from standing(subject, FACT)


CONSTRAINT = Constraint(
    id="asylum-application",
    light=LEGAL,
    owner="IND",
    cure="none",
    title=Text("Asielaanvraag", "Asylum application"),
    says=Text(
        "er loopt een asielaanvraag die recht op verblijf geeft",
        "an asylum application with a right to remain is pending",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="Vw 8(f)",
    rules=(RULE,),
    facts=(FACT,),
)
