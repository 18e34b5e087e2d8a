"""What went wrong, on a page: in the language of who reads, with fields as people know them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.access.person import Role
from api.http.problems import Broken, Mistake, Problem
from api.language import LANGUAGES
from api.pages.problems import TITLES, Told, told
from tests.api.people import asking
from tests.store.offices import PLACED, Small

NL, EN = LANGUAGES["nl"], LANGUAGES["en"]
ENGLISH = {"cookie": "language=en"}


@pytest.fixture
def http(at: Small) -> Iterator[TestClient]:
    """The pages as a planner sees them."""
    with asking(at.office, Role.planner) as client:
        client.headers["accept"] = "text/html"
        yield client


def main(page: str) -> str:
    """Return what a page says, without what stands around it."""
    found = re.search(r"<main[^>]*>(.*)</main>", page, re.DOTALL)
    assert found
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found[1])).strip()


def of(status: int, detail: str, **more: Any) -> Told:
    return told(NL, Problem(status=status, title="", detail=detail, **more))


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/cases/zk-9999", 404, "Er is geen dossier zk-9999."),
        ("/bookings/zk-9999-removal", 404, "Er is geen boeking zk-9999-removal."),
        ("/plans/plan-9999", 404, "Er is geen plan plan-9999."),
        ("/nowhere", 404, "Op dit adres staat geen pagina."),
        ("/board?day=0001-01-01", 400, "Er klopt iets niet in wat is ingevuld: Dag: geef een dag"),
        ("/board?span=year", 400, "Het adres: kies een van de mogelijkheden"),
        ("/logs", 403, "Dit is voor: Auditor."),
    ],
)
def test_what_is_not_there_or_not_for_somebody_is_told_in_dutch(
    http: TestClient, path: str, status: int, says: str
) -> None:
    answer = http.get(path)
    assert answer.status_code == status
    assert says in main(answer.text)
    assert 'lang="en"' not in re.sub(r"(?s)<header.*?</header>", "", answer.text)
    assert "Er is niets gewijzigd" not in answer.text  # who looks changes nothing anyway
    english = main(http.get(path, headers=ENGLISH).text)
    assert says not in english


def test_who_asked_to_change_something_reads_that_nothing_was_changed(
    at: Small, http: TestClient
) -> None:
    (held,) = at.hold(PLACED)
    form = {"reason": "medical", "revision": "x"}
    answer = http.post(f"/bookings/{held.booking.id}/cancel", data=form)
    assert answer.status_code == 400
    assert main(answer.text) == (
        "Dit kan niet zoals het is gevraagd Er klopt iets niet in wat is ingevuld: "
        "Het formulier: geef een getal Er is niets gewijzigd. Naar het begin"
    )


@pytest.mark.parametrize(
    ("detail", "says"),
    [
        ("b-1 is released and cannot become held; it can become nothing", "staat er intussen"),
        ("b-1 begins at 2026-12-01T10:00Z", "nog niet begonnen"),
        ("b-2 follows b-1, which is held", "die eraan voorafgaat"),
        ("fit-to-fly is answered on 2026-12-03, and today is 2026-12-01", "in de toekomst"),
        ("plan-1 is running, and is accepted when it is done", "nog niets"),
        ("plan-1 is done already", "Dit plan was al"),
        ("request-1 is refused already", "Dit verzoek was al"),
        ("the lights of zk-1 do not offer this repair now", "oplossing is er niet meer"),
        ("some of what is asked is taken", "intussen bezet"),
    ],
)
def test_what_is_not_possible_any_more_says_why(detail: str, says: str) -> None:
    problem = of(409, detail)
    assert says in problem.says
    assert problem.english == ""


def test_what_nobody_knows_a_sentence_for_is_told_as_it_is_in_small_print() -> None:
    assert (of(409, "the moon is full").says, of(409, "the moon is full").english) == (
        "", "the moon is full",
    )  # fmt: skip
    assert of(414, "a query has at most 8192 bytes").title == NL.say(TITLES[400])
    assert of(502, "gone").title == NL.say(TITLES[500])
    assert of(412, "zk-1 has changed since it was read").english == ""


def test_broken_rules_and_open_checks_are_told_in_dutch() -> None:
    rules = ("police", "no police at the pick-up"), ("booking", "begins in the past")
    broken = tuple(Broken(booking="b-1", constraint=name, says=says) for name, says in rules)
    problem = of(409, "rules are broken as things stand now", violations=broken)
    assert problem.broken == ("Politie: geen politie bij de staandehouding",
                              "Het geplande moment is voorbij.")  # fmt: skip
    checks = of(409, "due checks are not a yes in their window", facts=("fit-to-fly",)).checks
    assert checks == ("Is er een verklaring dat de vreemdeling kan vliegen?",)


@pytest.mark.parametrize(
    ("where", "detail", "field", "says"),
    [
        ("body.hold_minutes", "Input should be less than or equal to 1440",
         "Vasthouden|Reserveren", "dit is 1440 of minder"),
        ("body.cases[3]", "String should have at most 60 characters",
         "Dossier", "dit is te lang: hooguit 60"),
        ("body.key", "Field required", "Het formulier", "dit ontbreekt"),
        ("query.month", "String should match pattern '^20$'", "Maand", "dit kan niet kloppen"),
        ("body.cases", "zk-8888 is no case that the plan says anything of",
         "Dossier", "het plan zegt niets over zk-8888"),
    ],
)  # fmt: skip
def test_mistakes_name_the_field_as_people_do(
    where: str, detail: str, field: str, says: str
) -> None:
    mistake = Mistake.model_validate({"in": where, "detail": detail})
    ((name, said),) = of(400, "the request is not valid", errors=(mistake,)).mistakes
    assert re.match(field, name)
    assert said == says
