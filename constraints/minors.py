"""A minor never goes to a prison; one alone is detained last, after a separate confirmation."""

from collections.abc import Iterator

from constraints.facts import standing
from constraints.household import MINORS, unaccompanied
from constraints.lights import DETENTION
from scheduler.constraint import Constraint, FactType, Only, Standing, Subject, Text

FACT = FactType(
    "minor-confirmation",
    "case",
    Text(
        "Heeft een mens apart bevestigd dat er voor deze minderjarige geen andere weg is?",
        "Has a human separately confirmed that there is no other way for this minor?",
    ),
)
PRISON = "prison"


def _declare(subject: Subject) -> Iterator[Only | Standing]:
    if unaccompanied(subject.case):
        yield from standing(subject, FACT)
    if subject.scope == "placement":
        world = subject.world
        yield Only(
            facilities=frozenset(
                one.id
                for one in world.facilities
                if PRISON not in one.categories and world.location[one.location].kind != PRISON
            )
        )


CONSTRAINT = Constraint(
    id="minors",
    light=DETENTION,
    owner="DT&V",
    cure="none",
    title=Text("Minderjarigen", "Minors"),
    says=Text(
        "voor een minderjarige ontbreekt een plaats buiten de gevangenis of de aparte bevestiging",
        "for a minor a place outside prison or the separate confirmation is missing",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal"}),
    rules=("minors",),
    facts=(FACT,),
    categories=MINORS,
)
