"""The tables of a case; people's are in ``people.py``, bundles' and calendars' in ``reference.py``, all in ``metadata``."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from workflow_service.storage.columns import Json, MarkedJson, UtcDateTime


class Table(DeclarativeBase):
    """The base of every table."""

    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: Json(), list[Any]: Json(), str: Text()}


metadata = Table.metadata

_BY_KEY = {"sqlite_with_rowid": False}
"""SQLite keeps such a table in its primary key's index, so that a new row is written once; for small rows only."""


def _some(name: str, where: str, *columns: str) -> Index:
    """An index of the rows that a list shows, so that it stays small and rows that were never listed cost nothing."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


OPEN = "status = 'open'"
FREE = "status = 'open' AND holder IS NULL AND assignee IS NULL AND assignees IS NULL"


class Case(Table):
    """One matter with its number; lock, version and journal belong to it.

    ``version`` counts the steps; ``head_seq`` and ``head_hash`` are the end of its journal; ``shared`` is what the runs
    publish to one another; ``messages_waiting`` tells how many kept messages the engine has not seen.
    """

    __tablename__ = "case_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    process: Mapped[str] = mapped_column(String(64))
    title: Mapped[str]
    place: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(24))
    version: Mapped[int] = mapped_column(default=0)
    bundle: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(80))
    closed_at: Mapped[datetime | None]
    shared: Mapped[dict[str, Any]] = mapped_column(MarkedJson)
    head_seq: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[str] = mapped_column(String(64), default="")
    runs_started: Mapped[int] = mapped_column(default=0)
    messages_waiting: Mapped[int] = mapped_column(default=0)
    related: Mapped[list[Any]] = mapped_column(default=list)
    retention: Mapped[str | None] = mapped_column(String(24))
    __table_args__ = (
        Index("case_by_place", "place", "id"),
        Index("case_by_status", "status", "id"),
        Index("case_by_opener", "opened_by", "id"),
        _some("case_open", "closed_at IS NULL", "id"),
    )


class Run(Table):
    """One executing process of a case with its encoded engine state."""

    __tablename__ = "run"
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    process: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(80))
    open: Mapped[bool]
    state: Mapped[bytes] = mapped_column(LargeBinary)
    waits: Mapped[list[Any]]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Task(Table):
    """Work for a person: id ``<case number>.<run>.<element>.<visit>``; status open, done or cancelled.

    ``assignee`` is set where exactly one person may do it, ``assignees`` where several may, neither where anybody of
    the role may. ``calendar`` is the calendar's version that gave the due date, ``paused_days`` holds the remaining
    working days while the case is suspended.
    """

    __tablename__ = "task"
    id: Mapped[str] = mapped_column(String(160), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    run: Mapped[str] = mapped_column(String(12))
    process: Mapped[str] = mapped_column(String(64))
    element: Mapped[str] = mapped_column(String(64))
    visit: Mapped[int]
    name: Mapped[str]
    name_en: Mapped[str]
    lane: Mapped[str]
    role: Mapped[str] = mapped_column(String(32))
    place: Mapped[str] = mapped_column(String(40))
    form: Mapped[str] = mapped_column(String(64))
    article: Mapped[str] = mapped_column(String(24), default="")
    assignee: Mapped[str | None] = mapped_column(String(80))
    assignees: Mapped[list[Any] | None]
    holder: Mapped[str | None] = mapped_column(String(80))
    delegated_by: Mapped[str | None] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(12))
    opened_at: Mapped[datetime]
    opened_seq: Mapped[int]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(String(80))
    done_seq: Mapped[int | None]
    on_behalf_of: Mapped[str | None] = mapped_column(String(80))
    due_at: Mapped[datetime | None]
    due_limit: Mapped[dict[str, Any] | None]
    calendar: Mapped[int | None]
    paused_days: Mapped[int | None]
    mandatory: Mapped[bool] = mapped_column(default=False)
    sealed: Mapped[bool] = mapped_column(default=False)
    instance: Mapped[dict[str, Any] | None]
    priority: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        Index("task_by_case", "case_id", "status"),
        _some("task_free_by_due", FREE, "role", "place", "due_at", "id"),
        _some("task_free_by_arrival", FREE, "role", "place", "opened_at", "id"),
        _some("task_free_by_priority", f"{FREE} AND priority <> 0", "role", "place", "priority", "due_at", "id"),
        _some("task_open_by_due", OPEN, "place", "due_at", "id"),
        _some("task_open_by_arrival", OPEN, "place", "opened_at", "id"),
        _some("task_open_by_priority", f"{OPEN} AND priority <> 0", "place", "priority", "due_at", "id"),
        _some("task_held", f"{OPEN} AND holder IS NOT NULL", "holder", "due_at", "id"),
        _some("task_once_held", "status <> 'open' AND holder IS NOT NULL", "holder", "case_id"),
        _some("task_by_assignee", "assignee <> holder", "assignee", "case_id"),
        _some("task_by_doer", "done_by IS NOT NULL", "done_by", "done_at", "id"),
        _some("task_by_calendar", f"{OPEN} AND calendar IS NOT NULL", "status", "calendar", "case_id"),
    )


class Job(Table):
    """A handler call to be made: todo, run, done, incident, cancelled; ``deaths`` counts the processes that ended under it."""

    __tablename__ = "job"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    run: Mapped[str] = mapped_column(String(12))
    element: Mapped[str] = mapped_column(String(64))
    visit: Mapped[int]
    kind: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]]
    actor: Mapped[str] = mapped_column(String(80))
    due_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(12))
    attempts: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_seq: Mapped[int]
    done_seq: Mapped[int | None]
    __table_args__ = (
        Index("job_due", "status", "due_at"),
        Index("job_by_status", "status", "id"),
        Index("job_by_case", "case_id", "status"),
    )


class Deadline(Table):
    """A timer of a run that waits for its date; status waiting, fired or cancelled.

    A provisional one (its year has no calendar yet) never fires; it is computed anew when the year is published:
    ``calendar`` is the version that gave the date.
    """

    __tablename__ = "deadline"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    run: Mapped[str] = mapped_column(String(12))
    process: Mapped[str] = mapped_column(String(64))
    element: Mapped[str] = mapped_column(String(64))
    visit: Mapped[int]
    due_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(12))
    provisional: Mapped[bool] = mapped_column(default=False)
    due_limit: Mapped[dict[str, Any] | None]
    calendar: Mapped[int | None]
    paused_days: Mapped[int | None]
    __table_args__ = (
        Index("deadline_due", "status", "provisional", "due_at"),
        Index("deadline_by_case", "case_id", "status"),
        _some("deadline_by_calendar", "status = 'waiting' AND calendar IS NOT NULL", "status", "calendar", "case_id"),
    )


class Entry(Table):
    """A line of the journal, chained by hash to the one before; never updated, never deleted."""

    __tablename__ = "entry"
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    version: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    on_behalf_of: Mapped[str | None] = mapped_column(String(80))
    origin: Mapped[str] = mapped_column(String(64), default="")
    bundle: Mapped[str] = mapped_column(String(64))
    calendar: Mapped[str] = mapped_column(String(24), default="")
    body: Mapped[str]
    salt: Mapped[str] = mapped_column(String(32))
    body_hash: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (_BY_KEY,)


class Message(Table):
    """A message to a case, kept before the engine sees it; status waiting, fed, refused or incident."""

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    name: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(24))
    data: Mapped[dict[str, Any]]
    sender: Mapped[str] = mapped_column(String(80))
    on_behalf_of: Mapped[str | None] = mapped_column(String(80))
    received_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None]
    __table_args__ = (Index("message_waiting", "status", "case_id"), UniqueConstraint("case_id", "key"))


class Incident(Table):
    """Something gave up and waits for an operator."""

    __tablename__ = "incident"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    job_id: Mapped[int | None]
    message_id: Mapped[int | None]
    run: Mapped[str] = mapped_column(String(12))
    element: Mapped[str] = mapped_column(String(64))
    cause: Mapped[str]
    trace: Mapped[str] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(80))
    resolution: Mapped[str | None]
    __table_args__ = (Index("incident_open", "closed_at", "id"), Index("incident_by_case", "case_id", "closed_at"))


class Attachment(Table):
    """A file that people added or a handler made; ``key`` makes a handler's writing idempotent."""

    __tablename__ = "attachment"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    key: Mapped[str | None] = mapped_column(String(240), unique=True)
    name: Mapped[str]
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_by: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime]
    sealed: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (Index("attachment_by_case", "case_id"),)


