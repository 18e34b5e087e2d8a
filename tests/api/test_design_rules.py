"""The technical rules of the NL API Design Rules 2.2, each held against the running service.

Each test has the name of its rule (``/core/...``).
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.http.headers import STANDING
from api.office import Office
from tests.api.published import operations, served
from tests.store.offices import PLACED, Small

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
CAMEL = r"[a-z]+([A-Z0-9][a-z0-9]*)*"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Small, TestClient]]:
    with served(tmp_path_factory.mktemp("rules")) as service:
        yield service


@pytest.fixture
def http(service: tuple[Small, TestClient]) -> TestClient:
    return service[1]


@pytest.fixture
def described(http: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = http.get("/v1/openapi.json").json()
    return found


@pytest.fixture
def answers(http: TestClient, described: dict[str, Any]) -> list[Response]:
    """An answer of every operation, right where it takes nothing, and of all that is not there."""
    asked = [
        (method, "/v1" + re.sub(r"\{\w+\}", "nothing", path))
        for method, path, _ in operations(described)
    ]
    asked += [
        (method, path)
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
        for path in ("/", "/nothing", "/v1", "/v1/", "/v1/nothing", "/v1/cases", "/health/live")
    ]
    told = [http.request(method, path, follow_redirects=False) for method, path in asked]
    return [*told, *_strangers(http)]


def _strangers(http: TestClient) -> list[Response]:
    nobody = {"authorization": "Bearer made-up"}
    return [http.get("/v1/cases", headers=nobody), http.get("/v1/openapi.json", headers=nobody)]


@pytest.fixture
def failure(service: tuple[Small, TestClient], monkeypatch: pytest.MonkeyPatch) -> Response:
    _, http = service

    def fails(_: Office) -> Any:
        raise RuntimeError("secret")

    monkeypatch.setattr(Office, "desk", fails)
    told = http.get("/v1/cases")
    assert told.status_code == 500
    return told


def test_core_no_trailing_slash(http: TestClient, described: dict[str, Any]) -> None:
    for path in described["paths"]:
        assert not path.endswith("/")
        there = "/v1" + re.sub(r"\{\w+\}", PLACED, path) + "/"
        assert http.get(there).status_code == 404
        assert http.get(there, follow_redirects=False).headers.get("location") is None


def test_core_http_methods(http: TestClient, described: dict[str, Any]) -> None:
    assert {method for method, *_ in operations(described)} <= METHODS
    for path, methods in described["paths"].items():
        told = http.request("TRACE", "/v1" + re.sub(r"\{\w+\}", PLACED, path))
        assert told.status_code == 405
        allowed = {*told.headers["allow"].split(", ")}
        heads = {"HEAD"} if "get" in methods else set()
        assert allowed == {one.upper() for one in methods} | heads


def test_core_http_safety_a_head_is_a_get_without_its_body(
    http: TestClient, described: dict[str, Any]
) -> None:
    paths = [path for path, one in described["paths"].items() if "get" in one and "{" not in path]
    for path in [*(f"/v1{one}" for one in paths), "/v1/openapi.json", "/health/live", "/v1/no"]:
        get, head = http.get(path), http.head(path)
        assert head.content == b""
        assert head.status_code == get.status_code
        assert {*head.headers} == {*get.headers}
        if "audit" not in path:  # which grows as it is read
            assert head.headers["content-length"] == get.headers["content-length"]


def test_core_stateless(http: TestClient, answers: list[Response]) -> None:
    assert all("set-cookie" not in one.headers for one in answers)


def test_core_uri_version(described: dict[str, Any]) -> None:
    major = described["info"]["version"].partition(".")[0]
    assert [one["url"].rpartition("/")[2] for one in described["servers"]] == [f"v{major}"]
    assert not any(re.search(r"/v\d", path) for path in described["paths"])


def test_core_version_header(
    answers: list[Response], failure: Response, described: dict[str, Any]
) -> None:
    version = described["info"]["version"]
    assert {one.headers.get("api-version") for one in [*answers, failure]} == {version}


def test_core_semver(described: dict[str, Any]) -> None:
    assert re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", described["info"]["version"])


def test_core_doc_openapi(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.")


def test_core_doc_openapi_contact(described: dict[str, Any]) -> None:
    assert all(described["info"]["contact"][one] for one in ("name", "url", "email"))


def test_core_publish_openapi(http: TestClient) -> None:
    told = http.get("/v1/openapi.json", headers={"authorization": ""})
    assert told.status_code == 200
    assert told.headers["content-type"] == "application/json"


def test_core_transport_cors(answers: list[Response], http: TestClient) -> None:
    for one in answers:
        shared = one.headers.get("access-control-allow-origin")
        public = one.request.url.path == "/v1/openapi.json"
        assert shared == ("*" if public else None)
    asked = {"origin": "https://elsewhere.example.org"}
    assert http.get("/v1/openapi.json", headers=asked).headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in http.get("/v1/cases", headers=asked).headers


def test_core_transport_security_headers(answers: list[Response], failure: Response) -> None:
    for one in [*answers, failure]:
        for name, value in STANDING.items():
            assert one.headers.get(name) == value, (one.request.method, one.request.url, name)
    assert STANDING["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in STANDING["Content-Security-Policy"]
    assert STANDING["X-Content-Type-Options"] == "nosniff"
    assert STANDING["Strict-Transport-Security"].startswith("max-age=")
    assert STANDING["Referrer-Policy"] == "no-referrer"


def test_core_transport_tls(described: dict[str, Any]) -> None:
    assert all(one["url"].startswith("https://") for one in described["servers"])


def test_core_error_handling_problem_details(answers: list[Response], failure: Response) -> None:
    wrong = [one for one in [*answers, failure] if one.status_code >= 400]
    assert {401, 404, 405, 415, 500} <= {one.status_code for one in wrong}
    for one in wrong:
        assert one.headers["content-type"] == "application/problem+json"
        if one.request.method != "HEAD":
            told = one.json()
            assert told["status"] == one.status_code
            assert told["title"]
            assert told["detail"]
            assert "secret" not in one.text


def test_core_error_handling_invalid_input(http: TestClient) -> None:
    wish = {"case": "../etc", "count": 99, "extra": 1}
    told = http.post("/v1/slot-proposals", json=wish)
    assert told.status_code == 400
    assert {one["in"] for one in told.json()["errors"]} == {"body.case", "body.count", "body.extra"}
    told = http.get("/v1/cases", params={"offset": -1, "limit": "many"})
    assert told.status_code == 400
    assert {one["in"] for one in told.json()["errors"]} == {"query.offset", "query.limit"}


def test_core_date_time_timezone(http: TestClient) -> None:
    path = f"/v1/cases/{PLACED}/traffic-lights"
    assert http.get(path, params={"from": "2026-11-24T09:00:00"}).status_code == 400
    here = http.get(path, params={"from": "2026-11-24T09:00:00+01:00"})
    there = http.get(path, params={"from": "2026-11-24T08:00:00Z"})
    assert (here.status_code, here.json()) == (200, there.json())
    moment = there.json()["earliest"]["moment"]
    assert moment.endswith("Z")
    assert datetime.fromisoformat(moment).tzinfo is not None


def test_core_date_time_date_omit_time_portion(described: dict[str, Any]) -> None:
    for name, schema in described["components"]["schemas"].items():
        for field, one in schema.get("properties", {}).items():
            if field == "date" or field.endswith("Date"):
                assert one["format"] == "date", f"{name}.{field}"


def test_core_path_segments_kebab_case(described: dict[str, Any]) -> None:
    for path in described["paths"]:
        for part in path.strip("/").split("/"):
            assert re.fullmatch(r"\{[a-z]+\}|[a-z0-9]+(-[a-z0-9]+)*", part), path


def test_core_query_keys_camel_case(described: dict[str, Any]) -> None:
    for method, path, operation in operations(described):
        for one in operation.get("parameters", ()):
            if one["in"] == "query":
                assert re.fullmatch(CAMEL, one["name"]), (method, path)


def test_core_naming_fields_are_camel_case(described: dict[str, Any]) -> None:
    for name, schema in described["components"]["schemas"].items():
        assert re.fullmatch(r"([A-Z][a-z0-9]*)+", name)
        assert all(re.fullmatch(CAMEL, one) for one in schema.get("properties", ())), name


def test_core_naming_collections_are_plural(http: TestClient, described: dict[str, Any]) -> None:
    for path in described["paths"]:
        before = re.findall(r"([^/]+)/\{", path)
        assert all(one.endswith(("s", "ies")) for one in before), path


def test_nobody_is_told_what_it_is_made_with(answers: list[Response], failure: Response) -> None:
    for one in [*answers, failure]:
        assert not {"server", "x-powered-by"} & {*one.headers}


def test_headers_are_on_the_answers_of_a_service_whose_world_is_away(tmp_path: Path) -> None:
    with served(tmp_path) as (at, http):
        at.database.close()
        told = http.get("/health/ready")
    assert {name: told.headers.get(name) for name in STANDING} == STANDING
