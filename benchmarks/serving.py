"""What 50 planners at a time are answered by the real server, and how fast.

Run ``python -m benchmarks.serving [sqlite|postgresql] [SECONDS]``; it prints Markdown with the
machine named, and fails on any error. The server is a process of its own on the national world with
a part of its first plan booked; planners are connections of another process on the same cores.

Twice: planners who think from one to three seconds between questions (brisk people), and planners
who never think, which tells how much is answered at most. Each takes a case, looks at its lights,
asks for slots, holds what is proposed, looks at the booking and lets it go again, with lists of
cases and bookings in between. That somebody else was faster is an answer (409), and no error.
"""

import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.machine import machine
from constraints.register import REGISTER
from fixtures.worlds import canonical, document
from scheduler.loading import read_world
from scheduler.planner import plan
from tests.databases import postgres

PLANNERS = 50
SECONDS = 60.0
BOOKED = 100
THINK = 1.0, 3.0
"""Seconds between an answer and the next question of the same planner."""
NATIONAL = Path("fixtures/national.json")
PAGE = 20


@dataclass
class Run:
    """What planners were answered: seconds by kind, and how often with what."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)
    lasted: float = 0.0


@dataclass
class Planner:
    """Somebody who works on one case after another."""

    http: httpx2.AsyncClient
    run: Run
    cases: list[str]
    think: tuple[float, float]
    chance: random.Random
    until: float

    async def work(self) -> None:
        """Ask until the time is up."""
        await self._think()
        while time.perf_counter() < self.until:
            for _ in range(self.chance.choice((0, 0, 1, 2))):
                await self._read()
            case = self.chance.choice(self.cases)
            await self._ask("lights", "GET", f"/v1/cases/{case}/traffic-lights")
            told = await self._ask("proposals", "POST", "/v1/slot-proposals", json={"case": case})
            if told and told["proposals"] and self.chance.random() < 0.7:
                await self._hold(self.chance.choice(told["proposals"][:3])["bookings"])

    async def _read(self) -> None:
        kind = self.chance.choice(("case", "cases", "bookings"))
        page = {"limit": PAGE, "offset": self.chance.randrange(0, BOOKED - PAGE)}
        if kind == "case":
            await self._ask("one case", "GET", f"/v1/cases/{self.chance.choice(self.cases)}")
        else:
            await self._ask(f"{PAGE} {kind}", "GET", f"/v1/{kind}", params=page)

    async def _hold(self, bookings: list[Any]) -> None:
        held = await self._ask("hold", "POST", "/v1/bookings", json={"bookings": bookings})
        if held:
            path = f"/v1/bookings/{held['bookings'][0]['booking']['id']}"
            await self._ask("one booking", "GET", path)
            await self._ask("release", "DELETE", path)

    async def _ask(self, kind: str, method: str, path: str, **more: Any) -> Any:
        """Return what is answered, None where that is a no; then think."""
        began = time.perf_counter()
        try:
            answer = await self.http.request(method, path, **more)
        except httpx2.HTTPError as error:
            self.run.errors[f"{kind}: {type(error).__name__}"] += 1
            return None
        self.run.seconds.setdefault(kind, []).append(time.perf_counter() - began)
        if answer.status_code == 409:
            self.run.refused[kind] += 1
        elif not answer.is_success:
            self.run.errors[f"{kind}: {answer.status_code}"] += 1
        await self._think()
        return answer.json() if answer.is_success else None

    async def _think(self) -> None:
        await asyncio.sleep(self.chance.uniform(*self.think))


def main(dialect: str, seconds: float) -> None:
    """Print the figures."""
    print(f"{machine()}; {dialect}\n")
    wrong = 0
    with tempfile.TemporaryDirectory() as directory, _database(dialect, directory) as url:
        world = _partly_booked(Path(directory))
        cases = [one.id for one in read_world(world, REGISTER).cases]
        with _served(url, world) as (base, process):
            for says, think in (
                (f"thinking {THINK[0]:g} to {THINK[1]:g} s", THINK),
                ("never thinking", (0.0, 0.0)),
            ):
                run = asyncio.run(_planners(base, process, cases, think, seconds))
                wrong += run.errors.total()
                _tell(f"{PLANNERS} planners, {says}, {seconds:g} s", run)
    sys.exit(wrong > 0)


async def _planners(
    base: str, process: int, cases: list[str], think: tuple[float, float], seconds: float
) -> Run:
    run = Run()
    limits = httpx2.Limits(max_connections=PLANNERS)
    began = time.perf_counter()
    async with httpx2.AsyncClient(
        base_url=base, limits=limits, timeout=30, trust_env=False
    ) as http:
        planners = [
            Planner(http, run, cases, think, random.Random(n), began + seconds)
            for n in range(PLANNERS)
        ]

        async def look() -> None:
            for part in range(3):
                await asyncio.sleep(began + part * seconds / 2 - time.perf_counter())
                run.memory.append(_memory(process))

        await asyncio.gather(look(), *(one.work() for one in planners))
    run.lasted = time.perf_counter() - began
    return run


def _tell(title: str, run: Run) -> None:
    every = [one for seconds in run.seconds.values() for one in seconds]
    print(f"{title}:\n")
    print("| asked | answers | p50 | p95 | p99 | worst |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind, seconds in (*sorted(run.seconds.items()), ("all", every)):
        print(f"| {kind} | {len(seconds)} | {_cuts(seconds)} |")
    refused = ", ".join(f"{count} {kind}" for kind, count in run.refused.items()) or "none"
    errors = ", ".join(f"{count} x {kind}" for kind, count in run.errors.items()) or "none"
    memory = ", ".join(f"{one:.0f}" for one in run.memory)
    print(
        f"\n{len(every) / run.lasted:.1f} requests a second; refused because somebody was faster: "
        f"{refused}; errors: {errors}; memory of the server at the start, in the middle and at the "
        f"end: {memory} MiB\n"
    )


def _cuts(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive") if seconds[1:] else seconds * 99
    told = " | ".join(f"{cuts[percent - 1] * 1000:.0f} ms" for percent in (50, 95, 99))
    return f"{told} | {max(seconds) * 1000:.0f} ms"


@contextmanager
def _database(dialect: str, directory: str) -> Iterator[str]:
    """Yield the URL of an empty database that writes to the disk as a real one does."""
    if dialect == "sqlite":
        yield f"sqlite:///{directory}/store.sqlite"
        return
    with postgres(synced=True) as server, server.fresh() as url:
        yield url


def _partly_booked(directory: Path) -> Path:
    """Write the national world with a part of its first plan, all of a case or nothing."""
    world = read_world(NATIONAL, REGISTER)
    made = plan(world, REGISTER, seconds=0).bookings
    booked = {one.case for one in made[:BOOKED]}
    bookings = tuple(one for one in made if one.case in booked)
    file = directory / "world.json"
    file.write_text(canonical(document(world.but(bookings=bookings))), encoding="utf-8")
    return file


@contextmanager
def _served(url: str, world: Path) -> Iterator[tuple[str, int]]:
    """Yield where a server of that world answers, and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    asked = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    base = f"http://127.0.0.1:{port}"
    log = world.with_name("log").open("w")
    # All planners are one account here, which may ask as often as all of them.
    settings = {**os.environ, "REGIETAFEL_RATE": "1000000/minute"}
    asked += ["--database", url, "--world", str(world)]
    with log, subprocess.Popen(asked, stdout=log, stderr=log, env=settings) as server:
        try:
            _ready(f"{base}/health/ready", server)
            yield base, server.pid
        finally:
            server.terminate()


def _ready(url: str, server: "subprocess.Popen[bytes]") -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + 120
    while True:
        try:
            opener.open(url, timeout=5).close()
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.2)


def _memory(process: int) -> float:
    """Return how much a process has in memory, in MiB."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(
        arguments[0] if arguments else "sqlite",
        float(arguments[1]) if len(arguments) > 1 else SECONDS,
    )
