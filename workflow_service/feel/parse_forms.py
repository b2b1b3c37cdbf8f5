"""Reads the parts of an expression that begin with a word or a bracket."""

from workflow_service.feel import errors, nodes, scan, types
from workflow_service.feel.scan import KEYWORDS, NAME, Names, Reader

COMPARISONS = ("<=", ">=", "!=", "<", ">", "=")
_CONSTANTS = {"true": True, "false": False, "null": None}
_TYPE_NAMES = Names(types.SIMPLE)
_LOOSE, _ENDPOINT = 0, 4


def name(reader: Reader) -> str:
    """A variable's name: the longest one in scope, else a single word."""
    found = reader.known(reader.names, reader.builtin)
    if found is not None:
        return found
    word = reader.word()
    if not word or word in KEYWORDS:
        raise reader.wrong("此处应为值或名称", "expected a value or a name")
    reader.move(reader.pos + len(word))
    return word


def type_of(reader: Reader) -> types.Type:
    """A type as written after ``instance of`` or a parameter."""
    reader.enter()
    found = _type_of(reader)
    reader.depth -= 1
    return found


def _type_of(reader: Reader) -> types.Type:
    for word, read in (("list", _list_type), ("range", _range_type), ("context", _context_type)):
        if reader.word() == word:
            reader.take_word(word)
            return read(reader) if reader.take("<") else types.SIMPLE[word]
    if reader.take_word("function"):
        return _function_type(reader)
    simple = reader.known(_TYPE_NAMES)
    return types.SIMPLE[simple] if simple is not None else _named_type(reader)


def _named_type(reader: Reader) -> types.Type:
    found = reader.known(reader.names)
    if found is None:
        found = name(reader)
        while reader.take("."):
            found += "." + name(reader)
    return types.SIMPLE.get(found) or types.Named(found)


def _list_type(reader: Reader) -> types.Type:
    element = type_of(reader)
    reader.need(">")
    return types.ListType(element)


def _range_type(reader: Reader) -> types.Type:
    element = type_of(reader)
    reader.need(">")
    return types.RangeType(element)


def _context_type(reader: Reader) -> types.Type:
    entries: list[tuple[str, types.Type]] = []
    while not reader.take(">"):
        if entries:
            reader.need(",")
        label = scan.label(reader)
        if label is None:
            raise reader.wrong("此处应为“名称: 类型”", "expected name: type")
        entries.append((label, type_of(reader)))
    return types.ContextType(tuple(entries))


def _function_type(reader: Reader) -> types.Type:
    params: list[types.Type] = []
    reader.need("<")
    while not reader.take(">"):
        if params:
            reader.need(",")
        params.append(type_of(reader))
    result = type_of(reader) if reader.take("->") else types.ANY
    return types.FunctionType(tuple(params), result)


def condition(reader: Reader, pos: int) -> nodes.Node:
    """``if`` has been passed."""
    test = reader.expression(reader, _LOOSE)
    reader.need_word("then")
    yes = reader.expression(reader, _LOOSE)
    reader.need_word("else")
    return nodes.If(test, yes, reader.expression(reader, _LOOSE), pos=pos)


def loop(reader: Reader, pos: int) -> nodes.Node:
    """``for`` has been passed."""
    each = _iterators(reader)
    reader.need_word("return")
    return nodes.For(each, reader.expression(reader, _LOOSE), pos=pos)


def some(reader: Reader, pos: int) -> nodes.Node:
    """``some`` has been passed."""
    return _quantified(reader, "some", pos)


def every(reader: Reader, pos: int) -> nodes.Node:
    """``every`` has been passed."""
    return _quantified(reader, "every", pos)


def _quantified(reader: Reader, word: str, pos: int) -> nodes.Node:
    each = _iterators(reader)
    reader.need_word("satisfies")
    return nodes.Quantified(word, each, reader.expression(reader, _LOOSE), pos=pos)


def _iterators(reader: Reader) -> tuple[nodes.Each, ...]:
    each: list[nodes.Each] = []
    while not each or reader.take(","):
        pos, variable = reader.pos, _variable(reader)
        source = reader.expression(reader, _LOOSE)
        end = reader.expression(reader, _LOOSE) if reader.take("..") else None
        each.append(nodes.Each(variable, source, end, pos=pos))
    return tuple(each)


def _variable(reader: Reader) -> str:
    words: list[str] = []
    while not reader.take_word("in"):
        word = reader.word()
        if not word:
            raise reader.wrong("此处应为“变量 in 列表”", "expected a variable and 'in'")
        words.append(word)
        reader.move(reader.pos + len(word))
    if not words:
        raise reader.wrong("“in”前缺少变量名", "a variable is missing before 'in'")
    reader.names.add(" ".join(words))
    return " ".join(words)


