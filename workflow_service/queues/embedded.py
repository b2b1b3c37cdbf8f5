"""The queue of one process: threads that look for due work, woken at each commit, and a lock file that keeps others out."""

import fcntl
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from workflow_service import errors, worker
from workflow_service.cases import jobs
from workflow_service.storage import database

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
SWEEP_EVERY = 10


class Bell:
    """Wakes the dispatcher when a transaction that made work has been committed."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def enqueue(self, session: Session, job_id: int, due_at: datetime) -> None:
        """Rings after the commit; the job's row says everything else."""
        database.after_commit(session, self._rung.set)

    def wait(self, seconds: float) -> None:
        """Sleeps until rung, at most so long."""
        self._rung.wait(seconds)
        self._rung.clear()

    def ring(self) -> None:
        """Wakes whoever waits."""
        self._rung.set()


def exclusive(database_url: str) -> IO[str] | None:
    """Holds the lock file beside a SQLite database for as long as it stays open; None for a database in memory.

    Raises:
        Conflict: another server of this service has the same file open.
        Unavailable: the folder cannot be written.
    """
    path = make_url(database_url).database
    if path in (None, "", ":memory:"):
        return None
    beside = Path(f"{path}.lock")
    try:
        beside.parent.mkdir(parents=True, exist_ok=True)
        handle = beside.open("w")
    except OSError as error:
        raise errors.Unavailable(
            "不能写入“{path}”：{reason}。请检查文件夹是否存在并可写", path=beside.parent, reason=error.strerror
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise errors.Conflict(
            "数据库“{path}”正由另一个服务进程使用，请先停止它，或改用 PostgreSQL", path=path
        ) from error
    return handle


class Dispatcher:
    """Works off what is due until stopped: messages and dates in one thread, jobs in several, so that none waits for a slow one."""

    def __init__(self, one: worker.Worker, bell: Bell, report: Callable[[BaseException], None]) -> None:
        self._worker, self._bell, self._report = one, bell, report
        self._stop = threading.Event()
        self._busy: set[int] = set()  # given to the pool and not done; who really has a job, the claim decides
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Begins; on SQLite it first puts back what a former process left running, for no other can be at it."""
        if self._worker.db.is_sqlite:
            with database.transaction(self._worker.db) as session:
                jobs.release_all(session, self._worker.clock())
        self._thread.start()

    def stop(self) -> None:
        """Ends after the work in hand."""
        self._stop.set()
        self._bell.ring()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        rounds = 0
        with ThreadPoolExecutor(self._worker.settings.worker_concurrency, "job") as pool:
            while not self._stop.is_set():
                self._guarded(self._round, pool, rounds % SWEEP_EVERY == 0)
                rounds += 1
                self._bell.wait(IDLE_SECONDS)

    def _round(self, pool: ThreadPoolExecutor, sweep: bool) -> None:
        worker.feed_messages(self._worker)
        worker.fire_due(self._worker)
        if sweep:
            worker.sweep(self._worker)
        for job_id in worker.due_jobs(self._worker):
            if job_id not in self._busy:
                self._busy.add(job_id)
                pool.submit(self._guarded, self._do, job_id)

    def _do(self, job_id: int) -> None:
        try:
            worker.execute(self._worker, job_id)
        finally:
            self._busy.discard(job_id)
            self._bell.ring()

    def _guarded(self, act: Callable[..., None], *given: Any) -> None:
        try:
            act(*given)
        except Exception as error:  # noqa: BLE001  the worker's loop: nothing that one case does may end it
            self._report(error)
