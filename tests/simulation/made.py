"""Made-up worlds for the simulation: one role or one facility, and cases that ask nothing else."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from scheduler.constraint import (
    Attendance,
    Constraint,
    FactType,
    Register,
    Standing,
    Subject,
    Text,
    TriggerType,
)
from scheduler.rule import RuleTable
from scheduler.simulation.profile import Profile, Setting
from scheduler.simulation.replication import Model, model_of
from scheduler.simulation.scenario import Scenario
from scheduler.world import (
    ACTS,
    Case,
    Fact,
    Horizon,
    Location,
    Person,
    Phase,
    Resource,
    Shift,
    Template,
    World,
)

FIRST = date(2027, 1, 4)
_START = datetime(2027, 1, 4, tzinfo=UTC)
MADE_UP = "made up for a test, no figure of the field"
ALLOWED = FactType("allowed", "case", Text("Mag het?", "Is it allowed?"))
GONE = TriggerType("gone")


def _serve(subject: Subject) -> Iterator[Attendance]:
    language = subject.case.persons[0].languages
    yield Attendance("clerk", "pick-up", "arrival", skills=frozenset(language), mode="remote")


def _allow(subject: Subject) -> Iterator[Standing]:
    yield Standing(ALLOWED.id, subject.case.facts[ALLOWED.id].value)


def _withdraw(subject: Subject) -> Iterator[Standing]:
    if subject.case.trigger(GONE.id) is not None:
        yield Standing(GONE.id, "no", withdrawn=True)


def _constraint(name: str, light: str, declare: Any, **fields: Any) -> Constraint:
    return Constraint(
        id=name,
        light=light,
        owner="nobody",
        cure="none",
        title=Text(name, name),
        says=Text(name, name),
        declare=declare,
        scopes=frozenset({"placement"}),
        basis="made up for a test",
        **fields,
    )


REGISTER = Register(
    lights=("law", "work"),
    constraints=(
        _constraint("allowed", "law", _allow, facts=(ALLOWED,)),
        _constraint("gone", "law", _withdraw, triggers=(GONE,)),
        _constraint("clerks", "work", _serve),
    ),
    rules=RuleTable(()),
)


def setting(
    minutes: Sequence[int],
    clerks: int,
    days: int,
    slot: Literal[5, 15, 60] = 5,
    languages: Sequence[str] = ("xx",),
) -> Setting:
    """Return a day-and-night desk of clerks, and profiles served for so many minutes each."""
    here = Location(
        id="desk", kind="desk", region="here", country="NL", timezone="UTC", holidays=None
    )
    until = datetime.combine(FIRST, datetime.min.time()) + timedelta(days=days + 30)
    always = Shift(from_=datetime.combine(FIRST, datetime.min.time()), until=until)
    templates, profiles = [], []
    for n, length in enumerate(minutes):
        for language in languages:
            name = f"p-{n}-{language}"
            templates.append(_template(name, length))
            person = Person(id=f"{name}-a", category="man", languages=(language,))
            case = Case(
                id=name,
                operation="placement",
                location="desk",
                destination="XX",
                persons=(person,),
                facts={"allowed": Fact(value="yes")},
                templates=(name,),
            )
            profiles.append(Profile(name, {"language": language}, case))
    world = World(
        schema_version=1,
        as_of=_START,
        horizon=Horizon.model_construct(
            start=_START, slot_minutes=slot, slots=(days + 30) * 1440 // slot
        ),
        rules_date=FIRST,
        locations=(here,),
        resources=tuple(
            Resource(
                id=f"clerk-{n}",
                role="clerk",
                home="desk",
                languages=tuple(languages),
                remote=True,
                shifts=(always,),
            )
            for n in range(clerks)
        ),
        templates=tuple(templates),
        cases=tuple(one.first for one in profiles),
    )
    return Setting(world, tuple(profiles))


def _template(name: str, minutes: int) -> Template:
    """Return a placement of five phases that last so long together."""
    acts = ACTS["placement"]
    lengths = [minutes // 25 * 5] * 4
    lengths.append(minutes - sum(lengths))
    lengths = [max(one, 5) for one in lengths]
    return Template(
        id=name,
        operation="placement",
        anchor="start",
        phases=tuple(
            Phase(id=act, acts=(act,), place="case", minutes=length)
            for act, length in zip(acts, lengths, strict=True)
        ),
    )


def scenario(**parts: Any) -> Scenario:
    """Return a scenario of a month, with parts of its own."""
    given: dict[str, Any] = {
        "schemaVersion": 1,
        "name": "made-up",
        "seed": 7,
        "replications": 1,
        "rulesDate": FIRST,
        "horizon": {"from": FIRST, "days": 28, "source": MADE_UP},
        "inflow": {"perYear": 3650, "source": MADE_UP},
        "policy": {"daysAhead": 14, "source": MADE_UP},
    }
    return Scenario.model_validate(given | parts, strict=False)


def model(given: Setting, **parts: Any) -> Model:
    """Return the model of a made-up scenario in a setting."""
    return model_of(scenario(**parts), given, REGISTER)
