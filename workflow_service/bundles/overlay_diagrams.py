"""Operations of a variant on diagrams: a limit tightened, a task inserted; what the law protects is refused by its article."""

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from workflow_service.bundles import limits, overlay_drawing
from workflow_service.bundles.limits import Limit
from workflow_service.bundles.overlay_desk import Desk, Words
from workflow_service.bundles.variant_file import Operation
from workflow_service.engine import diagram
from workflow_service.engine.diagram import Diagram, Flow, Node
from workflow_service.engine.document import BPMN, SPIFF

#: whose time a county may only lengthen: less of it would be less of a right
_PARTIES = frozenset({"party", "applicant"})
_ELEMENT = ("环节", "element")


def set_limit(desk: Desk, given: Operation) -> Words:
    """Sets a task's limit in working days, and the timers and letters that state the same one."""
    root = desk.diagram(given["process"])
    drawn = diagram.read(root, f"{given['process']}.bpmn")
    owner = _node(desk, drawn, given["element"])
    timers = [one.id for one in drawn.nodes if one.host == owner.id]
    also = [_node(desk, drawn, str(one)) for one in given.get("also", ())]
    before = next(iter(limits.at(root, owner.id)), None)
    if before is None:
        message = (f"“{owner.name}”没有以工作日计的期限", f"“{owner.id}” has no limit in working days")
        raise desk.refuse("V02", owner.id, message, ("只对有期限的环节设置", "choose an element that has a limit"))
    wanted = _wanted(before, given)
    if not wanted.is_possible:
        message = (
            f"“{owner.name}”的期限不能是 {wanted.words[0]}",
            f"the limit of “{owner.id}” cannot be {wanted.words[1]}",
        )
        fix = (
            f"写 1 至 {limits.LONGEST} 之间的工作日数，加急的不长于一般的",
            f"write 1 to {limits.LONGEST} working days, no more of them for urgent cases",
        )
        raise desk.refuse("V01", owner.id, message, fix)
    for one in (owner, *also):
        _may_change(desk, drawn, one, (before, wanted), _is_partys(desk, owner))
    for one in also:
        if before not in limits.at(root, one.id):
            message = (
                f"“{one.name}”没有相同的期限：{before.words[0]}",
                f"“{one.id}” does not state the limit {before.words[1]}",
            )
            raise desk.refuse("V02", one.id, message, ("从 also 中删除它", "take it out of also"))
    for element in (owner.id, *timers, *(one.id for one in also)):
        limits.put(root, element, before, wanted)
    desk.keep_diagram(given["process"], root)
    english = owner.properties.get("name_en", owner.id)
    return (
        f"“{owner.name}”的期限由 {before.words[0]}改为 {wanted.words[0]}",
        f"limit of “{english}”: {wanted.words[1]} instead of {before.words[1]}",
    )


def _wanted(before: Limit, given: Operation) -> Limit:
    urgent = given.get("urgent_days")
    if urgent is None and before.urgent is not None:
        urgent = min(before.urgent, given["days"])
    return Limit(given["days"], urgent)


def _node(desk: Desk, drawn: Diagram, element: str) -> Node:
    found = next((one for one in drawn.nodes if one.id == element), None)
    if found is None:
        raise desk.unknown(_ELEMENT, element, [one.id for one in drawn.nodes])
    return found


def _is_partys(desk: Desk, node: Node) -> bool:
    lanes = desk.data("roles.json", ("文件", "file"), ()).get("lanes", {})
    return lanes.get(node.lane) in _PARTIES


def _may_change(desk: Desk, drawn: Diagram, node: Node, both: tuple[Limit, Limit], partys: bool) -> None:
    """Refuses a limit that the city has locked, or that would become looser than the city's."""
    before, wanted = both
    article = _article(drawn, node)
    locked, mandatory = (node.properties.get(name) for name in ("variants", "mandatory"))
    longer = any(new > old for new, old in zip(wanted.pair, before.pair, strict=True))
    shorter = any(new < old for new, old in zip(wanted.pair, before.pair, strict=True))
    if locked == "locked" or mandatory == "true" and longer:
        message = (
            f"“{node.name}”的期限 {before.words[0]}由第{article}条规定，不能改为 {wanted.words[0]}",
            f"the limit of “{node.id}”, {before.words[1]}, is set by article {article} and cannot become {wanted.words[1]}",
        )
        raise desk.refuse("V04", node.id, message, ("删除此操作", "drop the operation"))
    if locked == "free" or not (shorter if partys else longer):
        return
    message = (
        (
            f"“{node.name}”是给当事人的时间，只能延长，不能由 {before.words[0]}缩短为 {wanted.words[0]}（第{article}条）",
            f"“{node.id}” is time given to a party: it may only grow, not go from {before.words[1]} to {wanted.words[1]} (art. {article})",
        )
        if partys
        else (
            f"“{node.name}”的期限只能收紧，不能由 {before.words[0]}延长为 {wanted.words[0]}（第{article}条）",
            f"the limit of “{node.id}” may only be tightened, not go from {before.words[1]} to {wanted.words[1]} (art. {article})",
        )
    )
    fix = (
        (f"不少于 {before.words[0]}", f"at least {before.words[1]}")
        if partys
        else (f"不超过 {before.words[0]}", f"at most {before.words[1]}")
    )
    raise desk.refuse("V03", node.id, message, fix)


def _article(drawn: Diagram, node: Node) -> str:
    """The article that an element rests on: its own, else that of what holds it, else article 22."""
    holder = next((one for one in drawn.nodes if one.id in (node.scope, node.host)), None)
    own = node.properties.get("article") or (holder.properties.get("article") if holder else "")
    return own or "22"


#: what no diagram can hold
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TASK_KEYS = ("id", "name", "name_en", "lane", "article", "due", "show")


