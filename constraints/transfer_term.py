"""A transfer departs before its term is over: longer in prison or after absconding."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from constraints.custody import DEPARTURE
from constraints.events import happened
from constraints.lights import AVAILABLE
from constraints.transfers import is_transfer
from scheduler.constraint import Constraint, Inside, Standing, Subject, Text, TriggerType, bounded

ACCEPTED = "transfer-accepted"
LONGER = ("in-prison", "absconded")
REAPPEARED = "reappeared"


def _declare(subject: Subject) -> Iterator[Inside | Standing]:
    if not is_transfer(subject):
        return
    accepted = happened(subject, ACCEPTED)
    if not subject.rules_of("transfer-term", situation="standard"):
        yield Standing("regime", "unknown")
    elif accepted is None:
        yield Standing(ACCEPTED, "unknown")
    else:
        yield bounded(DEPARTURE, until=_end(subject, accepted), clock=True)


def _end(subject: Subject, accepted: datetime) -> datetime:
    """Return the end of the term; only what has happened before it was over makes it longer."""
    end = standard = accepted + _term(subject, "standard")
    for situation in LONGER:
        at = happened(subject, situation)
        if at is not None and at <= standard:
            end = max(end, accepted + _term(subject, situation))
    reappeared = happened(subject, REAPPEARED)
    floor = subject.rules_of("transfer-floor")
    if floor and reappeared is not None and reappeared <= end:
        end = max(end, reappeared + timedelta(minutes=floor[0].minutes))
    return end


def _term(subject: Subject, situation: str) -> timedelta:
    return timedelta(minutes=subject.rule("transfer-term", situation=situation).minutes)


CONSTRAINT = Constraint(
    id="transfer-term",
    light=AVAILABLE,
    owner="IND",
    cure="none",
    title=Text("Overdrachtstermijn", "Transfer term"),
    says=Text("de overdrachtstermijn is verstreken", "the transfer term is over"),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("transfer-term", "transfer-floor"),
    triggers=tuple(TriggerType(kind) for kind in (ACCEPTED, *LONGER, REAPPEARED)),
)
