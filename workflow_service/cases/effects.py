"""Records what a step of the engine left behind: runs, tasks, jobs and deadlines as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.orm import Session

from workflow_service.bundles.programs import Loaded
from workflow_service.engine import view
from workflow_service.engine.inputs import Address
from workflow_service.engine.standing import Pending
from workflow_service.storage import database, people, steps, tables


class Stepped(NamedTuple):
    """A case with the step it has just made.

    Args:
        seq: the number of the journal's entry that tells of it. actor: who made it.
        by: who did the task that it completed, where that task was opened in the same transaction.
    """

    case: tables.Case
    loaded: Loaded
    done: view.Advanced
    seq: int
    actor: str
    by: str = ""


def record(session: Session, now: datetime, *steps: Stepped) -> None:
    """Writes the outcome of steps that a case made one after the other, each row once; their journal entries stand already."""
    started = _runs(session, now, steps)
    _tasks(session, now, steps)
    for step in steps:
        _waiting(session, now, step)
    _case(session, now, steps[-1], started)


def _case(session: Session, now: datetime, step: Stepped, started: int) -> None:
    case, shared = step.case, dict(step.done.family.case)
    status = str(shared.get("status") or case.status)[:24]
    remember_people(session, case, shared)
    closed = now if status in _ENDED and case.closed_at is None else case.closed_at
    turned = (status, closed) != (case.status, case.closed_at)
    steps.hold(
        case,
        version=case.version + 1,
        shared=shared,
        title=str(shared.get("title") or "")[:200],
        status=status,
        closed_at=closed,
        runs_started=case.runs_started + started,
    )
    steps.save_case(session, case, turned=turned)


def remember_people(session: Session, case: tables.Case, shared: Mapping[str, Any]) -> None:
    """Keeps the rows by which lists find the people of a case equal to what it publishes now."""
    before = case.shared
    if before.get("subjects") == shared.get("subjects") and before.get("recused") == shared.get("recused"):
        return
    known, wanted = _parts(before), _parts(shared)
    row = people.CasePerson
    session.execute(delete(row).where(row.case_id == case.id, tuple_(row.account, row.part).in_(known - wanted)))
    _add_people(session, case.id, wanted - known)


def remember_people_anew(session: Session, case_id: int, shared: Mapping[str, Any]) -> None:
    """Writes these rows from what a case publishes, whatever they were."""
    row = people.CasePerson
    session.execute(delete(row).where(row.case_id == case_id))
    _add_people(session, case_id, _parts(shared))


def _add_people(session: Session, case_id: int, parts: set[tuple[str, str]]) -> None:
    rows = [{"account": name, "part": part, "case_id": case_id} for name, part in sorted(parts)]
    if rows:
        session.execute(insert(people.CasePerson), rows)


def _parts(shared: Mapping[str, Any]) -> set[tuple[str, str]]:
    subjects = {(one["account"], "subject") for one in shared.get("subjects") or () if one.get("account")}
    return subjects | {(name, "recused") for name in shared.get("recused") or ()}


_ENDED = frozenset({"archived"})


def _runs(session: Session, now: datetime, made: Sequence[Stepped]) -> int:
    last, fresh = made[-1], []
    case_id = last.case.id
    for run_id in dict.fromkeys(one for step in made for one in step.done.changed):
        run = last.done.family.runs[run_id]
        values: dict[str, Any] = {
            "open": run.open,
            "state": run.state,
            "waits": list(run.waits),
            "ended_at": None if run.open else now,
        }
        if int(run_id[1:]) > last.case.runs_started:
            fresh.append(
                {"case_id": case_id, "id": run_id, "process": run.process, "key": run.key, "started_at": now, **values}
            )
        else:
            steps.save_run(session, case_id, run_id, values)
    if fresh:
        steps.add_runs(session, fresh)
    return len(fresh)


def _tasks(session: Session, now: datetime, made: Sequence[Stepped]) -> None:
    number = made[-1].case.number
    ended = {at: (step, why) for step in made for at, why in step.done.closed}
    opened = {one.at: (step, one) for step in made for one in step.done.opened}
    cancelled = [task_id(number, at) for at, (_, why) in ended.items() if why == "cancelled" and at not in opened]
    if cancelled:
        session.execute(
            update(tables.Task).where(tables.Task.id.in_(cancelled)).values(status="cancelled", done_at=now)
        )
        drop_candidates(session, cancelled)
    if opened:
        rows = [_task(now, step, one) | _ending(now, *ended.get(at, ())) for at, (step, one) in opened.items()]
        steps.add_tasks(session, rows)
        named = [
            {"account": name, "task_id": task_id(number, at)}
            for at, (_, one) in opened.items()
            if len(one.assignees) > 1 and at not in ended
            for name in dict.fromkeys(one.assignees)
        ]
        if named:
            session.execute(insert(people.TaskCandidate), named)


def align(session: Session, now: datetime, case: tables.Case, loaded: Loaded, pending: Pending) -> None:
    """Makes the rows that people and workers go by those that the state asks for: adds what is missing, cancels the rest."""
    tasks, jobs, dates = standing(session, case.id).values()
    difference = view.Advanced(
        family=view.Family(case.shared, {}),
        changed=(),
        opened=tuple(one for one in pending.tasks if one.at not in tasks),
        closed=tuple((at, "cancelled") for at in tasks - {one.at for one in pending.tasks}),
        calls=tuple(one for one in pending.calls if one.at not in jobs),
        dropped_calls=tuple(jobs - {one.at for one in pending.calls}),
        timers=tuple(one for one in pending.timers if one.at not in dates),
        dropped_timers=tuple(dates - {one.at for one in pending.timers}),
    )
    missing = [one.at for one in difference.opened] + [one.at for one in difference.calls]
    untrue = [task_id(case.number, at) for at in missing]  # said to be done or cancelled
    drop_candidates(session, untrue)
    session.execute(delete(tables.Task).where(tables.Task.id.in_(untrue)))
    session.execute(delete(tables.Job).where(tables.Job.key.in_(untrue)))
    step = Stepped(case, loaded, difference, case.head_seq, "system")
    _tasks(session, now, (step,))
    _waiting(session, now, step)


_LIVE: Mapping[str, tuple[Any, Sequence[str]]] = {
    "task": (tables.Task, ("open",)),
    "job": (tables.Job, ("todo", "run", "incident")),
    "timer": (tables.Deadline, ("waiting", "paused", "incident")),
}


def standing(session: Session, case_id: int) -> dict[str, set[Address]]:
    """Where the rows of a case say that something waits: ``task``, ``job``, ``timer``, in this order."""

    def of(table: Any, live: Sequence[str]) -> set[Address]:
        columns = select(table.run, table.element, table.visit)
        rows = session.execute(columns.where(table.case_id == case_id, table.status.in_(live)))
        return {Address(*row) for row in rows}

    return {kind: of(*which) for kind, which in _LIVE.items()}


def _ending(now: datetime, step: Stepped | None = None, why: str = "") -> dict[str, Any]:
    """What is written of a task that ended in the transaction that opened it."""
    if step is None:
        return {}
    if why == "cancelled":
        return {"status": "cancelled", "done_at": now}
    return {"status": "done", "done_at": now, "done_by": step.by, "done_seq": step.seq, "holder": step.by}


def drop_candidates(session: Session, task_ids: Sequence[str]) -> None:
    """Forgets who was named for tasks that are done or cancelled; the tasks themselves still say it."""
    session.execute(delete(people.TaskCandidate).where(people.TaskCandidate.task_id.in_(task_ids)))


def task_id(number: str, at: Address) -> str:
    """The id of a task: its case's number and its address."""
    return f"{number}.{at}"


