"""A typical case can be withdrawn from the library."""

import sqlalchemy as sa
from alembic import op

from workflow_service.storage.columns import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds when, by whom and why."""
    op.add_column("typical_case", sa.Column("withdrawn_at", UtcDateTime(), nullable=True))
    op.add_column("typical_case", sa.Column("withdrawn_by", sa.String(length=80), nullable=True))
    op.add_column("typical_case", sa.Column("withdrawn_for", sa.Text(), nullable=True))
