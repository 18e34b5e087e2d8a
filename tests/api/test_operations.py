"""What whoever runs the service sees: figures, traces, lines, and an end that loses nothing."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select
from starlette.testclient import TestClient

from api.access.person import Person, Role
from api.app import create_app
from api.desk import Desk
from api.http.tracing import Traces
from api.store.database import Database, UnavailableError
from api.store.tables import PROCESSING
from scheduler.world import World
from tests.api.test_bookings import hold, proposed
from tests.store.offices import CHAIN, FAMILY, PLACED, PLANNER, REMOVED, TWIN, Small

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ASKED_IN = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


class Known:
    """Recognises one person, or nobody."""

    def __init__(self, *roles: Role) -> None:
        self._roles = frozenset(roles)

    def person(self, _request: Request) -> Person | None:
        return Person("somebody", self._roles) if self._roles else None


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """The lines of the technical log."""

    class Lines(list[dict[str, Any]]):
        def __iter__(self) -> Iterator[dict[str, Any]]:
            names = {"regietafel.http", "regietafel.service"}
            return (json.loads(one.message) for one in caplog.records if one.name in names)

    with caplog.at_level(logging.INFO, "regietafel"):
        yield Lines()


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traced(at: Small, spans: InMemorySpanExporter) -> Iterator[TestClient]:
    """The service of an office that sends its traces."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    with TestClient(create_app(at.office, traces=Traces(provider))) as client:
        yield client


def away(*_: object) -> Any:
    raise UnavailableError("the disk of the database is full")


Sample = tuple[str, frozenset[tuple[str, str]]]


def measured(http: TestClient) -> dict[Sample, float]:
    told = http.get("/metrics")
    assert told.status_code == 200
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(told.text)
        for one in family.samples
    }


def sample(name: str, **labels: str) -> Sample:
    return name, frozenset(labels.items())


# --- Figures ------------------------------------------------------------------------------------


def test_answers_are_counted_by_operation_and_status_with_how_long_they_took(
    http: TestClient,
) -> None:
    for case in (PLACED, REMOVED, "zk-9999"):
        http.get(f"/v1/cases/{case}/traffic-lights")
    http.get("/nothing/here")
    http.request("BREW", "/v1/cases")
    found = measured(http)
    lights = {"operation": "/v1/cases/{case}/traffic-lights", "method": "GET"}
    count = "regietafel_http_request_seconds_count"
    assert found[sample(count, **lights, status="200")] == 2
    assert found[sample(count, **lights, status="404")] == 1
    assert found[sample(count, operation="none", method="GET", status="404")] == 1
    within = sample("regietafel_http_request_seconds_bucket", **lights, status="200", le="+Inf")
    assert found[within] == 2
    assert {dict(labels)["method"] for name, labels in found if name == count} == {"GET", "other"}


def test_bookings_are_counted_by_status_and_holds_that_ran_out_are_told(
    at: Small, http: TestClient
) -> None:
    at.hold(PLACED)
    at.hold(REMOVED, minutes=1)
    found = measured(http)
    assert found[sample("regietafel_bookings", status="held")] == 2
    assert found[sample("regietafel_bookings", status="executed")] == 0
    assert found[sample("regietafel_holds_ran_out")] == 0
    assert found[sample("regietafel_jobs", status="queued")] == 0
    assert found[sample("regietafel_database_up")] == 1
    at.clock.wait(minutes=2)
    assert measured(http)[sample("regietafel_holds_ran_out")] == 1
    at.hold(FAMILY)  # which releases it
    found = measured(http)
    assert found[sample("regietafel_bookings", status="released")] == 1
    assert found[sample("regietafel_holds_ran_out")] == 1


def test_refusals_are_counted_by_kind(http: TestClient) -> None:
    bookings = proposed(http, PLACED)
    for _ in range(3):
        http.post("/v1/bookings", json={"bookings": bookings})
    http.get("/v1/cases/zk-9999")
    found = measured(http)
    assert found[sample("regietafel_refusals_total", kind="TakenError")] == 2
    assert found[sample("regietafel_refusals_total", kind="UnknownCaseError")] == 1
    assert found[sample("regietafel_database_unavailable_total")] == 0


def test_figures_are_told_while_the_database_is_away(
    http: TestClient, said: list[dict[str, Any]]
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Database, "reading", away)
        for _ in range(2):
            assert http.get("/v1/cases").status_code == 503
        found = measured(http)
    assert found[sample("regietafel_database_unavailable_total")] == 2
    assert found[sample("regietafel_database_up")] == 0
    assert sample("regietafel_bookings", status="held") not in found
    assert http.get("/v1/cases").status_code == 200
    events = [(one["event"], one.get("why")) for one in said if "event" in one]
    assert events == [
        ("database-away", "the disk of the database is full"),
        ("database-back", None),
    ]


