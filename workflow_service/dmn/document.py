"""Reads the XML of a decision model safely, and answers by local name whatever version of DMN it is."""

from collections.abc import Iterator

from lxml import etree

from workflow_service.dmn.errors import DmnError, Place

BYTES = 2 * 1024 * 1024
ELEMENTS = 20_000
DEPTH = 64

# DMN 1.0 to 1.6; what a model says is the same in each, only the address changed.
NAMESPACES = (
    "http://www.omg.org/spec/DMN/20130901",
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
    "https://www.omg.org/spec/DMN/20240513/MODEL/",
)


def parse(xml: bytes) -> etree._Element:
    """The root of a model; raises DmnError for anything that isn't a safe DMN file."""
    if len(xml) > BYTES:
        raise DmnError("文件超过 2 MiB，请拆分", "the file is larger than 2 MiB; split it", kind="limit")
    _refuse_declarations(xml)
    # Nothing outside of the bytes is ever fetched, and nothing inside of them is expanded.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", 0) or 0
        place = Place(line=line, zh=f"第 {line} 行", en=f"line {line}")
        zh, en = why_no_xml(problem)
        raise DmnError(f"不是有效的 XML：{zh}", f"this is not valid XML: {en}", place, "xml") from None
    if root.getroottree().docinfo.doctype:
        raise _declared()
    _measure(root)
    name = etree.QName(root)
    if name.localname != "definitions" or name.namespace not in NAMESPACES:
        raise DmnError(
            "不是 DMN 文件（根元素应为 definitions）", "this is not a DMN file: its root is no DMN definitions"
        )
    return root


def why_no_xml(problem: Exception) -> tuple[str, str]:
    """What makes a text no XML, in Chinese and English; what is rare is told by its place alone in Chinese."""
    return _SYNTAX.get(getattr(problem, "code", 0) or 0, "此处不符合 XML 的写法"), getattr(problem, "msg", str(problem))


_CODES = etree.ErrorTypes
_SYNTAX = {
    _CODES.ERR_DOCUMENT_EMPTY: "文件为空，或不以标签开头",
    _CODES.ERR_DOCUMENT_END: "结尾之后还有多余的内容",
    _CODES.ERR_TAG_NAME_MISMATCH: "开始标签与结束标签不一致",
    _CODES.ERR_TAG_NOT_FINISHED: "有标签没有结束",
    _CODES.ERR_GT_REQUIRED: "标签缺少“>”",
    _CODES.ERR_NAME_REQUIRED: "“<”或“&”之后缺少名称",
    _CODES.ERR_SPACE_REQUIRED: "属性之间缺少空格",
    _CODES.ERR_ATTRIBUTE_NOT_STARTED: "属性的值没有加引号",
    _CODES.ERR_ATTRIBUTE_NOT_FINISHED: "属性的引号没有结束",
    _CODES.ERR_ATTRIBUTE_WITHOUT_VALUE: "属性没有值",
    _CODES.ERR_ATTRIBUTE_REDEFINED: "同一属性写了两次",
    _CODES.NS_ERR_UNDEFINED_NAMESPACE: "使用了没有声明的命名空间前缀",
}


def _refuse_declarations(xml: bytes) -> None:
    # The text is looked at in the encodings that could hide it; lxml's own answer is asked as well.
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be"):
        text = xml.decode(encoding, "ignore").upper()
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise _declared()


def _declared() -> DmnError:
    zh, en = (
        "文件不得包含 DOCTYPE 或 ENTITY 声明，请删除",
        "the file must not declare a DOCTYPE or an ENTITY; delete it",
    )
    return DmnError(zh, en, kind="xml")


def _measure(root: etree._Element) -> None:
    waiting, count = [(root, 1)], 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if count > ELEMENTS or depth > DEPTH:
            zh = f"文件元素过多或嵌套过深（上限 {ELEMENTS} 个、{DEPTH} 层），请拆分"
            en = (
                f"the file has too many elements or is nested too deeply (at most {ELEMENTS}, {DEPTH} levels); split it"
            )
            raise DmnError(zh, en, kind="limit")
        waiting.extend((child, depth + 1) for child in node)


def local(node: etree._Element) -> str:
    """The name of an element without its namespace; empty for comments and foreign elements."""
    if not isinstance(node.tag, str):
        return ""
    name = etree.QName(node)
    return name.localname if name.namespace in NAMESPACES else ""


def children(node: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The elements directly below that have one of the names."""
    return (child for child in node if local(child) in names)


def child(node: etree._Element, name: str) -> etree._Element | None:
    """The first element of that name directly below."""
    return next(children(node, name), None)


def text_of(node: etree._Element | None) -> str:
    """The text of an element's ``text`` child, or its own when it has none; comments inside don't count."""
    if node is None:
        return ""
    inner = child(node, "text")
    holder = node if inner is None else inner
    return (holder.text or "") + "".join(part.tail or "" for part in holder)


def type_ref(node: etree._Element) -> str:
    """The name of a type as DMN 1.2 and later write it; DMN 1.1's prefixed names become plain."""
    nested = child(node, "typeRef")
    ref = ((nested.text or "") if nested is not None else node.get("typeRef", "")).strip()
    prefix, colon, rest = ref.partition(":")
    return rest if colon and (prefix in node.nsmap) else ref


def place_of(node: etree._Element, zh: str, en: str) -> Place:
    """The place of an element, named in words by the caller."""
    return Place(node.get("id") or node.get("name") or "", node.sourceline or 0, zh, en)
