"""A fresh statement that each person is fit to fly."""

from collections.abc import Iterator

from constraints.custody import DEPARTURE
from constraints.facts import due
from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Due, FactType, Subject, Text

FACT = FactType(
    "fit-to-fly",
    "person",
    Text(
        "Is er een verklaring dat de vreemdeling kan vliegen?",
        "Is there a statement that the person is fit to fly?",
    ),
    due=True,
)


def _declare(subject: Subject) -> Iterator[Due]:
    yield from due(subject, FACT, DEPARTURE, "fit-to-fly")


CONSTRAINT = Constraint(
    id="fit-to-fly",
    light=EXECUTION,
    owner="Medische dienst",
    cure="none",
    title=Text("Fit to fly", "Fit to fly"),
    says=Text(
        "er is geen verse verklaring dat de vreemdeling kan vliegen",
        "there is no fresh statement that the person is fit to fly",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("fit-to-fly",),
    facts=(FACT,),
)
