"""What is the matter in the office that browsers look at: made over the API, as others would."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Any

import httpx2

from api.http.simulations import BASELINE

Json = dict[str, Any]
PAGE = 100
SMALL = {
    "days = 364": "days = 7",
    "warmUp = 84": "warmUp = 0",
    "perYear = 13840": "perYear = 2000",
    "caseload = 8770": "caseload = 200",
}
"""What makes of the baseline a scenario that takes seconds."""


@dataclass(frozen=True)
class Practice:
    """The national world in a practice store, and what can be done with its cases.

    Each case is given away once, so that no test stands in another's way.
    """

    here: str
    http: httpx2.Client
    plannable: Iterator[Json]
    blocked: Iterator[Json]

    def held(self, minutes: int = 45) -> Json:
        """Hold the first slot of the next case; return its first booking as it stands."""
        return self.hold(next(self.plannable)["proposals"][0]["bookings"], minutes)

    def hold(self, bookings: list[Json], minutes: int = 45) -> Json:
        """Hold bookings; return the first as it stands."""
        asked = {"bookings": bookings, "holdMinutes": minutes}
        told = self.http.post("/v1/bookings", json=asked)
        told.raise_for_status()
        standing: Json = told.json()["bookings"][0]
        return standing

    def hold_first(self, case: str) -> bool:
        """Hold the first slot of a case; return whether it has one."""
        found = self.http.post("/v1/slot-proposals", json={"case": case}).json()["proposals"]
        if found:
            self.hold(found[0]["bookings"])
        return bool(found)

    def standing(self, booking: str) -> Json:
        """Return a booking as it stands."""
        standing: Json = self.http.get(f"/v1/bookings/{booking}").json()
        return standing

    def answered(self, booking: str, **answer: str) -> None:
        """Answer for a partner."""
        self.http.post(f"/v1/bookings/{booking}/confirmations", json=answer).raise_for_status()

    def confirmed(self) -> Json:
        """Hold something and confirm it for everybody."""
        standing = self.held()
        for one in standing["partners"]:
            self.answered(standing["booking"]["id"], partner=one["partner"], answer="confirmed")
        return standing

    def declined(self) -> Json:
        """Hold something, and decline it for one partner."""
        standing = self.held()
        partner = standing["partners"][0]["partner"]
        booking = standing["booking"]["id"]
        self.answered(booking, partner=partner, answer="declined", reason="medical")
        return standing

    def asked(self) -> str:
        """Ask a planner for the first way out of the next blocked case; return the case."""
        found = next(self.blocked)
        asked = {"case": found["case"], "repair": found["blocking"]["repairs"][0]}
        self.http.post("/v1/requests", json=asked).raise_for_status()
        case: str = found["case"]
        return case

    def planned(self, seconds: int = 2) -> str:
        """Plan all cases, and wait until that is done; return the plan's id."""
        plan: str = self.planning(seconds)
        self._until_plan(plan, {"done"})
        return plan

    def accepted(self, plan: str) -> None:
        """Take a plan over as a whole."""
        told = self.http.post(f"/v1/plans/{plan}/acceptances", json={"holdMinutes": 1440})
        told.raise_for_status()

    def stopped(self) -> str:
        """Begin to plan, and stop it; return the plan's id."""
        plan = self.planning(600)
        self.http.delete(f"/v1/plans/{plan}").raise_for_status()
        self._until_plan(plan, {"cancelled"})
        return plan

    def planning(self, seconds: int) -> str:
        """Begin to plan all cases; return the plan's id."""
        told = self.http.post("/v1/plans", json={"seconds": seconds})
        told.raise_for_status()
        plan: str = told.json()["id"]
        return plan

    def _until_plan(self, plan: str, states: set[str]) -> None:
        self.until(lambda: self.http.get(f"/v1/plans/{plan}").json()["status"] in states)

    def simulated(self, name: str, transport: float = 2.5, tried: int = 0) -> str:
        """Simulate a week of a small chain, and wait until that is done; return its id."""
        simulation = self.simulating(name, transport, tried)
        path = f"/v1/simulations/{simulation}"
        self.until(lambda: self.http.get(path).json()["status"] == "done")
        return simulation

    def given_up(self) -> str:
        """Begin to simulate, and cancel it; return the simulation's id."""
        simulation = self.simulating("given-up", replications=200)
        self.no_longer_simulating()
        return simulation

    def no_longer_simulating(self) -> None:
        """Cancel every simulation that waits or runs."""
        for one in self.http.get("/v1/simulations").json()["simulations"]:
            if one["status"] in {"queued", "running"}:
                self.http.delete(f"/v1/simulations/{one['id']}")

    def simulating(
        self, name: str, transport: float = 2.5, tried: int = 0, replications: int = 2
    ) -> str:
        """Begin to simulate a week of a small chain; return the simulation's id."""
        scenario = BASELINE.replace("times = 2.5", f"times = {transport}", 1)
        for much, less in SMALL.items():
            scenario = scenario.replace(much, less)
        scenario = scenario.replace('name = "baseline"', f'name = "{name}"')
        monday = "2027-01-04" if tried else None
        asked = {"scenario": scenario, "replications": replications, "week": monday}
        told = self.http.post("/v1/simulations", json={**asked, "bottlenecks": tried})
        told.raise_for_status()
        simulation: str = told.json()["id"]
        return simulation

    def until(self, so: Callable[[], bool]) -> None:
        """Wait until it is so."""
        end = time.monotonic() + 120
        while not so():
            assert time.monotonic() < end
            time.sleep(0.2)

    def officer(self, case: str) -> str:
        """Return who is in charge of a case."""
        found: str = self.http.get(f"/v1/cases/{case}").json()["assignedOfficer"]
        return found


def practice(here: str, http: httpx2.Client) -> Practice:
    """Return the office behind a server."""
    pages = (
        http.get("/v1/cases", params={"limit": PAGE, "offset": PAGE * n}).json()["cases"]
        for n in count()
    )
    free = [one["id"] for page in takewhile(bool, pages) for one in page if not one["booked"]]

    def asked(cases: list[str]) -> Iterator[Json]:
        for case in cases:
            # Somebody may have booked it meanwhile, or have departed.
            if http.get(f"/v1/cases/{case}").json().get("booked") is False:
                yield http.post("/v1/slot-proposals", json={"case": case}).json()

    return Practice(
        here,
        http,
        (one for one in asked(free) if one["proposals"]),
        (one for one in asked(free) if not one["proposals"] and one["blocking"]["repairs"]),
    )
