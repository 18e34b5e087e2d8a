"""Planners at work on a service over HTTP, who remember what it promised them."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from itertools import count
from threading import Event, Lock
from typing import Any

from api.office import Office
from tests.store.offices import small_world

Json = dict[str, Any]
HELD, GRANTED = {"held", "confirmed"}, {200, 201}
DECLINED = "zk-0001", "zk-0002", "zk-0101", "zk-0102"
PLANNED = *DECLINED, "zk-0003", "zk-0006"
"""Cases of the small world that can be planned. Some are declined until nobody is left to ask;
for a family and a chain there is always something left to hold."""
NOBODY_COMES = {"DJI", "Luchtvaartmaatschappij"}
"""Partners who decline without anybody being away: of people the others would run out too."""
DEPARTURES = [one.id for one in small_world().departures]


@dataclass(frozen=True)
class Wish:
    """A change that is asked for, under a key of its own."""

    method: str
    path: str
    body: str
    key: str


@dataclass
class Promises:
    """What was answered with success, and what was asked and not answered.

    ``answers`` are those that can be asked for again under their keys. Of each booking the last
    that was told is kept, and of each revision whose case it was told of.
    """

    open: dict[str, Wish] = field(default_factory=dict)
    answers: dict[Wish, bytes] = field(default_factory=dict)
    bookings: dict[str, Json] = field(default_factory=dict)
    revisions: dict[int, str] = field(default_factory=dict)
    answered: int = 0
    changes: int = 0
    holds: int = 0
    keys: Iterator[int] = field(default_factory=count)
    at_work: Event = field(default_factory=Event)
    over: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def note(self, wish: Wish, status: int, body: bytes) -> Json | None:
        """Note the answer to a wish; return it when it was granted."""
        with self._lock:
            del self.open[wish.key]
            if status not in GRANTED:
                assert status == 409, body
                return None
            self.changes += 1
            if wish.method == "POST":
                self.answers[wish] = body
            told: Json = json.loads(body)
            for one in standings(told):
                booking = one["booking"]
                self.revisions[one["revision"]] = booking["case"]
                if one["revision"] >= self.bookings.get(booking["id"], one)["revision"]:
                    self.bookings[booking["id"]] = one
            if status == 201:
                self.holds += 1
                self.at_work.set()
            return told

    def count(self) -> None:
        """Count an answer."""
        with self._lock:
            self.answered += 1

    def standing(self, case: str) -> list[str]:
        """Return the bookings of a case that stand, as far as anybody was told."""
        with self._lock:
            told = [*self.bookings.values()]
        return [
            one["booking"]["id"]
            for one in told
            if one["booking"]["case"] == case and one["status"] in HELD
        ]

    def assert_kept(self, office: Office, revision: int) -> None:
        """Hold that the store has all that was promised, and nothing that nobody asked for."""
        assert self.changes <= revision - 1 <= self.changes + len(self.open)
        kept = {
            one.booking.id: json.loads(one.model_dump_json())
            for one in office.bookings(limit=1_000_000)
        }
        for name, told in self.bookings.items():
            now = kept[name]
            if now["revision"] == told["revision"]:
                assert now == told
            else:
                # It went on: by a step for this case, or by one whose answer does not tell of it.
                assert now["revision"] > told["revision"]
                case = told["booking"]["case"]
                assert self.revisions.get(now["revision"], case) == case
        assert all(one["booking"].get("follows") in {None, *kept} for one in kept.values())


def standings(told: Json) -> list[Json]:
    """Return the bookings of which an answer tells as they stand."""
    if "revision" in told:
        return [told]
    found = told.get("bookings", [told.get("booking")])
    return [one for one in found if one is not None]


class Planner:
    """Holds, hears partners, answers checks, releases and tells of events, as fast as it can."""

    def __init__(self, port: int, promises: Promises, seed: int) -> None:
        self.promises, self.lots = promises, random.Random(seed)
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def work(self) -> None:
        """Plan one case after another until the service is killed."""
        try:
            while True:
                self._plan(self.lots.choice(PLANNED))
        except (OSError, HTTPException):
            if not self.promises.over.is_set():
                raise
        finally:
            self._connection.close()

    def ask_again(self) -> None:
        """Get the same answer to what was answered, and an answer to what was not."""
        for wish, told in [*self.promises.answers.items()]:
            status, body, replayed = self._send(wish)
            assert (status in GRANTED, body, replayed) == (True, told, True)
        self.promises.answers.clear()
        for wish in [*self.promises.open.values()]:
            if wish.method == "POST":
                self.promises.note(wish, *self._send(wish)[:2])
        self._connection.close()

    def _plan(self, case: str) -> None:
        for name in self.promises.standing(case):
            self._change("DELETE", f"/v1/bookings/{name}")
        asked = Wish("POST", "/v1/slot-proposals", json.dumps({"case": case, "count": 3}), "")
        _, told, _ = self._send(asked)
        offered = json.loads(told)["proposals"]
        if not offered:
            return
        bookings = self.lots.choice(offered)["bookings"]
        held = self._change("POST", "/v1/bookings", bookings=bookings, holdMinutes=1440)
        for one in [] if held is None else held["bookings"]:
            self._hear(f"/v1/bookings/{one['booking']['id']}", one)
        if self.lots.random() < 0.3:
            self._change("POST", "/v1/events", [self._seats()])

    def _hear(self, path: str, held: Json) -> None:
        """Hear what partners say of a booking, some of them or all, and answer some checks."""
        since = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
        for one in held["checks"][: self.lots.randrange(3)]:
            said = {"fact": one["fact"], "value": self.lots.choice(["yes", "no"]), "since": since}
            self._change("POST", f"{path}/checks", **said)
        partners = [one["partner"] for one in held["partners"]]
        unwilling = NOBODY_COMES if held["booking"]["case"] in DECLINED else set()
        for one in partners[: self.lots.choice([2, len(partners)])]:
            word = {"partner": one, "answer": "confirmed"}
            if one in unwilling and self.lots.random() < 0.3:
                word |= {"answer": "declined", "reason": "partner-absent"}
            self._change("POST", f"{path}/confirmations", **word)

    def _seats(self) -> Json:
        """Tell of other seats, which may be there again with the next event."""
        seats = {"seats": {"unescorted": self.lots.randint(1, 4), "escorted": 1}}
        what = {"kind": "departure-changed", "subject": self.lots.choice(DEPARTURES)}
        return {"id": "seats", "at": datetime.now(UTC).isoformat(), **what, "value": seats}

    def _change(
        self, method: str, path: str, listed: list[Json] | None = None, **fields: Any
    ) -> Json | None:
        key = f"wish-{next(self.promises.keys):06}"
        wish = Wish(method, path, json.dumps(listed or fields), key)
        self.promises.open[key] = wish
        status, body, _ = self._send(wish)
        return self.promises.note(wish, status, body)

    def _send(self, wish: Wish) -> tuple[int, bytes, bool]:
        headers = {"content-type": "application/json"}
        if wish.key and wish.method == "POST":
            headers["idempotency-key"] = wish.key
        self._connection.request(wish.method, wish.path, wish.body, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        self.promises.count()
        return answer.status, body, answer.headers["idempotency-replayed"] == "true"
