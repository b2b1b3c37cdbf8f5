"""Prints nodes as FEEL text; reading that text gives the same nodes."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from workflow_service.feel import nodes
from workflow_service.feel.values import number_text, quoted

_LOOSE, _OR, _AND, _COMPARE, _ADD, _MULTIPLY, _POWER, _INSTANCE, _NEGATE, _PRIMARY = range(10)
_BINDS = {"+": _ADD, "-": _ADD, "*": _MULTIPLY, "/": _MULTIPLY, "**": _POWER}


def text(node: nodes.Node) -> str:
    """The text of a node."""
    return _printed(node)[0]


def _printed(node: nodes.Node) -> tuple[str, int]:
    # The text, and how strongly its outermost operator binds.
    return _PRINTERS[type(node)](node)


def _at(node: nodes.Node, strength: int) -> str:
    printed, binds = _printed(node)
    return printed if binds >= strength else f"({printed})"


def _number(value: Decimal) -> str:
    shown = number_text(value)
    return shown if len(shown) < 60 else str(value)


def _literal(node: nodes.Literal) -> tuple[str, int]:
    if type(node.value) is str:
        return quoted(node.value), _PRIMARY
    if type(node.value) is Decimal:
        return _number(node.value), _PRIMARY
    words = {True: "true", False: "false", None: "null"}
    return words[node.value], _PRIMARY


def _call(node: nodes.Call) -> tuple[str, int]:
    args = [text(arg) for arg in node.args]
    if node.names is not None:
        args = [f"{name}: {arg}" for name, arg in zip(node.names, args, strict=True)]
    return f"{_at(node.function, _PRIMARY)}({', '.join(args)})", _PRIMARY


def _binary(node: nodes.Arithmetic) -> tuple[str, int]:
    binds = _BINDS[node.op]
    return f"{_at(node.left, binds)} {node.op} {_at(node.right, binds + 1)}", binds


def _compare(node: nodes.Compare) -> tuple[str, int]:
    return f"{_at(node.left, _COMPARE)} {node.op} {_at(node.right, _ADD)}", _COMPARE


def _and(node: nodes.And) -> tuple[str, int]:
    return " and ".join(_at(operand, _COMPARE) for operand in node.operands), _AND


def _or(node: nodes.Or) -> tuple[str, int]:
    return " or ".join(_at(operand, _AND) for operand in node.operands), _OR


def _between(node: nodes.Between) -> tuple[str, int]:
    ends = f"{_at(node.low, _ADD)} and {_at(node.high, _ADD)}"
    return f"{_at(node.value, _COMPARE)} between {ends}", _COMPARE


def _test(node: nodes.Test) -> tuple[str, int]:
    return f"{node.op} {_at(node.operand, _ADD)}", _LOOSE


def _in(node: nodes.In) -> tuple[str, int]:
    tests = ", ".join(text(test) for test in node.tests)
    return f"{_at(node.value, _COMPARE)} in ({tests})", _COMPARE


def _each(iterators: tuple[nodes.Each, ...]) -> str:
    parts = [f"{one.name} in {text(one.source)}" + (f"..{text(one.end)}" if one.end else "") for one in iterators]
    return ", ".join(parts)


def _if(node: nodes.If) -> tuple[str, int]:
    return f"if {text(node.condition)} then {text(node.yes)} else {text(node.no)}", _LOOSE


def _lambda(node: nodes.Lambda) -> tuple[str, int]:
    params = ", ".join(param.name + (f": {param.type}" if param.type else "") for param in node.params)
    return f"function({params}) {'external ' if node.external else ''}{text(node.body)}", _LOOSE


def _entry(node: nodes.Entry) -> str:
    return f"{quoted(node.key)}: {text(node.value)}"


def _context(node: nodes.ContextOf) -> tuple[str, int]:
    return "{" + ", ".join(_entry(entry) for entry in node.entries) + "}", _PRIMARY


def _interval(node: nodes.Interval) -> tuple[str, int]:
    if node.low is None and node.high is not None:
        return f"({'<=' if node.high_in else '<'} {_at(node.high, _ADD)})", _PRIMARY
    if node.high is None and node.low is not None:
        return f"({'>=' if node.low_in else '>'} {_at(node.low, _ADD)})", _PRIMARY
    low = _at(node.low or nodes.Literal(None), _ADD)
    high = _at(node.high or nodes.Literal(None), _ADD)
    return f"{'[' if node.low_in else '('}{low} .. {high}{']' if node.high_in else ')'}", _PRIMARY


def _tests(node: nodes.Tests) -> tuple[str, int]:
    found = ", ".join(text(test) for test in node.tests) or "-"
    return (f"not({found})" if node.negated else found), _LOOSE


_PRINTERS: dict[type[nodes.Node], Callable[[Any], tuple[str, int]]] = {
    nodes.Literal: _literal,
    nodes.At: lambda node: (f"@{quoted(node.text)}", _PRIMARY),
    nodes.Name: lambda node: (node.name, _PRIMARY),
    nodes.Path: lambda node: (f"{_at(node.source, _PRIMARY)}.{node.name}", _PRIMARY),
    nodes.Filter: lambda node: (f"{_at(node.source, _PRIMARY)}[{text(node.condition)}]", _PRIMARY),
    nodes.Call: _call,
    nodes.Negate: lambda node: (f"-{_at(node.operand, _NEGATE)}", _NEGATE),
    nodes.Arithmetic: _binary,
    nodes.Compare: _compare,
    nodes.And: _and,
    nodes.Or: _or,
    nodes.Between: _between,
    nodes.Test: _test,
    nodes.In: _in,
    nodes.InstanceOf: lambda node: (f"{_at(node.value, _INSTANCE)} instance of {node.type}", _INSTANCE),
    nodes.If: _if,
    nodes.For: lambda node: (f"for {_each(node.iterators)} return {text(node.body)}", _LOOSE),
    nodes.Quantified: lambda node: (
        f"{node.word} {_each(node.iterators)} satisfies {text(node.condition)}",
        _LOOSE,
    ),
    nodes.Lambda: _lambda,
    nodes.ListOf: lambda node: ("[" + ", ".join(text(item) for item in node.items) + "]", _PRIMARY),
    nodes.ContextOf: _context,
    nodes.Interval: _interval,
    nodes.Tests: _tests,
}
