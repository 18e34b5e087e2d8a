"""The tables of the store, alike on SQLite and PostgreSQL.

The parts of a world are kept as the documents they are read as, with what the database must know
of them beside. What a booking takes stands in :data:`CLAIMS`, one row per unit and cell: its key
is what makes that nobody is taken twice.
"""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
DOCUMENT = JSON().with_variant(JSONB(), "postgresql")
ID = String(80)
MOMENT = String(32)
"""Moments are kept as they are told: ISO 8601 in UTC, so that they compare as text."""

STORE = Table(
    "store",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("header", DOCUMENT, nullable=False),
    Column("slot_minutes", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("parts_revision", Integer, nullable=False),
    Column("audit_from", Integer, nullable=False),
    Column("audit_before", String(64), nullable=False),
    Column("began_with", String(64)),
    Column("ahead", Integer, nullable=False, server_default="0"),
    CheckConstraint("id = 1", name="alone"),
)
"""The one row of the store: the world but for its parts, how often anything has changed, and at
which of these times a part that is no booking. Of the audit log it knows the first line that was
not yet removed, and the hash of all before it. ``began_with`` is the fingerprint of the world that
filled it; ``ahead`` are the seconds by which a store to practise in is ahead of the clock.
"""


def _parts(name: str) -> Table:
    table = Table(
        name,
        METADATA,
        Column("id", String(180), primary_key=True),
        Column("position", Integer, nullable=False),
        Column("document", DOCUMENT, nullable=False),
    )
    if name == "cases":
        table.append_column(Column("withdrawn_at", MOMENT))
    return table


PARTS = {
    name: _parts(name)
    for name in (
        "locations",
        "roads",
        "resources",
        "facilities",
        "departures",
        "templates",
        "cases",
    )
}
"""The parts of a world but its bookings, in its order.

A case that was withdrawn is no part of the world any more, and stays with what became of it.
"""
CASES = PARTS["cases"]

BOOKINGS = Table(
    "bookings",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("case_id", ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("leg", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("expires_at", MOMENT),
    Column("reason", String(40)),
    Column("position", Integer, nullable=False),
    Column("document", DOCUMENT, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    CheckConstraint(
        "status IN ('proposed', 'held', 'confirmed', 'executed', 'cancelled', 'released')",
        name="status",
    ),
    CheckConstraint("(status = 'held') = (expires_at IS NOT NULL)", name="hold_expires"),
)
Index("ix_bookings_case", BOOKINGS.c.case_id)
Index(
    "uq_bookings_leg",
    BOOKINGS.c.case_id,
    BOOKINGS.c.leg,
    unique=True,
    sqlite_where=text("status NOT IN ('cancelled', 'released')"),
    postgresql_where=text("status NOT IN ('cancelled', 'released')"),
)

CLAIMS = Table(
    "claims",
    METADATA,
    Column("unit", String(200), primary_key=True),
    Column("cell", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("most", Integer, nullable=False),
    Column("booking_id", ForeignKey("bookings.id", ondelete="CASCADE"), nullable=False),
    CheckConstraint("number BETWEEN 1 AND most", name="room"),
    sqlite_with_rowid=False,
)
"""What is taken, each once: a resource in a slot, a place of a facility in a night, a seat.

``cell`` is the slot (minutes since 1970 divided by the slot), the night (days since year 1) or 0;
``number`` tells places and seats apart, up to the ``most`` there are for whoever takes one.
"""
Index("ix_claims_booking", CLAIMS.c.booking_id)

CONFIRMATIONS = Table(
    "confirmations",
    METADATA,
    Column("booking_id", ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True),
    Column("partner", String(60), primary_key=True),
    Column("answer", String(16), nullable=False),
    Column("reason", String(40)),
    Column("at", MOMENT, nullable=False),
    CheckConstraint("answer IN ('confirmed', 'declined')", name="answer"),
    CheckConstraint("(answer = 'declined') = (reason IS NOT NULL)", name="declined_why"),
)
"""What partners answered about a booking; who has not is not in it."""

CHECKS = Table(
    "checks",
    METADATA,
    Column("booking_id", ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True),
    Column("fact", ID, primary_key=True),
    Column("value", String(8), nullable=False),
    Column("since", MOMENT, nullable=False),
    Column("at", MOMENT, nullable=False),
    CheckConstraint("value IN ('yes', 'no')", name="value"),
)
"""The answers to due checks of a booking. They count for it alone: another flight asks anew."""

REQUESTS = Table(
    "requests",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("case_id", ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("repair", DOCUMENT, nullable=False),
    Column("status", String(16), nullable=False),
    Column("at", MOMENT, nullable=False),
    CheckConstraint("status IN ('open', 'done', 'refused')", name="status"),
)
"""What officers in charge ask of planners: a case, and the repair they chose."""

ANSWERS = Table(
    "answers",
    METADATA,
    Column("actor", String(120), primary_key=True),
    Column("operation", String(80), primary_key=True),
    Column("key", String(80), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", DOCUMENT, nullable=False),
    Column("at", MOMENT, nullable=False),
)
"""What was answered under an idempotency key, so that asking again changes nothing.

``request`` is the SHA-256 of what was asked.
"""

PROCESSING = Table(
    "processing_log",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("trace_id", String(32), nullable=False),
    Column("operation_id", String(16), nullable=False),
    Column("activity", String(80), nullable=False),
    Column("resource", String(40), nullable=False),
    Column("data_subject", ID, nullable=False),
    Column("data_subject_type", String(20), nullable=False),
    Column("at", MOMENT, nullable=False),
)
"""What was done with whose data (Logboek Dataverwerkingen): a record per person, and no user."""
Index("ix_processing_log_data_subject", PROCESSING.c.data_subject)
Index("ix_processing_log_at", PROCESSING.c.at)

AUDIT = Table(
    "audit_log",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", MOMENT, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("action", String(40), nullable=False),
    Column("object", String(180), nullable=False),
    Column("result", String(40), nullable=False),
    Column("origin", String(60), nullable=False),
    Column("hash", String(64), nullable=False),
)
"""Who did what, to what, with which result, from where; each line with the hash of all before."""

SPENT = Table(
    "spent",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("until", MOMENT, nullable=False),
)
"""What counts no more: the SHA-256 of logins that were answered or ended, until they would not
count anyway.
"""

TOLD_MONTHS = Table(
    "told_months",
    METADATA,
    Column("month", String(7), primary_key=True),
    Column("at", MOMENT, nullable=False),
    Column("document", DOCUMENT, nullable=False),
)
"""What was told of the numbers of a month: whoever asks again soon is told the same."""

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("owner", String(120), nullable=False),
    Column("status", String(16), nullable=False),
    Column("request", DOCUMENT, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("world", String(64)),
    Column("versions", DOCUMENT),
    Column("result", DOCUMENT),
    Column("error", String(200)),
    Column("attempts", Integer, nullable=False),
    Column("events", Integer, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("started_at", MOMENT),
    Column("finished_at", MOMENT),
    Column("worker", String(80)),
    Column("lease_until", MOMENT),
    CheckConstraint(
        "status IN ('queued', 'running', 'interrupted', 'done', 'failed', 'cancelled')",
        name="status",
    ),
    CheckConstraint("(status = 'running') = (lease_until IS NOT NULL)", name="leased"),
    CheckConstraint(
        "(status IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name="finished"
    ),
)
"""Work that takes long: who asked for what, who works on it until when, and what came of it.

``world`` is the fingerprint of the world that it began on, ``versions`` what it was worked out
with; ``events`` is how often it told how it fares.
"""
Index("ix_jobs_status", JOBS.c.status, JOBS.c.created_at)

JOB_EVENTS = Table(
    "job_events",
    METADATA,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", MOMENT, nullable=False),
    Column("document", DOCUMENT, nullable=False),
)
"""How jobs fared: each with a number, from 1 on without gaps."""
