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
        window.add_column(sa.Column("batch", sa.Integer(), nullable=False, server_default="1"))
        window.drop_column("begun")
    with op.batch_alter_table("delivery_window") as window:
        window.alter_column("batch", server_default=None)
    op.create_index(op.f("ix_delivery_window_mailing_id_batch"), "delivery_window", ["mailing_id", "batch"])
    op.create_table(
        "delivery_batch",
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name=op.f("fk_delivery_batch_mailing_id_mailing")),
        sa.PrimaryKeyConstraint("mailing_id", "number", name=op.f("pk_delivery_batch")),
    )
    op.create_table(
        "engine_seat",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engine_seat")),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("delivery_batch")
    op.drop_index(op.f("ix_delivery_window_mailing_id_batch"), "delivery_window")
    with op.batch_alter_table("delivery_window") as window:
        window.add_column(sa.Column("begun", sa.Integer(), nullable=True))
        window.drop_column("seen_at")
        window.drop_column("batch")
    op.drop_table("engine_seat")
