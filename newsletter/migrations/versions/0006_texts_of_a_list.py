"""What a list says in its own words: texts of system mails and public pages, with their history.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table is explained at its model."""
    op.create_table(
        "list_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("passage", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name=op.f("fk_list_text_list_id_mailing_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_text")),
    )
    op.create_index("ix_list_text_list_id_language_passage", "list_text", ["list_id", "language", "passage"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("list_text")
