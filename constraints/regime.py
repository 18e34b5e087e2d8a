"""A transfer names its regime, Dublin III or AMMR by registration date, and it must be in force."""

from collections.abc import Iterator

from constraints.lights import LEGAL
from constraints.transfers import is_transfer
from scheduler.constraint import Blocked, Constraint, Subject, Text


def _declare(subject: Subject) -> Iterator[Blocked]:
    if is_transfer(subject.case) and not subject.rules_of("regime"):
        yield Blocked("regime", known=False)


CONSTRAINT = Constraint(
    id="regime",
    light=LEGAL,
    owner="IND",
    cure="none",
    title=Text("Overdrachtsregime", "Transfer regime"),
    says=Text(
        "het is niet bekend welk overdrachtsregime geldt",
        "it is not known which transfer regime applies",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    rules=("regime",),
)
