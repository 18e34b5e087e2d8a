"""It is known which languages each person understands, so that the hearing can be interpreted."""

from collections.abc import Iterator

from constraints.lights import EXECUTION
from scheduler.constraint import Constraint, Standing, Subject, Text


def _declare(subject: Subject) -> Iterator[Standing]:
    if any(not person.languages for person in subject.case.persons):
        yield Standing("languages", "unknown")


CONSTRAINT = Constraint(
    id="languages",
    light=EXECUTION,
    owner="DT&V",
    cure="none",
    title=Text("Taal", "Language"),
    says=Text(
        "de taal van het gehoor staat niet vast",
        "the language of the hearing is not settled",
    ),
    declare=_declare,
    scopes=frozenset({"placement"}),
    basis="an interpreter in a language the person understands (safeguard)",
)
