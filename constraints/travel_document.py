"""Each person departs on a day on which one of their travel documents is valid."""

from collections.abc import Iterator

from constraints.custody import DEPARTURE
from constraints.hours import last_moment
from constraints.lights import DOCUMENT
from constraints.transfers import is_transfer
from scheduler.constraint import EARLIEST, Constraint, Inside, Standing, Subject, Text
from scheduler.grid import Stretch, midnight
from scheduler.world import Document, Person

PASSPORT = "passport"
EU_DOCUMENT = "eu-document"
LAISSEZ_PASSER = "laissez-passer"


def has_passport(person: Person) -> bool:
    """Return whether the person's passport is there, valid or not."""
    return any(one.kind == PASSPORT and one.expected is None for one in person.documents)


def _declare(subject: Subject) -> Iterator[Inside | Standing]:
    kinds = {PASSPORT, EU_DOCUMENT} | (set() if is_transfer(subject) else {LAISSEZ_PASSER})
    for person in subject.case.persons:
        yield _of_person(subject, person, kinds)


def _of_person(subject: Subject, person: Person, kinds: set[str]) -> Inside | Standing:
    """Return when documents of ``kinds`` are valid; one that is pending or undated opens none.

    Nothing at all, or a validity nobody wrote down, is unknown; a pending document is a known no.
    """
    documents = [one for one in person.documents if one.kind in kinds]
    there = [one for one in documents if one.expected is None]
    dated = tuple(one for one in there if one.valid_until is not None)
    known = len(dated) == len(there)
    pending = [one.expected for one in documents if one.expected is not None]
    current = any(one.valid_until and one.valid_until >= subject.today for one in dated)
    if current or (dated and known and not pending):
        return Inside(DEPARTURE, DEPARTURE, tuple(_validity(one, subject) for one in dated), known)
    if known and pending:
        return Standing("documents", "no", expected=min(pending), person=person.id)
    return Standing("documents", "unknown", person=person.id)


def _validity(document: Document, subject: Subject) -> Stretch:
    assert document.valid_until is not None
    since = midnight(document.valid_from, subject.zone) if document.valid_from else EARLIEST
    return since, last_moment(document.valid_until, subject.zone)


CONSTRAINT = Constraint(
    id="travel-document",
    light=DOCUMENT,
    owner="DT&V",
    cure="date",
    title=Text("Reisdocument", "Travel document"),
    says=Text(
        "geen reisdocument dat geldig is op de vluchtdatum",
        "no travel document that is valid on the flight date",
    ),
    declare=_declare,
    scopes=frozenset({"removal"}),
    rules=("document-valid",),
)
