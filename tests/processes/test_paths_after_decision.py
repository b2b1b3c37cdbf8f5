"""The paths from the signed decision to the archive, and prevention, one story each, at the engine's level."""

from datetime import UTC, date

import pytest

from tests.processes import drawn
from workflow_service import engine
from workflow_service.engine import inputs
from workflow_service.errors import Conflict


def test_signing_starts_correction_and_result_use_in_the_same_step() -> None:
    case = drawn.signed(drawn.resolved_simply())
    assert case.runs("correction") == ["s1", "s2"]
    assert (case.shared["status"], case.shared["window_open"]) == ("decided", False)
    assert case.shared["outcomes"] == [
        {"subject_id": "s1", "outcome": "EXEMPT"},
        {"subject_id": "s2", "outcome": "EXEMPT"},
    ]
    assert case.runs("result_use") == [""]
    assert case.runs("accountability") == []
    assert sorted(case.letters()[-3:]) == ["T14_decision", "T14_decision", "T32_filing"]


def test_correction_begins_in_the_very_step_of_signing() -> None:
    case = drawn.resolved_simply()
    case.do("draft_decision")
    case.do("check_draft", approved=True)
    signing = inputs.Submitted(case.task("sign_decision").at, {"decision_date": "2026-09-01"}, "signer1")
    step = engine.advance(drawn.program(), case.family, signing, case.now.astimezone(UTC), drawn.calendar())
    assert {"correction", "result_use"} <= {run.process for run in step.family.runs.values()}
    assert {task.at.element for task in step.opened} >= {
        "draft_correction_notice",
        "supervise_correction",
        "use_result",
    }
    due = {task.due for task in step.opened if task.at.element == "draft_correction_notice"}
    assert {one.astimezone(drawn.SHANGHAI).date() for one in due if one} == {date(2026, 9, 8)}


def test_a_draft_or_a_signature_can_be_refused() -> None:
    case = drawn.resolved_simply()
    case.do("draft_decision")
    case.do("check_draft", approved=False)
    case.do("draft_decision")
    case.do("check_draft", approved=True)
    case.do("sign_decision", approved=False)
    assert case.open() == ["draft_decision"]
    assert case.shared.get("decision") is None


def test_split_outcomes_lead_to_correction_of_one_and_accountability_of_the_other() -> None:
    case = drawn.investigated(drawn.accepted())
    case.do("draft_opinion", outcomes=drawn.outcomes("EXEMPT", "NOT_TOLERATED"))
    case.do("consult_personnel", opinion="agree")
    case.do("consult_discipline", opinion="agree")
    case.do("record_meeting", resolution="通过")
    drawn.signed(case)
    assert (case.runs("correction"), case.runs("accountability")) == (["s1"], ["decision"])
    case.do("determine_accountability", determined=True, organ="市纪委", grounds="谋私")
    case.do("record_handover", result_known=False)
    case.do("record_handover", result_known=True)
    assert "T23_handover" in case.letters()


def test_a_decision_that_cannot_be_served_is_served_by_hand() -> None:
    case = drawn.resolved_simply()
    case.fails["notification.serve"] = "ERR_SERVE"
    drawn.signed(case)
    assert "record_service" in case.open()
    case.do("record_service", channel="mail", signed=False)
    papers = [given for name, given in case.called if name == "notification.issue_letter"]
    assert next(one["fields"]["signed"] for one in papers if one["template"] == "T15_service") == "受送达人没有签收"


def corrected(case: drawn.Case, of: str) -> drawn.Case:
    case.do("draft_correction_notice", of, reason="事由", requirements=[{"text": "改"}], rectify_by="2026-10-30")
    case.do("sign_correction_notice", of, approved=True)
    return case


