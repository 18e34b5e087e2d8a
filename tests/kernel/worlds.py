"""Random tiny worlds: under the real register, and under registers that are made up.

A world has a few days on coarse slots, so that every option can be counted. Most of what could
forbid is granted most of the time, or nothing would ever be open.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from constraints import person
from constraints.register import REGISTER
from scheduler.constraint import (
    Attendance,
    Constraint,
    Declaration,
    Due,
    Edge,
    Elapsed,
    Inside,
    Nights,
    Only,
    Register,
    Scope,
    Seats,
    Standing,
    Subject,
    Text,
)
from scheduler.rule import RuleTable
from scheduler.world import (
    ACTS,
    LEGS,
    Attendee,
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
    Nearest,
    Operation,
    Person,
    Phase,
    Resource,
    Road,
    Shift,
    Template,
    Trigger,
    Wait,
    World,
)
from scheduler.world import Seats as SeatsOf

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
OPERATIONS: tuple[Operation, ...] = ("placement", "removal", "placement-and-removal")
FIRST_DAYS = (
    date(2026, 10, 22),
    date(2026, 10, 23),
    date(2026, 11, 23),
    date(2027, 3, 25),
    date(2027, 3, 26),
)
"""First days of a horizon: before the clock goes back, in an ordinary week, before it goes on."""
HOMES = ("azc", "pol-1", "pol-2", "dc", "ggv", "ams")
"""Where people work; the rest of the places are abroad, or cannot be reached by road."""
LANGUAGES = ("ar", "sq", "tir")
SCHEDULED: tuple[str, ...] = ("transavia", "ryanair")


class Setting:
    """A world with the register that it is planned under; its text is short enough to be read."""

    def __init__(self, world: World, register: Register) -> None:
        self.world = world
        self.register = register

    def __repr__(self) -> str:
        fields = self.world.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        declared = {one.id: one.declare for one in self.register.constraints}
        return f"Setting({fields}, {'REGISTER' if self.register is REGISTER else declared})"


def examples(count: int) -> settings:
    """Return settings for ``count`` examples, times EXAMPLES in the environment."""
    # Worlds in which a case is blocked are rare among those drawn, so many are passed over.
    return settings(
        max_examples=count * int(os.environ.get("EXAMPLES", "1")),
        suppress_health_check=[HealthCheck.filter_too_much],
    )


def local(day: date, clock: str, zone: ZoneInfo = AMSTERDAM) -> datetime:
    """Return the instant of a wall-clock time."""
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def one_in(count: int) -> st.SearchStrategy[bool]:
    """Return True about once in ``count`` times."""
    return st.integers(1, count).map(lambda n: n == count)


def maybe(
    count: int, strategy: st.SearchStrategy[Any], other: Any = None
) -> st.SearchStrategy[Any]:
    """Return ``other``, or about once in ``count`` times what ``strategy`` draws."""
    return one_in(count).flatmap(lambda yes: strategy if yes else st.just(other))


@st.composite
def horizons(draw: st.DrawFn, /, slot: int | None = None) -> Horizon:
    """A horizon of two to four local days, jump days among them."""
    first = draw(st.sampled_from(FIRST_DAYS))
    last = first + timedelta(days=draw(st.sampled_from((2, 3, 3, 3, 4))))
    minutes = slot or draw(st.sampled_from((60, 60, 60, 30)))
    start = local(first, draw(st.sampled_from(("00:00", "00:00", "05:00"))))
    length = int((local(last, "00:00") - start).total_seconds()) // 60
    return Horizon(start=start, slot_minutes=_as_slot(minutes), slots=length // minutes)


def _as_slot(minutes: int) -> Literal[30, 60]:
    return 30 if minutes == 30 else 60


def days_of(horizon: Horizon) -> list[date]:
    """Return the local days of the horizon."""
    first = horizon.start.astimezone(AMSTERDAM).date()
    end = horizon.start + timedelta(minutes=horizon.slots * horizon.slot_minutes - 1)
    return [
        first + timedelta(days=n)
        for n in range((end.astimezone(AMSTERDAM).date() - first).days + 1)
    ]


# --- Places and people ------------------------------------------------------------------------

LOCATIONS = tuple(
    Location(id=id, kind=kind, region="-", country=country, timezone=zone, holidays=holidays)
    for id, kind, country, zone, holidays in (
        ("azc", "coa-location", "NL", "Europe/Amsterdam", "NL"),
        ("pol-1", "police-station", "NL", "Europe/Amsterdam", "NL"),
        ("pol-2", "police-station", "NL", "Europe/Amsterdam", "NL"),
        ("dc", "detention", "NL", "Europe/Amsterdam", "NL"),
        ("ggv", "detention", "NL", "Europe/Amsterdam", "NL"),
        ("ams", "airport", "NL", "Europe/Amsterdam", "NL"),
        ("isle", "address", "NL", "Europe/Amsterdam", "NL"),
        ("tia", "abroad", "AL", "Europe/Tirane", None),
    )
)


TREE = (("azc", "pol-1"), ("pol-1", "pol-2"), ("pol-1", "dc"), ("dc", "ggv"), ("dc", "ams"))


@st.composite
def roads(draw: st.DrawFn, /, *, trouble: bool = False) -> tuple[Road, ...]:
    """A tree of roads with lengths of their own, in trouble one missing; none to the island."""
    lengths = st.sampled_from((5, 20, 45, 60, 75))
    tree = list(TREE)
    if trouble:
        tree.remove(draw(st.sampled_from(tree)))
    return tuple(Road(from_=one, to=other, minutes=draw(lengths)) for one, other in tree)


@st.composite
def shifts(draw: st.DrawFn, /, horizon: Horizon) -> tuple[Shift, ...]:
    """A roster on the wall clock: always there, daily hours, two shifts that touch, or none."""
    days = days_of(horizon)

    def at(day: date, clock: str) -> datetime:
        return datetime.combine(day, time.fromisoformat(clock))

    before, after = days[0] - timedelta(days=1), days[-1] + timedelta(days=1)
    kind = draw(
        st.sampled_from(("always", "always", "daily", "short", "touching", "nights", "none"))
    )
    if kind == "none" and draw(st.booleans()):
        return ()
    if kind == "daily":
        opens = draw(st.sampled_from(("05:00", "06:30", "08:00")))
        closes = draw(st.sampled_from(("17:00", "19:10", "23:00")))
        return tuple(Shift(from_=at(day, opens), until=at(day, closes)) for day in days)
    if kind == "short":
        first = draw(st.integers(5, 14))
        end = first + draw(st.integers(3, 8))
        return tuple(
            Shift(from_=at(day, f"{first:02}:00"), until=at(day, f"{end:02}:30")) for day in days
        )
    if kind == "nights":
        return tuple(
            Shift(from_=at(day, "14:00"), until=at(day + timedelta(days=1), "13:00"))
            for day in (before, *days)
        )
    if kind == "touching":
        middle = at(draw(st.sampled_from(days)), draw(st.sampled_from(("02:30", "11:15", "13:00"))))
        return (
            Shift(from_=at(before, "00:00"), until=middle),
            Shift(from_=middle, until=at(after, "23:00")),
        )
    return (Shift(from_=at(before, "00:00"), until=at(after, "23:00")),)


@st.composite
def intervals(draw: st.DrawFn, /, horizon: Horizon) -> Interval:
    """A stretch of some hours, off the slots as often as not."""
    length = horizon.slots * horizon.slot_minutes
    begin = draw(st.integers(0, length // 15)) * 15
    hours = draw(st.integers(1, 8))
    since = horizon.start + timedelta(minutes=begin)
    return Interval(from_=since, until=since + timedelta(hours=hours, minutes=10))


@st.composite
def resources(
    draw: st.DrawFn,
    /,
    horizon: Horizon,
    role: str,
    sound: Sequence[dict[str, Any]] = (),
    most: int = 2,
    **fields: st.SearchStrategy[Any],
) -> tuple[Resource, ...]:
    """Resources of a role: the ``sound`` ones always there, and up to ``most`` of any sort."""
    always = tuple(
        Resource(id=f"{role}-{n}", role=role, shifts=_always(horizon), **{"home": "pol-1", **one})
        for n, one in enumerate(sound)
    )
    return always + tuple(
        Resource(
            id=f"{role}-{n}",
            role=role,
            shifts=draw(shifts(horizon)),
            away=(draw(intervals(horizon)),) if draw(one_in(6)) else (),
            **{"home": draw(st.sampled_from(HOMES[:4])), **{k: draw(v) for k, v in fields.items()}},
        )
        for n in range(len(always), len(always) + draw(st.integers(0, most)))
    )


def _always(horizon: Horizon) -> tuple[Shift, ...]:
    """Return one shift that reaches beyond the horizon on both sides."""
    days = days_of(horizon)
    before, after = days[0] - timedelta(days=1), days[-1] + timedelta(days=2)
    return (Shift(from_=datetime.combine(before, time()), until=datetime.combine(after, time())),)


TROUBLES = (
    "police",
    "case-officer",
    "hearing-officer",
    "lawyer",
    "interpreter",
    "transport",
    "coa",
    "kmar",
    "escort",
    "room",
    "roads",
    "places",
    "seats",
    "now",
    "facts",
    "persons",
    "departures",
)
"""What may go wrong in a world; a few of these at a time, or nothing would ever be open."""


@st.composite
def staff(draw: st.DrawFn, /, horizon: Horizon, trouble: frozenset[str]) -> tuple[Resource, ...]:
    """People of every partner: somebody of each is always there, unless that is the trouble."""
    several = st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=2, unique=True).map(tuple)
    desk = st.sampled_from((("duty-desk",), ("duty-desk", "ar"), ()))
    at_azc, at_airport = st.just("azc"), st.just("ams")
    room = st.sampled_from((("single",), ("group",), ("family",)))
    roles: list[tuple[str, list[dict[str, Any]], int, dict[str, st.SearchStrategy[Any]]]] = [
        ("police", [{}], 1, {}),
        ("case-officer", [{}], 1, {}),
        ("hearing-officer", [{}], 1, {}),
        ("lawyer", [{"skills": ("duty-desk",)}], 1, {"skills": desk}),
        (
            "interpreter",
            [{"languages": LANGUAGES}],
            2,
            {"languages": several, "remote": st.booleans()},
        ),
        ("transport", [{"capacity": 3}], 2, {"capacity": st.integers(1, 3)}),
        ("coa", [{"home": "azc"}], 1, {"home": st.sampled_from(("azc", "pol-1"))}),
        ("kmar", [{"home": "ams"}], 1, {"home": at_airport}),
        ("escort", [{"home": "ams"}] * 5, 2, {"home": at_airport}),
        ("nurse", [{"home": "azc"}], 1, {"remote": st.booleans(), "home": at_azc}),
        ("doctor", [{"home": "ams"}], 0, {}),
        ("monitor", [{"home": "ams"}], 0, {}),
    ]
    found: list[Resource] = []
    for role, sound, most, fields in roles:
        if role in trouble:
            found += draw(resources(horizon, role, (), most + 2, **fields))
        else:
            found += draw(resources(horizon, role, sound, most, **fields))
    if "escort" in trouble:
        # The teams of charters name two escorts, whether or not they are at work.
        there = {one.id for one in found}
        found += [
            Resource(id=name, role="escort", home="ams")
            for name in ("escort-0", "escort-1")
            if name not in there
        ]
    if "room" in trouble:
        found += draw(resources(horizon, "room", (), 2, home=at_airport, skills=room))
    return tuple(found)


@st.composite
def facilities(
    draw: st.DrawFn, /, horizon: Horizon, *, trouble: bool = False
) -> tuple[Facility, ...]:
    """Facilities with two or three places; in trouble fewer of them, and fewer places."""
    kinds: list[tuple[str, str, tuple[str, ...]]] = [
        ("dc-mw", "dc", ("man", "woman")),
        ("ggv-f", "ggv", ("family", "unaccompanied-minor")),
        ("dc-b", "dc", ("border", "man")),
        ("ggv-m", "ggv", ("man",)),
    ]
    wanted = kinds[: draw(st.sampled_from((2, 3, 4)))]
    if trouble:
        wanted = draw(st.lists(st.sampled_from(kinds), max_size=3, unique=True))
    return tuple(
        Facility(
            id=id,
            location=location,
            categories=categories,
            places=draw(st.sampled_from((0, 1, 2) if trouble else (3, 3, 2))),
            nights={draw(st.sampled_from(days_of(horizon))): draw(st.integers(0, 2))}
            if draw(one_in(3 if trouble else 9))
            else {},
        )
        for id, location, categories in wanted
    )


@st.composite
def departures(
    draw: st.DrawFn,
    /,
    horizon: Horizon,
    kinds: Sequence[str] = ("scheduled",),
    *,
    trouble: bool = False,
    scarce: bool = False,
) -> tuple[Departure, ...]:
    """One to four departures to Tirana late in the horizon, at odd minutes as well."""
    made = []
    days = days_of(horizon)
    count = draw(st.integers(0 if trouble else 1, 4))
    for n in range(count):
        kind: Any = draw(st.sampled_from(list(kinds)))
        day = draw(st.sampled_from(days if trouble else days[-2:]))
        departs = local(day, f"{draw(st.integers(0 if trouble else 11, 19)):02}:00")
        departs += timedelta(minutes=draw(st.sampled_from((0, 0, 10, 30, 45))))
        lengths = (45, 95, 150, 310) if trouble else (45, 95)
        fields: dict[str, Any] = {}
        if kind == "scheduled":
            fields = {"carrier": "ryanair" if draw(one_in(9)) else "transavia", "number": f"X{n}"}
        if kind == "charter":
            charter = draw(st.sampled_from(("national", "national", "joint")))
            team: tuple[str, ...] = ("escort-0", "escort-1", "doctor-0", "monitor-0")
            team = team[: draw(st.sampled_from((4, 4, 3, 1)))]
            fields = {"charter": charter, "team": team}
        seats = st.sampled_from((0, 1, 2) if scarce else (2, 3, 4))
        made.append(
            Departure(
                id=f"dep-{n}",
                kind=kind,
                from_="ams",
                destination="tia",
                departs=departs,
                arrives=departs + timedelta(minutes=draw(st.sampled_from(lengths))),
                seats=SeatsOf(unescorted=draw(seats), escorted=draw(seats)),
                **fields,
            )
        )
    return tuple(made)


@st.composite
def templates(draw: st.DrawFn) -> tuple[Template, ...]:
    """A template of each leg: every act apart with waits between, or several in one block."""
    suite: Any = draw(
        st.sampled_from((*(Nearest(kind="police-station", nearest=n) for n in (1, 2)), "case"))
    )
    minutes = st.sampled_from((15, 30, 60, 80))
    waits = st.sampled_from(
        (Wait(), Wait(), Wait(max=60), Wait(min=30, max=120), Wait(min=60, max=60))
    )
    apart: tuple[Any, ...] = (
        (("pick-up",), "case", Wait()),
        (("intake",), suite, Wait()),
        (("hearing",), suite, draw(waits)),
        (("transfer",), suite, Wait()),
        (("arrival",), "facility", Wait()),
    )
    paired: tuple[Any, ...] = (
        (("pick-up", "intake", "hearing"), "case", Wait()),
        (("transfer", "arrival"), "facility", draw(waits)),
    )
    block: tuple[Any, ...] = ((ACTS["placement"], "case", Wait()),)
    placement: tuple[Phase, ...] = tuple(
        Phase(id=acts[0], acts=acts, place=place, minutes=draw(minutes), wait=wait)
        for acts, place, wait in draw(st.sampled_from((apart, paired, block)))
    )
    one_by_one: tuple[Any, ...] = (
        (("transport",), "case", draw(minutes), Wait()),
        (("delivery",), "origin", 15, Wait()),
        (("hand-over",), "origin", 180, draw(waits)),
        (("departure",), "aboard", None, Wait()),
    )
    two_by_two: tuple[Any, ...] = (
        (("transport", "delivery"), "case", draw(minutes), Wait()),
        (("hand-over",), "origin", 180, draw(waits)),
        (("departure",), "aboard", None, draw(waits)),
    )
    removal = tuple(
        Phase(
            id=acts[0],
            acts=acts,
            place=place,
            minutes=None if acts == ("departure",) else length,
            wait=wait,
        )
        for acts, place, length, wait in draw(st.sampled_from((one_by_one, two_by_two)))
    )
    return (
        Template(id="placing", operation="placement", anchor="start", phases=placement),
        Template(id="removing", operation="removal", anchor="departure", phases=removal),
    )


# --- Cases under the real register --------------------------------------------------------------

HOUSEHOLDS: tuple[tuple[str, ...], ...] = (
    ("man",),
    ("man",),
    ("man",),
    ("woman",),
    ("man", "woman"),
    ("woman", "child"),
    ("man", "woman", "child"),
    ("unaccompanied-minor",),
)


@st.composite
def cases(
    draw: st.DrawFn,
    /,
    n: int,
    horizon: Horizon,
    as_of: datetime,
    trouble: frozenset[str],
    people: Sequence[Resource],
    refusing: Sequence[str],
) -> Case:
    """A case that has all its answers, unless they are the trouble."""
    today = as_of.astimezone(AMSTERDAM).date()
    operation = draw(st.sampled_from(OPERATIONS))
    members = draw(st.sampled_from(HOUSEHOLDS))
    detained = operation == "removal" and draw(st.booleans())
    grounds: list[Any] = ["59-1", "59-1", "59-2", "59b"]
    if not {"child", "unaccompanied-minor"} & set(members):
        grounds += ["6"] * (members == ("man",))
    imposed = as_of - timedelta(days=draw(st.sampled_from((1, 2, 5, 27))), hours=3)
    facts, personal = _facts(draw(flaws()) if "facts" in trouble else None, today)
    awkward = "persons" in trouble
    spoken = st.lists(st.sampled_from((*LANGUAGES, "nl")), min_size=1, max_size=2, unique=True)
    officers = [one.id for one in people if one.role == "case-officer"]
    place = draw(st.sampled_from(("azc", "azc", "pol-1", "pol-2")))
    if awkward and draw(one_in(9)):
        place = "isle"
    escorts = draw(st.sampled_from((2, 3)))
    if draw(st.booleans()) or (len(members) > 1 and not awkward):
        escorts = 0  # a carrier takes one escorted person, so no family
    return Case(
        id=f"zk-{n}",
        operation=operation,
        location="dc" if detained else place,
        destination=draw(st.sampled_from(("AL", "tia"))),
        persons=tuple(
            Person(
                id=f"p{n}-{m}",
                category=category,
                languages=tuple(draw(maybe(2 if awkward else 6, spoken, ("ar",)))),
                documents=(draw(documents(horizon)) if awkward else _PASSPORT,),
                facts=personal,
                escorts=0 if m else escorts,
            )
            for m, category in enumerate(members)
        ),
        facts=facts,
        detention=Detention(
            ground=draw(st.sampled_from(grounds)), imposed_at=imposed if detained else None
        )
        if detained or operation != "removal"
        else None,
        triggers=(
            Trigger(
                kind="departure-term-end",
                at=draw(maybe(3 if "facts" in trouble else 20, instants(horizon), imposed)),
            ),
        ),
        weight=draw(st.integers(1, 3)),
        earliest=draw(maybe(2 if awkward else 9, instants(horizon))),
        assigned_officer=draw(maybe(4, st.sampled_from(officers))) if officers else None,
        attendees=draw(maybe(5, attendees(operation, people), ())),
        away=(draw(intervals(horizon)),) if draw(one_in(4)) else (),
        refused=draw(maybe(8, refusals(refusing), ())),
    )


def refusals(refusing: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """One or two of the facilities and departures, so that others are left as often as not."""
    if not refusing:
        return st.just(())
    some = st.lists(st.sampled_from(refusing), min_size=1, max_size=2, unique=True)
    return some.map(tuple)


@st.composite
def attendees(
    draw: st.DrawFn, operation: Operation, people: Sequence[Resource]
) -> tuple[Attendee, ...]:
    """A nurse or a lawyer of one's own, from one act of a leg to another."""
    guests = [one.id for one in people if one.role in ("nurse", "lawyer")]
    acts = ACTS[draw(st.sampled_from(LEGS[operation]))]
    first = draw(st.integers(0, len(acts) - 1))
    last = draw(st.integers(first, len(acts) - 1))
    if not guests:
        return ()
    return (Attendee(resource=draw(st.sampled_from(guests)), from_=acts[first], until=acts[last]),)


