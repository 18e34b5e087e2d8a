"""Numbers of a month: why bookings failed, and nothing that tells of anybody."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.access.person import Role
from api.http.statistics import told
from api.store.life import Failure, Release, Status
from api.store.numbers import LEGS, Month, Numbers
from api.suppression import FEWEST, Sums, hidden
from tests.api.people import asking
from tests.store.offices import PLACED, PLANNER, REMOVED, Small

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


def test_small_counts_are_not_shown(at: Small, http: TestClient) -> None:
    many(at)
    shown = http.get(PATH, params=MONTH).json()
    assert shown["failures"]["partner-declined"] == {"count": None, "hidden": True}
    assert shown["failures"]["medical"] == {"count": 0, "hidden": False}
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
    with asking(at.office, Role.management) as client:
        assert client.get(PATH, params=MONTH).status_code == 200
        assert client.get("/v1/cases").status_code == 403


# --- Nothing that is hidden can be worked out -----------------------------------------------------


def trees() -> st.SearchStrategy[tuple[dict[str, int], list[tuple[str, list[str]]]]]:
    """A whole in two ways: as three parts, of which one is two parts, and as two others."""

    def laid_out(parts: list[int], split: int) -> Any:
        a, b, c1, c2 = parts
        total = a + b + c1 + c2
        first = min(split, total)
        sizes = [a, b, c1 + c2, c1, c2, total, first, total - first]
        counts = dict(zip(["a", "b", "c", "c1", "c2", "all", "x", "y"], sizes, strict=True))
        return counts, [("all", ["a", "b", "c"]), ("c", ["c1", "c2"]), ("all", ["x", "y"])]

    numbers = st.lists(st.integers(0, 9), min_size=4, max_size=4)
    return st.builds(laid_out, numbers, st.integers(0, 20))


def alike(counts: Mapping[str, int], sums: Sums, hide: frozenset[str]) -> Iterator[dict[str, int]]:
    """Yield every set of counts that would look the same, by trying all there are."""
    most = 2 * counts["all"] + 1
    loose = [one for one in ("a", "b", "c1", "c2", "x") if one in hide]
    for values in product(range(1, min(most, 14) + 1), repeat=len(loose)):
        tried = dict(counts)
        tried.update(zip(loose, values, strict=True))
        tried["c"] = tried["c1"] + tried["c2"]
        tried["all"] = tried["a"] + tried["b"] + tried["c"]
        tried["y"] = tried["all"] - tried["x"]
        shown = (one for one in counts if one not in hide)
        if all(tried[one] == counts[one] for one in shown) and all(tried[one] > 0 for one in hide):
            yield tried


@settings(max_examples=60)
@given(trees())
@example(({"a": 3, "b": 9, "c": 0, "c1": 0, "c2": 0, "all": 12, "x": 12, "y": 0},
          [("all", ["a", "b", "c"]), ("c", ["c1", "c2"]), ("all", ["x", "y"])]))  # fmt: skip
def test_no_hidden_count_can_be_worked_out(
    drawn: tuple[dict[str, int], list[tuple[str, list[str]]]],
) -> None:
    counts, sums = drawn
    hide = hidden(counts, sums)
    assert {one for one, n in counts.items() if 0 < n < FEWEST} <= hide
    assert not {one for one in hide if counts[one] == 0}
    left = {*hide}
    for tried in alike(counts, sums, hide):
        left -= {one for one in left if tried[one] != counts[one]}
        if not left:
            return
    assert left == set()


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
