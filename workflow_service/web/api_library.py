"""The API of the library of typical cases: search it, filter by situation, read one."""

from typing import Any

from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import programs
from workflow_service.cases import library
from workflow_service.identity.permissions import Permission
from workflow_service.storage.library import TypicalCase
from workflow_service.web import api, api_tasks, i18n, schemas, shapes, visit
from workflow_service.web.api import Op, Query
from workflow_service.web.guard import Entry

READERS = Entry(needs=frozenset({Permission.LIBRARY_READ}))
LINE = schemas.told(id=schemas.TEXT, title=schemas.TEXT, codes=schemas.array(schemas.DATA), published_at=schemas.TIME)
FULL = {
    "allOf": [
        LINE,
        schemas.told(
            summary=schemas.TEXT, lesson=schemas.TEXT, file=schemas.MAYBE, withdrawn_at=schemas.MAYBE_TIME,
            withdrawn_for=schemas.MAYBE,
        ),
    ]
}  # fmt: skip
KEEPERS = Entry(needs=frozenset({Permission.LIBRARY_WITHDRAW}))
SEARCH = (
    Query("q", "标题、情形代码、案情摘要或启示中的文字；以空格分开的每个词都要有"),
    Query("code", "情形代码，如 8.2"),
)
_FORM, _FIELD = "anonymise_case", "codes"  # where the situations are written out


@api.offer(
    Op(
        "GET", "/library", "library", "典型案例库", entry=READERS, gives=schemas.page(LINE),
        query=(*SEARCH, *api_tasks.PAGING),
    )
)  # fmt: skip
def list_library() -> dict[str, Any]:
    """The published typical cases of a search, newest first."""
    with visit.reading() as session:
        found = library.listed(session, visit.actor(), wanted(), visit.text_of("after"), api_tasks.page_size())
        labels = situations(session)
    return {"items": [_line(one, labels) for one in found.items], "total": found.total, "next": found.next}


@api.offer(Op("GET", "/library/<library_id>", "library", "一个典型案例", entry=READERS, gives=FULL))
def get_typical_case(library_id: str) -> dict[str, Any]:
    """A typical case with summary and lesson; ``file`` is the case it was published from, for those who may read that."""
    with visit.reading() as session:
        return _full(session, library.find(session, visit.actor(), library_id))


@api.offer(
    Op(
        "POST", "/library/<library_id>/withdrawal", "library", "撤下典型案例", entry=KEEPERS, gives=FULL,
        body=schemas.record(("reason",), reason=schemas.LONG),
    )
)  # fmt: skip
def withdraw_typical_case(given: dict[str, Any], library_id: str) -> dict[str, Any]:
    """Takes a typical case out of the library for good; the case that published it keeps who did so and why."""
    with visit.writing() as session:
        return _full(session, library.withdraw(session, visit.actor(), visit.now(), library_id, given["reason"]))


def _full(session: Session, found: library.Shown) -> dict[str, Any]:
    row = found.row
    return {
        **_line(row, situations(session)),
        **{name: row.content[name] for name in library.CONTENT},
        "file": found.file,
        "withdrawn_at": shapes.at(row.withdrawn_at),
        "withdrawn_for": row.withdrawn_for,
    }


def wanted() -> library.Wanted:
    """The search as the query string gives it."""
    return library.Wanted(visit.text_of("q"), visit.text_of("code", 20))


def situations(session: Session) -> dict[str, str]:
    """Code of a situation → what it is, as the form of the bundle in force at the reader's place writes it out."""
    try:
        form = programs.of(session, programs.in_force(session, visit.actor().place)).form(_FORM)
    except (errors.NotFound, errors.CannotAdvance):
        return {}
    options = form.answers[_FIELD].options if _FIELD in form.answers else ()
    return {one.value: i18n.either(one, "label") for one in options}


def _line(row: TypicalCase, labels: dict[str, str]) -> dict[str, Any]:
    codes = [{"code": one, "label": labels.get(one, one)} for one in row.codes]
    return {"id": row.id, "title": row.title, "codes": codes, "published_at": shapes.at(row.published_at)}
