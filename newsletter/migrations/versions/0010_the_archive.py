"""The archive: the issues that went out, as pages, feed and search, and corrections of them.

Issues that went out before are put into it by `newsletter init`. The archive of a list that exists is unlisted
until somebody says otherwise: an upgrade shows nothing to search engines.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each table below is explained at its model."""
    op.create_table(
        "list_archive",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.CheckConstraint("visibility IN ('public', 'unlisted', 'off')", name=op.f("ck_list_archive_visibility")),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name=op.f("fk_list_archive_list_id_mailing_list")),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_list_archive")),
    )
    op.create_table(
        "archived_issue",
        sa.Column("issue_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_archived_issue_issue_id_issue")),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name=op.f("fk_archived_issue_list_id_mailing_list")),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name=op.f("fk_archived_issue_mailing_id_mailing")),
        sa.PrimaryKeyConstraint("issue_id", name=op.f("pk_archived_issue")),
        sa.UniqueConstraint("list_id", "slug", name=op.f("uq_archived_issue_list_id_slug")),
    )
    op.create_index("ix_archived_issue_list_id_published_at", "archived_issue", ["list_id", "published_at"])
    op.create_index(op.f("ix_archived_issue_mailing_id"), "archived_issue", ["mailing_id"])
    op.create_table(
        "archived_words",
        sa.Column("issue_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("teaser", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["archived_issue.issue_id"], name=op.f("fk_archived_words_issue_id_archived_issue")
        ),
        sa.PrimaryKeyConstraint("issue_id", name=op.f("pk_archived_words")),
    )
    op.create_table(
        "issue_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_correction_issue_id_issue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_correction")),
    )
    op.create_index(op.f("ix_issue_correction_issue_id"), "issue_correction", ["issue_id"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("issue_correction")
    op.drop_table("archived_words")
    op.drop_table("archived_issue")
    op.drop_table("list_archive")
