"""The kernel's answers in words, in Dutch and in English."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from functools import cache

from api.language import LANGUAGES, Language, inside, near, phrase
from constraints.independent_departure import CONSTRAINT as INDEPENDENT
from constraints.travel_document import CONSTRAINT as TRAVEL_DOCUMENT
from scheduler.constraint import After, Constraint, Due, Elapsed, Register, Standing
from scheduler.explanation.earliest import Earliest, Step
from scheduler.explanation.light import LightState, Reason
from scheduler.explanation.repair import Change, DateCure, MoreSeats, People, Places
from scheduler.explanation.swap import Move
from scheduler.grid import local_date, midnight
from scheduler.proposal import Words
from scheduler.world import BookedAttendance, Booking, Departure, World

MOST = 3
"""How many bookings are named; more are counted."""
WITHDRAWN = phrase("withdrawn: the person departs independently")
FREE_OR_NOT = frozenset({"detention-place", "departures", "carrier-limits", "handover-room"})
"""Constraints that ask for places, seats or rooms, which nobody rosters."""
OWN = "person"
"""The constraint that asks for the person, who has appointments instead."""
Pairs = list[tuple[str, str]]
"""What was, and what is instead."""
Clock = tuple[str, date | None]
"""A time zone, and today where days go without their year."""


def light(name: str) -> Words:
    """Return the name of a light."""
    return _both(lambda language: language.name(name))


def state(one: LightState) -> Words:
    """Return the state of a light, since when, and when it can turn green."""

    def tell(language: Language) -> str:
        parts = [language.name(one.state)]
        if one.since is not None:
            parts.append(language.say("since {day}", day=language.day(one.since)))
        if one.expected is not None:
            parts.append(
                language.say("green on {day} at the earliest", day=language.day(one.expected))
            )
        if one.tight:
            parts.append(language.say("a legal end is near"))
        if not one.blocks:
            parts.append(language.say("for information only"))
        return ", ".join(parts)

    return _both(tell)


@cache
def title(constraint: Constraint) -> Words:
    """Return the title of a constraint."""
    return _both(lambda language: language.title(constraint))


def reason(register: Register, one: Reason, bookings: Sequence[str] = ()) -> Words:
    """Return what a condition says and on which layer; ``bookings`` hold what it is short of.

    One that rests on an unknown fact says nothing but what is asked.
    """
    constraint = register[one.condition.constraint]

    def tell(language: Language) -> str:
        if isinstance(one.rule, Standing) and one.rule.withdrawn:
            return language.say(WITHDRAWN)
        if not one.condition.known:
            return language.say("not known: {what}", what=_asked(language, constraint, one))
        layer = _layer(language, one, bookings)
        said = language.says(constraint, one.rule)
        return f"{said} ({layer})" if layer else said

    return _both(tell)


def nameless(says: Words, bookings: Sequence[str]) -> Words:
    """Return a reason as it is told to who may not see the bookings that it names: as a count."""

    def tell(language: Language) -> str:
        others = language.counted(
            "taken by {count} other booking", "taken by {count} other bookings", len(bookings)
        )
        said: str = getattr(says, language.code)
        return said.replace(_taken(language, bookings), others)

    return _both(tell) if bookings else says


def moving(count: int) -> Words:
    """Return a swap as it is told to who may not see whose bookings change for it."""
    return _both(
        lambda language: language.counted(
            "{count} other booking changes", "{count} other bookings change", count
        )
    )


def shortage(language: Language, constraint: str, layers: Collection[str]) -> str:
    """Return in a few words on which layers a constraint forbids; nothing for its rule alone."""
    if "not-rostered" not in layers:
        return language.say("taken") if "claimed" in layers else ""
    if "claimed" not in layers:
        return _absent(language, constraint)
    otherwise = (
        language.say("none free") if constraint in FREE_OR_NOT else _absent(language, constraint)
    )
    return language.say("taken or {otherwise}, depending on the moment", otherwise=otherwise)


def change(world: World, one: Change) -> Words:
    """Return what a repair brings in."""
    return _both(lambda language: _change(language, world, one))


def move(world: World, one: Move) -> Words:
    """Return how the bookings of another case change, and nothing of them that stays as it is."""
    return _both(lambda language: "; ".join(_move(language, world, one)))


def step(register: Register, one: Step, zone: str) -> Words:
    """Return a stretch of the critical path: what it is, and why it takes so long."""
    today = local_date(one.since, zone)
    return _both(lambda language: _step(language, register, one, zone, today))


def earliest(register: Register, one: Earliest, zone: str) -> Words:
    """Return before which day a case cannot go and what takes so long, or why no date is known."""
    return _both(lambda language: "; ".join(_earliest(language, register, one, zone)))


def date_cure(register: Register, one: DateCure) -> Words:
    """Return from which day a case can be planned, on what that rests, and what else it asks."""
    turning = [each for each in one.rests_on if _turns(register[each])]
    passing = [each for each in one.rests_on if each not in turning]
    more = sorted({each.constraint for each in one.conditions if each.layer != "rule"})

    def tell(language: Language) -> str:
        said = language.say("from {day}", day=language.day(one.day))
        if turning:
            what = _titles(language, register, turning)
            said = language.say("{said}, once in order: {what}", said=said, what=what)
        if passing:
            what = _titles(language, register, passing)
            said = language.say("{said}, after: {what}", said=said, what=what)
        if not more:
            return said
        what = _titles(language, register, more)
        return language.say("{said}; also needed: {what}", said=said, what=what)

    return _both(tell)


def _both(tell: Callable[[Language], str]) -> Words:
    return Words(nl=tell(LANGUAGES["nl"]), en=tell(LANGUAGES["en"]))


def _asked(language: Language, constraint: Constraint, one: Reason) -> str:
    """Return the question that nobody has answered; the title, where it is about no fact."""
    check = one.rule.check if isinstance(one.rule, Standing | Due) else None
    fact = next((fact for fact in constraint.facts if fact.id == check), None)
    return _title(language, constraint) if fact is None else inside(language.asks(constraint, fact))


def _layer(language: Language, one: Reason, bookings: Sequence[str]) -> str:
    if one.condition.layer == "claimed":
        return _taken(language, bookings)
    return _absent(language, one.condition.constraint) if one.condition.layer != "rule" else ""


def _absent(language: Language, constraint: str) -> str:
    if constraint in FREE_OR_NOT:
        return language.say("none free even without other bookings")
    if constraint == OWN:
        return language.say("an appointment of their own")
    return language.say("not rostered")


def _taken(language: Language, bookings: Sequence[str]) -> str:
    if not bookings:
        return language.say("taken by other bookings")
    if len(bookings) > MOST:
        count = language.number(len(bookings))
        return language.say("taken by {count} bookings", count=count)
    return language.counted(
        "taken by booking {bookings}",
        "taken by bookings {bookings}",
        len(bookings),
        bookings=language.listed(bookings),
    )


def _turns(constraint: Constraint) -> bool:
    """Return whether what a date rests on is a check that turns, and not a term, lead or window."""
    return constraint.id == TRAVEL_DOCUMENT.id or any(not fact.due for fact in constraint.facts)


def _change(language: Language, world: World, one: Change) -> str:
    if isinstance(one, People):
        return _called(language, world, one) if one.among else _people(language, world, one)
    if isinstance(one, Places):
        places = language.counted(
            "{count} more place in {facility}", "{count} more places in {facility}", one.count,
            facility=one.facility,
        )  # fmt: skip
        zone = world.location[world.facility[one.facility].location].timezone
        return f"{places}, {language.nights(one.nights, _today(world, zone))}"
    if isinstance(one, MoreSeats):
        return language.counted(
            "{count} more {kind} seat on {departure}",
            "{count} more {kind} seats on {departure}",
            one.count,
            kind=language.name(one.kind),
            departure=_departure(language, world, one.departure),
        )
    day, today = _departs(world, one.departure)
    return language.say(
        "a departure to {destination} on {day} with {seats}",
        destination=one.departure.destination,
        day=language.weekday(day, today),
        seats=_seats(language, one.departure),
    )


def _people(language: Language, world: World, one: People) -> str:
    number, role = language.number(one.count), language.role(one.role, one.count)
    skills = language.either(map(language.skill, sorted(one.skills)))
    zone = world.location[one.place].timezone
    parts = [
        language.say("{count} {skills} {role}", count=number, skills=skills, role=role)
        if skills
        else f"{number} {role}",
        _where(language, one),
        language.stretch(one.since, one.until, zone, _today(world, zone)),
    ]
    if one.capacity > 1:
        room = language.say("with room for {count} persons", count=language.number(one.capacity))
        parts[0] = f"{parts[0]} {room}"
    return ", ".join(parts)


def _called(language: Language, world: World, one: People) -> str:
    zone = world.location[one.place].timezone
    told = []
    for name, (since, until) in one.among:
        said = language.say(
            "{role} {name} on duty at {place}, {when}",
            role=language.role(one.role),
            name=name,
            place=_where(language, one),
            when=language.stretch(since, until, zone, _today(world, zone)),
        )
        away = any(gone.from_ < until and since < gone.until for gone in world.resource[name].away)
        then = language.say("is away then") if away else language.say("is off then")
        told.append(f"{said} ({then})")
    return "; ".join(told)


def _where(language: Language, one: People) -> str:
    return language.say("{place} or by telephone", place=one.place) if one.remote else one.place


def _seats(language: Language, departure: Departure) -> str:
    kinds = {"unescorted": departure.seats.unescorted, "escorted": departure.seats.escorted}
    return language.listed(
        language.counted("{count} {kind} seat", "{count} {kind} seats", n, kind=language.name(kind))
        for kind, n in kinds.items()
        if n
    )


def _departure(language: Language, world: World, name: str) -> str:
    one = world.departure[name]
    return f"{_flight(one)} ({language.weekday(*_departs(world, one))})"


def _flight(one: Departure) -> str:
    return one.number or one.id


def _departs(world: World, one: Departure) -> tuple[date, date]:
    """Return the day of a departure and today, where it leaves."""
    zone = world.location[one.from_].timezone
    return local_date(one.departs, zone), _today(world, zone)


def _move(language: Language, world: World, one: Move) -> Iterator[str]:
    zone = _zone(world, one.case)
    phases = [phase for each in (*one.before, *one.after) for phase in each.phases]
    days = {local_date(end, zone) for phase in phases for end in (phase.from_, phase.until)}
    clock = zone, near(_today(world, zone), *days)
    for old, new in zip(one.before, one.after, strict=True):
        if _when_and_where(old) == _when_and_where(new):
            yield from _renamed(language, old, new, clock)
        else:
            yield _shifted(language, world, old, new, clock)


def _when_and_where(one: Booking) -> tuple[object, ...]:
    return one.phases, one.facility, one.departure


def _renamed(language: Language, old: Booking, new: Booking, clock: Clock) -> Iterator[str]:
    before, after = _attending(old), _attending(new)
    for key, there in after.items():
        had = {name for one in before.get(key, ()) for name in one.resources}
        came = {name for one in there for name in one.resources} - had
        gone = had - {name for one in there for name in one.resources}
        if not came:
            continue
        blocks = [one for one in there if came & {*one.resources}]
        since, until = min(one.from_ for one in blocks), max(one.until for one in blocks)
        yield language.counted(
            "another {role} for {case}: {came} instead of {gone}, {when}",
            "other {role} for {case}: {came} instead of {gone}, {when}",
            len(came),
            role=language.role(key[1], len(came)),
            case=new.case,
            came=language.listed(sorted(came)),
            gone=language.listed(sorted(gone)),
            when=language.stretch(since, until, *clock),
        )


def _attending(one: Booking) -> dict[tuple[str, str], list[BookedAttendance]]:
    found: dict[tuple[str, str], list[BookedAttendance]] = {}
    for each in one.attendances:
        found.setdefault((each.phase, each.role), []).append(each)
    return found


def _shifted(language: Language, world: World, old: Booking, new: Booking, clock: Clock) -> str:
    before, after = (_about(language, one, clock) for one in (old, new))
    leg = language.name(new.operation)
    if before != after:
        said = language.say(
            "the {leg} of {case} moves from {before} to {after}",
            leg=leg, case=new.case, before=before, after=after,
        )  # fmt: skip
    else:
        said = language.say("the {leg} of {case} changes", leg=leg, case=new.case)
    others = _elsewhere(world, old, new)
    if before == after and not others:
        others = _otherwise(language, old, new, clock)
    instead = [
        language.say("{after} instead of {before}", before=one, after=other)
        for one, other in others
    ]
    return f"{said} ({language.listed(instead)})" if instead else said


def _about(language: Language, one: Booking, clock: Clock) -> str:
    """Return the start of a placement, or when a removal departs."""
    phase = one.phases[0 if one.operation == "placement" else -1]
    return language.moment(phase.from_, *clock)


def _elsewhere(world: World, old: Booking, new: Booking) -> Pairs:
    """Return the facility and the departure before and after, where they differ.

    A removal that follows a placement leaves from the facility that the placement names.
    """
    pairs: Pairs = []
    if old.facility and new.facility and not new.follows:
        pairs.append((old.facility, new.facility))
    if old.departure and new.departure:
        flights = world.departure[old.departure], world.departure[new.departure]
        pairs.append((_flight(flights[0]), _flight(flights[1])))
    return [pair for pair in pairs if pair[0] != pair[1]]


def _otherwise(language: Language, old: Booking, new: Booking, clock: Clock) -> Pairs:
    """Return the phases before and after, where only they differ: another place, or a wait."""
    before, after = (dict(_phases(language, one, clock)) for one in (old, new))
    return [
        (said, after[phase])
        for phase, said in before.items()
        if phase in after and after[phase] != said
    ]


def _phases(language: Language, one: Booking, clock: Clock) -> Iterator[tuple[str, str]]:
    for phase in one.phases:
        yield phase.id, f"{phase.place} {language.moment(phase.from_, *clock)}"


def _earliest(language: Language, register: Register, one: Earliest, zone: str) -> Iterator[str]:
    if INDEPENDENT.id in one.undated:
        yield language.say(WITHDRAWN)
        return
    today = near(local_date(one.now, zone), local_date(one.moment, zone))
    day = language.day(local_date(one.moment, zone), today)
    if one.undated:
        what = _titles(language, register, one.undated)
        yield language.say(
            "no date known, as nobody has said when this will be settled: {what}", what=what
        )
    if one.closed:
        what = _titles(language, register, one.closed)
        yield language.say("not before {day}, and by then this is over: {what}", day=day, what=what)
    if one.dated:
        steps = [_step(language, register, each, zone, today) for each in one.path]
        path = language.say(", then ").join(steps)
        said = language.say("not before {day}", day=day)
        yield f"{said}: {path}" if path else said


def _step(language: Language, register: Register, one: Step, zone: str, today: date | None) -> str:
    minutes = int((one.until - one.since).total_seconds() // 60)
    if one.constraint is None:
        return language.say("what comes before it ({lasting})", lasting=language.lasting(minutes))
    day, rule = local_date(one.until, zone), one.rule
    if isinstance(rule, Standing):
        why = language.say("expected to be settled on {day}", day=language.day(day, today))
    elif isinstance(rule, After) and rule.working_days:
        why = language.counted("{count} working day", "{count} working days", rule.working_days)
    elif isinstance(rule, After | Elapsed):
        why = language.lasting(minutes)
    else:
        whole = one.until == midnight(day, zone)
        opens = language.day(day, today) if whole else language.moment(one.until, zone, today)
        why = language.say("possible from {opens}", opens=opens)
    return f"{_title(language, register[one.constraint])} ({why})"


def _titles(language: Language, register: Register, constraints: Sequence[str]) -> str:
    return language.listed(_title(language, register[one]) for one in constraints)


def _title(language: Language, constraint: Constraint) -> str:
    return inside(language.title(constraint))


def _zone(world: World, case: str) -> str:
    return world.location[world.case[case].location].timezone


def _today(world: World, zone: str) -> date:
    return local_date(world.as_of, zone)
