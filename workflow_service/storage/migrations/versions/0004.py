"""A draft remembers who changed it beside its author."""

import sqlalchemy as sa
from alembic import op

from workflow_service.storage.columns import Json

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds their names."""
    op.add_column("bundle", sa.Column("editors", Json(), server_default="[]", nullable=False))
