"""Nobody can ask more than the service can bear: in size, in depth, in number, or too often."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from starlette.testclient import TestClient

from api.access.person import Person
from api.app import create_app
from api.http.headers import STANDING
from api.http.rates import RECORDS
from api.http.wishes import LARGEST, LONGEST_TEXT, MOST_ITEMS, MOST_PARAMETERS
from api.imports.tables import MOST_BYTES
from api.settings import Settings
from tests.api.published import TOKEN, Tokens, operations, served
from tests.store.offices import PLACED, Small

QUICK = 5.0
"""Seconds of work in which what is too much is refused; read whole it would be a minute's."""
PLACES = (
    "/v1/cases", "/v1/openapi.json", "/v1/nothing", "/nothing", "/login", "/login/callback?state=x",
    "/logout", "/metrics", "/health/ready", f"/v1/cases?x={'y' * 8_000}",
)  # fmt: skip
"""Whatever there is to ask for, and what there is not."""


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(tmp_path_factory.mktemp("bounds")) as (_, client):
        yield client


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param("[" * 900_000, 400, id="lists in lists"),
        pytest.param('{"a":' * 150_000 + "1" + "}" * 150_000, 400, id="objects in objects"),
        pytest.param("[" * 21 + "]" * 21, 400, id="a little too deep"),
        pytest.param(f"[{'0,' * MOST_ITEMS}0]", 400, id="a long list"),
        pytest.param(f"[{'[],' * 330_000}[]]", 400, id="a list of nothing"),
        pytest.param(json.dumps([[0] * 5000] * 11), 400, id="many values"),
        pytest.param(json.dumps({str(n): n for n in range(6000)}), 400, id="many fields"),
        pytest.param("9" * 900_000, 400, id="a number of many digits"),
        pytest.param(f'{{"count": {2**53}}}', 400, id="a number that some readers change"),
        pytest.param('{"count": 1e999}', 400, id="a number beyond all"),
        pytest.param('{"count": NaN}', 400, id="no number"),
        pytest.param('{"case": "a", "case": "b"}', 400, id="a field twice"),
        pytest.param(json.dumps({"case": "x" * (LONGEST_TEXT + 1)}), 400, id="a long text"),
        pytest.param(json.dumps({"case": "x" * 1_000_001}), 413, id="a long body"),
        pytest.param(json.dumps({"bookings": [{"phases": [1] * 5000}] * 2}), 400, id="mistakes"),
        pytest.param("\ufeff{}", 400, id="a byte order mark"),
        pytest.param(b"\xff\xfe", 400, id="no text"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/slot-proposals", "/v1/bookings", "/v1/events"])
def test_a_body_that_is_too_much_is_refused_at_once(
    http: TestClient, path: str, body: str | bytes, status: int
) -> None:
    began = time.process_time()
    told = http.post(path, content=body, headers={"content-type": "application/json"})
    assert time.process_time() - began < QUICK
    assert told.status_code == status
    assert told.headers["content-type"] == "application/problem+json"
    assert status == 413 or told.json()["errors"]


def test_what_is_too_much_is_told_where(http: TestClient) -> None:
    wish = {"case": PLACED, "extra": [{"deep": [0] * (MOST_ITEMS + 1)}]}
    (told,) = http.post("/v1/slot-proposals", json=wish).json()["errors"]
    assert told == {"in": "body.extra[0].deep", "detail": f"holds more than {MOST_ITEMS}"}


def test_a_body_without_an_end_is_refused_while_it_comes(http: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"[" * 100_000

    headers = {"content-type": "application/json"}
    # The test client reads all there is before it asks; what is sent stops at the first refusal.
    some = (one for one, _ in zip(endless(), range(20), strict=False))
    assert http.post("/v1/events", content=some, headers=headers).status_code == 413


def test_a_query_and_headers_are_bounded(http: TestClient) -> None:
    assert http.get("/v1/cases?x=" + "y" * 8_000).status_code == 414
    many = "&".join(["resource=a"] * (MOST_PARAMETERS + 1))
    assert http.get(f"/v1/openings?{many}").status_code == 414
    assert http.get("/v1/cases", headers={"x-long": "y" * 16_000}).status_code == 431
    assert http.get("/health/live", headers={"x-long": "y" * 16_000}).status_code == 431
    key = {"idempotency-key": "k" * 81}
    assert http.post("/v1/events", json=[], headers=key).status_code == 400
    revision = {"if-match": "1" * 41}
    assert http.delete("/v1/bookings/nothing", headers=revision).status_code == 400


def test_a_client_that_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    with served(tmp_path, rate="5/hour") as (_, http):
        told = [http.get("/v1/departures") for _ in range(7)]
        assert [one.status_code for one in told] == [200] * 5 + [429] * 2
        late = told[-1]
        assert late.headers["content-type"] == "application/problem+json"
        assert 1 <= int(late.headers["retry-after"]) <= 3600
        assert late.json()["detail"] == "asked more often than 5 times a hour"
        assert {name: late.headers.get(name) for name in STANDING} == STANDING
        assert http.get("/health/live").status_code == 200


@pytest.mark.parametrize("path", PLACES)
def test_whatever_is_asked_is_counted(tmp_path: Path, path: str) -> None:
    with served(tmp_path, rate="5/hour") as (_, http):
        del http.headers["authorization"]
        assert 429 not in [http.get(path).status_code for _ in range(5)]
        late = [http.get(path), http.head(path), http.post(path), *map(http.get, PLACES)]
        assert {one.status_code for one in late} == {429}
        assert all(1 <= int(one.headers["retry-after"]) <= 3600 for one in late)
        assert http.get("/health/live").status_code == 200


def test_what_is_asked_once_is_counted_once_and_who_asks_is_found_out_once(
    at: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    believed = Tokens.person

    def person(self: Tokens, request: Request) -> Person | None:
        asked.append(request.method)
        return believed(self, request)

    monkeypatch.setattr(Tokens, "person", person)
    app = create_app(at.office, Tokens(), Settings(rate="3/hour"))
    headers = {"authorization": f"Bearer {TOKEN}", "idempotency-key": "once-and-again"}
    with TestClient(app, headers=headers) as http:
        told = [http.post("/v1/bookings", json={}).status_code for _ in range(4)]
    assert (told, asked) == ([400] * 3 + [429], ["POST"] * 4)


def test_what_reading_leaves_in_the_processing_log_is_counted_with_it(at: Small) -> None:
    """Nobody fills the disk faster than the rate lets them, by however long a list."""
    persons = sum(len(one.persons) for one in at.office.world().cases)
    each = 1 + persons // RECORDS
    assert each > 1
    app = create_app(at.office, Tokens(), Settings(rate=f"{3 * each}/hour"))
    with TestClient(app, headers={"authorization": f"Bearer {TOKEN}"}) as http:
        assert [http.get("/v1/cases").status_code for _ in range(4)] == [200] * 3 + [429]
    app = create_app(at.office, Tokens(), Settings(rate=f"{each + 1}/hour"))
    with TestClient(app, headers={"authorization": f"Bearer {TOKEN}"}) as http:
        assert [http.get("/v1/cases").status_code for _ in range(3)] == [200, 200, 429]
        assert http.head("/v1/cases").status_code == 429


def test_who_is_shown_nothing_is_counted_once(at: Small) -> None:
    app = create_app(at.office, Tokens(), Settings(rate="5/hour"))
    with TestClient(app, headers={"authorization": f"Bearer {TOKEN}"}) as http:
        assert [http.head("/v1/cases").status_code for _ in range(6)] == [200] * 5 + [429]


def test_a_client_without_an_account_is_its_address(at: Small) -> None:
    app = create_app(at.office, Tokens(), Settings(rate="2/hour"))
    for address in "192.0.2.1", "192.0.2.2":
        http = TestClient(app, client=(address, 4000))
        assert [http.get("/nothing").status_code for _ in range(3)] == [404, 404, 429]


def test_whoever_guesses_tokens_is_counted_by_address_and_keeps_nobody_out(tmp_path: Path) -> None:
    with served(tmp_path, rate="5/hour") as (_, http):
        guesses = [{"authorization": f"Bearer {n}"} for n in range(7)]
        told = [http.get("/v1/cases", headers=one).status_code for one in guesses]
        assert told == [401] * 5 + [429] * 2
        mine = {"authorization": f"Bearer {TOKEN}"}
        assert http.get("/v1/cases", headers=mine).status_code == 200


def test_every_part_of_every_request_is_described_with_its_bounds(http: TestClient) -> None:
    described = http.get("/v1/openapi.json").json()
    unbounded = [
        f"{method} {path}: {where}"
        for method, path, operation in operations(described)
        for where, schema in _parts(operation, described["components"]["schemas"])
        if not _bounded(schema)
    ]
    assert unbounded == []


def test_no_bound_of_a_field_is_beyond_those_of_any(http: TestClient) -> None:
    described = http.get("/v1/openapi.json").json()
    for _, _, operation in operations(described):
        for where, schema in _parts(operation, described["components"]["schemas"]):
            assert schema.get("maxItems", 0) <= MOST_ITEMS, where
            longest = MOST_BYTES if "contentMediaType" in schema else LONGEST_TEXT
            assert schema.get("maxLength", 0) <= longest, where
            assert schema.get("maximum", 0) <= LARGEST, where


def _parts(operation: Any, known: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema that a request is made of, and where it stands."""
    left = [(one["name"], one["schema"]) for one in operation.get("parameters", ())]
    for media in operation.get("requestBody", {}).get("content", {}).values():
        left.append(("body", media["schema"]))
    named = set[str]()
    while left:
        where, one = left.pop()
        if "$ref" in one:
            name = one["$ref"].rpartition("/")[2]
            if name not in named:
                named.add(name)
                left.append((name, known[name]))
            continue
        yield where, one
        for key in "anyOf", "oneOf", "allOf", "prefixItems":
            left += [(f"{where}.{key}", each) for each in one.get(key, ())]
        left += [(f"{where}.{name}", each) for name, each in one.get("properties", {}).items()]
        for key in "items", "additionalProperties":
            if isinstance(one.get(key), dict):
                left.append((f"{where}.{key}", one[key]))


def _bounded(schema: dict[str, Any]) -> bool:
    """Return whether a schema that names no other lets nothing through without an end."""
    has, kinds = schema.keys(), schema.get("type", [])
    if has & {"enum", "const", "anyOf", "oneOf", "allOf"}:
        return True
    ends = {
        "string": bool(has & {"maxLength", "pattern", "format"}),
        "array": "maxItems" in has,
        "object": schema.get("additionalProperties") is False or "maxProperties" in has,
        "integer": {"minimum", "maximum"} <= has,
        "number": {"minimum", "maximum"} <= has,
        "boolean": True,
        "null": True,
    }
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return bool(kinds) and all(ends[one] for one in kinds)
