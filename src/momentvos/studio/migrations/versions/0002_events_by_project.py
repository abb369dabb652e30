"""The newest event of a project is found without reading those of all.

Every export asks for it, and a project that is removed for all of them.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this schema."""
    op.create_index("studio_events_by_project", "studio_events", ["project_id", "id"])


def downgrade() -> None:
    """Go back to the one before."""
    op.drop_index("studio_events_by_project", "studio_events")
