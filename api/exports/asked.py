"""What a partner is asked for a booking, one thing after the other: for calendars and for lists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from api.language import Language, phrase
from api.store.standing import OwnPart
from constraints.register import REGISTER
from scheduler.world import BookedAttendance


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing: what, in words, where, and from when until when; whole days are days.

    ``what`` stays the same as long as the booking does. ``attendances`` are those who come.
    """

    what: str
    says: str
    place: str | None
    since: date
    until: date
    attendances: tuple[BookedAttendance, ...] = ()


def asks(part: OwnPart, language: Language) -> Iterator[Ask]:
    """Yield all that a partner is asked: people by phase, nights, seats, and each due check."""
    places = {one.id: one.place for one in part.phases}
    order = [one.id for one in part.phases]
    attending = sorted(part.attendances, key=lambda one: order.index(one.phase))
    for phase, found in groupby(attending, key=lambda one: one.phase):
        mine = tuple(found)
        since, until = min(one.from_ for one in mine), max(one.until for one in mine)
        yield Ask(phase, _people(mine, language), places[phase], since, until, mine)
    if part.nights:
        said = language.say(phrase("place in detention"))
        leaves = max(part.nights) + timedelta(days=1)
        yield Ask("nights", said, part.facility, min(part.nights), leaves)
    if part.departure is not None:
        flight, said = part.phases[-1], language.say(phrase("seats aboard"))
        seats = f"{said}, {part.departure}"
        yield Ask("seats", seats, flight.place, flight.from_, flight.until)
    for check in part.checks:
        fact = REGISTER.facts[check.fact]
        said = next(language.title(one) for one in REGISTER.constraints if fact in one.facts)
        yield Ask(f"check-{check.fact}", said, None, check.opens, check.before)


def _people(attendances: Sequence[BookedAttendance], language: Language) -> str:
    """Return how many of which roles attend."""
    counts: dict[str, int] = {}
    for one in attendances:
        counts[one.role] = counts.get(one.role, 0) + len(one.resources)
    return ", ".join(
        f"{count} {language.role(role, count)}" for role, count in sorted(counts.items())
    )
