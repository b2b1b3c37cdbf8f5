"""Reads the boxed expressions of a model: what stands inside of a decision or a function."""

from collections.abc import Callable

from lxml import etree

from workflow_service.dmn import document, elements
from workflow_service.dmn.errors import DmnError, Place


def expression(node: etree._Element, where: Place) -> elements.Boxed | None:
    """The expression below an element, ``None`` when it is empty."""
    for part in node:
        read = _READERS.get(document.local(part))
        if read is not None:
            return _read(read, part, where)
    return None


def _read(
    read: Callable[[etree._Element, Place], elements.Boxed], part: etree._Element, where: Place
) -> elements.Boxed:
    try:
        return read(part, where)
    except DmnError as fault:
        return elements.Broken(fault, where)


def _needed(node: etree._Element | None, where: Place) -> elements.Boxed:
    found = None if node is None else expression(node, where)
    return _missing(where) if found is None else found


def _missing(where: Place) -> elements.Literal:
    # An empty box is null; the checks tell of it.
    return elements.Literal("", where)


def _inside(node: etree._Element, where: Place) -> Place:
    return Place(node.get("id") or where.element, node.sourceline or where.line, where.zh, where.en)


def _all(node: etree._Element, where: Place) -> tuple[elements.Boxed, ...]:
    found = [(part, _READERS.get(document.local(part))) for part in node]
    return tuple(_read(read, part, where) for part, read in found if read is not None)


def variable(node: etree._Element | None) -> elements.Variable | None:
    """A variable, a parameter or a column with its type."""
    if node is None:
        return None
    return elements.Variable(" ".join(node.get("name", "").split()), document.type_ref(node))


def literal(node: etree._Element, where: Place) -> elements.Literal:
    """A literal expression, or the text of a cell."""
    place = _inside(node, where)
    language = node.get("expressionLanguage", "")
    is_feel = language.lower().rstrip("/").rsplit("/", 1)[-1] in ("", "feel") or "feel" in language.lower()
    return elements.Literal(
        document.text_of(node).strip(), place, document.type_ref(node), "feel" if is_feel else language
    )


def _context(node: etree._Element, where: Place) -> elements.Context:
    entries = []
    for part in document.children(node, "contextEntry"):
        named = variable(document.child(part, "variable"))
        zh = where.zh + (f"，条目“{named.name}”" if named else "，结果")
        en = where.en + (f", entry {named.name!r}" if named else ", result")
        entries.append(elements.Entry(named, _needed(part, _named(part, where, zh, en))))
    return elements.Context(tuple(entries), _inside(node, where), document.type_ref(node))


def _named(node: etree._Element, where: Place, zh: str, en: str) -> Place:
    return Place(node.get("id") or where.element, node.sourceline or where.line, zh, en)


def _invocation(node: etree._Element, where: Place) -> elements.Invocation:
    bindings = []
    for part in document.children(node, "binding"):
        named = variable(document.child(part, "parameter"))
        if named is None:
            raise DmnError("调用缺少参数名", "a binding has no parameter", _inside(part, where))
        place = _named(part, where, f"{where.zh}，参数“{named.name}”", f"{where.en}, argument {named.name!r}")
        bindings.append(elements.Entry(named, _needed(part, place)))
    called = expression(node, where) or _missing(where)
    return elements.Invocation(called, tuple(bindings), _inside(node, where), document.type_ref(node))


def _list(node: etree._Element, where: Place) -> elements.ListOf:
    return elements.ListOf(_all(node, where), _inside(node, where), document.type_ref(node))


def _relation(node: etree._Element, where: Place) -> elements.Relation:
    columns = tuple(found for part in document.children(node, "column") if (found := variable(part)))
    rows = tuple(_all(row, where) for row in document.children(node, "row"))
    return elements.Relation(columns, rows, _inside(node, where), document.type_ref(node))


def function(node: etree._Element, where: Place) -> elements.FunctionOf:
    """A function definition, or the logic of a business knowledge model."""
    params = tuple(found for part in document.children(node, "formalParameter") if (found := variable(part)))
    kind = node.get("kind", "FEEL")
    return elements.FunctionOf(params, _needed(node, where), kind, _inside(node, where), document.type_ref(node))


def _conditional(node: etree._Element, where: Place) -> elements.Conditional:
    test, yes, no = (_needed(document.child(node, name), where) for name in ("if", "then", "else"))
    return elements.Conditional(test, yes, no, _inside(node, where), document.type_ref(node))


def _filter(node: etree._Element, where: Place) -> elements.Filter:
    source, match = (_needed(document.child(node, name), where) for name in ("in", "match"))
    return elements.Filter(source, match, _inside(node, where), document.type_ref(node))


