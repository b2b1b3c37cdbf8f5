"""A small office for tests: people, a calendar, a published bundle, a clock that is set by hand."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests import drawing
from workflow_service import settings, worker
from workflow_service.bundles import read
from workflow_service.cases import ballots, opening, tasks
from workflow_service.identity import roster, units
from workflow_service.identity.actors import Actor
from workflow_service.mail import Catcher
from workflow_service.storage import database, people, reference, tables

PEOPLE = {
    "apply": ("applicant",), "clerk1": ("clerk",), "clerk2": ("clerk",), "chief1": ("chief",), "chief2": ("chief",),
    "operator": ("operator",), "auditor": ("auditor",),
}  # fmt: skip


@dataclass
class Office:
    """The whole service without its pages; every verb runs in a transaction of its own.

    Args:
        time: what the clock says; tests set it.
    """

    db: database.Database
    time: datetime
    safe: ballots.Safe = field(default_factory=lambda: ballots.Safe(b"test"))

    def __post_init__(self) -> None:
        self.db.safe = self.safe

    def clock(self) -> datetime:
        return self.time

    @contextmanager
    def work(self) -> Iterator[Session]:
        with database.transaction(self.db) as session:
            yield session

    @contextmanager
    def look(self) -> Iterator[Session]:
        with database.reading(self.db) as session:
            yield session

    def actor(self, name: str) -> Actor:
        with self.look() as session:
            return roster.actor_named(session, name)

    def open(self, by: str, process: str, **data: Any) -> str:
        """Opens a case and gives its number."""
        with self.work() as session:
            return opening.open_case(session, self.actor(by), self.time, process, data).number

    def claim(self, by: str, task_id: str) -> None:
        actor = self.actor(by)
        with self.work() as session:
            tasks.claim(session, actor, self.time, task_id)

    def submit(self, by: str, task_id: str, key: str = "", **data: Any) -> tasks.Submission:
        """Submits a task that is held."""
        actor = self.actor(by)
        with self.work() as session:
            return tasks.submit(session, actor, self.time, task_id, data, key, self.safe)

    def do(self, by: str, task_id: str, **data: Any) -> tasks.Submission:
        """Claims and submits a task, then lets the worker finish what follows."""
        self.claim(by, task_id)
        outcome = self.submit(by, task_id, **data)
        self.settle()
        return outcome

    def open_tasks(self, number: str) -> list[str]:
        """The ids of a case's open tasks, in the order of their opening."""
        with self.look() as session:
            query = session.query(tables.Task.id).join(tables.Case, tables.Case.id == tables.Task.case_id)
            rows = query.filter(tables.Case.number == number, tables.Task.status == "open").order_by(
                tables.Task.opened_seq, tables.Task.id
            )
            return [row.id for row in rows]

    def task(self, number: str, element: str) -> str:
        """The id of the open task of an element."""
        return next(one for one in self.open_tasks(number) if one.split(".")[2] == element)

    def case(self, number: str) -> tables.Case:
        with self.look() as session:
            return session.query(tables.Case).filter_by(number=number).one()

    def worker(self) -> worker.Worker:
        chosen = settings.Settings()
        return worker.Worker(
            "test", self.db, self.clock, chosen, Catcher(self.db, self.clock), self.safe, random.Random(1)
        )

    def settle(self) -> int:
        """Works until nothing is due."""
        return worker.settle(self.worker())

    def wait(self, **span: float) -> None:
        """Lets time pass, then works off what fell due."""
        self.time += timedelta(**span)
        self.settle()


def make(db: database.Database, now: datetime, files: Mapping[str, bytes]) -> Office:
    """An office whose published bundle has these files (not checked)."""
    with database.transaction(db) as session:
        units.add(session, "office", "办公室", "city", "市本级")
        session.flush()
        for name, roles in PEOPLE.items():
            account = people.Account(
                name=name, display_name=name, unit="office", password="x", active=True, created_at=now, password_at=now
            )  # noqa: S106
            session.add(account)
            session.flush()
            session.add_all(
                people.Grant(account_id=account.id, role=role, granted_by="test", granted_at=now) for role in roles
            )
        _calendar(session, now)
        publish(session, now, files, version=1)
    return Office(db, now)


def publish(session: Session, now: datetime, files: Mapping[str, bytes], version: int) -> str:
    """Puts a bundle in force without checking or approving it; gives its hash."""
    bundle = reference.Bundle(
        hash=read.Bundle.of(files).hash,
        place="city",
        version=version,
        status="published",
        author="test",
        created_at=now,
        changed_at=now,
    )
    session.add(bundle)
    session.flush()
    session.add_all(
        reference.BundleFile(bundle_id=bundle.id, name=name, content=content) for name, content in files.items()
    )
    return bundle.hash


def _calendar(session: Session, now: datetime) -> None:
    version = reference.CalendarVersion(note="test", created_by="a", created_at=now, approved_by="b", approved_at=now)
    session.add(version)
    session.flush()
    days = [
        (date(2026, 9, 20), "workday"),
        (date(2026, 9, 25), "holiday"),
        *((date(2026, 10, n), "holiday") for n in range(1, 8)),
    ]
    days += [(date(2026, 10, 10), "workday"), (date(2026, 1, 1), "year")]
    session.add_all(reference.CalendarDay(version=version.id, day=day, kind=kind) for day, kind in days)


def two_steps() -> dict[str, bytes]:
    """A bundle with one process: an application, then a review, then a decision by another role."""
    shapes = [
        drawing.start("begin", roles="applicant"),
        drawing.person("apply_now", "申请单位", publish="{title: apply_now.matter}"),
        drawing.person("review_it", "经办", due="working days after(today(), 5)"),
        drawing.person("decide_it", "负责人"),
        drawing.end("over"),
    ]
    flows = [("begin", "apply_now"), ("apply_now", "review_it"), ("review_it", "decide_it"), ("decide_it", "over")]
    forms = [
        drawing.form("apply_now", drawing.text("matter")),
        drawing.form("review_it", drawing.text("opinion"), drawing.yes_no("urgent")),
        drawing.form("decide_it", drawing.yes_no("approved", required=True)),
    ]
    return drawing.bundle({"intake": drawing.process("intake", shapes, flows)}, forms)
