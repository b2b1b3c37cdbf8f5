"""The paths to the decision through the city's diagrams, one story each, at the engine's level."""

from datetime import date

import pytest

from tests.processes import drawn


def test_an_application_that_fits_is_taken_up_and_its_parties_learn_their_rights() -> None:
    case = drawn.applied()
    assert case.open() == ["review_acceptance"]
    assert case.shared["window_open"] is False
    case.do("review_acceptance", decision="accept", in_scope=True)
    assert case.shared["window_open"] is True
    assert case.letters() == ["T03_acceptance", "T05_rights"]
    case.do("propose_route", complex=False)
    case.do("approve_route", approved=False)
    case.do("propose_route", complex=False)
    case.do("approve_route", approved=True)
    assert case.runs("confirmation") == [""]
    assert case.open() == ["plan_investigation"]


def test_a_matter_out_of_scope_is_refused_and_archived() -> None:
    case = drawn.applied()
    case.do("review_acceptance", decision="reject", in_scope=False, reason="民营企业")
    assert (case.shared["end"], case.letters()) == ("OUT_OF_SCOPE", ["T03_rejection"])
    assert case.open() == ["review_archive"]
    case.do("review_archive", accepted=True, retention="10")
    assert case.shared["status"] == "archived"
    assert case.tasks() == []


def test_a_matter_of_another_organ_is_passed_on() -> None:
    case = drawn.applied()
    case.do("review_acceptance", decision="transfer", in_scope=True, transfer_to="县纪委")
    assert (case.shared["end"], case.letters()) == ("TRANSFERRED", ["T03_transfer"])


def test_a_supplement_in_time_is_reviewed_again_and_a_late_one_lapses() -> None:
    case = drawn.applied()
    case.do("review_acceptance", decision="supplement", missing_items=["会议纪要"])
    case.do("supplement_application", added="补交纪要")
    case.do("review_acceptance", decision="supplement", missing_items=["评估报告"])
    assert case.open() == ["supplement_application"]
    case.wait_until(date(2026, 9, 16))
    assert (case.shared["end"], case.open()) == ("LAPSED", ["review_archive"])


def test_a_withdrawal_before_acceptance_ends_the_application() -> None:
    case = drawn.applied()
    case.say("withdrawal_requested", "W1", reason="已自行解决")
    case.do("decide_withdrawal", granted=True)
    assert (case.shared["end"], case.open()) == ("WITHDRAWN", ["review_archive"])
    assert case.letters() == ["T31_withdrawal"]


def test_a_withdrawal_during_the_investigation_stops_it() -> None:
    case = drawn.accepted()
    case.say("withdrawal_requested", "W1", reason="已自行解决")
    case.do("decide_withdrawal", granted=True)
    assert case.open() == ["review_archive"]
    assert case.shared["window_open"] is False


def test_a_withdrawal_can_be_refused_or_turned_into_an_ex_officio_case() -> None:
    case = drawn.accepted()
    case.say("withdrawal_requested", "W1", reason="不想办了")
    case.do("decide_withdrawal", granted=True, continue_ex_officio=True)
    assert case.open() == ["plan_investigation"]
    assert case.shared["mode"] == "ex_officio"


def test_an_unclear_gate_fact_sends_the_investigators_back() -> None:
    case = drawn.accepted()
    case.do("plan_investigation", team=["inv1", "inv2"], due="2026-09-15")
    case.do("record_evidence", kind="talk", more=True)
    case.do("record_evidence", kind="document")
    case.do("report_investigation", **{**drawn.REPORT, "diligent": "unknown"})
    assert case.open() == ["record_evidence"]


def test_private_gain_goes_to_the_discipline_organ_and_never_takes_the_simple_path() -> None:
    case = drawn.investigated(drawn.accepted(circumstances_simple=True, general_consensus=True), no_private_gain="no")
    assert case.open() == ["review_boundary"]
    case.do("review_boundary", conclusion="discipline", hand_over=True)
    assert case.open() == ["draft_opinion"]
    assert case.shared["path"] == "standard"


