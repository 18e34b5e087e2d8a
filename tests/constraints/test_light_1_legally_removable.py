"""Light 1: no legal bar on the flight date."""

from datetime import date

import pytest

from constraints import (
    appeals,
    asylum_application,
    departure_term,
    lawful_stay,
    medical_bar,
    nationality,
    presentation,
    regime,
    removability_check,
    return_decision,
    travel_document,
)
from constraints.transfers import BOUND, EUROPEAN_UNION
from scheduler.constraint import Constraint, Due, FactType, Inside, Standing, TriggerType
from scheduler.world import Fact
from tests.constraints.worlds import (
    NO,
    UNKNOWN,
    YES,
    case,
    chain,
    declared,
    detention,
    local,
    person,
    triggers,
)

FACTS = [
    (return_decision.CONSTRAINT, return_decision.FACT),
    (lawful_stay.CONSTRAINT, lawful_stay.FACT),
    (appeals.CONSTRAINT, appeals.FACT),
    (asylum_application.CONSTRAINT, asylum_application.FACT),
]
EVERY = pytest.mark.parametrize(("constraint", "fact"), FACTS, ids=lambda one: one.id)


@EVERY
def test_a_yes_lets_a_removal_go_on(constraint: Constraint, fact: FactType) -> None:
    assert not declared(constraint, case(facts={fact.id: YES}))


@EVERY
def test_a_no_is_a_known_bar_with_its_dates(constraint: Constraint, fact: FactType) -> None:
    answer = Fact(value="no", since=date(2026, 10, 1), expected=date(2026, 12, 1))
    assert declared(constraint, case(facts={fact.id: answer})) == [
        Standing(fact.id, "no", date(2026, 10, 1), date(2026, 12, 1))
    ]


@EVERY
def test_unknown_and_absent_are_never_green(constraint: Constraint, fact: FactType) -> None:
    assert declared(constraint, case(facts={fact.id: UNKNOWN})) == [Standing(fact.id, "unknown")]
    assert declared(constraint, case()) == [Standing(fact.id, "unknown")]


@EVERY
@pytest.mark.parametrize("ground", ["6", "59-1", "59-2", "59a", "59b"])
def test_every_check_binds_a_removal(constraint: Constraint, fact: FactType, ground: str) -> None:
    assert declared(constraint, chain(detention=detention(ground)), "removal")


@pytest.mark.parametrize(
    ("ground", "binding"),
    [
        ("59-1", {"return-decision", "lawful-stay", "appeals", "asylum-application"}),
        ("59-2", {"return-decision", "lawful-stay", "appeals", "asylum-application"}),
        ("59a", {"return-decision"}),
        ("59b", set()),
        ("6", set()),
        (None, {"return-decision", "lawful-stay", "appeals", "asylum-application"}),
    ],
)
def test_the_ground_says_which_checks_bind_a_placement(
    ground: str | None, binding: set[str]
) -> None:
    for operation in ("placement", "placement-and-removal"):
        placed = case(operation, detention=detention(ground) if ground else None)
        assert {one.id for one, _ in FACTS if declared(one, placed, "placement")} == binding


def test_a_departure_waits_for_the_departure_term() -> None:
    (inside,) = declared(
        departure_term.CONSTRAINT, case(triggers=triggers(departure_term_end="2026-11-01 00:00"))
    )
    assert isinstance(inside, Inside)
    assert inside.first == inside.last == ("departure", "start")
    assert inside.stretches[0][0] == local("2026-11-01 00:00")


def test_a_return_without_a_departure_term_is_unknown() -> None:
    assert declared(departure_term.CONSTRAINT, case()) == [
        Standing("departure-term-end", "unknown")
    ]


def test_transfers_and_border_cases_have_no_departure_term() -> None:
    assert not declared(departure_term.CONSTRAINT, case(regime="ammr"))
    assert not declared(departure_term.CONSTRAINT, case(detention=detention("6")))


def test_a_departure_term_may_end_ahead() -> None:
    assert departure_term.CONSTRAINT.triggers == (TriggerType("departure-term-end", ahead=True),)


