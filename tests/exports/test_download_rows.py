"""The rows of files on the pages: each leads to a file, of which only who may see it has it."""

import re

import pytest
from starlette.testclient import TestClient

from api.access.person import Role
from tests.api.people import asking
from tests.exports.test_plan_files import at
from tests.store.offices import PLACED, Small

__all__ = ["at"]
PEOPLE = {"accept": "text/html"}


def files(http: TestClient, page: str) -> list[str]:
    """Return where the files of a page are."""
    told = http.get(page, headers=PEOPLE)
    assert told.status_code == 200, told.text
    return [one.replace("&amp;", "&") for one in re.findall(r'href="([^"]+)" download', told.text)]


@pytest.mark.parametrize("page", ["/board", "/board?of=places"])
def test_a_planner_takes_the_plan_in_force_along_from_the_board(at: Small, page: str) -> None:
    at.hold(PLACED)
    with asking(at.office, Role.planner) as http:
        found = files(http, page)
        assert [one.rpartition("=")[2] for one in found] == ["xlsx", "csv", "parquet"]
        for one in found:
            told = http.get(one)
            assert told.status_code == 200
            assert told.headers["content-disposition"].startswith("attachment")


def test_a_partner_takes_along_what_its_page_is_about(at: Small) -> None:
    at.hold(PLACED)
    with asking(at.office, Role.partner, organisation="Tolkendesk") as http:
        (csv,) = (one for one in files(http, "/partner") if one.endswith("csv"))
        told = http.get(csv)
        assert told.status_code == 200
        assert len(told.text.splitlines()) > 1
        late = files(http, "/partner?from=2030-01-01")
        assert len(http.get(late[1]).text.splitlines()) == 1
    with asking(at.office, Role.partner, organisation="DV&O") as http:
        assert http.get(csv).status_code == 403