def test_the_investigation_may_be_extended_once_and_its_delay_is_reported() -> None:
    case = drawn.accepted()
    case.wait_until(date(2026, 10, 20))
    assert case.open() == ["decide_extension", "plan_investigation"]
    case.do("decide_extension", granted=True)
    case.wait_until(date(2026, 11, 20))
    assert case.open() == ["plan_investigation"]
    assert case.called[-1][0] == "notification.notify"
    drawn.investigated(case)
    assert case.open() == ["draft_opinion"]


def test_simple_circumstances_with_consensus_are_decided_by_the_committee_at_once() -> None:
    case = drawn.resolved_simply()
    assert (case.shared["path"], case.open()) == ("simple", ["draft_decision"])
    assert "T13_minutes" in case.letters()


def test_the_matching_situations_reach_the_advice() -> None:
    case = drawn.investigated(drawn.accepted())
    codes = [one["code"] for one in case.shared["assessment"]["codes"]]
    assert codes == ["4.1", "6.1"]


def test_simple_circumstances_without_consensus_take_the_standard_path() -> None:
    case = drawn.investigated(drawn.accepted(circumstances_simple=True, general_consensus=False))
    assert case.open() == ["draft_opinion"]


@pytest.mark.parametrize("vote", [{"resolution": "未通过"}, {"resolution": "通过", "consensus_objection": True}])
def test_a_simple_case_that_fails_or_lacks_consensus_in_the_meeting_goes_to_the_standard_path(
    vote: dict[str, object],
) -> None:
    case = drawn.investigated(drawn.accepted(circumstances_simple=True, general_consensus=True))
    case.do("draft_simple_decision", proposal="EXEMPT", grounds="理由")
    case.do("record_meeting", **vote)
    assert (case.shared["path"], case.open()) == ("standard", ["draft_opinion"])


def test_a_deferred_vote_is_taken_again() -> None:
    case = drawn.investigated(drawn.accepted(circumstances_simple=True, general_consensus=True))
    case.do("draft_simple_decision", proposal="EXEMPT", grounds="理由")
    case.do("record_meeting", resolution="暂缓", deferred=True)
    assert case.open() == ["record_meeting"]


def test_the_standard_path_consults_two_departments_and_the_committee_decides() -> None:
    case = drawn.investigated(drawn.accepted())
    case.do("draft_opinion", outcomes=drawn.outcomes("LIGHTEN", "EXEMPT"))
    assert case.open() == ["consult_discipline", "consult_personnel"]
    case.do("consult_personnel", opinion="agree")
    case.do("consult_discipline", opinion="agree")
    case.do("record_meeting", resolution="未通过")
    assert case.open() == ["draft_opinion"]
    case.do("draft_opinion", outcomes=drawn.outcomes("LIGHTEN", "EXEMPT"))
    case.do("consult_discipline", opinion="agree")
    case.do("consult_personnel", opinion="disagree")
    case.do("decide_escalation", escalate=False)
    case.do("record_meeting", resolution="通过")
    assert case.open() == ["draft_decision"]


def test_a_disagreement_can_be_escalated_to_the_panel() -> None:
    case = drawn.investigated(drawn.accepted())
    case.do("draft_opinion", outcomes=drawn.outcomes("EXEMPT"))
    case.do("consult_personnel", opinion="agree")
    case.do("consult_discipline", opinion="disagree")
    case.do("decide_escalation", escalate=True)
    assert case.open() == ["form_panel"]


def formed(case: drawn.Case) -> drawn.Case:
    case.do("form_panel", by="chief1", members=drawn.MEMBERS, chair="m1", secretary="sec1")
    return case


