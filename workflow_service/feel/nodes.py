"""The parts of which a parsed expression consists."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from workflow_service.feel import types


@dataclass(frozen=True, slots=True)
class Node:
    """Any part; ``pos`` is its offset in the source and doesn't count in comparisons."""

    pos: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number, string, boolean or null."""

    value: Any


@dataclass(frozen=True, slots=True)
class At(Node):
    """``@"2026-09-18"``."""

    text: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable or function, with single spaces; ``?`` is the tested value."""

    name: str


@dataclass(frozen=True, slots=True)
class Path(Node):
    """``source.name``."""

    source: Node
    name: str


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """``source[condition]``."""

    source: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``function(a, b)``, or with ``names`` ``function(x: a, y: b)``."""

    function: Node
    args: tuple[Node, ...]
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Negate(Node):
    """``-operand``."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """``left op right`` with one of ``+ - * / **``."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """``left op right`` with one of ``= != < <= > >=``."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class And(Node):
    """Two or more operands joined by ``and``."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Two or more operands joined by ``or``."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Between(Node):
    """``value between low and high``."""

    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class Test(Node):
    """A unary test that compares: ``< 5``, ``= "a"``, ``!= 3``."""

    op: str
    operand: Node


@dataclass(frozen=True, slots=True)
class In(Node):
    """``value in tests``; a test is a ``Test`` or any expression."""

    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    """``value instance of type``."""

    value: Node
    type: types.Type


@dataclass(frozen=True, slots=True)
class If(Node):
    """``if condition then yes else no``."""

    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Each(Node):
    """``name in source``, or with ``end`` ``name in source..end``."""

    name: str
    source: Node
    end: Node | None = None


@dataclass(frozen=True, slots=True)
class For(Node):
    """``for iterators return body``."""

    iterators: tuple[Each, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """``some``/``every`` ``iterators satisfies condition``."""

    word: str
    iterators: tuple[Each, ...]
    condition: Node


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A formal parameter, with its type when one is written."""

    name: str
    type: types.Type | None = None


@dataclass(frozen=True, slots=True)
class Lambda(Node):
    """``function(params) body``; an external one has another language's body and can't run."""

    params: tuple[Parameter, ...]
    body: Node
    external: bool = False


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """``[a, b]``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entry(Node):
    """``key: value`` of a context."""

    key: str
    value: Node


@dataclass(frozen=True, slots=True)
class ContextOf(Node):
    """``{key: value}``."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """``[low..high]``; one end is ``None`` in ``(< 5)``."""

    low: Node | None
    high: Node | None
    low_in: bool
    high_in: bool


@dataclass(frozen=True, slots=True)
class Tests(Node):
    """The unary tests of a cell: any of ``tests``; none at all stands for ``-``; ``negated`` for ``not(...)``."""

    tests: tuple[Node, ...]
    negated: bool = False


_LEAVES = (Literal, At, Name)
_FIELDS: dict[str, tuple[str, ...]] = {}


def children(node: Node) -> list[Node]:
    """The parts directly below a node."""
    if isinstance(node, _LEAVES):
        return []
    kind = type(node).__name__
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(part.name for part in fields(node))
    found: list[Node] = []
    for name in _FIELDS[kind]:
        value = getattr(node, name)
        if isinstance(value, Node):
            found.append(value)
        elif isinstance(value, tuple):
            found.extend([entry for entry in value if isinstance(entry, Node)])
    return found


def walk(node: Node) -> Iterator[Node]:
    """Every node, level by level and without recursion."""
    for level in _levels(node):
        yield from level


def measure(node: Node) -> tuple[int, int]:
    """How many nodes a tree has, and how deep it is."""
    sizes = [len(level) for level in _levels(node)]
    return sum(sizes), len(sizes)


def _levels(node: Node) -> Iterator[list[Node]]:
    level = [node]
    while level:
        yield level
        level = [below for one in level for below in children(one)]
