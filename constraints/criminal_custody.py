"""The person is not held in criminal custody."""

from collections.abc import Iterator

from constraints.facts import standing
from constraints.lights import AVAILABLE
from scheduler.constraint import Constraint, FactType, Standing, Subject, Text

FACT = FactType(
    "no-criminal-custody",
    "case",
    Text(
        "Zit de vreemdeling niet in strafrechtelijke detentie?",
        "Is the person not in criminal custody?",
    ),
)


def _declare(subject: Subject) -> Iterator[Standing]:
    yield from standing(subject, FACT)


CONSTRAINT = Constraint(
    id="criminal-custody",
    light=AVAILABLE,
    owner="Openbaar Ministerie",
    cure="date",
    title=Text("Strafrechtelijke detentie", "Criminal custody"),
    says=Text(
        "er is strafrechtelijke detentie",
        "the person is in criminal custody",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="Het terugkeerproces, DT&V 2021: light 2",
    facts=(FACT,),
)
