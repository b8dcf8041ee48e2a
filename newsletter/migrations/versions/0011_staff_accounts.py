"""Staff sign in: passwords, second factors, passkeys, sessions; roles are held for each publication.

Everybody keeps the role they had, on all publications. Nobody has a way to sign in yet: run `newsletter init --admin
EMAIL` with the first user's address, or `newsletter staff link EMAIL`, and open the link it prints.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

GRANTS = "INSERT INTO staff_grant (user_id, publication_id, role) SELECT id, NULL, role FROM staff_user ORDER BY id"
# The way back knows one role alone: the one that may most.
ROLES = """
    UPDATE staff_user SET role = coalesce((
        SELECT role FROM staff_grant WHERE staff_grant.user_id = staff_user.id AND publication_id IS NULL
        ORDER BY CASE role WHEN 'admin' THEN 1 WHEN 'approver' THEN 2 WHEN 'editor' THEN 3 ELSE 4 END LIMIT 1
    ), 'editor')
"""


def upgrade() -> None:
    """Each table and column below is explained at its model."""
    op.create_table(
        "staff_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name=op.f("fk_staff_grant_publication_id_publication")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_staff_grant_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_grant")),
    )
    op.create_index(op.f("ix_staff_grant_publication_id"), "staff_grant", ["publication_id"])
    op.create_index(
        op.f("uq_staff_grant_user_id_publication_id_role"),
        "staff_grant",
        ["user_id", "publication_id", "role"],
        unique=True,
    )
    op.create_index(
        op.f("uq_staff_grant_user_id_role_everywhere"),
        "staff_grant",
        ["user_id", "role"],
        unique=True,
        sqlite_where=sa.text("publication_id IS NULL"),
        postgresql_where=sa.text("publication_id IS NULL"),
    )
    op.execute(GRANTS)
    op.drop_column("staff_user", "role")
    op.add_column("staff_user", sa.Column("name", sa.String(length=120), nullable=False, server_default=""))
    op.add_column("staff_user", sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_user", sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_user", sa.Column("password_hash", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("staff_user", sa.Column("totp_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("staff_user", sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("staff_user", sa.Column("oidc_subject", sa.String(length=600), nullable=False, server_default=""))
    _create_ways_in()
    _create_sessions()
    op.create_index(op.f("ix_audit_entry_actor_name_at"), "audit_entry", ["actor_name", "at"])


def downgrade() -> None:
    """Take them away again; of several roles the one that may most stays."""
    op.drop_index(op.f("ix_audit_entry_actor_name_at"), "audit_entry")
    for table in ("staff_ceremony", "staff_link", "staff_session", "staff_recovery_code", "staff_passkey"):
        op.drop_table(table)
    op.add_column("staff_user", sa.Column("role", sa.String(length=20), nullable=False, server_default="editor"))
    op.execute(ROLES)
    for column in (
        "oidc_subject",
        "totp_step",
        "totp_sealed",
        "password_hash",
        "signed_in_at",
        "accepted_at",
        "name",
    ):
        op.drop_column("staff_user", column)
    op.drop_table("staff_grant")


def _create_ways_in() -> None:
    op.create_table(
        "staff_passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_staff_passkey_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_staff_passkey_credential_id")),
    )
    op.create_index(op.f("ix_staff_passkey_user_id"), "staff_passkey", ["user_id"])
    op.create_table(
        "staff_recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_staff_recovery_code_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_recovery_code")),
    )
    op.create_index(op.f("ix_staff_recovery_code_user_id"), "staff_recovery_code", ["user_id"])
    op.create_table(
        "staff_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_staff_link_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_link")),
        sa.UniqueConstraint("key", name=op.f("uq_staff_link_key")),
    )
    op.create_index(op.f("ix_staff_link_user_id"), "staff_link", ["user_id"])
    op.create_index(op.f("ix_staff_link_expires_at"), "staff_link", ["expires_at"])


def _create_sessions() -> None:
    op.create_table(
        "staff_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_staff_session_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_session_digest")),
    )
    op.create_index(op.f("ix_staff_session_user_id"), "staff_session", ["user_id"])
    op.create_index(op.f("ix_staff_session_seen_at"), "staff_session", ["seen_at"])
    op.create_table(
        "staff_ceremony",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_staff_ceremony_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_ceremony")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_ceremony_digest")),
    )
    op.create_index(op.f("ix_staff_ceremony_user_id"), "staff_ceremony", ["user_id"])
    op.create_index(op.f("ix_staff_ceremony_expires_at"), "staff_ceremony", ["expires_at"])
