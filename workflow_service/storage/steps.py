"""The statements that every step of a case executes, prepared once; the rows in memory are kept equal to what is stored."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

import orjson
from sqlalchemy import ColumnElement, bindparam, insert, literal_column, or_, select, text, update
from sqlalchemy.orm import Session

from workflow_service.storage import tables
from workflow_service.storage.prepared import Prepared, Rows, Seen, insertion

_CASE = ("title", "version", "shared", "head_seq", "head_hash", "runs_started", "messages_waiting")
_LISTED = ("status", "closed_at")  # SQLite writes an index anew for each column that an update names, changed or not
_TASK = ("status", "done_at", "done_by", "done_seq", "on_behalf_of", "holder", "delegated_by")
_RUN = ("open", "state", "waits", "ended_at")


def _update(table: Any, columns: tuple[str, ...], keys: tuple[str, ...]) -> Prepared:
    where = [getattr(table, key) == bindparam(f"at_{key}", type_=getattr(table, key).type) for key in keys]
    values = {name: bindparam(name, type_=getattr(table, name).type) for name in columns}
    return Prepared(update(table).where(*where).values(values))


_UPDATE_CASE = _update(tables.Case, _CASE, ("id",))
_TURN_CASE = _update(tables.Case, _CASE + _LISTED, ("id",))
_UPDATE_TASK = _update(tables.Task, _TASK, ("id",))
_UPDATE_RUN = _update(tables.Run, _RUN, ("case_id", "id"))


_INSERT_CASE = Prepared(insertion(tables.Case, "id").returning(tables.Case.id))
_INSERT_RUN = Prepared(insertion(tables.Run))
_INSERT_TASK = Prepared(insertion(tables.Task))
_INSERT_JOB = Prepared(insertion(tables.Job, "id").returning(tables.Job.id))
_INSERT_DEADLINE = Prepared(insertion(tables.Deadline, "id"))
_RELATE = _update(tables.Case, ("related",), ("id",))


def _at_element(table: type[tables.Deadline | tables.Incident]) -> list[ColumnElement[bool]]:
    """What is at one element of one run of a case."""
    return [getattr(table, name) == bindparam(f"at_{name}") for name in ("case_id", "run", "element")]


_CANCEL_DEADLINE = Prepared(
    update(tables.Deadline)
    .where(
        *_at_element(tables.Deadline),
        tables.Deadline.visit == bindparam("at_visit"),
        tables.Deadline.status.in_(literal_column(f"'{one}'") for one in ("waiting", "paused", "incident")),
    )
    .values(status=literal_column("'cancelled'"))
)
_END_INCIDENT = Prepared(
    update(tables.Incident)
    .where(
        *_at_element(tables.Incident),
        tables.Incident.closed_at.is_(None),
    )
    .values(
        closed_at=bindparam("closed_at", type_=tables.Incident.closed_at.type),
        closed_by=bindparam("closed_by"),
        resolution=literal_column("'moot'"),
    )
)
_INSERT_SUBMISSION = Prepared(insert(tables.Submission))
_RESERVE_SUBMISSION = Prepared(
    text(
        "INSERT INTO submission (key, task_id, digest, answer, at) VALUES (:key, :task_id, :digest, :answer, :at) "
        "ON CONFLICT (key) DO NOTHING RETURNING key"
    ).bindparams(
        bindparam("answer", type_=tables.Submission.answer.type), bindparam("at", type_=tables.Submission.at.type)
    )
)
_SAVE_DRAFT = Prepared(
    text(
        "INSERT INTO draft (task_id, account, data, saved_at) VALUES (:task_id, :account, :data, :saved_at) "
        "ON CONFLICT (task_id, account) DO UPDATE SET data = excluded.data, saved_at = excluded.saved_at"
    ).bindparams(
        bindparam("data", type_=tables.Draft.data.type), bindparam("saved_at", type_=tables.Draft.saved_at.type)
    )
)
_ANSWER_SUBMISSION = _update(tables.Submission, ("task_id", "answer"), ("key",))
_RUNS = Prepared(
    select(
        tables.Run.id, tables.Run.process, tables.Run.key, tables.Run.open, tables.Run.state, tables.Run.waits
    ).where(tables.Run.case_id == bindparam("case_id"))
)
_PART = Prepared(
    select(tables.Task.element, tables.Task.role, tables.Task.done_by).where(
        tables.Task.case_id == bindparam("case_id"),
        or_(*(one == bindparam("name") for one in (tables.Task.done_by, tables.Task.holder, tables.Task.assignee))),
    )
)
_LOCK_CASE_OF = Prepared(
    select(tables.Case.id)
    .where(
        tables.Case.id == select(tables.Task.case_id).where(tables.Task.id == bindparam("task_id")).scalar_subquery()
    )
    .with_for_update()
)
_TASK_WITH_CASE = Rows(
    lambda columns: columns.join(tables.Case, tables.Case.id == tables.Task.case_id).where(
        tables.Task.id == bindparam("task_id")
    ),
    tables.Task,
    tables.Case,
)
_EMPTY_JOB = {
    "status": "todo",
    "attempts": 0,
    "deaths": 0,
    "lease_owner": None,
    "lease_until": None,
    "last_error": None,
    "done_seq": None,
}
_EMPTY_TASK = {column.name: None for column in tables.Task.__table__.columns} | {
    "mandatory": False,
    "sealed": False,
    "priority": 0,
}


def lock_case_of(session: Session, task_id: str) -> None:
    """Locks the case of a task, if there is one: whoever waits for it reads the task afterwards, as the winner left it.

    SQLite lets one writer in at a time and needs no lock.
    """
    if session.get_bind().dialect.name != "sqlite":
        _LOCK_CASE_OF.run(session, {"task_id": task_id})


def task_with_case(session: Session, task_id: str) -> tuple[tables.Task, tables.Case] | None:
    """A task and its case by the task's id; no session knows them, their changes are stored through this module."""
    found = _TASK_WITH_CASE.first(session, {"task_id": task_id})
    return None if found is None else (found[0], found[1])


