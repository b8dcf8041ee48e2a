"""The mailings of an issue are found without looking through all mails of the system.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    has_one = sa.text("issue_id IS NOT NULL")
    op.create_index("ix_mailing_issue_id", "mailing", ["issue_id"], sqlite_where=has_one, postgresql_where=has_one)


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_mailing_issue_id", table_name="mailing")
