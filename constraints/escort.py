"""Escorts for each escorted person by air or road, away until back; a charter brings its own."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Subject, Text
from scheduler.world import Case


def escorted(case: Case) -> bool:
    """Return whether anybody of the case is escorted."""
    return any(person.escorts for person in case.persons)


def _declare(subject: Subject) -> Iterator[Attendance]:
    if not escorted(subject.case):
        return
    least = subject.rule("escort-number", risk="standard").number
    count = sum(max(one.escorts, least) for one in subject.case.persons if one.escorts)
    yield from subject.once(("escort", count), lambda: tuple(_journeys(subject, count)))


def _journeys(subject: Subject, count: int) -> Iterator[Attendance]:
    journeys: dict[tuple[bool, int], set[str]] = {}
    for departure in subject.departures:
        if departure.kind != "charter":
            by_road = departure.kind == "road"
            journeys.setdefault((by_road, departure.minutes), set()).add(departure.id)
    for (by_road, minutes), departures in journeys.items():
        yield Attendance(
            role="escort",
            first="departure",
            last="departure",
            count=count,
            before=_part(subject, "before-road" if by_road else "before-flight"),
            after=_after_road(subject, minutes) if by_road else _after_flight(subject, minutes),
            departures=frozenset(departures),
        )


def _after_flight(subject: Subject, flight: int) -> int:
    """Return the minutes from arrival to the end of the duty: rest, and the same flight back."""
    between = _part(subject, "lay-over")
    if flight >= _part(subject, "rest-from-flight"):
        between += _part(subject, "rest")
    before, after = _part(subject, "before-flight"), _part(subject, "after-flight")
    return after + between + before + flight + after


def _after_road(subject: Subject, drive: int) -> int:
    """Return the minutes from arrival to the end of the duty: the same drive back."""
    return _part(subject, "after-road") + drive


def _part(subject: Subject, part: str) -> int:
    return subject.rule("escort-duty", part=part).minutes


CONSTRAINT = Constraint(
    id="escort",
    light=EXECUTION,
    owner="KMar",
    cure="capacity",
    title=Text("Escorte", "Escort"),
    says=Text("geen escorte voor de reis", "no escort for the journey"),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("escort-duty", "escort-number"),
)
