"""The life of bookings, in any order, against a model that fits on a page.

The model knows of each booking its case, its status, until when it is held, who has confirmed and
which checks are answered. It knows nothing of claims: of them the database is held to take exactly
what the bookings that stand take.
"""

import os
import tempfile
from abc import abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from api.office.events import Disrupted
from api.office.refusals import OpenChecksError
from api.store.claims import TakenError
from api.store.life import Failure, IllegalStepError, Status, TooSoonError
from constraints.register import REGISTER
from fixtures.worlds import canonical, document
from scheduler.event import DepartureChange, DepartureChanged, ResourceAway, TriggerAdded
from scheduler.loading import parse_world
from scheduler.world import PERSON, Interval, Trigger
from tests.databases import Postgres
from tests.store.offices import (
    CHAIN,
    PLACED,
    PLANNER,
    REMOVED,
    TWIN,
    Small,
    assert_whole,
    small,
)

CASES = (PLACED, TWIN, REMOVED, CHAIN)
EXAMPLES = int(os.environ.get("EXAMPLES", "1"))


@dataclass
class Modelled:
    """What the model knows of a booking."""

    case: str
    status: str = "held"
    until: datetime | None = None
    follows: str | None = None
    missing: set[str] = field(default_factory=set)
    checks: dict[str, bool] = field(default_factory=dict)


HERE = ZoneInfo("Europe/Amsterdam")


