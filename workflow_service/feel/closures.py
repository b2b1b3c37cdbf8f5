"""Turns nodes into Python closures, once; running an expression is calling its closure with a scope."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from workflow_service.feel import arithmetic, builtins, compare, errors, logic, nodes, types
from workflow_service.feel.compare import ORDERS
from workflow_service.feel.scopes import Root, Scope
from workflow_service.feel.values import NUMBERS, PLAIN, Range, Value, kind

Closure: TypeAlias = Callable[[Scope], Value]


@dataclass(frozen=True, slots=True)
class Build:
    """What is known while closures are made.

    Args:
        source: the text, for the positions of problems.
        local: whether variables may come from a local scope, so that the host's data can't be read directly.
        shadowed: names that the host or an enclosing part gives, and that hide built-in functions.
    """

    source: str
    local: bool
    shadowed: frozenset[str]

    def inner(self, *names: str) -> "Build":
        """The same inside of a part that brings local variables."""
        return Build(self.source, True, self.shadowed | set(names))


Maker: TypeAlias = Callable[[Any, Build], Closure]
MAKERS: dict[type[nodes.Node], Maker] = {}


def make(node: nodes.Node, build: Build) -> Closure:
    """The closure of a node."""
    return MAKERS[type(node)](node, build)


def guarded(action: Callable[[Scope], Value], at: tuple[str, int]) -> Closure:
    """A closure that turns a refusal into null with a problem."""

    def run(scope: Scope) -> Value:
        try:
            return action(scope)
        except errors.Refused as refused:
            return scope.run.refuse(at, refused.zh, refused.en)

    return run


def _literal(node: nodes.Literal, build: Build) -> Closure:
    value = node.value
    return lambda scope: value


def _at(node: nodes.At, build: Build) -> Closure:
    try:
        value = arithmetic.at(node.text)
    except errors.Refused:
        return guarded(lambda scope: arithmetic.at(node.text), (build.source, node.pos))
    return lambda scope: value


def _name(node: nodes.Name, build: Build) -> Closure:
    name, builtin, at = node.name, builtins.BUILTINS.get(node.name), (build.source, node.pos)

    def missing(scope: Scope) -> Value:
        if builtin is not None:
            return builtin
        return scope.run.refuse(at, f"没有名为“{name}”的数据", f"there is no data named {name!r}")

    def inside(scope: Scope) -> Value:
        try:
            return scope[name]
        except KeyError:
            return missing(scope)

    def outside(scope: Root) -> Value:
        try:
            value = scope.raw[name]
        except KeyError:
            return missing(scope)
        return value if type(value) in PLAIN and type(value) is not Decimal else scope[name]

    return inside if build.local else outside  # type: ignore[return-value]


def _negate(node: nodes.Negate, build: Build) -> Closure:
    operand = make(node.operand, build)
    if isinstance(node.operand, nodes.Literal) and type(node.operand.value) is Decimal:
        value = NUMBERS.minus(node.operand.value)
        return lambda scope: value
    return guarded(lambda scope: arithmetic.negated(operand(scope)), (build.source, node.pos))


# What raising to a power costs more than the other operations, when the exponent is whole and when it is not.
_POWER, _ROOT = 16, 300
_FAST = {"+": NUMBERS.add, "-": NUMBERS.subtract, "*": NUMBERS.multiply, "/": NUMBERS.divide}


def _arithmetic(node: nodes.Arithmetic, build: Build) -> Closure:
    op, at = node.op, (build.source, node.pos)
    left, right = make(node.left, build), make(node.right, build)
    fast = _FAST.get(op, NUMBERS.power)

    def calculate(scope: Scope) -> Value:
        one, two = left(scope), right(scope)
        if op == "**":
            scope.run.spend(_POWER if type(two) is Decimal and two == two.to_integral_value() else _ROOT)
        if type(one) is Decimal and type(two) is Decimal:
            result = fast(one, two)
            if result.is_finite():
                return result
        try:
            return arithmetic.calculate(scope.run, op, one, two)
        except errors.Refused as refused:
            return scope.run.refuse(at, refused.zh, refused.en)

    return calculate


def comparison(op: str, at: tuple[str, int]) -> Callable[[Scope, Value, Value], bool | None]:
    """``left op right`` of values of any kinds."""
    test = ORDERS[op]

    def equality(scope: Scope, one: Value, two: Value) -> bool | None:
        same = compare.equal(scope.run, one, two)
        if same is None:
            scope.run.refuse(at, *_differ(one, two))
            return None
        return same if op == "=" else not same

    def ordering(scope: Scope, one: Value, two: Value) -> bool | None:
        found = compare.order(one, two)
        if found is None:
            scope.run.refuse(at, *_differ(one, two))
            return None
        return test(found, 0)

    return equality if op in ("=", "!=") else ordering


def _differ(one: Value, two: Value) -> tuple[str, str]:
    left, right = kind(one), kind(two)
    names = arithmetic.KIND_NAMES
    return f"{names[left]}与{names[right]}不能比较", f"{left} and {right} can't be compared"


def _compare(node: nodes.Compare, build: Build) -> Closure:
    compared = comparison(node.op, (build.source, node.pos))
    test = ORDERS[node.op]
    left, right = make(node.left, build), make(node.right, build)
    if build.local and isinstance(node.right, nodes.Literal) and type(node.right.value) in (str, Decimal):
        entry = _entry_of(node.left)
        if entry is not None:
            return _entry_compared(entry, node, (left, compared))

    def run(scope: Scope) -> bool | None:
        one, two = left(scope), right(scope)
        of = type(one)
        if of is type(two) and (of is Decimal or of is str):
            return test(one, two)
        return compared(scope, one, two)

    return run


def _entry_of(node: nodes.Node) -> tuple[str, str] | None:
    """The variable and the entry of ``variable.entry``."""
    if isinstance(node, nodes.Path) and isinstance(node.source, nodes.Name):
        return node.source.name, node.name
    return None


_AGAINST_NULL = {"=": False, "!=": True}
"""What comparing null with any other constant gives; every other order gives null."""


def _entry_compared(entry: tuple[str, str], node: nodes.Compare, parts: tuple[Closure, Any]) -> Closure:
    """``variable.entry op constant``, the commonest condition of a table, read without a step in between."""
    (variable, key), (left, compared), test = entry, parts, ORDERS[node.op]
    constant: Value = node.right.value  # type: ignore[attr-defined]
    of, against_null = type(constant), _AGAINST_NULL.get(node.op)

    def run(scope: Scope) -> bool | None:
        whole = dict.get(scope, variable)
        if type(whole) is dict:
            one = whole.get(key)
            if type(one) is of:
                return test(one, constant)
            # most facts that a table asks for are unknown; why that is null matters only to whoever listens
            if one is None and scope.run.env.problems is None:
                return against_null
        answer: bool | None = compared(scope, left(scope), constant)
        return answer

    return run


def _and(node: nodes.And, build: Build) -> Closure:
    return logic.joined(tuple(make(operand, build) for operand in node.operands), False)


def _or(node: nodes.Or, build: Build) -> Closure:
    return logic.joined(tuple(make(operand, build) for operand in node.operands), True)


def _between(node: nodes.Between, build: Build) -> Closure:
    value, low, high = make(node.value, build), make(node.low, build), make(node.high, build)
    at = (build.source, node.pos)
    above, below = comparison(">=", at), comparison("<=", at)

    def run(scope: Scope) -> bool | None:
        tested = value(scope)
        return compare.both(above(scope, tested, low(scope)), below(scope, tested, high(scope)))

    return run


def _if(node: nodes.If, build: Build) -> Closure:
    condition, yes, no = make(node.condition, build), make(node.yes, build), make(node.no, build)
    return lambda scope: yes(scope) if condition(scope) is True else no(scope)


def _instance(node: nodes.InstanceOf, build: Build) -> Closure:
    value, of = make(node.value, build), node.type

    def run(scope: Scope) -> bool:
        tested = value(scope)
        scope.run.spend(types.weight(tested, of))
        return types.instance(tested, of, scope.run.env.types)

    return run


def _list(node: nodes.ListOf, build: Build) -> Closure:
    items = tuple(make(item, build) for item in node.items)
    return lambda scope: [item(scope) for item in items]


def _context(node: nodes.ContextOf, build: Build) -> Closure:
    keys = [entry.key for entry in node.entries]
    inner = build.inner(*keys)
    entries = tuple((entry.key, make(entry.value, inner)) for entry in node.entries)

    def run(scope: Scope) -> dict[str, Value]:
        known = Scope(scope.run, scope)
        for key, value in entries:
            known[key] = value(known)
        return {key: known[key] for key in keys}

    return run


def _interval(node: nodes.Interval, build: Build) -> Closure:
    half = node.low is None or node.high is None
    low = make(node.low or nodes.Literal(None), build)
    high = make(node.high or nodes.Literal(None), build)

    def run(scope: Scope) -> Range | None:
        start, end = low(scope), high(scope)
        if half:
            missing = start is None and end is None
            return None if missing else Range(start, end, node.low_in, node.high_in, True)
        unknown = (start is None and node.low_in) or (end is None and node.high_in)
        differ = start is not None and end is not None and compare.order(start, end) is None
        if unknown or differ:
            raise errors.Refused("区间两端应为同一种可比较的值", "the ends of a range must be comparable values")
        return Range(start, end, node.low_in, node.high_in)

    return guarded(run, (build.source, node.pos))


MAKERS |= {
    nodes.Literal: _literal,
    nodes.At: _at,
    nodes.Name: _name,
    nodes.Negate: _negate,
    nodes.Arithmetic: _arithmetic,
    nodes.Compare: _compare,
    nodes.And: _and,
    nodes.Or: _or,
    nodes.Between: _between,
    nodes.If: _if,
    nodes.InstanceOf: _instance,
    nodes.ListOf: _list,
    nodes.ContextOf: _context,
    nodes.Interval: _interval,
}
