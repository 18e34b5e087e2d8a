"""No medical bar on the flight date: tuberculosis, admission, or a birth within six weeks."""

from collections.abc import Iterator
from datetime import timedelta

from constraints.custody import DEPARTURE
from constraints.facts import standing
from constraints.hours import last_moment
from constraints.lights import LEGAL
from scheduler.constraint import (
    EARLIEST,
    LATEST,
    Constraint,
    FactType,
    Inside,
    Standing,
    Subject,
    Text,
    TriggerType,
)
from scheduler.grid import local_date, midnight

FACT = FactType(
    "no-medical-bar",
    "person",
    Text(
        "Is er geen medisch beletsel (Vw 64: tuberculose, opname, bevalling)?",
        "Is there no medical bar (Vw 64: tuberculosis, admission, birth)?",
    ),
)
TRIGGER = "birth"


def _declare(subject: Subject) -> Iterator[Inside | Standing]:
    yield from standing(subject, FACT)
    bar = timedelta(minutes=subject.rule("medical").minutes)
    for event in subject.case.triggers:
        if event.kind == TRIGGER:
            birth = local_date(event.at, subject.zone)
            before = EARLIEST, last_moment(birth - bar - timedelta(days=1), subject.zone)
            after = midnight(birth + bar + timedelta(days=1), subject.zone), LATEST
            yield Inside(DEPARTURE, DEPARTURE, (before, after))


CONSTRAINT = Constraint(
    id="medical-bar",
    light=LEGAL,
    owner="IND",
    cure="date",
    title=Text("Medisch beletsel", "Medical bar"),
    says=Text(
        "er is een medisch beletsel op de vluchtdatum",
        "there is a medical bar on the flight date",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("medical",),
    facts=(FACT,),
    triggers=(TriggerType(TRIGGER, ahead=True),),
)