def committed(case: drawn.Case, *accounts: str) -> drawn.Case:
    for account in accounts or tuple(str(one["user"]) for one in drawn.MEMBERS):
        case.do("commit_confidentiality", account, by=account, conflict=False, sign=True)
    return case


def opined(case: drawn.Case, *accounts: str) -> drawn.Case:
    for account in accounts or tuple(str(one["user"]) for one in drawn.MEMBERS):
        case.do("evaluate", account, by=account, member_id=account, commitment="c")
    return case


def with_panel() -> drawn.Case:
    return drawn.investigated(formed(drawn.accepted(complex=True)))


def evaluating() -> drawn.Case:
    return committed(with_panel())


def test_a_complex_matter_gets_its_panel_at_once_which_awaits_the_report() -> None:
    case = drawn.accepted(complex=True)
    assert case.open() == ["form_panel", "plan_investigation"]
    committed(formed(case))
    assert case.open() == ["plan_investigation"]
    drawn.investigated(case)
    assert case.open() == ["evaluate"] * 5
    assert {task.sealed for task in case.tasks()} == {True}


def test_the_panel_advises_and_the_committee_decides() -> None:
    case = opined(evaluating())
    assert case.open() == ["record_panel_meeting"]
    case.do("record_panel_meeting", votes=[], dissents_attached=True, opinion="意见")
    case.do("issue_panel_opinion", opinion="建议", outcomes=drawn.outcomes("LIGHTEN", "EXEMPT"))
    case.do("record_meeting", resolution="未通过")
    case.do("record_meeting", resolution="通过", outcomes=drawn.outcomes("EXEMPT"), departure_reason="理由")
    assert (case.shared["path"], case.open()) == ("panel", ["draft_decision"])


def test_a_panel_that_is_not_acceptable_is_formed_anew() -> None:
    case = drawn.accepted(complex=True)
    case.fails["assessment.check_panel"] = "ERR_PANEL"
    formed(case)
    assert case.open() == ["form_panel", "plan_investigation"]


def test_forming_the_panel_is_urged_after_three_working_days() -> None:
    case = drawn.accepted(complex=True)
    case.wait_until(date(2026, 9, 5))
    assert case.called[-1][1]["to"] == ["role:chief", "role:supervisor"]
    assert "form_panel" in case.open()


def test_a_declared_conflict_leads_to_a_new_panel() -> None:
    case = with_panel()
    committed(case, "m1", "m2", "m3", "m4")
    case.do("commit_confidentiality", "m5", by="m5", conflict=True)
    assert case.open() == ["form_panel"]


def test_late_opinions_are_urged_and_after_eight_working_days_the_chair_may_close() -> None:
    case = opined(evaluating(), "m1", "m2", "m3", "m4")
    case.wait_until(date(2026, 9, 9))
    assert case.called[-1][1]["to"] == ["m5"]
    case.wait_until(date(2026, 9, 12))
    assert case.open() == ["close_evaluation", "evaluate"]
    case.do("close_evaluation", close=True)
    assert case.open() == ["record_panel_meeting"]


def test_the_last_opinion_takes_the_chairs_closing_task_away() -> None:
    case = opined(evaluating(), "m1", "m2", "m3", "m4")
    case.wait_until(date(2026, 9, 12))
    opined(case, "m5")
    assert case.open() == ["record_panel_meeting"]


def test_without_a_quorum_the_panel_is_formed_anew() -> None:
    case = opined(evaluating())
    case.fails["assessment.check_panel_meeting"] = "ERR_QUORUM"
    case.do("record_panel_meeting", votes=[])
    assert case.open() == ["form_panel"]


def test_a_recused_member_is_replaced_and_the_others_opinions_stay() -> None:
    case = opined(evaluating(), "m1", "m2")
    case.say("recusal_requested", "H1", person="m2", ground="亲属关系")
    case.do("decide_recusal", granted=True)
    assert case.shared["recused"] == ["m2"]
    assert case.open() == ["form_panel"]
    members = [one for one in drawn.MEMBERS if one["user"] != "m2"] + [
        {"user": "m6", "category": "personnel", "org": "x"}
    ]
    case.do("form_panel", members=members, chair="m1", secretary="sec1")
    committed(case, "m6")
    assert sorted(task.assignees[0] for task in case.tasks()) == ["m3", "m4", "m5", "m6"]


