"""Claims due jobs and deadlines, runs handlers outside any transaction, and gives back their results."""

import ctypes
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from workflow_service import dispatch, errors, handler_api
from workflow_service.bundles import programs
from workflow_service.cases import ballots, calendars, deadlines, jobs, lifecycle, messages, ports
from workflow_service.engine import inputs
from workflow_service.settings import Settings
from workflow_service.storage import database

log = logging.getLogger(__name__)

UNKNOWN_WAITS = timedelta(seconds=60)
_BROKEN = (
    errors.CannotAdvance,
    errors.Conflict,
    errors.NotFound,
    errors.Invalid,
    errors.BadBundle,
    errors.CalendarDataMissing,
)
"""What speaks against the case in hand alone; a database that is away speaks against none, and is tried again."""


PATIENCE = 10


class Rooms:
    """Lets jobs run side by side, but one alone that may end the process, so that it takes no other with it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = {True: 0, False: 0}  # how many are alone, how many together

    @contextmanager
    def entered(self, *, alone: bool) -> Iterator[None]:
        """Waits for its turn, but not for ever: a job that hangs keeps nobody out."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_free(alone), PATIENCE)
            self._inside[alone] += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside[alone] -= 1
                self._changed.notify_all()

    @property
    def is_reserved(self) -> bool:
        """Whether a job runs alone just now."""
        return self._inside[True] > 0

    def _is_free(self, alone: bool) -> bool:
        return not self._inside[True] and not (alone and self._inside[False])


