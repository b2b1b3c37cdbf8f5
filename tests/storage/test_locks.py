"""Locks on PostgreSQL: nobody waits for ever, nobody holds one for ever, and two that start together do not meet."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import InternalError

from tests import office
from workflow_service import errors, serving, settings
from workflow_service.cases import lifecycle
from workflow_service.queues import postgres
from workflow_service.storage import database, migrations, reference, steps, tables

IMPATIENT = "-c lock_timeout=300ms -c idle_in_transaction_session_timeout=2s"


@pytest.fixture
def desk(new_postgres: Callable[[], str], now: datetime) -> Iterator[office.Office]:
    """An office whose connections are impatient."""
    url = sa.make_url(new_postgres()).update_query_dict({"options": IMPATIENT})
    db = database.open_database(url.render_as_string(hide_password=False))
    yield office.make(db, now, office.two_steps())
    db.engine.dispose()


def test_who_holds_a_case_and_stands_still_loses_it_and_the_others_are_answered_meanwhile(
    desk: office.Office,
) -> None:
    task = desk.task(desk.open("apply", "intake", matter="x"), "review_it")
    with desk.db.engine.connect() as still:
        still.execute(sa.select(tables.Case.id).with_for_update())

        with pytest.raises(errors.Unavailable):
            desk.claim("clerk1", task)

        time.sleep(2.5)
        desk.claim("clerk1", task)
        with pytest.raises(InternalError):
            still.execute(sa.select(1))
        still.invalidate()


@pytest.mark.parametrize("by_the_driver", [True, False])
def test_who_stood_still_with_work_begun_is_told_that_nothing_was_saved(
    desk: office.Office, by_the_driver: bool
) -> None:
    number = desk.open("apply", "intake", matter="x")

    with pytest.raises(errors.Unavailable), desk.work() as session:
        case = lifecycle.lock(session, number)
        time.sleep(2.5)
        if by_the_driver:
            steps.save_case(session, case)
        else:
            lifecycle.lock(session, number)

    desk.claim("clerk1", desk.task(number, "review_it"))


def test_by_itself_no_connection_waits_or_holds_longer_than_half_a_minute(new_postgres: Callable[[], str]) -> None:
    db = database.open_database(new_postgres())
    with db.engine.connect() as connection:
        shown = [connection.scalar(sa.text(f"SHOW {name}")) for name in
                 ("lock_timeout", "idle_in_transaction_session_timeout")]  # fmt: skip
    with database.snapshot(db) as session:
        assert session.scalar(sa.text("SHOW idle_in_transaction_session_timeout")) == "0"
    db.engine.dispose()

    assert shown == ["10s", "30s"]


@pytest.fixture
def empty(new_postgres: Callable[[], str]) -> str:
    """The URL of a database without a table."""
    url = new_postgres()
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    admin.dispose()
    return url


def _both(act: Callable[[], object]) -> list[Exception]:
    """Does something in two threads at once; gives what went wrong."""
    failures: list[Exception] = []

    def run() -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001  a thread that fails is told of by the test
            failures.append(error)

    both = [threading.Thread(target=run) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    return failures


def test_two_processes_that_start_together_on_an_empty_database_make_its_tables_once(empty: str) -> None:
    def begin() -> None:
        db = database.open_database(empty)
        try:
            migrations.upgrade(db)
            postgres.install(db)
        finally:
            db.engine.dispose()

    assert _both(begin) == []


def test_two_processes_that_start_together_on_an_empty_database_fill_it_once(empty: str) -> None:
    chosen = settings.Settings(database=empty)

    assert _both(lambda: serving.open_ready(chosen).engine.dispose()) == []

    db = database.open_database(empty)
    with database.reading(db) as session:
        bundles = session.query(reference.Bundle.place, reference.Bundle.version).order_by(reference.Bundle.id).all()
        assert [tuple(one) for one in bundles] == [("city", 1), ("west", 1)]
        assert session.query(reference.CalendarVersion).count() == 1
    db.engine.dispose()
