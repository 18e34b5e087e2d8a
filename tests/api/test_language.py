"""Dutch and English: the catalogues are complete, and everything in a world has words in both."""

import string
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import api
from api.language import LANGUAGES, LOCALE, NAMES, ROLES, SKILLS, Language
from constraints import interpreter
from constraints.register import REGISTER
from fixtures.europe import europe
from fixtures.national import national
from fixtures.tiny import tiny
from fixtures.worlds import canonical
from scheduler.constraint import Attendance, Constraint, Declaration, Scope, Standing, Text
from scheduler.loading import parse_world
from scheduler.world import PERSON, World
from tests.made_up import observer

KEYWORDS = {"say": None, "counted": (1, 2), "phrase": None, "noun": (1, 2)}
WRITTEN = sorted(one.stem for one in (LOCALE / "nl").glob("*.po") if one.stem != "constraints")
"""The catalogues that are written by hand: the register writes the other."""
NL, EN = LANGUAGES["nl"], LANGUAGES["en"]
BOTH = pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
AMSTERDAM = "Europe/Amsterdam"
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def worlds() -> tuple[World, ...]:
    made = tiny(), national(cases=240), europe(cases=40, supply=0.1)
    return tuple(parse_world(canonical(one), REGISTER) for one in made)


def catalogue(name: str) -> Catalog:
    with (LOCALE / "nl" / f"{name}.po").open("rb") as source:
        return read_po(source, locale="nl", abort_invalid=True)


def messages(of: Catalog) -> Iterator[Message]:
    return (one for one in of if one.id)


