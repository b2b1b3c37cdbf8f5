"""Notices: what the service tells a person in its own pages, until they have read it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service.storage import tables


def post(  # noqa: PLR0913  a notice is all of this
    session: Session,
    now: datetime,
    key: str,
    to: Iterable[str],
    chinese: tuple[str, str],
    english: tuple[str, str],
    case_id: int | None = None,
    task_id: str | None = None,
    kind: str = "",
) -> None:
    """Posts a notice to people; who was told under its key already is not told again.

    Args:
        key: what the notice is about. to: account names, each told once.
        chinese, english: title and text.
        case_id, task_id: what the notice leads to.
        kind: how keys of its kind begin, if who has one of them unread is not told either.
    """
    people = list(dict.fromkeys(to))
    told = set(session.scalars(select(tables.Notice.account).where(tables.Notice.key == key)))
    if kind:
        unread = tables.Notice.account.in_(people), tables.Notice.read_at.is_(None)  # the index is by these
        told.update(session.scalars(select(tables.Notice.account).where(*unread, tables.Notice.key.startswith(kind))))
    session.add_all(
        tables.Notice(
            key=key,
            account=account,
            case_id=case_id,
            task_id=task_id,
            title=chinese[0],
            title_en=english[0],
            text=chinese[1],
            text_en=english[1],
            at=now,
        )
        for account in people
        if account not in told
    )
