"""Files brought in on a page: looked at, told in Dutch, and taken over whole or not at all."""

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

import api.imports
from api.access.person import Role
from api.imports.flaws import Flaw, FlawedError
from api.imports.preview import Kind, told_by
from api.language import LANGUAGES
from api.pages.flaws import told
from api.partners import reference
from api.store.tables import AUDIT, STORE
from tests.api.people import asking
from tests.store.offices import PLACED, PLANNER, Small, assert_whole

NL, EN = LANGUAGES["nl"], LANGUAGES["en"]
PEOPLE = {"accept": "text/html"}
SHIFT = "code;soort;van;tot\nteam-breda-1;dienst;24-11-2026 8.00;16.00"


@pytest.fixture
def http(at: Small) -> Iterator[TestClient]:
    """The pages as a planner sees them."""
    with asking(at.office, Role.planner) as client:
        yield client


def revision(at: Small) -> int:
    with at.database.reading() as connection:
        found: int = connection.execute(select(STORE.c.revision)).scalar_one()
    return found


def send(http: TestClient, text: str | bytes, take: str = "", **form: str) -> tuple[int, str]:
    """Send a file as the form does; return the status and the page that comes of it."""
    body = text.encode() if isinstance(text, str) else text
    answer = http.post(
        "/imports", data={"take": take, **form}, files={"file": ("x", body)}, headers=PEOPLE
    )
    return answer.status_code, unescape(answer.text)


def mark(page: str) -> str:
    """Return what the button to take a file over sends; nothing where there is no button."""
    found = re.search(r'name="take" value="(\w+)"', page)
    return found[1] if found else ""


def without(at: Small) -> tuple[str, str]:
    """Return the booking of somebody, and a roster in which they are not there then."""
    (held,) = at.hold(PLACED)
    booking = held.booking
    name = next(
        n for one in booking.attendances for n in one.resources if one.role == "interpreter"
    )
    return booking.id, f"code;datum;van;tot\n{name};{booking.start:%d-%m-%Y};22.00;23.00"


def test_a_file_is_looked_at_and_changes_nothing_until_it_is_taken_over(
    at: Small, http: TestClient
) -> None:
    was, before = revision(at), at.office.world()
    status, page = send(http, SHIFT)
    assert status == 200
    assert "Rijen: 1 nieuw, 0 gewijzigd, 0 gelijk en 1 diensten en afwezigheden vervallen." in page
    assert ">team-breda-1<" in page
    assert (revision(at), at.office.world()) == (was, before)
    status, page = send(http, SHIFT, mark(page))
    assert (status, "Het bestand is overgenomen." in page) == (200, True)
    assert revision(at) == was + 1
    assert_whole(at.database)


def test_a_file_that_was_taken_over_has_nothing_more_to_take(at: Small, http: TestClient) -> None:
    seen = mark(send(http, SHIFT)[1])
    send(http, SHIFT, seen)
    was = revision(at)
    status, page = send(http, SHIFT, seen)
    assert (status, mark(page)) == (409, "")
    assert "Het bestand verandert niets." in page
    assert revision(at) == was


def test_another_file_than_was_seen_is_shown_in_the_place_of_being_done(
    at: Small, http: TestClient
) -> None:
    seen, was = mark(send(http, SHIFT)[1]), at.office.world()
    status, page = send(http, SHIFT.replace("16.00", "17.00"), seen)
    assert status == 409
    assert "Dit is een ander bestand dan u zag" in page
    assert mark(page) not in {"", seen}
    assert at.office.world() == was


def test_what_was_booked_since_a_file_was_seen_is_shown_first(at: Small, http: TestClient) -> None:
    booking, roster = without(at)
    at.office.release(booking, PLANNER)
    status, page = send(http, roster)
    assert "zou niet meer kunnen" not in page
    at.hold(PLACED)
    was = at.office.world()
    status, page = send(http, roster, mark(page))
    assert (status, "zou niet meer kunnen" in page) == (409, True)
    assert at.office.world() == was


def test_every_mistake_is_told_in_dutch_by_row_and_column(at: Small, http: TestClient) -> None:
    was = revision(at)
    text = "code;datum;van;tot\nteam-breda-1;31-11-2026;8.00;16.00\nteam-brda-1;;x;16.00"
    status, page = send(http, text)
    assert status == 400
    assert "Er is niets van overgenomen" in page
    assert "is in geen enkele maand een dag" in page
    assert "is geen tijdstip" in page
    assert 'lang="en"' not in page.split("<main", 1)[1]
    assert mark(page) == ""
    assert revision(at) == was


def test_a_planner_sees_what_breaks_and_its_repair_and_takes_both_over(
    at: Small, http: TestClient
) -> None:
    booking, roster = without(at)
    status, page = send(http, roster)
    assert status == 200
    assert f'href="/bookings/{booking}"' in page
    assert "Hoe ze worden hersteld" in page
    assert f'href="/cases/{PLACED}"' in page
    status, page = send(http, roster, mark(page))
    assert (status, "Het bestand is overgenomen." in page) == (200, True)
    assert booking not in {one.id for one in at.office.world().bookings if one.claims}
    assert_whole(at.database)