@pytest.mark.parametrize("destination", ["AL", "TR", "GB", "tirana-tia"])
def test_a_transfer_goes_to_a_state_bound_by_the_dublin_rules(destination: str) -> None:
    of = case(regime="ammr", destination=destination)
    assert declared(regime.CONSTRAINT, of) == [Standing("destination", "no")]
    assert declared(regime.CONSTRAINT, case("placement", regime="ammr", destination=destination))
    unnamed = case(detention=detention("59a"), destination=destination)
    assert declared(regime.CONSTRAINT, unnamed) == [Standing("destination", "no")]


@pytest.mark.parametrize("destination", ["AL", "tirana-tia"])
def test_a_regime_alone_does_not_switch_off_the_checks_of_a_return(destination: str) -> None:
    of = case(regime="ammr", destination=destination)
    for one in (departure_term, nationality, presentation, travel_document):
        assert declared(one.CONSTRAINT, of), one.__name__


@pytest.mark.parametrize("destination", ["DE", "NO", "CH", "IS", "LI", "DK"])
def test_a_transfer_within_the_dublin_states_asks_no_identity(destination: str) -> None:
    of = case(regime="ammr", destination=destination)
    assert not declared(regime.CONSTRAINT, of)
    for one in (departure_term, nationality, presentation):
        assert not declared(one.CONSTRAINT, of)


def test_the_dublin_states_are_the_twenty_seven_and_four_more() -> None:
    assert len(EUROPEAN_UNION) == 27
    assert EUROPEAN_UNION < BOUND
    assert {one for one in BOUND if one not in EUROPEAN_UNION} == {"CH", "IS", "LI", "NO"}


def test_a_return_within_the_union_is_no_transfer() -> None:
    of = case(destination="PL")
    assert declared(nationality.CONSTRAINT, of)
    assert not declared(regime.CONSTRAINT, of)


def test_a_placement_does_not_wait_for_the_departure_term() -> None:
    assert not declared(departure_term.CONSTRAINT, case("placement"))


def test_every_person_needs_to_be_free_of_a_medical_bar() -> None:
    persons = (
        person(facts={"no-medical-bar": YES}),
        person("woman", 2, facts={"no-medical-bar": NO}),
        person("woman", 3),
    )
    assert declared(medical_bar.CONSTRAINT, case(persons=persons)) == [
        Standing("no-medical-bar", "no"),
        Standing("no-medical-bar", "unknown"),
    ]


def test_nobody_flies_within_six_weeks_of_a_birth() -> None:
    healthy = (person("woman", facts={"no-medical-bar": YES}),)
    (inside,) = declared(
        medical_bar.CONSTRAINT,
        case(persons=healthy, triggers=triggers(birth="2026-11-15 16:00")),
    )
    assert isinstance(inside, Inside)
    (_, before), (after, _) = inside.stretches
    # Six weeks back crosses the change of the clock on 25 October: dates, not hours, count.
    assert local("2026-10-03 23:59") < before < local("2026-10-04 00:00")
    assert after == local("2026-12-28 00:00")


def test_each_birth_bars_for_itself() -> None:
    births = (*triggers(birth="2026-01-10 12:00"), *triggers(birth="2026-11-15 12:00"))
    healthy = (person("woman", facts={"no-medical-bar": YES}),)
    assert len(declared(medical_bar.CONSTRAINT, case(persons=healthy, triggers=births))) == 2


def test_the_medical_bar_is_on_the_flight_and_not_on_a_placement() -> None:
    assert not declared(medical_bar.CONSTRAINT, case("placement"))
    assert declared(medical_bar.CONSTRAINT, chain(), "removal")


def test_the_last_check_is_due_before_the_departure() -> None:
    assert declared(removability_check.CONSTRAINT, case()) == [
        Due("last-removability-check", ("departure", "start"), 48 * 60, (UNKNOWN,))
    ]


def test_a_regime_must_be_in_force() -> None:
    transfer = case(regime="ammr")
    assert not declared(regime.CONSTRAINT, transfer)
    assert declared(regime.CONSTRAINT, transfer, rules_date=date(2026, 6, 30)) == [
        Standing("regime", "unknown")
    ]


def test_a_detention_for_transfer_without_a_regime_is_unknown() -> None:
    for operation in ("placement", "removal"):
        assert declared(regime.CONSTRAINT, case(operation, detention=detention("59a"))) == [
            Standing("regime", "unknown")
        ]


def test_a_return_has_no_regime() -> None:
    assert not declared(regime.CONSTRAINT, case(detention=detention("59-1")))
