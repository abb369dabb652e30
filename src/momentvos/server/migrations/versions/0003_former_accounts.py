"""Names of accounts that were removed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this schema."""
    op.create_table(
        "former_accounts",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("removed", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Go back to the one before."""
    op.drop_table("former_accounts")
