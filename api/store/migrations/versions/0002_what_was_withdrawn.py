"""What was withdrawn stays, and a store to practise in has a clock of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("cases", sa.Column("withdrawn_at", sa.String(length=32)))
    op.add_column("store", sa.Column("began_with", sa.String(length=64)))
    op.add_column("store", sa.Column("ahead", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE store SET began_with = (SELECT substr(object, 7) FROM audit_log"
        " WHERE action = 'import' AND result = 'done' ORDER BY number LIMIT 1)"
    )


def downgrade() -> None:
    """Go back to the revision before, in which a case that was withdrawn leaves nothing."""
    op.execute("DELETE FROM cases WHERE withdrawn_at IS NOT NULL")
    op.drop_column("cases", "withdrawn_at")
    op.drop_column("store", "ahead")
    op.drop_column("store", "began_with")
