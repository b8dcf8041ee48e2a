"""Consent records are append-only: triggers refuse to change or delete one.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

POSTGRESQL = """
CREATE FUNCTION refuse_consent_change() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'consent records are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$ LANGUAGE plpgsql
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL)
        op.execute(
            "CREATE TRIGGER consent_record_is_append_only BEFORE UPDATE OR DELETE ON consent_record "
            "FOR EACH ROW EXECUTE FUNCTION refuse_consent_change()"
        )
        op.execute(
            "CREATE TRIGGER consent_record_is_never_emptied BEFORE TRUNCATE ON consent_record "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_consent_change()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER consent_record_refuses_{act.lower()} BEFORE {act} ON consent_record "
            "BEGIN SELECT RAISE(ABORT, 'consent records are append-only'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER consent_record_is_never_emptied ON consent_record")
        op.execute("DROP TRIGGER consent_record_is_append_only ON consent_record")
        op.execute("DROP FUNCTION refuse_consent_change()")
        return
    op.execute("DROP TRIGGER consent_record_refuses_update")
    op.execute("DROP TRIGGER consent_record_refuses_delete")
