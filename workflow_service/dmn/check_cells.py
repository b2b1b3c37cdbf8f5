"""Infers the types of a model's expressions and names what can't be right in them: unknown names, wrong types."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workflow_service.dmn import cells, check_tables, elements, model, naming
from workflow_service.dmn.errors import Place
from workflow_service.dmn.findings import Finding, Texts, at
from workflow_service.feel import errors, types
from workflow_service.feel.infer import Finding as TypeFault
from workflow_service.feel.infer import infer
from workflow_service.feel.scopes import Scope
from workflow_service.feel.types import ANY, Type

Names = Mapping[str, Type]


@dataclass(frozen=True)
class Checker:
    """What is known while a model is looked through.

    Args:
        given: the types of what is given from outside, by name.
        open_world: whether a decision that sees all that is given may use names that aren't known.
        found: the findings so far.
        results: the types of decisions by id, as they become known.
    """

    parts: model.Parts
    given: Names
    open_world: bool
    found: list[Finding]
    results: dict[str, Type]

    def type_of(self, ref: str) -> Type:
        """The type of that name; ``Any`` when it isn't known."""
        return self.parts.book.feel_type(ref) if ref else ANY


def check(parts: model.Parts, given: Names, *, open_world: bool) -> list[Finding]:
    """The findings in the cells and tables of a model.

    Args:
        given: the types of what is given from outside, by name.
        open_world: whether more may be given than that, so that a name that isn't known is no fault.
    """
    checker = Checker(parts, given, open_world, [], {})
    for ident in sorted(parts.decisions, key=parts.ranks.__getitem__):
        made = parts.decisions[ident]
        logic = made.source.logic
        asked = replace(checker, found=[])
        inferred = ANY if logic is None else _box(logic, _scope(checker, made), asked)
        blind = open_world and made.sees_all
        checker.found.extend(one for one in asked.found if not (blind and one.rule == "dmn-name"))
        checker.results[ident] = (
            checker.type_of(made.source.variable.type_ref) if made.source.variable.type_ref else inferred
        )
    for known in parts.knowledge.values():
        if known.source.function is not None:
            names = {need.context or need.name: ANY for need in known.needs}
            _box(known.source.function, {**names, known.source.variable.name: ANY}, checker)
    checker.found.extend(_unknown_types(parts))
    return checker.found


def _scope(checker: Checker, made: model.Made) -> dict[str, Type]:
    names: dict[str, Type] = dict(checker.given) if made.sees_all else {}
    for need in made.needs:
        if need.context:
            names[need.context] = ANY
        elif need.prefix:
            names[need.name] = ANY
        elif need.kind == "input":
            declared = checker.type_of(checker.parts.directory.by_id[need.id].variable.type_ref)
            names[need.name] = checker.given.get(need.name, ANY) if declared == ANY else declared
        elif need.kind == "decision":
            names[need.name] = checker.results.get(need.id, ANY)
        else:
            names[need.name] = _function_type(checker, need.id)
    return names


def _function_type(checker: Checker, ident: str) -> Type:
    known = checker.parts.knowledge.get(ident)
    if known is None or known.source.function is None:
        return ANY
    function = known.source.function
    params = tuple(checker.type_of(param.type_ref) for param in function.params)
    result = model.result_type(checker.parts, known.source.variable.type_ref) or function.body.type_ref
    return types.FunctionType(params, checker.type_of(result))


def _unknown_types(parts: model.Parts) -> Iterator[Finding]:
    for part in naming.walk(parts.own.inputs, parts.own.decisions, parts.own.knowledge):
        if isinstance(part, elements.InputData | elements.Decision | elements.Knowledge):
            ref = part.variable.type_ref
            if not parts.book.known(ref):
                yield _unknown_type(part.place, ref, parts)


def _unknown_type(place: Place, ref: str, parts: model.Parts) -> Finding:
    names = "、".join([*parts.book.items][:8]) or "number、string、boolean、date"
    texts = Texts(
        f"没有名为“{ref}”的数据类型，取值不会被核对",
        f"there is no type named {ref!r}, so values are not checked",
        f"改用已有的类型：{names}",
        f"use a type that exists: {names.replace('、', ', ')}",
    )
    return at(place, "dmn-type", texts)


