"""Many senders on many machines: what they share in the ledger.

Stop the workers before. A message that one of version 0.1.0 had begun when it died is named `unknown`; whatever else
it held goes out.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEGUN = """
    UPDATE delivery SET state = 'unknown', attempt = attempt + 1
    WHERE state IN ('queued', 'deferred') AND EXISTS (
        SELECT 1 FROM delivery_window WHERE delivery_window.mailing_id = delivery.mailing_id
        AND delivery_window.state = 'leased' AND delivery_window.begun = delivery.position)
"""
LEASED = "UPDATE delivery_window SET state = 'open', owner = '', executor = '', leased_at = NULL WHERE state = 'leased'"


def upgrade() -> None:
    """Each table and column below is explained at its model."""
    op.execute(BEGUN)
    op.execute(LEASED)
    with op.batch_alter_table("delivery_window") as window:
        window.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
        window.drop_column("begun")
    op.create_table(
        "engine_seat",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engine_seat")),
    )


def downgrade() -> None:
    """Take them away again."""
    with op.batch_alter_table("delivery_window") as window:
        window.add_column(sa.Column("begun", sa.Integer(), nullable=True))
        window.drop_column("seen_at")
    op.drop_table("engine_seat")
