"""The mail server misbehaves: what is sent again carries the same key, and the case goes on once the server is well."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from tests import office
from workflow_service import settings, worker
from workflow_service.audit import oracle
from workflow_service.mail import Smtp
from workflow_service.storage import people, tables


class Target:
    """A mail server that does its worst to the first letters and is well afterwards; it counts the keys it has seen."""

    def __init__(self, worst: str, times: int) -> None:
        self.worst, self.left, self.seen, self.over = worst, times, Counter[str](), threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self._socket.close()

    def _serve(self) -> None:
        while not self.over.is_set():
            with suppress(OSError):
                threading.Thread(target=self._talk, args=(self._socket.accept()[0],), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        bad, self.left = self.left > 0, self.left - 1
        with peer, peer.makefile("rwb") as line, suppress(OSError, ValueError):
            if bad and self.worst == "hang":
                self.over.wait(30)
            if bad and self.worst == "huge":
                peer.sendall(b"220 " + b"x" * 10_000_000)
            self._say(line, "220 ready")
            for said in line:
                word = said[:4].upper()
                if word == b"DATA":
                    self._say(line, "354 go on")
                    self._take(line)
                    if bad and self.worst == "lost":
                        return
                refused = bad and self.worst == "refuse" and word == b"MAIL"
                self._say(line, "451 not now" if refused else "221 bye" if word == b"QUIT" else "250 ok")

    def _take(self, line: Any) -> None:
        for said in line:
            if said.startswith(b"Message-ID:"):
                self.seen[said.decode().split("<")[1].split("@")[0]] += 1
            if said == b".\r\n":
                return

    @staticmethod
    def _say(line: Any, text: str) -> None:
        line.write(text.encode() + b"\r\n")
        line.flush()


@pytest.fixture(params=["refuse", "lost", "huge", "hang"])
def target(request: pytest.FixtureRequest, full: bool) -> Iterator[Target]:
    one = Target(request.param, 50 if full and request.param != "hang" else 2)
    yield one
    one.close()


def test_what_is_sent_again_carries_the_same_key(desk: office.Office, target: Target, full: bool) -> None:
    limit = 20 if target.worst == "lost" else 1  # there only what was lost may come again, however slow the machine
    chosen = settings.Settings(
        smtp_host="127.0.0.1", smtp_port=target.port, handler_seconds=limit, lease_seconds=3 * limit, retry_limit=100
    )
    one: worker.Worker = replace(desk.worker(), mail=Smtp(chosen), settings=chosen)
    with desk.work() as session:
        session.execute(sa.update(people.Account).values(email="somebody@example.org"))
    numbers = [desk.open("apply", "intake", matter=str(n)) for n in range(20 if full else 3)]

    for _ in range(60 if full else 10):
        worker.settle(one)
        desk.time = desk.time.replace(hour=(desk.time.hour + 1) % 24) if desk.time.hour < 20 else desk.time

    with desk.look() as session:
        assert session.scalars(sa.select(tables.Incident.cause)).all() == []
    assert all(desk.open_tasks(number) for number in numbers)
    with desk.look() as session:
        keys = set(session.scalars(sa.select(tables.Job.key).where(tables.Job.kind == "notification.notify")))
        assert oracle.examine(session, desk.time) == []
    assert set(target.seen) <= keys
    assert {key.split(".")[0] for key in target.seen} == set(numbers)
    assert target.seen.total() - len(target.seen) <= (2 if target.worst == "lost" and not full else 50)
