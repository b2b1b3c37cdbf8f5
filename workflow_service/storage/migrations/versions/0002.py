"""What a case publishes gets a checksum."""

import sqlalchemy as sa
from alembic import op

from workflow_service.storage.columns import marked

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BATCH = 1000
_CASES = sa.table("case_file", sa.column("id", sa.Integer), sa.column("shared", sa.Text))


def upgrade() -> None:
    """Writes the checksum before each text that has none yet."""
    connection, last = op.get_bind(), 0
    set_text = _CASES.update().where(_CASES.c.id == sa.bindparam("at")).values(shared=sa.bindparam("text"))
    while True:
        query = sa.select(_CASES.c.id, _CASES.c.shared).where(_CASES.c.id > last).order_by(_CASES.c.id).limit(_BATCH)
        rows = connection.execute(query).all()
        if not rows:
            return
        last = rows[-1].id
        bare = [{"at": one.id, "text": marked(one.shared.encode())} for one in rows if one.shared.startswith("{")]
        if bare:
            connection.execute(set_text, bare)
