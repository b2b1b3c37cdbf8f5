"""Whether every FEEL expression of the diagrams can be read, uses names that exist, and gives what its place needs."""

from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from workflow_service import feel
from workflow_service.bundles import form_model, forms
from workflow_service.bundles.check_references import nearest
from workflow_service.bundles.check_structure import place, shown
from workflow_service.bundles.drawn import Seen
from workflow_service.bundles.known_names import Known
from workflow_service.bundles.rules import Place, fault
from workflow_service.engine.diagram import Node
from workflow_service.errors import Finding
from workflow_service.feel import nodes, types
from workflow_service.feel.builtins import BUILTINS
from workflow_service.feel.infer import infer

_FEEL = ("due", "assignee", "set", "publish", "inputs", "allowed")
#: what forms see besides their own fields and the data of the run
_SIGHT = frozenset({"data", "case", "me", "item", "?"})
#: uses that have to give a date
_DATED = frozenset({"due", "timer"})
_DATES = (types.DATE, types.DATE_TIME)
_CALLING = frozenset({"?", "item", "partial"})


def faults(seen: Seen, known: Known) -> Iterator[Finding]:
    """Every fault in an expression, with the place where it stands."""
    for drawn in seen.diagrams:
        by_id = {node.id: node for node in drawn.nodes}
        for node in drawn.nodes:
            for use, text in _texts(node):
                yield from _expression(seen, known, (place(node), f"“{shown(node)}”的 {use}", use), text)
        for flow in drawn.flows:
            if flow.condition and flow.source in by_id:
                where = Place(drawn.file, flow.id, flow.line)
                yield from _expression(seen, known, (where, f"流向“{flow.id}”的条件", "condition"), flow.condition)
                yield from _condition(flow.condition, where)


def _texts(node: Node) -> Iterator[tuple[str, str]]:
    """The expressions of a node, each with what it is for."""
    yield from ((name, node.properties[name]) for name in _FEEL if node.properties.get(name, "").strip())
    yield from ((f"参数 {name}", text) for name, text in node.parameters.items() if text.strip())
    for event in node.events:
        if event.expression:
            yield ("payload" if event.kind == "message" else "timer", event.expression)
    if node.many is not None:
        marks = (node.many.collection, node.many.cardinality, node.many.completion)
        yield from (("multi-instance", text) for text in marks if text)


def _expression(seen: Seen, known: Known, where: tuple[Place, str, str], text: str) -> Iterator[Finding]:
    spot, title, use = where
    try:
        compiled = feel.compile(text.strip().removeprefix("=").strip())
    except feel.FeelError as problem:
        message = (
            f"{title}写错了：{problem.message_zh}（{text[:60]}）",
            f"the {use} is wrong: {problem.message_en} ({text[:60]})",
        )
        yield fault("E01", spot, message, ("按提示改正 FEEL 表达式", "correct the FEEL expression"))
        return
    called = _called(compiled.ast)
    for path in sorted(compiled.free_names):
        yield from _name(seen, known, where, path, called)
    if use in _DATED:
        yield from _undated(compiled, text, where)


def _called(tree: nodes.Node) -> set[str]:
    calls = (one.function for one in nodes.walk(tree) if isinstance(one, nodes.Call))
    return {one.name for one in calls if isinstance(one, nodes.Name)}


def _undated(dated: feel.Expression, text: str, where: tuple[Place, str, str]) -> Iterator[Finding]:
    """That a limit or a timer can give no date: the case would stop there, or nobody would be held to the limit."""
    spot, title, use = where
    inferred, wrong = infer(dated.ast, {}, text)
    told = next(((one.zh, one.en) for one in wrong if one.code != "unknown-name"), None)
    if told is None and inferred in (*_DATES, types.ANY):
        return
    why, why_en = told or (f"得出的类型是 {inferred}", f"it is a {inferred}")
    message = (f"{title}给不出日期：{why}（{text[:60]}）", f"the {use} gives no date: {why_en} ({text[:60]})")
    fix = ("写成日期，如 working days after(today(), 5)", "write a date, such as working days after(today(), 5)")
    yield fault("E04", spot, message, fix)


