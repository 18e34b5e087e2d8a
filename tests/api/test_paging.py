"""Every list comes in pages, which are asked for alike and told of alike."""

from typing import Any

from starlette.testclient import TestClient

from tests.store.offices import PLACED, REMOVED, Small

Json = dict[str, Any]
LISTS = {
    "/audit-lines",
    "/bookings",
    "/cases",
    "/departures",
    "/facilities",
    "/partners/{partner}/bookings",
    "/plans",
    "/requests",
    "/resources",
    "/simulations",
}


def lists(http: TestClient) -> dict[str, str]:
    """Return where the lists are, by their paths as they are described."""
    paths = http.get("/v1/openapi.json").json()["paths"]
    return {
        path: f"/v1{path.format(partner='dv-o')}"
        for path, methods in paths.items()
        if any(one["name"] == "offset" for one in methods.get("get", {}).get("parameters", ()))
    }


def told(page: Json) -> list[Json]:
    """Return what is on a page."""
    (found,) = (one for one in page.values() if isinstance(one, list))
    return [*found]


def test_these_are_the_lists_and_all_are_bounded_alike(http: TestClient) -> None:
    assert lists(http).keys() == LISTS
    for path in lists(http).values():
        for wrong in {"limit": 501}, {"limit": 0}, {"offset": -1}, {"offset": 1_000_001}:
            assert http.get(path, params=wrong).status_code == 400, (path, wrong)


def test_pages_follow_each_other_and_tell_how_many_there_are(at: Small, http: TestClient) -> None:
    at.hold(PLACED)
    at.hold(REMOVED)
    for path in lists(http).values():
        upto = {"until": 2} if path == "/v1/audit-lines" else {}  # who reads the log lengthens it
        whole = http.get(path, params=upto).json()
        every = told(whole)
        assert (whole["total"], whole["offset"]) == (len(every), 0), path
        for n in range(len(every) + 1):
            page = http.get(path, params={"offset": n, "limit": 1, **upto}).json()
            assert told(page) == every[n : n + 1], path
            assert (page["total"], page["offset"]) == (len(every), n), path
