"""A process is stopped and not dead: others do its work once its lease is over, and what it brings later is not taken."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import office, server
from tests.chaos import running
from tests.chaos.test_poison import with_call
from workflow_service.audit import oracle
from workflow_service.queues import postgres
from workflow_service.storage import database, tables
from workflow_service.storage.migrations import upgrade as migrate

LEASE, CALL, GRACE = 2, 3, 5
"""Seconds: of a lease; of a call, which outlives a lease that nobody renews; until others have seen that one is over."""


@dataclass
class Workshop:
    """An office whose first step takes its time, and the processes that do its jobs."""

    desk: office.Office
    folder: Path
    url: str
    processes: list[server.Server | server.Worker] = field(default_factory=list)

    def employ(self) -> server.Server | server.Worker:
        """One more process, once it works."""
        given = {"database": self.url, "environment": {"WORKFLOW_LEASE_SECONDS": str(LEASE)}, "strange": True}
        if self.desk.db.is_sqlite:
            one: server.Server | server.Worker = server.Server(self.folder, demo=False, **given)
        else:
            one = server.Worker(self.folder, name=f"worker-{len(self.processes)}", **given)
        self.processes.append(one)
        one.start(wait=120)
        return one

    def open(self) -> str:
        """A case whose call takes its time."""
        return self.desk.open("apply", "intake", matter="poison")

    def wait_for(self, number: str, status: str, seconds: float = 60) -> tables.Job:
        """The job of a case, once it has come to a status."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self.desk.look() as session:
                job = session.scalars(sa.select(tables.Job).where(tables.Job.key.startswith(number))).one()
            if job.status == status:
                return job
            time.sleep(0.02)
        raise AssertionError(f"{job.key} is {job.status}, not {status}")

    def is_sound(self) -> bool:
        with self.desk.look() as session:
            return oracle.examine(session, datetime.now(UTC)) == []


@pytest.fixture
def workshop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Workshop]]:
    """Makes a workshop on a kind of database."""
    made: list[Workshop] = []

    def make(kind: str) -> Workshop:
        on_postgres = kind == "postgresql"
        url = request.getfixturevalue("new_postgres")() if on_postgres else f"sqlite:///{tmp_path / 'service.db'}"
        db = database.open_database(url)
        if on_postgres:
            postgres.install(db)
            db.queue = postgres.Deferrer()
        else:
            migrate(db)
        desk = office.make(db, datetime.now(UTC), with_call("strange.dawdles"))
        made.append(Workshop(desk, tmp_path, url))
        return made[0]

    yield make
    for one in made:
        for process in one.processes:
            if process.is_alive():
                process.kill()
        one.desk.db.engine.dispose()


def test_the_work_of_a_stopped_worker_is_done_by_another_and_what_it_brings_later_is_not_taken(
    workshop: Callable[[str], Workshop], full: bool
) -> None:
    shop = workshop("postgresql")
    stopped, awake = shop.employ(), shop.employ()
    for _ in range(10 if full else 1):
        awake.signal(signal.SIGSTOP)
        number = shop.open()
        first = shop.wait_for(number, "run")
        stopped.signal(signal.SIGSTOP)
        awake.signal(signal.SIGCONT)
        done = shop.wait_for(number, "done", LEASE + CALL + GRACE)
        version = shop.desk.case(number).version

        stopped.signal(signal.SIGCONT)
        time.sleep(CALL)

        assert (done.key, done.attempts) == (first.key, 2)
        assert shop.desk.case(number).version == version
        assert shop.desk.task(number, "review_it")
        stopped, awake = awake, stopped
    assert shop.is_sound()


def test_a_server_goes_on_where_it_was_stopped_and_does_again_what_it_died_over(
    workshop: Callable[[str], Workshop], full: bool
) -> None:
    shop = workshop("sqlite")
    one = shop.employ()
    for _ in range(10 if full else 1):
        number = shop.open()
        shop.wait_for(number, "run")
        one.signal(signal.SIGSTOP)
        time.sleep(LEASE + CALL)
        one.signal(signal.SIGCONT)
        assert shop.wait_for(number, "done", CALL + GRACE).attempts <= 2

        number = shop.open()
        shop.wait_for(number, "run")
        one.signal(signal.SIGSTOP)  # it never returns
        one.kill()
        one = shop.employ()
        assert shop.wait_for(number, "done", CALL + GRACE).attempts == 2
    assert shop.is_sound()


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[running.Service]:
    """The city's service as processes; on PostgreSQL a server and two workers."""
    one = running.make(tmp_path, request.getfixturevalue("new_postgres")() if request.param == "postgresql" else "")
    one.start()
    yield one
    one.stop()


def test_after_stops_at_random_moments_nothing_is_lost_doubled_or_stuck(
    service: running.Service, full: bool, seed: int
) -> None:
    stops, cases, at_once = (20, 60, 8) if full else (1, 2, 2)
    chance = random.Random(seed)
    crowd = running.Crowd(service, at_once)

    for _ in range(stops):
        crowd.let_pass(chance.randrange(1, 5))
        victim = chance.choice(service.processes)
        victim.signal(signal.SIGSTOP)
        time.sleep(chance.uniform(0.5, 2) * int(running.LEASE["WORKFLOW_LEASE_SECONDS"]))
        victim.signal(signal.SIGCONT)
    crowd.finish(cases)

    service.stop()
    running.check(service, crowd.clients)
