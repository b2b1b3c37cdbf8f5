"""What diagrams and tables say, element by element, apart from how they are drawn."""

from collections.abc import Iterator

from lxml import etree

from workflow_service.engine.document import BPMN, SPIFF

Facts = dict[str, tuple[str, dict[str, str]]]

_DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
#: says again what flows and lanes say
_REPEATED = frozenset({f"{BPMN}incoming", f"{BPMN}outgoing", f"{BPMN}flowNodeRef"})


def _root(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    return etree.fromstring(content, parser)


def facts_of_diagram(content: bytes) -> Facts:
    """By id of each element of a diagram: its label, and its attributes, properties and expressions."""
    root = _root(content)
    found: Facts = {}
    lanes = {
        (ref.text or "").strip(): lane.get("name", "")
        for lane in root.iter(f"{BPMN}lane")
        for ref in lane.findall(f"{BPMN}flowNodeRef")
    }
    for element in root.iter(f"{BPMN}*"):
        name = element.get("id")
        if not name or element.tag == f"{BPMN}definitions" or element.tag.endswith("EventDefinition"):
            continue
        said = {"": etree.QName(element).localname, **dict(_own(element))}
        if name in lanes:
            said["lane"] = lanes[name]
        found[name] = (element.get("name", ""), said)
    return found


def _own(element: etree._Element, path: str = "") -> Iterator[tuple[str, str]]:
    """What an element says itself: attributes, text, and parts that are no flow elements of their own."""
    for key, value in element.attrib.items():
        if key != "id" and not key.startswith("{"):
            yield f"{path}{key}", value
    for part in element:
        if not isinstance(part.tag, str) or part.tag in _REPEATED:
            continue
        if part.tag == f"{SPIFF}properties":
            yield from ((one.get("name", ""), one.get("value", "")) for one in part)
        elif part.tag == f"{SPIFF}parameter":
            yield f"{path}{part.get('id', '')}", part.get("value", "")
        elif (
            not part.get("id")
            or part.tag.startswith(SPIFF)
            or part.tag.endswith(("EventDefinition", "Characteristics", "DataItem"))
        ):
            yield from _part(part, path)


def _part(part: etree._Element, path: str) -> Iterator[tuple[str, str]]:
    local = etree.QName(part).localname
    inner = path if local in ("extensionElements", "parameters") else f"{path}{local}."
    if part.tag == f"{SPIFF}serviceTaskOperator":
        yield "operation", part.get("id", "")
    text = (part.text or "").strip()
    if text:
        yield inner.removesuffix("."), text
    yield from _own(part, inner)


def layout(content: bytes) -> dict[str, tuple[str, ...]]:
    """By id of each drawn element: its coordinates."""
    return {
        drawn.get("bpmnElement", ""): tuple(value for one in drawn for value in one.attrib.values())
        for drawn in _root(content).iter(f"{_DI}BPMNShape", f"{_DI}BPMNEdge")
    }


def facts_of_table(content: bytes) -> Facts:
    """By id of each decision, column and rule of a decision file: what it says; a rule's cells by column."""
    root = _root(content)
    space = f"{{{etree.QName(root).namespace}}}"
    found: Facts = {}
    for element in root.iter(f"{space}*"):
        name, local = element.get("id", ""), etree.QName(element).localname
        if local == "rule":
            found[name or f"rule {len(found)}"] = _rule(element, space)
        elif name and local not in ("definitions", "inputEntry", "outputEntry") and element.tag.startswith(space):
            said = {"": local, **{key: value for key, value in element.attrib.items() if key not in ("id",)}}
            text = element.find(f"{space}text")
            if text is not None and text.text:
                said["text"] = text.text.strip()
            found[name] = (element.get("label") or element.get("name", ""), said)
    return found


def _rule(rule: etree._Element, space: str) -> tuple[str, dict[str, str]]:
    table = rule.getparent()
    place = 0 if table is None else table.findall(f"{space}rule").index(rule) + 1
    columns = [] if table is None else [
        one.get("label") or one.get("name") or str(at)
        for tag in ("input", "output", "annotation")
        for at, one in enumerate(table.findall(f"{space}{tag}"), 1)
    ]  # fmt: skip
    cells = [
        "".join(cell.itertext()).strip()
        for tag in ("inputEntry", "outputEntry", "annotationEntry")
        for cell in rule.findall(f"{space}{tag}")
    ]
    said = {columns[at] if at < len(columns) else str(at + 1): text for at, text in enumerate(cells)}
    return f"规则 {place}", {**said, "order": str(place)}