def _name(
    seen: Seen, known: Known, where: tuple[Place, str, str], path: str, called: Collection[str]
) -> Iterator[Finding]:
    """That a name does not exist; ``called`` are those that stand before brackets."""
    spot, title, use = where
    first, *rest = [one.strip() for one in path.split(".")]
    if first in _CALLING:
        return
    if first in called and first not in known.top:
        message = (f"{title}用到的函数“{first}”不存在", f"the {use} calls “{first}”, which does not exist")
        yield fault("E02", spot, message, nearest(first, BUILTINS))
        return
    severity = "warning" if seen.bundle.partial else "error"
    if first not in known.top:
        wrong, remedy = first, nearest(first, known.top)
    elif rest and first == "case" and rest[0] not in known.case:
        wrong, remedy = f"case.{rest[0]}", nearest(rest[0], known.case)
    elif rest and first in known.fields and rest[0] not in known.fields[first]:
        wrong, remedy = f"{first}.{rest[0]}", nearest(rest[0], known.fields[first])
    else:
        return
    message = (f"{title}用到的“{wrong}”没有任何环节提供", f"“{wrong}” in the {use} is provided by no element")
    yield fault("E02", spot, message, remedy, "warning" if severity == "warning" else "error")


def _condition(text: str, where: Place) -> Iterator[Finding]:
    """A condition that can never be true or false: a number, a text, a list, a calculation."""
    try:
        compiled = feel.compile(text.strip().removeprefix("=").strip())
    except feel.FeelError:
        return
    yield from _undecided(compiled, text, where)


def _undecided(condition: feel.Expression, text: str, where: Place) -> Iterator[Finding]:
    tree = condition.ast
    literal = isinstance(tree, nodes.Literal) and not isinstance(tree.value, bool)
    if literal or isinstance(tree, (nodes.ContextOf, nodes.Arithmetic)):
        message = (f"条件“{text[:60]}”给不出“是”或“否”", f"the condition “{text[:60]}” gives neither true nor false")
        yield fault("E03", where, message, ("写成比较或判断，如 a = true", "write a comparison, such as a = true"))


def form_faults(seen: Seen, known: Known, read: Mapping[str, forms.Form]) -> Iterator[Finding]:
    """Conditions of forms that decide nothing, and names that neither the form itself nor any data in its sight provides."""
    severity: Literal["error", "warning"] = "warning" if seen.bundle.partial else "error"
    for form_id, form in sorted(read.items()):
        in_sight = known.top | _SIGHT | set(_named(form.fields))
        used = [(field.name, one) for field in _all(form.fields) for one in _expressions(field)]
        used += [(check.field or "checks", check.test) for check in form.checks]
        conditions = [(field.name, one) for field in _all(form.fields) for one in _conditions(field)]
        conditions += [(check.field or "checks", check.test) for check in form.checks]
        for name, one in conditions:
            yield from _undecided(one.compiled, one.source, Place(f"forms/{form_id}.json", name, 1))
        for name, one in used:
            free = {path.split(".", 1)[0].strip() for path in one.compiled.free_names}
            for wrong in sorted(free - in_sight):
                message = (
                    f"项目“{name}”的表达式用到的“{wrong}”不存在",
                    f"“{wrong}” in an expression of “{name}” does not exist",
                )
                spot = Place(f"forms/{form_id}.json", name, 1)
                yield fault("E02", spot, message, nearest(wrong, in_sight), severity)


def _all(fields: tuple[forms.Field, ...]) -> Iterator[forms.Field]:
    for field in fields:
        yield field
        yield from _all(field.fields)


def _named(fields: tuple[forms.Field, ...]) -> Iterator[str]:
    return (field.name for field in _all(fields) if field.name)


def _conditions(field: forms.Field) -> Iterator[form_model.Expression]:
    given = (field.required, field.when, field.relevant)
    return (one for one in given if isinstance(one, form_model.Expression))


def _expressions(field: forms.Field) -> Iterator[form_model.Expression]:
    given = (field.required, field.when, field.relevant, field.default, field.options_from)
    return (one for one in given if isinstance(one, form_model.Expression))