_PASSPORT = Document(kind="passport", valid_from=date(2025, 1, 1), valid_until=date(2030, 1, 1))


@st.composite
def instants(draw: st.DrawFn, /, horizon: Horizon) -> datetime:
    """An instant within the horizon, on a quarter of an hour."""
    quarters = horizon.slots * horizon.slot_minutes // 15
    return horizon.start + timedelta(minutes=15 * draw(st.integers(0, quarters)))


@st.composite
def documents(draw: st.DrawFn, /, horizon: Horizon) -> Document:
    """A passport, mostly valid for years; sometimes it ends on a day of the horizon."""
    until = draw(maybe(8, st.sampled_from(days_of(horizon)), date(2030, 1, 1)))
    kind = draw(st.sampled_from(("passport", "passport", "laissez-passer")))
    return Document(kind=kind, valid_from=date(2025, 1, 1), valid_until=until)


def flaws() -> st.SearchStrategy[tuple[str, str]]:
    """A fact with an answer that is not simply yes."""
    return st.tuples(
        st.sampled_from(sorted(REGISTER.facts)), st.sampled_from(("no", "unknown", "absent", "old"))
    )


def _facts(flaw: tuple[str, str] | None, today: date) -> tuple[dict[str, Fact], dict[str, Fact]]:
    """Return the answers of a case and of its persons: yes, checks still due left out."""
    answers = {
        fact.id: Fact(value="yes", since=today - timedelta(days=3))
        for fact in REGISTER.facts.values()
        if not fact.due
    }
    answers |= {
        name: Fact(value="yes", since=today)
        for name in ("detention-grounds", "lighter-means-rejected")
    }
    if flaw is not None:
        name, answer = flaw
        answers.pop(name, None)
        if answer == "old":
            answers[name] = Fact(value="yes", since=today - timedelta(days=1))
        elif answer == "no":
            answers[name] = Fact(value="no", since=today)
        elif answer == "unknown":
            answers[name] = Fact(value="unknown")
    of_person = {one.id for one in REGISTER.facts.values() if one.of == "person"}
    return (
        {name: fact for name, fact in answers.items() if name not in of_person},
        {name: fact for name, fact in answers.items() if name in of_person},
    )


