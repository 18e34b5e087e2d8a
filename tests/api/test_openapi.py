"""The API describes itself whole: whoever reads its description needs nothing else to use it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.testclient import TestClient

from api.access.gate import matrix
from api.access.person import Role
from api.http.glossary import FIELDS
from api.http.openapi import TAGS
from tests.api.published import ROOT, operations, served, spectral

RULESET = Path(os.environ.get("ADR_RULESET", ROOT.parent / "shared" / "adr" / "linter.yaml"))
FINDING = re.compile(r"^\| `(owasp:[\w:-]+)` \| (\w+) \|", re.MULTILINE)

Described = dict[str, Any]


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(tmp_path_factory.mktemp("published")) as (_, client):
        yield client


@pytest.fixture(scope="module")
def described(http: TestClient) -> Described:
    found: Described = http.get("/v1/openapi.json").json()
    return found


def test_it_says_whose_it_is_under_which_licence_and_where(described: Described) -> None:
    assert described["openapi"].startswith("3.1.")
    info = described["info"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", info["version"])
    assert set(info["contact"]) == {"name", "url", "email"}
    assert info["license"]["identifier"] == "EUPL-1.2"
    (server,) = described["servers"]
    assert server["url"] == "https://regietafel.example.org/v1"


def test_it_says_how_to_be_recognised(described: Described) -> None:
    schemes = described["components"]["securitySchemes"]
    assert schemes["openId"]["openIdConnectUrl"].startswith("https://login.example.org/.well-known")
    assert (schemes["bearer"]["scheme"], schemes["bearer"]["bearerFormat"]) == ("bearer", "JWT")
    assert described["security"] == [{"openId": []}, {"bearer": []}]


def test_each_operation_says_who_may_do_it_as_its_gate_does(
    http: TestClient, described: Described
) -> None:
    (version_one,) = (one.app for one in http.app.routes if getattr(one, "path", "") == "/v1")  # type: ignore[attr-defined]
    gates = matrix(version_one)
    told = {(method, path): one["x-roles"] for method, path, one in operations(described)}
    assert told == {one: sorted(roles) for one, roles in gates.items()}
    assert {role for roles in told.values() for role in roles} <= {*Role}


def test_each_operation_is_described_under_a_tag(described: Described) -> None:
    names = [one["operationId"] for *_, one in operations(described)]
    assert len(set(names)) == len(names)
    for method, path, one in operations(described):
        assert one["summary"], (method, path)
        assert one["description"], (method, path)
        assert one["tags"], (method, path)
        assert {*one["tags"]} <= {*TAGS}, f"{method} {path}: say what the tag means in TAGS"


def test_each_answer_has_the_version_and_each_problem_its_schema(described: Described) -> None:
    for method, path, operation in operations(described):
        assert {"400", "401", "403", "429", "default"} <= {*operation["responses"]}, (method, path)
        for status, one in operation["responses"].items():
            assert "API-Version" in one["headers"], (method, path, status)
            if status >= "4":
                assert [*one["content"]] == ["application/problem+json"], (method, path, status)


def test_each_field_and_parameter_is_described_with_an_example(described: Described) -> None:
    unsaid = [
        f"{name}.{field}"
        for name, schema in described["components"]["schemas"].items()
        for field, one in schema.get("properties", {}).items()
        if not one.get("description") or not ("examples" in one or "$ref" in str(one))
    ]
    unsaid += [
        f"{method} {path}: {one['name']}"
        for method, path, operation in operations(described)
        for one in operation.get("parameters", ())
        if not one.get("description")
    ]
    assert unsaid == [], "say what they are: Field(description=...), or in api/http/glossary.py"


def test_each_word_of_the_glossary_is_of_a_field(described: Described) -> None:
    schemas = described["components"]["schemas"]
    fields = {(name, one) for name in schemas for one in schemas[name].get("properties", ())}
    known = {".".join(one) for one in fields} | {one for _, one in fields}
    for *_, operation in operations(described):
        known |= {one["name"] for one in operation.get("parameters", ())}
    assert {*FIELDS} <= known


def test_each_example_is_one(described: Described) -> None:
    def check(example: Any, schema: Any, where: str) -> None:
        whole = {"allOf": [schema], "components": described["components"]}
        try:
            jsonschema.Draft202012Validator(whole).validate(example)
        except jsonschema.ValidationError as error:
            pytest.fail(f"{where}: {error.message}")

    for name, schema in described["components"]["schemas"].items():
        for field, one in schema.get("properties", {}).items():
            for example in one.get("examples", ()):
                check(example, one, f"{name}.{field}")
    for method, path, operation in operations(described):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in (one for body in bodies for one in body.get("content", {}).items()):
            if media[0].endswith("json"):
                check(media[1]["example"], media[1]["schema"], f"{method} {path}")
        for one in operation.get("parameters", ()):
            for example in one["schema"].get("examples", ()):
                check(example, one["schema"], f"{method} {path}: {one['name']}")


def test_what_was_described_amiss_is_described_as_it_is(described: Described) -> None:
    events = described["paths"]["/events"]["post"]
    body = events["requestBody"]["content"]["application/json"]["schema"]
    assert (body["type"], body["minItems"], body["maxItems"]) == ("array", 1, 200)
    for *_, operation in operations(described):
        for one in operation.get("parameters", ()):
            assert "null" not in str(one["schema"].get("type", one["schema"])), one["name"]
    ending = described["paths"]["/bookings/{booking}"]["patch"]["parameters"]
    (revision,) = (one for one in ending if one["name"] == "If-Match")
    assert revision["required"]
    assert revision["schema"]["pattern"]
    since = described["components"]["schemas"]["Checked"]["properties"]["since"]
    assert re.search(since["pattern"], "2026-11-24")
    assert not re.search(since["pattern"], "1899-12-31")
    at = described["components"]["schemas"]["Trigger"]["properties"]["at"]
    assert re.search(at["pattern"], "2199-12-31T23:59:59.5+01:00")
    assert not re.search(at["pattern"], "2200-01-01T00:00:00Z")
    assert not re.search(at["pattern"], "2026-11-24T10:00:00")


@pytest.mark.skipif(not RULESET.exists(), reason=f"the ruleset of Logius is not at {RULESET}")
def test_spectral_finds_nothing_by_the_ruleset_of_logius(
    described: Described, tmp_path: Path
) -> None:
    assert spectral(str(RULESET), described, tmp_path) == []


def test_the_owasp_ruleset_finds_only_what_is_accounted_for(
    described: Described, tmp_path: Path
) -> None:
    ruleset = tmp_path / "owasp.yaml"
    module = ROOT / "node_modules/@stoplight/spectral-owasp-ruleset/dist/ruleset.js"
    ruleset.write_text(f"extends: ['{module}']\n")
    found = spectral(str(ruleset), described, tmp_path)
    accounted = dict(FINDING.findall((ROOT / "docs" / "api.md").read_text()))
    assert {one["code"] for one in found} == {*accounted}
    asked = _asked(described)
    for one in found:
        if accounted[one["code"]] == "answers":
            assert not {*one["path"][:3]} & {"requestBody", "parameters"}, one
            assert one["path"][:2] != ["components", "schemas"] or one["path"][2] not in asked, one


def _asked(described: Described) -> set[str]:
    """Return the schemas that a request may be made of."""
    schemas = described["components"]["schemas"]
    left = [
        str([operation.get("requestBody"), operation.get("parameters")])
        for *_, operation in operations(described)
    ]
    found = set[str]()
    while left:
        new = {*re.findall(r"'#/components/schemas/(\w+)'", left.pop())} - found
        found |= new
        left += [str(schemas[name].get("properties", schemas[name])) for name in new]
    return found
