"""What the city's forms refuse, rule by rule."""

from typing import Any

import pytest

from tests.bundles import sheets

APPLICATION = {
    "applicant_kind": "unit", "matter": "新办法试点", "situation_codes": ["4.1"], "facts": "经过", "declaration": True,
    "subjects": [{"kind": "leading_body", "name": "甲局"}, {"kind": "person", "name": "乙某"}],
}  # fmt: skip
ACCEPTED = {"in_scope": True, "jurisdiction_ok": True, "materials_complete": True, "decision": "accept"}
MEETING = {
    "members_due": 7,
    "attendees": ["a", "b", "c", "d"],
    "votes": [{"user": "a", "vote": "for"}],
    "resolution": "同意",
}
ORAL = {"party": "s1", "mode": "oral", "content": "说明"}
RATING = {"rating": "not_applicable", "reason": "说明"}
REPORT: dict[str, Any] = {
    "situation_codes": ["10.1"], "in_scope": True, "purpose": "stability", "deviation": True, "no_breach": True, "diligent": True,
    "no_private_gain": True, "breach_signs": False, **dict.fromkeys(("c_motive", "c_nature", "c_process", "c_result"), RATING),
}  # fmt: skip


def appeals(*opened: bool) -> dict[str, Any]:
    runs = [
        {"run": f"r{at}", "process": "appeal", "key": f"S{at}", "open": still} for at, still in enumerate(opened, 2)
    ]
    return {"runs": [{"run": "r1", "process": "confirmation", "key": "", "open": True}, *runs]}


def refused(name: str, answers: dict[str, Any], **known: Any) -> dict[str, str]:
    case = known.pop("case", None)
    return sheets.wrong(sheets.city(name), answers, sheets.around(case, **known))


def test_an_application_numbers_its_subjects() -> None:
    stored = sheets.check(sheets.city("submit_application"), APPLICATION)

    assert [one["id"] for one in stored["subjects"]] == ["s1", "s2"]


def test_an_application_needs_its_declaration() -> None:
    assert refused("submit_application", {**APPLICATION, "declaration": False}) == {"declaration": "check"}


def test_ending_a_procedure_presupposes_one() -> None:
    wanted = {**APPLICATION, "requested_outcome": "TERMINATE"}

    assert refused("submit_application", wanted) == {"accountability_case_ref": "check"}
    assert refused("submit_application", {**wanted, "accountability_case_ref": "丽纪〔2026〕3号"}) == {}


def test_an_attachment_with_another_digest_is_refused() -> None:
    attached = {"type": "会议纪要", "file": "f1", "sha256": "f" * 64}

    assert refused("submit_application", {**APPLICATION, "attachments": [attached]}) == {"attachments": "check"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, {}),
        ({"in_scope": False}, {"in_scope": "check"}),
        ({"decision": "reject"}, {"reason": "required"}),
        ({"decision": "supplement", "reason": "缺"}, {"missing_items": "required"}),
        ({"decision": "transfer", "reason": "非本机关"}, {}),
        ({"decision": "reject", "reason": "民营企业", "in_scope": False}, {}),
    ],
)
def test_acceptance_gives_its_reasons(changed: dict[str, Any], expected: dict[str, str]) -> None:
    assert refused("review_acceptance", {**ACCEPTED, **changed}) == expected


def test_a_chief_begins_from_the_proposal() -> None:
    proposal = {"circumstances_simple": True, "general_consensus": True, "complex": False, "social_impact_large": False}

    stored = sheets.check(sheets.city("approve_route"), {}, sheets.around(propose_route=proposal))

    assert stored == {**proposal, "approved": True}


def test_an_investigation_has_two_people_without_conflict() -> None:
    plan = {"team": ["wu", "he"], "plan": "核实决策经过"}

    assert refused("plan_investigation", {**plan, "team": ["wu"]}) == {"team": "too_few"}
    assert refused("plan_investigation", {**plan, "recusal_declared": [True, False]}) == {"recusal_declared": "check"}
    assert refused("plan_investigation", {**plan, "recusal_declared": [True, True]}) == {}


def test_a_report_leaves_no_general_condition_blank() -> None:
    gate = ("in_scope", "purpose", "deviation", "no_breach", "diligent", "no_private_gain")

    assert refused("report_investigation", {k: v for k, v in REPORT.items() if k not in gate}) == dict.fromkeys(
        gate, "required"
    )


