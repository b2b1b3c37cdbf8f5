"""Tells before anything runs which type an expression has, and what in it can't be right."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from workflow_service.feel import arithmetic, errors, infer_calls, nodes, temporal_text, types, values
from workflow_service.feel.builtins import BUILTINS
from workflow_service.feel.types import ANY, BOOLEAN, NUMBER, Type


@dataclass(frozen=True)
class Finding:
    """One fault: ``unknown-name`` or ``wrong-type``, what is wrong, and the nearest known name where there is one."""

    code: str
    zh: str
    en: str
    position: errors.Position
    nearest: str | None = None


Scope = Mapping[str, Type]


class Check:
    """The findings so far, and the text they are about."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.findings: list[Finding] = []

    def wrong(self, node: nodes.Node, zh: str, en: str) -> Type:
        """Notes a wrong type; what comes of it may be anything."""
        self.findings.append(Finding("wrong-type", zh, en, errors.place(self.source, node.pos)))
        return ANY

    def unknown(self, node: nodes.Node, name: str, known: Scope) -> Type:
        """Notes an unknown name, with the nearest known one."""
        near = next(iter(get_close_matches(name, [*known, *BUILTINS], 1, 0.6)), None)
        zh = f"没有名为“{name}”的数据" + (f"，是否应为“{near}”？" if near else "")
        en = f"there is no data named {name!r}" + (f"; did you mean {near!r}?" if near else "")
        if any(sign in name for sign in "＞＜＝＋－＊／，"):
            zh, en = zh + "；运算符请用英文（半角）", en + "; write operators in ASCII"
        self.findings.append(Finding("unknown-name", zh, en, errors.place(self.source, node.pos), near))
        return ANY

    def call(self, node: nodes.Call, function: Type | str, args: list[Type]) -> Type:
        """The type of a call of a built-in function (by name) or of a function type."""
        if isinstance(function, str):
            problem = infer_calls.mismatch(BUILTINS[function], args, node.names)
            if problem is not None:
                return self.wrong(node, *problem)
            return infer_calls.result(function, args)
        if isinstance(function, types.FunctionType):
            return function.result
        own = infer_calls.kind_of(function)
        if own is not None and own != "function":
            return self.wrong(node, f"{arithmetic.KIND_NAMES[own]}不能作为函数调用", f"{own} can't be called")
        return ANY


def infer(node: nodes.Node, names: Scope, source: str = "", *, tested: Type = ANY) -> tuple[Type, list[Finding]]:
    """The type of an expression or of unary tests, and the faults found on the way.

    Args:
        names: the types of the names in scope; ``ANY`` for one whose type isn't known.
        source: the text, for the positions of findings.
        tested: the type of the value that unary tests are asked about.
    """
    check = Check(source)
    found = _of(node, {**names, "?": tested}, check)
    return found, check.findings


def _of(node: nodes.Node, scope: Scope, check: Check) -> Type:
    return _RULES[type(node)](node, scope, check)


def _literal(node: nodes.Literal, scope: Scope, check: Check) -> Type:
    return types.SIMPLE["Null" if node.value is None else values.kind(node.value)]


def _at(node: nodes.At, scope: Scope, check: Check) -> Type:
    found = temporal_text.any_of(node.text)
    if found is None:
        return check.wrong(node, f"“{node.text}”不是日期、时间或时长", f"{node.text!r} is no date, time or duration")
    return types.SIMPLE[values.kind(found)]


def _name(node: nodes.Name, scope: Scope, check: Check) -> Type:
    if node.name in scope:
        return scope[node.name]
    return ANY if node.name in BUILTINS else check.unknown(node, node.name, scope)


def _path(node: nodes.Path, scope: Scope, check: Check) -> Type:
    return _entry(node, _of(node.source, scope, check), check)


