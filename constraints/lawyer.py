"""A lawyer is present at the hearing: the person's own, else one of the duty desk.

One's own is always at the hearing, and at all else that the case names.
"""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from constraints.stay import stay
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
        here = [act for act in ACTS["placement"] if act in {HEARING, *stay(one)}]
        yield Attendance(role=ROLE, first=here[0], last=here[-1], among=frozenset({one.resource}))
    if not own:
        yield Attendance(role=ROLE, first=HEARING, last=HEARING, skills=frozenset({DUTY_DESK}))


CONSTRAINT = Constraint(
    id="lawyer",
    light=EXECUTION,
    owner="Advocatuur",
    cure="capacity",
    title=Text("Advocaat", "Lawyer"),
    says=Text("geen advocaat bij het gehoor", "no lawyer at the hearing"),
    declare=_declare,
    scopes=frozenset({"placement"}),
    basis="a hearing is always planned with the lawyer present (safeguard)",
)
