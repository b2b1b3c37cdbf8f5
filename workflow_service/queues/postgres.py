"""The queue of many hosts: Procrastinate wakes workers through PostgreSQL; the job's own row stays the truth.

A job is deferred on the case's own connection and transaction, with one integer as its argument. Procrastinate's
``lock`` is never used: a job scheduled for later would hold back every other of the same lock; the case row orders them.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import cast

import procrastinate
import psycopg
from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from workflow_service import errors, worker
from workflow_service.cases import effects, jobs
from workflow_service.storage import database, migrations

log = logging.getLogger(__name__)

TASK = "run_job"
TICK_SECONDS = 1.0
SWEEP_SECONDS = 30  # at most; a shorter lease is looked at more often
OVERDUE_SECONDS = 60
RETRY_SECONDS = 2  # while the database is away


class Deferrer:
    """Defers jobs from any process that writes cases."""

    def __init__(self) -> None:
        self._app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

    def enqueue(self, session: Session, job_id: int, due_at: datetime) -> None:
        """Defers a job within the transaction of the session: it is known if and only if that commits."""
        connection = session.connection().connection.driver_connection
        deferrer = self._app.configure_task(TASK, allow_unknown=True, connection=connection, schedule_at=due_at)
        deferrer.defer(job_id=job_id)


def install(db: database.Database) -> None:
    """Installs the queue's tables where they are missing; losing them loses nothing but the wake-up calls."""
    with db.engine.begin() as connection:
        migrations.lock_schema(connection)
        if connection.scalar(text("SELECT to_regclass('procrastinate_jobs')")) is None:
            raw = cast(psycopg.Connection[tuple[object, ...]], connection.connection.driver_connection)
            raw.execute(SchemaManager.get_schema())


class Service:
    """One worker process: takes jobs from Procrastinate, and looks after dates, messages and lost work besides."""

    def __init__(self, one: worker.Worker, url: str) -> None:
        self._worker = one
        conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo))
        away = procrastinate.RetryStrategy(wait=RETRY_SECONDS, retry_exceptions={errors.Unavailable})
        self._app.task(name=TASK, retry=away)(self._run_job)
        self._stop = threading.Event()
        self._cancel: Callable[[], object] = lambda: None
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def _run_job(self, job_id: int) -> None:
        worker.execute(self._worker, job_id)

    def run(self, *, wait: bool = True) -> None:
        """Works until the process is told to stop, or (without ``wait``) until the queue is empty."""
        if wait:
            self._keeper.start()
        try:
            asyncio.run(self._work(wait))
        finally:
            self._stop.set()
            if wait:
                self._keeper.join(timeout=10)

    def stop(self) -> None:
        """Tells the worker to end after the jobs in hand; from a signal's handler too, and before it has begun."""
        self._stop.set()
        self._cancel()

    async def _work(self, wait: bool) -> None:
        """The queue's own worker ends when it loses the database; it is begun anew until that is back."""
        while not self._stop.is_set():
            # what it was being woken for when it ended, nobody else would do before it is long overdue
            with suppress(errors.Unavailable):
                await asyncio.to_thread(defer_overdue, self._worker, 0)
            serving = asyncio.create_task(self._serve(wait))
            # the queue's own handlers of signals come so late that one sent at the start would be lost
            self._cancel = partial(asyncio.get_running_loop().call_soon_threadsafe, serving.cancel)
            if self._stop.is_set():
                serving.cancel()
            try:
                await serving
            except asyncio.CancelledError:
                return
            except procrastinate.exceptions.ConnectorException as error:
                log.warning("queue", exc_info=error)
            if not wait:
                return
            await asyncio.to_thread(self._stop.wait, TICK_SECONDS)

    async def _serve(self, wait: bool) -> None:
        try:
            await self._app.open_async()
            await self._app.run_worker_async(
                wait=wait,
                concurrency=self._worker.settings.worker_concurrency,
                listen_notify=True,
                fetch_job_polling_interval=2.0,
                delete_jobs="always",
                install_signal_handlers=False,
            )
        finally:
            # also when told to stop while it opened: connections that go on being made would keep the process from ending
            await self._app.close_async()

    def _keep(self) -> None:
        ticks, every = 0, max(1, min(SWEEP_SECONDS, self._worker.settings.lease_seconds // 4))
        while not self._stop.wait(TICK_SECONDS):
            try:
                self.tick(sweep=ticks % every == 0)
            except Exception as error:  # noqa: BLE001  the worker's loop: nothing that one case does may end it
                log.exception("keeper", exc_info=error)
            ticks += 1

    def tick(self, *, sweep: bool) -> None:
        """Fires due dates and feeds kept messages; with ``sweep`` also puts back and defers anew what was lost."""
        worker.feed_messages(self._worker)
        worker.fire_due(self._worker)
        if sweep:
            worker.sweep(self._worker)
            defer_overdue(self._worker)


def defer_overdue(one: worker.Worker, seconds: int = OVERDUE_SECONDS) -> int:
    """Defers again the jobs that have been due for so long and that nobody was woken for; gives how many."""
    with database.transaction(one.db) as session:
        overdue = jobs.overdue(session, one.clock(), seconds)
        for job_id in overdue:
            effects.wake(session, job_id, one.clock())
    return len(overdue)
