"""What an ordinary person fills in at each task, where a story says nothing else."""

from typing import Any
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

CRITERIA = {
    "c_motive": {"rating": "public", "reason": "为推进工作"},
    "c_nature": {"rating": "responsible", "reason": "主动担当"},
    "c_process": {"rating": "collective", "reason": "经集体研究"},
    "c_result": {"rating": "controllable", "reason": "影响可控"},
}

GATE = {
    "in_scope": "yes",
    "purpose": "reform",
    "deviation": "yes",
    "no_breach": "yes",
    "diligent": "yes",
    "no_private_gain": "yes",
}


def application(*codes: str, **more: Any) -> dict[str, Any]:
    """An application of a unit for one leading body."""
    return {
        "applicant_kind": "unit",
        "subjects": [{"kind": "leading_body", "name": "甲局领导班子", "org": "甲局", "org_type": "party_government"}],
        "matter": "新型扶持办法未达预期",
        "matter_from": "2025-03-01",
        "matter_to": "2026-03-01",
        "situation_codes": list(codes),
        "facts": "试行新办法期间上级政策调整，目标未能实现。",
        "declaration": True,
        **more,
    }


def route(
    simple: bool = False, consensus: bool = False, complex_: bool = False, impact: bool = False
) -> dict[str, Any]:  # noqa: FBT001, FBT002  the four facts of articles 14 and 15
    """The four facts that decide the path."""
    return {
        "circumstances_simple": simple,
        "general_consensus": consensus,
        "complex": complex_,
        "social_impact_large": impact,
    }


def report(*codes: str, **facts: Any) -> dict[str, Any]:
    """An investigation report in which every gate fact is as it must be, unless said otherwise."""
    return {
        **GATE,
        **CRITERIA,
        "situation_codes": list(codes),
        "breach_signs": False,
        "report": "经核查，情况属实。",
        **facts,
    }


def meeting(outcomes: dict[str, str], members: list[str], due: int = 5, **more: Any) -> dict[str, Any]:
    """A meeting at which all who came voted for the resolution."""
    return {
        "members_due": due,
        "attendees": members,
        "votes": [{"user": name, "vote": "for"} for name in members],
        "resolution": "同意",
        "outcomes": [
            {"subject_id": subject, "outcome": outcome, "grounds": "符合规定情形"}
            for subject, outcome in outcomes.items()
        ],
        **more,
    }


NOTICE = {
    "reason": "目标测算不足",
    "requirements": [{"text": "完善评估机制", "measure_of_done": "印发制度"}],
    "rectify_by": "2026-12-01",
}

ORDINARY: dict[str, dict[str, Any]] = {
    "review_acceptance": {
        "in_scope": True, "jurisdiction_ok": True, "materials_complete": True, "decision": "accept", "reason": "材料齐全，符合受理条件",
    },
    "plan_investigation": {"plan": "调阅材料，逐人谈话"},
    "record_evidence": {"kind": "document", "summary": "会议纪要"},
    "draft_simple_decision": {
        "proposal": "EXEMPT", "grounds": "符合规定情形",
        "use_in": {"cadre_evaluation": "不影响", "problem_characterisation": "工作失误", "incident_handling": "妥善处理"},
    },
    "check_draft": {"approved": True},
    "sign_decision": {"approved": True},
    "record_service": {"channel": "direct", "served_at": "2026-09-18T15:00:00+08:00", "signed": True},
    "draft_correction_notice": NOTICE,
    "sign_correction_notice": {"approved": True},
    "plan_correction": {"recognition": "认识到不足", "causes": ["评估不充分"], "plan": [{"measure": "建立机制", "owner": "办公室"}]},
    "report_correction": {"done": [{"measure": "建立机制", "result": "已完成"}]},
    "supervise_correction": {"kind": "remind", "text": "请按期整改"},
    "reply_inquiry": {"reply": "现将有关情况说明如下"},
    "accept_correction": {"result": "pass"},
    "use_result": {"items": [{"item": "各类考核不受影响", "responsible_dept": "组织部", "done": True}]},
    "review_archive": {"accepted": True, "retention": "permanent"},
    "consult_personnel": {"opinion": "agree", "reason": "无不同意见"},
    "consult_discipline": {"opinion": "agree", "reason": "无不同意见"},
    "answer_appeal": {"accepted": "full", "reason": "情况属实，予以采纳", "effect": "none"},
    "commit_confidentiality": {"conflict": False, "sign": True},
    "record_handover": {"receipt_no": "〔2026〕8号", "received_at": "2026-10-20", "result": "已立案", "result_known": True},
}  # fmt: skip
