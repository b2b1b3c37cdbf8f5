"""Reads FEEL expressions and unary tests into nodes."""

from collections.abc import Callable, Iterable

from workflow_service.feel import limits, nodes, parse_forms, scan
from workflow_service.feel.scan import Names, Reader

_OR, _AND, _COMPARE, _ADD, _MULTIPLY, _POWER, _INSTANCE, _NEGATE = range(1, 9)
_BINARY = {
    "+": _ADD,
    "-": _ADD,
    "*": _MULTIPLY,
    "/": _MULTIPLY,
    "**": _POWER,
} | dict.fromkeys(parse_forms.COMPARISONS, _COMPARE)
_WORDS = {"or": _OR, "and": _AND, "between": _COMPARE, "in": _COMPARE, "instance": _INSTANCE}
_FORMS: dict[str, Callable[[Reader, int], nodes.Node]] = {
    "if": parse_forms.condition,
    "for": parse_forms.loop,
    "some": parse_forms.some,
    "every": parse_forms.every,
    "function": parse_forms.function,
    "{": parse_forms.context,
    "[": parse_forms.square,
    "]": parse_forms.open_interval,
    "(": parse_forms.round_bracket,
}
# Properties of temporal values and ranges whose names have two words.
_PROPERTIES = Names(("time offset", "start included", "end included"))


def expression(source: str, bounds: limits.Limits, builtin: Names, names: Iterable[str] | Names) -> nodes.Node:
    """Reads a whole text as one expression; raises FeelSyntaxError or FeelLimitError."""
    reader = Reader(source, bounds, builtin, Names(names), _expression)
    found = _expression(reader, 0)
    return _whole(reader, found)


def tests(source: str, bounds: limits.Limits, builtin: Names, names: Iterable[str] | Names) -> nodes.Tests:
    """Reads the unary tests of a cell: ``-``, ``not(...)``, or tests with commas between them."""
    reader = Reader(source, bounds, builtin, Names(names), _expression)
    if source[reader.pos :].strip() == "-":
        return nodes.Tests(())
    negated = reader.word() == "not" and _opens_bracket(reader)
    if negated:
        reader.take_word("not")
        reader.need("(")
    found = _test_list(reader)
    if negated:
        reader.need(")")
    result = nodes.Tests(found, negated)
    _whole(reader, result)
    return result


def _opens_bracket(reader: Reader) -> bool:
    return reader.source[reader.pos + 3 :].lstrip().startswith("(")


def _whole(reader: Reader, found: nodes.Node) -> nodes.Node:
    if reader.pos < len(reader.source):
        raise reader.wrong("表达式到此应已结束", "expected the end of the expression")
    if nodes.measure(found)[1] > reader.limits.depth + 20:
        raise limits.exceeded(reader.limits, "depth")
    return found


def _test_list(reader: Reader) -> tuple[nodes.Node, ...]:
    found: list[nodes.Node] = []
    while not found or reader.take(","):
        found.append(_test(reader))
    return tuple(found)


def _test(reader: Reader) -> nodes.Node:
    operator, pos = reader.symbol(), reader.pos
    if operator in parse_forms.COMPARISONS:
        reader.take(operator)
        return nodes.Test(operator, _expression(reader, _ADD), pos=pos)
    return _expression(reader, 0)


def _expression(reader: Reader, strength: int) -> nodes.Node:
    reader.enter()
    left, levels = _operand(reader), 0
    while True:
        pos = reader.pos
        operator = reader.symbol() or reader.word()
        binds = _BINARY.get(operator) or _WORDS.get(operator, 0)
        if not binds or binds < strength:
            reader.depth -= 1
            return left
        left, levels = _joined(reader, left, operator, pos), levels + 1
        reader.bound(levels)


def _joined(reader: Reader, left: nodes.Node, operator: str, pos: int) -> nodes.Node:
    reader.move(pos + len(operator))
    if operator in _SPECIAL:
        return _SPECIAL[operator](reader, left, pos)
    binds = _BINARY[operator]
    right = _expression(reader, binds + 1)
    if binds == _COMPARE:
        return nodes.Compare(operator, left, right, pos=pos)
    return nodes.Arithmetic(operator, left, right, pos=pos)


def _or(reader: Reader, left: nodes.Node, pos: int) -> nodes.Node:
    operands = [left, _expression(reader, _AND)]
    while reader.take_word("or"):
        operands.append(_expression(reader, _AND))
    return nodes.Or(tuple(operands), pos=pos)


def _and(reader: Reader, left: nodes.Node, pos: int) -> nodes.Node:
    operands = [left, _expression(reader, _COMPARE)]
    while reader.take_word("and"):
        operands.append(_expression(reader, _COMPARE))
    return nodes.And(tuple(operands), pos=pos)


