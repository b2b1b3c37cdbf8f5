"""The API of operations: incidents, jobs, workers, and the demo's clock."""

from datetime import datetime
from typing import Any

from workflow_service import chinese_time, demo, errors
from workflow_service.cases import incidents, overview
from workflow_service.identity.permissions import Permission
from workflow_service.web import api, api_tasks, i18n, schemas, shapes, visit
from workflow_service.web.api import Op, Query
from workflow_service.web.guard import Entry

OPERATORS = Entry(needs=frozenset({Permission.OPERATIONS_READ}))
MENDERS = Entry(needs=frozenset({Permission.INCIDENT_RESOLVE}))
INCIDENT = schemas.ref("Incident")
JOB_STATUS = ("", "todo", "run", "done", "incident", "cancelled")


@api.offer(
    Op(
        "GET", "/incidents", "operations", "异常列表", gives=schemas.page(INCIDENT), entry=OPERATORS,
        query=(Query("closed", "看已处理的", {"type": "boolean"}), *api_tasks.PAGING),
    )
)  # fmt: skip
def list_incidents() -> dict[str, Any]:
    """What gave up and waits for an operator, newest first."""
    size, after = api_tasks.page_size(), visit.whole_of("after", 0, 0, 10**12)
    with visit.reading() as session:
        closed = api_tasks.is_true("closed")
        found = incidents.listed(session, visit.actor(), after, size + 1, closed=closed)
        items = [shapes.incident(row, number) for row, number in found[:size]]
        total = incidents.count(session, visit.actor(), closed=closed)
    return {"items": items, "total": total, "next": str(items[-1]["id"]) if len(found) > size else None}


def resolved(incident_id: int, act: Any, *given: Any) -> dict[str, Any]:
    """Resolves an incident by a verb, and lets its case go on."""
    with visit.writing() as session:
        row = act(session, visit.actor(), visit.now(), incident_id, *given)
        number = shapes.number_of(session, row.case_id)
        answer = shapes.incident(row, number)
    visit.follow(number)
    return answer


@api.offer(
    Op(
        "POST", "/incidents/<int:incident_id>/retry", "operations", "重试", gives=INCIDENT, entry=MENDERS,
        body=schemas.record(),
    )
)  # fmt: skip
def retry_incident(_given: dict[str, Any], incident_id: int) -> dict[str, Any]:
    """Tries again what gave up."""
    return resolved(incident_id, incidents.retry)


@api.offer(
    Op(
        "POST", "/incidents/<int:incident_id>/repair", "operations", "修复后重试", gives=INCIDENT, entry=MENDERS,
        body=schemas.record(("data", "reason"), data=schemas.DATA, reason=schemas.LONG),
    )
)  # fmt: skip
def repair_incident(given: dict[str, Any], incident_id: int) -> dict[str, Any]:
    """Sets parameters of the failed call, or data of the run, anew; old and new values and the reason are recorded."""
    return resolved(incident_id, incidents.repair, given["data"], given["reason"])


@api.offer(
    Op(
        "POST", "/incidents/<int:incident_id>/skip", "operations", "跳过", gives=INCIDENT, entry=MENDERS,
        body=schemas.record(("reason",), result=schemas.ANYTHING, reason=schemas.LONG),
    )
)  # fmt: skip
def skip_incident(given: dict[str, Any], incident_id: int) -> dict[str, Any]:
    """Lets the case go on with a result given by hand and a reason."""
    return resolved(incident_id, incidents.skip, given.get("result"), given["reason"])


@api.offer(
    Op(
        "GET", "/jobs", "operations", "作业列表", gives=schemas.page(schemas.DATA), entry=OPERATORS,
        query=(Query("status", "状态", {"type": "string", "enum": list(JOB_STATUS)}), *api_tasks.PAGING),
    )
)  # fmt: skip
def list_jobs() -> dict[str, Any]:
    """The handler calls, newest first."""
    status = api_tasks.one_of("status", JOB_STATUS, "")
    with visit.reading() as session:
        rows, total, following = overview.jobs(
            session, visit.actor(), status, visit.whole_of("after", 0, 0, 10**12), api_tasks.page_size()
        )
        items = [job(one) for one in rows]
    return {"items": items, "total": total, "next": following}


def job(one: overview.JobRow) -> dict[str, Any]:
    """A job as JSON, without the parameters: they may hold what only the case's people may read."""
    row = one.job
    return {
        "id": row.id,
        "key": row.key,
        "case": one.number,
        "element": row.element,
        "operation": row.kind,
        "status": row.status,
        "attempts": row.attempts,
        "due_at": shapes.at(row.due_at),
        "worker": row.lease_owner,
        "lease_until": shapes.at(row.lease_until),
        "last_error": i18n.cause(row.last_error or "") or None,
    }


@api.offer(Op("GET", "/workers", "operations", "工作进程", gives=schemas.page(schemas.DATA), entry=OPERATORS))
def list_workers() -> dict[str, Any]:
    """The workers by their last heart-beat."""
    with visit.reading() as session:
        found = overview.workers(session, visit.actor())
        items = [
            {
                "id": one.id,
                "started_at": shapes.at(one.started_at),
                "seen_at": shapes.at(one.seen_at),
                "alive": one.seen_at > visit.now() - overview.ALIVE,
                "doing": one.doing,
            }
            for one in found
        ]
    return {"items": items, "total": len(items), "next": None}


CLOCK = schemas.told(now=schemas.TIME)


@api.offer(Op("GET", "/clock", "demo", "演示时钟", gives=CLOCK, demo=True))
def get_clock() -> dict[str, Any]:
    """What time it is in the demo."""
    return {"now": shapes.at(visit.now())}


@api.offer(
    Op(
        "POST", "/clock", "demo", "拨动演示时钟", gives=CLOCK, demo=True,
        body=schemas.record(("now",), now=schemas.TIME),
    )
)  # fmt: skip
def set_clock(given: dict[str, Any]) -> dict[str, Any]:
    """Moves the demo's clock forward; everything that falls due on the way is done before this answers."""
    return {"now": shapes.at(move_clock(given["now"]))}


def move_clock(text: str) -> datetime:
    """Moves the demo's clock to a time given as RFC 3339, or as a time on the wall in Shanghai."""
    site = visit.site()
    if site.movable is None:
        raise errors.NotFound("没有这个页面，地址可能有误")
    try:
        to = datetime.fromisoformat(text)
    except ValueError:
        fault = errors.FieldError("now", "format", "时间须为 RFC 3339 格式，如 2026-09-18T09:00:00+08:00")
        raise errors.Invalid([fault]) from None
    return demo.move(site.worker, site.movable, to if to.tzinfo else to.replace(tzinfo=chinese_time.SHANGHAI))
