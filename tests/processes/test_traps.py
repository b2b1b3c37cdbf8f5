"""Where a naive build gets the regulation wrong: one rule each, in plain words, shown on the city's own case."""

from typing import Any

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import PANEL, Story, at
from workflow_service import errors, settings
from workflow_service.cases import pages
from workflow_service.storage import people, tables

FACTS: dict[str, Any] = {"excel_motive": "yes", "new_approach": "yes", "external_cause": "yes", "goal_unmet": "yes"}
SUBJECT = {"kind": "person", "name": "丁", "org": "甲局", "org_type": "party_government", "account": "party_1"}
EXEMPT = {"s1": "EXEMPT"}


def begun(town: city.City, *codes: str, path: dict[str, bool] | None = None, **application: Any) -> Story:
    """A case whose path is approved; a simple one unless said otherwise."""
    given = answers.application(*(codes or ("4.1",)), **{"subjects": [SUBJECT], **application})
    story = Story(town, town.open("applicant_1", "intake", **given))
    story.is_accepted(**({"simple": True, "consensus": True} if path is None else path))
    return story


def advice(town: city.City, *codes: str, **facts: Any) -> dict[str, Any]:
    """What the tables say of facts: the advice, and the codes that match."""
    story = begun(town, *codes)
    story.is_investigated(*codes, **facts)
    found: dict[str, Any] = town.shared(story.number)["assessment"]
    return found


def codes_of(assessment: dict[str, Any]) -> set[str]:
    return {str(one.get("code")) for one in assessment["codes"]}


# 1, 23: see test_statements; 5: see test_panel; 7, 9: see test_correction; 8: see test_limits


@pytest.mark.parametrize(
    ("facts", "first"),
    [
        ({"simple": True, "consensus": True}, "draft_simple_decision"),
        ({"simple": True}, "draft_opinion"),
        ({"consensus": True}, "draft_opinion"),
        ({}, "draft_opinion"),
    ],
)
def test_2_only_simple_and_agreed_goes_fast_and_everything_else_goes_the_general_way(
    town: city.City, facts: dict[str, bool], first: str
) -> None:
    story = begun(town, path=facts)
    story.is_investigated("4.1", **FACTS)

    assert story.elements() == [first]


@pytest.mark.parametrize("clash", [{"complex_": True}, {"impact": True}])
def test_2_the_panel_wins_when_simple_and_complex_are_both_said(town: city.City, clash: dict[str, bool]) -> None:
    story = begun(town, path={"simple": True, "consensus": True, **clash})

    assert "form_panel" in story.elements()


def test_3_the_fast_path_has_an_investigation_before_and_a_meeting_after(town: city.City) -> None:
    story = begun(town)
    assert story.elements() == ["plan_investigation"]
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")

    assert [row.role for row in story.rows("record_meeting")] == ["committee_secretary"]
    with pytest.raises(errors.Invalid):
        story.does("record_meeting", **{**answers.meeting(EXEMPT, story.committee()), "votes": []})


def test_3_an_objection_in_the_meeting_ends_the_consensus_and_the_case_goes_the_general_way(town: city.City) -> None:
    story = begun(town)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")

    story.does("record_meeting", **answers.meeting(EXEMPT, story.committee(), consensus_objection=True))

    assert story.elements() == ["draft_opinion"]
    story.holds()


def test_3_a_motion_that_is_not_carried_goes_the_general_way(town: city.City) -> None:
    story = begun(town)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    votes = [{"user": name, "vote": "against"} for name in story.committee()]

    story.does("record_meeting", **{**answers.meeting(EXEMPT, story.committee()), "votes": votes})

    assert story.elements() == ["draft_opinion"]
    assert town.outcomes(story.number) == {}


def test_4_the_fast_path_cannot_lighten(town: city.City) -> None:
    story = begun(town)
    story.is_investigated("4.1", **FACTS)
    with pytest.raises(errors.Invalid):
        story.does("draft_simple_decision", proposal="LIGHTEN")
    story.does("draft_simple_decision", proposal="EXEMPT")

    with pytest.raises(errors.Invalid):
        story.does("record_meeting", **answers.meeting({"s1": "LIGHTEN"}, story.committee()))


def test_4_only_an_open_accountability_procedure_can_be_terminated(town: city.City) -> None:
    without, within = begun(town), begun(town, accountability_case_ref="问责〔2026〕3号")
    for story in (without, within):
        story.is_investigated("4.1", **FACTS)

    with pytest.raises(errors.Invalid):
        without.does("draft_simple_decision", proposal="TERMINATE")
    within.does("draft_simple_decision", proposal="TERMINATE")

    assert within.elements() == ["record_meeting"]


