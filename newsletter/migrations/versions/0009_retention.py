"""What is kept of people ends: which recipients of a mailing are forgotten, and whom that is due for.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

REMEMBERED = sa.text("forgotten_to < next_position - 1")


def upgrade() -> None:
    """`mailing.forgotten_to` is explained at its model."""
    op.add_column("mailing", sa.Column("forgotten_to", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        op.f("ix_mailing_finished_at_remembered"),
        "mailing",
        ["finished_at"],
        sqlite_where=REMEMBERED,
        postgresql_where=REMEMBERED,
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_index(op.f("ix_mailing_finished_at_remembered"), "mailing")
    op.drop_column("mailing", "forgotten_to")
