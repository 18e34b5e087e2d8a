"""The court is notified each time a detention has lasted another 68 days."""

from collections.abc import Iterator

from constraints.custody import ARRIVAL
from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Milestone, Subject, Text


def _declare(subject: Subject) -> Iterator[Milestone]:
    yield Milestone(ARRIVAL, subject.rule("continued-detention-notice").minutes)


CONSTRAINT = Constraint(
    id="continued-detention-notice",
    light=DETENTION,
    owner="DT&V",
    cure="none",
    title=Text("Kennisgeving voortduren", "Continued detention notice"),
    says=Text(
        "de rechtbank moet weten dat de bewaring voortduurt",
        "the court must be told that the detention continues",
    ),
    declare=_declare,
    scopes=frozenset({"placement"}),
    rules=("continued-detention-notice",),
)
