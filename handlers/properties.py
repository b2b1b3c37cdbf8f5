"""Tests a case's file for the four properties of DA/T 70: authentic, complete, usable, safe; says why one fails.

The parameter of a function here is called ``call``: only functions that take a ``context`` are operations of diagrams.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

import rfc8785

from handlers import completeness
from workflow_service.handler_api import Context, Dossier, PermanentFailure, is_active

OPEN_FORMATS = frozenset(
    ("pdf", "ofd", "docx", "xlsx", "pptx", "odt", "txt", "csv", "xml", "json", "html", "md", "bpmn", "dmn")
    + ("svg", "png", "jpg", "jpeg", "tif", "tiff", "mp3", "wav", "flac", "mp4", "mkv")
)
"""Formats that an archive can still read in years; what people add in another one is named in the report."""

_OFFICE = frozenset(("docx", "xlsx", "pptx"))


@dataclass(frozen=True)
class Check:
    """One tested thing: the property (真实, 完整, 可用, 安全), what was tested, whether it holds, and why not."""

    property: str
    item: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class Held:
    """A file of the case with its content, None when it can't be read."""

    name: str
    sha256: str
    content: bytes | None


def report(call: Context) -> dict[str, Any]:
    """The four-property report: ``passed``, ``items``, and how many items failed by property."""
    held = list(files_of(call))
    dossier = call.ports.dossier
    checks = [*_authentic(dossier.entries(), held), *_complete(dossier), *_usable(held), *_safe(held)]
    failed = [one.property for one in checks if not one.passed]
    return {
        "passed": not failed,
        "items": [asdict(one) for one in checks],
        "failed": {name: failed.count(name) for name in ("真实", "完整", "可用", "安全")},
    }


def files_of(call: Context) -> Iterator[Held]:
    """Every issued document and every file that people added."""
    references = [paper["file"] for paper in call.ports.dossier.documents()]
    references += [file.reference() for file in call.ports.dossier.attachments()]
    for reference in references:
        try:
            content: bytes | None = call.ports.files.read(str(reference["id"]))
        except PermanentFailure:
            content = None
        yield Held(str(reference["name"]), str(reference["sha256"]), content)


def chain_break(entries: Sequence[Mapping[str, Any]]) -> str:
    """Where the journal's hash chain breaks, in words; empty when it holds."""
    previous = None
    for number, entry in enumerate(entries, 1):
        place = f"第{entry.get('seq')}条"
        if entry.get("seq") != number:
            return f"{place}之前有缺号"
        if previous is not None and entry.get("prev_hash") != previous:
            return f"{place}没有接上前一条"
        if _hash(entry) != entry.get("hash"):
            return f"{place}的内容与摘要不符"
        body = rfc8785.dumps(entry["body"]).decode() if entry.get("body") is not None else None
        if body is not None and hashlib.sha256(f"{entry['salt']}:{body}".encode()).hexdigest() != entry["body_hash"]:
            return f"{place}的正文与摘要不符"
        previous = entry["hash"]
    return ""


def _hash(entry: Mapping[str, Any]) -> str:
    outside = ("body", "salt", "prev_hash", "hash")
    header = {name: value for name, value in entry.items() if name not in outside}
    return hashlib.sha256(f"entry1:{entry.get('prev_hash', '')}:".encode() + rfc8785.dumps(header)).hexdigest()


def _authentic(entries: Sequence[Mapping[str, Any]], held: Sequence[Held]) -> Iterator[Check]:
    broken = chain_break(entries)
    yield Check("真实", "过程记录的摘要链", not broken, broken)
    for file in held:
        if file.content is not None:
            same = hashlib.sha256(file.content).hexdigest() == file.sha256
            yield Check("真实", f"{file.name}的摘要", same, "" if same else "内容与登记的摘要不符")


def _complete(dossier: Dossier) -> Iterator[Check]:
    found = completeness.items(dossier)
    for item in found:
        yield Check("完整", item.name, item.present, "" if item.present else f"缺少（{item.reason}）")
    yield Check("完整", "流程定义", bool(dossier.bundle_files()), "" if dossier.bundle_files() else "没有流程包")


def _usable(held: Sequence[Held]) -> Iterator[Check]:
    for file in held:
        reason = _unusable(file)
        yield Check("可用", file.name, not reason, reason)


def _unusable(file: Held) -> str:
    ending = _ending(file.name)
    if file.content is None:
        return "读不出来"
    if not file.content:
        return "是空文件"
    if ending not in OPEN_FORMATS:
        return f"“{ending or '无后缀'}”不是长期可读的格式"
    if ending in _OFFICE:
        return "" if _opens(file.content) else "打不开，文件已损坏或者加密"
    return "PDF文件已加密" if ending == "pdf" and b"/Encrypt" in file.content else ""


def _opens(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.testzip() is None and "[Content_Types].xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _safe(held: Sequence[Held]) -> Iterator[Check]:
    for file in held:
        active = is_active(file.name, file.content or b"")
        yield Check("安全", file.name, not active, "可执行文件或者带宏的文件" if active else "")


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower().removeprefix(".")
