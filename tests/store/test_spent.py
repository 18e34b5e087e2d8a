"""What is spent counts no more, once and for all who share the store, and is not kept for ever."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from sqlalchemy import func, select

from api.store.retention import Periods, retain
from api.store.spent import Spent
from api.store.tables import SPENT
from tests.store.offices import PLANNER, Clock, Small, opened


@pytest.fixture
def spent(at: Small) -> Spent:
    return Spent(at.database, at.office.now)


def kept(at: Small) -> int:
    with at.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(SPENT)).scalar_one()


def test_what_was_spent_counts_no_more_and_the_rest_does(spent: Spent) -> None:
    assert "a" not in spent
    assert spent.spend("a", 60)
    assert "a" in spent
    assert "b" not in spent
    assert not spent.spend("a", 600)


def test_every_process_on_the_store_knows(database_url: str, spent: Spent) -> None:
    with opened(database_url) as database:
        other = Spent(database, Clock())
        assert spent.spend("a", 60)
        assert "a" in other
        assert not other.spend("a", 60)


def test_of_what_is_spent_only_a_hash_is_kept(at: Small, spent: Spent) -> None:
    spent.spend("a login", 60)
    with at.database.reading() as connection:
        (key,) = connection.execute(select(SPENT.c.key)).scalars()
    assert key == sha256(b"a login").hexdigest()


def test_of_many_at_once_one_spends_it(spent: Spent) -> None:
    with ThreadPoolExecutor(8) as many:
        assert sum(many.map(lambda _: spent.spend("a", 60), range(16))) == 1


def test_what_would_not_count_anyway_is_removed(at: Small, spent: Spent) -> None:
    spent.spend("a", 60)
    spent.spend("b", 120)
    for minutes, left in (0, 2), (1, 1), (1, 0):
        at.clock.wait(minutes=minutes)
        with at.database.writing() as connection:
            retain(connection, Periods(), PLANNER, at.office.now())
        assert kept(at) == left
