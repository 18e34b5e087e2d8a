"""The plan of a day on paper: the board as it prints, in one file that stands alone."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import anyio
import httpx2
from starlette.types import ASGIApp

from api.language import Code
from api.pages.board import MOST_ROWS
from api.pages.frame import LANGUAGE

BROWSERS = "chromium", "chromium-browser", "google-chrome", "chrome"
"""What may print, by what it is called on different machines."""
PATIENCE = 60
"""Seconds that printing may take."""
HERE = "http://127.0.0.1"
_MAIN = re.compile(r"<main\b.*?</main>", re.DOTALL)
_SCREEN = re.compile(
    r"<script\b.*?</script>|<meta name=\"htmx[^>]*>|<link rel=\"icon\"[^>]*>"
    r"|<a class=\"skip\".*?</a>|</?a\b[^>]*>"
    r"|<(header|footer|nav|form)\b.*?</\1>",
    re.DOTALL,
)
"""What is of no use on paper, or leads out of the file."""
_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
_MORE = re.compile(r'offset=([0-9]+)" rel="next"')


class NoPaperError(Exception):
    """A day that cannot be drawn or printed: it says why."""


def day_sheet(service: ASGIApp, day: date, language: Code) -> str:
    """Return all who are booked on a day as HTML that asks nothing of any host.

    ``service`` is asked for its board, and so must take whoever asks for a planner.

    Raises
    ------
    NoPaperError
        When it has no pages, or the day lies outside of what is planned.
    """
    return anyio.run(_drawn, service, day, language)


def printed(html: str) -> bytes:
    """Return a page as PDF, as a browser of this machine prints it.

    Raises
    ------
    NoPaperError
        When there is no browser, or it fails.
    """
    browser = next((one for one in map(shutil.which, BROWSERS) if one), None)
    if browser is None:
        raise NoPaperError("asks for Chromium, which is not on this machine; write .html instead")
    with tempfile.TemporaryDirectory() as folder:
        page, paper = Path(folder, "day.html"), Path(folder, "day.pdf")
        page.write_text(html, encoding="utf-8")
        told = [browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-sync"]
        told += ["--disable-background-networking", "--disable-component-update"]
        told += [f"--user-data-dir={folder}/profile", "--no-pdf-header-footer"]
        if os.geteuid() == 0:
            told.append("--no-sandbox")  # which Chromium cannot set up for root
        try:
            subprocess.run(
                [*told, f"--print-to-pdf={paper}", page.as_uri()],
                check=True, capture_output=True, timeout=PATIENCE,
            )  # fmt: skip
            return paper.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise NoPaperError(f"cannot be printed: {error}") from error


async def _drawn(service: ASGIApp, day: date, language: Code) -> str:
    transport = httpx2.ASGITransport(app=service)
    async with httpx2.AsyncClient(
        transport=transport, base_url=HERE, cookies={LANGUAGE: language}, trust_env=False
    ) as http:
        asked = {"day": day.isoformat(), "only": "booked", "limit": str(MOST_ROWS)}
        first = await _page(http, asked)
        mains, page = [*_mains(first)], first
        while more := _MORE.search(page):
            page = await _page(http, asked | {"offset": more[1]})
            mains += _mains(page)
        text = _MAIN.sub(lambda _: "".join(mains), first, count=1)
        for address in _STYLE.findall(text):
            style = (await http.get(address)).text
            text = text.replace(
                f'<link rel="stylesheet" href="{address}">', f"<style>{style}</style>"
            )
    return _SCREEN.sub("", text)


async def _page(http: httpx2.AsyncClient, asked: dict[str, str]) -> str:
    told = await http.get("/board", params=asked)
    if told.status_code != 200:
        raise NoPaperError(f"the board is not there to be printed ({told.status_code})")
    if 'class="notice look"' in told.text:
        raise NoPaperError("lies outside of what is planned")
    return told.text


def _mains(page: str) -> Iterator[str]:
    return (one[0] for one in _MAIN.finditer(page))