def test_a_recusal_of_the_chief_is_decided_by_the_committee() -> None:
    case = drawn.accepted()
    case.say("recusal_requested", "H1", person="chief1", ground="利害关系")
    assert case.open() == ["decide_chief_recusal", "plan_investigation"]
    case.do("decide_chief_recusal", granted=False, reason="理由不成立")
    assert (case.shared["recused"], case.letters()[-1]) == ([], "T30_recusal")


def test_any_number_of_statements_is_taken_at_once_and_each_is_answered() -> None:
    case = drawn.accepted()
    for key in ("S1", "S2", "S3"):
        case.say("statement_received", key, party="s1", mode="written", content="说明")
    assert case.open() == ["plan_investigation", "register_appeal", "register_appeal", "register_appeal"]
    for key in ("S3", "S1", "S2"):
        case.do("register_appeal", key, mode="oral")
        case.do("answer_appeal", key, accepted="no", effect="none", reason="已考虑")
    assert [one["key"] for one in case.shared["statements"]] == ["S3", "S1", "S2"]
    assert case.open() == ["plan_investigation"]


def test_a_statement_can_bring_a_new_investigation_even_while_the_decision_is_drafted() -> None:
    case = drawn.resolved_simply()
    case.say("statement_received", "S1", mode="written")
    case.do("register_appeal", mode="written")
    case.do("answer_appeal", accepted="full", effect="reinvestigate", reason="有新证据")
    assert case.open() == ["plan_investigation"]
    drawn.investigated(case)
    assert case.open() == ["draft_simple_decision"]


def test_a_statement_can_bring_another_path_and_the_report_stands() -> None:
    case = drawn.investigated(drawn.accepted(circumstances_simple=True, general_consensus=True))
    case.say("statement_received", "S1", mode="written")
    case.do("register_appeal", mode="written")
    case.do("answer_appeal", accepted="part", effect="reroute", reason="情况复杂")
    assert case.open() == ["propose_route"]
    case.do("propose_route", complex=True)
    case.do("approve_route", approved=True)
    assert case.open() == ["form_panel"]
    case = opined(committed(formed(case)))
    case.do("record_panel_meeting", votes=[])
    case.do("issue_panel_opinion", outcomes=drawn.outcomes("EXEMPT"))
    case.do("record_meeting", resolution="通过")
    assert case.open() == ["draft_decision"]


def test_a_late_statement_is_replied_to_and_may_lead_to_a_reopening() -> None:
    case = drawn.signed(drawn.resolved_simply())
    case.say("statement_received", "S1", mode="written")
    case.do("register_appeal", mode="written")
    assert "answer_appeal" not in case.open()
    case.do("reply_late_appeal", reply="答复", reopen=True, reason="新证据")
    case.do("decide_reopening", granted=True)
    assert case.shared["reopened"]["ground"] == "新证据"


def test_a_suspended_case_is_resumed_on_request() -> None:
    case = drawn.accepted()
    case.say("suspension_requested", "Z1", reason_code="court", reason="等待判决")
    case.do("decide_suspension", granted=True)
    assert (case.shared["status"], case.letters()[-1]) == ("suspended", "T31_suspension")
    case.say("resumption_requested", "F1", reason="判决已出")
    case.do("decide_resumption", granted=False)
    case.say("resumption_requested", "F2", reason="判决已出")
    case.do("decide_resumption", granted=True)
    assert (case.shared["status"], case.letters()[-1]) == ("in_progress", "T31_resumption")


