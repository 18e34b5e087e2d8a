"""Who leaves together: a family with children, an unaccompanied minor, or adults."""

from scheduler.world import Case

CHILD = "child"
FAMILY = "family"
UNACCOMPANIED = "unaccompanied-minor"
ADULTS = frozenset({"man", "woman"})
PERSONS = ADULTS | {CHILD, UNACCOMPANIED}
"""The categories that a person can have, all of them."""
MINORS = frozenset({CHILD, FAMILY, UNACCOMPANIED})
"""Categories of persons whose presence brings in the rules for families and minors."""


def unaccompanied(case: Case) -> bool:
    """Return whether a minor is without an adult: named so, or children only."""
    categories = _categories(case)
    return UNACCOMPANIED in categories or categories == {CHILD}


def facility_categories(case: Case) -> frozenset[str]:
    """Return the categories that a facility must all have to take this case.

    A family with a child counts as a family, whoever its adults are.
    """
    categories = _categories(case)
    needed = frozenset({UNACCOMPANIED} if unaccompanied(case) else ())
    if categories & {CHILD, FAMILY} and categories != {CHILD}:
        needed |= {FAMILY}
    return needed or categories


def _categories(case: Case) -> frozenset[str]:
    return frozenset(person.category for person in case.persons)