class Life(RuleBasedStateMachine):
    """Holds, confirms, declines, checks, carries out, cancels and releases; and time passes."""

    bookings: Bundle[str] = Bundle("bookings")

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        self.at: Small = self._open.enter_context(small(self.fresh()))
        self.model: dict[str, Modelled] = {}
        self.gone: set[str] = set()

    @abstractmethod
    def fresh(self) -> str:
        """Return the URL of an empty database."""

    def teardown(self) -> None:
        self._open.close()

    def standing(self, case: str) -> list[str]:
        live = {"held", "confirmed", "executed"}
        return [name for name, one in self.model.items() if one.case == case and one.status in live]

    def end(self, name: str, status: str) -> None:
        """A booking ends, and the leg of its chain that is not carried out with it."""
        mine = self.model[name]
        for other, one in self.model.items():
            chained = one.follows == name or mine.follows == other
            if other == name or (chained and one.status in {"proposed", "held", "confirmed"}):
                one.status, one.until = status, None

    def together(self, name: str) -> list[Modelled]:
        """Return a booking, and the leg of its chain that is held with it."""
        mine = self.model[name]
        return [
            one
            for other, one in self.model.items()
            if one.status == "held"
            and (one is mine or one.follows == name or mine.follows == other)
        ]

    def confirmed(self, name: str) -> None:
        """A booking is confirmed when nobody is missing, for its chain either."""
        together = self.together(name)
        if not any(one.missing for one in together):
            for one in together:
                one.status, one.until = "confirmed", None

    @rule(target=bookings, case=st.sampled_from(CASES), n=st.integers(0, 4), minutes=st.just(15))
    def hold(self, case: str, n: int, minutes: int) -> Any:
        proposals = self.at.office.desk().ask(case).proposals
        if not proposals:
            return multiple()
        proposal = proposals[n % len(proposals)]
        try:
            held = self.at.office.hold(proposal.bookings, PLANNER, timedelta(minutes=minutes))
        except TakenError as error:
            in_the_way = {one.booking for one in error.taken}
            assert in_the_way
            assert in_the_way <= {*self.standing(case)}
            return multiple()
        assert {self.model[one].status for one in self.standing(case)} <= {"executed"}
        assert case not in self.gone
        for known in self.model.values():
            if known.case == case and known.status == "proposed":
                known.status = "released"
        for one in held:
            self.model[one.booking.id] = Modelled(
                case=case,
                until=self.at.clock() + timedelta(minutes=minutes),
                follows=one.booking.follows,
                missing={answer.partner for answer in one.partners},
                checks={check.fact: False for check in one.checks},
            )
        return multiple(*(one.booking.id for one in held))

    @rule(name=bookings, n=st.integers(0, 9))
    def confirm(self, name: str, n: int) -> None:
        one = self.model[name]
        partners = [answer.partner for answer in self.at.office.booking(name).partners]
        partner = partners[n % len(partners)]
        if one.status not in {"held", "confirmed"}:
            with pytest.raises(IllegalStepError):
                self.at.office.confirm(name, partner, PLANNER)
            return
        self.at.office.confirm(name, partner, PLANNER)
        one.missing.discard(partner)
        self.confirmed(name)

    @rule(name=bookings)
    def all_confirm(self, name: str) -> None:
        self.all_confirm_now(name)

    def all_confirm_now(self, name: str) -> None:
        """Let everyone who is missing confirm."""
        if self.model[name].status == "held":
            self.at.confirm(name)
            for other in self.together(name):
                other.missing = set()
            self.confirmed(name)

    @rule(name=bookings, n=st.integers(0, 9), reason=st.sampled_from([*Failure]))
    def decline(self, name: str, n: int, reason: Failure) -> None:
        partners = [answer.partner for answer in self.at.office.booking(name).partners]
        partner = partners[n % len(partners)]
        if self.model[name].status not in {"held", "confirmed"}:
            with pytest.raises(IllegalStepError):
                self.at.office.decline(name, partner, reason, PLANNER)
            return
        self.at.office.decline(name, partner, reason, PLANNER)
        self.end(name, "cancelled")

    @rule(name=bookings, passed=st.booleans())
    def check(self, name: str, passed: bool) -> None:
        one = self.model[name]
        for fact in one.checks:
            if one.status not in {"held", "confirmed"}:
                with pytest.raises(IllegalStepError):
                    self.at.office.check(name, fact, "yes", self.at.clock().date(), PLANNER)
                continue
            today = self.at.clock().date()
            told = self.at.office.check(name, fact, "yes" if passed else "no", today, PLANNER)
            window, before = next(
                (check.opens, check.before) for check in told.checks if check.fact == fact
            )
            midnight = datetime.combine(today, time(), HERE)
            short = before - window < timedelta(days=1)
            in_window = midnight >= window or (short and today >= window.astimezone(HERE).date())
            one.checks[fact] = passed and in_window

    @rule(name=bookings)
    def execute(self, name: str) -> None:
        one = self.model[name]
        if one.status != "confirmed":
            with pytest.raises(IllegalStepError):
                self.at.office.execute(name, PLANNER)
        elif not self.comes_first(one):
            with pytest.raises(TooSoonError):
                self.at.office.execute(name, PLANNER)
        elif not all(one.checks.values()):
            with pytest.raises(OpenChecksError):
                self.at.office.execute(name, PLANNER)
        else:
            self.at.office.execute(name, PLANNER)
            one.status = "executed"

    @rule(name=bookings)
    def carry_out(self, name: str) -> None:
        one = self.model[name]
        if one.status in {"held", "confirmed"} and self.comes_first(one):
            self.all_confirm_now(name)
            self.at.carry_out(name)
            one.status = "executed"
            one.checks = dict.fromkeys(one.checks, True)
            self.time_passed()

    def comes_first(self, one: Modelled) -> bool:
        """Return whether nothing must be carried out before a booking."""
        return one.follows is None or self.model[one.follows].status == "executed"

    @rule(name=consumes(bookings), released=st.booleans())
    def end_it(self, name: str, released: bool) -> None:
        def end() -> None:
            if released:
                self.at.office.release(name, PLANNER)
            else:
                self.at.cancel(name)

        if self.model[name].status in {"held", "confirmed"}:
            end()
            self.end(name, "released" if released else "cancelled")
        else:
            with pytest.raises(IllegalStepError):
                end()

    @rule(name=consumes(bookings))
    def depart_independently(self, name: str) -> None:
        now, case = self.at.clock(), self.model[name].case
        if case in self.gone:
            return
        left = Trigger(kind="independent-departure", at=now)
        event = TriggerAdded(id="e", at=now, subject=case, kind="trigger-added", value=left)
        self.follow(self.at.office.happened([event], PLANNER))
        self.gone.add(case)

    @rule(minutes=st.sampled_from([5, 15]))
    def wait(self, minutes: int) -> None:
        self.at.clock.wait(minutes=minutes)
        self.time_passed()

    def time_passed(self) -> None:
        """Let the holds that ran out be released."""
        for one in self.model.values():
            if one.until is not None and one.until <= self.at.clock():
                one.status, one.until = "released", None

    @invariant()
    def bookings_stand_where_the_model_says(self) -> None:
        told = {one.booking.id: one for one in self.at.office.bookings()}
        assert {name: str(one.status) for name, one in told.items()} == {
            name: one.status for name, one in self.model.items()
        }
        assert {name: one.expires_at for name, one in told.items()} == {
            name: one.until for name, one in self.model.items()
        }

    @rule(case=st.sampled_from(CASES), n=st.integers(0, 20))
    def who_comes_is_away(self, case: str, n: int) -> None:
        """Somebody, or the flight, of a case is not there: others may come, or it moves."""
        mine = [one for one in self.at.office.world().booked.get(case, ()) if one.claims]
        people = [(one, name) for leg in mine for one in leg.attendances for name in one.resources]
        people = [(one, name) for one, name in people if one.role != PERSON]
        if not people:
            return
        one, name = people[n % len(people)]
        away = Interval(from_=one.from_, until=one.until)
        now = self.at.clock()
        event = ResourceAway(id="e", at=now, subject=name, kind="resource-away", value=away)
        found = self.at.office.happened([event], PLANNER)
        self.follow(found)

    @rule(case=st.sampled_from(CASES), minutes=st.sampled_from([0, 30]))
    def flight_changes(self, case: str, minutes: int) -> None:
        world = self.at.office.world()
        flights = [one.departure for one in world.booked.get(case, ()) if one.claims]
        flight = next((world.departure[one] for one in flights if one), None)
        if flight is None or flight.departs <= self.at.clock():
            return
        later = timedelta(minutes=minutes)
        value = DepartureChange(cancelled=True)
        if minutes:
            value = DepartureChange(departs=flight.departs + later, arrives=flight.arrives + later)
        now = self.at.clock()
        event = DepartureChanged(
            id="e", at=now, subject=flight.id, kind="departure-changed", value=value
        )
        self.follow(self.at.office.happened([event], PLANNER))

    def follow(self, found: Disrupted) -> None:
        """What events ended has failed, or was let go where it was only proposed."""
        for outcome in (*found.moved, *found.dropped):
            stay = {one.id for one in outcome.after}
            for one in outcome.before:
                if one.id not in stay:
                    mine = self.model[one.id]
                    mine.status = "released" if mine.status == "proposed" else "cancelled"
                    mine.until = None
        for outcome in (*found.moved, *found.new):
            for one in outcome.after:
                told = self.at.office.booking(one.id)
                known = self.model.setdefault(one.id, Modelled(case=one.case, until=None))
                if told.status == Status.proposed:
                    known.status, known.until = "proposed", None
                known.follows = one.follows
                known.missing = {word.partner for word in told.partners if word.answer is None}
                known.checks = {check.fact: check.passed for check in told.checks}

    @invariant()
    def exactly_what_stands_is_claimed(self) -> None:
        assert_whole(self.at.database)

    @invariant()
    def what_comes_out_can_be_read(self) -> None:
        parse_world(canonical(document(self.at.office.export(PLANNER))), REGISTER)


def run(machine: type[Life], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples * EXAMPLES, stateful_step_count=steps),
    )


def test_the_life_of_bookings_is_that_of_the_model_on_sqlite(
    request: pytest.FixtureRequest,
) -> None:
    if request.config.getoption("--db") == "postgresql":
        return

    class OnSqlite(Life):
        def fresh(self) -> str:
            directory = self._open.enter_context(tempfile.TemporaryDirectory())
            return f"sqlite:///{Path(directory) / 'store.sqlite'}"

    run(OnSqlite, 15, 30)


def test_the_life_of_bookings_is_that_of_the_model_on_postgresql(
    request: pytest.FixtureRequest,
) -> None:
    if request.config.getoption("--db") == "sqlite":
        return
    server: Postgres = request.getfixturevalue("server")

    class OnPostgres(Life):
        def fresh(self) -> str:
            return self._open.enter_context(server.fresh())

    run(OnPostgres, 6, 30)
