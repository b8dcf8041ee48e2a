"""Sources can be looked after: paused, asked at once, with their last success and what is wrong as a code.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The columns are explained at their model; who did not fail the last time succeeded then."""
    for name in ("succeeded_at", "paused_at", "wanted_at"):
        op.add_column("source", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("source", sa.Column("trouble", sa.String(length=20), nullable=False, server_default=""))
    op.add_column("source", sa.Column("detail", sa.String(length=200), nullable=False, server_default=""))
    op.execute("UPDATE source SET succeeded_at = checked_at WHERE failure = ''")


def downgrade() -> None:
    """Take them away again."""
    for name in ("detail", "trouble", "wanted_at", "paused_at", "succeeded_at"):
        op.drop_column("source", name)
