"""A plan that was made, as a file: before any of it is taken over, and for planners alone."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.exports.files import FILES, File
from api.jobs.planning import plan_all
from api.settings import Settings
from tests.exports.test_plan_files import read
from tests.jobs.short import As, queue, running, until
from tests.store.offices import Small, small

ADMINISTRATOR = {"x-test": "administrator-1 administrator"}
SOMEBODY = {"x-test": "planner-2 planner"}


@pytest.fixture
def at(database_url: str) -> Iterator[Small]:
    with small(database_url) as at:
        yield at


@pytest.fixture
def http(at: Small) -> TestClient:
    return TestClient(create_app(at.office, As(), Settings(queue=4)))


def test_a_plan_is_taken_along_by_whoever_asked_for_it(at: Small, http: TestClient) -> None:
    name = http.post("/v1/plans", json={"seconds": 1}).json()["id"]
    path = f"/v1/plans/{name}/bookings"
    assert http.get(path).status_code == 409
    with running(queue(at), plan_all):
        until(lambda: http.get(f"/v1/plans/{name}").json()["status"] == "done")
    files: dict[File, list[object]] = {}
    for file in FILES:
        told = http.get(path, params={"format": file})
        assert told.status_code == 200
        assert f'filename="plan-{name}.{file}"' in told.headers["content-disposition"]
        files[file] = [*read(told.content, file)]
    assert files["csv"]
    assert files["csv"] == files["xlsx"] == files["parquet"]
    assert at.office.world().bookings == ()
    assert http.get(path, headers=SOMEBODY).status_code == 404
    assert http.get(path, headers=ADMINISTRATOR).status_code == 403
    assert http.get(path, params={"format": "doc"}).status_code == 400
