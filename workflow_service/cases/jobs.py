"""Handler calls as durable rows: claimed under a lease, finished by one guarded step, retried, or made an incident."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, literal_column, or_, select, update
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.cases import consequences, effects, failures, lifecycle
from workflow_service.engine import inputs
from workflow_service.identity.actors import SYSTEM
from workflow_service.storage import tables
from workflow_service.storage.prepared import Prepared

BACKOFF_CAP = timedelta(hours=1)
FAR = timedelta(days=1)
"""No lease and no pause before another attempt is longer."""
SUSPECT = 2  # so many processes have ended under a job: it may be what ended them


@dataclass(frozen=True)
class Claimed:
    """A job in the hands of one worker until its lease ends."""

    id: int
    key: str
    case_id: int
    at: inputs.Address
    operation: str
    parameters: dict[str, Any]
    actor: str
    attempt: int


@dataclass(frozen=True)
class Waiting:
    """A job before its claim: the bundle it belongs to, and how often its process ended under it."""

    bundle: str
    deaths: int

    @property
    def is_suspect(self) -> bool:
        """Whether it may be what ended those processes: it runs alone."""
        return self.deaths >= SUSPECT


def waiting(session: Session, job_id: int) -> Waiting | None:
    """What is known of a job that waits; None when it does not."""
    row = session.execute(
        select(tables.Case.bundle, tables.Job.deaths)
        .join(tables.Case, tables.Case.id == tables.Job.case_id)
        .where(tables.Job.id == job_id, tables.Job.status == "todo")
    ).one_or_none()
    return None if row is None else Waiting(row.bundle, row.deaths)


def claim(session: Session, now: datetime, job_id: int, owner: str, lease: timedelta) -> Claimed | None:
    """Takes a due job for a worker; None when it is not to be had. The attempt counts from here, not from its failure."""
    taken = session.execute(
        update(tables.Job)
        .where(tables.Job.id == job_id, tables.Job.status == "todo", tables.Job.due_at <= now)
        .values(status="run", lease_owner=owner, lease_until=now + lease, attempts=tables.Job.attempts + 1)
        .returning(tables.Job)
        .execution_options(populate_existing=True)
    ).scalar()
    if taken is None:
        return None
    at = inputs.Address(taken.run, taken.element, taken.visit)
    return Claimed(taken.id, taken.key, taken.case_id, at, taken.kind, taken.payload, taken.actor, taken.attempts)


def finish(session: Session, now: datetime, job: Claimed, owner: str, moved: inputs.Input) -> bool:
    """Feeds a handler's outcome to the case; False when the lease was lost meanwhile and nothing may be written."""
    case = lifecycle.lock_by_id(session, job.case_id)
    passed = session.execute(
        update(tables.Job)
        .where(*_in_hand(job, owner))
        .values(status="done", lease_owner=None, lease_until=None, done_seq=case.head_seq + 1)
    )
    if passed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
        return False
    before = case.shared
    lifecycle.feed(session, SYSTEM, now, case, moved)
    consequences.follow(session, SYSTEM, now, case, before)
    return True


def _in_hand(job: Claimed, owner: str) -> list[ColumnElement[bool]]:
    """That a job is still in the hands of the worker that claimed it: nobody else's outcome is written."""
    return [tables.Job.id == job.id, tables.Job.status == "run", tables.Job.lease_owner == owner]


@dataclass(frozen=True)
class Failure:
    """Why a call did not work: the cause, whether trying again may help, and after how many seconds."""

    cause: str
    permanent: bool = False
    after: float | None = None
    trace: str = ""


