"""Everyone whom the case names attends: a guardian, a nurse, whoever must be there."""

from collections.abc import Iterator

from constraints.lawyer import own_lawyers
from constraints.lights import EXECUTION
from constraints.stay import stay
from scheduler.constraint import Attendance, Constraint, Standing, Subject, Text
from scheduler.world import ACTS, Leg


def _declare(subject: Subject) -> Iterator[Attendance | Standing]:
    leg: Leg = "placement" if subject.scope == "placement" else "removal"
    lawyers = own_lawyers(subject) if leg == "placement" else ()
    for one in subject.case.attendees:
        named = stay(one)
        if not named:
            yield Standing("attendees", "unknown")
        here = [act for act in named if act in ACTS[leg]]
        if here and one not in lawyers:
            resource = subject.world.resource[one.resource]
            yield Attendance(
                role=resource.role,
                first=here[0],
                last=here[-1],
                among=frozenset({resource.id}),
                mode="either" if resource.remote else "on-site",
            )


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