def test_6_four_criteria_are_weighed_and_one_that_is_not_met_refuses_nobody(town: city.City) -> None:
    alone = {"rating": "arbitrary", "reason": "来不及集体研究"}
    found = advice(
        town, "10.1", emergency="yes", no_time_collective="yes", avoids_greater_harm="yes", steps_skipped="no", c_process=alone
    )  # fmt: skip

    assert found["eligible"] is True
    assert "10.1" in codes_of(found)


def test_10_gain_for_the_own_unit_excludes_5_2_even_where_nobody_gained_personally(town: city.City) -> None:
    clean = advice(town, "5.2", deployment="city", remedied="yes", no_gain_self_other_unit="yes")
    unit_gained = advice(town, "5.2", deployment="city", remedied="yes", no_gain_self_other_unit="no")

    assert "5.2" in codes_of(clean)
    assert "5.2" not in codes_of(unit_gained)


@pytest.mark.parametrize(("loss", "impact", "met"), [("minor", "limited", True), ("major", "none", False), ("none", "bad", False)])  # fmt: skip
def test_11_5_3_and_7_2_need_neither_serious_loss_nor_bad_impact(
    town: city.City, loss: str, impact: str, met: bool
) -> None:  # noqa: FBT001  a row of a table
    facts = {"lawful": "yes", "unforeseen": "yes", "misunderstood": "yes", "legacy_issue": "yes", "unconventional_effective": "yes"}  # fmt: skip
    found = advice(town, "5.3", "7.2", **facts, loss_level=loss, impact_level=impact)

    assert {"5.3", "7.2"} & codes_of(found) == ({"5.3", "7.2"} if met else set())


def test_11_10_3_needs_controllable_and_recoverable(town: city.City) -> None:
    found = advice(town, "10.3", took_responsibility="yes", controllable="yes", recoverable="no")

    assert "10.3" not in codes_of(found)


def test_11_skipped_steps_count_under_10_1_only_when_made_good(town: city.City) -> None:
    facts = {"emergency": "yes", "avoids_greater_harm": "yes", "no_time_collective": "yes", "steps_skipped": "yes"}

    assert "10.1" not in codes_of(advice(town, "10.1", **facts, fixed_afterwards="no"))
    assert "10.1" in codes_of(advice(town, "10.1", **facts, fixed_afterwards="yes"))


@pytest.mark.parametrize(("level", "met"), [("nation", True), ("province", True), ("city", False)])
def test_12_only_national_and_provincial_pilots_fall_under_8_2(town: city.City, level: str, met: bool) -> None:  # noqa: FBT001  a row of a table
    found = advice(town, "8.2", pilot_level=level, not_forbidden="yes", procedure_followed="yes", collective="yes")

    assert ("8.2" in codes_of(found)) is met


def test_13_a_negative_result_is_handed_over_only_after_people_have_determined_it(town: city.City) -> None:
    story = begun(town, path={})
    story.is_investigated("4.1", no_private_gain="no", no_breach="no")
    story.does("review_boundary", conclusion="discipline", hand_over=True, reason="谋取私利")
    rows = [{"subject_id": "s1", "outcome": "NOT_TOLERATED", "grounds": "谋取私利"}]
    story.does("draft_opinion", outcomes=rows, opinion="不予容错")
    story.does("consult_personnel")
    story.does("consult_discipline")
    story.does("record_meeting", **answers.meeting({"s1": "NOT_TOLERATED"}, story.committee()))
    story.is_decided(at(2026, 3, 20))
    assert "T23_handover" not in papers(story)
    lonely = {
        "members_due": 5,
        "attendees": story.committee()[:1],
        "votes": [{"user": story.committee()[0], "vote": "for"}],
    }
    few = {
        "members_due": 5,
        "attendees": story.committee(),
        "votes": [{"user": one, "vote": "for"} for one in story.committee()[:2]],
    }
    for meeting, wrong in ((lonely, ["attendees", "votes"]), (few, ["votes"])):
        with pytest.raises(errors.Invalid) as refused:
            story.does("determine_accountability", **meeting, determined=True, grounds="谋取私利", organ="监察委员会")
        assert [one.field for one in refused.value.errors] == wrong

    story.does(
        "determine_accountability", members_due=5, attendees=story.committee(),
        votes=[{"user": name, "vote": "for"} for name in story.committee()], determined=True, grounds="谋取私利",
        abuse="private_gain", organ="监察委员会", resolution="移送",
    )  # fmt: skip

    assert "T23_handover" in papers(story)


def papers(story: Story) -> set[str]:
    return {one.template for one in story.town.documents(story.number)}


