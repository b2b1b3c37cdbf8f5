"""The rows of the database as the JSON of the API."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from workflow_service import errors, workdays
from workflow_service.bundles import variants
from workflow_service.cases import calendars, pages, queries
from workflow_service.engine import view
from workflow_service.storage import reference, tables
from workflow_service.web import i18n, problems, visit


def at(when: datetime | None) -> str | None:
    """A time as RFC 3339 in Shanghai."""
    return None if when is None else i18n.stamp(when)


def explained(session: Session, row: tables.Deadline | tables.Task) -> str | None:
    """How a date came about, or what is left of one that stands still, in a sentence; None for dates that are simply given."""
    limit = row.due_limit
    if row.paused_days is not None:
        return str(_("案件中止，时限停止计算；恢复后从次日起续算%(n)s个工作日", n=max(row.paused_days, 1)))
    if not limit:
        return None
    try:
        calendar = calendars.of_version(session, int(limit["calendar"]))
    except (ValueError, errors.NotFound):
        return None
    found = workdays.explain(date.fromisoformat(limit["start"]), int(limit["days"]), calendar)
    text = found.text_en if i18n.is_english() else found.text
    return _("中止后恢复，剩余期限%(counted)s", counted=text) if limit.get("resumed") else text


def task(session: Session, row: tables.Task, number: str, title: str = "") -> dict[str, Any]:
    """A task as lists and its own page give it."""
    return {
        "id": row.id,
        "case": number,
        "title": title,
        "run": row.run,
        "process": row.process,
        "element": row.element,
        "visit": row.visit,
        "name": i18n.either(row, "name"),
        "name_en": row.name_en,
        "lane": i18n.lane(row),
        "role": row.role,
        "place": row.place,
        "status": row.status,
        "holder": row.holder,
        "assignee": row.assignee,
        "assignees": row.assignees,
        "opened_at": at(row.opened_at),
        "done_at": at(row.done_at),
        "done_by": row.done_by,
        "on_behalf_of": row.on_behalf_of,
        "due_at": at(row.due_at),
        "due_explained": explained(session, row),
        "overdue": row.status == "open" and _is_late(row),
        "priority": row.priority,
        "form": row.form,
        "article": row.article,
        "sealed": row.sealed,
        "instance": (row.instance or {}).get("item"),
    }


def task_view(session: Session, seen: pages.TaskView) -> dict[str, Any]:
    """A task with its form, what is shown beside it, the person's draft and what they may do."""
    english = i18n.is_english()
    return {
        **task(session, seen.task, seen.case.number, seen.case.title),
        "form": {**seen.described, "id": seen.form.id},
        "data": dict(seen.shown),
        "draft": seen.draft,
        "warnings": [_warning(one, english) for one in seen.warnings],
        "articles": _articles(seen),
        "may": sorted(seen.may),
        "blocked": problems.filled(seen.blocked, {}),
        "returnable": [
            {"element": one.id, "name": i18n.either(one, "name"), "name_en": one.name_en} for one in seen.returnable
        ],
        "attempts": [
            {"id": one.id, "visit": one.visit, "done_at": at(one.done_at), "done_by": one.done_by}
            for one in seen.attempts
        ],
    }


def _warning(one: Mapping[str, Any], english: bool) -> dict[str, Any]:
    text = (english and one.get("message_en")) or one.get("message")
    return {"field": one.get("field"), "message": text, "article": one.get("article")}


def _articles(seen: pages.TaskView) -> list[dict[str, Any]]:
    wanted = {str(one.get("article")) for one in seen.described["fields"]} | {seen.task.article, seen.form.article}
    return [
        {"article": name, "summary": i18n.either(told, "summary")}
        for name, told in seen.articles.items()
        if name in wanted
    ]


def case_line(row: tables.Case) -> dict[str, Any]:
    """A case as lists give it."""
    return {
        "number": row.number,
        "title": row.title,
        "status": row.status,
        "process": row.process,
        "place": row.place,
        "opened_at": at(row.opened_at),
        "opened_by": row.opened_by,
        "closed_at": at(row.closed_at),
        "bundle": row.bundle,
    }


def case(session: Session, file: pages.CaseFile) -> dict[str, Any]:
    """A case file as this person may see it."""
    row = file.case
    open_work = [one for one in file.tasks if one.status == "open"]
    return {
        **case_line(row),
        "variant": variant(file.loaded.variant),
        "end": row.shared.get("end"),
        "path": row.shared.get("path"),
        "decision": file.decision,
        "situation_codes": list(row.shared.get("situation_codes") or []),
        "window_open": bool(row.shared.get("window_open")),
        "elements": list(file.positions),
        "subjects": list(file.subjects),
        "deadlines": [deadline(session, one) for one in dated(file)],
        "tasks": [task(session, one, row.number, row.title) for one in open_work],
        "runs": [
            {
                "run": one.id,
                "process": one.process,
                "key": one.key,
                "open": one.open,
                "started_at": at(one.started_at),
                "ended_at": at(one.ended_at),
            }
            for one in file.runs
        ],
        "documents": [document(one) for one in file.documents],
        "attachments": [attachment(one) for one in file.attachments],
        "related": list(row.related or []),
        "messages": [entrance(one) for one in file.messages],
        "comments": [{"by": one.by, "at": at(one.at), "text": one.text} for one in file.comments],
        "incidents": [incident(one, row.number) for one in file.incidents],
    }


def dated(file: pages.CaseFile) -> list[tables.Deadline | tables.Task]:
    """The timers and open tasks of a case that have a date, earliest first."""
    waiting = [one for one in file.tasks if one.status == "open" and one.due_at is not None]
    both: list[tables.Deadline | tables.Task] = [*file.deadlines, *waiting]
    return sorted(both, key=lambda one: one.due_at or visit.now())


