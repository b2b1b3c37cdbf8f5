"""What a queue must keep, whichever it is: wake for what was committed, never for what was not, and lose nothing."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import office
from tests.chaos.conftest import with_service
from workflow_service import errors, worker
from workflow_service.audit import oracle
from workflow_service.queues import embedded, postgres
from workflow_service.storage import database, people, tables


class Queued:
    """An office whose jobs go through one of the queues; ``work`` lets the queue's own worker do what it was woken for."""

    def __init__(self, desk: office.Office, work: Callable[[], None]) -> None:
        self.desk, self.work = desk, work


@pytest.fixture(params=["embedded", "postgres"])
def queued(request: pytest.FixtureRequest, now: datetime) -> Iterator[Queued]:
    if request.param == "embedded":
        db = request.getfixturevalue("sqlite")
        db.queue = embedded.Bell()
        desk = office.make(db, now, with_service())
        yield Queued(desk, lambda: _settle(desk))
        return
    yield request.getfixturevalue("on_postgres")


@pytest.fixture
def on_postgres(new_postgres: Callable[[], str], now: datetime) -> Iterator[Queued]:
    """An office whose jobs go through PostgreSQL."""
    url = new_postgres()
    db = database.open_database(url)
    postgres.install(db)
    db.queue = postgres.Deferrer()
    desk = office.make(db, now, with_service())
    yield Queued(desk, lambda: _work(desk, url))
    db.engine.dispose()


def _work(desk: office.Office, url: str) -> None:
    """Lets a worker empty the queue in a thread: it runs an event loop, and the browser of other tests holds this one's."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(postgres.Service(desk.worker(), url).run, wait=False).result()


def _settle(desk: office.Office) -> None:
    worker.run_due_jobs(desk.worker())


def _states(desk: office.Office) -> list[str]:
    with desk.look() as session:
        return list(session.scalars(sa.select(tables.Job.status).order_by(tables.Job.id)))


def test_a_committed_job_is_done(queued: Queued) -> None:
    number = queued.desk.open("apply", "intake", matter="x")

    queued.work()

    assert _states(queued.desk) == ["done"]
    assert queued.desk.task(number, "review_it")


def test_a_job_that_was_not_committed_is_never_done(queued: Queued) -> None:
    with pytest.raises(errors.Invalid):
        queued.desk.open("apply", "intake", matter="")

    queued.work()

    assert _states(queued.desk) == []


def test_working_twice_does_it_once(queued: Queued) -> None:
    queued.desk.open("apply", "intake", matter="x")

    queued.work()
    queued.work()

    with queued.desk.look() as session:
        assert session.query(tables.Entry).filter_by(kind="returned").count() == 1
        assert oracle.examine(session, queued.desk.time) == []


def test_an_operation_this_release_does_not_know_stops_no_other(queued: Queued) -> None:
    queued.desk.open("apply", "intake", matter="x")
    with queued.desk.work() as session:
        session.execute(sa.update(tables.Job).values(kind="notification.of_the_future"))
    second = queued.desk.open("apply", "intake", matter="y")

    queued.work()

    assert queued.desk.task(second, "review_it")


def test_losing_the_whole_queue_loses_nothing(on_postgres: Queued) -> None:
    desk = on_postgres.desk
    numbers = [desk.open("apply", "intake", matter=str(n)) for n in range(5)]
    with desk.db.engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE procrastinate_jobs CASCADE"))
    desk.time = desk.time.replace(minute=5)

    postgres.install(desk.db)
    assert postgres.defer_overdue(desk.worker()) == 5
    on_postgres.work()

    assert all(desk.task(number, "review_it") for number in numbers)


def test_what_a_worker_was_woken_for_when_it_died_is_done_by_the_next_one_at_once(on_postgres: Queued) -> None:
    desk = on_postgres.desk
    number = desk.open("apply", "intake", matter="x")
    with desk.db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE procrastinate_jobs SET status = 'doing'"))
    desk.time = desk.time.replace(second=1)

    on_postgres.work()

    assert desk.task(number, "review_it")


def test_a_worker_that_is_told_to_stop_before_it_has_begun_ends_at_once(
    new_postgres: Callable[[], str], now: datetime
) -> None:
    url = new_postgres()
    db = database.open_database(url)
    postgres.install(db)
    service = postgres.Service(office.make(db, now, with_service()).worker(), url)

    service.stop()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(service.run).result(timeout=20)

    db.engine.dispose()


class StuckMail:
    """A mail server that never answers while ``let_go`` is not set, for mails with this text."""

    def __init__(self, text: str) -> None:
        self.text, self.let_go = text, threading.Event()

    def send(self, key: str, to: Sequence[str], subject: str, text: str) -> None:
        if text == self.text:
            self.let_go.wait(60)


def test_a_call_that_hangs_keeps_no_other_case_waiting(sqlite: database.Database, now: datetime) -> None:
    sqlite.queue = bell = embedded.Bell()
    desk, mail = office.make(sqlite, now, with_service()), StuckMail("slow")
    with desk.work() as session:
        session.execute(sa.update(people.Account).values(email="somebody@example.org"))
    dispatcher = embedded.Dispatcher(replace(desk.worker(), mail=mail), bell, lambda _error: None)
    dispatcher.start()

    slow = desk.open("apply", "intake", matter="slow")
    quick = desk.open("apply", "intake", matter="quick")
    _until(lambda: len(desk.open_tasks(quick)) == 1)

    assert desk.open_tasks(slow) == []
    mail.let_go.set()
    _until(lambda: len(desk.open_tasks(slow)) == 1)
    dispatcher.stop()


def _until(holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_second_server_on_the_same_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'service.db'}"
    held = embedded.exclusive(url)

    with pytest.raises(errors.Conflict, match="另一个服务进程"):
        embedded.exclusive(url)

    assert held is not None
    held.close()
    again = embedded.exclusive(url)
    assert again is not None
    again.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(errors.Unavailable, match="file"):
        embedded.exclusive(f"sqlite:///{tmp_path / 'file' / 'service.db'}")
