"""Compiles boxed expressions: each becomes a function from a scope to a value."""

from collections.abc import Callable
from typing import Any

from workflow_service.dmn import cells, elements, item_types, tables
from workflow_service.dmn.cells import Evaluate
from workflow_service.dmn.errors import DmnError, Place
from workflow_service.dmn.making import Maker, call, mismatch, typed
from workflow_service.feel import errors as feel_errors
from workflow_service.feel import values
from workflow_service.feel.limits import Run
from workflow_service.feel.scopes import Scope
from workflow_service.feel.values import Value


def compile_boxed(box: elements.Boxed, maker: Maker) -> Evaluate:
    """The function of a boxed expression; its result is brought to the type it names."""
    evaluate = _COMPILERS[type(box)](box, maker)
    return typed(evaluate, box.type_ref, maker, box.place)


def _literal(box: elements.Literal, maker: Maker) -> Evaluate:
    return cells.expression(box, maker.names, maker.faults)


def _broken(box: elements.Broken, maker: Maker) -> Evaluate:
    maker.faults.append(box.fault)
    return _refusing(box.fault.place, box.fault.plain_zh, box.fault.plain_en)


def _context(box: elements.Context, maker: Maker) -> Evaluate:
    parts: list[tuple[str | None, Evaluate]] = []
    for entry in box.entries:
        evaluate = compile_boxed(entry.value, maker)
        name = None
        if entry.variable is not None:
            name = entry.variable.name
            evaluate = typed(evaluate, entry.variable.type_ref, maker, box.place)
            maker = maker.knowing(name)
        parts.append((name, evaluate))

    def build(scope: Scope) -> Value:
        inner, found = Scope(scope.run, scope), {}
        for name, evaluate in parts:
            value = evaluate(inner)
            if name is None:
                return value
            inner[name] = found[name] = value
        return found

    return build


def _invocation(box: elements.Invocation, maker: Maker) -> Evaluate:
    called = compile_boxed(box.function, maker)
    named: list[tuple[str, Evaluate]] = []
    for binding in box.bindings:
        if binding.variable is not None:
            evaluate = typed(compile_boxed(binding.value, maker), binding.variable.type_ref, maker, box.place)
            named.append((binding.variable.name, evaluate))
    names = tuple(name for name, _ in named)

    def invoke(scope: Scope) -> Value:
        function = called(scope)
        if not isinstance(function, values.Function):
            return cells.note(scope.run, box.place, "被调用的不是函数", "what is called is no function")
        return call(scope.run, function, [evaluate(scope) for _, evaluate in named], names, box.place)

    return invoke


def _list(box: elements.ListOf, maker: Maker) -> Evaluate:
    parts = [compile_boxed(item, maker) for item in box.items]
    return lambda scope: [evaluate(scope) for evaluate in parts]


def _relation(box: elements.Relation, maker: Maker) -> Evaluate:
    rows = []
    for row in box.rows:
        pairs = zip(box.columns, row, strict=False)
        cells_of = [
            (col.name, typed(compile_boxed(cell, maker), col.type_ref, maker, box.place)) for col, cell in pairs
        ]
        rows.append(cells_of)
    return lambda scope: [{name: evaluate(scope) for name, evaluate in row} for row in rows]


def _function(box: elements.FunctionOf, maker: Maker) -> Evaluate:
    make = function_maker(box, maker)
    return lambda scope: make(scope, "function")


def function_maker(box: elements.FunctionOf, maker: Maker) -> Callable[[Scope, str], values.Function]:
    """Makes function values: the body runs in a scope below the one given, with the parameters."""
    names = tuple(param.name for param in box.params)
    coercions = [maker.book.coerce(param.type_ref) for param in box.params]
    if box.language.upper() != "FEEL":
        maker.faults.append(_foreign(box))
        body: Evaluate = _refusing(box.place, *_foreign_text(box))
    else:
        body = compile_boxed(box.body, maker.knowing(*names))

    types_of = [maker.book.feel_type(param.type_ref) if param.type_ref else None for param in box.params]
    result = maker.book.feel_type(box.body.type_ref) if box.body.type_ref else None

    def make(scope: Scope, name: str) -> values.Function:
        def run_body(run: Run, args: list[Value]) -> Value:
            inner = Scope(run, scope)
            for param, coerce, value in zip(box.params, coercions, args, strict=True):
                inner[param.name] = value if coerce is None else _argument(run, param, coerce, value)
            with cells.deeper(run):
                return body(inner)

        return values.Function(name, names, run_body, types_of, result)

    return make


