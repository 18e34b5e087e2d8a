"""The key by which this service proves to the provider who it is."""

import json
from pathlib import Path

from joserfc import jwk
from joserfc.errors import JoseError

from api.access.tokens import SIGNATURES

PROOFS = "RS256", "PS256", "ES256"
"""How a client may sign, by the NL GOV profile of OpenID Connect."""


def signing_key(path: Path) -> jwk.Key:
    """Return the private key in a file: a JWK that says its ``kid`` and its ``alg``.

    Raises
    ------
    ValueError
        When there is none; nothing of what is in the file is told.
    """
    try:
        told = json.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or 'cannot be read'}") from None
    except ValueError:
        raise ValueError(f"{path}: is no JSON") from None
    if not isinstance(told, dict) or told.get("alg") not in PROOFS or not told.get("kid"):
        raise ValueError(f"{path}: is no JWK with a kid and one of the alg {', '.join(PROOFS)}")
    try:
        key = jwk.import_key(told)
        SIGNATURES.get_alg(told["alg"]).check_key(key)
    except (JoseError, ValueError, TypeError):
        raise ValueError(f"{path}: is no key for {told['alg']}") from None
    if not key.is_private:
        raise ValueError(f"{path}: is a public key, and the private one is asked for")
    return key