def _report(place: Place, found: TypeFault, checker: Checker) -> None:
    if found.code == "unknown-name":
        zh = f"改为“{found.nearest}”" if found.nearest else "改正名称，或为决策连上提供该数据的输入"
        en = f"write {found.nearest!r}" if found.nearest else "correct the name, or connect the input that provides it"
        checker.found.append(at(place, "dmn-name", Texts(found.zh, found.en, zh, en)))
    else:
        fix = "使两边的类型一致，或改正该列的类型", "make both sides the same type, or correct the column's type"
        checker.found.append(at(place, "dmn-type", Texts(found.zh, found.en, *fix)))


def _literal(box: elements.Literal, names: Names, checker: Checker) -> Type:
    if not box.text or box.language != "feel":
        return ANY
    try:
        node = cells.parsed(box.text, checker.parts.names | set(names))
    except errors.FeelError:
        # Said already when the model was compiled.
        return ANY
    inferred, found = infer(node, names, box.text)
    for one in found:
        _report(box.place, one, checker)
    return inferred


def _table(table: elements.Table, names: Names, checker: Checker) -> Type:
    tested: dict[int, Type] = {}
    for column in table.inputs:
        source = column.expression
        inferred = ANY if source is None else _literal(source, names, checker)
        declared = checker.type_of(column.type_ref)
        tested[id(column)] = inferred if declared == ANY else declared
    for rule in table.rules:
        for column, cell in zip(table.inputs, rule.tests, strict=True):
            _cell(cell, tested[id(column)], names, checker)
    outputs = [_output(table, index, names, checker) for index in range(len(table.outputs))]
    allowed = _allowed_values(checker)
    checker.found.extend(check_tables.check(table, lambda column: tested[id(column)], allowed))
    single = (
        outputs[0]
        if len(outputs) == 1
        else types.ContextType(tuple((column.name, of) for column, of in zip(table.outputs, outputs, strict=True)))
    )
    if table.policy == "COLLECT" and table.aggregation:
        return types.NUMBER if table.aggregation in ("COUNT", "SUM") else single
    return types.ListType(single) if table.policy in ("COLLECT", "RULE ORDER", "OUTPUT ORDER") else single


def _allowed_values(checker: Checker) -> Callable[[elements.Column], str]:
    inputs = {one.variable.name: one.variable.type_ref for one in checker.parts.own.inputs}

    def allowed(column: elements.Column) -> str:
        named = inputs.get(column.expression.text, "") if column.expression is not None else ""
        book = checker.parts.book
        return column.values or book.allowed(column.type_ref) or book.allowed(named)

    return allowed


def _cell(cell: elements.Literal, tested: Type, names: Names, checker: Checker) -> None:
    if cell.text in ("", "-"):
        return
    try:
        node = cells.parsed_tests(cell.text, checker.parts.names | set(names))
    except errors.FeelError:
        return
    for one in infer(node, names, cell.text, tested=tested)[1]:
        _report(cell.place, one, checker)


def _output(table: elements.Table, index: int, names: Names, checker: Checker) -> Type:
    column = table.outputs[index]
    declared = checker.type_of(column.type_ref)
    joined: Type = ANY
    for rule in table.rules:
        cell = rule.outputs[index]
        inferred = _literal(cell, names, checker)
        joined = inferred if rule.number == 1 or joined == inferred else ANY
        if not types.conforms(inferred, declared) and not _listed(inferred, declared):
            _mismatch(cell.place, inferred, declared, checker)
        elif not _permitted(cell, column):
            _not_permitted(cell, column, checker)
    return joined if declared == ANY else declared


def _permitted(cell: elements.Literal, column: elements.Column) -> bool:
    """Whether a constant output is among the values of its column."""
    if not column.values or not cells.is_constant(cell):
        return True
    test = cells.values_test(column.values, column.place, frozenset(), [])
    value = cells.constant(cells.parsed(cell.text, ()))(Scope(cells.fresh_run(), None))
    return test is None or value is None or test(cells.fresh_run(), value)