def _entry(node: nodes.Path, of: Type, check: Check) -> Type:
    if isinstance(of, types.ListType):
        return types.ListType(_entry(node, of.element, check))
    if isinstance(of, types.ContextType):
        if not of.entries:
            return ANY
        return of.entry(node.name) or check.unknown(node, node.name, dict(of.entries))
    own = infer_calls.kind_of(of)
    if own is None or own == "Null":
        return ANY
    found = infer_calls.property_type(of, node.name)
    if found is None:
        return check.wrong(
            node, f"{arithmetic.KIND_NAMES[own]}没有“{node.name}”这一属性", f"a {own} has no property {node.name!r}"
        )
    return found


def _filter(node: nodes.Filter, scope: Scope, check: Check) -> Type:
    source = _of(node.source, scope, check)
    element = source.element if isinstance(source, types.ListType) else source
    inner: dict[str, Type] = {**scope, "item": element}
    if isinstance(element, types.ContextType) and element.entries:
        inner |= dict(element.entries)
        condition = _of(node.condition, inner, check)
    else:
        # The entries' names aren't known: nothing that looks like one of them is a finding.
        condition = _of(node.condition, inner, Check(check.source))
    if condition == NUMBER:
        return element
    return types.ListType(element) if condition == BOOLEAN else ANY


def _call(node: nodes.Call, scope: Scope, check: Check) -> Type:
    args = [_of(arg, scope, check) for arg in node.args]
    name = node.function.name if isinstance(node.function, nodes.Name) else None
    if name is not None and name not in scope and name in BUILTINS:
        return check.call(node, name, args)
    return check.call(node, _of(node.function, scope, check), args)


def _negate(node: nodes.Negate, scope: Scope, check: Check) -> Type:
    found = _of(node.operand, scope, check)
    own = infer_calls.kind_of(found)
    if own not in (None, "number", "days and time duration", "years and months duration"):
        return check.wrong(node, f"{arithmetic.KIND_NAMES.get(own, own)}不能取负", f"a {own} can't be negated")
    return found


def _arithmetic(node: nodes.Arithmetic, scope: Scope, check: Check) -> Type:
    left = infer_calls.kind_of(_of(node.left, scope, check))
    right = infer_calls.kind_of(_of(node.right, scope, check))
    if left is None or right is None:
        return ANY
    if (node.op, left, right) not in arithmetic.RULES:
        return check.wrong(node, *_impossible(node.op, left, right))
    return infer_calls.arithmetic_result(node.op, left, right)


def _impossible(op: str, left: str, right: str) -> tuple[str, str]:
    names = arithmetic.KIND_NAMES
    zh = f"{names.get(left, '空值')}与{names.get(right, '空值')}之间不能进行“{op}”运算"
    return zh, f"{left} {op} {right} is not possible"


def _comparable(node: nodes.Node, left: Type, right: Type, check: Check) -> None:
    one, other = infer_calls.kind_of(left), infer_calls.kind_of(right)
    if one is None or other is None or "Null" in (one, other) or one == other:
        return
    zh = f"{arithmetic.KIND_NAMES[one]}与{arithmetic.KIND_NAMES[other]}不能比较"
    check.wrong(node, zh, f"{one} and {other} can't be compared")


def _compare(node: nodes.Compare, scope: Scope, check: Check) -> Type:
    _comparable(node, _of(node.left, scope, check), _of(node.right, scope, check), check)
    return BOOLEAN


def _logic(node: nodes.And | nodes.Or, scope: Scope, check: Check) -> Type:
    for operand in node.operands:
        own = infer_calls.kind_of(_of(operand, scope, check))
        if own not in (None, "boolean", "Null"):
            check.wrong(operand, f"此处应为是/否值，却是{arithmetic.KIND_NAMES[own]}", f"expected a boolean, got {own}")
    return BOOLEAN


def _between(node: nodes.Between, scope: Scope, check: Check) -> Type:
    value = _of(node.value, scope, check)
    _comparable(node, value, _of(node.low, scope, check), check)
    _comparable(node, value, _of(node.high, scope, check), check)
    return BOOLEAN


