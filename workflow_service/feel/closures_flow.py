"""Closures of the parts that repeat, call, choose entries or test: loops, functions, filters, paths, ``in``."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from workflow_service.feel import (
    arithmetic,
    builtins,
    closures,
    compare,
    errors,
    functions,
    functions_list,
    nodes,
    temporal,
    types,
)
from workflow_service.feel.closures import Build, Closure, guarded, make
from workflow_service.feel.limits import Run, exceeded
from workflow_service.feel.properties import PROPERTIES
from workflow_service.feel.scopes import Scope
from workflow_service.feel.temporal import Date
from workflow_service.feel.values import Function, Range, Value, kind

_CALL = 16
"""What calling a function costs beside its body, in steps: a scope is made and the arguments are fitted."""


def _path(node: nodes.Path, build: Build) -> Closure:
    source, name, at = make(node.source, build), node.name, (build.source, node.pos)

    def read(scope: Scope, value: Value) -> Value:
        if type(value) is dict:
            if name in value:
                return value[name]
            return scope.run.refuse(at, f"数据组中没有“{name}”", f"the context has no entry {name!r}")
        if type(value) is list:
            scope.run.spend(len(value))
            return [read(scope, entry) for entry in value]
        if value is None:
            return None
        reading = PROPERTIES.get(type(value), {}).get(name)
        if reading is not None:
            return reading(value)
        zh, en = arithmetic.KIND_NAMES[kind(value)], kind(value)
        return scope.run.refuse(at, f"{zh}没有“{name}”这一属性", f"a {en} has no property {name!r}")

    return lambda scope: read(scope, source(scope))


def _filter(node: nodes.Filter, build: Build) -> Closure:
    source, at = make(node.source, build), (build.source, node.pos)
    condition = make(node.condition, build.inner("item"))
    weight = nodes.measure(node.condition)[0] + 2

    def run(scope: Scope) -> Value:
        found = source(scope)
        if found is None:
            return None
        entries = found if type(found) is list else [found]
        if not entries:
            return _of_nothing(scope, condition)
        kept: list[Value] = []
        for entry in entries:
            scope.run.spend(weight)
            answer = condition(_item(scope, entry))
            if answer is True:
                kept.append(entry)
            elif type(answer) in (Decimal, int):
                return entries[_index(entries, answer)]
        return kept

    return guarded(run, at)


def _index(entries: list[Value], answer: Value) -> int:
    """The index that a number in square brackets stands for."""
    _, number = functions.fit(answer, frozenset({"number"}))
    return functions_list.position(entries, number)


def _of_nothing(scope: Scope, condition: Closure) -> Value:
    # Whether an empty list was asked for an entry or filtered is seen by what stands in the brackets.
    answer = condition(Scope(scope.run, scope))
    return None if type(answer) in (Decimal, int) else []


def _item(scope: Scope, entry: Value) -> Scope:
    inner = Scope(scope.run, scope)
    inner["item"] = entry
    if type(entry) is dict:
        scope.run.spend(len(entry) // 8)
        inner.update(entry)
    return inner


def _call(node: nodes.Call, build: Build) -> Closure:
    at, names = (build.source, node.pos), node.names
    args = tuple(make(arg, build) for arg in node.args)
    direct = isinstance(node.function, nodes.Name) and node.function.name not in build.shadowed
    if direct and not build.local and node.function.name in builtins.BUILTINS:  # type: ignore[attr-defined]
        builtin = builtins.BUILTINS[node.function.name]  # type: ignore[attr-defined]
        return guarded(lambda scope: builtin.invoke(scope.run, [arg(scope) for arg in args], names), at)
    function = make(node.function, build)
    # Data named like a function ("date", "count") doesn't take the function away.
    builtin_of_name = builtins.BUILTINS.get(node.function.name) if isinstance(node.function, nodes.Name) else None

    def run(scope: Scope) -> Value:
        called = function(scope)
        if not isinstance(called, Function) and builtin_of_name is not None:
            called = builtin_of_name
        if not isinstance(called, Function):
            raise errors.Refused(
                f"{arithmetic.KIND_NAMES[kind(called)]}不能作为函数调用", f"{kind(called)} can't be called"
            )
        return called.invoke(scope.run, [arg(scope) for arg in args], names)

    return guarded(run, at)


def _fitted(value: Value, of: types.Type | None, run: Run) -> Value:
    if of is not None:
        run.spend(types.weight(value, of))
    if of is None or value is None or types.member(value, of, run.env.types):
        return value
    if type(value) is list and len(value) == 1 and types.member(value[0], of, run.env.types):
        return value[0]
    if isinstance(of, types.ListType) and types.member(value, of.element, run.env.types):
        return [value]
    if of == types.DATE_TIME and type(value) is Date:
        return temporal.midnight(value)
    raise errors.Refused(f"参数应为 {of} 类型", f"an argument should be of type {of}")


def _lambda(node: nodes.Lambda, build: Build) -> Closure:
    params = tuple(param.name for param in node.params)
    wanted = tuple(param.type for param in node.params)
    weight, depth = nodes.measure(node.body)
    if node.external:
        zh, en = "不支持用其他语言写的函数", "functions in other languages are not supported"
        return lambda scope: scope.run.refuse((build.source, node.pos), zh, en)
    body = make(node.body, build.inner(*params))

    def define(scope: Scope) -> Function:
        def call(run: Run, args: list[Value]) -> Value:
            run.spend(weight + _CALL)
            inner = Scope(run, scope)
            for name, value, of in zip(params, args, wanted, strict=True):
                inner[name] = _fitted(value, of, run)
            run.frames -= depth + 3
            if run.frames < 0:
                raise exceeded(run.limits, "frames")
            try:
                return body(inner)
            finally:
                run.frames += depth + 3

        return Function("function", params, call, wanted)

    return define


def _steps(start: Value, end: Value, run: Run) -> list[Value]:
    if type(start) is Date and type(end) is Date:
        first, last = start.number, end.number
    elif kind(start) == "number" and kind(end) == "number":
        first, last = arithmetic.truncated(Decimal(start)), arithmetic.truncated(Decimal(end))
        if first != start or last != end:
            raise errors.Refused("循环区间的两端应为整数", "a loop runs between whole numbers")
    else:
        raise errors.Refused("循环区间的两端应为整数或日期", "a loop runs between whole numbers or dates")
    step = 1 if first <= last else -1
    if abs(last - first) >= run.limits.items:
        raise exceeded(run.limits, "items")
    numbers = range(first, last + step, step)
    run.spend(len(numbers))
    if type(start) is Date:
        return [arithmetic.next_day(start, number - first) for number in numbers]
    return [Decimal(number) for number in numbers]


def _range_steps(span: Range, run: Run) -> list[Value]:
    found = _steps(span.low, span.high, run)
    if compare.order(span.low, span.high) == 1:
        raise errors.Refused("区间的起点大于终点", "the range ends before it starts")
    return found[0 if span.low_in else 1 : len(found) if span.high_in else -1]


_Domain = Callable[[Scope], list[Value] | None]


def _domain(node: nodes.Each, build: Build) -> _Domain:
    source = make(node.source, build)
    end = make(node.end, build) if node.end is not None else None

    def run(scope: Scope) -> list[Value] | None:
        value = source(scope)
        if end is not None:
            return _steps(value, end(scope), scope.run)
        if type(value) is Range:
            return _range_steps(value, scope.run)
        return value if value is None or type(value) is list else [value]

    return run


class _Loop:
    """The iterators of a loop, and the scopes that they go through."""

    def __init__(self, each: tuple[nodes.Each, ...], build: Build, weight: int) -> None:
        self.names = tuple(one.name for one in each)
        self.weight = weight
        inner = build
        self.domains: list[_Domain] = []
        for one in each:
            self.domains.append(_domain(one, inner))
            inner = inner.inner(one.name)
        self.inner = inner

    def scopes(self, scope: Scope, level: int = 0) -> Iterator[Scope]:
        """One scope for each combination; raises Refused when a domain is null."""
        entries = self.domains[level](scope)
        if entries is None:
            raise errors.Refused("循环的列表为空值", "the list of a loop is null")
        last = level + 1 == len(self.domains)
        for entry in entries:
            scope.run.spend(self.weight)
            inner = Scope(scope.run, scope)
            inner[self.names[level]] = entry
            if last:
                yield inner
            else:
                yield from self.scopes(inner, level + 1)


def _for(node: nodes.For, build: Build) -> Closure:
    loop = _Loop(node.iterators, build, nodes.measure(node.body)[0] + 1)
    body = make(node.body, loop.inner.inner("partial"))
    # The results so far are copied only for a body that looks at them.
    looks_back = any(isinstance(part, nodes.Name) and part.name == "partial" for part in nodes.walk(node.body))

    def run(scope: Scope) -> list[Value]:
        results: list[Value] = []
        for inner in loop.scopes(scope):
            if looks_back:
                inner["partial"] = scope.run.entries(results[:])
            results.append(body(inner))
            if len(results) > scope.run.limits.items:
                raise exceeded(scope.run.limits, "items")
        return results

    return guarded(run, (build.source, node.pos))


def _quantified(node: nodes.Quantified, build: Build) -> Closure:
    loop = _Loop(node.iterators, build, nodes.measure(node.condition)[0] + 1)
    condition = make(node.condition, loop.inner)
    deciding = node.word == "some"

    def decide(answers: Iterable[object]) -> bool | None:
        answer: bool | None = not deciding
        for found in answers:
            if found is deciding:
                return deciding
            answer = answer if type(found) is bool else None
        return answer

    return guarded(lambda scope: decide(condition(inner) for inner in loop.scopes(scope)), (build.source, node.pos))


def tested(node: nodes.Node, build: Build, cell: bool = False) -> Callable[[Scope, Value], bool | None]:
    """One unary test as a function of the scope and the tested value; in a cell a boolean may be the answer itself."""
    at = (build.source, node.pos)
    if isinstance(node, nodes.Test):
        compared, operand = closures.comparison(node.op, at), make(node.operand, build)
        return lambda scope, value: compared(scope, value, operand(scope))
    expression = make(node, build)
    asks = cell and any(isinstance(part, nodes.Name) and part.name == "?" for part in nodes.walk(node))

    def run(scope: Scope, value: Value) -> bool | None:
        test = expression(scope)
        if asks and (test is None or type(test) is bool):
            return test
        if cell and type(test) is bool and value is not None and type(value) is not bool:
            return test
        if test is None and isinstance(node, nodes.Interval):
            return None
        return compare.contains(scope.run, value, test)

    return run


def any_test(tests: tuple[Callable[[Scope, Value], bool | None], ...]) -> Callable[[Scope, Value], bool | None]:
    """Whether one of several tests is met."""

    def run(scope: Scope, value: Value) -> bool | None:
        answer: bool | None = False
        for test in tests:
            found = test(scope, value)
            if found is True:
                return True
            if found is None:
                answer = None
        return answer

    return run


def _in(node: nodes.In, build: Build) -> Closure:
    value = make(node.value, build)
    constants = [part.value for part in node.tests if isinstance(part, nodes.Literal) and type(part.value) is str]
    whole = any_test(tuple(tested(part, build) for part in node.tests))
    if len(constants) < len(node.tests):
        return lambda scope: whole(scope, value(scope))
    texts = frozenset(constants)

    def among_texts(scope: Scope) -> bool | None:
        found = value(scope)
        return found in texts if type(found) is str else whole(scope, found)

    return among_texts


closures.MAKERS.update(
    {
        nodes.Path: _path,
        nodes.Filter: _filter,
        nodes.Call: _call,
        nodes.Lambda: _lambda,
        nodes.For: _for,
        nodes.Quantified: _quantified,
        nodes.In: _in,
    }
)
