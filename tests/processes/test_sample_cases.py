"""Eight sample cases, each from application to archive, in the words of the people who live it."""

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import Story, at, form_and_evaluate, panel_meets, text_of
from workflow_service import errors


def test_1_a_simple_case_everybody_agrees_on_is_exempted_and_corrected_in_time(town: city.City) -> None:
    town.time = at(2026, 8, 31)
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", "6.1")))
    story.is_accepted(simple=True, consensus=True)
    story.is_investigated("4.1", "6.1", excel_motive="yes", new_approach="yes", external_cause="yes", goal_unmet="yes")
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))

    story.is_decided(at(2026, 9, 18))

    assert town.outcomes(story.number) == {"s1": "EXEMPT"}
    assert story.due("draft_correction_notice") == "2026-09-24"  # 20 September is a working Sunday, 25 a holiday
    story.corrects(at(2026, 9, 23))
    notice = town.shared(story.number)["notices"][0]
    assert notice["in_time"] is True
    assert town.shared(story.number)["breaches"] == []
    story.ends_in_the_archive(visits=4)
    assert {"T03_acceptance", "T05_rights", "T13_minutes", "T14_decision", "T16_correction_notice"} <= {
        one.template for one in town.documents(story.number)
    }


def test_2_an_open_accountability_procedure_is_terminated_in_a_county(town: city.City) -> None:
    story = Story(
        town,
        town.open(
            "applicant_east_1", "intake",
            **answers.application(
                "9.4", subjects=[{"kind": "person", "name": "乙", "org": "政务中心", "org_type": "public_institution", "post": "窗口人员"}],
                accountability_case_ref="问责〔2026〕3号", requested_outcome="TERMINATE",
            ),
        ),
    )  # fmt: skip
    story.is_accepted(simple=True, consensus=True)
    story.is_investigated("9.4", nonessential_items_deferred="yes", streamlining="yes")
    story.does("draft_simple_decision", proposal="TERMINATE")
    story.does("record_meeting", **answers.meeting({"s1": "TERMINATE"}, story.committee()))

    story.is_decided(at(2026, 2, 13))

    assert town.outcomes(story.number) == {"s1": "TERMINATE"}
    assert story.variant() == ""  # this county has no rules of its own and runs on the city's
    assert story.due("draft_correction_notice") == "2026-02-27"
    story.corrects(at(2026, 2, 14))
    story.ends_in_the_archive(visits=4)


def test_3_a_panel_of_seven_advises_and_the_committee_decides_for_each_subject(town: city.City) -> None:
    town.time = at(2026, 3, 2)
    subjects = [
        {"kind": "person", "name": "总经理", "org": "丙公司", "org_type": "soe"},
        {"kind": "leading_body", "name": "丙公司董事会", "org": "丙公司", "org_type": "soe"},
    ]
    story = Story(town, town.open("applicant_1", "intake", **answers.application("6.4", "4.2", subjects=subjects)))
    story.is_accepted(impact=True)
    story.is_investigated(
        "6.4", "4.2", mixed_ownership="yes", no_precedent="yes", state_equity_loss_major="no", loss_level="moderate",
        collective="yes", risk_assessed="yes", safeguards_preset="yes",
    )  # fmt: skip
    form_and_evaluate(story, dissenter="panel_expert_2")
    outcomes = {"s1": "LIGHTEN", "s2": "EXEMPT"}
    panel_meets(story, outcomes)
    story.does("record_meeting", **answers.meeting(outcomes, story.committee()))

    story.is_decided(at(2026, 4, 30))

    assert town.outcomes(story.number) == outcomes
    corrections = [one for one in story.elements() if one == "draft_correction_notice"]
    assert len(corrections) == 2
    assert story.due("draft_correction_notice") == "2026-05-11"
    opinion = next(one for one in town.documents(story.number) if one.template == "T12_panel_opinion")
    with town.look() as session:
        kept = session.get_one(city.tables.Attachment, opinion.attachment_id)
        assert "不同意从轻" in text_of(kept.content)
    story.holds()


