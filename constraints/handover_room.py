"""At an airport that has rooms for it, the hand-over takes a room that fits the household."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Subject, Text

ROLE = "room"
ALONE = frozenset({"single", "group"})
TOGETHER = frozenset({"family"})


def _declare(subject: Subject) -> Iterator[Attendance]:
    fits = ALONE if len(subject.case.persons) == 1 else TOGETHER
    yield from subject.once(("handover-room", fits), lambda: tuple(_rooms(subject, fits)))


def _rooms(subject: Subject, fits: frozenset[str]) -> Iterator[Attendance]:
    rooms: dict[str, set[str]] = {}
    for room in subject.world.roles.get(ROLE, ()):
        rooms.setdefault(room.home, set()).add(room.id)
    departures: dict[str, set[str]] = {}
    for one in subject.departures:
        departures.setdefault(one.from_, set()).add(one.id)
    for airport in sorted(rooms.keys() & departures.keys()):
        yield Attendance(
            role=ROLE,
            first="hand-over",
            last="hand-over",
            skills=fits,
            among=frozenset(rooms[airport]),
            departures=frozenset(departures[airport]),
        )


CONSTRAINT = Constraint(
    id="handover-room",
    light=EXECUTION,
    owner="KMar",
    cure="capacity",
    title=Text("Ruimte op de luchthaven", "Room at the airport"),
    says=Text("geen ruimte op de luchthaven", "no room at the airport"),
    declare=_declare,
    scopes=frozenset({"removal"}),
    basis="the rooms that the airport has",
)
