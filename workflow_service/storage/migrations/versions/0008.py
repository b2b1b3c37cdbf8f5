"""People keep filters of their lists under names."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds their table."""
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("list_name", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("query", sa.String(length=800), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("saved_filter_by_name", "saved_filter", ["account", "list_name", "name"], unique=True)
