"""Says why a case does not move: whom or what it waits for, in one answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import chinese_time
from workflow_service.bundles import programs
from workflow_service.cases import queries
from workflow_service.identity import roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import tables

Names = Mapping[tuple[str, str], tuple[tuple[str, object], ...]]
"""Run and element → what the element is called, as parameters of a sentence."""


@dataclass(frozen=True)
class Reason:
    """One thing that a case waits for: a kind (task, timer, job, incident, message, pause, ended), the element, a sentence with its parameters."""

    kind: str
    element: str
    template: str
    params: tuple[tuple[str, object], ...] = ()


def why(session: Session, actor: Actor, now: datetime, number: str) -> list[Reason]:
    """Everything that a case waits for, most pressing first."""
    case = queries.readable(session, actor, now, number, "why")
    names, hidden = _names(session, case), queries.runs_of_others(session, actor, case)
    reasons = [
        *_incidents(session, case, names, hidden),
        *_jobs(session, case, now, hidden),
        *_messages(session, case),
        *_tasks(session, case, hidden),
        *_timers(session, case, names, hidden),
    ]
    if reasons:
        return reasons
    return (
        [Reason("ended", "", "案件已经办结，没有等待中的事项")]
        if case.closed_at
        else [Reason("waiting", "", "案件在等待外部消息")]
    )


def _names(session: Session, case: tables.Case) -> Names:
    runs = session.query(tables.Run.id, tables.Run.process).filter_by(case_id=case.id)
    steps = programs.of(session, case.bundle).steps_of({row.id: row.process for row in runs})
    return {at: (("name", one.name or one.id), ("name_en", one.name_en)) for at, one in steps.items()}


def _incidents(session: Session, case: tables.Case, names: Names, hidden: frozenset[str]) -> list[Reason]:
    rows = session.scalars(
        select(tables.Incident).where(tables.Incident.case_id == case.id, tables.Incident.closed_at.is_(None))
    )
    return [
        Reason(
            "incident",
            row.element,
            "“{name}”出现异常，等待运维人员处理：{cause}",
            (*names.get((row.run, row.element), (("name", row.element),)), ("cause", row.cause)),
        )
        for row in rows
        if row.run not in hidden
    ]


def _jobs(session: Session, case: tables.Case, now: datetime, hidden: frozenset[str]) -> list[Reason]:
    rows = session.scalars(
        select(tables.Job).where(
            tables.Job.case_id == case.id, tables.Job.status.in_(("todo", "run")), tables.Job.run.not_in(hidden)
        )
    )
    found = []
    for row in rows:
        if row.status == "run":
            params = (("what", row.kind), ("who", row.lease_owner or ""))
            found.append(Reason("job", row.element, "系统正在执行{what}（执行者{who}）", params))
        elif row.due_at > now:
            values = (("what", row.kind), ("when", _text(row.due_at)), ("error", row.last_error or "—"))
            found.append(Reason("job", row.element, "{what}执行失败，将于{when}重试：{error}", values))
        else:
            found.append(Reason("job", row.element, "{what}在排队等待执行", (("what", row.kind),)))
    return found


def _messages(session: Session, case: tables.Case) -> list[Reason]:
    rows = session.scalars(
        select(tables.Message).where(tables.Message.case_id == case.id, tables.Message.status == "waiting")
    )
    return [Reason("message", row.name, "收到的消息{key}等待登记", (("key", row.key),)) for row in rows]


def _tasks(session: Session, case: tables.Case, hidden: frozenset[str]) -> list[Reason]:
    rows = session.scalars(
        select(tables.Task)
        .where(tables.Task.case_id == case.id, tables.Task.status == "open", tables.Task.run.not_in(hidden))
        .order_by(tables.Task.due_at)
    ).all()
    names = roster.display_names(session, [row.holder for row in rows if row.holder])
    titles = programs.of(session, case.bundle).roles
    found = []
    for row in rows:
        if row.paused_days is not None:
            found.append(Reason("pause", row.element, "案件中止期间，“{name}”的期限暂停计算", _named(row)))
        if row.holder:
            params = (("who", names.get(row.holder, row.holder)), *_named(row))
            found.append(Reason("task", row.element, "等待{who}办理“{name}”", params))
        else:
            people = roster.with_role(session, row.place, row.role)
            template = (
                "等待“{lane}”中的任何一人签收“{name}”"
                if people
                else "“{lane}”中没有可以办理“{name}”的人员，请管理员配置"
            )
            found.append(
                Reason(
                    "task",
                    row.element,
                    template,
                    (("lane", row.lane), ("lane_en", titles.get(row.role, {}).get("name_en", "")), *_named(row)),
                )
            )
    return found


def _named(row: tables.Task) -> tuple[tuple[str, object], ...]:
    return (("name", row.name), ("name_en", row.name_en))


def _timers(session: Session, case: tables.Case, names: Names, hidden: frozenset[str]) -> list[Reason]:
    rows = session.scalars(
        select(tables.Deadline).where(
            tables.Deadline.case_id == case.id,
            tables.Deadline.status.in_(("waiting", "paused")),
            tables.Deadline.run.not_in(hidden),
        )
    )
    found = []
    for row in rows:
        named = names.get((row.run, row.element), (("name", row.element),))
        if row.status == "paused":
            found.append(Reason("pause", row.element, "案件中止期间，“{name}”暂停计时", named))
        else:
            when = "等待“{name}”，{when}到时"
            text = "等待“{name}”，{when}到时（缺少工作日历，为暂定日期）" if row.provisional else when
            found.append(Reason("timer", row.element, text, (*named, ("when", _text(row.due_at)))))
    return found


def _text(at: datetime) -> str:
    return chinese_time.local(at).strftime("%Y-%m-%d %H:%M")
