"""What pages are dressed with: our own style and script, and what npm brings."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

OWN = Path(__file__).with_name("static")
NPM = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "theme.css": "@nl-design-system-unstable/voorbeeld-design-tokens/dist/theme.css",
    "html.css": "@utrecht/component-library-css/dist/html.css",
}
"""What is taken of the packages that package.json names."""
MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it goes out; its address tells what is in it, so that it is asked for once."""

    address: str
    media: str
    packed: bytes
    """Its bytes as gzip."""


class NoAssetsError(Exception):
    """What pages are dressed with is not there: it says what, and how to get it."""


def read_assets(modules: Path, theme: Path | None = None) -> Mapping[str, Asset]:
    """Return the assets by their names; ``theme`` is worn in the place of the open one.

    Raises
    ------
    NoAssetsError
        With every file that is missing.
    """
    files = {one.name: one for one in sorted(OWN.iterdir())}
    files |= {name: modules / path for name, path in NPM.items()}
    if theme is not None:
        files["theme.css"] = theme
    if missing := [str(path) for path in files.values() if not path.is_file()]:
        raise NoAssetsError(f"not there: {', '.join(missing)}; `npm ci --omit=dev` brings them")
    return {name: _asset(name, path.read_bytes()) for name, path in files.items()}


def served(assets: Mapping[str, Asset]) -> APIRouter:
    """Return where assets are asked for: by anybody, as they tell nothing."""
    router = APIRouter(include_in_schema=False)
    known = {one.address: one for one in assets.values()}

    @router.get("/assets/{digest}/{name}")
    async def one(request: Request, digest: str, name: str) -> Response:
        found = known.get(f"/assets/{digest}/{name}")
        if found is None:
            raise HTTPException(404, "there is no such file")
        headers = {"cache-control": FOREVER, "vary": "accept-encoding"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(gzip.decompress(found.packed), 200, headers, found.media)
        return Response(found.packed, 200, headers | {"content-encoding": "gzip"}, found.media)

    return router


def _asset(name: str, content: bytes) -> Asset:
    digest = hashlib.sha256(content).hexdigest()[:16]
    packed = gzip.compress(content, mtime=0)
    return Asset(f"/assets/{digest}/{name}", MEDIA[Path(name).suffix], packed)
