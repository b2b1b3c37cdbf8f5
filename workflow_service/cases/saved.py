"""The filters of lists that somebody keeps under a name: their own, and nobody else's."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.identity.actors import Actor
from workflow_service.storage.people import SavedFilter

FILTERS: Mapping[str, Sequence[str]] = {
    "inbox": ("scope", "q", "process", "sort", "overdue"),
    "cases": ("q", "status", "process", "place", "overdue"),
}
"""List → what a filter of it may say, in the order of its address."""

MOST = 20
"""How many filters of one list somebody may keep: more are no help in finding."""

_LONGEST = 200
_LONGEST_ADDRESS = 800
"""Signs of an address: a Chinese character is nine of them."""


def address(list_name: str, given: Mapping[str, str]) -> str:
    """The part of a list's address that is its filter: only what filters it, always in the same order."""
    said = [(name, given.get(name, "").strip()[:_LONGEST]) for name in FILTERS[list_name]]
    return urlencode([(name, text) for name, text in said if text])


def of(session: Session, actor: Actor, list_name: str) -> Sequence[SavedFilter]:
    """The filters of a list that somebody keeps, by name."""
    mine = (SavedFilter.account == actor.name, SavedFilter.list_name == list_name)
    return session.scalars(select(SavedFilter).where(*mine).order_by(SavedFilter.name)).all()


def keep(session: Session, actor: Actor, list_name: str, name: str, given: Mapping[str, str]) -> str:
    """Keeps a filter under a name, in place of another of that name; gives its address.

    Raises:
        Invalid: no name, a name too long or with signs that nobody sees, too many filters, or one that says too much.
    """
    _require_name(name)
    kept = address(list_name, given)
    if len(kept) > _LONGEST_ADDRESS:
        raise errors.Invalid([errors.FieldError("name", "long", "筛选的文字太长，不能保存，请先缩短")])
    others = [one for one in of(session, actor, list_name) if one.name != name]
    if len(others) >= MOST:
        told = "每个列表至多保存 {most} 个筛选，请先删除不用的"
        raise errors.Invalid([errors.FieldError("name", "many", told, (("most", MOST),))])
    mine = (SavedFilter.account == actor.name, SavedFilter.list_name == list_name, SavedFilter.name == name)
    session.execute(delete(SavedFilter).where(*mine))
    session.add(SavedFilter(account=actor.name, list_name=list_name, name=name, query=kept))
    return kept


def _require_name(name: str) -> None:
    if not name:
        raise errors.Invalid([errors.FieldError("name", "required", "请填写名称")])
    if len(name) > 40 or not name.isprintable():  # noqa: PLR2004  what a row of names can show
        raise errors.Invalid([errors.FieldError("name", "format", "名称至多40个字符，不能含有看不见的字符")])


def forget(session: Session, actor: Actor, filter_id: int) -> SavedFilter:
    """Gives up one of one's own filters; raises NotFound for anybody else's."""
    found = session.get(SavedFilter, filter_id)
    if found is None or found.account != actor.name:
        raise errors.NotFound("没有这个筛选")
    session.delete(found)
    return found
