"""The migrations make exactly the tables that the code speaks of, and can be undone."""

from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from api.office import Office
from api.store.database import MIGRATIONS, Database, open_database, upgrade
from api.store.tables import METADATA
from tests.store.offices import PLACED, PLANNER, Small, assert_whole, opened, small_world


def tables(connection: Connection) -> dict[str, Any]:
    """Return the tables as the database tells of them, their history left out."""
    seen = inspect(connection)
    return {
        name: {
            "columns": [
                (one["name"], str(one["type"]), one["nullable"]) for one in seen.get_columns(name)
            ],
            "key": seen.get_pk_constraint(name),
            "foreign": seen.get_foreign_keys(name),
            "unique": seen.get_unique_constraints(name),
            "checks": sorted(seen.get_check_constraints(name), key=lambda one: str(one["name"])),
            "indexes": [
                (one["name"], one["column_names"], one["unique"], _where(one))
                for one in seen.get_indexes(name)
            ],
        }
        for name in seen.get_table_names()
        if name != "alembic_version"
    }


def _where(index: Any) -> list[str]:
    """Return of which rows an index is."""
    return [str(one) for name, one in index["dialect_options"].items() if name.endswith("_where")]


def downgrade(connection: Connection, revision: str = "base") -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def test_alembic_finds_nothing_to_add(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_checks_keys_and_indexes_are_those_of_the_code(database: Database) -> None:
    with database.engine.begin() as connection:
        migrated = tables(connection)
        downgrade(connection)
        METADATA.create_all(connection)
        assert tables(connection) == migrated
        METADATA.drop_all(connection)


def test_the_last_revision_can_be_undone_and_done_again(database: Database) -> None:
    with database.engine.begin() as connection:
        migrated = tables(connection)
        downgrade(connection)
        assert tables(connection) == {}
        upgrade(connection)
        assert tables(connection) == migrated


def test_a_store_of_the_first_revision_is_brought_along(database: Database) -> None:
    begun = Small(database)
    begun.office.begin(small_world(), PLANNER)
    (held,) = begun.hold(PLACED)
    with database.engine.begin() as connection:
        downgrade(connection, "0001")
        upgrade(connection)
    office = Office(database, begun.clock)
    assert office.began_with() == small_world().fingerprint
    assert office.booking(held.booking.id) == held
    assert_whole(database)


def test_a_database_that_is_up_to_date_stays_as_it_is(database_url: str) -> None:
    with opened(database_url) as first, first.reading() as connection:
        before = tables(connection)
    with opened(database_url) as second, second.reading() as connection:
        assert tables(connection) == before != {}


def test_no_other_database_is_opened() -> None:
    with pytest.raises(ValueError, match="mysql is neither sqlite nor postgresql"):
        open_database("mysql://somewhere/store")


def test_sqlite_keeps_its_promises(database: Database, dialect: str) -> None:
    if dialect == "sqlite":
        with database.reading() as connection:
            told = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
            }
        assert told == {
            "journal_mode": "wal",
            "foreign_keys": 1,
            "synchronous": 2,
            "busy_timeout": 5000,
        }
