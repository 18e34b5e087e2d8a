"""Streams of events as a real server sends them: kept alive, resumed, bounded, and left."""

import time
from collections.abc import Iterator
from threading import Thread

import httpx2
import pytest
import uvicorn
from fastapi.sse import _PING_INTERVAL

from api.app import create_app
from api.http import jobs
from tests.jobs.short import SOON, WORKER, As, how, queue, submitted, until
from tests.store.offices import PLANNER, Small

PING = ": ping"
OTHERS = {"x-test": "administrator-1 administrator"}


@pytest.fixture
def http(at: Small) -> Iterator[httpx2.Client]:
    """A server on a port of its own that does no jobs, and a client of it."""
    app = create_app(at.office, As())
    app.state.runner.start = lambda: None
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        base = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=base, timeout=SOON, trust_env=False) as client:
            yield client
    finally:
        app.state.runner.close()
        server.should_exit = True
        thread.join()


@pytest.fixture
def path(at: Small) -> str:
    """Where the events of a job are that waits."""
    return f"/v1/plans/{submitted(queue(at)).id}/events"


def after(number: int) -> dict[str, str]:
    return {"last-event-id": str(number)}


def lines_of(answer: httpx2.Response, count: int) -> list[str]:
    """Return the next lines of a stream that tell something."""
    told = (line for line in answer.iter_lines() if line)
    return [next(told) for _ in range(count)]


def test_a_stream_without_news_is_kept_alive_by_comments(
    http: httpx2.Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _PING_INTERVAL == 15  # as docs/jobs.md says
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.2)
    with http.stream("GET", path, headers=after(1)) as answer:
        began = time.monotonic()
        assert lines_of(answer, 4) == [PING] * 4
        assert time.monotonic() - began > 0.5


def test_whoever_was_cut_off_resumes_after_the_last_event_seen(
    at: Small, http: httpx2.Client, path: str
) -> None:
    taken = queue(at).take(WORKER, ["plan"])
    assert taken is not None
    job, _ = taken
    with http.stream("GET", path) as answer:
        seen = lines_of(answer, 6)
    assert [line for line in seen if line.startswith("id")] == ["id: 1", "id: 2"]
    for n in range(3):
        queue(at).progress(WORKER, job, how(n))
    queue(at).cancel(job.id, PLANNER)
    rest = http.get(path, headers=after(2))
    found = [line for line in rest.text.splitlines() if line.startswith("id")]
    assert found == ["id: 3", "id: 4", "id: 5", "id: 6"]
    assert http.get(path, headers=after(6)).status_code == 204


def test_head_ends_at_once_with_news_and_without_and_leaves_nothing_open(
    http: httpx2.Client, path: str
) -> None:
    for last in [0, 1] * (jobs.STREAMS + 1):
        began = time.monotonic()
        told = http.head(path, headers=after(last))
        assert (told.status_code, told.content) == (200, b"")
        assert told.headers["content-type"].startswith("text/event-stream")
        assert time.monotonic() - began < 5  # far less than a comment takes to come
    with http.stream("GET", path) as answer:
        assert answer.status_code == 200


def test_who_leaves_a_stream_gives_its_place_back(http: httpx2.Client, path: str) -> None:
    for _ in range(jobs.STREAMS):
        with http.stream("GET", path) as answer:
            assert lines_of(answer, 1) == ["event: status"]
    until(lambda: http.head(path).status_code == 200)


def test_an_account_has_so_many_streams_open_and_a_process_so_many_of_all(
    http: httpx2.Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "STREAMS", 1)
    monkeypatch.setattr(jobs, "ALL_STREAMS", 2)
    third = {"x-test": "administrator-2 administrator"}
    with http.stream("GET", path), http.stream("GET", path, headers=OTHERS):
        mine, theirs = http.get(path), http.get(path, headers=third)
    assert (mine.status_code, theirs.status_code) == (429, 503)
    for told in mine, theirs:
        assert told.headers["retry-after"] == "5"
        assert told.headers["content-type"] == "application/problem+json"
    until(lambda: http.head(path, headers=third).status_code == 200)


def test_a_stream_ends_after_a_while_and_is_resumed(
    http: httpx2.Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LONGEST_STREAM", 0.5)
    assert "id: 1\n" in http.get(path).text
    told = http.get(path, headers=after(1))  # which is no 204: there is more to come
    assert (told.status_code, told.text) == (200, "")
