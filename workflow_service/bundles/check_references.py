"""Whether everything a diagram refers to exists: forms, lanes, operations, decisions, letters, messages, signals, articles."""

import difflib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Literal

from workflow_service import dispatch
from workflow_service.bundles.check_structure import place, shown
from workflow_service.bundles.drawn import Seen
from workflow_service.bundles.rules import Place, fault
from workflow_service.engine.diagram import Node
from workflow_service.errors import Finding
from workflow_service.identity.permissions import PERMISSIONS, Permission, permissions_of

#: thrown by the service itself, so no diagram has to
_AUTOMATIC = frozenset({"case_settled"})

#: the service itself listens: it opens the channel for statements, pauses and resumes the limits of a case
_HEARD = frozenset({"procedure_started", "suspended", "resumed"})

ROLES = frozenset(PERMISSIONS)


def faults(seen: Seen) -> Iterator[Finding]:
    """Every reference that leads nowhere."""
    absent: Literal["error", "warning"] = "warning" if seen.bundle.partial else "error"
    operations = dispatch.operations()
    for node in seen.nodes:
        yield from _form(seen, node, absent)
        yield from _operation(seen, node, operations, absent)
        yield from _decision(seen, node, absent)
        yield from _entrance(node)
        yield from _articles(seen, node)
    yield from _lanes(seen, absent)
    yield from _events(seen, "message", "R08")
    yield from _events(seen, "signal", "R09")
    if not seen.bundle.partial:
        yield from _unused_forms(seen)


def nearest(name: str, known: Iterable[str]) -> tuple[str, str]:
    """The remedy for a wrong name: the nearest known one, in Chinese and English."""
    close = difflib.get_close_matches(name, sorted(known), 1, 0.6)
    if close:
        return f"是否指“{close[0]}”？", f"do you mean “{close[0]}”?"
    return "改为已有的名称，或先加入它", "use an existing name, or add it first"


def form_of(node: Node) -> str:
    """The form that an element asks for; empty when it asks for none."""
    named = node.properties.get("form", "").strip()
    return named or (node.id if node.kind in ("userTask", "manualTask") else "")


def _forms(seen: Seen) -> set[str]:
    return {name[6:-5] for name in seen.bundle.named("form")}


def _form(seen: Seen, node: Node, absent: Literal["error", "warning"]) -> Iterator[Finding]:
    form, known = form_of(node), _forms(seen)
    if form and form not in known:
        message = (f"“{shown(node)}”的表单“{form}”不存在", f"the form “{form}” of “{node.id}” does not exist")
        zh, en = nearest(form, known)
        fix = (f"{zh}或新建 forms/{form}.json", f"{en} Or add forms/{form}.json")
        yield fault("R02", place(node), message, fix, absent)


def _unused_forms(seen: Seen) -> Iterator[Finding]:
    used = {form_of(node) for node in seen.nodes}
    for form in sorted(_forms(seen) - used):
        message = (f"表单“{form}”没有任务或消息使用", f"no task or message uses the form “{form}”")
        fix = ("删除它，或在任务上指明它", "delete it, or name it in a task")
        yield fault("R13", Place(f"forms/{form}.json", form, 1), message, fix, "info")


def _operation(
    seen: Seen, node: Node, known: Mapping[str, dispatch.Signature], absent: Literal["error", "warning"]
) -> Iterator[Finding]:
    if node.kind != "serviceTask" or not node.operation:
        return
    if node.operation not in known:
        message = (f"服务操作“{node.operation}”不存在", f"there is no operation “{node.operation}”")
        yield fault("R04", place(node), message, nearest(node.operation, known))
        return
    for problem in dispatch.check_parameters(node.operation, node.parameters):
        message = (f"“{shown(node)}”调用 {node.operation}：{problem}", f"“{node.id}” calls {node.operation}: {problem}")
        names = "、".join(one.name + ("（必填）" if one.required else "") for one in known[node.operation].parameters)
        yield fault("R05", place(node), message, (f"参数为：{names}", f"parameters: {names}"))
    template = node.parameters.get("template", "").strip()
    letters = {name[14:-5] for name in seen.bundle.named("letter")}
    if template.startswith('"') and template.endswith('"') and template.strip('"') not in letters:
        message = (f"文书模板 {template} 不存在", f"there is no letter template {template}")
        yield fault("R07", place(node), message, nearest(template.strip('"'), letters), absent)


def _decision(seen: Seen, node: Node, absent: Literal["error", "warning"]) -> Iterator[Finding]:
    known = {name[:-4] for name in seen.bundle.named("table")}
    if node.kind == "businessRuleTask" and node.called and node.called not in known:
        message = (f"决策“{node.called}”不存在", f"there is no decision “{node.called}”")
        zh, en = nearest(node.called, known)
        yield fault(
            "R06", place(node), message, (f"{zh}或加入 {node.called}.dmn", f"{en} Or add {node.called}.dmn"), absent
        )


