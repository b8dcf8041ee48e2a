"""A recipient's topics decide which blocks of an issue they get: planning freezes which.

Revision ID: 0015
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of what was planned until now all get the same."""
    op.add_column("delivery", sa.Column("variant", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("delivery", "variant")