def test_the_notice_is_due_on_the_fifth_working_day_and_a_breach_leaves_the_task_open() -> None:
    case = drawn.signed(drawn.resolved_simply())
    assert case.task("draft_correction_notice", "s1").due.astimezone(drawn.SHANGHAI).date() == date(2026, 9, 24)  # type: ignore[union-attr]
    case.wait_until(date(2026, 9, 22), 1)
    assert [given["title"] for operation, given in case.called if operation == "notification.notify"].count(
        "纠错通知书即将到期"
    ) == 2
    corrected(case, "s2")
    case.wait_until(date(2026, 9, 25), 0)
    assert [one["object"] for one in case.shared["breaches"]] == ["s1"]
    corrected(case, "s1")
    assert case.open().count("plan_correction") == 2


def test_a_correction_is_urged_redone_and_accepted() -> None:
    case = corrected(drawn.signed(drawn.resolved_simply()), "s1")
    case.do("supervise_correction", "s1", kind="remind", text="请抓紧")
    case.do("supervise_correction", "s1", kind="inquire", text="请说明")
    case.do("reply_inquiry", reply="说明")
    case.do("plan_correction", recognition="检讨")
    case.do("report_correction", done=[])
    case.do("accept_correction", result="redo", rectify_by="2026-11-30", reason="不足")
    case.do("report_correction", done=[])
    case.do("accept_correction", result="pass")
    assert case.shared["closed_corrections"] == ["s1"]
    assert [task.at.element for task in case.tasks() if task.at.run == "r3"] == []
    assert case.letters().count("T21_acceptance") == 2


def test_an_accepted_correction_waits_for_a_record_of_urging() -> None:
    case = drawn.signed(drawn.resolved_simply())
    case.do("draft_correction_notice", "s1", report_required=False, rectify_by="2026-10-30")
    case.do("sign_correction_notice", "s1")
    case.do("accept_correction", result="pass")
    case.do("supervise_correction", "s1", kind="other", text="约谈")
    assert [one for one in case.shared["runs"] if one["key"] == "s1"][0]["open"] is False


def test_a_third_redo_is_a_refusal_and_goes_to_accountability() -> None:
    case = corrected(drawn.signed(drawn.resolved_simply()), "s1")
    case.do("supervise_correction", "s1", kind="remind", text="请抓紧")
    case.do("plan_correction", recognition="检讨")
    for _ in range(3):
        case.do("report_correction", done=[])
        case.do("accept_correction", result="redo", rectify_by="2026-11-30")
    assert case.runs("accountability") == ["s1"]
    assert "determine_accountability" in case.open()


def test_an_overdue_report_brings_a_proposal_to_the_superior() -> None:
    case = corrected(drawn.signed(drawn.resolved_simply()), "s1")
    case.do("plan_correction", recognition="检讨")
    case.wait_until(date(2026, 10, 31))
    assert [given["text"] for _, given in case.called if given.get("title") == "整改逾期，请督促"] == [
        "“甲局领导班子”未按期报告整改，建议采取：提醒"
    ]


def test_visits_are_made_in_the_first_third_sixth_and_twelfth_month() -> None:
    case = drawn.signed(drawn.resolved_simply())
    case.do("use_result", items=[])
    assert case.runs("follow_up") == ["s1", "s2"]
    for day in (date(2026, 10, 18), date(2026, 12, 18), date(2027, 3, 18)):
        assert "visit" not in case.open()
        case.wait_until(day)
        case.do("visit", "s1", work="好")
        case.do("visit", "s2", work="好", left=day == date(2027, 3, 18))
    case.wait_until(date(2027, 9, 18))
    case.do("visit", "s1", work="好")
    assert {one["open"] for one in case.shared["runs"] if one["process"] == "follow_up"} == {False}


def test_a_false_accusation_is_clarified_with_the_persons_consent_and_the_malice_referred() -> None:
    case = drawn.investigated(drawn.accepted(circumstances_simple=True, general_consensus=True), accused_falsely="yes")
    case.do("draft_simple_decision", proposal="EXEMPT", grounds="理由")
    case.do("record_meeting", resolution="通过")
    drawn.signed(case)
    case.do("verify_accusation", verdict="malicious", wish=True, issue="收钱", grounds="查无此事")
    assert "T27_false_accusation" in case.letters()
    case.do("draft_clarification", issue="收钱", finding="不实", exposes_accuser=True)
    case.do("draft_clarification", issue="收钱", finding="不实", exposes_accuser=False)
    case.do("issue_clarification", approved=True)
    assert case.letters()[-1] == "T26_clarification"