def _tested(node: nodes.Node, value: Type, scope: Scope, check: Check) -> None:
    if isinstance(node, nodes.Test):
        return _comparable(node, value, _of(node.operand, scope, check), check)
    found = _of(node, scope, check)
    element = found.element if isinstance(found, (types.ListType, types.RangeType)) else found
    element = element.element if isinstance(element, types.RangeType) else element
    # A boolean may be the answer itself; a list may be asked for or looked into.
    if element != BOOLEAN and not isinstance(value, types.ListType):
        _comparable(node, value, element, check)
    return None


def _in(node: nodes.In, scope: Scope, check: Check) -> Type:
    value = _of(node.value, scope, check)
    for test in node.tests:
        _tested(test, value, scope, check)
    return BOOLEAN


def _tests(node: nodes.Tests, scope: Scope, check: Check) -> Type:
    for test in node.tests:
        _tested(test, scope["?"], scope, check)
    return BOOLEAN


def _if(node: nodes.If, scope: Scope, check: Check) -> Type:
    own = infer_calls.kind_of(_of(node.condition, scope, check))
    if own not in (None, "boolean", "Null"):
        zh, en = f"条件应为是/否值，却是{arithmetic.KIND_NAMES[own]}", f"the condition is no boolean but {own}"
        check.wrong(node.condition, zh, en)
    return infer_calls.joined(_of(node.yes, scope, check), _of(node.no, scope, check))


def _iterated(each: tuple[nodes.Each, ...], scope: Scope, check: Check) -> dict[str, Type]:
    inner = dict(scope)
    for one in each:
        source = _of(one.source, inner, check)
        if one.end is not None:
            _comparable(one, source, _of(one.end, inner, check), check)
        inner[one.name] = source.element if isinstance(source, (types.ListType, types.RangeType)) else source
    return inner


def _for(node: nodes.For, scope: Scope, check: Check) -> Type:
    inner = _iterated(node.iterators, scope, check)
    return types.ListType(_of(node.body, {**inner, "partial": types.ListType(ANY)}, check))


def _quantified(node: nodes.Quantified, scope: Scope, check: Check) -> Type:
    _of(node.condition, _iterated(node.iterators, scope, check), check)
    return BOOLEAN


def _lambda(node: nodes.Lambda, scope: Scope, check: Check) -> Type:
    params = {param.name: param.type or ANY for param in node.params}
    result = ANY if node.external else _of(node.body, {**scope, **params}, check)
    return types.FunctionType(tuple(params.values()), result)


def _list(node: nodes.ListOf, scope: Scope, check: Check) -> Type:
    found = [_of(item, scope, check) for item in node.items]
    element = found[0] if found else ANY
    for one in found[1:]:
        element = infer_calls.joined(element, one)
    return types.ListType(element)


def _context(node: nodes.ContextOf, scope: Scope, check: Check) -> Type:
    inner = dict(scope)
    for entry in node.entries:
        inner[entry.key] = _of(entry.value, inner, check)
    return types.ContextType(tuple((entry.key, inner[entry.key]) for entry in node.entries))


def _interval(node: nodes.Interval, scope: Scope, check: Check) -> Type:
    ends = [_of(end, scope, check) for end in (node.low, node.high) if end is not None]
    _comparable(node, ends[0], ends[-1], check)
    return types.RangeType(ends[0])


_RULES: dict[type[nodes.Node], Callable[[Any, Scope, Check], Type]] = {
    nodes.Literal: _literal,
    nodes.At: _at,
    nodes.Name: _name,
    nodes.Path: _path,
    nodes.Filter: _filter,
    nodes.Call: _call,
    nodes.Negate: _negate,
    nodes.Arithmetic: _arithmetic,
    nodes.Compare: _compare,
    nodes.And: _logic,
    nodes.Or: _logic,
    nodes.Between: _between,
    nodes.In: _in,
    nodes.InstanceOf: lambda node, scope, check: (_of(node.value, scope, check), BOOLEAN)[1],
    nodes.If: _if,
    nodes.For: _for,
    nodes.Quantified: _quantified,
    nodes.Lambda: _lambda,
    nodes.ListOf: _list,
    nodes.ContextOf: _context,
    nodes.Interval: _interval,
    nodes.Tests: _tests,
}
