"""A process is killed at each point of a step where it matters: before and after every commit and every mail."""

import itertools
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from tests import office, server
from workflow_service import errors, worker
from workflow_service.audit import oracle
from workflow_service.storage import database, people, tables

KILLED = 9


@dataclass
class Point:
    """Where a process ends: before or after its n-th commit or mail; ``n`` is 0 for a process that lives."""

    side: str = "before"
    what: str = "commit"
    n: int = 0
    passed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def reached(self, side: str, what: str) -> None:
        """Ends the process, as a power cut would, if this is the point."""
        self.passed[side, what] += 1
        if (side, what) == (self.side, self.what) and self.passed[side, what] == self.n:
            os._exit(KILLED)


class Watched:
    """A driver's connection whose commits are points."""

    point: Point

    def commit(self: Any) -> None:
        with self.committing():
            super().commit()

    @contextmanager
    def committing(self: Any) -> Iterator[None]:
        begun = self.in_transaction if isinstance(self, sqlite3.Connection) else self.info.transaction_status
        if begun:
            self.point.reached("before", "commit")
        yield
        if begun:
            self.point.reached("after", "commit")


class WatchedSqlite(Watched, sqlite3.Connection):
    """SQLite's, to which COMMIT is said."""

    def execute(self: Any, text: Any, *given: Any) -> Any:
        with self.committing() if text == "COMMIT" else nullcontext():
            return super().execute(text, *given)


class WatchedPostgres(Watched, psycopg.Connection[Any]):
    """PostgreSQL's, to whose cursor COMMIT is said, alone or as the last of what goes there together."""

    says_commit = False

    @contextmanager
    def pipeline(self: Any) -> Iterator[Any]:
        with super().pipeline() as together:
            yield together
        if self.says_commit:
            self.says_commit = False
            self.point.reached("after", "commit")


class WatchedCursor(psycopg.Cursor[Any]):
    """Its cursor."""

    def execute(self: Any, query: Any, *given: Any, **more: Any) -> Any:
        together = bool(self.connection.pgconn.pipeline_status)
        if query == "COMMIT" and together:
            self.connection.point.reached("before", "commit")
            self.connection.says_commit = True
        with self.connection.committing() if query == "COMMIT" and not together else nullcontext():
            return super().execute(query, *given, **more)


def _watched(url: str, point: Point) -> database.Database:
    """A database whose driver tells a point of every commit."""
    db = database.open_database(url)
    kind: Any = type("Connection", (WatchedSqlite if db.is_sqlite else WatchedPostgres,), {"point": point})

    def connect(_dialect: object, _record: object, given: list[Any], named: dict[str, Any]) -> Any:
        return (
            sqlite3.connect(*given, **named, factory=kind)
            if db.is_sqlite
            else kind.connect(*given, **named, cursor_factory=WatchedCursor)
        )

    sa.event.listen(db.engine, "do_connect", connect)
    return db


@dataclass
class Letters:
    """The way to a mail server, which writes down the key of each letter."""

    file: Path
    point: Point

    def send(self, key: str, to: Sequence[str], subject: str, text: str) -> None:
        self.point.reached("before", "mail")
        with self.file.open("a") as letters:
            letters.write(f"{key}\n")
        self.point.reached("after", "mail")


def _story(desk: office.Office, number: str, letters: Letters) -> None:
    """A case from its application to its end; begun anew, it goes on from wherever it stands."""
    hand = replace(desk.worker(), mail=letters)
    worker.settle(hand)
    desk.time = desk.time.replace(hour=desk.time.hour + 2)
    worker.settle(hand)
    task = f"{number}.r1.review_it.1"
    with suppress(errors.Conflict):  # done already
        desk.claim("clerk1", task)
    desk.submit("clerk1", task, key=number, opinion="同意")
    worker.settle(hand)


def _in_a_process(url: str, now: datetime, number: str, file: Path, point: Point) -> None:
    _story(office.Office(_watched(url, point), now), number, Letters(file, point))


def _nothing_is_half_done(desk: office.Office, number: str) -> None:
    with desk.look() as session:
        assert oracle.examine(session, desk.time, [number]) == []


def _is_over(desk: office.Office, number: str, file: Path, deaths: int) -> None:
    """Everything was done once, whatever happened on the way; a letter may have gone twice, under its own key."""
    _nothing_is_half_done(desk, number)
    with desk.look() as session:
        case = session.query(tables.Case).filter_by(number=number).one()
        assert session.query(tables.Run).filter_by(case_id=case.id, open=True).count() == 0
        assert session.query(tables.Entry).filter_by(case_id=case.id, kind="submitted").count() == 2
        assert session.query(tables.Notice).filter_by(case_id=case.id).count() == 4  # two clerks, two chiefs
        keys = set(session.scalars(sa.select(tables.Job.key).where(tables.Job.case_id == case.id)))
    sent = Counter(key for key in file.read_text().split() if key in keys)
    assert set(sent) == keys and len(keys) == 2
    assert sent.total() <= 2 + deaths


def test_wherever_a_process_is_killed_the_next_one_goes_on(desk: office.Office, full: bool, tmp_path: Path) -> None:
    url, file, begin = desk.db.engine.url.render_as_string(hide_password=False), tmp_path / "letters", desk.time
    file.touch()
    with desk.work() as session:
        session.execute(sa.update(people.Account).values(email="somebody@example.org"))
    killed = Counter[str]()
    for side, what in [*itertools.product(("before", "after"), ("commit", "mail"))] * (20 if full else 1):
        for n in itertools.count(1):
            desk.time = begin
            number = desk.open("apply", "intake", matter="x")
            one = server.FORKS.Process(target=_in_a_process, args=(url, begin, number, file, Point(side, what, n)))
            one.start()
            one.join()
            assert one.exitcode in (0, KILLED)
            _nothing_is_half_done(desk, number)

            desk.time = begin.replace(hour=begin.hour + 3)
            worker.sweep(desk.worker())
            _story(desk, number, Letters(file, Point()))

            _is_over(desk, number, file, deaths=1)
            if one.exitcode == 0:
                break
            killed[f"{side} {what}"] += 1
    print(dict(killed))
    assert killed["before commit"] == killed["after commit"] > 8
    assert killed["before mail"] == killed["after mail"] == 2 * (20 if full else 1)
