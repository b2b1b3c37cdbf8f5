"""Decision tables: which rules match, and what the hit policy makes of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from workflow_service.dmn import cells, elements, making, trace
from workflow_service.dmn.cells import Evaluate, Session
from workflow_service.dmn.errors import DmnError, Place
from workflow_service.dmn.making import Maker
from workflow_service.feel import builtins, compare, nodes
from workflow_service.feel.limits import Run
from workflow_service.feel.scopes import Scope
from workflow_service.feel.values import Value

_Allowed = Callable[[Run, Value], bool]


@dataclass(frozen=True)
class _Input:
    label: str
    place: Place
    evaluate: Evaluate
    allowed: _Allowed | None


@dataclass(frozen=True)
class _Output:
    name: str
    label: str
    type_ref: str
    default: Evaluate | None
    allowed: _Allowed | None
    ranking: tuple[Value, ...]


@dataclass(frozen=True)
class _Row:
    rule: elements.Rule
    tests: tuple[tuple[int, cells.Match], ...]
    outputs: tuple[Evaluate, ...]


@dataclass(frozen=True)
class _Table:
    """A compiled table; ``weight`` is what looking at all of its cells costs."""

    source: elements.Table
    inputs: tuple[_Input, ...]
    outputs: tuple[_Output, ...]
    rows: tuple[_Row, ...]
    weight: int


@dataclass(frozen=True)
class _Hit:
    """A rule that matched with its outputs in order of the columns."""

    row: _Row
    outputs: tuple[Value, ...]


def compile_table(table: elements.Table, maker: Maker) -> Evaluate:
    """The function of a decision table."""
    inputs = tuple(_input(column, maker) for column in table.inputs)
    outputs = tuple(_output(column, maker) for column in table.outputs)
    weight, rows = 1, []
    for rule in table.rules:
        compiled = [cells.tests(cell, maker.names, maker.faults) for cell in rule.tests]
        weight += 1 + sum(cell.weight for cell in compiled)
        tests = tuple((index, cell.match) for index, cell in enumerate(compiled) if cell.match is not None)
        rows.append(_Row(rule, tests, _results(rule, outputs, maker)))
    made = _Table(table, inputs, outputs, tuple(rows), weight)
    answer = _POLICIES[table.policy]
    return lambda scope: _ask(made, answer, scope)


def _input(column: elements.Column, maker: Maker) -> _Input:
    source = column.expression or elements.Literal("", column.place)
    allowed = cells.values_test(column.values, column.place, maker.names, maker.faults)
    return _Input(column.label, column.place, cells.expression(source, maker.names, maker.faults), allowed)


def _output(column: elements.Column, maker: Maker) -> _Output:
    default = None if column.default is None else cells.expression(column.default, maker.names, maker.faults)
    limits = column.values or maker.book.allowed(column.type_ref)
    values = cells.tests(elements.Literal(limits, column.place), maker.names, maker.faults)
    # the values of its type are tested where the output is brought to that type
    allowed = cells.passing(values) if column.values else None
    return _Output(column.name, column.label, column.type_ref, default, allowed, _ranking(values.listed))


def _ranking(listed: tuple[nodes.Node, ...]) -> tuple[Value, ...]:
    """The listed values of an output, the most important first; empty when they are no list of constants."""
    if not all(isinstance(node, nodes.Literal | nodes.Negate | nodes.At | nodes.Call) for node in listed):
        return ()
    scope = Scope(cells.fresh_run(), None)
    return tuple(cells.constant(node)(scope) for node in listed)


def _results(rule: elements.Rule, outputs: Sequence[_Output], maker: Maker) -> tuple[Evaluate, ...]:
    found = []
    for cell, column in zip(rule.outputs, outputs, strict=True):
        evaluate, constant = cells.compiled(cell, maker.names, maker.faults)
        evaluate = making.typed(evaluate, column.type_ref, maker, cell.place)
        limited = evaluate if column.allowed is None else _limited(evaluate, column.allowed, cell.place)
        found.append(_settled(limited) if constant else limited)
    return tuple(found)


def _settled(evaluate: Evaluate) -> Evaluate:
    """A constant that fits its column is found out once and not at each question."""
    session = cells.Session(cells.NOTHING, cells.BOUNDS, True)
    value = evaluate(Scope(session, None))
    return evaluate if session.notes else lambda scope: value


def _limited(evaluate: Evaluate, allowed: _Allowed, place: Place) -> Evaluate:
    def limited(scope: Scope) -> Value:
        value = evaluate(scope)
        if value is None or allowed(scope.run, value):
            return value
        shown = cells.brief(value)
        zh, en = f"输出 {shown} 不在允许的取值之内", f"the output {shown} is not among the allowed values"
        return cells.note(scope.run, place, zh, en)

    return limited


def _ask(table: _Table, answer: "_Policy", scope: Scope) -> Value:
    run = scope.run
    run.spend(table.weight)
    given = [column.evaluate(scope) for column in table.inputs]
    if not _allowed(table, given, run):
        return None
    rows = _matching(table, given, scope)
    if run.env.problems:
        cells.collect(run, table.source.place)
    hits = [_Hit(row, tuple([output(scope) for output in row.outputs])) for row in rows]
    _listen(table, given, hits, run)
    return answer(table, hits, run) if hits else _nothing(table, scope)


def _allowed(table: _Table, given: Sequence[Value], run: Run) -> bool:
    for column, value in zip(table.inputs, given, strict=True):
        if column.allowed is not None and value is not None and not column.allowed(run, value):
            shown = cells.brief(value)
            zh = f"输入 {shown} 不在该列允许的取值之内；请修改输入或列的取值"
            en = f"the input {shown} is not among the column's allowed values; change the input or the values"
            cells.fail(run, DmnError(zh, en, column.place, "input"))
            return False
    return True


def _matching(table: _Table, given: Sequence[Value], scope: Scope) -> list[_Row]:
    first = table.source.policy == "FIRST"
    found = []
    for row in table.rows:
        for index, match in row.tests:
            if match(scope, given[index]) is not True:
                break
        else:
            found.append(row)
            if first:
                break
    return found


def _listen(table: _Table, given: Sequence[Value], hits: Sequence[_Hit], run: Run) -> None:
    if not isinstance(run, Session) or not run.listening or len(run.tables) >= 1000:
        return
    source = table.source
    rules = []
    for hit in hits:
        notes = dict(zip(source.annotations, hit.row.rule.notes, strict=False))
        named = {column.label: value for column, value in zip(table.outputs, hit.outputs, strict=True)}
        rules.append(trace.RuleTrace(hit.row.rule.number, hit.row.rule.id, notes, named))
    inputs = {column.label: value for column, value in zip(table.inputs, given, strict=True)}
    run.tables.append(
        trace.TableTrace(source.place.element, source.name, source.policy, inputs, tuple(rules), not hits)
    )


def _nothing(table: _Table, scope: Scope) -> Value:
    """What a table answers when no rule matches."""
    if any(output.default is not None for output in table.outputs):
        return _shaped(table, [output.default(scope) if output.default else None for output in table.outputs])
    if table.source.policy == "COLLECT" and table.source.aggregation in ("", "COUNT"):
        return Decimal(0) if table.source.aggregation else []
    zh, en = "没有规则命中，也没有默认输出", "no rule matched and there is no default output"
    return cells.note(scope.run, table.source.place, zh, en)


def _shaped(table: _Table, outputs: Sequence[Value]) -> Value:
    if len(table.outputs) == 1:
        return outputs[0]
    return {column.name: value for column, value in zip(table.outputs, outputs, strict=True)}


def _numbers(hits: Sequence[_Hit]) -> tuple[str, str]:
    numbers = [str(hit.row.rule.number) for hit in hits]
    return "、".join(numbers), ", ".join(numbers)


def _unique(table: _Table, hits: Sequence[_Hit], run: Run) -> Value:
    if len(hits) > 1:
        zh, en = _numbers(hits)
        text = (
            f"命中策略为“唯一”，但规则 {zh} 同时命中；请使条件互斥或改用其他命中策略",
            f"the hit policy is UNIQUE, but rules {en} match together; make them exclusive or choose another policy",
        )
        return cells.fail(run, DmnError(*text, table.source.place, "unique"))
    return _shaped(table, hits[0].outputs)


def _any(table: _Table, hits: Sequence[_Hit], run: Run) -> Value:
    first = list(hits[0].outputs)
    if any(compare.equal(run, first, list(hit.outputs)) is not True for hit in hits[1:]):
        zh, en = _numbers(hits)
        text = (
            f"命中策略为“任意”，但同时命中的规则 {zh} 输出不同；请使输出一致或改用其他命中策略",
            f"the hit policy is ANY, but rules {en} match with different outputs; make these equal or choose another policy",
        )
        return cells.fail(run, DmnError(*text, table.source.place, "any"))
    return _shaped(table, hits[0].outputs)


def _ranked(table: _Table, hits: Sequence[_Hit], run: Run) -> list[_Hit]:
    def rank(hit: _Hit) -> tuple[int, ...]:
        return tuple(
            _position(column.ranking, value, run) for column, value in zip(table.outputs, hit.outputs, strict=True)
        )

    return sorted(hits, key=rank)


def _position(ranking: tuple[Value, ...], value: Value, run: Run) -> int:
    return next((at for at, listed in enumerate(ranking) if compare.equal(run, listed, value)), len(ranking))


def _priority(table: _Table, hits: Sequence[_Hit], run: Run) -> Value:
    return _shaped(table, _ranked(table, hits, run)[0].outputs)


def _first(table: _Table, hits: Sequence[_Hit], run: Run) -> Value:
    return _shaped(table, hits[0].outputs)


def _in_order(table: _Table, hits: Sequence[_Hit], run: Run) -> Value:
    return [_shaped(table, hit.outputs) for hit in hits]


def _by_output(table: _Table, hits: Sequence[_Hit], run: Run) -> Value:
    return _in_order(table, _ranked(table, hits, run), run)


def _collect(table: _Table, hits: Sequence[_Hit], run: Run) -> Value:
    how = table.source.aggregation
    if not how:
        return _in_order(table, hits, run)
    if how == "COUNT":
        return Decimal(len(hits))
    columns = zip(*[hit.outputs for hit in hits], strict=True)
    return _shaped(table, [_aggregate(how, list(column), table, run) for column in columns])


def _aggregate(how: str, column: list[Value], table: _Table, run: Run) -> Value:
    function = builtins.BUILTINS[how.lower()]
    return making.call(run, function, [column], ("list",), table.source.place)


_Policy = Callable[[_Table, Sequence[_Hit], Run], Value]
_POLICIES: dict[str, _Policy] = {
    "UNIQUE": _unique,
    "ANY": _any,
    "PRIORITY": _priority,
    "FIRST": _first,
    "RULE ORDER": _in_order,
    "OUTPUT ORDER": _by_output,
    "COLLECT": _collect,
}
