"""An account remembers whether somebody else chose its password."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds that mark; whoever has an account already keeps their password."""
    op.add_column("account", sa.Column("password_given", sa.Boolean(), server_default=sa.false(), nullable=False))