@pytest.mark.parametrize(
    "flag", ["neg_work_safety", "neg_food_drug", "neg_eco_damage", "neg_mass_incident_mishandled", "repeat_same_error"]
)
def test_14_the_negative_list_brings_people_to_look_and_rejects_nobody_by_itself(town: city.City, flag: str) -> None:
    story = begun(town, path={})
    story.does("plan_investigation", team=["investigator_1", "investigator_2"])
    story.does("record_evidence")
    story.does("report_investigation", **{**answers.report("7.1", **{flag: "yes"}), "statements_considered": []})

    assert story.elements() == ["review_boundary"]
    assert [row.role for row in story.rows("review_boundary")] == ["discipline"]
    story.does("review_boundary", conclusion="none", hand_over=False, reason="不涉及红线")
    assert story.elements() == ["draft_opinion"]


def test_15_a_unit_is_a_subject_and_corrects_through_a_person_of_its_own(town: city.City) -> None:
    unit = {"kind": "leading_body", "name": "甲局领导班子", "org": "甲局", "org_type": "party_government"}
    story = begun(town, subjects=[unit])
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting(EXEMPT, story.committee()))
    story.is_decided(at(2026, 3, 20))
    story.does("draft_correction_notice")
    story.does("sign_correction_notice")

    assert [row.role for row in story.rows("plan_correction")] == ["party"]


def test_16_the_six_uses_of_the_result_are_marked_as_to_be_checked_against_the_base_document() -> None:
    form = settings.shipped("forms").joinpath("use_result.json").read_text("utf-8")

    assert "待按原文核对" in form


def cleared(town: city.City, verdict: str) -> Story:
    """A person who was falsely accused; the accusation is verified."""
    story = begun(town, "5.3")
    story.is_investigated("5.3", lawful="yes", unforeseen="yes", accused_falsely="yes", false_accusation_signs=True, loss_level="none")  # fmt: skip
    if "draft_simple_decision" in story.elements():
        story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting(EXEMPT, story.committee()))
    story.is_decided(at(2026, 3, 20))
    story.does(
        "verify_accusation", verdict=verdict, issue="收受好处", grounds="查无实据", wish=True, scope="镇机关", mode="meeting"
    )  # fmt: skip
    return story


def test_17_clarification_belongs_to_cases_of_false_accusation_only(town: city.City) -> None:
    story = begun(town)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting(EXEMPT, story.committee()))
    story.is_decided(at(2026, 3, 20))

    assert "verify_accusation" not in story.elements()


def test_17_unproven_is_not_untrue(town: city.City) -> None:
    assert "draft_clarification" not in cleared(town, "unverifiable").elements()


def test_17_a_clarification_that_shows_who_accused_is_written_again(town: city.City) -> None:
    story = cleared(town, "untrue")
    story.does("draft_clarification", finding="所反映问题不实", exposes_accuser=True)

    assert "issue_clarification" not in story.elements()
    assert "draft_clarification" in story.elements()


def test_18_votes_are_counted_against_those_who_should_attend(town: city.City) -> None:
    story = begun(town)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")

    story.does("record_meeting", **answers.meeting(EXEMPT, story.committee()[:4], due=9))

    assert story.elements() == ["draft_opinion"]  # four of four present, but not half of nine


def test_18_more_than_half_of_those_present_is_not_enough(town: city.City) -> None:
    story = begun(town)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    votes = [{"user": one, "vote": "for" if n < 3 else "against"} for n, one in enumerate(story.committee())]

    story.does("record_meeting", **{**answers.meeting(EXEMPT, story.committee(), due=7), "votes": votes})

    assert story.elements() == ["draft_opinion"]  # three of five present, but not half of seven


def test_18_the_vote_of_an_absent_member_does_not_count(town: city.City) -> None:
    story = begun(town)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    votes = [{"user": name, "vote": "for" if at_home else "against"} for at_home, name in zip((0, 0, 0, 1, 1), story.committee(), strict=True)]  # fmt: skip
    votes[2]["vote"] = "for"
    record = {**answers.meeting(EXEMPT, story.committee()[:3]), "votes": votes}
    try:
        story.does("record_meeting", **record)
    except errors.Invalid:
        return  # refused at once is as good
    assert story.elements() == ["draft_opinion"]


def test_19_a_case_is_open_until_correction_visits_and_archive_are_done(town: city.City) -> None:
    story = begun(town)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting(EXEMPT, story.committee()))
    story.is_decided(at(2026, 3, 20))

    with town.look() as session:
        open_runs = {run.process for run in session.query(tables.Run).filter_by(open=True)}
    assert town.case(story.number).closed_at is None
    assert {"correction", "result_use"} <= open_runs
    assert "confirmation" not in open_runs


def test_21_every_entry_names_the_bundle_and_the_calendar_it_was_made_with(town: city.City) -> None:
    story = begun(town)
    moved = [one for one in town.journal(story.number) if one.fingerprint]

    assert {one.bundle for one in moved} == {town.case(story.number).bundle}
    assert any(one.calendar for one in moved)


