"""Whether a bundle still follows the procedure's articles: what process owners may rearrange, but never remove (C1–C9)."""

import re
from collections.abc import Iterator

from workflow_service import dmn, feel
from workflow_service.bundles import check_notice
from workflow_service.bundles.check_structure import place, shown
from workflow_service.bundles.drawn import Seen, Ways
from workflow_service.bundles.rules import Place, fault
from workflow_service.engine.diagram import Diagram, Node
from workflow_service.errors import Finding

#: roles that decide together
COMMITTEE = frozenset({"committee_member", "committee_secretary"})
PANEL = frozenset({"panel_member", "panel_chair", "panel_secretary"})
_DECIDING = COMMITTEE | PANEL | {"signer", "chief"}
_AUTOMATIC = frozenset({"serviceTask", "businessRuleTask", "scriptTask", "sendTask"})
_RESTING = frozenset({"userTask", "manualTask", "serviceTask", "intermediateCatchEvent", "callActivity"})
_CLOSING = re.compile(r"window_open\s*:\s*false")
_OPENING = re.compile(r"window_open\s*:\s*true")


def faults(seen: Seen) -> Iterator[Finding]:
    """Every breach of C1–C9; a partial bundle is judged by what it holds."""
    for code, rule, needed in _RULES:
        missing = [process for process in needed if process not in seen.processes]
        if not missing:
            yield from rule(seen)
        elif not seen.bundle.partial:
            yield _absent(code, missing[0])
    yield from _no_automatic_decision(seen)


def _absent(code: str, process: str) -> Finding:
    message = (f"缺少法定的流程“{process}”", f"the process “{process}”, which the law requires, is missing")
    return fault(code, Place(f"{process}.bpmn", process, 1), message, (f"加入 {process}.bpmn", f"add {process}.bpmn"))


def _ways(seen: Seen, process: str) -> Ways:
    return seen.ways[seen.processes[process]]


def _drawn(seen: Seen, process: str) -> Diagram:
    return next(one for one in seen.diagrams if process in one.processes)


def _starts(seen: Seen, process: str) -> list[str]:
    return [node.id for node in seen.of(process) if node.kind == "startEvent" and node.scope == process]


def _ends(seen: Seen, process: str) -> set[str]:
    return {node.id for node in seen.of(process) if node.kind == "endEvent" and node.scope == process}


def _in(seen: Seen, process: str) -> Place:
    return Place(seen.processes[process], process, 1)


def _done_by(seen: Seen, process: str, roles: frozenset[str]) -> frozenset[str]:
    """The user tasks of a process that people of certain roles do."""
    return frozenset(node.id for node in seen.of(process) if node.kind == "userTask" and seen.role(node.lane) in roles)


def _bypassed(seen: Seen, process: str, through: frozenset[str]) -> bool:
    """Whether a process can end without passing through any of some elements."""
    return bool(_ways(seen, process).passed(_starts(seen, process), without=through) & _ends(seen, process))


def closure(seen: Seen, process: str) -> set[str]:
    """A process and all that it calls, directly or not."""
    found, todo = set[str](), [process]
    while todo:
        one = todo.pop()
        if one in seen.processes and one not in found:
            found.add(one)
            todo.extend(node.called for node in seen.of(one) if node.kind == "callActivity")
    return found


def _started_by(seen: Seen, process: str) -> set[str]:
    """The messages that start a process."""
    starts = set(_starts(seen, process))
    return {node.event.name for node in seen.of(process) if node.id in starts and node.event.kind == "message"}


def _throwing(seen: Seen, processes: set[str], started: str) -> list[Node]:
    """The elements of some processes that start another one by its message."""
    messages = _started_by(seen, started)
    thrown = ("intermediateThrowEvent", "endEvent")
    return [
        one
        for one in seen.nodes
        if one.process in processes
        and one.kind in thrown
        and one.event.kind == "message"
        and one.event.name in messages
    ]


