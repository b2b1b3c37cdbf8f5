"""Claims due jobs and deadlines, runs handlers outside any transaction, and gives back their results."""

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from workflow_service import dispatch, errors, handler_api
from workflow_service.cases import ballots, deadlines, jobs, lifecycle, messages, ports
from workflow_service.engine import inputs
from workflow_service.settings import Settings
from workflow_service.storage import database

_BROKEN = (
    errors.CannotAdvance,
    errors.Conflict,
    errors.NotFound,
    errors.Invalid,
    errors.BadBundle,
    errors.CalendarDataMissing,
)
"""What speaks against the case in hand alone; a database that is away speaks against none, and is tried again."""


@dataclass(frozen=True)
class Worker:
    """What one worker needs.

    Args:
        id: names the worker in leases; unique per process.
        db, clock, settings: the database, the time (UTC), the settings.
        mail: the way to the mail server. safe: where sealed opinions are locked up.
        random: spreads the retries.
    """

    id: str
    db: database.Database
    clock: Callable[[], datetime]
    settings: Settings
    mail: handler_api.Mail
    safe: ballots.Safe
    random: Random

    def __post_init__(self) -> None:
        self.db.safe = self.safe

    @property
    def lease(self) -> timedelta:
        """How long a job is held before others may take it."""
        return timedelta(seconds=self.settings.lease_seconds)


def execute(worker: Worker, job_id: int) -> bool:
    """Runs one job to its end; False when it was not to be had.

    The claim and the result are two transactions; between them no lock is held. The result counts only while the
    lease is still this worker's.
    """
    with database.transaction(worker.db) as session:
        job = jobs.claim(session, worker.clock(), job_id, worker.id, worker.lease)
    if job is None:
        return False
    with _kept_alive(worker, job):
        outcome = _call(worker, job)
    if isinstance(outcome, jobs.Failure):
        _fail(worker, job, outcome)
        return True
    try:
        with database.transaction(worker.db) as session:
            jobs.finish(session, worker.clock(), job, worker.id, outcome)
    except _BROKEN as refused:
        _fail(worker, job, jobs.Failure(str(refused), permanent=not isinstance(refused, errors.Conflict)))
    return True


def _fail(worker: Worker, job: jobs.Claimed, failure: jobs.Failure) -> None:
    jitter = worker.random.uniform(0.8, 1.2)
    with database.transaction(worker.db) as session:
        jobs.fail(session, worker.clock(), job, worker.id, failure, worker.settings.retry_limit, jitter)


def _call(worker: Worker, job: jobs.Claimed) -> inputs.Returned | inputs.Failed | jobs.Failure:
    try:
        context = ports.context_for(
            worker.db, worker.clock(), worker.settings, job, ports.Outside(worker.mail, worker.safe)
        )
        return inputs.Returned(job.at, dispatch.call(job.operation, context, job.parameters))
    except handler_api.BpmnError as error:
        return inputs.Failed(job.at, error.code, error.reason)
    except handler_api.RetryLater as later:
        return jobs.Failure(later.reason, after=later.after)
    except (handler_api.PermanentFailure, errors.ServiceError) as final:
        return jobs.Failure(str(final), permanent=True)
    except Exception as error:  # noqa: BLE001  a handler may raise anything; it becomes a retry, then an incident
        place = traceback.extract_tb(error.__traceback__)[-1]
        return jobs.Failure(f"{type(error).__name__}: {error}（{place.name}，第{place.lineno}行）")


@contextmanager
def _kept_alive(worker: Worker, job: jobs.Claimed) -> Iterator[None]:
    """Extends the lease while a long handler runs, so that only a dead worker loses it."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(worker.settings.lease_seconds / 3):
            with database.transaction(worker.db) as session:
                if not jobs.renew(session, worker.clock(), job.id, worker.id, worker.lease):
                    return

    keeper = threading.Thread(target=renew, name=f"lease-{job.id}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()


def fire_due(worker: Worker) -> int:
    """Fires every due deadline, each in its own transaction; gives how many fired. A broken case stops no other."""
    with database.reading(worker.db) as session:
        due = deadlines.due(session, worker.clock())
    fired = 0
    for deadline_id in due:
        try:
            with database.transaction(worker.db) as session:
                fired += deadlines.fire(session, worker.clock(), deadline_id)
        except _BROKEN as failure:
            with database.transaction(worker.db) as session:
                deadlines.give_up(session, worker.clock(), deadline_id, str(failure))
    return fired


def feed_messages(worker: Worker) -> int:
    """Hands every message that waits to its case, each in its own transaction; gives how many. A broken case stops no other."""
    with database.reading(worker.db) as session:
        waiting = messages.with_waiting(session)
    fed = 0
    for case_id in waiting:
        while _feed_next(worker, case_id):
            fed += 1
    return fed


def _feed_next(worker: Worker, case_id: int) -> bool:
    try:
        with database.transaction(worker.db) as session:
            return messages.feed_next(session, worker.clock(), lifecycle.lock_by_id(session, case_id))
    except _BROKEN as failure:
        with database.transaction(worker.db) as session:
            messages.give_up(session, worker.clock(), case_id, str(failure))
        return True


def sweep(worker: Worker) -> int:
    """Puts back jobs whose worker died, and brings limits up to the calendar in force; gives how many jobs."""
    recompute_limits(worker)
    with database.transaction(worker.db) as session:
        return len(jobs.reclaim(session, worker.clock()))


def recompute_limits(worker: Worker) -> int:
    """Computes the limits of another calendar than today's anew, each case on its own; gives how many cases."""
    with database.reading(worker.db) as session:
        stale = deadlines.with_open_limits(session)
    for case_id in stale:
        # a case that cannot move has its incident already, and must not keep the others from their dates
        with suppress(*_BROKEN), database.transaction(worker.db) as session:
            deadlines.recompute(session, worker.clock(), case_id)
    return len(stale)


def due_jobs(worker: Worker) -> list[int]:
    """Ids of jobs that are due now, oldest first."""
    with database.reading(worker.db) as session:
        return jobs.due(session, worker.clock())


def run_due_jobs(worker: Worker) -> int:
    """Runs the jobs that are due now, one after another; gives how many."""
    return sum(execute(worker, job_id) for job_id in due_jobs(worker))


def settle(worker: Worker, rounds: int = 1000) -> int:
    """Works until nothing is due any more: messages, deadlines, jobs; gives how many things were done."""
    done = 0
    for _ in range(rounds):
        moved = feed_messages(worker) + fire_due(worker) + run_due_jobs(worker)
        if not moved:
            return done
        done += moved
    return done


def settle_case(worker: Worker, number: str, rounds: int = 50) -> None:
    """Works off the due jobs of one case, so that the person who moved it sees what follows."""
    for _ in range(rounds):
        with database.reading(worker.db) as session:
            due = jobs.due_of_case(session, worker.clock(), number)
        if not sum(execute(worker, job_id) for job_id in due):
            return
