"""The connections that stay open: what one commit waits for, what a reader sees, and what follows a lost server."""

import time
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests import office
from workflow_service import errors
from workflow_service.storage import connections, database, numbers, tables
from workflow_service.storage.prepared import Prepared

PATIENCE = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
PATIENT = {"sqlite": 2, "postgresql": "on"}
HURRIED = {"sqlite": 1, "postgresql": "off"}


def _patience(db: database.Database, *, hurried: bool) -> object:
    with database.transaction(db, hurried=hurried) as session:
        return session.scalar(sa.text(PATIENCE[db.engine.dialect.name]))


_LAST = Prepared(sa.select(sa.func.coalesce(sa.func.max(tables.NumberSeries.last), sa.literal_column("0"))))


def _last(session: Session) -> int:
    return int(_LAST.run(session, {}).fetchone()[0])


def _count(db: database.Database) -> int:
    with database.reading(db) as session:
        return session.query(tables.IssuedNumber).count()


def test_only_a_hurried_commit_does_not_wait_for_the_disk(db: database.Database) -> None:
    kind = db.engine.dialect.name

    found = [_patience(db, hurried=one) for one in (False, True, False, True)]

    assert found == [PATIENT[kind], HURRIED[kind], PATIENT[kind], HURRIED[kind]]


def test_what_was_done_without_and_with_the_mapper_is_committed_together(db: database.Database, now: datetime) -> None:
    with database.transaction(db) as session:
        numbers.take(session, now, "RC", 2026, "")
        session.add(tables.NumberSeries(code="X", year=2026, last=7))

    with database.reading(db) as session:
        assert session.get_one(tables.NumberSeries, ("X", 2026)).last == 7
    assert _count(db) == 1


def test_an_error_undoes_what_was_done_without_and_with_the_mapper(db: database.Database, now: datetime) -> None:
    with pytest.raises(errors.NotAllowed), database.transaction(db) as session:
        numbers.take(session, now, "RC", 2026, "")
        session.add(tables.NumberSeries(code="X", year=2026, last=7))
        session.flush()
        raise errors.NotAllowed("no")

    with database.reading(db) as session:
        assert session.get(tables.NumberSeries, ("X", 2026)) is None
        assert session.query(tables.IssuedNumber).count() == 0


def test_a_reader_on_sqlite_sees_one_state_while_others_write(sqlite: database.Database, now: datetime) -> None:
    with database.reading(sqlite) as session:
        before = _last(session)
        with database.transaction(sqlite) as other:
            numbers.take(other, now, "RC", 2026, "")

        assert (before, _last(session)) == (0, 0)

    with database.reading(sqlite) as session:
        assert _last(session) == 1


def test_a_server_that_was_restarted_while_nobody_asked_is_not_noticed(
    new_postgres: object, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    db = database.open_database(new_postgres())  # type: ignore[operator]  # a fixture that makes databases
    with database.transaction(db) as session:
        numbers.take(session, now, "RC", 2026, "")
    _cut(db)
    monkeypatch.setattr(connections, "FRESH_SECONDS", 0.0)

    assert _count(db) == 1
    with database.transaction(db) as session:
        assert numbers.take(session, now, "RC", 2026, "") == 2
    db.engine.dispose()


def test_a_server_that_goes_away_under_load_is_said_to_be_away_once(new_postgres: object, now: datetime) -> None:
    db = database.open_database(new_postgres())  # type: ignore[operator]  # a fixture that makes databases
    assert _count(db) == 0
    _cut(db)

    with pytest.raises(errors.Unavailable), database.transaction(db) as session:
        numbers.take(session, now, "RC", 2026, "")

    with database.transaction(db) as session:
        assert numbers.take(session, now, "RC", 2026, "") == 1
    db.engine.dispose()


def _cut(db: database.Database) -> None:
    """Ends every connection that the service keeps, as a restart of the server does."""
    others = sa.create_engine(db.engine.url, poolclass=sa.NullPool)
    with others.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    time.sleep(0.1)


def test_connections_end_with_the_database(db: database.Database, now: datetime) -> None:
    with database.transaction(db) as session:
        raw = session.connection().connection.driver_connection
        numbers.take(session, now, "RC", 2026, "")
    db.engine.dispose()

    with pytest.raises(Exception, match="closed"):
        raw.execute("SELECT 1")
    assert _count(db) == 1


def test_the_file_of_a_stopped_service_holds_what_lay_in_its_log(
    sqlite: database.Database, now: datetime, tmp_path: Path
) -> None:
    desk = office.make(sqlite, now, office.two_steps())
    number = desk.open("apply", "intake", matter="x")

    database.gather(sqlite)

    copied = tmp_path / "copied.db"
    copied.write_bytes(Path(str(sqlite.engine.url.database)).read_bytes())
    with database.open_database(f"sqlite:///{copied}").engine.connect() as alone:
        assert alone.execute(sa.select(tables.Case.number)).scalars().all() == [number]


def test_the_log_has_its_whole_length_from_the_beginning_and_the_database_stays_as_it_was(
    sqlite: database.Database, now: datetime, tmp_path: Path
) -> None:
    before = (tmp_path / "test.db").read_bytes()

    database.make_room(sqlite)

    assert (tmp_path / "test.db-wal").stat().st_size >= 4000 * 4096
    assert (tmp_path / "test.db").read_bytes() == before
    with database.transaction(sqlite) as session:
        numbers.take(session, now, "RC", 2026, "")
    assert (_count(sqlite), _settings(sqlite)) == (1, (2, 4000, -32000))


def test_where_the_disk_has_no_room_for_the_whole_log_the_service_works_all_the_same(
    sqlite: database.Database, now: datetime
) -> None:
    raw = sqlite.engine.raw_connection()
    pages = raw.cursor().execute("PRAGMA page_count").fetchone()[0]
    raw.cursor().execute(f"PRAGMA max_page_count={pages + 50}")
    raw.close()

    database.make_room(sqlite)

    with database.transaction(sqlite) as session:
        numbers.take(session, now, "RC", 2026, "")
    assert (_count(sqlite), _settings(sqlite)) == (1, (2, 4000, -32000))


def _settings(db: database.Database) -> tuple[int, ...]:
    with database.reading(db) as session:
        names = ("synchronous", "wal_autocheckpoint", "cache_size")
        return tuple(session.scalar(sa.text(f"PRAGMA {one}")) for one in names)
