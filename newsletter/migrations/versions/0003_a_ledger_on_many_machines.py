"""Many senders on many machines: what they share in the ledger.

Stop the workers before. A message that one of version 0.1.0 had begun when it died is named `unknown`; whatever else
it held goes out.

Revision ID: 0003
Revises: 0002
"""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEGUN = """
    UPDATE delivery SET state = 'unknown', attempt = attempt + 1
    WHERE state IN ('queued', 'deferred') AND EXISTS (
        SELECT 1 FROM delivery_window WHERE delivery_window.mailing_id = delivery.mailing_id
        AND delivery_window.state = 'leased' AND delivery_window.begun = delivery.position)
"""
LEASED = "UPDATE delivery_window SET state = 'open', owner = '', executor = '', leased_at = NULL WHERE state = 'leased'"
# A row in doubt is found by its attempt without an answer.
UNANSWERED = """
    INSERT INTO delivery_attempt (mailing_id, position, attempt, at, relay, code, enhanced, reply)
    SELECT mailing_id, position, attempt, coalesce(at, CURRENT_TIMESTAMP), relay, NULL, '', reply FROM delivery
    WHERE state = 'unknown' AND NOT EXISTS (
        SELECT 1 FROM delivery_attempt AS known WHERE known.mailing_id = delivery.mailing_id
        AND known.position = delivery.position AND known.attempt = delivery.attempt AND known.code IS NULL)
"""


def upgrade() -> None:
    """Each table and column below is explained at its model."""
    _upgrade_ledger()
    op.create_table(
        "engine_seat",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engine_seat")),
    )
    op.create_table(
        "pace",
        sa.Column("key", sa.String(length=220), nullable=False),
        sa.Column("per_second", sa.Double(), nullable=True),
        sa.Column("even_at", sa.BigInteger(), nullable=False),
        sa.Column("slowed_to", sa.Double(), nullable=True),
        sa.Column("slowed_from", sa.Double(), nullable=True),
        sa.Column("slowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("holds", sa.Integer(), nullable=False),
        sa.CheckConstraint("per_second > 0", name=op.f("ck_pace_per_second")),
        sa.CheckConstraint("slowed_to > 0", name=op.f("ck_pace_slowed_to")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_pace")),
    )
    _upgrade_alerts()
    _upgrade_restore()


def downgrade() -> None:
    """Take them away again."""
    _downgrade_restore()
    _downgrade_alerts()
    op.drop_table("pace")
    op.drop_table("engine_seat")
    _downgrade_ledger()


def _upgrade_ledger() -> None:
    op.execute(BEGUN)
    op.execute(LEASED)
    if op.get_bind().dialect.name == "postgresql":
        # Version 0.1.0 had these; looking them up took half the time of planning. SQLite keeps them where they are.
        for column, table in (("subscriber_id", "subscriber"), ("subscription_id", "subscription")):
            op.execute(f"ALTER TABLE delivery DROP CONSTRAINT IF EXISTS fk_delivery_{column}_{table}")
    with op.batch_alter_table("delivery_window") as window:
        window.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
        window.add_column(sa.Column("batch", sa.Integer(), nullable=False, server_default="1"))
        window.drop_column("begun")
    with op.batch_alter_table("delivery_window") as window:
        window.alter_column("batch", server_default=None)
    op.create_index(op.f("ix_delivery_window_mailing_id_batch"), "delivery_window", ["mailing_id", "batch"])
    op.create_table(
        "delivery_batch",
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name=op.f("fk_delivery_batch_mailing_id_mailing")),
        sa.PrimaryKeyConstraint("mailing_id", "number", name=op.f("pk_delivery_batch")),
    )


def _downgrade_ledger() -> None:
    op.drop_table("delivery_batch")
    op.drop_index(op.f("ix_delivery_window_mailing_id_batch"), "delivery_window")
    with op.batch_alter_table("delivery_window") as window:
        window.add_column(sa.Column("begun", sa.Integer(), nullable=True))
        window.drop_column("seen_at")
        window.drop_column("batch")


def _upgrade_alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("mailing_id", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=320), nullable=False),
        sa.Column("mail_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_failures", sa.Integer(), nullable=False),
        sa.Column("hook_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hooked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hook_failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name=op.f("fk_alert_mailing_id_mailing")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index(
            "uq_alert_key_open",
            ["key"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_alert_key_mailed_at"), ["key", "mailed_at"], unique=False)
    with op.batch_alter_table("mailing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stopped_for", sa.String(length=10), nullable=False, server_default=""))
    with op.batch_alter_table("relay", schema=None) as batch_op:
        batch_op.add_column(sa.Column("since", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("staff_user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("language", sa.String(length=5), nullable=False, server_default="de"))
    op.execute(UNANSWERED)
    op.create_index(
        "ix_delivery_attempt_unanswered",
        "delivery_attempt",
        ["mailing_id", "position"],
        unique=False,
        sqlite_where=sa.text("code IS NULL"),
        postgresql_where=sa.text("code IS NULL"),
    )


def _downgrade_alerts() -> None:
    op.drop_index("ix_delivery_attempt_unanswered", table_name="delivery_attempt")
    op.drop_column("staff_user", "language")
    op.drop_column("relay", "since")
    op.drop_column("mailing", "stopped_for")
    op.drop_table("alert")


def _upgrade_restore() -> None:
    op.create_table(
        "journal_folder",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("doubt", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_folder")),
    )
    with op.batch_alter_table("installation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("install_id", sa.String(length=36), nullable=False, server_default=""))
    with op.batch_alter_table("installation", schema=None) as batch_op:
        batch_op.alter_column("install_id", server_default=None)
    op.execute(sa.text("UPDATE installation SET install_id = :made").bindparams(made=str(uuid.uuid4())))


def _downgrade_restore() -> None:
    op.drop_column("installation", "install_id")
    op.drop_table("journal_folder")
