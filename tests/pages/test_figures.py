"""The room of figures: what may be shown of a month, drawn, in a table and taken along."""

import csv
import io
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

import api.pages.figures
from api.access.person import Role
from api.http.statistics import Count, LegCount, PartnerDeclines, Share, Statistics, Waited
from api.pages.charts import FILES
from api.store.life import Failure, Status
from tests.api.people import asking
from tests.api.test_statistics import many
from tests.store.offices import NOON, Small

MONTH = {"month": "2026-11"}
ENGLISH = {"cookie": "language=en"}


@pytest.fixture
def http(at: Small) -> Iterator[TestClient]:
    """The pages as a planner sees them, who is told of the month that it is too."""
    with asking(at.office, Role.planner) as client:
        client.headers["accept"] = "text/html"
        yield client


def drawn(page: str) -> list[str]:
    """Return the names of the figures on a page."""
    return re.findall(r'<img src="/figures/([a-z-]+)\.svg', page)


def table(http: TestClient, name: str) -> dict[str, list[str]]:
    """Return the rows of a figure by their names, as they are taken along."""
    told = http.get(f"/figures/{name}.csv", params=MONTH).text
    return {row[0]: row[1:] for row in csv.reader(io.StringIO(told))}


def test_a_month_without_bookings_says_so(http: TestClient) -> None:
    page = http.get("/figures", params={"month": "2026-10"}).text
    assert "In deze maand begint geen boeking." in page
    assert drawn(page) == []


def test_the_month_that_it_is_comes_first_and_others_can_be_chosen(http: TestClient) -> None:
    page = http.get("/figures").text
    assert '<option value="2026-11" selected>november 2026</option>' in page
    assert '<option value="2026-10">oktober 2026</option>' in page
    assert (
        '<option value="2020-01" selected>'
        in http.get("/figures", params={"month": "2020-01"}).text
    )


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Statistics:
    """A month of which enough is told."""
    some, none = Count(count=5), Count(count=0)
    found = Statistics(
        month="2026-11",
        counted_at=NOON,
        bookings=Count(count=170),
        statuses={one.value: none for one in Status}
        | {"executed": Count(count=60), "cancelled": Count(count=90), "released": Count(count=20)},
        operations=(
            LegCount(operation="placement", bookings=Count(count=80), failed=Count(count=40)),
            LegCount(operation="removal", bookings=Count(count=90), failed=Count(count=50)),
        ),
        failures={one.value: some for one in Failure},
        failed=Share(share=0.529),
        releases={"expired": some, "replaced": Count(count=None, hidden=True)},
        ran_out=some,
        days_to_confirm=Waited(days=2.5),
        declines=(PartnerDeclines(partner="COA", declined=some, reasons={}),),
        declined_along=none,
    )
    monkeypatch.setattr(api.pages.figures, "told_to", lambda *_: found)
    return found


def test_each_figure_is_an_image_with_its_numbers_beside_it(
    http: TestClient, busy: Statistics
) -> None:
    page = http.get("/figures", params=MONTH).text
    assert drawn(page) == ["statuses", "operations", "failures", "releases", "declines"]
    for name in drawn(page):
        told = http.get(f"/figures/{name}.svg", params=MONTH)
        assert told.headers["content-type"] == "image/svg+xml"
        for file in FILES:
            assert f'href="/figures/{name}.{file}?month=2026-11"' in page
            assert http.get(f"/figures/{name}.{file}", params=MONTH).content
    assert page.count("<table>") == page.count("<caption") == 5
    assert 'alt="Waarom boekingen zijn geannuleerd: de aantallen staan in de tabel' in page
    assert table(http, "statuses") == {
        "Stand": ["Boekingen"], "voorgesteld": ["0"], "gereserveerd": ["0"], "bevestigd": ["0"],
        "uitgevoerd": ["60"], "geannuleerd": ["90"], "vrijgegeven": ["20"],
    }  # fmt: skip
    assert len(table(http, "failures")) == 1 + len(Failure)
    assert table(http, "releases") == {
        "Waarom": ["Boekingen"], "niet op tijd bevestigd": ["5"], "de andere redenen": [""],
    }  # fmt: skip