def test_a_refused_suspension_changes_nothing() -> None:
    case = drawn.accepted()
    case.say("suspension_requested", "Z1", reason_code="court", reason="等待判决")
    case.do("decide_suspension", granted=False, reason="不影响办理")
    assert (case.shared["status"], case.open()) == ("in_progress", ["plan_investigation"])


def test_a_withdrawal_ends_a_suspension_as_well() -> None:
    case = drawn.accepted()
    case.say("suspension_requested", "Z1", reason_code="court", reason="等待判决")
    case.do("decide_suspension", granted=True)
    case.say("withdrawal_requested", "W1", reason="已自行解决")
    case.do("decide_withdrawal", granted=True)
    assert (case.shared["end"], case.open()) == ("WITHDRAWN", ["review_archive"])


def test_a_suspension_that_nobody_decided_ends_with_a_withdrawn_case() -> None:
    case = drawn.accepted()
    case.say("suspension_requested", "Z1", reason_code="court", reason="等待判决")
    case.say("withdrawal_requested", "W1", reason="已自行解决")
    case.do("decide_withdrawal", granted=True)
    assert (case.shared["end"], case.open()) == ("WITHDRAWN", ["review_archive"])


def test_a_resumption_that_nobody_decided_ends_with_a_withdrawn_case() -> None:
    case = drawn.accepted()
    case.say("suspension_requested", "Z1", reason_code="court", reason="等待判决")
    case.do("decide_suspension", granted=True)
    case.say("resumption_requested", "F1", reason="判决已出")
    case.say("withdrawal_requested", "W1", reason="已自行解决")
    case.do("decide_withdrawal", granted=True)
    assert (case.shared["end"], case.open()) == ("WITHDRAWN", ["review_archive"])


def test_a_withdrawal_that_nobody_decided_ends_with_a_case_that_is_not_accepted() -> None:
    case = drawn.applied()
    case.say("withdrawal_requested", "W1", reason="已自行解决")
    case.do("review_acceptance", decision="reject", reason="材料不实")
    assert (case.shared["end"], case.open()) == ("REJECTED", ["review_archive"])


def test_nothing_is_suspended_once_the_decision_is_signed() -> None:
    case = drawn.resolved_simply()
    case.say("suspension_requested", "Z1", reason_code="court", reason="等待判决")
    drawn.signed(case)
    before = case.shared["status"]
    case.do("decide_suspension", granted=True)
    assert (case.shared["status"], "T31_suspension" in case.letters()) == (before, False)


def test_an_urgent_case_has_half_the_time() -> None:
    ordinary, urgent = drawn.applied(), drawn.applied(urgent=True)
    due = [case.task("review_acceptance").due for case in (ordinary, urgent)]
    assert [one.astimezone(drawn.SHANGHAI).date() for one in due if one] == [date(2026, 9, 8), date(2026, 9, 4)]


def test_a_withdrawal_while_the_path_is_chosen_anew_ends_the_case() -> None:
    case = drawn.investigated(drawn.accepted())
    case.say("statement_received", "S1", mode="written")
    case.do("register_appeal", mode="written")
    case.do("answer_appeal", accepted="full", effect="reroute", reason="情况复杂")
    case.say("withdrawal_requested", "W1", reason="已自行解决")
    case.do("decide_withdrawal", granted=True)
    assert case.open() == ["review_archive"]


def test_a_new_investigation_asked_for_while_the_path_is_chosen_anew_is_not_lost() -> None:
    case = drawn.investigated(drawn.accepted())
    for key in ("S1", "S2"):
        case.say("statement_received", key, mode="written")
        case.do("register_appeal", key, mode="written")
    case.do("answer_appeal", "S1", accepted="full", effect="reroute", reason="情况复杂")
    case.do("answer_appeal", "S2", accepted="full", effect="reinvestigate", reason="新证据")
    case.do("propose_route", complex=False)
    case.do("approve_route", approved=True)
    assert case.open() == ["plan_investigation"]
