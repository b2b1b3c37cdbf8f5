"""Reads a model's file into its definitions."""

from collections.abc import Iterator

from lxml import etree

from workflow_service.dmn import boxed_reader, document, elements
from workflow_service.dmn.errors import DmnError


def definitions(xml: bytes) -> elements.Definitions:
    """All that a file says; raises DmnError when it can't be read safely or names one thing twice."""
    root = document.parse(xml)
    found = elements.Definitions(
        root.get("name", ""),
        root.get("namespace", ""),
        tuple(_imports(root)),
        tuple(_item(node) for node in document.children(root, "itemDefinition")),
        tuple(_input(node) for node in _drawn(root, "inputData")),
        tuple(_decision(node) for node in _drawn(root, "decision")),
        tuple(_knowledge(node) for node in _drawn(root, "businessKnowledgeModel")),
        tuple(_service(node) for node in _drawn(root, "decisionService")),
    )
    _refuse_twins(found)
    return found


def _drawn(root: etree._Element, name: str) -> Iterator[etree._Element]:
    return document.children(root, name)


def _refuse_twins(found: elements.Definitions) -> None:
    seen: set[str] = set()
    for one in found.drawn:
        if one.id in seen:
            raise DmnError(f"编号“{one.id}”重复", f"the id {one.id!r} is used twice", one.place, "twin")
        seen.add(one.id)


def _imports(root: etree._Element) -> Iterator[elements.Import]:
    for node in document.children(root, "import"):
        # Item definitions in XML Schema and PMML models are imported, too; only DMN is read.
        if node.get("importType", "DMN").rstrip("/") != "http://www.w3.org/2001/XMLSchema":
            name = " ".join(node.get("name", "").split())
            yield elements.Import(name, node.get("namespace", ""), node.get("locationURI", ""))


def _item(node: etree._Element) -> elements.Item:
    name = " ".join(node.get("name", "").split())
    function = document.child(node, "functionItem")
    params: tuple[elements.Variable, ...] = ()
    if function is not None:
        found = (boxed_reader.variable(part) for part in document.children(function, "parameters"))
        params = tuple(part for part in found if part)
    return elements.Item(
        name,
        document.place_of(node, f"数据类型“{name}”", f"item definition {name!r}"),
        document.type_ref(node),
        node.get("isCollection", "false") in ("true", "1"),
        tuple(_item(part) for part in document.children(node, "itemComponent")),
        document.text_of(document.child(node, "allowedValues")).strip(),
        document.text_of(document.child(node, "typeConstraint")).strip(),
        params,
        None if function is None else function.get("outputTypeRef", ""),
    )


def _name(node: etree._Element) -> str:
    return " ".join((node.get("name") or node.get("id") or "").split())


def _variable(node: etree._Element) -> elements.Variable:
    found = boxed_reader.variable(document.child(node, "variable"))
    if found is None or not found.name:
        return elements.Variable(_name(node), found.type_ref if found else "")
    return found


def _hrefs(node: etree._Element, *path: str) -> tuple[str, ...]:
    nodes = [node]
    for name in path:
        nodes = [part for above in nodes for part in document.children(above, name)]
    return tuple(part.get("href", "") for part in nodes)


def _needs(node: etree._Element) -> elements.Requirements:
    return elements.Requirements(
        _hrefs(node, "informationRequirement", "requiredInput"),
        _hrefs(node, "informationRequirement", "requiredDecision"),
        _hrefs(node, "knowledgeRequirement", "requiredKnowledge"),
    )


def _input(node: etree._Element) -> elements.InputData:
    name = _name(node)
    place = document.place_of(node, f"输入“{name}”", f"input {name!r}")
    return elements.InputData(node.get("id") or name, name, _variable(node), place)


def _decision(node: etree._Element) -> elements.Decision:
    name = _name(node)
    place = document.place_of(node, f"决策“{name}”", f"decision {name!r}")
    logic = boxed_reader.expression(node, place)
    return elements.Decision(node.get("id") or name, name, _variable(node), logic, _needs(node), place)


def _knowledge(node: etree._Element) -> elements.Knowledge:
    name = _name(node)
    place = document.place_of(node, f"业务知识“{name}”", f"business knowledge model {name!r}")
    inner = document.child(node, "encapsulatedLogic")
    function = None if inner is None else boxed_reader.function(inner, place)
    return elements.Knowledge(node.get("id") or name, name, _variable(node), function, _needs(node), place)


def _service(node: etree._Element) -> elements.Service:
    name = _name(node)
    return elements.Service(
        node.get("id") or name,
        name,
        _variable(node),
        _hrefs(node, "outputDecision"),
        _hrefs(node, "encapsulatedDecision"),
        _hrefs(node, "inputDecision"),
        _hrefs(node, "inputData"),
        document.place_of(node, f"决策服务“{name}”", f"decision service {name!r}"),
    )
