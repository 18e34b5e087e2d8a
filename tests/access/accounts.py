"""The accounts, clients and keys of the tests' provider, and somebody with a browser."""

import html
import json
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwk, jwt
from starlette.testclient import TestClient

ROOT = Path(__file__).parents[2]
URL = "http://127.0.0.1:8000"
AUDIENCE = "regietafel-api"
SECRET = "a session key of the tests, of no use elsewhere"
ACCOUNTS: dict[str, dict[str, object]] = {
    "planner-1": {"roles": ["planner", "gardener"]},
    "officer-4": {"roles": ["regievoerder"], "officer": "rv-04"},
    "kmar-1": {"roles": ["partner"], "organisation": "KMar"},
    "nobody-1": {"roles": ["gardener"]},
    "odd-1": {"roles": ["planner"], "officer": "no such id"},
    "machine-1": {"roles": ["planner"]},
}


def key(kid: str, alg: str = "RS256") -> jwk.Key:
    """Return a new key."""
    told: jwk.KeyParameters = {"kid": kid, "alg": alg, "use": "sig"}
    match alg:
        case "ES256":
            return jwk.ECKey.generate_key("P-256", told)
        case "EdDSA" | "Ed25519":
            return jwk.OKPKey.generate_key("Ed25519", told)
        case _:
            return jwk.RSAKey.generate_key(2048, told)


@dataclass(frozen=True)
class Given:
    """A provider that runs: where it is, its own key, and those of its clients."""

    issuer: str
    own: jwk.Key
    client: jwk.Key

    def token(self, resource: str = f"urn:{AUDIENCE}") -> str:
        """Return an access token of a machine for a resource: its own client credentials."""
        now = int(time.time())
        proof = {
            "iss": "machine-1",
            "sub": "machine-1",
            "aud": f"{self.issuer}/token",
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_urlsafe(),
        }
        asked = {
            "grant_type": "client_credentials",
            "scope": "table",
            "resource": resource,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode({"alg": "RS256", "kid": "client"}, proof, self.client),
        }
        with httpx2.Client(trust_env=False) as http:
            told = http.post(f"{self.issuer}/token", data=asked)
        assert told.status_code == 200, told.text
        return str(told.json()["access_token"])

    def forged(self, **claims: object) -> dict[str, Any]:
        """Return the claims of a token for the API as the provider would make them."""
        now = int(time.time())
        told = {"iss": self.issuer, "aud": AUDIENCE, "sub": "machine-1", "roles": ["planner"]}
        return {**told, "iat": now, "exp": now + 300, **claims}


@contextmanager
def provider() -> Iterator[Given]:
    """Run a provider on a free port of this machine."""
    beside = ROOT / ".venv-node" / "bin" / "node"
    node = shutil.which("node") or (str(beside) if beside.exists() else None)
    if node is None or not (ROOT / "node_modules" / "oidc-provider").is_dir():
        pytest.fail("node or its oidc-provider is missing: `make test` brings them")
    own, client = key("own"), key("client")
    public = {"jwks": {"keys": [client.as_dict(private=False)]}}
    private_key_jwt = {
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "RS256",
    }
    told = {
        "accounts": ACCOUNTS,
        "audiences": [f"urn:{AUDIENCE}", "urn:another-service"],
        "scope": "table",
        "keys": [own.as_dict(private=True)],
        "clients": [
            {
                "client_id": "regietafel",
                "redirect_uris": [f"{URL}/login/callback"],
                "post_logout_redirect_uris": [f"{URL}/"],
                "grant_types": ["authorization_code"],
                "response_types": ["code"],
                **private_key_jwt,
                **public,
            },
            {
                "client_id": "machine-1",
                "redirect_uris": [],
                "grant_types": ["client_credentials"],
                "response_types": [],
                **private_key_jwt,
                **public,
            },
        ],
    }
    script = Path(__file__).with_name("provider.mjs")
    # It ends when its input does: also when these tests are killed.
    with subprocess.Popen(
        [node, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()
            said = []
            for line in process.stdout:  # it warns there too, before it says where it is
                said.append(line)
                if line.startswith('{"issuer"'):
                    yield Given(json.loads(line)["issuer"], own, client)
                    break
            else:
                pytest.fail(f"the provider does not start: {''.join(said)}")
        finally:
            process.kill()


class Browser:
    """Somebody with a browser, at the service and at the provider, who follows where they lead."""

    def __init__(self, service: TestClient, issuer: str) -> None:
        self.service, self.issuer = service, issuer
        self._there = httpx2.Client(trust_env=False)
        self.seen: list[str] = []

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self._there.close()

    def go(self, url: str, form: dict[str, str] | None = None) -> httpx2.Response:
        """Go somewhere, without following where it leads."""
        self.seen.append(url)
        if url.startswith(self.issuer):
            method = "GET" if form is None else "POST"
            return self._there.request(method, url, data=form)
        return self.service.get(url.removeprefix(URL), follow_redirects=False)

    def to_callback(self, account: str, then: str = "/") -> str:
        """Log in at the provider, and return where it leads back to."""
        told = self.go(f"{URL}/login?next={then}")
        while True:
            assert told.status_code in {200, 303, 302}, told.text
            if told.is_redirect:
                url = str(told.next_request.url) if told.next_request else ""
                url = url or told.headers["location"]
                if url.startswith(f"{URL}/login/callback"):
                    return url
                told = self.go(url)
                continue
            told = self.go(*_form(told.text, account))

    def log_in(self, account: str, then: str = "/") -> httpx2.Response:
        """Log in, and return what the service answers when the provider leads back to it."""
        return self.go(self.to_callback(account, then))


def _form(page: str, account: str) -> tuple[str, dict[str, str]]:
    """Return how the provider's page is filled in: where it goes, and what it says."""
    action = re.search(r'<form[^>]* action="([^"]+)"', page)
    prompt = re.search(r'name="prompt" value="([^"]+)"', page)
    assert action
    assert prompt, page
    return html.unescape(action[1]), {"prompt": prompt[1], "login": account, "password": "any"}


def query_of(url: str) -> dict[str, str]:
    """Return the query of a URL."""
    return {name: one for name, (one,) in parse_qs(urlsplit(url).query).items()}