def test_22_the_decision_bears_the_day_of_signing(town: city.City) -> None:
    story = begun(town)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting(EXEMPT, story.committee()))
    story.is_decided(at(2026, 3, 20))

    decision = next(one for one in town.documents(story.number) if one.template == "T14_decision")
    assert town.shared(story.number)["decision"]["date"] == "2026-03-20"
    assert str(decision.dated) == "2026-03-20"


def test_an_unknown_fact_of_the_gate_sends_the_investigators_back(town: city.City) -> None:
    story = begun(town)
    story.does("plan_investigation", team=["investigator_1", "investigator_2"])
    story.does("record_evidence")

    story.does("report_investigation", **{**answers.report("4.1", diligent="unknown"), "statements_considered": []})

    assert story.elements() == ["record_evidence"]
    story.holds()


def test_only_the_applicant_withdraws_and_only_before_the_decision(town: city.City) -> None:
    story = begun(town)
    with pytest.raises(errors.NotAllowed):
        town.send("clerk_1", story.number, "withdrawal_requested", reason="不再申请")
    with pytest.raises(errors.Invalid):  # whom it concerns did not apply
        town.send("party_1", story.number, "withdrawal_requested", reason="不再申请")
    town.send("applicant_1", story.number, "withdrawal_requested", reason="不再申请")
    story.does("decide_withdrawal", granted=True, reason="同意")

    assert town.shared(story.number)["end"] == "WITHDRAWN"
    assert story.elements() == ["review_archive"]
    assert "T31_withdrawal" in papers(story)
    with town.look() as session:
        told = session.query(tables.Notice).filter_by(account="applicant_1", title_en="A letter was issued").all()
    assert "终结" in told[-1].title
    story.holds()


def test_a_case_begun_ex_officio_cannot_be_withdrawn(town: city.City) -> None:
    given = answers.application("4.1", subjects=[SUBJECT], applicant_kind="organ")
    story = Story(town, town.open("discipline_1", "intake", **given))
    story.is_accepted(simple=True, consensus=True)

    with pytest.raises(errors.Conflict):
        town.send("party_1", story.number, "withdrawal_requested", reason="不再申请")


def test_who_proposed_the_path_does_not_approve_it(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[SUBJECT])))
    story.does("review_acceptance")
    clerk = story.does("propose_route", **answers.route())

    with pytest.raises(errors.NotAllowed):
        town.claim(clerk, town.task(story.number, "approve_route"))


def test_who_drafted_the_decision_neither_checks_nor_signs_it(town: city.City) -> None:
    story = begun(town)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting(EXEMPT, story.committee()))
    drafter = story.does("draft_decision")

    with pytest.raises(errors.NotAllowed):
        town.claim(drafter, town.task(story.number, "check_draft"))


def test_who_investigated_does_not_sit_on_the_panel(town: city.City) -> None:
    story = begun(town, path={"complex_": True})
    story.is_investigated("4.1", **FACTS)
    members = [{"user": name, "category": category} for name, category in PANEL[:-1]]
    members.append({"user": "investigator_1", "category": "expert"})
    with town.work() as session:
        both = session.query(people.Account).filter_by(name="investigator_1").one()
        session.add(people.Grant(account_id=both.id, role="panel_member", granted_by="test", granted_at=town.time))

    story.does("form_panel", members=members, chair="panel_chair_1", secretary="panel_secretary_1")

    assert story.elements() == ["form_panel"]


def test_the_residual_clause_needs_a_second_reviewer_and_never_goes_fast(town: city.City) -> None:
    story = begun(town, "12")
    story.does("plan_investigation", team=["investigator_1", "investigator_2"])
    story.does("record_evidence")
    given = {**answers.report("12"), "residual_reason": "属于其他可以容错的情形，" * 10, "residual_reason_given": "yes", "second_reviewer_ok": "yes"}  # fmt: skip
    with pytest.raises(errors.Invalid) as refused:
        story.does("report_investigation", **given, statements_considered=[])
    assert "second_reviewer" in {one.field for one in refused.value.errors}

    story.does("report_investigation", **given, second_reviewer="investigator_3", statements_considered=[])

    assert story.elements() == ["draft_opinion"]


def test_a_recused_clerk_no_longer_sees_the_case(town: city.City) -> None:
    story = begun(town)
    town.send("party_1", story.number, "recusal_requested", person="clerk_1", ground="近亲属")
    story.does("decide_recusal", granted=True, reason="情况属实")

    with town.look() as session, pytest.raises(errors.NotFound):
        pages.case_file(session, town.actor("clerk_1"), town.time, story.number)
