"""A login that was answered or ended counts no more, whichever process is asked."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "spent",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("until", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_spent")),
    )


def downgrade() -> None:
    """Go back to the revision before, in which logins that ended are not known."""
    op.drop_table("spent")