@st.composite
def real(draw: st.DrawFn, /, least: int = 1, most: int = 2, slot: int | None = None) -> Setting:
    """A tiny world under the real register, with up to three troubles."""
    horizon = draw(horizons(slot))
    trouble = draw(st.frozensets(st.sampled_from(TROUBLES), max_size=3))
    ahead = draw(st.sampled_from((5, 2, 1, 0) if "now" in trouble else (16, 17, 20)))
    as_of = local(
        days_of(horizon)[0] - timedelta(days=ahead), draw(st.sampled_from(("00:00", "09:20")))
    )
    people = draw(staff(horizon, trouble))
    kinds = draw(
        st.sampled_from(
            (("scheduled",), ("scheduled", "road"), ("scheduled", "charter"), ("charter",))
        )
    )
    where = draw(facilities(horizon, trouble="places" in trouble))
    there = draw(
        departures(horizon, kinds, trouble="departures" in trouble, scarce="seats" in trouble)
    )
    refusing = [*(one.id for one in where), *(one.id for one in there)]
    world = World(
        schema_version=1,
        as_of=as_of,
        horizon=horizon,
        rules_date=days_of(horizon)[0],
        locations=LOCATIONS,
        roads=draw(roads(trouble="roads" in trouble)),
        resources=people,
        facilities=where,
        departures=there,
        templates=draw(templates()),
        cases=tuple(
            draw(cases(n, horizon, as_of, trouble, people, refusing))
            for n in range(1, draw(st.integers(least, most)) + 1)
        ),
    )
    return Setting(world, REGISTER)


