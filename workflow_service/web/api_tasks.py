"""The API of tasks and files, and who I am."""

from collections.abc import Callable
from typing import Any

import flask

from workflow_service import errors
from workflow_service.cases import countersigning, files, inbox, pages, tasks
from workflow_service.identity import permissions
from workflow_service.storage import tables
from workflow_service.web import api, headers, schemas, shapes, visit
from workflow_service.web.api import Op, Query

SCOPES = ("mine", "available", "all", "done")
SORTS = ("due", "due_at", "opened", "opened_at", "priority")  # the field sorted by may be named too
PAGING = (
    Query("after", "上一页的 next"),
    Query("size", "每页条数，至多 200", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
)
TASK = schemas.ref("Task")


@api.offer(
    Op(
        "GET", "/me", "me", "我是谁",
        gives=schemas.told(
            name=schemas.TEXT, display_name=schemas.TEXT, roles=schemas.array(schemas.TEXT), unit=schemas.TEXT,
            place=schemas.TEXT, permissions=schemas.array(schemas.TEXT),
        ),
    )
)  # fmt: skip
def me() -> dict[str, Any]:
    """Who I am: name, roles, unit and permissions."""
    actor = visit.actor()
    return {
        "name": actor.name,
        "display_name": actor.display_name,
        "roles": sorted(actor.roles),
        "unit": actor.unit,
        "place": actor.place,
        "permissions": sorted(permissions.permissions_of(actor.roles)),
    }


@api.offer(
    Op(
        "GET", "/tasks", "tasks", "任务列表",
        gives=schemas.page(TASK),
        query=(
            Query("scope", "范围", {"type": "string", "enum": list(SCOPES), "default": "mine"}),
            Query("case", "案件编号"),
            Query("q", "标题、编号或环节中的文字"),
            Query("process", "流程"),
            Query("overdue", "只看逾期", {"type": "boolean"}),
            Query("sort", "排序", {"type": "string", "enum": [*SORTS], "default": "due"}),
            *PAGING,
        ),
    )
)  # fmt: skip
def list_tasks() -> dict[str, Any]:
    """The tasks of a scope: held by me, free for me to claim, all that I may see, or done by me."""
    scope = one_of("scope", SCOPES, "mine")
    with visit.reading() as session:
        asked = inbox.Listing(visit.actor(), scope, task_filter())
        found = inbox.page(session, visit.now(), asked, visit.text_of("after"), page_size())
        items = [shapes.task(session, one.task, one.number, one.title) for one in found.items]
    return {"items": items, "total": found.total, "next": found.next}


def task_filter() -> inbox.TaskFilter:
    """The filter of a task list as the query string gives it."""
    return inbox.TaskFilter(
        q=visit.text_of("q"),
        case=visit.text_of("case", 40),
        process=visit.text_of("process", 64),
        overdue=is_true("overdue"),
        sort=one_of("sort", SORTS, "due").removesuffix("_at"),
    )


def page_size() -> int:
    """The wished page size, at most 200."""
    return visit.whole_of("size", 50, 1, 200)


def one_of(name: str, allowed: tuple[str, ...], default: str) -> str:
    """A query parameter that is one of a few words; raises Invalid for any other."""
    given = visit.text_of(name, 40) or default
    if given not in allowed:
        params = (("name", name), ("allowed", "、".join(allowed)))
        raise errors.Invalid([errors.FieldError(name, "enum", "参数“{name}”须为：{allowed}", params)], "请求参数有误")
    return given


def is_true(name: str) -> bool:
    """Whether a query parameter says yes."""
    return visit.text_of(name, 8).lower() in ("1", "true", "yes", "on")


@api.offer(Op("GET", "/tasks/<task_id>", "tasks", "一个任务及其表单", gives=TASK))
def get_task(task_id: str) -> dict[str, Any]:
    """A task with its form (fields in order), the data to show, my draft, articles and earlier attempts."""
    with visit.reading() as session:
        seen = pages.task_page(session, visit.actor(), visit.now(), task_id)
        return shapes.task_view(session, seen)


def _acted(task_id: str, act: Callable[..., Any], *given: Any) -> dict[str, Any]:
    with visit.writing() as session:
        act(session, visit.actor(), visit.now(), task_id, *given)
        session.flush()
        row, case = tasks.find(session, task_id)
        number = case.number
        answer = shapes.task(session, row, number, case.title)
    visit.follow(number)
    return answer


EMPTY = schemas.record()
TO = schemas.record(("to",), to=schemas.NAME)


@api.offer(Op("POST", "/tasks/<task_id>/claim", "tasks", "签收", gives=TASK, body=EMPTY))
def claim_task(_given: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Takes the task in hand; 409 when somebody else holds it, 403 when the separation of duties forbids it."""
    return _acted(task_id, tasks.claim)


@api.offer(Op("POST", "/tasks/<task_id>/release", "tasks", "退回待签收", gives=TASK, body=EMPTY))
def release_task(_given: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Puts the task back for others of the role."""
    return _acted(task_id, tasks.release)


@api.offer(
    Op(
        "POST", "/tasks/<task_id>/transfer", "tasks", "转办", gives=TASK,
        body=schemas.record(("to", "reason"), to=schemas.NAME, reason=schemas.LONG),
    )
)  # fmt: skip
def transfer_task(given: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Gives the task to another person for good."""
    return _acted(task_id, tasks.transfer, given["to"], given["reason"])


@api.offer(Op("POST", "/tasks/<task_id>/delegate", "tasks", "委派", gives=TASK, body=TO))
def delegate_task(given: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Asks another person to prepare the task; it comes back to me."""
    return _acted(task_id, tasks.delegate, given["to"])


@api.offer(
    Op(
        "POST", "/tasks/<task_id>/return", "tasks", "退回到先前的环节", gives=TASK,
        body=schemas.record(("to_element", "reason"), to_element=schemas.NAME, reason=schemas.LONG),
    )
)  # fmt: skip
def return_task(given: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Sends the work back to an earlier step, with a reason."""
    return _acted(task_id, tasks.send_back, given["to_element"], given["reason"])


@api.offer(Op("POST", "/tasks/<task_id>/withdraw", "tasks", "撤回刚提交的任务", gives=TASK, body=EMPTY))
def withdraw_task(_given: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Takes back my last submission while nobody has acted after it."""
    return _acted(task_id, tasks.withdraw)


@api.offer(Op("POST", "/tasks/<task_id>/remind", "tasks", "催办", gives=TASK, body=EMPTY))
def remind_task(_given: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Urges whoever has to do the task."""
    return _acted(task_id, tasks.remind)


@api.offer(Op("POST", "/tasks/<task_id>/copy", "tasks", "抄送", gives=TASK, body=TO))
def copy_task(given: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Makes the task known to somebody who may read the case."""
    return _acted(task_id, tasks.copy, given["to"])


@api.offer(
    Op(
        "POST", "/tasks/<task_id>/countersign", "tasks", "加签、减签", gives=TASK,
        body=schemas.record((), add=schemas.array(schemas.ANYTHING), remove=schemas.array(schemas.ANYTHING)),
    )
)  # fmt: skip
def countersign_task(given: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Adds people to a task that several do side by side, or takes them out."""
    return _acted(task_id, countersigning.change, given.get("add", []), given.get("remove", []))


@api.offer(Op("PUT", "/tasks/<task_id>/draft", "tasks", "保存草稿", body=schemas.record(("data",), data=schemas.DATA)))
def save_draft(given: dict[str, Any], task_id: str) -> None:
    """Keeps what was typed so far; nobody else sees it."""
    with visit.writing() as session:
        tasks.save_draft(session, visit.actor(), visit.now(), task_id, given["data"])


@api.offer(
    Op(
        "POST", "/tasks/<task_id>/submission", "tasks", "提交任务", idempotent=True,
        gives=schemas.told(case=schemas.TEXT, opened_tasks=schemas.array(schemas.TEXT)),
        body=schemas.record(("data",), data=schemas.DATA),
    )
)  # fmt: skip
def submit_task(given: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Completes the task with its form; 422 names every wrong field, unknown ones included."""
    key = api.idempotency_key()
    with visit.writing() as session:
        done = tasks.submit(session, visit.actor(), visit.now(), task_id, given["data"], key, visit.site().worker.safe)
        answer = done.answer()
    visit.follow(done.case)
    return answer


@api.offer(
    Op(
        "POST", "/attachments", "files", "上传文件", status=201, upload=True,
        gives=schemas.told(id=schemas.TEXT, name=schemas.TEXT, media_type=schemas.TEXT, size=schemas.WHOLE, sha256=schemas.TEXT),
    )
)  # fmt: skip
def upload_attachment() -> dict[str, Any]:
    """Keeps a file; it joins a case when a form that refers to its id is submitted."""
    sent = flask.request.files.get("file")
    if sent is None:
        raise errors.Invalid([errors.FieldError("file", "required", "请选择要上传的文件")])
    with visit.writing() as session:
        kept = files.upload(
            session, visit.actor(), visit.now(), sent.filename or "", sent.mimetype or "", sent.stream.read()
        )
    return {
        "id": kept.id,
        "name": kept.name,
        "media_type": kept.media_type,
        "size": kept.size,
        "sha256": kept.sha256,
    }


@api.offer(Op("GET", "/attachments/<file_id>", "files", "下载文件", file="application/octet-stream"))
def download_attachment(file_id: str) -> flask.Response:
    """The file itself, to be saved and never shown in the browser."""
    with visit.reading() as session:
        row = files.download(session, visit.actor(), visit.now(), file_id)
        return as_file(row)


def as_file(row: tables.Attachment) -> flask.Response:
    """A kept file as a download; HTML and the like go out as plain bytes."""
    known = row.media_type if row.media_type in _HARMLESS else "application/octet-stream"
    return headers.download(row.content, row.name, known)


_HARMLESS = frozenset({
    "application/pdf", "image/png", "image/jpeg", "text/plain", "text/csv", "application/zip", "application/json",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
})  # fmt: skip
