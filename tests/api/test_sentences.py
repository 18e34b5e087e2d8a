"""The kernel's answers as a planner reads them, in Dutch and in English."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

import pytest

from api import sentences
from api.language import LANGUAGES
from constraints.register import REGISTER
from fixtures.national import national
from fixtures.worlds import canonical
from scheduler.constraint import (
    After,
    Attendance,
    Declaration,
    Due,
    Elapsed,
    Inside,
    Nights,
    Scope,
    Standing,
)
from scheduler.constraint import Seats as SeatsAsked
from scheduler.explanation.earliest import Earliest, Kind, Step
from scheduler.explanation.light import LightState, Reason
from scheduler.explanation.repair import (
    Change,
    DateCure,
    MoreSeats,
    NewDeparture,
    People,
    Places,
)
from scheduler.explanation.swap import Move
from scheduler.layout import Condition
from scheduler.loading import parse_world
from scheduler.proposal import Words
from scheduler.world import (
    BookedAttendance,
    BookedPhase,
    Booking,
    Facility,
    Interval,
    Leg,
    Seats,
    World,
)
from tests.constraints import worlds
from tests.constraints.worlds import local

AMSTERDAM = "Europe/Amsterdam"
HEARING = Attendance("interpreter", "hearing", "hearing", skills=frozenset({"tir"}))
DEPARTURE: tuple[str, Literal["start"]] = ("departure", "start")


@pytest.fixture(scope="module")
def world() -> World:
    flights = worlds.departure(), worlds.departure("hv2", departs=local("2026-10-29 12:00"),
        arrives=local("2026-10-29 14:30"))  # fmt: skip
    charter = worlds.departure("charter-tirana", "charter")
    facility = Facility(id="dc-rotterdam", location="dc-rotterdam", categories=("adult",), places=9)
    gone = Interval(from_=local("2026-10-20 08:00"), until=local("2026-10-20 12:00"))
    officers = (
        worlds.resource("rv-01", "case-officer", away=(gone,)),
        worlds.resource("rv-02", "case-officer", away=(gone,)),
    )
    return worlds.subject(
        worlds.case(), departures=(*flights, charter), facilities=(facility,), resources=officers
    ).world


def reason(
    constraint: str, layer: Any, rule: Declaration, bookings: Sequence[str] = (), **fields: Any
) -> Words:
    one = Reason(Condition(constraint, layer, **fields), rule)
    return sentences.reason(REGISTER, one, bookings)


def test_a_rule_says_what_it_says_and_what_nobody_knows_is_asked() -> None:
    rule = Standing("nationality-confirmed", "no")
    assert reason("nationality", "rule", rule) == Words(
        nl="de nationaliteit is niet bevestigd", en="the nationality is not confirmed"
    )
    assert reason("nationality", "rule", rule, known=False) == Words(
        nl="nog te beantwoorden: is de nationaliteit bevestigd?",
        en="not known: is the nationality confirmed?",
    )
    due = Due("fit-to-fly", DEPARTURE, 72 * 60, ())
    asks = REGISTER["fit-to-fly"].facts[0].asks.en
    assert reason("fit-to-fly", "rule", due, known=False).en == (
        f"not known: {asks[:1].lower()}{asks[1:]}"
    )


@pytest.mark.parametrize("rule", [Standing("documents", "unknown"), Inside(DEPARTURE, DEPARTURE,
    (), known=False)])  # fmt: skip
def test_what_is_no_fact_is_unknown_by_its_title(rule: Declaration) -> None:
    assert reason("travel-document", "rule", rule, known=False) == Words(
        nl="nog te beantwoorden: reisdocument", en="not known: travel document"
    )


def test_a_withdrawn_case_says_only_that() -> None:
    left = Standing("independent-departure", "no", withdrawn=True)
    said = Words(
        nl="ingetrokken: de vreemdeling vertrekt zelfstandig",
        en="withdrawn: the person departs independently",
    )
    assert reason("independent-departure", "rule", left) == said
    assert path(undated=("appeals", "independent-departure"), closed=("transfer-term",)) == said


def test_nobody_rostered_is_said_apart_from_somebody_taken() -> None:
    assert reason("interpreter", "not-rostered", HEARING) == Words(
        nl="geen tolk (Tigrinya) bij het gehoor (niet ingeroosterd)",
        en="no interpreter (Tigrinya) at the hearing (not rostered)",
    )
    assert reason("interpreter", "claimed", HEARING) == Words(
        nl="geen tolk (Tigrinya) bij het gehoor (bezet door andere boekingen)",
        en="no interpreter (Tigrinya) at the hearing (taken by other bookings)",
    )
    assert reason("interpreter", "claimed", HEARING, ["b1"]).en.endswith("(taken by booking b1)")
    assert reason("interpreter", "claimed", HEARING, ["b1", "b2"]).nl.endswith(
        "(bezet door boekingen b1 en b2)"
    )
    assert reason("interpreter", "claimed", HEARING, ["b1", "b2", "b3"]).en.endswith(
        "(taken by bookings b1, b2 and b3)"
    )
    many = [f"b{n}" for n in range(24)]
    assert reason("interpreter", "claimed", HEARING, many) == Words(
        nl="geen tolk (Tigrinya) bij het gehoor (bezet door 24 boekingen)",
        en="no interpreter (Tigrinya) at the hearing (taken by 24 bookings)",
    )
    assert reason("interpreter", "claimed", HEARING, many[:4]).en.endswith(
        "(taken by four bookings)"
    )


def test_places_and_the_person_have_no_roster() -> None:
    nights = Nights(1, frozenset({"dc-rotterdam"}), 14)
    assert reason("detention-place", "not-rostered", nights) == Words(
        nl="geen plaats in een passende inrichting (niets vrij, ook zonder andere boekingen)",
        en="no place in a facility that fits (none free even without other bookings)",
    )
    own = Attendance("person", "pick-up", "arrival", among=frozenset({"zk-1"}))
    assert reason("person", "not-rostered", own).nl.endswith("(een eigen afspraak)")


@pytest.mark.parametrize(
    ("constraint", "layers", "nl", "en"),
    [
        ("police", {"rule"}, "", ""),
        ("police", {"claimed", "rule"}, "bezet", "taken"),
        ("police", {"not-rostered"}, "niet ingeroosterd", "not rostered"),
        (
            "police", {"claimed", "not-rostered"},
            "bezet of niet ingeroosterd, per moment",
            "taken or not rostered, depending on the moment",
        ),
        (
            "departures", {"not-rostered"},
            "niets vrij, ook zonder andere boekingen", "none free even without other bookings",
        ),
        (
            "detention-place", {"claimed", "not-rostered"},
            "bezet of niets vrij, per moment", "taken or none free, depending on the moment",
        ),
    ],
)  # fmt: skip
def test_a_table_says_with_the_same_words_what_is_short(
    constraint: str, layers: set[str], nl: str, en: str
) -> None:
    told = [sentences.shortage(LANGUAGES[one], constraint, layers) for one in ("nl", "en")]
    assert told == [nl, en]


def test_what_nobody_rosters_are_the_places_seats_and_rooms() -> None:
    world = parse_world(canonical(national(cases=240)), REGISTER)
    scopes: tuple[Scope, ...] = ("placement", "removal", "chain")
    found = {
        constraint.id
        for case in world.cases
        for scope in scopes
        for constraint, rule in REGISTER.declarations(world, case, scope)
        if isinstance(rule, Nights | SeatsAsked)
        or (isinstance(rule, Attendance) and rule.role == "room")
    }
    assert found <= sentences.FREE_OR_NOT
    assert sentences.FREE_OR_NOT - found <= {"carrier-limits"}


def people(role: str, count: int = 1, **fields: Any) -> People:
    defaults: dict[str, Any] = {
        "skills": frozenset(),
        "capacity": 1,
        "place": "pol-breda",
        "remote": False,
        "since": local("2026-10-20 10:00"),
        "until": local("2026-10-20 12:00"),
    }
    return People(constraint=role, role=role, count=count, **{**defaults, **fields})


CHANGES: list[tuple[Change, str, str]] = [
    (
        people("interpreter", skills=frozenset({"tir"})),
        "één tolk (Tigrinya), pol-breda, di 20 okt 10:00–12:00",
        "one Tigrinya interpreter, pol-breda, Tue 20 Oct 10:00–12:00",
    ),
    (
        people("interpreter", 2, skills=frozenset({"fr", "ar"}), remote=True),
        "twee tolken (Arabisch of Frans), pol-breda of per telefoon, di 20 okt 10:00–12:00",
        "two Arabic or French interpreters, pol-breda or by telephone, Tue 20 Oct 10:00–12:00",
    ),
    (
        people("room", skills=frozenset({"single", "group"}), place="schiphol-ams"),
        "één ruimte op de luchthaven (voor een groep of voor één persoon), schiphol-ams, "
        "di 20 okt 10:00–12:00",
        "one group or single airport room, schiphol-ams, Tue 20 Oct 10:00–12:00",
    ),
    (
        people("transport", capacity=3, until=local("2026-10-21 02:00")),
        "één voertuig van DV&O met plek voor drie personen, pol-breda, "
        "di 20 okt 10:00 – wo 21 okt 02:00",
        "one DV&O vehicle with room for three persons, pol-breda, "
        "Tue 20 Oct 10:00 – Wed 21 Oct 02:00",
    ),
    (
        people(
            "case-officer", 2,
            among=(
                ("rv-01", (local("2026-10-20 07:00"), local("2026-10-20 08:00"))),
                ("rv-02", (local("2026-10-20 06:30"), local("2026-10-20 08:30"))),
            ),
        ),
        "regievoerder rv-01 in dienst op pol-breda, di 20 okt 07:00–08:00 (is dan vrij); "
        "regievoerder rv-02 in dienst op pol-breda, di 20 okt 06:30–08:30 (is dan afwezig)",
        "case officer rv-01 on duty at pol-breda, Tue 20 Oct 07:00–08:00 (is off then); "
        "case officer rv-02 on duty at pol-breda, Tue 20 Oct 06:30–08:30 (is away then)",
    ),
    (
        Places("detention-place", "dc-rotterdam", (date(2026, 10, 26), date(2026, 10, 27)), 2),
        "twee plaatsen meer in dc-rotterdam, nachten van 26–27 okt",
        "two more places in dc-rotterdam, nights of 26–27 Oct",
    ),
    (
        Places("detention-place", "dc-rotterdam", (date(2026, 10, 26),), 1),
        "één plaats meer in dc-rotterdam, nacht van 26 okt",
        "one more place in dc-rotterdam, night of 26 Oct",
    ),
    (
        MoreSeats("departures", "hv1", "unescorted", 1),
        "één extra plaats zonder escorte op hv1 (wo 28 okt)",
        "one more unescorted seat on hv1 (Wed 28 Oct)",
    ),
    (
        MoreSeats("departures", "charter-tirana", "escorted", 13),
        "13 extra plaatsen met escorte op charter-tirana (wo 28 okt)",
        "13 more escorted seats on charter-tirana (Wed 28 Oct)",
    ),
    (
        NewDeparture("departures", worlds.departure(seats=Seats(escorted=1))),
        "een vertrek naar tirana-tia op wo 28 okt met één plaats met escorte",
        "a departure to tirana-tia on Wed 28 Oct with one escorted seat",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "nl", "en"), CHANGES)
def test_a_change_names_who_or_what_where_and_when(
    world: World, change: Change, nl: str, en: str
) -> None:
    assert sentences.change(world, change) == Words(nl=nl, en=en)


def booking(
    operation: Leg = "placement", starts: str = "2026-10-20 07:00", **fields: Any
) -> Booking:
    start = local(starts)
    defaults: dict[str, Any] = {
        "id": f"b-{operation}",
        "case": "zk-1",
        "operation": operation,
        "template": "placement-5",
        "phases": (phase("pick-up", "azc-gilze", start), phase("hearing", "pol-breda", start)),
    }
    return Booking(**{**defaults, **fields})


def phase(id: str, place: str, start: datetime) -> BookedPhase:
    return BookedPhase(id=id, place=place, from_=start, until=start.replace(hour=start.hour + 1))


def attending(
    role: str, *names: str, since: str = "09:00", until: str = "11:00"
) -> BookedAttendance:
    return BookedAttendance(
        phase="hearing",
        role=role,
        resources=names,
        from_=local(f"2026-10-20 {since}"),
        until=local(f"2026-10-20 {until}"),
    )


def moved(world: World, before: Sequence[Booking], after: Sequence[Booking]) -> Words:
    return sentences.move(world, Move("zk-1", tuple(before), tuple(after), renamed=False))


def test_a_renamed_move_names_only_who_changes(world: World) -> None:
    lawyer = attending("lawyer", "adv-1")
    before = booking(attendances=(attending("interpreter", "tolk-1"), lawyer))
    after = booking(attendances=(attending("interpreter", "tolk-3", since="08:30"), lawyer))
    assert moved(world, [before], [after]) == Words(
        nl="zk-1 wisselt van tolk: tolk-3 in plaats van tolk-1, di 20 okt 08:30–11:00",
        en="another interpreter for zk-1: tolk-3 instead of tolk-1, Tue 20 Oct 08:30–11:00",
    )


def test_several_of_one_role_are_renamed_together(world: World) -> None:
    before = booking(attendances=(attending("escort", "e1", "e2", "e3"),))
    after = booking(attendances=(attending("escort", "e2", "e4", "e5"),))
    assert moved(world, [before], [after]) == Words(
        nl="zk-1 wisselt van KMar-escorts: e4 en e5 in plaats van e1 en e3, di 20 okt 09:00–11:00",
        en="other KMar escorts for zk-1: e4 and e5 instead of e1 and e3, Tue 20 Oct 09:00–11:00",
    )


def test_a_shifted_move_says_from_when_to_when_and_what_changes_with_it(world: World) -> None:
    before = booking(facility="dc-rotterdam")
    after = booking(starts="2026-10-21 07:00", facility="ggv-zeist")
    assert moved(world, [before], [after]) == Words(
        nl="de inbewaringstelling van zk-1 verschuift van di 20 okt 07:00 naar wo 21 okt 07:00 "
        "(ggv-zeist in plaats van dc-rotterdam)",
        en="the placement of zk-1 moves from Tue 20 Oct 07:00 to Wed 21 Oct 07:00 "
        "(ggv-zeist instead of dc-rotterdam)",
    )


def flight(departure: str, starts: str, facility: str = "dc-rotterdam") -> Booking:
    return booking("removal", starts, departure=departure, facility=facility, follows="b-placement")


def test_the_legs_of_a_chain_are_told_one_by_one_and_what_stays_is_not(world: World) -> None:
    stays = booking(facility="dc-rotterdam")
    before, after = flight("hv1", "2026-10-28 12:00"), flight("hv2", "2026-10-29 12:00")
    leaves = "the removal of zk-1 moves from Wed 28 Oct 12:00 to Thu 29 Oct 12:00"
    assert moved(world, [stays, before], [stays, after]).en == f"{leaves} (hv2 instead of hv1)"
    elsewhere = booking(facility="ggv-zeist")
    there = flight("hv2", "2026-10-29 12:00", "ggv-zeist")
    assert moved(world, [stays, before], [elsewhere, there]).en == (
        "the placement of zk-1 changes (ggv-zeist instead of dc-rotterdam); "
        f"{leaves} (hv2 instead of hv1)"
    )


def test_a_hearing_elsewhere_is_said_when_nothing_else_changes(world: World) -> None:
    start = local("2026-10-20 07:00")
    pick_up = phase("pick-up", "azc-gilze", start)
    before = booking(phases=(pick_up, phase("hearing", "pol-breda", start.replace(hour=7))))
    after = booking(phases=(pick_up, phase("hearing", "pi-vught", start.replace(hour=8))))
    assert moved(world, [before], [after]) == Words(
        nl="de inbewaringstelling van zk-1 verandert "
        "(pi-vught di 20 okt 10:00 in plaats van pol-breda di 20 okt 09:00)",
        en="the placement of zk-1 changes "
        "(pi-vught Tue 20 Oct 10:00 instead of pol-breda Tue 20 Oct 09:00)",
    )


NOW = worlds.AS_OF
HOPED = local("2027-01-04 00:00")
LEAD = local("2027-01-18 00:00")


def step(kind: Kind, constraint: str | None, rule: Declaration | None, *until: datetime) -> Step:
    since, end = until if len(until) == 2 else (NOW, *until)
    return Step(kind, constraint, rule, since, end)


def told(kind: Kind, constraint: str | None, rule: Declaration | None, until: datetime) -> Words:
    return sentences.step(REGISTER, step(kind, constraint, rule, until), AMSTERDAM)


PASS = step("expected", "travel-document", Standing("documents", "no"), HOPED)
BOOK = step("lead", "booking-lead", After(DEPARTURE, NOW, working_days=10), HOPED, LEAD)


def path(*steps: Step, moment: datetime = LEAD, **fields: Any) -> Words:
    one = Earliest("removal", DEPARTURE, NOW, NOW, moment, steps, **fields)
    return sentences.earliest(REGISTER, one, AMSTERDAM)


def test_the_earliest_departure_says_what_takes_so_long() -> None:
    assert path(PASS, BOOK) == Words(
        nl="niet vóór 18 januari 2027: reisdocument (naar verwachting in orde op 4 januari 2027), "
        "daarna boekingstermijn (tien werkdagen)",
        en="not before 18 January 2027: travel document (expected to be settled on 4 January "
        "2027), then booking lead (ten working days)",
    )
    assert path(moment=NOW) == Words(nl="niet vóór 19 oktober", en="not before 19 October")


def test_both_dates_of_a_sentence_have_their_year_or_neither_has() -> None:
    soon = step("expected", "travel-document", Standing("documents", "no"), local("2026-11-02"))
    assert path(soon, moment=local("2026-11-16")).en == (
        "not before 16 November: travel document (expected to be settled on 2 November)"
    )
    assert path(soon).en == (
        "not before 18 January 2027: travel document (expected to be settled on 2 November 2026)"
    )
    assert path(moment=local("2026-12-20")).en == "not before 20 December 2026"


def test_today_is_local_as_are_all_other_days(world: World) -> None:
    eve = world.model_copy(update={"as_of": local("2027-01-01 00:30")})
    places = Places("detention-place", "dc-rotterdam", (date(2027, 1, 5),), 1)
    assert sentences.change(eve, places).en == "one more place in dc-rotterdam, night of 5 Jan"


def test_a_move_across_the_end_of_the_year_names_both_years(world: World) -> None:
    before, after = booking(starts="2026-12-14 07:00"), booking(starts="2027-01-04 07:00")
    late = world.model_copy(update={"as_of": local("2026-12-01 09:00")})
    assert moved(late, [before], [after]).en == (
        "the placement of zk-1 moves from Mon 14 Dec 2026 07:00 to Mon 4 Jan 2027 07:00"
    )


def test_without_a_date_it_says_why_there_is_none() -> None:
    assert path(PASS, undated=("nationality", "coa")) == Words(
        nl="geen datum bekend, want niemand heeft gezegd wanneer dit in orde is: "
        "nationaliteit en COA-medewerker",
        en="no date known, as nobody has said when this will be settled: "
        "nationality and COA officer",
    )
    assert path(PASS, closed=("detention-terms",)) == Words(
        nl="niet vóór 18 januari 2027, en dan is dit al voorbij: termijn van bewaring",
        en="not before 18 January 2027, and by then this is over: detention term",
    )
    both = path(undated=("whereabouts",), closed=("transfer-term",)).en
    assert both == (
        "no date known, as nobody has said when this will be settled: whereabouts; "
        "not before 18 January 2027, and by then this is over: transfer term"
    )


def test_every_kind_of_step_has_words() -> None:
    assert told("acts", None, None, local("2026-10-19 11:30")) == Words(
        nl="wat eraan voorafgaat (drie uur en 30 minuten)",
        en="what comes before it (three hours and 30 minutes)",
    )
    notice = Elapsed(("arrival", "end"), DEPARTURE, at_least=36 * 60)
    assert told("elapsed", "lawyer-notice", notice, local("2026-10-20 20:00")) == Words(
        nl="melding van de vlucht (36 uur)", en="notice of the flight (36 hours)"
    )
    lead = After(DEPARTURE, NOW, minutes=36 * 60)
    assert told("lead", "lawyer-notice", lead, local("2026-10-20 20:00")).en == (
        "notice of the flight (36 hours)"
    )
    hours = Inside(("pick-up", "start"), ("pick-up", "end"), (), daily=True)
    assert told("window", "working-hours", hours, local("2026-10-20 06:30")) == Words(
        nl="werktijden (mogelijk vanaf di 20 okt 06:30)",
        en="working hours (possible from Tue 20 Oct 06:30)",
    )
    term = Inside(DEPARTURE, DEPARTURE, ())
    assert told("window", "departure-term", term, HOPED).nl == (
        "vertrektermijn (mogelijk vanaf 4 januari 2027)"
    )


def test_a_date_rests_on_what_must_turn_and_on_capacity() -> None:
    conditions = {Condition("travel-document", "rule")}
    cure = DateCure(frozenset(conditions), date(2027, 1, 4), ("travel-document",))
    assert sentences.date_cure(REGISTER, cure) == Words(
        nl="vanaf 4 januari 2027, zodra in orde: reisdocument",
        en="from 4 January 2027, once in order: travel document",
    )
    conditions |= {Condition("interpreter", "claimed"), Condition("interpreter", "not-rostered")}
    cure = DateCure(frozenset(conditions), date(2027, 1, 4), ("travel-document",))
    assert sentences.date_cure(REGISTER, cure) == Words(
        nl="vanaf 4 januari 2027, zodra in orde: reisdocument; ook nodig: tolk",
        en="from 4 January 2027, once in order: travel document; also needed: interpreter",
    )


@pytest.mark.parametrize("passes", ["departure-term", "booking-lead", "lawyer-notice"])
def test_a_date_that_rests_on_time_alone_is_after_it(passes: str) -> None:
    day, name = date(2027, 1, 4), REGISTER[passes].title
    cure = DateCure(frozenset(), day, (passes,))
    assert sentences.date_cure(REGISTER, cure) == Words(
        nl=f"vanaf 4 januari 2027, na afloop van: {name.nl.lower()}",
        en=f"from 4 January 2027, after: {name.en.lower()}",
    )
    both = DateCure(frozenset(), day, (passes, "nationality"))
    assert sentences.date_cure(REGISTER, both).en == (
        f"from 4 January 2027, once in order: nationality, after: {name.en.lower()}"
    )


def test_a_light_says_its_state_and_its_dates() -> None:
    assert sentences.light("travel-document") == Words(
        nl="geldig reisdocument", en="valid travel document"
    )
    red = LightState(
        light="travel-document",
        state="red",
        blocks=True,
        since=date(2026, 10, 1),
        expected=date(2027, 1, 4),
        rests_on=(),
        tight=True,
        checks=(),
    )
    assert sentences.state(red) == Words(
        nl="rood, sinds 1 oktober 2026, op zijn vroegst groen op 4 januari 2027, "
        "wettelijke termijn loopt bijna af",
        en="red, since 1 October 2026, green on 4 January 2027 at the earliest, "
        "a legal end is near",
    )
    informs = LightState("execution", "green", False, None, None, (), False, ())
    assert sentences.state(informs).nl == "groen, alleen ter informatie"


def test_titles_are_said_in_both_languages() -> None:
    assert sentences.title(REGISTER["lawyer"]) == Words(nl="Advocaat", en="Lawyer")
