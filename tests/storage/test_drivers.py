"""What is written for nobody to read goes to a server later, in order, and never otherwise than if it had gone at once."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.storage import database, tables
from workflow_service.storage.prepared import Prepared

SERIES = tables.NumberSeries
_ADD = Prepared(sa.insert(SERIES))
_SET = Prepared(
    sa.update(SERIES).where(SERIES.code == sa.bindparam("at_code")).values(last=sa.bindparam("last", type_=sa.Integer))
)


def _add(session: Session, *codes: str) -> None:
    _ADD.write(session, *({"code": one, "year": 2026, "last": 1} for one in codes))


def _by_mapper(session: Session) -> list[int]:
    return list(session.scalars(sa.select(SERIES.last).order_by(SERIES.code)))


def _by_statement(session: Session) -> list[int]:
    asked = Prepared(sa.select(SERIES.last).order_by(SERIES.code))
    return [row[0] for row in asked.run(session, {}).fetchall()]


def _last(db: database.Database) -> list[int]:
    with database.reading(db) as session:
        return _by_mapper(session)


@pytest.mark.parametrize("ask", [_by_mapper, _by_statement])
def test_whoever_asks_sees_what_was_written_before(db: database.Database, ask: Callable[[Session], list[int]]) -> None:
    with database.transaction(db) as session:
        _add(session, "A", "B")
        _SET.write(session, {"at_code": "A", "last": 7})
        assert ask(session) == [7, 1]
        _SET.write(session, {"at_code": "B", "last": 8})

    assert _last(db) == [7, 8]


def test_what_is_written_last_is_committed_with_and_without_the_mapper(db: database.Database) -> None:
    with database.transaction(db) as session:
        session.add(SERIES(code="M", year=2026, last=5))
        session.flush()
        _SET.write(session, {"at_code": "M", "last": 6})
    with database.transaction(db) as session:
        _SET.write(session, {"at_code": "M", "last": session.scalar(sa.select(SERIES.last)) + 1})

    assert _last(db) == [7]


@pytest.mark.parametrize("asks", [False, True])
def test_nothing_of_it_stays_when_the_step_fails(db: database.Database, asks: bool) -> None:
    with pytest.raises(errors.NotAllowed), database.transaction(db) as session:
        _add(session, "A")
        if asks:
            assert _by_mapper(session) == [1]
        _add(session, "B")
        raise errors.NotAllowed("不可以")
    with database.transaction(db) as session:
        _add(session, "C")

    assert _last(db) == [1]


def test_a_statement_that_the_database_refuses_refuses_the_whole(db: database.Database) -> None:
    with pytest.raises(errors.Conflict), database.transaction(db) as session:
        _add(session, "A")
        _add(session, "A")
        _add(session, "B")

    assert _last(db) == []
    with database.transaction(db) as session:
        _add(session, "A")
    assert _last(db) == [1]


def test_thousands_of_rows_are_written_in_order(db: database.Database) -> None:
    with database.transaction(db) as session:
        _add(session, "A")
        for last in range(2, 1300):
            _SET.write(session, {"at_code": "A", "last": last})
        _add(session, *(f"B{n:04}" for n in range(700)))

    found = _last(db)
    assert (found[0], len(found)) == (1299, 701)


def test_what_a_step_writes_goes_to_the_server_together(new_postgres: Callable[[], str]) -> None:
    db = database.open_database(new_postgres())

    with database.transaction(db) as session:
        driver = session.info["driver"]
        raw = session.connection().connection.driver_connection
        assert not raw.info.transaction_status  # not even its beginning has been said
        _add(session, "A", "B", "C")
        assert driver.is_in_transaction()
        assert not raw.info.transaction_status
        assert _by_statement(session) == [1, 1, 1]
        assert raw.info.transaction_status
    db.engine.dispose()
