"""A charter departs with its own team, complete and rostered there and back."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Only, Subject, Text
from scheduler.grid import Stretch, merged
from scheduler.world import Departure, Resource

ROLES = ("escort", "doctor")
MONITOR = "monitor"


def _declare(subject: Subject) -> Iterator[Only]:
    departures = subject.departures
    manned = subject.once(
        "charter-team",
        lambda: frozenset(
            one.id for one in departures if one.kind != "charter" or _is_manned(subject, one)
        ),
    )
    if len(manned) < len(departures):
        yield Only(departures=manned)


def _is_manned(subject: Subject, charter: Departure) -> bool:
    team = [subject.world.resource[one] for one in charter.team]
    complete = all(
        sum(role in {one.role, *one.skills} for one in team) >= count
        for role, count in _asked(subject, charter)
    )
    return complete and all(_is_there(subject, one, charter) for one in team)


def _asked(subject: Subject, charter: Departure) -> Iterator[tuple[str, int]]:
    for role in ROLES:
        yield role, subject.rule("charter-team", role=role).number
    yield MONITOR, sum(row.number for row in subject.rules_of(MONITOR, charter=charter.charter))


def _is_there(subject: Subject, member: Resource, charter: Departure) -> bool:
    """Return whether ``member`` is at work for the whole duty, and on no other charter in it."""
    duty = charter.departs, charter.arrives + (charter.arrives - charter.departs)
    on_duty = any(
        since <= duty[0] and duty[1] <= until for since, until in merged(subject.world.duty(member))
    )
    duties = subject.world.team_duties[member.id]
    elsewhere = sum(_overlap(duty, other) for other in duties) != 1
    away = any(_overlap(duty, one.stretch) for one in member.away)
    return on_duty and not elsewhere and not away


def _overlap(one: Stretch, other: Stretch) -> bool:
    return one[0] < other[1] and other[0] < one[1]


CONSTRAINT = Constraint(
    id="charter-team",
    light=EXECUTION,
    owner="DT&V",
    cure="capacity",
    title=Text("Team van de charter", "Charter team"),
    says=Text(
        "het team van de charter is niet volledig of niet ingeroosterd",
        "the team of the charter is not complete or not rostered",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("charter-team", "monitor"),
)
