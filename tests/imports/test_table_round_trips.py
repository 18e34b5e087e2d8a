"""What a world is made of, written as any table and read back, is what it was."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.desk import open_world
from api.exports.files import FILES, File, written
from api.exports.tables import Kind, table_of
from api.imports.brought import Brings
from api.imports.tables import read_table
from constraints.register import REGISTER
from scheduler.world import (
    ACTS,
    LEGS,
    Attendee,
    Case,
    Departure,
    Detention,
    Document,
    Fact,
    Interval,
    Person,
    Quota,
    Resource,
    Seats,
    Shift,
    Trigger,
    World,
)
from tests.imports.files import READERS, world

FIXTURES = Path(__file__).parents[2] / "fixtures"
KINDS: dict[Kind, str] = {"rosters": "resources", "departures": "departures", "cases": "cases"}
BOTH = [pytest.param(kind, file, id=f"{kind}-{file}") for kind in KINDS for file in FILES]

moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
minutes = moments.map(lambda at: at.replace(second=0, microsecond=0))
days = st.dates(datetime(2020, 1, 1).date(), datetime(2030, 1, 1).date())
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
tags = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)
places = st.sampled_from([one.id for one in world().locations])
seen = st.characters(
    exclude_categories=["C", "Z"],
    include_characters=" ",
    exclude_characters="ÃÂâ\ufffd",  # of these a text can look as if an encoding had spoilt it
)
texts = st.text(seen, min_size=1, max_size=20) | st.sampled_from(
    ["=1+1", "'=x", " a ", "-2", "@x", "a;=1", "a|-2"]
)


def several(
    of: st.SearchStrategy[object], most: int = 3, **options: object
) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=most, **options).map(tuple)  # type: ignore[arg-type]


@st.composite
def stretches(draw: st.DrawFn, at: st.SearchStrategy[datetime] = minutes) -> Interval:
    first = draw(at)
    return Interval(
        from_=first, until=first + draw(st.timedeltas(timedelta(minutes=1), timedelta(9)))
    )


@st.composite
def rota(draw: st.DrawFn) -> tuple[Shift, ...]:
    """Shifts one after another, as a world has them."""
    at, found = draw(minutes).replace(tzinfo=None), []
    for _ in range(draw(st.integers(0, 4))):
        at += draw(st.timedeltas(timedelta(hours=3), timedelta(days=3)))
        opens, at = at, at + draw(st.timedeltas(timedelta(hours=2), timedelta(hours=20)))
        found.append(Shift(from_=opens, until=at))
    return tuple(found)


resources = st.builds(
    Resource,
    id=ids,
    label=st.none() | texts,
    role=tags,
    home=places,
    languages=several(tags),
    skills=several(tags),
    capacity=st.integers(1, 500),
    remote=st.booleans(),
    shifts=rota(),
    away=several(stretches(), unique=True).map(
        lambda found: tuple(sorted(found, key=lambda one: (one.from_, one.until)))
    ),
)


@st.composite
def departures(draw: st.DrawFn) -> Departure:
    kinds: list[Literal["scheduled", "charter", "road"]] = ["scheduled", "charter", "road"]
    kind = draw(st.sampled_from(kinds))
    charter, scheduled = kind == "charter", kind == "scheduled"
    departs = draw(moments)
    quotas = st.builds(Quota, country=st.sampled_from(["MA", "AL", "TR"]), seats=st.integers(0, 9))
    by_country = st.lists(quotas, max_size=3, unique_by=lambda one: one.country)
    return Departure(
        id=draw(ids),
        kind=kind,
        carrier=draw(tags) if scheduled else draw(st.none() | tags),
        number=draw(texts) if scheduled else draw(st.none() | texts),
        from_=draw(places),
        destination=draw(places),
        departs=departs,
        arrives=departs + draw(st.timedeltas(timedelta(minutes=1), timedelta(days=2))),
        seats=Seats(unescorted=draw(st.integers(0, 500)), escorted=draw(st.integers(0, 500))),
        charter=draw(st.sampled_from(["national", "joint", "collecting"])) if charter else None,
        team=tuple(draw(st.lists(ids, max_size=3))) if charter else (),
        quotas=tuple(draw(by_country)) if charter else (),
    )


def facts(of: str) -> st.SearchStrategy[dict[str, Fact]]:
    known = sorted(name for name, fact in REGISTER.facts.items() if fact.of == of)
    some = st.builds(
        Fact,
        value=st.sampled_from(["yes", "no", "unknown"]),
        since=st.none() | days,
        expected=st.none() | days,
        source=st.none() | texts,
    )
    return st.dictionaries(st.sampled_from(known), some, max_size=4)


documents = st.builds(
    Document,
    kind=tags,
    valid_from=st.none() | st.just(datetime(2019, 1, 1).date()),
    valid_until=st.none() | days,
    expected=st.none() | days,
)
persons = st.builds(
    Person,
    id=ids,
    category=tags,
    languages=several(tags),
    documents=several(documents),
    facts=facts("person"),
    escorts=st.integers(0, 6),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    operation = draw(st.sampled_from(sorted(LEGS)))
    acts = st.sampled_from([act for leg in LEGS[operation] for act in ACTS[leg]])
    far = st.just(datetime(2029, 1, 1, tzinfo=UTC))
    return Case(
        id=draw(ids),
        operation=operation,
        location=draw(places),
        destination=draw(st.sampled_from(["MA", "TR", "tirana-tia"])),
        persons=tuple(draw(st.lists(persons, min_size=1, max_size=3, unique_by=lambda p: p.id))),
        facts=draw(facts("case")),
        regime=draw(st.sampled_from([None, "dublin-iii", "ammr"])),
        detention=draw(
            st.none()
            | st.builds(
                Detention,
                ground=st.sampled_from(["6", "59-1", "59-2", "59a", "59b"]),
                imposed_at=st.none() | moments,
            )
        ),
        triggers=tuple(draw(st.lists(st.builds(Trigger, kind=tags, at=moments), max_size=3))),
        weight=draw(st.integers(1, 1000)),
        earliest=draw(st.none() | moments),
        latest=draw(st.none() | far),
        assigned_officer=draw(st.none() | ids),
        attendees=tuple(
            draw(st.lists(st.builds(Attendee, resource=ids, from_=acts, until=acts), max_size=3))
        ),
        away=tuple(draw(st.lists(stretches(moments), max_size=3))),
        templates=tuple(draw(st.lists(ids, max_size=2))),
        refused=tuple(draw(st.lists(ids, max_size=2, unique=True))),
    )


def made_of(world: World, **parts: tuple[object, ...]) -> World:
    """Return a world of these parts, and places alone beside them."""
    fields = {name: getattr(world, name) for name in World.model_fields}
    none = {"resources": (), "departures": (), "cases": (), "bookings": ()}
    return World.model_validate(fields | none | parts, strict=False)


def back(world: World, kind: Kind, file: File) -> tuple[Brings, ...]:
    """Return the parts of a world after they were a file, read onto one that has none of them."""
    body = written([table_of(world, kind)], file)
    return READERS[kind](read_table(body)).onto(made_of(world)).parts


@pytest.mark.parametrize("name", ["tiny", "national"])
@pytest.mark.parametrize(("kind", "file"), BOTH)
def test_the_worlds_that_are_there_come_back(name: str, kind: Kind, file: File) -> None:
    one = open_world(FIXTURES / f"{name}.json")
    assert back(one, kind, file) == getattr(one, KINDS[kind])


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=40)
@given(st.lists(resources, min_size=1, max_size=4, unique_by=lambda one: one.id))
def test_rosters_come_back(file: File, found: list[Resource]) -> None:
    assert back(made_of(world(), resources=tuple(found)), "rosters", file) == tuple(found)


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=40)
@given(st.lists(departures(), min_size=1, max_size=4, unique_by=lambda one: one.id))
def test_departures_come_back(file: File, found: list[Departure]) -> None:
    assert back(made_of(world(), departures=tuple(found)), "departures", file) == tuple(found)


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=40)
@given(st.lists(cases(), min_size=1, max_size=3, unique_by=lambda one: one.id))
def test_cases_come_back(file: File, found: list[Case]) -> None:
    assert back(made_of(world(), cases=tuple(found)), "cases", file) == tuple(found)
