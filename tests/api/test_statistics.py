"""Numbers of a month: why bookings failed, and nothing that tells of anybody."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.access.person import Role
from api.http.statistics import told
from api.store.life import Failure, Release, Status
from api.store.numbers import LEGS, Month, Numbers
from api.suppression import FEWEST, hidden
from tests.api.people import asking
from tests.jobs.test_plans import plan_of
from tests.store.offices import NOON, PLACED, PLANNER, REMOVED, Small

PATH, MONTH = "/v1/statistics", {"month": "2026-11"}
Json = dict[str, Any]


def many(at: Small) -> None:
    """Hold and let go, six times; decline once, and leave once."""
    for _ in range(6):
        (held,) = at.hold(PLACED)
        at.office.release(held.booking.id, PLANNER)
    (held,) = at.hold(PLACED)
    at.office.decline(held.booking.id, "COA", Failure.partner_absent, PLANNER)
    at.hold(REMOVED)


def test_what_became_of_the_bookings_of_a_month_is_counted(at: Small) -> None:
    many(at)
    found = at.office.statistics(Month(2026, 11))
    assert found.statuses == {Status.released: 6, Status.cancelled: 1, Status.held: 1}
    assert found.legs == {"placement": 7, "removal": 1}
    assert found.failures == {Failure.partner_declined: 1}
    assert found.releases == {Release.by_planner: 6}
    assert found.declines == {("COA", Failure.partner_absent): 1}
    at.clock.wait(minutes=16)
    later = at.office.statistics(Month(2026, 11))
    assert later.releases == {Release.by_planner: 6, Release.expired: 1}


def test_a_booking_is_of_the_month_in_which_it_begins(at: Small) -> None:
    many(at)
    for month in (Month(2026, 10), Month(2026, 12), Month(2027, 1)):
        assert sum(at.office.statistics(month).statuses.values()) == 0


def test_the_days_from_hold_to_confirmation_are_their_median(at: Small) -> None:
    (held,) = at.hold(PLACED, minutes=14_400)
    (other,) = at.hold(REMOVED, minutes=14_400)
    at.clock.wait(hours=6)
    at.confirm(held.booking.id)
    at.clock.wait(hours=6)
    at.confirm(other.booking.id)
    found = at.office.statistics(Month(2026, 11))
    assert sorted(found.days) == [0.25, 0.5]
    assert found.waited == 0.375


def test_what_is_held_of_a_plan_waits_for_confirmation_too(at: Small) -> None:
    made = plan_of(at.proposed(PLACED))
    (held,) = at.office.accept("plan-1", made, PLANNER, lasting=timedelta(days=10)).held
    at.clock.wait(hours=6)
    at.confirm(held.booking.id)
    assert at.office.statistics(Month(2026, 11)).days == (0.25,)


# --- Months that are over -------------------------------------------------------------------------


def test_management_is_told_of_months_that_are_over_alone(at: Small) -> None:
    many(at)
    with asking(at.office, Role.management) as client:
        for month in ("2026-11", "2026-12"):
            told = client.get(PATH, params={"month": month})
            assert told.status_code == 400
            assert [one["in"] for one in told.json()["errors"]] == ["query.month"]
        at.clock.wait(days=9)  # the first of December, here
        assert client.get(PATH, params=MONTH).status_code == 400
        at.clock.wait(days=1)
        assert client.get(PATH, params=MONTH).status_code == 200
    with asking(at.office, Role.management, Role.planner) as client:
        assert client.get(PATH, params={"month": "2027-01"}).status_code == 200


def test_who_asks_again_within_a_week_is_told_the_same(at: Small) -> None:
    """A booking that fails between two answers would show in them."""
    held = [at.hold(case, minutes=100_000)[0] for case in (PLACED, REMOVED)]
    at.clock.wait(days=10)
    with asking(at.office, Role.management) as client:
        before = client.get(PATH, params=MONTH).json()
        at.office.cancel(held[0].booking.id, Failure.medical, PLANNER)
        at.clock.wait(days=6)
        assert client.get(PATH, params=MONTH).json() == before
        with asking(at.office, Role.planner) as planner:
            now = planner.get(PATH, params=MONTH).json()
            assert now["statuses"]["cancelled"]["hidden"]
        at.clock.wait(days=2)
        assert client.get(PATH, params=MONTH).json() == now | {
            "countedAt": at.office.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        }


def test_small_counts_are_not_shown(at: Small, http: TestClient) -> None:
    many(at)
    shown = http.get(PATH, params=MONTH).json()
    assert shown["failures"]["partner-declined"] == {"count": None, "hidden": True}
    assert shown["failures"]["medical"] == {"count": None, "hidden": True}, "nor that there is none"
    assert shown["failed"] == {"share": None, "hidden": True}
    assert [one["partner"] for one in shown["declines"]] == ["COA"]
    assert shown["declines"][0]["declined"]["hidden"]


def test_nobody_is_in_the_numbers(at: Small, http: TestClient) -> None:
    many(at)
    text = http.get(PATH, params=MONTH).text
    world = at.office.world()
    names = {one.id for one in world.cases} | {one.id for one in world.resources}
    assert [name for name in names if name in text] == []


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-11-01", "1999-01", ""])
def test_numbers_are_of_whole_months(http: TestClient, month: str) -> None:
    assert http.get(PATH, params={"month": month}).status_code == 400


def test_numbers_are_for_those_who_manage(at: Small) -> None:
    with asking(at.office, Role.regievoerder, Role.partner, Role.auditor) as client:
        assert client.get(PATH, params=MONTH).status_code == 403
    at.clock.wait(days=10)
    with asking(at.office, Role.management) as client:
        assert client.get(PATH, params=MONTH).status_code == 200
        assert client.get("/v1/cases").status_code == 403


# --- Nothing that is hidden can be worked out -----------------------------------------------------


Tree = tuple[Sequence[str], Sequence[tuple[str, Sequence[str]]]]
"""What is counted, and which wholes are the sums of which, parts first."""
THREE: Tree = ("a", "b", "c"), [("all", "abc")]
TWICE: Tree = ("a", "b", "x", "y"), [("all", "ab"), ("all", "xy")]
WITHIN: Tree = ("a", "b", "d"), [("c", "ab"), ("all", "cd")]


def all_of(tree: Tree, most: int) -> Iterator[dict[str, int]]:
    """Yield every set of counts of a tree of which the whole is so many at most."""
    parts, sums = tree
    for values in product(range(most + 1), repeat=len(parts)):
        counts = dict(zip(parts, values, strict=True))
        wholes = [(whole, sum(counts.get(one, 0) for one in of)) for whole, of in sums[:1]]
        counts |= dict(wholes)
        for whole, of in sums[1:]:
            total = sum(counts[one] for one in of)
            if counts.setdefault(whole, total) != total:
                break
        else:
            if counts["all"] <= most:
                yield counts


@pytest.mark.parametrize("noughts", ["", "ab"])
@pytest.mark.parametrize("tree", [THREE, TWICE, WITHIN])
def test_what_is_shown_leaves_four_answers_for_each_hidden_count(tree: Tree, noughts: str) -> None:
    """Of all counts there can be, those that look the same: whoever knows the way is no wiser."""
    alike: dict[tuple[tuple[str, int | None], ...], list[dict[str, int]]] = {}
    for counts in all_of(tree, 10):
        hide = hidden(counts, tree[1], (), noughts if counts["all"] else "")
        assert {one for one, n in counts.items() if 0 < n < FEWEST} <= hide
        assert {one for one in hide if not counts[one]} <= {*noughts}
        shown = tuple((one, None if one in hide else n) for one, n in counts.items())
        alike.setdefault(shown, []).append(counts)
    wrong = [
        (shown, name, {one[name] for one in found})
        for shown, found in alike.items()
        if dict(shown)["all"] is not None  # else there are more than were tried
        for name, n in shown
        if n is None and len({one[name] for one in found}) < FEWEST - 1
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("failures", "of"), [((6, 6, 4), 16), ((4, 6, 6), 16), ((4, 4, 4), 12), ((5, 4, 4), 13)]
)
def test_of_counts_that_a_published_way_would_betray_more_is_hidden(
    failures: tuple[int, ...], of: int
) -> None:
    counts = dict(zip("abc", failures, strict=True)) | {"all": of}
    hide = hidden(counts, [("all", "abc")])
    small = {one for one, n in counts.items() if n < FEWEST}
    assert small < hide or hide == {*counts}


@given(
    st.lists(
        st.tuples(st.sampled_from(LEGS), st.sampled_from([*Status]), st.sampled_from([*Failure])),
        max_size=40,
    ),
    st.sampled_from([0, 3, 5]),
)
@settings(max_examples=30)
def test_what_is_told_of_a_month_adds_up_and_hides_what_is_small(
    drawn: list[tuple[Any, Status, Failure]], declined: int
) -> None:
    drawn = drawn + [("removal", Status.cancelled, Failure.partner_declined)] * declined
    failed = [(leg, why) for leg, status, why in drawn if status == Status.cancelled]
    gone = sum(status == Status.released for _, status, _ in drawn)

    def count(values: list[Any]) -> dict[Any, int]:
        return {one: values.count(one) for one in values}

    shown = told(
        "2026-11",
        Numbers(
            statuses=count([status for _, status, _ in drawn]),
            legs=count([leg for leg, _, _ in drawn]),
            failed_legs=count([leg for leg, _ in failed]),
            failures=count([why for _, why in failed]),
            releases={Release.expired: gone},
            declines={("COA", Failure.medical): declined},
            days=(),
        ),
        NOON,
    )
    assert shown.ran_out == shown.releases[Release.expired]
    told_of = [
        shown.bookings,
        *shown.statuses.values(),
        *shown.failures.values(),
        *(one.failed for one in shown.operations),
        *(one.bookings for one in shown.operations),
    ]
    assert not [one for one in told_of if one.count is not None and 0 < one.count < FEWEST]
    if all(one.count is not None for one in shown.statuses.values()):
        assert sum(one.count or 0 for one in shown.statuses.values()) == len(drawn)
