"""Whoever is detained for a transfer is transferred within weeks: five, under Dublin III six."""

from collections.abc import Iterator

from constraints.custody import departs_within
from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Declaration, Subject, Text


def _declare(subject: Subject) -> Iterator[Declaration]:
    yield from departs_within(subject, "detention-transfer")


CONSTRAINT = Constraint(
    id="detention-transfer",
    light=DETENTION,
    owner="DT&V",
    cure="none",
    title=Text("Termijn van bewaring voor overdracht", "Detention for a transfer"),
    says=Text(
        "de overdracht valt buiten de weken die de bewaring mag duren",
        "the transfer falls outside the weeks that detention may last",
    ),
    declare=_declare,
    scopes=frozenset({"removal", "chain"}),
    rules=("detention-transfer",),
    grounds=frozenset({"59a"}),
)