def test_what_cannot_be_verified_is_not_clarified() -> None:
    case = drawn.investigated(drawn.accepted(circumstances_simple=True, general_consensus=True), accused_falsely="yes")
    case.do("draft_simple_decision", proposal="EXEMPT", grounds="理由")
    case.do("record_meeting", resolution="通过")
    drawn.signed(case)
    case.do("verify_accusation", verdict="unverifiable")
    assert "draft_clarification" not in case.open()


def test_a_case_without_correction_is_archived_when_all_is_done() -> None:
    case = drawn.investigated(drawn.accepted())
    case.do("draft_opinion", outcomes=drawn.outcomes("NOT_TOLERATED"))
    case.do("consult_personnel", opinion="agree")
    case.do("consult_discipline", opinion="agree")
    case.do("record_meeting", resolution="通过")
    drawn.signed(case)
    assert case.open() == ["determine_accountability"]
    case.do("determine_accountability", determined=False)
    case.do("review_archive", accepted=False, reason="缺回证")
    case.do("review_archive", accepted=True, retention="permanent")
    assert case.shared["status"] == "archived"
    with pytest.raises(Conflict):
        case.say("resumption_requested", "F1", reason="无")


def test_signs_are_warned_of_until_they_are_gone() -> None:
    case = drawn.Case()
    case.begin("early_warning", unit="丙局", signs="采购拆分", advice="加强审核", review_date="2026-10-09")
    case.do("remind_early", kind="letter", text="提醒")
    assert case.letters() == ["T28_warning"]
    case.do("review_warning", resolved=False, review_date="2026-11-09")
    case.do("remind_early", kind="talk", text="再提醒")
    assert case.task("review_warning").due.date() == date(2026, 11, 9)
    case.do("review_warning", resolved=True)
    assert case.open() == ["review_archive"]


def test_a_typical_case_is_published_only_with_consent_and_approval() -> None:
    case = drawn.Case()
    case.begin("typical_case", title="一起容缺受理", summary="摘要")
    case.do("ask_subject_consent", agree=True)
    case.do("approve_typical_case", approved=True)
    assert ("archival.publish_typical_case" in dict(case.called)) is True
    silent = drawn.Case()
    silent.begin("typical_case", title="一起容缺受理", summary="摘要")
    silent.wait_until(date(2026, 9, 16))
    assert ("archival.publish_typical_case" in dict(silent.called), silent.open()) == (False, ["review_archive"])
    refused = drawn.Case()
    refused.begin("typical_case", title="一起容缺受理", summary="摘要")
    refused.do("ask_subject_consent", agree=True)
    refused.do("approve_typical_case", approved=False)
    assert "archival.publish_typical_case" not in dict(refused.called)


def test_every_subject_is_asked_and_one_refusal_keeps_a_case_out() -> None:
    subjects = [{"id": "s1", "account": None}, {"id": "s2", "account": "party2"}]
    for last in (True, False):
        case = drawn.Case(asked=subjects)
        case.begin("typical_case", title="一起容缺受理", summary="摘要")
        assert sorted(task.assignees for task in case.tasks()) == [(), ("party2",)]
        case.do("ask_subject_consent", "party2", agree=True)
        case.do("ask_subject_consent", agree=last)
        assert case.open() == (["approve_typical_case"] if last else ["review_archive"])


def test_a_missing_receipt_is_asked_for() -> None:
    case = drawn.investigated(drawn.accepted())
    case.do("draft_opinion", outcomes=drawn.outcomes("NOT_TOLERATED"))
    case.do("consult_personnel", opinion="agree")
    case.do("consult_discipline", opinion="agree")
    case.do("record_meeting", resolution="通过")
    drawn.signed(case)
    case.do("determine_accountability", determined=True)
    case.wait_until(date(2026, 10, 14))
    assert case.called[-1][1]["title"] == "请登记移送回执"
    assert case.open() == ["record_handover"]
