"""A place in a facility for these persons, every night from the arrival to the departure."""

from collections.abc import Iterator

from constraints.household import MINORS, facility_categories
from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Nights, Subject, Text

BORDER = "border"
PSYCHIATRIC = "psychiatric"


def _declare(subject: Subject) -> Iterator[Nights]:
    if subject.scope == "chain" or not subject.chained:
        yield Nights(
            count=len(subject.case.persons),
            facilities=_facilities(subject),
            stay=None if subject.chained else _stay(subject),
        )


def _facilities(subject: Subject) -> frozenset[str]:
    """Return the facilities that may take every person of the case.

    Adults are apart by title: border cases in border places, all others outside them. Families and
    minors stay in their own facility, whatever the title.
    """
    needed = facility_categories(subject.case)
    detention = subject.case.detention
    at_border = detention is not None and detention.ground == "6"
    return frozenset(
        one.id
        for one in subject.world.facilities
        if needed <= set(one.categories)
        and PSYCHIATRIC not in one.categories
        and (needed & MINORS or (BORDER in one.categories) == at_border)
    )


def _stay(subject: Subject) -> int:
    family = facility_categories(subject.case) & MINORS
    return subject.rule("family-facility" if family else "placement-stay").number


CONSTRAINT = Constraint(
    id="detention-place",
    light=DETENTION,
    owner="DJI",
    cure="capacity",
    title=Text("Plaats in bewaring", "Detention place"),
    says=Text(
        "geen plaats in een passende inrichting",
        "no place in a facility that fits",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "chain"}),
    rules=("placement-stay", "family-facility"),
)