def test_a_partner_is_told_its_own_bookings_alone_and_asks_a_planner(at: Small) -> None:
    booking, roster = without(at)
    was = revision(at)
    with asking(at.office, Role.partner, organisation="Tolkendesk") as http:
        status, page = send(http, roster)
        assert status == 200
        assert reference(booking, at.office.began_with() or "") in page
        assert booking not in page
        assert PLACED not in page
        assert "vraag een planner" in page
        assert mark(page) == ""
        assert 'name="kind"' not in page
    assert revision(at) == was


def test_a_partner_brings_the_roster_of_its_own_people_alone(at: Small) -> None:
    with asking(at.office, Role.partner, organisation="Tolkendesk") as http:
        status, page = send(http, SHIFT)
        assert status == 400
        assert "is niemand van deze organisatie" in page
        for kind in "departures", "cases", "roads":
            assert send(http, SHIFT, kind=kind)[0] == 403
            assert http.get(f"/imports?kind={kind}", headers=PEOPLE).status_code == 403
    with asking(at.office, Role.partner) as http:
        assert send(http, SHIFT)[0] == 403


def test_a_calendar_is_of_whom_it_is_said_to_be(http: TestClient) -> None:
    calendar = Path("fixtures/samples/calendar.ics").read_bytes()
    assert "er is niet gezegd van wie het rooster is" in send(http, calendar)[1]
    status, page = send(http, calendar, resource="tolk-ary-1")
    assert status == 200
    status, page = send(http, calendar, mark(page), resource="tolk-ary-1")
    assert "Het bestand is overgenomen." in page


@pytest.mark.parametrize("kind", ["departures", "cases", "roads"])
def test_planners_bring_departures_and_cases_too(http: TestClient, kind: str) -> None:
    sample = Path(f"fixtures/samples/{kind}.xlsx").read_bytes()
    status, page = send(http, sample, kind=kind)
    assert status == 200
    assert "Rijen: " in page


def test_nothing_of_a_file_gets_into_an_address_or_the_log(at: Small, http: TestClient) -> None:
    seen = mark(send(http, SHIFT)[1])
    answer = http.post(
        "/imports",
        data={"take": seen},
        files={"file": ("geheim.csv", SHIFT.encode())},
        headers=PEOPLE,
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/imports?kind=rosters"
    with at.database.reading() as connection:
        told = " ".join(map(str, connection.execute(select(AUDIT)).all()))
    assert "geheim" not in told


def test_what_is_in_a_file_is_shown_as_it_is_and_never_carried_out(http: TestClient) -> None:
    answer = http.post(
        "/imports",
        files={"file": ("x", b"code;datum;van;tot\nx;<script>x</script>;8.00;9.00")},
        headers=PEOPLE,
    )
    assert "&lt;script&gt;" in answer.text
    assert "<script>x" not in answer.text


IMPORTS = sorted(Path(api.imports.__file__).parent.glob("*.py"))


def reasons() -> Iterator[str]:
    """Yield each sentence that a reader of files tells, with something for its values."""
    for path in IMPORTS:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name("Flaw"), args=[_, _, _, *said]):
                    yield from map(sentence, said)
                case ast.Call(func=ast.Name("CellError" | "_refused"), args=said):
                    yield from map(sentence, said[:1])
                case ast.Call(func=ast.Attribute(attr="_wrong"), args=[_, *said]):
                    yield from map(sentence, said[:1])
                case ast.Assign(targets=[ast.Name("says" | "reason")], value=said):
                    yield from map(sentence, branches(said))


def branches(node: ast.expr) -> list[ast.expr]:
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def sentence(node: ast.expr) -> str:
    match node:
        case ast.Constant(str() as text):
            return text
        case ast.JoinedStr(parts):
            return "".join(sentence(one) or "7" for one in parts)
    return ""


@pytest.mark.parametrize("reason", sorted({one for one in reasons() if re.search("[a-z] ", one)}))
def test_every_reason_is_known_in_dutch(reason: str) -> None:
    (said,) = told(NL, [Flaw(1, "van", "x", reason)])
    assert not said.english
    (english,) = told(EN, [Flaw(1, "van", "x", reason)])
    assert (english.says, said.says != reason) == (reason, True)


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("rosters", "code;capaciteit\nteam-breda-1;0", "dit is 1 of meer"),
        ("rosters", "code;standplaats\nteam-breda-1;pol-brda", "is geen locatie"),
        ("rosters", "kode\nx", "is geen kolom die wordt gelezen"),
    ],
)
def test_what_the_planning_itself_refuses_is_told_in_dutch_too(
    at: Small, kind: Kind, text: str, says: str
) -> None:
    with pytest.raises(FlawedError) as refused:
        at.office.foreseen_of(told_by(text.encode(), kind))
    assert says in {one.says for one in told(NL, refused.value.flaws)}
