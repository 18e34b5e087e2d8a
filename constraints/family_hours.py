"""No child is picked up at night."""

from collections.abc import Iterator

from constraints.custody import detained
from constraints.hours import opening_hours
from constraints.household import MINORS
from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Inside, Subject, Text


def _declare(subject: Subject) -> Iterator[Inside]:
    night_begins, night_ends = opening_hours(subject.rule("family-hours"))
    day = subject.daily(night_ends, night_begins)
    if subject.scope == "placement":
        yield Inside(("pick-up", "start"), ("pick-up", "end"), day, daily=True)
    elif not (subject.chained or detained(subject)):
        yield Inside(("transport", "start"), ("transport", "end"), day, daily=True)


CONSTRAINT = Constraint(
    id="family-hours",
    light=EXECUTION,
    owner="DT&V",
    cure="none",
    title=Text("Niet 's nachts", "Not at night"),
    says=Text(
        "kinderen worden 's nachts niet opgehaald",
        "children are not picked up at night",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    rules=("family-hours",),
    categories=MINORS,
)