# --- Registers that are made up -----------------------------------------------------------------

ROLES = ("red", "blue")
SIDES: tuple[Literal["start", "end"], ...] = ("start", "end")
NO_TEXT = Text("-", "-")


@st.composite
def peopled(draw: st.DrawFn, /, least: int = 1, most: int = 2, slot: int | None = None) -> World:
    """A tiny world with people of two roles that no partner has."""
    horizon = draw(horizons(slot))
    days = days_of(horizon)
    as_of = horizon.start - timedelta(days=draw(st.sampled_from((3, 1))))
    skills = st.lists(st.sampled_from(LANGUAGES), max_size=2, unique=True).map(tuple)
    people = [
        one
        for role in ROLES
        for one in draw(
            resources(
                horizon,
                role,
                [{"languages": LANGUAGES, "capacity": 2, "remote": True}] * draw(st.integers(0, 2)),
                3,
                languages=skills,
                capacity=st.integers(1, 2),
                remote=st.booleans(),
                home=st.sampled_from(HOMES[:3]),
            )
        )
    ]
    return World(
        schema_version=1,
        as_of=as_of,
        horizon=horizon,
        rules_date=days[0],
        locations=LOCATIONS,
        roads=draw(roads()),
        resources=tuple(people),
        facilities=draw(facilities(horizon, trouble=draw(one_in(3)))),
        departures=draw(departures(horizon)),
        templates=draw(templates()),
        cases=tuple(
            Case(
                id=f"zk-{n}",
                operation=draw(st.sampled_from(OPERATIONS)),
                location=draw(st.sampled_from(("azc", "pol-1"))),
                destination="AL",
                persons=(Person(id=f"p{n}", category="man"),),
                weight=draw(st.integers(1, 3)),
                away=(draw(intervals(horizon)),) if draw(one_in(4)) else (),
            )
            for n in range(1, draw(st.integers(least, most)) + 1)
        ),
    )


