"""Whoever leaves with IOM or alone is not removed: independent departure always wins."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Standing, Subject, Text, TriggerType
from scheduler.grid import local_date

TRIGGER = "independent-departure"


def _declare(subject: Subject) -> Iterator[Standing]:
    left = subject.case.trigger(TRIGGER)
    if left is not None:
        yield Standing(TRIGGER, "no", since=local_date(left, subject.zone), withdrawn=True)


CONSTRAINT = Constraint(
    id="independent-departure",
    light=EXECUTION,
    owner="DT&V",
    cure="none",
    title=Text("Zelfstandig vertrek", "Independent departure"),
    says=Text(
        "de vreemdeling vertrekt zelfstandig, dus het dossier is ingetrokken",
        "the person departs independently, so the case is withdrawn",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    basis="Independent departure always wins (safeguard)",
    triggers=(TriggerType(TRIGGER),),
)
