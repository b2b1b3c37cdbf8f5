"""Opens the database and gives transactions; the only place that commits."""

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from workflow_service import errors
from workflow_service.storage import connections


class Queue(Protocol):
    """Wakes a worker for a job; the job's row is the truth."""

    def enqueue(self, session: Session, job_id: int, due_at: datetime) -> None:
        """Makes the job known within the transaction of the session."""


class Safe(Protocol):
    """Locks up what must not lie open in the database; its key lies outside."""

    def lock(self, plain: dict[str, Any]) -> bytes: ...

    def unlock(self, ciphertext: bytes) -> dict[str, Any]: ...

    def digest(self, content: bytes) -> str: ...


class Turnstile:
    """Lets writers through one at a time, in the order of their coming.

    SQLite has one writer; clients that meet at its busy timeout starve one another, so they queue here instead.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._busy = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._busy:
                self._busy = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._busy = False


@dataclass
class Database:
    """An open database.

    Args:
        engine: SQLAlchemy's engine.
        queue: who wakes the workers; set by the entry point.
        observer: told of each prepared statement before it is executed (counting, faults on purpose).
        random: gives so many random bytes in hexadecimal (salts, tokens, file ids).
        safe: where sealed parts are locked up; set by the entry point.

    ``turnstile`` orders the writers of this process on SQLite; elsewhere nobody waits.
    """

    engine: Engine
    queue: Queue | None = None
    observer: Callable[[str], None] | None = None
    random: Callable[[int], str] = lambda count: os.urandom(count).hex()
    safe: Safe | None = None

    def __post_init__(self) -> None:
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.turnstile: AbstractContextManager[None] = Turnstile() if self.is_sqlite else nullcontext()
        self.shelf = connections.Shelf(self.engine, self._tell)
        # one connection on SQLite, which forgets what it has read when another one commits; on a server the other way
        # round: telling a connection to hurry costs as much as the note itself
        self.notes = self.shelf if self.is_sqlite else connections.Shelf(self.engine, self._tell)

    def _tell(self, statement: str) -> None:
        if self.observer is not None:
            self.observer(statement)


def open_database(url: str, *, read_only: bool = False) -> Database:
    """Opens a database by its SQLAlchemy URL (``sqlite:///var/service.db``, ``postgresql+psycopg://...``).

    Args:
        read_only: for looking while another process serves it; a SQLite file is neither written nor made then.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return Database(_open_sqlite(url, read_only))
    return Database(_open_postgres(url))


_PATIENCE = "-c lock_timeout=10s -c idle_in_transaction_session_timeout=30s"
"""Who waits for a lock is answered after so long; whoever holds one and does nothing (a stopped process, a lost host) loses it."""


def _open_postgres(url: str) -> Engine:
    wanted = make_url(url)
    options = [_PATIENCE, *wanted.normalized_query.get("options", ())]  # of two values the later counts: the operator's
    plain, given = wanted.difference_update_query(["options"]), {"options": " ".join(options)}
    return create_engine(plain, connect_args=given, pool_size=8, max_overflow=16, pool_pre_ping=True)


def _open_sqlite(url: str, read_only: bool) -> Engine:
    path = make_url(url).database
    in_memory = path in (None, "", ":memory:")
    options: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {"pool_size": 16, "max_overflow": 16}
    if read_only and not in_memory:  # opened by hand, so that the engine keeps the name people know
        file = f"file:{quote(str(path))}?mode=ro"
        options["creator"] = lambda: sqlite3.connect(file, uri=True, check_same_thread=False, timeout=30)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 30}, **options)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: pysqlite would begin too late
        for pragma in _PRAGMAS[read_only:]:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(connections.KEPT, False):
            return  # it has begun already
        immediate = options.get("writes", False)
        raw: Any = connection.connection.driver_connection
        try:
            raw.execute("BEGIN IMMEDIATE" if immediate else "BEGIN")
        except sqlite3.OperationalError as error:
            raise OperationalError("BEGIN", None, error) from error

    return engine


def gather(database: Database) -> None:
    """Moves the log of SQLite into its file, so that whoever copies the file of a stopped service has everything."""
    if database.is_sqlite:
        connection = database.engine.raw_connection()
        connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.close()