def test_no_figure_tells_of_anybody(at: Small, http: TestClient) -> None:
    held = hold(http, PLACED)
    http.get(f"/v1/bookings/{held['booking']['id']}")
    http.get(f"/v1/{PLACED}")
    http.get("/v1/cases", headers={"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"})
    told = http.get("/metrics").text
    world = at.office.world()
    names = {*world.case, *world.resource, *world.facility, *world.departure}
    names |= {one.id for case in world.cases for one in case.persons}
    assert not [one for one in names if one in told]


def test_memory_and_collections_of_the_process_are_told(http: TestClient) -> None:
    found = measured(http)
    assert found[sample("process_resident_memory_bytes")] > 0
    assert sample("python_gc_collections_total", generation="2") in found


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        ((), 401),
        (tuple(set(Role) - {Role.administrator}), 403),
        ((Role.administrator,), 200),
    ],
)
def test_figures_are_for_administrators(at: Small, roles: tuple[Role, ...], status: int) -> None:
    http = TestClient(create_app(at.office, Known(*roles)))
    assert http.get("/metrics").status_code == status


def test_without_a_login_figures_are_for_this_machine_alone(at: Small) -> None:
    elsewhere = TestClient(create_app(at.office), client=("192.0.2.7", 40_000))
    assert elsewhere.get("/metrics").status_code == 401


def test_each_service_counts_for_itself(at: Small, http: TestClient) -> None:
    http.get("/v1/cases")
    other = measured(TestClient(create_app(at.office)))
    assert not [name for name, _ in other if name.startswith("regietafel_http_request")]


# --- Traces -------------------------------------------------------------------------------------


def spanned(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {one.name: one for one in spans.get_finished_spans()}


def test_a_hold_is_a_span_of_its_operation_with_the_change_in_it(
    traced: TestClient, spans: InMemorySpanExporter
) -> None:
    bookings = proposed(traced, PLACED)
    traced.post("/v1/bookings", json={"bookings": bookings}, headers=ASKED_IN)
    found = spanned(spans)
    request, change = found["POST /v1/bookings"], found["change: hold"]
    assert request.context is not None
    assert change.parent is not None
    assert change.parent.span_id == request.context.span_id
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/v1/bookings",
        "http.response.status_code": 201,
    }


def test_an_event_is_traced_with_the_replanning_before_it(
    traced: TestClient, spans: InMemorySpanExporter
) -> None:
    event = {"id": "e", "at": "2026-11-22T18:00:00Z", "kind": "case-withdrawn", "subject": PLACED}
    traced.post("/v1/events", json=[event])
    found = spanned(spans)
    change, replanning = found["change: events"], found["replan"]
    assert change.parent is not None
    assert replanning.parent is not None
    assert replanning.end_time is not None
    assert change.start_time is not None
    assert replanning.parent.span_id == change.parent.span_id
    assert replanning.end_time <= change.start_time, "nobody waits while it is worked out"


def test_a_trace_goes_on_where_the_one_who_asks_is_in_it_and_its_logs_know_it(
    at: Small, traced: TestClient, spans: InMemorySpanExporter, said: list[dict[str, Any]]
) -> None:
    traced.get(f"/v1/cases/{TWIN}/traffic-lights", headers=ASKED_IN)
    (request,) = spans.get_finished_spans()
    assert request.context is not None
    assert f"{request.context.trace_id:032x}" == TRACE
    assert request.parent is not None
    assert request.parent.is_remote
    assert [one["trace"] for one in said if "route" in one] == [TRACE]
    assert TRACE in processed(at)


def test_a_refusal_is_told_in_a_trace_by_its_kind_alone(
    traced: TestClient, spans: InMemorySpanExporter
) -> None:
    bookings = proposed(traced, PLACED)
    for _ in range(2):
        traced.post("/v1/bookings", json={"bookings": bookings})
    refused = [one for one in spans.get_finished_spans() if one.name == "change: hold"][-1]
    assert refused.status.description == "TakenError"
    assert not refused.events


def test_no_trace_tells_of_anybody(
    at: Small, traced: TestClient, spans: InMemorySpanExporter
) -> None:
    held = hold(traced, PLACED)["booking"]["id"]
    traced.get(f"/v1/bookings/{held}")
    traced.get(f"/v1/{PLACED}")
    traced.delete(f"/v1/bookings/{held}")
    told = " ".join(one.to_json() for one in spans.get_finished_spans())
    world = at.office.world()
    persons = {one.id for case in world.cases for one in case.persons}
    assert not [one for one in {*world.case, *persons, held} if one in told]


