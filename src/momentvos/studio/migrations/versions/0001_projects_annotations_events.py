"""Projects, videos, objects, expressions, annotations and events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of(table: str, name: str) -> sa.Column:
    return sa.Column(name, NUMBER, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False)


def _texts(*names: str, long: bool = False) -> list[sa.Column]:
    kind = sa.Text() if long else sa.String(200)
    return [sa.Column(name, kind, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _json(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.JSON(), nullable=False) for name in names]


def upgrade() -> None:
    """Go to this schema."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "studio_projects",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        *_json("raw"),
        *_numbers("wanted"),
        sa.Column("agree_at", sa.Double(), nullable=False),
        *_numbers("version"),
        sa.Column("created", time, nullable=False),
    )
    op.create_table(
        "studio_videos",
        sa.Column("id", NUMBER, primary_key=True),
        _of("studio_projects", "project_id"),
        sa.Column("name", sa.String(1024), nullable=False),
        *_numbers("frames"),
        sa.Column("fps", sa.Double(), nullable=False),
        *_numbers("width", "height"),
        *_json("place", "raw", "corrections"),
        *_numbers("version", "undos", "redos"),
        sa.UniqueConstraint("project_id", "name"),
    )
    op.create_table(
        "studio_objects",
        sa.Column("id", NUMBER, primary_key=True),
        _of("studio_videos", "video_id"),
        *_texts("name", "label"),
        sa.Column("added", sa.Boolean(), nullable=False),
        *_json("masks"),
        sa.UniqueConstraint("video_id", "name"),
    )
    op.create_table(
        "studio_expressions",
        sa.Column("id", NUMBER, primary_key=True),
        _of("studio_projects", "project_id"),
        _of("studio_videos", "video_id"),
        *_numbers("position"),
        *_texts("name"),
        *_texts("sentence", "search", long=True),
        *_texts("kind"),
        *_json("start", "raw"),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("agreement", sa.Double()),
        sa.UniqueConstraint("project_id", "position"),
        sa.UniqueConstraint("video_id", "name"),
    )
    op.create_index(
        "studio_expressions_by_status", "studio_expressions", ["project_id", "status", "position"]
    )
    op.create_table(
        "studio_annotations",
        sa.Column("id", NUMBER, primary_key=True),
        _of("studio_expressions", "expression_id"),
        *_texts("author"),
        *_json("start", "content"),
        sa.Column("state", sa.String(16), nullable=False),
        *_numbers("version", "undos", "redos"),
        sa.Column("changed", time, nullable=False),
        sa.UniqueConstraint("expression_id", "author"),
    )
    op.create_index("studio_annotations_by_author", "studio_annotations", ["author", "state"])
    op.create_table(
        "studio_events",
        sa.Column("id", NUMBER, primary_key=True),
        _of("studio_projects", "project_id"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("item", NUMBER, nullable=False),
        *_numbers("version"),
        sa.Column("key", sa.String(64)),
        *_texts("who"),
        sa.Column("at", time, nullable=False),
        *_json("change"),
        sa.UniqueConstraint("kind", "item", "version"),
        sa.UniqueConstraint("kind", "item", "key"),
    )


def downgrade() -> None:
    """Go back to the one before."""
    for name in ("events", "annotations", "expressions", "objects", "videos", "projects"):
        op.drop_table(f"studio_{name}")