def _task(now: datetime, step: Stepped, task: view.OpenTask) -> dict[str, Any]:
    properties = step.loaded.properties(task.process, task.at.element)
    only = task.assignees[0] if len(task.assignees) == 1 else None
    return {
        "id": task_id(step.case.number, task.at),
        "case_id": step.case.id,
        "run": task.at.run,
        "process": task.process,
        "element": task.at.element,
        "visit": task.at.visit,
        "name": task.name,
        "name_en": task.name_en,
        "lane": task.lane,
        "role": step.loaded.role_of(task.lane),
        "place": step.case.place,
        "form": task.form,
        "article": task.article,
        "assignee": only,
        "assignees": list(task.assignees) if len(task.assignees) > 1 else None,
        "holder": only,
        "status": "open",
        "opened_at": now,
        "opened_seq": step.seq,
        "due_at": task.due,
        "due_limit": limit_json(task.limit),
        "calendar": calendar_of(task.limit),
        "mandatory": properties.get("mandatory") == "true",
        "sealed": task.sealed,
        "instance": None if task.instance is None else {"item": task.instance},
        "priority": int(properties.get("priority", "0")),
    }


def limit_json(limit: view.Limit | None) -> dict[str, Any] | None:
    """How a due date came about, as JSON."""
    if limit is None:
        return None
    return {**asdict(limit), "start": limit.start.isoformat(), "end": limit.end.isoformat()}