def fail(  # noqa: PLR0913  a failure's whole context
    session: Session, now: datetime, job: Claimed, owner: str, failure: Failure, limit: int, jitter: float
) -> None:
    """Puts a job back for another try, or opens an incident when none is left or none can help.

    Args:
        limit: attempts in all. jitter: a factor around 1 that spreads the retries.
    """
    case = lifecycle.lock_by_id(session, job.case_id)
    over = failure.permanent or job.attempt >= limit
    wait = failure.after if failure.after is not None else min(2**job.attempt, BACKOFF_CAP.total_seconds()) * jitter
    values: dict[str, Any] = (
        {"status": "incident"} if over else {"status": "todo", "due_at": now + timedelta(seconds=wait)}
    )
    changed = session.execute(
        update(tables.Job)
        .where(*_in_hand(job, owner))
        .values(lease_owner=None, lease_until=None, last_error=failure.cause[:4000], **values)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
        return
    if over:
        found = failures.Cause(job.at.run, job.at.element, failure.cause, failure.trace, job.attempt, job.id)
        failures.open_one(session, now, case, found)
    else:
        effects.wake(session, job.id, now + timedelta(seconds=wait))


def postpone(  # noqa: PLR0913  what waits, how long, why
    session: Session, now: datetime, job: Claimed, owner: str, wait: timedelta, cause: str
) -> None:
    """Puts a claimed job back for later without counting the attempt."""
    changed = session.execute(
        update(tables.Job)
        .where(*_in_hand(job, owner))
        .values(
            status="todo", lease_owner=None, lease_until=None, due_at=now + wait, attempts=job.attempt - 1,
            last_error=cause,
        )
    )  # fmt: skip
    if changed.rowcount == 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
        effects.wake(session, job.id, now + wait)


def due(session: Session, now: datetime, limit: int = 100) -> list[int]:
    """Ids of the jobs that are due, oldest first."""
    query = select(tables.Job.id).where(tables.Job.status == "todo", tables.Job.due_at <= now)
    return list(session.scalars(query.order_by(tables.Job.due_at, tables.Job.id).limit(limit)))


def overdue(session: Session, now: datetime, seconds: int, limit: int = 100) -> list[int]:
    """Ids of the jobs that have waited longer than so many seconds, oldest first, skipping those another process looks at."""
    query = select(tables.Job.id).where(
        tables.Job.status == "todo", tables.Job.due_at < now - timedelta(seconds=seconds)
    )
    return list(session.scalars(query.order_by(tables.Job.due_at).limit(limit).with_for_update(skip_locked=True)))


_AT_WORK = Prepared(
    select(tables.Job.id, tables.Job.status)
    .join(tables.Case, tables.Case.id == tables.Job.case_id)
    .where(
        tables.Case.number == bindparam("number"),
        or_(
            tables.Job.status == literal_column("'run'"),
            and_(tables.Job.status == literal_column("'todo'"), tables.Job.due_at <= bindparam("now")),
        ),
    )
    .order_by(tables.Job.id)
)


def at_work(session: Session, now: datetime, number: str) -> list[tuple[int, str]]:
    """Id and status of the jobs of a case that a machine does, or is about to do."""
    return [(row[0], row[1]) for row in _AT_WORK.run(session, {"number": number, "now": now}).fetchall()]


def reclaim(session: Session, now: datetime, limit: int = 100) -> list[int]:
    """Puts back the jobs whose lease has ended, and those that a clock that ran ahead has put off; gives their ids."""
    ahead, running = now + FAR, tables.Job.status == "run"
    ended = or_(tables.Job.lease_until.is_(None), tables.Job.lease_until < now, tables.Job.lease_until > ahead)
    lost = (
        select(tables.Job.id, tables.Job.status, tables.Job.deaths)
        .where(or_(and_(running, ended), and_(tables.Job.status == "todo", tables.Job.due_at > ahead)))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(lost).all()
    for row in rows:
        _put_back(session, now, row.id, row.deaths + (row.status == "run"))
    return [row.id for row in rows]


def release_all(session: Session, now: datetime, *, died: bool = True) -> int:
    """Puts back every running job: at the start of the only process that can have run them, and after a restore.

    Args:
        died: whether the processes that ran them ended under them.
    """
    rows = session.execute(select(tables.Job.id, tables.Job.deaths).where(tables.Job.status == "run")).all()
    for row in rows:
        _put_back(session, now, row.id, row.deaths + died)
    return len(rows)


def _put_back(session: Session, now: datetime, job_id: int, deaths: int) -> None:
    """Makes a job due again. One under which processes keep ending waits longer each time.

    Otherwise a server that is killed again and again, soon after its start, would always be killed over the same job.
    """
    due_at = now if deaths < SUSPECT else now + min(timedelta(seconds=2 ** (deaths - 1)), BACKOFF_CAP)
    session.execute(
        update(tables.Job)
        .where(tables.Job.id == job_id, tables.Job.status.in_(("run", "todo")))
        .values(status="todo", lease_owner=None, lease_until=None, due_at=due_at, deaths=deaths)
    )
    effects.wake(session, job_id, due_at)


def wake_all(session: Session) -> None:
    """Makes every job that waits known to the queue anew."""
    for row in session.execute(select(tables.Job.id, tables.Job.due_at).where(tables.Job.status == "todo")):
        effects.wake(session, row.id, row.due_at)


def renew(session: Session, now: datetime, job_id: int, owner: str, lease: timedelta) -> bool:
    """Extends the lease of a job that still runs; False when it was lost."""
    kept = session.execute(
        update(tables.Job)
        .where(tables.Job.id == job_id, tables.Job.lease_owner == owner)
        .values(lease_until=now + lease)
    )
    return bool(kept.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE's result has it


def reset(session: Session, now: datetime, job_id: int, parameters: dict[str, Any] | None = None) -> tables.Job:
    """Makes a job that gave up due again, with other parameters if given; raises Conflict for any other."""
    job = session.get(tables.Job, job_id)
    if job is None or job.status != "incident":
        raise errors.Conflict("此作业不在异常状态，不能重试")
    job.status, job.due_at, job.attempts, job.deaths, job.last_error = "todo", now, 0, 0, None
    if parameters is not None:
        job.payload = parameters
    effects.wake(session, job.id, now)
    return job
