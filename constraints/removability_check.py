"""The IND makes a last check of removability shortly before the departure."""

from collections.abc import Iterator

from constraints.custody import DEPARTURE
from constraints.facts import due
from constraints.lights import LEGAL
from scheduler.constraint import Constraint, Due, FactType, Subject, Text

FACT = FactType(
    "last-removability-check",
    "case",
    Text(
        "Is de laatste check op uitzetbaarheid bij de IND goed?",
        "Is the last removability check with the IND all right?",
    ),
    due=True,
)


def _declare(subject: Subject) -> Iterator[Due]:
    yield from due(subject, FACT, DEPARTURE, "removability-check")


CONSTRAINT = Constraint(
    id="removability-check",
    light=LEGAL,
    owner="IND",
    cure="none",
    title=Text("Laatste check uitzetbaarheid", "Last removability check"),
    says=Text(
        "de laatste check bij de IND is niet of niet goed gedaan",
        "the last check with the IND is not done or not passed",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("removability-check",),
    facts=(FACT,),
)
