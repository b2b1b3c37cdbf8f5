"""How to speak to a driver itself: SQLite's at once, PostgreSQL's with the writing kept back until an answer is needed.

Every statement to a server is a way there and back. What a step writes is asked by nobody before it commits, so on
PostgreSQL it goes together with the next question or with the commit: one way for all of it, in the order in which it was
written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, event
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError

Told = Callable[[str], None]
_MOST = 500
"""So many statements are sent even when nobody asks: a step that writes thousands must not pile them up."""


@dataclass(frozen=True)
class Driver:
    """The driver's own connection, and how to speak to it.

    Args:
        kind: the dialect's name.
        execute, execute_many: a statement with its values, or with many of them; the first gives the driver's cursor.
        write, write_many: the same where nobody reads the answer; it may be sent later, but before whatever is said
            after it.
        begin, say: a word that begins a transaction, and any other without values.
        undo: takes back what was begun and not ended, sent or not.
        is_in_transaction: whether something was begun and not ended.
    """

    dialect: Dialect
    kind: str
    execute: Callable[[str, Any], Any]
    execute_many: Callable[[str, Any], Any]
    write: Callable[[str, Any], Any]
    write_many: Callable[[str, Any], Any]
    begin: Callable[[str], Any]
    say: Callable[[str], Any]
    undo: Callable[[], Any]
    is_in_transaction: Callable[[], bool]


def driver_of(connection: Connection, told: Told | None = None, *, is_own: bool = False) -> Driver:
    """The driver's own connection beneath a connection of the pool.

    Args:
        told: hears of each statement. is_own: nobody else commits what is written through this connection, so that
            writing may wait.
    """
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        return _at_once(raw, raw, connection.dialect, told)
    # psycopg's cursor remembers how values are written and read; SQLite's would keep what nobody fetched open
    return _later(connection, raw, told) if is_own else _at_once(raw, raw.cursor(), connection.dialect, told)


def _at_once(raw: Any, speaker: Any, dialect: Dialect, told: Told | None) -> Driver:
    one, many = (_guarded(act, dialect, told) for act in (speaker.execute, speaker.executemany))
    word = _guarded(lambda text, _none: raw.execute(text), dialect, None)

    def say(text: str) -> Any:
        return word(text, None)

    def undo() -> None:
        if is_in_transaction():
            say("ROLLBACK")

    def is_in_transaction() -> bool:
        return bool(raw.in_transaction if dialect.name == "sqlite" else raw.info.transaction_status)

    return Driver(dialect, dialect.name, one, many, one, many, say, say, undo, is_in_transaction)


def _later(connection: Connection, raw: Any, told: Told | None) -> Driver:
    dialect, waiting = connection.dialect, _Waiting(raw)
    acts = (waiting.execute, waiting.execute_many, waiting.keep, waiting.keep_many)
    one, many, later, later_many = (_guarded(act, dialect, told) for act in acts)
    word = _guarded(waiting.execute, dialect, None)
    sent, undone = (_guarded(act, dialect, None) for act in (lambda *_: waiting.send(), lambda *_: waiting.undo()))

    def send(*_: object) -> None:
        sent("", None)

    # what SQLAlchemy says on this connection comes after what was written before
    event.listen(connection, "before_cursor_execute", send)
    event.listen(connection, "commit", send)
    event.listen(connection, "rollback", waiting.forget)
    return Driver(
        dialect,
        dialect.name,
        one,
        many,
        later,
        later_many,
        lambda text: waiting.keep(text, None),
        lambda text: word(text, None),
        lambda: undone("ROLLBACK", None),
        waiting.is_in_transaction,
    )


class _Waiting:
    """What is to be sent to PostgreSQL, in order."""

    def __init__(self, raw: Any) -> None:
        self._raw, self._reader, self._writer = raw, raw.cursor(), raw.cursor()
        self._kept: list[tuple[str, Any]] = []

    def keep(self, text: str, values: Any) -> None:
        self._kept.append((text, values))
        if len(self._kept) >= _MOST:
            self.send()

    def keep_many(self, text: str, rows: Sequence[Any]) -> None:
        for row in rows:
            self.keep(text, row)

    def execute(self, text: str, values: Any) -> Any:
        if not self._kept:
            return self._reader.execute(text, values)
        kept, self._kept = self._kept, []
        with self._raw.pipeline():
            for one in kept:
                self._writer.execute(*one)
            self._reader.execute(text, values)
        return self._reader

    def execute_many(self, text: str, rows: Sequence[Any]) -> None:
        self.send()
        self._reader.executemany(text, rows)

    def send(self) -> None:
        if self._kept:
            last = self._kept.pop()
            self.execute(*last)

    def forget(self, *_: object) -> None:
        self._kept.clear()

    def undo(self) -> None:
        self.forget()
        if self._raw.info.transaction_status:
            self._raw.execute("ROLLBACK")

    def is_in_transaction(self) -> bool:
        return bool(self._kept or self._raw.info.transaction_status)


def _guarded(act: Callable[[str, Any], Any], dialect: Dialect, told: Told | None) -> Callable[[str, Any], Any]:
    """The driver's errors as SQLAlchemy's, so that the one place that handles them knows them."""
    module: Any = dialect.dbapi

    def execute(text: str, values: Any) -> Any:
        if told is not None:
            told(text)
        try:
            return act(text, values)
        except module.IntegrityError as error:
            raise IntegrityError(text, None, error) from error
        except module.OperationalError as error:
            raise OperationalError(text, None, error) from error
        except module.InternalError as error:
            raise InternalError(text, None, error) from error

    return execute
