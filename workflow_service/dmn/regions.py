"""Cuts the values of a table's column into regions in which every cell answers alike, exactly and not by sampling."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from workflow_service.dmn import cells, elements
from workflow_service.feel import compare, errors, nodes, types, values
from workflow_service.feel.scopes import Scope
from workflow_service.feel.values import Value

# Functions whose value depends on nothing but their arguments and that make the constants of cells.
_MAKES_CONSTANTS = {"date", "time", "date and time", "duration", "number", "string", "years and months duration"}
_ORDERED = {"number", "string", "date", "time", "date and time", "days and time duration", "years and months duration"}
_MOST = 400


@dataclass(frozen=True)
class Region:
    """A point, or what lies between two neighbouring points.

    Args:
        low, high: the ends; equal for a point, ``None`` for no end.
        point: whether it is one value.
        sample: that value.
    """

    low: Value
    high: Value
    point: bool
    sample: Value


@dataclass(frozen=True)
class Axis:
    """A column's regions, and which of them its cells accept.

    Args:
        domain: the regions that can occur, as a bit mask.
        too_many: whether the cells name more values than are looked through.
        masks: the regions that each cell accepts, ``None`` for a cell that can't be told beforehand.
    """

    label: str
    regions: tuple[Region, ...]
    domain: int
    masks: tuple[int | None, ...]
    too_many: bool = False


def axis(column: elements.Column, texts: Sequence[elements.Literal], of: types.Type, allowed: str) -> Axis:
    """The axis of a column.

    Args:
        texts: its cells from the first rule to the last.
        of: the type of what is tested.
        allowed: the unary tests that all values satisfy, empty for any.
    """
    parsed = [_parsed(cell.text) for cell in texts]
    limits = _parsed(allowed)
    decidable = [tests for tests in (*parsed, limits) if tests is not None and _decidable(tests)]
    constants = [value for tests in decidable for value in _constants(tests)]
    regions = _regions(constants, of)
    if regions is None:
        free = tuple(1 if tests is not None and not tests.tests else None for tests in parsed)
        many = len(constants) > _MOST
        return Axis(column.label, (Region(None, None, False, None),), 1, free, many)
    masks = tuple(_mask(tests, regions) for tests in parsed)
    inside = _mask(limits, regions)
    can_be_null = sum(1 << at for at, region in enumerate(regions) if region.point and region.sample is None)
    whole = (1 << len(regions)) - 1
    return Axis(column.label, regions, (whole if inside is None else inside) & ~can_be_null, masks)


def _parsed(text: str) -> nodes.Tests | None:
    if text in ("", "-"):
        return nodes.Tests(())
    try:
        return cells.parsed_tests(text, ())
    except errors.FeelError:
        return None


def _is_constant(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Call):
        named = isinstance(node.function, nodes.Name) and node.function.name in _MAKES_CONSTANTS
        return named and all(_is_constant(arg) for arg in node.args)
    if isinstance(node, nodes.Negate):
        return _is_constant(node.operand)
    return isinstance(node, nodes.Literal | nodes.At)


def _is_value(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "?"


def _decidable(tests: nodes.Tests) -> bool:
    """Whether the answer depends on how the value compares with constants, and on nothing else."""
    waiting: list[nodes.Node] = list(tests.tests)
    while waiting:
        node = waiting.pop()
        inner = [] if _is_constant(node) else _inner(node)
        if inner is None:
            return False
        waiting.extend(inner)
    return True


def _inner(node: nodes.Node) -> list[nodes.Node] | None:
    """What else must be decidable for a condition to be so; ``None`` when it can't be."""
    if isinstance(node, nodes.Test | nodes.Interval):
        return [] if all(_is_constant(end) for end in nodes.children(node)) else None
    if isinstance(node, nodes.Compare):
        pair = (node.left, node.right)
        return [] if any(map(_is_value, pair)) and any(map(_is_constant, pair)) else None
    if isinstance(node, nodes.Between):
        return [] if _is_value(node.value) and _is_constant(node.low) and _is_constant(node.high) else None
    if isinstance(node, nodes.In):
        return list(node.tests) if _is_value(node.value) else None
    if isinstance(node, nodes.ListOf):
        return list(node.items)
    return _joined(node)


def _joined(node: nodes.Node) -> list[nodes.Node] | None:
    if isinstance(node, nodes.And | nodes.Or):
        inner = list(node.operands)
    elif isinstance(node, nodes.Call) and isinstance(node.function, nodes.Name) and node.function.name == "not":
        inner = list(node.args)
    else:
        return None
    # A bare constant would be true or false by itself and not a value to compare with.
    return None if len(inner) == 0 or any(map(_is_constant, inner)) else inner


def _constants(tests: nodes.Tests) -> list[Value]:
    found: list[Value] = []
    waiting: list[nodes.Node] = [tests]
    while waiting:
        node = waiting.pop()
        if _is_constant(node):
            found.append(_value(node))
        else:
            waiting.extend(nodes.children(node))
    return found


def _regions(constants: Sequence[Value], of: types.Type) -> tuple[Region, ...] | None:
    """The regions of a column, ``None`` when its values are of several kinds or too many to compare."""
    kinds = {values.kind(value) for value in constants if value is not None}
    empty = (Region(None, None, True, None),) if None in constants else ()
    if (kinds or {str(of)}) == {"boolean"}:
        return (Region(True, True, True, True), Region(False, False, True, False), *empty)
    if len(kinds) != 1 or not kinds <= _ORDERED or len(constants) > 4 * _MOST:
        return None
    points = _sorted([value for value in constants if value is not None])
    if points is None or len(points) > _MOST:
        return None
    return (*_between(points), *empty)


