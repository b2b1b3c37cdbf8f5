"""The city's service as real processes: a server, on PostgreSQL with two workers beside it, and clients that insist."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests import city, server
from tests.conftest import NOW
from tests.processes import answers
from workflow_service.audit import oracle
from workflow_service.identity import credentials, roster
from workflow_service.storage import database, tables
from workflow_service.storage.migrations import upgrade as migrate

LEASE = {"WORKFLOW_LEASE_SECONDS": "4"}


@dataclass
class Service:
    """The processes of one installation, and the tokens of its people."""

    server: server.Server
    workers: Sequence[server.Worker]
    tokens: Mapping[str, str]

    @property
    def processes(self) -> list[server.Server | server.Worker]:
        return [self.server, *self.workers]

    def start(self) -> None:
        waits = [one.launched() for one in self.processes]
        for wait in waits:
            wait(120)

    def stop(self) -> None:
        for one in self.processes:
            one.stop()

    def open_database(self) -> database.Database:
        return database.open_database(self.server.url)


def make(folder: Path, url: str = "") -> Service:
    """An installation with the city's people and bundle that is not started yet; SQLite unless a URL is given."""
    one = server.Server(folder, database=url, environment=LEASE, demo=False)
    db = database.open_database(one.url)
    if not url:
        migrate(db)
    city.make(db, NOW)
    people = ("applicant_1", "clerk_1", "records_1", "operator_1")
    with database.transaction(db) as session:
        tokens = {
            name: credentials.issue_token(session, datetime.now(UTC), roster.by_name(session, name).id, "test")
            for name in people
        }
    db.engine.dispose()
    names = ("worker-1", "worker-2") if url else ()
    return Service(one, [server.Worker(folder, database=url, environment=LEASE, name=name) for name in names], tokens)


class Client:
    """Drives one case to its end through the API, trying again whenever the server was away, and keeps its own ledger."""

    def __init__(self, service: Service, n: int) -> None:
        self._service, self._n = service, n
        self.number = ""
        self.acknowledged: list[str] = []

    def try_again(self) -> int:
        """What an operator does about jobs over which processes were killed too often; gives how many there were."""
        listed = self.sure("operator_1", "GET", "/incidents").body["items"]
        found = [one for one in listed if "一再中断" in one["cause"]]
        for one in found:
            self.sure("operator_1", "POST", f"/incidents/{one['id']}/retry", {})
        return len(found)

    def sure(self, who: str, method: str, path: str, data: Any = None, key: str = "") -> server.Answer:
        """A request that is made again until it is answered."""
        while True:
            try:
                answer = server.call(
                    self._service.server.address, self._service.tokens[who], method, path, data, Idempotency_Key=key
                )
            except server.Lost:
                time.sleep(0.05)
                continue
            if answer.status != 503:
                return answer

    def run(self) -> None:
        """An application is refused for good reasons, the applicant is told, and the case goes to the archive."""
        form = answers.application("4.1", matter=f"案{self._n}")
        opened = self.sure("applicant_1", "POST", "/cases", {"process": "intake", "data": form}, f"open-{self._n}")
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
        while self.sure("clerk_1", "GET", f"/cases/{self.number}").body["status"] != "archived":
            time.sleep(0.1)

    def _do(self, who: str, element: str, data: dict[str, Any]) -> None:
        task = self._wait_for(who, element)
        self.sure(who, "POST", f"/tasks/{task}/claim")
        done = self.sure(who, "POST", f"/tasks/{task}/submission", {"data": data}, f"{element}-{self._n}")
        assert done.status == 200, done
        self.acknowledged.append(task)

    def _wait_for(self, who: str, element: str) -> str:
        end = time.monotonic() + 240
        while time.monotonic() < end:
            listed = self.sure(who, "GET", f"/tasks?scope=all&case={self.number}")
            for one in listed.body["items"]:
                if one["element"] == element:
                    return str(one["id"])
            time.sleep(0.1)
        raise AssertionError(f"{self.number} never came to {element}")


class Crowd:
    """Clients, some of them at once, who bring one case after another until there are enough, and an operator.

    ``tried_again`` counts the jobs that were given up because their process was killed too often, each time over them.
    """

    def __init__(self, service: Service, at_once: int, first: int = 0) -> None:
        """``first`` numbers the first case: the service knows the keys of those that came before."""
        self._first = first
        self.clients: list[Client] = []
        self.failures: list[BaseException] = []
        self.tried_again = 0
        self._service, self._guard = service, threading.Lock()
        self._cases: float = float("inf")
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(at_once)]
        self._operator = threading.Thread(target=self._tend, daemon=True)
        for thread in (*self._threads, self._operator):
            thread.start()

    def _tend(self) -> None:
        operator = Client(self._service, -1)
        while any(one.is_alive() for one in self._threads):
            self.tried_again += operator.try_again()
            time.sleep(1)

    def _work(self) -> None:
        while True:
            with self._guard:
                if self.failures or len(self.clients) >= self._cases:
                    return
                one = Client(self._service, self._first + len(self.clients))
                self.clients.append(one)
            try:
                one.run()
            except Exception as error:  # noqa: BLE001  a thread that fails is told of by the test
                self.failures.append(error)

    def acknowledged(self) -> int:
        """How many submissions were answered so far."""
        with self._guard:
            return sum(len(one.acknowledged) for one in self.clients)

    def let_pass(self, count: int, seconds: float = 20) -> None:
        """Waits until so many more submissions were answered, so that a slow machine gets its work done as well."""
        end, wanted = time.monotonic() + seconds, self.acknowledged() + count
        while self.acknowledged() < wanted and time.monotonic() < end and not self.failures:
            time.sleep(0.005)

    def finish(self, cases: int = 0, seconds: float = 600) -> None:
        """Brings the cases to at least this number, and waits until every case is at its end."""
        self._cases = cases
        for thread in self._threads:
            thread.join(timeout=seconds)
        self._operator.join(timeout=seconds)
        assert not any(thread.is_alive() for thread in self._threads)
        assert self.failures == []


def check(service: Service, clients: Sequence[Client]) -> None:
    """Nothing is lost, doubled or stuck: by the oracle, and by what was promised to the clients."""
    db = service.open_database()
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
