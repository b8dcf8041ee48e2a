"""Several people write one issue: each revision says how it came about, so that everybody undoes only their own.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The columns are explained at their model; what was saved until now were edits."""
    op.add_column("issue_revision", sa.Column("act", sa.String(length=10), nullable=False, server_default="edit"))
    op.add_column("issue_revision", sa.Column("places", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take them away again."""
    op.drop_column("issue_revision", "places")
    op.drop_column("issue_revision", "act")
