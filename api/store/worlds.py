"""A world into the store and out of it again, without loss."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, Text, cast, delete, func, insert, select, update

from api.store.claims import Want, take, wants
from api.store.life import CLAIMING, Status
from api.store.logs import BEGINNING, Actor, Processing, audit, moment, process
from api.store.refusal import Refusal
from api.store.tables import BOOKINGS, CASES, CHECKS, PARTS, STORE
from constraints.register import REGISTER
from scheduler.constraint import Standing
from scheduler.pattern import Patterns
from scheduler.world import Booking, Case, Departure, Facility, Fact, Person, Road, World

T = TypeVar("T", Facility, Departure)
DAY = timedelta(days=1)
HOLD = timedelta(minutes=15)
"""How long a hold lasts unless it is said."""
CHANGING = ("roads", "resources", "facilities", "departures", "cases")
"""The parts of a world that change once it is in the store."""


class NotEmptyError(Refusal):
    """The store has a world already."""


class EmptyError(Refusal):
    """The store has no world yet."""


def bring_in(
    connection: Connection, world: World, actor: Actor, now: datetime, ahead: timedelta
) -> None:
    """Fill an empty store with ``world``, whose bookings claim what they take.

    What is held in it is held from now on, as long as any hold; ``now`` is ``ahead`` of the clock.

    Raises
    ------
    NotEmptyError
        When there is a world in it.
    TakenError
        When two bookings of the world take the same.
    """
    if connection.execute(select(STORE.c.id)).first() is not None:
        raise NotEmptyError("the store has a world already")
    fields = world.model_dump(mode="json", by_alias=True)
    parts = {name: fields.pop(name) for name in PARTS}
    fields.pop("bookings")
    connection.execute(
        insert(STORE),
        {
            "id": 1,
            "header": fields,
            "slot_minutes": world.horizon.slot_minutes,
            "revision": 1,
            "parts_revision": 1,
            "audit_from": 1,
            "audit_before": BEGINNING,
            "began_with": world.fingerprint,
            "ahead": round(ahead.total_seconds()),
        },
    )
    for name, table in PARTS.items():
        rows = [
            {"id": key_of(one), "position": n, "document": document}
            for n, (one, document) in enumerate(zip(getattr(world, name), parts[name], strict=True))
        ]
        if rows:
            connection.execute(insert(table), rows)
    add_bookings(connection, world, world.bookings, 1, now)
    people = tuple(one.id for case in world.cases for one in case.persons)
    process(connection, Processing("import", people), now)
    audit(connection, actor, "import", [f"world/{world.fingerprint}"], "done", now)


def add_bookings(
    connection: Connection,
    world: World,
    bookings: Sequence[Booking],
    revision: int,
    now: datetime,
    first: int = 0,
    hold: timedelta = HOLD,
) -> None:
    """Write ``bookings`` of ``world`` and claim what they take.

    Raises
    ------
    TakenError
        When some of it is taken.
    IntegrityError
        When a leg of a case is booked already, or somebody was faster.
    """
    rows = [
        {
            "id": one.id,
            "case_id": one.case,
            "leg": one.operation,
            "status": one.status,
            "expires_at": moment(now + hold) if one.status == Status.held else None,
            "reason": None,
            "position": first + n,
            "document": one.model_dump(mode="json", by_alias=True),
            "revision": revision,
            "changed_at": moment(now),
        }
        for n, one in enumerate(bookings)
    ]
    if rows:
        connection.execute(insert(BOOKINGS), rows)
    claim(connection, world, bookings)


def claim(connection: Connection, world: World, bookings: Sequence[Booking]) -> None:
    """Claim what bookings of ``world`` take; raises as :func:`add_bookings` does."""
    patterns = Patterns(world, REGISTER)
    for one in bookings:
        if one.claims:
            slot = world.horizon.slot_minutes
            take(connection, one.id, taken_by(patterns, one), slot)


def taken_by(patterns: Patterns, booking: Booking) -> Iterator[Want]:
    """Yield what a booking takes in the world of ``patterns``."""
    world = patterns.world
    seats, places = patterns.of(booking.case).seats_and_nights(booking.departure)
    facility = world.facility.get(booking.facility or "")
    room = {night: facility.places_on(night) for night in booking.nights} if facility else {}
    return wants(booking, world.horizon.slot_minutes, seats, places, room)


@dataclass(frozen=True, slots=True)
class Parts:
    """The world of the store without its bookings: ``now``, and with all cases there ``ever`` were.

    What ended can only be told with the case it is of, also when that was withdrawn since.
    """

    now: World
    ever: World


def read_parts(connection: Connection, now: datetime | None = None) -> Parts:
    """Return the world of the store without its bookings.

    Its horizon goes along with ``now`` in whole days, from where it began, as long as it was; and
    with it the day that rules are of.

    Raises
    ------
    EmptyError
        When there is no world.
    """
    header = connection.execute(select(STORE.c.header)).scalar()
    if header is None:
        raise EmptyError("the store has no world yet")
    parts = {
        name: connection.execute(select(table.c.document).order_by(table.c.position)).scalars()
        for name, table in PARTS.items()
    }
    read = {name: tuple(documents) for name, documents in parts.items()}
    ever = World.model_validate({**header, **read}, strict=False)
    if now is not None and (passed := (now - ever.horizon.start) // DAY) > 0:
        start = ever.horizon.start + passed * DAY
        fields = {name: getattr(ever, name) for name in World.model_fields}
        fields["horizon"] = ever.horizon.model_copy(update={"start": start})
        fields["rules_date"] = max(ever.rules_date, start.date())
        ever = World(**fields)
    for one in ever.locations[:1]:
        # Every way by road is worked out here, once, for all the worlds that differ in bookings.
        ever.drive(one.id, one.id)
    withdrawn = select(CASES.c.id).where(CASES.c.withdrawn_at.is_not(None))
    gone = {*connection.execute(withdrawn).scalars()}
    return Parts(ever.but(cases=tuple(one for one in ever.cases if one.id not in gone)), ever)


def with_bookings(connection: Connection, world: World, now: datetime) -> World:
    """Return ``world``, read without them, with the bookings of the store as they are ``now``.

    Holds that ran out are no bookings any more. Answers to due checks of a booking that stands are
    facts of its case: those of another booking of the same case are not. Its ``asOf`` is not before
    any of them.
    """
    bookings = tuple(read_bookings(connection, now))
    answered: dict[str, dict[str, Fact]] = {}
    as_of = world.as_of
    standing = {one.id: one.case for one in bookings if one.claims}
    for row in connection.execute(select(CHECKS)).mappings():
        case = standing.get(row["booking_id"])
        if case is not None:
            since = datetime.fromisoformat(row["since"]).date()
            fact = Fact(value=row["value"], since=since, source=row["booking_id"])
            answered.setdefault(case, {})[row["fact"]] = fact
            as_of = max(as_of, datetime.fromisoformat(row["at"]))
    if not answered:
        return world.but(bookings=bookings)
    cases = tuple(_with_facts(one, answered.get(one.id, {})) for one in world.cases)
    return world.but(as_of=as_of, cases=cases, bookings=bookings)


def _with_facts(case: Case, facts: dict[str, Fact]) -> Case:
    """Return the case with answers about it, or about each of its persons."""
    if not facts:
        return case
    own = {name: fact for name, fact in facts.items() if REGISTER.facts[name].of == "case"}
    each = {name: fact for name, fact in facts.items() if name not in own}
    persons = tuple(one.model_copy(update={"facts": one.facts | each}) for one in case.persons)
    return case.model_copy(update={"facts": case.facts | own, "persons": persons})


def read_bookings(connection: Connection, now: datetime) -> Iterator[Booking]:
    """Yield the bookings that a world knows, in their order."""
    rows = connection.execute(
        select(cast(BOOKINGS.c.document, Text), BOOKINGS.c.status, BOOKINGS.c.expires_at)
        .join(CASES, CASES.c.id == BOOKINGS.c.case_id)
        .where(BOOKINGS.c.status.in_([*CLAIMING, Status.cancelled]), CASES.c.withdrawn_at.is_(None))
        .order_by(BOOKINGS.c.position)
    )
    found = [
        _booking(document, status)
        for document, status, expires in rows
        if expires is None or expires > moment(now)
    ]
    known = {one.id for one in found}
    for one in found:
        # What failed may have followed what was let go since, which no world knows.
        lost = not one.claims and one.follows is not None and one.follows not in known
        yield one.model_copy(update={"follows": None}) if lost else one


@lru_cache(maxsize=2048)
def _booking(document: str, status: str) -> Booking:
    """Return a booking of a document; the same is read again with every change of another."""
    return Booking.model_validate_json(document).model_copy(update={"status": status})


def replace_parts(connection: Connection, before: Parts, after: Parts, at: datetime) -> None:
    """Write the parts of a world that are not what they were; cases that went are withdrawn.

    What is new in it comes after what there was.
    """
    for name in CHANGING:
        table = PARTS[name]
        was, now, ever = (
            {key_of(one): one for one in getattr(world, name)}
            for world in (before.now, after.now, before.ever)
        )
        if gone := was.keys() - now.keys():
            _let_go(connection, table, gone, at)
        different = [(key, one) for key, one in now.items() if was.get(key) != one]
        last = connection.execute(select(func.max(table.c.position))).scalar() if different else 0
        new = count(0 if last is None else last + 1)
        for key, one in different:
            row: dict[str, Any] = {"document": one.model_dump(mode="json", by_alias=True)}
            if key not in was:
                row["position"] = next(new)
            if key not in ever:
                connection.execute(insert(table), row | {"id": key})
                continue
            if key not in was:
                row["withdrawn_at"] = None
            connection.execute(update(table).where(table.c.id == key).values(row))
    header = connection.execute(select(STORE.c.header)).scalar_one()
    moved = {"as_of", "horizon", "rules_date"}
    reached = after.now.model_dump(mode="json", by_alias=True, include=moved)
    if header != header | reached:
        connection.execute(update(STORE).values(header=header | reached))


def withdrawn_since(world: World, case: Case) -> date | None:
    """Return the day on which a case of the world was withdrawn, or None."""
    return max(
        (
            rule.since or world.as_of.date()
            for leg in case.legs
            for _, rule in REGISTER.declarations(world, case, leg)
            if isinstance(rule, Standing) and rule.withdrawn
        ),
        default=None,
    )


def persons_of(world: World, cases: Iterable[str]) -> tuple[str, ...]:
    """Return the persons of those of ``cases`` that the world has."""
    known = (world.case[one] for one in dict.fromkeys(cases) if one in world.case)
    return tuple(person.id for case in known for person in case.persons)


def others(before: Sequence[T], after: Sequence[T]) -> Iterator[T]:
    """Yield the parts that are not what they were."""
    known = {one.id: one for one in before}
    return (one for one in after if known.get(one.id) != one)


def _let_go(connection: Connection, table: Table, names: Collection[str], at: datetime) -> None:
    mine = table.c.id.in_(names)
    if table is CASES:
        connection.execute(update(table).where(mine).values(withdrawn_at=moment(at)))
    else:
        connection.execute(delete(table).where(mine))


def but_answers(parts: Parts, before: World, after: World) -> Parts:
    """Return the parts of a world ``after``, but for answers to the checks of its bookings.

    It has them from :func:`with_bookings`, as the world ``before`` had, and did not change them;
    they are no part of its cases. A case that went is withdrawn, and one that came back is new.
    """
    kept = parts.now.case
    cases = tuple(
        _but_answers(kept[one.id], before.case[one.id], one) if one.id in kept else one
        for one in after.cases
    )
    supply = {
        name: getattr(after, name)
        for name in CHANGING[:-1]
        if getattr(after, name) != getattr(parts.now, name)
    }
    now = parts.now.but(as_of=after.as_of, cases=cases, **supply)
    stay = [now.case.get(one.id, one) for one in parts.ever.cases
            if one.id in kept or one.id not in now.case]  # fmt: skip
    new = [one for one in cases if one.id not in kept]
    return Parts(now=now, ever=now.but(cases=(*stay, *new)))


def _but_answers(kept: Case, was: Case, now: Case) -> Case:
    """Return a case as it is ``now``, of the facts only those that are not what they were."""
    if now is was:
        return kept
    before = {one.id: one for one in was.persons}
    known = {one.id: one for one in kept.persons}
    persons = tuple(
        one.model_copy(update={"facts": _own(known[one.id], before[one.id], one)})
        if one.id in before
        else one
        for one in now.persons
    )
    return now.model_copy(update={"facts": _own(kept, was, now), "persons": persons})


def _own(kept: Case | Person, was: Case | Person, now: Case | Person) -> dict[str, Fact]:
    """Return the kept facts with those that are not what they were."""
    return kept.facts | {
        name: fact for name, fact in now.facts.items() if was.facts.get(name) != fact
    }


def key_of(part: Any) -> str:
    """Return by what a part of a world is known in the store: its id, of a road its two ends."""
    key: str = f"{part.from_}/{part.to}" if isinstance(part, Road) else part.id
    return key
