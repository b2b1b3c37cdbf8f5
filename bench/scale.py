"""Many cases at once: the scan for due dates, the inbox, and what a page costs, with 100,000 open cases in the database."""

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import quantiles

import sqlalchemy as sa

from bench.tasks import NOW, _office
from tests import office
from workflow_service.cases import deadlines, queries
from workflow_service.storage import database, tables

CASES = 100_000


def _fill(desk: office.Office) -> None:
    """Copies one real case's rows by SQL until there are enough."""
    number = desk.open("apply", "intake", matter="x")
    with desk.look() as session:
        bundle = session.query(tables.Case).filter_by(number=number).one().bundle
    with desk.work() as session:
        for start in range(1, CASES, 10_000):
            numbers = range(start + 1, start + 10_001)
            session.execute(sa.insert(tables.Case), [_case(n, bundle) for n in numbers])
            session.execute(sa.insert(tables.Task), [_task(n) for n in numbers])
            session.execute(sa.insert(tables.Deadline), [_deadline(n, m) for n in numbers for m in range(3)])


def _case(n: int, bundle: str) -> dict[str, object]:
    return {
        "id": n, "number": f"B-{n:06d}", "process": "intake", "title": f"案件{n}", "place": "city", "status": "in_progress", "version": 1,
        "bundle": bundle, "opened_at": NOW, "opened_by": "apply", "shared": {}, "related": [], "head_seq": 0, "head_hash": "",
        "runs_started": 0, "messages_waiting": 0,
    }  # fmt: skip


def _task(n: int) -> dict[str, object]:
    return {
        "id": f"B-{n:06d}.r1.step_1.1", "case_id": n, "run": "r1", "process": "intake", "element": "step_1", "visit": 1, "name": "审查",
        "name_en": "Review", "lane": "经办", "role": "clerk", "place": "city", "form": "step_1", "status": "open", "opened_at": NOW,
        "opened_seq": 1, "due_at": NOW + timedelta(days=n % 400), "article": "", "mandatory": False, "sealed": False, "priority": 0,
    }  # fmt: skip


def _deadline(n: int, m: int) -> dict[str, object]:
    due = NOW + timedelta(days=1 + (n * 3 + m) % 900)
    return {
        "case_id": n, "run": "r1", "process": "intake", "element": f"late_{m}", "visit": 1, "due_at": due, "status": "waiting",
        "provisional": False,
    }  # fmt: skip


def _p95(act: Callable[[], object], times: int = 40) -> float:
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        spent.append((time.perf_counter() - begun) * 1000)
    return quantiles(spent, n=20)[18]


def run() -> dict[str, object]:
    """The figures of this section."""
    with tempfile.TemporaryDirectory() as name:
        desk = _office(Path(name))
        _fill(desk)
        clerk = desk.actor("clerk2")

        def scan() -> None:
            with database.reading(desk.db) as session:
                deadlines.due(session, desk.time)

        def inbox() -> None:
            with database.reading(desk.db) as session:
                queries.inbox(session, clerk, desk.time, "available", queries.TaskFilter())

        return {
            "open cases / waiting deadlines": f"{CASES:,} / {CASES * 3:,}",
            "scan for due dates, p95 ms (goal ≤ 20)": _p95(scan),
            "inbox, 50 rows, p95 ms (goal ≤ 30)": _p95(inbox),
        }
