"""Whatever is asked of the API, it answers as it says it answers, and never with a failure."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis.strategies import booleans
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from tests.store.offices import PLACED, REMOVED, small

EXAMPLES = 30
CHECKS = [
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The API of the small world, in which two are held."""
    folder = tmp_path_factory.mktemp("store")
    with small(f"sqlite:///{folder}/store.sqlite") as at:
        at.hold(PLACED)
        at.hold(REMOVED)
        yield schemathesis.openapi.from_asgi("/v1/openapi.json", create_app(at.office))


def test_any_request_is_answered_as_described(described: Any) -> None:
    for found in described.get_all_operations():
        operation = found.ok()

        @settings(max_examples=EXAMPLES)
        @given(case=operation.as_strategy(), there=booleans())
        def answers(case: Any, there: bool) -> None:
            if there:
                _aim(case)
            case.call_and_validate(checks=CHECKS)

        answers()


def _aim(case: Any) -> None:
    """Let a request be about what there is."""
    there = {"case": PLACED, "booking": f"{PLACED}-placement"}
    case.path_parameters |= {name: there[name] for name in case.path_parameters if name in there}
    if isinstance(case.body, dict):
        for asked in [case.body, *case.body.get("bookings", ())]:
            if isinstance(asked, dict) and "case" in asked:
                asked["case"] = PLACED
