"""Plans over HTTP of which what there is is enough: the search ends, and it is accepted."""

from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from tests.jobs.short import As, queue, running, until, until_enough
from tests.store.offices import Small

ADMINISTRATOR = {"x-test": "administrator-1 administrator"}
ENOUGH = {"enough": True}
SOMEBODY = {"x-test": "planner-2 planner"}


def test_the_search_is_ended_by_whose_it_is_and_what_there_is_can_be_accepted(at: Small) -> None:
    http = TestClient(create_app(at.office, As(), Settings(queue=4)))
    where = http.post("/v1/plans", json={"seconds": 600}).headers["location"]
    early = http.patch(where, json=ENOUGH)
    assert early.status_code == 409
    assert early.json()["detail"].endswith("is queued, and is kept when it is at work")
    assert http.patch(where, json={"enough": False}).status_code == 400
    with running(queue(at), until_enough):
        until(lambda: http.get(where).json()["status"] == "running")
        assert http.patch(where, json=ENOUGH, headers=SOMEBODY).status_code == 404
        ended = http.patch(where, json=ENOUGH, headers=ADMINISTRATOR)
        assert (ended.status_code, ended.json()["enough"]) == (200, True)
        until(lambda: http.get(where).json()["status"] == "done")
    assert http.get(where).json()["result"]["unplanned"] == []
    assert http.post(f"{where}/acceptances", json={}).status_code == 200
    assert http.patch(where, json=ENOUGH).status_code == 409