def _statements(seen: Seen) -> Iterator[Finding]:
    starts = [
        node for node in seen.of("appeal") if node.kind == "startEvent" and node.event.name == "statement_received"
    ]
    fix = (
        "恢复由消息 statement_received 开始、当事人等可随时发起的陈述申辩流程",
        "restore the process that statement_received starts and that parties may start at any time",
    )
    for start in starts:
        if not start.properties.get("roles") or start.properties.get("allowed", "").strip() in ("false", "= false"):
            message = (f"“{shown(start)}”不让任何人提出陈述申辩", f"“{start.id}” lets nobody make a statement")
            yield fault("L01", place(start), message, fix)
    people = frozenset(node.id for node in seen.of("appeal") if node.kind == "userTask")
    if not starts or _bypassed(seen, "appeal", people):
        message = ("陈述申辩没有入口，或可以无人答复就结束", "statements have no entrance, or may end unanswered")
        yield fault("L01", _in(seen, "appeal"), message, fix)
    if not any(_OPENING.search(node.properties.get("publish", "")) for node in seen.nodes):
        message = (
            "没有环节开启陈述申辩（window_open: true）",
            "no element opens the time for statements (window_open: true)",
        )
        fix_open = ("在受理后的环节 publish 中写 window_open: true", "publish window_open: true after acceptance")
        yield fault("L01", _in(seen, "confirmation"), message, fix_open)
    for process in sorted(closure(seen, "confirmation")):
        yield from _closed_early(seen, process)


def _closed_early(seen: Seen, process: str) -> Iterator[Finding]:
    signed = _done_by(seen, process, frozenset({"signer"}))
    early = _ways(seen, process).passed(_starts(seen, process), without=signed)
    for node in seen.of(process):
        if node.id in early and _CLOSING.search(node.properties.get("publish", "")):
            message = (
                f"“{shown(node)}”在决定签发之前就关闭了陈述申辩",
                f"“{node.id}” closes the time for statements before the decision is signed",
            )
            fix = ("只在签发决定之后写 window_open: false", "publish window_open: false only after signing")
            yield fault("L01", place(node), message, fix)


def _correction(seen: Seen) -> Iterator[Finding]:
    ways = _ways(seen, "decision")
    signed = [
        node.id
        for node in seen.of("decision")
        if node.id == "sign_decision" or seen.role(node.lane) == "signer" and node.kind == "userTask"
    ]
    ordering = _throwing(seen, {"decision"}, "correction")
    orders = frozenset(node.id for node in ordering)
    fix = (
        "在签发之后、任何等待之前，用消息抛出事件启动 correction，每个容错对象一次",
        "right after signing and before any wait, throw the message that starts correction, once per tolerated subject",
    )
    if not signed or not ordering:
        message = ("签发决定后没有启动责令纠错", "no correction is ordered after the decision is signed")
        yield fault("L02", _in(seen, "decision"), message, fix)
        return
    onward = [one for sign in signed for one in ways.after.get(sign, ())]
    passed = ways.reached(onward, without=orders | set(signed))
    if passed & _ends(seen, "decision"):
        message = ("签发之后可以不责令纠错就结束", "after signing, the process can end without ordering corrections")
        yield fault("L02", _in(seen, "decision"), message, fix)
    between = passed & Ways(ways.before, {}, {}).reached(orders, without=frozenset(signed))
    for node in seen.of("decision"):
        if node.id in between and node.kind in _RESTING:
            message = (f"“{shown(node)}”使责令纠错晚于签发", f"“{node.id}” delays the correction beyond the signing")
            yield fault("L02", place(node), message, fix)
    yield from _miscounted(ordering)


def _miscounted(ordering: list[Node]) -> Iterator[Finding]:
    """What orders corrections without telling them the limit of article 17."""
    days = check_notice.MOST_DAYS
    for node in ordering:
        if not re.search(rf"correction_due\s*:[^}}]*working days after\([^}}]*,\s*{days}\s*\)", node.event.expression):
            message = (
                f"“{shown(node)}”没有按签发之日起{days}个工作日计算 correction_due",
                f"“{node.id}” does not set correction_due to {days} working days after signing",
            )
            fix_due = (
                f"写 correction_due: working days after(签发日期, {days})",
                f"write correction_due: working days after(signing date, {days})",
            )
            yield fault("L02", place(node), message, fix_due)