def test_4_statements_oral_and_written_are_each_answered_before_signing(town: city.City) -> None:
    town.time = at(2026, 8, 31)
    subjects = [{"kind": "person", "name": "丁", "org": "应急局", "org_type": "party_government", "account": "party_1"}]
    story = Story(town, town.open("applicant_1", "intake", **answers.application("10.1", "10.2", subjects=subjects)))
    story.is_accepted()
    oral = {
        "party": "s1",
        "mode": "oral",
        "note_taker": "clerk_2",
        "read_back_confirmed": True,
        "content": "当晚情况紧急，先行调用物资。",
    }
    first = town.send("clerk_2", story.number, "statement_received", **oral, party_signature="signed")
    second = town.send("clerk_2", story.number, "statement_received", **oral, party_signature="refused")
    third = town.send(
        "party_1", story.number, "statement_received", party="s1", mode="written", content="补充说明材料。"
    )
    for _ in range(3):
        story.does("register_appeal")
    for _ in range(3):
        story.does("answer_appeal", effect="none")
    story.is_investigated(
        "10.1", "10.2", statements=(first, second, third), emergency="yes", no_time_collective="yes", avoids_greater_harm="yes",
        steps_skipped="yes", fixed_afterwards="yes", need_matched="yes", bought_before_approval="yes",
        c_process={"rating": "not_applicable", "reason": "来不及集体研究"},
    )  # fmt: skip
    story.does(
        "draft_opinion",
        outcomes=[{"subject_id": "s1", "outcome": "EXEMPT", "grounds": "应急处置"}],
        opinion="建议免于问责",
    )
    story.does("consult_personnel")
    story.does("consult_discipline")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
    story.does("draft_decision")
    story.does("check_draft")
    town.time = at(2026, 10, 3)
    late = town.send(
        "party_1", story.number, "statement_received", party="s1", mode="written", content="签发前再作说明。"
    )
    with pytest.raises(errors.Invalid):
        story.does("sign_decision", decision_date="2026-10-03")
    assert late == "S4"
    story.does("register_appeal")
    story.does("answer_appeal", effect="none")

    story.does("sign_decision", decision_date="2026-10-03")

    assert town.outcomes(story.number) == {"s1": "EXEMPT"}
    assert story.due("draft_correction_notice") == "2026-10-13"  # decided on a holiday Saturday
    story.holds()


def test_5_private_gain_ends_in_a_collective_negative_determination(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("8.3", "12")))
    story.is_accepted()
    story.is_investigated(
        "8.3", "12", no_private_gain="no", no_breach="no", breach_signs=True, residual_reason="自称改革需要" * 20,
        second_reviewer="investigator_3",
    )  # fmt: skip
    story.does("review_boundary", conclusion="discipline", hand_over=True, reason="亲属企业中标")
    town.settle()
    if "draft_opinion" in story.elements():
        story.does(
            "draft_opinion",
            outcomes=[{"subject_id": "s1", "outcome": "NOT_TOLERATED", "grounds": "谋私"}],
            opinion="不予容错",
        )
        story.does("consult_personnel")
        story.does("consult_discipline")
    else:
        form_and_evaluate(story)
        panel_meets(story, {"s1": "NOT_TOLERATED"})
    story.does("record_meeting", **answers.meeting({"s1": "NOT_TOLERATED"}, story.committee()))

    story.is_decided(at(2026, 3, 20))

    assert town.outcomes(story.number) == {"s1": "NOT_TOLERATED"}
    assert "draft_correction_notice" not in story.elements()
    assert "use_result" not in story.elements()
    story.does(
        "determine_accountability", members_due=5, attendees=story.committee(),
        votes=[{"user": name, "vote": "for"} for name in story.committee()], determined=True, grounds="借容错谋私",
        abuse="private_gain", organ="监察委员会", resolution="移送",
    )  # fmt: skip
    town.wait(days=1)
    story.does("record_handover")
    story.ends_in_the_archive(visits=0)


def test_6_a_person_falsely_accused_is_cleared_without_searching_the_accuser(town: city.City) -> None:
    subjects = [{"kind": "person", "name": "庚", "org": "己镇", "org_type": "party_government"}]
    story = Story(town, town.open("applicant_1", "intake", **answers.application("5.3", subjects=subjects)))
    story.is_accepted()
    story.is_investigated(
        "5.3", lawful="yes", unforeseen="yes", accused_falsely="yes", false_accusation_signs=True, loss_level="none"
    )
    story.does(
        "draft_opinion",
        outcomes=[{"subject_id": "s1", "outcome": "EXEMPT", "grounds": "受到诬告"}],
        opinion="建议免于问责",
    )
    story.does("consult_personnel")
    story.does("consult_discipline")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
    story.is_decided(at(2026, 3, 20))

    story.does(
        "verify_accusation",
        verdict="malicious",
        issue="收受好处",
        grounds="查无实据，系捏造",
        wish=True,
        scope="镇机关",
        mode="meeting",
    )
    story.does("draft_clarification", finding="所反映问题不实", exposes_accuser=False)
    story.does("issue_clarification", approved=True)

    papers = {one.template for one in town.documents(story.number)}
    assert {"T26_clarification", "T27_false_accusation"} <= papers
    story.corrects(at(2026, 3, 24))
    story.ends_in_the_archive(visits=4)


