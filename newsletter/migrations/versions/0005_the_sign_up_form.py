"""What a list's sign-up form asks and says, and proofs of work that count once.

Each list goes on with the form it has: salutation, names and organisation, all optional, and the shipped words.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each table and column below is explained at its model."""
    op.add_column("mailing_list", sa.Column("form", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.create_table(
        "list_wording",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.String(length=320), nullable=False),
        sa.Column("ended_by", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name=op.f("fk_list_wording_list_id_mailing_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_wording")),
    )
    op.create_index(
        "uq_list_wording_in_force",
        "list_wording",
        ["list_id", "language"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "spent_proof",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("spent_on", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_spent_proof")),
    )
    op.create_index(op.f("ix_spent_proof_expires_at"), "spent_proof", ["expires_at"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("spent_proof")
    op.drop_table("list_wording")
    op.drop_column("mailing_list", "form")
