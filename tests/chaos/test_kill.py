"""The server is killed again and again while cases run; afterwards nothing is lost, doubled or stuck."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import server
from tests.chaos.conftest import with_service
from workflow_service.audit import oracle
from workflow_service.storage import database, tables


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[server.Server]:
    """A demo server whose bundle is the small one of the fault tests."""
    for name, content in with_service().items():
        target = tmp_path / ("forms" if name.startswith("forms/") else "bpmn") / name.removeprefix("forms/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    folders = {
        "WORKFLOW_BPMN_DIR": str(tmp_path / "bpmn"),
        "WORKFLOW_FORMS_DIR": str(tmp_path / "forms"),
        "WORKFLOW_UNCHECKED": "1",
    }
    url = request.getfixturevalue("new_postgres")() if request.param == "postgresql" else ""
    one = server.Server(tmp_path, database=url, environment=folders)
    one.start()
    yield one
    one.stop()


class Client:
    """Drives one case to its end through the API, trying again whenever the server was away, and keeps its own ledger."""

    def __init__(self, running: server.Server, n: int) -> None:
        self._running, self._n = running, n
        self.number = ""
        self.acknowledged: list[str] = []

    def _sure(self, who: str, method: str, path: str, data: Any = None, key: str = "") -> server.Answer:
        while True:
            try:
                token = self._running.people()[who]["token"]
                answer = server.call(self._running.address, token, method, path, data, Idempotency_Key=key)
            except (server.Lost, FileNotFoundError):
                time.sleep(0.05)
                continue
            if answer.status != 503:
                return answer

    def run(self) -> None:
        opened = self._sure(
            "applicant_1",
            "POST",
            "/cases",
            {"process": "intake", "data": {"matter": f"案{self._n}"}},
            f"open-{self._n}",
        )
        assert opened.status == 201, opened
        self.number = opened.body["number"]
        task = self._wait_for_task()
        self._sure("clerk_1", "POST", f"/tasks/{task}/claim")
        done = self._sure(
            "clerk_1", "POST", f"/tasks/{task}/submission", {"data": {"opinion": "同意"}}, f"review-{self._n}"
        )
        assert done.status == 200, done
        self.acknowledged.append(task)

    def _wait_for_task(self) -> str:
        for _ in itertools.count():
            listed = self._sure("clerk_1", "GET", f"/tasks?scope=all&case={self.number}")
            if listed.status == 200 and listed.body["items"]:
                return str(listed.body["items"][0]["id"])
            time.sleep(0.05)
        raise AssertionError


def _disturb(running: server.Server, kills: int, chance: random.Random, over: Callable[[], bool]) -> int:
    done = 0
    while done < kills and not over():
        time.sleep(chance.uniform(0.05, 1.2))
        running.kill()
        done += 1
        running.start()
    return done


def test_after_kills_at_random_moments_nothing_is_lost_doubled_or_stuck(
    running: server.Server, full: bool, seed: int
) -> None:
    kills, cases, at_once = (300, 500, 8) if full else (13, 25, 4)
    clients = [Client(running, n) for n in range(cases)]
    waiting, guard = list(clients), threading.Lock()

    def work() -> None:
        while True:
            with guard:
                if not waiting:
                    return
                one = waiting.pop()
            one.run()

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    killed = _disturb(running, kills, random.Random(seed), lambda: not any(thread.is_alive() for thread in threads))
    for thread in threads:
        thread.join(timeout=300)

    assert killed > 3
    assert not any(thread.is_alive() for thread in threads)
    running.stop()
    _check(running, clients)


def _check(running: server.Server, clients: list[Client]) -> None:
    db = database.open_database(running.database or f"sqlite:///{running.folder / 'service.db'}")
    with database.reading(db) as session:
        assert oracle.examine(session, datetime.now(UTC)) == []
        assert session.query(tables.Case).count() == len(clients) == len({one.number for one in clients})
        for one in clients:
            for task in one.acknowledged:
                assert session.get_one(tables.Task, task).status == "done"
        assert session.query(tables.Task).filter(tables.Task.status == "open").count() == 0
    db.engine.dispose()
