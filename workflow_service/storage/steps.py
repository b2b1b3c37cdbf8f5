"""The statements that every step of a case executes, prepared once; the rows in memory are kept equal to what is stored."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from workflow_service.storage import tables
from workflow_service.storage.prepared import Prepared

_CASE = (
    "title",
    "status",
    "version",
    "closed_at",
    "shared",
    "head_seq",
    "head_hash",
    "runs_started",
    "messages_waiting",
)
_TASK = ("status", "done_at", "done_by", "done_seq", "on_behalf_of", "holder")
_RUN = ("open", "state", "waits", "ended_at")


def _update(table: Any, columns: tuple[str, ...], keys: tuple[str, ...]) -> Prepared:
    where = [getattr(table, key) == bindparam(f"at_{key}", type_=getattr(table, key).type) for key in keys]
    values = {name: bindparam(name, type_=getattr(table, name).type) for name in columns}
    return Prepared(update(table).where(*where).values(values))


_UPDATE_CASE = _update(tables.Case, _CASE, ("id",))
_UPDATE_TASK = _update(tables.Task, _TASK, ("id",))
_UPDATE_RUN = _update(tables.Run, _RUN, ("case_id", "id"))
_INSERT_TASK = Prepared(
    insert(tables.Task).values(
        {column.name: bindparam(column.name, type_=column.type) for column in tables.Task.__table__.columns}
    )
)
_INSERT_SUBMISSION = Prepared(insert(tables.Submission))
_RUNS = select(
    tables.Run.id, tables.Run.process, tables.Run.key, tables.Run.open, tables.Run.state, tables.Run.waits
).where(tables.Run.case_id == bindparam("case_id"))
_EMPTY_TASK = {column.name: None for column in tables.Task.__table__.columns} | {
    "mandatory": False,
    "sealed": False,
    "priority": 0,
}


def hold(row: tables.Case | tables.Task, **values: Any) -> None:
    """Sets values of a row in memory that ``save_case`` or ``save_task`` will store."""
    for name, value in values.items():
        set_committed_value(row, name, value)


def save_case(session: Session, case: tables.Case) -> None:
    """Stores what a step changes of a case."""
    _UPDATE_CASE.run(session, {"at_id": case.id, **{name: getattr(case, name) for name in _CASE}})


def save_task(session: Session, task: tables.Task) -> None:
    """Stores what a submission changes of a task."""
    _UPDATE_TASK.run(session, {"at_id": task.id, **{name: getattr(task, name) for name in _TASK}})


def save_run(session: Session, case_id: int, run_id: str, values: Mapping[str, Any]) -> None:
    """Stores the new state of a run."""
    _UPDATE_RUN.run(session, {"at_case_id": case_id, "at_id": run_id, **values})


def add_tasks(session: Session, rows: list[dict[str, Any]]) -> None:
    """Stores new tasks."""
    _INSERT_TASK.run_many(session, [{**_EMPTY_TASK, **row} for row in rows])


def add_submission(session: Session, values: Mapping[str, Any]) -> None:
    """Stores the answer given to an idempotency key."""
    _INSERT_SUBMISSION.run(session, values)


def runs(session: Session, case_id: int) -> list[Any]:
    """The runs of a case: id, process, key, open, state, waits; in the order of their start."""
    rows = session.connection().execute(_RUNS, {"case_id": case_id}).all()
    return sorted(rows, key=_number)


def _number(row: Any) -> int:
    return int(row.id[1:])
