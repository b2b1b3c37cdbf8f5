"""What the checks of a model report: the fault, the cell it is in, and the remedy, in both languages."""

from dataclasses import dataclass
from typing import Literal

from workflow_service.dmn.errors import DmnError, Place


@dataclass(frozen=True)
class Finding:
    """One fault of a model.

    Args:
        rule: ``dmn-read``, ``dmn-syntax``, ``dmn-name``, ``dmn-type``, ``dmn-value``, ``dmn-input``, ``dmn-overlap``,
            ``dmn-gap``, ``dmn-unreachable``, ``dmn-any`` or ``dmn-size``.
        severity: ``error`` stops publication, ``warning`` and ``info`` do not.
        file: the file's name as the caller gave it.
        element: the id of the element that is meant.
        line: 1-based line in the file, 0 when unknown.
        message: what is wrong and in which cell, in Chinese; ``message_en`` in English.
        fix: what to do, in Chinese; ``fix_en`` in English.
        row: 1-based number of the table's rule, 0 when no rule is meant.
        column: name of the table's column, empty when none is meant.
    """

    rule: str
    severity: Literal["error", "warning", "info"]
    file: str
    element: str
    line: int
    message: str
    message_en: str
    fix: str
    fix_en: str
    row: int = 0
    column: str = ""


@dataclass(frozen=True)
class Texts:
    """What is wrong and what to do, in both languages."""

    zh: str
    en: str
    fix_zh: str
    fix_en: str


def at(place: Place, rule: str, texts: Texts, severity: Literal["error", "warning", "info"] = "error") -> Finding:
    """A finding at a place, which its message names."""
    zh = f"{place.zh}：{texts.zh}" if place.zh else texts.zh
    en = f"{place.en}: {texts.en}" if place.en else texts.en
    cell = place.rule, place.column
    return Finding(rule, severity, "", place.element, place.line, zh, en, texts.fix_zh, texts.fix_en, *cell)


_REMEDIES = {
    "syntax": ("按提示的位置改正表达式", "correct the expression at the position named"),
    "limit": ("拆分或缩短内容", "split or shorten it"),
    "foreign": ("改写为 FEEL 表达式", "rewrite it in FEEL"),
    "reference": ("重新画出该连线，或删除它", "draw the connection anew or delete it"),
    "cycle": ("去掉形成循环的一条连线", "remove one of the connections that make the circle"),
    "import": ("把被导入的模型一并放入", "add the imported model"),
    "table": ("按列数补齐或删除单元格", "add or delete cells so that they fit the columns"),
    "twin": ("改用不同的编号", "give one of the two another id"),
    "xml": ("用决策表编辑器重新保存文件", "save the file again with the table editor"),
}


def of_fault(fault: DmnError) -> Finding:
    """A fault found while reading or compiling, as a finding."""
    zh, en = _REMEDIES.get(fault.kind, ("请按提示修改", "change it as the message says"))
    rule = "dmn-syntax" if fault.kind in ("syntax", "foreign", "limit") else "dmn-read"
    return at(fault.place, rule, Texts(fault.plain_zh, fault.plain_en, zh, en))