class Lying:
    """Dates that could not even be given up, for their case cannot be read: each is tried later and later, since a case can be mended."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: dict[int, tuple[float, float]] = {}  # until when, and how long it had been left

    def leave(self, row_id: int) -> None:
        """Leaves one alone for a second, twice as long after each further time, ten minutes at most."""
        pause = min(2 * self._left.get(row_id, (0, 0.5))[1], 600)
        self._left[row_id] = (self._clock() + pause, pause)

    def rests(self, row_id: int) -> bool:
        """Whether one is to be left alone now."""
        return row_id in self._left and self._clock() < self._left[row_id][0]


@dataclass(frozen=True)
class Worker:
    """What one worker needs.

    Args:
        id: names the worker in leases; unique per process.
        db, clock, settings: the database, the time (UTC), the settings.
        mail: the way to the mail server. safe: where sealed opinions are locked up.
        random: spreads the retries. rooms: which jobs run side by side. lying: which dates are left alone for a while.
    """

    id: str
    db: database.Database
    clock: Callable[[], datetime]
    settings: Settings
    mail: handler_api.Mail
    safe: ballots.Safe
    random: Random
    rooms: Rooms = field(default_factory=Rooms)
    lying: Lying = field(default_factory=Lying)

    def __post_init__(self) -> None:
        self.db.safe = self.safe

    @property
    def lease(self) -> timedelta:
        """How long a job is held before others may take it."""
        return timedelta(seconds=self.settings.lease_seconds)


def execute(worker: Worker, job_id: int) -> bool:
    """Runs one job to its end; False when it was not to be had.

    The claim and the result are two transactions; between them no lock is held. The result counts only while the
    lease is still this worker's. An attempt counts from its claim, so a job that ends its process is given up as well.
    """
    found = _prepared(worker, job_id)
    if found is None:
        return False
    with worker.rooms.entered(alone=found.is_suspect):
        return _execute(worker, job_id)


def _prepared(worker: Worker, job_id: int) -> jobs.Waiting | None:
    """Reads the bundle in before the claim, so that what is claimed is soon done."""
    with database.reading(worker.db) as session:
        found = jobs.waiting(session, job_id)
        if found is not None:
            with suppress(*_BROKEN):  # told of by the call itself
                programs.of(session, found.bundle)
    return found


def _execute(worker: Worker, job_id: int) -> bool:
    with database.transaction(worker.db) as session:
        job = jobs.claim(session, worker.clock(), job_id, worker.id, worker.lease)
    if job is None:
        return False
    if not dispatch.knows(job.operation):
        _postpone(worker, job)
        return True
    outcome = _attended(worker, job) if job.attempt <= worker.settings.retry_limit else _DIED
    if isinstance(outcome, jobs.Failure):
        _fail(worker, job, outcome)
        return True
    try:
        with database.transaction(worker.db) as session:
            jobs.finish(session, worker.clock(), job, worker.id, outcome)
    except _BROKEN as refused:
        _fail(worker, job, jobs.Failure(str(refused), permanent=not isinstance(refused, errors.Conflict)))
    return True


_DIED = jobs.Failure("执行此作业的进程一再中断，没有留下结果；请查明原因后再重试", permanent=True)
# templates, so that English readers can be told as well
_TOO_LONG = "超过 {seconds} 秒没有结束，已中止"
_UNKNOWN = "本版本没有服务操作“{operation}”，等待升级后的工作进程"
_RAISED = "{error}（{place}，第{line}行）"
_Outcome = inputs.Returned | inputs.Failed | jobs.Failure


def _postpone(worker: Worker, job: jobs.Claimed) -> None:
    """During an upgrade another worker may know the operation already; it waits for one that does."""
    log.warning("job %s waits for a release that knows %s", job.key, job.operation)
    cause = _UNKNOWN.format(operation=job.operation)
    with database.transaction(worker.db) as session:
        jobs.postpone(session, worker.clock(), job, worker.id, UNKNOWN_WAITS, cause)


def _fail(worker: Worker, job: jobs.Claimed, failure: jobs.Failure) -> None:
    jitter = worker.random.uniform(0.8, 1.2)
    with database.transaction(worker.db) as session:
        jobs.fail(session, worker.clock(), job, worker.id, failure, worker.settings.retry_limit, jitter)


def _attended(worker: Worker, job: jobs.Claimed) -> _Outcome:
    """Calls the handler in a thread of its own, extends the lease while it runs, and gives it up after its time.

    So only a dead worker loses its lease, and a handler that never ends keeps no one from working.
    """
    outcomes: list[_Outcome] = []

    def work() -> None:
        with suppress(SystemExit):  # how it is ended, by us or by itself
            outcomes.append(_call(worker, job))

    hand = threading.Thread(target=work, name=f"job-{job.id}", daemon=True)
    began, renewed = time.monotonic(), time.monotonic()
    pause = min(1.0, worker.settings.lease_seconds / 3)
    hand.start()
    while hand.is_alive():
        hand.join(pause)
        now = time.monotonic()
        if hand.is_alive() and now - began > worker.settings.handler_seconds and _interrupted(hand):
            return jobs.Failure(_TOO_LONG.format(seconds=worker.settings.handler_seconds))
        if now - renewed > worker.settings.lease_seconds / 3:
            _renew(worker, job)
            renewed = now
    return outcomes[0] if outcomes else jobs.Failure("执行中断，没有结果")


def _renew(worker: Worker, job: jobs.Claimed) -> None:
    # a database that is away for a moment must not end the call: without a renewal the lease just ends
    with suppress(errors.Unavailable), database.transaction(worker.db) as session:
        jobs.renew(session, worker.clock(), job.id, worker.id, worker.lease)


def _interrupted(hand: threading.Thread) -> bool:
    """Ends a thread at its next line, unless it is at the database just now: that ends by itself."""
    if hand.ident is None or database.is_at_work(hand):
        return False
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(hand.ident), ctypes.py_object(SystemExit))
    return True


def _call(worker: Worker, job: jobs.Claimed) -> _Outcome:
    try:
        context = ports.context_for(
            worker.db, worker.clock(), worker.settings, job, ports.Outside(worker.mail, worker.safe)
        )
        return inputs.Returned(job.at, dispatch.call(job.operation, context, job.parameters))
    except handler_api.BpmnError as error:
        return inputs.Failed(job.at, error.code, error.reason)
    except handler_api.RetryLater as later:
        return jobs.Failure(later.reason, after=later.after)
    except (errors.Unavailable, errors.Conflict) as passing:
        return jobs.Failure(str(passing))
    except (handler_api.PermanentFailure, errors.ServiceError) as final:
        return jobs.Failure(str(final), permanent=True)
    except Exception as error:  # noqa: BLE001  a handler may raise anything; it becomes a retry, then an incident
        place = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {error}"
        return jobs.Failure(_RAISED.format(error=said, place=place.name, line=place.lineno))


def fire_due(worker: Worker) -> int:
    """Fires every due deadline, each in its own transaction; gives how many fired. A broken case stops no other."""
    with database.reading(worker.db) as session:
        due = deadlines.due(session, worker.clock())
    fired = 0
    for deadline_id in (one for one in due if not worker.lying.rests(one)):
        try:
            with database.transaction(worker.db) as session:
                fired += deadlines.fire(session, worker.clock(), deadline_id)
        except _BROKEN as failure:
            if not _gave_up(worker, deadlines.give_up, deadline_id, failure):
                worker.lying.leave(deadline_id)
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
    message_id = None
    try:
        with database.transaction(worker.db) as session:
            case = lifecycle.lock_by_id(session, case_id)
            message = messages.first_waiting(session, case)
            if message is None:
                return False
            message_id = message.id
            messages.feed(session, worker.clock(), case, message)
    except _BROKEN as failure:
        return message_id is not None and _gave_up(worker, messages.give_up, message_id, failure)
    return True


def _gave_up(worker: Worker, give_up: Callable[..., None], row_id: int, failure: errors.ServiceError) -> bool:
    """Leaves what failed to an operator; False for a case that cannot even be read: ``doctor`` tells of that."""
    try:
        with database.transaction(worker.db) as session:
            give_up(session, worker.clock(), row_id, str(failure))
    except _BROKEN:
        log.warning("left lying: %s", failure)
        return False
    return True


def sweep(worker: Worker) -> int:
    """Puts back jobs whose worker died, and brings limits up to the calendar in force; gives how many jobs.

    A calendar that is missing is called for.
    """
    recompute_limits(worker)
    # another worker may have told them at the same moment
    with suppress(errors.Conflict, errors.NotFound), database.transaction(worker.db) as session:
        calendars.call_for(session, worker.clock())
    with database.transaction(worker.db) as session:
        return len(jobs.reclaim(session, worker.clock()))


def recompute_limits(worker: Worker) -> int:
    """Computes the limits of an earlier calendar anew, each case on its own; gives how many cases.

    A new calendar may touch every open case: between two handfuls of them, whatever is due goes first.
    """
    done = last = 0
    while stale := _stale(worker, last):
        for case_id in stale:
            # a case that cannot move has its incident already, and must not keep the others from their dates
            with suppress(*_BROKEN), database.transaction(worker.db) as session:
                deadlines.recompute(session, worker.clock(), case_id)
        done, last = done + len(stale), stale[-1]
        feed_messages(worker)
        fire_due(worker)
    return done


def _stale(worker: Worker, last: int) -> list[int]:
    with database.reading(worker.db) as session:
        return deadlines.with_open_limits(session, last)


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


_ROUNDS = 50  # of calls that follow one another; what comes after them is left to the worker


def settle_case(worker: Worker, number: str) -> bool:
    """Works off the due jobs of one case, so that the person who moved it sees what follows; True while others are at it.

    What must run alone is left to the worker: a person's request waits for nobody.
    """
    for _ in range(_ROUNDS):
        with database.reading(worker.db) as session:
            found = jobs.at_work(session, worker.clock(), number)
        if not sum(_execute_at_once(worker, job_id) for job_id, status in found if status == "todo"):
            return bool(found)
    return True


def _execute_at_once(worker: Worker, job_id: int) -> bool:
    found = _prepared(worker, job_id)
    if found is None or found.is_suspect or worker.rooms.is_reserved:
        return False
    with worker.rooms.entered(alone=False):
        return _execute(worker, job_id)
