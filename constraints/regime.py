"""A transfer names its regime, Dublin III or AMMR, in force, and goes to a state bound by it."""

from collections.abc import Iterator

from constraints.lights import LEGAL
from constraints.transfers import meant_as_transfer, to_bound_state
from scheduler.constraint import Constraint, Standing, Subject, Text


def _declare(subject: Subject) -> Iterator[Standing]:
    if not meant_as_transfer(subject):
        return
    if not to_bound_state(subject):
        yield Standing("destination", "no")
    elif not subject.rules_of("regime"):
        yield Standing("regime", "unknown")


CONSTRAINT = Constraint(
    id="regime",
    light=LEGAL,
    owner="IND",
    cure="none",
    title=Text("Overdrachtsregime", "Transfer regime"),
    says=Text(
        "voor dit dossier geldt geen overdrachtsregime",
        "no transfer regime applies to this case",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    rules=("regime",),
)
