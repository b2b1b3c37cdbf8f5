"""The handlers' ways to the world, kept in the database; each write is its own short transaction under a key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow_service import engine, errors, handler_api
from workflow_service.bundles import programs
from workflow_service.cases import ballots, calendars, files, jobs, lifecycle, pauses
from workflow_service.handler_api import Context, IssuedDocument, StoredFile
from workflow_service.identity import roster
from workflow_service.identity.actors import SYSTEM
from workflow_service.settings import Settings
from workflow_service.storage import database, journal, notices, numbers, sealed_parts, tables

_NO_FILE, _NOT_THERE = "没有文件 {file_id}", "流程包中没有 {name}"


@dataclass(frozen=True)
class Outside:
    """What lies outside the database: the mail server, and the key of the seals."""

    mail: handler_api.Mail
    safe: ballots.Safe


@dataclass(frozen=True)
class Place:
    """Where a handler's ports work: a database, a case, a time."""

    db: database.Database
    now: datetime
    case_id: int
    number: str
    code: str  # the place's code
    bundle: str


def context_for(
    db: database.Database, now: datetime, settings: Settings, job: jobs.Claimed, outside: Outside
) -> Context:
    """The context of a handler call."""
    with database.reading(db) as session:
        case = session.get_one(tables.Case, job.case_id)
        loaded = programs.of(session, case.bundle)
        data = engine.task_data(loaded.program, lifecycle.family_of(session, case), job.at)
        shared = {**case.shared, "title": case.title}
        place = Place(db, now, case.id, case.number, case.place, case.bundle)
    ways = handler_api.Ports(
        mail=outside.mail,
        notices=Notices(place),
        files=Files(place),
        documents=Documents(place, settings),
        dossier=Dossier(place),
        ballots=Ballots(place, outside.safe),
        workdays=Workdays(place),
    )
    visible = {name: str(getattr(settings, name)) for name in _FOR_HANDLERS}
    return Context(job.key, now, place.number, place.code, job.actor, job.at.run, data, shared, ways, visible)


_FOR_HANDLERS = ("issuer", "agency_code", "smtp_sender", "recused_in_denominator", "archive_code", "base_url")


@dataclass(frozen=True)
class Notices:
    """Posts notices to the people of the case's place."""

    place: Place

    def post(self, key: str, to: Sequence[str], chinese: tuple[str, str], english: tuple[str, str] = ("", "")) -> None:
        with database.transaction(self.place.db) as session:
            people = self.people(session, to)
            notices.post(session, self.place.now, key, people, chinese, english, self.place.case_id)

    def addresses(self, to: Sequence[str]) -> Sequence[str]:
        with database.reading(self.place.db) as session:
            return roster.addresses(session, self.people(session, to))

    def people(self, session: Session, to: Sequence[str]) -> list[str]:
        """Account names, with those of everybody of a role in place of ``role:clerk``."""
        accounts: list[str] = []
        for one in to:
            role = one.removeprefix("role:")
            accounts += [one] if role == one else roster.with_role(session, self.place.code, role)
        return list(dict.fromkeys(accounts))


@dataclass(frozen=True)
class Files:
    """Reads and keeps files of the case."""

    place: Place

    def read(self, file_id: str) -> bytes:
        with database.reading(self.place.db) as session:
            row = session.get(tables.Attachment, file_id)
            if row is None or row.case_id != self.place.case_id:
                raise handler_api.PermanentFailure(_NO_FILE.format(file_id=file_id))
            return row.content

    def write(self, key: str, name: str, media_type: str, content: bytes) -> StoredFile:
        with database.transaction(self.place.db) as session:
            known = session.scalar(select(tables.Attachment).where(tables.Attachment.key == key))
            if known is None:
                known = session.get_one(tables.Attachment, self._keep(session, key, name, media_type, content))
            return files.stored(known)

    def _keep(self, session: Session, key: str, name: str, media_type: str, content: bytes) -> str:
        kept = files.upload(session, SYSTEM, self.place.now, name, media_type, content)
        row = session.get_one(tables.Attachment, kept.id)
        row.key, row.case_id, row.sealed = key, self.place.case_id, name.startswith("密封")
        session.flush()
        return kept.id


@dataclass(frozen=True)
class Documents:
    """Numbers and registers official documents."""

    place: Place
    settings: Settings

    def number(self, key: str, code: str, year: int) -> str:
        with database.transaction(self.place.db) as session:
            # tried again in the next year, a paper keeps the number of the year in which it took it
            known = numbers.taken(session, key)
            code, year, number = known or (code, year, numbers.take(session, self.place.now, code, year, key))
            return f"{code}〔{year}〕{number}号"

    def register(self, key: str, document: IssuedDocument) -> str:
        with database.transaction(self.place.db) as session:
            case = lifecycle.lock_by_id(session, self.place.case_id)
            known = session.scalar(select(tables.Document).where(tables.Document.key == key))
            if known is not None:
                return known.id
            count = session.scalar(select(func.count()).where(tables.Document.case_id == case.id)) or 0
            document_id = f"{case.number}-{count + 1}"
            session.add(
                tables.Document(
                    id=document_id,
                    case_id=case.id,
                    key=key,
                    template=document.template,
                    title=document.title,
                    number=document.number,
                    dated=document.dated,
                    to=list(document.to),
                    subject_id=document.subject_id,
                    attachment_id=document.file.id,
                    issued_at=self.place.now,
                )  # fmt: skip
            )
            body = {
                "document": document_id, "template": document.template, "number": document.number, "sha256": document.file.sha256,
                "dated": document.dated.isoformat(), "subject_id": document.subject_id,
            }  # fmt: skip
            lifecycle.note(session, SYSTEM, self.place.now, case, "document_issued", body)
            return document_id

    def template(self, template: str) -> Mapping[str, Any]:
        content = self._file(f"forms/letters/{template}.json")
        found: dict[str, Any] = orjson.loads(content)
        return found

    def _file(self, name: str) -> bytes:
        with database.reading(self.place.db) as session:
            loaded = programs.of(session, self.place.bundle)
        if name not in loaded.files:
            raise handler_api.PermanentFailure(_NOT_THERE.format(name=name))
        return loaded.files[name]


