"""A joint charter takes no more persons from each state than the states have agreed.

The quotas together may be more than the seats, so that none is left empty; then the states compete.
A charter without quotas is open to all.
"""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Seats, Subject, Text
from scheduler.world import Departure


def _declare(subject: Subject) -> Iterator[Seats]:
    if any(one.quotas for one in subject.departures):
        country = subject.world.location[subject.case.location].country
        limits = subject.once(
            ("country-quota", country),
            lambda: tuple((one.id, _limit(one, country)) for one in subject.departures),
        )
        yield Seats(country, len(subject.case.persons), limits)


def _limit(departure: Departure, country: str) -> int:
    """Return the quota of ``country``; where there are none, all seats."""
    if not departure.quotas:
        return departure.seats.unescorted + departure.seats.escorted
    return sum(one.seats for one in departure.quotas if one.country == country)


CONSTRAINT = Constraint(
    id="country-quota",
    light=EXECUTION,
    owner="Frontex",
    cure="release",
    title=Text("Quotum van het land op een charter", "Country's quota on a charter"),
    says=Text(
        "geen plaats meer in het quotum van {kind} op deze charter",
        "no seat left in the quota of {kind} on this charter",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    basis="quotas that the states on a joint charter agree",
)
