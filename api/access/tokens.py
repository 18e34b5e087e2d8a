"""Signed tokens of the provider: what is believed of them, and why not."""

from collections.abc import Callable, Collection
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError

from api.access.gate import BadTokenError
from api.access.provider import Provider

ALGORITHMS = frozenset({"RS256", "ES256", "PS256", "EdDSA", "Ed25519"})
LEEWAY = 30
"""Seconds that the provider's clock may differ from ours."""
LONGEST = 8_000
"""Characters of a token at most."""
ACCESS = frozenset({"at+jwt", "jwt"})
"""Types of a token that opens the API."""
ID = frozenset({"jwt", ""})
"""Types of a token that tells who logged in."""


class _Signatures(jws.JWSRegistry):
    """Public key signatures only; EdDSA is Ed25519 by its old name, which providers still use."""

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError("this algorithm is not allowed")
        return self.algorithms[name]


SIGNATURES = _Signatures(strict_check_header=False)


def verified(
    token: str,
    provider: Provider,
    audience: str,
    types: Collection[str],
    clock: Callable[[], float],
) -> dict[str, Any]:
    """Return the claims of a token of ``provider`` for ``audience`` that counts now.

    Raises
    ------
    BadTokenError, ProviderAwayError
        When it is not to be believed, or nobody can be asked whether it is.
    """
    if len(token) > LONGEST or not token.isascii():
        raise BadTokenError("no token")
    try:
        header = jws.extract_compact(token.encode(), registry=SIGNATURES).headers()
        kind, kid = header.get("typ", ""), header.get("kid")
        if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in types:
            raise BadTokenError("a token of another type")
        if not isinstance(kid, str):
            raise BadTokenError("does not name its key")
        found = jwt.decode(token, provider.key(kid), registry=SIGNATURES).claims
        jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(found)
    except (JoseError, ValueError, TypeError, OverflowError) as error:
        raise BadTokenError(f"not to be believed: {_why(error)}") from None
    return found


def _why(error: Exception) -> str:
    """Return what is wrong with a token by the name of the error, and nothing of what it holds."""
    return error.error if isinstance(error, JoseError) else "malformed"