@st.composite
def synthetic(
    draw: st.DrawFn, /, least: int = 1, most: int = 2, slot: int | None = None, apart: bool = True
) -> Setting:
    """A tiny world under a handful of constraints that nobody ever thought of.

    ``apart``: the legs of a chain are so far apart that nobody is needed by both at a time.
    """
    world = draw(peopled(least, most, slot))
    return Setting(world, draw(registers(world, apart)))


@st.composite
def crowded(draw: st.DrawFn, /) -> Setting:
    """A tiny world in which nothing but people is asked for, at several acts of a placement."""
    world = draw(peopled(slot=60))
    asked = [draw(attendances(world, "placement")) for _ in range(draw(st.integers(2, 4)))]
    constraints = (made_up(f"c{n}", placement=one) for n, one in enumerate(asked))
    return Setting(world, register_of(*constraints))


@st.composite
def registers(draw: st.DrawFn, /, world: World, apart: bool) -> Register:
    """The person, and a handful of random constraints."""
    constraints: list[Constraint] = []
    for n in range(draw(st.integers(2, 6))):
        legs: tuple[Leg, ...] = draw(
            st.sampled_from((("placement",), ("removal",), ("placement", "removal")))
        )
        declared = {leg: draw(declarations(world, leg)) for leg in legs}
        constraints.append(made_up(f"c{n}", **declared))
    if draw(one_in(3)):
        twin = draw(declarations(world, "placement", ("attendance",)))
        constraints += [made_up(f"twin-{n}", placement=twin) for n in (1, 2)]
    if draw(st.booleans()):
        count, known = draw(st.integers(1, 2)), frozenset(world.facility)
        stay = Nights(count, known, draw(st.integers(1, 3)))
        constraints.append(made_up("stay", placement=stay, chain=Nights(count, known, None)))
    if draw(st.booleans()):
        limits = tuple((one.id, draw(st.integers(0, 3))) for one in world.departures)
        seats = Seats("unescorted", draw(st.integers(1, 2)), limits)
        constraints.append(made_up("seats", removal=seats))
    opens = time(draw(st.integers(0, 14)))
    begins = hours_of(world.horizon, opens, time(opens.hour + draw(st.integers(3, 9))))
    constraints.append(
        made_up("hours", placement=Inside(("pick-up", "start"), ("pick-up", "start"), begins))
    )
    first: Edge = (draw(st.sampled_from(("arrival", "hearing"))), draw(st.sampled_from(SIDES)))
    last: Edge = (draw(st.sampled_from(("transport", "departure"))), "start")
    most = draw(st.sampled_from((None, 24 * 60, 36 * 60 + 10)))
    constraints.append(made_up("between", chain=Elapsed(first, last, 0, most)))
    if apart:
        rest = Elapsed(("arrival", "end"), ("transport", "start"), 12 * 60)
        constraints.append(made_up("rest", chain=rest))
    return register_of(*constraints)


