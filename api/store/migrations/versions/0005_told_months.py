"""What was told of the numbers of a month is kept: two answers tell of no single booking."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "told_months",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("document", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_told_months")),
    )


def downgrade() -> None:
    """Go back to the revision before, in which each answer is counted anew."""
    op.drop_table("told_months")
