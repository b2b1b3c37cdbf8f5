"""Weighs what people found and voted, and says why; every result is advice or a count, never a decision."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from handlers import meeting
from workflow_service.handler_api import BpmnError, Context

CATEGORIES = {
    "discipline": "纪检监察", "personnel": "组织人事", "competent": "业务主管", "related": "相关部门", "expert": "专家",
}  # fmt: skip
"""The five kinds of members of article 15, as form_panel names them, and their names."""

_OUTCOMES = {"EXEMPT": "免于问责", "TERMINATE": "终止问责程序", "LIGHTEN": "从轻处理", "NOT_TOLERATED": "不予容错"}

_QUORUM = Fraction(2, 3)  # of the members who are not recused; a default of this service, not of the regulation


def assess_eligibility(
    context: Context,
    facts: Mapping[str, Any],
    circumstances: Sequence[Mapping[str, Any]] | None = None,
    gate: Mapping[str, Any] | None = None,
    criteria: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Composes the advice on whether and why tolerance can be considered, from the results of the decision tables.

    Args:
        facts: the facts of the investigation report, each ``yes``, ``no``, ``unknown`` or a choice.
        circumstances: the situations that the table found met: rows of code, reason, article.
        gate: the verdict on the conditions of article 2: eligible, advice, gate rows (fact, verdict, reason), boundary rows.
        criteria: the leaning of the four criteria of article 13: items, advice.
    """
    gate, criteria = gate or {}, criteria or {}
    failing = list(gate.get("gate") or ())
    met = list(circumstances or ())
    boundary = list(gate.get("boundary") or ())
    cited = [str(code) for code in facts.get("situation_codes") or context.case.get("situation_codes") or ()]
    codes = _codes(met, cited)
    eligible = gate.get("eligible")
    return {
        "eligible": eligible,
        "gate": [{"fact": row.get("fact"), "value": facts.get(str(row.get("fact"))), "ok": False} for row in failing],
        "codes": codes,
        "boundary": [str(row.get("reason") or row.get("flag")) for row in boundary],
        "advice": _advice(eligible, bool(met), bool(boundary)),
        "reasons": _reasons(failing, codes, boundary, criteria),
    }


