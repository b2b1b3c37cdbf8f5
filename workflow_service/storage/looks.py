"""What the pages of a task and a case look up, prepared once; the objects are for looking, no session stores their changes."""

from typing import Any, Generic, TypeVar

from sqlalchemy import bindparam, exists, literal_column, or_, select
from sqlalchemy.orm import Session

from workflow_service.storage import tables
from workflow_service.storage.prepared import Prepared, Rows

Row = TypeVar("Row")


class Look(Generic[Row]):
    """The rows of a table for which conditions hold; called with the values of the conditions' parameters."""

    def __init__(self, table: type[Row], *conditions: Any, order: tuple[Any, ...] = (), without: str = "") -> None:
        self.any = exists(select(literal_column("1")).select_from(table).where(*conditions))
        self._rows = Rows(lambda columns: columns.where(*conditions).order_by(*order), table, without=without)

    def __call__(self, session: Session, **values: Any) -> list[Row]:
        return [one for (one,) in self._rows.every(session, values)]

    def first(self, session: Session, **values: Any) -> Row | None:
        """The first of the rows, None when there is none."""
        found = self._rows.first(session, values)
        return None if found is None else found[0]


class Looks:
    """Several looks with the same parameters; one question tells which of them would find anything."""

    def __init__(self, **looks: Look[Any]) -> None:
        self._looks = looks
        self._which = Prepared(select(*(one.any.label(name) for name, one in looks.items())))

    def __call__(self, session: Session, **values: Any) -> dict[str, list[Any]]:
        """The rows of each look by its name."""
        found = self._which.run(session, values).fetchone()
        return {
            name: one(session, **values) if is_there else []
            for (name, one), is_there in zip(self._looks.items(), found, strict=True)
        }


def _is(column: Any) -> Any:
    return column == bindparam(column.key)


def _among(column: Any, *values: str) -> Any:
    return or_(*(column == literal_column(f"'{one}'") for one in values))


_CASE, _TASK, _RUN, _DEADLINE = tables.Case, tables.Task, tables.Run, tables.Deadline
_PAPER, _FILE, _REMARK, _INCIDENT = tables.Document, tables.Attachment, tables.Comment, tables.Incident

case = Look(_CASE, _is(_CASE.number))
tasks = Look(_TASK, _is(_TASK.case_id), order=(_TASK.opened_at, _TASK.id))
open_tasks = Look(_TASK, _is(_TASK.case_id), _among(_TASK.status, "open"))
attempts = Look(_TASK, _is(_TASK.case_id), _is(_TASK.element), _among(_TASK.status, "done"))
runs = Look(_RUN, _is(_RUN.case_id))
deadlines = Look(_DEADLINE, _is(_DEADLINE.case_id), _among(_DEADLINE.status, "waiting", "paused"))
documents = Look(_PAPER, _is(_PAPER.case_id), order=(_PAPER.issued_at, _PAPER.id))
comments = Look(_REMARK, _is(_REMARK.case_id), order=(_REMARK.id,))
incidents = Look(_INCIDENT, _is(_INCIDENT.case_id), _INCIDENT.closed_at.is_(None), order=(_INCIDENT.id,))
attachments = Look(
    _FILE,
    _is(_FILE.case_id),
    or_(_FILE.key.is_(None), ~_FILE.sealed),
    order=(_FILE.added_at, _FILE.id),
    without="content",
)
around = Looks(deadlines=deadlines, documents=documents, comments=comments, incidents=incidents)
"""What may lie around a case; most cases have little of it."""
unfed = Look(
    tables.Message,
    _is(tables.Message.case_id),
    _among(tables.Message.status, "waiting", "incident"),
    order=(tables.Message.id,),
)
"""What somebody has stated and the procedure has not seen yet."""
drafts = Look(tables.Draft, _is(tables.Draft.task_id), _is(tables.Draft.account))
submissions = Look(tables.Submission, _is(tables.Submission.key))