def _sorted(points: list[Value]) -> list[Value] | None:
    if any(compare.order(points[0], point) is None for point in points):
        return None
    ordered = sorted(points, key=cmp_to_key(lambda left, right: compare.order(left, right) or 0))
    return [point for at, point in enumerate(ordered) if not at or compare.order(ordered[at - 1], point)]


def _between(points: list[Value]) -> list[Region]:
    found = [Region(None, points[0], False, None)]
    for at, point in enumerate(points):
        following = points[at + 1] if at + 1 < len(points) else None
        found += [Region(point, point, True, point), Region(point, following, False, None)]
    return found


def _mask(tests: nodes.Tests | None, regions: Sequence[Region]) -> int | None:
    if tests is None or not _decidable(tests):
        return None
    if not tests.tests:
        return (1 << len(regions)) - 1
    found = 0
    for at, region in enumerate(regions):
        answer = _either(_holds(test, region) for test in tests.tests)
        if answer is not None and answer is not tests.negated:
            found |= 1 << at
    return found


def _value(node: nodes.Node) -> Value:
    if isinstance(node, nodes.Literal):
        return node.value
    return cells.constant(node)(Scope(cells.fresh_run(), None))


def _side(region: Region, constant: Value) -> int | None:
    """-1, 0 or 1: where the region lies seen from a constant; ``None`` when the two can't be compared."""
    if region.point:
        if region.sample is None or constant is None:
            return 0 if region.sample is constant else None
        if isinstance(constant, bool) or isinstance(region.sample, bool):
            return 0 if region.sample is constant else None
        return compare.order(region.sample, constant)
    if constant is None or isinstance(constant, bool):
        return None
    # The constants of the column are its points, so an open region lies wholly on one side of each.
    if region.low is not None:
        return 1 if (compare.order(region.low, constant) or 0) >= 0 else -1
    return -1


_ANSWERS: dict[str, Callable[[int], bool]] = {
    "=": lambda side: side == 0,
    "!=": lambda side: side != 0,
    "<": lambda side: side < 0,
    "<=": lambda side: side <= 0,
    ">": lambda side: side > 0,
    ">=": lambda side: side >= 0,
}
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


def _compared(op: str, region: Region, constant: Value) -> bool | None:
    side = _side(region, constant)
    if side is None:
        return op == "!=" if op in ("=", "!=") else None
    return _ANSWERS[op](side)


def _holds(node: nodes.Node, region: Region) -> bool | None:
    """Whether a condition holds in a region."""
    if _is_constant(node):
        return _compared("=", region, _value(node))
    return _HOLDS[type(node)](node, region)


def _in_interval(node: nodes.Interval, region: Region) -> bool | None:
    low = True if node.low is None else _compared(">=" if node.low_in else ">", region, _value(node.low))
    high = True if node.high is None else _compared("<=" if node.high_in else "<", region, _value(node.high))
    return compare.both(low, high)


def _comparison(node: nodes.Compare, region: Region) -> bool | None:
    if isinstance(node.left, nodes.Name):
        return _compared(node.op, region, _value(node.right))
    return _compared(_MIRROR[node.op], region, _value(node.left))


def _negation(node: nodes.Call, region: Region) -> bool | None:
    answer = _holds(node.args[0], region)
    return None if answer is None else not answer


def _either(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    return True if True in found else None if None in found else False


def _all(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    return False if False in found else None if None in found else True


_HOLDS: dict[type, Callable[[Any, Region], bool | None]] = {
    nodes.Test: lambda node, region: _compared(node.op, region, _value(node.operand)),
    nodes.Interval: _in_interval,
    nodes.Compare: _comparison,
    nodes.Call: _negation,
    nodes.And: lambda node, region: _all(_holds(one, region) for one in node.operands),
    nodes.Or: lambda node, region: _either(_holds(one, region) for one in node.operands),
    nodes.Between: lambda node, region: compare.both(
        _compared(">=", region, _value(node.low)), _compared("<=", region, _value(node.high))
    ),
    nodes.In: lambda node, region: _either(_holds(one, region) for one in node.tests),
    nodes.ListOf: lambda node, region: _either(_holds(one, region) for one in node.items),
}


def shown(axis_: Axis, mask: int) -> tuple[str, str]:
    """The regions of a mask in words, neighbours joined; by what is left out when that is shorter."""
    runs, others = _runs(axis_, mask), _runs(axis_, axis_.domain & ~mask)
    if len(runs) > 2 and len(others) <= len(runs):
        zh, en = _joined_runs(others)
        return f"{zh} 以外的值", f"anything but {en}"
    return _joined_runs(runs)


def _joined_runs(runs: list[list[Region]]) -> tuple[str, str]:
    texts = [_run(run) for run in runs]
    return "、".join(zh for zh, _ in texts), ", ".join(en for _, en in texts)


def _runs(axis_: Axis, mask: int) -> list[list[Region]]:
    runs: list[list[Region]] = []
    last = -2
    for at, region in enumerate(axis_.regions):
        if mask >> at & 1:
            if at == last + 1 and not isinstance(region.sample, bool) and region.low is not None:
                runs[-1].append(region)
            else:
                runs.append([region])
            last = at
    return runs


def _run(run: list[Region]) -> tuple[str, str]:
    first, last = run[0], run[-1]
    if first.point and last.point and first is last:
        text = cells.brief(first.sample)
        return text, text
    if first.low is None and last.high is None:
        return "任何值", "any value"
    low = "" if first.low is None else f"{'≥' if first.point else '>'} {cells.brief(first.low)}"
    high = "" if last.high is None else f"{'≤' if last.point else '<'} {cells.brief(last.high)}"
    return "，".join(part for part in (low, high) if part), " and ".join(part for part in (low, high) if part)
