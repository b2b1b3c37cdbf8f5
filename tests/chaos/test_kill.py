"""The server is killed again and again while cases run; afterwards nothing is lost, doubled or stuck."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import server
from tests.processes import answers
from workflow_service.audit import oracle
from workflow_service.storage import database, tables


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[server.Server]:
    """A demo server with the city's own bundle; on PostgreSQL with a worker process beside it."""
    url = request.getfixturevalue("new_postgres")() if request.param == "postgresql" else ""
    one = server.Server(tmp_path, database=url)
    one.start(wait=180)
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
        """An application is refused for good reasons, the applicant is told, and the case goes to the archive."""
        form = answers.application("4.1", matter=f"案{self._n}")
        opened = self._sure("applicant_1", "POST", "/cases", {"process": "intake", "data": form}, f"open-{self._n}")
        assert opened.status == 201, opened
        self.number = opened.body["number"]
        refusal = {
            "in_scope": False,
            "jurisdiction_ok": True,
            "materials_complete": True,
            "decision": "reject",
            "reason": "不属于适用范围",
        }
        self._do("clerk_1", "review_acceptance", refusal)
        self._do("records_1", "review_archive", {"accepted": True, "retention": "10"})
        while self._sure("clerk_1", "GET", f"/cases/{self.number}").body["status"] != "archived":
            time.sleep(0.1)

    def _do(self, who: str, element: str, data: dict[str, Any]) -> None:
        task = self._wait_for(who, element)
        self._sure(who, "POST", f"/tasks/{task}/claim")
        done = self._sure(who, "POST", f"/tasks/{task}/submission", {"data": data}, f"{element}-{self._n}")
        assert done.status == 200, done
        self.acknowledged.append(task)

    def _wait_for(self, who: str, element: str) -> str:
        end = time.monotonic() + 240
        while time.monotonic() < end:
            listed = self._sure(who, "GET", f"/tasks?scope=all&case={self.number}")
            for one in listed.body["items"]:
                if one["element"] == element:
                    return str(one["id"])
            time.sleep(0.1)
        raise AssertionError(f"{self.number} never came to {element}")


def _disturb(running: server.Server, kills: int, chance: random.Random, over: Callable[[], bool]) -> int:
    done = 0
    while done < kills and not over():
        time.sleep(chance.uniform(0.05, 1.2))
        running.kill()
        done += 1
        running.start(wait=180)
    return done


def test_after_kills_at_random_moments_nothing_is_lost_doubled_or_stuck(
    running: server.Server, full: bool, seed: int
) -> None:
    kills, cases, at_once = (300, 500, 8) if full else (6, 8, 4)
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
        numbers = {one.number for one in clients}
        assert len(numbers) == len(clients)
        kept = session.query(tables.Case).filter(tables.Case.number.in_(numbers)).all()
        assert [one.status for one in kept] == ["archived"] * len(clients)
        for one in clients:
            for task in one.acknowledged:
                assert session.get_one(tables.Task, task).status == "done"
    db.engine.dispose()
