"""What a start and a page cost: seconds and memory of the real server; queries, milliseconds and bytes of its pages."""

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import flask
import psutil
import sqlalchemy as sa

from tests import server
from workflow_service import app, mail, serving, settings, worker
from workflow_service.cases import ballots
from workflow_service.storage import database, tables

VISITS = 15


def run() -> dict[str, object]:
    """The figures of this section."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = server.Server(folder)
        first, _ = _start(site)
        again, memory = _start(site)
        tokens = {who: str(one["token"]) for who, one in site.people().items()}
        found: dict[str, object] = {
            "first start: tables, people, sample cases, s": first,
            "start until it answers, s": again,
            "memory after the start, MB": memory,
        }
        return found | _visited(folder, site.url, tokens)


def _start(site: server.Server) -> tuple[float, float]:
    """Seconds from the command until the server answers, and the memory that it holds then; it is stopped again."""
    begun = time.perf_counter()
    site.start(wait=300)
    spent = time.perf_counter() - begun
    assert site.process is not None
    memory = psutil.Process(site.process.pid).memory_info().rss / 1e6
    site.stop()
    return spent, memory


def _visited(folder: Path, url: str, tokens: dict[str, str]) -> dict[str, object]:
    db = database.open_database(url)
    chosen = replace(settings.Settings(), data_dir=str(folder))
    one = worker.Worker("bench", db, serving.clock, chosen, mail.Silent(), ballots.Safe(b"x"), random.Random(1))
    site = app.create_app(chosen, lambda: datetime.now(UTC), one)
    serving.warm_up(db)
    found: dict[str, object] = {}
    for title, who, path in _pages(db):
        found |= _measured(site, db, title, path, tokens[who])
    db.engine.dispose()
    return found


def _pages(db: database.Database) -> Iterator[tuple[str, str, str]]:
    """Title, visitor and path of the pages: those of the case with the longest journal, and an open task."""
    with database.reading(db) as session:
        number = session.scalars(sa.select(tables.Case.number).order_by(tables.Case.head_seq.desc())).first()
        held = sa.select(tables.Task).where(tables.Task.status == "open", tables.Task.role == "clerk")
        task = session.scalars(held.order_by(tables.Task.id)).first()
    assert task is not None
    yield "inbox", "clerk_1", "/inbox?scope=available"
    yield "task", "clerk_1", f"/tasks/{task.id}"
    yield "list of cases", "clerk_1", "/cases"
    yield "case", "clerk_1", f"/cases/{number}"
    yield "start of a case", "applicant_1", "/start/intake"
    yield "journal", "auditor_1", f"/audit/{number}/journal"
    yield "replay", "auditor_1", f"/audit/{number}/replay"
    yield "verification", "auditor_1", f"/audit/{number}/verification"
    yield "bundles", "process_owner_1", "/bundles"
    yield "operations", "operator_1", "/operations"


def _measured(site: flask.Flask, db: database.Database, title: str, path: str, token: str) -> dict[str, object]:
    client, headers = site.test_client(), {"Authorization": f"Bearer {token}"}
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, (path, answer.status_code)  # noqa: PLR2004  found
    with _counting(db) as count:
        client.get(path, headers=headers)
    times = []
    for _ in range(VISITS):
        begun = time.perf_counter()
        client.get(path, headers=headers)
        times.append(time.perf_counter() - begun)
    return {
        f"{title}: queries": count[0],
        f"{title}: ms": median(times) * 1000,
        f"{title}: KB": len(answer.get_data()) / 1000,
    }


@contextmanager
def _counting(db: database.Database) -> Iterator[list[int]]:
    count = [0]

    def one_more(*_: object) -> None:
        count[0] += 1

    sa.event.listen(db.engine, "before_cursor_execute", one_more)
    db.observer = one_more
    try:
        yield count
    finally:
        db.observer = None
        sa.event.remove(db.engine, "before_cursor_execute", one_more)
