"""A case comes in with all its persons, a row for each, and with what is known of them."""

from datetime import UTC, date, datetime

import pytest

from api.imports.flaws import Flaw, FlawedError
from scheduler.world import Case, Document, Fact, Trigger, World
from tests.imports.files import brought, world

NEW = "zk-0900"
TITLES = "dossier;handeling;locatie;bestemming;persoon;categorie"
ROW = f"{NEW};inbewaringstelling;azc-gilze;MA"


def case(text: str, onto: World | None = None) -> Case:
    (part,) = brought("cases", text, onto).parts
    assert isinstance(part, Case)
    return part


def flaws(text: str) -> tuple[Flaw, ...]:
    with pytest.raises(FlawedError) as error:
        brought("cases", text)
    return error.value.flaws


def test_the_rows_of_a_case_are_its_persons() -> None:
    one = case(f"{TITLES};talen\n{ROW};{NEW}-a;woman;ar\n{NEW};;;;{NEW}-b;child;ar")
    assert (one.operation, one.location, one.destination) == ("placement", "azc-gilze", "MA")
    assert [(each.id, each.category, each.languages) for each in one.persons] == [
        (f"{NEW}-a", "woman", ("ar",)),
        (f"{NEW}-b", "child", ("ar",)),
    ]


def test_facts_documents_and_triggers_have_columns_of_their_own() -> None:
    one = case(
        f"{TITLES};feit return-decision;feit return-decision sinds;feit no-medical-bar;"
        "document 1;document 1 geldig tot;document 2;gebeurtenis;gebeurtenis op;grondslag\n"
        f"{ROW};{NEW}-a;man;ja;1-9-2026;onbekend;passport;4-1-2027;laissez-passer;"
        "departure-term-end;1-9-2026;59-1"
    )
    assert one.facts == {"return-decision": Fact(value="yes", since=date(2026, 9, 1))}
    assert one.persons[0].facts == {"no-medical-bar": Fact(value="unknown")}
    assert one.persons[0].documents == (
        Document(kind="passport", valid_until=date(2027, 1, 4)),
        Document(kind="laissez-passer"),
    )
    at = datetime(2026, 8, 31, 22, tzinfo=UTC)
    assert one.triggers == (Trigger(kind="departure-term-end", at=at),)
    assert one.detention is not None
    assert one.detention.ground == "59-1"


def test_what_has_no_column_stays_as_it_was() -> None:
    was = world().case["zk-0001"]
    (person,) = was.persons
    one = case(
        f"dossier;persoon;categorie;feit no-medical-bar\n{was.id};{person.id};{person.category};nee"
    )
    facts = person.facts | {"no-medical-bar": Fact(value="no")}
    expected = was.model_copy(update={"persons": (person.model_copy(update={"facts": facts}),)})
    assert one == expected


def test_each_row_says_what_is_other() -> None:
    was = world().case["zk-0001"]
    (person,) = was.persons
    found = brought(
        "cases",
        f"dossier;persoon;categorie;gewicht\n{was.id};{person.id};{person.category};3\n"
        f"{was.id};{was.id}-b;child;3",
    )
    assert [(row.state, row.differs) for row in found.rows] == [
        ("changed", ("weight",)),
        ("new", ()),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{TITLES}\n{NEW};;;;{NEW}-a;man", (2, "locatie", "is empty, and the case is new")),
        (f"{TITLES}\n{ROW};;man", (2, "persoon", "is empty")),
        (f"{TITLES};feit retour\n{ROW};{NEW}-a;man;ja", (1, "feit retour", "is no column")),
        (
            f"{TITLES};feit return-decision\n{ROW};{NEW}-a;man;misschien",
            (2, "feit return-decision", "is not one of ja"),
        ),
        (
            f"{TITLES};feit return-decision sinds\n{ROW};{NEW}-a;man;1-9-2026",
            (2, "feit return-decision", "Input should be"),
        ),
        (
            f"{TITLES};niet eerder dan\n{ROW};{NEW}-a;man;28-3-2027 2:30",
            (2, "niet eerder dan", "does not exist"),
        ),
        (
            f"{TITLES}\n{ROW};{NEW}-a;man\n{NEW};uitzetting;;;{NEW}-b;man",
            (3, "handeling", "is not what row 2 says"),
        ),
        (
            f"{TITLES}\n{ROW};{NEW}-a;man\n{NEW};;;;{NEW}-a;man",
            (3, "persoon", "is the person of row 2"),
        ),
        (f"{TITLES};begeleiders\n{ROW};{NEW}-a;man;9", (2, "begeleiders", "Input should be less")),
    ],
)
def test_a_row_that_is_wrong_is_told_with_its_column(text: str, told: tuple[int, str, str]) -> None:
    (flaw,) = flaws(text)
    assert (flaw.row, flaw.column) == told[:2]
    assert flaw.reason.startswith(told[2])
