"""Sorts everything that a case left behind into the folders of its archival package, open and sealed parts apart."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785

from handlers import catalogue, records
from workflow_service.handler_api import SHANGHAI, Context

PROCEDURE, EVIDENCE, STATEMENTS, MEETINGS = "01_程序文件", "02_证据", "03_申诉", "04_会议"
CORRECTION, AFTERWARDS, PROCESS, METADATA = "05_纠错", "06_结果运用回访澄清", "07_过程", "08_元数据"

_BY_TEMPLATE = {
    **dict.fromkeys(("T12_panel_opinion", "T13_minutes"), MEETINGS),
    **dict.fromkeys(
        ("T16_correction_notice", "T17_reminder", "T18_inquiry", "T21_acceptance", "T22_urging"), CORRECTION
    ),
    **dict.fromkeys(("T24_result_use", "T26_clarification", "T27_false_accusation"), AFTERWARDS),
}
_BY_ELEMENT = {
    **dict.fromkeys(("record_evidence", "report_investigation"), EVIDENCE),
    **dict.fromkeys(("register_appeal", "answer_appeal", "reply_late_appeal"), STATEMENTS),
    **dict.fromkeys(
        ("record_meeting", "record_panel_meeting", "issue_panel_opinion", "determine_accountability"), MEETINGS
    ),
    **dict.fromkeys(
        ("draft_correction_notice", "sign_correction_notice", "plan_correction", "report_correction"), CORRECTION
    ),
    **dict.fromkeys(("supervise_correction", "reply_inquiry", "accept_correction"), CORRECTION),
    **dict.fromkeys(
        ("use_result", "visit", "verify_accusation", "draft_clarification", "issue_clarification"), AFTERWARDS
    ),
}

_RETENTION = {
    **dict.fromkeys(("T14", "T12", "T13", "T23"), "永久"),
    **dict.fromkeys(("T03", "T04", "T05", "T15", "T22", "T25", "T28", "T31"), "10年"),
}
"""How long each kind of document is kept; what is not named is kept thirty years."""

_BALLOT = frozenset(("member_id", "commitment", "submitted_at", "category"))  # what may be known of a ballot


@dataclass(frozen=True)
class Sorted:
    """The payload of the open bag, that of the sealed one, and the catalogue of the open one."""

    payload: dict[str, bytes]
    sealed: dict[str, bytes]
    lines: list[catalogue.Line]
    first: str
    last: datetime


def sort(call: Context, report: Mapping[str, Any]) -> Sorted:
    """The files of the package; nothing in them depends on when it is made."""
    entries = call.ports.dossier.entries()
    last = _moment(entries[-1]) if entries else datetime(1980, 1, 1, tzinfo=UTC)
    papers = [_filed(call, one) for one in records.opened(call, entries)]
    described = [*_documents(call), *_submissions(entries), *papers, *_attachments(call, entries)]
    payload = {one.path: content for one, content in described}
    lines = [_numbered(number, one, content) for number, (one, content) in enumerate(described, 1)]
    sealed = [entry for entry in entries if _is_ballot(entry.get("body"))]
    payload |= _process(call, entries)
    payload["四性检测报告.json"] = _json(report)
    number = call.case_number
    payload["归档目录.xlsx"] = catalogue.workbook(lines, number, last)
    payload["归档目录.xml"] = catalogue.listing(lines, number)
    payload[f"{METADATA}/案卷元数据.xml"] = catalogue.metadata(_metadata(call, lines))
    hidden = {"密封记录.jsonl": _lines(sealed)} if sealed else {}
    hidden |= {f"{one.source}_{at:02d}.docx": one.content for at, one in enumerate(records.sealed(call, entries), 1)}
    if parts := call.ports.dossier.sealed_parts():
        hidden |= {"密封项目.jsonl": _lines(parts), "密封项目说明.txt": _SEALED_PARTS.encode()}
    return Sorted(payload, hidden, lines, f"{_moment(entries[0]):%Y-%m-%d}" if entries else "", last)


def _moment(entry: Mapping[str, Any]) -> datetime:
    """When an entry was written, on the wall in Shanghai: the journal's own stamps are in UTC, whose day is another until eight."""
    return datetime.fromisoformat(str(entry["at"])).astimezone(SHANGHAI)


def _retention_of(template: str) -> str:
    """How long a document of a template is kept."""
    return _RETENTION.get(template.partition("_")[0], "30年")


def _documents(context: Context) -> Iterator[tuple[catalogue.Line, bytes]]:
    for number, paper in enumerate(context.ports.dossier.documents(), 1):
        template = str(paper["template"])
        path = f"{_BY_TEMPLATE.get(template, PROCEDURE)}/文书{number:03d}_{_safe(str(paper['file']['name']))}"
        content = context.ports.files.read(str(paper["file"]["id"]))
        issuer = context.settings["issuer"]
        yield (
            _line(
                path, str(paper["title"]), str(paper["number"]), str(paper["dated"]), issuer, _retention_of(template)
            ),
            content,
        )


def _submissions(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[catalogue.Line, bytes]]:
    """Every form that was filled in, as it was submitted."""
    for entry in entries:
        if entry.get("kind") != "submitted" or _is_ballot(entry.get("body")):
            continue
        element = str(entry["body"]["at"]["element"])
        path = f"{_BY_ELEMENT.get(element, PROCEDURE)}/记录{int(entry['seq']):04d}_{element}.json"
        content = _json({"seq": entry["seq"], "at": entry["at"], "by": entry["actor"], **entry["body"]})
        yield _line(path, f"{element}填写记录", "", f"{_moment(entry):%Y-%m-%d}", str(entry["actor"]), "30年"), content