def _not_permitted(cell: elements.Literal, column: elements.Column, checker: Checker) -> None:
    texts = Texts(
        f"输出 {cell.text} 不在该列允许的取值之内，结果将为空",
        f"the output {cell.text} is not among the column's allowed values and would be null",
        f"改用允许的取值之一：{column.values}，或补充该列的取值",
        f"use one of the allowed values ({column.values}), or add this one to the column's values",
    )
    checker.found.append(at(cell.place, "dmn-value", texts))


def _listed(own: Type, wanted: Type) -> bool:
    # A value may stand for the list of it, and the other way round.
    if isinstance(wanted, types.ListType):
        return types.conforms(own, wanted.element)
    return isinstance(own, types.ListType) and types.conforms(own.element, wanted)


def _mismatch(place: Place, own: Type, wanted: Type, checker: Checker) -> None:
    texts = Texts(
        f"输出的类型是 {own}，该列应为 {wanted}",
        f"the output is a {own}, but the column is of type {wanted}",
        f"改写为 {wanted} 类型的值（文字要加英文双引号），或改正该列的类型",
        f"write a value of type {wanted} (text needs double quotes), or correct the column's type",
    )
    checker.found.append(at(place, "dmn-type", texts))


def _context(box: elements.Context, names: Names, checker: Checker) -> Type:
    inner, entries = dict(names), []
    for entry in box.entries:
        inferred = _box(entry.value, inner, checker)
        if entry.variable is None:
            return inferred
        declared = checker.type_of(entry.variable.type_ref)
        inner[entry.variable.name] = inferred if declared == ANY else declared
        entries.append((entry.variable.name, inner[entry.variable.name]))
    return types.ContextType(tuple(entries))


def _invocation(box: elements.Invocation, names: Names, checker: Checker) -> Type:
    called = _box(box.function, names, checker)
    for binding in box.bindings:
        _box(binding.value, names, checker)
    return called.result if isinstance(called, types.FunctionType) else ANY


def _list(box: elements.ListOf, names: Names, checker: Checker) -> Type:
    found = [_box(item, names, checker) for item in box.items]
    return types.ListType(found[0] if found and all(one == found[0] for one in found) else ANY)


def _relation(box: elements.Relation, names: Names, checker: Checker) -> Type:
    for row in box.rows:
        for cell in row:
            _box(cell, names, checker)
    columns = tuple((column.name, checker.type_of(column.type_ref)) for column in box.columns)
    return types.ListType(types.ContextType(columns))


def _function(box: elements.FunctionOf, names: Names, checker: Checker) -> Type:
    params = {param.name: checker.type_of(param.type_ref) for param in box.params}
    result = ANY if box.language.upper() != "FEEL" else _box(box.body, {**names, **params}, checker)
    return types.FunctionType(tuple(params.values()), result)


def _conditional(box: elements.Conditional, names: Names, checker: Checker) -> Type:
    _, yes, no = (_box(part, names, checker) for part in (box.condition, box.yes, box.no))
    return yes if yes == no else ANY


def _filter(box: elements.Filter, names: Names, checker: Checker) -> Type:
    source = _box(box.source, names, checker)
    element = source.element if isinstance(source, types.ListType) else source
    if isinstance(element, types.ContextType) and element.entries:
        _box(box.match, {**names, **dict(element.entries), "item": element}, checker)
    return source if isinstance(source, types.ListType) else ANY


def _iterator(box: elements.Iterator, names: Names, checker: Checker) -> Type:
    source = _box(box.source, names, checker)
    element = source.element if isinstance(source, types.ListType | types.RangeType) else ANY
    body = _box(box.body, {**names, box.variable.name: element, "partial": types.ListType(ANY)}, checker)
    return types.ListType(body) if box.word == "for" else types.BOOLEAN


def _box(box: elements.Boxed, names: Names, checker: Checker) -> Type:
    inferred = _RULES[type(box)](box, names, checker)
    declared = checker.type_of(box.type_ref)
    return inferred if declared == ANY else declared


_RULES: dict[type, Callable[[Any, Names, Checker], Type]] = {
    elements.Literal: _literal,
    elements.Table: _table,
    elements.Context: _context,
    elements.Invocation: _invocation,
    elements.ListOf: _list,
    elements.Relation: _relation,
    elements.FunctionOf: _function,
    elements.Conditional: _conditional,
    elements.Filter: _filter,
    elements.Iterator: _iterator,
    elements.Broken: lambda box, names, checker: ANY,
}
