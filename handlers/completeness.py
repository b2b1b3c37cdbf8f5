"""Says what a closed case's file must hold, by the way the case went, and what of it is missing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow_service.handler_api import Dossier

TOLERANT = ("EXEMPT", "TERMINATE", "LIGHTEN")

_BY_END = {
    "REJECTED": ("T03_rejection", "不予受理通知书"),
    "OUT_OF_SCOPE": ("T03_rejection", "不予受理通知书"),
    "TRANSFERRED": ("T03_transfer", "移送通知书"),
    "LAPSED": ("T04_supplement", "补正通知书"),
    "WITHDRAWN": ("T31_withdrawal", "终结通知书"),
}
_BY_PATH = {
    "simple": (("draft_simple_decision", "简易程序决定建议"),),
    "standard": (("draft_opinion", "认定意见"),),
    "panel": (
        ("form_panel", "认定小组组成"),
        ("commit_confidentiality", "保密与回避承诺"),
        ("record_panel_meeting", "认定小组评议记录"),
        ("issue_panel_opinion", "认定小组综合评判意见"),
    ),
}
_DECIDED = (
    ("report_investigation", "调查报告"),
    ("record_meeting", "党委（党组）会议记录"),
    ("draft_decision", "决定拟稿"),
    ("check_draft", "核稿意见"),
    ("sign_decision", "签发记录"),
)
_PANEL_LETTERS = (("T09_panel", "认定小组组建通知"), ("T12_panel_opinion", "认定小组综合评判意见"))


@dataclass(frozen=True)
class Item:
    """One thing the file must hold, why, and whether it does."""

    name: str
    reason: str
    present: bool


def items(dossier: Dossier) -> list[Item]:
    """Everything that the file of this case must hold."""
    about = dossier.summary()
    shared = about.get("shared") or {}
    processes = {str(run.get("process")) for run in about.get("runs") or ()}
    found = [*_statements(about, dossier), *_numbers(dossier)]
    if "intake" in processes:
        found += [*_application(shared, processes, dossier)]
    if shared.get("decision"):
        found += [*_decision(shared, dossier), *_corrections(about, dossier), *_consequences(shared, dossier)]
    return found


def missing(found: Sequence[Item]) -> list[str]:
    """The names of what is missing, in order, each once."""
    return list(dict.fromkeys(one.name for one in found if not one.present))


def _application(shared: Mapping[str, Any], processes: set[str], dossier: Dossier) -> Iterator[Item]:
    yield Item("容错认定申请", "启动程序的依据", bool(dossier.answers("submit_application")))
    yield Item("受理审查意见", "受理与否的依据", bool(dossier.answers("review_acceptance")))
    if "confirmation" in processes:
        yield Item("受理通知书", "程序启动", _issued(dossier, "T03_acceptance"))
        yield Item("权利告知书", "第16条：程序启动后的陈述申辩权利", _issued(dossier, "T05_rights"))
    if shared.get("end") in _BY_END:
        template, name = _BY_END[str(shared["end"])]
        yield Item(name, "程序终结", _issued(dossier, template))


def _statements(about: Mapping[str, Any], dossier: Dossier) -> Iterator[Item]:
    """Every statement that was received is recorded and answered (article 16), unless the case was withdrawn before."""
    ended = (about.get("shared") or {}).get("end") == "WITHDRAWN"
    registered = {str(one["run"]) for one in dossier.answers("register_appeal")}
    answered = {
        str(one["run"]) for element in ("answer_appeal", "reply_late_appeal") for one in dossier.answers(element)
    }
    received = [_body(entry) for entry in dossier.entries() if entry.get("kind") == "received"]
    keys = [str(body.get("key")) for body in received if body.get("message") == "statement_received"]
    runs = {
        str(run.get("key")): str(run.get("run")) for run in about.get("runs") or () if run.get("process") == "appeal"
    }
    for key in dict.fromkeys([*keys, *runs]):
        late = runs.get(key) in {str(one["run"]) for one in dossier.answers("reply_late_appeal")}
        yield Item(f"陈述申辩{key}的登记", "第16条", ended or late or runs.get(key) in registered)
        yield Item(f"陈述申辩{key}的处理意见", "第16条", ended or runs.get(key) in answered)


def _decision(shared: Mapping[str, Any], dossier: Dossier) -> Iterator[Item]:
    path = str(shared.get("path") or "")
    for element, name in (*_DECIDED, *_BY_PATH.get(path, ())):
        yield Item(name, "认定的依据和过程", bool(dossier.answers(element)))
    yield Item("会议纪要", "第14条：集体研究", _issued(dossier, "T13_minutes"))
    for template, name in _PANEL_LETTERS if path == "panel" else ():
        yield Item(name, "第15条", _issued(dossier, template))
    for outcome in shared.get("outcomes") or ():
        subject = str(outcome.get("subject_id"))
        yield Item(f"{_subject(shared, subject)}的决定书", "认定结果", _issued(dossier, "T14_decision", subject))


def _corrections(about: Mapping[str, Any], dossier: Dossier) -> Iterator[Item]:
    """One notice and one acceptance for each subject whose outcome is tolerant (article 17)."""
    shared = about.get("shared") or {}
    runs = {
        str(run.get("key")): str(run.get("run"))
        for run in about.get("runs") or ()
        if run.get("process") == "correction"
    }
    accepted = {str(one["run"]) for one in dossier.answers("accept_correction")}
    for outcome in shared.get("outcomes") or ():
        if outcome.get("outcome") not in TOLERANT:
            continue
        subject = str(outcome.get("subject_id"))
        name = _subject(shared, subject)
        yield Item(f"{name}的纠错通知书", "第17条", _issued(dossier, "T16_correction_notice", subject))
        yield Item(f"{name}的整改验收", "第17条", runs.get(subject) in accepted)


def _consequences(shared: Mapping[str, Any], dossier: Dossier) -> Iterator[Item]:
    outcomes = {str(one.get("outcome")) for one in shared.get("outcomes") or ()}
    if outcomes & set(TOLERANT):
        yield Item("结果运用告知函", "第19条", _issued(dossier, "T24_result_use"))
    if "NOT_TOLERATED" in outcomes:
        yield Item("组织认定记录", "第18条", bool(dossier.answers("determine_accountability")))


def _numbers(dossier: Dossier) -> Iterator[Item]:
    """Every document that the journal says was issued is in the list."""
    listed = {str(paper.get("id")) for paper in dossier.documents()}
    for entry in dossier.entries():
        if entry.get("kind") == "document_issued":
            body = _body(entry)
            yield Item(f"文书{body.get('number')}", "已编号的文书", str(body.get("document")) in listed)


def _issued(dossier: Dossier, template: str, subject: str | None = None) -> bool:
    return any(
        paper.get("template") == template and (subject is None or paper.get("subject_id") == subject)
        for paper in dossier.documents()
    )


def _subject(shared: Mapping[str, Any], subject: str) -> str:
    names = {str(one.get("id")): str(one.get("name")) for one in shared.get("subjects") or ()}
    return names.get(subject, subject)


def _body(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    body = entry.get("body")
    return body if isinstance(body, Mapping) else {}
