"""The OpenID provider of a deployment: what it says of itself, and the keys that it signs with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import httpx2
from joserfc import jwk
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, ValidationError

from api.access.gate import BadTokenError, ProviderAwayError

DISCOVERY = "/.well-known/openid-configuration"
PATIENCE = 5
"""Seconds that the provider has to answer."""
PAUSE = 60
"""Seconds at least between two times that it is asked for its keys."""
LASTING = 3600
"""Seconds after which keys are asked for anew: one that was withdrawn is believed no longer."""
SIGNING = {"RSA", "EC", "OKP"}
"""Kinds of keys that sign and are public: with a shared secret anybody could."""


class Document(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    jwks_uri: str
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str | None = None
    authorization_response_iss_parameter_supported: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses that it names."""
        named = self.jwks_uri, self.authorization_endpoint, self.token_endpoint
        return named if self.end_session_endpoint is None else (*named, self.end_session_endpoint)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the provider said at a moment."""

    document: Document
    keys: Mapping[str, jwk.Key]
    at: float


class Provider:
    """A provider, asked again when a key is unknown and once an hour, and at most once a minute."""

    def __init__(
        self, issuer: str, clock: Callable[[], float], transport: httpx2.BaseTransport | None = None
    ) -> None:
        self.issuer, self.transport = issuer, transport
        self._clock = clock
        self._lock = Lock()
        self._known: _Known | None = None
        self._tried = float("-inf")
        self._away = True

    def document(self) -> Document:
        """Return what the provider says of itself; ProviderAwayError when it does not answer."""
        return self._current().document

    def key(self, kid: str) -> jwk.Key:
        """Return the key of an id.

        Raises
        ------
        BadTokenError, ProviderAwayError
            When the provider has no such key, or cannot be asked.
        """
        found = self._current().keys.get(kid) or self._again().keys.get(kid)
        if found is None:
            raise BadTokenError("signed with a key that the provider does not have")
        return found

    def _current(self) -> _Known:
        known = self._known
        fresh = known is not None and 0 <= self._clock() - known.at < LASTING
        return known if known is not None and fresh else self._again()

    def _again(self) -> _Known:
        with self._lock:
            now = self._clock()
            if now - self._tried >= PAUSE:
                self._tried, self._away = now, True
                self._known = self._asked(now)
                self._away = False
            if self._away or self._known is None:
                raise ProviderAwayError("the login provider did not answer as it should")
            return self._known

    def _asked(self, now: float) -> _Known:
        try:
            with httpx2.Client(timeout=PATIENCE, transport=self.transport) as http:
                told = http.get(self.issuer.rstrip("/") + DISCOVERY).raise_for_status()
                document = Document.model_validate_json(told.content)
                if document.issuer != self.issuer:
                    raise ProviderAwayError("the login provider says that it is another")
                safe = self.issuer.startswith("http:") or all(
                    one.startswith("https://") for one in document.addresses
                )
                if not safe:
                    raise ProviderAwayError("the login provider names an address without https")
                keys = http.get(document.jwks_uri).raise_for_status().json()["keys"]
            return _Known(document, dict(filter(None, map(_read, keys))), now)
        except (httpx2.HTTPError, ValidationError, ValueError, TypeError, KeyError) as error:
            raise ProviderAwayError("the login provider did not answer as it should") from error


def _read(told: Mapping[str, Any]) -> tuple[str, jwk.Key] | None:
    """Return a key by its id; None when it is none that signs."""
    kid = told.get("kid")
    signs = told.get("kty") in SIGNING and told.get("use", "sig") == "sig"
    if not isinstance(kid, str) or not signs:
        return None
    try:
        return kid, jwk.import_key(dict(told))
    except (JoseError, ValueError):
        return None
