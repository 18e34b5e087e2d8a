"""Each person meets what the destination asks at its border: tests, vaccination, visa."""

from collections.abc import Iterator

from constraints.facts import standing
from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, FactType, Standing, Subject, Text

FACT = FactType(
    "entry-requirements-met",
    "person",
    Text(
        "Is voldaan aan de inreisvoorwaarden van het land van bestemming?",
        "Are the entry requirements of the destination met?",
    ),
)


def _declare(subject: Subject) -> Iterator[Standing]:
    yield from standing(subject, FACT)


CONSTRAINT = Constraint(
    id="entry-requirements",
    light=EXECUTION,
    owner="DT&V",
    cure="date",
    title=Text("Inreisvoorwaarden", "Entry requirements"),
    says=Text(
        "aan de inreisvoorwaarden van de bestemming is niet voldaan",
        "the entry requirements of the destination are not met",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    basis="seed 003, knelpunt 3",
    facts=(FACT,),
)