def test_a_report_considers_every_statement() -> None:
    case = appeals(False, False)

    assert refused("report_investigation", {**REPORT, "statements_considered": ["S2"]}, case=case) == {
        "statements_considered": "check"
    }
    assert refused("report_investigation", {**REPORT, "statements_considered": ["S2", "S3"]}, case=case) == {}


def test_the_residual_clause_needs_a_reason_and_a_second_reviewer() -> None:
    residual = {**REPORT, "situation_codes": ["12"]}

    assert refused("report_investigation", residual) == {"residual_reason": "required", "second_reviewer": "required"}
    by_oneself = {**residual, "residual_reason": "符合精神，理由充分，逐条说明如下", "second_reviewer": "p0"}
    assert refused("report_investigation", by_oneself) == {"second_reviewer": "check"}


def test_a_report_says_that_the_residual_reason_is_given() -> None:
    answers = {
        **REPORT,
        "situation_codes": ["12"],
        "residual_reason": "符合精神，理由充分，逐条说明",
        "second_reviewer": "wu",
    }

    assert sheets.check(sheets.city("report_investigation"), answers)["residual_reason_given"] == "yes"


def test_a_criterion_that_does_not_apply_is_no_fault() -> None:
    chinese = {**REPORT, "c_process": {"rating": "不适用", "reason": "台风夜来不及集体研究"}}

    assert sheets.check(sheets.city("report_investigation"), chinese)["c_process"]["rating"] == "not_applicable"


@pytest.mark.parametrize(
    ("path", "ref", "outcome", "code"),
    [
        ("simple", None, "EXEMPT", None),
        ("simple", None, "TERMINATE", "option"),  # nothing to end
        ("simple", "丽纪〔2026〕3号", "TERMINATE", None),
        ("simple", "丽纪〔2026〕3号", "LIGHTEN", "option"),  # article 14 knows two results
        ("standard", None, "NOT_TOLERATED", None),
        ("standard", None, "TERMINATE", "option"),
        ("panel", "丽纪〔2026〕3号", "TERMINATE", None),
    ],
)
def test_a_meeting_decides_only_what_its_path_offers(
    path: str, ref: str | None, outcome: str, code: str | None
) -> None:
    answers = {**MEETING, "outcomes": [{"subject_id": one, "outcome": outcome} for one in ("s1", "s2")]}
    known = {"decision_path": path, "submit_application": {"accountability_case_ref": ref}}

    found = refused("record_meeting", answers, **known)

    assert found == ({f"outcomes.{row}.outcome": code for row in (0, 1)} if code else {})


def test_a_meeting_forgets_no_subject() -> None:
    opinion = {"outcomes": [{"subject_id": one, "outcome": "EXEMPT", "grounds": "理由"} for one in ("s1", "s2")]}
    only_one = {**MEETING, "outcomes": [{"subject_id": "s1", "outcome": "EXEMPT"}]}

    assert refused("record_meeting", only_one, decision_path="standard", draft_opinion=opinion) == {"outcomes": "check"}
    assert refused("record_meeting", MEETING, decision_path="standard", draft_opinion=opinion) == {}


def test_a_meeting_takes_over_the_proposal_for_every_subject() -> None:
    known = {"decision_path": "simple", "draft_simple_decision": {"proposal": "EXEMPT", "grounds": "理由"}}

    stored = sheets.check(sheets.city("record_meeting"), MEETING, sheets.around(**known))

    assert stored["outcomes"] == [{"subject_id": one, "outcome": "EXEMPT", "grounds": "理由"} for one in ("s1", "s2")]


def test_a_deferred_meeting_has_no_outcome() -> None:
    assert refused("record_meeting", {**MEETING, "deferred": True}, decision_path="standard") == {}


def test_departing_from_the_panel_needs_a_reason() -> None:
    advised = [{"subject_id": one, "outcome": "EXEMPT"} for one in ("s1", "s2")]
    known = {"decision_path": "panel", "issue_panel_opinion": {"outcomes": advised}}
    answers = {**MEETING, "outcomes": [{**advised[0], "outcome": "LIGHTEN"}, advised[1]]}

    assert refused("record_meeting", answers, **known) == {"departure_reason": "required"}
    assert refused("record_meeting", {**answers, "departure_reason": "情节较重"}, **known) == {}