def register_of(*constraints: Constraint) -> Register:
    """Return a register of the person and some constraints that were made up."""
    lights = ("first", "second", person.CONSTRAINT.light)
    return Register(lights, (person.CONSTRAINT, *constraints), RuleTable(()))


def hours_of(horizon: Horizon, opens: time, closes: time) -> tuple[tuple[datetime, datetime], ...]:
    """Return the local hours of each day of the horizon."""
    return tuple(
        (local(day, opens.isoformat()), local(day, closes.isoformat())) for day in days_of(horizon)
    )


@dataclass(frozen=True)
class Says:
    """What a made-up constraint declares, by scope; a placement of a chain has no stay."""

    declared: tuple[tuple[Scope, Declaration], ...]

    def __call__(self, subject: Subject) -> list[Declaration]:
        stays = not (subject.chained and subject.scope == "placement")
        return [
            one
            for scope, one in self.declared
            if scope == subject.scope and (stays or not isinstance(one, Nights))
        ]


def made_up(id: str, **declared: Declaration) -> Constraint:
    """Return a constraint that declares one thing in each of some scopes, of any case."""
    scopes: tuple[Scope, ...] = ("placement", "removal", "chain")
    says = Says(tuple((scope, declared[scope]) for scope in scopes if scope in declared))
    return Constraint(
        id=id,
        light="second" if id[-1] in "135" else "first",
        owner="-",
        cure="capacity",
        title=NO_TEXT,
        says=NO_TEXT,
        declare=says,
        scopes=frozenset(scope for scope, _ in says.declared),
        basis="made up",
    )


