"""Light 2: the person can be found, and may still be transferred."""

from datetime import date, timedelta
from typing import Any

import pytest

from constraints import criminal_custody, transfer_term, whereabouts
from scheduler.constraint import Constraint, FactType, Inside, Standing
from scheduler.world import Case
from tests.constraints.worlds import NO, YES, case, chain, declared, detention, local, triggers

ACCEPTED = "2026-07-20 12:00"
FACTS = [
    (whereabouts.CONSTRAINT, whereabouts.FACT),
    (criminal_custody.CONSTRAINT, criminal_custody.FACT),
]


@pytest.mark.parametrize(("constraint", "fact"), FACTS, ids=lambda one: one.id)
@pytest.mark.parametrize("scope", ["placement", "removal"])
def test_must_be_known_in_both_legs(constraint: Constraint, fact: FactType, scope: str) -> None:
    assert declared(constraint, chain(), scope) == [Standing(fact.id, "unknown")]  # type: ignore[arg-type]
    assert declared(constraint, chain(facts={fact.id: NO}), scope) == [  # type: ignore[arg-type]
        Standing(fact.id, "no")
    ]
    assert not declared(constraint, chain(facts={fact.id: YES}), scope)  # type: ignore[arg-type]


LATER: dict[str, Any] = {"as_of": local("2030-06-01 00:00")}
"""When all that these tests tell has happened."""


def end(of: Case, **fields: Any) -> timedelta:
    """Return how long after the acceptance the transfer term ends."""
    (inside,) = declared(transfer_term.CONSTRAINT, of, **fields)
    assert isinstance(inside, Inside)
    assert inside.clock
    assert inside.first == inside.last == ("departure", "start")
    return inside.stretches[0][1] - local(ACCEPTED)


def transfer(regime: str, **at: str) -> Case:
    return case(regime=regime, triggers=triggers(transfer_accepted=ACCEPTED, **at))


def months(count: int) -> timedelta:
    return timedelta(days=30 * count)


@pytest.mark.parametrize("regime", ["ammr", "dublin-iii"])
def test_a_transfer_term_is_six_months_and_a_year_in_prison(regime: str) -> None:
    assert end(transfer(regime)) == months(6)
    assert end(transfer(regime, in_prison="2026-09-01 00:00")) == timedelta(days=365)


def test_absconding_makes_it_three_years_or_eighteen_months() -> None:
    assert end(transfer("ammr", absconded="2026-09-01 00:00")) == timedelta(days=3 * 365)
    assert end(transfer("dublin-iii", absconded="2026-09-01 00:00")) == months(18)


@pytest.mark.parametrize("event", ["in_prison", "absconded"])
def test_what_has_not_happened_yet_does_not_lengthen_the_term(event: str) -> None:
    assert end(transfer("ammr", **{event: "2026-10-20 00:00"})) == months(6)
    assert end(transfer("ammr", **{event: "2026-10-18 00:00"})) > months(6)


def test_who_is_to_reappear_has_no_three_months_yet() -> None:
    absconded = {"absconded": "2026-09-01 00:00"}
    late = transfer("ammr", **absconded, reappeared="2029-07-01 00:00")
    assert end(late) == timedelta(days=3 * 365)


def test_an_acceptance_ahead_is_unknown() -> None:
    of = case(regime="ammr", triggers=triggers(transfer_accepted="2026-10-20 12:00"))
    assert declared(transfer_term.CONSTRAINT, of) == [Standing("transfer-accepted", "unknown")]


def test_what_happens_after_the_term_does_not_revive_it() -> None:
    assert end(transfer("ammr", absconded="2027-06-01 00:00"), **LATER) == months(6)
    assert end(transfer("dublin-iii", in_prison="2027-06-01 00:00"), **LATER) == months(6)


def test_who_reappears_late_has_three_months_under_the_ammr() -> None:
    late = {"absconded": "2026-09-01 00:00", "reappeared": "2029-07-01 00:00"}
    reappeared = local("2029-07-01 00:00") - local(ACCEPTED)
    assert end(transfer("ammr", **late), **LATER) == reappeared + months(3)
    late["reappeared"] = "2027-12-20 00:00"
    assert end(transfer("dublin-iii", **late), **LATER) == months(18)


def test_who_reappears_early_keeps_the_term_and_too_late_does_not_revive_it() -> None:
    absconded = {"absconded": "2026-09-01 00:00"}
    early = transfer("ammr", **absconded, reappeared="2027-01-01 00:00")
    too_late = transfer("ammr", **absconded, reappeared="2030-01-01 00:00")
    assert end(early, **LATER) == end(too_late, **LATER) == timedelta(days=3 * 365)


def test_a_transfer_that_nobody_accepted_is_unknown() -> None:
    assert declared(transfer_term.CONSTRAINT, case(regime="ammr")) == [
        Standing("transfer-accepted", "unknown")
    ]


def test_a_regime_not_in_force_or_not_named_is_unknown() -> None:
    early = declared(transfer_term.CONSTRAINT, transfer("ammr"), rules_date=date(2026, 6, 30))
    assert early == [Standing("regime", "unknown")]
    unnamed = case(detention=detention("59a", "2026-10-12 12:00"))
    assert declared(transfer_term.CONSTRAINT, unnamed) == [Standing("regime", "unknown")]


def test_a_return_and_a_placement_have_no_transfer_term() -> None:
    assert not declared(transfer_term.CONSTRAINT, case())
    assert not declared(transfer_term.CONSTRAINT, case("placement", regime="ammr"))
