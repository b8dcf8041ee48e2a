"""Links by which readers get, move or delete what is kept of them, each of which counts an hour and once.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table is explained at its model, `ErrandState`."""
    op.create_table(
        "errand",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("errand", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name=op.f("fk_errand_subscriber_id_subscriber")),
        sa.PrimaryKeyConstraint("subscriber_id", "errand", name=op.f("pk_errand")),
    )


def downgrade() -> None:
    """Links that were mailed count no more."""
    op.drop_table("errand")