def hold(row: tables.Case | tables.Task, **values: Any) -> None:
    """Sets values of a row in memory that ``save_case`` or ``save_task`` will store; the session need not."""
    held = row.__dict__
    held.update(values)
    mapped = held.get("_sa_instance_state")
    if mapped is not None:  # the mapper must not store it once more
        for name in mapped.committed_state.keys() & values.keys():
            del mapped.committed_state[name]


def save_case(session: Session, case: tables.Case, *, turned: bool = False) -> None:
    """Stores what a step changes of a case; ``turned`` says that its status, or whether it is closed, is other than before."""
    statement = _TURN_CASE if turned else _UPDATE_CASE
    statement.write(session, {"at_id": case.id, **_values(case, _CASE + _LISTED if turned else _CASE)})


def save_task(session: Session, task: tables.Task, **values: Any) -> None:
    """Sets values of a task and stores what people change of one."""
    hold(task, **values)
    _UPDATE_TASK.write(session, {"at_id": task.id, **_values(task, _TASK)})


def relate(session: Session, case: tables.Case, numbers: list[str]) -> None:
    """Stores with which other cases a case is linked."""
    hold(case, related=numbers)
    _RELATE.write(session, {"at_id": case.id, "related": numbers})


def _values(row: tables.Case | tables.Task, names: tuple[str, ...]) -> dict[str, Any]:
    held = row.__dict__
    is_mapped = "_sa_instance_state" in held  # then it may have to be read first
    return {name: getattr(row, name) for name in names} if is_mapped else held


def add_case(session: Session, values: Mapping[str, Any]) -> tables.Case:
    """Stores a new case; what is stored of it later goes through this module, no session knows it."""
    (case_id,) = _INSERT_CASE.run(session, values).fetchone()
    return cast(tables.Case, Seen({"id": case_id, **values}))