KINDS = (
    "attendance",
    "attendance",
    "attendance",
    "attendance",
    "inside",
    "elapsed",
    "due",
    "only",
    "blocked",
)


@st.composite
def attendances(
    draw: st.DrawFn,
    /,
    world: World,
    leg: Leg,
    role: str | None = None,
    departures: frozenset[str] | None = None,
) -> Attendance:
    """One to three people of a role from one act of a leg to another."""
    acts = ACTS[leg]
    first = draw(st.integers(0, len(acts) - 1))
    last = draw(st.integers(first, len(acts) - 1))
    role = role or draw(st.sampled_from(ROLES))
    members = [one.id for one in world.roles.get(role, ())]
    skills = st.sampled_from(LANGUAGES).map(lambda one: frozenset({one}))
    return Attendance(
        role=role,
        first=acts[first],
        last=acts[last],
        count=draw(st.sampled_from((1, 1, 1, 2, 3))),
        skills=draw(maybe(3, skills, frozenset())),
        among=frozenset(members[:2]) if draw(one_in(6)) else None,
        before=draw(st.sampled_from((0, 0, 20, 60))),
        after=draw(st.sampled_from((0, 0, 45, 60))),
        mode=draw(st.sampled_from(("on-site", "on-site", "either", "remote"))),
        capacity=draw(st.sampled_from((1, 1, 2))),
        departures=departures,
    )


