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
        "pace",
        sa.Column("key", sa.String(length=220), nullable=False),
        sa.Column("per_second", sa.Double(), nullable=True),
        sa.Column("even_at", sa.BigInteger(), nullable=False),
        sa.Column("slowed_to", sa.Double(), nullable=True),
        sa.Column("slowed_from", sa.Double(), nullable=True),
        sa.Column("slowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("holds", sa.Integer(), nullable=False),
        sa.CheckConstraint("per_second > 0", name=op.f("ck_pace_per_second")),
        sa.CheckConstraint("slowed_to > 0", name=op.f("ck_pace_slowed_to")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_pace")),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("pace")