@pytest.mark.parametrize("form", ["record_meeting", "determine_accountability"])
def test_one_person_is_no_meeting(form: str) -> None:
    alone = {"members_due": 1, "attendees": ["a"], "votes": [{"user": "a", "vote": "同意"}]}
    more = {"resolution": "同意", "outcomes": [{"subject_id": one, "outcome": "EXEMPT"} for one in ("s1", "s2")]}
    rest = more if form == "record_meeting" else {"determined": True, "grounds": "理由", "organ": "监察委员会"}

    assert refused(form, {**alone, **rest}, decision_path="standard") == {"members_due": "too_small"}


def test_nobody_votes_twice() -> None:
    twice = {**MEETING, "deferred": True, "votes": [{"user": "a", "vote": "同意"}, {"user": "a", "vote": "反对"}]}

    assert refused("record_meeting", twice) == {"votes": "check"}


def test_a_decision_says_what_the_meeting_resolved() -> None:
    known = {
        "resolution_outcomes": [{"subject_id": "s1", "outcome": "EXEMPT"}, {"subject_id": "s2", "outcome": "LIGHTEN"}],
        "record_meeting": {"resolution": "同意"}, "report_investigation": {"situation_codes": ["4.1"]}, "submit_application": {"facts": "经过"},
    }  # fmt: skip
    other = [{"subject_id": "s1", "outcome": "EXEMPT"}, {"subject_id": "s2", "outcome": "EXEMPT"}]

    drawn = sheets.check(sheets.city("draft_decision"), {}, sheets.around(**known))

    assert drawn["outcomes"][1] == {
        "subject_id": "s2",
        "outcome": "LIGHTEN",
        "grounds": "同意",
        "codes": ["4.1"],
        "facts": "经过",
    }
    assert refused("draft_decision", {"outcomes": other}, **known) == {"outcomes": "check"}
    assert refused("draft_decision", {"outcomes": other[:1]}, **known) == {"outcomes": "check"}


def test_a_decision_cannot_be_signed_while_a_statement_is_unanswered() -> None:
    from_now = sheets.around(appeals(False, True))

    assert sheets.wrong(sheets.city("sign_decision"), {}, from_now) == {"": "check"}
    assert sheets.wrong(sheets.city("sign_decision"), {}, sheets.around(appeals(False, False))) == {}


def test_the_signing_date_is_today_unless_given_and_never_tomorrow() -> None:
    assert sheets.check(sheets.city("sign_decision"), {})["decision_date"] == "2026-09-18"
    assert refused("sign_decision", {"decision_date": "2026-09-19"}) == {"decision_date": "check"}


def test_a_decision_that_was_signed_on_paper_before_it_was_entered_keeps_its_date() -> None:
    held = {
        "record_meeting": {"meeting_date": "2026-09-16"}
    }  # the day on which it was recorded, unless somebody says otherwise

    assert refused("sign_decision", {"decision_date": "2026-02-13"}, **held) == {}


def test_a_meeting_is_not_dated_after_today() -> None:
    tomorrow = {**MEETING, "meeting_date": "2026-09-19", "deferred": True}
    assert refused("record_meeting", tomorrow, decision_path="standard") == {"meeting_date": "check"}


def test_the_signer_cannot_change_the_outcomes() -> None:
    drafted = [{"subject_id": "s1", "outcome": "EXEMPT", "grounds": "理由"}]
    known = {"draft_decision": {"outcomes": drafted}}

    assert refused("sign_decision", {"outcomes": [{"subject_id": "s1", "outcome": "LIGHTEN"}]}, **known) == {
        "outcomes": "read_only"
    }
    assert sheets.check(sheets.city("sign_decision"), {}, sheets.around(**known))["outcomes"] == drafted


@pytest.mark.parametrize("empty", ["reason", "requirements", "rectify_by"])
def test_a_correction_notice_is_never_incomplete(empty: str) -> None:
    notice: dict[str, Any] = {
        "object": "s1",
        "reason": "程序瑕疵",
        "requirements": ["完善制度"],
        "rectify_by": "2026-11-30",
    }

    assert refused("draft_correction_notice", notice) == {}
    assert refused("draft_correction_notice", {**notice, empty: None}) == {empty: "required"}


def test_the_object_of_a_correction_stands_in_its_run() -> None:
    notice = {"reason": "程序瑕疵", "requirements": [{"text": "完善制度"}], "rectify_by": "2026-11-30"}

    stored = sheets.check(
        sheets.city("draft_correction_notice"), notice, sheets.around(object={"id": "s2", "name": "乙某"})
    )

    assert stored["object"] == "s2"


