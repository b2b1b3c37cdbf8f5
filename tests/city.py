"""The demo city for tests: its people, the official calendar, the shipped bundle; cases are driven by their stories."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests import office
from workflow_service import demo, errors, settings, workdays
from workflow_service.bundles import publish, read
from workflow_service.cases import calendars, messages, tasks
from workflow_service.identity import roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import archive, database, people, tables
from workflow_service.storage import journal as chain

SYSTEM = Actor(0, "shipped", "系统", frozenset({"admin", "process_owner"}), "", "city")
CONSOLE = Actor(0, "console", "命令行", frozenset({"admin"}), "", "city")


_CITIES: dict[datetime, Mapping[sa.Table, list[dict[str, Any]]]] = {}
"""The rows of the city at its beginning, by that moment: checking its bundle takes longer than most tests."""


def make(db: database.Database, now: datetime) -> "City":
    """The city on an empty database."""
    with database.transaction(db) as session:
        if now in _CITIES:
            _put_in(session, _CITIES[now])
        else:
            _found(session, now)
            session.flush()
            _CITIES[now] = _rows(session)
    return City(db, now)


def _found(session: Session, now: datetime) -> None:
    counter = iter(range(10_000_000))
    demo.enter_units(session)
    for one in demo.newcomers(lambda size: f"{next(counter):0{size * 2}d}"):
        account = people.Account(
            name=one.name, display_name=one.display_name, unit=one.unit, password="x", active=True, created_at=now, password_at=now  # noqa: S106
        )  # fmt: skip
        session.add(account)
        session.flush()
        session.add_all(
            people.Grant(account_id=account.id, role=role, granted_by="test", granted_at=now) for role in one.roles
        )
    version = calendars.enter(session, CONSOLE, now, workdays.seed(), "test")
    calendars.approve(session, SYSTEM, now, version)
    files = read.read_directory(settings.shipped("bpmn"), settings.shipped("forms")).files
    office.publish(session, now, files, version=1)
    session.flush()
    publish.first_variants(session, now, read.read_variants(settings.shipped("bpmn")))


def _rows(session: Session) -> Mapping[sa.Table, list[dict[str, Any]]]:
    every = {table: session.execute(sa.select(table)).mappings().all() for table in archive.in_order()}
    return {table: [dict(row) for row in rows] for table, rows in every.items() if rows}


def _put_in(session: Session, rows: Mapping[sa.Table, list[dict[str, Any]]]) -> None:
    for table, content in rows.items():
        session.execute(sa.insert(table), content)
        archive.continue_numbers(session.connection(), table)


class City(office.Office):
    """Drives cases through the city's own procedure."""

    def place(self, number: str) -> str:
        return self.case(number).place

    def somebody(self, task_id: str, avoid: Iterable[str] = ()) -> str:
        """The name of a person who may take a task: its assignee, else the first of its role whom nothing forbids."""
        with self.look() as session:
            task = session.get_one(tables.Task, task_id)
            if task.holder or task.assignee:
                return str(task.holder or task.assignee)
            names = list(task.assignees or roster.with_role(session, task.place, task.role))
        for name in map(str, names):
            if name in avoid:
                continue
            try:
                self.claim(name, task_id)
            except errors.NotAllowed:
                continue
            return name
        raise AssertionError(f"nobody can take {task_id}")

    def perform(self, number: str, element: str, by: str = "", **data: Any) -> str:
        """Does the open task of an element, by a fitting person unless one is named; gives who did it."""
        task = self.task(number, element)
        name = by or self.somebody(task)
        self.do(name, task, **data)
        return name

    def task_of(self, number: str, element: str, name: str) -> str:
        """The id of the open task of an element that is meant for one person."""
        with self.look() as session:
            for task_id in self.open_tasks(number):
                task = session.get_one(tables.Task, task_id)
                if task.element == element and name in (task.assignee, *(task.assignees or ())):
                    return task_id
        raise AssertionError(f"{name} has no task {element} in {number}")

    def elements(self, number: str) -> list[str]:
        """The elements of a case's open tasks."""
        return [one.split(".")[2] for one in self.open_tasks(number)]

    def send(self, by: str, number: str, message: str, **data: Any) -> str:
        """Sends a message to a case and lets it arrive; gives its key."""
        actor = self.actor(by)
        with self.work() as session:
            receipt = messages.receive(session, actor, self.time, number, message, data)
        self.settle()
        return receipt.key

    def saves_draft(self, by: str, task_id: str, **data: Any) -> None:
        """Keeps what a person has typed so far."""
        actor = self.actor(by)
        with self.work() as session:
            tasks.save_draft(session, actor, self.time, task_id, data)

    def shared(self, number: str) -> dict[str, Any]:
        """What the case publishes."""
        return self.case(number).shared

    def outcomes(self, number: str) -> dict[str, str]:
        """Subject id → outcome."""
        return {one["subject_id"]: one["outcome"] for one in self.shared(number).get("outcomes") or ()}

    def journal(self, number: str) -> list[tables.Entry]:
        with self.look() as session:
            case = session.query(tables.Case).filter_by(number=number).one()
            return list(chain.entries(session, case.id))

    def documents(self, number: str) -> list[tables.Document]:
        with self.look() as session:
            case = session.query(tables.Case).filter_by(number=number).one()
            return (
                session.query(tables.Document)
                .filter_by(case_id=case.id)
                .order_by(tables.Document.issued_at, tables.Document.id)
                .all()
            )