def add_task(desk: Desk, given: Operation) -> Words:
    """Inserts a user task with its form into a flow: the one out of ``after``, or the one named by ``on``."""
    process, task = given["process"], _task(desk, given["task"])
    root = desk.diagram(process)
    drawn = diagram.read(root, f"{process}.bpmn")
    flow = _flow(desk, drawn, given)
    lanes = {one.get("name", ""): one for one in root.iter(f"{BPMN}lane")}
    if task["lane"] not in lanes:
        raise desk.unknown(("泳道", "lane"), task["lane"], lanes)
    form = f"forms/{task['id']}.json"
    if form in desk.files or any(one.id == task["id"] for one in drawn.nodes):
        message = (f"上级模型已有“{task['id']}”", f"the parent has a “{task['id']}” already")
        fix = ("换一个编号，或删除此操作", "choose another id, or drop the operation")
        raise desk.refuse("V02", task["id"], message, fix)
    onward = _insert(root, flow, task, lanes[task["lane"]])
    overlay_drawing.insert(
        root, overlay_drawing.Inserted(flow.id, flow.source, task["id"], onward, lanes[task["lane"]].get("id", ""))
    )
    desk.keep_diagram(process, root)
    desk.keep_data(form, {"id": task["id"], **given["form"]})
    source = next(one for one in drawn.nodes if one.id == flow.source)
    return (
        f"在“{source.name or source.id}”之后增加环节“{task['name']}”（{task['lane']}）",
        f"step “{task['name_en']}” added after “{source.properties.get('name_en', source.id)}”",
    )


def _task(desk: Desk, raw: Mapping[str, Any]) -> dict[str, str]:
    for key in ("id", "name", "name_en", "lane"):
        if not isinstance(raw.get(key), str) or not raw[key]:
            message = (f"新环节缺少“{key}”", f"the new task lacks “{key}”")
            raise desk.refuse("V01", str(raw.get("id", "")), message, (f"补上 task.{key}", f"add task.{key}"))
    for key, value in raw.items():
        if key not in _TASK_KEYS or not isinstance(value, str) or _NO_XML.search(value):
            message = (f"新环节的“{key[:40]}”不可用", f"a new task takes no “{key[:40]}”")
            fix = (f"可用：{'、'.join(_TASK_KEYS)}", f"known: {', '.join(_TASK_KEYS)}")
            raise desk.refuse("V01", raw["id"], message, fix)
    return dict(raw)


def _flow(desk: Desk, drawn: Diagram, given: Operation) -> Flow:
    if "on" in given:
        found = next((one for one in drawn.flows if one.id == given["on"]), None)
        if found is None:
            raise desk.unknown(("流向", "flow"), given["on"], [one.id for one in drawn.flows])
        return found
    after = _node(desk, drawn, str(given.get("after", "")))
    leaving = [one for one in drawn.flows if one.source == after.id]
    if len(leaving) != 1:
        message = (
            f"“{after.name or after.id}”有 {len(leaving)} 条流出的流向，不知道插入哪一条",
            f"“{after.id}” has {len(leaving)} outgoing flows: it is not clear which one is meant",
        )
        known = "、".join(one.id for one in leaving)
        raise desk.refuse("V02", after.id, message, (f"用 on 指明流向：{known}", f"name the flow in on: {known}"))
    return leaving[0]


def _insert(root: etree._Element, flow: Flow, task: Mapping[str, str], lane: etree._Element) -> str:
    """Puts the task between the two ends of a flow; the flow keeps its id, its source and its condition. Gives the new flow's id."""
    arrow = next(one for one in root.iter(f"{BPMN}sequenceFlow") if one.get("id") == flow.id)
    parts = {one.get("id"): one for one in arrow.getparent()}
    onward = f"{task['id']}_to_{flow.target}"
    etree.SubElement(lane, f"{BPMN}flowNodeRef").text = task["id"]
    node = etree.Element(f"{BPMN}userTask", {"id": task["id"], "name": task["name"]})
    properties = etree.SubElement(etree.SubElement(node, f"{BPMN}extensionElements"), f"{SPIFF}properties")
    for key in ("name_en", "article", "due", "show"):
        if key in task:
            etree.SubElement(properties, f"{SPIFF}property", {"name": key, "value": task[key]})
    etree.SubElement(node, f"{BPMN}incoming").text = flow.id
    etree.SubElement(node, f"{BPMN}outgoing").text = onward
    parts[flow.source].addnext(node)
    for one in parts[flow.target].findall(f"{BPMN}incoming"):
        if one.text == flow.id:
            one.text = onward
    arrow.set("targetRef", task["id"])
    ends = {"id": onward, "sourceRef": task["id"], "targetRef": flow.target}
    arrow.addnext(etree.Element(f"{BPMN}sequenceFlow", ends))
    return onward


def refuse_removal(desk: Desk, given: Operation) -> Words:
    """Says why nothing is removed, with the article that the element rests on."""
    drawn = diagram.read(desk.diagram(given["process"]), f"{given['process']}.bpmn")
    if "element" in given:
        node = _node(desk, drawn, given["element"])
        name, article = node.name or node.id, _article(drawn, node)
    else:
        name = drawn.processes.get(given["process"], given["process"])
        article = next((one.properties["article"] for one in drawn.nodes if "article" in one.properties), "22")
    message = (
        f"不能删除“{name}”：县区规定可以增加、收紧，不能减少（第{article}条、第22条）",
        f"“{given.get('element', given['process'])}” cannot be removed: a variant adds or tightens, it takes nothing away (arts. {article}, 22)",
    )
    raise desk.refuse("V04", given.get("element", given["process"]), message, ("删除此操作", "drop the operation"))
