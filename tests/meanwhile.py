"""Two transactions at once on PostgreSQL, in a known order: the second begins before the first is committed."""

import threading
import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workflow_service.storage import database

Act = Callable[[Session], object]


def meanwhile(db: database.Database, first: Act, second: Act) -> Exception | None:
    """Does the second while the first is not committed yet, which it may have to wait for; gives what it is refused with."""
    refused: list[Exception] = []

    def run() -> None:
        try:
            with database.transaction(db) as session:
                second(session)
        except Exception as error:  # noqa: BLE001  the test looks at it
            refused.append(error)

    later = threading.Thread(target=run)
    with database.transaction(db) as session:
        first(session)
        session.execute(sa.select(1))  # what was written goes to the server with the next question
        later.start()
        _until_it_waits(db, later)
    later.join()
    return refused[0] if refused else None


def _until_it_waits(db: database.Database, one: threading.Thread) -> None:
    ends = time.monotonic() + 5
    while one.is_alive() and not is_waited_for(db) and time.monotonic() < ends:
        time.sleep(0.01)


def is_waited_for(db: database.Database) -> bool:
    """Whether somebody waits for a lock."""
    with database.reading(db) as session:
        return bool(session.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
