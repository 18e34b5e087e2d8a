"""A charter departs only with its own team rostered, and with a monitor where one is asked."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Only, Subject, Text
from scheduler.grid import merged
from scheduler.world import Departure, Resource

MONITOR = "monitor"


def _declare(subject: Subject) -> Iterator[Only]:
    departures = subject.departures
    manned = frozenset(
        one.id for one in departures if one.kind != "charter" or _is_manned(subject, one)
    )
    if len(manned) < len(departures):
        yield Only(departures=manned)


def _is_manned(subject: Subject, charter: Departure) -> bool:
    team = [subject.world.resource[one] for one in charter.team]
    monitors = sum(MONITOR in {one.role, *one.skills} for one in team)
    asked = sum(row.number for row in subject.rules_of(MONITOR, charter=charter.charter))
    return bool(team) and monitors >= asked and all(_at_work(subject, one, charter) for one in team)


def _at_work(subject: Subject, member: Resource, charter: Departure) -> bool:
    departs, arrives = charter.departs, charter.arrives
    on_duty = any(
        since <= departs and arrives <= until for since, until in merged(subject.world.duty(member))
    )
    away = any(one.from_ < arrives and departs < one.until for one in member.away)
    return on_duty and not away


CONSTRAINT = Constraint(
    id="charter-team",
    light=EXECUTION,
    owner="DT&V",
    cure="capacity",
    title=Text("Team van de charter", "Charter team"),
    says=Text(
        "het team van de charter, of de monitor, is niet ingeroosterd",
        "the team of the charter, or its monitor, is not rostered",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("monitor",),
)
