"""Messages to a case: kept durably first, then fed to the engine; and notices to people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow_service import errors, feel
from workflow_service.bundles import programs
from workflow_service.cases import answers, failures, involvement, lifecycle, once, scope, sealed
from workflow_service.engine import inputs, view
from workflow_service.identity import permissions, roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import notices, steps, tables

PREFIXES = {
    "statement_received": "S", "recusal_requested": "H", "withdrawal_requested": "W", "suspension_requested": "Z",
    "resumption_requested": "F", "reopening_requested": "K",
    "clarification_requested": "C", "visit_requested": "V",
}  # fmt: skip
"""First letters of the keys by which messages are known in their case (S1 is the first statement)."""


@dataclass(frozen=True)
class Receipt:
    """What the sender of a message gets: the message is kept, under this key, since this time."""

    case: str
    key: str
    received_at: datetime


def receive(session: Session, actor: Actor, now: datetime, number: str, name: str, data: dict[str, Any]) -> Receipt:  # noqa: PLR0913  who says what to which case
    """Keeps a message to a case; ``feed_waiting`` hands it to the engine.

    Raises:
        NotFound: no such message or case. NotAllowed: the sender's role may not send it. Conflict: the case does not
            take it in its present state (the refusal drawn in the diagram says why). Invalid: wrong fields.
    """
    case = lifecycle.lock(session, number)
    entrance = _entrance(session, case, name)
    if not involvement.is_heard(session, actor, case, name):
        involvement.require_reading(session, actor, case)
    permissions.require(actor, permissions.Permission.CASE_OPEN)
    if not actor.roles & set(entrance.roles):
        raise errors.NotAllowed("您的角色不能提出“{what}”", what=entrance.name, what_en=entrance.name_en)
    known = scope.of_data(actor, now, lifecycle.family_of(session, case), {})
    _require_open(entrance, known, now)
    form = programs.of(session, case.bundle).form(entrance.form)
    given = sealed.put_away(session, actor, now, case, form, answers.judged(session, actor, case, form, data, known))
    message = tables.Message(
        case_id=case.id,
        name=name,
        key=_next_key(session, case.id, name),
        data=given,
        sender=actor.name,
        on_behalf_of=actor.on_behalf_of,
        received_at=now,
        status="waiting",
    )
    session.add(message)
    session.flush()
    steps.hold(case, messages_waiting=case.messages_waiting + 1)
    lifecycle.note(session, actor, now, case, "message_kept", {"message": name, "key": message.key})
    return Receipt(case.number, message.key, now)


def receive_once(  # noqa: PLR0913  who says what to which case, under which key
    session: Session, actor: Actor, now: datetime, number: str, name: str, data: dict[str, Any], key: str
) -> Receipt:
    """Keeps a message once for each key: a sender who got no answer sends it again and gets the same receipt.

    Raises:
        KeyUsed: the key was used for another message. What ``receive`` raises.
    """
    if not key:
        return receive(session, actor, now, number, name, data)

    def act() -> tuple[str, dict[str, Any]]:
        kept = receive(session, actor, now, number, name, data)
        return kept.case, {"case": kept.case, "key": kept.key, "received_at": kept.received_at.isoformat()}

    content = {"case": number, "message": name, "data": data}
    answer = once.done(session, actor, now, f"message:{key}", content, act)
    return Receipt(answer["case"], answer["key"], datetime.fromisoformat(answer["received_at"]))


def _entrance(session: Session, case: tables.Case, name: str) -> view.Entrance:
    for entrance in programs.of(session, case.bundle).program.entrances:
        if entrance.message == name and entrance.roles:
            return entrance
    raise errors.NotFound("没有名为“{name}”的消息", name=name)


def _require_open(entrance: view.Entrance, known: dict[str, Any], now: datetime) -> None:
    if is_open(entrance, known, now):
        return
    if entrance.refusal:  # a parameter, because whoever draws may write braces
        raise errors.Conflict("{why}", why=entrance.refusal, why_en=entrance.refusal_en)
    raise errors.Conflict("案件现在的状态不接受“{what}”", what=entrance.name, what_en=entrance.name_en)


def is_open(entrance: view.Entrance, known: dict[str, Any], now: datetime) -> bool:
    """Whether the case takes a message now, by the condition drawn at its start event."""
    return not entrance.allowed or feel.evaluate(entrance.allowed, known, env=feel.Env(clock=lambda: now)) is True


def _next_key(session: Session, case_id: int, name: str) -> str:
    sent = session.scalar(select(func.count()).where(tables.Message.case_id == case_id, tables.Message.name == name))
    return f"{PREFIXES.get(name, name)}{(sent or 0) + 1}"


def feed_waiting(session: Session, now: datetime, case: tables.Case) -> int:
    """Hands every waiting message of a locked case to the engine, in the order of their coming; gives how many."""
    fed = 0
    while (message := first_waiting(session, case)) is not None:
        feed(session, now, case, message)
        fed += 1
    return fed


def first_waiting(session: Session, case: tables.Case) -> tables.Message | None:
    """The message that has waited longest for its locked case."""
    if not case.messages_waiting:
        return None
    waiting = select(tables.Message).where(tables.Message.case_id == case.id, tables.Message.status == "waiting")
    return session.scalar(waiting.order_by(tables.Message.id).limit(1))


def give_up(session: Session, now: datetime, message_id: int, cause: str) -> None:
    """Makes an incident of a message that cannot be handed to its case, so that those behind it have their turn.

    Whoever met it at the same moment may have done so already, or have handed it over.
    """
    message = session.get_one(tables.Message, message_id)
    case = lifecycle.lock_by_id(session, message.case_id)
    session.refresh(message)
    if message.status != "waiting":
        return
    message.status, message.reason = "incident", cause
    steps.hold(case, messages_waiting=case.messages_waiting - 1)
    found = failures.Cause(message.key, message.name, cause, "", 1, message_id=message.id)
    failures.open_one(session, now, case, found)


def wait_again(case: tables.Case, message: tables.Message) -> None:
    """Lets a message that gave up wait for its locked case once more; the caller stores the case."""
    message.status, message.reason = "waiting", None
    steps.hold(case, messages_waiting=case.messages_waiting + 1)


def refuse(session: Session, actor: Actor, now: datetime, case: tables.Case, message: tables.Message, why: str) -> None:  # noqa: PLR0913  who refuses what, and why
    """Records that a case does not take a message, and why; its sender is told, for they believe it was taken."""
    message.status, message.reason = "refused", why
    lifecycle.note(
        session, actor, now, case, "message_refused", {"message": message.name, "key": message.key, "reason": why}
    )
    entrance = _entrance(session, case, message.name)
    text = f"{case.number}：您提出的“{entrance.name}”（{message.key}）未能进入程序：{why}"
    text_en = f"{case.number}: your “{entrance.name_en}” ({message.key}) was not taken: {why}"
    tell(
        session,
        now,
        case,
        None,
        [message.sender],
        ("您提出的事项未能进入程序", text),
        ("What you sent was not taken", text_en),
    )


def feed(session: Session, now: datetime, case: tables.Case, message: tables.Message) -> None:
    """Hands a waiting message to the engine of its locked case, or records that the case refuses it."""
    steps.hold(case, messages_waiting=case.messages_waiting - 1)
    sender = Actor(0, message.sender, "", frozenset(), "", case.place, on_behalf_of=message.on_behalf_of)
    data = {
        **message.data,
        "message_key": message.key,
        "sender": message.sender,
        "received": message.received_at.isoformat(),
        "duties": _duties(session, case, message),
    }
    moved = inputs.Received(message.name, data, message.key, message.sender)
    try:
        lifecycle.feed(session, sender, now, case, moved)
    except errors.Conflict as refused:
        refuse(session, sender, now, case, message, str(refused))
    else:
        message.status = "fed"


def _duties(session: Session, case: tables.Case, message: tables.Message) -> dict[str, list[str]]:
    """The roles of each person whom a message names, by the field that names them: on them may hang who decides."""
    form = programs.of(session, case.bundle).form(_entrance(session, case, message.name).form)
    named = {one.name: str(message.data.get(one.name) or "") for one in form.fields if one.type == "person"}
    known = roster.known(session, named.values()) if any(named.values()) else {}
    return {field: sorted(known[name][1]) if name in known else [] for field, name in named.items()}


def count_waiting(session: Session, case_id: int) -> int:
    """How many messages of a case the engine has not seen, by the messages themselves."""
    waiting = select(func.count()).where(tables.Message.case_id == case_id, tables.Message.status == "waiting")
    return session.scalar(waiting) or 0


def with_waiting(session: Session) -> list[int]:
    """Ids of the cases for which a message waits."""
    return list(session.scalars(select(tables.Message.case_id).where(tables.Message.status == "waiting").distinct()))


def tell(  # noqa: PLR0913  a notice is all of this
    session: Session,
    now: datetime,
    case: tables.Case,
    task: tables.Task | None,
    to: Iterable[str],
    chinese: tuple[str, str],
    english: tuple[str, str],
) -> None:
    """Posts an in-app notice, title and text in both languages, to people."""
    key = f"{case.number}:{case.head_seq}:{chinese[0]}"
    notices.post(session, now, key, to, chinese, english, case.id, None if task is None else task.id)