def function(reader: Reader, pos: int) -> nodes.Node:
    """``function`` has been passed."""
    params: list[nodes.Parameter] = []
    reader.need("(")
    while not reader.take(")"):
        if params:
            reader.need(",")
        params.append(_parameter(reader))
    external = reader.take_word("external")
    return nodes.Lambda(tuple(params), reader.expression(reader, _LOOSE), external, pos=pos)


def _parameter(reader: Reader) -> nodes.Parameter:
    pos = reader.pos
    label = scan.label(reader)
    if label is not None:
        reader.names.add(label)
        return nodes.Parameter(label, type_of(reader), pos=pos)
    words: list[str] = []
    while word := reader.word():
        words.append(word)
        reader.move(reader.pos + len(word))
    if not words:
        raise reader.wrong("此处应为参数名", "expected a parameter's name")
    reader.names.add(" ".join(words))
    return nodes.Parameter(" ".join(words), pos=pos)


def context(reader: Reader, pos: int) -> nodes.Node:
    """``{`` has been passed."""
    entries: dict[str, nodes.Entry] = {}
    while not reader.take("}"):
        if entries:
            reader.need(",")
        at, key = reader.pos, scan.string(reader)
        if key is not None:
            reader.need(":")
        else:
            key = None if reader.source[at : at + 1].isdigit() else scan.label(reader)
        if key is None:
            raise reader.wrong("此处应为“名称: 值”", "expected name: value")
        if key in entries:
            where = errors.place(reader.source, at)
            raise errors.FeelSyntaxError(f"名称“{key}”重复", f"the name {key!r} appears twice", where)
        value = reader.expression(reader, _LOOSE)
        if key and NAME.match(key):
            reader.names.add(key)
        entries[key] = nodes.Entry(key, value, pos=at)
    return nodes.ContextOf(tuple(entries.values()), pos=pos)


def square(reader: Reader, pos: int) -> nodes.Node:
    """``[`` has been passed: a list or an interval."""
    items: list[nodes.Node] = []
    while not reader.take("]"):
        if items:
            reader.need(",")
        items.append(reader.expression(reader, _LOOSE))
        if len(items) == 1 and reader.take(".."):
            return interval(reader, items[0], True, pos)
    return nodes.ListOf(tuple(items), pos=pos)


def open_interval(reader: Reader, pos: int) -> nodes.Node:
    """``]`` has been passed where a value should come: an interval without its start."""
    low = reader.expression(reader, _ENDPOINT)
    reader.need("..")
    return interval(reader, low, False, pos)


def interval(reader: Reader, low: nodes.Node, low_in: bool, pos: int) -> nodes.Node:
    """``..`` has been passed."""
    high = reader.expression(reader, _ENDPOINT)
    if reader.take("]"):
        return nodes.Interval(low, high, low_in, True, pos=pos)
    if reader.take(")") or reader.take("["):
        return nodes.Interval(low, high, low_in, False, pos=pos)
    raise reader.wrong("区间应以“]”或“)”结束", "an interval ends with ']' or ')'")


def half_interval(operator: str, end: nodes.Node, pos: int) -> nodes.Node | None:
    """The range that ``(< 5)`` and the like stand for."""
    if operator in ("<", "<="):
        return nodes.Interval(None, end, False, operator == "<=", pos=pos)
    if operator in (">", ">="):
        return nodes.Interval(end, None, operator == ">=", False, pos=pos)
    return nodes.Interval(end, end, True, True, pos=pos) if operator == "=" else None


def round_bracket(reader: Reader, pos: int) -> nodes.Node:
    """``(`` has been passed: an expression, an interval, or half of one."""
    operator = reader.symbol()
    if operator in COMPARISONS:
        reader.take(operator)
        half = half_interval(operator, reader.expression(reader, _ENDPOINT), pos)
        if half is None:
            raise reader.wrong("“!=”不能构成区间", "'!=' doesn't make a range")
        reader.need(")")
        return half
    inner = reader.expression(reader, _LOOSE)
    if reader.take(".."):
        return interval(reader, inner, False, pos)
    reader.need(")")
    return inner


def constant(reader: Reader, word: str, pos: int) -> nodes.Node:
    """``true``, ``false`` or ``null``."""
    reader.take_word(word)
    return nodes.Literal(_CONSTANTS[word], pos=pos)
