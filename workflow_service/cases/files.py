"""Files of a case: taken from people and handlers, kept with their digest, given out only to those who may read."""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.cases import access, involvement
from workflow_service.handler_api import StoredFile, is_active
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, tables

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')


def clean_name(name: str) -> str:
    """A file name without path, control and direction characters, at most 120 characters long."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(one for one in last if unicodedata.category(one) not in ("Cc", "Cf", "Cs"))
    cleaned = _UNSAFE.sub("_", visible).strip(" .")
    if len(cleaned) > 120:
        stem, dot, ending = cleaned.rpartition(".")
        cleaned = f"{stem[:100]}.{ending[:15]}" if dot else cleaned[:120]
    return cleaned or "未命名"


def upload(session: Session, actor: Actor, now: datetime, name: str, media_type: str, content: bytes) -> StoredFile:  # noqa: PLR0913  a file is all of this
    """Keeps a file that a person sends; it joins a case when a form that refers to it is submitted."""
    if not content:
        raise errors.Invalid([errors.FieldError("file", "empty", "文件是空的，请重新选择")])
    if is_active(name, content):
        told = "不能上传可执行文件或者带宏的文件，请转换为 PDF、图片或者不带宏的文档"
        raise errors.Invalid([errors.FieldError("file", "program", told)])
    digest = hashlib.sha256(content).hexdigest()
    file_id = database.random_of(session)(16)
    kept = tables.Attachment(
        id=file_id,
        name=clean_name(name),
        media_type=media_type[:120] or "application/octet-stream",
        size=len(content),
        sha256=digest,
        content=content,
        added_by=actor.name,
        added_at=now,
    )
    session.add(kept)
    session.flush()
    return stored(kept)


def stored(row: tables.Attachment) -> StoredFile:
    """A kept file as forms and handlers refer to it."""
    return StoredFile(row.id, row.name, row.media_type, row.size, row.sha256)


class Known(Mapping[str, dict[str, object]]):
    """The files that a submission may refer to, looked up when a form asks for them, and bound to the case then."""

    def __init__(self, session: Session, actor: Actor, case: tables.Case) -> None:
        self._session, self._actor, self._case = session, actor, case

    def __getitem__(self, file_id: str) -> dict[str, object]:
        row = self._session.get(tables.Attachment, file_id)
        if row is None or not (row.case_id == self._case.id or self._is_joined(row)):
            raise KeyError(file_id)
        return stored(row).reference()

    def _is_joined(self, row: tables.Attachment) -> bool:
        """Binds a file of one's own that belongs to no case yet; of two cases that want it at once the first gets it."""
        self._session.flush()
        free = update(tables.Attachment).where(tables.Attachment.id == row.id, tables.Attachment.case_id.is_(None))
        mine = free.where(tables.Attachment.added_by == self._actor.name)
        return bool(self._session.execute(mine.values(case_id=self._case.id).returning(tables.Attachment.id)).first())

    def __iter__(self):  # type: ignore[no-untyped-def]  # a lookup table of unknown extent
        return iter(())

    def __len__(self) -> int:
        return 0


def known_to(session: Session, actor: Actor, case: tables.Case) -> Known:
    """The files that this person may attach to this case."""
    return Known(session, actor, case)


def names(session: Session, actor: Actor, ids: Collection[str]) -> dict[str, str]:
    """File → its name, of those that this person sent."""
    if not ids:
        return {}
    sent = session.query(tables.Attachment.id, tables.Attachment.name).filter_by(added_by=actor.name)
    return {row.id: row.name for row in sent.filter(tables.Attachment.id.in_(ids))}


def download(
    session: Session, actor: Actor, now: datetime, file_id: str, *, addressed: bool = False
) -> tables.Attachment:
    """A file with its content, the look at one of a case on record; raises NotFound for one that this person may not read.

    Args:
        addressed: whether it is a paper to this person.
    """
    row = session.get(tables.Attachment, file_id)
    if row is None or row.sealed:
        raise errors.NotFound("没有这份文件，或您无权查看")
    if row.case_id is None:
        if row.added_by != actor.name:
            raise errors.NotFound("没有这份文件，或您无权查看")
        return row
    case = session.get_one(tables.Case, row.case_id)
    involvement.require_reading(session, actor, case)
    if not (addressed or is_for(actor, case, row)):
        raise errors.NotFound("没有这份文件，或您无权查看")
    access.remember(session, actor, now, case.id, f"file {row.name}")
    return row


def is_for(actor: Actor, case: tables.Case, row: tables.Attachment) -> bool:
    """Whether a file of a case is for somebody who reads the case: staff read every one, others what they sent."""
    return row.added_by == actor.name or permissions.is_staff(permissions.within(actor, case.shared))
