"""The person was presented to the embassy, unless there is a passport or a transfer."""

from collections.abc import Iterator

from constraints.facts import asked
from constraints.lights import DOCUMENT
from constraints.transfers import is_transfer
from constraints.travel_document import has_passport
from scheduler.constraint import Constraint, FactType, Standing, Subject, Text

FACT = FactType(
    "presentation-done",
    "person",
    Text(
        "Is de presentatie bij de vertegenwoordiging gedaan?",
        "Has the presentation at the embassy been done?",
    ),
)


def _declare(subject: Subject) -> Iterator[Standing]:
    if is_transfer(subject):
        return
    yield from asked(subject, FACT, lambda person: not has_passport(person))


CONSTRAINT = Constraint(
    id="presentation",
    light=DOCUMENT,
    owner="DT&V",
    cure="date",
    title=Text("Presentatie", "Presentation"),
    says=Text("de presentatie is nog niet gedaan", "the presentation has not been done"),
    declare=_declare,
    scopes=frozenset({"removal"}),
    basis="Het terugkeerproces, DT&V 2021: light 4",
    facts=(FACT,),
)