def check_panel(  # noqa: PLR0913  the composition of a panel is all of this
    context: Context,
    members: Sequence[Mapping[str, Any]],
    chair: str | None = None,
    secretary: str | None = None,
    missing_category_reason: str | None = None,
    investigators: Sequence[str] | None = None,
    subjects: Sequence[Mapping[str, Any]] | None = None,
    witnesses: Sequence[str] | None = None,
    recused: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Checks the composition of the panel (article 15); ERR_PANEL when it cannot stand.

    Args:
        members: rows of user, category, org.
        chair: account name of the chair.
        secretary: account name of the secretary, who has no vote.
        missing_category_reason: why a category is not represented; without it all five must be.
        investigators: account names of those who investigated; neither they nor the next two may have a part in the panel.
        subjects: the subjects of the case, whose units may not be represented.
        witnesses: account names of those who were heard as witnesses.
        recused: account names of those who were recused.
    """
    present = {str(row.get("category")) for row in members}
    missing = [name for name in CATEGORIES if name not in present]
    barred = meeting.barred(subjects, investigators, witnesses, recused)
    conflicts = _conflicts(members, chair, secretary, barred, subjects or ())
    problems = list(conflicts)
    users = [str(row.get("user")) for row in members]
    if missing and not (missing_category_reason or "").strip():
        problems.append(f"缺少{'、'.join(CATEGORIES[name] for name in missing)}方面的成员，也未说明理由（第15条）")
    problems += [f"{user}重复列为成员" for user in sorted({user for user in users if users.count(user) > 1})]
    if not members:
        problems.append("没有成员")
    if problems:
        raise BpmnError("ERR_PANEL", "；".join(problems))
    return {
        "ok": True,
        "odd": len(members) % 2 == 1,
        "categories": [name for name in CATEGORIES if name in present],
        "missing": missing,
        "conflicts": conflicts,
        "warnings": _panel_warnings(users, secretary),
    }


def check_panel_meeting(  # noqa: PLR0913  a meeting is all of this
    context: Context,
    members: Sequence[Mapping[str, Any]],
    recused: Sequence[Any] | None = None,
    opinions: Sequence[Mapping[str, Any]] | None = None,
    votes: Sequence[Mapping[str, Any]] | None = None,
    dissents_attached: bool | None = None,
    attendees: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """Checks that two thirds of the members who are not recused met; ERR_QUORUM when they did not.

    Args:
        members: rows of user, category, org.
        recused: account names of recused members.
        opinions: the opened opinions, each with member_id.
        votes: rows of user and vote or outcome.
        dissents_attached: whether dissenting opinions are attached to the record.
        attendees: account names of those present; without it those who voted count as present.
    """
    record = context.data.get("record_panel_meeting") or {}
    away = {*meeting.accounts(recused), *meeting.accounts(record.get("recused"))}
    entitled = [user for user in meeting.accounts(members) if user not in away]
    there = set(meeting.accounts(attendees or record.get("attendees") or votes))
    present = [user for user in entitled if user in there]
    if not entitled or Fraction(len(present), len(entitled)) < _QUORUM:
        raise BpmnError("ERR_QUORUM", f"应参加评议{len(entitled)}人，实际{len(present)}人，不足三分之二")
    given = {str(one.get("member_id")) for one in opinions or ()}
    dissent = [one for one in opinions or () if str(one.get("dissent") or "").strip()]
    reasons = [f"应参加评议{len(entitled)}人，实际{len(present)}人，达到三分之二"]
    if dissent and not dissents_attached:
        reasons.append("有不同意见，须原文附后")
    return {
        "quorum": True,
        "due": len(entitled),
        "present": present,
        "recused": sorted(away),
        "not_submitted": [user for user in entitled if user not in given],
        "dissents": [{"member_id": one.get("member_id"), "text": one.get("dissent")} for one in dissent],
        "dissents_attached": bool(dissents_attached),
        "reasons": reasons,
    }


def check_meeting(context: Context, record: Mapping[str, Any], options: Sequence[str] | None = None) -> dict[str, Any]:
    """Counts a committee's meeting against those who should attend: more than half present, more than half in favour.

    Never raises for a motion that was not carried. Opinions of absent members are no votes; recused members leave the
    numerator, and stay in the denominator unless the setting ``recused_in_denominator`` says otherwise. Who was recused in
    the case, or is concerned by it, counts as recused also where the record forgets to say so.

    Args:
        record: the answers of record_meeting: members_due, attendees, recused, votes (user, vote, opinion), outcomes.
        options: the outcome codes that this path may decide; without it all four.
    """
    count = meeting.Count.of(context, record)
    allowed = tuple(options or _OUTCOMES)
    outcomes = [row for row in record.get("outcomes") or () if row.get("subject_id")]
    held = count.present * 2 > count.due
    results = [_subject_result(row, count, allowed) for row in outcomes] or [_overall(count)]
    refused = [one["reason"] for one in results if not one["passed"]]
    unfounded = _terminate_without_procedure(context, outcomes)
    return {
        "held": held,
        "passed": held and not refused and not unfounded,
        "deferred": bool(record.get("deferred")),
        "consensus_objection": bool(record.get("consensus_objection")),
        "due": count.due,
        "present": count.present,
        "outcomes": [
            {"subject_id": row["subject_id"], "outcome": row["outcome"], "passed": row["passed"], "ayes": row["ayes"]}
            for row in results
            if row["subject_id"]
        ],
        "reasons": [_attendance(count, held), *count.notes, *(one["reason"] for one in results), *unfounded],
    }


def open_opinions(context: Context, element: str, members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Opens the sealed opinions once the vote is closed, in the order of the members, and counts the proposed outcomes.

    What somebody gave who is no member any more is void: it stays on the record and counts for nothing. So is what was
    given on an earlier report: a new investigation takes everybody out of the case's ``submitted_members``.

    Args:
        element: id of the sealed user task.
        members: rows of user, category, org: those who should have given an opinion.
    """
    found = {str(one.get("member_id")): one for one in context.ports.ballots.open(context.run, element)}
    categories = {str(row.get("user")): row.get("category") for row in members}
    submitted = context.case.get("submitted_members")
    current = set(found if submitted is None else map(str, submitted))
    given = [user for user in categories if user in found and user in current]
    opinions = [{**found[user], "member_id": user, "category": categories[user]} for user in given]
    tally: dict[str, int] = {}
    for one in opinions:
        outcome = str(one.get("proposed_outcome") or "")
        if outcome:
            tally[outcome] = tally.get(outcome, 0) + 1
    return {
        "opinions": opinions,
        "missing": [user for user in categories if user not in given],
        "void": [user for user in found if user not in given],
        "tally": tally,
    }


def check_completeness(context: Context, what: Mapping[str, Any]) -> dict[str, Any]:
    """Says which of the named things are still missing.

    Args:
        what: label to value; null, an empty text and an empty list count as missing.
    """
    missing = [str(name) for name, value in what.items() if value is None or value in ("", [], {})]
    return {"complete": not missing, "missing": missing}


def _subject_result(row: Mapping[str, Any], count: meeting.Count, allowed: Sequence[str]) -> dict[str, Any]:
    subject, outcome = str(row["subject_id"]), str(row.get("outcome") or "")
    ayes = count.ayes(subject)
    carried = ayes * 2 > count.due
    text = f"对{subject}{_OUTCOMES.get(outcome, outcome)}：应到{count.due}人，赞成{ayes}票，"
    reason = f"{text}{'超过' if carried else '未超过'}应到人数的一半"
    if outcome not in allowed:
        reason = f"对{subject}：本程序不能作出{_OUTCOMES.get(outcome, outcome or '空白')}的决定（第14条）"
    return {
        "subject_id": subject,
        "outcome": outcome,
        "ayes": ayes,
        "passed": carried and outcome in allowed,
        "reason": reason,
    }


def _overall(count: meeting.Count) -> dict[str, Any]:
    ayes = count.ayes("")
    carried = ayes * 2 > count.due
    reason = f"应到{count.due}人，赞成{ayes}票，{'超过' if carried else '未超过'}应到人数的一半"
    return {"subject_id": "", "outcome": "", "ayes": ayes, "passed": carried, "reason": reason}


def _attendance(count: meeting.Count, held: bool) -> str:
    return f"应到{count.due}人，到会{count.present}人，{'超过' if held else '未超过'}半数"


def _terminate_without_procedure(context: Context, outcomes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Termination needs an accountability procedure that is open (article 14)."""
    application = context.data.get("submit_application")
    if application is None or not any(row.get("outcome") == "TERMINATE" for row in outcomes):
        return []
    reference = application.get("accountability_case_ref") or context.case.get("accountability_case_ref")
    return [] if str(reference or "").strip() else ["没有已启动的问责程序，不能作出终止问责程序的决定（第14条）"]


def _conflicts(
    members: Sequence[Mapping[str, Any]],
    chair: str | None,
    secretary: str | None,
    barred: Mapping[str, str],
    subjects: Sequence[Mapping[str, Any]],
) -> list[str]:
    units = {str(unit) for one in subjects for unit in (one.get("org"), one.get("unit")) if unit}
    found = []
    for row in members:
        user, org = str(row.get("user")), str(row.get("org") or "")
        if user in barred:
            found.append(f"{user}{barred[user]}，不能担任成员")
        elif org in units:
            found.append(f"{user}与当事人同属{org}，应当回避")
        if row.get("conflict") is True:
            found.append(f"{user}申报了应当回避的情形")
    for one, post in ((chair or "", "组长"), (secretary or "", "秘书")):
        if one in barred and one not in meeting.accounts(members):
            found.append(f"{one}{barred[one]}，不能担任{post}")
    return found


def _panel_warnings(users: Sequence[str], secretary: str | None) -> list[str]:
    warnings = []
    if len(users) < 5 or len(users) % 2 == 0:
        warnings.append(f"现有成员{len(users)}人，成员宜为五人以上的单数")
    if secretary and secretary in users:
        warnings.append("秘书同时列为成员；秘书不参加评判")
    return warnings


def _codes(met: Sequence[Mapping[str, Any]], cited: Sequence[str]) -> list[dict[str, Any]]:
    """Situations that the table found met, then those that were cited although it did not."""
    found = [
        {**row, "code": str(row.get("code")), "matched": True, "cited": str(row.get("code")) in cited} for row in met
    ]
    known = {row["code"] for row in found}
    found += [
        {
            "code": code,
            "matched": False,
            "cited": True,
            "reason": "已引用，但查明的事实尚不符合",
            "article": _article(code),
        }
        for code in cited
        if code not in known
    ]
    return found


def _article(code: str) -> str:
    article, dot, item = code.partition(".")
    return f"{article}({item})" if dot else article


def _advice(eligible: bool | None, matched: bool, bounded: bool) -> str:
    if eligible is None:
        return "门槛条件尚未查清，建议补充调查（第2条）"
    if not eligible:
        return "门槛条件不具备，不宜容错；仍须经组织认定（第2、18条）"
    if bounded:
        return "门槛条件具备，但有须作边界审核的情形，由人工研判（第18条）"
    if matched:
        return "门槛条件具备，并有符合的具体情形，可以研究容错（第2、4至12条）"
    return "门槛条件具备，但没有符合的具体情形，应说明理由或不予容错（第4至12条）"


def _reasons(
    failing: Sequence[Mapping[str, Any]],
    codes: Sequence[Mapping[str, Any]],
    boundary: Sequence[Mapping[str, Any]],
    criteria: Mapping[str, Any],
) -> list[str]:
    reasons = [f"{row.get('reason')}（第{'3' if row.get('fact') == 'in_scope' else '2'}条）" for row in failing]
    reasons += [f"{row['code']} {row.get('reason') or ''}（第{_spoken(row)}）" for row in codes]
    reasons += [f"{row.get('reason') or row.get('flag')}（第18条）" for row in boundary]
    reasons += [f"{item.get('note')}（第13条）" for item in criteria.get("items") or () if item.get("note")]
    if criteria.get("advice"):
        reasons.append(f"{_text(criteria['advice'])}（第13条，由人权衡）")
    return reasons


def _spoken(row: Mapping[str, Any]) -> str:
    article = str(row.get("article") or _article(str(row["code"])))
    number, _bracket, item = article.rstrip(")").partition("(")
    return f"{number}条第{item}项" if item else f"{number}条"


def _text(advice: Any) -> str:
    """The advice of a table, whether it came as text or as a row with ``advice``."""
    return str(advice.get("advice")) if isinstance(advice, Mapping) else str(advice)
