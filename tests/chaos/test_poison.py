"""A handler that misbehaves becomes an incident of its own case after few attempts, and stops no other case."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import handlers
from tests import drawing, office, server
from workflow_service import dispatch, settings, worker
from workflow_service.audit import oracle
from workflow_service.cases import jobs
from workflow_service.queues import postgres
from workflow_service.storage import database, tables
from workflow_service.storage.migrations import upgrade as migrate

LIMIT = 3


def with_call(operation: str) -> dict[str, bytes]:
    """A bundle in which a misbehaving handler is called, or a sound one for an application that says so."""
    shapes = [
        drawing.start("begin", roles="applicant"),
        drawing.person("apply_now", "申请单位"),
        drawing.choice("which", default="which_to_sound"),
        drawing.service("strange_one", operation),
        drawing.service("sound", "notification.notify", to='["role:clerk"]', title='"新"', text='"新"'),
        drawing.person("review_it", "经办"),
        drawing.end("over"),
    ]
    flows: list[drawing.Flow] = [
        ("begin", "apply_now"), ("apply_now", "which"), ("which", "strange_one", 'apply_now.matter = "poison"'),
        ("which", "sound"), ("strange_one", "review_it"), ("sound", "review_it"), ("review_it", "over"),
    ]  # fmt: skip
    forms = [drawing.form("apply_now", drawing.text("matter")), drawing.form("review_it", drawing.text("opinion"))]
    return drawing.bundle({"intake": drawing.process("intake", shapes, flows)}, forms)


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    """The strange handlers can be found in this process while a test runs."""
    handlers.__path__.append(str(server.STRANGE_HANDLERS))
    dispatch._modules.cache_clear()  # noqa: SLF001  what is there is read once per process
    yield
    handlers.__path__.remove(str(server.STRANGE_HANDLERS))
    dispatch._modules.cache_clear()  # noqa: SLF001


def _worker(desk: office.Office) -> worker.Worker:
    return replace(desk.worker(), settings=settings.Settings(handler_seconds=1, lease_seconds=3, retry_limit=LIMIT))


def _only_incident(desk: office.Office, number: str) -> tables.Incident:
    with desk.look() as session:
        found = session.scalars(sa.select(tables.Incident)).one()
        assert session.get_one(tables.Case, found.case_id).number == number
        return found


@pytest.mark.parametrize("how", ["fails", "loops", "devours"])
def test_it_is_given_up_after_few_attempts_and_the_others_go_on(db: database.Database, now: datetime, how: str) -> None:
    desk = office.make(db, now, with_call(f"strange.{how}"))
    poisoned = desk.open("apply", "intake", matter="poison")
    sound = desk.open("apply", "intake", matter="sound")
    one = _worker(desk)

    for _ in range(LIMIT + 1):
        worker.settle(one)
        desk.time = desk.time.replace(minute=desk.time.minute + 5)

    assert desk.task(sound, "review_it")
    incident = _only_incident(desk, poisoned)
    assert incident.attempts <= LIMIT
    assert {"fails": "poison in", "loops": "没有结束", "devours": "MemoryError"}[how] in incident.cause
    with desk.look() as session:
        assert oracle.examine(session, desk.time) == []


def test_a_thread_that_ended_at_the_database_protects_no_later_one_from_being_interrupted(
    db: database.Database, now: datetime
) -> None:
    desk = office.make(db, now, with_call("strange.loops"))
    desk.open("apply", "intake", matter="poison")
    left = [threading.Thread(target=lambda: database._AT_WORK.add(threading.current_thread())) for _ in range(8)]  # noqa: SLF001  as if it had been killed there
    for one in left:
        one.start()
        one.join()

    worker.settle(_worker(desk))

    with desk.look() as session:
        assert "没有结束" in str(session.scalars(sa.select(tables.Job.last_error)).one())


def test_a_handler_that_prints_without_end_is_only_noisy(db: database.Database, now: datetime, tmp_path: Path) -> None:
    desk = office.make(db, now, with_call("strange.shouts"))
    number = desk.open("apply", "intake", matter="poison")

    with (tmp_path / "noise").open("w") as noise, redirect_stdout(noise):
        worker.settle(desk.worker())

    assert desk.task(number, "review_it")


def test_a_job_waits_longer_each_time_its_process_ends_so_that_it_is_not_always_the_first_to_be_met(
    db: database.Database, now: datetime
) -> None:
    desk = office.make(db, now, with_call("notification.notify"))
    desk.open("apply", "intake", matter="sound")

    waits = [_after_a_death(desk, way) for way in (jobs.release_all, jobs.reclaim, jobs.release_all, jobs.reclaim)]

    assert waits == [timedelta(seconds=seconds) for seconds in (0, 2, 4, 8)]


def _after_a_death(desk: office.Office, found: Callable[[Session, datetime], object]) -> timedelta:
    """How long the only job waits once it was found that the process doing it has ended; the clock then stands there."""
    lease = timedelta(seconds=3)
    with desk.work() as session:
        (job_id,) = jobs.due(session, desk.time)
        assert jobs.claim(session, desk.time, job_id, "one that ends", lease)
    desk.time += 2 * lease
    with desk.work() as session:
        found(session, desk.time)
    with desk.look() as session:
        wait = session.get_one(tables.Job, job_id).due_at - desk.time
    desk.time += wait
    return wait


def test_an_operation_of_a_later_release_waits_for_it(db: database.Database, now: datetime) -> None:
    desk = office.make(db, now, with_call("strange.dawdles"))
    number = desk.open("apply", "intake", matter="poison")
    with desk.work() as session:
        session.execute(sa.update(tables.Job).values(kind="strange.of_the_future"))
    for _ in range(10):
        desk.wait(minutes=2)

    with desk.look() as session:
        job = session.scalars(sa.select(tables.Job)).one()
        assert (job.status, job.attempts) == ("todo", 0)
        assert session.query(tables.Incident).count() == 0
    with desk.work() as session:
        session.execute(
            sa.update(tables.Job).values(kind="notification.notify", payload={"to": [], "title": "x", "text": "x"})
        )
    desk.wait(minutes=2)
    assert desk.task(number, "review_it")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_one_that_takes_its_process_with_it_becomes_an_incident_and_takes_no_other_case(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    environment = {"WORKFLOW_RETRY_LIMIT": str(LIMIT), "WORKFLOW_LEASE_SECONDS": "1"}
    url = request.getfixturevalue("new_postgres")() if kind == "postgresql" else f"sqlite:///{tmp_path / 'service.db'}"
    db = database.open_database(url)
    migrate(db)
    if kind == "postgresql":
        postgres.install(db)
        db.queue = postgres.Deferrer()
    desk = office.make(db, datetime.now(UTC), with_call("strange.dies"))
    poisoned = desk.open("apply", "intake", matter="poison")
    sound = [desk.open("apply", "intake", matter=f"sound {n}") for n in range(6)]
    process = server.Process(tmp_path, database=url, environment=environment, strange=True)
    command = ["work"] if kind == "postgresql" else ["serve", "--port", str(server.free_port())]

    starts, end = 0, time.monotonic() + 120
    while not _incidents(db) and time.monotonic() < end:
        if not process.is_alive():
            process.launch(*command, name="strange")
            starts += 1
        time.sleep(0.1)
    while not all(desk.open_tasks(one) for one in sound) and time.monotonic() < end:
        time.sleep(0.1)
    process.stop()

    assert starts <= LIMIT + 1
    assert "一再中断" in _only_incident(desk, poisoned).cause
    assert all(desk.open_tasks(one) for one in sound)
    with desk.look() as session:
        assert oracle.examine(session, datetime.now(UTC)) == []
    db.engine.dispose()


def _incidents(db: database.Database) -> int:
    with database.reading(db) as session:
        return session.query(tables.Incident).count()