class Document(Table):
    """An issued official document of a case."""

    __tablename__ = "document"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    template: Mapped[str] = mapped_column(String(64))
    title: Mapped[str]
    number: Mapped[str]
    dated: Mapped[date]
    to: Mapped[list[Any]]
    subject_id: Mapped[str | None] = mapped_column(String(24))
    attachment_id: Mapped[str] = mapped_column(String(40))
    issued_at: Mapped[datetime]
    __table_args__ = (Index("document_by_case", "case_id"),)


class NumberSeries(Table):
    """How far the numbers of a code have been given out in a year."""

    __tablename__ = "number_series"
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class IssuedNumber(Table):
    """A document number taken from the gap-free row of its code and year."""

    __tablename__ = "issued_number"
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    taken_at: Mapped[datetime]
    voided: Mapped[str | None]


class Draft(Table):
    """What a person has typed into a task's form and not submitted."""

    __tablename__ = "draft"
    task_id: Mapped[str] = mapped_column(String(160), primary_key=True)
    account: Mapped[str] = mapped_column(String(80), primary_key=True)
    data: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


class Submission(Table):
    """The answer given to an idempotency key, so that the same key gives it again."""

    __tablename__ = "submission"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    task_id: Mapped[str] = mapped_column(String(160))
    digest: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    __table_args__ = (_BY_KEY,)


class SealedAnswer(Table):
    """An opinion kept under seal until the vote is closed; the plain text is encrypted."""

    __tablename__ = "sealed_answer"
    task_id: Mapped[str] = mapped_column(String(160), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    run: Mapped[str] = mapped_column(String(12))
    element: Mapped[str] = mapped_column(String(64))
    visit: Mapped[int]
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    commitment: Mapped[str] = mapped_column(String(64))
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    opened_at: Mapped[datetime | None]
    voided: Mapped[str | None]
    __table_args__ = (Index("sealed_by_case", "case_id", "run", "element"),)


class Notice(Table):
    """An in-app notice to one person."""

    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(240))
    account: Mapped[str] = mapped_column(String(80))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    task_id: Mapped[str | None] = mapped_column(String(160))
    title: Mapped[str]
    title_en: Mapped[str] = mapped_column(default="")
    text: Mapped[str]
    text_en: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("key", "account"), Index("notice_by_account", "account", "read_at", "id"))


class Comment(Table):
    """A remark on a case among those who may read it."""

    __tablename__ = "comment"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    text: Mapped[str]
    __table_args__ = (Index("comment_by_case", "case_id", "id"),)
