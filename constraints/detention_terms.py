"""The departure lies within the longest term that the law gives to the ground of detention."""

from collections.abc import Iterator
from datetime import timedelta

from constraints.custody import departs_within, detained, imposed_at
from constraints.events import happened
from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Declaration, Standing, Subject, Text, TriggerType

TERMS = {
    "59-1": ("detention-term", "detention-term-extension"),
    "59-2": ("detention-papers-present", None),
    "59b": ("detention-asylum", "detention-asylum-extension"),
}
"""The row of each ground, and that of its extension; 59-2 is never longer. Grounds 6 and 59a have
files of their own."""
EXTENDED = "detention-extended"


def _declare(subject: Subject) -> Iterator[Declaration]:
    detention = subject.case.detention
    if detention is None:
        if detained(subject):
            yield Standing("detention-ground", "unknown")
    elif detention.ground in TERMS:
        term, extension = TERMS[detention.ground]
        rules = (term, extension) if extension and _extended(subject, term) else (term,)
        yield from departs_within(subject, *rules)


def _extended(subject: Subject, term: str) -> bool:
    """Return whether the detention that stands was extended before its ``term`` was over."""
    imposed, extended = imposed_at(subject), happened(subject, EXTENDED)
    if subject.scope != "removal" or imposed is None or extended is None:
        return False
    over = imposed + timedelta(minutes=sum(row.minutes for row in subject.rules_of(term)))
    return imposed <= extended <= over


CONSTRAINT = Constraint(
    id="detention-terms",
    light=DETENTION,
    owner="DT&V",
    cure="none",
    title=Text("Termijn van bewaring", "Detention term"),
    says=Text(
        "het vertrek valt buiten de termijn van de bewaring",
        "the departure falls outside the detention term",
    ),
    declare=_declare,
    scopes=frozenset({"removal", "chain"}),
    rules=(
        "detention-term",
        "detention-term-extension",
        "detention-papers-present",
        "detention-asylum",
        "detention-asylum-extension",
    ),
    triggers=(TriggerType(EXTENDED),),
)