def test_9_a_notice_sent_one_day_late_stays_visible_and_the_duty_stays_open(town: city.City) -> None:
    town.time = at(2026, 7, 1)
    story = Story(town, town.open("applicant_1", "intake", **answers.application("7.2")))
    story.is_accepted(simple=True, consensus=True)
    story.is_investigated(
        "7.2", legacy_issue="yes", unconventional_effective="yes", loss_level="minor", impact_level="limited"
    )
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
    story.is_decided(at(2026, 7, 20))
    assert story.due("draft_correction_notice") == "2026-07-27"
    story.does("draft_correction_notice")
    town.time = at(2026, 7, 28)
    town.settle()

    story.does("sign_correction_notice")

    shared = town.shared(story.number)
    assert [one["object"] for one in shared["breaches"]] == ["s1"]
    assert shared["notices"][0]["in_time"] is False
    story.does("supervise_correction", kind="remind")
    story.does("supervise_correction", kind="inquire", text="请说明未整改的原因", reply_by="2026-08-18")
    assert story.due("reply_inquiry") == "2026-08-18"  # fifteen working days
    story.does("reply_inquiry", "party_1")
    story.does("plan_correction", "party_1")
    story.does("report_correction", "party_1")
    story.does("accept_correction", result="redo", rectify_by="2026-12-20", reason="措施未落实")
    story.does("report_correction", "party_1")
    story.does("accept_correction", result="pass")
    assert town.outcomes(story.number) == {"s1": "EXEMPT"}
    story.ends_in_the_archive(visits=4)


def test_11_a_private_firm_is_out_of_scope_and_the_bureau_comes_again(town: city.City) -> None:
    outsider = Story(
        town,
        town.open(
            "applicant_west_1", "intake",
            **answers.application("8.1", subjects=[{"kind": "leading_body", "name": "某建设公司", "org": "某建设公司", "org_type": "other"}]),
        ),
    )  # fmt: skip
    outsider.does("review_acceptance", in_scope=False, decision="reject", reason="私营企业不属于适用范围")
    outsider.ends_in_the_archive(visits=0)
    assert town.shared(outsider.number)["end"] == "OUT_OF_SCOPE"

    lapsed = Story(town, town.open("applicant_west_1", "intake", **answers.application("12")))
    lapsed.does(
        "review_acceptance",
        materials_complete=False,
        decision="supplement",
        missing_items=["会议记录"],
        reason="缺少会议记录",
    )
    town.wait(days=20)
    lapsed.ends_in_the_archive(visits=0)
    assert town.shared(lapsed.number)["end"] == "LAPSED"

    story = Story(
        town, town.open("applicant_west_1", "intake", **answers.application("12", prefiling_ref="西容备〔2025〕3号"))
    )
    assert [one.variant() for one in (outsider, lapsed, story)] == ["V1", "V1", "V1"]
    assert story.due("review_acceptance") == "2026-01-28"  # three working days in this county, five in the city
    story.does("review_acceptance", duplicate_of=lapsed.number)
    assert town.shared(story.number)["related"] == [lapsed.number]
    assert town.case(story.number).related == [lapsed.number]
    story.does("propose_route", **answers.route(complex_=True))
    story.does("approve_route", **answers.route(complex_=True))
    story.is_investigated(
        "12", residual_reason="属于其他可以容错的情形，" * 10, second_reviewer=story.named("investigator_3"), residual_reason_given="yes",
        second_reviewer_ok="yes",
    )  # fmt: skip
    form_and_evaluate(story)
    panel_meets(story, {"s1": "EXEMPT"})
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
    story.is_decided(at(2026, 4, 2))
    assert town.outcomes(story.number) == {"s1": "EXEMPT"}
    story.corrects(at(2026, 4, 3))
    story.ends_in_the_archive(visits=4)
