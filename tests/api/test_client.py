"""A client that others generate from the description does a planner's work with it."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.testclient import TestClient

from api.app import create_app
from tests.api.published import OFTEN, ROOT, TOKEN, Tokens, settings
from tests.store.offices import PLACED, small

BIN = ROOT / ".venv-client" / "bin"
WORK = f"""
import importlib, pkgutil, sys
import regietafel_client
from regietafel_client import AuthenticatedClient
from regietafel_client.api.bookings import (
    get_bookings_booking, patch_bookings_booking, post_bookings,
    post_bookings_booking_confirmations,
)
from regietafel_client.api.cases import post_slot_proposals
from regietafel_client.models import Cancelled, CancelledReason, Confirmed, HoldWish, Problem, Wish

for one in pkgutil.walk_packages(regietafel_client.__path__, "regietafel_client."):
    importlib.import_module(one.name)

client = AuthenticatedClient(base_url=sys.argv[1], token="{TOKEN}", timeout=30)

answer = post_slot_proposals.sync(client=client, body=Wish(case="{PLACED}"))
print(len(answer.proposals), "proposed")

wish = HoldWish(bookings=answer.proposals[0].bookings)
held = post_bookings.sync(client=client, body=wish, idempotency_key="a-key-of-a-client")
again = post_bookings.sync(client=client, body=wish, idempotency_key="a-key-of-a-client")
assert again == held
standing = held.bookings[0]
print(standing.status)

taken = post_bookings.sync(client=client, body=wish)
assert isinstance(taken, Problem) and taken.status == 409 and taken.taken

name = standing.booking.id
for one in standing.partners:
    said = post_bookings_booking_confirmations.sync(
        name, client=client, body=Confirmed(partner=one.partner, answer="confirmed")
    )
read = get_bookings_booking.sync_detailed(name, client=client)
print(read.parsed.status)

ending = Cancelled(status="cancelled", reason=CancelledReason.MEDICAL)
ended = patch_bookings_booking.sync(
    name, client=client, body=ending, if_match=read.headers["etag"]
)
print(ended.status, ended.reason)

stranger = AuthenticatedClient(base_url=sys.argv[1], token="made-up")
refused = get_bookings_booking.sync_detailed(name, client=stranger)
assert refused.status_code == 401 and refused.parsed.detail
"""


def test_a_generated_client_proposes_holds_confirms_and_cancels(tmp_path: Path) -> None:
    if not (BIN / "openapi-python-client").exists():
        pytest.fail("the generator of clients is missing: make .venv-client/.client installs it")
    with small(f"sqlite:///{tmp_path}/store.sqlite") as at:
        app = create_app(at.office, Tokens(), settings(tmp_path, rate=OFTEN))
        described = tmp_path / "openapi.json"
        described.write_text(json.dumps(TestClient(app).get("/v1/openapi.json").json()))
        _run(
            BIN / "openapi-python-client", "generate", "--meta", "none", "--fail-on-warning",
            "--path", described, "--output-path", tmp_path / "regietafel_client",
        )  # fmt: skip
        (tmp_path / "work.py").write_text(WORK)
        with _served(app) as url:
            told = _run(BIN / "python", "-W", "error", tmp_path / "work.py", f"{url}/v1")
    proposed, *statuses = told.splitlines()
    assert proposed != "0 proposed"
    assert statuses == ["held", "confirmed", "cancelled medical"]


def _run(*command: str | Path) -> str:
    ran = subprocess.run(
        command,
        # The generator has its own ruff beside it; a proxy is not asked for this machine.
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@contextmanager
def _served(app: object) -> Iterator[str]:
    """Serve on a free port of this machine."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))  # type: ignore[arg-type]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            end = time.monotonic() + 20
            while not server.started and time.monotonic() < end:
                time.sleep(0.02)
            assert server.started
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