def make_room(database: Database) -> None:
    """Gives SQLite's log its whole length at once: a commit that has to lengthen a file takes three times as long.

    What is written and taken back leaves the log as long as it is and the database as it was.
    """
    if not database.is_sqlite:
        return
    connection = database.engine.raw_connection()
    driver: Any = connection.driver_connection
    cursor = driver.cursor()
    for pragma in ("cache_size=10", "wal_autocheckpoint=0"):  # what does not fit into the memory goes to the log
        cursor.execute(f"PRAGMA {pragma}")
    try:
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("CREATE TABLE room (x)")
        cursor.execute(f"INSERT INTO room VALUES (zeroblob({_LOG_PAGES * 4096}))")
    except sqlite3.OperationalError:
        pass  # a full disk: the log grows as far as it can
    finally:
        if driver.in_transaction:
            cursor.execute("ROLLBACK")
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")  # waits for nobody
        connection.close()


_AT_WORK: set[threading.Thread] = set()  # inside a transaction or a reading; their numbers are given out again


def is_at_work(thread: threading.Thread) -> bool:
    """Whether a thread is using a database now, so that it must not be interrupted."""
    return thread in _AT_WORK


class _AtWork:
    """The time during which a thread uses a database; a look within another one does not end it."""

    def __enter__(self) -> None:
        own = threading.current_thread()
        self._began = None if own in _AT_WORK else own
        _AT_WORK.add(own)

    def __exit__(self, *_: object) -> None:
        if self._began is not None:
            _AT_WORK.discard(self._began)


_LOG_PAGES = 4000
"""The log is moved into the file every 16 MB, for each time waits for the disk twice."""
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "mmap_size=0",
    "cache_size=-32000",
    f"wal_autocheckpoint={_LOG_PAGES}",
)
"""The first would write to the file."""


@contextmanager
def transaction(database: Database, *, hurried: bool = False) -> Iterator[Session]:
    """A session whose work is committed together at the end, or not at all.

    Args:
        hurried: the commit does not wait for the disk. It survives the end of this process, not a power cut in the
            next moment: for a single statement, a note that nothing else rests on.

    Raises:
        Unavailable: the disk is full, the file is read only, or the database is away; nothing was changed.
    """
    shelf = database.notes if hurried else database.shelf
    try:
        with _AtWork(), database.turnstile, connections.Loan(shelf) as kept:
            session = kept.session(queue=database.queue, random=database.random, safe=database.safe)
            try:
                kept.hurry(hurried)
                if database.is_sqlite or not hurried:  # on PostgreSQL a statement by itself commits by itself
                    kept.begin_writing()
                yield session
                session.flush()
                if session.in_transaction():
                    session.commit()
                elif kept.driver.is_in_transaction():
                    kept.driver.say("COMMIT")
                calls = session.info.get("after", ())
            finally:
                kept.end()
    except connections.LOST as error:
        raise errors.Unavailable("数据库暂时不能写入，本次操作没有保存，请稍后再试") from error
    except IntegrityError as error:
        raise errors.Conflict("同时有人做了同样的操作，本次没有保存，请重试") from error
    for call in calls:
        call()


@contextmanager
def reading(database: Database) -> Iterator[Session]:
    """A session for looking; it changes nothing.

    Raises:
        Unavailable: the database is away.
    """
    try:
        with _AtWork(), connections.Loan(database.shelf) as kept:
            try:
                kept.begin_reading()
                yield kept.session(safe=database.safe)
            finally:
                kept.end()
    except connections.LOST as error:
        raise errors.Unavailable("数据库暂时不可用，请稍后再试") from error


@contextmanager
def snapshot(database: Database) -> Iterator[Session]:
    """A session that sees one state of everything for as long as it is held, while others go on writing.

    Raises:
        Unavailable: the database is away, or is none.
    """
    session = Session(database.engine, expire_on_commit=False, autoflush=False)
    session.info["safe"] = database.safe
    steady = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with session:
            session.connection(execution_options=steady)
            if not database.is_sqlite:
                session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # its reader may be slow
            yield session
    except OperationalError as error:
        url = database.engine.url.render_as_string()
        raise errors.Unavailable("不能读取数据库“{url}”：{reason}", url=url, reason=error.orig) from error


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Remembers a call to be made once the transaction has been committed; it is dropped on rollback."""
    session.info.setdefault("after", []).append(call)


def queue_of(session: Session) -> Queue | None:
    """Who wakes the workers of this session's database."""
    queue: Queue | None = session.info.get("queue")
    return queue


def random_of(session: Session) -> Callable[[int], str]:
    """Where this session's random bytes come from."""
    random: Callable[[int], str] = session.info["random"]
    return random


def safe_of(session: Session) -> Safe:
    """Where this session's sealed parts are locked up; raises Unavailable without the key."""
    safe: Safe | None = session.info.get("safe")
    if safe is None:
        raise errors.Unavailable("没有密封钥匙，暂时不能办理涉及密封内容的事项")
    return safe