@dataclass(frozen=True)
class Dossier:
    """The whole case for archival, read only."""

    place: Place

    def summary(self) -> Mapping[str, Any]:
        with database.reading(self.place.db) as session:
            case = session.get_one(tables.Case, self.place.case_id)
            rows = session.scalars(select(tables.Run).where(tables.Run.case_id == case.id)).all()
            runs = [{"run": row.id, "process": row.process, "key": row.key, "open": row.open} for row in rows]
            return {
                "number": case.number, "title": case.title, "place": case.place, "status": case.status, "bundle": case.bundle,
                "opened_at": case.opened_at.isoformat(), "opened_by": case.opened_by, "shared": case.shared, "runs": runs,
                "remaining": pauses.remaining(session, case),
            }  # fmt: skip

    def entries(self) -> Sequence[Mapping[str, Any]]:
        with database.reading(self.place.db) as session:
            number = self.place.number
            rows = journal.entries(session, self.place.case_id)
            return [exported(number, row) for row in rows]

    def documents(self) -> Sequence[Mapping[str, Any]]:
        with database.reading(self.place.db) as session:
            query = select(tables.Document, tables.Attachment).join(
                tables.Attachment, tables.Attachment.id == tables.Document.attachment_id
            )
            rows = session.execute(
                query.where(tables.Document.case_id == self.place.case_id).order_by(tables.Document.issued_at)
            ).all()
            return [
                {
                    "id": paper.id, "template": paper.template, "title": paper.title, "number": paper.number, "dated": _day(paper.dated),
                    "to": paper.to, "subject_id": paper.subject_id, "file": files.stored(kept).reference(),
                }
                for paper, kept in rows
            ]  # fmt: skip

    def attachments(self) -> Sequence[StoredFile]:
        with database.reading(self.place.db) as session:
            query = select(tables.Attachment).where(
                tables.Attachment.case_id == self.place.case_id, tables.Attachment.key.is_(None)
            )
            return [
                files.stored(row)
                for row in session.scalars(query.order_by(tables.Attachment.added_at, tables.Attachment.id))
            ]

    def bundle_files(self) -> Mapping[str, bytes]:
        with database.reading(self.place.db) as session:
            return programs.of(session, self.place.bundle).files

    def sealed_parts(self) -> Sequence[Mapping[str, Any]]:
        with database.reading(self.place.db) as session:
            query = select(sealed_parts.SealedPart).where(sealed_parts.SealedPart.case_id == self.place.case_id)
            return [
                {
                    "form": row.form, "field": row.field, "at": row.at.isoformat(), "commitment": row.commitment,
                    "ciphertext": row.ciphertext.decode(),
                }
                for row in session.scalars(query.order_by(sealed_parts.SealedPart.id))
            ]  # fmt: skip

    def answers(self, element: str) -> Sequence[Mapping[str, Any]]:
        with database.reading(self.place.db) as session:
            query = select(tables.Entry).where(
                tables.Entry.case_id == self.place.case_id, tables.Entry.kind == "submitted"
            )
            found = []
            for row in session.scalars(query.order_by(tables.Entry.seq)):
                body = journal.body_of(row)
                if body["at"]["element"] == element:
                    found.append(
                        {"by": row.actor, "at": row.at.isoformat(), "run": body["at"]["run"], "data": body["data"]}
                    )
            return found

    def names(self, accounts: Sequence[str]) -> Mapping[str, str]:
        with database.reading(self.place.db) as session:
            return roster.display_names(session, accounts)


def exported(number: str, row: tables.Entry) -> dict[str, Any]:
    """A journal entry as exports carry it: the chained header, the body, and the hashes."""
    values = {name: getattr(row, name) for name in journal.HEADER}
    head = journal.header(number, values)
    return {**head, "salt": row.salt, "body": journal.body_of(row), "prev_hash": row.prev_hash, "hash": row.hash}


def _day(day: date) -> str:
    return day.isoformat()


@dataclass(frozen=True)
class Ballots:
    """Opens sealed opinions of a closed vote."""

    place: Place
    safe: ballots.Safe

    def open(self, run: str, element: str) -> Sequence[Mapping[str, Any]]:
        try:
            with database.transaction(self.place.db) as session:
                lifecycle.lock_by_id(
                    session, self.place.case_id
                )  # no recusal takes an opinion out that is being counted
                return ballots.open_all(session, self.place.now, self.safe, self.place.case_id, run, element)
        except errors.Conflict as still:
            raise handler_api.PermanentFailure(str(still)) from still


@dataclass(frozen=True)
class Workdays:
    """The working-day calendar in force."""

    place: Place

    def after(self, start: date, days: int) -> date:
        with database.reading(self.place.db) as session:
            return calendars.in_force(session).after(start, days)

    def between(self, start: date, end: date) -> int:
        with database.reading(self.place.db) as session:
            return calendars.in_force(session).between(start, end)

    def is_settled(self, day: date) -> bool:
        with database.reading(self.place.db) as session:
            return calendars.in_force(session).is_settled(day)
