"""Everyone whom the case names attends: a guardian, a nurse, whoever must be there."""

from collections.abc import Iterator

from constraints.lawyer import own_lawyers
from constraints.lights import EXECUTION
from scheduler.constraint import Attendance, Blocked, Constraint, Subject, Text
from scheduler.world import ACTS, Attendee


def _declare(subject: Subject) -> Iterator[Attendance | Blocked]:
    lawyers = own_lawyers(subject) if subject.scope == "placement" else ()
    for one in subject.case.attendees:
        if one not in lawyers:
            yield from _attends(subject, one)


def _attends(subject: Subject, attendee: Attendee) -> Iterator[Attendance | Blocked]:
    order = [act for leg in ("placement", "removal") for act in ACTS[leg]]
    if {attendee.from_, attendee.until} - set(order):
        yield Blocked("attendees", known=False)
        return
    acts = ACTS["placement" if subject.scope == "placement" else "removal"]
    stay = order[order.index(attendee.from_) : order.index(attendee.until) + 1]
    here = [act for act in stay if act in acts]
    resource = subject.world.resource[attendee.resource]
    if here:
        yield Attendance(
            role=resource.role,
            first=here[0],
            last=here[-1],
            among=frozenset({resource.id}),
            mode="either" if resource.remote else "on-site",
        )
    elif not stay:
        yield Blocked("attendees", known=False)


CONSTRAINT = Constraint(
    id="attendees",
    light=EXECUTION,
    owner="DT&V",
    cure="capacity",
    title=Text("Genoemde aanwezigen", "Named attendees"),
    says=Text(
        "iemand die het dossier noemt, is er niet",
        "somebody whom the case names is not there",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="a case can name people who must be there",
)