def deadline(session: Session, row: tables.Deadline | tables.Task) -> dict[str, Any]:
    """A date that a case waits for, with how it was computed."""
    return {
        "element": row.element,
        "run": row.run,
        "kind": "task" if hasattr(row, "form") else "timer",
        "due_at": at(row.due_at),
        "explained": explained(session, row),
        "provisional": is_provisional(row),
        "paused": row.paused_days is not None,
        "overdue": _is_late(row),
    }


def _is_late(row: tables.Deadline | tables.Task) -> bool:
    """Whether a limit has passed; one that stands still runs on later, and of a provisional one nobody can tell yet."""
    stands = row.paused_days is not None or is_provisional(row)
    return row.due_at is not None and row.due_at < visit.now() and not stands


def is_provisional(row: tables.Deadline | tables.Task) -> bool:
    """Whether a date is only a lower bound, because the calendar of its year is not there yet."""
    return bool((row.due_limit or {}).get("provisional"))


def document(row: tables.Document) -> dict[str, Any]:
    """An issued paper."""
    return {
        "id": row.id,
        "template": row.template,
        "title": row.title,
        "number": row.number,
        "dated": row.dated.isoformat(),
        "to": row.to,
        "subject_id": row.subject_id,
        "attachment": row.attachment_id,
        "issued_at": at(row.issued_at),
    }


def attachment(row: tables.Attachment) -> dict[str, Any]:
    """A kept file, without its content."""
    return {
        "id": row.id,
        "name": row.name,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
        "added_by": row.added_by,
        "added_at": at(row.added_at),
    }


def entrance(one: view.Entrance) -> dict[str, Any]:
    """A process that one may start, or a message that one may send."""
    return {"process": one.process, "message": one.message, "name": one.name, "name_en": one.name_en, "form": one.form}


def number_of(session: Session, case_id: int) -> str:
    """The number of a case's id."""
    return session.get_one(tables.Case, case_id).number


def incident(row: tables.Incident, number: str) -> dict[str, Any]:
    """Something that gave up."""
    return {
        "id": row.id,
        "case": number,
        "run": row.run,
        "element": row.element,
        "job": row.job_id,
        "cause": i18n.cause(row.cause),
        "trace": row.trace,
        "attempts": row.attempts,
        "opened_at": at(row.opened_at),
        "closed_at": at(row.closed_at),
        "closed_by": row.closed_by,
        "resolution": row.resolution,
    }


def whereabouts(body: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Where an entry of the journal happened: run and element, by its address, task or incident; empty when nowhere."""
    told = body or {}
    if isinstance(told.get("at"), dict):
        return told["at"]  # type: ignore[no-any-return]  # an address
    if "incident" in told:
        return {name: told[name] for name in ("run", "element")} if "run" in told else {}
    parts = str(told.get("task") or "").split(".")
    return {"run": parts[1], "element": parts[2]} if len(parts) == 4 else {}  # noqa: PLR2004  number, run, element, visit


def variant(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Which county's rules a bundle holds, and the city's version (``parent``) that they build on; None for the city's own."""
    if told is None:
        return None
    return {
        "id": told["id"],
        "place": told["place"],
        "title": told["title"],
        "title_en": told["title_en"],
        "parent": told["base"],
    }


def entry(line: queries.JournalRow, diff: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """A line of the journal; what was said in it only for those who may read it."""
    row, body = line.entry, line.body
    where = whereabouts(body)
    return {
        "number": row.seq,
        "at": at(row.at),
        "kind": row.kind,
        "version": row.version,
        "actor": row.actor,
        "on_behalf_of": row.on_behalf_of,
        "element": where.get("element"),
        "run": where.get("run"),
        "body": body,
        "diff": list(diff) if body is not None else [],
        "bundle": row.bundle,
        "calendar": row.calendar,
        "origin": row.origin,
        "fingerprint": row.fingerprint,
        "body_hash": row.body_hash,
        "salt": row.salt if body is not None else None,  # with it one could try what the body says
        "previous": row.prev_hash,
        "hash": row.hash,
    }


def bundle(row: reference.Bundle) -> dict[str, Any]:
    """A bundle or draft, without its files."""
    return {
        "id": row.id,
        "hash": row.hash,
        "place": row.place,
        "version": row.version,
        "status": row.status,
        "base": row.base,
        "note": row.note,
        "author": row.author,
        "created_at": at(row.created_at),
        "changed_at": at(row.changed_at),
        "submitted_at": at(row.submitted_at),
        "approved_by": row.approved_by,
        "approved_at": at(row.approved_at),
        "decision_note": row.decision_note,
        "decisions": [{**one, "at": at(datetime.fromisoformat(one["at"]))} for one in row.decisions],
        "published_at": at(row.published_at),
        "published_by": row.published_by,
    }


def standing(one: variants.Standing) -> dict[str, Any]:
    """How a place stands to the city's model: the bundle in force there and its drift in words."""
    told = one.variant
    return {
        "place": one.place,
        "name": one.name,
        "bundle": one.own.hash if one.own else one.parent.hash if one.parent else None,
        "version": one.own.version if one.own else None,
        "variant": told and {"id": told.id, "title": told.title, "title_en": told.title_en},
        "parent": told and told.base,
        "parent_version": one.parent.version if one.parent else None,
        "current": one.is_current,
        "changes": list(told.changes) if told else [],
        "conflicts": [problems.finding(found) for found in one.conflicts],
    }
