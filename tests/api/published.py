"""The API as it is published, with an OpenID provider, for whoever tests its description."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from api.access.gate import BadTokenError
from api.access.person import Person, Role
from api.app import create_app
from api.settings import Settings
from tests.store.offices import Small, small

ROOT = Path(__file__).parents[2]
OFTEN = "9999999/second"
TOKEN = "a-token-of-one-who-may-do-everything"


@dataclass(frozen=True)
class Tokens:
    """Believes one token, whose holder has every role."""

    def person(self, request: Request) -> Person | None:
        told = request.headers.get("authorization")
        if told is None:
            return None
        if told != f"Bearer {TOKEN}":
            raise BadTokenError("not to be believed")
        return Person("somebody", frozenset(Role), "IND", "officer-1")


def settings(folder: Path, **more: Any) -> Settings:
    """Return how the service runs with a provider."""
    key = folder / "key.json"
    made = ECKey.generate_key("P-256", {"kid": "1", "alg": "ES256"}, private=True)
    key.write_text(json.dumps(made.as_dict(private=True)))
    told = {
        "url": "https://regietafel.example.org/",
        "issuer": "https://login.example.org",
        "client_key": key,
        "session_key": "0123456789abcdef" * 4,
        "rate": OFTEN,
    }
    return Settings.model_validate(told | more)


@contextmanager
def served(folder: Path, **more: Any) -> Iterator[tuple[Small, TestClient]]:
    """Serve the small world to somebody with a token."""
    with small(f"sqlite:///{folder}/store.sqlite") as at:
        app = create_app(at.office, Tokens(), settings(folder, **more))
        headers = {"authorization": f"Bearer {TOKEN}"}
        with TestClient(app, headers=headers, raise_server_exceptions=False) as client:
            yield at, client


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the operations of a description by method and path."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def spectral(ruleset: str, described: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Return what Spectral finds in a description by a ruleset."""
    command = ROOT / "node_modules" / ".bin" / "spectral"
    node = shutil.which("node") or str(ROOT / ".venv-node" / "bin" / "node")
    if not command.exists():
        pytest.fail("Spectral is missing: make test installs it, or npm ci")
    (folder / "openapi.json").write_text(json.dumps(described))
    ran = subprocess.run(
        [node, command, "lint", "-q", "-f", "json", "-r", ruleset, folder / "openapi.json"],
        cwd=ROOT,
        env=os.environ | {"NO_UPDATE_NOTIFIER": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode in {0, 1}, ran.stderr
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found
