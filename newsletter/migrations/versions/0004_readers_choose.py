"""What readers choose for themselves: topics, a pause, a region.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each table and column below is explained at its model."""
    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name=op.f("fk_topic_list_id_mailing_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("list_id", "slug", name=op.f("uq_topic_list_id_slug")),
    )
    op.create_table(
        "subscription_topic",
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_subscription_topic_subscription_id_subscription")
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_subscription_topic_topic_id_topic")),
        sa.PrimaryKeyConstraint("subscription_id", "topic_id", name=op.f("pk_subscription_topic")),
    )
    op.create_index(op.f("ix_subscription_topic_topic_id"), "subscription_topic", ["topic_id"])
    op.add_column("subscriber", sa.Column("region", sa.String(length=120), nullable=False, server_default=""))
    op.add_column("subscription", sa.Column("topics_chosen", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("subscription", sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take them away again."""
    op.drop_column("subscription", "paused_until")
    op.drop_column("subscription", "topics_chosen")
    op.drop_column("subscriber", "region")
    op.drop_table("subscription_topic")
    op.drop_table("topic")
