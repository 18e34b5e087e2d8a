"""Escorts for each escorted person on a scheduled flight, away until they are back and rested."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Subject, Text
from scheduler.world import Case


def escorted(case: Case) -> bool:
    """Return whether anybody of the case is escorted."""
    return any(person.escorts for person in case.persons)


def _declare(subject: Subject) -> Iterator[Attendance]:
    least = subject.rule("escort-number", risk="standard").number
    count = sum(max(one.escorts, least) for one in subject.case.persons if one.escorts)
    flights: dict[int, set[str]] = {}
    for departure in subject.departures:
        if departure.kind == "scheduled":
            flights.setdefault(departure.minutes, set()).add(departure.id)
    for minutes, departures in flights.items() if count else ():
        yield Attendance(
            role="escort",
            first="departure",
            last="departure",
            count=count,
            before=_part(subject, "before-flight"),
            after=_after(subject, minutes),
            departures=frozenset(departures),
        )


def _after(subject: Subject, flight: int) -> int:
    """Return the minutes from arrival to the end of the duty: rest, and the same flight back."""
    between = _part(subject, "lay-over")
    if flight >= _part(subject, "rest-from-flight"):
        between += _part(subject, "rest")
    before, after = _part(subject, "before-flight"), _part(subject, "after-flight")
    return after + between + before + flight + after


def _part(subject: Subject, part: str) -> int:
    return subject.rule("escort-duty", part=part).minutes


CONSTRAINT = Constraint(
    id="escort",
    light=EXECUTION,
    owner="KMar",
    cure="capacity",
    title=Text("Escorte", "Escort"),
    says=Text("geen escorte voor de vlucht", "no escort for the flight"),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("escort-duty", "escort-number"),
)
