"""Pick-up and hearing are on working days, within the hours that policy gives them."""

from collections.abc import Iterator

from constraints.custody import ARRIVAL
from constraints.hours import opening_hours
from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Edge, Inside, Subject, Text

PICK_UP: Edge = ("pick-up", "start")


def _declare(subject: Subject) -> Iterator[Inside]:
    if subject.acts_together("placement", "pick-up", "hearing"):
        yield _within(subject, PICK_UP, ARRIVAL, "office-hours")
    else:
        yield _within(subject, PICK_UP, PICK_UP, "pick-up-hours")
        yield _within(subject, ("hearing", "start"), ("hearing", "end"), "office-hours")


def _within(subject: Subject, first: Edge, last: Edge, rule: str) -> Inside:
    hours = opening_hours(subject.rule(rule))
    return Inside(first, last, subject.daily(*hours, working_days=True), daily=True)


CONSTRAINT = Constraint(
    id="working-hours",
    light=EXECUTION,
    owner="DT&V",
    cure="none",
    title=Text("Werktijden", "Working hours"),
    says=Text(
        "buiten de werkdagen of de uren voor staandehouding en gehoor",
        "outside the working days or hours for pick-up and hearing",
    ),
    declare=_declare,
    scopes=frozenset({"placement"}),
    rules=("pick-up-hours", "office-hours"),
)