def test_an_oral_statement_is_registered_with_its_record() -> None:
    registered = refused("register_appeal", {}, **ORAL)

    assert registered == {"note_taker": "required", "read_back_confirmed": "required", "party_signature": "required"}


def test_a_party_may_send_an_oral_statement_without_the_record() -> None:
    assert refused("register_appeal", ORAL) == {}


def test_registering_keeps_what_was_sent() -> None:
    sent = {"party": "s2", "mode": "written", "content": "说明", "received_at": "2026-09-17T10:00:00+08:00"}

    assert sheets.check(sheets.city("register_appeal"), {}, sheets.around(**sent)) == sent


def seated(*members: str) -> dict[str, Any]:
    return {
        "members": [{"user": one, "category": "专家"} for one in members],
        "chair": members[-1],
        "secretary": "qian",
    }


@pytest.mark.parametrize(
    ("count", "code"), [(1, "check"), (3, "check"), (4, "check"), (5, None), (6, "check"), (7, None)]
)
def test_a_panel_is_five_or_more_and_odd_so_that_a_majority_can_form(count: int, code: str | None) -> None:
    panel = seated(*(f"m{number}" for number in range(count)))

    assert refused("form_panel", panel) == ({"members": code} if code else {})


def test_a_panel_seats_nobody_twice_and_its_secretary_not_at_all() -> None:
    panel = seated("chen", "li", "wu", "zhou", "zhao")
    again = [*panel["members"][:-1], {"user": "chen", "category": "discipline"}]

    assert sheets.check(sheets.city("form_panel"), panel)["members"][0]["category"] == "expert"
    assert refused("form_panel", {**panel, "members": again}) == {"members": "check"}
    assert refused("form_panel", {**panel, "secretary": "chen"}) == {"secretary": "check"}


def test_a_member_evaluates_in_their_own_name() -> None:
    answers = {
        "proposed_outcome": "EXEMPT",
        "declared_no_conflict": True,
        **{one: RATING for one in REPORT if one.startswith("c_")},
    }
    known = {"member": {"user": "chen"}}

    assert sheets.check(sheets.city("evaluate"), answers, sheets.around(**known))["member_id"] == "chen"
    assert refused("evaluate", {**answers, "member_id": "fang"}, **known) == {"member_id": "read_only"}


def test_dissent_goes_with_the_panels_record() -> None:
    record = {"attendees": ["chen"], "votes": [{"user": "chen", "outcome": "EXEMPT"}], "opinion": "同意"}
    opened = {"opinions": [{"member_id": "fang", "dissent": "证据不足"}, {"member_id": "chen"}]}

    assert refused("record_panel_meeting", record, opened=opened) == {"dissents_attached": "check"}
    stored = sheets.check(
        sheets.city("record_panel_meeting"), {**record, "dissents_attached": True}, sheets.around(opened=opened)
    )
    assert stored["dissents"] == [{"user": "fang", "text": "证据不足"}]


def test_an_inquiry_may_leave_its_date_to_the_usual_fifteen_days() -> None:
    assert refused("supervise_correction", {"kind": "函询", "text": "请说明"}) == {}
    assert refused("supervise_correction", {"kind": "提醒", "text": "请抓紧"}) == {}


def test_a_correction_to_be_redone_gets_a_new_date() -> None:
    assert refused("accept_correction", {"result": "redo"}) == {"rectify_by": "required", "reason": "required"}
    assert refused("accept_correction", {"result": "pass"}) == {}


def test_the_use_of_the_result_lists_six_items() -> None:
    assert len(sheets.check(sheets.city("use_result"), {})["items"]) == 6


@pytest.mark.parametrize("name", ["check_draft", "sign_correction_notice", "issue_clarification"])
def test_sending_back_needs_an_opinion_and_silence_approves(name: str) -> None:
    assert sheets.check(sheets.city(name), {})["approved"] is True
    assert refused(name, {"approved": False}) == {"reason": "required"}


def test_the_chief_may_give_his_own_reason_for_each_of_the_four_answers() -> None:
    flags = ("circumstances_simple", "general_consensus", "complex", "social_impact_large")
    answers = {**dict.fromkeys(flags, False), "reasons": dict.fromkeys(flags, "见报告")}

    assert refused("approve_route", answers) == {}
