"""Reads a diagram's bytes as XML without trusting them: no DTD, no network, bounded size, depth and node count."""

from lxml import etree

from workflow_service.dmn.document import why_no_xml
from workflow_service.errors import BadBundle, Finding

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"

MAX_BYTES = 2 * 1024 * 1024
MAX_ELEMENTS = 20_000
MAX_DEPTH = 64

_FORBIDDEN = ("<!DOCTYPE", "<!ENTITY")


def fault(  # noqa: PLR0913  one argument per column of a finding
    rule: str, file: str, element: str, line: int, message: tuple[str, str], fix: tuple[str, str]
) -> Finding:
    """A fault that stops a bundle, with its text and remedy in Chinese and English."""
    return Finding(rule, "error", file, element, line, message[0], message[1], fix[0], fix[1])


def load(data: bytes, file: str) -> etree._Element:
    """The root element of a diagram; raises BadBundle for anything that is not well-formed, plain and small."""
    if len(data) > MAX_BYTES:
        raise _refused(file, 0, "文件超过 2 MiB", "the file is larger than 2 MiB")
    if any(word.encode(coding) in data for word in _FORBIDDEN for coding in ("ascii", "utf-16-le", "utf-16-be")):
        raise _refused(file, 0, "文件含有 DOCTYPE 或 ENTITY 声明", "the file declares a DOCTYPE or an ENTITY")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", 0) or 0
        zh, en = why_no_xml(problem)
        raise _refused(file, line, f"文件不是格式正确的 XML：{zh}", f"the file is not well-formed XML: {en}") from None
    if root.getroottree().docinfo.doctype:
        raise _refused(file, 0, "文件含有 DOCTYPE 声明", "the file declares a DOCTYPE")
    _measure(root, file)
    if root.tag != f"{BPMN}definitions":
        raise _refused(
            file, root.sourceline or 0, "根元素不是 bpmn:definitions", "the root element is not bpmn:definitions"
        )
    return root


def _measure(root: etree._Element, file: str) -> None:
    count, depth = 0, 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        count, depth = count + 1, depth + 1
        if count > MAX_ELEMENTS:
            raise _refused(file, 0, "文件的元素超过 20000 个", "the file has more than 20,000 elements")
        if depth > MAX_DEPTH:
            raise _refused(file, 0, "文件的嵌套超过 64 层", "the file is nested deeper than 64 levels")


def _refused(file: str, line: int, message: str, message_en: str) -> BadBundle:
    fix = ("用流程图编辑器重新导出该文件", "export the file anew from a diagram editor")
    return BadBundle([fault("BPMN-XML", file, "", line, (message, message_en), fix)])
