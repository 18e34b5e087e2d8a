"""Person and lawyer know the flight some hours before it departs, and after the placement."""

from collections.abc import Iterator
from datetime import timedelta

from constraints.custody import ARRIVAL, DEPARTURE
from constraints.facts import due
from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Declaration, Elapsed, FactType, Subject, Text, bounded

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
        yield bounded(DEPARTURE, since=subject.world.as_of + timedelta(minutes=notice))
    # Once given a notice does not grow old, so it is asked for only until it is.
    if subject.answer(FACT.id).value != "yes":
        yield from due(subject, FACT, DEPARTURE, RULE)


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