def _argument(run: Run, param: elements.Variable, coerce: item_types.Coerce, value: Value) -> Value:
    fits, brought = coerce(run, value)
    if not fits:
        zh, en = f"参数“{param.name}”：", f"argument {param.name!r}: "
        zh_text, en_text = mismatch(value, param.type_ref)
        raise feel_errors.Refused(zh + zh_text, en + en_text)
    return brought


def _foreign_text(box: elements.FunctionOf) -> tuple[str, str]:
    zh = f"函数用 {box.language} 编写，本系统只执行 FEEL；请改写为 FEEL"
    return zh, f"the function is written in {box.language}; only FEEL is run, so rewrite it in FEEL"


def _foreign(box: elements.FunctionOf) -> DmnError:
    return DmnError(*_foreign_text(box), box.place, "foreign")


def _refusing(place: Place, zh: str, en: str) -> Evaluate:
    return lambda scope: cells.note(scope.run, place, zh, en)


def _conditional(box: elements.Conditional, maker: Maker) -> Evaluate:
    test, yes, no = (compile_boxed(part, maker) for part in (box.condition, box.yes, box.no))
    return lambda scope: yes(scope) if test(scope) is True else no(scope)


# The names under which a boxed expression hands its parts to the FEEL expression that it stands for.
_SOURCE, _BODY = "boxed source", "boxed body"


def _filter(box: elements.Filter, maker: Maker) -> Evaluate:
    source = compile_boxed(box.source, maker)
    body = compile_boxed(box.match, maker.knowing("item"))
    loop = cells.plain(f"{_SOURCE}[{_BODY}(item)]", (_SOURCE, _BODY))

    def select(scope: Scope) -> Value:
        def matches(run: Run, args: list[Value]) -> Value:
            inner = Scope(run, scope)
            if type(args[0]) is dict:
                inner.update(args[0])
            inner.setdefault("item", args[0])
            return body(inner)

        return _looped(scope, source, loop, values.Function(_BODY, ("item",), matches))

    return select


def _iterator(box: elements.Iterator, maker: Maker) -> Evaluate:
    name = box.variable.name
    source = compile_boxed(box.source, maker)
    body = compile_boxed(box.body, maker.knowing(name, "partial"))
    if box.word == "for":
        loop = cells.plain(f"for each in {_SOURCE} return {_BODY}(each, partial)", (_SOURCE, _BODY, "partial"))
    else:
        loop = cells.plain(f"{box.word} each in {_SOURCE} satisfies {_BODY}(each, null)", (_SOURCE, _BODY))

    def iterate(scope: Scope) -> Value:
        def once(run: Run, args: list[Value]) -> Value:
            inner = Scope(run, scope)
            inner[name], inner["partial"] = args
            return body(inner)

        return _looped(scope, source, loop, values.Function(_BODY, ("each", "partial"), once))

    return iterate


def _looped(scope: Scope, source: Evaluate, loop: Evaluate, body: values.Function) -> Value:
    inner = Scope(scope.run, None)
    inner[_SOURCE] = source(scope)
    inner[_BODY] = body
    return loop(inner)


_COMPILERS: dict[type, Callable[[Any, Maker], Evaluate]] = {
    elements.Literal: _literal,
    elements.Table: tables.compile_table,
    elements.Context: _context,
    elements.Invocation: _invocation,
    elements.ListOf: _list,
    elements.Relation: _relation,
    elements.FunctionOf: _function,
    elements.Conditional: _conditional,
    elements.Filter: _filter,
    elements.Iterator: _iterator,
    elements.Broken: _broken,
}
