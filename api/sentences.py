"""The kernel's answers in words, in Dutch and in English."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from api.language import LANGUAGES, Language
from scheduler.constraint import After, Attendance, Constraint, Elapsed, Register, Standing
from scheduler.explanation.earliest import Earliest, Step
from scheduler.explanation.light import LightState, Reason
from scheduler.explanation.repair import Change, DateCure, MoreSeats, People, Places
from scheduler.explanation.swap import Move
from scheduler.grid import local_date, midnight
from scheduler.proposal import Words
from scheduler.world import PERSON, BookedAttendance, Booking, Departure, World

MOST = 3
"""How many bookings are named before "and more"."""
Pairs = list[tuple[str, str]]
"""What was, and what is instead."""


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


def title(constraint: Constraint) -> Words:
    """Return the title of a constraint."""
    return _both(lambda language: language.title(constraint))


def reason(register: Register, one: Reason, bookings: Sequence[str] = ()) -> Words:
    """Return what a condition says and on which layer; ``bookings`` hold what it is short of."""
    constraint = register[one.condition.constraint]

    def tell(language: Language) -> str:
        layer = _layer(language, one, bookings)
        said = language.says(constraint, one.rule)
        return f"{said} ({layer})" if layer else said

    return _both(tell)


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
    more = sorted({each.constraint for each in one.conditions if each.layer != "rule"})

    def tell(language: Language) -> str:
        what = _titles(language, register, one.rests_on)
        said = language.say(
            "from {day}, once this is settled: {what}", day=language.day(one.day), what=what
        )
        if not more:
            return said
        what = _titles(language, register, more)
        return language.say("{said}; also needed: {what}", said=said, what=what)

    return _both(tell)


def _both(tell: Callable[[Language], str]) -> Words:
    return Words(nl=tell(LANGUAGES["nl"]), en=tell(LANGUAGES["en"]))


def _layer(language: Language, one: Reason, bookings: Sequence[str]) -> str:
    if not one.condition.known:
        return language.say("not known")
    if one.condition.layer == "claimed":
        return _taken(language, bookings)
    if one.condition.layer == "rule":
        return ""
    if not isinstance(one.rule, Attendance):
        return language.say("even without other bookings")
    if one.rule.role == PERSON:
        return language.say("an appointment of their own")
    return language.say("not rostered")


def _taken(language: Language, bookings: Sequence[str]) -> str:
    if not bookings:
        return language.say("taken by other bookings")
    named = [*bookings[:MOST]]
    if len(bookings) > MOST:
        named.append(language.say("{count} more", count=language.number(len(bookings) - MOST)))
    return language.counted(
        "taken by booking {bookings}",
        "taken by bookings {bookings}",
        len(bookings),
        bookings=language.listed(named),
    )


def _change(language: Language, world: World, one: Change) -> str:
    today = _today(world)
    if isinstance(one, People):
        return _called(language, world, one) if one.among else _people(language, world, one)
    if isinstance(one, Places):
        places = language.counted(
            "{count} place in {facility}", "{count} places in {facility}", one.count,
            facility=one.facility,
        )  # fmt: skip
        return f"{places}, {language.nights(one.nights, today)}"
    if isinstance(one, MoreSeats):
        return language.counted(
            "{count} more {kind} seat on {departure}",
            "{count} more {kind} seats on {departure}",
            one.count,
            kind=language.name(one.kind),
            departure=_departure(language, world, one.departure),
        )
    return language.say(
        "a departure to {destination} on {day} with {seats}",
        destination=one.departure.destination,
        day=language.weekday(_departs(world, one.departure), today),
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
        language.say("{place} or by telephone", place=one.place) if one.remote else one.place,
        language.stretch(one.since, one.until, zone, _today(world)),
    ]
    if one.capacity > 1:
        room = language.say("with room for {count} persons", count=language.number(one.capacity))
        parts[0] = f"{parts[0]} {room}"
    return ", ".join(parts)


def _called(language: Language, world: World, one: People) -> str:
    zone = world.location[one.place].timezone
    return "; ".join(
        language.say(
            "{role} {name} rostered, {when}",
            role=language.role(one.role),
            name=name,
            when=language.stretch(*stretch, zone, _today(world)),
        )
        for name, stretch in one.among
    )


def _seats(language: Language, departure: Departure) -> str:
    kinds = {"unescorted": departure.seats.unescorted, "escorted": departure.seats.escorted}
    return language.listed(
        language.counted("{count} {kind} seat", "{count} {kind} seats", n, kind=language.name(kind))
        for kind, n in kinds.items()
        if n
    )


def _departure(language: Language, world: World, name: str) -> str:
    one = world.departure[name]
    return f"{_flight(one)} ({language.weekday(_departs(world, one), _today(world))})"


def _flight(one: Departure) -> str:
    return one.number or one.id


def _departs(world: World, one: Departure) -> date:
    return local_date(one.departs, world.location[one.from_].timezone)


def _move(language: Language, world: World, one: Move) -> Iterator[str]:
    for old, new in zip(one.before, one.after, strict=True):
        if _when_and_where(old) == _when_and_where(new):
            yield from _renamed(language, world, old, new)
        else:
            yield _shifted(language, world, old, new)


def _when_and_where(one: Booking) -> tuple[object, ...]:
    return one.phases, one.facility, one.departure


def _renamed(language: Language, world: World, old: Booking, new: Booking) -> Iterator[str]:
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
            when=language.stretch(since, until, _zone(world, new.case), _today(world)),
        )


def _attending(one: Booking) -> dict[tuple[str, str], list[BookedAttendance]]:
    found: dict[tuple[str, str], list[BookedAttendance]] = {}
    for each in one.attendances:
        found.setdefault((each.phase, each.role), []).append(each)
    return found


def _shifted(language: Language, world: World, old: Booking, new: Booking) -> str:
    before, after = (_about(language, world, one) for one in (old, new))
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
        others = _otherwise(language, world, old, new)
    instead = [
        language.say("{after} instead of {before}", before=one, after=other)
        for one, other in others
    ]
    return f"{said} ({language.listed(instead)})" if instead else said


def _about(language: Language, world: World, one: Booking) -> str:
    """Return the start of a placement, or when a removal departs."""
    phase = one.phases[0 if one.operation == "placement" else -1]
    return language.moment(phase.from_, _zone(world, one.case), _today(world))


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


def _otherwise(language: Language, world: World, old: Booking, new: Booking) -> Pairs:
    """Return the phases before and after, where only they differ: another place, or a wait."""
    before, after = (dict(_phases(language, world, one)) for one in (old, new))
    return [
        (said, after[phase])
        for phase, said in before.items()
        if phase in after and after[phase] != said
    ]


def _phases(language: Language, world: World, one: Booking) -> Iterator[tuple[str, str]]:
    zone, today = _zone(world, one.case), _today(world)
    for phase in one.phases:
        yield phase.id, f"{phase.place} {language.moment(phase.from_, zone, today)}"


def _earliest(language: Language, register: Register, one: Earliest, zone: str) -> Iterator[str]:
    if one.undated:
        what = _titles(language, register, one.undated)
        yield language.say(
            "no date known, as nobody has said when this will be settled: {what}", what=what
        )
    if one.closed:
        what = _titles(language, register, one.closed)
        yield language.say("too late, as this would be over by then: {what}", what=what)
    if one.dated:
        today = local_date(one.now, zone)
        day = language.day(local_date(one.moment, zone), today)
        steps = [_step(language, register, each, zone, today) for each in one.path]
        path = language.say(", then ").join(steps)
        said = language.say("not before {day}", day=day)
        yield f"{said}: {path}" if path else said


def _step(language: Language, register: Register, one: Step, zone: str, today: date) -> str:
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
    """Return a title as it reads inside a sentence; an abbreviation keeps its capitals."""
    title = language.title(constraint)
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def _zone(world: World, case: str) -> str:
    return world.location[world.case[case].location].timezone


def _today(world: World) -> date:
    return world.as_of.date()
