"""A transfer to another state (Dublin III or AMMR) is no return, and has its own rules."""

from scheduler.constraint import Subject

# fmt: off
EUROPEAN_UNION = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})
# fmt: on
ASSOCIATED = frozenset({"CH", "IS", "LI", "NO"})
BOUND = EUROPEAN_UNION | ASSOCIATED
"""The states bound by the Dublin rules: the EU 27 (Denmark by its agreement with the EU, OJ 2006
L 66), Iceland and Norway (OJ 2001 L 93), Switzerland (OJ 2008 L 53), Liechtenstein (OJ 2011 L 160).
"""


def meant_as_transfer(subject: Subject) -> bool:
    """Return whether the case says so: it has a regime, or a ground that asks for one."""
    detention = subject.case.detention
    return subject.case.regime is not None or (detention is not None and detention.ground == "59a")


def to_bound_state(subject: Subject) -> bool:
    """Return whether the destination, a country or a place in one, is bound by the rules."""
    destination = subject.case.destination
    place = subject.world.location.get(destination)
    return (place.country if place else destination) in BOUND


def is_transfer(subject: Subject) -> bool:
    """Return whether the case is a transfer: meant as one, and to a state that takes one."""
    return meant_as_transfer(subject) and to_bound_state(subject)