def _iterator(node: etree._Element, where: Place) -> elements.Iterator:
    word = document.local(node)
    source = document.child(node, "in")
    body = document.child(node, "return" if word == "for" else "satisfies")
    named = elements.Variable(node.get("iteratorVariable", "item"))
    return elements.Iterator(
        word, named, _needed(source, where), _needed(body, where), _inside(node, where), document.type_ref(node)
    )


def _values(node: etree._Element, name: str) -> str:
    return document.text_of(document.child(node, name)).strip()


def _input(node: etree._Element, where: Place, number: int) -> elements.Column:
    inner = document.child(node, "inputExpression")
    source = _missing(where) if inner is None else literal(inner, where)
    label = node.get("label") or source.text or f"{number}"
    place = _named(node, where, f"{where.zh}，列“{label}”", f"{where.en}, column {label!r}")
    source = elements.Literal(source.text, place, source.type_ref, source.language)
    return elements.Column(
        label, place, expression=source, values=_values(node, "inputValues"), type_ref=source.type_ref
    )


def _output(node: etree._Element, where: Place, number: int, single: str) -> elements.Column:
    name = " ".join(node.get("name", "").split())
    label = node.get("label") or name or single or f"{number}"
    place = _named(node, where, f"{where.zh}，列“{label}”", f"{where.en}, column {label!r}")
    inner = document.child(node, "defaultOutputEntry")
    default = None if inner is None else literal(inner, place)
    return elements.Column(
        label, place, name, None, _values(node, "outputValues"), document.type_ref(node), default or None
    )


def _cell(node: etree._Element, where: Place, number: int, column: elements.Column) -> elements.Literal:
    zh, en = f"{where.zh}，规则 {number}，列“{column.label}”", f"{where.en}, rule {number}, column {column.label!r}"
    place = Place(node.get("id") or where.element, node.sourceline or where.line, zh, en, number, column.label)
    found = literal(node, place)
    return elements.Literal(found.text, place, found.type_ref, found.language)


def _rule(node: etree._Element, where: Place, number: int, head: elements.Table) -> elements.Rule:
    place = _named(node, where, f"{where.zh}，规则 {number}", f"{where.en}, rule {number}")
    tests, outputs = (list(document.children(node, name)) for name in ("inputEntry", "outputEntry"))
    for found, wanted, zh, en in ((tests, head.inputs, "输入", "input"), (outputs, head.outputs, "输出", "output")):
        if len(found) != len(wanted):
            message = (
                f"{zh}单元格有 {len(found)} 个，应与 {len(wanted)} 列一致",
                f"it has {len(found)} {en} cells for {len(wanted)} columns",
            )
            raise DmnError(*message, place, "table")
    notes = tuple(document.text_of(note).strip() for note in document.children(node, "annotationEntry"))
    return elements.Rule(
        number,
        node.get("id") or str(number),
        place,
        tuple(_cell(cell, where, number, column) for cell, column in zip(tests, head.inputs, strict=True)),
        tuple(_cell(cell, where, number, column) for cell, column in zip(outputs, head.outputs, strict=True)),
        notes or ((description,) if (description := _values(node, "description")) else ()),
    )


def _table(node: etree._Element, where: Place) -> elements.Table:
    where = _inside(node, where)
    inputs = tuple(_input(part, where, at) for at, part in enumerate(document.children(node, "input"), 1))
    single = node.get("outputLabel", "")
    outputs = tuple(_output(part, where, at, single) for at, part in enumerate(document.children(node, "output"), 1))
    annotations = tuple(part.get("name", "") for part in document.children(node, "annotation"))
    policy = " ".join(node.get("hitPolicy", "UNIQUE").upper().split())
    head = elements.Table(
        where,
        single or where.element,
        policy,
        node.get("aggregation", "").upper(),
        inputs,
        outputs,
        annotations,
        (),
        document.type_ref(node),
    )
    if policy not in POLICIES:
        raise DmnError(f"命中策略“{policy}”不存在", f"there is no hit policy {policy!r}", head.place, "table")
    if not outputs:
        raise DmnError("决策表缺少输出列", "the table has no output column", head.place, "table")
    rules = tuple(_rule(part, where, at, head) for at, part in enumerate(document.children(node, "rule"), 1))
    fields = {name: getattr(head, name) for name in head.__dataclass_fields__}
    return elements.Table(**fields | {"rules": rules, "annotations": annotations or ("",)})


POLICIES = ("UNIQUE", "ANY", "PRIORITY", "FIRST", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
_READERS: dict[str, Callable[[etree._Element, Place], elements.Boxed]] = {
    "literalExpression": literal,
    "decisionTable": _table,
    "context": _context,
    "invocation": _invocation,
    "list": _list,
    "relation": _relation,
    "functionDefinition": function,
    "conditional": _conditional,
    "filter": _filter,
    "for": _iterator,
    "some": _iterator,
    "every": _iterator,
}
