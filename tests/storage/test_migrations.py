"""A database of an earlier revision keeps what it holds when it is brought to this one."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from workflow_service import errors
from workflow_service.storage import database, migrations, tables
from workflow_service.storage.columns import Json


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> database.Database:
    """A database without tables."""
    if request.param == "sqlite":
        return database.open_database(f"sqlite:///{tmp_path_factory.mktemp('empty') / 'x.db'}")
    db = database.open_database(request.getfixturevalue("new_postgres")())
    with db.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    return db


def test_what_cases_publish_gets_its_checksum(empty: database.Database, now: datetime) -> None:
    migrations.upgrade(empty, "0001")
    said = {"number": "1", "title": "容错申请"}
    row = {
        "number": "1", "process": "intake", "title": "", "place": "city", "status": "registered", "version": 0,
        "bundle": "b" * 64, "opened_at": now, "opened_by": "a", "related": [], "retention": None,
    }  # fmt: skip
    with empty.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(
            sa.insert(tables.Case.__table__).values(**row, shared=sa.bindparam("said", said, type_=Json()))
        )

    migrations.upgrade(empty)

    with database.reading(empty) as session:
        assert session.scalar(sa.select(tables.Case.shared)) == said
    with database.transaction(empty) as session:
        session.execute(sa.text("UPDATE case_file SET shared = replace(shared, '容错', '纠错')"))
    with database.reading(empty) as session, pytest.raises(errors.CannotAdvance):
        session.scalar(sa.select(tables.Case.shared))
    empty.engine.dispose()
