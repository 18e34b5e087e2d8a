"""What a deployer says of accounts, and what is refused of it before anything is served."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from joserfc import jwk
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from api.app import create_app
from api.cli import app
from api.settings import Settings
from tests.access.accounts import SECRET, Given, key
from tests.store.offices import Small


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """How a server was started, each time that one was."""
    found: list[dict[str, Any]] = []

    def run(server: uvicorn.Server) -> None:
        found.append({"host": server.config.host, "app": server.config.app})
        server.started = True

    monkeypatch.setattr(uvicorn.Server, "run", run)
    return found


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "client.json"
    path.write_text(json.dumps(key("client").as_dict(private=True)))
    return path


def serve(tmp_path: Path, *more: str, env: dict[str, str] | None = None) -> Result:
    store = f"sqlite:///{tmp_path}/store.sqlite"
    return CliRunner().invoke(app, ["serve", "--database", store, *more], env=env)


def test_without_more_it_is_served_on_this_machine(
    tmp_path: Path, served: list[dict[str, Any]]
) -> None:
    assert serve(tmp_path).exit_code == 0
    assert served[0]["host"] == "127.0.0.1"


@pytest.mark.parametrize("host", ["127.0.0.2", "::1", "localhost"])
def test_any_address_of_this_machine_will_do(
    tmp_path: Path, served: list[dict[str, Any]], host: str
) -> None:
    assert serve(tmp_path, "--host", host).exit_code == 0
    assert served[0]["host"] == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "regietafel.example", ""])
def test_the_demo_is_not_served_to_others(
    tmp_path: Path, served: list[dict[str, Any]], host: str
) -> None:
    told = serve(tmp_path, "--host", host)
    assert told.exit_code == 2
    assert "--host" in told.stderr
    assert "issuer" in told.stderr
    assert not served
    assert not (tmp_path / "store.sqlite").exists()


def test_with_a_provider_it_is_served_to_others(
    tmp_path: Path, served: list[dict[str, Any]], key_file: Path
) -> None:
    env = {
        "REGIETAFEL_ISSUER": "https://id.example",
        "REGIETAFEL_URL": "https://regietafel.example",
        "REGIETAFEL_CLIENT_KEY": str(key_file),
        "REGIETAFEL_SESSION_KEY": SECRET,
    }
    told = serve(tmp_path, "--host", "0.0.0.0", env=env)
    assert told.exit_code == 0, told.output
    assert served[0]["host"] == "0.0.0.0"
    service: Starlette = served[0]["app"]
    assert service.state.demo is False


def test_all_that_is_wrong_is_told_and_no_secret(
    tmp_path: Path, served: list[dict[str, Any]]
) -> None:
    env = {
        "REGIETAFEL_ISSUER": "http://id.example",
        "REGIETAFEL_URL": "https://regietafel.example/a/path",
        "REGIETAFEL_CLIENT_KEY": str(tmp_path / "nothing.json"),
        "REGIETAFEL_SESSION_KEY": "hunter2",
    }
    told = serve(tmp_path, env=env)
    assert told.exit_code == 2
    for name in env:
        assert name in told.stderr
    assert "hunter2" not in told.output
    assert not served


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"REGIETAFEL_URL": "https://regietafel.example.nl"}, "url, of another machine"),
        ({"REGIETAFEL_SESSION_KEY": SECRET}, "session_key"),
        ({"REGIETAFEL_CLIENT_ID": "one", "REGIETAFEL_AUDIENCE": "two"}, "audience, client_id"),
        ({"REGIETAFEL_ISSUR": "https://id.example"}, "ISSUR is no setting; maybe issuer"),
        ({"regietafel_isuer": "https://id.example"}, "ISUER is no setting; maybe issuer"),
        ({"REGIETAFEL_ISSUER": ""}, "REGIETAFEL_ISSUER"),
    ],
)
def test_who_forgets_the_issuer_or_misspells_it_serves_no_demo(
    tmp_path: Path, served: list[dict[str, Any]], env: dict[str, str], says: str
) -> None:
    told = serve(tmp_path, env=env)
    assert told.exit_code == 2
    assert says in re.sub(r"[\s│┃]+", " ", told.stderr)
    assert not served


def test_what_the_command_line_reads_itself_is_no_mistake(
    tmp_path: Path, served: list[dict[str, Any]]
) -> None:
    env = {"REGIETAFEL_LANGUAGE": "nl", "REGIETAFEL_URL": "http://localhost:8000"}
    assert serve(tmp_path, env=env).exit_code == 0


def test_an_issuer_comes_with_its_keys() -> None:
    with pytest.raises(ValueError, match="client_key, session_key"):
        Settings(issuer="https://id.example")


def test_what_is_for_the_client_is_not_for_the_api(key_file: Path) -> None:
    with pytest.raises(ValueError, match="must not be the same"):
        Settings.model_validate(
            {
                "issuer": "https://id.example",
                "client_key": key_file,
                "session_key": SECRET,
                "client_id": "one",
                "audience": "one",
            }
        )


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("{", "no JSON"),
        ("[]", "no JWK"),
        (key("x").as_dict(private=False), "public key"),
        (key("x").as_dict(private=True) | {"kid": ""}, "no JWK"),
        (key("x").as_dict(private=True) | {"alg": "HS256"}, "no JWK"),
        (key("x").as_dict(private=True) | {"alg": "ES256"}, "no key for ES256"),
        (jwk.OctKey.generate_key(256, {"kid": "x", "alg": "RS256"}).as_dict(), "no key for RS256"),
    ],
)
def test_a_key_that_cannot_prove_who_we_are_is_refused(
    tmp_path: Path, told: object, says: str
) -> None:
    path = tmp_path / "client.json"
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    with pytest.raises(ValueError, match=says):
        Settings.model_validate({"client_key": path})


def test_over_https_the_cookie_is_bound_to_the_host_and_to_https(
    at: Small, given: Given, settings: Settings
) -> None:
    safe = Settings.model_validate({**dict(settings), "url": "https://regietafel.example"})
    with TestClient(create_app(at.office, settings=safe)) as http:
        cookie = http.get("/login", follow_redirects=False).headers["set-cookie"]
    assert cookie.startswith("__Host-regietafel-login=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
