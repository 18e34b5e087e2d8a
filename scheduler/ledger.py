"""The bookings in force: what they claim, who holds what, and the world without some of them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from scheduler.occupancy import Claims, Occupancy
from scheduler.pattern import Pattern, Patterns, pattern_of
from scheduler.plan import begun, claims_of, in_force
from scheduler.timeline import Timeline
from scheduler.world import Booking, World


class Ledger:
    """Bookings with their claims in an occupancy that follows them.

    ``claims`` holds what each takes, by id. Cancelled bookings, and those of withdrawn cases that
    have not begun, are left out.
    """

    def __init__(self, patterns: Patterns, bookings: Iterable[Booking]) -> None:
        self.patterns = patterns
        self.occupancy = Occupancy(patterns.world)
        self.bookings: dict[str, Booking] = {}
        self.claims: dict[str, Claims] = {}
        self._take(bookings)

    def follow(self, world: World, changed: Collection[str], people: Collection[str] = ()) -> None:
        """Go on with the bookings of ``world``, as :meth:`Patterns.follow` does before."""
        for one in [one for one in self.bookings.values() if one.case in changed]:
            del self.bookings[one.id]
            self.occupancy.release(self.claims.pop(one.id))
        self.occupancy.follow(world, people)
        self._take(world.bookings)

    def _take(self, bookings: Iterable[Booking]) -> None:
        """Claim what those of ``bookings`` in force take that are not known yet."""
        patterns, known = self.patterns, self.claims
        self.bookings = {one.id: one for one in in_force(patterns, bookings)}
        self.claims = {
            one.id: known.get(one.id) or claims_of(patterns.of(one.case), one)
            for one in self.bookings.values()
        }
        self._of_case: dict[str, list[Booking]] = {}
        self._people: dict[str, list[tuple[str, Timeline]]] = {}
        self._nights: dict[tuple[str, date], list[str]] = {}
        self._aboard: dict[tuple[str, str], list[str]] = {}
        for one in self.bookings.values():
            if one.operation in patterns.world.case[one.case].legs:
                self._of_case.setdefault(one.case, []).append(one)
            claims = self.claims[one.id]
            if one.id not in known:
                self.occupancy.claim(claims)
            for resource, line in claims.people:
                self._people.setdefault(resource, []).append((one.id, line))
            for facility, night, _ in claims.nights:
                self._nights.setdefault((facility, night), []).append(one.id)
            for departure, kind, _, _ in claims.seats:
                self._aboard.setdefault((departure, kind), []).append(one.id)

    def of(self, case: str) -> tuple[Booking, ...]:
        """Return the bookings of the legs that ``case`` asks for, in their order as booked.

        A placement that was carried out before its case became a removal is none of them.
        """
        return tuple(self._of_case.get(case, ()))

    def movable(self, case: str) -> tuple[Booking, ...]:
        """Return the bookings of ``case`` that have not begun, so that a move could be asked."""
        now = self.patterns.world.as_of
        return tuple(one for one in self.of(case) if not begun(one, now))

    def holders(self, resource: str, line: Timeline) -> tuple[str, ...]:
        """Return the bookings that hold ``resource`` in one of the slots of ``line``."""
        return tuple(one for one, held in self._people.get(resource, ()) if held & line)

    def inside(self, facility: str, night: date) -> tuple[str, ...]:
        """Return the bookings that hold a place of ``facility`` in ``night``."""
        return tuple(self._nights.get((facility, night), ()))

    def aboard(self, departure: str, kind: str) -> tuple[str, ...]:
        """Return the bookings that hold a seat of ``kind`` on ``departure``."""
        return tuple(self._aboard.get((departure, kind), ()))

    def pattern(self, case: str) -> Pattern | None:
        """Return the pattern that the bookings of ``case`` are of; None when they are of none."""
        return pattern_of(self.patterns.of(case), self.of(case))

    @contextmanager
    def without(self, bookings: Sequence[Booking]) -> Iterator[None]:
        """Give back what ``bookings`` take, for a while."""
        for one in bookings:
            self.occupancy.release(self.claims[one.id])
        try:
            yield
        finally:
            for one in bookings:
                self.occupancy.claim(self.claims[one.id])
