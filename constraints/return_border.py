"""The return border procedure lasts twelve weeks at most."""

from collections.abc import Iterator

from constraints.custody import departs_within
from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Declaration, Subject, Text


def _declare(subject: Subject) -> Iterator[Declaration]:
    yield from departs_within(subject, "return-border")


CONSTRAINT = Constraint(
    id="return-border",
    light=DETENTION,
    owner="KMar",
    cure="none",
    title=Text("Terugkeergrensprocedure", "Return border procedure"),
    says=Text(
        "het vertrek valt na het einde van de terugkeergrensprocedure",
        "the departure falls after the end of the return border procedure",
    ),
    declare=_declare,
    scopes=frozenset({"removal", "chain"}),
    rules=("return-border",),
    grounds=frozenset({"6"}),
)
