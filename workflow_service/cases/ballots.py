"""Keeps opinions under seal until the vote is closed; nobody can read one earlier.

The plain text is encrypted with a key that lies in a file outside the database, and the journal holds only a
commitment, so neither a dump of the database nor any page or API shows an opinion before its time.
"""

import base64
import fcntl
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import rfc8785
from cryptography.fernet import Fernet
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.storage import database, tables


class Safe:
    """Encrypts and decrypts sealed opinions with the key of this installation."""

    def __init__(self, key: bytes) -> None:
        self._digest = hmac.new(hashlib.sha256(b"digest" + key).digest(), digestmod=hashlib.sha256)
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(key).digest()))

    def lock(self, plain: dict[str, Any]) -> bytes:
        return self._fernet.encrypt(orjson.dumps(plain))

    def digest(self, content: bytes) -> str:
        """A keyed digest: it tells equal from different, and without the key nobody can try out what was written."""
        made = self._digest.copy()
        made.update(content)
        return made.hexdigest()

    def unlock(self, ciphertext: bytes) -> dict[str, Any]:
        plain: dict[str, Any] = orjson.loads(self._fernet.decrypt(ciphertext))
        return plain


def safe_in(data_dir: Path, random: str) -> Safe:
    """The safe whose key lies in ``<data_dir>/seal.key``; the key is made from ``random`` when there is none yet.

    Of processes that start together one makes it and the others wait: what was sealed with another key nobody could read.
    """
    path = data_dir / "seal.key"
    if not path.exists() or not path.stat().st_size:
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not path.stat().st_size:
                file.write(random)
    return Safe(path.read_bytes())


def commitment(salt: str, answers: dict[str, Any]) -> str:
    """The digest by which an opinion is bound without being shown."""
    return hashlib.sha256(bytes.fromhex(salt) + rfc8785.dumps(answers)).hexdigest()


def unlocked(safe: database.Safe, ciphertext: bytes, committed: str, what: str) -> dict[str, Any]:
    """The answers that were locked up; raises CannotAdvance, naming ``what`` they are, when others were committed to."""
    kept = safe.unlock(ciphertext)
    answers: dict[str, Any] = kept["answers"]
    if commitment(kept["salt"], answers) != committed:
        raise errors.CannotAdvance("密封内容与其承诺摘要不符（{element}）", element=what)
    return answers


def seal(  # noqa: PLR0913  a sealed answer is all of this
    session: Session, now: datetime, safe: Safe, task: tables.Task, by: str, salt: str, answers: dict[str, Any]
) -> dict[str, Any]:
    """Keeps an opinion under seal and gives what may be known of it: who committed to what digest."""
    digest = commitment(salt, answers)
    session.add(
        tables.SealedAnswer(
            task_id=task.id,
            case_id=task.case_id,
            run=task.run,
            element=task.element,
            visit=task.visit,
            by=by,
            at=now,
            commitment=digest,
            ciphertext=safe.lock({"salt": salt, "answers": answers}),
        )
    )
    return {"member_id": by, "commitment": digest}


def is_closed(session: Session, case_id: int, run: str, element: str) -> bool:
    """Whether the vote is over: no task of this element waits any more."""
    waiting = select(tables.Task.id).where(
        tables.Task.case_id == case_id,
        tables.Task.run == run,
        tables.Task.element == element,
        tables.Task.status == "open",
    )
    return session.scalar(waiting.limit(1)) is None


def open_all(  # noqa: PLR0913  address of a vote
    session: Session, now: datetime, safe: Safe, case_id: int, run: str, element: str
) -> Sequence[dict[str, Any]]:
    """The opinions of a closed vote that stand, those of a later round after those of an earlier one, each checked.

    Raises:
        Conflict: the vote is still open.
        CannotAdvance: an opinion does not match its commitment.
    """
    if not is_closed(session, case_id, run, element):
        raise errors.Conflict("评判尚未结束，意见仍在密封中")
    query = select(tables.SealedAnswer).where(
        tables.SealedAnswer.case_id == case_id,
        tables.SealedAnswer.run == run,
        tables.SealedAnswer.element == element,
        tables.SealedAnswer.voided.is_(None),
    )
    opened = []
    for row in session.scalars(query.order_by(tables.SealedAnswer.visit)):
        answers = unlocked(safe, row.ciphertext, row.commitment, row.element)
        row.opened_at = row.opened_at or now
        opened.append(
            {**answers, "member_id": row.by, "submitted_at": row.at.isoformat(), "commitment": row.commitment}
        )
    return opened


def void(session: Session, case_id: int, by: str, reason: str) -> None:
    """Takes the opinions of a recused person out of the vote; they stay on the record."""
    session.execute(
        update(tables.SealedAnswer)
        .where(
            tables.SealedAnswer.case_id == case_id,
            tables.SealedAnswer.by == by,
            tables.SealedAnswer.opened_at.is_(None),
        )
        .values(voided=reason)
    )
