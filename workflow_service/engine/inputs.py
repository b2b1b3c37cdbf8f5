"""Everything that can move a case, one frozen type each; the journal stores them and replay needs nothing else.

``run`` is the id of a run within its case (``r1``, ``r2`` ... in the order of their start); a task is addressed by its
element's id and ``visit``, the how-maniest time (1, 2 ...) the run opened that element, each instance of a
multi-instance activity counting as one visit.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

Data = dict[str, Any]


class Address(NamedTuple):
    """Where a token stands: run, element, visit; a tuple, for steps compare many of them."""

    run: str
    element: str
    visit: int

    def __str__(self) -> str:
        return f"{self.run}.{self.element}.{self.visit}"


@dataclass(frozen=True)
class Started:
    """A run of a process that people start (intake, early warning ...) began."""

    kind: ClassVar[str] = "started"
    version: ClassVar[int] = 1
    process: str
    data: Data = field(default_factory=dict)


@dataclass(frozen=True)
class Submitted:
    """A person completed a user task with its form."""

    kind: ClassVar[str] = "submitted"
    version: ClassVar[int] = 1
    at: Address
    data: Data
    by: str


@dataclass(frozen=True)
class Returned:
    """A handler returned its result for a service task."""

    kind: ClassVar[str] = "returned"
    version: ClassVar[int] = 1
    at: Address
    result: Any


@dataclass(frozen=True)
class Failed:
    """A handler ended with a BPMN error for the boundary event of this code."""

    kind: ClassVar[str] = "failed"
    version: ClassVar[int] = 1
    at: Address
    code: str
    reason: str


@dataclass(frozen=True)
class Received:
    """A message to the case arrived: it starts a run, or runs that wait for it go on.

    ``key`` names the message within its case (``S1`` the first statement) and becomes the key of the started run.
    """

    kind: ClassVar[str] = "received"
    version: ClassVar[int] = 1
    message: str
    data: Data
    key: str
    by: str


@dataclass(frozen=True)
class Elapsed:
    """A timer's date was reached."""

    kind: ClassVar[str] = "elapsed"
    version: ClassVar[int] = 1
    at: Address


@dataclass(frozen=True)
class Rescheduled:
    """A timer's or a task's date was computed anew (calendar published, case resumed); both dates are kept."""

    kind: ClassVar[str] = "rescheduled"
    version: ClassVar[int] = 1
    at: Address
    due: datetime
    reason: str


@dataclass(frozen=True)
class SentBack:
    """A person sent the work back from a task to an element that was done before."""

    kind: ClassVar[str] = "sent_back"
    version: ClassVar[int] = 1
    at: Address
    to_element: str
    reason: str
    by: str


@dataclass(frozen=True)
class Withdrawn:
    """A person took back the own last submission while nobody had acted after it."""

    kind: ClassVar[str] = "withdrawn"
    version: ClassVar[int] = 1
    at: Address
    by: str


@dataclass(frozen=True)
class Countersigned:
    """The instances of an open parallel multi-instance task were added to or taken away from."""

    kind: ClassVar[str] = "countersigned"
    version: ClassVar[int] = 1
    at: Address
    add: tuple[Any, ...]
    remove: tuple[Any, ...]
    by: str


@dataclass(frozen=True)
class Repaired:
    """An operator set data of a run anew, with a reason."""

    kind: ClassVar[str] = "repaired"
    version: ClassVar[int] = 1
    run: str
    data: Data
    reason: str
    by: str


@dataclass(frozen=True)
class Skipped:
    """An operator let a failed service task pass with a given result and a reason."""

    kind: ClassVar[str] = "skipped"
    version: ClassVar[int] = 1
    at: Address
    result: Any
    reason: str
    by: str


Input = (
    Started
    | Submitted
    | Returned
    | Failed
    | Received
    | Elapsed
    | Rescheduled
    | SentBack
    | Withdrawn
    | Countersigned
    | Repaired
    | Skipped
)

_KINDS: dict[str, type[Any]] = {
    one.kind: one
    for one in (
        Started,
        Submitted,
        Returned,
        Failed,
        Received,
        Elapsed,
        Rescheduled,
        SentBack,
        Withdrawn,
        Countersigned,
        Repaired,
        Skipped,
    )
}


def to_body(moved: Input) -> Data:
    """The input as the JSON body of its journal entry."""
    body = dict(vars(moved))  # in the order of the fields
    if "at" in body:
        at: Address = body["at"]
        body["at"] = {"run": at.run, "element": at.element, "visit": at.visit}
    if isinstance(moved, Rescheduled):
        body["due"] = moved.due.isoformat()
    return body


def from_body(kind: str, body: Data) -> Input:
    """The input that a journal entry holds; raises KeyError for a kind that does not move the engine."""
    values = dict(body)
    if "at" in values:
        values["at"] = Address(**values["at"])
    if kind == Rescheduled.kind:
        values["due"] = datetime.fromisoformat(values["due"])
    for name in ("add", "remove"):
        if name in values:
            values[name] = tuple(values[name])
    moved: Input = _KINDS[kind](**values)
    return moved


def moves_engine(kind: str) -> bool:
    """Whether entries of this kind are inputs of the engine (others record holders, notes, documents)."""
    return kind in _KINDS