def add_runs(session: Session, rows: list[dict[str, Any]]) -> None:
    """Stores new runs."""
    _INSERT_RUN.write(session, *rows)


def add_job(session: Session, values: Mapping[str, Any]) -> int:
    """Stores a new job and gives its id."""
    return int(_INSERT_JOB.run(session, {**_EMPTY_JOB, **values}).fetchone()[0])


def save_run(session: Session, case_id: int, run_id: str, values: Mapping[str, Any]) -> None:
    """Stores the new state of a run."""
    _UPDATE_RUN.write(session, {"at_case_id": case_id, "at_id": run_id, **values})


def add_tasks(session: Session, rows: list[dict[str, Any]]) -> None:
    """Stores new tasks."""
    _INSERT_TASK.write(session, *({**_EMPTY_TASK, **row} for row in rows))


def add_deadlines(session: Session, rows: list[dict[str, Any]]) -> None:
    """Stores new dates that wait."""
    _INSERT_DEADLINE.write(session, *({"paused_days": None, **row} for row in rows))


def cancel_deadlines(session: Session, case_id: int, places: list[tuple[str, str, int]]) -> None:
    """Cancels the dates of a case that wait at these places: run, element, visit."""
    rows = [
        {"at_case_id": case_id, "at_run": run, "at_element": element, "at_visit": visit}
        for run, element, visit in places
    ]
    _CANCEL_DEADLINE.write(session, *rows)


def save_draft(session: Session, now: datetime, task_id: str, account: str, data: Mapping[str, Any]) -> None:
    """Keeps what somebody typed; of two windows that save at once the later counts."""
    _SAVE_DRAFT.write(session, {"task_id": task_id, "account": account, "data": dict(data), "saved_at": now})


def end_incidents(session: Session, now: datetime, by: str, case_id: int, places: set[tuple[str, str]]) -> None:
    """Closes what gave up at these places of a case, run and element: nothing waits there any more."""
    rows = [
        {"at_case_id": case_id, "at_run": run, "at_element": element, "closed_at": now, "closed_by": by}
        for run, element in sorted(places)
    ]
    _END_INCIDENT.write(session, *rows)


def add_submission(session: Session, values: Mapping[str, Any]) -> None:
    """Stores the answer given to an idempotency key."""
    _INSERT_SUBMISSION.run(session, values)


def reserve_submission(session: Session, values: Mapping[str, Any]) -> bool:
    """Takes an idempotency key before its answer is known; False when it was used, also by somebody who is just at it."""
    return _RESERVE_SUBMISSION.run(session, values).fetchone() is not None


def answer_submission(session: Session, key: str, about: str, answer: dict[str, Any]) -> None:
    """Stores the answer given to a key that was taken, and what it is about."""
    _ANSWER_SUBMISSION.write(session, {"at_key": key, "task_id": about, "answer": answer})


class StoredRun(NamedTuple):
    """A run as a step reads it."""

    id: str
    process: str
    key: str
    open: bool
    state: bytes
    waits: tuple[str, ...]


def runs(session: Session, case_id: int) -> list[StoredRun]:
    """The runs of a case in the order of their start."""
    rows = _RUNS.run(session, {"case_id": case_id}).fetchall()
    found = [
        StoredRun(row[0], row[1], row[2], bool(row[3]), bytes(row[4]), tuple(orjson.loads(row[5]))) for row in rows
    ]
    return sorted(found, key=_number)


def part_of(session: Session, case_id: int, name: str) -> list[tuple[str, str, str | None]]:
    """Element, role and doer of the tasks of a case that a person did, holds or is named for."""
    rows: list[tuple[str, str, str | None]] = _PART.run(session, {"case_id": case_id, "name": name}).fetchall()
    return rows


def _number(row: StoredRun) -> int:
    return int(row.id[1:])