def _route(seen: Seen) -> Iterator[Finding]:
    content = seen.bundle.files.get("route.dmn")
    asked = any(
        node.kind == "businessRuleTask" and node.called == "route"
        for one in closure(seen, "confirmation")
        for node in seen.of(one)
    )
    if content is None or not asked:
        message = ("认定路径没有由决策表 route 判断", "the path is not chosen by the decision route")
        yield fault(
            "L03",
            _in(seen, "confirmation"),
            message,
            ("恢复决策任务和 route.dmn", "restore the business rule task and route.dmn"),
        )
    else:
        yield from _route_table(content)
    ways = _ways(seen, "confirmation")
    calls = {node.id: node.called for node in seen.of("confirmation") if node.kind == "callActivity"}
    for node in seen.of("confirmation"):
        targets = {calls.get(flow.target, ""): flow for flow in ways.outgoing.get(node.id, ())}
        if "simple_case" in targets and node.kind == "exclusiveGateway":
            default = {flow.id: flow.target for flow in ways.outgoing[node.id]}.get(node.default, "")
            if calls.get(default) != "standard_case":
                message = (
                    f"“{shown(node)}”的默认路径不是一般认定",
                    f"the default way of “{node.id}” is not the standard path",
                )
                yield fault(
                    "L03",
                    place(node),
                    message,
                    ("把通往一般认定的流向设为默认", "make the flow to the standard path the default"),
                )


_FACTS = {
    "complex": "情况比较复杂",
    "social_impact_large": "社会影响较大",
    "circumstances_simple": "情节相对简单",
    "general_consensus": "有普遍共识",
}
_PATHS = {"panel": ("认定小组", "panel"), "simple": ("简易认定", "simple"), "standard": ("一般认定", "standard")}


def _route_table(content: bytes) -> Iterator[Finding]:
    try:
        model = dmn.read(content)
    except dmn.DmnError:
        return
    for case in range(16):
        complex_, large, simple, consensus = (bool(case & bit) for bit in (1, 2, 4, 8))
        facts = {
            "complex": complex_,
            "social_impact_large": large,
            "circumstances_simple": simple,
            "general_consensus": consensus,
        }
        wanted = "panel" if complex_ or large else "simple" if simple and consensus else "standard"
        try:
            value = model.decide("route", {**facts, "investigation_completed": True, "barred": False}, feel.Env())
        except (dmn.DmnError, feel.FeelError):
            value = None
        found = value.get("path") if isinstance(value, dict) else value
        if found != wanted:
            given = "、".join(f"{_FACTS[name]}：{'是' if held else '否'}" for name, held in facts.items())
            given_en = ", ".join(f"{name}: {'yes' if held else 'no'}" for name, held in facts.items())
            told = ("空值", "null") if found is None else (str(found), str(found))
            way, way_en = _PATHS.get(str(found), told)
            message = (
                f"{given}时，应为“{_PATHS[wanted][0]}”，决策表给出的是“{way}”",
                f"with {given_en} the path is “{wanted}”; the table says “{way_en}”",
            )
            fix = (
                "简易须“情节简单”与“普遍共识”并存；“复杂”或“影响较大”任一即小组；其余一般",
                "simple needs both conditions, either of complex and large impact means panel, all else is standard",
            )
            yield fault("L03", Place("route.dmn", "route", 1), message, fix)
            return


def _simple(seen: Seen) -> Iterator[Finding]:
    investigating = frozenset(node.id for node in seen.of("confirmation") if node.called == "investigation")
    # a way round is open only to cases whose investigation is there already
    ways = Ways.of(_drawn(seen, "confirmation"), closed="case.investigation")
    reached = ways.passed(_starts(seen, "confirmation"), without=investigating)
    for node in seen.of("confirmation"):
        if node.kind == "callActivity" and node.called == "simple_case" and (node.id in reached or not investigating):
            message = (f"不经调查就能到达“{shown(node)}”", f"“{node.id}” can be reached without an investigation")
            yield fault("L04", place(node), message, ("把调查核实放在它之前", "put the investigation before it"))
    if _bypassed(seen, "simple_case", _done_by(seen, "simple_case", COMMITTEE)):
        message = (
            "简易办理可以不经党委（党组）集体研究就结束",
            "the simple path can end without the committee's decision",
        )
        yield fault(
            "L04",
            _in(seen, "simple_case"),
            message,
            ("在党委（党组）泳道保留集体研究任务", "keep the meeting task in the committee's lane"),
        )


