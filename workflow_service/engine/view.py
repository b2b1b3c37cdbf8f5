"""What a step of the engine gives back: the new state and what is now pending; plain data, nothing of SpiffWorkflow.

What each step makes anew is a tuple: a frozen data class takes five times as long to make.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from workflow_service.engine.inputs import Address

Happened = Literal["entered", "passed", "cancelled"]


class Run(NamedTuple):
    """One executing process of a case.

    Args:
        id: ``r1``, ``r2`` ... in the order of their start.
        process: the process id.
        key: what the run is about within its case (statement ``S1``, correction object ``s2``); may be empty.
        open: whether anything in it can still move.
        state: the encoded engine state; ``b""`` once the run is closed.
        waits: names of the messages and signals it waits for, as ``message:x`` and ``signal:y``.
    """

    id: str
    process: str
    key: str
    open: bool
    state: bytes
    waits: tuple[str, ...] = ()


class Family(NamedTuple):
    """The runs of a case and what they share: the state that ``advance`` takes and gives.

    Args:
        case: the data published to all runs, seen by expressions as ``case``.
        runs: every open run by id; closed runs may be left out, but for ``closed``.
        closed: (id, process, key) of the closed runs, which ``case.runs`` lists as well.
    """

    case: Mapping[str, Any]
    runs: Mapping[str, Run]
    closed: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Limit:
    """How a due date came about: so many working days after a day, by a calendar version."""

    start: date
    days: int
    end: date
    calendar: str
    provisional: bool


class OpenTask(NamedTuple):
    """A user task that waits for a person.

    Args:
        at: its address.
        process: the process it is drawn in (a called process differs from the run's).
        name, name_en: its labels.
        lane: the lane's label; roles.json maps it to a role.
        form: the form's id.
        assignees: account names that alone may do it; empty means anybody of the lane's role.
        due: when it is due, UTC; None without a limit.
        limit: how ``due`` was computed from working days; None for other dates.
        article: the article it serves.
        sealed: whether its answers stay sealed until the vote is closed.
        instance: the item of the multi-instance collection it stands for; None otherwise.
    """

    at: Address
    process: str
    name: str
    name_en: str
    lane: str
    form: str
    assignees: tuple[str, ...] = ()
    due: datetime | None = None
    limit: Limit | None = None
    article: str = ""
    sealed: bool = False
    instance: Any = None


@dataclass(frozen=True)
class Call:
    """A handler call to be made for a service task."""

    at: Address
    process: str
    operation: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Timer:
    """A timer that waits for its date."""

    at: Address
    process: str
    due: datetime
    limit: Limit | None = None


class Step(NamedTuple):
    """One thing that happened to a token, for the replay on the diagram.

    Args:
        happened: ``entered`` (a task waits), ``passed`` (completed) or ``cancelled``.
        flow: id of the sequence flow by which the token came, empty when there is none.
    """

    run: str
    process: str
    element: str
    visit: int
    happened: Happened
    flow: str = ""


@dataclass(frozen=True)
class Thrown:
    """A message or signal that a run threw, and the runs it reached or started."""

    run: str
    kind: Literal["message", "signal"]
    name: str
    reached: tuple[str, ...]


class Advanced(NamedTuple):
    """The outcome of one input.

    Args:
        family: the new state of the case (changed and new runs carry new ``state``).
        changed: ids of the runs that changed or began.
        opened: tasks that now wait; ``closed`` the addresses that no longer do, with why.
        calls, dropped_calls: handler calls to make, and those no longer wanted.
        timers, dropped_timers: likewise for deadlines.
        steps: the way of the tokens, in order.
        thrown: messages and signals between the runs.
        fingerprint: digest of the new state of all changed runs and the shared data; equal inputs give equal ones.
    """

    family: Family
    changed: tuple[str, ...]
    opened: tuple[OpenTask, ...] = ()
    closed: tuple[tuple[Address, Literal["completed", "cancelled"]], ...] = ()
    calls: tuple[Call, ...] = ()
    dropped_calls: tuple[Address, ...] = ()
    timers: tuple[Timer, ...] = ()
    dropped_timers: tuple[Address, ...] = ()
    steps: tuple[Step, ...] = ()
    thrown: tuple[Thrown, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True)
class Entrance:
    """How people or messages start a process: drawn as its start event.

    Args:
        message: the message's name, empty for a process that people start from the menu.
        roles: roles that may start it or send the message.
        form: the form whose fields the start data has (the first user task's, or the message's own).
        allowed: FEEL condition over ``case``; empty means always.
        refusal, refusal_en: what is said when it is not allowed.
    """

    process: str
    element: str
    name: str
    name_en: str
    message: str
    roles: tuple[str, ...]
    form: str
    allowed: str = ""
    refusal: str = ""
    refusal_en: str = ""
    first_task: str = ""


@dataclass(frozen=True)
class Element:
    """What pages need to know of an element of a diagram."""

    id: str
    process: str
    kind: str
    name: str
    name_en: str = ""
    lane: str = ""
    article: str = ""
    form: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
