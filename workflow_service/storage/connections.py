"""Connections that stay open and speak to their driver themselves, so that a request pays for nothing but its statements.

Taking a connection from SQLAlchemy's pool, beginning, ending and giving it back cost more than a statement does. A kept
connection begins and ends by itself; a session that joins it finds the transaction begun.
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError
from sqlalchemy.orm import Session

from workflow_service.storage.drivers import Driver, driver_of

KEPT = "kept"
"""The execution option of a connection that says itself where its transactions begin."""
_PATIENCE = {
    "sqlite": ("PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL"),
    "postgresql": ("SET synchronous_commit TO ON", "SET synchronous_commit TO OFF"),
}
"""How a connection is told whether its commits wait for the disk: they do at first, and when they are not hurried."""
LOST = (OperationalError, InternalError)
"""What a connection that no longer serves ends with; PostgreSQL's word to who held a transaction idly is the second."""
_AT_MOST = 4
FRESH_SECONDS = 1.0
"""After so long a connection to a server is tried before it is used: the server may have been restarted."""


@dataclass
class Kept:
    """An open connection for one user at a time, with the session that speaks through it.

    Args:
        since: when it was given back, in seconds of a steady clock.
        is_hurried: its commits do not wait for the disk.
    """

    connection: Connection
    driver: Driver
    since: float = 0.0
    is_hurried: bool = False

    def __post_init__(self) -> None:
        # what was changed in memory is stored before the next question, or the answer would not know of it
        self._session = Session(self.connection, expire_on_commit=False, autoflush=True)
        self.is_sqlite = self.driver.kind == "sqlite"

    def session(self, **info: Any) -> Session:
        """An empty session that speaks through this connection; it knows these things and nothing else."""
        self._session.info.clear()
        self._session.info.update(info, driver=self.driver)
        return self._session

    def hurry(self, wanted: bool) -> None:
        """Whether the commits from now on need not wait for the disk; not within a transaction."""
        if wanted != self.is_hurried:
            self.driver.say(_PATIENCE[self.driver.kind][wanted])
            self.is_hurried = wanted

    def begin_reading(self) -> None:
        """One state of everything on SQLite; on PostgreSQL each statement sees what is committed, as it would within one."""
        if self.is_sqlite:
            self.driver.begin("BEGIN")

    def begin_writing(self) -> None:
        """Begins a transaction.

        Raises:
            OperationalError: SQLite's one writer's place is taken for too long, or the server is away.
        """
        self.driver.begin("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")

    def end(self) -> None:
        """Undoes what was not committed, and lets the session forget."""
        if self._session.in_transaction() or self._session.identity_map:
            self._session.close()
        self.driver.undo()


class Shelf:
    """Kept connections of a database; the one given back last is taken first, for its caches are warm."""

    def __init__(self, engine: Engine, told: Callable[[str], None]) -> None:
        """``told`` hears of each prepared statement before it is executed."""
        self._engine, self._told = engine, told
        self._idle: deque[Kept] = deque()
        event.listen(engine, "engine_disposed", self._clear)

    def take(self) -> Kept:
        """A connection to oneself."""
        while True:
            try:
                kept = self._idle.pop()
            except IndexError:
                return self._open()
            if kept.is_sqlite or time.monotonic() - kept.since < FRESH_SECONDS or _answers(kept):
                return kept
            _close(kept)

    def _open(self) -> Kept:
        own = {} if self._engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
        connection = self._engine.connect().execution_options(**{KEPT: True}, **own)
        return Kept(connection, driver_of(connection, self._told, is_own=True))

    def give_back(self, kept: Kept) -> None:
        """Puts a connection back for the next one."""
        if len(self._idle) >= _AT_MOST or kept.driver.is_in_transaction():  # what could not be undone ends with it
            _close(kept)
            return
        kept.since = time.monotonic()
        self._idle.append(kept)

    def give_up(self, kept: Kept) -> None:
        """Ends a connection to a server that was lost, and those that lay beside it."""
        _close(kept)
        self._clear()

    def _clear(self, _engine: object = None) -> None:
        while self._idle:
            with suppress(IndexError):
                _close(self._idle.pop())


class Loan:
    """A connection of a shelf to oneself; one that failed as a lost one does is not used again, nor are those beside it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __enter__(self) -> Kept:
        self._kept = self._shelf.take()
        return self._kept

    def __exit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        if isinstance(error, LOST) and not self._kept.is_sqlite:
            self._shelf.give_up(self._kept)
        else:
            self._shelf.give_back(self._kept)


def _answers(kept: Kept) -> bool:
    try:
        kept.driver.say("SELECT 1")
    except DBAPIError:
        return False
    return True


def _close(kept: Kept) -> None:
    with suppress(DBAPIError):
        kept.connection.invalidate()
    kept.connection.close()
