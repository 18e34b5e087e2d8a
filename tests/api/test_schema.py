"""Whatever is asked of the API, it answers as it says it answers, and never with a failure."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from api.app import create_app
from tests.api.published import TOKEN, Tokens
from tests.api.published import settings as made
from tests.store.offices import CHAIN, NOON, PLACED, REMOVED, TWIN, Small

EXAMPLES = 20
"""Drawn for each operation, beside those that cover its description."""
STATEFUL = (
    "^(POST|PUT|PATCH|DELETE) /(?!requests/)|/openings|/traffic-lights|/audit-lines|/departures$"
)
"""Operations whose description cannot tell which requests are right.

What there is in a world, what may follow what and which revision a booking has stands in the store,
and no description says that a stretch ends after it begins: so what looks right may be told that it
is not. What looks wrong is refused by every operation.
"""
TAKEN_FOR_WRONG = ["2xx", "400", "404", "409", "412", "414", "422", "428", "429"]
REFUSED = ["400", "401", "403", "404", "405", "409", "413", "414", "415", "422", "428", "431"]
"""How what is not as described is refused: what is too long, by its length."""
THERE = {"case": PLACED, "subject": TWIN, "at": NOON.isoformat()}
"""What requests are about, so that they get as far as they can."""
OFF = {
    "use_after_free",  # a booking that was let go is still told, with why: it has ended, not gone
}
CONFIG = {
    "headers": {"Authorization": f"Bearer {TOKEN}"},
    "generation": {"max-examples": EXAMPLES},
    "checks": {name: {"enabled": False} for name in OFF}
    | {
        "negative_data_rejection": {"expected-statuses": REFUSED},
        "missing_required_header": {"expected-statuses": ["400", "401", "428"]},
    },
    "operations": [
        {
            "include-name-regex": STATEFUL,
            "checks": {"positive_data_acceptance": {"expected-statuses": TAKEN_FOR_WRONG}},
        }
    ],
}


def _days(first: str, last: str) -> st.SearchStrategy[date]:
    return st.dates(date.fromisoformat(first), date.fromisoformat(last))


# A pattern tells which years are meant; what is drawn by format alone hardly ever keeps to it.
schemathesis.openapi.format("date", _days("1900-01-01", "2199-12-31").map(date.isoformat))
schemathesis.openapi.format(
    "date-time",
    st.builds(
        "{}T{:%H:%M:%S}{}".format,
        _days("1900-01-02", "2199-12-30"),
        st.times(),
        st.sampled_from(["Z", "+01:00", "-11:30"]),
    ),
)


def test_any_request_is_answered_as_described(at: Small, tmp_path: Path) -> None:
    at.hold(PLACED)
    at.hold(REMOVED)
    described = schemathesis.openapi.from_asgi(
        "/v1/openapi.json",
        create_app(at.office, Tokens(), made(tmp_path)),
        config=SchemathesisConfig.from_dict(CONFIG),
    )
    described.config.generation.update(deterministic=settings().derandomize)
    on = described.config.checks.get_by_name
    assert {one for one in CHECKS.get_all_names() if not on(name=one).enabled} == OFF
    proposed = [one.model_dump(mode="json", by_alias=True) for one in at.proposed(CHAIN)]

    @described.hook
    def map_case(_context: Any, case: Any) -> Any:
        if case.meta.generation.mode.is_positive:
            _aim(case.body)
            if case.operation.label == "POST /bookings" and len(case.body["bookings"]) > 1:
                case.body["bookings"] = proposed
            if case.operation.label == "POST /rosters":
                case.body["file"] = ROSTER
                case.query = {"preview": case.query.get("preview", True)}
        return case

    assert "\n\n".join(wrong(described)) == ""


ROSTER = b"code;datum;van;tot\nteam-breda-1;24-11-2026;8.00;16.00"
"""What can be brought in: a description does not say which files can."""


def wrong(described: Any) -> Iterator[str]:
    """Ask whatever the description allows, and what it does not; tell what was answered amiss."""
    for event in from_schema(described).execute():
        match event:
            case events.ScenarioFinished(recorder=recorder):
                for name, checks in recorder.checks.items():
                    for one in checks:
                        if one.failure_info is not None:
                            told = recorder.interactions[name].response
                            yield f"{one.name}: {one.failure_info.failure}"
                            yield one.failure_info.code_sample
                            yield "" if told is None else f"{told.status_code} {told.text}"
            case events.NonFatalError():
                yield f"{event.label}: {event.value}"
            case events.FatalError():
                yield str(event.exception)
            case events.PhaseFinished(status=Status.FAILURE | Status.ERROR):
                yield f"{event.phase.name}: {event.status}"


def _aim(body: Any) -> None:
    """Let what is described as right be about a case that there is, at a moment that there is."""
    if isinstance(body, list):
        for one in body:
            _aim(one)
    elif isinstance(body, dict):
        body |= {name: there for name, there in THERE.items() if name in body}
        _aim(body.get("bookings"))
