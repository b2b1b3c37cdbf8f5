"""Tells process owners what became of a draft: whom it waits for, and what was said of theirs and by whom."""

from datetime import datetime

from sqlalchemy.orm import Session

from workflow_service.identity import roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import notices, reference


def of_submission(session: Session, actor: Actor, now: datetime, draft: reference.Bundle) -> None:
    """Tells those who may approve a draft that it waits for them."""
    wrote = {actor.name, draft.author, *draft.editors}
    others = [one for one in roster.everywhere(session, "process_owner") if one not in wrote]
    chinese = (
        f"草稿 {draft.id} 等待审批",
        f"{actor.display_name}提交了草稿 {draft.id}，请到“流程设计”查看改动并审批。",
    )
    english = (
        f"Draft {draft.id} waits for approval",
        f"{actor.display_name} handed draft {draft.id} in; please look at its changes under Processes and decide.",
    )
    notices.post(session, now, _key(draft, now), others, chinese, english)


def of_approval(session: Session, actor: Actor, now: datetime, draft: reference.Bundle) -> None:
    """Tells the authors of a draft that it was approved."""
    chinese = (f"草稿 {draft.id} 已获批准", f"{actor.display_name}批准了草稿 {draft.id}，可以发布。")
    english = (
        f"Draft {draft.id} was approved",
        f"{actor.display_name} approved draft {draft.id}; it can be published.",
    )
    notices.post(session, now, _key(draft, now), _authors(draft, actor), chinese, english)


def of_rejection(session: Session, actor: Actor, now: datetime, draft: reference.Bundle, note: str) -> None:
    """Tells the authors of a draft who gave it back, and why; it stays in their notices when they go on."""
    chinese = (f"草稿 {draft.id} 已退回", f"{actor.display_name}退回了草稿 {draft.id}，理由：{note}")
    english = (f"Draft {draft.id} was given back", f"{actor.display_name} gave draft {draft.id} back: {note}")
    notices.post(session, now, _key(draft, now), _authors(draft, actor), chinese, english)


def _authors(draft: reference.Bundle, actor: Actor) -> list[str]:
    """Who wrote a draft; whoever acts now knows of it."""
    return [one for one in (draft.author, *draft.editors) if one != actor.name]


def _key(draft: reference.Bundle, now: datetime) -> str:
    return f"bundle:{draft.id}:{now.isoformat()}"
