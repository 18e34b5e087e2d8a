"""What is missing forbids: a safeguard that cannot be declared is unknown, and never vanishes."""

from datetime import date
from typing import Any

import pytest

from constraints.register import REGISTER, RULES
from scheduler.constraint import (
    Attendance,
    Declaration,
    Due,
    Elapsed,
    Inside,
    Nights,
    Only,
    Scope,
    Seats,
    Standing,
)
from scheduler.rule import RuleTable
from tests.constraints.worlds import case, chain, detention, everything, family, person, subject

GROUNDS = ("6", "59-1", "59-2", "59a", "59b")


def regime(ground: str) -> str | None:
    return "ammr" if ground == "59a" else None


def placed(ground: str, **fields: Any) -> dict[str, Any]:
    return {"detention": detention(ground), "regime": regime(ground), **fields}


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_placement_always_has_lawyer_interpreter_hearing_and_clock(ground: str) -> None:
    found = everything(case("placement", **placed(ground)))
    for safeguard, declaration in {
        "lawyer": Attendance,
        "interpreter": Attendance,
        "hearing-officer": Attendance,
        "person": Attendance,
        "holding-clock": Elapsed,
        "hearing-before-measure": Elapsed,
        "detention-grounds": Due,
        "lighter-means": Due,
        "detention-place": Nights,
        "whereabouts": Standing,
        "lawyer-desk": Inside,
    }.items():
        assert isinstance(found[safeguard], declaration), safeguard


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_removal_always_has_its_legal_checks_notice_and_document(ground: str) -> None:
    of = chain(**placed(ground))
    found = everything(of, "removal")
    for safeguard in (
        "return-decision",
        "lawful-stay",
        "appeals",
        "asylum-application",
        "medical-bar",
        "removability-check",
        "whereabouts",
        "criminal-custody",
        "travel-document",
        "lawyer-notice",
        "fit-to-fly",
        "entry-requirements",
        "departures",
        "carrier-limits",
        "handover",
        "transport",
        "person",
        "case-window",
        "booking-lead",
    ):
        assert safeguard in found, safeguard
    assert "lawyer-notice" in everything(of, "chain")


@pytest.mark.parametrize("ground", GROUNDS)
def test_every_detention_has_a_clock_up_to_the_departure(ground: str) -> None:
    between = everything(chain(**placed(ground)), "chain").values()
    assert any(isinstance(one, Elapsed) and one.clock for one in between)
    stands = case(detention=detention(ground, "2026-10-12 12:00"), regime=regime(ground))
    assert any(isinstance(one, Inside) and one.clock for one in everything(stands).values())


@pytest.mark.parametrize("persons", [family(), (person("unaccompanied-minor"),)])
@pytest.mark.parametrize("ground", GROUNDS)
def test_families_and_minors_always_have_their_facility_hours_and_clock(
    persons: Any, ground: str
) -> None:
    of = chain(**placed(ground, persons=persons))
    first = everything(of, "placement")
    assert isinstance(first["family-facility"], Only)
    assert isinstance(first["minors"], Only)
    assert isinstance(first["family-hours"], Inside)
    assert isinstance(everything(of, "chain")["family-facility"], Elapsed)


def test_a_case_about_which_nothing_is_known_is_blocked_under_every_light() -> None:
    lights: set[str] = set()
    for operation in ("placement", "removal"):
        asked = subject(case(operation, persons=(person(languages=()),)))
        lights |= {
            constraint.light
            for constraint, one in REGISTER.declarations(asked.world, asked.case, asked.scope)
            if isinstance(one, Standing) and not one.known
        }
    assert lights == set(REGISTER.lights)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("scope", ["placement", "removal", "chain"])
def test_between_the_legs_only_spans_and_nights_are_declared(ground: str, scope: Scope) -> None:
    found = everything(chain(**placed(ground)), scope).values()
    if scope == "chain":
        assert {type(one) for one in found} <= {Elapsed, Nights}
    spans = [one for one in found if isinstance(one, Elapsed)]
    crossing = [one for one in spans if one.first[0] == "arrival" and one.last[0] == "departure"]
    assert bool(crossing) == (scope == "chain")


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("operation", ["placement", "removal", "placement-and-removal"])
@pytest.mark.parametrize("day", [date(2020, 9, 30), date(2026, 6, 11), date(2026, 10, 19)])
def test_the_register_answers_on_any_date_of_the_rules(
    ground: str, operation: Any, day: date
) -> None:
    of = case(operation, **placed(ground, persons=family()))
    scopes: list[Scope] = [*of.legs, *(["chain"] if len(of.legs) == 2 else [])]  # type: ignore[list-item]
    for scope in scopes:
        assert everything(of, scope, rules_date=day)


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_table_that_lost_its_legal_terms_blocks_every_detained_removal(ground: str) -> None:
    terms = {
        "detention-term",
        "detention-papers-present",
        "detention-asylum",
        "detention-transfer",
        "return-border",
        "court-review-clock",
    }
    table = RuleTable(tuple(row for row in RULES.rows if row.id not in terms))
    asked = subject(case(detention=detention(ground, "2026-10-12 12:00"), regime=regime(ground)))
    lost = type(asked)(asked.world, asked.case, asked.scope, table)
    found: list[Declaration] = [
        one
        for constraint in REGISTER.constraints
        if constraint.applies(lost) and set(constraint.rules) & terms
        for one in constraint.declare(lost)
    ]
    assert found
    assert all(isinstance(one, Standing) and not one.known for one in found)


def test_a_table_that_lost_what_frees_a_placement_binds_it() -> None:
    table = RuleTable(tuple(row for row in RULES.rows if row.id != "placement-legal-check"))
    asked = subject(case("placement", **placed("59b")))
    lost = type(asked)(asked.world, asked.case, asked.scope, table)
    assert list(REGISTER["asylum-application"].declare(lost))


def test_no_seat_is_free_by_silence() -> None:
    found = everything(case())
    for constraint in ("departures", "carrier-limits"):
        assert found[constraint] == Seats("unescorted", 1, ())