@st.composite
def declarations(
    draw: st.DrawFn, world: World, leg: Leg, kinds: Sequence[str] = KINDS
) -> Declaration:
    """One declaration about a leg, of any kind; those that forbid everything are seldom."""
    kind = draw(st.sampled_from(list(kinds)))
    acts = ACTS[leg]
    first = draw(st.integers(0, len(acts) - 1))
    last = draw(st.integers(first, len(acts) - 1))
    edges: tuple[Edge, Edge] = (acts[first], "start"), (acts[last], draw(st.sampled_from(SIDES)))
    flights = frozenset(world.departure)
    some = draw(maybe(3, st.just(frozenset(sorted(flights)[:1])))) if leg == "removal" else None
    if kind == "attendance":
        return draw(attendances(world, leg, departures=some))
    if kind == "inside":
        stretches = tuple(
            (one.from_ - timedelta(hours=6), one.until + timedelta(hours=18))
            for one in draw(st.lists(intervals(world.horizon), min_size=1, max_size=2))
        )
        return Inside(*edges, stretches, draw(st.booleans()), draw(st.booleans()))
    if kind == "elapsed":
        pauses = tuple(one.stretch for one in draw(st.lists(intervals(world.horizon), max_size=2)))
        least = draw(st.sampled_from((0, 0, 50, 90)))
        most = draw(st.sampled_from((None, 150, 240, 475)))
        return Elapsed(*edges, least, most, pauses, departures=some)
    if kind == "due":
        day = st.sampled_from(days_of(world.horizon)).map(lambda one: Fact(value="yes", since=one))
        answer = draw(
            st.one_of(
                day, st.sampled_from((Fact(value="unknown"), Fact(value="no"), Fact(value="yes")))
            )
        )
        window = draw(st.sampled_from((60, 24 * 60, 48 * 60)))
        return Due("check", (acts[last], "end"), window, (answer,))
    if kind == "only" and leg == "removal":
        return Only(departures=frozenset(sorted(flights)[:2]))
    if kind == "blocked" and draw(one_in(4)):
        return Standing("fact", draw(st.sampled_from(("yes", "no", "unknown"))))
    return Inside(
        (acts[0], "start"), (acts[0], "start"), ((world.as_of, datetime.max.replace(tzinfo=UTC)),)
    )


def either(least: int = 1, most: int = 2, slot: int | None = None) -> st.SearchStrategy[Setting]:
    """A tiny world of either sort."""
    return st.one_of(real(least, most, slot), synthetic(least, most, slot))


def plain(*others: dict[str, Any], wait: int = 0, **fields: Any) -> World:
    """A world in which one of each partner is always there, and ``others`` too: nothing drawn.

    All of a placement is at the case's location, five hours on end. To be at the airport at 10:00
    of the third day, for the one flight at 12:00, one leaves the reception centre at 06:00; up to
    ``wait`` minutes earlier than one must.
    """
    start = local(date(2026, 11, 23), "00:00")
    horizon = Horizon(start=start, slot_minutes=60, slots=72)
    people: list[dict[str, Any]] = [
        {"role": "police"},
        {"role": "case-officer"},
        {"role": "hearing-officer"},
        {"role": "lawyer", "skills": ("duty-desk",)},
        {"role": "interpreter", "languages": LANGUAGES},
        {"role": "transport", "capacity": 3},
        {"role": "coa", "home": "azc"},
        {"role": "kmar", "home": "ams"},
    ]
    resources = tuple(
        Resource(**{"id": f"{one['role']}-0", "home": "pol-1", "shifts": _always(horizon), **one})
        for one in (*people, *others)
    )
    placing = Template(
        id="placing",
        operation="placement",
        anchor="start",
        phases=tuple(
            Phase(id=act, acts=(act,), place="case", minutes=60) for act in ACTS["placement"]
        ),
    )
    removing = Template(
        id="removing",
        operation="removal",
        anchor="departure",
        phases=(
            Phase(id="transport", acts=("transport",), place="case", minutes=60),
            Phase(id="delivery", acts=("delivery",), place="origin", minutes=60),
            Phase(
                id="hand-over", acts=("hand-over",), place="origin", minutes=60, wait=Wait(max=wait)
            ),
            Phase(id="departure", acts=("departure",), place="aboard", minutes=None),
        ),
    )
    return World(
        schema_version=1,
        as_of=start - timedelta(days=20),
        horizon=horizon,
        rules_date=date(2026, 11, 23),
        locations=LOCATIONS,
        roads=tuple(Road(from_=one, to=other, minutes=45) for one, other in TREE),
        resources=resources,
        facilities=(Facility(id="dc-mw", location="dc", categories=("man", "woman"), places=2),),
        departures=(
            Departure(
                id="flight",
                kind="scheduled",
                carrier="transavia",
                number="X1",
                from_="ams",
                destination="tia",
                departs=start + timedelta(days=2, hours=12),
                arrives=start + timedelta(days=2, hours=14),
                seats=SeatsOf(unescorted=2, escorted=2),
            ),
        ),
        templates=(placing, removing),
        **fields,
    )


def chain() -> Case:
    """Return a case that is placed and then removed, without a single answer."""
    return Case(
        id="zk-1",
        operation="placement-and-removal",
        location="azc",
        destination="AL",
        persons=(Person(id="p1", category="man"),),
    )


def with_bookings(setting: Setting, bookings: Iterable[Booking], status: Any) -> Setting:
    """Return the world with ``bookings`` in it, each with ``status``."""
    standing = tuple(one.model_copy(update={"status": status}) for one in bookings)
    fields = {name: getattr(setting.world, name) for name in World.model_fields}
    return Setting(World(**{**fields, "bookings": standing}), setting.register)
