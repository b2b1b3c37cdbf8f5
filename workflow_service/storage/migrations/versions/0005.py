"""A draft remembers each time it was handed in, taken back, approved, given back and published: by whom, and why."""

import sqlalchemy as sa
from alembic import op

from workflow_service.storage.columns import Json

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the list of these."""
    op.add_column("bundle", sa.Column("decisions", Json(), server_default="[]", nullable=False))
