"""Many senders on many machines: what they share in the ledger.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each table and column below is explained at its model."""
    op.create_table(
        "engine_seat",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engine_seat")),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("engine_seat")