def _between(reader: Reader, left: nodes.Node, pos: int) -> nodes.Node:
    low = _expression(reader, _ADD)
    reader.need_word("and")
    return nodes.Between(left, low, _expression(reader, _ADD), pos=pos)


def _in(reader: Reader, left: nodes.Node, pos: int) -> nodes.Node:
    if reader.symbol() != "(":
        operator = reader.symbol()
        tested = _test(reader) if operator in parse_forms.COMPARISONS else _expression(reader, _ADD)
        return nodes.In(left, (tested,), pos=pos)
    start = reader.pos
    reader.take("(")
    found = _test_list(reader)
    if len(found) == 1 and reader.take(".."):
        return nodes.In(left, (parse_forms.interval(reader, found[0], False, start),), pos=pos)
    reader.need(")")
    return nodes.In(left, found, pos=pos)


def _instance(reader: Reader, left: nodes.Node, pos: int) -> nodes.Node:
    reader.need_word("of")
    return nodes.InstanceOf(left, parse_forms.type_of(reader), pos=pos)


_SPECIAL: dict[str, Callable[[Reader, nodes.Node, int], nodes.Node]] = {
    "or": _or,
    "and": _and,
    "between": _between,
    "in": _in,
    "instance": _instance,
}


def _operand(reader: Reader) -> nodes.Node:
    pos = reader.pos
    if reader.take("-"):
        return nodes.Negate(_expression(reader, _NEGATE), pos=pos)
    return _followed(reader, _primary(reader, pos))


def _primary(reader: Reader, pos: int) -> nodes.Node:
    number = scan.number(reader)
    if number is not None:
        return nodes.Literal(number, pos=pos)
    string = scan.string(reader)
    if string is not None:
        return nodes.Literal(string, pos=pos)
    if reader.take("@"):
        text = scan.string(reader)
        if text is None:
            raise reader.wrong(
                "“@”后应为带引号的日期、时间或时长", "expected a quoted date, time or duration after '@'"
            )
        return nodes.At(text, pos=pos)
    return _word_or_bracket(reader, pos)


def _word_or_bracket(reader: Reader, pos: int) -> nodes.Node:
    opening = reader.symbol() or reader.word()
    form = _FORMS.get(opening)
    if form is not None:
        reader.move(pos + len(opening))
        return form(reader, pos)
    if opening in ("true", "false", "null"):
        return parse_forms.constant(reader, opening, pos)
    return nodes.Name(parse_forms.name(reader), pos=pos)


def _followed(reader: Reader, node: nodes.Node) -> nodes.Node:
    levels = 0
    while True:
        levels += 1
        reader.bound(levels)
        pos, symbol = reader.pos, reader.symbol()
        if symbol == "." and reader.take("."):
            node = nodes.Path(node, _property(reader), pos=pos)
        elif symbol == "(" and reader.take("("):
            node = _call(reader, node, pos)
        elif symbol == "[" and not _closes_interval(reader):
            reader.take("[")
            condition = _expression(reader, 0)
            reader.need("]")
            node = nodes.Filter(node, condition, pos=pos)
        else:
            return node


def _property(reader: Reader) -> str:
    found = reader.known(reader.names, _PROPERTIES)
    if found is not None:
        return found
    word = reader.word()
    if not word:
        raise reader.wrong("“.”后应为名称", "expected a name after '.'")
    reader.move(reader.pos + len(word))
    return word


def _closes_interval(reader: Reader) -> bool:
    # "]1..5[" ends with the bracket that elsewhere opens a filter: nothing that could be a filter follows it.
    rest = Reader(reader.source, reader.limits, reader.builtin, reader.names, reader.expression)
    rest.move(reader.pos + 1)
    if rest.pos >= len(rest.source):
        return True
    return rest.symbol() in (")", "]", ",", "}", "=", "!=", "<", ">", "<=", ">=", "..", ".") or rest.word() in (
        "and",
        "or",
        "then",
        "else",
        "return",
        "satisfies",
        "in",
        "between",
        "instance",
    )


def _call(reader: Reader, function: nodes.Node, pos: int) -> nodes.Node:
    args: list[nodes.Node] = []
    names: list[str] = []
    while not reader.take(")"):
        if args and not reader.take(","):
            raise reader.wrong("此处应为“,”或“)”", "expected ',' or ')' here")
        label = scan.label(reader)
        if label is not None:
            names.append(label)
        if names and (label is None or len(names) != len(args) + 1):
            raise reader.wrong("参数要么都写名称，要么都不写", "name all of the arguments or none")
        args.append(_expression(reader, 0))
    return nodes.Call(function, tuple(args), tuple(names) if names else None, pos=pos)
