"""The nationality is confirmed, unless a passport shows it; a transfer does not ask it."""

from collections.abc import Iterator

from constraints.facts import asked
from constraints.lights import DOCUMENT
from constraints.transfers import is_transfer
from constraints.travel_document import has_passport
from scheduler.constraint import Constraint, FactType, Standing, Subject, Text

FACT = FactType(
    "nationality-confirmed",
    "person",
    Text("Is de nationaliteit bevestigd?", "Is the nationality confirmed?"),
)


def _declare(subject: Subject) -> Iterator[Standing]:
    if is_transfer(subject):
        return
    yield from asked(subject, FACT, lambda person: not has_passport(person))


CONSTRAINT = Constraint(
    id="nationality",
    light=DOCUMENT,
    owner="DT&V",
    cure="date",
    title=Text("Nationaliteit", "Nationality"),
    says=Text("de nationaliteit is niet bevestigd", "the nationality is not confirmed"),
    declare=_declare,
    scopes=frozenset({"removal"}),
    basis="Het terugkeerproces, DT&V 2021: light 4",
    facts=(FACT,),
)
