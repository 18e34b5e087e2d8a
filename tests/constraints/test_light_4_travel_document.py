"""Light 4: a travel document that is valid on the flight date."""

from datetime import date

import pytest

from constraints import nationality, presentation, travel_document
from scheduler.constraint import Constraint, Inside, Standing
from scheduler.world import Document
from tests.constraints.worlds import NO, YES, case, chain, declared, document, local, person


def of(*documents: Document, regime: str | None = None) -> Standing | Inside:
    persons = (person(documents=documents),)
    (found,) = declared(travel_document.CONSTRAINT, case(persons=persons, regime=regime))
    assert isinstance(found, Standing | Inside)
    return found


def days(inside: Standing | Inside, *moments: str) -> list[bool]:
    """Return at which moments a departure is inside the validity."""
    assert isinstance(inside, Inside)
    assert inside.first == inside.last == ("departure", "start")
    return [any(since <= local(at) <= until for since, until in inside.stretches) for at in moments]


def test_the_last_day_of_validity_counts_and_the_next_does_not() -> None:
    valid = of(document(since="2026-10-20", until="2026-10-25"))
    at = ("2026-10-19 23:59", "2026-10-20 00:00", "2026-10-25 23:59", "2026-10-26 00:00")
    assert days(valid, *at) == [False, True, True, False]


def test_several_documents_are_valid_one_after_the_other() -> None:
    both = of(
        document(until="2026-10-21"),
        document("laissez-passer", since="2026-11-01", until="2026-11-30"),
    )
    at = ("2026-10-21 12:00", "2026-10-22 12:00", "2026-11-01 12:00")
    assert days(both, *at) == [True, False, True]


def test_no_document_at_all_is_unknown() -> None:
    assert of() == Standing("documents", "unknown")
    assert of(document("driving-licence", until="2030-01-01")) == Standing("documents", "unknown")


def test_a_document_without_a_date_is_unknown() -> None:
    assert of(document()) == Standing("documents", "unknown")
    assert of(document(), document("laissez-passer", expected="2026-12-01")) == (
        Standing("documents", "unknown")
    )


def test_beside_a_valid_document_an_undated_one_leaves_the_rest_unknown() -> None:
    found = of(document(until="2026-10-30"), document("laissez-passer"))
    assert isinstance(found, Inside)
    assert not found.known


def test_a_pending_laissez_passer_is_a_known_no_with_the_earliest_date() -> None:
    pending = of(
        document("laissez-passer", expected="2026-12-15"),
        document("laissez-passer", expected="2026-12-01"),
    )
    assert pending == Standing("documents", "no", expected=date(2026, 12, 1))


def test_an_expected_date_never_opens_a_day() -> None:
    promised = document("laissez-passer", "2026-12-01", "2027-03-01", expected="2026-12-01")
    assert of(promised) == Standing("documents", "no", expected=date(2026, 12, 1))


def test_what_has_expired_is_a_known_no() -> None:
    expired = of(document(until="2026-10-18"))
    assert isinstance(expired, Inside)
    assert expired.known
    assert days(expired, "2026-10-19 12:00", "2026-11-19 12:00") == [False, False]


def test_an_expired_one_and_a_pending_one_wait_for_the_pending_one() -> None:
    found = of(document(until="2026-10-18"), document("laissez-passer", expected="2026-12-01"))
    assert found == Standing("documents", "no", expected=date(2026, 12, 1))


def test_a_document_valid_until_today_still_counts() -> None:
    assert days(of(document(until="2026-10-19")), "2026-10-19 23:00") == [True]


def test_a_transfer_asks_an_eu_document_or_a_passport() -> None:
    assert of(document("laissez-passer", until="2027-01-01"), regime="ammr") == (
        Standing("documents", "unknown")
    )
    for kind in ("eu-document", "passport"):
        assert isinstance(of(document(kind, until="2027-01-01"), regime="ammr"), Inside)


def test_every_person_of_a_family_needs_a_document() -> None:
    persons = (person(documents=(document(until="2027-01-01"),)), person("child", 2))
    found = declared(travel_document.CONSTRAINT, case(persons=persons))
    assert [type(one) for one in found] == [Inside, Standing]


def test_a_placement_does_not_wait_for_the_document() -> None:
    assert not declared(travel_document.CONSTRAINT, case("placement"))
    assert declared(travel_document.CONSTRAINT, chain(), "removal")


IDENTITY = [
    (nationality.CONSTRAINT, "nationality-confirmed"),
    (presentation.CONSTRAINT, "presentation-done"),
]


@pytest.mark.parametrize(("constraint", "fact"), IDENTITY)
def test_identity_is_asked_of_each_person_without_a_passport(
    constraint: Constraint, fact: str
) -> None:
    persons = (
        person(documents=(document(until="2020-01-01"),)),
        person("man", 2, documents=(document(expected="2026-12-01"),)),
        person("man", 3, facts={fact: NO}),
        person("man", 4, facts={fact: YES}),
    )
    assert declared(constraint, case(persons=persons)) == [
        Standing(fact, "unknown"),
        Standing(fact, "no"),
    ]


@pytest.mark.parametrize(("constraint", "fact"), IDENTITY)
def test_a_transfer_and_a_placement_do_not_ask_identity(constraint: Constraint, fact: str) -> None:
    assert not declared(constraint, case(regime="dublin-iii"))
    assert not declared(constraint, case("placement"))