def forms(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_phrases_in_the_code_and_on_the_pages_are_those_in_the_catalogues() -> None:
    room = Path(api.__file__).parent
    methods = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
    options = {"**.html": {"trim_blocks": "true", "silent": "false"}}
    found = extract_from_dir(room, methods, options, KEYWORDS)
    marked = {forms(one[2]) for one in found}
    written = Counter(forms(one.id) for name in WRITTEN for one in messages(catalogue(name)))
    assert (marked - {*written}, {*written} - marked) == (set(), set()), "missing, or unused"
    assert [one for one, times in written.items() if times > 1] == [], "in two catalogues"
    assert not any(catalogue(name).obsolete for name in WRITTEN)


@pytest.mark.parametrize("name", ["constraints", *WRITTEN])
def test_every_message_is_translated_with_the_same_placeholders(name: str) -> None:
    for message in messages(catalogue(name)):
        said = forms(message.string or "")
        assert all(said), message.id
        assert len(said) == len(forms(message.id)), message.id
        assert not message.fuzzy, message.id
        asked = set().union(*map(placeholders, forms(message.id)))
        assert all(placeholders(one) == asked for one in said), message.id


def texts(constraint: Constraint) -> list[Text]:
    return [constraint.title, constraint.says, *(one.asks for one in constraint.facts)]


def test_the_catalogue_says_what_the_register_says() -> None:
    constraints = catalogue("constraints")
    for one in REGISTER.constraints:
        for text in texts(one):
            found = constraints.get(text.en, context=one.id)
            assert found is not None, text
            assert found.string == text.nl
    assert {one.context for one in messages(constraints)} == {
        one.id for one in REGISTER.constraints
    }


def test_every_constraint_speaks_two_languages() -> None:
    alike = {one.id for one in REGISTER.constraints if NL.title(one) == EN.title(one)}
    assert alike == {"fit-to-fly"}  # nobody in the Netherlands says it otherwise
    for one in REGISTER.constraints:
        assert one.says.nl != one.says.en
        for fact in one.facts:
            assert (NL.asks(one, fact), EN.asks(one, fact)) == (fact.asks.nl, fact.asks.en)
            assert fact.asks.nl != fact.asks.en


def test_every_placeholder_is_a_field_of_what_the_constraint_declares(
    worlds: tuple[World, ...],
) -> None:
    declared: dict[str, list[Declaration]] = defaultdict(list)
    for world in worlds:
        for case in world.cases:
            scopes: tuple[Scope, ...] = (*case.legs, "chain")
            for scope in scopes:
                for constraint, rule in REGISTER.declarations(world, case, scope):
                    declared[constraint.id].append(rule)
    speaking = [one for one in REGISTER.constraints if placeholders(one.says.en)]
    assert speaking
    for one in speaking:
        assert declared[one.id]
        for rule in declared[one.id]:
            named = {field.name for field in fields(rule)}
            assert placeholders(one.says.en) == placeholders(one.says.nl) <= named
            assert "{" not in NL.says(one, rule) + EN.says(one, rule)


def test_a_constraint_says_what_its_declaration_asks_in_words() -> None:
    asked = Attendance("interpreter", "hearing", "hearing", skills=frozenset({"tir", "ar"}))
    one = interpreter.CONSTRAINT
    assert NL.says(one, asked) == "geen tolk (Arabisch of Tigrinya) bij het gehoor"
    assert EN.says(one, asked) == "no interpreter (Arabic or Tigrinya) at the hearing"
    every = replace(one, says=Text("{role} {first} {count} {among}", "{among} {role}"))
    named = replace(asked, among=frozenset({"tolk-2", "tolk-1"}), count=2)
    assert NL.says(every, named) == "tolk hearing 2 tolk-1 en tolk-2"
    assert EN.says(every, named) == "tolk-1 and tolk-2 interpreter"


def test_a_constraint_in_no_catalogue_brings_its_dutch_along() -> None:
    one = observer.CONSTRAINT
    rule = Standing("observer", "no")
    assert (NL.title(one), EN.title(one)) == ("Waarnemer", "Observer")
    assert (NL.says(one, rule), EN.says(one, rule)) == (one.says.nl, one.says.en)


@BOTH
def test_every_role_skill_and_language_of_the_worlds_has_words(
    language: Language, worlds: tuple[World, ...]
) -> None:
    for world in worlds:
        assert {*world.roles, PERSON} <= ROLES.keys()
        spoken = {tag for case in world.cases for one in case.persons for tag in one.languages}
        tags = spoken.union(*(one.abilities for one in world.resources))
        assert not [tag for tag in tags - SKILLS.keys() if language.skill(tag) == tag]


@pytest.mark.parametrize(
    ("tag", "nl", "en"),
    [
        ("ti", "Tigrinya", "Tigrinya"),
        ("tir", "Tigrinya", "Tigrinya"),
        ("prs", "Dari", "Dari"),
        ("ary", "Marokkaans Arabisch", "Moroccan Arabic"),
        ("tw", "Twi", "Twi"),
        ("sq", "Albanees", "Albanian"),
        ("duty-desk", "piketdienst", "duty desk"),
        ("steno", "steno", "steno"),
    ],
)
def test_skills_are_languages_or_have_a_name_of_their_own(tag: str, nl: str, en: str) -> None:
    assert (NL.skill(tag), EN.skill(tag)) == (nl, en)


def test_roles_are_counted() -> None:
    assert [NL.role("interpreter", n) for n in (1, 2)] == ["tolk", "tolken"]
    assert [EN.role("interpreter", n) for n in (1, 2)] == ["interpreter", "interpreters"]
    assert NL.role("observer", 2) == "observer"


def test_lights_states_and_kinds_have_names() -> None:
    names = [*REGISTER.lights, "red", "grey", "amber", "green", "goal"]
    names += ["placement", "removal", "escorted", "unescorted"]
    assert {*names} <= NAMES.keys()
    assert not [one for one in names if NL.name(one) == EN.name(one)]
    assert NL.name("vijfde-licht") == "vijfde-licht"


def test_owners_are_named_in_dutch_as_the_register_names_them() -> None:
    owners = {one.owner for one in REGISTER.constraints}
    assert all(NL.name(one) == one for one in owners)
    proper = {"COA", "DJI", "DT&V", "DV&O", "Frontex", "IND", "KMar"}
    assert {one for one in owners if EN.name(one) == one} == proper


def test_numbers_are_words_up_to_twelve() -> None:
    assert [NL.number(n) for n in (0, 1, 12, 13)] == ["0", "één", "twaalf", "13"]
    assert [EN.number(n) for n in (0, 1, 12, 13)] == ["0", "one", "twelve", "13"]


def test_lists_end_in_and_or_or() -> None:
    assert [NL.listed("abc"), NL.listed("ab"), NL.listed("a")] == ["a, b en c", "a en b", "a"]
    assert (EN.listed("abc"), EN.either("abc")) == ("a, b and c", "a, b or c")
    assert NL.either("ab") == "a of b"


def test_days_far_off_are_said_with_their_year() -> None:
    day, march = date(2026, 5, 1), date(2026, 3, 2)
    assert (NL.day(day, march), EN.day(day, march)) == ("1 mei", "1 May")
    assert NL.day(date(2026, 5, 2), march) == "2 mei 2026"
    assert (NL.day(day), EN.day(day)) == ("1 mei 2026", "1 May 2026")
    assert NL.weekday(date(2026, 12, 1), TODAY) == "di 1 dec"
    assert EN.weekday(date(2027, 12, 1), TODAY) == "Wed 1 Dec 2027"


def test_days_across_the_end_of_the_year_are_said_with_their_year_and_both_alike() -> None:
    eve = date(2026, 12, 31)
    assert (EN.day(eve, eve), EN.day(date(2027, 1, 1), eve)) == ("31 December", "1 January 2027")
    assert NL.stretch(at("2026-12-31 21:00"), at("2027-01-01 05:00"), AMSTERDAM, eve) == (
        "do 31 dec 2026 22:00 – vr 1 jan 2027 06:00"
    )
    nights = [date(2026, 12, 29), eve, date(2027, 1, 1)]
    assert EN.nights(nights, eve) == "nights of 29 Dec 2026 and 31 Dec 2026 – 1 Jan 2027"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "nl", "en"),
    [
        ("2026-12-01 09:00", "2026-12-01 11:00", "di 1 dec 10:00–12:00", "Tue 1 Dec 10:00–12:00"),
        (
            "2026-12-01 21:00", "2026-12-02 05:00",
            "di 1 dec 22:00 – wo 2 dec 06:00", "Tue 1 Dec 22:00 – Wed 2 Dec 06:00",
        ),
        # The clock goes back: what comes twice says which of both it is.
        (
            "2026-10-25 00:30", "2026-10-25 01:30",
            "zo 25 okt 02:30 CEST–02:30 CET", "Sun 25 Oct 02:30 CEST–02:30 CET",
        ),
        ("2026-10-24 23:00", "2026-10-25 02:00", "zo 25 okt 01:00–03:00", "Sun 25 Oct 01:00–03:00"),
        # The clock goes forward: an hour later it is two hours later.
        ("2027-03-28 00:30", "2027-03-28 01:30", "zo 28 mrt 01:30–03:30", "Sun 28 Mar 01:30–03:30"),
    ],
)  # fmt: skip
def test_stretches_are_said_on_the_local_clock(since: str, until: str, nl: str, en: str) -> None:
    today = at(since).date()
    assert NL.stretch(at(since), at(until), AMSTERDAM, today) == nl
    assert EN.stretch(at(since), at(until), AMSTERDAM, today) == en


def test_a_moment_is_local() -> None:
    moment = at("2026-11-30 23:30")
    assert NL.moment(moment, AMSTERDAM, TODAY) == "di 1 dec 00:30"
    assert EN.moment(moment, "Europe/London") == "Mon 30 Nov 2026 23:30"


def test_nights_are_said_in_runs() -> None:
    nights = [date(2026, 12, day) for day in (5, 1, 2, 3)]
    assert NL.nights(nights, TODAY) == "nachten van 1–3 dec en 5 dec"
    assert EN.nights(nights, TODAY) == "nights of 1–3 Dec and 5 Dec"
    assert EN.nights(nights[:1], TODAY) == "night of 5 Dec"
    assert (
        NL.nights([date(2026, 12, 31), date(2027, 1, 1)]) == "nachten van 31 dec 2026 – 1 jan 2027"
    )


def test_lengths_are_hours_and_minutes() -> None:
    assert [NL.lasting(n) for n in (60, 2160, 90)] == ["één uur", "36 uur", "één uur en 30 minuten"]
    assert [EN.lasting(n) for n in (1, 120, 0)] == ["one minute", "two hours", "0 minutes"]