def test_what_is_looked_at_first_is_told_in_figures_of_the_language(
    http: TestClient, busy: Statistics
) -> None:
    dutch, english = (http.get("/figures", headers=one).text for one in ({}, ENGLISH))
    assert '<span class="count">170</span> boekingen gevraagd' in dutch
    assert '<span class="count">2,5</span> dagen van reserveren tot bevestigen' in dutch
    assert '<span class="count">2.5</span> days from hold to confirmation' in english
    assert "52,9" in dutch
    assert "Why bookings were cancelled" in english
    chart = http.get("/figures/failures.svg", params=MONTH, headers=ENGLISH).text
    assert "medical reasons" in chart
    assert "medische redenen" in http.get("/figures/failures.svg", params=MONTH).text


def test_small_numbers_are_hidden_wherever_they_are_shown(at: Small, http: TestClient) -> None:
    many(at)
    assert table(http, "failures") == {"Waarom": ["Boekingen"]}
    assert table(http, "statuses")["geannuleerd"] == [""]
    assert table(http, "statuses")["uitgevoerd"] == ["0"]
    page = http.get("/figures", params=MONTH).text
    assert "Aantallen van 1 tot en met 4 zijn verborgen" in page
    assert "Er zijn er geen, of te weinig om te tonen." in page
    chart = http.get("/figures/statuses.svg", params=MONTH).text
    assert ">verborgen</text>" in chart
    assert ">1</text>" not in chart
    assert http.get("/figures/failures.svg", params=MONTH).status_code == 200


def test_a_share_that_is_hidden_reads_as_one_sentence(at: Small, http: TestClient) -> None:
    many(at)
    page = http.get("/figures", params=MONTH).text
    assert 'aandeel geannuleerd: <span class="quiet">verborgen</span>' in page
    assert "van alle boekingen geannuleerd" not in page


def test_nobody_is_in_the_figures(at: Small, http: TestClient) -> None:
    many(at)
    told = [http.get("/figures", params=MONTH)]
    told += [http.get(f"/figures/{name}.svg", params=MONTH) for name in drawn(told[0].text)]
    world = at.office.world()
    names = {one.id for one in world.cases} | {one.id for one in world.resources}
    assert [name for name in names if any(name in one.text for one in told)] == []


def test_who_manages_is_shown_months_that_are_over_alone(at: Small) -> None:
    many(at)
    with asking(at.office, Role.management) as client:
        page = client.get("/figures").text
        assert '<option value="2026-10" selected>' in page
        assert 'value="2026-11"' not in page
        for path in ("/figures", "/figures/statuses.svg", "/figures/statuses.csv"):
            assert client.get(path, params=MONTH).status_code == 400
        at.clock.wait(days=20)
        page = client.get("/figures", params=MONTH).text
        assert drawn(page)
        assert "Geteld op za 12 dec 19:00." in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/figures?month=2026-13", 400),
        ("/figures/statuses.svg", 400),
        ("/figures/statuses.svg?month=2026-11&width=huge", 400),
        ("/figures/statuses.exe?month=2026-11", 400),
        ("/figures/nothing.svg?month=2026-11", 404),
        ("/figures/nothing.csv?month=2026-11", 404),
    ],
)
def test_what_is_no_figure_is_not_there(http: TestClient, path: str, status: int) -> None:
    assert http.get(path).status_code == status


def test_figures_are_for_management_and_planners(at: Small) -> None:
    paths = "/figures", "/figures/statuses.svg?month=2026-10", "/figures/statuses.csv?month=2026-10"
    with asking(at.office, Role.regievoerder, Role.partner, Role.auditor) as client:
        assert {client.get(one).status_code for one in paths} == {403}
    for role in (Role.planner, Role.management):
        with asking(at.office, role) as client:
            assert {client.get(one).status_code for one in paths} == {200}
