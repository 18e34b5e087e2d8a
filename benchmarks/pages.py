"""How long people wait for each page, with the national world and with 1,500 cases.

Run ``python -m benchmarks.pages``; it prints Markdown with the machine named, and fails where 95 of
100 times a page takes longer than people should wait. The server is a process of its own, asked by
one client on the same machine; a time is the whole of an answer as that client has it.
"""

import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from benchmarks.machine import machine
from constraints.register import REGISTER
from fixtures.europe import europe
from fixtures.worlds import canonical, document
from scheduler.loading import parse_world
from scheduler.planner import plan
from tests.pages.browser.office import practice
from tests.store.test_killed import served

ROUNDS = 20
NATIONAL, EUROPE = 200, 500
"""Milliseconds that a page may take, by the world."""
BLOCKED = "/cases?state=blocked"
Times = dict[str, list[float]]


def main() -> None:
    """Print the figures."""
    print(f"{machine()}; {ROUNDS} rounds\n")
    with tempfile.TemporaryDirectory() as directory:
        here = Path(directory)
        late = _tell("national, 240 cases", _national(here), NATIONAL)
        late += _tell("Europe, 1,500 cases, its first plan booked", _europe(here), EUROPE)
    sys.exit(late > 0)


def _national(directory: Path) -> Times:
    file = Path("fixtures/national.json")
    world = json.loads(file.read_text(encoding="utf-8"))
    with _asked(directory / "national.sqlite", file) as http:
        office = practice(str(http.base_url), http)
        held, blocked = office.held()["booking"], next(office.blocked)["case"]
        free, made = next(office.plannable)["case"], office.planned()
        day = held["phases"][0]["from"][:10]
        times = _looked_at(
            http,
            {
                "login": "/login",
                "worklist": "/cases",
                "worklist of who is blocked": BLOCKED,
                "case": f"/cases/{free}",
                "case that is blocked": f"/cases/{blocked}",
                "slots": f"/cases/{free}/slots",
                "booking": f"/bookings/{held['id']}",
                "requests": "/requests",
                "plans": "/plans",
                "plan and what it changes": f"/plans/{made}",
                **_board(day),
                "requests of a partner": "/partner?partner=dv-o",
                "roster of a partner": "/roster?partner=dv-o",
                "figures": f"/figures?month={day[:7]}",
                "logs": "/logs",
            },
        )
        for n in range(ROUNDS):
            standing = office.held()
            times["worklist of who is blocked, after a hold"].append(_timed(http, BLOCKED))
            name = standing["booking"]["id"]
            told = {"partner": standing["partners"][0]["partner"], "reason": "medical"}
            for step, what in ("confirm", "a partner confirmed"), ("decline", "a partner declined"):
                form = {
                    **told,
                    "key": f"{step}-{n:04}",
                    "revision": office.standing(name)["revision"],
                }
                times[what].append(_timed(http, f"/bookings/{name}/{step}", form))
            times["worklist of who is blocked, after a decline"].append(_timed(http, BLOCKED))
        for n, one in enumerate(world["departures"][-ROUNDS:]):
            cancelled = {
                "id": f"cancelled-{n}",
                "at": world["asOf"],
                "kind": "departure-changed",
                "subject": one["id"],
                "value": {"cancelled": True},
            }
            http.post("/v1/events", json=[cancelled]).raise_for_status()
            times["worklist, after an event"].append(_timed(http, "/cases"))
            times["worklist of who is blocked, after an event"].append(_timed(http, BLOCKED))
        return times


def _europe(directory: Path) -> Times:
    world = parse_world(canonical(europe()), REGISTER)
    booked = world.but(bookings=plan(world, REGISTER, seconds=0).bookings)
    file = directory / "europe.json"
    file.write_text(canonical(document(booked)), encoding="utf-8")
    day = f"{sorted(one.start for one in booked.bookings)[len(booked.bookings) // 2]:%Y-%m-%d}"
    with _asked(directory / "europe.sqlite", file) as http:
        return _looked_at(http, {"worklist": "/cases", **_board(day)})


def _board(day: str) -> dict[str, str]:
    return {
        "board of a day": f"/board?day={day}",
        "board of a week": f"/board?day={day}&span=week",
        "board to print": f"/board?day={day}&only=booked&limit=1000",
        "board of places": f"/board?day={day}&of=places",
        "board of departures": f"/board?day={day}&of=departures",
    }


def _looked_at(http: httpx2.Client, pages: Mapping[str, str]) -> Times:
    times: Times = defaultdict(list)
    for name, path in pages.items():
        _timed(http, path)
        times[name] = [_timed(http, path) for _ in range(ROUNDS)]
    return times


def _timed(http: httpx2.Client, path: str, form: Mapping[str, str] | None = None) -> float:
    """Return the milliseconds that an answer took, to a form where one is sent."""
    began = time.perf_counter()
    told = http.get(path) if form is None else http.post(path, data=form)
    took = (time.perf_counter() - began) * 1000
    if told.is_error:
        raise SystemExit(f"{path}: {told.status_code}")
    return took


def _tell(title: str, times: Times, budget: int) -> int:
    """Print a table; return how many pages are over the budget."""
    print(
        f"{title}; {budget} ms at most:\n\n| page | p50 | p95 | worst |\n| --- | --- | --- | --- |"
    )
    late = 0
    for name, each in times.items():
        half, most = (statistics.quantiles(each, n=20, method="inclusive")[n] for n in (9, 18))
        late += most > budget
        print(f"| {name} | {half:.0f} ms | {most:.0f} ms | {max(each):.0f} ms |")
    print()
    return late


@contextmanager
def _asked(store: Path, world: Path) -> Iterator[httpx2.Client]:
    with served(f"sqlite:///{store}", world) as (_, port):
        here = f"http://127.0.0.1:{port}"
        with httpx2.Client(
            base_url=here, timeout=120, trust_env=False, headers={"accept": "text/html, */*"}
        ) as http:
            yield http


if __name__ == "__main__":
    main()
