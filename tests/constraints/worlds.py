"""Small hand-made worlds: one case in Gilze, everything else only where a test asks for it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from constraints.register import REGISTER, RULES
from scheduler.constraint import Constraint, Declaration, Scope, Standing, Subject
from scheduler.world import (
    ACTS,
    BookedPhase,
    Booking,
    Case,
    Departure,
    Detention,
    Document,
    Facility,
    Fact,
    Horizon,
    Interval,
    Leg,
    Location,
    Operation,
    Person,
    Phase,
    Resource,
    Seats,
    Shift,
    Template,
    Trigger,
    World,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONDAY = date(2026, 10, 19)
"""The first day of the horizon; the clock goes back in its first week, on Sunday 25 October."""
YES, NO, UNKNOWN = Fact(value="yes"), Fact(value="no"), Fact(value="unknown")


def local(text: str) -> datetime:
    """Return the instant of a wall-clock time in the Netherlands."""
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).astimezone(ZoneInfo("UTC"))


AS_OF = local("2026-10-19 08:00")

LOCATIONS = tuple(
    Location(
        id=id, kind=kind, region="Zuid", country=country, timezone=zone, holidays=country_holidays
    )
    for id, kind, country, zone, country_holidays in (
        ("azc-gilze", "coa-location", "NL", "Europe/Amsterdam", "NL"),
        ("azc-budel", "coa-location", "NL", "Europe/Amsterdam", "NL"),
        ("pol-breda", "police-station", "NL", "Europe/Amsterdam", "NL"),
        ("dc-rotterdam", "detention", "NL", "Europe/Amsterdam", "NL"),
        ("ggv-zeist", "detention", "NL", "Europe/Amsterdam", "NL"),
        ("pi-vught", "prison", "NL", "Europe/Amsterdam", "NL"),
        ("schiphol-ams", "airport", "NL", "Europe/Amsterdam", "NL"),
        ("eindhoven-ein", "airport", "NL", "Europe/Amsterdam", "NL"),
        ("border-venlo", "border-point", "NL", "Europe/Amsterdam", "NL"),
        ("tirana-tia", "abroad", "AL", "Europe/Tirane", None),
    )
)


def _template(leg: Leg, *phases: tuple[str, ...]) -> Template:
    return Template(
        id=f"{leg}-{len(phases)}",
        operation=leg,
        anchor="start" if leg == "placement" else "departure",
        phases=tuple(
            Phase(
                id=acts[0],
                acts=acts,
                place="aboard" if acts == ("departure",) else "case",
                minutes=None if acts == ("departure",) else 60,
            )
            for acts in phases
        ),
    )


DAY = _template("placement", *((act,) for act in ACTS["placement"]))
BLOCK = _template("placement", ACTS["placement"])
REMOVAL = _template("removal", *((act,) for act in ACTS["removal"]))


def person(category: str = "man", n: int = 1, **fields: Any) -> Person:
    """Return a person who speaks Albanian."""
    return Person(id=f"p{n}", category=category, **{"languages": ("sq",), **fields})


def family() -> tuple[Person, ...]:
    """Return a mother, a father and a child."""
    return person("woman"), person("man", 2), person("child", 3)


def case(operation: Operation = "removal", **fields: Any) -> Case:
    """Return a case of one man in Gilze who is to go to Albania; for a transfer, to Germany."""
    held = fields.get("detention")
    transfer = fields.get("regime") or (held and held.ground == "59a")
    defaults: dict[str, Any] = {
        "id": "zk-1",
        "operation": operation,
        "location": "azc-gilze",
        "destination": "DE" if transfer else "AL",
        "persons": (person(),),
    }
    return Case(**{**defaults, **fields})


def chain(**fields: Any) -> Case:
    """Return a case that is placed and then removed."""
    return case("placement-and-removal", **fields)


def detention(ground: Any, imposed: str | None = None) -> Detention:
    """Return a detention, imposed at a wall-clock time or intended."""
    return Detention(ground=ground, imposed_at=local(imposed) if imposed else None)


def triggers(**at: str) -> tuple[Trigger, ...]:
    """Return dated events by kind, with underscores for hyphens."""
    return tuple(Trigger(kind=kind.replace("_", "-"), at=local(on)) for kind, on in at.items())


def resource(id: str, role: str, home: str = "pol-breda", **fields: Any) -> Resource:
    """Return a resource without a roster."""
    return Resource(id=id, role=role, home=home, **fields)


def shift(since: str, until: str) -> Shift:
    """Return a stretch on the wall clock."""
    return Shift(from_=datetime.fromisoformat(since), until=datetime.fromisoformat(until))


def interval(since: str, until: str) -> Interval:
    """Return a stretch in instants, given on the Dutch wall clock."""
    return Interval(from_=local(since), until=local(until))


def facility(id: str, *categories: str, location: str = "dc-rotterdam") -> Facility:
    """Return a facility with ten places."""
    return Facility(id=id, location=location, categories=categories, places=10)


def departure(id: str = "hv1", kind: Any = "scheduled", **fields: Any) -> Departure:
    """Return a departure to Tirana on Wednesday 28 October, 12:00 to 14:30."""
    defaults: dict[str, Any] = {
        "id": id,
        "kind": kind,
        "from_": "schiphol-ams",
        "destination": "tirana-tia",
        "departs": local("2026-10-28 12:00"),
        "arrives": local("2026-10-28 14:30"),
        "seats": Seats(unescorted=5, escorted=2),
    }
    if kind == "scheduled":
        defaults |= {"carrier": "transavia", "number": id}
    if kind == "charter":
        defaults |= {"charter": "national"}
    return Departure(**{**defaults, **fields})


def document(
    kind: str = "passport",
    since: str | None = None,
    until: str | None = None,
    expected: str | None = None,
) -> Document:
    """Return a travel document with its dates."""
    dates = {"valid_from": since, "valid_until": until, "expected": expected}
    known = {name: date.fromisoformat(day) for name, day in dates.items() if day}
    return Document(kind=kind, **known)


def subject(of: Case, scope: Scope | None = None, **fields: Any) -> Subject:
    """Return what a constraint is asked about; ``scope`` is the first leg unless given."""
    defaults: dict[str, Any] = {
        "schema_version": 1,
        "as_of": AS_OF,
        "horizon": Horizon(start=local("2026-10-19 00:00"), slots=21 * 96),
        "rules_date": MONDAY,
        "locations": LOCATIONS,
        "templates": (DAY, BLOCK, REMOVAL),
        "cases": (of,),
    }
    world = World(**{**defaults, **fields})
    return Subject(world, of, scope or of.legs[0], RULES.on(world.rules_date))


def declared(
    constraint: Constraint, of: Case, scope: Scope | None = None, **fields: Any
) -> list[Declaration]:
    """Return what ``constraint`` declares that forbids; nothing where it does not apply."""
    asked = subject(of, scope, **fields)
    found = constraint.declare(asked) if constraint.applies(asked) else ()
    return [one for one in found if not (isinstance(one, Standing) and not one.forbids)]


def booking(status: Any = "confirmed", operation: Leg = "removal", of: str = "zk-1") -> Booking:
    """Return a booking of a leg of a case, without anyone in it."""
    phase = BookedPhase(
        id="transport",
        place="azc-gilze",
        from_=local("2026-10-28 08:00"),
        until=local("2026-10-28 09:00"),
    )
    return Booking(
        id="b1",
        case=of,
        operation=operation,
        status=status,
        template="removal-4",
        phases=(phase,),
        departure="hv1" if operation == "removal" else None,
    )


def everything(of: Case, scope: Scope | None = None, **fields: Any) -> Mapping[str, Declaration]:
    """Return what the whole register declares, by constraint; the last one of each."""
    asked = subject(of, scope, **fields)
    found = REGISTER.declarations(asked.world, of, asked.scope)
    return {constraint.id: declaration for constraint, declaration in found}


def ids(*names: str) -> frozenset[str]:
    """Return a set of names, typed as declarations hold them."""
    return frozenset(names)
