"""The API of cases: begin one, list, look, send a message, ask why it does not move."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import flask

from workflow_service import errors
from workflow_service.cases import effects, files, lifecycle, messages, opening, pages, queries, why
from workflow_service.identity.actors import Actor
from workflow_service.identity.permissions import Permission
from workflow_service.web import api, api_tasks, csv_text, headers, problems, schemas, shapes, visit
from workflow_service.web.api import Op, Query
from workflow_service.web.guard import Entry

CASE = schemas.ref("Case")
FILTERS = (
    Query("q", "编号或标题中的文字"),
    Query("status", "状态"),
    Query("process", "流程"),
    Query("place", "地区"),
    Query("overdue", "只看有逾期任务的", {"type": "boolean"}),
)


@api.offer(
    Op(
        "POST", "/cases", "cases", "发起案件", status=201, gives=CASE, idempotent=True,
        body=schemas.record(("process", "data"), process=schemas.NAME, data=schemas.DATA, place=schemas.NAME),
    )
)  # fmt: skip
def open_case(given: dict[str, Any]) -> dict[str, Any]:
    """Opens a case with the fields of the process's first form (``intake``: those of ``submit_application``)."""
    with visit.writing() as session:
        key = api.idempotency_key()
        wanted = opening.Opening(given["process"], given["data"], given.get("place"), key)
        case = opening.open_once(session, visit.actor(), visit.now(), wanted)
        if not effects.has_woken(session):
            return shapes.case(session, pages.file_of(session, visit.actor(), visit.now(), case))
    visit.follow(case.number)
    return get_case(case.number)


@api.offer(
    Op(
        "GET", "/cases", "cases", "案件列表",
        gives=schemas.page(schemas.ref("CaseLine")), query=(*FILTERS, *api_tasks.PAGING),
    )
)  # fmt: skip
def list_cases() -> dict[str, Any]:
    """The cases that I may see, newest first."""
    with visit.reading() as session:
        found = queries.cases(
            session, visit.actor(), visit.now(), case_filter(), visit.text_of("after"), api_tasks.page_size()
        )
        items = [shapes.case_line(one) for one in found.items]
    return {"items": items, "total": found.total, "next": found.next}


def case_filter() -> queries.CaseFilter:
    """The filter of a case list as the query string gives it."""
    return queries.CaseFilter(
        q=visit.text_of("q"),
        status=visit.text_of("status", 24),
        process=visit.text_of("process", 64),
        place=visit.text_of("place", 40),
        overdue=api_tasks.is_true("overdue"),
    )


@api.offer(Op("GET", "/cases/<number>", "cases", "一件案件", gives=CASE))
def get_case(number: str) -> dict[str, Any]:
    """A case: status, where it stands, subjects with outcome, deadlines with their explanation, runs, documents."""
    with visit.reading() as session:
        return shapes.case(session, pages.case_file(session, visit.actor(), visit.now(), number))


@api.offer(
    Op(
        "POST", "/cases/<number>/messages/<name>", "cases", "向案件提交陈述、申请", status=202, idempotent=True,
        gives=schemas.told(case=schemas.TEXT, key=schemas.TEXT, received_at=schemas.TIME),
        body=schemas.record(("data",), data=schemas.DATA),
    )
)  # fmt: skip
def send_message(given: dict[str, Any], number: str, name: str) -> dict[str, Any]:
    """Sends a statement or request to a case; it is kept durably before the procedure sees it."""
    receipt = deliver(number, name, given["data"], api.idempotency_key())
    return {"case": receipt.case, "key": receipt.key, "received_at": shapes.at(receipt.received_at)}


def deliver(number: str, name: str, data: dict[str, Any], key: str) -> messages.Receipt:
    """Keeps a message in one transaction and hands it to the case in the next; a failure of that is left to a worker.

    Args:
        key: under which it is kept once.
    """
    with visit.writing() as session:
        receipt = messages.receive_once(session, visit.actor(), visit.now(), number, name, data, key)
    try:
        with visit.writing() as session:
            messages.feed_waiting(session, visit.now(), lifecycle.lock(session, number))
    except errors.ServiceError:
        flask.current_app.logger.warning("message %s of %s is left to the worker", receipt.key, number, exc_info=True)
    visit.follow(number)
    return receipt


@api.offer(
    Op(
        "GET", "/cases/<number>/why", "cases", "案件为什么不动",
        gives=schemas.told(reasons=schemas.array(schemas.told(kind=schemas.TEXT, element=schemas.TEXT, text=schemas.TEXT))),
    )
)  # fmt: skip
def why_case(number: str) -> dict[str, Any]:
    """Everything that the case waits for, most pressing first."""
    with visit.reading() as session:
        found = why.why(session, visit.actor(), visit.now(), number)
    return {"reasons": [reason(one) for one in found]}


def reason(one: why.Reason) -> dict[str, str]:
    """One thing that a case waits for, as a sentence."""
    return {"kind": one.kind, "element": one.element, "text": problems.filled(one.template, dict(one.params))}


@api.offer(
    Op(
        "GET", "/cases/<number>/documents/<document_id>.docx", "files", "下载公文",
        file="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    )
)  # fmt: skip
def download_document(number: str, document_id: str) -> flask.Response:
    """An issued official document of a case, as DOCX."""
    with visit.reading() as session:
        file = pages.case_file(session, visit.actor(), visit.now(), number)
        paper = next((one for one in file.documents if one.id == document_id), None)
        if paper is None:
            raise errors.NotFound("没有这份公文，或您无权查看")
        kept = files.download(session, visit.actor(), visit.now(), paper.attachment_id, addressed=True)
        return api_tasks.as_file(kept)


@api.offer(
    Op(
        "GET", "/exports/cases.csv", "exports", "案件列表（CSV）", file="text/csv", query=FILTERS,
        entry=Entry(needs=frozenset({Permission.CASE_LIST_ALL})),
    )
)  # fmt: skip
def export_cases() -> flask.Response:
    """The cases of a filter as CSV for spreadsheets, with the same filters as the list."""
    lines = _exported(visit.actor(), visit.now(), case_filter())
    return headers.download(flask.stream_with_context(lines), "cases.csv", "text/csv")


def _exported(actor: Actor, now: datetime, wanted: queries.CaseFilter) -> Iterator[bytes]:
    """The lines a page of the list at a time, so that neither memory nor the database is held for all of them."""
    heads = ["案号", "标题", "状态", "流程", "地区", "登记时间", "经办发起", "归档时间", "流程包"]
    yield csv_text.text([heads]).encode()
    after: str | None = ""
    while after is not None:
        with visit.reading() as session:
            rows, after = queries.case_rows(session, actor, now, wanted, after, 500)
            lines = [[str(one or "") for one in shapes.case_line(row).values()] for row in rows]
        yield csv_text.more(lines).encode()
