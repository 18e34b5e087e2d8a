"""A lawyer is present at the hearing: the person's own, else one of the duty desk."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Constraint, Subject, Text
from scheduler.world import ACTS, Attendee

ROLE = "lawyer"
DUTY_DESK = "duty-desk"
HEARING = "hearing"


def own_lawyers(subject: Subject) -> tuple[Attendee, ...]:
    """Return the lawyers that the case names."""
    resource = subject.world.resource
    return tuple(one for one in subject.case.attendees if resource[one.resource].role == ROLE)


def _declare(subject: Subject) -> Iterator[Attendance]:
    own = own_lawyers(subject)
    for one in own:
        first, last = _stay(one)
        yield Attendance(role=ROLE, first=first, last=last, among=frozenset({one.resource}))
    if not own:
        yield Attendance(role=ROLE, first=HEARING, last=HEARING, skills=frozenset({DUTY_DESK}))


def _stay(lawyer: Attendee) -> tuple[str, str]:
    """Return the acts that ``lawyer`` attends, the hearing always among them."""
    acts = ACTS["placement"]
    named = [act for act in (HEARING, lawyer.from_, lawyer.until) if act in acts]
    return min(named, key=acts.index), max(named, key=acts.index)


CONSTRAINT = Constraint(
    id="lawyer",
    light=EXECUTION,
    owner="Advocatuur",
    cure="capacity",
    title=Text("Advocaat", "Lawyer"),
    says=Text("geen advocaat bij het gehoor", "no lawyer at the hearing"),
    declare=_declare,
    scopes=frozenset({"placement"}),
    rules=("lawyer-wait",),
)
