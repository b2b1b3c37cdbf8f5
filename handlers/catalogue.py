"""Writes what an archive needs to find things again: the catalogue as workbook and XML, and the metadata of the case."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any

import openpyxl
from lxml import etree
from openpyxl.styles import Alignment, Font

from handlers import packing

HEADS = ("序号", "路径", "题名", "文号", "日期", "责任者", "保管期限", "SHA-256")
_TAGS = ("number", "path", "title", "document_number", "date", "creator", "retention", "sha256")
_WIDTHS = (6, 52, 40, 22, 12, 26, 10, 66)


@dataclass(frozen=True)
class Line:
    """One file of the package as the catalogue lists it."""

    number: int
    path: str
    title: str
    document_number: str
    date: str
    creator: str
    retention: str
    sha256: str


def workbook(lines: Sequence[Line], case_number: str, at: datetime) -> bytes:
    """The catalogue as XLSX, the same bytes for the same lines and time."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "归档目录"
    sheet.append([f"案件{case_number}归档目录"])
    sheet.append(list(HEADS))
    for line in lines:
        sheet.append(list(astuple(line)))
    for cell in (*sheet[1], *sheet[2]):
        cell.font = Font(bold=True)
    for column, width in enumerate(_WIDTHS):
        sheet.column_dimensions[chr(ord("A") + column)].width = width
    for row in sheet.iter_rows(min_row=3):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            # a name that begins with "=" is a name; whoever opens the catalogue computes nothing
            if cell.data_type == "f":
                cell.data_type = "s"
    sheet.freeze_panes = "A3"
    book.properties.creator = "workflow-service"
    buffer = io.BytesIO()
    book.save(buffer)
    return _at(buffer.getvalue(), at)


def listing(lines: Sequence[Line], case_number: str) -> bytes:
    """The catalogue as XML."""
    root = etree.Element("catalogue", case=case_number, count=str(len(lines)))
    for line in lines:
        entry = etree.SubElement(root, "item")
        for tag, value in zip(_TAGS, astuple(line), strict=True):
            etree.SubElement(entry, tag).text = str(value)
    return _xml(root)


def metadata(values: Mapping[str, Any]) -> bytes:
    """The metadata of the case file, with the element names of DA/T 46 in Chinese."""
    root = etree.Element("电子文件元数据", 依据="DA/T 46-2009")
    _fill(root, values)
    return _xml(root)


def _fill(parent: etree._Element, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            element = etree.SubElement(parent, name)
            if isinstance(one, Mapping):
                _fill(element, one)
            else:
                element.text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", str(one))


def _xml(root: etree._Element) -> bytes:
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return written


def _at(content: bytes, at: datetime) -> bytes:
    """The workbook without the moment at which the library happened to save it."""
    files = packing.unzipped(content)
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    core = re.sub(rb"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", stamp, files["docProps/core.xml"])
    return packing.zipped({**files, "docProps/core.xml": core}, at)