def _filed(context: Context, one: records.Record) -> tuple[catalogue.Line, bytes]:
    """What was filled in, as a paper beside the answers themselves."""
    path = f"{_BY_ELEMENT.get(one.source, PROCEDURE)}/表单{one.seq:04d}_{_safe(one.title)}.docx"
    issuer = context.settings["issuer"]
    return _line(path, one.title, "", one.day, issuer, _retention_of(one.template)), one.content


def _attachments(context: Context, entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[catalogue.Line, bytes]]:
    """What people added, in the folder of the form that refers to it."""
    folders: dict[str, str] = {}
    for entry in entries:
        if entry.get("kind") == "submitted":
            folder = _BY_ELEMENT.get(str(entry["body"]["at"]["element"]), EVIDENCE)
            folders.update(dict.fromkeys(_references(entry["body"]), folder))
        elif entry.get("kind") == "received":
            folders.update(dict.fromkeys(_references(entry.get("body")), STATEMENTS))
    for number, file in enumerate(context.ports.dossier.attachments(), 1):
        path = f"{folders.get(file.id, EVIDENCE)}/附件{number:03d}_{_safe(file.name)}"
        yield _line(path, file.name, "", "", "", "30年"), context.ports.files.read(file.id)


def _process(context: Context, entries: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """What ran: the bundle as executed, the journal with its hash chain, the calendars that dates were computed with."""
    calendars = sorted({str(entry.get("calendar")) for entry in entries if entry.get("calendar")})
    about = context.ports.dossier.summary()
    versions = {"bundle": about.get("bundle"), "calendars": calendars, "runs": about.get("runs")}
    opened = [{**entry, "body": None} if _is_ballot(entry.get("body")) else dict(entry) for entry in entries]
    return {
        **{f"{PROCESS}/流程包/{name}": content for name, content in context.ports.dossier.bundle_files().items()},
        f"{PROCESS}/事件日志.jsonl": _lines(opened),
        f"{PROCESS}/版本.json": _json(versions),
        f"{PROCESS}/说明.txt": _CHAIN.encode(),
    }


_SEALED_PARTS = """密封项目每行一项，如检举人身份。ciphertext 以本系统的密封钥匙（seal.key）加密，钥匙不在本包内，由纪检监察机关依审批解封。
commitment = SHA-256(salt + 规范JSON)，salt 与内容解密后可见，与事件日志中的承诺摘要一致。
"""
_CHAIN = """事件日志每行一条，按发生的先后排列。
hash = SHA-256("entry1:" + prev_hash + ":" + 条目头的规范JSON)，条目头是除 body、salt、prev_hash、hash 以外的各项；
body_hash = SHA-256(salt + ":" + body 的规范JSON)，规范JSON依RFC 8785。
body 为 null 的条目，其正文在密封包中，摘要链不受影响。
"""


def _metadata(context: Context, lines: Sequence[catalogue.Line]) -> dict[str, Any]:
    about = context.ports.dossier.summary()
    shared = about.get("shared") or {}
    return {
        "聚合层次": "案卷",
        "来源": {
            "立档单位名称": context.settings["issuer"],
            "全宗号": context.settings["archive_code"],
        },
        "档号": f"{context.settings['archive_code']}-{about.get('number')}",
        "内容描述": {
            "题名": about.get("title", ""),
            "案号": about.get("number", ""),
            "日期": about.get("opened_at", ""),
            "适用情形": "、".join(str(code) for code in shared.get("situation_codes") or ()),
            "认定结果": "、".join(str(one.get("outcome")) for one in shared.get("outcomes") or ())
            or str(shared.get("end") or ""),
        },
        "形式特征": {"件数": len(lines), "语种": "汉语"},
        "业务行为": [{"流程": run.get("process"), "序号": run.get("run")} for run in about.get("runs") or ()],
        "电子文件": [{"题名": one.title, "路径": one.path, "SHA256": one.sha256} for one in lines],
    }


def _is_ballot(value: Any) -> bool:
    """Whether a member's opinion stands in a value, and not just the digest by which the member is bound."""
    if isinstance(value, Mapping):
        return bool("member_id" in value and set(value) - _BALLOT) or any(_is_ballot(one) for one in value.values())
    return isinstance(value, list) and any(_is_ballot(one) for one in value)


def _references(value: Any) -> Iterator[str]:
    """Ids of the files that a value refers to."""
    if isinstance(value, Mapping):
        if isinstance(value.get("id"), str) and "sha256" in value:
            yield value["id"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def _line(path: str, title: str, number: str, day: str, creator: str, retention: str) -> catalogue.Line:  # noqa: PLR0913  a line of the catalogue is all of this
    return catalogue.Line(0, path, title, number, day, creator, retention, "")


def _numbered(number: int, line: catalogue.Line, content: bytes) -> catalogue.Line:
    return catalogue.Line(
        number,
        line.path,
        line.title,
        line.document_number,
        line.date,
        line.creator,
        line.retention,
        hashlib.sha256(content).hexdigest(),
    )


def _safe(name: str) -> str:
    """A name that every file system takes, cut before its ending where it is too long for one."""
    # a percent sign is written as %25 in a manifest, which not every program reads back
    plain = re.sub(r'[\x00-\x1f<>:"/\\|?*%]', "_", name).strip(" .") or "未命名"
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending.encode()) > _ENDING:
        stem, dot, ending = plain, "", ""
    room = _LONGEST - len(f"{dot}{ending}".encode())
    return f"{stem.encode()[:room].decode(errors='ignore')}{dot}{ending}"


_LONGEST, _ENDING = 220, 20
"""Bytes of a name and of its ending: file systems take 255 with the number in front, and Chinese takes three each."""


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _lines(entries: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(rfc8785.dumps(entry) + b"\n" for entry in entries)