def _accountability(seen: Seen) -> Iterator[Finding]:
    if _bypassed(seen, "accountability", _done_by(seen, "accountability", COMMITTEE)):
        message = ("可以不经集体认定就移送问责", "a case can be handed over without a collective determination")
        fix = (
            "在党委（党组）泳道保留集体认定任务，一切移送都经过它",
            "keep the determination in the committee's lane on every way",
        )
        yield fault("L05", _in(seen, "accountability"), message, fix)


def _consequences(seen: Seen) -> Iterator[Finding]:
    reached = closure(seen, "confirmation")
    for process in ("result_use", "clarification", "follow_up"):
        sources = reached | (closure(seen, "result_use") if process == "follow_up" else set())
        if not _throwing(seen, sources, process):
            message = (f"决定之后没有启动“{process}”", f"nothing starts “{process}” after the decision")
            yield fault(
                "L06",
                _in(seen, process),
                message,
                ("在决定之后抛出启动它的消息", "throw the message that starts it after the decision"),
            )


def _panel(seen: Seen) -> Iterator[Finding]:
    nodes = seen.of("panel")
    evaluating = [
        one
        for one in nodes
        if one.kind == "userTask" and one.many is not None and one.properties.get("sealed") == "true"
    ]
    checking = frozenset(one.id for one in nodes if one.operation == "assessment.check_panel")
    # a panel that was formed and checked already need not be checked again
    early = Ways.of(_drawn(seen, "panel"), closed="case.panel").passed(_starts(seen, "panel"), without=checking)
    if not evaluating:
        message = ("小组成员的评议不是逐人、密封进行的", "members do not evaluate one by one and sealed")
        yield fault(
            "L07",
            _in(seen, "panel"),
            message,
            ("恢复按成员多实例、sealed 的评议任务", "restore the sealed multi-instance task over the members"),
        )
    for node in evaluating:
        if not checking or node.id in early:
            message = (
                f"“{shown(node)}”之前没有核对小组的五类人员",
                f"the five categories are not checked before “{node.id}”",
            )
            yield fault(
                "L07",
                place(node),
                message,
                ("在组建之后调用 assessment.check_panel", "call assessment.check_panel after the panel is formed"),
            )


def _no_automatic_decision(seen: Seen) -> Iterator[Finding]:
    for node in seen.nodes:
        deciding = not node.operation.startswith("notification.")
        if node.kind in _AUTOMATIC and deciding and seen.role(node.lane) in _DECIDING:
            message = (
                f"决定泳道“{node.lane}”中的“{shown(node)}”是自动的",
                f"“{node.id}” in the deciding lane “{node.lane}” is automatic",
            )
            fix = (
                "决定由人作出：改为人工任务，或把它移到系统泳道",
                "people decide: make it a user task, or move it to the system's lane",
            )
            yield fault("L08", place(node), message, fix)


def _archive(seen: Seen) -> Iterator[Finding]:
    closing = frozenset(node.id for node in seen.of("archive") if node.operation == "archival.close_case")
    if "case_settled" not in _started_by(seen, "archive") or not closing or _bypassed(seen, "archive", closing):
        message = ("案件了结后不一定归档", "a settled case does not always reach the archive")
        fix = (
            "归档由消息 case_settled 开始，每条路径都经过 archival.close_case",
            "case_settled starts it and every way passes archival.close_case",
        )
        yield fault("L09", _in(seen, "archive"), message, fix)


_RULES = (
    ("L01", _statements, ("appeal", "confirmation")),
    ("L02", _correction, ("decision", "correction")),
    ("L02", check_notice.faults, ("correction",)),
    ("L03", _route, ("confirmation",)),
    ("L04", _simple, ("confirmation", "simple_case", "investigation")),
    ("L05", _accountability, ("accountability",)),
    ("L06", _consequences, ("confirmation", "result_use", "clarification", "follow_up")),
    ("L07", _panel, ("panel",)),
    ("L09", _archive, ("archive",)),
)
