"""Families with children and unaccompanied minors: only their own closed facility, and briefly."""

from collections.abc import Iterator

from constraints.custody import departs_within
from constraints.household import ADULTS, MINORS, facility_categories
from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Declaration, Only, Subject, Text


def _declare(subject: Subject) -> Iterator[Declaration]:
    if subject.scope == "placement":
        needed = facility_categories(subject.case)
        yield Only(
            facilities=frozenset(
                one.id
                for one in subject.world.facilities
                if needed <= set(one.categories) and not ADULTS & set(one.categories)
            )
        )
    else:
        yield from departs_within(subject, "family-facility")


CONSTRAINT = Constraint(
    id="family-facility",
    light=DETENTION,
    owner="DJI",
    cure="none",
    title=Text("Gesloten gezinsvoorziening", "Closed family facility"),
    says=Text(
        "een gezin of minderjarige hoort in de gesloten gezinsvoorziening, en niet langer dan mag",
        "a family or minor belongs in the closed family facility, no longer than allowed",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal", "chain"}),
    rules=("family-facility",),
    categories=MINORS,
)