def _entrance(node: Node) -> Iterator[Finding]:
    given = [one.strip() for one in node.properties.get("roles", "").split(",") if one.strip()]
    for role in given:
        if role not in ROLES:
            message = (
                f"“{shown(node)}”允许的角色“{role}”不存在",
                f"“{node.id}” admits the role “{role}”, which does not exist",
            )
            yield fault("R10", place(node), message, nearest(role, ROLES))
    for name in ("mandatory", "sealed"):
        if node.properties.get(name, "true") not in ("true", "false"):
            message = (f"“{shown(node)}”的 {name} 只能是 true 或 false", f"{name} of “{node.id}” is true or false")
            yield fault("R10", place(node), message, ("改为 true 或 false", "use true or false"))
    if node.properties.get("variants", "free") not in ("locked", "free"):
        message = (f"“{shown(node)}”的 variants 只能是 locked 或 free", f"variants of “{node.id}” is locked or free")
        yield fault(
            "R10",
            place(node),
            message,
            ("改正，或删除：不写则只能收紧", "correct it, or leave it out: limits may only tighten"),
        )


def _articles(seen: Seen, node: Node) -> Iterator[Finding]:
    known = seen.data.get("articles.json")
    if not isinstance(known, dict):
        return
    for article in [
        one.strip() for one in node.properties.get("article", "").replace("，", ",").replace("、", ",").split(",")
    ]:
        if article and article.split("(", 1)[0].strip() not in known:
            message = (
                f"“{shown(node)}”引用的第 {article} 条不在 articles.json 中",
                f"“{node.id}” refers to article {article}, which articles.json lacks",
            )
            yield fault("R11", place(node), message, nearest(article, known), "warning")


def _lanes(seen: Seen, absent: Literal["error", "warning"]) -> Iterator[Finding]:
    data = seen.data.get("roles.json")
    lanes = data.get("lanes") if isinstance(data, dict) else None
    known = lanes if isinstance(lanes, dict) else {}
    people = {node.lane for node in seen.nodes if node.kind in ("userTask", "manualTask")}
    for drawn in seen.diagrams:
        for lane in dict.fromkeys(drawn.lanes):
            where = Place(drawn.file, lane, 1)
            if lane not in known:
                message = (f"泳道“{lane}”没有对应的角色", f"the lane “{lane}” is mapped to no role")
                zh, en = _lookalike(lane, known) or nearest(lane, known)
                yield fault(
                    "R03",
                    where,
                    message,
                    (f"在 roles.json 的 lanes 中写明它的角色；{zh}", f"give it a role under lanes in roles.json; {en}"),
                    absent,
                )
            elif lane in people:
                yield from _idle(lane, known[lane], where)


def _idle(lane: str, role: object, where: Place) -> Iterator[Finding]:
    """That nobody works in a lane that holds user tasks: its tasks would wait for ever."""
    fix = ("把任务移到由办案角色办理的泳道", "move the tasks to a lane of a role that handles cases")
    if role is None:
        message = (f"泳道“{lane}”没有人，却有人工任务", f"the lane “{lane}” has no people but user tasks")
        yield fault("R03", where, message, fix)
    elif role in ROLES and Permission.TASK_WORK not in permissions_of([str(role)]):
        message = (
            f"泳道“{lane}”有人工任务，而它的角色“{role}”不办理案件",
            f"the lane “{lane}” has user tasks, but its role “{role}” handles no cases",
        )
        yield fault("R03", where, message, fix)


def _lookalike(lane: str, known: Iterable[str]) -> tuple[str, str] | None:
    """The lane that looks the same but is written with other characters (full-width brackets, spaces)."""

    def plain(text: str) -> str:
        return "".join(unicodedata.normalize("NFKC", text).split())

    found = next((one for one in known if plain(one) == plain(lane)), None)
    return (
        None
        if found is None
        else (f"写法不同（全角半角或空格），应为“{found}”", f"written with other characters, it is “{found}”")
    )


def _events(seen: Seen, kind: str, rule: str) -> Iterator[Finding]:
    events = [node for node in seen.nodes if node.event.kind == kind and node.event.name]
    throwing = {node.event.name for node in events if node.kind in ("intermediateThrowEvent", "endEvent")}
    outside = {node.event.name for node in events if node.properties.get("roles")}
    catching = {node.event.name for node in events if node.kind not in ("intermediateThrowEvent", "endEvent")}
    word, word_en = ("消息", "message") if kind == "message" else ("信号", "signal")
    say = partial(fault, rule, severity="warning")
    for node in events:
        name = node.event.name
        if name not in throwing | outside | _AUTOMATIC:
            message = (
                f"没有环节发出{word}“{name}”，“{shown(node)}”永远等不到",
                f"nothing throws the {word_en} “{name}”: “{node.id}” waits in vain",
            )
            yield say(place(node), message, nearest(name, throwing - {name}))
        elif name not in catching | _HEARD:
            message = (f"{word}“{name}”没有接收者", f"nobody receives the {word_en} “{name}”")
            yield say(place(node), message, nearest(name, catching - {name}))
