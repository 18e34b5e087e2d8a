"""What answers say in ``Location`` and ``ETag`` is described, and what is described they say."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from tests.api.published import operations, served
from tests.store.offices import PLACED, REMOVED, TWIN, Small

SENT = "Location", "ETag"
ANY = {"if-match": "*"}
NEW = {"if-none-match": "*"}

Sent = set[tuple[str, str, str, str]]


def test_where_and_which_it_is_stands_on_the_answers_that_are_described_so(tmp_path: Path) -> None:
    with served(tmp_path) as (at, http):
        answers: list[Response] = []
        http.event_hooks = {"response": [answers.append]}
        ask_of_everything(at, http)
        described = http.get("/v1/openapi.json").json()
    headers = described["components"]["headers"]
    seen: Sent = set()
    for one in answers:
        for name in {*SENT} & {*headers} if one.is_success else ():
            if (told := one.headers.get(name)) is not None:
                schema = headers[name]["schema"]
                assert re.search(schema["pattern"], told)
                assert len(told) <= schema["maxLength"]
                seen.add((*operation_of(described, one), str(one.status_code), name))
    assert seen == {
        (method, path, status, name)
        for method, path, operation in operations(described)
        for status, answer in operation["responses"].items()
        for name in {*SENT} & {*answer["headers"]}
    }


def ask_of_everything(at: Small, http: TestClient) -> None:
    """Ask every operation that says where or which something is, and some that do not."""
    new = at.office.world().case[TWIN]
    person = new.persons[0].model_copy(update={"id": "zk-0900-a"})
    added = new.model_copy(update={"id": "zk-0900", "persons": (person,)})
    http.post("/v1/cases", json=added.model_dump(mode="json", by_alias=True))
    http.get(f"/v1/cases/{PLACED}")
    http.patch(f"/v1/cases/{PLACED}", json={"weight": 3}, headers=ANY)
    for kind in "resources", "facilities", "departures":
        one = http.get(f"/v1/{kind}").json()[kind][0]
        http.get(f"/v1/{kind}/{one['id']}")
        http.put(f"/v1/{kind}/{one['id']}", json=one, headers=ANY)
        made = http.put(f"/v1/{kind}/new-one", json=one | {"id": "new-one"}, headers=NEW)
        assert made.status_code == 201, made.text
    for case in PLACED, REMOVED:
        asked = http.post("/v1/slot-proposals", json={"case": case}).json()
        held = http.post("/v1/bookings", json={"bookings": asked["proposals"][0]["bookings"]})
        booking, path = held.json()["bookings"][0], held.headers["location"]
        for one in booking["partners"]:
            said = {"partner": one["partner"], "answer": "confirmed"}
            http.post(f"{path}/confirmations", json=said)
        http.get(path)
    for one in booking["checks"]:
        at.clock.now = max(at.clock.now, datetime.fromisoformat(one["before"]))
        said = {"fact": one["fact"], "value": "yes", "since": one["before"][:10]}
        http.post(f"{path}/checks", json=said)
    http.patch(path, json={"status": "executed"}, headers=ANY)
    http.delete(f"/v1/bookings/{PLACED}-placement")
    http.get("/v1/partners/tolkendesk/calendar")
    for kind in "plans", "simulations":
        http.delete(http.post(f"/v1/{kind}", json={}).headers["location"])


def operation_of(described: dict[str, Any], answer: Response) -> tuple[str, str]:
    """Return the method and the path of the operation that gave an answer."""
    asked = answer.request.url.path.removeprefix("/v1")
    (path,) = (
        one for one in described["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one), asked)
    )
    return answer.request.method, path