def calendar_of(limit: view.Limit | None) -> int | None:
    """The version of the calendar that gave a date."""
    return None if limit is None else int(limit.calendar)


def _waiting(session: Session, now: datetime, step: Stepped) -> None:
    """Jobs and deadlines: those that came, those that are wanted no more, and what had given up at them."""
    _jobs(session, now, step)
    _deadlines(session, step)
    gone = {(at.run, at.element) for at in (*step.done.dropped_calls, *step.done.dropped_timers)}
    if gone:
        steps.end_incidents(session, now, step.actor, step.case.id, gone)


def _jobs(session: Session, now: datetime, step: Stepped) -> None:
    case = step.case
    if step.done.dropped_calls:
        where = tuple_(tables.Job.run, tables.Job.element, tables.Job.visit).in_(
            [(at.run, at.element, at.visit) for at in step.done.dropped_calls]
        )
        unfinished = tables.Job.status.in_(("todo", "run", "incident"))
        session.execute(
            update(tables.Job).where(tables.Job.case_id == case.id, where, unfinished).values(status="cancelled")
        )
    for call in step.done.calls:
        job = {
            "key": task_id(case.number, call.at),
            "case_id": case.id,
            "run": call.at.run,
            "element": call.at.element,
            "visit": call.at.visit,
            "kind": call.operation,
            "payload": dict(call.parameters),
            "actor": step.actor,
            "due_at": now,
            "created_seq": step.seq,
        }
        wake(session, steps.add_job(session, job), now)


def wake(session: Session, job_id: int, due_at: datetime) -> None:
    """Makes a job known to the queue within the transaction."""
    session.info["woken"] = True
    queue = database.queue_of(session)
    if queue is not None:
        queue.enqueue(session, job_id, due_at)


def has_woken(session: Session) -> bool:
    """Whether something of this transaction asks a machine to work."""
    return bool(session.info.get("woken"))


def _deadlines(session: Session, step: Stepped) -> None:
    case = step.case
    if step.done.dropped_timers:
        steps.cancel_deadlines(session, case.id, [(at.run, at.element, at.visit) for at in step.done.dropped_timers])
    if step.done.timers:
        steps.add_deadlines(session, [_deadline(case.id, one) for one in step.done.timers])


def _deadline(case_id: int, timer: view.Timer) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "run": timer.at.run,
        "process": timer.process,
        "element": timer.at.element,
        "visit": timer.at.visit,
        "due_at": timer.due,
        "status": "waiting",
        "provisional": timer.limit is not None and timer.limit.provisional,
        "due_limit": limit_json(timer.limit),
        "calendar": calendar_of(timer.limit),
    }
