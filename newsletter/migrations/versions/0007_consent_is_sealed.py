"""Consent is sealed every day: what is cut off or taken out afterwards is missed and named.

The first seal is made by the worker, or by `newsletter consent seal`. From then on the wordings that
people were shown can be changed no more than the records can.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

APPEND_ONLY = ("consent_seal", "consent_seal_head", "consent_seal_wording", "wording")
POSTGRESQL = """
CREATE FUNCTION refuse_change_of_proof() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$ LANGUAGE plpgsql
"""


def upgrade() -> None:
    """Each table and column below is explained at its model."""
    op.create_table(
        "consent_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("chains", sa.Integer(), nullable=False),
        sa.Column("contents", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_consent_seal")),
    )
    op.create_table(
        "consent_seal_head",
        sa.Column("seal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subscriber_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seal", "subscriber_id", name=op.f("pk_consent_seal_head")),
        sa.UniqueConstraint("subscriber_id", "sequence", name=op.f("uq_consent_seal_head_subscriber_id_sequence")),
    )
    op.create_table(
        "consent_seal_wording",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_consent_seal_wording")),
    )
    op.add_column("mailing_list", sa.Column("asks_measuring", sa.Boolean(), nullable=False, server_default=sa.false()))
    _close()


def downgrade() -> None:
    """Take them away again."""
    _open()
    op.drop_column("mailing_list", "asks_measuring")
    for table in ("consent_seal_wording", "consent_seal_head", "consent_seal"):
        op.drop_table(table)


def _close() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL)
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_proof()"
            )
            op.execute(
                f"CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_proof()"
            )
            continue
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _open() -> None:
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP TRIGGER {table}_is_never_emptied ON {table}")
            op.execute(f"DROP TRIGGER {table}_is_append_only ON {table}")
            continue
        for act in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_refuses_{act}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_proof()")
