"""The hearing precedes the measure: nobody arrives in a facility before being heard."""

from collections.abc import Iterator

from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Elapsed, Subject, Text


def _declare(subject: Subject) -> Iterator[Elapsed]:
    # In a template with one block both acts are one phase, and their order is within it.
    if not subject.acts_together("placement", "hearing", "arrival"):
        yield Elapsed(("hearing", "end"), ("arrival", "start"))


CONSTRAINT = Constraint(
    id="hearing-before-measure",
    light=DETENTION,
    owner="Hulpofficier",
    cure="none",
    title=Text("Eerst horen", "Hearing before the measure"),
    says=Text(
        "het gehoor gaat niet aan de maatregel vooraf",
        "the hearing does not precede the measure",
    ),
    declare=_declare,
    scopes=frozenset({"placement"}),
    rules=("hearing-before-measure",),
)
