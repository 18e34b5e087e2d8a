"""No departure before the term to leave by oneself is over; transfers and the border have none."""

from collections.abc import Iterator

from constraints.custody import DEPARTURE
from constraints.lights import LEGAL
from constraints.transfers import is_transfer
from scheduler.constraint import Constraint, Inside, Standing, Subject, Text, TriggerType, bounded

TRIGGER = "departure-term-end"
BORDER = "6"


def _declare(subject: Subject) -> Iterator[Inside | Standing]:
    case = subject.case
    if is_transfer(subject) or (case.detention is not None and case.detention.ground == BORDER):
        return
    over = case.trigger(TRIGGER)
    if over is None:
        yield Standing(TRIGGER, "unknown")
    else:
        yield bounded(DEPARTURE, since=over)


CONSTRAINT = Constraint(
    id="departure-term",
    light=LEGAL,
    owner="IND",
    cure="date",
    title=Text("Vertrektermijn", "Departure term"),
    says=Text("de vertrektermijn loopt nog", "the departure term is not over"),
    declare=_declare,
    scopes=frozenset({"removal"}),
    basis="Vw 62",
    triggers=(TriggerType(TRIGGER, ahead=True),),
)
