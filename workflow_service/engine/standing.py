"""What waits in a run, read from its tokens: tasks for people, handler calls, timers, messages, positions."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from SpiffWorkflow.util.task import TaskState

from workflow_service.engine import events
from workflow_service.engine.expressions import plain
from workflow_service.engine.inputs import Address
from workflow_service.engine.tokens import Live, Token
from workflow_service.engine.view import Call, Limit, OpenTask, Timer
from workflow_service.errors import Conflict


class Pending(NamedTuple):
    """All that waits in the open runs of a case."""

    tasks: tuple[OpenTask, ...]
    calls: tuple[Call, ...]
    timers: tuple[Timer, ...]


def address(run: str, token: Token) -> Address:
    """The address of a token."""
    return Address(run, token.task_spec.meta.id, token.visit)


def gone(at: Address) -> Conflict:
    """What is said of an address at which nothing waits any more, to be raised by the caller."""
    return Conflict("环节“{element}”已不在等待办理，请刷新后再看", element=at.element)


def waiting(run: str, live: Live) -> dict[Address, Token]:
    """The tokens that wait for a person, a handler or a date, by address."""
    return {Address(run, one.task_spec.meta.id, one.visit): one for one in live.open_tokens() if _kind(one)}


def is_waiting(token: Token) -> bool:
    """Whether a token waits for a person, a handler or a date."""
    return bool(_kind(token))


def _kind(token: Token) -> str:
    spec = token.task_spec
    if token._state != spec.when:
        return ""
    kind: str = spec.asks
    return kind if kind != "timer" or "due" in token.internal_data else ""  # events without a date wait for the case


def of(tokens: Mapping[Address, Token]) -> Pending:
    """The views of waiting tokens."""
    by_kind: dict[str, list[Any]] = {"task": [], "call": [], "timer": []}
    for at, token in tokens.items():
        kind = _kind(token)
        by_kind[kind].append(_VIEWS[kind](at, token))
    return Pending(tuple(by_kind["task"]), tuple(by_kind["call"]), tuple(by_kind["timer"]))


def _task(at: Address, token: Token) -> OpenTask:
    meta, info = token.task_spec.meta, token.internal_data
    node = meta.node
    return OpenTask(
        at=at,
        process=node.process,
        name=node.name,
        name_en=node.properties.get("name_en", ""),
        lane=node.lane,
        form=meta.form,
        assignees=tuple(info.get("assignees", ())),
        due=_due(info),
        limit=limit_of(info),
        article=node.properties.get("article", ""),
        sealed=node.properties.get("sealed") == "true",
        instance=info.get("item"),
    )


def _call(at: Address, token: Token) -> Call:
    node = token.task_spec.meta.node
    parameters = plain(token.internal_data["call"])  # a copy: the run may live on in memory
    return Call(at, node.process, node.operation, parameters)


def _timer(at: Address, token: Token) -> Timer:
    due = _due(token.internal_data)
    assert due is not None
    return Timer(at, token.task_spec.meta.node.process, due, limit_of(token.internal_data))


_VIEWS = {"task": _task, "call": _call, "timer": _timer}


def _due(info: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(info["due"]) if "due" in info else None


def limit_of(info: Mapping[str, Any]) -> Limit | None:
    """How a date that is kept with a token came about."""
    if "limit" not in info:
        return None
    start, days, end, calendar, provisional = info["limit"]
    return Limit(date.fromisoformat(start), days, date.fromisoformat(end), calendar, provisional)


def waits(live: Live) -> tuple[str, ...]:
    """Messages and signals a run waits for, as ``message:x`` and ``signal:y``."""
    found = set()
    for token in live.open_tokens():
        spec = token.task_spec
        if isinstance(spec, events.Catch) and token._state == TaskState.WAITING and spec.meta is not None:
            event = spec.meta.event
            if event.kind in ("message", "signal"):
                found.add(f"{event.kind}:{event.name}")
    return tuple(sorted(found))


def positions(run: str, live: Live) -> list[dict[str, Any]]:
    """Where the tokens of a run stand, for display: run, process, element, visit, state."""
    found = []
    for token in live.open_tokens():
        meta = token.task_spec.meta
        if meta is not None and not token.task_spec.container:
            state = TaskState.get_name(token._state).lower()
            found.append(
                {"run": run, "process": meta.node.process, "element": meta.id, "visit": token.visit, "state": state}
            )
    return found