def test_nothing_is_traced_behind_our_back(
    at: Small, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", provider)
    TestClient(create_app(at.office)).get(f"/v1/cases/{PLACED}")
    assert not spans.get_finished_spans()


def test_without_a_collector_nothing_of_traces_is_imported(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    asked = [
        sys.executable,
        "-c",
        "import sys; from api.app import create_app; from api.office import Office; "
        "from api.store.database import open_database; "
        "create_app(Office(open_database(sys.argv[1]))); "
        "sys.exit(any(one.startswith('opentelemetry.sdk') for one in sys.modules))",
        f"sqlite:///{tmp_path}/store.sqlite",
    ]
    assert subprocess.run(asked, env=environment, check=False, timeout=60).returncode == 0


# --- Lines --------------------------------------------------------------------------------------


def processed(at: Small) -> set[str]:
    with at.database.reading() as connection:
        return {*connection.execute(select(PROCESSING.c.trace_id)).scalars()}


def test_every_line_has_a_trace_also_where_nobody_sends_one(
    at: Small, http: TestClient, said: list[dict[str, Any]]
) -> None:
    http.get(f"/v1/cases/{PLACED}", headers=ASKED_IN)
    http.get(f"/v1/cases/{PLACED}")
    http.get(f"/v1/cases/{PLACED}", headers={"traceparent": "00-nonsense-01"})
    traces = [one["trace"] for one in said if "route" in one]
    assert traces[0] == TRACE
    assert len({*traces}) == 3
    assert all(len(one) == 32 for one in traces)
    assert {*traces} <= processed(at)


def test_the_service_says_when_it_starts_and_stops(at: Small, said: list[dict[str, Any]]) -> None:
    with TestClient(create_app(at.office)):
        pass
    assert [one["event"] for one in said] == ["started", "stopped"]


# --- The end ------------------------------------------------------------------------------------


class Served:
    """A server of its own on the tiny world, with what it writes."""

    def __init__(self, url: str, directory: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = directory / "log"
        asked = [sys.executable, "-m", "api.cli", "serve", "--port", str(self.port)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*asked, "--database", url, "--world", "fixtures/tiny.json"],
                stdout=log,
                stderr=log,
            )
        self.wait_for("/health/ready")

    def wait_for(self, path: str) -> None:
        end = time.monotonic() + 60
        while True:
            try:
                self.get(path)
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def get(self, path: str) -> int:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.base + path, timeout=30) as answer:
            return int(answer.status)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(one) for one in self.log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[Served]:
    served = Served(database_url, tmp_path)
    try:
        yield served
    finally:
        served.process.kill()
        served.process.wait()


def test_asked_to_stop_it_answers_what_is_under_way_and_ends_well(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as slow:
        body = json.dumps({"case": PLACED}).encode()
        head = (
            "POST /v1/slot-proposals HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        slow.sendall(head.encode() + body[:5])
        time.sleep(0.5)
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(OSError, match="refused"):
            served.get("/health/live")
        slow.sendall(body[5:])
        answer = b""
        while part := slow.recv(65_536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"proposals" in answer
    assert served.process.wait(timeout=30) == 0


def test_all_that_it_writes_is_lines_from_its_migrations_to_its_end(served: Served) -> None:
    served.get("/v1/cases")
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(timeout=30) == 0
    lines = served.lines()
    events = [one["event"] for one in lines if "event" in one]
    assert events[0] == "alembic"
    assert events.index("alembic") < events.index("started") < events.index("stopped")
    assert all("at" in one for one in lines)


# --- A desk that goes on ------------------------------------------------------------------------


def assert_same(desk: Desk, world: World) -> None:
    fresh = Desk(world)
    for case in world.cases:
        assert desk.ask(case.id) == fresh.ask(case.id), case.id
        assert desk.lights(case.id) == fresh.lights(case.id), case.id
    assert desk.openings() == fresh.openings()


def test_a_desk_that_goes_on_answers_as_a_new_one_would(at: Small) -> None:
    office = at.office

    def look() -> None:
        assert_same(office.desk(), office.world())

    look()
    (held,) = at.hold(PLACED)
    look()
    at.hold(CHAIN)
    look()
    office.release(held.booking.id, PLANNER)
    look()
    (removed,) = at.hold(REMOVED)
    at.confirm(removed.booking.id)
    look()
    at.answer(removed.booking.id)
    look()
    at.clock.wait(minutes=20)
    look()
    at.cancel(removed.booking.id)
    look()
