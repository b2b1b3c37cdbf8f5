"""A short way for the commonest conditions and cells: names, constants, comparisons, ``and``, ``or``, ``in``.

It answers true or false over plain data of the expected kinds. Whenever anything else turns up (a name that is missing, a
value of another kind, a type that must be converted) it gives up with ``Slow`` or ``KeyError``, and the full closures,
which know about null, problems and limits, answer instead.
"""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from workflow_service.feel import nodes
from workflow_service.feel.compare import ORDERS

Condition: TypeAlias = Callable[[Mapping[str, Any]], bool]
Cell: TypeAlias = Callable[[Any], bool]


class Slow(Exception):
    """The short way can't answer this time."""


def _constant(node: nodes.Node | None) -> Any:
    # Only numbers, strings and booleans; None stands for "no constant".
    if isinstance(node, nodes.Negate):
        inner = _constant(node.operand)
        return -inner if type(inner) is Decimal else None
    return node.value if isinstance(node, nodes.Literal) else None


def _types(constant: Any) -> tuple[type, type]:
    return (Decimal, int) if type(constant) is Decimal else (type(constant), type(constant))


def _comparable(constant: Any, op: str) -> bool:
    return type(constant) in (Decimal, str) or (type(constant) is bool and op in ("=", "!="))


def condition(node: nodes.Node) -> Condition | None:
    """The short way of a condition, ``None`` when it has parts that need the long one."""
    if isinstance(node, nodes.Compare):
        return _compare(node)
    if isinstance(node, (nodes.And, nodes.Or)):
        parts = [condition(operand) for operand in node.operands]
        known = [part for part in parts if part is not None]
        return None if len(known) < len(parts) else _joined(tuple(known), isinstance(node, nodes.Or))
    if isinstance(node, nodes.In):
        return _among(node)
    return None


def _compare(node: nodes.Compare) -> Condition | None:
    constant, test = _constant(node.right), ORDERS[node.op]
    if not _comparable(constant, node.op):
        return None
    if isinstance(node.left, nodes.Path):
        return _compare_entry(node.left, test, constant)
    if not isinstance(node.left, nodes.Name):
        return None
    name = node.left.name
    first, second = _types(constant)

    def run(data: Mapping[str, Any]) -> bool:
        given = data[name]
        if type(given) is first or type(given) is second:
            return test(given, constant)
        raise Slow

    return run


def _compare_entry(path: nodes.Path, test: Callable[[Any, Any], bool], constant: Any) -> Condition | None:
    if not isinstance(path.source, nodes.Name):
        return None
    name, key = path.source.name, path.name
    first, second = _types(constant)

    def run(data: Mapping[str, Any]) -> bool:
        whole = data[name]
        given = whole.get(key) if type(whole) is dict else None
        if type(given) is first or type(given) is second:
            return test(given, constant)
        raise Slow

    return run


def _joined(parts: tuple[Condition, ...], deciding: bool) -> Condition:
    if len(parts) == 2:
        left, right = parts
        if deciding:
            return lambda data: left(data) or right(data)
        return lambda data: left(data) and right(data)

    def run(data: Mapping[str, Any]) -> bool:
        for part in parts:
            if part(data) is deciding:
                return deciding
        return not deciding

    return run


def _among(node: nodes.In) -> Condition | None:
    cell = any_of(node.tests)
    if cell is None or not isinstance(node.value, nodes.Name):
        return None
    name = node.value.name
    return lambda data: cell(data[name])


def any_of(tests: tuple[nodes.Node, ...]) -> Cell | None:
    """The short way of unary tests against constants, ``None`` when there is none."""
    texts = [test.value for test in tests if isinstance(test, nodes.Literal) and type(test.value) is str]
    if tests and len(texts) == len(tests):
        return _texts(frozenset(texts))
    cells = [_cell(test) for test in tests]
    known = [cell for cell in cells if cell is not None]
    if not tests or len(known) < len(cells):
        return None
    return known[0] if len(known) == 1 else lambda value: any([cell(value) for cell in known])


def _texts(texts: frozenset[str]) -> Cell:
    def run(value: Any) -> bool:
        if type(value) is str:
            return value in texts
        raise Slow

    return run


def _cell(test: nodes.Node) -> Cell | None:
    if isinstance(test, nodes.Interval):
        return _interval(test)
    op, operand = (test.op, test.operand) if isinstance(test, nodes.Test) else ("=", test)
    constant, compare = _constant(operand), ORDERS[op]
    if not _comparable(constant, op):
        return None
    first, second = _types(constant)

    def run(value: Any) -> bool:
        if type(value) is first or type(value) is second:
            return compare(value, constant)
        raise Slow

    return run


def _interval(node: nodes.Interval) -> Cell | None:
    low, high = _constant(node.low), _constant(node.high)
    if type(low) is not Decimal or type(high) is not Decimal:
        return None
    above, below = (operator.le if node.low_in else operator.lt), (operator.le if node.high_in else operator.lt)

    def run(value: Any) -> bool:
        if type(value) is Decimal or type(value) is int:
            return bool(above(low, value) and below(value, high))
        raise Slow

    return run


def cell(tests: nodes.Tests) -> Cell | None:
    """The short way of a cell, with ``-`` and ``not(...)``."""
    if not tests.tests:
        return lambda value: True
    found = any_of(tests.tests)
    if found is None or not tests.negated:
        return found
    positive = found
    return lambda value: not positive(value)
