"""The court reviews each detention: a milestone, and for some grounds a clock until upheld."""

from collections.abc import Iterator

from constraints.custody import ARRIVAL, departs_within, imposed_at
from constraints.events import happened
from constraints.lights import DETENTION
from scheduler.constraint import Constraint, Declaration, Milestone, Subject, Text, TriggerType

UPHELD = "review-upheld"
CLOCKED = frozenset({"6", "59a", "59b"})


def _declare(subject: Subject) -> Iterator[Declaration]:
    detention = subject.case.detention
    if subject.scope == "placement":
        yield Milestone(ARRIVAL, subject.rule("court-review").minutes)
    elif detention is not None and detention.ground in CLOCKED and not _upheld(subject):
        yield from departs_within(subject, "court-review-clock")


def _upheld(subject: Subject) -> bool:
    """Return whether the detention that stands was upheld; one to come cannot have been."""
    imposed, upheld = imposed_at(subject), happened(subject, UPHELD)
    return imposed is not None and upheld is not None and imposed <= upheld


CONSTRAINT = Constraint(
    id="court-review",
    light=DETENTION,
    owner="Rechtbank",
    cure="none",
    title=Text("Rechterlijke toetsing", "Court review"),
    says=Text(
        "de rechter heeft de bewaring nog niet in stand gelaten",
        "the court has not yet upheld the detention",
    ),
    declare=_declare,
    scopes=frozenset({"placement", "removal", "chain"}),
    rules=("court-review", "court-review-clock"),
    triggers=(TriggerType(UPHELD),),
)
