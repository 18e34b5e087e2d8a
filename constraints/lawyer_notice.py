"""Person and lawyer know the flight some hours before it departs, and after the placement."""

from collections.abc import Iterator

from constraints.booked import departure_of, others_than
from constraints.custody import ARRIVAL, DEPARTURE
from constraints.lights import EXECUTION
from scheduler.constraint import (
    After,
    Constraint,
    Declaration,
    Due,
    Elapsed,
    FactType,
    Subject,
    Text,
)
from scheduler.world import Fact

RULE = "lawyer-notice-of-flight"
FACT = FactType(
    "notice-given",
    "case",
    Text(
        "Zijn de vluchtgegevens aan vreemdeling en advocaat gemeld?",
        "Have the person and the lawyer been told the flight?",
    ),
    due=True,
)


def _declare(subject: Subject) -> Iterator[Declaration]:
    notice = subject.rule(RULE).minutes
    if subject.scope == "chain":
        yield Elapsed(ARRIVAL, DEPARTURE, at_least=notice)
        return
    if not subject.chained:
        told = departure_of(subject) if _told(subject) else None
        others = others_than(subject, told)
        yield After(DEPARTURE, subject.world.as_of, minutes=notice, departures=others)
    if not _told(subject):
        yield Due(FACT.id, DEPARTURE, notice, (Fact(value="unknown"),))


def _told(subject: Subject) -> bool:
    """Return whether the notice was given of a departure that is booked.

    An answer about a booking that no longer stands says nothing of the next departure, and one
    given of the booking that stands does not grow old.
    """
    return departure_of(subject) is not None and subject.answer(FACT.id).value == "yes"


CONSTRAINT = Constraint(
    id="lawyer-notice",
    light=EXECUTION,
    owner="DT&V",
    cure="date",
    title=Text("Melding van de vlucht", "Notice of the flight"),
    says=Text(
        "vreemdeling en advocaat weten de vlucht niet op tijd",
        "the person and the lawyer are not told the flight in time",
    ),
    declare=_declare,
    scopes=frozenset({"removal", "chain"}),
    rules=(RULE,),
    facts=(FACT,),
)
