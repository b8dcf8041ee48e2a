"""A recipient's topics decide which blocks of an issue they get; and those who have an issue open see each other.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of what was planned until now all get the same."""
    op.add_column("delivery", sa.Column("variant", sa.BigInteger(), nullable=True))
    op.create_table(
        "issue_presence",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=320), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_issue_presence_issue_id_issue"),
        sa.PrimaryKeyConstraint("issue_id", "who", name="pk_issue_presence"),
    )


def downgrade() -> None:
    """Take both away again."""
    op.drop_table("issue_presence")
    op.drop_column("delivery", "variant")
